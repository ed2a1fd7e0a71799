"""Do commitments hide and bind, and is each value in exactly one group?"""

import hashlib
import json
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core import signatures
from guard.core.facts import AddressSource, ClientAddress, RequestFacts
from guard.errors import LeafError
from guard.evidence import disclosure
from guard.evidence.text import unescape
from tests.support import signing

SALTS = b"".join(bytes([65 + number]) * 16 for number in range(disclosure.GROUPS_OF_REQUEST))
FACTS = RequestFacts(
    at=datetime(2026, 1, 1, tzinfo=UTC), site="photo.example", scheme="https", authority="photo.example",
    host="photo.example", method="GET", target="/a.jpg?token=s3cret", path="/a.jpg", version="1.1",
    headers=(
        ("Host", "photo.example"), ("User-Agent", "ExampleBot/1.0"), ("X-Forwarded-For", "203.0.113.7"),
        ("Cookie", "s3cret"), ("Referer", "https://other.example/?key=s3cret"), ("Accept", "*/*"),
    ),
    client=ClientAddress(
        address=ip_address("203.0.113.7"), port=4711, source=AddressSource.HEADER, peer="127.0.0.1",
        chain="203.0.113.7",
    ),
)  # fmt: skip


def test_a_commitment_is_the_hash_of_salt_name_and_value():
    """Anybody can check it with a JSON text and sha256sum."""
    one = disclosure.commit("person", {"address": "203.0.113.7"}, bytes(range(16)))

    assert json.loads(one.data) == ["AAECAwQFBgcICQoLDA0ODw", "person", {"address": "203.0.113.7"}]
    assert one.commitment == hashlib.sha256(one.data).hexdigest()
    assert disclosure.read(one.data) == ("person", {"address": "203.0.113.7"})


@given(
    salts=st.lists(st.binary(min_size=16, max_size=16), min_size=5, max_size=5),
    value=st.text(alphabet=st.characters(min_codepoint=32, exclude_categories=()), max_size=30),
    name=st.sampled_from(["User-Agent", "X-Forwarded-For", "Referer", "Cookie", "X-Odd"]),
)
def test_a_request_is_committed_to_as_every_value_is(salts: list[bytes], value: str, name: str):
    """The short way, which every request takes, gives the bytes of the long one."""
    facts = replace(FACTS, headers=((name, value), ("Accept", "*/*")))
    long = zip(disclosure.RequestValues._fields, disclosure.values_of_request(facts), salts, strict=True)

    assert disclosure.of_request(facts, b"".join(salts)) == [disclosure.commit(*one) for one in long]


@pytest.mark.parametrize("salts", [b"", SALTS[:64], SALTS[:-1], SALTS + b"a", SALTS + b"a" * 16])
def test_a_request_is_not_committed_to_with_other_salts(salts: bytes):
    """Five, each whole: a shorter one could be guessed."""
    with pytest.raises(LeafError, match="salts"):
        disclosure.of_request(FACTS, salts)


def test_another_salt_gives_another_commitment():
    """The same visitor can not be recognised by equal commitments."""
    assert disclosure.commit("a", 1, b"a" * 16).commitment != disclosure.commit("a", 1, b"b" * 16).commitment


@pytest.mark.parametrize("salt", [b"", b"a" * 15, b"a" * 17])
def test_a_salt_of_another_length_is_refused(salt):
    """A short salt could be guessed."""
    with pytest.raises(LeafError):
        disclosure.commit("a", 1, salt)


@given(st.binary(max_size=80))
def test_hostile_bytes_are_no_disclosure(data):
    """Reading gives a LeafError or a group and a value."""
    try:
        group, _ = disclosure.read(data)
    except LeafError:
        return
    assert isinstance(group, str)


@pytest.mark.parametrize("data", [b'["AAECAwQFBgcICQoLDA0ODx","a",1]', b'["AAAA","a",1]', b'["=","a",1]', b'[1,"a",1]'])
def test_a_salt_with_two_spellings_is_refused(data):
    """Base64 that decodes but is not the canonical text is another disclosure."""
    with pytest.raises(LeafError):
        disclosure.read(data)


def test_an_address_is_in_the_person_group_only():
    """When the person group is erased, nothing that names the person is left."""
    person, *others = disclosure.of_request(FACTS, SALTS)

    assert b"203.0.113.7" in person.data
    assert b"203.0.113.7" not in b"".join(one.data for one in others)


def test_an_address_can_not_be_guessed_from_its_commitment():
    """Whoever tries every address of a network in the forms that we write finds none without the salt; with it, one."""
    person, *_ = disclosure.of_request(FACTS, SALTS)
    value = disclosure.read(person.data)[1]
    hits = {"without": 0, "with": 0, "with another": 0}
    for last in range(256 * 16):
        guess = {**value, "address": f"203.0.{112 + last // 256}.{last % 256}"}
        for salt, name in ((SALTS[:16], "with"), (b"x" * 16, "with another")):
            hits[name] += disclosure.commit("person", guess, salt).commitment == person.commitment
        for form in (guess["address"], json.dumps(guess), json.dumps(["person", guess], separators=(",", ":"))):
            hits["without"] += hashlib.sha256(form.encode()).hexdigest() == person.commitment

    assert hits == {"without": 0, "with": 1, "with another": 0}


def test_what_outlives_the_person_says_where_it_sat_and_what_it_asked_for():
    """A trace needs tool, network and picture for years; address, query and further header lines are gone by then."""
    values = disclosure.values_of_request(replace(FACTS, headers=(*FACTS.headers, ("From", "a@b.example"))), 64500)

    assert values.network == {"prefix": "203.0.113.0/24", "system": 64500}
    assert values.target == {
        "authority": "photo.example", "method": "GET", "path": "/a.jpg", "scheme": "https", "version": "1.1"
    }  # fmt: skip
    assert (values.request["query"], values.person["headers"][-1]) == ("?token=(not-recorded)", ["From", "a@b.example"])


@pytest.mark.parametrize(
    ("address", "prefix"), [("2001:db8:1:2::3", "2001:db8:1::/48"), ("198.51.100.255", "198.51.100.0/24")]
)
def test_a_network_is_that_of_many(address, prefix):
    """One /24 or /48 is not one person's."""
    assert disclosure.prefix_of(ip_address(address)) == prefix
    assert disclosure.prefix_of(None) == ""


def test_a_target_is_put_together_from_what_is_left():
    """Whole, without its query, as old logs have it, or not at all."""
    values = disclosure.values_of_request(replace(FACTS, target="/a.jpg?w=1"))

    assert disclosure.target_of({"target": values.target, "request": values.request}) == "/a.jpg?w=1"
    assert disclosure.target_of({"target": values.target}) == "/a.jpg"
    assert disclosure.target_of({"request": {"target": "/b.jpg?w=2"}}) == "/b.jpg?w=2"
    assert disclosure.target_of({"request": values.request}) == disclosure.target_of({}) == ""


def test_the_header_print_has_all_names_in_order():
    """The tool group tells the order of the fields, and values only of those that the program itself chose."""
    _, tool, *_ = disclosure.of_request(FACTS, SALTS)

    assert disclosure.read(tool.data)[1]["headers"] == [
        ["Host", None], ["User-Agent", "ExampleBot/1.0"], ["X-Forwarded-For", None], ["Cookie", None],
        ["Referer", None], ["Accept", "*/*"],
    ]  # fmt: skip


def test_no_secret_is_in_any_group():
    """Cookies and tokens are not even in the erasable part."""
    assert all(b"s3cret" not in one.data for one in disclosure.of_request(FACTS, SALTS))


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_odd_bytes_survive(name, value):
    """Header lines of any bytes can be committed to and are recovered."""
    odd_name = "User-" + name.decode("utf-8", "surrogateescape")
    odd_value = value.decode("utf-8", "surrogateescape")

    groups = disclosure.of_request(replace(FACTS, headers=((odd_name, odd_value),)), SALTS)

    values = [disclosure.read(one.data)[1] for one in groups]
    lines = [line for value in values for line in value.get("headers", ()) if line[1] is not None]
    assert len(lines) == 1
    assert unescape(lines[0][0]) == odd_name
    assert unescape(lines[0][1]) in {odd_value, "(present, not recorded)"}


def test_a_verified_signature_can_be_verified_again_from_what_is_disclosed():
    """Years later, with the key alone: text and signature are those that were checked at the time."""
    facts = signing.signed()
    verdict = signatures.verify(facts, signing.keys_of(signing.ED25519))

    group, value = disclosure.read(disclosure.of_signature(verdict, bytes(16)).data)

    assert verdict.status is signatures.SignatureStatus.VERIFIED
    assert (group, value["agent"]) == ("signature", verdict.agent)
    signing.ED25519.public_key().verify(b64decode(value["signature"]), unescape(value["base"]).encode())
