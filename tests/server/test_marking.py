"""A client that may have pictures only under a mark, from its first request to the traced copy."""

import io
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image, ImageChops

from guard.store.mark_keys import folder_in, load
from guard.store.marked_records import issued
from tests.support.caches import own_cache  # noqa: F401
from tests.support.http import ask
from tests.support.pictures import encoded, scenery
from tests.support.running import RunningGuard, wait_until

PICTURES = {f"/{seed}.jpg": encoded(scenery(1200, 800, seed=seed), "JPEG", quality=88) for seed in (1, 2)}
AGENT = "python-requests/2.32.3"


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gallery")
    for name, data in PICTURES.items():
        (folder / name[1:]).write_bytes(data)
    (folder / "press").mkdir()
    (folder / "press" / "1.jpg").write_bytes(PICTURES["/1.jpg"])
    (folder / "small.png").write_bytes(encoded(scenery(300, 200), "PNG"))
    film = b"\0\0\0\x18ftypmp42" + bytes(5000)
    (folder / "motion.jpg").write_bytes(encoded(scenery(1200, 800, seed=3), "JPEG", quality=88) + film)
    (folder / "ink.jpg").write_bytes(encoded(scenery(1200, 800).convert("CMYK"), "JPEG"))
    return folder


@pytest.fixture(scope="module")
def site(gallery):
    server = subprocess.Popen(
        [sys.executable, "-u", "-c", SERVER, str(gallery)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert server.stdout is not None
    yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
    server.kill()
    server.wait()
    server.stdout.close()


SERVER = """
import functools, http.server, sys
class Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self):
        self.send_header("ETag", f'"{hash(self.path) & 0xffff:x}"')
        super().end_headers()
    def do_GET(self):
        if self.headers.get("If-None-Match") == f'"{hash(self.path) & 0xffff:x}"':
            self.send_response(304)
            return self.end_headers()
        super().do_GET()
    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        super().do_GET()
http.server.ThreadingHTTPServer.request_queue_size = 128
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=sys.argv[1]))
print(server.server_port)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def guard(site, tmp_path_factory):
    running = RunningGuard(
        tmp_path_factory.mktemp("guard"),
        {
            "sites": [{"host": "photo.example", "upstream": site}],
            "rights": {"holder": "Jane Doe", "paths": [{"path": "/press/", "train": True, "ai_use": True}]},
            "in_image": {"rights": True},
            "rules": [{"id": "marked", "when": {"kind": ["image", "original"]}, "action": "mark"}],
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)


def copy_of(guard, path, *lines, agent=AGENT, method="GET"):
    """Ask until there is a marked copy."""

    def find():
        reply = ask(guard.port, path, *lines, agent=agent, method=method)
        return reply if reply.get("cache-control").startswith("private") and is_full_size(reply, method) else None

    return wait_until(find, 20)


def is_full_size(reply, method="GET"):
    if reply.status != 200 or method == "HEAD":
        return reply.status != 200 or int(reply.get("content-length")) > 100_000
    return Image.open(io.BytesIO(reply.body)).size == (1200, 800)


def test_until_there_is_a_copy_the_client_gets_a_small_one(guard):
    """Never the clean picture, and nobody waits for the pack."""
    first = ask(guard.port, "/2.jpg", agent="curl/8.9.1")

    assert first.status == 200
    assert max(Image.open(io.BytesIO(first.body)).size) <= 640
    copy_of(guard, "/2.jpg")


def test_a_copy_is_full_size_private_and_the_clients_own(guard):
    """Two clients get two copies, one client always the same; the upstream's tag and date tell nobody anything."""
    mine, again, other = copy_of(guard, "/1.jpg"), copy_of(guard, "/1.jpg"), copy_of(guard, "/1.jpg", agent="Wget/1.24")

    assert mine.body == again.body != other.body
    assert mine.get("content-type") == "image/jpeg"
    assert mine.get("last-modified") == ""
    assert mine.get("etag") == again.get("etag") != other.get("etag")
    assert len(mine.body) == int(mine.get("content-length"))
    assert mine.get("tdm-reservation") == "1"
    assert b"DMI-PROHIBITED" in mine.body


def test_parts_conditions_and_heads_are_those_of_the_copy(guard):
    """As if it lay on a disk."""
    whole = copy_of(guard, "/1.jpg")
    part = ask(guard.port, "/1.jpg", ("Range", "bytes=1000-1999"), agent=AGENT)
    stale = ask(guard.port, "/1.jpg", ("Range", "bytes=1000-1999"), ("If-Range", '"other"'), agent=AGENT)
    known = ask(guard.port, "/1.jpg", ("If-None-Match", whole.get("etag")), agent=AGENT)
    head = ask(guard.port, "/1.jpg", agent=AGENT, method="HEAD")

    assert (part.status, part.body) == (206, whole.body[1000:2000])
    assert part.get("content-range") == f"bytes 1000-1999/{len(whole.body)}"
    assert (stale.status, stale.body) == (200, whole.body)
    assert (known.status, known.body, known.get("etag")) == (304, b"", whole.get("etag"))
    assert (head.status, head.get("content-length"), head.get("etag")) == (
        200, whole.get("content-length"), whole.get("etag")
    )  # fmt: skip


def test_many_get_their_copies_at_the_same_time(guard):
    """What is known to be unchanged is not counted as a picture of unknown size."""
    copy_of(guard, "/1.jpg")
    with ThreadPoolExecutor(60) as pool:
        replies = list(pool.map(lambda _: ask(guard.port, "/1.jpg", agent=AGENT), range(120)))

    assert {reply.status for reply in replies} == {200}
    assert all(is_full_size(reply) for reply in replies)


def test_a_copy_says_what_is_reserved_at_its_path(guard):
    """The same file at a path with answers of its own is another copy, though its pixels are the same."""
    reserved, press = copy_of(guard, "/1.jpg"), copy_of(guard, "/press/1.jpg")

    assert b"DMI-PROHIBITED-EXCEPTSEARCH" in reserved.body
    assert b"DMI-PROHIBITED-SEECONSTRAINT" in press.body
    assert reserved.get("etag") != press.get("etag")


def test_the_copy_of_a_motion_photo_is_its_picture_with_the_rights_in_it(guard):
    """The film behind it is an unmarked copy, and no reason to leave the reservation out."""
    copy = copy_of(guard, "/motion.jpg")

    assert b"ftypmp42" not in copy.body
    assert copy.body.endswith(b"\xff\xd9")
    assert b"DMI-PROHIBITED" in copy.body


def test_what_can_not_be_marked_comes_small(guard):
    """Four inks, and pictures that are too small for a proof."""
    for _ in range(2):
        ink = ask(guard.port, "/ink.jpg", agent=AGENT)
        assert max(Image.open(io.BytesIO(ink.body)).size) <= 640


def test_another_method_gets_no_clean_picture_either(guard):
    """Apache answers POST for a picture's file with the picture, and so does this server."""
    copy = copy_of(guard, "/1.jpg")
    posted = ask(guard.port, "/1.jpg", ("Range", "bytes=0-99"), agent=AGENT, method="POST", body=b"x")
    small = ask(guard.port, "/ink.jpg", agent=AGENT, method="POST", body=b"x")

    assert (posted.status, posted.body) == (200, copy.body)
    assert max(Image.open(io.BytesIO(small.body)).size) <= 640


def test_the_head_of_what_has_no_copy_is_answered(guard):
    """Nothing is made of a body that is not there."""
    assert ask(guard.port, "/ink.jpg", agent=AGENT, method="HEAD").status == 200


def test_a_file_that_changed_under_its_url_is_another_picture(guard, gallery):
    """The content decides, not the address; no copy of the old one is sent any more."""
    (gallery / "changing.jpg").write_bytes(PICTURES["/1.jpg"])
    before = copy_of(guard, "/changing.jpg")
    (gallery / "changing.jpg").write_bytes(PICTURES["/2.jpg"])
    # The test's server tells versions apart by the path; a query stands for a new version's tag.
    after = copy_of(guard, "/changing.jpg?2")

    assert before.body != after.body


def test_the_copy_leads_back_to_its_record(guard, gallery, tmp_path):
    """Cropped, shrunk and encoded anew; the log says which requests got it, and which key marks."""
    copy = Image.open(io.BytesIO(copy_of(guard, "/1.jpg", agent="Wget/1.24").body))
    copy.crop((200, 0, 1000, 800)).resize((256, 256), Image.Resampling.BICUBIC).save(tmp_path / "found.jpg", quality=75)

    ended = subprocess.run(
        [sys.executable, "-m", "guard", "trace", str(tmp_path / "found.jpg"), "--originals", str(gallery),
         "--evidence", str(guard.evidence), "--report", str(tmp_path / "report.html"), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)["results"][0]
    log = issued(guard.evidence)
    assert found["identified"]
    issue = log[bytes.fromhex(found["mark_id"])]
    assert found["records"] == issue.records
    assert {one.lower() for one in issue.claimed} == {"wget"}
    assert len(log) >= 2
    keys = load(folder_in(guard.evidence))
    assert len(keys.keys) == 1
    report = (tmp_path / "report.html").read_text("utf-8")
    assert "That is before the first delivery of this copy" in report
    assert all(f"Record {index} ·" in report for index in issue.records[:1])
    for said in ("/1.jpg", "Wget/1.24", "/robots.txt", "tdm-reservation: 1"):
        assert said in report


def test_every_copy_is_on_record_before_it_leaves(guard):
    """Also where the client is taken for a person: a rule of the owner's marks everybody here."""
    before = len([one for one in issued(guard.evidence).values() for _ in one.records])

    copy_of(guard, "/1.jpg", agent="Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")

    assert len([one for one in issued(guard.evidence).values() for _ in one.records]) > before


def test_with_a_visible_mark_on_top_the_copy_leads_back_all_the_same(site, gallery, tmp_path):
    """Both are in the pack, also in the small picture before it; what was drawn is kept for the trace."""
    running = RunningGuard(
        tmp_path,
        {
            "sites": [{"host": "photo.example", "upstream": site}],
            "rights": {"holder": "Jane Doe"},
            "visible_mark": {"text": "Jane Doe · photo.example", "opacity": 0.35},
            "marks": {"visible": True},
            "rules": [{"id": "marked", "when": {"kind": ["image", "original"]}, "action": "mark"}],
        },
    )
    small = ask(running.port, "/1.jpg", agent=AGENT)
    copy = copy_of(running, "/1.jpg")
    assert running.stop() == 0, "".join(running.said)
    picture = Image.open(io.BytesIO(copy.body))
    picture.resize((320, 213), Image.Resampling.BICUBIC).save(tmp_path / "found.jpg", quality=80)
    ended = subprocess.run(
        [sys.executable, "-m", "guard", "trace", str(tmp_path / "found.jpg"), "--originals", str(gallery / "1.jpg"),
         "--evidence", str(running.evidence), "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    original = Image.open(io.BytesIO(PICTURES["/1.jpg"]))
    for other in (picture, Image.open(io.BytesIO(small.body))):
        plain = original.resize(other.size, Image.Resampling.LANCZOS)
        assert letters(other, plain) > 0.02
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert (
        found["results"][0]["records"]
        == issued(running.evidence)[bytes.fromhex(found["results"][0]["mark_id"])].records
    )
    assert found["pairs"] == 2, "as it is, and with what was drawn"


def letters(picture, plain):
    """Return how much of the picture differs clearly from the plain one."""
    histogram = ImageChops.difference(picture.convert("L"), plain.convert("L")).histogram()
    return sum(histogram[20:]) / sum(histogram)
