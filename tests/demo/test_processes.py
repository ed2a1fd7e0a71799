"""Are the demo's programs started, listened to, and ended, whatever they do?"""

import asyncio
import os
import time

import pytest

from guard.demo.processes import Program, ProgramError, environment, run

READY = "import sys; print('x: listening on http://127.0.0.1:4321', file=sys.stderr, flush=True);"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
SLEEP = "import time; time.sleep(60)"


async def test_a_program_tells_where_it_listens_and_ends_with_the_block() -> None:
    """The address is read from its line, and afterwards it is gone."""
    async with Program("x", "-c", READY + SLEEP) as program:
        address = await program.address(10)
        running = program.running

    assert (address, running, program.running) == ("http://127.0.0.1:4321", True, False)


async def test_a_program_that_fails_shows_what_it_said() -> None:
    """Its standard error is in the message, for whoever has to repair it."""
    with pytest.raises(ProgramError, match=r"(?s)x ended before it was ready.*no such policy"):
        async with Program("x", "-c", "import sys; sys.exit('no such policy')") as program:
            await program.address(10)


async def test_a_program_that_never_gets_ready_is_given_up_and_ended() -> None:
    """Waiting is bounded, and so is the program's life."""
    program = Program("x", "-c", SLEEP)

    with pytest.raises(ProgramError, match=r"did not start within 0\.5 seconds"):
        async with program:
            await program.address(0.5)

    assert not program.running


async def test_a_program_that_ignores_the_signal_is_killed_in_time() -> None:
    """SIGTERM is a request, SIGKILL after `stop_within` is not."""
    before = time.monotonic()
    async with Program("x", "-c", STUBBORN + READY + SLEEP, stop_within=0.5) as program:
        await program.address(10)

    assert not program.running
    assert time.monotonic() - before < 10


async def test_a_second_interruption_leaves_nothing_behind() -> None:
    """Somebody who presses Ctrl-C twice gets the terminal back, and the program is gone all the same."""
    program = Program("x", "-c", STUBBORN + READY + SLEEP, stop_within=30)
    await program.__aenter__()
    await program.address(10)
    stopping = asyncio.ensure_future(program.stop())
    await asyncio.sleep(0.2)

    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping

    assert not program.running


async def test_a_client_runs_to_its_end_on_what_it_is_given() -> None:
    """Standard input in, standard output out."""
    output = await run("x", "-c", "import sys; print(sys.stdin.read().upper())", given=b"errand", within=10)

    assert output == b"ERRAND\n"


@pytest.mark.parametrize(
    ("code", "message"),
    [("import sys; sys.exit('no way')", r"(?s)failed with status 1.*no way"), (SLEEP, r"did not finish within 0\.5")],
    ids=["fails", "hangs"],
)
async def test_a_client_that_does_not_finish_is_an_error(code: str, message: str) -> None:
    """A client that fails or hangs is named with what it said."""
    with pytest.raises(ProgramError, match=message):
        await run("x", "-c", code, given=b"", within=0.5 if code == SLEEP else 10)


def test_programs_see_no_proxies_and_no_settings_of_a_real_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """The scene is the same on every machine."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("GUARD_POLICY", "open")
    monkeypatch.setenv("LANG", "C.UTF-8")

    kept = environment()

    assert {"http_proxy", "GUARD_POLICY"}.isdisjoint(kept)
    assert (kept["LANG"], kept["PATH"]) == ("C.UTF-8", os.environ["PATH"])
