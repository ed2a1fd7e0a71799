"""RSL is read as the standard combines it: a prohibition wins, and what has no price is free."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.reservation.read_rsl import MEDIA_TYPE, read_rsl
from guard.reservation.reading import Answer, Question

WHERE = "https://photo.example/rsl.xml"


def document(*licences: str, attributes: str = "") -> bytes:
    inner = "".join(f"<license>{one}</license>" for one in licences)
    return f'<rsl xmlns="https://rslstandard.org/rsl"{attributes}><content url="/">{inner}</content></rsl>'.encode()


def read(body: bytes):
    return read_rsl(body, MEDIA_TYPE, WHERE)[0]


def permits(tokens: str) -> str:
    return f'<permits type="usage">{tokens}</permits>'


def prohibits(tokens: str) -> str:
    return f'<prohibits type="usage">{tokens}</prohibits>'


@pytest.mark.parametrize(
    ("licences", "train", "flaws"),
    [
        ((prohibits("ai-train"),), Answer.RESERVED, ["rsl-open"]),
        ((prohibits("ai-all"),), Answer.RESERVED, ["rsl-open"]),
        ((permits("search") + prohibits("ai-all"),), Answer.RESERVED, []),
        ((prohibits("all"),), Answer.RESERVED, []),
        ((permits("ai-train"),), Answer.PERMITTED, ["rsl-free"]),
        ((permits("all"),), Answer.PERMITTED, ["rsl-free"]),
        ((permits("ai-train") + '<payment type="free"/>',), Answer.PERMITTED, ["rsl-free"]),
        ((permits("ai-train") + '<payment type="training"><amount currency="EUR">1</amount></payment>',),
         Answer.RESERVED, []),
        ((permits("all") + prohibits("ai-train"),), Answer.RESERVED, ["rsl-free"]),
        ((permits("search"),), None, []),
        ((permits("ai-train") + '<payment type="purchase"/>', prohibits("all ai-train")), Answer.RESERVED,
         ["rsl-sells-and-prohibits"]),
        (('<permits type="user">education</permits>' + prohibits("ai-train"),), Answer.RESERVED, []),
    ],
)  # fmt: skip
def test_licences_combine(licences: tuple[str, ...], train: Answer | None, flaws: list[str]):
    """Sections 3 and 4 of RSL 1.0."""
    reading = read(document(*licences))

    assert reading.answers.get(Question.TRAIN) == train
    assert [flaw.id for flaw in reading.flaws] == flaws


def test_names_that_the_standard_does_not_know_are_named_and_foreign_ones_are_not():
    """Another namespace may say what it likes."""
    foreign = '<x:note xmlns:x="urn:x">hello</x:note>'
    body = document(prohibits("all") + "<origin/>" + foreign, attributes=' version="1.0"')

    assert [(one.id, one.detail) for one in read(body).flaws] == [("rsl-unknown-name", "<origin>, rsl/@version")]


def test_where_the_terms_are_is_returned():
    """So that they are read too."""
    body = document(prohibits("all")).replace(b"</content>", b"<terms> https://photo.example/terms </terms></content>")

    assert read_rsl(body, MEDIA_TYPE, WHERE)[1] == ("https://photo.example/terms",)


def test_entities_are_refused_before_they_expand():
    """Ten levels of ten would be ten thousand million words."""
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 11))
    bomb = f'<!DOCTYPE rsl [<!ENTITY a0 "word">{entities}]><rsl>&a10;</rsl>'.encode()

    assert [(one.id, one.detail) for one in read(bomb).flaws] == [("rsl-not-xml", "a document type")]


def test_a_document_type_elsewhere_is_refused():
    """Nothing is fetched because a document names it."""
    body = b'<!DOCTYPE rsl SYSTEM "http://192.0.2.1/rsl.dtd">' + document(prohibits("all"))

    assert [one.id for one in read(body).flaws] == ["rsl-not-xml"]


@given(st.binary(max_size=200))
def test_any_bytes_are_read(body: bytes):
    """A stranger's file never ends the audit, whatever encoding it claims."""
    assert read(body).where == WHERE
    assert read(b'<?xml version="1.0" encoding="x-mac"?>' + body).where == WHERE
