"""Is a statement safe and free of contradiction once it exists?"""

import itertools
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import ConfigurationError
from guard.reservation.offer import PURPOSES, Offer
from guard.reservation.statement import MAX_URL, MAX_WORDS, Override, Statement, one_line

STANCES = [
    dict(zip(("train", "ai_use", "search", "tdm"), row, strict=True))
    for row in itertools.product((True, False), repeat=4)
]


def test_the_defaults_reserve_everything_but_search():
    """An owner who says nothing trains nobody's model and loses no search traffic."""
    statement = Statement(holder="Jane Doe")

    assert (statement.train, statement.ai_use, statement.search, statement.tdm) == (False, False, True, False)
    assert statement.content_usage == "train-ai=n, ai-use=n, search=y"
    assert statement.content_signal == "search=yes, ai-input=no, ai-train=no"


@pytest.mark.parametrize("stances", STANCES, ids=str)
def test_tdmrep_reserves_as_soon_as_one_stance_does(stances):
    """The value 0 permits mining for any purpose, so it needs four permissions."""
    statement = Statement(holder="Jane Doe", **stances)

    assert statement.tdm_reservation == (0 if all(stances.values()) else 1)


@pytest.mark.parametrize(
    ("base_url", "terms_url", "expected"),
    [
        ("https://photo.example", "", "https://photo.example/.well-known/guard/terms"),
        ("https://photo.example", "https://law.example/t", "https://law.example/t"),
        ("", "https://law.example/t", "https://law.example/t"),
        ("", "", "/.well-known/guard/terms"),
        ("http://[::1]:8080", "", "http://[::1]:8080/.well-known/guard/terms"),
    ],
)
def test_the_policy_url_is_the_owners_else_ours(base_url, terms_url, expected):
    """Without a host the policy is a path, which holds for whatever host was asked."""
    assert Statement(holder="J", base_url=base_url, terms_url=terms_url).policy_url == expected


@pytest.mark.parametrize(
    "url",
    [
        "photo.example",
        "ftp://photo.example",
        "javascript:alert(1)//https://photo.example",
        "https://",
        "https://-a.example",
        "https://user@photo.example",
        "https://photo.example:port",
        "https://bücher.example",
        "https://photo.example\r\nX: y",
        "https://photo.example\n",
        "https://photo.example ",
        'https://photo.example"',
    ],
)
def test_a_malformed_address_is_rejected_in_both_places(url):
    """An address is never repaired: a changed address is another address."""
    with pytest.raises(ConfigurationError) as caught:
        Statement(holder="J", base_url=url, terms_url=url)

    assert [fault.where for fault in caught.value.faults] == ["base_url", "terms"]


@pytest.mark.parametrize(
    "url",
    [
        "https://photo.example/t\r\ntdm-reservation: 0",
        "https://photo.example/a b",
        "https://photo.example/<script>",
        'https://photo.example/"',
        "https://photo.example/über",
        "https://photo.example/%zz",
        "https://photo.example/\u202etxt",
        "https://photo.example/" + "a" * MAX_URL,
    ],
)
def test_a_terms_url_that_could_break_a_line_or_a_tag_is_rejected(url):
    """What is copied into headers, comments, JSON and HTML must be safe in all of them."""
    with pytest.raises(ConfigurationError, match="rights: terms: "):
        Statement(holder="J", terms_url=url)


def test_a_base_url_has_no_path():
    """A closing slash would double in every document's address."""
    with pytest.raises(ConfigurationError, match="base_url"):
        Statement(holder="J", base_url="https://photo.example/")


def test_all_faults_are_told_at_once():
    """A holder's name that is too long does not hide the address that is wrong."""
    with pytest.raises(ConfigurationError) as caught:
        Statement(holder="y" * (MAX_WORDS + 1), contact="x" * (MAX_WORDS + 1), terms_url="nowhere")

    assert [fault.where for fault in caught.value.faults] == ["holder", "contact", "terms"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Jane\r\nDoe", "Jane Doe"),
        ("\u202eeoD enaJ\u202c", "eoD enaJ"),
        ("a\x00b\x1b[31mc\ufeff", "a b [31mc"),
        ("a\u2028b\u2029c\u0085d", "a b c d"),
        ("علی\u200cرضا", "علی\u200cرضا"),
        ("\ud800x", "x"),
        ("Zoë 'Q' \"R\" </p>", "Zoë 'Q' \"R\" </p>"),
    ],
)
def test_words_become_one_visible_line(words, expected):
    """Line ends and invisible characters are neutralised; letters of every script and punctuation stay."""
    assert one_line(words) == expected


@given(words=st.text(max_size=400))
def test_no_text_leaves_a_control_character(words):
    """Whatever the holder's name is, it is one line, and neutralising it again changes nothing."""
    line = one_line(words)

    assert not {unicodedata.category(c) for c in line} & {"Cc", "Cs", "Zl", "Zp"}
    assert not any(c in line for c in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    assert one_line(line) == line


OFFER = Offer(purpose="train", url="https://photo.example/licence")


def paths(*given: tuple[str, dict[str, bool]]) -> tuple[Override, ...]:
    return tuple(
        Override(path=path, **{"train": False, "ai_use": False, "search": True, "tdm": False} | stances)
        for path, stances in given
    )


def test_the_longest_path_holds():
    """An album inside an album has the last word, whatever the order in which they were written."""
    statement = Statement(paths=paths(("/a/", {"train": True}), ("/a/b/", {}), ("/a/b/c.jpg", {"tdm": True})))

    answers = [
        (found.train, found.tdm)
        for found in (statement.at(path) for path in ("/", "/a", "/a/x.jpg", "/a/b/x.jpg", "/a/b/c.jpg", "/b/a/"))
    ]

    assert answers == [(False, False), (False, False), (True, False), (False, False), (False, True), (False, False)]
    assert statement.at("/a/x.jpg").paths == ()


@pytest.mark.parametrize(
    ("site", "path", "usage", "signal"),
    [
        (
            {"train": False},
            {"train": True},
            "train-ai=n, ai-use=n, search=y",
            "search=yes, ai-input=no, ai-train=no",
        ),
        ({"train": True}, {"train": False}, "ai-use=n, search=y", "search=yes, ai-input=no"),
        ({"search": True}, {"search": False}, "train-ai=n, ai-use=n", "ai-input=no, ai-train=no"),
        (
            {"train": True, "ai_use": True},
            {"train": False, "ai_use": False, "search": False},
            "",
            "",
        ),
    ],
    ids=["a milder path lifts nothing", "a stricter path", "a path out of the index", "nothing in common"],
)
def test_words_without_a_path_are_true_of_every_path(site, path, usage, signal):
    """The robots.txt line names no path, so it says `y` only where all say it, and `n` wherever the site does."""
    statement = Statement(**site, paths=paths(("/a/", path)))

    assert (statement.content_usage, statement.content_signal) == (usage, signal)
    assert statement.at("/a/x.jpg").content_usage.count("=") == 3


def test_words_about_the_picture_fall_back_to_the_holder():
    """An owner who gives only a name has a creator, a credit line and a notice."""
    statement = Statement(holder="Jane Doe", creator="J. D.\n")

    assert (statement.creator_name, statement.credit_line, statement.copyright_notice) == (
        "J. D.",
        "J. D.",
        "© Jane Doe",
    )
    assert Statement(holder="Jane Doe").credit_line == "Jane Doe"
    assert Statement().copyright_notice == ""


def test_an_offer_never_lifts_a_reservation():
    """With every use on offer the answers are what they were."""
    offers = tuple(Offer(purpose=purpose, url="https://photo.example/licence") for purpose in PURPOSES)
    plain, offering = Statement(holder="J"), Statement(holder="J", offers=offers)

    assert (offering.tdm_reservation, offering.content_usage, offering.content_signal) == (
        plain.tdm_reservation,
        plain.content_usage,
        plain.content_signal,
    )


def test_where_a_use_is_permitted_nothing_is_offered():
    """A path that permits training has no offer for it, and keeps the others."""
    statement = Statement(
        paths=paths(("/a/", {"train": True})),
        offers=(OFFER, Offer(purpose="tdm", url="https://photo.example/licence")),
    )

    assert [offer.purpose for offer in statement.at("/a/x").offers] == ["tdm"]
    assert [offer.purpose for offer in statement.at("/").offers] == ["tdm", "train"]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"train": True, "offers": (OFFER,)}, "offer.train"),
        ({"offers": (OFFER, OFFER)}, "offer.train"),
        ({"offers": (Offer(purpose="search", url="https://a.example"),)}, "offer.search"),
        ({"offers": (Offer(purpose="train", url="a.example"),)}, "offer.train.url"),
        (
            {"offers": (Offer(purpose="train", url="https://a.example", price="-1", currency="EUR"),)},
            "offer.train.price",
        ),
        ({"offers": (replace(OFFER, price="1"),)}, "offer.train.currency"),
        ({"offers": (replace(OFFER, unit="free"),)}, "offer.train.unit"),
        ({"licensor": "agency"}, "licensor"),
        ({"credit": "x" * 301}, "credit"),
        ({"terms_text": (("fr", "Bonjour"),)}, "terms_file"),
        ({"paths": paths(("/a/", {}), ("/a/", {}))}, "paths"),
        ({"paths": paths(("/", {}))}, "paths"),
        ({"paths": paths(("/a/../b/", {}))}, "paths"),
        ({"paths": paths(("/a b/", {}))}, "paths"),
        ({"paths": paths(("/*.jpg", {}))}, "paths"),
        ({"paths": paths(("/a\r\nAllow: /", {}))}, "paths"),
        ({"paths": paths(*((f"/{number}/", {}) for number in range(201)))}, "paths"),
    ],
)
def test_what_contradicts_itself_can_not_be_stated(changes, where):
    """An offer for what is permitted, a price of nothing, one path with two answers: none of them comes to exist."""
    with pytest.raises(ConfigurationError) as caught:
        Statement(**changes)

    assert where in [fault.where for fault in caught.value.faults]
