"""`guard reserve audit`: what does a site tell crawlers, and which of them would misunderstand it?

One sentence, a table of the twenty carriers for 80 columns, then what to mend, the most important
first, each with lines to paste. Everything that comes from the site is shown as text.
"""

import asyncio
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from ipaddress import ip_address
from textwrap import wrap
from typing import Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from yarl import URL

from guard.cli.audit_snippets import snippet
from guard.cli.audit_words import LANGUAGES, Words, crawlers_sentence, summary, verdict
from guard.cli.terminal import printable
from guard.core.client_address import parse_address
from guard.errors import UsageError
from guard.exporter.site_fetch import NAME, USER_AGENTS, SiteFetch
from guard.exporter.site_reading import read_site
from guard.reservation.audit import Audit, Finding, Row, audit
from guard.reservation.audit_flaws import FLAWS, Severity
from guard.reservation.reading import Answer, Carrier, Question
from guard.reservation.robots import ALWAYS_NAMED
from guard.reservation.site import Site
from guard.store.rule_files import load_catalogue, rules_root

LONGEST: Final = 200
"""Characters of a stranger's text on the screen; JSON has all of it."""
PLACES: Final = 3
_ABSENT: Final = frozenset(
    {name for name in FLAWS if "-missing" in name}
    | {
        "robots-signals-not-repeated",
        "robots-lets-in",
        "policy-not-an-offer",
        "ai-txt-some-types",
        "tdmrep-path-unsaid",
    }
)
"""Flaws whose details are what is not there."""
_STYLES: Final = {Answer.RESERVED: "green", Answer.SOME: "yellow", Answer.PERMITTED: "red"}


def reserve_audit(url: str, *, lang: str, as_json: bool) -> int:
    """Print what was found, and return the exit status: 1 if there are faults.

    Raises:
        UsageError: It is no address of a site.
        ConfigurationError: The rules of this installation are damaged.
    """
    if lang not in LANGUAGES:
        raise UsageError(f"--lang {lang!r} is not there; take {' or '.join(LANGUAGES)}")
    start = checked_url(url)
    words = LANGUAGES[lang]
    crawlers = [(one.token, str(one.purpose)) for one in load_catalogue(rules_root().path).crawlers]
    with _waiting(start):
        site = asyncio.run(_read(start))
    result = audit(site, [*ALWAYS_NAMED, *crawlers])
    if as_json:
        typer.echo(orjson.dumps(as_value(result, words), option=orjson.OPT_INDENT_2))
    else:
        _print(Console(highlight=False), result, words)
    return int(bool(result.of(Severity.FAULT)))


def checked_url(text: str) -> str:
    """Return the address as an absolute URL; without a scheme it is https, or http on this machine.

    Raises:
        UsageError: It has another scheme, a password, or no host.
    """
    try:
        url = URL(text.strip() if "://" in text else f"https://{text.strip()}")
        host = url.raw_host or ""
        if "://" not in text and _is_here(host):
            url = url.with_scheme("http")
        if url.scheme not in {"http", "https"} or not host or url.raw_user is not None or url.port == 0:
            raise ValueError
    except ValueError:
        raise UsageError(f"{text!r} is not the address of a site, such as https://photo.example/album/") from None
    url = url.with_fragment(None)
    return str(url) if url.raw_path != "/" or url.query_string else f"{url.origin()}/"


def _is_here(host: str) -> bool:
    literal = parse_address(host)
    return host == "localhost" or (literal is not None and ip_address(str(literal)).is_loopback)


async def _read(start: str) -> Site:
    async with SiteFetch(start) as fetch:
        return await read_site(start, fetch)


def _waiting(url: str) -> AbstractContextManager[object]:
    if not sys.stderr.isatty():
        return nullcontext()
    return Console(stderr=True).status(Text(f"reading {printable(url, 60)} …"))


def _numbered(result: Audit) -> list[tuple[int, Finding]]:
    return list(enumerate(result.findings, 1))


def _print(console: Console, result: Audit, words: Words) -> None:
    site, texts = result.site, words.texts
    faults = result.of(Severity.FAULT)
    _print_block(console, printable(summary(result, words)), "", style="bold red" if faults else "bold green")
    if not result.unreachable:
        if site.page.url != site.start:
            _print_block(
                console, printable(texts["moved"].format(start=site.start, url=site.page.url)), "", style="dim"
            )
        read = texts["read"].format(url=site.page.url, requests=site.requests, size=round(site.bytes / 1000), name=NAME)
        _print_block(console, printable(read), "", style="dim")
        console.print()
        console.print(_table(result, words))
        _print_block(console, texts["legend"], "", style="dim")
        _print_contradictions(console, result, words)
        console.print()
        _print_block(console, printable(crawlers_sentence(result, words)), "")
        if not faults:
            console.print()
            console.print(Text(texts["nothing"], style="green"))
    for title, shown in (("faults", True), ("gaps", False)):
        findings = [one for one in _numbered(result) if (one[1].severity is Severity.FAULT) is shown]
        if findings:
            console.print()
            console.print(Text(texts[title], style="bold"))
            for number, finding in findings:
                _print_finding(console, number, finding, result, words)
    if result.unreachable:
        return
    console.print()
    console.print(Text(texts["notes"], style="bold"))
    for note in words.notes:
        _print_block(console, note, "    ", mark="  · ")


def _print_block(console: Console, text: str, indent: str, *, style: str = "", mark: str = "") -> None:
    """Print text in lines that fit, without blanks at their ends."""
    lines = wrap(text, max(console.width - len(indent), 20), break_on_hyphens=False)
    for index, line in enumerate(lines):
        front = mark.ljust(len(indent)) if index == 0 and mark else indent
        console.print(Text.assemble(front, (line, style)), soft_wrap=True)


def _table(result: Audit, words: Words) -> Table:
    texts = words.texts
    numbers = _numbers(result)
    disputed = {
        (carrier, one.question) for one in result.contradictions for carrier, _ in (*one.reserved, *one.permitted)
    }
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(texts["signal"], no_wrap=True)
    for name in ("found", "valid"):
        table.add_column(texts[name], no_wrap=True)
    for question in Question:
        table.add_column(words.questions[question], no_wrap=True)
    table.add_column(texts["fix"], overflow="fold")
    for row in result.rows:
        table.add_row(
            Text(words.carriers[row.carrier], style="" if row.found else "dim"),
            Text(texts["yes"]) if row.found else Text("·", style="dim"),
            _valid(row, words),
            *(_answer(row, question, (row.carrier, question) in disputed, words) for question in Question),
            Text(" ".join(map(str, numbers.get(row.carrier, ())))),
        )
    return table


def _numbers(result: Audit) -> dict[Carrier, list[int]]:
    found: dict[Carrier, list[int]] = {}
    for number, finding in _numbered(result):
        for carrier in finding.carriers:
            found.setdefault(carrier, []).append(number)
    return found


def _valid(row: Row, words: Words) -> Text:
    if not row.found:
        return Text("·", style="dim")
    return Text(words.texts["yes"]) if row.valid else Text(words.texts["no"], style="bold red")


def _answer(row: Row, question: Question, disputed: bool, words: Words) -> Text:
    answer = row.answers.get(question)
    if answer is None:
        return Text("·", style="dim")
    # To be found is what most want, so it is not painted as something to mend.
    style = "" if question is Question.SEARCH else _STYLES[answer]
    return Text(f"{words.answers[answer]}{' ≠' if disputed else ''}", style="red" if disputed else style)


def _print_contradictions(console: Console, result: Audit, words: Words) -> None:
    def places(sources: Iterable[tuple[Carrier, str]]) -> str:
        listed = [words.texts["at"].format(carrier=words.carriers[one], where=where) for one, where in sources]
        more = [words.texts["and_more"].format(count=len(listed) - PLACES)] if len(listed) > PLACES else []
        return ", ".join((*listed[:PLACES], *more))

    for one in result.contradictions:
        said = words.texts["contradicts"].format(
            question=words.questions[one.question], reserved=places(one.reserved), permitted=places(one.permitted)
        )
        _print_block(console, printable(said), "  ", style="red", mark="≠ ")


def _print_finding(console: Console, number: int, finding: Finding, result: Audit, words: Words) -> None:
    means, mends = words.flaws[finding.id]
    style = "bold" if finding.severity is Severity.FAULT else ""
    _print_block(console, means, "    ", style=style, mark=f"{number:>2}. ")
    _print_block(console, mends, "      ", mark="    → ")
    for line in _places(finding, result, words):
        _print_block(console, line, "    ", style="dim")
    for line in snippet(finding.id, result.site.origin, result.let_in_first):
        # In one piece, however long: it is to be pasted.
        console.print(Text(f"      {line}", style="cyan"), soft_wrap=True)


def _places(finding: Finding, result: Audit, words: Words) -> list[str]:
    places = [one for one in finding.where if one not in {result.site.origin, result.site.start}]
    lines = [printable(one, LONGEST) for one in places[:PLACES]]
    if len(places) > PLACES:
        lines.append(words.texts["and_more"].format(count=len(places) - PLACES))
    if finding.details and finding.id != "contradiction":
        what = "; ".join(printable(one, LONGEST) for one in finding.details[:PLACES])
        lines.append(words.texts["missing_there" if finding.id in _ABSENT else "found_there"].format(what=what))
    return lines


def as_value(result: Audit, words: Words) -> dict[str, Any]:
    """Return everything, for programs; the keys are documented in the command's help."""
    return {
        "url": result.site.start,
        "final_url": result.site.page.url,
        "ok": not result.of(Severity.FAULT),
        "summary": summary(result, words),
        "verdict": "unreachable" if result.unreachable else verdict(result),
        "answers": _answers(result.careful),
        "carriers": [_row_value(row, result, words) for row in result.rows],
        "contradictions": [
            {
                "question": one.question,
                "reserved": [{"carrier": carrier, "where": where} for carrier, where in one.reserved],
                "permitted": [{"carrier": carrier, "where": where} for carrier, where in one.permitted],
            }
            for one in result.contradictions
        ],
        "findings": [_finding_value(number, one, result, words) for number, one in _numbered(result)],
        "crawlers": {
            "kept_out": result.crawlers.kept_out,
            "let_in": result.crawlers.let_in,
            "unnamed_kept_out": result.crawlers.others_kept_out,
        },
        "notes": words.notes,
        "asked": {
            "user_agent": USER_AGENTS[result.site.asker],
            "requests": result.site.requests,
            "bytes": result.site.bytes,
            "pictures": [one.reply.url for one in result.site.pictures],
        },
    }


def _answers(answers: Any) -> dict[str, str | None]:
    return {str(question): answers.get(question) for question in Question}


def _row_value(row: Row, result: Audit, words: Words) -> dict[str, Any]:
    return {
        "id": row.carrier,
        "name": words.carriers[row.carrier],
        "found": row.found,
        "valid": row.valid if row.found else None,
        "answers": _answers(row.answers),
        "read": [{"where": one.where, "value": _clean(one.value)} for one in row.readings],
        "findings": _numbers(result).get(row.carrier, []),
    }


def _finding_value(number: int, finding: Finding, result: Audit, words: Words) -> dict[str, Any]:
    means, mends = words.flaws[finding.id]
    lines: Sequence[str] = snippet(finding.id, result.site.origin, result.let_in_first)
    return {
        "number": number,
        "id": finding.id,
        "severity": finding.severity,
        "carriers": finding.carriers,
        "where": finding.where,
        "details": [_clean(one) for one in finding.details],
        "means": means,
        "fix": mends,
        "snippet": lines,
    }


def _clean(text: str) -> str:
    # JSON can not hold half of a surrogate pair, which a stranger's JSON can spell out.
    return text.encode("utf-8", "replace").decode("utf-8")
