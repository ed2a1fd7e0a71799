"""How does the report tell who fetched a copy, when, and under which reservation?"""

from collections.abc import Iterable
from typing import Final

from guard.cli.trace_page import Sheet, Told, Words, code, rows, safe, time, value_of
from guard.evidence.disclosure import target_of
from guard.evidence.words import CONDUCTS, GRADES, IDENTITIES
from guard.store.deliveries import Delivery, Reservation

Names = dict[int, tuple[str, str, Reservation]]
"""By the index of its record, a short name for each reservation that was in force, and its site."""
WHOLE: Final = 5
"""Deliveries of one copy that are told of in full; of the rest record and time are."""


def names_of(all_told: Iterable[Told]) -> Names:
    """Return the names of the reservations that were in force when these copies were delivered."""
    found: Names = {}
    for told in all_told:
        for one in told.deliveries:
            if one.reservation is not None and one.reservation.index not in found:
                site = str(one.request.fields["site"])
                found[one.reservation.index] = (f"R{len(found) + 1}", site, one.reservation)
    return found


def deliveries(told: Told, say: Words, names: Names) -> str:
    """Return the deliveries of one copy."""
    parts = [_delivery(one, say, names) for one in told.deliveries[:WHOLE]]
    if rest := told.deliveries[WHOLE:]:
        listed = ", ".join(f"{one.index} ({time(one.request.at)})" for one in rest)
        parts.append(f"<p><b>{say('more')}</b>: {listed}</p>")
    if told.count > len(told.deliveries):
        parts.append(f"<p>{say('more count', count=say.count(told.count - len(told.deliveries)))}</p>")
    if not told.deliveries:
        parts.append(f"<p>{say('no deliveries')}</p>")
    if told.others:
        parts.append(f"<p>{say('others', count=say.count(told.others))}</p>")
    return "".join(parts)


def _delivery(one: Delivery, say: Words, names: Names) -> str:
    told = one.request.fields
    person, tool = (value_of(one.values, group) for group in ("person", "tool"))
    target = target_of(one.values)
    path = code(target[:300]) if target else say("no path")
    claimed = safe(told["claimed"]) if told["claimed"] else say("no name")
    if told["claimed"] and told["operator"]:
        claimed = say("of", name=told["claimed"], operator=told["operator"])
    lines = [
        (say("asked"), f"{safe(told['method'])} {safe(told['site'])} {path}"),
        (say("client"), claimed),
        (say("identity"), _identity(one, say)),
        (say("address"), _address(person, say)),
    ]
    if agent := _header(tool, "user-agent"):
        lines.append((say("agent"), code(agent[:300])))
    lines += [
        (say("answer"), _answer(one, say)),
        (say("rule"), _rule(told["rule"], told["action"], told["rules"])),
        (say("reservation"), _reservation(one, say, names)),
    ]
    heading = f"{say('delivery', index=one.index)} · {time(one.request.at)} UTC"
    return f'<div class="delivery"><h3>{heading}</h3>{rows(lines)}</div>'


def _rule(rule: str, action: str, rules: str) -> str:
    return f"{code(rule)} → {code(action)} <small>{code(rules[:16])}{'…' if rules else ''}</small>"


def _identity(one: Delivery, say: Words) -> str:
    told = one.request.fields
    parts = [safe(IDENTITIES[say.lang].get(told["identity"], told["identity"]))]
    if told["grade"]:
        words = GRADES[say.lang].get(told["grade"], told["grade"])
        parts.append(say("grade", grade=told["grade"], words=words))
    parts.append(say("conduct", conduct=CONDUCTS[say.lang].get(told["conduct"], told["conduct"])))
    return "; ".join(parts)


def _address(person: object, say: Words) -> str:
    if not isinstance(person, dict) or not person.get("address"):
        return say("no address")
    address, port = str(person["address"]), person.get("port")
    return say("port", address=address, port=port) if port else safe(address)


def _header(tool: object, name: str) -> str:
    lines = tool.get("headers") if isinstance(tool, dict) else None
    for line in lines if isinstance(lines, list) else ():
        if isinstance(line, list) and len(line) == 2 and str(line[0]).lower() == name:
            return str(line[1] or "")
    return ""


def _answer(one: Delivery, say: Words) -> str:
    if one.end is None:
        return say("answer unknown")
    told = one.end.fields
    name = "answer whole" if told["completed"] else "answer broken"
    return say(name, status=told["status"], bytes=say.count(told["bytes"]))


def _reservation(one: Delivery, say: Words, names: Names) -> str:
    if one.reservation is None:
        return say("reservation none")
    name, _, reserved = names[one.reservation.index]
    return f"{say('reservation ref', name=name, at=time(reserved.at))}<br>{code(reserved.digest)}"


def reservations(names: Names, say: Words) -> str:
    """Return what was in force: every document's digest, and the header lines."""
    parts = []
    for name, site, one in names.values():
        heading = say("reservation head", name=name, site=site, at=time(one.at), index=one.index)
        lines = [(say("digest"), code(one.digest))]
        lines += [(code(document.path), code(document.sha256)) for document in one.documents]
        lines.append((say("headers"), _lines(one.headers)))
        lines += [(say("headers path", path=path), _lines(headers)) for path, headers in one.paths]
        parts.append(f"<h3>{heading}</h3>{rows(lines, 'documents')}")
    return "".join(parts)


def _lines(headers: Iterable[tuple[str, str]]) -> str:
    return "<br>".join(code(f"{name}: {value}"[:300]) for name, value in headers) or "–"


def register(sheet: Sheet, say: Words) -> str:
    """Return what the owner noted of copies that were given to somebody."""
    lines = []
    for one in sheet.shared:
        said = say("register line", day=one["at"][:10], file=one["file"], to=one["to"])
        lines.append(f"<li>{said}{'; ' + say('note', note=one['note']) if one['note'] else ''}</li>")
    return f"<ul>{''.join(lines)}</ul>"
