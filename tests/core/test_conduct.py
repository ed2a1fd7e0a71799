"""How has a client behaved?"""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.behaviour import LEVELS, SCORE, SIZE, Past, summary
from guard.core.classification import Conduct
from guard.core.conduct import Known
from guard.core.facts import Kind
from guard.core.header_print import MASKS, Front
from guard.core.observation import Answered
from guard.core.signals import INDEX, SIGNALS, Family, SignalId
from tests.core.test_header_signals import IMAGE, PAGE
from tests.core.test_visit_signals import NAVIGATION, pictures
from tests.support.captures import FULL, ORIGINALS, START, capture, jittered, judge, names, play, rules
from tests.support.facts import request
from tests.support.people import CHANGES, changed, interleaved

TOOLS = [name for name in names("tool") if not capture(name).held_out]
"""Those that rules were made for. The others are only measured (`bench accuracy`): no claim about them may lead a hand
that changes a weight."""
PAGE_SEEN = Answered(kind=Kind.PAGE, status=200)
CURL = {"Host": "photo.example", "User_Agent": IMAGE["User_Agent"], "Accept": "*/*"}


def conducts(requests, judged=None, **arguments) -> dict[int, Conduct]:
    """Return what the client was when it asked for its first, second, … picture of display size and up."""
    steps = play(list(requests), judged or judge(), **arguments)
    return {step.pictures: step.verdict.conduct for step in steps if step.kind in FULL}


@pytest.mark.parametrize("front", list(Front))
@pytest.mark.parametrize("name", names("person"))
def test_a_person_is_clean_at_every_picture(name, front):
    """Lazy galleries, tabs, the back button, warm caches, no referer, no script, telephones, Firefox: law 5."""
    for originals in (0, 10, 30, ORIGINALS, 5000):
        assert set(conducts(capture(name).requests, judge(front), originals=originals).values()) <= {Conduct.CLEAN}


@pytest.mark.parametrize("front", list(Front))
@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_is_suspect_by_the_15th_picture_and_hostile_by_the_30th(name, front):
    """Undeclared bulk clients, each as captured, behind every front server."""
    one = capture(name)
    seen = conducts(one.requests, judge(front))

    assert one.pictures >= 30
    assert seen[15] is not Conduct.CLEAN
    assert seen[30] is Conduct.HOSTILE


@pytest.mark.parametrize("name", TOOLS)
@pytest.mark.parametrize("gap", [20, 60, 300])
def test_a_slow_tool_is_suspect_by_the_15th_picture(name, gap):
    """One picture in five minutes is still seen: levels fade, but not that fast."""
    requests = [(gap * number, facts, answered) for number, (_, facts, answered) in enumerate(capture(name).requests)]

    assert conducts(requests)[15] is not Conduct.CLEAN


def test_a_small_portfolio_is_guarded_earlier():
    """Of sixty originals an impersonator gets fewer than of thousands."""
    few, many = (conducts(capture("tool-curl-cffi-chrome").requests, originals=count) for count in (ORIGINALS, 5000))

    assert next(number for number, one in few.items() if one is Conduct.HOSTILE) < next(
        number for number, one in many.items() if one is Conduct.HOSTILE
    )


@pytest.mark.parametrize("name", names("tool"))
def test_of_thirty_pictures_a_tool_has_not_half_before_it_is_suspect(name):
    """Thresholds count the share of the portfolio: a client that may take fifteen of thousands may not take fifteen
    of thirty."""
    requests = [one for one in capture(name).requests if one[2].kind in FULL][:30]
    seen = conducts(requests, originals=30)

    assert next(number for number, one in seen.items() if one is not Conduct.CLEAN) <= 8


@pytest.mark.parametrize("change", CHANGES)
def test_what_stands_between_people_and_the_site_blocks_nobody(change):
    """Proxies that strip, old browsers, web views, add-ons: never hostile."""
    chance = random.Random(11)
    for name in names("person"):
        requests = changed(jittered(capture(name), chance), CHANGES[change])
        assert Conduct.HOSTILE not in conducts(requests, originals=ORIGINALS).values()


def test_of_hundreds_of_people_almost_nobody_is_below_the_full_picture():
    """A small version of the bench: none is blocked, at most one in two hundred is ever suspect."""
    chance = random.Random(5)
    judged = judge()
    scenarios = names("person")
    worst = [
        set(conducts(jittered(capture(scenarios[number % len(scenarios)]), chance), judged, originals=500).values())
        for number in range(400)
    ]

    assert sum(Conduct.HOSTILE in one for one in worst) == 0
    assert sum(Conduct.SUSPECT in one for one in worst) <= 2


def test_people_behind_one_address_are_clean_and_a_tool_among_them_is_not():
    """Carrier NAT: neither do people share the tool's blame, nor it their innocence."""
    chance = random.Random(3)
    scenarios = [capture(name) for name in names("person")]
    people = interleaved([jittered(chance.choice(scenarios), chance) for _ in range(60)], chance)
    tool = [(at * 10 + 300, facts, answered) for at, facts, answered in capture("tool-curl").requests]
    theirs = {id(facts) for _, facts, _ in tool}
    steps = list(play(sorted([*people, *tool], key=lambda one: one[0]), judge()))

    assert {step.verdict.conduct for step in steps if id(step.facts) not in theirs and step.kind in FULL} == {
        Conduct.CLEAN
    }
    assert [step.verdict.conduct for step in steps if id(step.facts) in theirs][-1] is Conduct.HOSTILE


LEVEL = st.floats(min_value=0, max_value=10, allow_nan=False)


@settings(max_examples=200)
@given(
    family=st.sampled_from(list(Family)),
    levels=st.lists(LEVEL, min_size=len(SIGNALS), max_size=len(SIGNALS)),
    asked=st.integers(1, 12),
)
def test_one_family_never_makes_a_client_hostile(family, levels, asked):
    """However many of its signals speak, however loud, for however long."""
    judged = judge()
    past = Past(START)
    for index, signal in enumerate(rules().signals):
        past.values[LEVELS + index] = levels[index] if signal.family is family else 0
    record = past.to_bytes()
    for _ in range(asked):
        seen = judged.look(request("/page", **PAGE), START)
        record, verdict = judged.at_request(record, seen)
        assert verdict.conduct is not Conduct.HOSTILE


@pytest.mark.parametrize("innocent", [30, 1000])
def test_no_credit_can_be_banked(innocent):
    """Whoever looked at pages first, for however long, is seen within 40 pictures of a bulk run."""
    walk = pictures(innocent, gap=0.5, headers=IMAGE)
    bulk = ((600 + at, facts, answered) for at, facts, answered in pictures(60, headers=NAVIGATION, name="/n/{}.jpg"))
    seen = conducts([*walk, *bulk])

    assert set(list(seen.values())[:innocent]) == {Conduct.CLEAN}
    assert seen[innocent + 40] is not Conduct.CLEAN


def test_one_step_at_a_time():
    """However much speaks at once, the head of one request moves the score by one step only, up or down."""
    judged, limits = judge(), rules().thresholds
    for before in (limits.floor, 0.0, limits.ceiling):
        past = Past(START)
        past.values[SCORE] = before
        for index, signal in enumerate(rules().signals):
            past.values[LEVELS + index] = max(0.0, signal.weight) if before < limits.ceiling else 0.0
        _, verdict = judged.at_request(past.to_bytes(), judged.look(request("/page", **PAGE), START))
        assert abs(verdict.score - before) == pytest.approx(limits.step)


def test_a_value_that_no_browser_can_make_is_a_fact():
    """Header lines out of a generator that mixed up their values."""
    facts = request("/", **PAGE | {"Sec_Fetch_Site": "?1"})
    judged = judge()

    verdict = judged.at_request(None, judged.look(facts, START))[1]

    assert verdict.conduct is Conduct.HOSTILE
    assert verdict.fired[0].hard


def test_a_score_fades():
    """A client that stops is forgiven within hours."""
    judged = judge()
    records: dict[bytes, bytes] = {}
    steps = list(play(capture("tool-curl").requests, judged, records=records))
    assert steps[-1].verdict.conduct is Conduct.HOSTILE

    late = judged.look(request("/page", **CURL), START + 6 * 3600)
    record = next(iter(records.values()))

    assert judged.at_request(record, late)[1].conduct is Conduct.CLEAN


def test_an_exact_print_that_nobody_else_has_is_a_fact():
    """img2dataset is hostile at its first picture, for a day, and not for ever."""
    judged = judge()
    facts = capture("tool-img2dataset").requests[0][1]
    record, verdict = judged.at_request(None, judged.look(facts, START))
    assert verdict.conduct is Conduct.HOSTILE
    assert verdict.fired[0].id is SignalId.TOOL_PRINT
    assert verdict.fired[0].value == "img2dataset"

    other = request("/", **PAGE)
    assert judged.at_request(record, judged.look(other, START + 3600))[1].conduct is Conduct.HOSTILE
    assert judged.at_request(record, judged.look(other, START + 100_000))[1].conduct is Conduct.CLEAN
    assert judged.at_request(record, judged.look(other, START - 100_000))[1].conduct is Conduct.CLEAN


def test_one_decoy_makes_suspect_and_two_are_a_fact():
    """One could be a link checker's; a browser that fetches ahead follows links that nobody has seen."""
    judged = judge()
    record, seen = None, []
    for number in range(2):
        look = judged.look(request("/decoy", **PAGE), START + number, decoy=True)
        record, verdict = judged.at_request(record, look)
        record, verdict = judged.after_response(record, look, PAGE_SEEN)
        seen.append(verdict.conduct)
    ahead = judged.look(request("/decoy", **PAGE, Sec_Purpose="prefetch"), START, decoy=True)

    assert seen == [Conduct.SUSPECT, Conduct.HOSTILE]
    assert judged.at_request(None, ahead)[1].fired == ()
    assert summary(record).decoys == 2


def told(judged, version, *, at=START, record=None, headers=CURL, **more):
    """Return the record of a client that was served `version` of robots.txt at `at`."""
    look = judged.look(request("/robots.txt", **headers), at, **more)
    record, _ = judged.at_request(record, look)
    return judged.after_response(record, look, Answered(kind=Kind.OTHER, status=200, robots_digest=version))[0]


def breaks(judged, record, at, forbidding, *, headers=CURL, **more):
    """Return the record after a request for what the versions in `forbidding` forbid, and whether that broke it."""
    look = judged.look(request("/private/a", **headers), at, disallows=lambda version: version in forbidding, **more)
    record, verdict = judged.at_request(record, look)
    return record, SignalId.ROBOTS_BREACH in {SIGNALS[index] for index, _ in verdict.signs}


OLD, NEW = b"01234567", b"abcdefgh"


def test_robots_txt_is_held_against_whoever_was_served_it():
    """The version served is remembered; what was under way when it was served breaks nothing."""
    judged = judge()
    record = told(judged, OLD + b"89abcdef")

    assert not breaks(judged, None, START + 500, {OLD})[1]
    assert not breaks(judged, record, START + 5, {OLD})[1]
    record, broken = breaks(judged, record, START + 500, {OLD})
    assert broken
    standing = summary(record, "photo.example").robots
    assert (standing.version, standing.since) == (OLD, int(START))
    assert (standing.broken_at, standing.breaches) == (int(START) + 500, 1)
    assert summary(record, "other.example").robots is None


def test_the_version_that_counts_is_the_one_that_was_served():
    """Not the one in force: what was forbidden since then breaks nothing, what is allowed since then did."""
    judged = judge()
    record = told(judged, OLD)

    assert not breaks(judged, record, START + 500, {NEW})[1]
    assert breaks(judged, record, START + 500, {OLD})[1]
    record = told(judged, NEW, at=START + 1000, record=record)
    assert not breaks(judged, record, START + 2000, {OLD})[1]
    assert breaks(judged, record, START + 2000, {NEW})[1]


def test_asking_for_robots_txt_again_and_again_is_no_licence():
    """The time in which nothing breaks it runs from the first time that the version was served."""
    judged = judge()
    record = told(judged, OLD)
    for minute in range(1, 10):
        record = told(judged, OLD, at=START + 60 * minute, record=record)

    assert breaks(judged, record, START + 60 * 9 + 1, {OLD})[1]


def test_a_person_is_not_held_to_robots_txt():
    """The owner looks at the file and logs in where no crawler may go; also where a proxy strips header lines."""
    judged = judge()
    stripped = {name: value for name, value in PAGE.items() if not name.startswith("Sec_")}
    for headers in (PAGE, stripped):
        record = told(judged, OLD, headers=headers)
        assert not breaks(judged, record, START + 500, {OLD}, headers=headers)[1]
        assert breaks(judged, record, START + 500, {OLD}, headers=headers, declared=True)[1]


def test_a_curious_person_who_reads_robots_txt_stays_clean():
    """One soft signal, and a whole visit after it."""
    requests = [
        (0.0, request("/robots.txt", **PAGE), Answered(kind=Kind.OTHER, status=200, robots_digest=b"12345678")),
        *((5 + at, facts, answered) for at, facts, answered in pictures(30, headers=IMAGE)),
    ]

    assert set(conducts(requests).values()) == {Conduct.CLEAN}


def test_a_crawler_that_names_itself_is_not_odd_for_being_one():
    """Only what it was told counts: decoys and its robots.txt."""
    judged = judge()
    record = None
    for _, facts, answered in pictures(60, headers=CURL):
        look = judged.look(facts, START, declared=True)
        record, verdict = judged.at_request(record, look)
        record, after = judged.after_response(record, look, answered)
        assert verdict.conduct is after.conduct is Conduct.CLEAN
    breach = judged.look(request("/decoy", **CURL), START, declared=True, decoy=True)

    assert {one.id for one in judged.at_request(record, breach)[1].fired} == {SignalId.DECOY}


def test_what_a_company_proxy_changes_makes_nobody_suspect():
    """It opens TLS, strips header lines and writes where its people come from: all of that together, for hours."""
    judged = judge()
    odd = ((INDEX[SignalId.CONNECTION_CONTRADICTS], "Chrome 156 over HTTP/1"),)
    stripped = {name: value for name, value in PAGE.items() if not name.startswith("Sec_")}
    record = None
    for number in range(40):
        facts = request(f"/page-{number}", **stripped, X_Forwarded_For="10.0.0.1")
        look = judged.look(facts, START + 5 * number, connection=odd)
        record, verdict = judged.at_request(record, look)
        record, _ = judged.after_response(record, look, Answered(kind=Kind.OTHER, status=200))
        assert verdict.conduct is Conduct.CLEAN

    assert SignalId.CONNECTION_CONTRADICTS in {one.id for one in verdict.fired}
    named = judged.look(request("/", **CURL), START, connection=odd, declared=True)
    assert judged.at_request(None, named)[1].fired == ()


def test_a_trusted_front_server_forges_nothing():
    """Its forwarding header is its job."""
    judged = judge()
    facts = request("/", **PAGE, X_Forwarded_For="192.0.2.9")

    assert judged.at_request(None, judged.look(facts, START, trusted_peer=True))[1].fired == ()
    assert judged.at_request(None, judged.look(facts, START))[1].fired[0].id is SignalId.FORGED_FORWARDING


def test_a_verdict_says_why():
    """Signals strongest first with what was seen, and what each family adds, never more than its cap."""
    *_, last = play(capture("tool-curl").requests, judge())
    levels = [abs(one.level) for one in last.verdict.fired]

    assert levels == sorted(levels, reverse=True)
    assert any(one.id is SignalId.TOOL_PRINT and one.value == "curl" for one in last.verdict.fired)
    assert dict(last.verdict.families)[Family.HEADERS] == rules().caps[Family.HEADERS]
    assert all(value <= rules().caps[family] for family, value in last.verdict.families)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-1e5, 1e9), st.integers(0, 59), st.sampled_from(list(Kind)), st.integers(100, 599)),
        max_size=40,
    )
)
def test_whatever_comes_there_is_a_verdict_and_a_record(requests):
    """Clocks that jump, any kind, any status: the record keeps its size, the score its bounds."""
    judged = judge()
    lines = capture("tool-scrapy").requests
    record = None
    for at, number, kind, status in requests:
        look = judged.look(lines[number][1], START + at, originals=number)
        record, verdict = judged.at_request(record, look)
        record, verdict = judged.after_response(record, look, Answered(kind=kind, status=status))
        assert len(record) == SIZE
        assert rules().thresholds.floor <= verdict.score <= rules().thresholds.ceiling


def test_the_same_facts_give_the_same_verdict():
    """A replay a year later decides alike: no clock, no chance, no memory but the record."""
    first, second = (
        [(step.verdict.conduct, step.verdict.score) for step in play(capture("tool-scrapy").requests, judge())]
        for _ in range(2)
    )

    assert first == second


def test_another_site_is_another_picture():
    """Two sites behind one guard do not share addresses."""
    judged = judge(Front.DIRECT)
    here = request("/a/1.jpg", **IMAGE)
    there = replace(here, site="other.example")
    record = None
    for facts in (here, there):
        look = judged.look(facts, START)
        record, _ = judged.at_request(record, look)
        record, _ = judged.after_response(record, look, Answered(kind=Kind.ORIGINAL, status=200))

    assert summary(record).distinct_pictures == pytest.approx(2, abs=0.2)
    assert MASKS[Front.DIRECT].ordered


@pytest.mark.parametrize("gap", [0.0, 0.3, 7.0])
@pytest.mark.parametrize("name", ["tool-curl", "tool-curl-cffi-chrome", "person-gallery", "person-tabs"])
def test_a_past_at_hand_is_judged_like_one_out_of_a_record(name, gap):
    """What is remembered of sums and verdicts between two requests changes none of them."""
    judged, record, known = judge(), None, None
    for number, (_, facts, answered) in enumerate(capture(name).requests):
        seen = judged.look(facts, START + gap * number)
        known = known or Known(Past(seen.at))
        record, verdict = judged.at_request(record, seen)
        mine = judged.take_head(known, seen)
        assert (mine.conduct, mine.signs) == (verdict.conduct, verdict.signs)
        assert mine.score == pytest.approx(verdict.score, abs=1e-4)
        assert mine.sums == pytest.approx(verdict.sums, abs=1e-4)
        assert mine.levels == pytest.approx(verdict.levels, abs=1e-4)
        record, after = judged.after_response(record, seen, answered)
        assert judged.take_answer(known, seen, answered) is after.conduct


def test_a_verdict_stays_what_it_was():
    """Whoever holds one does not see it change with the next request."""
    judged, known, held = judge(), Known(Past(START)), []
    for number, (_, facts, answered) in enumerate(capture("tool-curl").requests):
        seen = judged.look(facts, START + number)
        verdict = judged.take_head(known, seen)
        held.append((verdict, verdict.score, verdict.fired))
        judged.take_answer(known, seen, answered)

    assert len({score for _, score, _ in held}) > 5
    assert all((verdict.score, verdict.fired) == (score, fired) for verdict, score, fired in held)
