"""How is the rule for one crawler put into a configuration, and nothing else in it touched?

The file is the owner's: comments, order and spelling stay. A rule of the console is one line, the
first under `rules:`, so that it is asked before the owner's others. What was changed by hand since, or is
written so that a line can not be put in, is left to the hand. In the end the file is read again:
it must say the same as before but for this one rule.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from guard.core.policy import Action
from guard.errors import ConfigurationError, GuardError
from guard.yaml12 import Document, load

PREFIX: Final = "console-"
CHOICES: Final = (Action.ALLOW, Action.PREVIEW, Action.REFUSE)
"""What one click can do. A mark is for those that name nobody: for others it would look like consent."""
_NO_RULES: Final = re.compile(r"rules:[ \t]*(?:\[[ \t]*\])?[ \t]*(#.*)?")


class EditError(GuardError):
    """The file can not be changed here; says why, and what to write by hand."""


def rule_id(crawler: str) -> str:
    """Return the id of the rule for a crawler, by its catalogue id."""
    return f"{PREFIX}{crawler}"


def rule_line(crawler: str, action: Action, day: date) -> str:
    """Return the rule as one line of a list, without indentation."""
    because = f"Set in the console on {day.isoformat()}."
    return f'- {{id: {rule_id(crawler)}, when: {{crawler: {crawler}}}, action: {action}, because: "{because}"}}'


def chosen(document: Document, crawler: str) -> Action | None:
    """Return what the console's rule for this crawler does; None where there is none."""
    found = _index(_rules(document), crawler)
    if found is None:
        return None
    try:
        return Action(str(_rules(document)[found].get("action")))
    except ValueError:
        return None


def edited(data: bytes, file: str, crawler: str, action: Action | None, day: date) -> bytes:
    """Return the file with the rule that does `action` to the crawler; without one where `action` is None.

    Raises:
        ConfigurationError: The file can not be read.
        EditError: It can not be changed so that only this changes.
    """
    document = load(data, file)
    rules = _rules(document)
    index = _index(rules, crawler)
    if index is None and action is None:
        raise EditError(f"{file} has no rule of the console for {crawler}")
    lines = data.decode("utf-8").splitlines(keepends=True)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    line = rule_line(crawler, action, day) if action is not None else ""
    if index is None:
        _put_in(document, rules, lines, line + end, end)
    else:
        _change(document, lines, index, line + end if line else "", only=len(rules) == 1)
    after = "".join(lines).encode()
    made = load(line.encode(), file).value if line else []
    at = 0 if index is None else index
    wanted = [*rules[:at], *made, *rules[at + (index is not None) :]]
    if not _says(after, file, document.value, wanted):
        raise EditError(_by_hand(file, line or f"(take out the rule {rule_id(crawler)})"))
    return after


def _put_in(document: Document, rules: list[Any], lines: list[str], line: str, end: str) -> None:
    if "rules" not in document.value:
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += end
        lines += [end, f"rules:{end}", f"  {line}"]
        return
    if rules:
        place = document.place(("rules", 0))[0] - 1
        dash = re.match(r"([ \t]*)- ", lines[place])
        if dash is None:
            raise EditError(_by_hand(document.file, line.strip()))
        lines.insert(place, dash[1] + line)
        return
    place = document.place(("rules",))[0] - 1
    bare = _NO_RULES.fullmatch(lines[place].rstrip("\r\n"))
    if bare is None:
        raise EditError(_by_hand(document.file, line.strip()))
    lines[place : place + 1] = [f"rules:{f'  {bare[1]}' if bare[1] else ''}{end}", f"  {line}"]


def _change(document: Document, lines: list[str], index: int, line: str, *, only: bool) -> None:
    place = document.place(("rules", index))[0] - 1
    ours = re.fullmatch(r"([ \t]*)- \{id: [^{}]*\{[^{}]*\}[^{}]*\}[ \t]*", lines[place].rstrip("\r\n"))
    if ours is None:
        raise EditError(
            f"{document.file}:{place + 1}: this rule was changed by hand since the console wrote it; change it there"
        )
    above = place - 1
    if not line and only and _NO_RULES.fullmatch(lines[above].rstrip("\r\n")):
        del lines[above : place + 1]
        if above == len(lines) and lines and not lines[-1].strip():
            del lines[-1]  # the empty line that was put in with it
        return
    lines[place : place + 1] = [ours[1] + line] if line else []


def _rules(document: Document) -> list[Any]:
    value = document.value
    if not isinstance(value, dict):
        raise EditError(f"{document.file} says nothing yet; write the sites first")
    rules = value.get("rules")
    return rules if isinstance(rules, list) else []


def _index(rules: list[Any], crawler: str) -> int | None:
    wanted = rule_id(crawler)
    return next((at for at, one in enumerate(rules) if isinstance(one, dict) and one.get("id") == wanted), None)


def _says(data: bytes, file: str, before: Mapping[str, Any], rules: list[Any]) -> bool:
    """Tell whether the file says what it said, with these rules; without the key where there are none."""
    expected = {key: one for key, one in before.items() if key != "rules"} | ({"rules": rules} if rules else {})
    try:
        return bool(load(data, file).value == expected)
    except ConfigurationError:
        return False


def _by_hand(file: str, line: str) -> str:
    return f"{file} is written so that a line can not be put in safely; write it under rules: yourself\n{line}"
