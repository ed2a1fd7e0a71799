"""The capture is a web archive, and says what in it was put together."""

import io
from pathlib import Path

import pytest

from guard.bundle.capture import capture
from guard.bundle.findings import findings
from tests.support.cases import ROBOTS, case_of, fill

warcio = pytest.importorskip("warcio.archiveiterator")


@pytest.fixture
def archive(tmp_path: Path) -> bytes:
    return capture(findings(case_of(fill(tmp_path / "evidence"), crawlers={"examplebot"})), "0.1.0")


def records(archive: bytes) -> list[tuple[str, str, bytes]]:
    iterator = warcio.ArchiveIterator(io.BytesIO(archive), no_record_parse=True)
    return [
        (one.rec_type, one.rec_headers.get_header("WARC-Target-URI") or "", one.content_stream().read())
        for one in iterator
    ]


def test_every_exchange_has_request_response_and_what_is_known_of_it(archive: bytes):
    """In the order of the log, with digests that hold."""
    kinds = [kind for kind, _, _ in records(archive)]
    checked = warcio.ArchiveIterator(io.BytesIO(archive), check_digests="raise")

    assert [one.content_stream().read() is not None for one in checked] == [True] * len(kinds)
    assert kinds == ["warcinfo", *["request", "response", "metadata"] * 3]


def test_the_request_is_put_together_in_the_order_sent(archive: bytes):
    """A secret's place is marked, its value was never recorded."""
    _, uri, message = records(archive)[1]

    assert uri == "https://photo.example/robots.txt"
    assert message == (
        b"GET /robots.txt HTTP/1.1\r\nHost: photo.example\r\nUser-Agent: ExampleBot/1.0 (+https://bot.example)\r\n"
        b"Cookie: (present, not recorded)\r\n\r\n"
    )


def test_the_body_is_there_only_where_the_log_holds_it(archive: bytes):
    """The reservation's document is exact; of a picture the digest is known, and no body is made up."""
    found = records(archive)
    reservation, picture, about = found[2][2], found[5][2], found[6][2]

    assert reservation.endswith(b"\r\n\r\n" + ROBOTS)
    assert picture.startswith(b"HTTP/1.1 403 Forbidden\r\ntdm-reservation: 1\r\n\r\n")
    assert picture.endswith(b"\r\n\r\n")
    assert b"sha256-of-the-body-sent: " + b"cd" * 32 in about
    assert b"put together from recorded fields" in about


def test_the_same_case_gives_the_same_bytes(tmp_path: Path):
    """No time, no random number."""
    found = findings(case_of(fill(tmp_path / "evidence"), crawlers={"examplebot"}))

    assert capture(found, "0.1.0") == capture(found, "0.1.0")
