from dataclasses import replace

import pytest

from guard.server.validators import Wanted, wanted
from tests.support.facts import request

TAG = '"0123-r"'


def asked(method="GET", **fields):
    """Return what a request with these header fields gets of a hundred bytes."""
    headers = tuple((name.replace("_", "-"), value) for name, value in fields.items())
    return wanted(replace(request(), method=method, headers=headers), TAG, 100)


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({}, Wanted(status=200)),
        ({"If_None_Match": TAG}, Wanted(status=304)),
        ({"If_None_Match": f'"x", W/{TAG}'}, Wanted(status=304)),
        ({"If_None_Match": "*"}, Wanted(status=304)),
        ({"If_None_Match": '"0123"'}, Wanted(status=200)),
        ({"If_None_Match": '"0123'}, Wanted(status=200)),
        ({"If_Match": TAG}, Wanted(status=200)),
        ({"If_Match": '"x"'}, Wanted(status=412)),
        ({"Range": "bytes=0-0"}, Wanted(status=206, start=0, end=1)),
        ({"Range": "bytes=90-"}, Wanted(status=206, start=90, end=100)),
        ({"Range": "bytes=90-500"}, Wanted(status=206, start=90, end=100)),
        ({"Range": "bytes=-10"}, Wanted(status=206, start=90, end=100)),
        ({"Range": "bytes=-500"}, Wanted(status=206, start=0, end=100)),
        ({"Range": "bytes=100-"}, Wanted(status=416)),
        ({"Range": "bytes=-0"}, Wanted(status=416)),
        ({"Range": "bytes=5-3"}, Wanted(status=200)),
        ({"Range": "bytes=-"}, Wanted(status=200)),
        ({"Range": "bytes=0-1,5-6"}, Wanted(status=200)),
        ({"Range": "lines=0-1"}, Wanted(status=200)),
        ({"Range": "bytes=0-" + "9" * 40}, Wanted(status=200)),
        ({"Range": "bytes=0-9", "If_Range": TAG}, Wanted(status=206, start=0, end=10)),
        ({"Range": "bytes=0-9", "If_Range": f"W/{TAG}"}, Wanted(status=200)),
        ({"Range": "bytes=0-9", "If_Range": "Tue, 24 Nov 2026 10:00:00 GMT"}, Wanted(status=200)),
        ({"Range": "bytes=0-9", "If_None_Match": TAG}, Wanted(status=304)),
    ],
    ids=str,
)
def test_each_request_gets_what_http_says(fields, answer):
    """RFC 9110, sections 13.1, 13.2.2 and 14.1.2."""
    assert asked(**fields) == answer


def test_a_head_request_has_no_parts():
    """Range is defined for GET alone (section 14.2)."""
    assert asked("HEAD", Range="bytes=0-0") == Wanted(status=200)


@pytest.mark.parametrize(
    ("answer", "part", "length", "headers"),
    [
        (Wanted(status=200), b"0123456789", 10, ()),
        (Wanted(status=206, start=2, end=5), b"234", 3, (("Content-Range", "bytes 2-4/10"),)),
        (Wanted(status=304), b"", 0, ()),
        (Wanted(status=412), b"", 0, ()),
        (Wanted(status=416), b"", 0, (("Content-Range", "bytes */10"),)),
    ],
)
def test_the_part_its_length_and_what_is_said_of_it_agree(answer, part, length, headers):
    """One place cuts a body that lies in memory; a HEAD request has the same length without the bytes."""
    said = (answer.part(b"0123456789"), answer.length(10), answer.headers(10))

    assert said == (part, length, headers)
