"""Do a request's header lines bear out what its user agent claims?"""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from guard.core import header_signals
from guard.core.facts import HeaderLines
from guard.core.header_print import MASKS, Front
from guard.core.header_signals import HeaderReader, Referer
from guard.core.signals import SIGNALS, SignalId
from tests.support.captures import capture, names, rules
from tests.support.facts import request

CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0"
HINTS = '"Not:A-Brand";v="8", "Chromium";v="156"'
IMAGE = {
    "User_Agent": CHROME,
    "Accept": "image/avif,image/webp,*/*;q=0.8",
    "Accept_Encoding": "gzip, deflate, br",
    "Accept_Language": "en",
    "Sec_CH_UA": HINTS,
    "Sec_CH_UA_Platform": '"Linux"',
    "Sec_Fetch_Site": "same-origin",
    "Sec_Fetch_Mode": "no-cors",
    "Sec_Fetch_Dest": "image",
}
PAGE = IMAGE | {"Accept": "text/html,*/*;q=0.8", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}


def reader(front=Front.DIRECT):
    return HeaderReader(rules(), MASKS[front])


def signs(headers, *, scheme="https", version="1.1", front=Front.DIRECT):
    facts = replace(request(**headers), scheme=scheme, version=version)
    return {SIGNALS[index] for index, _ in reader(front).read(facts).lines.signs}


def of_version(version):
    return IMAGE | {name: IMAGE[name].replace("156", version) for name in ("User_Agent", "Sec_CH_UA")}


def without(headers, *fields):
    return {name: value for name, value in headers.items() if name not in fields}


ODD = {
    "a site that no browser knows": (PAGE | {"Sec_Fetch_Site": "?1"}, {SignalId.ILLEGAL_FETCH_METADATA}),
    "a user that is a destination": (PAGE | {"Sec_Fetch_User": "document"}, {SignalId.ILLEGAL_FETCH_METADATA}),
    "a mode that is a site": (PAGE | {"Sec_Fetch_Mode": "same-site"}, {SignalId.ILLEGAL_FETCH_METADATA}),
    "hints of another version": (
        PAGE | {"Sec_CH_UA": HINTS.replace("156", "120")},
        {SignalId.CONTRADICTING_CLIENT_HINTS},
    ),
    "hints from Firefox": (PAGE | {"User_Agent": FIREFOX}, {SignalId.CONTRADICTING_CLIENT_HINTS}),
    "another platform": (PAGE | {"Sec_CH_UA_Platform": '"Windows"'}, {SignalId.CONTRADICTING_PLATFORM}),
    "a page without hints": (without(PAGE, "Sec_CH_UA"), {SignalId.MISSING_CLIENT_HINTS}),
    "no fetch metadata": (
        without(IMAGE, "Sec_Fetch_Site", "Sec_Fetch_Mode", "Sec_Fetch_Dest", "Sec_CH_UA"),
        {SignalId.MISSING_FETCH_METADATA},
    ),
    "hints where Sec-Fetch was left out by hand": (
        without(IMAGE, "Sec_Fetch_Site", "Sec_Fetch_Mode", "Sec_Fetch_Dest"),
        {SignalId.MISSING_FETCH_METADATA, SignalId.CONTRADICTING_CLIENT_HINTS},
    ),
    "an old browser": (
        IMAGE | {"User_Agent": CHROME.replace("156", "109"), "Sec_CH_UA": HINTS.replace("156", "109")},
        {SignalId.OLD_BROWSER},
    ),
}


@pytest.mark.parametrize(("headers", "expected"), ODD.values(), ids=ODD)
def test_what_the_claimed_browser_does_not_send_is_a_sign(headers, expected):
    """One oddity, one sign: nothing that has the same cause is counted twice."""
    assert signs(headers) == expected


WEB_VIEW = without(PAGE, "Sec_CH_UA", "Sec_Fetch_Site", "Sec_Fetch_Mode", "Sec_Fetch_Dest") | {
    "User_Agent": CHROME.replace("X11; Linux x86_64", "Linux; Android 14; SM-G991B; wv"),
    "Sec_CH_UA_Platform": '"Android"',
}
ORDINARY = {
    "a picture": IMAGE,
    "a page": PAGE,
    "a web view": WEB_VIEW,
    "a picture where scripts are off": without(IMAGE, "Sec_CH_UA"),
    "an app": IMAGE | {"User_Agent": "ExampleApp/1.0"},
}


@pytest.mark.parametrize("headers", ORDINARY.values(), ids=ORDINARY)
def test_what_a_browser_sends_is_none(headers):
    """Where scripts are off, Chromium sends no hints with pictures; an app owes none."""
    assert signs(headers) == set()


def test_without_tls_what_browsers_leave_out_is_no_sign():
    """Sec-Fetch and hints go to https only."""
    bare = without(IMAGE, "Sec_Fetch_Site", "Sec_Fetch_Mode", "Sec_Fetch_Dest", "Sec_CH_UA", "Sec_CH_UA_Platform")

    assert signs(bare, scheme="http") == set()
    assert signs(bare) != set()


def test_the_version_counts_only_where_it_is_the_clients():
    """nginx speaks HTTP/1.0 upstream by default, whoever asks."""
    assert SignalId.OLD_PROTOCOL in signs(IMAGE, version="1.0")
    assert SignalId.OLD_PROTOCOL not in signs(IMAGE, version="1.0", front=Front.NGINX)


@pytest.mark.parametrize("name", names("person"))
@pytest.mark.parametrize("front", list(Front))
def test_no_request_of_a_person_has_a_sign(name, front):
    """Every request of every captured browser, behind every front server."""
    odd = {
        (facts.path, SIGNALS[index], value)
        for _, facts, _ in capture(name).requests
        for index, value in reader(front).read(facts).lines.signs
    }

    assert odd == set()


@pytest.mark.parametrize("name", names("person"))
def test_all_requests_of_a_browser_have_one_key(name):
    """Pages, pictures, styles and scripts differ in their lines and are one client."""
    read = reader()

    assert len({read.read(facts).key for _, facts, _ in capture(name).requests}) == 1


def test_made_up_user_agents_do_not_make_new_clients():
    """Whoever draws another browser's name for every request keeps the key that the other lines give."""
    one = capture("tool-requests-rotating")
    read = reader()

    assert len({facts.header("user-agent") for _, facts, _ in one.requests}) > 8
    assert len({read.read(facts).key for _, facts, _ in one.requests}) == 1


def test_people_with_other_browsers_behind_one_address_are_apart():
    """Believable lines: the user agent tells them from each other."""
    read = reader()
    keys = {read.read(request(**of_version(version))).key for version in ("154", "155", "156")}

    assert len(keys) == 3


@pytest.mark.parametrize(
    ("referer", "expected"),
    [("", Referer.NONE), ("https://photo.example/album", Referer.OWN), ("https://PHOTO.example", Referer.OWN),
     ("https://photo.example.evil.test/", Referer.FOREIGN), ("https://photo.example@evil.test/", Referer.FOREIGN),
     ("nonsense", Referer.FOREIGN)],
)  # fmt: skip
def test_whose_page_a_referer_names(referer, expected):
    """By the whole host, not by a part of it."""
    assert reader().read(request(Referer=referer)).referer is expected


def test_long_and_odd_lines_cost_no_more():
    """Values are cut, names may be anything, fields may come twice."""
    facts = request(User_Agent="Mozilla/5.0 (" + "x" * 100_000, Accept="\xff\x00", Sec_CH_UA='"Chromium";v="' * 3000)
    facts = replace(facts, headers=facts.headers * 3)

    assert reader().read(facts).lines.signs == ()


TOOLS = {
    "curl": "curl",
    "curl-firefox": "curl-compressed",
    "wget": "wget",
    "node-fetch": "node-fetch",
    "gallery-dl": "gallery-dl",
    "img2dataset": "img2dataset",
    "requests": "python-requests",
    "urllib": "python-urllib",
    "httpx": "python-httpx",
    "aiohttp": "python-aiohttp",
    "playwright-request": "playwright-request",
    "scrapy": "scrapy",
}


@pytest.mark.parametrize("front", list(Front))
@pytest.mark.parametrize("tool", TOOLS)
def test_a_captured_tool_is_known_by_its_print(tool, front):
    """As it asks for pictures under a browser's user agent, behind every front server."""
    read = reader(front)
    found = [
        read.read(facts).lines.tool
        for _, facts, answered in capture(f"tool-{tool}").requests
        if answered.kind.is_picture
    ]

    assert None not in found
    # Where the order is lost, libraries that send the same fields look alike; they are still none of a browser's.
    if MASKS[front].ordered:
        assert {one.id for one in found} == {TOOLS[tool]}


def test_a_tool_that_says_what_it_is_has_no_print():
    """curl as curl is the catalogue's business; only a lie is a sign."""
    assert reader().read(request(Host="a", User_Agent="curl/8.5.0", Accept="*/*")).lines.tool is None
    assert reader().read(request(Host="a", User_Agent=CHROME, Accept="*/*")).lines.tool is not None


def differently():
    """Return requests that differ from the first in one thing each, and all read differently."""
    one = replace(request(**without(PAGE, "Sec_Fetch_Site"), Referer="https://photo.example/"), scheme="https")
    other = replace(one.client, address=ip_address("198.51.100.44"))
    return {
        "nothing": one,
        "another client": replace(one, client=other),
        "another scheme": replace(one, scheme="http"),
        "another host": replace(one, authority="other.example", host="other.example", site="other.example"),
        "another line": replace(one, headers=(*one.headers, ("X-Forwarded-For", "192.0.2.1"))),
        "a signature": replace(one, headers=(*one.headers, ("SIGNATURE-input", "sig=()"))),
        "another version": replace(one, version="1.0"),
    }


def test_a_head_is_remembered_with_all_that_it_was_read_from():
    """The second reading is the first one's, and nobody gets somebody else's."""
    mine = reader()
    first = {name: mine.read(facts) for name, facts in differently().items()}
    again = {name: mine.read(facts) for name, facts in differently().items()}

    assert all(again[name] is first[name] for name in first)
    assert {name: reader().read(facts) for name, facts in differently().items()} == first
    assert [name for name in first if name != "nothing" and first[name] == first["nothing"]] == []
    assert [name for name in first if first[name].signed] == ["a signature"]


def test_what_is_remembered_of_heads_has_an_end(monkeypatch):
    """Neither many heads nor large ones fill the memory."""
    monkeypatch.setattr(header_signals, "_HEADS", 20)
    mine = reader()
    for number in range(100):
        mine.read(request(**PAGE, X_Number=str(number)))
    assert len(mine._heads) == 20

    large = request(**PAGE, X_Large="x" * 5000)
    assert mine.read(large) == mine.read(large)
    assert len(mine._heads) == 20
    assert all(len(str(key)) < 6000 for key in mine._heads)


def test_a_signature_does_not_make_another_client():
    """It is new with every request."""
    keys = {reader().read(request(**PAGE, Signature=f"sig=:{number}:")).key for number in range(3)}
    shapes = {reader().read(request(**PAGE, Signature=f"sig=:{number}:")).lines.shape for number in range(3)}

    assert len(keys) == len(shapes) == 1


def test_a_name_is_the_same_however_it_is_written():
    """Lower case from HTTP/2 and some libraries, upper case from others."""
    written = [
        tuple((change(name), value) for name, value in request(**PAGE, Referer="x").headers)
        for change in (str.lower, str.upper, str.title, str.swapcase)
    ]
    found = [reader().read(replace(request(), headers=lines)) for lines in written]

    assert all(one == found[0] for one in found)


def test_lines_that_come_again_are_read_for_each_client_and_scheme():
    """A key is of a network, and some signs are of https only."""
    one = reader()
    plain = request(**IMAGE)
    kept = replace(plain, headers=HeaderLines(plain.headers))
    elsewhere = replace(plain.client, address=ip_address("198.51.100.77"))
    changes = ({}, {"client": elsewhere}, {"scheme": "http"}, {"version": "1.0"}, {"authority": "a"}, {"site": "b"})

    for _ in range(2):
        for change in changes:
            assert one.read(replace(kept, **change)) == reader().read(replace(plain, **change))
    assert one.read(kept).key != one.read(replace(kept, client=elsewhere)).key
    assert one.read(kept) is one.read(replace(kept, method="HEAD"))
