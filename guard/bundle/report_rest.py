"""What do the sections behind page one say?"""

from base64 import b64decode
from collections.abc import Mapping

from guard.bundle import blocks
from guard.bundle.blocks import Block, heading, mono, paragraph, rows, table, verbatim
from guard.bundle.findings import Findings
from guard.bundle.plain_text import utc
from guard.bundle.report_first import Bracketed
from guard.bundle.report_requests import charts_section, clients_section, fetches_section, pictures_section
from guard.bundle.report_reservation import reservation_section, told_section
from guard.bundle.report_time import time_section
from guard.bundle.say import Words
from guard.evidence.case import Case, Role


def sections(
    found: Findings, say: Words, bracketed: Bracketed, thumbnails: Mapping[str, bytes], version: str
) -> list[Block]:
    """Return all blocks behind page one, in the order of `SECTIONS`."""
    parts: dict[str, list[Block]] = {
        "reservation": reservation_section(found, say),
        "told": told_section(found, say),
        "fetches": fetches_section(found, say),
        "pictures": pictures_section(found, say, thumbnails),
        "charts": charts_section(found, say),
        "clients": clients_section(found, say),
        "procedure": _procedure(found, say, version),
        "time": time_section(found, say, bracketed),
        "integrity": _integrity(found, say),
        "gaps": _gaps(found, say),
        "redacted": _redacted(found, say),
        "check": _check(found, say),
        "declaration": [blocks.text(paragraph(say("declaration")))],
    }
    made: list[Block] = [{"t": "break"}]
    for number, (name, body) in enumerate(parts.items(), 2):
        made += [heading(f"{number}  {say(f's {name}')}"), *body]
    return made


def _procedure(found: Findings, say: Words, version: str) -> list[Block]:
    case = found.case
    items = [(say("procedure version"), [paragraph(f"crawler-guard {version}")])]
    starts = [
        paragraph(f"{utc(one.fields['at'])} UTC {say.record(one.index)}: {one.fields['program']}, Python "
                  f"{one.fields['python']}, {one.fields['openssl']}, {one.fields['system']}")
        for one in case.of_kind("boot")[:8]
    ]  # fmt: skip
    if starts:
        items.append((say("procedure started"), starts))
    rules = [paragraph(f"{utc(one.fields['at'])} UTC {say.record(one.index)}: ", mono(one.fields["rules"]))
             for one in case.of_kind("cls")[:8]]  # fmt: skip
    if rules:
        items.append((say("procedure rules"), rules))
    return [blocks.text(paragraph(say("procedure"))), rows(items, tight=True)]


def _integrity(found: Findings, say: Words) -> list[Block]:
    case = found.case
    proven = [one for one in case.records if one.role is not Role.RANGE]
    chosen = sum(one.role is Role.CHOSEN for one in proven)
    kinds = ", ".join(f"{kind} {say.count(count)}" for kind, count in case.kinds.items())
    root = case.heads[-1].note.decode("utf-8", "replace").split("\n")[2]
    return [
        rows(
            [
                (say("integrity log"), [paragraph(mono(case.origin))]),
                (say("integrity head"), [paragraph(say("integrity size", size=say.count(case.size)), mono(root))]),
                (say("integrity key"), [paragraph(mono(vkey)) for vkey in case.vkeys]),
                (say("integrity range"), [paragraph(say("integrity range text", first=case.start, last=case.end - 1))]),
                (say("integrity proofs"),
                 [paragraph(say("integrity proofs text", count=say.count(len(proven)), chosen=say.count(chosen)))]),
                (say("integrity kinds"), [paragraph(kinds)]),
            ],
            tight=True,
        )
    ]  # fmt: skip


def _gaps(found: Findings, say: Words) -> list[Block]:
    gaps, repairs = found.case.of_kind("gap"), found.case.of_kind("rec")
    if not gaps and not repairs:
        return [blocks.text(paragraph(say("gaps none")))]
    body = [
        [[paragraph(str(one.index))], [paragraph(utc(one.fields["from"]))], [paragraph(utc(one.fields["to"]))],
         [paragraph(say.count(one.fields["count"]))], [paragraph(mono(one.fields["why"]))]]
        for one in gaps[:200]
    ]  # fmt: skip
    body += [
        [[paragraph(str(one.index))], [paragraph(utc(one.fields["at"]))], [paragraph("–")], [paragraph("–")],
         [paragraph(say("gaps repair", bytes=say.count(one.fields["bytes"])))]]
        for one in repairs[:50]
    ]  # fmt: skip
    return [table([say(f"th {name}") for name in ("record", "from", "to", "count", "why")], (1, 3, 3, 2, 5), body)]


def _redacted(found: Findings, say: Words) -> list[Block]:
    case = found.case
    whole = [one for one in case.records if one.role is not Role.RANGE]
    others = (case.end - case.start) - sum(case.start <= one.index < case.end for one in whole)
    listed = any(one.role is Role.RANGE for one in case.records)
    lines = [paragraph(say("redacted" if listed or not others else "redacted hashes", count=say.count(others)))]
    hidden = sum(len(one.fields.get("sd", ())) - len(one.disclosures) for one in whole)
    if hidden > 0:
        lines.append(paragraph(say("redacted erased", count=say.count(hidden))))
    asked = "; ".join(f"{name}: {_told_value(value)}" for name, value in case.wanted.items())
    lines.append(paragraph(say("redacted asked"), mono(asked) if asked else say("redacted all")))
    return [blocks.text(*lines)]


def _told_value(value: object) -> str:
    if isinstance(value, int):
        return f"{utc(value)} UTC"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _signer(case: Case) -> str:
    """Return the id, in hex, of the key whose signature stands first under the last head."""
    coded = case.heads[-1].note.decode("utf-8", "replace").partition("\n\n")[2].split("\n")[0].split(" ")[-1]
    return b64decode(coded)[:4].hex()


def _check(found: Findings, say: Words) -> list[Block]:
    key = _signer(found.case)
    head = f"data/checkpoints/{found.case.size}.checkpoint"
    commands = [
        "sha256sum -c manifest-sha256.txt",
        "sh verify.sh",
        "python3 verify.py",
        f"awk 'NF==0{{exit}}{{print}}' {head} > body",
        f"awk '/^\u2014/{{print $3;exit}}' {head} | openssl base64 -d | tail -c 64 > sig",
        f"openssl pkeyutl -verify -pubin -inkey data/trust/log.{key}.pub.pem -rawin -in body -sigfile sig",
    ]
    return [
        blocks.text(paragraph(say("check intro"))),
        verbatim([(0, one, False) for one in commands]),
        blocks.text(paragraph(say("check compare"))),
    ]
