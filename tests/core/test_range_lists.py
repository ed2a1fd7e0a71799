"""Is a published list read as its operator meant it, and doubted where it can not be right?"""

import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.range_file import RangeFormat
from guard.core.range_lists import MAX_AGE, MAX_PREFIXES, RangeList, compare, parse
from guard.errors import RangeListError

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
V4, V6 = "66.249.64.0/27", "2001:4860:4801:10::/64"
JAFAR = {"creationTime": "2026-11-01T00:00:00", "prefixes": [{"ipv6Prefix": V6}, {"ipv4Prefix": V4}]}
AWS = {
    "syncToken": "1",
    "prefixes": [{"ip_prefix": V4, "region": "x", "service": "AMAZON"}],
    "ipv6_prefixes": [{"ipv6_prefix": V6, "region": "x"}],
}
GEOFEED = f"# a comment\n{V4},US,US-CA,Menlo Park,\n{V6},DE,,,\n"
LINES = f"\ufeff# ours\r\n{V4}\r\n\r\n{V6}   # the other\r\n"
PAGE = f"<html><pre><code class=json>{json.dumps(JAFAR, indent=1)}</code></pre></html>"
ESCAPED = PAGE.replace('"', "&quot;")


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (RangeFormat.JAFAR, json.dumps(JAFAR)),
        (RangeFormat.JAFAR, json.dumps(AWS)),
        (RangeFormat.JAFAR, json.dumps([V4, V6])),
        (RangeFormat.JAFAR, json.dumps({"prefixes": [V4, V6]})),
        (RangeFormat.JAFAR, json.dumps({"prefixes": [{"ipv4Prefix": V4, "ipv6Prefix": V6}]})),
        (RangeFormat.GEOFEED, GEOFEED),
        (RangeFormat.LINES, LINES),
        (RangeFormat.PAGE, PAGE),
        (RangeFormat.PAGE, ESCAPED),
    ],
    ids=["jafar", "aws", "strings", "prefixes", "both-in-one", "geofeed", "lines", "page", "escaped-page"],
)
def test_every_form_of_list_is_read(form, text):
    """All say the same two prefixes, and nothing is missing."""
    parsed = parse(text.encode(), form)

    assert set(parsed.prefixes) == {ip_network(V4), ip_network(V6)}
    assert parsed.complete
    assert parsed.dropped == ()


def test_a_page_without_json_confirms_and_refutes_nothing():
    """Addresses scraped from prose may be an example, or not all there are."""
    page = f"<p>We crawl from <b>{V4}</b>, 216.18.205.234 and {V6}; not version 1.2.3.4.5 or 10:20.</p>"
    parsed = parse(page.encode(), RangeFormat.PAGE)

    assert {str(one) for one in parsed.prefixes} == {V4, V6, "216.18.205.234/32"}
    assert not parsed.complete


@pytest.mark.parametrize(
    "entry",
    ["10.0.0.0/8", "192.168.1.0/24", "203.0.112.0/23", "127.0.0.1", "203.0.113.0/24", "2001:db8::/32",
     "224.0.0.0/24", "100.64.0.0/16",
     "8.0.0.0/11", "0.0.0.0/0", "2a00::/27", "::/0", "fe80::/64", "::ffff:8.8.8.0/120", "64:ff9b::/96", "2002:808::/32",
     "000/0", "2020/12", "66.249.64.1/27", "66.249.64.0/33", "example.org", "", "８.8.8.8", "8.8.8.8/255.255.255.0x"],
)  # fmt: skip
def test_what_can_not_be_a_crawlers_is_dropped_and_makes_the_list_incomplete(entry):
    """Lists scraped by others hold such entries; one of them would let half the internet in, or accuse wrongly."""
    parsed = parse(json.dumps({"prefixes": [{"ipv4Prefix": V4}, {"ipv4Prefix": entry}]}).encode(), RangeFormat.JAFAR)

    assert parsed.prefixes == (ip_network(V4),)
    assert len(parsed.dropped) == 1
    assert not parsed.complete


@pytest.mark.parametrize("entry", ["8.0.0.0/12", "2a00::/28", "66.249.64.1", "2a00:1450::1/128"])
def test_what_is_just_narrow_enough_is_kept(entry):
    """The widest networks that operators publish pass, and so do single hosts."""
    assert parse(entry.encode(), RangeFormat.LINES).complete


@pytest.mark.parametrize(
    ("form", "text", "reason"),
    [
        (RangeFormat.JAFAR, "<html>sign in</html>", "is no JSON"),
        (RangeFormat.JAFAR, "[" * 100_000, "is no JSON"),
        (RangeFormat.JAFAR, '{"prefixes": {"a": 1}}', "no array"),
        (RangeFormat.JAFAR, '{"prefixes": []}', "names no address"),
        (RangeFormat.JAFAR, "{}", "names no address"),
        (RangeFormat.JAFAR, "17", "no array"),
        (RangeFormat.JAFAR, '{"prefixes": [{"ipv4Prefix": 7}, null, []]}', "can not be right"),
        (RangeFormat.LINES, "<!doctype html>\n<title>gone</title>\n8.8.8.8", "can not be right"),
        (RangeFormat.GEOFEED, "", "names no address"),
        (RangeFormat.PAGE, "<p>moved</p>", "names no address"),
        (RangeFormat.PAGE, '{"prefixes": ' * 2000, "names no address"),
    ],
)
def test_what_is_no_list_is_refused_with_its_reason(form, text, reason):
    """A sign-in page, a bomb of brackets, a list that lost its content."""
    with pytest.raises(RangeListError, match=reason):
        parse(text.encode(), form)


def test_a_list_without_end_is_refused():
    """Memory is bounded, in bytes and in prefixes."""
    lines = "\n".join(str(ip_network((0x08000000 + number, 32))) for number in range(MAX_PREFIXES + 1))

    with pytest.raises(RangeListError, match="more than 100000 prefixes"):
        parse(lines.encode(), RangeFormat.LINES)
    with pytest.raises(RangeListError, match="more than 100000 prefixes"):
        parse(b"8.8.8.8\n" * (MAX_PREFIXES + 1), RangeFormat.LINES)
    with pytest.raises(RangeListError, match="bytes"):
        parse(b"#" * (8 * 1024 * 1024 + 1), RangeFormat.LINES)


@given(st.binary(max_size=300), st.sampled_from([one for one in RangeFormat if one is not RangeFormat.FIXED]))
def test_bytes_become_a_list_or_one_kind_of_error(data, form):
    """Whatever a server sends, nothing else gets out of the parser."""
    try:
        parsed = parse(data, form)
    except RangeListError:
        return
    assert parsed.prefixes


def nets(count: int, length: int = 24) -> list:
    """Return as many neighbouring networks."""
    return [ip_network((0x42000000 + (number << (32 - length)), length)) for number in range(count)]


@pytest.mark.parametrize(
    ("new", "good", "why"),
    [
        (nets(100), nets(100), ""),
        (nets(149), nets(100), ""),
        (nets(151), nets(100), "has 151 prefixes after 100"),
        (nets(49), nets(100), "has 49 prefixes after 100"),
        (nets(8, 30), nets(4, 30), ""),
        (nets(9, 30), nets(4, 30), "has 9 prefixes after 4"),
        ([*nets(20), ip_network("17.0.0.0/12")], nets(20), "IPv4 addresses"),
        ([ip_network("2a00::/28")], [ip_network("2a00::/48")], "IPv6 networks"),
        (nets(50, 23), nets(100, 24), ""),
    ],
)
def test_a_list_that_changed_by_more_than_half_is_doubted(new, good, why):
    """Counted in prefixes and in space; a short list may change by a few, and may be written in fewer lines."""
    found = compare(new, good)

    assert why in found
    assert bool(found) == bool(why)


def ranges(**fields) -> RangeList:
    """Return a list."""
    given = {"name": "one", "prefixes": (ip_network(V4),), "fetched_at": NOW, "source": "", "complete": True}
    return RangeList(**{**given, **fields})


@pytest.mark.parametrize(
    ("one", "at", "refutes"),
    [
        (ranges(), NOW, True),
        (ranges(), NOW + MAX_AGE, True),
        (ranges(), NOW + MAX_AGE + timedelta(seconds=1), False),
        (ranges(), NOW - timedelta(minutes=59), True),
        (ranges(), NOW - timedelta(days=2), False),
        (ranges(complete=False), NOW, False),
        (ranges(fetched_at=None), NOW, False),
    ],
    ids=["now", "last-moment", "too-old", "small-jump", "clock-jumped-back", "incomplete", "undated"],
)
def test_only_a_complete_and_fresh_list_refutes(one, at, refutes):
    """Age is counted from when it was read at its source; a list from the future is no witness either."""
    assert one.refutes(at) is refutes
