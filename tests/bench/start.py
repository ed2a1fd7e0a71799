"""How long does it take from the start of a guard to its first answer?

Run by hand: `python3 dev.py bench start [--times N]` (12). A guard with one worker and an empty log is started again
and again, and asked for its robots.txt until it answers. By the clock, so only a quiet machine says something.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    # Not the folder of this file, where a benchmark could have the name of a library's module.
    sys.path[0] = str(ROOT)

from tests.bench.accuracy import machine  # noqa: E402
from tests.support.fronts import free_port  # noqa: E402
from tests.support.http import ask  # noqa: E402

MOST_SECONDS = 60


def started(folder: Path) -> float:
    """Return the seconds of one start."""
    port, file = free_port(), folder / "guard.yaml"
    settings = {
        "listen": f"127.0.0.1:{port}", "admin": "127.0.0.1:0", "rights": {"holder": "Jane Doe"}, "workers": 1,
        "sites": [{"host": "*", "upstream": "http://127.0.0.1:9"}], "evidence": {"directory": str(folder / "log")},
    }  # fmt: skip
    file.write_text(json.dumps(settings))
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "guard", "serve", "-c", str(file)],
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while time.monotonic() - begun < MOST_SECONDS:
            with suppress(OSError):
                if ask(port, "/robots.txt").status == 200:
                    return time.monotonic() - begun
            time.sleep(0.005)
        raise SystemExit(f"no answer within {MOST_SECONDS} s")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py bench start", description="Times the start of a guard.")
    parser.add_argument("--times", type=int, default=12)
    found = []
    for _ in range(parser.parse_args().times):
        with tempfile.TemporaryDirectory() as folder:
            found.append(started(Path(folder)))
    print(machine())
    print(f"median {statistics.median(found):.2f} s, least {min(found):.2f}, most {max(found):.2f}, of {len(found)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
