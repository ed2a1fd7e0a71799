"""Is a token read as it was made, and is one that proves nothing refused before anybody trusts it?"""

from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha1, sha256

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.evidence import time_stamp
from guard.evidence.time_stamp import TokenError
from tests.support.authority import Authority, OpenSslAuthority

DATA = b"photo.example/evidence/1\n3\nroot\n"
NONCE = 0x8123456789ABCDEF
QUERY = time_stamp.request(sha256(DATA).digest(), NONCE)
AT = datetime(2026, 11, 25, 3, 0, 0, 250_000, tzinfo=UTC)


def authority(**options):
    return Authority(clock=lambda: AT, **options)


def test_a_token_is_read_as_it_was_made():
    """Every field that is used later."""
    token = time_stamp.read(authority(accuracy={"seconds": 2, "millis": 3, "micros": 4}).reply(QUERY))

    assert (token.hash, token.imprint, token.nonce) == ("sha256", sha256(DATA).digest(), NONCE)
    assert token.time == 1_795_575_600_250_000
    assert token.accuracy == 2_003_004
    assert token.signer.subject.rfc4514_string() == "CN=Test TSA"
    assert len(token.certificates) == 2
    time_stamp.check(token, DATA, NONCE)


def test_an_accuracy_that_is_not_said_is_0():
    """RFC 3161 leaves it open; then nothing is known."""
    assert time_stamp.read(authority(accuracy=None).reply(QUERY)).accuracy == 0


def test_what_openssl_makes_is_read_too(tmp_path):
    """An authority that others wrote, with RSA keys; and it understands our request."""
    token = time_stamp.read(OpenSslAuthority(tmp_path).reply(QUERY))

    time_stamp.check(token, DATA, NONCE)
    assert token.accuracy == 1_000_000


def test_another_imprint_is_refused():
    """A token for another checkpoint."""
    token = time_stamp.read(authority().reply(QUERY))

    with pytest.raises(TokenError, match="imprint is of something else"):
        time_stamp.check(token, DATA + b"x")


def test_another_nonce_is_refused():
    """An old reply, sent again."""
    token = time_stamp.read(authority(changes={"nonce": NONCE + 1}).reply(QUERY))

    with pytest.raises(TokenError, match="nonce is not that of the request"):
        time_stamp.check(token, DATA, NONCE)


def test_a_sha1_imprint_is_refused():
    """Two documents can be made with one SHA-1."""
    imprint = {"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": sha1(DATA, usedforsecurity=False).digest()}

    with pytest.raises(TokenError, match="like SHA-1"):
        time_stamp.read(authority(changes={"message_imprint": imprint}).reply(QUERY))


@pytest.mark.parametrize("status", ["granted_with_mods", "rejection", "waiting", "revocation_warning"])
def test_a_status_that_is_not_granted_is_refused(status):
    """And the authority's own words are told."""
    with pytest.raises(TokenError, match="not granted: "):
        time_stamp.read(authority(status=status).reply(QUERY))


SERVER = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
BOTH = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING])


@pytest.mark.parametrize(
    "options",
    [{"usage": SERVER}, {"usage": BOTH}, {"critical": False}],
    ids=["for servers", "for more than time stamps", "not critical"],
)
def test_a_certificate_for_other_uses_is_refused(options):
    """RFC 3161, section 2.3: the one use, and critical."""
    with pytest.raises(TokenError, match="not for time stamps alone"):
        time_stamp.read(authority(**options).reply(QUERY))


def test_a_token_that_names_another_certificate_is_refused():
    """RFC 5816: the signature must cover which certificate it is."""
    with pytest.raises(TokenError, match="names another certificate"):
        time_stamp.read(authority(names_signer=False).reply(QUERY))


@pytest.mark.parametrize(
    "reply", [b"", b"<html>Log in to Free WiFi</html>", b"\x30\x03\x02\x01\x00", b"\x30\x00", b"0" * 300_000]
)
def test_what_is_no_reply_is_refused(reply):
    """A captive portal answers with status 200 as well."""
    with pytest.raises(TokenError):
        time_stamp.read(reply)


def test_unsorted_certificates_are_put_in_order_and_nothing_else_changes():
    """The strict form of both is the same, byte by byte."""
    sender = authority(unsorted=True)
    loose = sender.reply(QUERY)
    strict = time_stamp.sorted_reply(loose)

    assert strict != loose
    assert sorted(strict) == sorted(loose)
    assert time_stamp.sorted_reply(strict) == strict
    assert time_stamp.read(strict).imprint == time_stamp.read(loose).imprint


REPLY = authority().reply(QUERY)


def test_every_byte_may_change_and_it_is_never_more_than_our_error():
    """Hostile bytes give a reason, never a traceback: each byte, in its lowest and in its highest bit."""
    for place in range(len(REPLY)):
        for change in (1, 128):
            data = bytearray(REPLY)
            data[place] ^= change
            with suppress(TokenError):
                time_stamp.check(time_stamp.read(bytes(data)), DATA, NONCE)
            with suppress(TokenError):
                time_stamp.sorted_reply(bytes(data))


@settings(max_examples=200)
@given(st.integers(0, len(REPLY) - 1), st.integers(1, 255))
def test_no_changed_reply_makes_anything_else_than_our_error(place, change):
    """And other changes."""
    data = bytearray(REPLY)
    data[place] ^= change
    with suppress(TokenError):
        time_stamp.check(time_stamp.read(bytes(data)), DATA, NONCE)
    with suppress(TokenError):
        time_stamp.sorted_reply(bytes(data))
