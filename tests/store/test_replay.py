"""A log goes through the same policy as live requests, and what it does not tell is not made up."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.classification import Conduct, Identity
from guard.core.crawlers import Catalogue, Purpose
from guard.core.facts import Kind, KindSource, ResponseFacts
from guard.core.identity import NAMES_OFF, Published, judge
from guard.core.log_line import Judged, LogLine
from guard.core.pipeline import Pipeline
from guard.core.policy import Action, Condition, Decision, Limit, Policy, Rule
from guard.core.policy_file import make_policy, parse_policy_file
from guard.core.range_file import Proof
from guard.core.range_lists import RangeList
from guard.reservation import robots
from guard.reservation.statement import Statement
from guard.server.limits import Limiter
from guard.store.replay import Replay, RobotsRules, facts_of, kind_of
from guard.store.rule_files import load_catalogue, read_policy_file, rules_root
from guard.yaml12 import load
from tests.support.facts import GPTBOT, request
from tests.support.http import CHATGPT_USER, CHROME, GOOGLEBOT_IMAGE
from tests.support.http import GPTBOT as GPTBOT_USER_AGENT

AT = datetime(2026, 11, 22, tzinfo=UTC)
LINE = LogLine(
    at=AT, address="192.0.2.7", host="photo.example", method="GET", target="/a.jpg", version="1.1", status=200,
    size=1000, referer="", user_agent=GPTBOT_USER_AGENT, media_type="", judged=None,
)  # fmt: skip


@pytest.fixture(scope="module")
def moderate() -> Pipeline:
    root = rules_root().path
    catalogue = load_catalogue(root)
    policy = parse_policy_file(load(*read_policy_file("moderate", root)), catalogue)
    return Pipeline(catalogue, make_policy("moderate", policy.rules, catalogue))


def replayed(pipeline: Pipeline, *lines: LogLine, take=None) -> Replay:
    groups = robots.groups(Statement(), [(one.token, one.purpose) for one in pipeline.catalogue.crawlers])
    run = Replay(pipeline, groups, take)
    for line in lines:
        run.add(line)
    return run


def by_name(run: Replay) -> dict[str, tuple[dict[Action, int], dict[Action, int]]]:
    summary = run.tally.summary()
    return {one.name: (one.decided, one.if_picture) for one in (*summary.crawlers, *summary.others)}


def test_a_decision_that_asks_nothing_of_the_resource_is_certain(moderate):
    """Whoever trains is refused, picture or not."""
    run = replayed(moderate, LINE, replace(LINE, target="/"))

    assert by_name(run)["GPTBot"] == ({Action.REFUSE: 2}, {})


def test_a_decision_that_hangs_on_the_ending_is_counted_apart(moderate):
    """The kind is unknown; only if it is a picture a preview would have been sent."""
    assistant = replace(LINE, user_agent=CHATGPT_USER)
    run = replayed(moderate, assistant, replace(assistant, target="/page"), replace(assistant, target="/i.php?/x.JPG"))

    assert by_name(run)["ChatGPT-User"] == ({Action.ALLOW: 1}, {Action.PREVIEW: 2})
    assert run.kinds_told == 0


def test_a_content_type_in_the_log_is_believed_over_the_ending(moderate):
    """Then nothing is guessed."""
    assistant = replace(LINE, user_agent=CHATGPT_USER)
    run = replayed(
        moderate,
        replace(assistant, target="/photo", media_type="image/webp"),
        replace(assistant, target="/fake.jpg", media_type="text/html"),
    )

    assert by_name(run)["ChatGPT-User"] == ({Action.PREVIEW: 1, Action.ALLOW: 1}, {})
    assert run.kinds_told == 2
    assert run.tally.summary().total.pictures == 1


def test_an_ending_that_changes_nothing_leaves_no_doubt(moderate):
    """A search engine gets a picture of display size whatever it is called."""
    run = replayed(moderate, replace(LINE, user_agent=GOOGLEBOT_IMAGE))

    assert by_name(run)["Googlebot-Image"] == ({Action.ALLOW: 1}, {})


@pytest.mark.parametrize("path", ["/robots.txt", "/ai.txt", "/.well-known/tdmrep.json", "/.well-known/guard/terms"])
def test_the_reservation_is_given_to_everybody(moderate, path):
    """As the proxy does, before any rule; only robots.txt counts as read."""
    run = replayed(moderate, replace(LINE, target=path))
    (one,) = run.tally.summary().crawlers

    assert one.decided == {Action.ALLOW: 1}
    assert one.robots == (path == "/robots.txt")


def test_what_has_no_right_answer_is_counted_apart(moderate):
    """No method, or a target that is none."""
    run = replayed(moderate, replace(LINE, method=""), replace(LINE, target="a.jpg"), replace(LINE, target="/%00"))

    assert run.tally.summary().senseless == 3
    assert run.tally.summary().total.requests == 0


def test_our_own_log_is_replayed_from_what_it_noted(moderate):
    """It has no user agent; a new policy is asked about the same client."""
    judged = Judged(
        purpose=Purpose.AI_ASSISTANT, crawler="openai-chatgpt-user", claimed="ChatGPT-User",
        identity=Identity.VERIFIED, conduct=Conduct.CLEAN, kind=Kind.ORIGINAL,
    )  # fmt: skip
    run = replayed(moderate, replace(LINE, user_agent="", target="/photo", judged=judged))

    assert by_name(run)["ChatGPT-User"] == ({Action.PREVIEW: 1}, {})
    assert run.without_user_agent == 0


def test_who_sends_no_user_agent_is_counted(moderate):
    """A log in the Common format would look like a site without crawlers."""
    assert replayed(moderate, replace(LINE, user_agent="")).without_user_agent == 1


def test_limits_are_held_in_the_time_of_the_log(moderate):
    """Thirty pictures a minute for one client; what exceeds it is throttled, and a minute later it is whole again."""
    assistant = replace(LINE, user_agent=CHATGPT_USER, media_type="image/jpeg")
    burst = [assistant] * 40
    run = replayed(
        moderate, *burst, *[replace(one, at=AT + timedelta(minutes=2)) for one in burst], take=Limiter().take
    )
    counts = by_name(run)["ChatGPT-User"][0]

    assert counts[Action.PREVIEW] + counts[Action.THROTTLE] == 80
    assert counts[Action.PREVIEW] == 60


def test_a_clock_that_jumps_throttles_nobody_for_ever(moderate):
    """One line from the year 2099 in the middle, and the day repeated."""
    lines = [
        replace(LINE, user_agent=CHATGPT_USER, media_type="image/jpeg", at=AT + timedelta(minutes=number))
        for number in range(20)
    ]
    run = replayed(
        moderate, *lines, replace(lines[0], at=datetime(2099, 1, 1, tzinfo=UTC)), *lines, take=Limiter().take
    )

    assert by_name(run)["ChatGPT-User"][0] == {Action.PREVIEW: 41}


RULES = (
    Rule(id="path", when=Condition(path=("/private",)), action=Action.DROP),
    Rule(id="network", when=Condition(method=frozenset({"HEAD"})), action=Action.THROTTLE),
    Rule(id="kind", when=Condition(kind=frozenset({"image"}), host=("a.example",)), action=Action.PREVIEW),
    Rule(id="default", when=Condition(), action=Action.ALLOW),
)


@given(
    st.sampled_from(["/private/x", "/a.jpg", "/"]),
    st.sampled_from(["GET", "HEAD"]),
    st.sampled_from(["a.example", "b.example:8080"]),
    st.sampled_from([CHROME, GPTBOT_USER_AGENT]),
    st.sampled_from(["image/png", "text/html", ""]),
)
def test_the_same_facts_get_the_same_answer_as_in_the_proxy(target, method, host, user_agent, media_type):
    """Rules that ask about the single request are not answered from memory."""
    pipeline = Pipeline(Catalogue([GPTBOT]), Policy(name="p", rules=RULES, content=b"", digest="d" * 64))
    line = replace(LINE, target=target, method=method, host=host, user_agent=user_agent, media_type=media_type)
    run = Replay(pipeline, ())
    run.add(LINE)
    run.add(line)
    facts = facts_of(line)
    seen = ResponseFacts(kind=kind_of(line), source=KindSource.RESPONSE)
    decided = pipeline.decide(facts, pipeline.classify(facts), seen)
    before = Replay(pipeline, ())
    before.add(LINE)

    assert isinstance(decided, Decision)
    total, one = run.tally.summary().total, before.tally.summary().total
    if total.if_picture == one.if_picture:
        assert total.decided.get(decided.action, 0) == one.decided.get(decided.action, 0) + 1
    else:
        assert media_type == ""


class TestRobotsRules:
    """Which lines of the robots.txt that would be served forbid what (RFC 9309, section 2.2.2)."""

    RULES = RobotsRules(
        (
            robots.Group(tokens=("GPTBot", "Scrapy"), disallow=("/",), allow=("/open",), signals=()),
            robots.Group(tokens=("*",), disallow=("/private", "/*.zip$"), allow=("/private/not",), signals=()),
        )
    )

    @pytest.mark.parametrize(
        ("crawler", "path", "forbidden"),
        [
            (GPTBOT, "/a.jpg", True),
            (GPTBOT, "/open/a.jpg", False),
            (GPTBOT, "/robots.txt", False),
            (replace(GPTBOT, token="gptbot"), "/a.jpg", True),
            (replace(GPTBOT, token="Scrapy/"), "/a.jpg", True),
            (replace(GPTBOT, token="Other"), "/a.jpg", False),
            (None, "/private/x", True),
            (None, "/private/not/x", False),
            (None, "/x.zip", True),
            (None, "/x.zip?a", False),
        ],
    )
    def test_the_longest_pattern_of_the_own_group_counts(self, crawler, path, forbidden):
        """Of a tie the one that allows; a named group takes the place of the one for everybody."""
        assert self.RULES.forbid(crawler, request(path)) is forbidden

    def test_without_groups_nothing_is_forbidden(self):
        """A site that reserves nothing."""
        assert not RobotsRules(()).forbid(GPTBOT, request("/"))


def test_claims_are_held_against_lists_of_the_time_of_the_log(moderate):
    """Confirmed inside the list, refuted outside of it; by a list that is older or younger than the log nobody is."""
    listed = RangeList(
        name="openai-gptbot", prefixes=(ip_network("20.171.0.0/16"),), fetched_at=AT, source="", complete=True,
        proof=Proof.CRAWLER, own_network=True,
    )  # fmt: skip
    published = Published.of({listed.name: listed}, moderate.catalogue.crawlers)

    def identify(facts, sighting):
        return judge(sighting, facts.client.address, published, NAMES_OFF, at=facts.at)

    run = Replay(moderate, (), identify=identify)
    for address, at in (
        ("20.171.1.1", AT),
        ("8.8.8.8", AT),
        ("8.8.8.8", AT - timedelta(days=400)),
        ("8.8.8.8", AT + timedelta(days=400)),
        ("8.8.8.8", None),
    ):
        run.add(replace(LINE, address=address, at=at))
    run.add(replace(LINE, user_agent=CHROME, address="8.8.8.8"))
    total = run.tally.summary().total

    assert (total.requests, total.verified, total.refuted) == (6, 1, 1)


def test_violations_are_of_crawlers_only(moderate):
    """A person reads no robots.txt."""
    run = replayed(moderate, LINE, replace(LINE, user_agent=CHROME))

    assert run.tally.summary().total.forbidden == 1


@pytest.mark.parametrize(
    ("media_type", "status", "method", "kind"),
    [
        ("image/jpeg", 200, "GET", Kind.IMAGE),
        ("image/svg+xml", 200, "GET", Kind.OTHER),
        ("text/html", 206, "HEAD", Kind.PAGE),
        ("text/html", 404, "GET", Kind.UNKNOWN),
        ("image/jpeg", 304, "GET", Kind.UNKNOWN),
        ("", 200, "GET", Kind.UNKNOWN),
        ("image/jpeg", 200, "POST", Kind.UNKNOWN),
    ],
)
def test_the_kind_is_told_only_by_an_answer_that_carries_the_resource(media_type, status, method, kind):
    """The type of an error page says nothing about the picture that is not there; nor is an original ever known."""
    assert kind_of(replace(LINE, media_type=media_type, status=status, method=method)) is kind


def test_a_limit_that_is_not_for_pictures_counts_pages(moderate):
    """The rule says which."""
    limit = Limit(count=1, per_seconds=60, pictures_only=False)
    rules = (Rule(id="default", when=Condition(), action=Action.ALLOW, limit=limit),)
    pipeline = Pipeline(Catalogue([GPTBOT]), Policy(name="p", rules=rules, content=b"", digest="d" * 64))
    run = replayed(pipeline, *[replace(LINE, target="/page")] * 3, take=Limiter().take)

    assert by_name(run)["GPTBot"][0] == {Action.ALLOW: 1, Action.THROTTLE: 2}
