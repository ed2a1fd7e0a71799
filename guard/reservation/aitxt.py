"""What does /ai.txt say to a downloader of image data sets?

Spawning's grammar of 2023-05-30: robots.txt lines whose paths are media types, read when a
file is downloaded, long after its address was collected. Other drafts use the same name
with another grammar; a file can speak only one. Its single question is training, so only
`train` is answered here.

A path with an answer of its own has all lines again, in front of the rest and longer than they:
whether a reader takes the first line that fits or the longest, it takes the same.
"""

from collections.abc import Iterator

from guard.reservation.statement import Override, Statement

PATH = "/ai.txt"
MEDIA_TYPE = "text/plain; charset=utf-8"

IMAGE_TYPES = ("avif", "bmp", "gif", "heic", "jpeg", "jpg", "jxl", "png", "svg", "tif", "tiff", "webp")
"""File name endings, without the dot. The closing lines cover everything else."""


def render(statement: Statement) -> bytes:
    """Return the file: ASCII, LF, one group for every user agent."""
    others = [one for one in statement.paths if one.train != statement.train or _inside_another(one, statement)]
    answer = "The following file types may be used" if statement.train else "None of the following may be used"
    return "".join(
        (
            "# Spawning AI\n",
            f"# {answer} in data sets for training{', but for the paths named first' if others else ''}.\n",
            f"# Terms: {statement.policy_url}\n",
            "\n",
            "User-Agent: *\n",
            *(line for one in others for line in _lines(one.train, one.path)),
            *_lines(statement.train, ""),
            f"{_word(statement.train)}: /\n",
            f"{_word(statement.train)}: *\n",
        )
    ).encode("ascii")


def _lines(permitted: bool, path: str) -> Iterator[str]:
    for ending in IMAGE_TYPES:
        yield f"{_word(permitted)}: {path}*.{ending}\n"
    if path:
        yield f"{_word(permitted)}: {path}\n"


def _word(permitted: bool) -> str:
    return "Allow" if permitted else "Disallow"


def _inside_another(one: Override, statement: Statement) -> bool:
    return any(one.path != other.path and one.path.startswith(other.path) for other in statement.paths)
