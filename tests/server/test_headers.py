"""Lines for one hop stay behind; what the front server said is continued, what a client invented is replaced."""

from dataclasses import replace
from ipaddress import ip_address

from guard.core.facts import HeaderLines
from guard.server.headers import end_to_end, for_upstream, of_answer
from tests.support.facts import request


def test_lines_keep_their_order_and_spelling():
    """Some upstreams are fussy, and prints of crawlers live from it."""
    lines = (("X-b", "1"), ("accept", "2"), ("X-B", "3"))

    assert end_to_end((*lines, ("Upgrade", "h2c"))) == lines


def test_connection_can_not_remove_what_gives_a_request_its_meaning():
    """Naming Host, lengths or credentials there is an attack, not a wish."""
    lines = (
        ("Connection", "close, Host, content-length, X-Hop"),
        ("Host", "a"),
        ("Content-Length", "1"),
        ("X-Hop", "1"),
    )

    assert end_to_end(lines) == (("Host", "a"), ("Content-Length", "1"))


def sent(trusted: bool, **headers: str) -> dict[str, str]:
    facts = request(**headers)
    facts = replace(facts, client=replace(facts.client, address=ip_address("2001:db8::7"), peer="127.0.0.1"))
    return dict(for_upstream(facts, host="photo.example:8443", peer_is_trusted=trusted, without=frozenset({"range"})))


def test_an_untrusted_peer_starts_the_chain():
    """Its own claims are gone."""
    lines = sent(False, X_Forwarded_For="6.6.6.6", Forwarded="for=6.6.6.6", Range="bytes=0-1")

    assert lines["X-Forwarded-For"] == "127.0.0.1"
    assert lines["Forwarded"] == 'for="[2001:db8::7]";host="photo.example:8443";proto=https'
    assert lines["X-Real-IP"] == "2001:db8::7"
    assert "Range" not in lines


def test_a_trusted_peer_continues_the_chain():
    """As every proxy before us did."""
    lines = sent(True, X_Forwarded_For="192.0.2.1", Forwarded="for=192.0.2.1")

    assert lines["X-Forwarded-For"] == "192.0.2.1, 127.0.0.1"
    assert lines["Forwarded"].startswith("for=192.0.2.1, for=")


def test_quotes_in_a_host_can_not_end_the_quoting():
    """A Host field with quotes does not get this far, and would do no harm."""
    facts = request()

    lines = dict(for_upstream(facts, host='a";for=6.6.6.6', peer_is_trusted=False, without=frozenset()))

    assert lines["Forwarded"].count('"') == 2


def test_our_cookie_stays_with_us():
    """The site's own cookies go on as they were written; a line that held only ours is gone."""
    assert sent(False, Cookie="a=1;  b=2; guard_pass=x.y; c=3")["Cookie"] == "a=1;  b=2; c=3"
    assert sent(False, cookie="guard_pass=x.y;b=guard_pass")["cookie"] == "b=guard_pass"
    assert sent(False, Cookie="my_guard_pass=1;  b=2")["Cookie"] == "my_guard_pass=1;  b=2"
    assert "Cookie" not in sent(False, Cookie="guard_pass=x.y")


def test_what_goes_to_the_upstream_is_of_this_request_though_its_lines_come_again():
    """Whatever was made of the same lines before: for another client, scheme, host, front or with other fields left
    out."""
    plain = request(Accept="a", Range="bytes=0-1", Cookie="a=b; guard_pass=x", X_Forwarded_For="198.51.100.1")
    kept = replace(plain, headers=HeaderLines(plain.headers))
    other = replace(plain.client, address=ip_address("203.0.113.99"), peer="203.0.113.99")
    changes = [{}, {"client": other}, {}, {"scheme": "http"}]
    options = [
        {"host": host, "peer_is_trusted": trusted, "without": without}
        for host in ("photo.example", "other.example")
        for trusted in (False, True)
        for without in (frozenset(), frozenset({"range"}))
    ]
    for _ in range(2):
        for option in options:
            for change in changes:
                ours, theirs = (for_upstream(replace(one, **change), **option) for one in (kept, plain))
                assert ours == theirs
    once = for_upstream(kept, **options[0])
    assert for_upstream(kept, **options[0]) is once


def test_an_answer_loses_what_is_for_this_hop_only():
    """As `end_to_end` does, however often the same names come; values are those of this answer."""
    for connection, value in (("close", "1"), ("X-Hop", "2"), ("close, Content-Length", "3"), ("X-Hop", "4")):
        fields = ((b"Connection", connection.encode()), (b"X-Hop", value.encode()), (b"TE", b"a"),
                  (b"Content-Length", value.encode()), (b"X-\xe4", b"\xff"))  # fmt: skip
        text = tuple((n.decode("utf-8", "surrogateescape"), v.decode("utf-8", "surrogateescape")) for n, v in fields)

        assert of_answer(fields) == end_to_end(text)
