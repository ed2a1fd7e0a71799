"""Does a proof show that a record is in the log, and nothing else?"""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from guard.evidence import merkle, proof
from guard.evidence.checkpoint import Checkpoint, sign, verifier_key
from guard.evidence.proof import Proof, ProofError

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEY = verifier_key("photo.example/evidence/00", PRIVATE)
LEAVES = [merkle.leaf_hash(bytes((i,))) for i in range(13)]
NODES = merkle.nodes_of(LEAVES)
ROOT = merkle.subtree_root(0, 13, NODES)
NOTE = sign(Checkpoint(origin=KEY.name, size=13, root=ROOT), PRIVATE)


def proof_of(index: int) -> Proof:
    return Proof(index=index, hashes=merkle.inclusion_proof(index, 13, NODES), note=NOTE)


@pytest.mark.parametrize("index", range(13))
def test_a_proof_is_read_back_and_holds_for_its_record_alone(index):
    """Written, read, checked: every place in an uneven tree."""
    one = proof.parse(proof.write(proof_of(index)))

    assert one == proof_of(index)
    assert proof.check(one, LEAVES[index], KEY).size == 13
    with pytest.raises(ProofError, match="the record is not number"):
        proof.check(one, LEAVES[(index + 1) % 13], KEY)
    with pytest.raises(ProofError, match="the record is not number"):
        proof.check(replace(one, index=(index + 1) % 13), LEAVES[index], KEY)


def test_the_file_has_the_specified_form():
    """C2SP tlog-proof: magic, index, hashes from the leaf's sibling up, an empty line, the checkpoint verbatim."""
    lines = proof.write(proof_of(12)).split(b"\n")

    assert lines[:2] == [b"c2sp.org/tlog-proof@v1", b"index 12"]
    assert [len(line) for line in lines[2:5]] == [44, 44, 0]  # the last of 13 has two siblings on its way
    assert b"\n".join(lines[5:]) == NOTE


def test_a_line_of_extra_data_is_passed_over():
    """An application may add one; it proves nothing."""
    data = proof.write(proof_of(3)).replace(b"@v1\n", b"@v1\nextra AAAA\n", 1)

    assert proof.parse(data) == proof_of(3)


def test_no_changed_byte_of_a_proof_goes_unnoticed():
    """Each bit of the file; the index, which nothing signs, is bound by the hashes."""
    data = proof.write(proof_of(6))
    unnoticed = []
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            try:
                proof.check(proof.parse(bytes(changed)), LEAVES[6], KEY)
            except ProofError:
                continue
            unnoticed.append((place, bit))

    assert unnoticed == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"tlog-proof@v1", b"tlog-proof@v2"), (b"index 6", b"index 06"), (b"index 6", b"index -6"),
        (b"index 6", b"index"), (b"index 6\n", b""), (b"index 6", b"index " + b"9" * 30), (b"=\n", b"\n"),
        (b"\n\n", b"\n" + b"A" * 43 + b"=\n\n"), (b"\n\n", b"\n"), (b"\n\n", b"\r\n\r\n"),
    ],
    ids=["version", "zero", "minus", "no_number", "no_index", "huge", "base64", "longer", "no_gap", "crlf"],
)  # fmt: skip
def test_another_spelling_is_no_proof(old, new):
    """Wrong index, too long, too short, in another version."""
    data = proof.write(proof_of(6))
    assert old in data

    with pytest.raises(ProofError):
        proof.check(proof.parse(data.replace(old, new, 1)), LEAVES[6], KEY)


def test_a_proof_too_short_or_for_an_empty_tree_does_not_hold():
    """Each hash is needed, and a tree without records holds none."""
    one = proof_of(6)
    empty = sign(Checkpoint(origin=KEY.name, size=0, root=merkle.EMPTY_ROOT), PRIVATE)

    for wrong in (
        *(replace(one, hashes=one.hashes[:i] + one.hashes[i + 1 :]) for i in range(len(one.hashes))),
        replace(one, note=empty), replace(one, note=empty, hashes=(), index=0), replace(one, index=13),
    ):  # fmt: skip
        with pytest.raises(ProofError, match="the record is not number"):
            proof.check(wrong, LEAVES[6], KEY)


def test_a_checkpoint_of_another_log_is_refused():
    """Same tree, same key, another name; and the same name under another key."""
    other = Ed25519PrivateKey.generate()
    named = sign(Checkpoint(origin="other.example/evidence/00", size=13, root=ROOT), PRIVATE)
    forged = sign(Checkpoint(origin=KEY.name, size=13, root=ROOT), other)

    for note in (named, forged):
        with pytest.raises(ProofError, match="the checkpoint in it"):
            proof.check(replace(proof_of(6), note=note), LEAVES[6], KEY)


@given(st.binary(max_size=300))
def test_hostile_bytes_are_no_proof(data):
    """Nothing but ProofError, also behind a good first line."""
    for given_data in (data, b"c2sp.org/tlog-proof@v1\nindex " + data):
        try:
            proof.check(proof.parse(given_data), LEAVES[6], KEY)
        except ProofError:
            continue
        raise AssertionError("accepted")
