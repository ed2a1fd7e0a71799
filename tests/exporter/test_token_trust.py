"""Is a token believed exactly where an authority that is trusted signed it in its time?"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
import rfc3161_client
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from guard.evidence import time_stamp
from guard.evidence.time_stamp import TokenError
from guard.exporter import token_trust
from guard.exporter.token_trust import NOBODY, Trust, TrustError, parse, verify
from tests.support.authority import START, Authority, OpenSslAuthority
from tests.support.programs import need

DATA = b"photo.example/evidence/1\n3\nroot\n"
NONCE = 77
QUERY = time_stamp.request(sha256(DATA).digest(), NONCE)
AT = datetime(2026, 11, 25, 3, tzinfo=UTC)


def trust(*parties) -> Trust:
    return parse(b"".join(one.pem for one in parties), "trusted.pem")


@pytest.fixture(scope="module")
def authority():
    return Authority(clock=lambda: AT)


@pytest.fixture(scope="module")
def openssl_authority(tmp_path_factory):
    return OpenSslAuthority(tmp_path_factory.mktemp("tsa"))


def test_a_token_of_a_trusted_authority_holds(authority):
    """From its root, through the certificate in between that came with it."""
    token = verify(authority.reply(QUERY), DATA, trust(authority.root), nonce=NONCE)

    assert token_trust.moment(token.time) == AT
    assert token_trust.anchor_of(token, trust(authority.root)) == authority.root.certificate


def test_a_token_of_openssl_holds(openssl_authority):
    """Its replies are not strict DER: another library alone would have lost them."""
    reply = openssl_authority.reply(QUERY)

    verify(reply, DATA, parse(openssl_authority.ca, "ca.pem"), nonce=NONCE)
    if time_stamp.sorted_reply(reply) != reply:
        with pytest.raises(ValueError, match="InvalidSetOrdering"):
            rfc3161_client.decode_timestamp_response(reply)


def test_unsorted_certificates_do_not_lose_a_token():
    """Real authorities send them so."""
    sender = Authority(clock=lambda: AT, unsorted=True)
    reply = sender.reply(QUERY)

    with pytest.raises(ValueError, match="InvalidSetOrdering"):
        rfc3161_client.decode_timestamp_response(reply)
    verify(reply, DATA, trust(sender.root), nonce=NONCE)


def test_both_programs_agree(authority):
    """The command takes over where the library is missing or too strict, so each must do alone."""
    need("openssl")
    reply = authority.reply(QUERY)
    token = time_stamp.read(reply)
    stranger = trust(Authority().root)

    assert token_trust._by_library(reply, token, trust(authority.root)) == ""
    assert token_trust._by_program(reply, token, trust(authority.root)) == ""
    assert token_trust._by_library(reply, token, stranger)
    assert token_trust._by_program(reply, token, stranger)


@pytest.mark.parametrize("which", ["party", "middle"])
def test_a_certificate_that_is_no_root_can_be_trusted(authority, which):
    """Trusted lists name the authority's own certificate."""
    need("openssl")
    pinned = trust(getattr(authority, which))

    token = verify(authority.reply(QUERY), DATA, pinned)

    assert token_trust.anchor_of(token, pinned) == pinned.certificates[0]


def test_an_unknown_authority_is_refused_by_name(authority):
    """Even one of the same name: the key is another one."""
    with pytest.raises(TokenError, match="'CN=Test TSA' is no authority that is trusted here"):
        verify(authority.reply(QUERY), DATA, trust(Authority().root))
    with pytest.raises(TokenError, match="no certificate is given"):
        verify(authority.reply(QUERY), DATA, NOBODY)


def test_a_certificate_that_expired_before_is_refused():
    """A clock set back, or a key that should be gone."""
    late = Authority(clock=lambda: AT, days=30)

    with pytest.raises(TokenError, match="valid from 2025-03-07 to 2025-04-06, and not at the time in the token"):
        verify(late.reply(QUERY), DATA, trust(late.root))


def test_a_certificate_that_expired_since_is_good():
    """Tokens must stay good for as long as a dispute may last."""
    then = START - timedelta(days=290)
    old = Authority(clock=lambda: then, days=30)

    token = verify(old.reply(QUERY), DATA, trust(old.root))

    assert token.signer.not_valid_after_utc < datetime.now(UTC)


def test_a_changed_signature_is_refused(authority):
    """One bit in the last bytes, which are the signature's."""
    reply = bytearray(authority.reply(QUERY))
    reply[-3] ^= 1

    with pytest.raises(TokenError):
        verify(bytes(reply), DATA, trust(authority.root))


def test_a_changed_time_is_refused(authority):
    """The time is what is signed."""
    reply = authority.reply(QUERY).replace(b"20261125030000Z", b"20261125020000Z")

    with pytest.raises(TokenError, match="signature does not hold"):
        verify(reply, DATA, trust(authority.root))


def revocation_list(authority: Authority, since: datetime, reason: x509.ReasonFlags | None, by=None) -> Trust:
    entry = x509.RevokedCertificateBuilder().serial_number(authority.party.certificate.serial_number)
    entry = entry.revocation_date(since)
    if reason is not None:
        entry = entry.add_extension(x509.CRLReason(reason), critical=False)
    issuer = by or authority.middle
    made = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.middle.certificate.subject)
        .last_update(since)
        .next_update(since + timedelta(days=30))
        .add_revoked_certificate(entry.build())
        .sign(issuer.key, hashes.SHA256())
    )
    return Trust(certificates=(authority.root.certificate,), lists=(made,))


@pytest.mark.parametrize("reason", [None, x509.ReasonFlags.key_compromise], ids=["unsaid", "stolen"])
def test_a_certificate_whose_key_may_be_stolen_proves_nothing(authority, reason):
    """RFC 3161, section 4: then the time in the token is the thief's."""
    listed = revocation_list(authority, AT + timedelta(days=1), reason)

    with pytest.raises(TokenError, match="was revoked on 2026-11-26 03:00:00 UTC"):
        verify(authority.reply(QUERY), DATA, listed)


def test_a_certificate_that_was_retired_keeps_what_it_stamped_before(authority):
    """And only that."""
    verify(
        authority.reply(QUERY), DATA, revocation_list(authority, AT + timedelta(days=1), x509.ReasonFlags.superseded)
    )
    with pytest.raises(TokenError, match="superseded"):
        verify(
            authority.reply(QUERY),
            DATA,
            revocation_list(authority, AT - timedelta(days=1), x509.ReasonFlags.superseded),
        )


def test_a_revocation_list_of_somebody_else_is_ignored(authority):
    """Anybody can write one with the issuer's name in it."""
    verify(authority.reply(QUERY), DATA, revocation_list(authority, AT, None, by=Authority().middle))


def test_a_file_without_certificates_is_named(authority):
    """With the place, for the owner to look at."""
    with pytest.raises(TrustError, match=r"ca\.pem: not a certificate"):
        parse(b"hello", "ca.pem")
    assert parse(authority.root.der, "ca.der") == trust(authority.root)
