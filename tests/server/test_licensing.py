"""From `guard licence issue` to the picture, the record and the end of it, over a running guard."""

import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import orjson
import pytest

from guard.cli.evidence import verify_directory
from guard.core.signing_keys import thumbprint
from guard.errors import UsageError
from guard.store.record_finder import FoundRequest, find_request
from tests.server.conftest import Upstreams
from tests.support.http import CHROME, GPTBOT, Reply, ask
from tests.support.licences import no_secret_in
from tests.support.running import PATIENT, RunningGuard, wait_until
from tests.support.signing import ED25519, P256, jwk, signed
from tests.support.upstream import PICTURES, echoed

ACME = "AcmeFetcher/1.0 (+https://acme.example/bot)"
PICTURE = PICTURES["/original.jpg"]
OFFER = {"url": "https://photo.example/licence", "price": "0.01", "currency": "EUR", "unit": "crawl"}
X402 = {
    "network": "eip155:8453", "asset": "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "amount": "10000",
    "pay_to": "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", "extra": {"name": "USDC", "version": "2"},
}  # fmt: skip


@pytest.fixture(scope="module")
def guard(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """A guard that charges GPTBot, refuses other bots, and accepts licences."""
    running = RunningGuard(
        tmp_path_factory.mktemp("licensing"),
        {
            "sites": [
                {"host": "photo.example", "upstream": upstreams.good},
                {"host": "other.example", "upstream": upstreams.good},
            ],
            "rights": {
                "holder": "Jane Doe",
                "contact": "rights@photo.example",
                "terms": "https://photo.example/terms",
                "offer": {"train": OFFER},
                "paths": [{"path": "/free/", "train": True}],
            },
            "client_ip": {"from": "x-forwarded-for", "trusted": ["127.0.0.0/8"]},
            "licences": {"accept": True, "price_header": True, "x402": [X402]},
            "rules": [
                *PATIENT,
                {"id": "search-charged", "when": {"path": "/robots.txt"}, "action": "charge"},
                {"id": "training-refused", "when": {"crawler": "openai-gptbot"}, "action": "charge"},
            ],
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)


def licence(guard: RunningGuard, *arguments: str) -> Any:
    """Run `guard licence …` and return what it prints as JSON, or as text."""
    command = [sys.executable, "-m", "guard", "licence", *arguments, "-c", str(guard.file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout) if "--json" in arguments else ended.stdout


def issued(guard: RunningGuard, *arguments: str) -> tuple[str, str]:
    """Issue a licence and return its id and its token."""
    found = licence(guard, "issue", "--to", "Acme AI", "--host", "photo.example", *arguments, "--json")
    return found["id"], found["token"]


def fetch(guard: RunningGuard, token: str, path: str = "/original.jpg", *lines: tuple[str, str], **options) -> Reply:
    """Ask with a licence, as one address a test: wrong tokens are counted by address."""
    caller = ("X-Forwarded-For", options.pop("address", "198.51.100.7"))
    return ask(guard.port, path, caller, ("Authorization", f"License {token}"), *lines, **{"agent": ACME, **options})


def of_licence(guard: RunningGuard, name: str) -> list[FoundRequest]:
    """Return the recorded requests under a licence whose answers have ended, waiting for the last a moment."""

    def find() -> list[FoundRequest] | None:
        found = []
        for index in range(1000):
            try:
                one = find_request(guard.evidence, index=index)
            except UsageError as error:
                if "there is no" in str(error):
                    break
                continue
            if one.request.fields.get("licence") == name:
                found.append(one)
        return found if found and all(one.end for one in found) else None

    return wait_until(find, 30)


def signature(path: str = "/original.jpg", key=ED25519) -> tuple[tuple[str, str], ...]:
    """Return the header lines of a Web Bot Auth signature made now."""
    now = int(datetime.now(UTC).timestamp())
    facts = signed(key, agent="https://acme.example", path=path, parameters={"created": now - 1, "expires": now + 60})
    return facts.headers


def test_a_licensed_crawler_gets_the_picture_until_its_licence_is_revoked(guard: RunningGuard, tmp_path: Path):
    """Signed request and token: the original, on record under the licence's id. Revoked: refused within two seconds."""
    key = tmp_path / "acme.jwk"
    key.write_bytes(orjson.dumps(jwk(ED25519)))
    name, token = issued(guard, "--key", str(key), "--path", "/original.jpg", "--kind", "original")
    got = fetch(guard, token, "/original.jpg", *signature())

    assert (got.status, got.body) == (200, PICTURE)
    assert got.get("tdm-reservation") == "1"
    assert not got.get("crawler-charged")
    line = guard.line_for("/original.jpg", licence=name)
    assert (line["rule"], line["rendition"]) == ("licensed-allowed", "as_is")
    (recorded,) = of_licence(guard, name)
    assert (recorded.request.fields["licence_state"], recorded.request.fields["rendition"]) == ("valid", "as_is")
    assert recorded.end is not None
    assert recorded.end.fields["body_sha256"] == sha256(PICTURE).hexdigest()
    assert dict(recorded.values)["signature"]["keyid"] == thumbprint(jwk(ED25519))

    licence(guard, "revoke", name)
    at = time.monotonic()
    refused = wait_until(
        lambda: one if (one := fetch(guard, token, "/original.jpg", *signature())).status == 403 else None, 3
    )
    assert time.monotonic() - at < 2
    assert refused.body != PICTURE
    assert 'error="invalid_token", error_description="the licence was revoked"' in refused.get("WWW-Authenticate")


def _refused(reply: Reply) -> Reply | None:
    return reply if reply.status == 403 else None


def test_the_record_names_the_licence_and_no_file_holds_the_token(guard: RunningGuard, tmp_path: Path):
    """Neither the log nor the side store nor the access log; the whole log still verifies."""
    name, token = issued(guard, "--bearer")
    assert fetch(guard, token, "/original.jpg?size=l").status == 200
    forged = fetch(guard, token[:-6] + "AAAAAA", address="198.51.100.50")
    refused = fetch(guard, token, "/original.jpg", host="other.example")

    forged_record = find_request(guard.evidence, reference=forged.get("Guard-Reference")).request.fields
    refused_record = find_request(guard.evidence, reference=refused.get("Guard-Reference"))
    assert (forged_record["licence"], forged_record["licence_state"]) == ("", "invalid")
    assert (refused_record.request.fields["licence"], refused_record.request.fields["licence_state"]) == (
        name, "not_covered",
    )  # fmt: skip
    headers = dict(dict(refused_record.values)["request"]["headers"])
    assert headers["Authorization"] == "(present, not recorded)"
    assert [one.request.fields["licence_state"] for one in of_licence(guard, name)] == ["valid", "not_covered"]
    assert verify_directory(guard.evidence).holds
    assert no_secret_in(guard.directory, token, token.rpartition(".")[2][:-6]) == []


def test_whoever_shows_a_licence_is_on_record_as_a_browser_too(guard: RunningGuard):
    """Each licensed fetch is; people have no tokens."""
    name, token = issued(guard, "--bearer")

    assert fetch(guard, token, "/display.jpg", agent=CHROME).status == 200
    (recorded,) = of_licence(guard, name)
    assert recorded.request.fields["purpose"] == "browser"


def test_the_token_does_not_reach_the_site_behind(guard: RunningGuard):
    """Whatever it is worth; other credentials do."""
    _, token = issued(guard, "--bearer")
    for sent, agent in ((token, ACME), (token[:-4] + "AAAA", CHROME), ("nonsense", CHROME)):
        seen = echoed(fetch(guard, sent, "/echo", ("X-Kept", "yes"), agent=agent, address="198.51.100.51").body)
        names = {name.lower() for name, _ in seen["headers"]}
        assert "x-kept" in names
        assert "authorization" not in names
    theirs = echoed(ask(guard.port, "/echo", ("Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA")).body)

    assert ["Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA"] in theirs["headers"]


def test_a_crawlers_licence_is_nobodys_who_only_says_its_name(guard: RunningGuard):
    """The identity check decides, and here nobody could confirm it."""
    _, token = issued(guard, "--crawler", "openai-gptbot")

    reply = fetch(guard, token, agent=GPTBOT)

    assert (reply.status, reply.body != PICTURE) == (402, True)
    assert 'error="insufficient_scope"' in reply.get("WWW-Authenticate")
    assert "verified" in reply.get("WWW-Authenticate")


def test_a_licence_opens_nothing_beside_what_it_is_for(guard: RunningGuard, tmp_path: Path):
    """Another host, path, purpose, client or key: GPTBot is charged as it is without a licence."""
    key = tmp_path / "acme.jwk"
    key.write_bytes(orjson.dumps(jwk(ED25519)))
    _, bound = issued(guard, "--key", str(key))
    _, stock = issued(guard, "--bearer", "--path", "/stock")
    _, search = issued(guard, "--bearer", "--purpose", "ai_search")
    _, training = issued(guard, "--bearer", "--purpose", "ai_training")
    elsewhere = {"agent": GPTBOT, "host": "other.example"}
    replies = {
        "another host": fetch(guard, training, **elsewhere),
        "another path": fetch(guard, stock, agent=GPTBOT),
        "a path that some servers read as another": fetch(guard, stock, "/stock/..%2foriginal.jpg", agent=GPTBOT),
        "a path that leads away": fetch(guard, stock, "/stock/../original.jpg", agent=GPTBOT),
        "another purpose": fetch(guard, search, agent=GPTBOT),
        "another method": fetch(guard, training, "/echo", agent=GPTBOT, method="POST"),
        "without the signature": fetch(guard, bound, agent=GPTBOT),
        "with another key's signature": fetch(guard, bound, "/original.jpg", *signature(key=P256), agent=GPTBOT),
        "with a signature, on another host": fetch(guard, bound, "/original.jpg", *signature(), **elsewhere),
    }

    assert {name: one.status for name, one in replies.items()} == dict.fromkeys(replies, 402)
    errors = {re.sub(r".* error=|,.*", "", one.get("WWW-Authenticate")) for one in replies.values()}
    assert errors == {'"insufficient_scope"'}
    assert fetch(guard, training, agent=GPTBOT).body == PICTURE
    assert fetch(guard, bound, "/original.jpg", *signature(), agent=GPTBOT).body == PICTURE


def test_a_token_in_the_query_is_none(guard: RunningGuard):
    """Queries are in logs, histories and referrers."""
    _, token = issued(guard, "--bearer")
    for query in (f"authorization=License%20{token}", f"token={token}", f"access_token={token}", f"license={token}"):
        reply = ask(guard.port, f"/original.jpg?{query}", agent=ACME)

        assert reply.status == 403
        assert not reply.get("WWW-Authenticate")
    assert no_secret_in(guard.directory, token) == []


def test_a_header_of_64_kib_is_an_answer_and_no_harm(guard: RunningGuard):
    """And the guard answers the next."""
    _, token = issued(guard, "--bearer")

    assert fetch(guard, token + "A" * (64 << 10)).status == 403
    assert fetch(guard, "A." * (32 << 10), address="198.51.100.52").status == 403
    assert fetch(guard, token).status == 200


def test_a_licence_for_so_many_pictures_waits_when_they_are_used_up(guard: RunningGuard):
    """429 with the seconds; pages do not count."""
    name, token = issued(guard, "--bearer", "--pictures", "2", "--per", "hour")
    statuses = [fetch(guard, token, path).status for path in ("/", "/", "/original.jpg", "/display.jpg")]
    waiting = fetch(guard, token)

    assert statuses == [200] * 4
    assert waiting.status == 429
    assert int(waiting.get("Retry-After")) > 60
    assert guard.line_for("/original.jpg", status=429)["because"] == f"more than licence {name} allows"


def test_what_a_licence_is_not_for_does_not_use_it_up(guard: RunningGuard):
    """Refused originals leave the one picture of display size that was paid for."""
    _, token = issued(guard, "--bearer", "--kind", "image", "--pictures", "1", "--per", "hour")
    paths = ("/original.jpg", "/original.jpg", "/original.jpg", "/display.jpg", "/display.jpg", "/original.jpg")

    assert [fetch(guard, token, path).status for path in paths] == [403, 403, 403, 200, 429, 403]


def test_where_a_use_is_permitted_no_licence_is_offered_for_it(guard: RunningGuard):
    """A price for what is free anyway would be a contradiction."""
    reserved, permitted = (ask(guard.port, path, agent=GPTBOT) for path in ("/a.jpg", "/free/a.jpg"))

    assert (reserved.status, permitted.status) == (402, 402)
    assert reserved.get("crawler-price") == "EUR 0.01"
    assert not permitted.get("crawler-price")


def test_licences_are_counted_by_what_they_were_worth(guard: RunningGuard):
    """With labels from closed sets."""
    _, token = issued(guard, "--bearer")
    fetch(guard, token)
    fetch(guard, "x", address="198.51.100.53")

    def counted() -> set[tuple[str, str]] | None:
        text = urlopen(guard.admin + "/metrics" if "/metrics" not in guard.admin else guard.admin).read().decode()
        found = set(re.findall(r'guard_licence_requests_total\{licence="(\w+)",site="([^"]+)"\}', text))
        return found if {("valid", "photo.example"), ("invalid", "photo.example")} <= found else None

    found = wait_until(counted, 30)
    assert {state for state, _ in found} <= {"valid", "not_covered", "expired", "revoked", "invalid"}


def test_a_charge_offers_a_licence_in_every_form(guard: RunningGuard):
    """A picture stays a picture, so the offer is in the header lines; nothing claims a payment."""
    reply = ask(guard.port, "/original.jpg?a=b", ("crawler-max-price", "EUR 5.00"), agent=GPTBOT)

    assert (reply.status, reply.get("Content-Type"), reply.get("Cache-Control")) == (402, "image/jpeg", "no-store")
    assert reply.get("crawler-price") == "EUR 0.01"
    assert '<https://photo.example/licence>; rel="payment"' in reply.all("Link")
    assert reply.get("WWW-Authenticate") == ('License error="invalid_request", error_description="a licence is needed"')
    assert json.loads(base64.b64decode(reply.get("PAYMENT-REQUIRED"))) == {
        "x402Version": 2,
        "resource": {"url": "https://photo.example/original.jpg"},
        "accepts": [
            {
                "scheme": "exact", "network": "eip155:8453", "amount": "10000", "asset": X402["asset"],
                "payTo": X402["pay_to"], "maxTimeoutSeconds": 60, "extra": {"name": "USDC", "version": "2"},
            }
        ],
    }  # fmt: skip
    assert not {"crawler-charged", "payment-response"} & {name.lower() for name, _ in reply.lines}
    assert reply.get("tdm-reservation") == "1"


def test_a_charged_program_gets_problem_json(guard: RunningGuard):
    """RFC 9457, in the language of its choice, with what the header lines say in words."""
    accept = ("Accept", "application/problem+json")
    reply = ask(guard.port, "/api", accept, agent=GPTBOT)
    german = json.loads(ask(guard.port, "/api", accept, ("Accept-Language", "de"), agent=GPTBOT).body)
    problem = json.loads(reply.body)

    assert (reply.status, reply.get("Content-Type")) == (402, "application/problem+json")
    assert problem["instance"] == f"urn:guard:{reply.get('Guard-Reference')}"
    assert {name: problem[name] for name in ("type", "status", "tdm-policy", "license", "contact")} == {
        "type": "https://photo.example/terms", "status": 402, "tdm-policy": "https://photo.example/terms",
        "license": "https://photo.example/licence", "contact": "rights@photo.example",
    }  # fmt: skip
    assert "nothing is permitted and nothing is charged" in problem["detail"]
    assert "vorher ist nichts erlaubt" in german["detail"]


def test_a_charged_page_names_the_licence_and_its_price(guard: RunningGuard):
    """For the person who looks at what their crawler got."""
    page = ask(guard.port, "/album/", ("Accept", "text/html"), agent=GPTBOT).body.decode()

    assert '<dt>Licence</dt><dd><a href="https://photo.example/licence">' in page
    assert "<dd>0.01 EUR for each fetch</dd>" in page


@pytest.mark.parametrize("path", ["/robots.txt", "/ai.txt", "/.well-known/tdmrep.json", "/.well-known/guard/terms"])
def test_nobody_is_charged_for_the_reservation(guard: RunningGuard, path: str):
    """Whatever a rule says; a crawler that may not read it is told nothing."""
    reply = ask(guard.port, path, agent=GPTBOT)

    assert reply.status == 200
    assert not {"crawler-price", "payment-required", "www-authenticate"} & {name.lower() for name, _ in reply.lines}


def test_a_person_with_credentials_of_the_site_is_no_crawler(guard: RunningGuard):
    """Logging in at the gallery leaves no record."""
    ask(guard.port, "/thumb.jpg", ("Authorization", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA"))

    line = guard.line_for("/thumb.jpg", purpose="browser")
    assert (line["licence"], line["rule"]) == ("", "default")
