"""What do a site's tdmrep.json and the policy that it names say?

TDM Reservation Protocol, CG Final Report of 2024-05-10. The file is a JSON *array* of rules;
`location` is a path pattern, `tdm-reservation` the *number* 1 or 0, and the first rule in file
order that matches wins. Strict readers drop a file of which one rule is otherwise. No rule for a
path means: nothing is said.

A policy is machine-readable if it comes as JSON; then it is an ODRL offer in the TDMRep profile.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from guard.reservation.read_headers import tdm_answers
from guard.reservation.read_robots import MOST_COMPARED, looks_like_markup, matches
from guard.reservation.reading import Answer, Carrier, Flaw, Question, Reading, strictest

MAX_BYTES = 500 * 1024
_PROFILE = "http://www.w3.org/ns/tdmrep"
_CONTEXTS = frozenset({"http://www.w3.org/ns/odrl.jsonld", "http://www.w3.org/ns/tdmrep.jsonld"})


@dataclass(slots=True)
class _Rules:
    """What the file comes to."""

    listed: list[tuple[str, int]] = field(default_factory=list)
    policies: list[str] = field(default_factory=list)
    broken: bool = False
    """One rule is none, so strict readers drop all."""

    def value(self, path: str) -> int | None:
        """Return what is said about a path: the first rule that matches."""
        return next((value for location, value in self.listed if matches(location, path)), None)


def read_tdmrep(body: bytes, where: str, paths: Sequence[str]) -> tuple[Reading, tuple[str, ...]]:
    """Read the file for `paths` of the site; also return the policy URLs that it names, as they are written."""
    flaws: list[Flaw] = []
    rules = _Rules()
    for name, detail in _read(body, rules):
        flaws.append(Flaw(id=name, where=where, detail=detail))
    found: list[Answer] = []
    for path in () if rules.broken else paths:
        value = rules.value(path)
        if value is None:
            flaws.append(Flaw(id="tdmrep-path-unsaid", where=where, detail=path))
        else:
            found.append(Answer.RESERVED if value else Answer.PERMITTED)
    answer = strictest(found)
    reading = Reading(
        carrier=Carrier.TDMREP,
        where=where,
        answers=tdm_answers(int(answer is Answer.RESERVED)) if answer else {},
        implied=frozenset({Question.TRAIN}) if answer is Answer.RESERVED else frozenset(),
        flaws=tuple(flaws),
        readable=bool(found),
        value=f"{len(rules.listed)} rules",
    )
    return reading, tuple(dict.fromkeys(rules.policies))


def _read(body: bytes, rules: _Rules) -> Iterable[tuple[str, str]]:
    """Fill `rules`, and yield what is wrong: the flaw and what was found."""
    rules.broken = True
    if looks_like_markup(body):
        yield "path-is-html", ""
        return
    if len(body) > MAX_BYTES:
        yield "tdmrep-too-long", str(len(body))
        return
    try:
        document: Any = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        yield "tdmrep-not-json", str(error)
        return
    if body.startswith(b"\xef\xbb\xbf"):
        yield "tdmrep-bom", ""
    if not isinstance(document, list):
        yield "tdmrep-is-object", ", ".join(map(str, document)) if isinstance(document, dict) else ""
        return
    rules.broken = False
    if not document:
        yield "tdmrep-empty", ""
    for rule in document:
        yield from _read_rule(rule, rules)


def _read_rule(rule: Any, rules: _Rules) -> Iterable[tuple[str, str]]:
    location, value = (rule.get("location"), rule.get("tdm-reservation")) if isinstance(rule, dict) else ("", None)
    if type(value) is not int or value not in {0, 1}:
        rules.broken = True
        yield "tdmrep-not-a-number", json.dumps(rule)[:200]
    elif not isinstance(location, str) or not location.startswith("/"):
        rules.broken = True
        yield "tdmrep-location", json.dumps(rule)[:200]
    else:
        if any(_covers(pattern, location) and pattern != location for pattern, _ in rules.listed[:MOST_COMPARED]):
            yield "tdmrep-general-first", location
        rules.listed.append((location, value))
        if isinstance(policy := rule.get("tdm-policy"), str):
            rules.policies.append(policy)


def read_policy(body: bytes, media_type: str, where: str) -> Reading:
    """Read what `tdm-policy` leads to: an ODRL offer, or a page for people."""
    if media_type not in {"application/json", "application/ld+json"}:
        return Reading(carrier=Carrier.TDM_POLICY, where=where, value=media_type)
    try:
        offer = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        flaw = Flaw(id="policy-not-json", where=where, detail=str(error))
        return Reading(carrier=Carrier.TDM_POLICY, where=where, flaws=(flaw,), readable=False)
    wrong = list(_offer_faults(offer)) if isinstance(offer, dict) else ["not an object"]
    flaws = (Flaw(id="policy-not-an-offer", where=where, detail="; ".join(wrong)),) if wrong else ()
    return Reading(carrier=Carrier.TDM_POLICY, where=where, flaws=flaws, readable=not wrong, value="ODRL")


def _offer_faults(offer: dict[str, Any]) -> list[str]:
    """Return what the profile's section 6 requires and is not there."""
    contexts = offer.get("@context")
    permissions = offer.get("permission")
    actions = (
        [one.get("action") for one in permissions if isinstance(one, dict)] if isinstance(permissions, list) else []
    )
    checks = (
        ("@context", isinstance(contexts, list) and {c for c in contexts if isinstance(c, str)} >= _CONTEXTS),
        ("@type", offer.get("@type") == "Offer"),
        ("profile", offer.get("profile") == _PROFILE),
        ("assigner", isinstance(offer.get("assigner"), dict)),
        ("permission", "tdm:mine" in actions),
    )
    return [name for name, right in checks if not right]


def _covers(pattern: str, location: str) -> bool:
    return not pattern.endswith("$") and "*" not in pattern.rstrip("*") and location.startswith(pattern.rstrip("*"))
