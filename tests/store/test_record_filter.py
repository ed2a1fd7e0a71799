"""Records are found by what a reader knows of a case."""

import os
from ipaddress import ip_network

import pytest

from guard.errors import UsageError
from guard.evidence import disclosure, record
from guard.evidence.record import RecordKind
from guard.store.batch import Entry
from guard.store.record_filter import Filter, matching, moment, picture
from tests.support.evidence import AT, change_values, end_leaf, open_log, request_leaf

DAY = 86_400_000_000


def entry(address: str, target: str, **fields: object) -> Entry:
    """Return a request of `address` for `target`."""
    groups = (
        disclosure.commit("person", {"address": address}, os.urandom(16)),
        disclosure.commit("request", {"target": target}, os.urandom(16)),
    )
    return Entry(request_leaf(sd=[one.commitment for one in groups], **fields), groups)


@pytest.fixture
def log(tmp_path):
    """Return the directory of a log: 0 key, 1 boot, then what is written here."""
    opened = open_log(tmp_path / "e")
    visitor = disclosure.commit("person", {"ports": [1], "seen": [{"address": "2001:db8::9"}]}, os.urandom(16))
    opened.append(
        [
            entry("203.0.113.7", "/a.jpg?w=1", grade="D"),
            Entry(end_leaf(2)),
            entry("198.51.100.1", "/b.jpg", crawler="", claimed="", operator="", action="mark", grade="E",
                  mark="00c0ffee00c0ffee", original="05" * 32, at=AT + DAY),
            entry("2001:db8::9", "/b.jpg", crawler="openai-gptbot", claimed="GPTBot", operator="OpenAI", grade="B",
                  at=AT + 2 * DAY),
            Entry(end_leaf(5)),
            Entry(end_leaf(4)),
            Entry(record.commitment(at=AT + 3 * DAY, site="photo.example", since=AT, until=AT, count=1,
                                    sd=[visitor.commitment]), [visitor]),
        ]
    )  # fmt: skip
    opened.close()
    return tmp_path / "e"


FOUND = {
    "everything": (Filter(), [2, 4, 5]),
    "the name that it gave itself": (Filter(crawlers=frozenset({"gptbot"})), [5]),
    "the id of the catalogue": (Filter(crawlers=frozenset({"example-bot"})), [2]),
    "operator": (Filter(operators=frozenset({"openai", "example"})), [2, 5]),
    "digest of a picture": (Filter(pictures=frozenset({"05" * 32})), [4]),
    "path of a picture": (Filter(pictures=frozenset({"/a.jpg", "/nowhere.jpg"})), [2]),
    "mark": (Filter(marks=frozenset({"00c0ffee00c0ffee"})), [4]),
    "from a time on": (Filter(since=AT + DAY), [4, 5]),
    "before a time": (Filter(until=AT + DAY), [2]),
    "action": (Filter(actions=frozenset({"mark"})), [4]),
    "grade": (Filter(grades=frozenset({"D", "E"})), [2, 4]),
    "all of it together": (Filter(grades=frozenset({"D", "E"}), actions=frozenset({"mark"})), [4]),
    "address": (Filter(addresses=(ip_network("203.0.113.7"),)), [2]),
    "network, with what visitors' commitments hold": (Filter(addresses=(ip_network("2001:db8::/32"),)), [5, 8]),
    "number, of any kind": (Filter(records=frozenset({0, 5, 99})), [0, 5]),
    "number and something else": (Filter(records=frozenset({2, 5}), grades=frozenset({"B"})), [5]),
}


@pytest.mark.parametrize(("wanted", "indexes"), FOUND.values(), ids=list(FOUND))
def test_what_is_asked_is_found_and_nothing_else(log, wanted, indexes):
    """One row for each thing that can be asked."""
    assert [index for index, *_ in matching(log, wanted, ends=False)] == indexes


def test_the_end_comes_with_its_request_and_only_with_it(log):
    """Whatever else was answered in between."""
    found = list(matching(log, Filter(crawlers=frozenset({"gptbot"}))))

    assert [(index, one.kind) for index, _, one, _ in found] == [(5, RecordKind.REQUEST), (6, RecordKind.END)]


def test_values_come_with_their_record(log):
    """Checked against the commitments, by group."""
    ((_, leaf, one, values),) = matching(log, Filter(marks=frozenset({"00c0ffee00c0ffee"})), ends=False)

    assert values == {"person": {"address": "198.51.100.1"}, "request": {"target": "/b.jpg"}}
    assert record.read(leaf) == one


def test_a_value_of_another_record_is_not_shown(log):
    """A row that was moved fits no commitment there."""
    change_values(log, lambda leaf, name, data: (6 - leaf if leaf in (2, 4) and name == "person" else leaf, name, data))

    found = {index: values for index, _, _, values in matching(log, Filter(), ends=False)}

    assert "person" not in found[2]
    assert "person" not in found[4]


def test_a_reader_of_an_earlier_log_sees_what_was_there(log):
    """The same size gives the same records, whatever came later."""
    assert [index for index, *_ in matching(log, Filter(), size=4)] == [2, 3]


def test_a_lost_side_store_leaves_what_the_log_says(log):
    """Only what asks for erased values finds nothing."""
    (log / "side" / "disclosures.db").unlink()

    assert [index for index, *_ in matching(log, Filter(), ends=False)] == [2, 4, 5]
    assert list(matching(log, Filter(addresses=(ip_network("203.0.113.7"),)))) == []


def test_a_picture_is_named_as_people_have_it():
    """Digest, URL or path; a bare name could be any folder's."""
    assert picture("05" * 32) == "05" * 32
    assert picture("https://photo.example/a/b.jpg?w=1#x") == picture("/a/b.jpg?w=2") == "/a/b.jpg"
    with pytest.raises(UsageError, match="begins with /"):
        picture("b.jpg")


def test_a_day_is_whole_and_in_utc():
    """Until a day means: with that day."""
    assert moment("2026-01-01") == AT
    assert moment("2026-01-01", after=True) == AT + DAY
    assert moment("2026-01-01T01:00+01:00") == moment("2026-01-01T00:00") == AT
    with pytest.raises(UsageError, match="is no time"):
        moment("yesterday")
