"""Is a statement safe and free of contradiction once it exists?"""

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import ConfigurationError
from guard.reservation.statement import MAX_URL, MAX_WORDS, Statement, one_line

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
