"""`guard pause`: every request passes for a while."""

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from guard.cli.running import ask, where
from guard.cli.terminal import complain
from guard.errors import UsageError

LONGEST: Final = 7 * 86_400
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def pause(
    time: Annotated[str, typer.Argument(metavar="TIME", help="30m, 1h, 2d, at most 7d; or off.")],
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Of the running guard [guard.yaml]."
        ),
    ] = None,
) -> None:
    """Let every request pass for a while: the first thing to do when something seems wrong.

    Requests are recorded meanwhile, with what their rule would have done. The reservation goes on being served.

    \b
    Examples:
      guard pause 1h
      guard pause off
    """
    raise typer.Exit(_pause(time, config))


def _pause(text: str, config: Path | None) -> int:
    """Have the running guard let every request pass for a while, or end that; return the exit status.

    Raises:
        UsageError: `text` is no time.
        GuardError: The guard does not answer.
    """
    seconds = seconds_of(text)
    answer = ask(where(config), "/pause", order=str(seconds).encode())
    if answer["paused_until"]:
        complain(
            f"paused for {text}: every request passes, is recorded, and what its rule would have done is noted; "
            "guard pause off ends it"
        )
    else:
        complain("the pause is over")
    return 0


def seconds_of(text: str) -> int:
    """Return the seconds of `90s`, `30m`, `1h`, `2d`, or 0 for `off`.

    Raises:
        UsageError: It is none of them, or more than a week.
    """
    if text == "off":
        return 0
    match = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text, re.ASCII)
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 0 < seconds <= LONGEST:
        raise UsageError(f"'{text}' is no time to pause: say 30m, 1h or 2d, at most 7d, or off")
    return seconds
