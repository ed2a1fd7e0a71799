"""Is a cosignature what C2SP says, and is nothing else taken for one?"""

from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from guard.evidence.checkpoint import Checkpoint, CheckpointError, parse_verifier_key, sign, verifier_key, verify
from guard.evidence.cosignature import cosign, cosignatures, cosigner_key, parse_cosigner_key

LOG = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01")
NAME = "witness.example/1"
HEAD = Checkpoint(origin="photo.example/evidence/1", size=42, root=b"\x07" * 32)
NOTE = sign(HEAD, LOG)
LINE = cosign(HEAD, KEY, NAME, 1_679_315_147)


def test_a_cosignature_is_over_the_text_that_the_specification_says():
    """tlog-cosignature: a header line, a time line and the body of the note; the time is in front of the signature."""
    name, encoded = LINE.removeprefix("\u2014 ").split(" ")
    data = b64decode(encoded)
    message = b"cosignature/v1\ntime 1679315147\n" + HEAD.text.encode()

    assert name == NAME
    assert data[:4] == cosigner_key(NAME, KEY).id
    assert data[4:12] == (1_679_315_147).to_bytes(8, "big")
    Ed25519PublicKey.from_public_bytes(KEY.public_key().public_bytes_raw()).verify(data[12:], message)


def test_the_example_of_the_specification_has_the_time_it_says():
    """The one published line whose time is known: 1679315147."""
    line = "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA=="

    assert int.from_bytes(b64decode(line)[4:12], "big") == 1_679_315_147
    assert len(b64decode(line)) == len(b64decode(LINE.split(" ")[2]))


def test_the_note_is_still_one_of_the_log():
    """Whoever knows only the log's key ignores the other signature."""
    both = NOTE + LINE.encode()

    assert verify(both, [verifier_key(HEAD.origin, LOG)]) == HEAD
    (one,) = cosignatures(both, [cosigner_key(NAME, KEY)])
    assert (one.key.name, one.time) == (NAME, 1_679_315_147)


def test_unknown_signatures_are_ignored():
    """Fault 27: also those under the same name, if the key is another one."""
    stranger = cosigner_key(NAME, Ed25519PrivateKey.generate())

    assert cosignatures(NOTE + LINE.encode(), [stranger]) == ()
    assert cosignatures(NOTE, [cosigner_key(NAME, KEY)]) == ()


@pytest.mark.parametrize("place", [4, 12, 60])
def test_a_bad_signature_under_a_known_key_is_refused(place):
    """Fault 27: in the time, at the beginning and at the end of the signature."""
    data = bytearray(b64decode(LINE.split(" ")[2]))
    data[place + 5] ^= 1
    bad = f"\u2014 {NAME} {b64encode(data).decode()}\n".encode()

    with pytest.raises(CheckpointError, match=f"cosignature of {NAME} is wrong|no time and signature"):
        cosignatures(NOTE + bad, [cosigner_key(NAME, KEY)])


def test_keys_survive_their_text():
    """And the two types are not taken for each other."""
    key = cosigner_key(NAME, KEY)

    assert parse_cosigner_key(str(key)) == key
    with pytest.raises(CheckpointError, match="this is the key of a log"):
        parse_cosigner_key(str(verifier_key(NAME, KEY)))


@pytest.mark.parametrize("text", ["", "a+b", "witness.example/1+00000000+" + b64encode(b"\x04" + bytes(32)).decode()])
def test_other_texts_are_no_key(text):
    """A name and an id that do not fit the bytes are a slip of copying."""
    with pytest.raises(CheckpointError):
        parse_cosigner_key(text)


def test_a_name_must_be_one():
    """It stands in a line of its own kind."""
    with pytest.raises(CheckpointError):
        cosigner_key("two words", KEY)


LITEWITNESS = (
    "photo.example/evidence/b264d2ce2b8054b2\n"
    "8\n"
    "GrZ+TCw+JUv34PHfJaDH11/OppVV31IvGduSmnJb7Zk=\n"
    "\n"
    "\u2014 photo.example/evidence/b264d2ce2b8054b2 "
    "vKzQe3oeGDSJ0cZQrQ8cpSIN2UeWekwlWNlMsU2YUmM//TQM3SO6obCZPYp3L8Ebxfr1Lr5i+JMpNeDjXl964oJQ5QQ=\n"
    "\u2014 lite.example/w "
    "P9X07wAAAABrBl/rF5kELCXJd87/m7P2MzAkZOJEMAi9pnkQQgJAagE5MXKkHvIUODUmbBwGJPF6I+1uVP9hsBvd1VFwHapprOhZDA==\n"
).encode()
"""What litewitness 0.9.0 (filippo.io/torchwood, in Go) answered to this program, with the note that it was about."""
LITEWITNESS_KEY = "lite.example/w+3fd5f4ef+BNYT9bLEOnaBbZXLOWSpSSEnqOrI+k4jKLK5SeRj/1UC"
"""As it printed its key."""
LITEWITNESS_LOG = "photo.example/evidence/b264d2ce2b8054b2+bcacd07b+AfW2NG8EC1ctewaRlymSSKi2jmgH63NNS+vkIeyeLdlM"


def test_a_cosignature_of_another_implementation_holds():
    """With the key in the form in which that one prints it."""
    key = parse_cosigner_key(LITEWITNESS_KEY)
    (one,) = cosignatures(LITEWITNESS, [key])

    assert (key.name, one.time) == ("lite.example/w", 1_795_579_883)
    assert verify(LITEWITNESS, [parse_verifier_key(LITEWITNESS_LOG)]).size == 8
