"""What a crawler's request leaves in the evidence, from the wire to the verified log."""

import json
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from guard.cli.evidence import verify_directory
from guard.evidence import record
from guard.store.log_files import open_folder
from guard.store.record_finder import FoundRequest, find_request, leaves
from guard.store.rule_files import rules_root
from tests.server.conftest import Upstreams
from tests.support.http import GPTBOT, Reply, ask, connect, head
from tests.support.running import RunningGuard

CLIENT = ("X-Forwarded-For", "198.51.100.77")
SECRETS = (
    ("Cookie", "session=topsecret1"),
    ("Authorization", "Bearer topsecret2"),
    ("X-Api-Key", "topsecret3"),
    ("Referer", "https://cloud.example/x?X-Amz-Signature=topsecret5&sig=topsecret6"),
)
PRIVATE = (
    ("Referer", "https://photo.example/cli%65nts/miller-wedding/index.html?page=2"),
    ("HX-Current-URL", "https://photo.example/clients/miller-wedding/"),
    ("X-Original-URL", "/x/../clients/miller-wedding/17.jpg"),
)
ASSISTANT = "Mozilla/5.0 (compatible; ChatGPT-User/1.0; +https://openai.com/bot)"


def listed_network() -> str:
    """Return a network of the list of GPTBot's addresses that ships."""
    return str(json.loads((rules_root().path / "ranges/openai-gptbot.json").read_text())["prefixes"][0]["ipv4Prefix"])


def listed_address() -> str:
    return str(ip_network(listed_network())[1])


@pytest.fixture(scope="module")
def visited(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Reply]]:
    """Let GPTBot read robots.txt, take a picture and a page, then stop the guard."""
    guard = RunningGuard(
        tmp_path_factory.mktemp("visited"),
        {
            "sites": [{"host": "photo.example", "upstream": upstreams.good}],
            "client_ip": {"from": "x-forwarded-for", "trusted": ["127.0.0.0/8"]},
            "evidence": {"directory": "evidence", "private": ["/clients/"]},
        },
    )
    replies = {
        "robots": ask(guard.port, "/robots.txt", CLIENT, agent=GPTBOT),
        "picture": ask(guard.port, "/original.jpg?token=topsecret4&size=1", CLIENT, *SECRETS, agent=GPTBOT),
        "page": ask(guard.port, "/album/", CLIENT, ("Accept", "text/html"), agent=GPTBOT),
        "private": ask(guard.port, "//cli%65nts/miller-wedding/17.jpg?page=2", CLIENT, *PRIVATE, agent=GPTBOT),
        "verified": ask(guard.port, "/original.jpg", ("X-Forwarded-For", listed_address()), agent=GPTBOT),
        "preview": ask(guard.port, "/original.jpg", CLIENT, agent=ASSISTANT),
        "original": ask(urlsplit(upstreams.good).port or 80, "/original.jpg"),
    }
    assert guard.stop() == 0
    return guard.evidence, replies


def found(visited: tuple[Path, dict[str, Reply]], name: str) -> FoundRequest:
    evidence, replies = visited
    return find_request(evidence, reference=replies[name].get("Guard-Reference"))


def test_the_whole_log_holds(visited: tuple[Path, dict[str, Reply]]):
    """Six requests, six ends, one reservation, one rule set."""
    report = verify_directory(visited[0])

    assert report.holds, report.faults
    kinds = dict(report.kinds)
    assert (kinds["req"], kinds["end"], kinds["rsv"], kinds["cls"]) == (6, 6, 1, 1)


def test_the_code_on_the_card_finds_the_decision(visited: tuple[Path, dict[str, Reply]]):
    """Who claimed what, what that is worth, which rule, what was sent."""
    fields = found(visited, "picture").request.fields

    expected: dict[str, Any] = {
        "crawler": "openai-gptbot", "operator": "OpenAI", "purpose": "ai_training", "claimed": "GPTBot",
        "identity": "unknown", "grade": "D", "action": "refuse", "rule": "training-refused", "rendition": "card",
        "method": "GET", "site": "photo.example",
    }  # fmt: skip
    assert {name: fields[name] for name in expected} == expected


def test_the_end_says_what_was_really_sent(visited: tuple[Path, dict[str, Reply]]):
    """Status, length and hash are those of the bytes that the client got."""
    reply = visited[1]["picture"]
    end = found(visited, "picture").end

    assert end is not None
    assert (end.fields["status"], end.fields["bytes"], end.fields["completed"]) == (403, len(reply.body), True)
    assert end.fields["body_sha256"] == sha256(reply.body).hexdigest()


def test_the_reservation_in_force_is_kept_in_the_very_bytes_that_the_crawler_read(
    visited: tuple[Path, dict[str, Reply]],
):
    """The robots.txt that GPTBot was served is the blob that its later request names."""
    evidence, replies = visited
    reservation = found(visited, "page").reservation

    assert reservation is not None
    documents = {one["path"]: one["sha256"] for one in reservation.fields["set"]["documents"]}
    blob = (evidence / "log" / "blobs" / documents["/robots.txt"]).read_bytes()
    assert blob == replies["robots"].body
    assert ["X-Robots-Tag", "noai, noimageai"] in reservation.fields["set"]["headers"]


def test_the_rule_set_that_decided_is_kept_whole(visited: tuple[Path, dict[str, Reply]]):
    """Years later it can be said what `training-refused` was."""
    rules = found(visited, "page").rules

    assert rules is not None
    assert rules.policy == "moderate"
    assert rules.rule is not None
    assert rules.rule["action"] == "refuse"
    assert rules.crawler is not None
    assert rules.crawler["token"] == "GPTBot"


def test_address_and_user_agent_are_beside_the_log_and_match_it(visited: tuple[Path, dict[str, Reply]]):
    """Committed to in the record, readable while the values are kept."""
    values = dict(found(visited, "picture").values)

    assert values["person"]["address"] == "198.51.100.77"
    assert ["User-Agent", GPTBOT] in values["tool"]["headers"]
    log = b"".join(path.read_bytes() for path in (visited[0] / "log").rglob("*") if path.is_file())
    assert b"198.51.100.77" not in log


def everything_in(evidence: Path) -> bytes:
    """Return all bytes on the disk, and the values that lie there sealed."""
    sealed = b"".join(data for _, _, data in open_folder(evidence).disclosures() or ())
    return sealed + b"".join(path.read_bytes() for path in evidence.rglob("*") if path.is_file())


def test_secrets_are_nowhere(visited: tuple[Path, dict[str, Reply]]):
    """Cookies, credentials and tokens in the query are dropped before anything is recorded."""
    stored = everything_in(visited[0])

    assert b"topsecret" not in stored
    assert b"size=1" in stored


def test_of_a_private_path_only_its_beginning_is_recorded(visited: tuple[Path, dict[str, Reply]]):
    """Nowhere in the evidence directory is the rest, however it was spelled and whichever line it came in."""
    stored = everything_in(visited[0])

    assert b"miller" not in stored
    assert b"page=2" not in stored
    one = find_request(visited[0], reference=visited[1]["private"].get("Guard-Reference"))
    values = dict(one.values)
    assert (values["target"]["path"], values["request"]["query"]) == ("/clients/(not-recorded)", "")
    assert dict(values["request"]["headers"])["Referer"] == "https://photo.example/clients/(not-recorded)"


def test_the_record_says_which_robots_txt_this_client_was_delivered_before(visited: tuple[Path, dict[str, Reply]]):
    """The version, by the beginning of its digest, and since when; whoever fetched none has no such field."""
    evidence, replies = visited
    asked = find_request(evidence, reference=replies["picture"].get("Guard-Reference")).request.fields
    requests = [record.read(leaf) for _, leaf in leaves(open_folder(evidence)) if b'"kind":"req"' in leaf]

    assert asked["robots"] == sha256(replies["robots"].body).hexdigest()[:16]
    assert abs(asked["robots_since"] - asked["at"]) < 60_000_000
    assert "robots" not in requests[0].fields
    assert requests[0].fields["rendition"] == "reservation"


def test_the_list_that_proved_a_claim_is_on_record_in_its_bytes(visited: tuple[Path, dict[str, Reply]]):
    """The request names it by its digest; it was on record before."""
    evidence, replies = visited
    one = find_request(evidence, reference=replies["verified"].get("Guard-Reference")).request.fields
    (used,) = [record.read(leaf) for _, leaf in leaves(open_folder(evidence)) if b'"kind":"id"' in leaf]

    assert (one["identity"], one["grade"]) == ("verified", "B")
    assert one["sources"] == [used.fields["sha256"]]
    assert used.fields["name"] == "openai-gptbot"
    assert listed_network() in (evidence / "log/blobs" / used.fields["sha256"]).read_text()


def test_a_smaller_copy_names_the_original_that_it_was_made_of(visited: tuple[Path, dict[str, Reply]]):
    """The upstream's bytes and the bytes that were sent, each by its hash."""
    evidence, replies = visited
    requests = [record.read(leaf) for _, leaf in leaves(open_folder(evidence)) if b'"kind":"req"' in leaf]
    (preview,) = [one for one in requests if one.fields["rendition"] == "preview"]

    assert replies["preview"].status == 200
    assert preview.fields["original"] == sha256(replies["original"].body).hexdigest()
    assert "mark" not in preview.fields


def test_an_answer_that_was_no_whole_copy_is_recorded_as_none(upstreams: Upstreams, tmp_path: Path):
    """A range, a 304, HEAD and a client that hangs up in the middle: bytes and status are what left."""
    sites = [{"host": "photo.example", "upstream": upstreams.good}]
    guard = RunningGuard(tmp_path, {"sites": sites, "policy": "open", "evidence": {"directory": "evidence"}})
    whole = ask(guard.port, "/original.jpg", agent=ASSISTANT)
    ask(guard.port, "/original.jpg", ("Range", "bytes=0-99"), agent=ASSISTANT)
    ask(guard.port, "/original.jpg", ("If-None-Match", whole.get("ETag")), agent=ASSISTANT)
    ask(guard.port, "/original.jpg", method="HEAD", agent=ASSISTANT)
    with connect(guard.port, timeout=60) as connection:
        connection.sendall(head("/large?megabytes=60", agent=ASSISTANT))
        connection.recv(1 << 16)
    assert guard.stop() == 0

    read = [record.read(leaf) for _, leaf in leaves(open_folder(guard.evidence))]
    ends = [one.fields for one in read if one.kind is record.RecordKind.END]
    assert [(one["status"], one["bytes"], one["completed"]) for one in ends[:4]] == [
        (200, len(whole.body), True), (206, 100, True), (304, 0, True), (200, 0, True),
    ]  # fmt: skip
    assert (ends[4]["status"], ends[4]["completed"], ends[4]["reason"]) == (200, False, "client_gone")
    assert ends[4]["bytes"] < 60 << 20
