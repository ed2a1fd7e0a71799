"""What a version of a resource is, is looked at once; another version is another thing."""

from types import SimpleNamespace
from typing import Any

import pytest

from guard.core.facts import HeaderLines, Kind, KindSource, ResponseFacts
from guard.server.pictures import Sizes
from guard.server.upstream_requests import UpstreamRequests
from tests.support.facts import request
from tests.support.pictures import encoded, scenery

SIZES = Sizes(thumbnail=400, display=1600, preview=512)
LARGE, SMALL = (encoded(scenery(width, 40), "JPEG") for width in (2000, 200))
HEAD = {"ETag": '"1"', "Content-Type": "image/jpeg", "Content-Length": "7"}


class Came:
    """An upstream's answer that counts how often its body was looked at."""

    def __init__(self, body: bytes, status: int = 200, **lines: str | None) -> None:
        told = {**HEAD, **{name.replace("_", "-"): value for name, value in lines.items()}}
        self.headers = HeaderLines((name, value) for name, value in told.items() if value is not None)
        self.status, self.complete, self.is_success, self.looks = status, True, status < 300, 0
        self._body = body

    def header(self, name: str) -> str:
        return self.headers.first.get(name, "")

    async def peek(self, _enough: int = 1) -> bytes:
        self.looks += 1
        return self._body


@pytest.fixture
def requests() -> UpstreamRequests:
    return UpstreamRequests({}, SIZES, SimpleNamespace(), left_out=lambda _: frozenset())  # type: ignore[arg-type]


def exchange(path: str = "/a.jpg", *, method: str = "GET", action: str = "allow") -> Any:
    facts = request(path, method=method)
    return SimpleNamespace(facts=facts, decision=SimpleNamespace(action=action), seen=None, kept=None)


async def test_the_same_version_is_looked_at_once(requests: UpstreamRequests):
    """Whoever asks."""
    first, again = Came(LARGE), Came(LARGE)
    seen = await requests.look(exchange(), first)

    assert (seen.kind, seen.width, seen.source) == (Kind.ORIGINAL, 2000, KindSource.RESPONSE)
    assert await requests.look(exchange(action="mark"), again) == seen
    assert (first.looks > 0, again.looks) == (True, 0)
    assert requests.look_at_once(exchange(), again) == seen  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "lines",
    [{"ETag": '"2"'}, {"Last_Modified": "now"}, {"Content_Length": "8"}, {"Content_Type": "image/png"},
     {"Content_Type": None}],
    ids=str,
)  # fmt: skip
async def test_another_version_is_looked_at_again(requests: UpstreamRequests, lines: dict[str, str | None]):
    """Each of the lines that tell versions apart."""
    await requests.look(exchange(), Came(LARGE))

    assert (await requests.look(exchange(), Came(SMALL, **lines))).kind is Kind.THUMBNAIL


async def test_what_is_said_of_the_bytes_belongs_to_the_version(requests: UpstreamRequests):
    """Private today, public tomorrow: a copy may be changed only then."""
    for _ in range(2):
        for control, disposition, hands_off in (
            ("private", None, True),
            (None, "attachment", True),
            (None, None, False),
        ):
            answer = Came(LARGE, Cache_Control=control, Content_Disposition=disposition)
            assert (await requests.look(exchange(), answer)).hands_off is hands_off


async def test_other_addresses_and_methods_are_other_things(requests: UpstreamRequests):
    """Also with the same tag."""
    await requests.look(exchange(), Came(LARGE))

    assert (await requests.look(exchange("/b.jpg"), Came(SMALL))).kind is Kind.THUMBNAIL
    assert requests.look_at_once(exchange("/c.jpg"), Came(SMALL)) is None  # type: ignore[arg-type]
    assert requests.look_at_once(exchange(method="HEAD"), Came(SMALL)) is None  # type: ignore[arg-type]
    assert requests.look_at_once(exchange(), Came(SMALL, 206)) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(("body", "lines"), [(LARGE, {"ETag": None}), (b"RAW" * 9, {})], ids=["no tag", "no size"])
async def test_what_is_not_known_for_sure_is_looked_at_each_time(
    requests: UpstreamRequests, body: bytes, lines: dict[str, str | None]
):
    """Without a validator, and where a picture does not tell its size."""
    for _ in range(2):
        answer = Came(body, **lines)
        await requests.look(exchange(), answer)
        assert answer.looks > 0


async def test_an_answer_without_the_resource_says_what_it_was(requests: UpstreamRequests):
    """A 304 about something that is kept, one about something else, and an error."""
    was = ResponseFacts(kind=Kind.IMAGE, source=KindSource.REMEMBERED)
    kept = SimpleNamespace(seen=ResponseFacts(kind=Kind.ORIGINAL, source=KindSource.RESPONSE))
    about, before, never = exchange(), exchange(), exchange()
    about.kept, before.seen = kept, was

    assert await requests.look(about, Came(b"", 304)) is kept.seen
    assert await requests.look(before, Came(b"", 304)) is was
    assert (await requests.look(never, Came(b"", 404))).kind is Kind.UNKNOWN
