"""No row that matches is passed over by the coarse look."""

import re
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.dataset.identifiers import Identifiers
from guard.dataset.matcher import Listed, Matcher
from guard.dataset.needles import MOST_IN_QUERY, Sieve, address_needles, caption_needles, expression
from tests.dataset.test_matcher import MINE, ROWS

UMLAUTS = Identifiers(
    hosts=frozenset({"xn--bcher-kva.example"}),
    urls=frozenset({"https://agency.example/Jürgen/"}),
    files=frozenset({"grüße aus husum.jpg"}),
    names=frozenset({"Ülkü Öz", "王小明作品"}),
    ids=frozenset({"jane_doe.1"}),
)


@pytest.mark.parametrize("row", [row for row, *_ in ROWS.values()], ids=ROWS)
def test_what_matches_passes(row):
    """By the automaton, and by the expression that DuckDB is given."""
    for text, needles, addresses in (
        (row.url, address_needles(MINE), True), (row.caption, caption_needles(MINE), False)
    ):  # fmt: skip
        if text:
            assert Sieve(needles, addresses=addresses).passes(text)
            assert re.search(expression(needles, addresses=addresses), text)


PIECES = st.sampled_from(
    ["bücher.example", "xn--bcher-kva.example", "agency.example", "/Jürgen/", "/", "grüße aus husum.jpg", "?url=", "&",
     "https://", "cdn.test", "jane_doe.1", "-300x200", ".", "x", "%", "%25", "photo.example", "IMG_1234.jpg"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=7), st.integers(0, 3), st.booleans(), st.sets(st.integers(0, 200), max_size=6))
@settings(max_examples=400, deadline=None)
def test_no_spelling_of_an_address_slips_through(pieces, times, capitals, encoded):
    """Encoded once, twice, in odd places, in capitals."""
    url = "".join(pieces)
    for _ in range(times):
        url = quote(url, safe="/:?=&")
    url = "".join(
        f"%{ord(one):02X}" if place in encoded and one.isascii() and one.isalnum() else one
        for place, one in enumerate(url)
    )
    url = f"https://x.test/{url.upper() if capitals else url}"
    for identifiers in (UMLAUTS, MINE):
        if Matcher(identifiers).matches(Listed(url=url)):
            assert Sieve(address_needles(identifiers), addresses=True).passes(url), url


def test_a_strangers_row_does_not_pass():
    """Or nothing would be gained."""
    sieve = Sieve(address_needles(MINE), addresses=True)

    assert not sieve.passes("https://cdn.test/images/0815/cat%20and%20dog.jpg?w=300&q=80")
    assert not Sieve(set(), addresses=True).passes("https://photo.example/")


def test_too_many_needles_make_no_expression():
    """Then every row is looked at closely."""
    many = {f"host{number}.example" for number in range(MOST_IN_QUERY + 1)}

    assert expression(many, addresses=True) == ""
    assert Sieve(many, addresses=True).passes("https://host77.example/")


def test_names_in_any_script_are_found():
    """A needle is there for a name without a Latin letter too."""
    sieve = Sieve(caption_needles(UMLAUTS), addresses=False)

    assert sieve.passes("摄影王小明作品2019")
    assert sieve.passes("by ÜLKÜ ÖZ")
