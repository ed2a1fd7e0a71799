"""What do programs that others wrote read on a guarded site, and what does it cost in bytes?

Run by hand: `python tests/bench/readers.py [--write README.md]`. Starts a gallery and a guard on 127.0.0.1,
sends every reader through, and prints the table that stands in the README between `<!-- readers -->` and
`<!-- /readers -->`; with --write it is put there. A reader that is not installed is named and left out.
"""

import sys
import tempfile
from pathlib import Path

import pytest

from tests.support.http import CHROME, GPTBOT, ask
from tests.support.picture_readers import PICTURE_CHECKS
from tests.support.plain_site import plain_site
from tests.support.readers import CHECKS, OURS, Place, Read, added, configuration, fill
from tests.support.running import RunningGuard

BEGIN, END = "<!-- readers -->", "<!-- /readers -->"
ANSWERS = {
    "a picture": ("/original.jpg", "GET", (), CHROME),
    "its head": ("/original.jpg", "HEAD", (), CHROME),
    "a part of it": ("/original.jpg", "GET", (("Range", "bytes=0-99"),), CHROME),
    "a refusal": ("/original.jpg", "GET", (), GPTBOT),
    "robots.txt": ("/robots.txt", "GET", (), CHROME),
}


def table(rows: list[Read]) -> str:
    """Return the rows as Markdown."""
    lines = ["| Reader | reads | on a guarded site | control |", "|---|---|---|---|"]
    lines += [f"| {one.reader} | {one.reads} | {one.result} | {one.control} |" for one in rows]
    return "\n".join(lines)


def put(file: Path, text: str) -> None:
    """Put the table between its two marks."""
    page = file.read_text("utf-8")
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{file} has no {BEGIN} … {END}")
    file.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", "utf-8")


def main(arguments: list[str]) -> int:
    """Send every reader through and print what it read; 1 if one did not do as it should."""
    rows: list[Read] = []
    with plain_site() as site, tempfile.TemporaryDirectory() as name:
        fill(site)
        guard = RunningGuard(Path(name), configuration(site))
        try:
            for number, (program, check) in enumerate({**CHECKS, **PICTURE_CHECKS}.items()):
                folder = Path(name) / f"reader-{number}"
                folder.mkdir()
                try:
                    rows.append(check(Place(site, guard, folder)))
                except (pytest.skip.Exception, ImportError):
                    print(f"left out, not installed: {program}", file=sys.stderr)
            print(table(rows))
            print(f"\nHeader bytes that each answer has more, in {len(OURS)} fields:\n", file=sys.stderr)
            for what, (path, method, lines, agent) in ANSWERS.items():
                reply = ask(guard.port, path, *lines, method=method, host="photo.example", agent=agent)
                print(f"  {what:<14} {reply.status}  {added(reply):>4}", file=sys.stderr)
        finally:
            guard.stop()
    for one in rows:
        if not one.holds:
            print(f"not as it should be: {one}", file=sys.stderr)
    if arguments[:1] == ["--write"]:
        put(Path(arguments[1]), table(rows))
    return 0 if all(one.holds for one in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
