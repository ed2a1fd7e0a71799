"""A case is whole, and only what is meant is disclosed in it."""

from pathlib import Path

import pytest

from guard.errors import LogDamagedError, UsageError
from guard.evidence.case import Role
from guard.evidence.merkle import inclusion_holds, leaf_hash
from guard.store import case_reader
from tests.support.anchors import stamp
from tests.support.authority import Authority
from tests.support.cases import BOT, NOBODY, Visits, case_of, fill


def test_a_case_holds_what_is_asked_for_and_what_belongs_to_it(tmp_path: Path):
    """Requests and their ends; the keys, rules and reservations; and everything between as it was committed."""
    case = case_of(fill(tmp_path / "evidence"), pictures={"/album/harbour.jpg"})
    roles = {role: [one.kind for one in case.records if one.role is role] for role in Role}

    assert roles[Role.CHOSEN] == ["req", "end", "req", "end"]
    assert {"key", "boot", "rsv", "cls"} <= set(roles[Role.BELONGS])
    assert len(case.records) == case.size == case.end
    assert case.start == 0


def test_the_fetch_of_the_reservation_by_the_same_client_belongs_to_it(tmp_path: Path):
    """It shows what this client had been sent; another's fetch shows nothing about it."""

    def more(visits: Visits) -> None:
        visits.read_robots(NOBODY)
        visits.fetch("/album/harbour.jpg")

    case = case_of(fill(tmp_path / "evidence", more), pictures={"/album/harbour.jpg"})
    told = [one for one in case.records if one.fields.get("rendition") == "reservation"]

    assert [one.role for one in told] == [Role.BELONGS, Role.RANGE]
    assert told[0].values["person"]["address"] == BOT["address"]
    assert told[1].disclosures == ()


def test_each_record_that_matters_is_proven(tmp_path: Path):
    """To the root of the last head, which is signed."""
    case = case_of(fill(tmp_path / "evidence"), crawlers={"examplebot"})
    root = case_reader._checked(case.heads[-1].note, [case_reader.parse_verifier_key(case.vkey)]).root
    proven = [one for one in case.records if one.role is not Role.RANGE]

    assert len(proven) > 5
    for one in proven:
        assert inclusion_holds(
            index=one.index, size=case.size, leaf=leaf_hash(one.leaf), root=root, proof=one.proof
        )  # fmt: skip


def test_a_case_at_a_size_stays_the_same_while_the_log_grows(tmp_path: Path):
    """An expert gets what the lawyer got, a year later."""
    root = fill(tmp_path / "evidence")
    first = case_of(root, crawlers={"examplebot"})
    visits = Visits(root)
    visits.fetch("/album/harbour.jpg")
    visits.close()

    assert (
        case_reader.read_case(root, case_reader.Filter(crawlers=frozenset({"examplebot"})), at_size=first.size) == first
    )
    assert case_of(root, crawlers={"examplebot"}).size > first.size


def test_of_a_long_log_the_range_around_the_records_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Between two signed heads, with the hashes of what is not shown record by record."""

    def more(visits: Visits) -> None:
        for _ in range(4):
            visits.fetch("/album/hill.jpg", NOBODY)
            visits.sign()

    root = fill(tmp_path / "evidence", more)
    monkeypatch.setattr(case_reader, "WHOLE", 3)
    case = case_of(root, pictures={"/album/harbour.jpg"})

    assert 0 < case.start < case.end < case.size
    assert len(case.hashes) == case.end - case.start
    assert {one.size for one in case.heads} == {case.start, case.end, case.size}
    assert all(one.role is not Role.RANGE for one in case.records)
    assert case.records[0].index == 0


def test_a_log_that_contradicts_its_head_gives_no_case(tmp_path: Path):
    """Nobody should hand over what does not hold."""
    root = fill(tmp_path / "evidence")
    segment = root / "log" / "seg" / "000000.seg"
    data = segment.read_bytes()
    segment.write_bytes(data.replace(b'"ExampleBot"', b'"ExampleBod"', 1))

    with pytest.raises(LogDamagedError, match="guard evidence verify"):
        case_of(root, crawlers={"examplebot"})


def test_a_document_that_is_missing_gives_no_case(tmp_path: Path):
    """A reservation without its words is none."""
    root = fill(tmp_path / "evidence")
    for blob in (root / "log" / "blobs").iterdir():
        if b"Disallow" in blob.read_bytes():
            blob.unlink()

    with pytest.raises(LogDamagedError, match="missing"):
        case_of(root, crawlers={"examplebot"})


@pytest.mark.parametrize("at_size", [None, 1])
def test_where_nothing_fits_it_says_so(tmp_path: Path, at_size: int | None):
    """An empty bundle would look like a result."""
    root = fill(tmp_path / "evidence")
    wanted = case_reader.Filter(crawlers=frozenset({"nobody" if at_size is None else "examplebot"}))

    with pytest.raises(UsageError):
        case_reader.read_case(root, wanted, at_size=at_size)


def test_a_record_that_is_no_request_is_no_case(tmp_path: Path):
    """A bundle is about requests; what belongs to them comes by itself."""
    with pytest.raises(UsageError, match="no request"):
        case_of(fill(tmp_path / "evidence"), records={0})


def test_times_of_others_come_with_their_heads_and_certificates(tmp_path: Path):
    """A token is of use only beside the checkpoint that it is over."""
    root = fill(tmp_path / "evidence")
    stamp(root, Authority())
    case = case_of(root, crawlers={"examplebot"})
    (anc,) = case.of_kind("anc")

    assert [name for name, _ in case.anchors if name.startswith("anchors/")] == [f"anchors/{anc.fields['sha256']}.tsr"]
    assert any(name.startswith("trust/") and name.endswith(".pem") for name, _ in case.anchors)
    assert anc.fields["size"] in {one.size for one in case.heads}
