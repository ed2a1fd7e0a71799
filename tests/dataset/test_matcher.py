"""A row is the owner's by an identifier, with a confidence that says no more than that identifier can."""

import random

import pytest

from guard.dataset.identifiers import Identifiers
from guard.dataset.matcher import Confidence, Listed, Matcher, Reason, phash_digits

PHASH = "d1c4f0e2a3b49687"
MINE = Identifiers(
    hosts=frozenset({"photo.example"}),
    urls=frozenset({"https://agency.example/jane-doe/", "https://stock.example/*/jane$"}),
    pictures=frozenset({"elsewhere.example/p/boat.jpg"}),
    ids=frozenset({"1234567", "ph-20931"}),
    names=frozenset({"Jürgen Groß"}),
    captions=frozenset({"Westerheversand at dusk"}),
    files=frozenset({"westerhever-2019.jpg", "IMG_1234.jpg", "sunset.jpg"}),
    md5={"9e107d9d372bb6826bd81d3542a419d6": "boat.jpg"},
    sha256={"ab" * 32: "boat.jpg"},
    phash={PHASH: "boat.jpg"},
)

ROWS = {
    "host": (Listed(url="https://photo.example/a.jpg"), Reason.HOST, Confidence.CERTAIN),
    "subdomain": (Listed(url="https://www.photo.example/a.jpg"), Reason.BELOW_HOST, Confidence.CERTAIN),
    "resizer": (Listed(url="https://i0.wp.com/photo.example/a.jpg"), Reason.INSIDE, Confidence.LIKELY),
    "mention": (Listed(url="https://x.test/?ref=photo.example"), Reason.MENTIONED, Confidence.WEAK),
    "page": (Listed(url="http://agency.example/jane-doe/12"), Reason.URL, Confidence.CERTAIN),
    "pattern": (Listed(url="https://stock.example/de/jane"), Reason.URL, Confidence.CERTAIN),
    "address": (Listed(url="http://elsewhere.example/p/boat.jpg?w=1"), Reason.PICTURE, Confidence.CERTAIN),
    "number": (Listed(url="https://x.test/photo/1234567-boat"), Reason.ID, Confidence.LIKELY),
    "number with letters": (Listed(url="https://x.test/PH-20931.jpg"), Reason.ID, Confidence.LIKELY),
    "number in a caption": (Listed(caption="Stock photo 1234567"), Reason.ID_IN_CAPTION, Confidence.WEAK),
    "file": (Listed(url="https://x.test/u/Westerhever-2019.JPG"), Reason.FILE, Confidence.LIKELY),
    "smaller copy": (Listed(url="https://x.test/u/westerhever-2019-300x200.jpg?x"), Reason.FILE, Confidence.LIKELY),
    "file inside": (Listed(url="https://x.test/?u=/a/westerhever-2019.jpg"), Reason.FILE, Confidence.LIKELY),
    "camera's name": (Listed(url="https://x.test/IMG_1234.jpg"), Reason.FILE_COMMON, Confidence.WEAK),
    "common word": (Listed(url="https://x.test/sunset.jpg"), Reason.FILE_COMMON, Confidence.WEAK),
    "name": (Listed(caption="(c) JÜRGEN  GROSS, 2019"), Reason.NAME, Confidence.WEAK),
    "words": (Listed(caption="westerheversand\nat dusk"), Reason.CAPTION, Confidence.WEAK),
    "md5": (Listed(md5="9E107D9D372BB6826BD81D3542A419D6"), Reason.MD5, Confidence.CERTAIN),
    "sha256": (Listed(sha256="ab" * 32), Reason.SHA256, Confidence.CERTAIN),
    "same look": (Listed(phash=PHASH), Reason.LIKENESS, Confidence.LIKELY),
    "alike": (Listed(phash="D1C4F0E2A3B49680"), Reason.LIKENESS, Confidence.LIKELY),
    "alike, as a signed number": (
        Listed(phash=str(int(PHASH, 16) - 2**64)), Reason.LIKENESS, Confidence.LIKELY
    ),
}  # fmt: skip


@pytest.mark.parametrize(("row", "reason", "confidence"), ROWS.values(), ids=ROWS)
def test_a_row_matches_for_one_reason(row, reason, confidence):
    """As sure as that reason is."""
    found = Matcher(MINE).matches(row)

    assert [(one.reason, one.confidence) for one in found] == [(reason, confidence)]


STRANGERS = {
    "longer host": Listed(url="https://myphoto.example/a.jpg"),
    "host as the user's name": Listed(url="https://photo.example@evil.test/a.jpg"),
    "other page": Listed(url="https://agency.example/jane-doers/12"),
    "pattern goes on": Listed(url="https://stock.example/de/jane/x"),
    "part of a number": Listed(url="https://x.test/91234567/"),
    "part of a name": Listed(caption="Jürgen Großmann"),
    "other file": Listed(url="https://x.test/old-westerhever-2019.jpg"),
    "too different": Listed(phash=f"{int(PHASH, 16) ^ 0b11111:016x}"),
    "no hash": Listed(phash="none", md5="", sha256="x"),
    "nothing": Listed(),
}


@pytest.mark.parametrize("row", STRANGERS.values(), ids=STRANGERS)
def test_a_strangers_row_does_not_match(row):
    """What is nearly the owner's is not the owner's."""
    assert Matcher(MINE).matches(row) == ()


def test_scripts_without_spaces_have_no_ends_of_words():
    """A name among Chinese letters is found."""
    matcher = Matcher(Identifiers(names=frozenset({"王小明作品"})))

    assert [one.reason for one in matcher.matches(Listed(caption="摄影王小明作品集2019"))] == [Reason.NAME]


def test_of_several_reasons_the_surest_comes_first():
    """It counts for the row; the others are still told."""
    row = Listed(url="https://photo.example/IMG_1234.jpg", caption="Jürgen Groß")

    assert [one.reason for one in Matcher(MINE).matches(row)] == [Reason.HOST, Reason.FILE_COMMON, Reason.NAME]


@pytest.mark.parametrize("distance", range(11))
def test_no_picture_within_the_distance_is_missed(distance):
    """Whichever bits differ; and none beyond it is found."""
    chance = random.Random(distance)
    matcher = Matcher(Identifiers(phash={PHASH: "boat"}), distance)
    for _ in range(200):
        for bits in (distance, distance + 1):
            number = int(PHASH, 16)
            for bit in chance.sample(range(64), bits):
                number ^= 1 << bit
            found = matcher.matches(Listed(phash=f"{number:016x}"))
            assert [one.where for one in found] == ([str(bits)] if bits <= distance else [])


def test_a_perceptual_hash_is_read_as_data_sets_write_it():
    """Sixteen digits, with 0x, or a number."""
    assert phash_digits(" 0xD1C4F0E2A3B49687") == phash_digits(PHASH) == PHASH
    assert phash_digits("-1") == "f" * 16
    assert phash_digits("abc") == phash_digits("") == ""
