"""Does the bench count what it says, and leave the results of other benches alone?"""

import json

import pytest

from tests.bench import accuracy, accuracy_claims, accuracy_visits
from tests.bench.accuracy_intervals import Data, Result, Row, Sense
from tests.support.captures import FULL, capture

SLOW = Row(section="cost", what="a call", data=Data.GENERATED, value=7.0, unit="us", sense=Sense.AT_MOST, goal=5.0)
SHARE = Row(section="names", what="a|b", data=Data.HELD_OUT, hits=9, total=10, goal=0.8)
RESULT = Result(rows=(SLOW, SHARE), misses=("x|y <z>",), notes=("skipped: z",))


def test_the_table_names_what_is_missed():
    """A missed goal is in bold, counted, and what stands behind it can not break the table."""
    text = accuracy.table(RESULT)

    assert "| a call | generated | 7 us |  | <= 5 us | **missed** |" in text
    assert "9/10 = 90.00 % | [59.58, 98.21] | >= 80 % | met, unproven |" in text
    assert "Of 2 lines with a goal 1 miss it." in text
    assert "- x\\|y &lt;z>" in text


def test_everything_is_in_the_json():
    """Rows with their intervals, misses, notes and the machine."""
    found = json.loads(accuracy.as_json(RESULT, accuracy.machine()))

    assert [row["verdict"] for row in found["rows"]] == ["missed", "met, unproven"]
    assert found["rows"][1]["hits"] == 9
    assert found["rows"][0]["interval"] is None
    assert found["misses"] == ["x|y <z>"]
    assert found["about"]["cores"] >= 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# What\n", "# What\n\n## accuracy\n\nnew\n"),
        ("# What\n\n## accuracy\n\nold\n\n## replay\n\nkept\n", "# What\n\n## accuracy\n\nnew\n\n## replay\n\nkept\n"),
        ("# What\n\n## replay\n\nkept\n", "# What\n\n## replay\n\nkept\n\n## accuracy\n\nnew\n"),
    ],
)
def test_other_sections_of_the_results_stay(before, after):
    """Only the section of this bench is replaced."""
    assert accuracy.put(before, "accuracy", "## accuracy\n\nnew\n") == after


def test_a_mark_that_is_lifted_is_none():
    """What counts is what holds at the 15th and the 30th picture: a person's walk is never marked, curl is soon."""
    never, tool = (
        accuracy_visits._firsts(capture(name).requests, accuracy_visits.Front.DIRECT, per_client=False)
        for name in ("person-slides", "tool-curl")
    )

    assert min(never) > 1000
    assert tool[0] <= 15
    assert tool[0] < tool[1] <= 30


def test_turns_are_taken_by_as_many_addresses():
    """Every way of spreading keeps the requests and uses just so many addresses."""
    requests = capture("tool-curl").requests
    taking_turns, each = accuracy_visits._spread(3)(requests), accuracy_visits._each_spread(4)(requests)

    assert len(taking_turns) == len(requests)
    assert len({facts.client.address for _, facts, _ in taking_turns}) == 3
    assert len(each) == 4 * len(requests)
    assert len({facts.client.address for _, facts, _ in each}) == 4
    assert sum(answered.kind in FULL for _, _, answered in each) == 4 * capture("tool-curl").pictures


def test_claims_are_held_against_fresh_lists():
    """A small run: all inside verified, all outside impostors, none where something is out of reach."""
    found = {row.what: row for row in accuracy_claims.measure(3).rows if row.goal is not None}

    assert len(found) == 12
    assert {row.verdict for row in found.values()} == {"met"}
    assert all(row.total > 30 for row in found.values())
