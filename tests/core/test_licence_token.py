"""A licence token is read only if the owner's key signed exactly it, and says exactly what was allowed."""

import hashlib
import hmac
import random
import subprocess
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from guard.core.licence_token import (
    LONGEST,
    SIGNED_HEADER,
    claims,
    is_ours,
    licensee_key,
    open_token,
    parse_claims,
    seal,
)
from guard.core.signing_keys import thumbprint
from guard.errors import LicenceError
from tests.support.licences import OWNER, licence, segment, token, unsegment
from tests.support.signing import ED25519, NOW, P256, RSA, b64url, jwk

PUBLIC = OWNER.public_key()
ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of Ed25519's group (RFC 8032, section 5.1)."""

WHOLE = {
    "reference": "2026-17",
    "hosts": ("photo.example", "www.photo.example"),
    "paths": ("/stock", "/albums/2026/"),
    "purposes": frozenset({"ai_training"}),
    "kinds": frozenset({"image", "original"}),
    "crawler": "openai-gptbot",
    "thumbprint": thumbprint(jwk(ED25519)),
    "key": jwk(ED25519),
    "pictures": 1000,
    "per_seconds": 86_400,
}


@pytest.mark.parametrize("changes", [{}, WHOLE], ids=["least", "everything"])
def test_what_was_sealed_is_opened(changes: dict[str, object]) -> None:
    """There and back."""
    assert open_token(token(**changes), PUBLIC) == licence(**changes)


@pytest.mark.parametrize("key", [ED25519, P256, RSA], ids=["Ed25519", "P-256", "RSA"])
def test_a_licence_can_be_bound_to_every_key_that_requests_are_signed_with(key) -> None:
    """RFC 7800; with an RSA key of 2048 bits the token is still short enough."""
    bound = token(thumbprint=thumbprint(jwk(key)), key=jwk(key))

    assert open_token(bound, PUBLIC).thumbprint == thumbprint(jwk(key))
    assert len(bound) < LONGEST / 2


def test_a_token_is_a_json_web_token_that_another_program_verifies(tmp_path: Path) -> None:
    """The signature by OpenSSL, over what RFC 7515, section 5.1, says."""
    head, payload, signature = token().split(".")
    (tmp_path / "key").write_bytes(PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (tmp_path / "signature").write_bytes(unsegment(signature))
    (tmp_path / "signed").write_bytes(f"{head}.{payload}".encode())
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin", "-in", "signed"]

    ended = subprocess.run([*command, "-sigfile", "signature"], cwd=tmp_path, capture_output=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert orjson.loads(unsegment(head)) == {"alg": "Ed25519", "typ": "crawler-licence+jwt"}
    assert orjson.loads(unsegment(payload))["exp"] == int((NOW + timedelta(days=1)).timestamp())


def _twin(character: str) -> str:
    """Return another last character that stands for the same bytes: its last bits mean nothing."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return alphabet[alphabet.index(character) ^ 1]


def _forgeries() -> dict[str, str]:
    """Return everything that a forger, a bad copy or a curious library would send."""
    good = token(**WHOLE)
    head, payload, signature = good.split(".")
    said = orjson.loads(unsegment(payload))
    raw = unsegment(signature)
    public = PUBLIC.public_bytes_raw()
    pem = PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def header(**fields: object) -> str:
        return segment(orjson.dumps({"typ": "crawler-licence+jwt", **fields}))

    def signed(head: str, payload: str, key: Ed25519PrivateKey = OWNER) -> str:
        return f"{head}.{payload}.{segment(key.sign(f'{head}.{payload}'.encode()))}"

    def mac(head: str, secret: bytes) -> str:
        return f"{head}.{payload}.{segment(hmac.digest(secret, f'{head}.{payload}'.encode(), hashlib.sha256))}"

    stranger = Ed25519PrivateKey.from_private_bytes(bytes(32))
    s = int.from_bytes(raw[32:], "little")
    found = {
        "empty": "",
        "dots": "..",
        "two parts": f"{head}.{payload}",
        "no signature": f"{head}.{payload}.",
        "four parts": f"{good}.{signature}",
        "five parts, as encrypted ones have": f"{head}.{payload}.{signature}.AAAA.AAAA",
        "alg none": f"{header(alg='none')}.{payload}.{signature}",
        "alg none, no signature": f"{header(alg='none')}.{payload}.",
        "alg None in another spelling": f"{header(alg='nOnE')}.{payload}.AAAA",
        "HS256 with the public key": mac(header(alg="HS256"), public),
        "HS256 with the public key's PEM": mac(header(alg="HS256"), pem),
        "HS256 behind our header": mac(head, public),
        "alg EdDSA, rightly signed": signed(header(alg="EdDSA"), payload),
        "alg ed25519 in small letters, rightly signed": signed(header(alg="ed25519"), payload),
        "no alg, rightly signed": signed(header(), payload),
        "a key in the header, signed with it": signed(header(alg="Ed25519", jwk=jwk(stranger)), payload, stranger),
        "the address of a key": signed(header(alg="Ed25519", jku="https://a.example/k"), payload, stranger),
        "a key id in the header, rightly signed": signed(header(alg="Ed25519", kid="../../dev/null"), payload),
        "a critical extension, rightly signed": signed(header(alg="Ed25519", crit=["b64"], b64=False), payload),
        "the header's members in another order, rightly signed": signed(
            segment(b'{"typ":"crawler-licence+jwt","alg":"Ed25519"}'), payload
        ),
        "another type, rightly signed": signed(segment(b'{"alg":"Ed25519","typ":"JWT"}'), payload),
        "a stranger's signature": signed(head, payload, stranger),
        "a signature of nothing": f"{head}.{payload}.{segment(OWNER.sign(b''))}",
        "the payload's signature alone": f"{head}.{payload}.{segment(OWNER.sign(payload.encode()))}",
        "zeros for a signature": f"{head}.{payload}.{segment(bytes(64))}",
        "a short signature": f"{head}.{payload}.{segment(raw[:63])}",
        "a long signature": f"{head}.{payload}.{segment(raw + b'x')}",
        "S beyond the order": f"{head}.{payload}.{segment(raw[:32] + (s + ORDER).to_bytes(32, 'little'))}",
        "S and R exchanged": f"{head}.{payload}.{segment(raw[32:] + raw[:32])}",
        "another spelling of the same signature": f"{head}.{payload}.{signature[:-1]}{_twin(signature[-1])}",
        "padding": f"{head}.{payload}.{signature}=",
        "padding as base64 has it": f"{good}==",
        "base64 with a plus": f"{head}.{payload}.{signature[:-1]}+",
        "a space in front": f" {good}",
        "a line end behind": f"{good}\n",
        "a NUL behind": f"{good}\0",
        "the token twice": f"{good},{good}",
        "letters that look alike": good.replace("A", "А", 1),
        "an undecodable byte": f"{good}\udcff",
        "all in small letters": good.lower(),
        "another licence's payload": f"{head}.{token(licensee='Eve').split('.')[1]}.{signature}",
        "payload and header exchanged": f"{payload}.{head}.{signature}",
        "a very long one": f"{head}.{payload}.{'A' * 70_000}",
    }  # fmt: skip
    for name, value in {
        "exp": said["exp"] + 86_400, "aud": ["other.example"], "paths": ["/"], "purposes": ["search_engine"],
        "crawler": "google-googlebot", "sub": "Eve", "jti": "0000000000", "kinds": ["page"], "limit": None,
        "cnf": None,
    }.items():  # fmt: skip
        changed = {**said, name: value} if value is not None else {k: v for k, v in said.items() if k != name}
        found[f"another {name}"] = f"{head}.{segment(orjson.dumps(changed, option=orjson.OPT_SORT_KEYS))}.{signature}"
    return found


FORGERIES = _forgeries()


def test_there_are_enough_forgeries() -> None:
    """And the one they are made of is good."""
    assert len(FORGERIES) >= 50
    assert open_token(token(**WHOLE), PUBLIC)


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES.keys())
def test_no_forgery_is_opened(forged: str) -> None:
    """Neither what nobody signed, nor what the owner signed under another header: there is one algorithm."""
    with pytest.raises(LicenceError):
        open_token(forged, PUBLIC)


def test_a_token_that_is_too_long_is_refused_though_it_is_signed() -> None:
    """The limit holds before anything is computed."""
    said = {**claims(licence()), "paths": [f"/{number:02}{'x' * 138}" for number in range(20)]}
    payload = segment(orjson.dumps(said))
    signed = f"{SIGNED_HEADER}.{payload}"
    signed += f".{segment(OWNER.sign(signed.encode()))}"
    assert LONGEST < len(signed) < LONGEST + 200

    with pytest.raises(LicenceError, match="more than 4096"):
        open_token(signed, PUBLIC)


def test_no_single_character_can_be_changed() -> None:
    """At every place of the token, for two other characters; also those whose last bits mean nothing."""
    good = token()
    chance = random.Random(7)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    opened = []
    for place, old in enumerate(good):
        for new in chance.sample(alphabet.replace(old, ""), 2):
            try:
                open_token(good[:place] + new + good[place + 1 :], PUBLIC)
                opened.append((place, old, new))
            except LicenceError:
                continue

    assert opened == []


@given(st.text(max_size=400) | st.from_regex(r"eyJ[\w-]{0,90}\.[\w-]{0,90}\.[\w-]{0,90}", fullmatch=True))
def test_whatever_is_sent_is_refused_in_one_way(text: str) -> None:
    """Nothing but LicenceError comes out, and recognising a token never fails."""
    is_ours(text)

    with pytest.raises(LicenceError):
        open_token(text, PUBLIC)


FAULTY = {
    "a claim that is not known": {"max_users": 5},
    "no end": {"exp": None},
    "an end before the beginning": {"exp": 1, "iat": 2},
    "an end as text": {"exp": "2027"},
    "an end as yes": {"exp": True},
    "an end beyond all calendars": {"exp": 1 << 39, "iat": 0},
    "a host that is no list": {"aud": "photo.example"},
    "no host": {"aud": []},
    "an empty list of paths": {"paths": []},
    "a path that is no text": {"paths": [1]},
    "too many paths": {"paths": [f"/{n}" for n in range(33)]},
    "a name with a line end": {"sub": "Acme\nSet-Cookie: a=1"},
    "no name": {"sub": ""},
    "an id with a slash": {"jti": "../../../x"},
    "a thumbprint that is none": {"cnf": {"jkt": "x"}},
    "a thumbprint and a key": {"cnf": {"jkt": "x" * 43, "jwk": jwk(ED25519)}},
    "a private key": {"cnf": {"jwk": {**jwk(ED25519), "d": b64url(bytes(32))}}},
    "a limit of nothing": {"limit": {"pictures": 0, "seconds": 60}},
    "a limit that is true": {"limit": True},
    "no object at all": None,
}


@pytest.mark.parametrize("changes", FAULTY.values(), ids=FAULTY.keys())
def test_claims_are_read_strictly(changes: dict[str, object] | None) -> None:
    """A claim that is not understood may be one that limits: the whole is refused."""
    said = {name: value for name, value in {**claims(licence()), **(changes or {})}.items() if value is not None}

    with pytest.raises(LicenceError):
        parse_claims(orjson.dumps(said if changes is not None else [said]))


def test_a_token_that_would_be_too_long_is_not_made() -> None:
    """It would be refused later, and then the licensee has it already."""
    with pytest.raises(LicenceError, match="say less"):
        seal(licence(paths=tuple(f"/{n:03}{'x' * 190}" for n in range(32))), OWNER)


def test_a_licence_that_no_token_can_say_is_not_made() -> None:
    """Half a second would be lost on the way."""
    with pytest.raises(LicenceError):
        seal(licence(expires=NOW + timedelta(seconds=1.5)), OWNER)


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        (token(), True),
        (f"{SIGNED_HEADER}.x", True),
        (f"{segment(orjson.dumps({'typ': 'crawler-licence+jwt', 'alg': 'none'}))}.e30.", True),
        (f"{segment(orjson.dumps({'typ': 'JWT', 'alg': 'HS256'}))}.e30.AAAA", False),
        (SIGNED_HEADER, False),
        ("eyJ.", False),
        ("", False),
        ("A" * 100_000, False),
    ],
    ids=["a good one", "a broken one", "one with another algorithm", "the upstream's", "a header only", "a stub",
         "nothing", "a long text"],
)  # fmt: skip
def test_only_licences_are_taken_for_licences(text: str, ours: bool) -> None:
    """The site behind us may know tokens of its own, and they must reach it."""
    assert is_ours(text) is ours


def test_a_key_that_everybody_has_is_no_binding() -> None:
    """The private halves of RFC 9421's test keys are printed in it."""
    with pytest.raises(LicenceError, match="everybody"):
        licensee_key({"kty": "OKP", "crv": "Ed25519", "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"})


def test_a_weak_or_strange_key_is_no_binding() -> None:
    """Only what the request's signature is checked with later."""
    weak = jwk(rsa.generate_private_key(public_exponent=65537, key_size=1024))  # noqa: S505  # on purpose
    strange = {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}

    for key in (weak, strange, {"kty": "oct", "k": "AA"}, {}):
        with pytest.raises(LicenceError):
            licensee_key(key)


def test_a_licence_says_who_can_use_it() -> None:
    """In one phrase, for lists."""
    assert licence().bound_to == "whoever holds it"
    assert licence(crawler="a-bot").bound_to == "a-bot"
    assert licence(crawler="a-bot", thumbprint="T").bound_to == "a-bot with key T"
