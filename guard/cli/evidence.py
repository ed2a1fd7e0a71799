"""Is the evidence whole, and what can be said about it?"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from textwrap import wrap
from typing import Annotated, Final

import orjson
import typer

from guard.cli import (
    evidence_access,
    evidence_copies,
    evidence_erase,
    evidence_export,
    evidence_index,
    evidence_keys,
    evidence_register,
    evidence_show,
    evidence_stamp,
    evidence_stats,
    evidence_verify_de,
)
from guard.cli.evidence_bundle import Language, sentences, verify_bundle
from guard.cli.evidence_time import heads_of, judge_for, read, time_lines, witnesses_of
from guard.cli.evidence_words import day_and_time, number
from guard.evidence.cosignature import CosignerKey
from guard.evidence.report import Report
from guard.store.log_files import verify_directory

__all__ = ["app", "verify_directory"]

_WIDTH: Final = 80
_WORDS: Final = {
    "acc": "looks at disclosed values",
    "agg": "counts of visitors",
    "anc": "anchors: times that others put to the log",
    "apl": "objections to a refusal",
    "boot": "starts of the recorder",
    "clk": "looks at the clock",
    "cls": "rule sets in force",
    "cny": "canary pictures",
    "cmt": "commitments to what visitors asked for",
    "end": "answers sent",
    "era": "erasures of values",
    "exp": "bundles made",
    "gap": "gaps admitted",
    "hold": "holds set or released",
    "id": "lists of addresses and keys in use",
    "img": "pictures registered",
    "key": "signing keys",
    "mky": "mark keys",
    "pau": "pauses begun or ended",
    "rec": "repairs",
    "req": "requests decided",
    "rsv": "reservations in force",
}

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The evidence log: who came, proofs, bundles, erasure."
)


@app.callback()
def _group() -> None:
    """The evidence log: who came, proofs, bundles, erasure."""


app.command("stamp")(evidence_stamp.stamp)
app.command("stats")(evidence_stats.stats)
app.command("export")(evidence_export.export)
app.command("show")(evidence_show.show)
app.command("index")(evidence_index.index)
app.command("copies")(evidence_copies.copies)
app.command("restore")(evidence_copies.restore)
app.command("access")(evidence_access.access)
app.command("erase")(evidence_erase.erase)
app.add_typer(evidence_erase.hold_app, name="hold")
app.command("keys")(evidence_keys.keys)
app.command("register")(evidence_register.register)


@app.command()
def verify(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR|FILE", help="The evidence directory, its log/ folder, or a bundle.")
    ],
    *,
    vkey: Annotated[
        str, typer.Option(metavar="TEXT", help="The key to trust, as you got it from elsewhere [that of the log].")
    ] = "",
    tsa_ca: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Certificates to trust time-stamp authorities by [those with the log]."),
    ] = None,
    head: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A checkpoint of this log that you have from elsewhere, as from a witness."),
    ] = None,
    witness: Annotated[
        list[str] | None,
        typer.Option(metavar="VKEY", help="Demand a cosignature by the witness with this key, as the witness gave it."),
    ] = None,
    lang: Annotated[Language, typer.Option(metavar="en|de", help="Language of what is said.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Check that nothing was changed since it was recorded.

    Of a bundle every file is read; it must be in the form that guard evidence export gave it, or unpacked. Of a log:
    reads every record, signature, document and stored value; changes nothing; may be run
    while the guard is writing. Exits with 0 only if everything holds, with 1 if not, and
    names each place. Says between which times of others the records were made. A token that
    is not of a trusted authority is a fault.

    \b
    Examples:
      guard evidence verify /var/lib/guard/evidence
      guard evidence verify copy/log --vkey photo.example/evidence/…+…+…
      guard evidence verify evidence --tsa-ca authority.pem --head seen.checkpoint
      guard evidence verify evidence --witness witness.jane.example/1+…+…
      guard evidence verify case.asice --lang de
    """
    witnesses = witnesses_of(witness or ())
    if directory.is_file() or (directory / "bagit.txt").is_file():
        _verify_bundle(directory, vkey, tsa_ca or (), witnesses, lang, as_json=as_json)
        return
    judge = judge_for(directory, tsa_ca or ())
    report = verify_directory(directory, vkey, believe=judge.believe, heads=heads_of(head or ()), witnesses=witnesses)
    if as_json:
        typer.echo(orjson.dumps(asdict(report), option=orjson.OPT_INDENT_2))
    else:
        typer.echo("\n".join(lines_of(report, time_lines(report, judge, witnesses), de=lang == "de")))
    if not report.holds:
        raise typer.Exit(1)


def _verify_bundle(
    path: Path,
    vkey: str,
    tsa_ca: Sequence[Path],
    witnesses: Sequence[CosignerKey],
    lang: Language,
    *,
    as_json: bool,
) -> None:
    found = verify_bundle(path, vkey, [(one, read(one)) for one in tsa_ca], witnesses)
    typer.echo(
        orjson.dumps(asdict(found), option=orjson.OPT_INDENT_2) if as_json else "\n".join(sentences(found, lang))
    )
    if not found.holds:
        raise typer.Exit(1)


def lines_of(report: Report, times: Sequence[str] = (), *, de: bool = False) -> list[str]:
    """Return the report in words, for 80 columns; `times` is what others say about the time."""
    say, translated = _TEXTS[de], evidence_verify_de.german if de else str
    records = _count(report.records, say["record"], say["records"], de)
    if report.holds:
        lines = [say["verified"].format(records=records)]
    else:
        found = len(report.faults) + report.more_faults
        lines = [say["not verified"].format(faults=_count(found, say["fault"], say["faults"], de), records=records)]
    lines.append("")
    kinds = evidence_verify_de.KINDS if de else _WORDS
    segments = _count(report.segments, say["segment"], say["segments"], de)
    checkpoints = _count(report.checkpoints, say["checkpoint"], say["checkpoints"], de)
    rows = [
        (say["log"], report.origin or say["unknown"]),
        (say["period"], _period(report, de)),
        (say["entries"], f"{number(report.records, de)} {say['in']} {segments}"),
        *(("", f"{number(count, de):>9}  {kinds.get(kind, kind)}") for kind, count in report.kinds),
        (say["signed"], f"{number(report.signed_records, de)} {say['by']} {checkpoints}"),
        (say["values"], say["matching"].format(number(report.disclosed, de), number(report.undisclosed, de))),
        (say["key"], report.vkey or say["unknown"]),
    ]
    width = max(len(name) for name, _ in rows) + 2
    for name, text in rows:
        # A key or a kind is one word or has its own spaces: it must not be broken to be copied whole.
        lines.append(f"  {name:<{width}}{text}")
    at = evidence_verify_de.place if de else str
    lines += _listed(say["faults title"], [f"{at(fault.place)}: {translated(fault.reason)}" for fault in report.faults])
    if report.more_faults:
        lines.append(f"  … {say['and more'].format(number(report.more_faults, de))}")
    lines += _listed(say["time"], [translated(one) for one in times])
    lines += _listed(say["notes"], [translated(one) for one in report.notes])
    return lines


_TEXTS: Final = {
    False: {
        "record": "record", "records": "records", "fault": "fault", "faults": "faults", "segment": "segment",
        "segments": "segments", "checkpoint": "checkpoint", "checkpoints": "checkpoints",
        "verified": "evidence verified: {records}, unchanged since recording",
        "not verified": "evidence NOT verified: {faults} in {records}",
        "log": "log", "period": "period", "entries": "records", "in": "in", "signed": "signed", "by": "by",
        "values": "values", "matching": "{} match their commitments, {} are not here", "key": "key",
        "unknown": "unknown", "faults title": "faults", "and more": "and {} more", "time": "time", "notes": "notes",
        "empty": "empty", "to": "to",
    },
    True: {
        "record": "Aufzeichnung", "records": "Aufzeichnungen", "fault": "Widerspruch", "faults": "Widersprüche",
        "segment": "Segment", "segments": "Segmenten", "checkpoint": "Kontrollpunkt", "checkpoints": "Kontrollpunkte",
        "verified": "Beweise geprüft: {records}, seit der Aufzeichnung unverändert",
        "not verified": "Beweise NICHT bestätigt: {faults} in {records}",
        "log": "Protokoll", "period": "Zeitraum", "entries": "Umfang", "in": "Aufzeichnungen in",
        "signed": "unterzeichnet", "by": "durch", "values": "Werte",
        "matching": "{} entsprechen ihrer Festlegung, {} sind nicht hier", "key": "Schlüssel",
        "unknown": "unbekannt", "faults title": "Widersprüche", "and more": "und {} weitere", "time": "Zeit",
        "notes": "Hinweise", "empty": "leer", "to": "bis",
    },
}  # fmt: skip


def _listed(title: str, texts: Sequence[str]) -> list[str]:
    if not texts:
        return []
    lines = ["", title]
    for text in texts:
        lines += wrap(_printable(text), _WIDTH, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False)
    return lines


def _printable(text: str) -> str:
    """Return `text` so that bytes from a log can not steer a terminal."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def _count(count: int, one: str, many: str, de: bool) -> str:
    return f"{number(count, de)} {one if count == 1 else many}"


def _period(report: Report, de: bool) -> str:
    say = _TEXTS[de]
    if not report.first_at:
        return say["empty"]
    return f"{day_and_time(report.first_at, de)} UTC {say['to']} {day_and_time(report.last_at, de)} UTC"
