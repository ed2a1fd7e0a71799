"""The shipped policies do what their comments promise: each rule has what it must match and what it must spare."""

from dataclasses import replace
from pathlib import Path

import pytest

from guard.core.classification import Conduct, HardFact, Identity
from guard.core.crawlers import Purpose
from guard.core.facts import Kind
from guard.core.licence import LicenceState, LicenceVerdict
from guard.core.policy import Action, Decision, PreviewSize, decide
from guard.core.policy_file import PolicyFile, make_policy, parse_policy_file
from guard.store.rule_files import load_catalogue
from guard.yaml12 import load
from tests.support.facts import request, seen, who

RULES = Path(__file__).parent.parent / "rules"
CATALOGUE = load_catalogue(RULES)


def read(name: str) -> PolicyFile:
    """Read a shipped policy."""
    file = RULES / "policies" / f"{name}.yaml"
    return parse_policy_file(load(file.read_bytes(), str(file)), CATALOGUE)


POLICIES = {name: make_policy(name, read(name).rules, CATALOGUE) for name in ("open", "moderate", "strict")}

SEARCHES = (Purpose.SEARCH_ENGINE, Purpose.SOCIAL_PREVIEW, Purpose.IMAGE_RIGHTS, Purpose.FEED_READER)
TRAINING = (Purpose.AI_TRAINING, Purpose.AI_DATASET, Purpose.IMAGE_DATASET)
ASSISTANTS = (Purpose.AI_ASSISTANT, Purpose.AI_AGENT, Purpose.AI_CODING)
TOOLS = (Purpose.HTTP_LIBRARY, Purpose.OFFLINE_COPIER, Purpose.HEADLESS_BROWSER)
PEOPLE = (Purpose.BROWSER, Purpose.UNKNOWN)
PICTURES = (Kind.THUMBNAIL, Kind.IMAGE, Kind.ORIGINAL)


def decided(
    policy: str,
    purpose: Purpose,
    kind: Kind,
    *,
    identity: Identity = Identity.UNKNOWN,
    conduct: Conduct = Conduct.CLEAN,
    facts: frozenset[HardFact] = frozenset(),
) -> Decision:
    """Return what a shipped policy decides about a crawler that nobody knows more about."""
    classification = who(purpose, identity=identity, conduct=conduct, crawler=None, facts=facts)
    decision = decide(POLICIES[policy], request(), classification, seen(kind))
    assert isinstance(decision, Decision)
    return decision


@pytest.mark.parametrize("name", POLICIES)
def test_a_shipped_policy_is_called_like_its_file_and_explains_itself(name: str) -> None:
    """Every rule says in one sentence why it is there; the last is the stated default."""
    policy = read(name)

    assert policy.name == name
    assert policy.about
    assert policy.rules[-1].id == "default"
    assert all(rule.because.endswith(".") and ". " not in rule.because for rule in policy.rules)


def test_an_id_is_the_same_rule_in_every_policy() -> None:
    """The owner's change of a rule still fits after choosing another policy: same id, same condition."""
    conditions: dict[str, set[object]] = {}
    for policy in POLICIES.values():
        for rule in policy.rules:
            conditions.setdefault(rule.id, set()).add(rule.when)

    assert [name for name, whens in conditions.items() if len(whens) > 1] == []


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("policy", POLICIES)
def test_training_impostors_and_forged_names_are_refused_everywhere(policy: str, kind: Kind) -> None:
    """From the first minute, in every policy, whatever the resource is."""
    for purpose in TRAINING:
        assert decided(policy, purpose, kind).rule == "training-refused"
    assert decided(policy, Purpose.SEARCH_ENGINE, kind, identity=Identity.IMPOSTOR).rule == "impostors-refused"
    forged = frozenset({HardFact.FORGED_TOKEN})
    assert decided(policy, Purpose.SEARCH_ENGINE, kind, facts=forged).rule == "forged-token-refused"
    assert decided(policy, TRAINING[0], kind).action is Action.REFUSE


@pytest.mark.parametrize("identity", Identity)
@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("policy", POLICIES)
def test_a_valid_licence_opens_and_any_other_changes_nothing(policy: str, purpose: Purpose, identity: Identity) -> None:
    """Before every rule that refuses, but those that refuse false claims: a licensee has no need to lie."""
    believed = who(purpose, identity=identity, crawler=None, facts=frozenset())
    without = decide(POLICIES[policy], request(), believed, seen(Kind.ORIGINAL))
    for state in LicenceState:
        with_licence = replace(believed, licence=LicenceVerdict(state=state))
        decision = decide(POLICIES[policy], request(), with_licence, seen(Kind.ORIGINAL))
        assert isinstance(decision, Decision)
        if state is not LicenceState.VALID:
            assert decision == without
        elif identity is Identity.IMPOSTOR:
            assert decision.rule == "impostors-refused"
        else:
            assert (decision.rule, decision.action) == ("licensed-allowed", Action.ALLOW)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("policy", ["moderate", "strict"])
def test_an_unknown_robot_that_says_ai_is_treated_like_a_known_one_of_which_nothing_is_said(
    policy: str, kind: Kind
) -> None:
    """The word of a newcomer is enough: it names itself."""
    decision = decided(policy, Purpose.UNKNOWN_DECLARED_BOT, kind, facts=frozenset({HardFact.SAYS_AI}))

    assert decision.rule == "unknown-ai-refused"
    assert decision.action is decided(policy, Purpose.AI_UNDOCUMENTED, kind).action


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("purpose", PEOPLE)
@pytest.mark.parametrize("policy", POLICIES)
def test_people_see_everything(policy: str, purpose: Purpose, kind: Kind) -> None:
    """Whoever names no crawler and behaves is never touched."""
    assert decided(policy, purpose, kind, identity=Identity.NONE_CLAIMED).rule == "default"
    assert decided(policy, purpose, kind, identity=Identity.NONE_CLAIMED).action is Action.ALLOW


@pytest.mark.parametrize("identity", [one for one in Identity if one is not Identity.IMPOSTOR])
@pytest.mark.parametrize("purpose", SEARCHES)
@pytest.mark.parametrize("policy", POLICIES)
def test_search_is_never_refused(policy: str, purpose: Purpose, identity: Identity) -> None:
    """The owner never loses search traffic: a claim that was not checked gets at least the display size."""
    for kind in Kind:
        decision = decided(policy, purpose, kind, identity=identity)
        assert decision.action is Action.ALLOW or (decision.action, decision.size, kind) == (
            Action.PREVIEW,
            PreviewSize.DISPLAY,
            Kind.ORIGINAL,
        )
    if identity is Identity.VERIFIED and purpose is not Purpose.FEED_READER:
        assert decided(policy, purpose, Kind.ORIGINAL, identity=identity).action is Action.ALLOW


@pytest.mark.parametrize("policy", POLICIES)
def test_no_policy_refuses_on_one_kind_of_sign(policy: str) -> None:
    """A suspect may be a person, so a refusal needs hostile conduct."""
    for kind in Kind:
        assert decided(policy, Purpose.BROWSER, kind, conduct=Conduct.SUSPECT).action is not Action.REFUSE


CASES = {
    "assistants preview": ("moderate", ASSISTANTS, Kind.IMAGE, "assistants-preview", Action.PREVIEW),
    "assistants originals": ("moderate", ASSISTANTS, Kind.ORIGINAL, "assistants-preview", Action.PREVIEW),
    "assistants pages": ("moderate", ASSISTANTS, Kind.PAGE, "default", Action.ALLOW),
    "assistants thumbnails": ("moderate", ASSISTANTS, Kind.THUMBNAIL, "default", Action.ALLOW),
    "ai search": ("moderate", (Purpose.AI_SEARCH,), Kind.IMAGE, "ai-search-preview", Action.PREVIEW),
    "undocumented": ("moderate", (Purpose.AI_UNDOCUMENTED,), Kind.PAGE, "ai-undocumented-refused", Action.REFUSE),
    "scrapers": ("moderate", (Purpose.SCRAPER_PLATFORM,), Kind.PAGE, "scraper-platforms-refused", Action.REFUSE),
    "unknown bot, page": ("moderate", (Purpose.UNKNOWN_DECLARED_BOT,), Kind.PAGE, "default", Action.ALLOW),
    "unknown bot": ("moderate", (Purpose.UNKNOWN_DECLARED_BOT,), Kind.IMAGE, "unknown-bots-refused", Action.REFUSE),
    "tools": ("moderate", TOOLS, Kind.ORIGINAL, "tools-preview", Action.PREVIEW),
    "tools, pages": ("moderate", TOOLS, Kind.PAGE, "default", Action.ALLOW),
    "services": ("moderate", (Purpose.SEO, Purpose.MONITORING), Kind.IMAGE, "services-preview", Action.PREVIEW),
    "open assistants": ("open", ASSISTANTS, Kind.ORIGINAL, "default", Action.ALLOW),
    "open tools": ("open", TOOLS, Kind.ORIGINAL, "default", Action.ALLOW),
    "strict assistants": ("strict", ASSISTANTS, Kind.PAGE, "assistants-refused", Action.REFUSE),
    "strict ai search": ("strict", (Purpose.AI_SEARCH,), Kind.PAGE, "ai-search-refused", Action.REFUSE),
    "strict tools": ("strict", TOOLS, Kind.PAGE, "tools-refused", Action.REFUSE),
    "strict unknown": ("strict", (Purpose.UNKNOWN_DECLARED_BOT,), Kind.PAGE, "unknown-bots-kept-out", Action.REFUSE),
    "strict services": ("strict", (Purpose.SEO,), Kind.IMAGE, "services-refused", Action.REFUSE),
    "strict services, pages": ("strict", (Purpose.MONITORING,), Kind.PAGE, "default", Action.ALLOW),
}


@pytest.mark.parametrize(("policy", "purposes", "kind", "rule", "action"), CASES.values(), ids=list(CASES))
def test_purposes_get_what_the_policy_promises(
    policy: str, purposes: tuple[Purpose, ...], kind: Kind, rule: str, action: Action
) -> None:
    """What must match, beside what must be spared."""
    for purpose in purposes:
        decision = decided(policy, purpose, kind)
        assert (decision.rule, decision.action) == (rule, action)


def test_bulk_clients_are_marked_and_hidden_programs_refused() -> None:
    """By conduct only: they name nothing."""
    assert decided("moderate", Purpose.BROWSER, Kind.IMAGE, conduct=Conduct.SUSPECT).rule == "bulk-marked"
    assert decided("moderate", Purpose.BROWSER, Kind.PAGE, conduct=Conduct.SUSPECT).rule == "default"
    assert decided("moderate", Purpose.BROWSER, Kind.PAGE, conduct=Conduct.HOSTILE).rule == "bulk-refused"
    assert decided("strict", Purpose.BROWSER, Kind.IMAGE, conduct=Conduct.SUSPECT).rule == "suspects-preview"
    assert decided("open", Purpose.BROWSER, Kind.IMAGE, conduct=Conduct.HOSTILE).rule == "default"


def test_assistants_have_a_limit() -> None:
    """Thirty pictures a minute are more than a person looks at."""
    limit = decided("moderate", Purpose.AI_ASSISTANT, Kind.IMAGE).limit

    assert limit is not None
    assert (limit.count, limit.per_seconds, limit.pictures_only) == (30, 60, True)
