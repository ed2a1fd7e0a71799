"""`guard doctor`: look at everything, and say what to do."""

import asyncio
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Any

import orjson
import typer

from guard.cli import doctor as checks
from guard.cli.case_options import Lang
from guard.cli.case_options import german as is_german
from guard.cli.doctor import Finding, Health
from guard.cli.doctor_de import german
from guard.cli.running import DEFAULT_FILE, NotRunningError, ask
from guard.cli.terminal import printable
from guard.configuration import Configuration, load_configuration
from guard.server.confinement import supported
from guard.store.range_files import KEPT, SEED, load_lists
from guard.store.rule_files import load_crawler_files

app = typer.Typer(rich_markup_mode=None, add_completion=False)

_NUMBERS = {
    "guard_responses_total": "requests",
    "guard_client_address_unbelieved_total": "unbelieved",
    "guard_client_address_unusable_total": "unusable",
}
_SAMPLE = re.compile(rf"^({'|'.join(_NUMBERS)})(?:\{{.*\}})? (\S+)$", re.MULTILINE)
_SIGNS = {Health.WELL: "ok", Health.NOTE: "note", Health.PROBLEM: "!", Health.UNKNOWN: "?"}
_SIGNS_DE = {**_SIGNS, Health.NOTE: "Hinw"}


@app.command()
def doctor(
    config: Annotated[
        Path, typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="The configuration.")
    ] = DEFAULT_FILE,
    page: Annotated[str, typer.Option(metavar="PATH", help="A page with pictures.")] = "/",
    online: Annotated[
        bool, typer.Option("--online", help="Ask the public addresses of your sites too, as visitors do.")
    ] = False,
    lang: Lang = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look for what goes wrong although the configuration is right, and say what to do.

    Whose address counts, whether pictures or an open port lead around the guard, clock, disk, whether the kernel can
    confine image workers, age of the rules; with --online also whether a cache in front hands one visitor's picture
    to another. A few requests go to your own sites, some of them under the name of a crawler; nothing else is asked.
    The exit status is 1 if there is a problem.

    \b
    Examples:
      guard doctor
      guard doctor -c /etc/guard/guard.yaml --page /portfolio/ --online
    """
    de = is_german(lang)
    found = list(_all(load_configuration(config, os.environ, {}), page, online=online))
    if de:
        found = [german(one) for one in found]
    if as_json:
        print(orjson.dumps({"findings": [asdict(one) for one in found]}, option=orjson.OPT_INDENT_2).decode())  # noqa: T201
    else:
        for finding in found:
            print(_shown(finding, _SIGNS_DE if de else _SIGNS))  # noqa: T201
    raise typer.Exit(int(any(one.health is Health.PROBLEM for one in found)))


def _all(configuration: Configuration, page: str, *, online: bool) -> Iterator[Finding]:
    settings = configuration.settings
    state: dict[str, Any] | None = None
    numbers: dict[str, float] | None = None
    if settings.admin != "off":
        try:
            state = ask(settings.admin, "/status")
            numbers = _numbers(ask(settings.admin, "/metrics"))
        except NotRunningError:
            state = None
    yield checks.admin(settings, state)
    yield checks.client_address(settings, numbers)
    yield from checks.open_ports(settings, checks.listeners())
    if state is not None and str(state["url"]).startswith("http://"):
        yield from _site(configuration, _reachable(state["url"]), page, online=online)
    yield checks.clock()
    yield checks.disk(settings.evidence.directory)
    yield checks.confinement(supported())
    root = configuration.rules.path
    lists = load_lists(load_crawler_files(root)[1].ranges, root / SEED, settings.evidence.directory / KEPT).lists
    fetched = {name: one.fetched_at for name, one in lists.items() if one.fetched_at is not None}
    checked = max(crawler.checked for crawler in configuration.catalogue.crawlers)
    yield from checks.rules_age(checked, fetched, checks.utc_now())
    for sentence in configuration.warnings:
        yield Finding("configuration", Health.NOTE, sentence)


def _site(configuration: Configuration, guard: str, page: str, *, online: bool) -> list[Finding]:
    from guard.cli.doctor_site import look

    async def collect() -> list[Finding]:
        return [finding async for finding in look(configuration.settings, guard, page, online=online)]

    return asyncio.run(collect())


def _reachable(url: str) -> str:
    """Return an address of this machine for one that means all."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")  # to be asked


def _numbers(text: str) -> dict[str, float]:
    found = dict.fromkeys(_NUMBERS.values(), 0.0)
    for name, value in _SAMPLE.findall(text):
        found[_NUMBERS[name]] += float(value)
    return found


def _shown(finding: Finding, signs: Mapping[Health, str]) -> str:
    head = f"{signs[finding.health]:<5}{finding.what}: {printable(finding.sentence)}"
    rows = wrap(head, 80, subsequent_indent=" " * 5, break_long_words=False, break_on_hyphens=False)
    if finding.advice:
        rows += wrap(f"-> {printable(finding.advice)}", 80, initial_indent=" " * 5, subsequent_indent=" " * 8,
                     break_long_words=False, break_on_hyphens=False)  # fmt: skip
    return "\n".join(rows)
