"""How is a recorded decision drawn, and what is it as JSON?

What was decided then is shown, not what would be decided now. Bytes in a log may come from
strangers: nothing is read as markup, and what a terminal would obey is shown as a code.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.text import Text
from rich.tree import Tree

from guard.cli.explain_tree import LONGEST, STYLES, bold
from guard.cli.terminal import printable
from guard.evidence.retention import Lifetime, lifetime_of_group
from guard.store.record_finder import FoundRequest


def record_tree(found: FoundRequest, digest: str) -> Tree:
    """Draw what the evidence says; `digest` is that of the rule set asked today."""
    one = {key: printable(str(value), LONGEST) for key, value in found.request.fields.items()}
    tree = Tree(bold(f"record {found.index:,}: {one['method']} on {one['site']}, {_time(found.request.at)}"))
    tree.guide_style = "dim"
    style = f"bold {STYLES.get(one['action'], 'red')}"
    answer = tree.add(Text.assemble((one["action"], style), f" by rule {one['rule']}, as decided then"))
    rule = found.rules.rule if found.rules else None
    if rule is not None:
        if rule.get("because"):
            answer.add(Text(printable(str(rule["because"]), LONGEST)))
        answer.add(Text(f"when {_condition(rule.get('when'))}", style="dim"))
    sent = f"sent: {one['rendition']}" + (f", reference {one['ref']}" if one["ref"] else "")
    if found.end is not None:
        end = found.end.fields
        asked_by = found.request.fields.get("asked_by")
        whole = f"{end['bytes']:,} bytes, {'whole' if end['completed'] else 'broken off'}"
        how = f"told to the front server ({printable(str(asked_by))}), which answered" if asked_by else whole
        sent += f"; status {end['status']}, {how}"
    answer.add(Text(sent))
    who = tree.add(bold("who asked"))
    name = one["claimed"] or one["purpose"]
    of = f" of {one['operator']}" if one["operator"] else ""
    who.add(Text(f"{name}{of} (entry {one['crawler'] or 'none'})"))
    grade = f", grade {one['grade']}" if one.get("grade") else ""
    who.add(Text(f"purpose: {one['purpose']}"))
    who.add(Text(f"identity: {one['identity']}{grade}"))
    if one.get("licence_state"):
        who.add(Text(f"licence: {one['licence_state']} {one['licence']}".rstrip()))
    conduct = who.add(Text(f"conduct: {one['conduct']}"))
    for signal, level in found.request.fields.get("signals", ()):
        conduct.add(Text(f"{printable(signal)} {level / 1000:+.1f}"))
    for fact in found.request.fields["facts"]:
        who.add(Text(f"fact: {printable(fact)}", style="bold"))
    by = f" (by {one['resource_source']})" if one["resource_source"] else ""
    tree.add(Text(f"resource: {one['resource']}{by}"))
    _draw_values(tree, found)
    _draw_in_force(tree, found, digest)
    return tree


def _draw_values(tree: Tree, found: FoundRequest) -> None:
    if not found.values:
        tree.add(Text("address, header lines and path are erased or not here; the record holds commitments to them"))
    withheld = [group for group, _ in found.values if lifetime_of_group(group) is Lifetime.PEOPLE]
    if withheld:
        tree.add(Text(f"not shown, as it may identify a person: {', '.join(map(printable, withheld))}; {_LOOK}"))
    for group, value in _shown(found):
        branch = tree.add(bold(f"disclosed: {printable(group)}"))
        for name, item in value.items() if isinstance(value, Mapping) else ():
            if name == "headers":
                for line in item:
                    branch.add(Text(printable(f"{line[0]}: {line[1]}" if line[1] is not None else line[0], LONGEST)))
            elif item not in ("", 0):
                branch.add(Text(f"{printable(name)}: {printable(str(item), LONGEST)}"))


_LOOK = "guard evidence show --record N --values shows it, and puts that on record"


def _shown(found: FoundRequest) -> list[tuple[str, Any]]:
    return [(group, value) for group, value in found.values if lifetime_of_group(group) is not Lifetime.PEOPLE]


def _draw_in_force(tree: Tree, found: FoundRequest, digest: str) -> None:
    rules = found.request.fields["rules"]
    branch = tree.add(bold("in force"))
    if found.rules is None:
        named = branch.add(Text("a rule set whose text is not here" if rules else "no rule set is named"))
    else:
        same = "the same as today" if rules == digest else "not the one asked today"
        words = f"'{found.rules.policy}', {found.rules.rules} rules and {found.rules.crawlers} crawlers"
        named = branch.add(Text(printable(f"rule set {words}, {same}")))
    if rules:
        named.add(Text(rules, style="dim"))
    if found.reservation is None:
        branch.add(Text("no reservation is named"))
        return
    reserved = branch.add(Text(f"the reservation since {_time(found.reservation.at)}"))
    reserved.add(Text(found.request.fields["rsv"], style="dim"))
    for document in found.reservation.fields["set"]["documents"]:
        reserved.add(Text(printable(f"{document['path']}  {document['sha256'][:16]}…"), style="dim"))


def _condition(when: object) -> str:
    if not isinstance(when, Mapping):
        return "always"
    parts = [f"{name} is {' or '.join(map(str, value))}" for name, value in when.items() if value]
    return printable(" and ".join(parts), LONGEST) or "always"


def record_value(found: FoundRequest, digest: str) -> dict[str, Any]:
    """Return what the evidence says for JSON."""
    return {
        "record": found.index,
        "at": _time(found.request.at),
        "request": dict(found.request.fields),
        "end": dict(found.end.fields) if found.end else None,
        "rule": found.rules.rule if found.rules else None,
        "crawler": found.rules.crawler if found.rules else None,
        "rules_found": found.rules is not None,
        "rules_as_today": found.request.fields["rules"] == digest,
        "reservation": dict(found.reservation.fields) if found.reservation else None,
        "disclosed": [{"group": group, "value": value} for group, value in _shown(found)],
    }


def _time(microseconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(microseconds / 1_000_000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return f"{microseconds} µs"
