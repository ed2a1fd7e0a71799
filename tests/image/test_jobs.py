import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import PictureError
from guard.image import jobs
from guard.image.jobs import CardJob, PackJob, Preview, PreviewJob
from guard.image.visible_mark import VisibleMark


def split(message):
    head, body = jobs.lengths(message[:8])
    assert len(message) == 8 + head + body
    return message[8 : 8 + head], message[8 + head :]


@given(st.text(max_size=60), st.integers(1, 9999), st.binary(max_size=50))
def test_a_job_travels_there_and_back(text, side, picture):
    """Any text survives the pipe, lone surrogates and line ends included."""
    card = CardJob(holder=text, contact=text, reference=text, media_type=text, language="de", terms=text)
    preview = PreviewJob(longest_side=side, visible_mark=VisibleMark(text=text, logo=picture, opacity=0.25))
    pack = PackJob(rendition=b"r" * 32, size=side, seed=b"s" * 32, visible_mark=preview.visible_mark)

    for job in (card, preview, pack):
        head, body = split(jobs.pack_job(job, picture))
        assert (jobs.unpack_job(head), body) == (job, picture)


def test_an_answer_travels_there_and_back():
    """A finished picture keeps its facts, a failure its reason."""
    preview = Preview(body=b"\x00\xff", media_type="image/png", width=3, height=4)

    assert jobs.unpack_answer(*split(jobs.pack_preview(preview))) == preview
    with pytest.raises(PictureError, match="no such picture"):
        jobs.unpack_answer(*split(jobs.pack_failure("no such picture")))


@pytest.mark.parametrize(
    "head", [b"", b"[]", b"{", b'{"job": "card"}', b'{"job": "preview", "longest_side": 1, "visible_mark": ""}']
)
def test_what_is_no_message_is_a_picture_error(head):
    """Neither side trusts the other's bytes."""
    with pytest.raises(PictureError):
        jobs.unpack_job(head)
    with pytest.raises(PictureError):
        jobs.unpack_answer(head, b"")


def test_lengths_over_the_limits_are_refused_before_anything_is_read():
    """A damaged worker can not make its parent reserve gigabytes."""
    with pytest.raises(PictureError):
        jobs.lengths(b"\xff" * 8)
    with pytest.raises(PictureError):
        jobs.pack_job(PreviewJob(longest_side=1, visible_mark=VisibleMark(text="x" * 70000)), b"")
