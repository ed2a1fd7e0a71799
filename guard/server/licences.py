"""Is there a licence on this request, and is it good?

A token comes in `Authorization`, under `Bearer` (RFC 6750) or RSL's `License` (RSL 1.0, section
6.2), never in the query. It is checked against the files of `store.licences`, which are looked at
again when they have changed: a revocation holds within a second, without a restart. Whoever sends
wrong tokens is soon not looked at any more; good ones are remembered by their hash, so that nobody
can use up the time for them.
"""

import hashlib
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from guard.core.classification import Classification
from guard.core.client_address import client_network
from guard.core.facts import RequestFacts
from guard.core.licence import NO_LICENCE, Licence, LicenceState, LicenceVerdict
from guard.core.licence_check import LicenseeKeys, check
from guard.core.licence_token import LONGEST, is_ours, licensee_key, open_token
from guard.core.policy import Limit
from guard.core.signatures import SignatureStatus, SignatureVerdict, signature_fields, verify
from guard.errors import LicenceError
from guard.server.limits import Limiter
from guard.store.licences import NOTHING_ISSUED, LicenceBook

LOOK_SECONDS: Final = 0.5
"""So long a change of the files may go unseen."""
REMEMBERED: Final = 1024
"""Tokens with a good signature; and request signatures that are good for every request to one host."""
WRONG_TOKENS: Final = Limit(count=10, per_seconds=60, pictures_only=False)
"""Of one client; then its tokens are not looked at for a while."""
CHECKS_PER_SECOND: Final = 200
"""Signatures of tokens not seen before, and of requests bound to them: from 0.1 to 0.5 ms of the loop each."""

_FIELD: Final = "authorization"
_CHECKS = Limit(count=CHECKS_PER_SECOND, per_seconds=1, pictures_only=False)


class Licences:
    """Checks licence tokens; one per worker process."""

    def __init__(
        self,
        book: LicenceBook | None,
        *,
        allowances: Limiter | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the register; None where the owner accepts no tokens, and then nobody's credentials are touched.

        Args:
            allowances: Counts the pictures of licences.
        """
        self._book = book
        self._clock = clock
        self._trust = NOTHING_ISSUED
        self._changed: object = None
        self._look_at = 0.0
        self._good: OrderedDict[bytes, Licence] = OrderedDict()
        self._signed: OrderedDict[bytes, SignatureVerdict] = OrderedDict()
        self._limiter = Limiter()
        self._allowances = allowances or self._limiter

    def __repr__(self) -> str:
        return f"Licences(accepted={self._book is not None}, remembered={len(self._good)})"

    def check(
        self, facts: RequestFacts, who: Classification, signature: SignatureVerdict | None
    ) -> tuple[LicenceVerdict, SignatureVerdict | None]:
        """Say what the licence token of a request is worth.

        Args:
            signature: The request's signature, if it is verified.

        Returns:
            The verdict, and the verified signature: that of the arguments, or that of the licensee's key.
        """
        if self._book is None:
            return NO_LICENCE, signature
        tokens = [
            token
            for name, value in facts.headers
            # Nearly every name differs in its length already.
            if len(name) == len(_FIELD) and (token := licence_token(name, value)) is not None
        ]
        if not tokens:
            return NO_LICENCE, signature
        try:
            licence = self._open(tokens, facts)
        except LicenceError as error:
            return LicenceVerdict(state=LicenceState.INVALID, reason=f"no licence: {error}"), signature
        revoked = licence.id in self._trust.revoked
        # What is refused anyway costs no second signature.
        found = check(licence, facts, who, revoked=revoked, signed_with=licence.thumbprint)
        if not licence.thumbprint or found.state is not LicenceState.VALID:
            return found, signature
        if licence.key is not None:
            signature = self._signature(licence, facts) or signature
        signed_with = signature.keyid if signature is not None else ""
        return check(licence, facts, who, revoked=revoked, signed_with=signed_with), signature

    def take(self, verdict: LicenceVerdict, now: float) -> int:
        """Take one picture of a valid licence's allowance; return 0, or the seconds until there is another."""
        licence = verdict.licence if verdict.state is LicenceState.VALID else None
        if licence is None or not licence.pictures:
            return 0
        limit = Limit(count=licence.pictures, per_seconds=licence.per_seconds, pictures_only=True)
        return self._allowances.take("licence", licence.id, limit, now)

    def _open(self, tokens: list[str], facts: RequestFacts) -> Licence:
        """Return what the token says, if the owner signed it."""
        self._look()
        if len(tokens) > 1:
            raise LicenceError("there is more than one")
        if self._trust.public is None:
            raise LicenceError("none can be checked at the moment" if self._trust.fault else "none was ever issued")
        if len(tokens[0]) > LONGEST:
            raise LicenceError(f"it has more than {LONGEST} characters")
        digest = hashlib.sha256(tokens[0].encode("utf-8", "surrogateescape")).digest()
        licence = self._good.get(digest)
        if licence is None:
            now, client = self._clock(), client_network(facts.client.address)
            if self._limiter.wait("wrong", client, WRONG_TOKENS, now):
                raise LicenceError("too many wrong ones came from this address")
            if self._limiter.take("checks", "", _CHECKS, now):
                raise LicenceError("too many are being checked; try again")
            try:
                licence = open_token(tokens[0], self._trust.public)
            except LicenceError:
                self._limiter.take("wrong", client, WRONG_TOKENS, now)
                raise
            self._good[digest] = licence
            if len(self._good) > REMEMBERED:
                self._good.popitem(last=False)
        self._good.move_to_end(digest)
        return licence

    def _signature(self, licence: Licence, facts: RequestFacts) -> SignatureVerdict | None:
        """Return the request's signature with the licensee's own key, if it is good."""
        fields = signature_fields(facts)
        if licence.key is None or fields is None:
            return None
        written = "\0".join((licence.thumbprint, *fields, facts.scheme, facts.authority))
        digest = hashlib.sha256(written.encode("utf-8", "surrogateescape")).digest()
        known = self._signed.get(digest)
        if known is not None and known.expires is not None and facts.at < known.expires:
            self._signed.move_to_end(digest)
            return known
        if self._limiter.take("checks", licence.id, _CHECKS, self._clock()):
            return None
        verdict = verify(facts, LicenseeKeys(licensee_key(licence.key)))
        if verdict.status is not SignatureStatus.VERIFIED:
            return None
        if verdict.reusable:
            self._signed[digest] = verdict
            if len(self._signed) > REMEMBERED:
                self._signed.popitem(last=False)
        return verdict

    def _look(self) -> None:
        """Read the files anew if they have changed, at most every `LOOK_SECONDS`."""
        now = self._clock()
        if self._book is None or now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        changed = self._book.changed()
        if changed == self._changed:
            return
        before, self._trust, self._changed = self._trust, self._book.trust(), changed
        if self._trust.public is None or before.public is None or self._trust.public != before.public:
            self._good.clear()
        if self._trust.fault:
            print(f"guard: no licence is accepted: {self._trust.fault}", file=sys.stderr, flush=True)  # noqa: T201


def licence_token(name: str, value: str) -> str | None:
    """Return the licence token in a header line; None for another line, and for credentials of the site behind us."""
    if len(name) != len(_FIELD) or name.lower() != _FIELD:
        return None
    scheme, _, token = value.strip(" \t").partition(" ")
    token = token.strip(" \t")
    match scheme.lower():
        case "license":
            return token
        case "bearer":
            return token if is_ours(token) else None
        case _:
            return None


def without_licence(headers: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return the lines without those that hold a licence token: it is between the client and us."""
    return tuple(line for line in headers if licence_token(*line) is None)
