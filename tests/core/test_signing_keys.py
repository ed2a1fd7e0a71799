"""Is a key directory read strictly, entry by entry?"""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.signing_keys import MAX_BYTES, MAX_KEYS, Algorithm, directory_url, parse_directory, thumbprint
from guard.errors import FetchError
from tests.support.signing import ED25519, P256, RSA, b64url, jwk

URL = "https://signer.example/.well-known/http-message-signatures-directory"


def read(*keys):
    """Return a directory with these entries."""
    return parse_directory(orjson.dumps({"keys": list(keys)}), URL)


def test_the_thumbprint_is_the_rfcs():
    """The example of RFC 7638, section 3.1, and that of RFC 8037, appendix A.3."""
    rsa = {
        "kty": "RSA",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebW"
        "KRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu"
        "6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awap"
        "JzKnqDKgw",
        "e": "AQAB",
        "alg": "RS256",
        "kid": "2011-04-29",
    }
    okp = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}

    assert thumbprint(rsa) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert thumbprint(okp) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_each_kind_of_key_becomes_its_algorithm():
    """By its type, with or without a name for it."""
    named = read({**jwk(ED25519), "alg": "EdDSA", "use": "sig"}, {**jwk(P256), "alg": "ES256"}, jwk(RSA))

    assert named.refused == ()
    assert {key.algorithm for key in named.keys.values()} == set(Algorithm)
    assert all(name == key.thumbprint and key.directory == URL for name, key in named.keys.items())


GOOD = jwk(ED25519)


@pytest.mark.parametrize(
    "entry",
    [
        {**GOOD, "kid": "another"},
        {**GOOD, "d": b64url(bytes(32))},
        {**GOOD, "use": "enc"},
        {**GOOD, "alg": "HS256"},
        {**GOOD, "alg": "PS512"},
        {**GOOD, "alg": 7},
        {**GOOD, "alg": ["EdDSA"]},
        {**GOOD, "crv": "X25519"},
        {**GOOD, "x": "!!!"},
        {**GOOD, "x": b64url(bytes(31))},
        {**GOOD, "x": None},
        {**GOOD, "nbf": "soon"},
        {**GOOD, "exp": 10**18},
        {**GOOD, "exp": True},
        {"kty": "oct", "k": b64url(b"secret")},
        {"kty": ["OKP"]},
        {**jwk(P256), "crv": "P-384"},
        {**jwk(P256), "y": b64url(bytes(32))},
        {**jwk(RSA), "n": b64url(bytes([200]) + bytes(126) + b"\x01")},
        {**jwk(RSA), "n": b64url(b"\xff" * 1025)},
        {**jwk(RSA), "e": b64url(b"\x02")},
        {**jwk(RSA), "alg": "RS256"},
        {"kty": "OKP", "crv": "Ed25519", "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"},
        {},
        "key",
        None,
    ],
)
def test_an_entry_that_is_not_right_is_left_out_and_takes_no_other_with_it(entry):
    """A secret key, a private half, a wrong name, a weak one, the RFC's test key: each has its reason."""
    found = read(entry, jwk(P256))

    assert [key.algorithm for key in found.keys.values()] == [Algorithm.ECDSA_P256_SHA256]
    assert len(found.refused) == 1
    assert found.refused[0].startswith("key 0: ")


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>", b"[]", b"{}", b'{"keys": {}}', b"[" * 60_000, b" " * (MAX_BYTES + 1),
     orjson.dumps({"keys": [GOOD] * (MAX_KEYS + 1)})],
)  # fmt: skip
def test_what_is_no_directory_is_refused_whole(data):
    """A page, a bomb of brackets, too much of it."""
    with pytest.raises(FetchError):
        parse_directory(data, URL)


@given(st.recursive(st.none() | st.text(max_size=5) | st.integers(), lambda one: st.lists(one) | st.dictionaries(
    st.sampled_from(["keys", "kty", "crv", "x", "y", "n", "e", "OKP"]), one), max_leaves=12))  # fmt: skip
def test_no_json_breaks_the_reader(value):
    """It becomes keys and reasons, or one kind of error."""
    try:
        found = parse_directory(orjson.dumps({"keys": [value]}), URL)
    except (FetchError, TypeError):  # orjson itself can not write some integers
        return
    assert found.keys == {}


@pytest.mark.parametrize(
    "origin",
    ["https://signer.example", "https://signer.example/", "HTTPS://Signer.EXAMPLE", "https://signer.example:443",
     "https://signer.example."],
)  # fmt: skip
def test_one_directory_has_one_name(origin):
    """However its origin is written."""
    assert directory_url(origin) == URL


@pytest.mark.parametrize(
    "origin",
    ["", "signer.example", "http://signer.example", "https://", "https:///x", "https://signer.example/x",
     "https://u@signer.example", "https://u:p@signer.example", "https://signer.example?", "https://signer.example#",
     "https://[::1]", "https://signer.example:0x", "https://signer.example:70000", "https://sig ner.example",
     "https://signer.example\\@evil.test", "https://signer.example\n", "https://sïgner.example", "//signer.example"],
)  # fmt: skip
def test_what_is_no_https_origin_has_no_directory(origin):
    """Nothing is fetched from there."""
    with pytest.raises(ValueError):  # noqa: PT011  # that it is refused is all there is to say
        directory_url(origin)
