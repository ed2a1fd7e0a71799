"""How is an explanation drawn, and what is it as JSON?

Every text in it may come from a stranger: nothing is read as markup, and what a terminal
would obey is shown as a code.
"""

from typing import Any, Final, assert_never

from rich.text import Text
from rich.tree import Tree

from guard.cli.terminal import printable
from guard.core.classification import HardFact, Identity, TicketState
from guard.core.explanation import Explanation, FailedCondition, Outcome, Step, StepResult
from guard.core.facts import AddressSource
from guard.core.licence import LicenceState, LicenceVerdict
from guard.core.policy import Limit
from guard.core.response import Admit, Answer, Challenge, Forward, Hangup, Mark, ResponsePlan, Shrink
from guard.evidence.text import escape

LONGEST: Final = 400
"""Characters of a stranger's text on the screen; JSON has all of it."""

IDENTITIES: Final = {
    Identity.VERIFIED: "the claim is confirmed",
    Identity.IMPOSTOR: "the claim is refuted: the address is not in the operator's list",
    Identity.UNVERIFIABLE: "the operator publishes nothing to check the claim against",
    Identity.UNKNOWN: "the claim could be checked, and was not",
    Identity.NONE_CLAIMED: "it claims to be no crawler",
}
_MATCHES: Final = {
    "substring": "anywhere in the user agent",
    "word": "as a word of its own",
    "prefix": "at the start of the user agent",
    "none": "though it is for robots.txt only and no honest client sends it",
}
STYLES: Final = {"allow": "green", "mark": "cyan", "preview": "yellow", "throttle": "yellow", "charge": "yellow"}
_MARKS: Final = {
    StepResult.FAILED: ("✗", "dim"),
    StepResult.DEPENDS: ("?", "yellow"),
    StepResult.NOTED: ("○", "cyan"),
    StepResult.DECIDES: ("✓", "bold green"),
    StepResult.NOT_ASKED: (" ", "dim"),
}


def explanation_tree(explained: Explanation) -> Tree:
    """Draw what is explained."""
    facts = explained.facts
    tree = Tree(bold(f"{facts.method} {printable(facts.target, 200)}"), guide_style="dim")
    _draw_answer(tree, explained)
    _draw_facts(tree.add(bold("what is known")), explained)
    _draw_client(tree.add(bold("who is asking")), explained)
    if explained.steps:
        _draw_rules(tree.add(bold(f"the rules of '{explained.policy}', in order")), explained)
    tree.add(Text(f"rule set {explained.digest}", style="dim"))
    return tree


def _draw_answer(tree: Tree, explained: Explanation) -> None:
    for outcome in explained.outcomes:
        action = outcome.decision.action
        label = Text.assemble(
            (f"{_kinds(outcome)}: " if outcome.kinds else "", ""),
            (action, f"bold {STYLES.get(action, 'red')}"),
            f" by rule {outcome.decision.rule}",
        )
        branch = tree.add(label)
        if outcome.decision.because:
            branch.add(Text(outcome.decision.because))
        branch.add(Text(f"sent: {plan_words(outcome.plan)}"))
        if outcome.decision.limit is not None:
            branch.add(Text(f"at most {_limit(outcome.decision.limit)}; what exceeds it gets 429"))
        if outcome.decision.monitored:
            branch.add(Text(f"rules that only watch and match: {', '.join(outcome.decision.monitored)}"))
    if len(explained.outcomes) > 1:
        tree.add(Text("It depends on what the resource is; --kind says it.", style="yellow"))


def _kinds(outcome: Outcome) -> str:
    return ", ".join(outcome.kinds)


def plan_words(planned: ResponsePlan) -> str:
    """Say what is sent."""
    match planned:
        case Forward():
            return "what the site sends, as it is"
        case Shrink():
            return f"the picture in the {planned.size} size; a smaller one as it is"
        case Mark():
            return "the picture under the client's own invisible mark; smaller while no copy is ready"
        case Answer():
            forms = {"picture": "a picture that says so", "page": "a short page", "problem": "problem+json"}
            return f"status {planned.status} with {forms[planned.form]}"
        case Challenge():
            return "a page that lets through who keeps a cookie"
        case Admit():
            return "a page that shows the picture and gives a ticket for it"
        case Hangup():
            return "nothing; the connection is closed"
        case _:
            assert_never(planned)


def _limit(limit: Limit) -> str:
    return f"{limit.count} {'pictures' if limit.pictures_only else 'requests'} in {limit.per_seconds} s for one client"


def _draw_facts(branch: Tree, explained: Explanation) -> None:
    facts, seen = explained.facts, explained.seen
    client = facts.client
    source = {
        AddressSource.PEER: "",
        AddressSource.HEADER: " (from the forwarding header of a trusted front server)",
        AddressSource.PEER_HEADER_UNUSABLE: " (the peer's: the forwarding header can not be used)",
    }[client.source]
    rows = [
        ("site", facts.site),
        ("host", facts.host),
        ("path", facts.path if facts.path != facts.target.partition("?")[0] else ""),
        ("address", f"{client.address}{source}" if client.address else ""),
        ("kind", f"{seen.kind}" if seen else "not known: nobody has seen the resource"),
    ]
    for name, value in rows:
        if value:
            branch.add(Text(f"{name}: {printable(value, LONGEST)}"))
    for name, value in facts.headers:
        branch.add(Text(f"{printable(name)}: {printable(value, LONGEST)}", style="dim"))


def _draw_client(branch: Tree, explained: Explanation) -> None:
    who, sighting = explained.who, explained.sighting
    if who.crawler is not None:
        crawler = who.crawler
        claim = branch.add(
            Text(f"{crawler.token} of {crawler.operator} (entry {crawler.id}, checked {crawler.checked})")
        )
        claim.add(Text(f"the token stands {_MATCHES[crawler.match]}") if sighting else Text("as the log noted"))
    elif who.claimed:
        branch.add(Text(f"a crawler that the catalogue does not know: it names itself {who.claimed}"))
    else:
        branch.add(Text("a browser" if who.purpose == "browser" else "it does not say what it is"))
    if sighting is not None and sighting.also:
        names = ", ".join(f"{one.token} ({one.purpose})" for one in sighting.also)
        branch.add(Text(f"also named: {names}; the least trusted purpose counts"))
    branch.add(Text(f"purpose: {who.purpose}"))
    _draw_identity(branch, explained)
    if who.licence.state is not LicenceState.NONE:
        licence = branch.add(Text(f"licence: {' '.join((who.licence.state, who.licence.id)).strip()}"))
        licence.add(Text(printable(who.licence.reason or f"issued to {_licensee(who.licence)}", LONGEST)))
    if who.ticket is not TicketState.NOT_ASKED:
        branch.add(Text(f"ticket: {who.ticket}"))
    known = "" if explained.signals or sighting is None else "; nothing is known of what it did before"
    conduct = branch.add(Text(f"conduct: {who.conduct}{known}"))
    for one in explained.signals:
        seen = f": {printable(one.value, 100)}" if one.value else ""
        words = " (hard fact)" if one.hard else f" {one.level:+.1f} of {one.weight:+.1f} ({one.family})"
        conduct.add(Text(f"{one.id}{words}{seen}"))
    for fact in sorted(who.facts):
        branch.add(Text(f"fact: {fact}", style="bold"))


def _licensee(verdict: LicenceVerdict) -> str:
    return verdict.licence.licensee if verdict.licence else ""


def _draw_identity(branch: Tree, explained: Explanation) -> None:
    verdict = explained.identity
    if verdict is None:
        branch.add(Text(f"identity: {explained.who.identity}, {IDENTITIES[explained.who.identity]}"))
        return
    identity = branch.add(Text(f"identity: {verdict.identity}, grade {verdict.grade}"))
    identity.add(Text(printable(verdict.reason, LONGEST)))
    if verdict.source:
        date = f", as of {verdict.source_date:%Y-%m-%d}" if verdict.source_date else ""
        identity.add(Text(f"by {printable(verdict.source, 200)}{date}"))


def _draw_rules(branch: Tree, explained: Explanation) -> None:
    later = 0
    for step in explained.steps:
        if step.result is StepResult.NOT_ASKED:
            later += 1
            continue
        mark, style = _MARKS[step.result]
        branch.add(Text.assemble((f"{mark} ", style), (step.rule.id, style), (_why(step), "dim")))
    if later:
        branch.add(Text(f"{later} more {'rule was' if later == 1 else 'rules were'} not asked", style="dim"))


def _why(step: Step) -> str:
    match step.result:
        case StepResult.FAILED:
            return f": {'; '.join(map(_failure, step.failed))}"
        case StepResult.DEPENDS:
            kinds = tuple(sorted(step.rule.when.kind))
            return f": {step.rule.action} if the {f'resource is {_any_of(kinds)}' if kinds else 'licence is for it'}"
        case StepResult.NOTED:
            return f": matches and would {step.rule.action}, but only watches"
        case StepResult.DECIDES:
            return f": {step.rule.action}"
        case StepResult.NOT_ASKED:
            return ""
        case _:
            assert_never(step.result)


def _failure(one: FailedCondition) -> str:
    found = printable(one.found, 60) or "none"
    return f"{one.name} is {found}, not {_any_of(one.wanted)}"


def _any_of(wanted: tuple[str, ...]) -> str:
    shown = [printable(one, 60) for one in wanted[:4]]
    if len(wanted) > 4:
        return f"{', '.join(shown)} or {len(wanted) - 4} others"
    return " or ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def bold(text: str) -> Text:
    """Return a heading."""
    return Text(text, style="bold")


def explanation_value(explained: Explanation) -> dict[str, Any]:
    """Return the explanation for JSON; bytes that are not UTF-8 are written as in the evidence, `\\xNN`."""
    facts, who, sighting, verdict = explained.facts, explained.who, explained.sighting, explained.identity
    return {
        "facts": {
            "site": escape(facts.site),
            "scheme": facts.scheme,
            "host": escape(facts.host),
            "method": escape(facts.method),
            "target": escape(facts.target),
            "path": escape(facts.path),
            "version": escape(facts.version),
            "headers": [[escape(name), escape(value)] for name, value in facts.headers],
            "address": str(facts.client.address) if facts.client.address else None,
            "address_source": facts.client.source,
            "kind": explained.seen.kind if explained.seen else None,
        },
        "client": {
            "crawler": who.crawler.id if who.crawler else None,
            "token": who.crawler.token if who.crawler else None,
            "match": who.crawler.match if who.crawler else None,
            "operator": who.operator or None,
            "claimed": who.claimed,
            "also": [one.id for one in sighting.also] if sighting else [],
            "purpose": who.purpose,
            "identity": who.identity,
            "identity_checked": None
            if verdict is None
            else {
                "identity": verdict.identity,
                "grade": verdict.grade,
                "reason": escape(verdict.reason),
                "source": escape(verdict.source),
                "source_date": verdict.source_date,
            },
            "licence": {
                "state": who.licence.state,
                "id": who.licence.id,
                "licensee": _licensee(who.licence),
                "reason": who.licence.reason,
            },
            "ticket": who.ticket,
            "conduct": who.conduct,
            "signals": [
                {
                    "id": one.id,
                    "family": one.family,
                    "level": one.level,
                    "weight": one.weight,
                    "value": escape(one.value),
                    "hard": one.hard,
                }
                for one in explained.signals
            ],
            "facts": sorted(who.facts),
            "forged_token": HardFact.FORGED_TOKEN in who.facts,
        },
        "policy": explained.policy,
        "digest": explained.digest,
        "rules": [_step_value(step) for step in explained.steps],
        "outcomes": [_outcome_value(outcome) for outcome in explained.outcomes],
    }


def _step_value(step: Step) -> dict[str, Any]:
    return {
        "id": step.rule.id,
        "action": step.rule.action,
        "result": step.result,
        "failed": [
            {"condition": one.name, "wanted": list(one.wanted), "found": escape(one.found)} for one in step.failed
        ],
    }


def _outcome_value(outcome: Outcome) -> dict[str, Any]:
    decision, planned = outcome.decision, outcome.plan
    return {
        "kinds": list(outcome.kinds),
        "action": decision.action,
        "rule": decision.rule,
        "because": decision.because,
        "monitored": list(decision.monitored),
        "limit": _limit(decision.limit) if decision.limit else None,
        "status": planned.status if isinstance(planned, Answer) else None,
        "sent": plan_words(planned),
    }
