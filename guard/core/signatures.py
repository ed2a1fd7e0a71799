"""Is a request signed by whom it names?

Web Bot Auth (draft-ietf-webbotauth-httpsig-protocol) on HTTP Message Signatures (RFC 9421).
The signature base and the cryptography are http-message-signatures'; what the profile asks
beyond that is checked here, with the time and the keys as arguments. Keys are found by
(directory, key), never by the key alone: else one origin's key passes for another's.

No signature says nothing. A valid one can be replayed until it expires by whoever saw it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import http_sf
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureAlgorithm, MappingKeyResolver, algorithms
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from guard.core.facts import RequestFacts
from guard.core.signing_keys import TEST_KEYS, WELL_KNOWN, Algorithm, SigningKey, directory_url

TAG = "web-bot-auth"
FIELDS = ("signature-input", "signature", "signature-agent")

Keys = Mapping[tuple[str, str], SigningKey]
"""By directory address and thumbprint."""

_CLASSES: Mapping[Algorithm, type[HTTPSignatureAlgorithm]] = {
    Algorithm.ED25519: algorithms.ED25519,
    Algorithm.RSA_PSS_SHA512: algorithms.RSA_PSS_SHA512,
    Algorithm.ECDSA_P256_SHA256: algorithms.ECDSA_P256_SHA256,
}


class SignatureStatus(StrEnum):
    """What came of a signature."""

    NONE = "none"
    """The request is not signed, or not for this purpose."""
    UNVERIFIED = "unverified"
    """It may be good, but its key is not known (yet), or its agent is none that we ask."""
    INVALID = "invalid"
    VERIFIED = "verified"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureLimits:
    """What is accepted."""

    bytes: int = 8 * 1024
    """Of the three header fields together."""
    signatures: int = 4
    lifetime: timedelta = timedelta(hours=24)
    """From `created` to `expires`; the draft recommends no more."""
    skew: timedelta = timedelta(seconds=60)
    """How far a signer's clock may be ahead of ours."""
    refused: frozenset[str] = TEST_KEYS


LIMITS = SignatureLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureVerdict:
    """What came of the signatures of one request."""

    status: SignatureStatus
    reason: str
    agent: str = ""
    """The address of the key directory; only a claim unless verified."""
    keyid: str = ""
    created: datetime | None = None
    expires: datetime | None = None
    base: bytes = b""
    """The signed text (RFC 9421, section 2.5), kept as evidence with the signature. Only when verified."""
    signature: bytes = b""
    reusable: bool = False
    """Whether the same fields mean the same on every request to this authority: nothing else is covered."""

    @property
    def origin(self) -> str:
        """The origin of the directory."""
        return self.agent.removesuffix(WELL_KNOWN)


UNSIGNED = SignatureVerdict(status=SignatureStatus.NONE, reason="the request is not signed", reusable=True)

_ORDER = (SignatureStatus.VERIFIED, SignatureStatus.UNVERIFIED, SignatureStatus.INVALID)


class _RefusedError(Exception):
    """A signature that is not accepted; the text says why."""


class _Verifier(HTTPMessageVerifier):
    """The library's, without its clock: times are checked here, against the time of the request."""

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Check nothing."""


class _Message:
    """A request in the shape that the library asks for."""

    def __init__(self, facts: RequestFacts) -> None:
        self.method = facts.method
        self.url = f"{facts.scheme}://{facts.authority}{facts.target}"
        self.headers = _Lines(facts.headers)


class _Lines:
    """Header lines in order; a name may come more than once."""

    def __init__(self, lines: tuple[tuple[str, str], ...]) -> None:
        self._lines = lines

    def items(self) -> tuple[tuple[str, str], ...]:
        """Return all lines."""
        return self._lines


def signature_fields(facts: RequestFacts) -> tuple[str, str, str] | None:
    """Return Signature-Input, Signature and Signature-Agent, lines joined; None for a request without any signature."""
    values: dict[str, str] = {}
    for name, value in facts.headers:
        if (key := name.lower()) in FIELDS:
            values[key] = f"{values[key]}, {value}" if key in values else value
    if "signature-input" not in values and "signature" not in values:
        return None
    return values.get("signature-input", ""), values.get("signature", ""), values.get("signature-agent", "")


def verify(facts: RequestFacts, keys: Keys, limits: SignatureLimits = LIMITS) -> SignatureVerdict:
    """Check the Web Bot Auth signatures of a request at the time of its facts.

    Of several signatures each is judged by itself, and the best counts.
    """
    fields = signature_fields(facts)
    if fields is None:
        return UNSIGNED
    if sum(len(value) for value in fields) > limits.bytes:
        return _invalid(f"the signature fields have more than {limits.bytes} bytes")
    try:
        inputs = _dictionary(fields[0], "Signature-Input")
        signatures = _dictionary(fields[1], "Signature")
        if len(inputs) > limits.signatures or len(signatures) > limits.signatures:
            raise _RefusedError(f"there are more than {limits.signatures} signatures")
        labels = [label for label, (_, parameters) in inputs.items() if parameters.get("tag") == TAG]
        if not labels:
            return UNSIGNED
        agents = _agents(fields[2])
    except _RefusedError as error:
        return _invalid(str(error))
    verdicts = []
    for label in labels:
        try:
            verdict = _check(
                facts,
                label,
                entry=inputs[label],
                signature=signatures.get(label),
                agents=agents,
                keys=keys,
                limits=limits,
            )
            verdicts.append(verdict)
        except _RefusedError as error:
            verdicts.append(_invalid(str(error)))
    return min(verdicts, key=lambda verdict: _ORDER.index(verdict.status))


def _check(
    facts: RequestFacts,
    label: str,
    *,
    entry: tuple[Any, Mapping[str, Any]],
    signature: tuple[Any, Any] | None,
    agents: "Mapping[str, tuple[Any, Mapping[str, Any]]] | str",
    keys: Keys,
    limits: SignatureLimits,
) -> SignatureVerdict:
    components, parameters = entry
    if not isinstance(components, list) or signature is None or not isinstance(signature[0], bytes):
        raise _RefusedError("a signature and its input do not belong together")
    created, expires, keyid = (parameters.get(name) for name in ("created", "expires", "keyid"))
    if type(created) is not int or type(expires) is not int or type(keyid) is not str:
        raise _RefusedError("created, expires or keyid is missing")
    begins, ends = _time(created), _time(expires)
    if begins > facts.at + limits.skew:
        raise _RefusedError("it was created in the future")
    if ends <= facts.at:
        raise _RefusedError("it has expired")
    if not timedelta(0) < ends - begins <= limits.lifetime:
        raise _RefusedError(f"it is valid for longer than {limits.lifetime} or for no time")
    covered = [(name, dict(extra)) for name, extra in components]
    if ("@authority", {}) not in covered and ("@target-uri", {}) not in covered:
        raise _RefusedError("it does not cover the authority")
    if keyid in limits.refused:
        raise _RefusedError("its key is one that everybody has")
    reusable = all(name in ("@authority", "@scheme", "signature-agent") for name, _ in covered)
    agent = _agent(covered, label, agents)
    known: dict[str, Any] = {"agent": agent, "keyid": keyid, "created": begins, "expires": ends, "reusable": reusable}
    if isinstance(agent, _Unsupported):
        return SignatureVerdict(status=SignatureStatus.UNVERIFIED, reason=agent.reason, **{**known, "agent": ""})
    key = keys.get((agent, keyid))
    if key is None:
        reason = "its key is not known" if agent else "it names no agent that could be asked for its key"
        return SignatureVerdict(status=SignatureStatus.UNVERIFIED, reason=reason, **known)
    if (key.not_before and facts.at < key.not_before) or (key.expires and facts.at >= key.expires):
        raise _RefusedError("its key is not valid now")
    verifier = _Verifier(
        signature_algorithm=_CLASSES[key.algorithm],
        key_resolver=MappingKeyResolver(public_keys={keyid: key.key}, private_keys={}),
    )
    try:
        [result] = verifier.verify(_Message(facts), max_age=None, expect_tag=TAG, expect_label=label)
    except HTTPMessageSignaturesException:
        raise _RefusedError("it does not fit the request") from None
    base = "\n".join(f"{name}: {value}" for name, value in result.covered_components.items())
    return SignatureVerdict(
        status=SignatureStatus.VERIFIED,
        reason="the signature fits the request",
        base=base.encode("ascii"),
        signature=signature[0],
        **known,
    )


@dataclass(frozen=True, slots=True)
class _Unsupported:
    """An agent whose keys are found in a way that is not supported."""

    reason: str


def _agent(
    covered: list[tuple[Any, dict[str, Any]]], label: str, agents: "Mapping[str, tuple[Any, Mapping[str, Any]]] | str"
) -> "str | _Unsupported":
    """Return the directory that the signature names: only a member that it covers; empty if it names none."""
    named = [extra for name, extra in covered if name == "signature-agent"]
    if isinstance(agents, str):
        if not agents:
            return ""
        if named != [{}]:
            raise _RefusedError("it does not cover its Signature-Agent")
        return _directory(agents)
    members = [extra.get("key") for extra in named]
    # Further members are another signer's, covered as evidence; its own is keyed to its label.
    member = label if label in members else members[0] if len(members) == 1 else None
    if not isinstance(member, str) or member not in agents:
        raise _RefusedError("it does not cover its Signature-Agent")
    value, parameters = agents[member]
    kind = str(parameters.get("type", "directory"))
    if kind != "directory":
        return _Unsupported("its keys are published in a form that is not supported")
    if type(value) is not str:
        raise _RefusedError("its Signature-Agent is no address")
    return _directory(value)


def _directory(origin: str) -> str:
    try:
        return directory_url(origin)
    except ValueError:
        raise _RefusedError("its Signature-Agent is no https origin") from None


def _agents(value: str) -> "Mapping[str, tuple[Any, Mapping[str, Any]]] | str":
    """Return the members of Signature-Agent, or the one address of its older form; empty if there is none."""
    if not value.strip():
        return ""
    if not value.lstrip(" ").startswith('"'):
        return _dictionary(value, "Signature-Agent")
    try:
        item: Any = http_sf.parse(value.encode("ascii"), tltype="item")
    except (ValueError, UnicodeError):
        raise _RefusedError("Signature-Agent can not be read") from None
    if type(item[0]) is not str:
        raise _RefusedError("Signature-Agent can not be read")
    return item[0]


def _dictionary(value: str, field: str) -> dict[str, tuple[Any, dict[str, Any]]]:
    def twice(key: str, _context: str) -> None:
        raise _RefusedError(f"{field} names '{key}' twice")

    try:
        parsed: Any = http_sf.parse(value.encode("ascii"), tltype="dictionary", on_duplicate_key=twice)
    except (ValueError, UnicodeError, RecursionError):
        raise _RefusedError(f"{field} can not be read") from None
    return dict(parsed)


def _time(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise _RefusedError("its times do not exist") from None


def _invalid(reason: str) -> SignatureVerdict:
    return SignatureVerdict(status=SignatureStatus.INVALID, reason=reason)
