"""Pictures get their rights on their way, and every kind of request agrees about the bytes."""

import hashlib
import io
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from guard.image import metadata
from guard.image.data_mining import ONLY_SEARCH
from guard.store import picture_keys
from tests.server.conftest import Upstreams
from tests.server.test_forwarding import resident
from tests.support.http import CHATGPT_USER, ask, connect, head
from tests.support.picture_files import pixels
from tests.support.programs import missing
from tests.support.running import PATIENT, RunningGuard, wait_until
from tests.support.upstream import PICTURES

CREDENTIALS = {"private": "Cache-Control=private", "not to be stored": "Cache-Control=no-store",
               "not to be changed": "Cache-Control=public,no-transform",
               "a download": "Content-Disposition=attachment"}  # fmt: skip


@pytest.fixture(scope="module")
def writing(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard that writes rights into pictures, as it does by default."""
    running = RunningGuard(
        tmp_path_factory.mktemp("writing"),
        {
            "sites": [
                {"host": "photo.example", "upstream": upstreams.good},
                {"host": "kept.example", "upstream": upstreams.good, "in_image": {"privacy": "keep"}},
                {"host": "raw.example", "upstream": upstreams.raw},
            ],
            "rights": {
                "holder": "Jane Doe",
                "contact": "rights@photo.example",
                "paths": [{"path": "/original.webp", "train": "yes", "ai_use": "yes", "tdm": "yes"}],
            },
            "in_image": {},
            "rules": [*PATIENT],
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)


def rights(body: bytes) -> metadata.Rights:
    with Image.open(io.BytesIO(body)) as image:
        return metadata.read(image.info["xmp"])


def test_a_picture_says_whose_it_is_and_its_pixels_stay(writing: RunningGuard):
    """The first thing that must hold: rights in, pixels untouched, honest length and type."""
    reply = ask(writing.port, "/original.jpg")

    said = rights(reply.body)
    assert (reply.status, reply.get("Content-Type")) == (200, "image/jpeg")
    assert reply.get("Content-Length") == str(len(reply.body))
    assert pixels(reply.body) == pixels(PICTURES["/original.jpg"])
    assert (said.data_mining, said.notice, said.creators) == (ONLY_SEARCH, "© Jane Doe", ("Jane Doe",))
    assert said.web_statement == "https://photo.example/.well-known/guard/terms"
    assert "44b" in said.constraints


def test_what_is_said_depends_on_the_path(writing: RunningGuard):
    """Where everything is permitted but nothing reserved, the picture does not reserve anything."""
    said = rights(ask(writing.port, "/original.webp").body)

    assert said.data_mining.endswith("DMI-ALLOWED")
    assert said.constraints == ""


def test_private_data_goes_by_default_and_stays_where_the_owner_says_so(writing: RunningGuard):
    """Per site."""
    stripped = ask(writing.port, "/photograph.jpg").body
    kept = ask(writing.port, "/photograph.jpg", host="kept.example").body

    assert b"SERIAL-4711" not in stripped
    assert b"SERIAL-4711" in kept
    assert rights(kept).data_mining == rights(stripped).data_mining == ONLY_SEARCH


def test_everybody_gets_the_same_bytes(writing: RunningGuard):
    """At the same moment, before it is in memory, and afterwards."""
    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda _: ask(writing.port, "/display.jpg?everybody"), range(24)))
    replies.append(ask(writing.port, "/display.jpg?everybody"))

    assert len({reply.body for reply in replies}) == 1
    assert len({reply.get("ETag") for reply in replies}) == 1
    assert b"DMI-" in replies[0].body


def test_a_conditional_request_is_answered_by_our_tag(writing: RunningGuard):
    """Not by the upstream's, whose bytes are others; and the upstream is asked by its own."""
    first = ask(writing.port, "/display.jpg")
    tag = first.get("ETag")

    same = ask(writing.port, "/display.jpg", ("If-None-Match", f'"x", W/{tag}'))
    other = ask(writing.port, "/display.jpg", ("If-None-Match", hashlib_tag("/display.jpg")))

    assert (same.status, same.body, same.get("ETag")) == (304, b"", tag)
    assert same.get("tdm-reservation") == "1"
    assert (other.status, other.body) == (200, first.body)


def hashlib_tag(path: str) -> str:
    return f'"{hashlib.sha256(PICTURES[path]).hexdigest()[:16]}"'


def test_our_tag_is_known_again_after_a_restart(writing: RunningGuard):
    """A URL that this process never saw: the tag is of our form, so the whole is asked for and compared."""
    tag = ask(writing.port, "/display.jpg?one").get("ETag")

    reply = ask(writing.port, "/display.jpg?never-seen", ("If-None-Match", tag))

    assert (reply.status, reply.get("ETag")) == (304, tag)


@pytest.mark.parametrize("target", ["/thumb.jpg", "/thumb.jpg?a-part-is-the-first-thing-asked-for"])
def test_parts_are_parts_of_the_changed_picture(writing: RunningGuard, target: str):
    """Joined they are the whole, also where the first request is for a part."""
    parts = [ask(writing.port, target, ("Range", span)) for span in ("bytes=0-999", "bytes=1000-", "bytes=-7")]
    whole = ask(writing.port, target)

    assert [part.status for part in parts] == [206, 206, 206]
    assert parts[0].body + parts[1].body == whole.body
    assert parts[2].body == whole.body[-7:]
    assert parts[0].get("Content-Range") == f"bytes 0-999/{len(whole.body)}"
    assert {part.get("ETag") for part in parts} == {whole.get("ETag")}


def test_a_part_of_other_bytes_is_not_continued(writing: RunningGuard):
    """If-Range with the upstream's tag, or a date, gets the whole; with ours a part; behind the end 416."""
    whole = ask(writing.port, "/thumb.jpg")
    span = ("Range", "bytes=10-19")

    theirs = ask(writing.port, "/thumb.jpg", span, ("If-Range", hashlib_tag("/thumb.jpg")))
    dated = ask(writing.port, "/thumb.jpg", span, ("If-Range", "Tue, 24 Nov 2026 10:00:00 GMT"))
    ours = ask(writing.port, "/thumb.jpg", span, ("If-Range", whole.get("ETag")))
    behind = ask(writing.port, "/thumb.jpg", ("Range", "bytes=99999999-"))

    assert (theirs.status, theirs.body) == (dated.status, dated.body) == (200, whole.body)
    assert (ours.status, ours.body) == (206, whole.body[10:20])
    assert (behind.status, behind.get("Content-Range")) == (416, f"bytes */{len(whole.body)}")


@pytest.mark.parametrize("target", ["/original.jpg", "/original.jpg?its-head-is-the-first-thing-asked-for"])
def test_head_has_the_head_of_get(writing: RunningGuard, target: str):
    """Length and tag, known or not."""
    asked = ask(writing.port, target, method="HEAD")
    got = ask(writing.port, target)

    assert asked.body == b""
    for name in ("Content-Length", "ETag", "Content-Type", "Accept-Ranges"):
        assert asked.get(name) == got.get(name), name


@pytest.mark.parametrize("query", CREDENTIALS.values(), ids=CREDENTIALS.keys())
def test_what_is_not_public_or_not_to_be_changed_is_not_touched(writing: RunningGuard, query: str):
    """The upstream's own bytes, serial number and all."""
    reply = ask(writing.port, f"/with-headers?{query}")

    assert b"SERIAL-4711" in reply.body
    assert b"OtherConstraints" not in reply.body


def test_a_digest_of_other_bytes_does_not_go_out(writing: RunningGuard):
    """Content-MD5 and its like are about what the upstream sent."""
    reply = ask(writing.port, "/with-headers?Content-MD5=x&Digest=y&Repr-Digest=z&Last-Modified=Mon")

    assert b"OtherConstraints" in reply.body
    assert [reply.get(name) for name in ("Content-MD5", "Digest", "Repr-Digest")] == ["", "", ""]
    assert reply.get("Last-Modified") == "Mon"


def test_what_can_not_be_changed_rightly_goes_out_as_it_came(writing: RunningGuard):
    """With the headers; and it is told once."""
    for _ in range(3):
        reply = ask(writing.port, "/disguised", host="photo.example")
        assert reply.body == PICTURES["/original.jpg"]  # under a page's type it is not even looked at
    broken = [ask(writing.port, "/short", host="raw.example") for _ in range(3)]

    assert {(one.status, one.whole, one.body[:4]) for one in broken} == {(200, False, b"\xff\xd8\xff\xe0")}
    told = [line for line in writing.said if "raw.example: a picture" in line]
    assert len(told) == 1
    assert "sent as it came" in told[0]


def test_a_large_download_still_streams(writing: RunningGuard):
    """200 MiB wait at the source, not in memory."""
    before = resident(writing)

    with connect(writing.port, timeout=60) as connection:
        connection.sendall(head("/large?megabytes=200"))
        received = len(connection.recv(1 << 16))
        time.sleep(1.0)
        grown = resident(writing) - before
        while piece := connection.recv(1 << 20):
            received += len(piece)

    assert received > 200 << 20
    assert grown < 24 << 20


def test_a_post_is_none_of_our_business(writing: RunningGuard):
    """Other methods never come here."""
    assert ask(writing.port, "/echo", method="POST", body=b"x").status == 200


def test_the_record_of_a_crawler_names_the_bytes_that_it_was_sent(writing: RunningGuard):
    """The hash in evidence is that of the changed picture."""
    reply = ask(writing.port, "/display.jpg", agent="FacebookExternalHit/1.1")
    digest = hashlib.sha256(reply.body).hexdigest()

    assert reply.status == 200
    assert writing.line_for("/display.jpg", claimed="facebookexternalhit")["rendition"] in {"rights", "display"}
    leaves = b"".join(path.read_bytes() for path in Path(writing.evidence, "log").rglob("*") if path.is_file())
    assert digest.encode() in leaves, json.dumps(writing.lines()[-1])


def test_the_counts_are_in_the_metrics(writing: RunningGuard):
    """Written, left alone and failed, by site."""
    ask(writing.port, "/display.jpg")
    with urllib.request.urlopen(f"{writing.admin}/metrics", timeout=5) as answer:
        text = answer.read().decode()

    assert 'guard_in_image_total{result="written",site="photo.example"}' in text


def test_search_engines_and_people_get_the_same_bytes(writing: RunningGuard):
    """The law of the house: also by name, also for a part, also when asked for the first time."""
    target = "/thumb.jpg?search"
    searching = ask(writing.port, target, agent="Googlebot-Image/1.0")
    person = ask(writing.port, target)

    assert searching.status == person.status == 200
    assert searching.body == person.body
    assert searching.get("ETag") == person.get("ETag")


def test_the_check_of_search_engines_finds_nothing(upstreams: Upstreams, tmp_path: Path):
    """The guard asks itself as a person and as search engines, and compares tags and bytes."""
    running = RunningGuard(
        tmp_path,
        {
            "sites": [{"host": "photo.example", "upstream": upstreams.good}],
            "in_image": {},
            "rules": [*PATIENT],
            "search_check": {"first": 0.5, "every": 0.5},
        },
    )
    try:
        ask(running.port, "/display.jpg")
        ask(running.port, "/thumb.jpg")
        found = wait_until(lambda: compared(running), 20, lambda: "".join(running.said))
    finally:
        running.stop()

    assert found > 3
    assert not [line for line in running.said if re.search("do not get the same", line)]


def compared(running: RunningGuard) -> int | None:
    with urllib.request.urlopen(f"{running.admin}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    equal = re.search(r'guard_search_guard_checks_total{result="equal",site="photo.example"} ([0-9.]+)', text)
    return int(float(equal[1])) if equal and float(equal[1]) > 3 else None


def test_signed_pictures_are_signed_once_and_read_by_the_library(upstreams: Upstreams, tmp_path: Path):
    """In a confined worker that holds the key; validators and parts are those of the signed bytes."""
    try:
        import c2pa
    except ImportError:
        missing("c2pa-python")
    picture_keys.create(tmp_path / "keys", "Jane Doe", now=datetime.now(UTC))
    running = RunningGuard(
        tmp_path,
        {
            "sites": [{"host": "photo.example", "upstream": upstreams.good}],
            "in_image": {"c2pa": True, "certificate": "keys"},
            "rules": [*PATIENT],
        },
    )
    try:
        first, second = ask(running.port, "/display.jpg"), ask(running.port, "/display.jpg")
        part = ask(running.port, "/display.jpg", ("Range", "bytes=100-"), ("If-Range", first.get("ETag")))
        again = ask(running.port, "/display.jpg", ("If-None-Match", first.get("ETag")))
    finally:
        assert running.stop() == 0

    with c2pa.Reader("image/jpeg", io.BytesIO(first.body)) as reader:
        assert reader.get_validation_state() == "Valid"
        assert "cawg.training-mining" in reader.json()
    assert (second.body, second.get("ETag")) == (first.body, first.get("ETag"))
    assert (part.status, part.body) == (206, first.body[100:])
    assert again.status == 304


def test_a_missing_certificate_is_told_at_the_start(upstreams: Upstreams, tmp_path: Path):
    """Not with the first picture."""
    file = tmp_path / "guard.yaml"
    file.write_text(
        json.dumps(
            {
                "sites": [{"host": "photo.example", "upstream": upstreams.good}],
                "in_image": {"c2pa": True, "certificate": str(tmp_path / "none")},
                "evidence": {"directory": str(tmp_path / "evidence")},
                "listen": "127.0.0.1:0",
                "admin": "off",
            }
        )
    )

    command = [sys.executable, "-m", "guard", "serve", "-c", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 1
    assert "`guard image certificate` makes it" in done.stderr


def test_smaller_copies_say_it_too(writing: RunningGuard):
    """An assistant's preview is reserved like the picture it was made of."""
    reply = ask(writing.port, "/original.jpg", agent=CHATGPT_USER)
    again = ask(writing.port, "/original.jpg", ("If-None-Match", reply.get("ETag")), agent=CHATGPT_USER)

    assert (reply.status, again.status) == (200, 304)
    assert rights(reply.body).data_mining == ONLY_SEARCH
    assert rights(reply.body).notice == "© Jane Doe"
