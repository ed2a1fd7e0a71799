"""What does a draft say, and never more than the log can carry?

Who asked is said in the fixed words of its grade. That something was sent is said, never what was done
with it. What the sender must decide or know stands in brackets.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from guard.cli.claim_facts import LISTED, CaseFacts, Party
from guard.cli.claim_words import ASKS, LETTER, WHO, Text
from guard.cli.evidence_words import day_and_time, number
from guard.cli.terminal import printable

_ADDRESSES: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who writes; empty where that is to be filled in."""

    name: str = ""
    contact: str = ""
    terms: str = ""


def letter(kind: str, facts: CaseFacts, sender: Sender, *, today: datetime, costs: str, de: bool) -> str:
    """Return the draft, a text with lines of any length."""
    say = LETTER[de]
    names = _names(facts, de)
    asks = ASKS[de][kind]
    known = {
        "date": f"{today:{'%d.%m.%Y' if de else '%Y-%m-%d'}}",
        "log": facts.log,
        "site": facts.site,
        "names": names,
        "sender": sender.name or say["fill sender"],
        "contact": sender.contact or say["fill contact"],
        "recipient": (facts.operators or [""])[0] if kind != "host" else "",
    }
    known["recipient"] = known["recipient"] or say["fill recipient"]
    parts = [say["draft"]]
    if kind in ("information", "cease"):
        parts += [say["lawyer"], costs, *asks["check"]]
    parts += [say["head"], say["subject"], say["dear"], say["I publish"]]
    if facts.reservations:
        digests = ", ".join(f"{one[:16]}…" for one in facts.reservations[:5])
        parts.append(say["reserved"].replace("{digests}", digests))
    parts.append(say["records"])
    parts += [_party(one, de) for one in facts.parties]
    if kind == "host":
        parts.append("\n".join(_addresses(facts, de)))
    parts.append("\n".join(_list(facts, de)))
    parts.append(say["limits"])
    parts += asks["asks"]
    if kind == "request" and all(one.grade in "DE" for one in facts.parties):
        parts.append(say["not yours"])
    parts += [say["bundle"], say["end"]]
    return "\n\n".join(_filled(part, known) for part in parts) + "\n"


def _filled(text: str, known: Mapping[str, str]) -> str:
    """Put values in the places of their names; a value is text of a stranger and is not looked at again."""
    pieces: list[str] = []
    for piece in text.split("{"):
        name, brace, rest = piece.partition("}")
        pieces.append(printable(known[name]) + rest if brace and name in known else f"{{{piece}" if pieces else piece)
    return "".join(pieces)


def _names(facts: CaseFacts, de: bool) -> str:
    names = sorted({one.claimed for one in facts.parties if one.claimed})
    return ", ".join(names) or LETTER[de]["nobody"]


def _party(one: Party, de: bool) -> str:
    say = LETTER[de]
    text: Text = WHO[de]
    grade = "D refuted" if one.impostor else one.grade
    if grade == "D":
        grade = "E" if not one.claimed else "D" if one.operator else "D nobody"
    who = text[grade]
    known = {
        "claimed": one.claimed or say["no name"],
        "operator": one.operator or say["no operator"],
        "first": day_and_time(one.first, de),
        "last": day_and_time(one.last, de),
        "count": number(one.requests, de),
        "delivered": number(one.delivered, de),
        "answers": ", ".join(
            f"{say.get('answer ' + name, name)}: {number(count, de)}" for name, count in one.answers.most_common()
        ),
        "since": day_and_time(one.robots_since, de),
        "marks": ", ".join(sorted(one.marks)[:10]),
        "grade": one.grade,
    }
    parts = [say["between one"] if one.requests == 1 else say["between"], who, say["answered"]]
    if one.delivered:
        parts.append(say["delivered"])
    if one.robots_since:
        parts.append(say["robots"])
    if one.marks:
        parts.append(say["marks"])
    return _filled(" ".join(parts), known)


def _list(facts: CaseFacts, de: bool) -> Iterator[str]:
    say = LETTER[de]
    listed = sorted((one for party in facts.parties for one in party.listed), key=lambda one: one.index)[:LISTED]
    total = sum(party.requests for party in facts.parties)
    yield say["list"]
    for one in listed:
        name = f"answer {one.answer}"
        answer = say.get(name, one.answer) + (f" ({one.status})" if one.status else "")
        path = printable(one.path, 300) if one.path else say["no path"]
        where = printable(one.where).replace(" port ", f" {say['port']} ") + "  " if one.where else ""
        yield f"  {day_and_time(one.at, de)}  {where}{path}  {answer}  [{one.index}]"
    if total > len(listed):
        yield f"  {say['more'].replace('{count}', number(total - len(listed), de))}"


def _addresses(facts: CaseFacts, de: bool) -> Iterator[str]:
    say = LETTER[de]
    yield say["addresses"]
    rows = sorted(facts.addresses.items(), key=lambda item: item[1][1])
    for address, (count, first, last) in rows[:_ADDRESSES]:
        yield f"  {printable(address)}: {number(count, de)} ({day_and_time(first, de)} – {day_and_time(last, de)})"
    if len(rows) > _ADDRESSES or facts.more_addresses:
        yield f"  {say['more addresses']}"
