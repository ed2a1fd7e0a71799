"""What does /.well-known/tdmrep.json say, and is such a file valid?

TDM Reservation Protocol, CG Final Report of 2024-05-10: a JSON *array* of rules. Each has
`location` (a path pattern as in robots.txt) and `tdm-reservation` (the number 1 or 0, not
text), and may have `tdm-policy`. The first rule in file order that matches wins, so the most
specific comes first. An object around the array, or "1" in quotes, makes readers drop the file.
"""

import json
import re
from dataclasses import dataclass

from guard.reservation.statement import Statement

PATH = "/.well-known/tdmrep.json"
MEDIA_TYPE = "application/json"

_POLICY = re.compile(r"(?:https?://[^\s/]+|/(?!/))[\x21-\x7e]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is said about the paths that match a pattern."""

    location: str
    """A path pattern that begins with `/`; `*` stands for any characters, a closing `$` for the end."""
    reservation: int
    """1 reserved, 0 not."""
    policy: str = ""
    """Where the terms are; empty for none."""


def rules(statement: Statement) -> tuple[Rule, ...]:
    """Return the rules of `statement`, in no particular order: one for each path with answers of its own, and `/`.

    The file has one answer for all purposes. So a path that permits only some of them is reserved like the rest, and
    its terms say which.
    """
    return tuple(
        Rule(
            location=path,
            reservation=here.tdm_reservation,
            policy=here.tdm_policy_url if here.anything_reserved else "",
        )
        for path, here in (*((one.path, statement.at(one.path)) for one in statement.paths), ("/", statement.at("")))
    )


def render(rules: tuple[Rule, ...]) -> bytes:
    """Return the file, with the longest location first."""
    ordered = sorted(rules, key=lambda rule: (-len(rule.location.rstrip("*")), rule.location))
    document = [
        {"location": rule.location, "tdm-reservation": rule.reservation}
        | ({"tdm-policy": rule.policy} if rule.policy else {})
        for rule in ordered
    ]
    return (json.dumps(document, indent=2, ensure_ascii=True) + "\n").encode("ascii")


def problems(body: bytes) -> tuple[str, ...]:
    """Return every way in which `body` is not a tdmrep.json that all readers understand; empty if it is one."""
    try:
        document = json.loads(body.decode("utf-8"), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        return (f"not JSON: {error}",)
    if not isinstance(document, list):
        return ("not an array of rules",)
    found: list[str] = []
    before: list[str] = []
    for index, rule in enumerate(document):
        if not isinstance(rule, dict):
            found.append(f"rule {index}: not an object")
            continue
        location, reservation, policy = (rule.get(key) for key in ("location", "tdm-reservation", "tdm-policy"))
        if type(reservation) is not int or reservation not in (0, 1):
            found.append(f"rule {index}: tdm-reservation is not the number 1 or 0")
        if "tdm-policy" in rule and not (isinstance(policy, str) and _POLICY.fullmatch(policy)):
            found.append(f"rule {index}: tdm-policy is not a URL")
        if not isinstance(location, str) or not location.startswith("/"):
            found.append(f"rule {index}: location is not a path pattern")
            continue
        if any(_covers(pattern, location) for pattern in before):
            found.append(f"rule {index}: never reached, an earlier location covers {location}")
        before.append(location)
    return tuple(found)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key is given twice")
    return dict(pairs)


def _covers(pattern: str, location: str) -> bool:
    """Tell whether every path that `location` matches is matched by `pattern` (sufficient, not necessary)."""
    if pattern.endswith("$"):
        return pattern == location
    return location.startswith(pattern.rstrip("*"))
