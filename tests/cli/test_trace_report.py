import io
import json
import re
import subprocess
import sys
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from PIL import Image

pytest.importorskip("cv2")

from guard.image.chips import commitment
from guard.image.mark import copy_for
from tests.support.authority import Authority, serving
from tests.support.caches import own_cache  # noqa: F401
from tests.support.marked import ROBOTS, MarkedLog
from tests.support.pictures import encoded, packed, scenery

KEY = b"\x07" * 32
IDS = [index.to_bytes(8, "big") for index in range(1, 9)]
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[31m\u202e'
NAME = "a<script>&\x1b[31m\u202e.jpg"


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """Copies of two originals that were delivered to somebody whose every word is hostile."""
    root = tmp_path_factory.mktemp("report")
    log = MarkedLog(root / "evidence", KEY)
    for folder in ("originals", "found"):
        (root / folder).mkdir()
    for seed in (1, 2):
        data = encoded(scenery(960, 640, seed=seed), "JPEG", quality=88)
        (root / "originals" / f"{seed}.jpg").write_bytes(data)
        original = sha256(data).hexdigest()
        log.deliver(IDS[seed], original, target=f"/{seed}.jpg?{HOSTILE}", agent=HOSTILE, claimed=HOSTILE)
        log.deliver(IDS[seed], "05" * 32)
        copy = Image.open(io.BytesIO(copy_for(packed(data, KEY), KEY, IDS[seed]))).crop((160, 0, 800, 640))
        copy.resize((320, 320), Image.Resampling.BICUBIC).save(
            root / "found" / (NAME if seed == 1 else "2.jpg"), "JPEG"
        )
    (root / "found" / "again.jpg").write_bytes((root / "found" / "2.jpg").read_bytes())
    (root / "found" / "other.jpg").write_bytes(encoded(scenery(400, 400, seed=77), "JPEG"))
    for mark_id in IDS[3:]:
        log.deliver(mark_id, "06" * 32)
    log.small = [
        log.deliver(IDS[0], sha256((root / "originals" / f"{seed}.jpg").read_bytes()).hexdigest()) for seed in (1, 2)
    ]
    log.log.close()
    log.folder = root
    return log


def guard(case, *arguments, found="found"):
    command = [sys.executable, "-m", "guard", "trace", found, "--originals", "originals", "--evidence", "evidence"]
    ended = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False, cwd=case.folder)
    assert ended.returncode in (0, 1), ended.stderr
    return ended


class Page(HTMLParser):
    """What a browser would make of a report."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.handlers, self.words = [], [], [], []
        self.feed(text)
        self.text = " ".join("".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "data", "action", "srcset")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data):
        if self.tags[-1:] != ["style"]:
            self.words.append(data)


@pytest.fixture(scope="module", params=["en", "de"])
def report(case, request):
    ended = guard(case, "--lang", request.param, "--report", f"case-{request.param}", "--from", HOSTILE[:40])
    page = (case.folder / f"case-{request.param}" / "trace.html").read_text("utf-8")
    return request.param, page, Page(page), ended


def test_a_report_needs_nothing_else_and_runs_nothing(report):
    """No script, no handler, no address; its pictures are in it, and it stays small."""
    _, page, read, _ = report

    assert set(read.tags) & {"script", "iframe", "object", "embed", "link", "base", "form"} == set()
    assert read.handlers == []
    assert len(read.addresses) == 10
    assert all(one.startswith("data:image/jpeg;base64,") for one in read.addresses)
    assert "default-src 'none'" in page
    assert "url(" not in page
    assert len(page) < 2_000_000


def test_hostile_names_and_values_are_shown_as_text(report):
    """File names, the client's own name, path and user agent, and what the finder wrote."""
    _, page, read, _ = report

    assert "<script>alert(1)</script>" in read.text
    assert "found/a<script>&\\x1b[31m\\u202e.jpg" in read.text
    assert not set(page) & set("\x1b\u202e")


def test_a_report_says_whom_which_and_how_surely(case, report):
    """In both languages: the mark id, the records, the bound, what was counted, and the reservation."""
    lang, page, read, _ = report
    issued = {"en": "Copy issued to the client of record", "de": "Kopie ausgegeben an den Client von Aufzeichnung"}[
        lang
    ]
    shown = json.loads(guard(case, "--json").stdout)

    assert read.text.count(issued) == 3  # each copy, and both together
    for seed in (1, 2):
        assert IDS[seed].hex() in read.text
        assert f"/{seed}.jpg?" in read.text
    for value in (case.reserved.digest(), sha256(ROBOTS).hexdigest(), "tdm-reservation: 1", "203.0.113.7", "4711",
                  commitment(KEY).hex(), f"{shown['pairs']}"):  # fmt: skip
        assert value in read.text, value
    powers = [int(one) for one in re.findall(r"10<sup>(\d+)</sup>", page)]
    assert len(powers) >= 2
    assert min(powers) > 20
    before = {"en": "the key was fixed before", "de": "Der Schlüssel stand vorher fest"}[lang]
    assert read.text.count(before) == 2


def test_a_report_says_what_it_can_not_prove(report):
    """First of all that the owner could make such a copy; and no word says more than the mark can carry."""
    lang, _, read, _ = report
    first, guilt = {
        "en": ("Whoever holds the original and the key could make such a copy", "coincidence, not of guilt"),
        "de": ("Wer Original und Schlüssel besitzt, könnte eine solche Kopie selbst herstellen",
               "von Zufall, nicht von Schuld"),
    }[lang]  # fmt: skip

    heading = {"en": "What this report can not prove", "de": "Was dieser Bericht nicht beweisen kann"}[lang]
    assert read.text.partition(heading)[2].strip().startswith(first)
    assert guilt in read.text
    lower = read.text.lower()
    assert not any(word in lower for word in ("thief", "stolen", "dieb", "gestohlen", "proven", "bewiesen", "zeuge"))


def test_every_id_is_in_the_drawing(report):
    """One dot far from the others."""
    _, page, _, _ = report

    drawing = page.partition("<svg")[2].partition("</svg>")[0]
    others = drawing.partition('<g class="ids">')[2].partition("</g>")[0]
    assert others.count("<circle") == len(IDS) - 1
    assert drawing.count('class="winner"') == 2


def test_the_same_bytes_at_two_places_are_one_sheet(report):
    """And both places are named."""
    _, _, read, _ = report

    assert read.text.count("found/again.jpg") >= 2
    sheet = {"en": "Copy", "de": "Kopie"}[report[0]]
    assert f"{sheet} 2" in read.text
    assert f"{sheet} 3" not in read.text


def test_what_was_found_is_on_record_before_it_is_compared(case):
    """Its digest is printed and in the page; that the originals are missing comes too late to stop it."""
    command = [sys.executable, "-m", "guard", "trace", "found", "--originals", "nowhere", "--evidence", "evidence",
               "--report", "early"]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=case.folder)
    record = case.folder / "early" / "found.json"
    digest = sha256(record.read_bytes()).hexdigest()

    assert ended.returncode == 2
    assert not (case.folder / "early" / "trace.html").exists()
    assert digest in ended.stderr
    guard(case, "--report", "early")
    assert sha256(record.read_bytes()).hexdigest() == digest
    page = (case.folder / "early" / "trace.html").read_text("utf-8")
    assert digest in page
    assert f"sha256sum {record.name}" in page


def test_the_record_alone_can_be_made_first(case):
    """To have it stamped by somebody else; nothing is compared yet."""
    ended = guard(case, "--report", "first.html", "--record-only", found="found/2.jpg")

    assert (ended.returncode, ended.stdout) == (0, "")
    assert [one["file"] for one in json.loads((case.folder / "first.found.json").read_text())["pictures"]] == [
        "found/2.jpg"
    ]
    assert not (case.folder / "first.html").exists()


def test_a_report_without_a_log_does_not_say_more_than_it_knows(case):
    """Neither who got the copy, nor that the key was fixed before."""
    (case.folder / "ids").write_text("\n".join(one.hex() for one in IDS))
    command = [sys.executable, "-m", "guard", "trace", "found/2.jpg", "--originals", "originals", "--mark-ids", "ids",
               "--key-file", "evidence/guard/marks/0001.key", "--report", "plain.html"]  # fmt: skip
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=case.folder)

    assert ended.returncode == 0, ended.stderr
    read = Page((case.folder / "plain.html").read_text("utf-8"))
    assert "To whom this id was issued is not known here" in read.text
    assert "must be shown in another way" in read.text
    assert "evidence verify" not in read.text


def test_pictures_that_say_too_little_alone_are_told_of_together(case):
    """With the records of who got copies of them; none of them has a sheet of its own."""
    (case.folder / "small").mkdir()
    for seed in (1, 2):
        data = (case.folder / "originals" / f"{seed}.jpg").read_bytes()
        copy = Image.open(io.BytesIO(copy_for(packed(data, KEY), KEY, IDS[0])))
        copy.crop((400, 250, 580, 430)).resize((120, 120)).save(case.folder / "small" / f"{seed}.jpg", quality=60)

    ended = guard(case, "--report", "small.html", found="small")

    assert [line for line in ended.stdout.splitlines() if "copy issued" in line] == []
    read = Page((case.folder / "small.html").read_text("utf-8"))
    assert "All pictures together" in read.text
    assert f"Record {case.small[0]} ·" in read.text


def test_where_nothing_is_identified_the_report_says_so(case):
    """A negative result is a result; it names every file and what it was held against."""
    ended = guard(case, "--report", "nothing.html", found="found/other.jpg")

    assert ended.returncode == 1
    read = Page((case.folder / "nothing.html").read_text("utf-8"))
    assert "0 identified" in read.text
    assert "shows none of the originals" in read.text


def test_the_commands_for_a_time_stamp_work(case, tmp_path):
    """With a time-stamp authority made for the occasion, by the very lines of the report."""
    guard(case, "--report", str(tmp_path / "page.html"), found="found/2.jpg")
    page = Page((tmp_path / "page.html").read_text("utf-8")).text
    query = re.search(r"openssl ts -query -data page\.found\.json \S+ \S+ -out page\.found\.tsq", page)[0]
    verify = re.search(r"openssl ts -verify -data \S+ -in page\.found\.tsr -CAfile authority\.pem", page)[0]

    (tmp_path / "tsa.cnf").write_text(
        "[tsa]\nserial=serial\ndefault_policy=1.2.3.4\ndigests=sha256\nsigner_digest=sha256\nsigner_cert=authority.pem\n"
        "signer_key=key.pem\ness_cert_id_alg=sha256\n"
        "[ext]\nextendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
        "[req]\ndistinguished_name=dn\n[dn]\n"
    )
    (tmp_path / "serial").write_text("01")
    for line in (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out authority.pem "
        "-subj /CN=authority -config tsa.cnf -extensions ext",
        query,
        "openssl ts -reply -config tsa.cnf -section tsa -queryfile page.found.tsq -out page.found.tsr",
        verify,
    ):
        ended = subprocess.run(line.split(), capture_output=True, text=True, check=False, cwd=tmp_path)
        assert ended.returncode == 0, (line, ended.stderr)
    assert "Verification: OK" in ended.stdout


@pytest.mark.parametrize("lang", ["en", "de"])
def test_what_was_found_is_stamped_before_anything_is_compared(case, tmp_path, lang):
    """The report names the authority, its time and the token, and its command verifies that; a second run keeps it."""
    authority = Authority(name="Good")
    (tmp_path / "authority.pem").write_bytes(authority.root.pem)
    options = ["--report", str(tmp_path / "page.html"), "--stamp-ca", str(tmp_path / "authority.pem"), "--lang", lang]
    with serving(authority.reply) as server:
        first = guard(case, *options, "--stamp", server.url, "--record-only", found="found/2.jpg")
        token = (tmp_path / "page.found.tsr").read_bytes()
        second = guard(case, *options, "--stamp", server.url, found="found/2.jpg")
    read = Page((tmp_path / "page.html").read_text("utf-8")).text
    verify = re.search(r"openssl ts -verify -data \S+ -in page\.found\.tsr -CAfile authority\.pem", read)[0]
    ended = subprocess.run(verify.split(), capture_output=True, text=True, check=False, cwd=tmp_path)

    assert "says that it existed at" in first.stderr
    assert "was there already" in second.stderr
    assert len(server.asked) == 1
    assert (tmp_path / "page.found.tsr").read_bytes() == token
    assert ("this report contains none" if lang == "en" else "dieser Bericht enthält keinen") not in read
    assert "CN=Good" in read
    assert "openssl ts -query" not in read
    assert "Verification: OK" in ended.stdout + ended.stderr


def test_without_the_time_stamp_that_was_asked_for_nothing_is_compared(case, tmp_path):
    """Else the result would be known before the record of what was found is fixed."""
    with serving(lambda _: (503, {}, b"")) as server:
        command = [sys.executable, "-m", "guard", "trace", "found/2.jpg", "--originals", "originals", "--evidence",
                   "evidence", "--report", str(tmp_path / "page.html"), "--stamp", server.url]  # fmt: skip
        ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=case.folder)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert "it asks to be left alone (status 503)" in ended.stderr
    assert not (tmp_path / "page.html").exists()


def test_a_token_over_something_else_is_not_used(case, tmp_path):
    """It is told, and the report contains none."""
    guard(case, "--report", str(tmp_path / "page.html"), "--record-only", found="found/2.jpg")
    (tmp_path / "page.found.tsr").write_bytes(b"hello")
    ended = guard(case, "--report", str(tmp_path / "page.html"), found="found/2.jpg")

    assert "is no good time stamp over page.found.json" in ended.stderr
    assert "this report contains none" in Page((tmp_path / "page.html").read_text("utf-8")).text
