"""`guard evidence access`: what is held about an address, for whoever it belongs to?

Article 15 GDPR gives a person a copy of the data about them. Written are a text for people and, beside it,
the same as JSON. Found is what is still there under the address, and nothing of anybody else.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final

import orjson
import typer

from guard.cli import case_options as options
from guard.cli.case_options import german, named
from guard.cli.evidence_looks import put_on_record, shown_values
from guard.cli.evidence_show import Shown, shown_records
from guard.cli.evidence_words import answer_of, day_and_time, iso
from guard.cli.terminal import printable
from guard.errors import UsageError
from guard.evidence.record import RecordKind
from guard.store.durable import replace
from guard.store.log_files import with_epochs
from guard.store.log_values import microseconds

FORM: Final = "crawler-guard subject access 1"
_WORDS: Final = {
    False: {
        "title": "What is held about {addresses}",
        "made": "Made on {time} UTC from the evidence log of this site.",
        "nothing": "Nothing is held under this address.",
        "found": "{count} records are held under this address. Of each, what follows is stored:",
        "one": "1 record is held under this address. Of it, what follows is stored:",
        "request": "Record {index}, {time} UTC: request to {site}, answered: {answer}",
        "visit": "Record {index}, {time} UTC: {count} requests for pictures on {site} within a few seconds",
        "note": "What was erased before is not here and can not be restored. The log itself holds no address, but for "
        "each value a number (a salted SHA-256) from which nobody can find the value.",
        "fill": "To be filled in by the controller (Art. 15(1) GDPR): purposes; recipients; how long it is kept; the "
        "rights to rectification, erasure, restriction and objection; the right to complain to a supervisory "
        "authority.",
    },
    True: {
        "title": "Was zu {addresses} gespeichert ist",
        "made": "Erstellt am {time} UTC aus dem Beweisprotokoll dieser Website.",
        "nothing": "Zu dieser Adresse ist nichts gespeichert.",
        "found": "Zu dieser Adresse sind {count} Aufzeichnungen gespeichert, jeweils mit dem Folgenden:",
        "one": "Zu dieser Adresse ist 1 Aufzeichnung gespeichert, mit dem Folgenden:",
        "request": "Aufzeichnung {index}, {time} UTC: Abruf bei {site}, Antwort: {answer}",
        "visit": "Aufzeichnung {index}, {time} UTC: {count} Abrufe von Bildern bei {site} in wenigen Sekunden",
        "note": "Was zuvor gelöscht wurde, fehlt hier und ist nicht wiederherstellbar. Das Protokoll selbst enthält "
        "keine Adresse, sondern zu jedem Wert eine Zahl (SHA-256 mit Zufallswert), aus der niemand auf den Wert "
        "schließen kann.",
        "fill": "Vom Verantwortlichen zu ergänzen (Art. 15 Abs. 1 DSGVO): Zwecke; Empfänger; Speicherdauer; die Rechte "
        "auf Berichtigung, Löschung, Einschränkung und Widerspruch; das Beschwerderecht bei einer Aufsichtsbehörde.",
    },
}


def access(
    directory: options.Directory,
    *,
    address: options.Addresses = None,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="The text; FILE.json is beside it.")],
    since: options.Since = "",
    until: options.Until = "",
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why you look, for the record; names nobody.")] = "",
    copy: Annotated[
        bool, typer.Option("--copy", help="This is a copy of the log: show its values, and write nothing to it.")
    ] = False,
    lang: options.Lang = "en",
) -> None:
    """Write down what is held about an address, for whoever it belongs to.

    Make sure that it does: an address alone does not say who asks. That you looked goes on record.

    \b
    Examples:
      guard evidence access evidence --address 203.0.113.7 --why 'request no. 12' -o auskunft.txt --lang de
      guard evidence access evidence --address 2001:db8::/64 --since 2026-11-01 -o access.txt
    """
    de = german(lang)
    if not address:
        raise UsageError("--address is missing: whose data is it about?")
    wanted = named(addresses=address, since=since, until=until)
    put_on_record(directory, wanted, by="evidence access", why=why, copy=copy, epochs=True)
    found = [one for _, place in with_epochs(directory) for one in shown_records(place, wanted)]
    made = microseconds()
    beside = output.with_name(output.name + ".json")
    told = {"form": FORM, "addresses": address, "made": iso(made), "records": [_value(one) for one in found]}
    try:
        replace(output, "\n".join([*_text(found, address, made, de), ""]).encode())
        replace(beside, orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
    except OSError as error:
        raise UsageError(f"{output} can not be written: {(error.strerror or str(error)).lower()}") from None
    count = f"{len(found):,} {'record' if len(found) == 1 else 'records'}"
    typer.echo(f"{printable(str(output))} and {printable(str(beside))}: {count}")


def _text(found: list[Shown], addresses: list[str], made: int, de: bool) -> Iterator[str]:
    say = _WORDS[de]
    yield say["title"].format(addresses=", ".join(addresses))
    yield ""
    yield say["made"].format(time=day_and_time(made, de))
    yield ""
    if not found:
        yield say["nothing"]
    else:
        yield say["one"] if len(found) == 1 else say["found"].format(count=len(found))
    for one in found:
        fields = one.record.fields
        time = day_and_time(one.record.at, de)
        yield ""
        if one.record.kind is RecordKind.REQUEST:
            yield say["request"].format(
                index=one.index, time=time, site=printable(fields["site"]), answer=answer_of(fields)
            )
        else:
            yield say["visit"].format(index=one.index, time=time, site=printable(fields["site"]), count=fields["count"])
        for line in shown_values(one.values):
            yield f"  {printable(line)}"
    yield ""
    yield say["note"]
    yield ""
    yield say["fill"]


def _value(one: Shown) -> dict[str, Any]:
    fields = one.record.fields
    told: dict[str, Any] = {"record": one.index, "time": iso(one.record.at), "site": fields["site"]}
    if one.record.kind is RecordKind.REQUEST:
        told |= {"answer": answer_of(fields), "status": one.end.fields["status"] if one.end else None}
    else:
        told |= {"pictures": fields["count"]}
    return {**told, "values": one.values}
