"""Whoever was refused can say that it was a mistake, and only the code goes on record."""

import json
import re
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import pytest

from guard.server.appeals import OF_ONE_CLIENT, code_of
from guard.server.refusals import APPEAL
from tests.support.evidence import of_kind
from tests.support.http import GPTBOT, Reply, ask, connect, head, read_reply
from tests.support.running import RunningGuard, wait_until

FORM = ("Content-Type", "application/x-www-form-urlencoded")
GERMAN = ("Accept-Language", "de")


def hand_in(guard: RunningGuard, reference: str, *lines: tuple[str, str], address: str = "198.51.100.1") -> Reply:
    body = urlencode({"reference": reference}).encode()
    return ask(guard.port, APPEAL, FORM, ("X-Forwarded-For", address), *lines, method="POST", body=body)


@pytest.fixture(scope="module")
def trusting(upstreams, tmp_path_factory):
    """Start a guard that believes a front server, so that one test can be many clients."""
    running = RunningGuard(
        tmp_path_factory.mktemp("guard"),
        {
            "sites": [{"host": "photo.example", "upstream": upstreams.good}],
            "client_ip": {"trusted": ["127.0.0.1"], "from": "x-forwarded-for"},
            "rights": {"contact": "jane@photo.example"},
        },
    )
    yield running
    running.stop()


def test_a_refusal_leads_to_the_form_and_the_code_goes_on_record(trusting: RunningGuard):
    """In the visitor's language; the record names the code and nothing of the person; the owner is told."""
    refused = ask(trusting.port, "/", agent=GPTBOT)
    link = re.search(r'href="(/\.well-known/guard/appeal\?reference=[^"]+)"', refused.body.decode())
    assert link
    form = ask(trusting.port, link[1], GERMAN)
    code = refused.get("Guard-Reference")

    noted = hand_in(trusting, code.lower().replace("-", " "), GERMAN, address="198.51.100.7")

    assert code in form.body.decode()
    assert "Zu Unrecht abgelehnt?" in form.body.decode()
    assert (noted.status, "Es ist vermerkt" in noted.body.decode()) == (200, True)
    assert "jane@photo.example" in noted.body.decode()
    records = wait_until(lambda: of_kind(trusting.evidence, "apl") or None, 30)
    assert [sorted(one.fields) for one in records] == [["at", "kind", "ref", "site", "v"]]
    assert records[0].fields["ref"] == code
    wait_until(lambda: any(code in line and "objects" in line for line in trusting.said) or None, 30)
    with urllib.request.urlopen(trusting.admin + "/metrics", timeout=10) as answer:
        assert 'guard_appeals_total{site="photo.example"} 1.0' in answer.read().decode()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"reference=", b"reference=7K3QF", b"reference=<script>alert(1)</script>", b"reference=%00",
        b"\xff\xfe", b"reference=7K3QF-9X2TM" + b"&x=1" * 200, b"&" * 5,
    ],
)  # fmt: skip
def test_what_is_no_code_is_not_noted(trusting: RunningGuard, body: bytes):
    """Whatever is sent; nothing of it comes back in the page."""
    before = len(of_kind(trusting.evidence, "apl"))

    reply = ask(trusting.port, APPEAL, FORM, method="POST", body=body)

    assert reply.status == 400
    assert b"script" not in reply.body
    assert len(of_kind(trusting.evidence, "apl")) == before


def test_one_client_can_not_fill_the_log(trusting: RunningGuard):
    """After a few it has to wait; another is heard."""
    answers = [hand_in(trusting, "7K3QF9X2TM", address="198.51.100.9").status for _ in range(OF_ONE_CLIENT.count + 1)]

    assert answers == [200] * OF_ONE_CLIENT.count + [429]
    assert hand_in(trusting, "7K3QF9X2TM", address="198.51.100.10").status == 200


def test_a_form_that_comes_in_pieces_is_read_whole(trusting: RunningGuard):
    """As from a slow network."""
    body = b"reference=7K3QF-9X2TM"
    lines = (FORM, ("X-Forwarded-For", "198.51.100.30"))
    with connect(trusting.port) as connection:
        connection.sendall(head(APPEAL, *lines, method="POST", body=body) + body[:15])
        time.sleep(0.3)
        connection.sendall(body[15:])

        assert read_reply(connection, "POST").status == 200


def test_the_form_runs_nothing_and_is_not_stored(trusting: RunningGuard):
    """Its policy forbids all but itself; a code in the address that is none is left out."""
    reply = ask(trusting.port, APPEAL + "?reference=%22%3E%3Cscript%3E")

    assert reply.status == 200
    assert b"<script" not in reply.body
    assert reply.get("Content-Security-Policy").startswith("default-src 'none';")
    assert reply.get("Cache-Control") == "no-store"
    assert ask(trusting.port, APPEAL, method="DELETE").status == 405


@pytest.mark.parametrize(
    ("written", "code"),
    [("7K3QF-9X2TM", "7K3QF9X2TM"), (" 7k3qf 9x2tm ", "7K3QF9X2TM"), ("oOiIlL-0111", "0011110111"),
     ("7K3QF-9X2T", ""), ("7K3QF-9X2TU", ""), ("٧K3QF-9X2TM", "")],
)  # fmt: skip
def test_a_code_is_read_as_people_write_it(written: str, code: str):
    """With and without its hyphen, in small letters, and with those that look like digits."""
    assert code_of(written) == code


def test_a_pause_is_on_record(trusting: RunningGuard, tmp_path: Path):
    """Begin and end: what was refused or not depends on it."""
    for seconds in (b"60", b"0"):
        order = urllib.request.Request(trusting.admin + "/pause", data=seconds, headers={"X-Guard-Order": "1"})
        with urllib.request.urlopen(order, timeout=10) as answer:
            assert "paused_until" in json.load(answer)

    begun, ended = wait_until(lambda: found if len(found := of_kind(trusting.evidence, "pau")) == 2 else None, 30)
    assert begun.fields["until"] - begun.at == pytest.approx(60e6, abs=30e6)
    assert ended.fields["until"] == 0
