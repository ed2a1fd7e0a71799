"""Every host name in an address is seen, wherever it stands and however it is written."""

import pytest

from guard.dataset.listed_url import file_name, named_hosts, own_host, plain_host, plain_url, suffixes

OWN = {
    "plain": "https://photo.example/a.jpg",
    "http": "http://photo.example/a.jpg",
    "port": "https://photo.example:8443/a.jpg",
    "capitals": "HTTPS://Photo.EXAMPLE/a.jpg",
    "dot at the end": "https://photo.example./a.jpg",
    "dot and port": "https://photo.example.:80/a.jpg",
    "user": "https://me:secret@photo.example/a.jpg",
    "no scheme": "//photo.example/a.jpg",
    "no slashes either": "photo.example/a.jpg",
    "percent-encoded": "https://ph%6Fto.example/a.jpg",
    "backslashes, as browsers read them": "https:\\\\photo.example/a.jpg",
    "query without a path": "https://photo.example?a.jpg",
    "spaces around": "  https://photo.example/a.jpg ",
}


@pytest.mark.parametrize("url", OWN.values(), ids=OWN)
def test_the_own_host_is_found_however_it_is_written(url):
    """As browsers and downloaders read it."""
    own = own_host(url)

    assert own is not None
    assert own.host == "photo.example"


@pytest.mark.parametrize(
    "url", ["https://bücher.example/", "https://BÜCHER.example/", "https://xn--bcher-kva.example/",
            "https://b%C3%BCcher.example/"]
)  # fmt: skip
def test_an_international_name_is_one_name(url):
    """In letters, in Punycode, and percent-encoded."""
    own = own_host(url)

    assert own is not None
    assert own.host == plain_host("bücher.example") == "xn--bcher-kva.example"


@pytest.mark.parametrize(
    "url", ["", "nonsense", "data:image/png;base64,AAAA", "https://", "/a.jpg", "7", "...", "a b.c"]
)
def test_what_is_no_address_has_no_host(url):
    """Columns hold all sorts of things."""
    assert own_host(url) is None


INSIDE = {
    "resizer's path": "https://i0.wp.com/photo.example/a.jpg?resize=300",
    "resizer's parameter": "https://images.weserv.nl/?url=photo.example/a.jpg&w=300",
    "whole address": "https://cdn.example/fit/https://photo.example/a.jpg",
    "percent-encoded": "https://cdn.example/?src=https%3A%2F%2Fphoto.example%2Fa.jpg",
    "percent-encoded twice": "https://cdn.example/?src=https%253A%252F%252Fphoto.example%252Fa.jpg",
    "archive": "https://web.archive.org/web/2020im_/http://PHOTO.example:80/a.jpg",
    "dot encoded": "https://cdn.example/?src=photo%2Eexample%2Fa.jpg",
}


@pytest.mark.parametrize("url", INSIDE.values(), ids=INSIDE)
def test_an_address_inside_an_address_is_seen(url):
    """With the host that carries it, and what follows it."""
    found = [one for one in named_hosts(url) if one.host == "photo.example"]

    assert [(one.path, bool(one.outer)) for one in found] == [("/a.jpg", True)]


def test_a_name_that_only_ends_alike_is_another():
    """Neither a longer label nor a user name is the host."""
    for url in ("https://myphoto.example/a", "https://photo.example@evil.test/a", "https://photo.example.evil.test/a"):
        assert "photo.example" not in [one.host for one in named_hosts(url) if not one.outer]


def test_the_names_above_a_host_are_its_suffixes():
    """By labels, not by letters."""
    assert list(suffixes("a.photo.example")) == ["a.photo.example", "photo.example", "example"]


def test_a_whole_address_is_compared_without_what_changes_nothing():
    """Scheme, port, capitals of the host, query and encoding."""
    assert plain_url("HTTP://Photo.example:80/A%20b.jpg?w=3#x") == plain_url("https://photo.example/A b.jpg")
    assert plain_url("https://photo.example") == plain_url("https://photo.example/")


def test_the_name_of_a_file_is_decoded():
    """So that spaces and umlauts are what the owner wrote."""
    assert file_name("/p/Gr%C3%BC%C3%9Fe%20aus.JPG") == "grüße aus.jpg"


def test_a_long_address_costs_little():
    """The length that is looked at is bounded."""
    import time

    url = "https://x.example/" + "a.b/" * 2_500_000
    started = time.perf_counter()
    named_hosts(url)

    assert time.perf_counter() - started < 1
