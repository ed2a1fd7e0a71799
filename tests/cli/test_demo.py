"""Does the demo end where nobody can end it?"""

import pytest

from guard.cli import demo as command


@pytest.mark.parametrize(
    ("asked", "terminal", "ends"), [(False, False, True), (False, True, False), (True, True, True)]
)
def test_without_a_terminal_it_ends_by_itself(monkeypatch, tmp_path, asked: bool, terminal: bool, ends: bool):
    """Nobody is there who could press Ctrl-C; a pipeline or a service would wait for ever."""
    seen: dict[str, object] = {}

    async def play(_directory: object, **how: object) -> object:
        seen.update(how)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_play", play)
    monkeypatch.setattr("guard.server.process.has_terminal", lambda: terminal)
    with pytest.raises(SystemExit):
        command.demo(once=asked, json=False, keep=tmp_path / "kept")

    assert seen["once"] is ends
