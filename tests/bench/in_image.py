"""What does it cost to write rights into a picture?

    python -m tests.bench.in_image

Medians of repeated runs in one process, in processor time, which other programs on the machine
disturb least; then the way to a rights worker and back, by the clock. Two megapixels of a smooth
scene with grain, which compress as photographs do. C2PA only where c2pa-python is installed.
"""

import asyncio
import io
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from guard.errors import PictureError
from guard.image.provenance import Sign, signer
from guard.image.rights import rewrite
from guard.image.rights_jobs import RightsJob
from guard.image.xmp import RightsPacket
from guard.reservation.statement import Statement
from guard.server.picture_rights import packet
from guard.server.rights_workers import RightsWorkers
from guard.store import picture_keys
from tests.support.pictures import photograph

SIZES = {"2 MP": (1732, 1155), "12 MP": (4242, 2828)}
FAMILIES = {"JPEG": {"quality": 85}, "PNG": {"compress_level": 1}, "WEBP": {"quality": 80}, "AVIF": {"speed": 10}}
STATEMENT = Statement(holder="Jane Doe", contact="rights@photo.example", base_url="https://photo.example")
RUNS = 40


def scene(width: int, height: int) -> Image.Image:
    """Return something that compresses like a photograph."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    waves = [128 + 60 * np.sin(x / (90 + 40 * band)) + 50 * np.cos(y / (70 + 30 * band)) for band in range(3)]
    grain = np.random.default_rng(1).normal(0, 6, (height, width))
    return Image.fromarray(np.clip(np.stack(waves, -1) + grain[..., None], 0, 255).astype(np.uint8))


def median_ms(work: Callable[[], object], runs: int = RUNS) -> float:
    """Return the median of `runs` runs in milliseconds of processor time, all threads together."""
    times = []
    for _ in range(runs):
        began = time.process_time()
        work()
        times.append((time.process_time() - began) * 1000)
    return statistics.median(times)


def main() -> None:
    """Print the table."""
    says = packet(STATEMENT)
    sign = _signer()
    camera = Image.open(io.BytesIO(photograph())).info["exif"]
    print(f"Python {platform.python_version()}, {platform.machine()}")
    print("| picture | bytes | rights and privacy | added | and C2PA | added |")
    print("|---|---|---|---|---|---|")
    pictures = {}
    for size, sides in SIZES.items():
        image = scene(*sides)
        for family, options in FAMILIES.items():
            if size == "12 MP" and family != "JPEG":
                continue
            out = io.BytesIO()
            image.save(out, family, exif=camera, **options)
            data = pictures[family, size] = out.getvalue()
            signed = _row(data, says, sign) if sign else " | "
            print(f"| {family} {size} | {len(data):,} | {_row(data, says, None)} | {signed} |")
    large = b"".join((b"\xff\xfe\xff\xff" + b"c" * 65533,) * 32)
    data = pictures["JPEG", "2 MP"]
    data = data[:2] + large + data[2:]
    print(f"| JPEG 2 MP, 2 MiB of segments | {len(data):,} | {_row(data, says, None)} | | |")
    asyncio.run(_through_workers(pictures["JPEG", "2 MP"], says))


def _row(data: bytes, says: RightsPacket, sign: Sign | None) -> str:
    made = rewrite(data, says, strip=True, sign=sign)
    assert made.why is None, made.detail
    spent = median_ms(lambda: rewrite(data, says, strip=True, sign=sign))
    return f"{spent:.2f} ms | {len(made.body) - len(data):+,}"


def _signer() -> Sign | None:
    with tempfile.TemporaryDirectory() as folder:
        keys = Path(folder, "keys")
        picture_keys.create(keys, "Jane Doe", now=datetime.now(UTC))
        try:
            return signer(*picture_keys.read(keys))
        except PictureError:
            return None


async def _through_workers(data: bytes, says: RightsPacket) -> None:
    job = RightsJob(rights=says, strip=True)
    async with RightsWorkers() as workers:
        began = time.perf_counter()
        await workers.rewrite(data, job)
        first = time.perf_counter() - began
        times = []
        for _ in range(RUNS):
            began = time.perf_counter()
            await workers.rewrite(data, job)
            times.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        await asyncio.gather(*(workers.rewrite(data, job) for _ in range(60)))
        many = time.perf_counter() - began
    print(f"\nthrough a rights worker, JPEG 2 MP: median {statistics.median(times):.2f} ms, "
          f"the first {first * 1000:.0f} ms, {60 / many:.0f} a second")  # fmt: skip


if __name__ == "__main__":
    main()
