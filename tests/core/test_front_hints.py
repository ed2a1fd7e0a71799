"""What does the front server tell of the client's connection?"""

import pytest

from guard.core.front_hints import NO_HINTS, FrontHints, HintFields, take

FIELDS = HintFields(ja4="x-ja4", tls="x-tls-version", http="x-http-version")
CHROME = "t13d1516h2_8daaf6152771_b186095e22b6"
OWN = (("Host", "photo.example"), ("User-Agent", "x"))
LINES = (OWN[0], ("X-JA4", CHROME), ("X-TLS-Version", "TLSv1.3"), OWN[1], ("x-http-version", "HTTP/2.0"))


def test_a_trusted_peer_is_believed_and_its_lines_go_no_further():
    """Neither the upstream nor a print of the client's lines sees them."""
    assert take(FIELDS, LINES, trusted=True) == (OWN, FrontHints(ja4=CHROME, tls=13, http=2))


def test_anybody_else_is_not_believed_and_the_lines_are_gone_too():
    """A client that writes them itself reaches the upstream without them."""
    assert take(FIELDS, LINES, trusted=False) == (OWN, NO_HINTS)


def test_where_nothing_is_configured_nothing_is_touched():
    """The lines are the client's, whatever they are called."""
    assert take(HintFields(), LINES, trusted=True) == (LINES, NO_HINTS)


def test_two_lines_of_one_name_say_nothing():
    """The front server added its own to one that the client wrote; nobody knows which is whose."""
    lines = (*LINES, ("X-JA4", "t13d1517h2_8daaf6152771_b1ff8ab37d37"))

    assert take(FIELDS, lines, trusted=True)[1] == FrontHints(tls=13, http=2)


@pytest.mark.parametrize(
    ("said", "version"),
    [("TLSv1.3", 13), ("TLSv1.2", 12), ("tls1.3", 13), ("TLS 1.1", 11), ("TLSv1", 10), ("1.2", 12), ("1", 0),
     ("2.0", 0), ("", 0), ("-", 0), ("SSLv3", 0), ("TLSv1.9", 0)],
)  # fmt: skip
def test_tls_versions_as_servers_write_them(said, version):
    """nginx $ssl_protocol, Caddy, HAProxy; anything else is not told."""
    assert take(FIELDS, (("x-tls-version", said),), trusted=True)[1].tls == version


@pytest.mark.parametrize(
    ("said", "version"),
    [("HTTP/1.1", 1), ("HTTP/2.0", 2), ("HTTP/3.0", 3), ("h2", 2), ("h3", 3), ("2", 2), ("HTTP/9", 0), ("", 0)],
)
def test_http_versions_as_servers_write_them(said, version):
    """nginx $server_protocol, and the ALPN names."""
    assert take(FIELDS, (("x-http-version", said),), trusted=True)[1].http == version


@pytest.mark.parametrize("said", ["", "-", "t13d1516h2", CHROME.upper(), CHROME + "0", "x" + CHROME[1:]])
def test_what_is_no_ja4_is_not_told(said):
    """Whatever a module of a front server writes where it knows none."""
    assert take(FIELDS, (("x-ja4", said),), trusted=True)[1].ja4 == ""
