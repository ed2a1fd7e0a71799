"""`guard explain` takes a request in any form and says what the proxy would do, and why."""

import io
import json
import subprocess
import sys

import pytest
from rich.console import Console
from typer.testing import CliRunner

from guard.cli import main
from guard.cli.explain_tree import explanation_tree, explanation_value
from guard.cli.judge import find_judge
from guard.core.classification import Conduct
from guard.core.explanation import explain
from guard.core.signals import Family, Fired, SignalId
from guard.errors import UsageError
from guard.evidence import record
from guard.store.batch import Entry
from guard.store.licences import LicenceBook
from tests.support import facts, licences
from tests.support.evidence import AT, end_leaf, fill, open_log, request_entry
from tests.support.http import CHATGPT_USER, CHROME, GPTBOT

LINE = f'203.0.113.7 - - [22/Nov/2026:12:43:49 +0100] "GET /a.jpg HTTP/1.1" 200 1234 "-" "{GPTBOT}"'
RAW = f"GET /a.jpg HTTP/1.1\r\nHost: photo.example\r\nUser-Agent: {GPTBOT}\r\n\r\n"


def run(*arguments, stdin: str | bytes = ""):
    return CliRunner().invoke(main.app, ["explain", *map(str, arguments)], input=stdin)


def explained(*arguments, stdin: str | bytes = ""):
    done = run(*arguments, "--json", stdin=stdin)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def fails(*arguments, stdin: str | bytes = "") -> str:
    error = run(*arguments, stdin=stdin).exception
    assert isinstance(error, UsageError)
    return str(error)


def test_flags_a_raw_request_and_a_log_line_are_explained_alike(tmp_path):
    """The same facts, however they come."""
    file = tmp_path / "request.txt"
    file.write_bytes(RAW.encode())
    ways = [
        explained("--user-agent", GPTBOT, "--path", "/a.jpg", "--host", "photo.example"),
        explained("--header", f"User-Agent: {GPTBOT}", "--path", "/a.jpg", "--method", "GET"),
        explained(file),
        explained("-", stdin=RAW),
        explained(stdin=RAW),
        explained("--line", LINE),
        explained("--line", "-", stdin=LINE + "\n"),
    ]

    for one in ways:
        assert one["client"]["crawler"] == "openai-gptbot"
        assert one["facts"]["path"] == "/a.jpg"
        assert [(o["action"], o["rule"], o["status"]) for o in one["outcomes"]] == [("refuse", "training-refused", 403)]
        assert one["rules"] == ways[0]["rules"]
    assert ways[5]["facts"]["address"] == "203.0.113.7"


def test_every_rule_of_the_policy_is_listed():
    """In order, the deciding one marked, with the failed conditions of those before it."""
    rules = explained("--user-agent", CHROME, "--kind", "page")["rules"]

    assert [one["result"] for one in rules] == ["failed"] * (len(rules) - 1) + ["decides"]
    assert rules[0]["id"] == "forged-token-refused"
    assert rules[0]["failed"] == [{"condition": "fact", "wanted": ["forged_token"], "found": ""}]


def test_without_a_kind_the_answer_is_given_for_each():
    """An assistant gets previews of pictures and whole pages."""
    outcomes = {
        kind: one["action"] for one in explained("--user-agent", CHATGPT_USER)["outcomes"] for kind in one["kinds"]
    }

    assert (outcomes["image"], outcomes["original"], outcomes["page"]) == ("preview", "preview", "allow")
    assert explained("--user-agent", CHATGPT_USER, "--kind", "image")["outcomes"][0]["kinds"] == []


def test_a_content_type_in_a_log_line_tells_the_kind():
    """The same line without it leaves the kind open."""
    line = {
        "request": "GET /photo HTTP/1.1", "status": 200, "http_user_agent": CHATGPT_USER,
        "sent_http_content_type": "image/jpeg",
    }  # fmt: skip

    assert explained("--line", json.dumps(line))["facts"]["kind"] == "image"


def test_a_line_of_our_own_log_is_explained_from_what_it_noted():
    """It has no user agent."""
    line = {
        "at": "2026-11-22T11:43:49Z", "site": "photo.example", "method": "GET", "path": "/a.jpg", "status": 403,
        "bytes": 900, "purpose": "ai_training", "operator": "OpenAI", "crawler": "openai-gptbot", "claimed": "GPTBot",
        "identity": "verified", "conduct": "clean", "kind": "image", "rendition": "card",
    }  # fmt: skip
    found = explained("--line", json.dumps(line))

    assert (found["client"]["identity"], found["outcomes"][0]["rule"]) == ("verified", "training-refused")


def test_a_configuration_is_asked_with_its_own_rules_and_addresses(tmp_path):
    """Own rules first; the forwarding header counts from trusted peers only; the site is chosen by host."""
    file = tmp_path / "guard.yaml"
    file.write_text(
        "sites: [{host: photo.example, upstream: 'http://127.0.0.1:8080'}]\n"
        "client_ip: {from: x-forwarded-for, trusted: [127.0.0.0/8]}\n"
        "rules: [{id: mine, when: {network: 203.0.113.0/24}, action: drop}]\n"
    )
    forwarded = ("--header", "X-Forwarded-For: 203.0.113.9", "--host", "other.example", "-c", file)
    trusted = explained(*forwarded, "--address", "127.0.0.1", "--user-agent", CHROME)
    stranger = explained(*forwarded, "--address", "192.0.2.1", "--user-agent", CHROME)

    assert (trusted["facts"]["address"], trusted["outcomes"][0]["rule"]) == ("203.0.113.9", "mine")
    assert trusted["outcomes"][0]["sent"] == "nothing; the connection is closed"
    assert (stranger["facts"]["address"], stranger["facts"]["site"]) == ("192.0.2.1", "photo.example")
    assert stranger["rules"][0]["failed"][0]["found"] == "192.0.2.1"


def test_a_claim_is_held_against_the_shipped_lists():
    """With the list and its day; Googlebot from one of its published addresses sees what people see."""
    found = explained("--user-agent", "Googlebot-Image/1.0", "--address", "66.249.66.1", "--kind", "original")

    assert (found["client"]["identity"], found["outcomes"][0]["rule"]) == ("verified", "search-verified")
    assert found["client"]["identity_checked"]["grade"] == "B"
    assert found["client"]["identity_checked"]["source"] == "google-common"
    assert found["client"]["identity_checked"]["source_date"].startswith("20")
    out = run("--user-agent", "Googlebot-Image/1.0", "--address", "66.249.66.1").stdout
    assert "identity: verified, grade B" in out
    assert "by google-common, as of 20" in out


def test_a_licence_is_checked_as_the_proxy_does_and_its_token_is_not_shown(tmp_path):
    """An explanation is passed around; with the token whoever reads it could fetch."""
    config = tmp_path / "guard.yaml"
    sites = "sites: [{host: photo.example, upstream: 'http://127.0.0.1:8080'}]\n"
    config.write_text(f"{sites}evidence: {{directory: evidence}}\nlicences: {{accept: yes}}\n")
    book = LicenceBook(tmp_path / "evidence" / "guard" / "licences")
    token = book.issue(licences.current(kinds=frozenset({"image"})))
    asked = ["--user-agent", GPTBOT, "--host", "photo.example", "-c", config]

    good = explained(*asked, "--header", f"Authorization: License {token}", "--kind", "image")
    wrong = explained(*asked, "--header", f"Authorization: Bearer {token[:-8]}AAAAAAAA", "--kind", "image")
    tree = run(*asked, "--header", f"Authorization: License {token}").output

    assert good["client"]["licence"] == {
        "state": "valid", "id": "7K3QF9X2TM", "licensee": "Acme AI", "reason": ""
    }  # fmt: skip
    assert good["outcomes"][0]["rule"] == "licensed-allowed"
    assert wrong["client"]["licence"]["state"] == "invalid"
    assert wrong["outcomes"][0]["rule"] == "training-refused"
    assert "licence: valid 7K3QF9X2TM" in tree
    assert "? licensed-allowed: allow if the licence is for it" in tree
    assert not any(token[:-8] in text for text in (json.dumps(good), json.dumps(wrong), tree.replace("\n", "")))


def test_robots_txt_is_given_to_everybody():
    """No rule is asked."""
    found = explained("--user-agent", GPTBOT, "--path", "/robots.txt")

    assert (found["rules"], found["outcomes"][0]["rule"]) == ([], "reservation")


def test_the_tree_begins_with_the_answer():
    """Then who it is, and every rule with its mark; what was not asked is only counted."""
    lines = run("--user-agent", GPTBOT, "--path", "/a.jpg").stdout.splitlines()

    assert lines[0] == "GET /a.jpg"
    assert "refuse by rule training-refused" in lines[1]
    text = "\n".join(lines)
    assert "GPTBot of OpenAI (entry openai-gptbot" in text
    assert "✗ impostors-refused: identity is unknown, not impostor" in text
    assert "✓ training-refused: refuse" in text
    assert "more rules were not asked" in text
    assert max(map(len, lines)) <= 80


def test_text_of_strangers_stays_text_in_the_tree():
    """Neither markup nor an escape sequence, nor a character that turns the line around."""
    out = run("--user-agent", "[red]\x1b[31m\u202egpj", "--path", "/[bold]x%1b").stdout

    assert "[red]\\x1b[31m\\u202egpj" in out
    assert "/[bold]x%1b" in out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_odd_bytes_are_escaped_in_json():
    """As in the evidence."""
    headers = explained(stdin=b"GET / HTTP/1.1\nUser-Agent: a\\\xff\n")["facts"]["headers"]

    assert headers == [["User-Agent", "a\\\\\\xff"]]


USAGE = {
    "nothing": ((), "", "guard explain --user-agent"),
    "two ways": (("--line", LINE, "--path", "/"), "", "take one of them"),
    "a file that is not there": (("missing.txt",), "", "can not be read"),
    "no request": (("-",), "hello", "line 1 is no request line"),
    "no log line": (("--line", "hello"), "", "--line: not a line"),
    "what the proxy answers with 400": (("--path", "photo.jpg"), "", "answers this with 400"),
    "a header that is none": (("--header", "GPTBot"), "", "is no header line"),
    "an address that is none": (("--path", "/", "--address", "here"), "", "is no address"),
    "a kind that is none": (("--path", "/", "--kind", "orginal"), "", "did you mean 'original'?"),
    "a record without evidence": (("--record", "1"), "", "need --evidence DIR"),
    "evidence without a record": (("--evidence", "."), "", "either --record N or --reference CODE"),
    "no evidence there": (("--evidence", ".", "--record", "1"), "", "no evidence directory"),
}


@pytest.mark.parametrize(("arguments", "stdin", "says"), USAGE.values(), ids=list(USAGE))
def test_what_can_not_be_explained_is_a_usage_error(arguments, stdin, says, tmp_path, monkeypatch):
    """With the next thing to type."""
    monkeypatch.chdir(tmp_path)

    assert says in fails(*arguments, stdin=stdin)


@pytest.fixture
def evidence(tmp_path):
    log = open_log(tmp_path / "e")
    fill(log, 1)
    rules = json.dumps(
        {
            "policy": "moderate",
            "rules": [{"id": "training-refused", "when": {"purpose": ["ai_training"]}, "because": "Reserved."}],
            "crawlers": [],
        }
    ).encode()
    digest = log.store_blob(rules)
    _, index = log.append(
        [
            Entry(record.rules(at=AT, digest=digest)),
            request_entry(rules=digest, ref="7K2M9-QX4TA", licence="7K3QF9X2TM", licence_state="expired"),
        ]
    )
    log.append([Entry(end_leaf(index))])
    log.close()
    return tmp_path / "e", index


def test_a_recorded_decision_is_shown_with_its_rule(evidence):
    """By the code that the client was shown: what was decided then, by which rule of which rule set."""
    root, index = evidence
    out = run("--evidence", root, "--reference", "7k2m9qx4ta").stdout

    assert out.startswith(f"record {index}: GET on photo.example, 2026-01-01 00:00:00 UTC")
    assert "refuse by rule training-refused, as decided then" in out
    assert "Reserved." in out
    assert "when purpose is ai_training" in out
    assert "licence: expired 7K3QF9X2TM" in out
    assert "not the one asked today" in out
    assert "203.0.113.7" not in out
    assert "not shown, as it may identify a person: person; guard evidence show" in " ".join(out.split())
    assert "status 403, 10 bytes, whole" in out


def test_a_recorded_decision_as_json(evidence):
    """Every field of the record, the rule, and what is still disclosed."""
    root, index = evidence
    found = explained("--evidence", root, "--record", index)

    assert (found["record"], found["request"]["ref"], found["rule"]["because"]) == (index, "7K2M9-QX4TA", "Reserved.")
    assert (found["rules_found"], found["rules_as_today"]) == (True, False)
    assert {one["group"] for one in found["disclosed"]} == {"tool"}  # who it was is shown on record only


def test_the_program_ends_with_2_for_a_wrong_command_line(tmp_path):
    """And says so on standard error only."""
    ended = subprocess.run(
        [sys.executable, "-m", "guard", "explain", "--record", "1"], capture_output=True, timeout=60, check=False
    )

    assert (ended.returncode, ended.stdout) == (2, b"")
    assert ended.stderr.startswith(b"guard: --record and --reference need --evidence DIR")


def test_signals_are_drawn_with_what_they_add():
    """Each with its weight, its family and what was seen; a fact has no weight."""
    fired = [
        Fired(
            id=SignalId.BREADTH, family=Family.COLLECTION, level=1.5, weight=2.0, value="40\x1b pictures", hard=False
        ),
        Fired(id=SignalId.DECOY, family=Family.ROBOTS, level=9, weight=9, value="", hard=True),
    ]
    pipeline = find_judge(None, "").pipeline
    explained = explain(pipeline, facts.request(), who=facts.who(conduct=Conduct.HOSTILE), signals=fired)
    out = io.StringIO()
    Console(file=out, width=80).print(explanation_tree(explained))
    value = explanation_value(explained)

    assert "breadth +1.5 of +2.0 (collection): 40\\x1b pictures" in out.getvalue()
    assert "decoy (hard fact)" in out.getvalue()
    assert [one["id"] for one in value["client"]["signals"]] == ["breadth", "decoy"]
