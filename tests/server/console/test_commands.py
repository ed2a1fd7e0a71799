"""Commands answer, and those that do not are ended."""

import asyncio
from pathlib import Path

import pytest

from guard.server.console.commands import CommandError, Commands
from tests.support.running import RunningGuard


def test_a_command_answers():
    """With its JSON."""

    async def work() -> object:
        return (await Commands().ask(["explain", "--user-agent", "GPTBot/1.3", "--path", "/a.jpg", "--json"])).value()

    value = asyncio.run(work())
    assert isinstance(value, dict)
    assert value["client"]["crawler"] == "openai-gptbot"


def test_what_a_command_complains_of_is_told(tmp_path: Path):
    """In its own words."""

    async def work() -> None:
        await Commands().ask(["evidence", "stats", str(tmp_path)])

    with pytest.raises(CommandError, match="is no evidence directory"):
        asyncio.run(work())


def test_a_command_that_takes_too_long_is_ended():
    """And its room is free again."""

    async def work() -> None:
        commands = Commands()
        for _ in range(3):
            with pytest.raises(CommandError, match="took longer"):
                await commands.ask(["rules", "list"], seconds=0.05)

    asyncio.run(work())


def test_of_many_lines_the_last_are_kept(console: RunningGuard):
    """However many there are."""
    show = ["evidence", "show", str(console.evidence), "--json"]

    async def work() -> tuple[list[dict[str, int]], list[dict[str, int]]]:
        commands = Commands()
        return await commands.last_lines(show, 1000), await commands.last_lines(show, 2)

    everything, last = asyncio.run(work())
    assert len(everything) > 2
    assert [one["record"] for one in last] == [one["record"] for one in everything[-2:]]
