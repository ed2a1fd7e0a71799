"""`guard privacy`: what does the site's privacy page have to say about the guard?

A template, filled from the configuration: what is recorded, on which basis, for how long. With --balance the
weighing of interests that Article 6(1)(f) GDPR asks for. Both are for a lawyer to check.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from guard.cli import case_options as options
from guard.cli.case_options import german
from guard.cli.privacy_words import BALANCE, NOTICE
from guard.cli.terminal import printable
from guard.configuration import Configuration, load_configuration
from guard.core.policy import Action
from guard.errors import UsageError
from guard.server.unclassified import RING_SECONDS
from guard.settings import Settings

_DEFAULT_FILE = Path("guard.yaml")

app = typer.Typer(rich_markup_mode=None)


@app.command()
def privacy(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="The configuration [guard.yaml]."),
    ] = None,
    *,
    balance: Annotated[
        bool, typer.Option("--balance", help="The weighing of interests (Art. 6(1)(f) GDPR), for your own files.")
    ] = False,
    lang: options.Lang = "en",
) -> None:
    """Print a section for the site's privacy page, in Markdown, as this configuration is.

    A template, to be checked by your lawyer; what stands in [brackets] is for you to fill in.

    \b
    Examples:
      guard privacy -c guard.yaml
      guard privacy -c guard.yaml --lang de > datenschutz.md
      guard privacy --balance --lang de > abwaegung.md
    """
    de = german(lang)
    if config is None and not _DEFAULT_FILE.is_file():
        raise UsageError("name the configuration with -c guard.yaml: the periods and what is recorded stand there")
    configuration = load_configuration(config or _DEFAULT_FILE, os.environ, {})
    known = _known(configuration.settings, de)
    wanted = _balance(configuration) if balance else _notice(configuration)
    words = (BALANCE if balance else NOTICE)[de]
    typer.echo("\n\n".join(_filled(words[name], known) for name in wanted))


def _notice(configuration: Configuration) -> Iterator[str]:
    """Yield the names of the parts that this configuration needs."""
    settings = configuration.settings
    yield from ("template", "title", "who", "what", "visitors", "suspects", "never")
    if settings.marks.copies:
        yield "marks"
    if settings.evidence.private:
        yield "private"
    if any(rule.action is Action.CHALLENGE for rule in configuration.policy.rules):
        yield "challenge"
    if settings.tickets.give:
        yield "tickets"
    yield from ("why", "how long", "tools keep" if not settings.evidence.retention.tool_days else "tools days", "log")
    yield from ("recipients", "dns") if settings.identity.reverse_dns else ("recipients",)
    if settings.evidence.anchored:
        yield "anchored"
    yield from ("rights", "object")


def _balance(configuration: Configuration) -> Iterator[str]:
    keep = not configuration.settings.evidence.retention.tool_days
    yield from ("template", "title", "purpose", "necessity", "data", "periods keep" if keep else "periods days")
    yield from ("effect", "safeguards", "against", "result")


def _known(settings: Settings, de: bool) -> Mapping[str, str]:
    retention = settings.evidence.retention
    today = datetime.now(UTC)
    hours = RING_SECONDS // 3600
    return {
        "today": f"{today:{'%d.%m.%Y' if de else '%Y-%m-%d'}}",
        "sites": ", ".join(site.host for site in settings.sites if site.host != "*") or "[…]",
        "holder": settings.rights.holder,
        "contact": settings.rights.contact or "[…]",
        "people days": str(retention.people_days),
        "one more": str(retention.people_days + 1),
        "tool days": str(retention.tool_days),
        "ring": ("eine Stunde" if de else "one hour") if hours == 1 else f"{hours} {'Stunden' if de else 'hours'}",
        "ticket hours": str(settings.tickets.hours),
        "pass hours": str(settings.challenge.pass_hours),
    }


def _filled(text: str, known: Mapping[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", printable(value))
    return text
