"""`guard claim`: a draft of a letter, filled from the log and to be edited by whoever sends it.

The default asks, and demands nothing. A letter that asserts claims is a lawyer's: an unfounded one
can cost its sender money (§ 97a(4) UrhG), so it is made only for lawyers, and says so on top.
"""

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from guard.cli import case_options as options
from guard.cli.case_options import german, named
from guard.cli.claim_facts import CaseFacts, facts_of
from guard.cli.claim_letters import Sender, letter
from guard.cli.evidence_looks import put_on_record
from guard.cli.terminal import complain, printable
from guard.errors import UsageError
from guard.evidence.retention import VERIFIED_GRADES
from guard.store.durable import replace


class Letter(StrEnum):
    """What is asked for, and of whom."""

    REQUEST = "request"
    """Of an operator: what it knows, and to heed the reservation."""
    REMOVAL = "removal"
    """Of an operator or the maker of a data set: to leave pictures out."""
    HOST = "host"
    """Of the provider of an address: to look into it."""
    INFORMATION = "information"
    CEASE = "cease"


FOR_LAWYERS: Final = frozenset({Letter.INFORMATION, Letter.CEASE})

COSTS: Final = {
    False: "An unfounded or ineffective warning letter can be answered with a bill for the other side's lawyer "
    "(section 97a(4) UrhG). The photographer in LG Hamburg 310 O 227/23 was sent one of about 900 euros.",
    True: "Eine unberechtigte oder unwirksame Abmahnung kann mit einer Rechnung für den Anwalt der Gegenseite "
    "beantwortet werden (§ 97a Abs. 4 UrhG). Der Fotograf im Fall LG Hamburg 310 O 227/23 bekam eine über rund "
    "900 Euro.",
}
"""What was demanded there: profifoto.de, 2023-04-25; cepic.org on the webinar of 2023-07-25."""


app = typer.Typer(rich_markup_mode=None)


@app.command()
def claim(
    directory: options.Log,
    *,
    kind: Annotated[
        Letter, typer.Option("--letter", help="What is asked for; information and cease are for lawyers.")
    ] = Letter.REQUEST,
    crawler: options.Crawlers = None,
    operator: options.Operators = None,
    picture: options.Pictures = None,
    mark: options.Marks = None,
    grade: options.Grades = None,
    record: options.Records = None,
    since: options.Since = "",
    until: options.Until = "",
    for_lawyer: Annotated[
        bool, typer.Option("--for-lawyer", help="You are a lawyer, or give the draft to one before it is sent.")
    ] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there.")] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", envvar="GUARD_CONFIG", metavar="FILE", help="Whose name and contact it is."),
    ] = None,
    copy: Annotated[bool, typer.Option("--copy", help="This is a copy of the log: write nothing to it.")] = False,
    lang: options.Lang = "en",
) -> None:
    """Draft a letter from what is on record. It is a template: read it, edit it, and have it checked.

    By default it asks the operator, friendly and without a deadline. --letter host names addresses, and that it does
    goes on record. Verify the log before you send anything: guard evidence verify.

    \b
    Examples:
      guard claim evidence --crawler GPTBot --lang de -o brief.txt
      guard claim evidence --letter removal --operator 'Common Crawl' --picture /album/harbour.jpg
      guard claim evidence --letter host --grade E --since 2026-11-20
      guard claim evidence --letter information --for-lawyer --mark e3011824aacda014
    """
    de = german(lang)
    if kind in FOR_LAWYERS and not for_lawyer:
        raise UsageError(
            f"--letter {kind} asserts claims; say --for-lawyer if a lawyer will decide about it. {COSTS[de]}"
        )
    wanted = named(
        crawlers=crawler, operators=operator, pictures=picture, marks=mark, grades=grade, records=record,
        since=since, until=until,
    )  # fmt: skip
    if wanted.is_empty:
        raise UsageError("name what the letter is about: --crawler, --operator, --picture, --mark or --record …")
    facts = facts_of(directory, wanted, addresses=False)
    _check(facts, kind)
    if kind is Letter.HOST:
        put_on_record(directory, wanted, by="claim", why="", copy=copy)
        facts = facts_of(directory, wanted, addresses=True)
        if not facts.addresses:
            raise UsageError("the addresses of these requests are erased: a provider could not look into it any more")
    text = letter(kind, facts, _sender(config), today=datetime.now(UTC), costs=COSTS[de], de=de)
    if output is None:
        typer.echo(text, nl=False)
    else:
        try:
            replace(output, text.encode())
        except OSError as error:
            raise UsageError(f"{output} can not be written: {(error.strerror or str(error)).lower()}") from None
        typer.echo(f"{printable(str(output))}: a draft; read it, edit it, and have it checked")
    if kind in FOR_LAWYERS:
        complain(COSTS[de])


def _check(facts: CaseFacts, kind: Letter) -> None:
    """Raise UsageError where the log does not carry a letter of this kind."""
    if kind is not Letter.HOST and len(facts.operators) > 1:
        names = ", ".join(map(printable, facts.operators))
        raise UsageError(f"these requests name several operators: {names}; a letter is to one, so name it: --operator")
    if kind is not Letter.HOST and not facts.operators and all(one.anybody for one in facts.parties):
        names = ", ".join(sorted({printable(one.claimed) for one in facts.parties}))
        raise UsageError(
            f"anybody can run {names}, so there is nobody to write to; --letter host asks who provides them"
        )
    best = facts.parties[0].grade
    if kind is Letter.REQUEST and not facts.operators and all(not one.claimed for one in facts.parties):
        raise UsageError("these clients named nobody, so there is nobody to ask; --letter host asks who provides them")
    if kind is Letter.CEASE and best not in VERIFIED_GRADES:
        raise UsageError(
            f"who these clients were is not established (grade {best}: "
            + ("the client's own claim alone" if best == "D" else "no claim at all")
            + "); a cease and desist letter to an operator would be unfounded. --letter request or host asks first"
        )


def _sender(config: Path | None) -> Sender:
    if config is None:
        return Sender()
    import os

    from guard.configuration import load_configuration

    rights = load_configuration(config, os.environ, {}).settings.rights
    return Sender(name=rights.holder, contact=rights.contact, terms=rights.terms)
