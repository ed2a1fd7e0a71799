"""Requests signed as Web Bot Auth asks, and keys to sign them with.

The signature base is put together here by hand (RFC 9421, section 2.5), so that the tests do not
ask the library that they test.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from guard.core.facts import RequestFacts
from guard.core.signing_keys import SigningKey, directory_url, parse_directory, thumbprint
from tests.support.facts import request

AGENT = "https://signer.example"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())

ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
P256 = ec.derive_private_key(7, ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def b64url(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def jwk(key: PrivateKey) -> dict[str, Any]:
    """Return the public half as a JSON Web Key."""
    public = key.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": b64url(public.public_bytes_raw())}
    if isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": b64url(point.x.to_bytes(32)), "y": b64url(point.y.to_bytes(32))}
    numbers = public.public_numbers()
    return {"kty": "RSA", "n": b64url(numbers.n.to_bytes(public.key_size // 8)), "e": b64url(numbers.e.to_bytes(3))}


def keys_of(*private: PrivateKey, agent: str = AGENT, **members: Any) -> dict[tuple[str, str], SigningKey]:
    """Return the keys as a directory of `agent` gives them."""
    import orjson

    url = directory_url(agent) if agent else ""
    parsed = parse_directory(orjson.dumps({"keys": [{**jwk(key), **members} for key in private]}), url, frozenset())
    assert not parsed.refused, parsed.refused
    return {(url, name): key for name, key in parsed.keys.items()}


def sign(key: PrivateKey, base: str) -> bytes:
    """Return the signature over a base as RFC 9421, section 3.3, has it."""
    data = base.encode()
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(data)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)
    return key.sign(data, padding.PSS(padding.MGF1(hashes.SHA512()), 64), hashes.SHA512())


def signed(
    key: PrivateKey = ED25519,
    *,
    agent: str | None = AGENT,
    label: str = "sig1",
    member: str = "",
    parameters: Mapping[str, Any] | None = None,
    components: Sequence[tuple[str, str]] | None = None,
    host: str = "photo.example",
    path: str = "/a.jpg",
    old_form: bool = False,
    **facts: Any,
) -> RequestFacts:
    """Return a signed request.

    Args:
        agent: What Signature-Agent says; None for no such field.
        member: The key of its member, by default the label.
        parameters: Instead of the usual signature parameters; None as a value leaves one out.
        components: Covered components and their values, instead of authority and agent.
    """
    member = member or label
    given: dict[str, Any] = {
        "created": SECONDS - 10,
        "expires": SECONDS + 300,
        "keyid": thumbprint(jwk(key)),
        "tag": "web-bot-auth",
        **(parameters or {}),
    }
    if components is None:
        name = '"signature-agent"' if old_form else f'"signature-agent";key="{member}"'
        components = [('"@authority"', host), *([(name, f'"{agent}"')] if agent is not None else [])]
    written = "".join(
        f";{name}={value}" if isinstance(value, int) else f';{name}="{value}"'
        for name, value in given.items()
        if value is not None
    )
    inner = f"({' '.join(name for name, _ in components)}){written}"
    base = "\n".join([*(f"{name}: {value}" for name, value in components), f'"@signature-params": {inner}'])
    value = base64.b64encode(sign(key, base)).decode()
    lines = {"Signature-Input": f"{label}={inner}", "Signature": f"{label}=:{value}:"}
    if agent is not None:
        lines["Signature-Agent"] = f'"{agent}"' if old_form else f'{member}="{agent}"'
    return replace(request(path, host=host), headers=tuple(lines.items()), at=NOW, **facts)


def changed(facts: RequestFacts, field: str, old: str, new: str) -> RequestFacts:
    """Return the request with `old` replaced in one field; it must be there."""
    lines = []
    for name, value in facts.headers:
        if name.lower() == field.lower():
            assert old in value, (field, old, value)
            value = value.replace(old, new)  # noqa: PLW2901
        lines.append((name, value))
    return replace(facts, headers=tuple(lines))
