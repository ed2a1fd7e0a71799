"""What differs counts; what changes by itself does not."""

import pytest

from guard.core.likeness import Received, compare

HEADERS = (("Content-Type", "image/jpeg"), ("Cache-Control", "public"), ("ETag", '"a"'), ("Date", "Sun"))


def received(
    status: int = 200, body: str = "a", length: int = 9, headers: tuple[tuple[str, str], ...] = HEADERS
) -> Received:
    return Received(status=status, headers=headers, digest=body, length=length)


def changed(name: str, value: str | None) -> Received:
    kept = tuple(line for line in HEADERS if line[0] != name)
    return received(headers=kept if value is None else (*kept, (name, value)))


def test_the_same_answer_is_alike():
    """The order and spelling of header lines make no difference, nor do those of one message or connection."""
    other = received(
        headers=(*((name.upper(), value) for name, value in HEADERS[2::-1]), ("Date", "Mon"), ("Age", "3"))
    )

    assert compare(received(), other).alike
    assert compare(received(), other).unsteady == ()


DIFFERENT = {
    "status": (received(status=403), "status 403 instead of status 200"),
    "size": (received(body="b", length=4), "4 bytes instead of 9"),
    "bytes": (received(body="b"), "other bytes of the same length"),
    "value": (changed("Cache-Control", "private"), "header cache-control is 'private' instead of 'public'"),
    "missing": (changed("Cache-Control", None), "header cache-control is missing"),
    "added": (changed("X-Robots-Tag", "noindex"), "header x-robots-tag is added"),
    "repeated": (changed("Content-Type", "text/html"), "header content-type is 'text/html' instead of 'image/jpeg'"),
    "secret": (changed("ETag", '"visitor-7"'), "header etag differs"),
    "silence": (received(status=0, headers=(), length=0), "no answer instead of status 200"),
}


@pytest.mark.parametrize(("other", "words"), DIFFERENT.values(), ids=DIFFERENT)
def test_a_difference_is_told_in_words(other: Received, words: str):
    """One sentence for one difference, also when the person asks again and gets the same."""
    assert compare(received(), other).differences == (words,)
    assert compare(received(), other, received()).differences == (words,)


@pytest.mark.parametrize(("other", "words"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_changes_by_itself_tells_nothing(other: Received, words: str):
    """The person, asking again, gets something else too: then it is not about who asks."""
    likeness = compare(received(), other, other)

    assert likeness.alike
    assert likeness.unsteady


def test_only_the_unsteady_part_is_left_out():
    """A page with a nonce still shows that its status is another."""
    likeness = compare(received(body="a"), received(status=403, body="b"), received(body="c"))

    assert likeness.differences == ("status 403 instead of status 200",)
    assert likeness.unsteady == ("body",)


def test_a_length_is_told_once():
    """Content-Length says the same as the count of bytes."""
    person = received(headers=(*HEADERS, ("Content-Length", "9")))
    other = received(length=4, body="b", headers=(*HEADERS, ("Content-Length", "4")))

    assert compare(person, other).differences == ("4 bytes instead of 9",)


def test_a_line_of_the_log_stays_a_line():
    """A site behind the guard writes headers; none of it breaks a line or fills the log."""
    (told,) = compare(received(), changed("Cache-Control", "a\x1b[2J\u2028" + "x" * 500)).differences

    assert told.isprintable()
    assert len(told) < 160
