"""Does odd text come back out of the escaped form unchanged?"""

from hypothesis import given
from hypothesis import strategies as st

from guard.evidence.text import escape, unescape

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.binary().map(
    lambda b: b.decode("utf-8", "surrogateescape")
)


@given(ANY_TEXT)
def test_escaped_text_comes_back_unchanged(text):
    """Whatever bytes a client sends, they can be recovered from the record."""
    assert unescape(escape(text)) == text


@given(ANY_TEXT)
def test_escaped_text_can_be_encoded(text):
    """Escaped text holds no lone surrogate."""
    escape(text).encode()


def test_readable_text_stays_as_it_is():
    """Umlauts and pictographs are not made unreadable."""
    assert escape("Bärbel 📷 /a?b=c") == "Bärbel 📷 /a?b=c"


def test_an_odd_byte_is_shown_in_hexadecimal():
    """A reader sees which byte it was, and a literal backslash is not taken for one."""
    assert escape(b"a\xffb".decode("utf-8", "surrogateescape")) == "a\\xffb"
    assert escape("a\\xffb") == "a\\\\xffb"
