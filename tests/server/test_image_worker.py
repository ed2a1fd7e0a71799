import io
import os
import signal
import subprocess
import sys

import pytest

from guard.errors import PictureError
from guard.image import jobs
from guard.image.jobs import CardJob, PreviewJob
from guard.image.visible_mark import VisibleMark
from guard.server import image_worker
from tests.support.pictures import decoded, photograph

CARD = CardJob(holder="Ada", contact="a@b.example", reference="X", media_type="image/gif", language="de")


def read(data):
    """Return the answers in a worker's output."""
    source = io.BytesIO(data)
    while prefix := source.read(8):
        head, body = jobs.lengths(prefix)
        yield source.read(head), source.read(body)


def run(given):
    command = [sys.executable, "-m", "guard.server.image_worker"]
    return subprocess.run(command, input=given, capture_output=True, timeout=60, check=False)


def test_the_program_answers_every_message_and_ends_with_its_input():
    """Good and bad jobs in one stream each get their answer, in order."""
    given = (
        jobs.pack_job(PreviewJob(longest_side=50, visible_mark=VisibleMark(text="x")), photograph())
        + jobs.pack_job(PreviewJob(longest_side=50, visible_mark=None), b"nonsense")
        + jobs.pack_job(CARD, b"")
    )

    ended = run(given)

    preview, failure, card = read(ended.stdout)
    assert ended.returncode == 0
    assert decoded(jobs.unpack_answer(*preview).body).size == (50, 33)
    with pytest.raises(PictureError, match="known format"):
        jobs.unpack_answer(*failure)
    assert decoded(jobs.unpack_answer(*card).body).format == "GIF"


def test_a_torn_message_ends_the_program_quietly():
    """A parent that stops in the middle of a picture gets no half answer."""
    message = jobs.pack_job(PreviewJob(longest_side=50, visible_mark=None), photograph())

    ended = run(message[:-5])

    assert (ended.returncode, ended.stdout) == (0, b"")


def test_an_unreadable_job_is_answered():
    """The head of a message that is no job costs an answer, not the worker."""
    with pytest.raises(PictureError, match="can not be read"):
        jobs.unpack_answer(*next(read(image_worker.answer(b"{}", b""))))


def test_a_picture_that_needs_too_much_memory_is_refused_by_the_limit():
    """With little memory allowed, a large picture fails and the next one is made."""
    script = """
import sys
from guard.server import image_worker
image_worker.MAX_MEMORY = 420 * 1024 * 1024
image_worker.main()
"""
    large = jobs.pack_job(PreviewJob(longest_side=50, visible_mark=None), flat_png(9000))
    fine = jobs.pack_job(PreviewJob(longest_side=50, visible_mark=None), photograph())

    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"}
    ended = subprocess.run(
        [sys.executable, "-c", script],
        input=large + fine,
        capture_output=True,
        timeout=60,
        check=False,
        env=environment,
    )

    first, second = read(ended.stdout)
    with pytest.raises(PictureError, match="memory"):
        jobs.unpack_answer(*first)
    assert jobs.unpack_answer(*second).width == 50


def flat_png(side):
    """Return a PNG of 81 megapixels that is only a few kilobytes long."""
    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (side, side)).save(out, "PNG", compress_level=1)
    return out.getvalue()


def test_a_job_that_uses_too_much_processor_time_is_ended():
    """The limit counts from the job's beginning, and its signal ends the worker."""
    script = """
from guard.server import image_worker
image_worker.MAX_JOB_SECONDS = 1
image_worker.answer = lambda head, body: [None for _ in iter(int, 1)]
image_worker.main()
"""
    given = jobs.pack_job(CARD, b"")

    ended = subprocess.run([sys.executable, "-c", script], input=given, capture_output=True, timeout=60, check=False)

    assert ended.returncode == -signal.SIGXCPU
