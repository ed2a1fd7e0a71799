"""Processes are kept running, and those that never come up are given up."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from guard.server.children import Child, Children


def run(work: Callable[[Children, list[str], list[int]], Awaitable[None]], folder: Path) -> None:
    said: list[str] = []
    ended: list[int] = []
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    asyncio.run(asyncio.wait_for(work(Children(environment, said.append, ended.append), said, ended), 30))  # type: ignore[arg-type]


def test_one_that_ends_by_itself_is_started_again(tmp_path: Path):
    """Its end is told, counted, and reported with its process id."""
    (tmp_path / "lives.py").write_text("import time\nprint('ready', flush=True)\ntime.sleep(60)\n")

    async def work(children: Children, said: list[str], ended: list[int]) -> None:
        child = Child(name="worker 0", arguments=("lives",))
        children.keep([child])
        assert await children.came_up([child]) is None
        assert child.process is not None
        first = child.process.pid
        child.process.kill()
        await asyncio.sleep(0.05)
        while not child.ready.is_set():  # noqa: ASYNC110 - bounded by the time limit of the test
            await asyncio.sleep(0.05)

        assert child.process.pid != first
        assert ended == [first]
        assert children.restarts == {"worker": 1}
        assert "the worker 0 ended (exit status -9)" in said[0]
        await children.stop([child], 5)
        assert child.over.is_set()

    run(work, tmp_path)


def test_one_that_never_comes_up_is_given_up(tmp_path: Path):
    """So that a guard with a wrong setting does not try for ever."""
    (tmp_path / "fails.py").write_text("raise SystemExit(3)\n")

    async def work(children: Children, said: list[str], _ended: list[int]) -> None:
        child = Child(name="recorder", arguments=("fails",))
        children.keep([child])

        assert await children.came_up([child]) is child
        assert child.failed == 3
        assert said == []

    run(work, tmp_path)


def test_one_that_has_served_for_long_is_started_again_at_once(tmp_path: Path):
    """The pause grows for what does not get on its feet, and not over weeks."""
    (tmp_path / "lives.py").write_text("import time\nprint('ready', flush=True)\ntime.sleep(60)\n")

    async def work(children: Children, said: list[str], ended: list[int]) -> None:
        children.sound_after = 0.0
        child = Child(name="worker 0", arguments=("lives",))
        children.keep([child])
        assert await children.came_up([child]) is None
        for crash in range(3):
            assert child.process is not None
            child.process.kill()
            while len(ended) <= crash or not child.ready.is_set():  # noqa: ASYNC110 - bounded by the time limit
                await asyncio.sleep(0.05)
        await children.stop([child], 5)

        assert [one.rpartition(" in ")[2] for one in said] == ["0.1 s"] * 3

    run(work, tmp_path)
