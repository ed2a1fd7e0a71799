"""What did a client see of its visit?

A client reports what arrived at its end and nothing else: statuses, types, bytes, and
whether the bytes were a picture. It knows neither the guard's rules nor its log. The
report crosses the border between two processes as one line of JSON.
"""

import io
import json
import zlib
from dataclasses import asdict, dataclass, fields
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

from PIL import Image, UnidentifiedImageError

from guard.image import coded

REFUSALS: Final = frozenset({402, 403, 429, 451})
"""Statuses that say no, in different words (RFC 9110, 6585 and 7725)."""

BODY_LIMIT: Final = 64 * 2**20
"""Octets that a client reads of one answer; the gallery's largest picture is far below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer as it arrived."""

    path: str
    status: int
    content_type: str
    size: int
    """Octets of the body that the client read."""
    digest: str
    """Of the coded pixels, as `guard.image.coded` makes it; of anything that is no picture, of the body."""
    width: int = 0
    """Pixels; 0 unless the body decodes as a picture."""
    height: int = 0
    reserved: bool = False
    """The answer carried `X-Robots-Tag` with `noai`."""

    @property
    def is_picture(self) -> bool:
        """A picture that was handed over: status 200, and it decodes."""
        return self.status == 200 and self.width > 0

    @property
    def is_refusal(self) -> bool:
        return self.status in REFUSALS

    @property
    def is_refusal_picture(self) -> bool:
        """A refusal that shows up as a picture where a picture was expected."""
        return self.is_refusal and self.width > 0 and self.content_type.startswith("image/")

    @property
    def longest_side(self) -> int:
        return max(self.width, self.height)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole visit, from the client's side."""

    user_agent: str
    stand_in: str = ""
    """The program that was not there and is imitated; empty when the client is what its name says."""
    answers: tuple[Answer, ...] = ()
    skipped: int = 0
    """Pictures left alone because a header said so."""
    broken: tuple[str, ...] = ()
    """Pictures that a page asked for and that did not appear."""
    note: str = ""

    @property
    def pictures(self) -> tuple[Answer, ...]:
        """The pictures handed over, each once, however often it was asked for."""
        return tuple({answer.path: answer for answer in self.answers if answer.is_picture}.values())

    @property
    def refusals(self) -> tuple[Answer, ...]:
        return tuple(answer for answer in self.answers if answer.is_refusal)

    @property
    def size(self) -> int:
        return sum(answer.size for answer in self.answers)

    def find(self, path: str) -> Answer | None:
        """Return the last answer for `path`."""
        return next((answer for answer in reversed(self.answers) if answer.path == path), None)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Read what `to_json` wrote.

        Raises:
            ValueError: It is not such a report.
        """
        value = json.loads(text)
        if not isinstance(value, dict) or set(value) != {field.name for field in fields(cls)}:
            raise ValueError("not the report of a client")
        try:
            answers = tuple(Answer(**answer) for answer in value.pop("answers"))
            return cls(answers=answers, broken=tuple(value.pop("broken")), **value)
        except TypeError as error:
            raise ValueError("not the report of a client") from error


def measure(body: bytes) -> tuple[int, int]:
    """Return width and height of `body` if it decodes as a picture to its last line, else zeros."""
    try:
        with Image.open(io.BytesIO(body)) as picture:
            picture.load()
            return picture.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return (0, 0)


def answer_of(path: str, status: int, headers: list[tuple[str, str]], body: bytes) -> Answer:
    """Turn what arrived into an `Answer`."""
    names = [(name.lower(), value) for name, value in headers]
    content_type = next((value for name, value in names if name == "content-type"), "")
    directives = [item.strip() for name, value in names if name == "x-robots-tag" for item in value.split(",")]
    width, height = measure(body) if content_type.startswith("image/") else (0, 0)
    return Answer(
        path=path,
        status=status,
        content_type=content_type,
        size=len(body),
        digest=coded.digest(body),
        width=width,
        height=height,
        reserved="noai" in directives,
    )


def get(address: str, path: str, headers: list[tuple[str, str]], *, timeout: float = 10.0) -> tuple[Answer, bytes]:
    """Ask `address` for `path` with exactly these header lines, in this order, after `Host`.

    A connection that closes without an answer gives status 0: to a client that is what being dropped looks like.
    """
    split = urlsplit(address)
    connection = HTTPConnection(split.hostname or "127.0.0.1", split.port, timeout=timeout)
    try:
        connection.putrequest("GET", path, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        response = connection.getresponse()
        body = response.read(BODY_LIMIT)
        received: list[tuple[str, Any]] = response.getheaders()
        if response.getheader("Content-Encoding", "") == "gzip":
            body = zlib.decompressobj(wbits=31).decompress(body, BODY_LIMIT)
        return answer_of(path, response.status, received, body), body
    except (OSError, HTTPException, zlib.error):
        return Answer(path=path, status=0, content_type="", size=0, digest=""), b""
    finally:
        connection.close()
