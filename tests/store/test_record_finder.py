"""A recorded request is found with everything that belongs to it, by index or by the code that was shown."""

import shutil

import orjson
import pytest

from guard.errors import LogDamagedError, UsageError
from guard.evidence import record
from guard.evidence.appeal_record import appeal
from guard.store.batch import Entry
from guard.store.log_files import open_folder
from guard.store.record_finder import find_request, leaves
from tests.support.evidence import AT, end_leaf, fill, open_log, request_entry

CONTENT = orjson.dumps(
    {
        "policy": "moderate",
        "rules": [
            {"id": "other"},
            {"id": "training-refused", "action": "refuse", "when": {"purpose": ["ai_training"]}},
        ],
        "crawlers": [{"id": "example-bot", "token": "ExampleBot"}],
    }
)


@pytest.fixture
def log(tmp_path):
    """Return the directory, the indexes of plain requests, and that of one with a kept rule set and a code."""
    opened = open_log(tmp_path / "e")
    plain = fill(opened, 3)
    digest = opened.store_blob(CONTENT)
    entries = [Entry(record.rules(at=AT, digest=digest)), request_entry(rules=digest, ref="7K2M9-QX01A")]
    _, index = opened.append(entries)
    opened.append([Entry(end_leaf(index))])
    opened.checkpoint()
    opened.close()
    return tmp_path / "e", plain, index


def test_a_request_comes_with_its_end_reservation_and_values(log):
    """By its index."""
    root, plain, _ = log
    found = find_request(root, index=plain[1])

    assert found.index == plain[1]
    assert found.end is not None
    assert (found.end.fields["req"], found.end.fields["status"]) == (plain[1], 403)
    assert found.reservation is not None
    assert found.reservation.fields["digest"] == found.request.fields["rsv"]
    assert dict(found.values) == {
        "person": {"address": "203.0.113.7"}, "tool": {"headers": [["User-Agent", "ExampleBot/1"]]}
    }  # fmt: skip


@pytest.mark.parametrize("code", ["7K2M9-QX01A", "7k2m9qxoia", " 7K2M9 QXOLA"])
def test_a_code_is_found_as_people_type_it(log, code):
    """Without hyphen, in small letters, with O for 0 and I or L for 1."""
    root, _, index = log

    assert find_request(root, reference=code).index == index


def test_the_rule_set_that_decided_is_read_from_what_was_kept(log):
    """The rule and the entry as they were then."""
    root, _, index = log
    rules = find_request(root, index=index).rules

    assert rules is not None
    assert (rules.policy, rules.rules, rules.crawlers) == ("moderate", 2, 1)
    assert rules.rule == {"id": "training-refused", "action": "refuse", "when": {"purpose": ["ai_training"]}}
    assert rules.crawler == {"id": "example-bot", "token": "ExampleBot"}


def test_a_changed_rule_set_is_not_shown(log):
    """Only the bytes that the record names count."""
    root, _, index = log
    digest = find_request(root, index=index).request.fields["rules"]
    (root / "log" / "blobs" / digest).write_bytes(CONTENT.replace(b"refuse", b"permit"))

    assert find_request(root, index=index).rules is None


def test_without_the_side_store_only_the_commitments_are_left(log):
    """A copy of the log/ folder is enough for the rest."""
    root, plain, _ = log
    shutil.rmtree(root / "side")

    assert find_request(root / "log", index=plain[0]).values == ()


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({"index": 10_000}, "no record 10000"),
        ({"reference": "AAAAA-AAAAA"}, "no request with"),
        ({"index": 0}, "'key'"),
    ],
)
def test_what_is_not_there_is_a_usage_error(log, named, says):
    """Also a record of another kind."""
    with pytest.raises(UsageError, match=says):
        find_request(log[0], **named)


def test_a_changed_leaf_keeps_the_numbers_of_the_others(log):
    """The one that was changed can not be explained, those behind it can."""
    root, plain, index = log
    path = root / "log" / "seg" / "000000.seg"
    data = bytearray(path.read_bytes())
    place = next(n for n, leaf in leaves(open_folder(root)) if n == plain[0])
    offset = data.find(b'"kind":"req"')
    data[offset + 9] ^= 1
    path.write_bytes(data)

    assert find_request(root, index=index).index == index
    with pytest.raises(UsageError, match=f"record {place}"):
        find_request(root, index=place)


def test_a_missing_segment_is_damage(log):
    """Nobody can say then which record is which."""
    root = log[0]
    (root / "log" / "seg" / "000000.seg").rename(root / "log" / "seg" / "000001.seg")

    with pytest.raises(LogDamagedError, match="missing"):
        find_request(root, index=1)


def test_no_log_is_a_usage_error(tmp_path):
    """With what was expected."""
    with pytest.raises(UsageError, match="no evidence directory"):
        find_request(tmp_path, index=1)


def test_an_objection_is_not_taken_for_the_request_that_it_names(tmp_path):
    """A person's refusal is not recorded, but the objection to it is: there is no request to explain."""
    opened = open_log(tmp_path / "e")
    opened.append([Entry(appeal(at=AT, site="photo.example", reference="7K2M9-QX01A"))])
    opened.checkpoint()
    opened.close()

    with pytest.raises(UsageError, match="there is no request with the reference 7K2M9-QX01A"):
        find_request(tmp_path / "e", reference="7K2M9-QX01A")
