"""Fuzz the readers of strangers' bytes, guided by coverage, for as long as one likes.

Run by hand: `python3 dev.py fuzz [NAME…] [--minutes N]`. Gets atheris (a fuzzer by Google, on libFuzzer) from PyPI into
a scratch folder. Each harness runs in a process of its own, from its seeds; what breaks one is written to a file and
named, and the exit status is 1.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
if __name__ == "__main__":
    sys.path[0] = str(ROOT)

_DONE = re.compile(r"#([0-9]+)\s+DONE\s+cov: ([0-9]+)")
_MEMORY = 2048


def one(name: str, arguments: list[str]) -> None:
    """Fuzz one harness in this process; does not return."""
    import atheris

    with atheris.instrument_imports(include=["guard"]):
        from tests.fuzz.harnesses import HARNESSES

    atheris.Setup([sys.argv[0], *arguments], HARNESSES[name])
    atheris.Fuzz()


def run(name: str, minutes: float, packages: Path, scratch: Path) -> bool:
    """Fuzz one harness, say how it went, and return whether it held."""
    from tests.fuzz.harnesses import HARNESSES

    corpus = scratch / name
    corpus.mkdir()
    for number, seed in enumerate(HARNESSES[name].seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    command = [
        sys.executable, str(Path(__file__)), "--one", name, f"-max_total_time={round(minutes * 60)}", "-max_len=20000",
        f"-rss_limit_mb={_MEMORY}", "-timeout=20", f"-artifact_prefix={scratch}/{name}-", str(corpus),
    ]  # fmt: skip
    environ = os.environ | {"PYTHONPATH": f"{packages}{os.pathsep}{ROOT}"}
    ended = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, errors="replace", check=False
    )
    done = _DONE.search(ended.stderr)
    if ended.returncode == 0 and done is not None:
        print(f"{name:<26}{int(done[1]):>12,} inputs, {int(done[2]):>6,} edges, held", flush=True)
        return True
    print(f"{name:<26}BROKE, see {scratch}\n{ended.stdout[-3000:]}{ended.stderr[-3000:]}", flush=True)
    return False


def main() -> int:
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], sys.argv[3:])
    from tests.fuzz.harnesses import HARNESSES

    parser = argparse.ArgumentParser(prog="dev.py fuzz", description="Fuzzes the readers of strangers' bytes.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which; all by default: {', '.join(HARNESSES)}")
    parser.add_argument("--minutes", type=float, default=10, help="for each (10)")
    chosen = parser.parse_args()
    if unknown := sorted(set(chosen.names) - set(HARNESSES)):
        parser.error(f"no harness is called {', '.join(unknown)}")
    scratch = Path(tempfile.mkdtemp(prefix="guard-fuzz-"))
    packages = scratch / "packages"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(packages), "atheris>=3"], check=True
    )
    held = [run(name, chosen.minutes, packages, scratch) for name in chosen.names or HARNESSES]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
