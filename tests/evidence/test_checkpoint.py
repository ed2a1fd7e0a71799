"""Is a checkpoint a C2SP note, and is everything else refused?"""

from base64 import b64decode, b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from guard.evidence.checkpoint import (
    Checkpoint,
    CheckpointError,
    VerifierKey,
    parse_verifier_key,
    sign,
    split,
    verifier_key,
    verify,
)

KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
ORIGIN = "photo.example/evidence/0011223344556677"
VKEY = verifier_key(ORIGIN, KEY)
HEAD = Checkpoint(origin=ORIGIN, size=42, root=b"\x07" * 32)
NOTE = sign(HEAD, KEY)


def test_the_note_has_the_specified_form():
    """Three lines, an empty one, an em dash, the name, and in base64 key id and signature."""
    lines = NOTE.decode().split("\n")
    assert lines[:4] == [ORIGIN, "42", b64encode(b"\x07" * 32).decode(), ""]
    dash, name, encoded = lines[4].split(" ")
    assert (dash, name, lines[5:]) == ("\u2014", ORIGIN, [""])
    public = KEY.public_key().public_bytes_raw()
    assert b64decode(encoded)[:4] == sha256(ORIGIN.encode() + b"\n\x01" + public).digest()[:4]
    KEY.public_key().verify(b64decode(encoded)[4:], "\n".join([*lines[:3], ""]).encode())


def test_a_note_of_the_reference_implementation_verifies():
    """The example of Go's golang.org/x/mod/sumdb/note, with its key, is read and its signature checked."""
    vkey = parse_verifier_key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    note = (
        "If you think cryptography is the answer to your problem,\n"
        "then you don't know what your problem is.\n\n"
        "\u2014 PeterNeumann "
        "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
    ).encode()

    with pytest.raises(CheckpointError, match="three lines"):  # the signature holds; it is a note, but no checkpoint
        verify(note, (vkey,))
    with pytest.raises(CheckpointError, match="signature of PeterNeumann is wrong"):
        verify(note.replace(b"answer", b"Answer"), (vkey,))


def test_a_signed_checkpoint_is_read_back():
    """What was signed is what is found."""
    assert verify(NOTE, (VKEY,)) == HEAD


def test_every_changed_byte_is_noticed():
    """No byte of a note can be changed in any bit without its being refused."""
    for place in range(len(NOTE)):
        for bit in range(8):
            changed = bytearray(NOTE)
            changed[place] ^= 1 << bit
            with pytest.raises(CheckpointError):
                verify(bytes(changed), (VKEY,))


def test_a_second_spelling_of_the_signature_is_refused():
    """Base64 ignores the last bits of the last character; a note is the same bytes for everybody."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    text = NOTE.decode().removesuffix("=\n")
    other = text[:-1] + alphabet[alphabet.index(text[-1]) ^ 1] + "=\n"

    assert b64decode(other.split(" ")[-1]) == b64decode(NOTE.decode().split(" ")[-1])
    with pytest.raises(CheckpointError):
        verify(other.encode(), (VKEY,))


def test_every_cut_is_noticed():
    """A note that lacks its end is not one."""
    for cut in range(len(NOTE)):
        with pytest.raises(CheckpointError):
            verify(NOTE[:cut], (VKEY,))


def test_unknown_signatures_are_ignored():
    """Another's cosignature beside ours changes nothing; alone it is not enough."""
    other = VerifierKey(name="witness.example", public=b"\x05" * 32)
    line = f"\u2014 witness.example {b64encode(other.id + b's' * 64).decode()}\n".encode()

    assert verify(NOTE + line, (VKEY,)) == HEAD
    with pytest.raises(CheckpointError, match="no signature"):
        verify(NOTE, (VerifierKey(name=ORIGIN, public=b"\x05" * 32),))


def test_a_bad_signature_of_a_known_key_is_an_error_beside_a_good_one():
    """A note that claims a key and can not show it is refused, whoever else signed."""
    line = f"\u2014 {ORIGIN} {b64encode(VKEY.id + b's' * 64).decode()}\n".encode()

    with pytest.raises(CheckpointError, match="is wrong"):
        verify(NOTE + line, (VKEY,))


def signed(text):
    signature = b64encode(VKEY.id + KEY.sign(text.encode())).decode()
    return f"{text}\n\u2014 {ORIGIN} {signature}\n".encode()


@pytest.mark.parametrize(
    "text",
    [
        HEAD.text + "extension\n",
        f"{ORIGIN}\n042\n{b64encode(HEAD.root).decode()}\n",
        f"{ORIGIN}\n-1\n{b64encode(HEAD.root).decode()}\n",
        f"{ORIGIN}\n4 2\n{b64encode(HEAD.root).decode()}\n",
        f"{ORIGIN}\n42\n{b64encode(HEAD.root[:31]).decode()}\n",
        f"{ORIGIN}\n42\n{b64encode(HEAD.root).decode()[:-1]}\n",
        f"{ORIGIN}\n42\n",
        f"\n42\n{b64encode(HEAD.root).decode()}\n",
    ],
    ids=["extension", "leading zero", "negative", "space", "short root", "unpadded root", "no root", "no origin"],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(text):
    """Even the right key can not sign another form."""
    with pytest.raises(CheckpointError):
        verify(signed(text), (VKEY,))


def test_a_key_is_read_back_from_its_text():
    """Name, id and key are in it."""
    assert parse_verifier_key(str(VKEY)) == VKEY


def test_every_changed_character_of_a_key_is_noticed():
    """The id covers name and key; the spelling is the only one."""
    for place in range(len(str(VKEY))):
        for bit in range(7):
            changed = bytearray(str(VKEY).encode())
            changed[place] ^= 1 << bit
            with pytest.raises(CheckpointError):
                parse_verifier_key(changed.decode())


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a" * 256])
def test_a_name_that_can_not_be_one_is_refused(name):
    """Names have neither spaces nor plus signs (signed-note)."""
    with pytest.raises(CheckpointError):
        verifier_key(name, KEY)


def test_a_file_of_notes_is_split_into_them():
    """One after the other, with cosignatures, the last perhaps unfinished; every byte is in one piece."""
    line = f"\u2014 witness.example {b64encode(b'1234' + b's' * 64).decode()}\n".encode()
    notes = [NOTE, NOTE + line, NOTE]

    assert list(split(b"".join(notes))) == notes
    assert list(split(b"".join(notes)[:-1])) == [*notes[:2], NOTE[:-1]]
    assert list(split(b"")) == []


@given(st.binary(max_size=200))
def test_splitting_keeps_every_byte(data):
    """Hostile files are split without losing a byte."""
    assert b"".join(split(data)) == data


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_hostile_bytes_are_no_checkpoint(data):
    """No other exception comes out."""
    with pytest.raises(CheckpointError):
        verify(data, (VKEY,))


@given(st.text(max_size=80))
def test_hostile_text_is_no_key(text):
    """No other exception comes out."""
    with pytest.raises(CheckpointError):
        parse_verifier_key(text)
