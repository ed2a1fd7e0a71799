"""Does a witness answer as C2SP tlog-witness says, case by case?"""

from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guard.evidence.checkpoint import Checkpoint, sign, signature_line, verifier_key, verify
from guard.evidence.cosignature import cosign, cosignatures, cosigner_key
from guard.evidence.merkle import Frontier, consistency_proof, leaf_hash, nodes_of
from guard.evidence.witness import (
    AddCheckpoint,
    Refused,
    RequestMalformedError,
    Seen,
    cosigned_note,
    judge,
    origin_hash,
    parse_request,
)
from guard.server.witness_client import request

ORIGIN = "photo.example/evidence/1"
LOG = Ed25519PrivateKey.from_private_bytes(bytes(32))
LOGS = {ORIGIN: [verifier_key(ORIGIN, LOG)]}
LEAVES = [leaf_hash(bytes((number,))) for number in range(20)]


def head(size: int, leaves: list[bytes] = LEAVES) -> Checkpoint:
    tree = Frontier()
    for one in leaves[:size]:
        tree.push(one)
    return Checkpoint(origin=ORIGIN, size=size, root=tree.root())


def seen(size: int) -> Seen:
    return Seen(size=size, root=head(size).root)


def asked(old: int, size: int, **changes: object) -> AddCheckpoint:
    proof = consistency_proof(old, size, nodes_of(LEAVES[:size])) if 0 < old <= size else ()
    fields = {"old": old, "proof": proof, "note": sign(head(size), LOG), **changes}
    return AddCheckpoint(**fields)  # type: ignore[arg-type]


def status(request: AddCheckpoint, known: Seen | None) -> int:
    verdict = judge(request, LOGS, known)
    return verdict.status if isinstance(verdict, Refused) else 200


@pytest.mark.parametrize(("old", "size"), [(0, 1), (0, 20), (1, 20), (8, 13), (7, 8), (13, 13), (0, 0)])
def test_a_log_that_goes_on_is_cosigned(old, size):
    """Also at its first checkpoint, and again at the same one."""
    assert judge(asked(old, size), LOGS, seen(old) if old else None) == head(size)


OTHER = [leaf_hash(b"other"), *LEAVES[1:]]
STRANGER = Ed25519PrivateKey.generate()
ELSEWHERE = Checkpoint(origin="x.example/1", size=3, root=b"0" * 32)
NOT_EMPTY = Checkpoint(origin=ORIGIN, size=0, root=b"0" * 32)
CASES = {
    "an unknown log": (asked(0, 3, note=sign(ELSEWHERE, LOG)), None, 404),
    "another key": (asked(0, 3, note=sign(head(3), STRANGER)), None, 403),
    "no checkpoint": (asked(0, 3, note=b"hello\n"), None, 400),
    "an extension line": (asked(0, 3, note=sign(head(3), LOG).replace(b"\n\n", b"\nmore\n\n")), None, 400),
    "an old size that is larger": (asked(9, 3), seen(9), 400),
    "an old size that is not the last": (asked(5, 13), seen(8), 409),
    "an old size where nothing was seen": (asked(5, 13), None, 409),
    "a first time where something was seen": (asked(0, 13), seen(8), 409),
    "an empty tree with another root": (asked(0, 0, note=sign(NOT_EMPTY, LOG)), None, 422),
    "a proof from nothing": (asked(0, 3, proof=(b"0" * 32,)), None, 422),
    "no proof": (asked(5, 13, proof=()), seen(5), 422),
    "a wrong proof": (asked(5, 13, proof=tuple(reversed(asked(5, 13).proof))), seen(5), 422),
    "another history": (asked(5, 13, note=sign(head(13, OTHER), LOG)), seen(5), 422),
    "another root of the same size": (asked(5, 5, note=sign(head(5, OTHER), LOG)), seen(5), 422),
    "a proof at the same size": (asked(5, 5, proof=(b"0" * 32,)), seen(5), 422),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "known", "expected"), CASES.values(), ids=list(CASES))
def test_everything_else_is_refused_with_its_status(request_, known, expected):
    """The numbers are those of the specification."""
    assert status(request_, known) == expected


def test_what_is_known_is_told_with_409():
    """So that the log can send the right proof."""
    verdict = judge(asked(5, 13), LOGS, seen(8))

    assert isinstance(verdict, Refused)
    assert verdict.size == 8


def test_a_bad_signature_under_a_known_key_is_refused_beside_a_good_one():
    """Fault 27: such a note is malformed."""
    note = sign(head(3), LOG)
    bad = signature_line(ORIGIN, verifier_key(ORIGIN, LOG).id, bytes(64)).encode()

    assert status(asked(0, 3, note=note), None) == 200
    assert status(asked(0, 3, note=note + bad), None) == 403


def test_signatures_of_unknown_keys_are_ignored_and_not_passed_on():
    """Fault 27: also one under the log's own name."""
    note = sign(head(3), LOG) + sign(head(3), STRANGER).split(b"\n\n")[1]
    witness = Ed25519PrivateKey.generate()
    made = cosigned_note(note, LOGS[ORIGIN], cosign(head(3), witness, "w.example/1", 1_800_000_000))

    assert status(asked(0, 3, note=note), None) == 200
    assert made.count("\u2014 ".encode()) == 2
    assert verify(made, LOGS[ORIGIN]) == head(3)
    assert cosignatures(made, [cosigner_key("w.example/1", witness)])[0].time == 1_800_000_000


def test_a_request_survives_its_bytes():
    """There and back."""
    one = asked(5, 13)

    assert parse_request(request(one.old, one.proof, one.note)) == one


def test_the_example_of_the_specification_is_read():
    """tlog-witness, add-checkpoint."""
    example = (
        "old 20852014\n"
        "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
        "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
        "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n"
        "/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
        "\n"
        "example.com/behind-the-sofa\n"
        "20852163\n"
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
        "\n"
        "\u2014 example.com/behind-the-sofa "
        "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    ).encode()
    one = parse_request(example)

    assert (one.old, len(one.proof)) == (20_852_014, 4)
    assert one.note.startswith(b"example.com/behind-the-sofa\n20852163\n")
    assert status(one, None) == 404


HASH = b64encode(bytes(32)) + b"\n"


@pytest.mark.parametrize(
    "body",
    [b"", b"old 5\n", b"old 05\n\nnote", b"old -1\n\nnote", b"old 5\n\n", b"old 5\nxx\n\nnote", b"old 5\nAAAA\n\nnote",
     b"old 5\n" + HASH * 64 + b"\nnote", b"5\n\nnote", b"old 5 \n\nnote"],
    ids=["nothing", "no note", "leading zero", "negative", "empty note", "no base64", "no hash", "64 hashes", "no old",
         "a space"],
)  # fmt: skip
def test_other_bytes_are_no_request(body):
    """Status 400."""
    with pytest.raises(RequestMalformedError):
        parse_request(body)


def test_the_name_of_a_log_in_a_path_is_its_hash():
    """Of the origin without a line feed, in lower case: what `printf example.com/log42 | sha256sum` prints."""
    assert origin_hash("example.com/log42") == "4e08c70cc7f225871fda7dc115566008e6954b26a25896be01faa45cdd0f63eb"
