"""What is done with the values is on record, and no person with it."""

import pytest

from guard.errors import LeafError
from guard.evidence import custody, record
from guard.evidence.custody import HoldState, Values
from guard.evidence.record import RecordKind

AT = 1_767_225_600_000_000
SAID = {
    "erasure": (
        custody.erasure(at=AT, ground="request of 2026-11-20", values=Values.PEOPLE, records=3, first=7, last=90),
        {"first": 7, "ground": "request of 2026-11-20", "last": 90, "records": 3, "values": "people"},
    ),
    "hold": (
        custody.hold(at=AT, name="case-1", state=HoldState.SET, matter="310 O 1/26", what="crawler GPTBot"),
        {"hold": "case-1", "matter": "310 O 1/26", "state": "set", "what": "crawler GPTBot"},
    ),
    "access": (
        custody.access(at=AT, by="evidence show", why="", records=1, first=2, last=2),
        {"by": "evidence show", "first": 2, "last": 2, "records": 1, "why": ""},
    ),
}


@pytest.mark.parametrize(("leaf", "fields"), SAID.values(), ids=list(SAID))
def test_what_was_done_is_read_back(leaf, fields):
    """There and back, field by field."""
    one = record.read(leaf)

    assert one.kind in {RecordKind.ERASURE, RecordKind.HOLD, RecordKind.ACCESS}
    assert {name: value for name, value in one.fields.items() if name not in {"at", "kind", "v"}} == fields
    assert one.unknown == ()


NAMING = (
    "asked by 203.0.113.7", "(203.0.113.7).", "from 2001:db8::1.", "net ::ffff:203.0.113.7",
    "2001:db8:0:0:0:0:0:1 asked",
    "jane@example.org", "x" * 201,
)  # fmt: skip


@pytest.mark.parametrize("text", NAMING)
def test_a_reason_that_names_somebody_is_refused(text):
    """It would stay in the log for ever."""
    with pytest.raises(LeafError):
        custody.erasure(at=AT, ground=text, values=Values.ALL, records=1, first=1, last=1)


@pytest.mark.parametrize(
    "text", ["Az. 310 O 227/23", "2026-11-20 12:30:00", "section 3.1.2", "Art. 17 GDPR", "no. 1.2.3"]
)
def test_a_reference_is_no_address(text):
    """Dates, times, file numbers and sections are what references look like."""
    assert custody.plain(text) == text
