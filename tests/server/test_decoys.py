"""Who is caught by a decoy, who is not, and what do they get?"""

import asyncio
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from types import SimpleNamespace

import pytest

from guard.server.decoys import Decoys
from tests.support.facts import request

DECOYS = Decoys(bytes(32))
PAGE = (b"<html><body><h1>Album</h1>", b"<img src=a.jpg></bo", b"dy></html>\n")


async def _pieces(pieces):
    for piece in pieces:
        yield piece


def injected(facts, pieces=PAGE):
    async def collect():
        return b"".join([piece async for piece in DECOYS.inject(facts, _pieces(pieces))])

    return asyncio.run(collect())


def links(html):
    return [part.split('"')[0] for part in html.decode().split('href="')[1:]]


def test_whoever_follows_a_link_out_of_its_own_page_is_caught():
    """To the page and to the picture; a day later too."""
    found = links(injected(request("/album/")))

    assert len(found) == 2
    for path in found:
        facts = request(path)
        assert DECOYS.hit(facts)
        assert DECOYS.hit(replace(facts, at=facts.at + timedelta(days=1)))
        assert DECOYS.hit(request(path, referer="https://photo.example/album/"))


@pytest.mark.parametrize(
    "more",
    [
        {"address": "198.51.100.9"},
        {"sec_fetch_site": "cross-site"},
        {"referer": "https://elsewhere.example/photo.example/"},
        {"sec_purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
    ],
)
def test_whom_somebody_else_leads_there_is_not(more):
    """A link passed on, a picture in a page of an enemy's, a browser that fetches ahead."""
    for path in links(injected(request("/album/"))):
        facts = request(path, **more)
        assert not DECOYS.hit(facts)
        assert DECOYS.find(facts) is not None


def test_a_person_hits_none():
    """Ordinary addresses, and the directory itself, which stands in robots.txt for everybody to read."""
    for path in ("/", "/robots.txt", "/album/coast-morning.html", DECOYS.directory("photo.example")):
        assert not DECOYS.hit(request(path))


def answered(facts):
    """Return what is sent for a decoy."""
    made = asyncio.run(DECOYS.made(SimpleNamespace(facts=facts), DECOYS.find(facts)))
    return made.rendition, made.status, dict(made.headers), made.body


def test_a_decoy_is_small_and_leads_to_one_picture():
    """A page, the picture that it links to, and there it ends."""
    path = links(injected(request("/")))[0]
    rendition, status, headers, body = answered(request(path))
    assert (rendition, status, headers["Cache-Control"]) == ("page", 200, "no-store")
    assert len(body) < 1024
    [picture] = links(body)
    assert DECOYS.hit(request(picture))

    rendition, status, headers, body = answered(request(picture))
    assert (rendition, status, headers["Content-Type"]) == ("card", 200, "image/jpeg")
    assert body.startswith(b"\xff\xd8")
    assert len(body) < 8192


def test_a_decoy_takes_nothing():
    """405 for a method that would change something."""
    path = links(injected(request("/")))[0]

    assert answered(request(path, method="POST"))[1] == 405


def test_a_page_stays_what_it_was():
    """But for the link in front of its end; one that does not end so stays wholly the same."""
    facts = request("/album/")
    whole = b"".join(PAGE)
    html = injected(facts)
    start, _, rest = html.partition(b"<div hidden")
    assert start + rest.partition(b"</div>")[2] == whole
    assert injected(facts, [b"<body>", b"x", b"</body>y"]) == b"<body>x</body>y"
    assert injected(facts, []) == b""


def test_a_client_without_an_address_has_decoys_too():
    """Behind a unix socket whose front server says nothing."""
    facts = request("/")
    facts = replace(facts, client=replace(facts.client, address=None))
    path = links(injected(facts))[0]
    assert DECOYS.hit(replace(facts, path=path))
    assert not DECOYS.hit(replace(facts, path=path, client=replace(facts.client, address=ip_address("192.0.2.1"))))
