"""Do leaves say what they should, in bytes that stay, and is everything else refused?"""

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import LeafError
from guard.evidence import canonical, clock_record, custody, identity_record, picture_record, record, reservation_record
from guard.evidence.anchor import Anchor, AnchorKind, anchor_record
from guard.evidence.appeal_record import appeal
from guard.evidence.canary_record import canary
from guard.evidence.export_record import export_record
from guard.evidence.pause_record import pause
from guard.evidence.record import RecordKind
from tests.support.evidence import AT, RULES, end_leaf, request_leaf

RESERVED = reservation_record.ReservationSet(
    site="photo.example",
    documents=(reservation_record.Document(path="/robots.txt", sha256="01" * 32, media_type="text/plain"),),
    headers=(("tdm-reservation", "1"),),
)
LEAVES = {
    "boot": record.boot(
        at=AT, run="r", program="crawler-guard 1", python="3", openssl="O", system="L", config="", vkey="v"
    ),
    "key": record.key(at=AT, vkey="v"),
    "rsv": reservation_record.reservation(at=AT, reserved=RESERVED),
    "cls": record.rules(at=AT, digest=RULES),
    "anc": anchor_record(
        Anchor(
            kind=AnchorKind.TIME_STAMP,
            size=3,
            root="05" * 32,
            imprint="06" * 32,
            time=AT,
            accuracy=0,
            authority="https://tsa.example",
            sha256="07" * 32,
        ),
        at=AT,
    ),
    "mky": record.mark_key(at=AT, commitment="04" * 32),
    "req": request_leaf(sd=["02" * 32, "01" * 32]),
    "end": end_leaf(3),
    "agg": record.aggregate(at=AT, site="photo.example", since=1, until=2, requests={"page": 3}),
    "cmt": record.commitment(at=AT, site="photo.example", since=1, until=2, count=3, sd=["02" * 32, "01" * 32]),
    "id": identity_record.source(
        at=AT,
        used=identity_record.Source(
            what=identity_record.SourceKind.KEYS, name="n", url="https://a.example/", fetched=5, data=b"{}"
        ),
        digest="08" * 32,
    ),
    "img": picture_record.picture(
        at=AT,
        said=picture_record.Registration(
            name="17.jpg",
            sha256="05" * 32,
            size=9,
            media_type="image/jpeg",
            width=3,
            height=2,
            pixels_sha256="06" * 32,
            author="Jane Doe",
            title="Dawn",
            chain=("a to b",),
            raw_name="17.NEF",
            raw_sha256="07" * 32,
            raw_size=99,
            published="2026-05-01",
            published_where="https://photo.example/17",
        ),
        sd=["02" * 32],
    ),
    "clk": clock_record.clock(
        clock_record.ClockReading(
            at=AT, boot="b", boottime=5, slept=0, state=clock_record.ClockState.SYNCHRONISED, error=500, estimate=10
        ),
        why=clock_record.Why.STEP,
        step=-3_600_000_000,
    ),
    "gap": record.gap(at=AT, count=3, since=1, until=2, why="enospc"),
    "era": custody.erasure(at=AT, ground="expiry", values=custody.Values.PEOPLE, records=1, first=1, last=1),
    "hold": custody.hold(at=AT, name="h", state=custody.HoldState.SET, matter="m", what="everything"),
    "acc": custody.access(at=AT, by="evidence show", why="w", records=1, first=1, last=1),
    "cny": canary(
        at=AT, site="photo.example", sha256="05" * 32, size=5, media_type="image/jpeg", name="a.jpg", path="/c/a.jpg"
    ),
    "pau": pause(at=AT, until=AT + 1),
    "apl": appeal(at=AT, site="photo.example", reference="7K3QF-9X2TM"),
    "exp": export_record(at=AT, size=5, bundle="04" * 32, wanted="{}", requests=1),
    "rec": record.repair(at=AT, segment=0, offset=100, cut=5, digest="03" * 32),
}


@pytest.mark.parametrize("kind", RecordKind)
def test_every_kind_is_read_back(kind):
    """What a builder writes, the reader takes, with all fields known to it."""
    one = record.read(LEAVES[kind.value])

    assert (one.kind, one.at, one.unknown) == (kind, one.fields["at"], ())


def test_the_bytes_of_a_record_stay_as_they_are():
    """The format is final: this text is what version 1 writes, for ever."""
    assert LEAVES["end"] == (
        b'{"at":1767225600000001,"body_sha256":"' + b"cd" * 32 + b'","bytes":10,"completed":true,"duration_us":1234,'
        b'"kind":"end","reason":"","req":3,"status":403,"v":1}'
    )
    assert LEAVES["rec"] == (
        b'{"at":1767225600000000,"bytes":5,"kind":"rec","offset":100,"segment":0,"sha256":"' + b"03" * 32 + b'","v":1}'
    )
    assert LEAVES["rsv"] == (
        b'{"at":1767225600000000,"digest":"' + RESERVED.digest().encode() + b'","kind":"rsv","set":{"documents":'
        b'[{"media_type":"text/plain","path":"/robots.txt","sha256":"' + b"01" * 32 + b'"}],'
        b'"headers":[["tdm-reservation","1"]],"site":"photo.example"},"v":1}'
    )


def test_a_licence_is_two_fields_more_and_only_where_there_is_one():
    """Records of before have neither, and stay records; a reader of before names both and refuses nothing."""
    licensed = record.read(request_leaf(licence="7K3QF9X2TM", licence_state="valid"))
    forged = record.read(request_leaf(licence_state="invalid"))

    assert (licensed.fields["licence"], licensed.fields["licence_state"], licensed.unknown) == (
        "7K3QF9X2TM", "valid", ()
    )  # fmt: skip
    assert (forged.fields["licence"], forged.fields["licence_state"]) == ("", "invalid")
    assert "licence" not in record.read(LEAVES["req"]).fields
    assert request_leaf(licence_state="") == request_leaf()


def test_a_mark_is_two_fields_more_and_only_where_a_copy_was_issued():
    """Who was given the copy, and of what it was made."""
    marked = record.read(request_leaf(mark="00c0ffee00c0ffee", original="05" * 32))

    assert (marked.fields["mark"], marked.fields["original"]) == ("00c0ffee00c0ffee", "05" * 32)
    assert "mark" not in record.read(LEAVES["req"]).fields
    assert request_leaf(mark="") == request_leaf()


@pytest.mark.parametrize("name", ["mark", "original"])
@pytest.mark.parametrize("value", [1, "", "00C0FFEE00C0FFEE", "x" * 64])
def test_a_mark_that_can_not_be_one_is_refused(name, value):
    """Tracing would follow it."""
    fields = orjson.loads(request_leaf(mark="00c0ffee00c0ffee", original="05" * 32))

    with pytest.raises(LeafError, match=f"whose '{name}' can not be"):
        record.read(canonical.encode({**fields, name: value}))


@pytest.mark.parametrize("name", ["licence", "licence_state"])
@pytest.mark.parametrize("value", [1, None, ["valid"], {"a": "b"}])
def test_a_field_that_came_later_has_its_type_as_well(name, value):
    """Where it is there at all."""
    fields = orjson.loads(request_leaf(licence="7K3QF9X2TM", licence_state="valid"))

    with pytest.raises(LeafError, match=f"whose '{name}' can not be"):
        record.read(canonical.encode({**fields, name: value}))


@pytest.mark.parametrize("kind", ["agg", "cmt"])
def test_counts_say_where_a_front_could_answer_by_itself(kind):
    """And nothing where it could not."""
    fields = orjson.loads(LEAVES[kind])
    sampled = canonical.encode({**fields, "sampled": 10})

    assert record.read(sampled).fields["sampled"] == 10
    assert "sampled" not in fields
    with pytest.raises(LeafError, match="whose 'sampled' can not be"):
        record.read(canonical.encode({**fields, "sampled": "10"}))


def test_paths_with_lines_of_their_own_are_part_of_the_reservation():
    """They are there only where there are some, so that a set without them keeps its digest."""
    paths = (("/press/", (("tdm-reservation", "0"),)),)
    album = replace(RESERVED, paths=paths)

    one = record.read(reservation_record.reservation(at=AT, reserved=album))

    assert one.fields["set"]["paths"] == [["/press/", [["tdm-reservation", "0"]]]]
    assert "paths" not in record.read(LEAVES["rsv"]).fields["set"]
    assert reservation_record.reservation_digest(one) == album.digest() != RESERVED.digest()
    for wrong in ([["/press/"]], [[1, []]], [["/press/", [["x"]]]], {}):
        fields = orjson.loads(LEAVES["rsv"])
        fields["set"]["paths"] = wrong
        with pytest.raises(LeafError):
            record.read(canonical.encode(fields))


def test_commitments_are_sorted():
    """Their order does not tell which group is which."""
    assert record.read(LEAVES["req"]).fields["sd"] == ["01" * 32, "02" * 32]


def test_the_digest_of_a_reservation_does_not_depend_on_the_order_of_its_documents():
    """The same documents are the same reservation; other bytes, headers or another site are not."""
    two = reservation_record.Document(path="/ai.txt", sha256="04" * 32, media_type="text/plain")
    one = RESERVED.documents[0]
    digests = {
        reservation_record.ReservationSet(site=site, documents=documents, headers=headers).digest()
        for site, documents, headers in [
            ("a", (one, two), ()), ("a", (two, one), ()), ("b", (one, two), ()), ("a", (one,), ()),
            ("a", (one, two), (("x", "1"),)),
        ]
    }  # fmt: skip
    assert len(digests) == 4


@pytest.mark.parametrize("kind", LEAVES)
def test_a_record_without_one_of_its_fields_is_refused(kind):
    """Each field is demanded, and each has a type."""
    fields = orjson.loads(LEAVES[kind])
    for name in fields:
        rest = {key: value for key, value in fields.items() if key != name}
        with pytest.raises(LeafError):
            record.read(orjson.dumps(rest, option=orjson.OPT_SORT_KEYS))
        for wrong in (None, 1.5, -1, [1], {"a": 1}, "\n", True):
            if type(wrong) is type(fields[name]) and (wrong != -1 or name == "step_us"):
                continue
            with pytest.raises(LeafError):
                record.read(orjson.dumps({**fields, name: wrong}, option=orjson.OPT_SORT_KEYS))


def test_a_field_of_a_later_version_is_named_not_refused():
    """Version 1 grows by fields; a reader of today reads a record of tomorrow."""
    later = orjson.dumps({**orjson.loads(LEAVES["end"]), "mark": "x"}, option=orjson.OPT_SORT_KEYS)

    assert record.read(later).unknown == ("mark",)


@pytest.mark.parametrize("extra", [{"mark": 1.5}, {"Mark": 1}, {"mark": {"A": 1}}, {"mark": 2**53}])
def test_a_later_field_keeps_to_the_profile(extra):
    """What is not known is still canonical."""
    with pytest.raises(LeafError):
        record.read(orjson.dumps({**orjson.loads(LEAVES["end"]), **extra}, option=orjson.OPT_SORT_KEYS))


@pytest.mark.parametrize(
    "change", [{"v": 2}, {"v": True}, {"v": "1"}, {"kind": "new"}, {"kind": None}, {"kind": ["req"]}]
)
def test_another_version_or_kind_is_refused(change):
    """What it means is not known here."""
    with pytest.raises(LeafError):
        record.read(orjson.dumps({**orjson.loads(LEAVES["end"]), **change}, option=orjson.OPT_SORT_KEYS))


@pytest.mark.parametrize("leaf", [b"[]", b"1", b"{}", b"", b'{"v":1}', LEAVES["end"] + b" ", b" " + LEAVES["end"]])
def test_other_json_is_no_record(leaf):
    """A record is an object with its fields, spelled in one way."""
    with pytest.raises(LeafError):
        record.read(leaf)


def test_a_leaf_of_65535_bytes_is_the_largest():
    """One byte more fits no entry bundle."""
    room = 65_535 - len(request_leaf(operator=""))

    assert len(record.read(request_leaf(operator="x" * room)).fields["operator"]) == room
    with pytest.raises(LeafError):
        request_leaf(operator="x" * (room + 1))
    with pytest.raises(LeafError):
        record.read(request_leaf(operator="x" * room).replace(b'"x', b'"xx'))


@given(st.binary(max_size=60).map(lambda b: b.decode("utf-8", "surrogateescape")))
def test_odd_bytes_in_a_claim_do_not_stop_the_record(claimed):
    """What a client names itself can be any bytes."""
    record.read(request_leaf(claimed=claimed, method=claimed))


@given(st.binary(max_size=100))
def test_hostile_bytes_are_no_record(leaf):
    """No other exception comes out."""
    with pytest.raises(LeafError):
        record.read(leaf)
