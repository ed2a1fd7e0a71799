"""Who asked for a picture is read from the log by host and path, and no more is said than it holds."""

import os

import pytest

from guard.dataset.fetches import read_fetches
from guard.errors import UsageError
from guard.evidence import disclosure, record
from guard.store.batch import Entry
from tests.support.evidence import AT, open_log, request_leaf

DAY = 86_400_000_000


def asked(
    log,
    target: str,
    *,
    at: int,
    delivered: bool = False,
    authority: str = "photo.example",
    rendition: str = "",
    status: int = 0,
    completed: bool = True,
    **changes,
) -> None:
    """Append a request for `target` and its end; `delivered` is short for an original that went out whole."""
    path, mark, query = target.partition("?")
    value = {"authority": authority, "method": "GET", "path": path, "scheme": "https", "version": ""}
    groups = (
        disclosure.commit("person", {"address": "203.0.113.7"}, os.urandom(16)),
        disclosure.commit("target", value, os.urandom(16)),
        disclosure.commit("request", {"headers": [], "query": mark + query}, os.urandom(16)),
    )
    rendition = rendition or ("as_is" if delivered else "card")
    leaf = request_leaf(sd=[one.commitment for one in groups], at=at, rendition=rendition, **changes)
    (index,) = log.append([Entry(leaf, groups)])
    end = record.end(
        at=at + 1, req=index, status=status or (200 if delivered else 403), body_bytes=10, completed=completed,
        body_sha256="", duration_us=1,
    )  # fmt: skip
    log.append([Entry(end)])


@pytest.fixture
def log(tmp_path):
    opened = open_log(tmp_path / "e")
    gpt = {"claimed": "GPTBot", "operator": "OpenAI"}
    asked(opened, "/album/a%20b.jpg?w=1", at=AT, delivered=True, **gpt)
    asked(opened, "/album/../album/a%20b.jpg", at=AT + 2 * DAY, delivered=False, **gpt)
    asked(opened, "/album/a%20b.jpg", at=AT - DAY, delivered=False, claimed="", operator="")
    asked(opened, "/album/a%20b.jpg", at=AT, delivered=True, authority="other.example:8443")
    opened.checkpoint()
    opened.close()
    return tmp_path / "e"


def test_requests_are_found_by_host_and_path(log):
    """However the address in the data set is written; the first who asked comes first."""
    fetches = read_fetches(log)
    found = fetches.of("http://PHOTO.example:80/album/a%20b.jpg?utm=1")

    assert fetches.holds
    assert [(one.name, one.operator, one.requests, one.delivered) for one in found] == [
        ("", "", 1, 0), ("GPTBot", "OpenAI", 2, 1),
    ]  # fmt: skip
    assert (found[1].first, found[1].last) == (AT, AT + 2 * DAY)
    assert [one.delivered for one in fetches.of("https://other.example/album/a%20b.jpg")] == [1]


DELIVERIES = {
    "whole": ({"rendition": "as_is", "status": 200}, 1),
    "with its rights": ({"rendition": "rights", "status": 200}, 1),
    "marked": ({"rendition": "marked", "status": 200}, 1),
    "thumbnail": ({"rendition": "thumbnail", "status": 200}, 0),
    "display size": ({"rendition": "display", "status": 200}, 1),
    "a part": ({"rendition": "as_is", "status": 206}, 1),
    "preview": ({"rendition": "preview", "status": 200}, 0),
    "card": ({"rendition": "card", "status": 200}, 0),
    "not there": ({"rendition": "as_is", "status": 404}, 0),
    "not changed": ({"rendition": "as_is", "status": 304}, 0),
    "broken off": ({"rendition": "as_is", "status": 200, "completed": False}, 0),
}


@pytest.mark.parametrize(("changes", "delivered"), DELIVERIES.values(), ids=DELIVERIES)
def test_only_what_went_out_was_delivered(tmp_path, changes, delivered):
    """The picture itself, to its end."""
    opened = open_log(tmp_path / "e")
    asked(opened, "/a.jpg", at=AT, **changes)
    opened.checkpoint()
    opened.close()
    (fetcher,) = read_fetches(tmp_path / "e").of("https://photo.example/a.jpg")

    assert (fetcher.requests, fetcher.delivered) == (1, delivered)


def test_other_pictures_and_what_is_no_address_have_nobody(log):
    """Nor has an address that only carries ours."""
    fetches = read_fetches(log)

    for url in ("https://photo.example/album/c.jpg", "https://i0.wp.com/photo.example/album/a%20b.jpg", "nonsense", ""):
        assert fetches.of(url) == ()


def test_a_changed_log_is_said_not_to_hold(log):
    """And what it says is still shown, with that warning."""
    segment = next((log / "log" / "seg").rglob("*.seg"), None) or next(
        path for path in sorted((log / "log" / "seg").rglob("*")) if path.is_file()
    )
    segment.write_bytes(segment.read_bytes().replace(b'"GPTBot"', b'"GPTBat"', 1))

    assert not read_fetches(log).holds


def test_without_the_erasable_values_nobody_is_named(log):
    """A copy of the log alone does not tell what was asked for, and that is counted."""
    fetches = read_fetches(log / "log")

    assert fetches.holds
    assert fetches.undisclosed == 4
    assert fetches.of("https://photo.example/album/a%20b.jpg") == ()


def test_a_folder_without_a_log_is_refused(tmp_path):
    """With what was expected."""
    with pytest.raises(UsageError, match="is no evidence directory"):
        read_fetches(tmp_path)
