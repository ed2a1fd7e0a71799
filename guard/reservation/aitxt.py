"""What does /ai.txt say to a downloader of image data sets?

Spawning's grammar of 2023-05-30: robots.txt lines whose paths are media types, read when a
file is downloaded, long after its address was collected. Other drafts use the same name
with another grammar; a file can speak only one. Its single question is training, so only
`train` is answered here.
"""

from guard.reservation.statement import Statement

PATH = "/ai.txt"
MEDIA_TYPE = "text/plain; charset=utf-8"

IMAGE_TYPES = ("avif", "bmp", "gif", "heic", "jpeg", "jpg", "jxl", "png", "svg", "tif", "tiff", "webp")
"""File name endings, without the dot. The closing lines cover everything else."""


def render(statement: Statement) -> bytes:
    """Return the file: ASCII, LF, one group for every user agent."""
    word = "Allow" if statement.train else "Disallow"
    answer = "The following file types may be used" if statement.train else "None of the following may be used"
    return "".join(
        (
            "# Spawning AI\n",
            f"# {answer} in data sets for training.\n",
            f"# Terms: {statement.policy_url}\n",
            "\n",
            "User-Agent: *\n",
            *(f"{word}: *.{ending}\n" for ending in IMAGE_TYPES),
            f"{word}: /\n",
            f"{word}: *\n",
        )
    ).encode("ascii")
