"""`guard notify`: send the digest now, or print it."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from guard.cli.running import DEFAULT_FILE
from guard.cli.terminal import complain
from guard.core.digest import digest
from guard.errors import UsageError
from guard.settings import load_settings
from guard.store.day_files import FOLDER, read_days

app = typer.Typer(rich_markup_mode=None, add_completion=False)


@app.command()
def notify(
    config: Annotated[
        Path, typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="The configuration.")
    ] = DEFAULT_FILE,
    days: Annotated[int, typer.Option(metavar="N", min=1, max=31, help="About the last so many days.")] = 7,
    only_print: Annotated[bool, typer.Option("--print", help="Print it and send nothing.")] = False,
    lang: Annotated[str, typer.Option(metavar="LANG", help="en or de [as configured].")] = "",
) -> None:
    """Send the digest of the last days now: who came, what they asked for and what they got.

    It goes to what `notify` in the configuration names, and to nobody else. The running guard sends it by itself, every
    week or day. Today counts too. The exit status is 1 if somebody did not get it.

    \b
    Examples:
      guard notify --print
      guard notify -c /etc/guard/guard.yaml --days 1
    """
    settings = load_settings(config, os.environ, {})
    if lang not in ("", "en", "de"):
        raise UsageError(f"there is no digest in '{lang}'; take en or de")
    if lang:
        settings = settings.model_copy(update={"notify": settings.notify.model_copy(update={"language": lang})})
    last = datetime.now(UTC).date()
    first = last - timedelta(days=days - 1)
    if only_print:
        book = read_days(settings.evidence.directory / FOLDER, last, days)
        sites = tuple(site.host for site in settings.sites)
        message = digest(book, first, last, sites, settings.notify.language)
        print(f"{message.subject}\n\n{message.text}", end="")  # noqa: T201
        return
    if not settings.notify.wanted:
        raise UsageError("nobody is named to be told: set notify.webhook or notify.mail, or use --print")
    from guard.server.digests import send

    wrong = asyncio.run(send(settings, first, last))
    for sentence in wrong:
        complain(sentence)
    raise typer.Exit(int(bool(wrong)))
