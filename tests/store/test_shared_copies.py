import fcntl
import json
import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from guard.errors import EvidenceError
from guard.store.shared_copies import NAME, SharedCopy, append, read

COPY = SharedCopy(
    at=datetime(2026, 5, 4, 23, 59, 58, tzinfo=UTC),
    to="Agentur Müller",
    mark_id=bytes(range(8)),
    file="/gallery/sunset.jpg",
    sha256="0a" * 32,
    copy="/ready/sunset.jpg",
    copy_sha256="0b" * 32,
    note="order 17",
)


def test_what_is_added_is_read_again(tmp_path):
    """In the order of adding, by its owner only."""
    for number in range(3):
        append(tmp_path, replace(COPY, file=f"/{number}.jpg"))

    assert [one.file for one in read(tmp_path).copies] == ["/0.jpg", "/1.jpg", "/2.jpg"]
    assert read(tmp_path).copies[0] == replace(COPY, file="/0.jpg")
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


def test_without_a_register_nothing_was_shared(tmp_path):
    """That is no fault."""
    assert (read(tmp_path).copies, read(tmp_path).fault) == ((), "")


def test_a_half_written_last_line_is_named_and_the_next_writer_takes_it_away(tmp_path):
    """Wherever the power cut came, whole lines stay and the register can be used."""
    append(tmp_path, COPY)
    whole = (tmp_path / NAME).read_bytes()
    for length in range(1, len(whole) - 1):
        (tmp_path / NAME).write_bytes(whole + whole[:length])

        register = read(tmp_path)
        assert register.copies == (COPY,)
        assert f"{NAME}:2: the last line is half written" in register.fault
    append(tmp_path, replace(COPY, note="again"))

    assert [one.note for one in read(tmp_path).copies] == ["order 17", "again"]
    assert read(tmp_path).fault == ""


def test_a_line_whose_end_an_editor_took_is_kept(tmp_path):
    """It stands for a copy that somebody has."""
    append(tmp_path, COPY)
    (tmp_path / NAME).write_bytes((tmp_path / NAME).read_bytes().rstrip(b"\n"))

    assert read(tmp_path).copies == (COPY,)
    append(tmp_path, replace(COPY, note="again"))
    assert [one.note for one in read(tmp_path).copies] == ["order 17", "again"]


@pytest.mark.parametrize(
    "change",
    [
        {"mark_id": "00"},
        {"mark_id": "no"},
        {"sha256": "0A" * 32},
        {"copy_sha256": ""},
        {"at": "2026-05-04"},
        {"to": ""},
        {"note": 17},
        {"more": "x"},
        None,
    ],
    ids=str,
)
def test_a_wrong_line_is_named_and_nothing_is_added(tmp_path, change):
    """A register that was tampered with must not be written over."""
    said = json.dumps(COPY.value() | change) if change else "[]"
    (tmp_path / NAME).write_text(f"{json.dumps(COPY.value())}\n{said}\n{json.dumps(COPY.value())}\n")
    before = (tmp_path / NAME).read_bytes()

    for act in (read, lambda folder: append(folder, COPY)):
        with pytest.raises(EvidenceError, match=rf"{NAME}:2: this is no line"):
            act(tmp_path)
    assert (tmp_path / NAME).read_bytes() == before


def test_one_recipient_has_one_id_a_day(tmp_path):
    """What several pictures say adds up; another recipient and another day have ids of their own."""
    append(tmp_path, COPY)
    register = read(tmp_path)

    assert register.mark_id_for(COPY.to, COPY.at.replace(hour=0)) == COPY.mark_id
    others = {
        register.mark_id_for(COPY.to, COPY.at + timedelta(seconds=2)),
        register.mark_id_for("agentur müller", COPY.at),
        register.mark_id_for("agentur müller", COPY.at),
    }
    assert len(others | {COPY.mark_id}) == 4


def test_a_writer_waits_for_another(tmp_path):
    """Else it could take the other's line, half written so far, for one that a power cut left."""
    append(tmp_path, COPY)
    writer = multiprocessing.get_context("fork").Process(target=append, args=(tmp_path, replace(COPY, note="second")))
    with (tmp_path / NAME).open("ab") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        first.write(json.dumps(COPY.value()).encode()[:50])
        first.flush()
        writer.start()
        writer.join(timeout=0.5)
        waited = writer.is_alive()
        first.write(json.dumps(COPY.value()).encode()[50:] + b"\n")
        first.flush()
        # Closing is not enough: the writer was forked with this file open.
        fcntl.flock(first, fcntl.LOCK_UN)
    writer.join(timeout=30)

    assert waited
    assert [one.note for one in read(tmp_path).copies] == ["order 17", "order 17", "second"]
