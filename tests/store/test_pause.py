"""A pause is seen by all processes and outlives a restart."""

import os
from pathlib import Path

from guard.store.pause import Pause


def test_a_pause_is_seen_through_another_descriptor(tmp_path: Path):
    """As a worker sees what the supervisor set."""
    pause = Pause.create()
    other = Pause(os.dup(pause.fileno()))

    pause.set(1_800_000_000.5, tmp_path / "guard" / "pause")

    assert other.until == 1_800_000_000.5


def test_a_pause_outlives_a_restart_and_can_be_ended(tmp_path: Path):
    """A file that can not be read is no pause."""
    file = tmp_path / "pause"
    Pause.create().set(1_800_000_000.0, file)
    second = Pause.create()
    second.restore(file)
    assert second.until == 1_800_000_000.0

    second.set(0.0, file)
    third = Pause.create()
    third.restore(file)
    file.write_bytes(b"soon")
    third.restore(file)

    assert third.until == 0.0
