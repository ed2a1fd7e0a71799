"""The header lines of a response are read as img2dataset and datadiligence read them."""

import pytest
from datadiligence.rules.http import TDMRepHeader, XRobotsTagHeader
from hypothesis import given
from hypothesis import strategies as st

from guard.reservation.read_headers import links, no_index, read_headers
from guard.reservation.reading import Answer, Carrier, Question

WHERE = "https://photo.example/one.jpg"


def reading(carrier: Carrier, *lines: tuple[str, str]):
    return next((one for one in read_headers(lines, WHERE) if one.carrier is carrier), None)


def img2dataset_skips(lines: list[str]) -> bool:
    """What img2dataset 1.47.0 does (`is_disallowed` in its downloader), without a user agent token of its own."""
    for value in lines:
        agent, directives = ("", value) if ":" not in value else (part.strip().lower() for part in value.split(":", 1))
        if agent == "" and {"noai", "noimageai"} & {part.strip().lower() for part in directives.split(",")}:
            return True
    return False


@pytest.mark.parametrize(
    ("value", "flaw"),
    [
        ("noai, noimageai", ""),
        ("noindex, noai", ""),
        ("noai, noimageai, max-image-preview:none", "noai-behind-colon"),
        ("max-image-preview:none, noai", "noai-behind-colon"),
        ("LAION: noai", "noai-one-agent"),
        ("NoAI, NoImageAI", "noai-letters"),
        ("noai; noimageai", "noai-separator"),
    ],
)
def test_noai_counts_only_where_both_readers_see_it(value: str, flaw: str):
    """What is named as a flaw is missed by one of them, and what is not is seen by both."""
    seen = img2dataset_skips([value]) and not XRobotsTagHeader().is_allowed(headers={"X-Robots-Tag": value})

    found = reading(Carrier.NOAI_HEADER, ("X-Robots-Tag", value))

    assert found is not None
    assert [one.id for one in found.flaws] == ([flaw] if flaw else [])
    assert found.readable == (not flaw)
    assert seen == (not flaw)


@pytest.mark.parametrize("name", ["tdm-reservation", "TDM-Reservation"])
def test_a_tdm_header_in_capitals_is_read_and_named(name: str):
    """HTTP does not mind, and datadiligence does."""
    found = reading(Carrier.TDM_HEADERS, (name, "1"))

    assert found is not None
    assert found.answers == {Question.TDM: Answer.RESERVED, Question.TRAIN: Answer.RESERVED}
    assert bool(found.flaws) == TDMRepHeader().is_allowed(headers={name: "1"})


def test_zero_lets_everybody_mine():
    """For any purpose, training among them."""
    found = reading(Carrier.TDM_HEADERS, ("tdm-reservation", "0"))

    assert found is not None
    assert found.answers[Question.TRAIN] is Answer.PERMITTED


def test_nothing_is_made_up():
    """Other directives are no reservation."""
    assert read_headers([("X-Robots-Tag", "max-image-preview:large"), ("Server", "noai")], WHERE) == ()


def test_noindex_counts_for_everybody_only():
    """A line for one crawler hides nothing from the others."""
    assert no_index([("x-robots-tag", "noai, noindex")])
    assert not no_index([("x-robots-tag", "otherbot: noindex")])


def test_links_are_found_by_their_relation():
    """RFC 8288, with and without quotes, several in one line."""
    value = '</a.css>; rel=preload, <https://photo.example/rsl.xml>; rel="license"; type="application/rsl+xml"'

    assert links([("Link", value)], "license") == [("https://photo.example/rsl.xml", "application/rsl+xml")]


@given(
    st.lists(
        st.tuples(st.sampled_from(["X-Robots-Tag", "tdm-reservation", "Link", "Content-Usage"]), st.text(max_size=40))
    )
)
def test_any_lines_are_read(lines: list[tuple[str, str]]):
    """A stranger's header never ends the audit."""
    assert all(one.where == WHERE for one in read_headers(lines, WHERE))
    assert isinstance(links(lines, "license"), list)
