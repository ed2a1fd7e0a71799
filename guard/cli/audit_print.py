"""How is an audit drawn for 80 columns?

One sentence, a table of the twenty carriers, then what to mend, the most important first, each
with lines to paste. Everything that comes from the site is shown as text.
"""

from collections.abc import Iterable
from textwrap import wrap
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from guard.cli.audit_snippets import snippet
from guard.cli.audit_words import Words, crawlers_sentence, numbers_of, summary
from guard.cli.terminal import printable
from guard.exporter.site_fetch import NAME
from guard.reservation.audit import Audit, Finding, Row
from guard.reservation.audit_flaws import FLAWS, Severity
from guard.reservation.reading import Answer, Carrier, Question

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


def print_audit(console: Console, result: Audit, words: Words) -> None:
    """Print the sentence, the table, what contradicts, what to mend and to add, and what no signal can do."""
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
        findings = [one for one in list(enumerate(result.findings, 1)) if (one[1].severity is Severity.FAULT) is shown]
        if findings:
            console.print()
            console.print(Text(texts[title], style="bold"))
            for number, finding in findings:
                _print_finding(console, number, finding, result, words)
    if result.unreachable:
        return
    if any(one.id.startswith("missing-") for one in result.findings):
        console.print()
        console.print(Text(texts["next"]))
        host = printable(site.origin.partition("://")[2])
        console.print(Text(f"      guard reserve render --host {host} --for nginx", style="cyan"), soft_wrap=True)
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
    numbers = numbers_of(result)
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
