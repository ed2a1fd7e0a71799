"""How much slower does the proxy send a marked picture than one it leaves alone?

Run by hand: `python3 dev.py bench marked_rate [--requests N]`. A real guard with one worker before a small upstream, on
the loopback. One client asks on one connection for a JPEG of about 300 KB and for a marked copy of it, in blocks that
take turns, without and with rights being written into pictures (`in_image`). Told is the processor time of the worker
by the kernel's account, so what other programs do on the machine is not in it: on a core of its own a worker sends as
many a second as fit into one.

  --requests N  in a block (150); there are 6 blocks of each kind
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    # Not the folder of this file, where a benchmark could have the name of a library's module.
    sys.path[0] = str(ROOT)

from tests.support.http import Reply, connect, head, read_reply  # noqa: E402
from tests.support.pictures import encoded, scenery  # noqa: E402
from tests.support.plain_site import plain_site  # noqa: E402
from tests.support.running import RunningGuard, wait_until  # noqa: E402

BLOCKS = 6
GOAL = 0.85
AGENT = "python-requests/2.32.3"
RULES = [
    {"id": "left-alone", "when": {"path": "/plain.jpg"}, "action": "allow"},
    {"id": "marked", "when": {"path": "/marked.jpg", "kind": ["image", "original"]}, "action": "mark"},
]
PATHS = ("/plain.jpg", "/marked.jpg")


def cpu_ns(process: int) -> int:
    """Return the processor time of a process so far, its kernel time included."""
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0])


def measure(rights: bool, requests: int) -> tuple[dict[str, float], int, str]:
    """Return microseconds of the worker for a request by path, the bytes of a copy, and how the client is judged."""
    picture = encoded(scenery(1200, 800), "JPEG", quality=90)
    with plain_site() as site, tempfile.TemporaryDirectory() as scratch:
        for path in PATHS:
            site.put(path, picture, "image/jpeg", ETag=f'"{path[1:-4]}"')
        guard = RunningGuard(
            Path(scratch),
            {
                "sites": [{"host": "photo.example", "upstream": site.url}],
                "rights": {"holder": "Jane Doe"},
                "in_image": {"rights": rights, "privacy": "strip" if rights else "keep"},
                "rules": RULES,
                "workers": 1,
            },
        )
        try:
            worker = guard.children()["guard.server.worker"]
            with connect(guard.port) as connection:

                def ask(path: str) -> Reply:
                    connection.sendall(head(path, agent=AGENT, close=False))
                    reply = read_reply(connection)
                    if reply.status != 200:
                        raise RuntimeError(f"the guard answered {reply.status}")
                    return reply

                def marked() -> int | None:
                    size = len(ask("/marked.jpg").body)
                    return size if size > len(picture) / 2 else None

                size = wait_until(marked, 20)
                for path in PATHS * (requests // 2):
                    ask(path)
                times: dict[str, list[float]] = {path: [] for path in PATHS}
                for block in range(BLOCKS):
                    # A B, B A: whatever drifts hits both.
                    for path in PATHS if block % 2 else PATHS[::-1]:
                        before = cpu_ns(worker)
                        for _ in range(requests):
                            ask(path)
                        times[path].append((cpu_ns(worker) - before) / requests / 1000)
            conduct = str(guard.line_for("/marked.jpg").get("conduct"))
        finally:
            guard.stop()
    return {path: statistics.median(values) for path, values in times.items()}, size, conduct


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench marked_rate", description="Measures serving marked copies.")
    parser.add_argument("--requests", type=int, default=150, help="in a block")
    requests = parser.parse_args().requests
    print(
        "| served by one worker | left alone | marked | rate against left alone | goal | |\n|---|---|---|---|---|---|"
    )
    for rights in (False, True):
        times, size, conduct = measure(rights, requests)
        plain, marked = (times[path] for path in PATHS)
        verdict = "met" if plain / marked >= GOAL else "**missed**"
        print(
            f"| {size / 1000:.0f} kB, client {conduct}, in_image {'on' if rights else 'off'} | {plain:.0f} µs "
            f"| {marked:.0f} µs | {plain / marked:.0%} | >= {GOAL:.0%} | {verdict} |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
