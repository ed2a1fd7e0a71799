"""Is exactly the request accepted that its signer signed, for whom, and no other?"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.core.facts import RequestFacts
from guard.core.signatures import LIMITS, SignatureLimits, SignatureStatus, verify
from guard.core.signing_keys import TEST_KEYS, parse_directory
from tests.support.facts import request
from tests.support.signing import AGENT, ED25519, NOW, P256, RSA, SECONDS, changed, keys_of, sign, signed

KEYS = keys_of(ED25519, P256, RSA)
DIRECTORY = f"{AGENT}/.well-known/http-message-signatures-directory"

# The published test vectors of the profile, each with the public half of the test key of RFC 9421, appendix B.1.2 and
# B.1.4. Their signatures were made by other people's programs.
TEST_DIRECTORY = orjson.dumps(
    {
        "keys": [
            {"kty": "OKP", "crv": "Ed25519", "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"},
            {
                "kty": "RSA",
                "e": "AQAB",
                "n": "r4tmm3r20Wd_PbqvP1s2-QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct-Lh1GH45x28Rw3Ry53mm-oAXjy"
                "Q86OnDkZ5N8"
                "lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL-Wokqltd11nqqzi-bJ9cvSKAD"
                "YdUAAN5WUtzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d-nb4bnNkQVklLQ3fVAvJm-xdD"
                "Op9LCNCN48V2pnDOkFV6-U9nV5oyc6XI2w",
            },
        ]
    }
)
ED_KEYID, RSA_KEYID = "poqkLGiymh_W0uP6PZFw-dvez3QJT5SolqXBCW38r0U", "oD0HwocPBSfpNy5W3bpJeyFGY_IQ_YpqxSjQ3Yd-CLA"
VECTORS = {
    "rsa-no-agent": (
        "sig1", "", RSA_KEYID, "rsa-pss-sha512", 4889289600,
        "JojDFWJ90jf+gZhdKeTyJYsu1XvNPZSFAGhvYq5SuV3gneOEUAhq+xl792WGuD1W+Dr6NRmx+m+t06NsYnL4iA==",
        "hWPaj85MWQiRkzU4jnIKvdPQiDfMCPIoxOP8nZveNc3aFQ7r/UmXWCwGNImw588iRvTFey5TR3fVEgnXpcttlyK+u5pN831z9Wlr+IMNfub4uEM3"
        "SuO+SKFygJZyLG0pf7OAiRcU4C0gyx1BS/+z9ydQTRzDLr88wCkBBRqwGRrSi8HTwxkqg1jugobh93hcnU6gV8MK1n+VnhRprIgl2RQSO6q5cfbB"
        "4OS8C4t/8ndW0lYmP2SWzKZJXnpX5Wrj17PuLqnVW6MO8pJnLAMXNvxUdx32KHeq/cHFrzZazZsua3UOoP+k+niHwoQ8bBWj1Vi4mM1mYJK+fk36"
        "6cCLsQ==",
    ),
    "rsa": (
        "sig2", "member", RSA_KEYID, "rsa-pss-sha512", 4889289600,
        "wcfPQPh7SzkvrIVvhD00vNk9PkxJNY2NVbYl2PVBB4zmUoluSwE7W6bPtF60QA3k8g06FU7PPCD+J58YofY1zg==",
        "gHzpLNeHaHIO19NaJH9YMW5dcVSi2s0wOMBr6p18vcofS106sfC4KBIS0/szPlBBd1vIcyQ88B6CTEWIhRAiVrb9zfX0mx1aG12CSGWcYkSirHey"
        "TxhbuJvXd27ed6skWoy4PjXItq38936ivUQjfdIwXh1aX6HxkAC3vRnEdSNfntkLWeEuIQ5BLIOBGE39fSwg27Qjq6OVWYas/9/aFUr3HA34MXWY"
        "dp+//cvlEKDp3kRoLOw9ro0AOr6srHrTeEtxon2afcws1aZVSlPdd2fZSEIGmw9HAHLDCEkFTERu1gH2k/zIEqgy7CAYXI9E5slog0cLg/Vc6+f8"
        "gih33g==",
    ),
    "ed25519-no-agent": (
        "sig1", "", ED_KEYID, "ed25519", 4889289600,
        "zIW8+cdmA3vdYagbxojpONwa/l0EKJ/O3/wD486VvsQjO/RxPaSt6ZxvQaMcQzNnqKN/mQ6hpGiFro2L2qkz5A==",
        "QKN4fTdIYfh82fvoZCQiQA1weuozfCS/Led2zTMbewMMqH8PI2Wsy/5c4ao6B6D09nraNQdBNOADg8aM1MqfCg==",
    ),
    "ed25519": (
        "sig2", "member", ED_KEYID, "ed25519", 4889289600,
        "n9p433xm+NJ3ph3upfBIGmsuwHw387YV7Q/F+6BSpGCVjYCqQw6rznNA8PVVLySrAWsv0hQtFioQb6E1YsauiA==",
        "RdNFx5Bj6au3YgAMQL/RzmUlZE8QZLIaXGRpw985hWnwPfMxT228NMk6ehRS1PSl4e8PhbNZACSanGdhEwYCCg==",
    ),
    "rsa-old-form": (
        "sig2", "string", RSA_KEYID, "rsa-pss-sha512", 1735693200,
        "XSHtZVCThSIAksXsH9WBs6AtxtXC0eQGiIcUGSoJstFs8lAWakjhrfwzLhyjtme5iXMZvmFWqDEs6cT3Jf+BbQ==",
        "I1QWNzGXdP1a4dSvOHLCVOOanEYHDk+ZsVxM9MLX/p4ko69ghKwR5EOtAD96g7g4GWP7lmpM/jFAf9q8EFRDTPLjUXySwMv4YPgabv2LQihTJG2y"
        "8a2m6IGltyruwQNiqSJVUuRaG9+b17CGmAMFZh30X6GXLdQJrCARpeTqPwp2DC+a8haDE/VE5EruqzjA5/2mKwvrkzkSqeW5tOVtFwWRRHIOidqu"
        "f/8Je6kM9mhgkg4arudLA5SL4wyyYE1jURIgcOl8agrfdJ5Def23DIRtiOLRa8jT9cpTLFAuFHN+mrZA/LH9h0gSIg1cPb+0cMASee5uku1KjWcF"
        "er7jWA==",
    ),
    "ed25519-old-form": (
        "sig2", "string", ED_KEYID, "ed25519", 1735693200,
        "e8N7S2MFd/qrd6T2R3tdfAuuANngKI7LFtKYI/vowzk4lAZYadIX6wW25MwG7DCT9RUKAJ0qVkU0mEeLElW1qg==",
        "jdq0SqOwHdyHr9+r5jw3iYZH6aNGKijYp/EstF4RQTQdi5N5YYKrD+mCT1HA1nZDsi6nJKuHxUi/5Syp3rLWBA==",
    ),
}  # fmt: skip


def vector(name: str) -> RequestFacts:
    """Return the request of a published vector."""
    label, form, keyid, algorithm, expires, nonce, signature = VECTORS[name]
    covered = {"": "", "member": ' "signature-agent";key="agent2"', "string": ' "signature-agent"'}[form]
    agent = {
        "": (),
        "member": ('agent2="https://signature-agent.test"',),
        "string": ('"https://signature-agent.test"',),
    }
    lines = [
        ("Signature", f"{label}=:{signature}:"),
        (
            "Signature-Input",
            f'{label}=("@authority"{covered});created=1735689600;keyid="{keyid}";alg="{algorithm}";expires={expires};'
            f'nonce="{nonce}";tag="web-bot-auth"',
        ),
        *(("Signature-Agent", value) for value in agent[form]),
    ]
    at = datetime.fromtimestamp(1735689700, UTC)
    return replace(request("/path/to/resource", host="example.com"), headers=tuple(lines), at=at)


def test_keys_of(agent: str) -> dict:
    """Return the test keys at one directory; agent empty for keys without one."""
    url = f"{agent}/.well-known/http-message-signatures-directory" if agent else ""
    return {(url, name): key for name, key in parse_directory(TEST_DIRECTORY, url, frozenset()).keys.items()}


test_keys_of.__test__ = False
LAX = SignatureLimits(lifetime=timedelta(days=36525), refused=frozenset())


@pytest.mark.parametrize("name", VECTORS)
def test_the_published_vectors_verify(name):
    """With the test keys allowed, and with the hundred years that some of them are valid for."""
    agent = "" if "no-agent" in name else "https://signature-agent.test"
    found = verify(vector(name), test_keys_of(agent), LAX)

    assert (found.status, found.origin) == (SignatureStatus.VERIFIED, agent), found.reason
    assert found.base.startswith(b'"@authority": example.com\n')


@pytest.mark.parametrize("name", VECTORS)
def test_the_published_vectors_are_worth_nothing_in_earnest(name):
    """Their private keys are printed in an RFC."""
    found = verify(vector(name), {**test_keys_of(""), **test_keys_of("https://signature-agent.test")})

    assert found.status is SignatureStatus.INVALID
    assert parse_directory(TEST_DIRECTORY, "https://x").keys == {}


@pytest.mark.parametrize("name", VECTORS)
def test_the_published_vectors_do_not_verify_for_another_authority(name):
    """The counterpart: what was signed for one site is no proof at another."""
    agent = "" if "no-agent" in name else "https://signature-agent.test"
    other = replace(vector(name), authority="example.org", host="example.org")

    assert verify(other, test_keys_of(agent), LAX).status is SignatureStatus.INVALID


@pytest.mark.parametrize("key", [ED25519, P256, RSA], ids=["ed25519", "ecdsa-p256", "rsa-pss"])
@pytest.mark.parametrize("old_form", [False, True], ids=["dictionary", "string"])
def test_a_signed_request_is_verified(key, old_form):
    """Every algorithm and both forms of the agent; what was signed is kept."""
    found = verify(signed(key, old_form=old_form), KEYS)

    assert found.status is SignatureStatus.VERIFIED, found.reason
    assert (found.agent, found.origin) == (DIRECTORY, AGENT)
    assert found.created == NOW - timedelta(seconds=10)
    assert found.expires == NOW + timedelta(seconds=300)
    assert found.base.splitlines()[0] == b'"@authority": photo.example'
    assert found.signature
    assert found.reusable


def good(**arguments) -> RequestFacts:
    """Return a request that is verified; the mutations below change one thing each."""
    return signed(**arguments)


def param(**values) -> RequestFacts:
    """Return a request whose signer himself wrote other parameters."""
    return signed(parameters=values)


BASE = good()
VALUE = dict(BASE.headers)["Signature"]
INPUT = dict(BASE.headers)["Signature-Input"]
WITH_PATH = [('"@authority"', "photo.example"), ('"@path"', "/a.jpg"), ('"signature-agent";key="sig1"', f'"{AGENT}"')]


def header(name: str, value: str) -> RequestFacts:
    """Return the good request with one more header line."""
    return replace(BASE, headers=(*BASE.headers, (name, value)))


def without(name: str) -> RequestFacts:
    """Return the good request without one field."""
    return replace(BASE, headers=tuple(line for line in BASE.headers if line[0] != name))


MUTATIONS = {
    # The request is another one.
    "other-authority": replace(BASE, authority="other.example", host="other.example"),
    "other-port": replace(BASE, authority="photo.example:8443"),
    "authority-longer": replace(BASE, authority="photo.example.evil.test"),
    "no-authority": replace(BASE, authority="", host=""),
    "other-path": replace(signed(components=WITH_PATH), target="/b.jpg", path="/b.jpg"),
    "other-method": replace(
        signed(components=[*WITH_PATH, ('"@method"', "GET")]), method="POST"
    ),
    "other-target-uri": replace(
        signed(components=[('"@target-uri"', "https://photo.example/a.jpg"), WITH_PATH[2]]), target="/a.jpg?x"
    ),
    "other-scheme": replace(
        signed(components=[('"@target-uri"', "https://photo.example/a.jpg"), WITH_PATH[2]]), scheme="http"
    ),
    "covered-field-changed": replace(
        (one := signed(components=[*WITH_PATH, ('"accept"', "image/*")])), headers=(*one.headers, ("Accept", "*/*"))
    ),
    "covered-field-missing": signed(components=[*WITH_PATH, ('"accept"', "image/*")]),
    # The fields were changed after signing.
    "signature-bit": changed(BASE, "Signature", VALUE[10], "A" if VALUE[10] != "A" else "B"),
    "signature-cut": changed(BASE, "Signature", VALUE, VALUE[:-10] + ":"),
    "signature-empty": changed(BASE, "Signature", VALUE, "sig1=::"),
    "signature-string": changed(BASE, "Signature", VALUE, 'sig1="x"'),
    "signature-of-other-label": changed(BASE, "Signature", "sig1=", "sig2="),
    "signature-missing": without("Signature"),
    "agent-missing": without("Signature-Agent"),
    "agent-other": changed(BASE, "Signature-Agent", "signer", "victim"),
    "agent-other-member": changed(BASE, "Signature-Agent", "sig1=", "sig9="),
    "agent-two-lines": header("Signature-Agent", 'sig1="https://victim.example"'),
    "created-changed": changed(BASE, "Signature-Input", f"created={SECONDS - 10}", f"created={SECONDS - 9}"),
    "expires-changed": changed(BASE, "Signature-Input", f"expires={SECONDS + 300}", f"expires={SECONDS + 3000}"),
    "nonce-added": changed(BASE, "Signature-Input", ";tag=", ';nonce="x";tag='),
    "label-twice": header("Signature-Input", INPUT),
    "parameter-twice": changed(BASE, "Signature-Input", ";tag=", f";created={SECONDS};tag="),
    "component-twice": changed(BASE, "Signature-Input", '("@authority"', '("@authority" "@authority"'),
    "component-removed": changed(BASE, "Signature-Input", ' "signature-agent";key="sig1"', ""),
    "authority-removed": changed(BASE, "Signature-Input", '"@authority" ', ""),
    "garbage-input": changed(BASE, "Signature-Input", INPUT, "sig1=((;"),
    "beyond-ascii": changed(BASE, "Signature-Input", "sig1", "sïg1"),
    "surrogates": changed(BASE, "Signature-Agent", "signer", "sign\udcffer"),
    "line-feed": changed(BASE, "Signature-Agent", "signer", "sig\nner"),
    # The signer signed something that is not enough.
    "no-created": param(created=None),
    "no-expires": param(expires=None),
    "no-keyid": param(keyid=None),
    "created-in-the-future": param(created=SECONDS + 61, expires=SECONDS + 300),
    "expired": param(expires=SECONDS),
    "expires-before-created": param(created=SECONDS + 30, expires=SECONDS + 20),
    "valid-too-long": param(created=SECONDS - 10, expires=SECONDS - 10 + 24 * 3600 + 1),
    "times-beyond-the-calendar": param(created=-(10**14), expires=10**14),
    "created-a-string": param(created=str(SECONDS - 10)),
    "algorithm-of-another-key": param(alg="rsa-pss-sha512"),
    "algorithm-hmac": param(alg="hmac-sha256"),
    "unknown-parameter": param(scope="everything"),
    "only-the-agent-covered": signed(components=[WITH_PATH[2]]),
    "only-the-path-covered": signed(components=[('"@path"', "/a.jpg"), WITH_PATH[2]]),
    "authority-with-parameter": signed(components=[('"@authority";req', "photo.example"), WITH_PATH[2]]),
    "agent-not-covered": signed(components=[WITH_PATH[0]]),
    "agent-not-covered-in-the-old-form": signed(components=[WITH_PATH[0]], old_form=True),
    "agent-covered-whole": signed(components=[WITH_PATH[0], ('"signature-agent"', f'sig1="{AGENT}"')]),
    "two-members-none-its-own": replace(
        (two := signed(components=[WITH_PATH[0], ('"signature-agent";key="a"', f'"{AGENT}"'),
                                   ('"signature-agent";key="b"', '"https://victim.example"')])),
        headers=(*two.headers[:2], ("Signature-Agent", f'a="{AGENT}", b="https://victim.example"')),
    ),
    "unknown-component": signed(components=[*WITH_PATH, ('"@status"', "200")]),
    "other-key-same-keyid": signed(P256, parameters={"keyid": dict(KEYS)[next(iter(KEYS))].thumbprint}),
    # The agent is no https origin.
    "agent-http": signed(agent="http://signer.example"),
    "agent-with-path": signed(agent=f"{AGENT}/keys"),
    "agent-with-query": signed(agent=f"{AGENT}?x"),
    "agent-with-credentials": signed(agent="https://signer.example@victim.example"),
    "agent-literal-ipv6": signed(agent="https://[::1]"),
    "agent-backslash": signed(agent="https://signer.example\\\\.evil.test"),
    "agent-port-beyond": signed(agent="https://signer.example:99999"),
    "agent-empty": signed(agent=""),
    "agent-data": signed(agent="data:application/json,{}"),
    # Limits.
    "too-many-signatures": replace(
        BASE,
        headers=(
            ("Signature-Input", ", ".join(INPUT.replace("sig1=", f"s{n}=") for n in range(5))),
            ("Signature", ", ".join(VALUE.replace("sig1=", f"s{n}=") for n in range(5))),
            BASE.headers[2],
        ),
    ),
    "64-kib": header("Signature-Agent", f'x="{"a" * 65536}"'),
    "8-kib-over-many-lines": replace(
        BASE, headers=(*BASE.headers, *(("signature-agent", f'x{n}="https://a.example"') for n in range(400)))
    ),
}  # fmt: skip


def test_there_are_at_least_forty_mutations():
    """As many as were promised; each is a row with a name."""
    assert len(MUTATIONS) >= 40
    assert verify(BASE, KEYS).status is SignatureStatus.VERIFIED


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_is_refused(name):
    """Whatever is changed, the signature is no proof any more, and nothing is kept as if it were."""
    found = verify(MUTATIONS[name], KEYS)

    assert found.status in (SignatureStatus.INVALID, SignatureStatus.UNVERIFIED), name
    assert found.base == b""
    assert found.reason


def test_a_key_counts_only_at_its_own_directory():
    """Else an origin could sign with its key and name another origin; that one would never be asked."""
    stolen = signed(agent="https://victim.example")
    found = verify(stolen, {**KEYS, **keys_of(P256, agent="https://victim.example")})

    assert found.status is SignatureStatus.UNVERIFIED
    assert found.origin == "https://victim.example"


def test_a_key_that_is_not_known_makes_no_accusation():
    """It may come with the next fetch of the directory; who has to be asked is said."""
    found = verify(BASE, {})

    assert (found.status, found.agent) == (SignatureStatus.UNVERIFIED, DIRECTORY)


@pytest.mark.parametrize(
    ("members", "valid"),
    [({"nbf": SECONDS}, True), ({"nbf": SECONDS + 1}, False), ({"exp": SECONDS + 1}, True), ({"exp": SECONDS}, False)],
)
def test_a_key_counts_only_in_its_own_time(members, valid):
    """From `nbf` on, and until before `exp`."""
    found = verify(BASE, keys_of(ED25519, **members))

    assert (found.status is SignatureStatus.VERIFIED) is valid


@pytest.mark.parametrize("kind", ["jwks_uri", "cimd", "unheard-of"])
def test_another_way_of_publishing_keys_is_not_guessed(kind):
    """A verifier that does not know a type must ignore the member."""
    found = verify(changed(BASE, "Signature-Agent", f'"{AGENT}"', f'"{AGENT}";type={kind}'), KEYS)

    assert (found.status, found.agent) == (SignatureStatus.UNVERIFIED, "")


def test_a_request_without_a_signature_says_nothing():
    """Neither without the fields nor with a signature for something else."""
    assert verify(request(), KEYS).status is SignatureStatus.NONE
    assert verify(param(tag="something-else"), KEYS).status is SignatureStatus.NONE
    assert verify(without("Signature-Input"), KEYS).status is SignatureStatus.NONE


def test_of_two_signatures_each_is_judged_by_itself():
    """A broken one beside a good one takes nothing from it, and a good one heals none."""
    other = signed(P256, label="sig2")
    both = replace(
        BASE,
        headers=tuple(
            (name, f"{value}, {second}") for (name, value), (_, second) in zip(BASE.headers, other.headers, strict=True)
        ),
    )
    broken = changed(both, "Signature", VALUE[8:30], "A" * 22)

    assert verify(both, KEYS).status is SignatureStatus.VERIFIED
    assert verify(broken, KEYS).keyid == next(k.thumbprint for k in KEYS.values() if k.algorithm == "ecdsa-p256-sha256")
    assert verify(broken, keys_of(ED25519)).status is not SignatureStatus.VERIFIED


def test_only_a_verdict_about_the_authority_is_the_same_for_every_request():
    """One that covers the path must be checked again for the next path."""
    assert verify(BASE, KEYS).reusable
    assert not verify(signed(components=WITH_PATH), KEYS).reusable
    assert verify(signed(components=WITH_PATH), KEYS).status is SignatureStatus.VERIFIED


@settings(max_examples=300)
@given(st.sampled_from(["Signature", "Signature-Input", "Signature-Agent"]), st.text(max_size=80))
def test_no_text_in_the_fields_breaks_the_check(field, text):
    """They are the client's; the answer is always a verdict, and never a good one."""
    facts = replace(BASE, headers=tuple((name, text if name == field else value) for name, value in BASE.headers))

    assert verify(facts, KEYS).status is not SignatureStatus.VERIFIED


@settings(max_examples=200)
@given(st.integers(0, len(INPUT) - 1), st.characters(codec="ascii"))
def test_no_single_character_of_the_input_can_be_changed(place, character):
    """What is signed includes how it was signed."""
    text = INPUT[:place] + character + INPUT[place + 1 :]
    facts = replace(BASE, headers=(("Signature-Input", text), *BASE.headers[1:]))

    # A label, a space between components and such are not part of what is signed.
    assert verify(facts, KEYS).status is not SignatureStatus.VERIFIED or _same_meaning(text)


def _same_meaning(text: str) -> bool:
    return text.replace(" ", "") == INPUT.replace(" ", "") or text == INPUT


def test_the_defaults_are_strict():
    """A day at most, a minute of skew, and no key that everybody has."""
    assert (LIMITS.lifetime, LIMITS.skew, LIMITS.refused) == (timedelta(days=1), timedelta(seconds=60), TEST_KEYS)
    assert verify(param(created=SECONDS + 60), KEYS).status is SignatureStatus.VERIFIED
    assert len(sign(ED25519, "")) == 64
