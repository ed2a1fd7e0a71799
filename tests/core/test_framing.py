import pytest

from guard.core.framing import check
from guard.errors import RequestError

GOOD = [
    (),
    (("Content-Length", "3"),),
    (("content-length", " 3\t"),),
    (("Transfer-Encoding", "chunked"),),
    (("TRANSFER-ENCODING", " Chunked "),),
    (("Transfer_Encoding", "gzip"), ("Content-Length", "3")),
]
BAD = [
    (("Content-Length", "+3"),),
    (("Content-Length", "٣"),),
    (("Content-Length", ""),),
    (("Content-Length", "3"), ("content-length", "3")),
    (("Transfer-Encoding", "chunked"), ("Content-Length", "3")),
    (("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")),
    (("Transfer-Encoding", "gzip, chunked"),),
    (("Transfer-Encoding", ""),),
    (("Transfer-Encoding", "chun\u212aed"),),
]


@pytest.mark.parametrize("headers", GOOD)
def test_what_everybody_reads_alike_is_taken(headers):
    """However it is written."""
    check("1.1", headers)


@pytest.mark.parametrize("headers", BAD)
def test_what_somebody_may_read_otherwise_is_refused(headers):
    """The Kelvin sign is a k only to some."""
    with pytest.raises(RequestError):
        check("1.1", headers)


@pytest.mark.parametrize("version", ["0.9", "1.2", "2.0"])
def test_only_two_versions_are_spoken(version):
    """An answer in another one's rules would not be understood."""
    with pytest.raises(RequestError):
        check(version, ())


def test_pieces_came_with_http_1_1():
    """A server of HTTP/1.0 reads to the end."""
    with pytest.raises(RequestError):
        check("1.0", (("Transfer-Encoding", "chunked"),))
