"""In which files lie the tree, the records and their proofs, so that a shell can check them?

Text, one thing a line, and nothing that needs a library to read:

    records.jsonl, records.index            the exact bytes of each leaf; its index and role
    disclosures.jsonl, disclosures.index    the exact bytes behind a commitment; the index of its record
    range.hashes                            index and leaf hash of every record of the range, in order
    range.frontier                          level and hash of each full subtree before the range
    checkpoints/<size>.checkpoint           signed heads (C2SP tlog-checkpoint)
    consistency.txt                         how each head grew into the last (RFC 9162, 2.1.4): both sizes, hashes
    proofs/<index>.tlog-proof               how a record leads to the last head (C2SP tlog-proof)
    trust/log.vkey, trust/log.<id>.pub.pem  the keys of the log, as C2SP and as OpenSSL write them
"""

from base64 import b64encode

from guard.evidence import proof
from guard.evidence.case import Case, Role
from guard.evidence.checkpoint import parse_verifier_key

_PEM_HEAD = bytes.fromhex("302a300506032b6570032100")
"""SubjectPublicKeyInfo of an Ed25519 key up to its 32 bytes (RFC 8410, section 4)."""


def proof_files(case: Case) -> dict[str, bytes]:
    """Return the files by their path in `data/`."""
    last = case.heads[-1].note
    shown = [(one.index, data) for one in case.records for data in one.disclosures]
    files = {
        "records.jsonl": b"".join(one.leaf + b"\n" for one in case.records),
        "records.index": "".join(f"{one.index} {one.role}\n" for one in case.records).encode(),
        "disclosures.jsonl": b"".join(data + b"\n" for _, data in shown),
        "disclosures.index": "".join(f"{index}\n" for index, _ in shown).encode(),
        "range.hashes": "".join(f"{index} {one.hex()}\n" for index, one in enumerate(case.hashes, case.start)).encode(),
        "range.frontier": _frontier(case).encode(),
        "consistency.txt": "".join(
            f"{one.size} {case.size} {' '.join(b64encode(node).decode() for node in one.proof)}\n"
            for one in case.heads[:-1]
        ).encode(),
        "trust/log.vkey": "".join(f"{vkey}\n" for vkey in case.vkeys).encode(),
    }
    for vkey in case.vkeys:
        key = parse_verifier_key(vkey)
        files[f"trust/log.{key.id.hex()}.pub.pem"] = _pem(key.public)
    files |= {f"checkpoints/{one.size}.checkpoint": one.note for one in case.heads}
    files |= {
        f"proofs/{one.index}.tlog-proof": proof.write(proof.Proof(index=one.index, hashes=one.proof, note=last))
        for one in case.records
        if one.role is not Role.RANGE
    }
    return files


def _frontier(case: Case) -> str:
    """Return the subtrees before the range, the smallest first: their levels are the ones in its start."""
    levels = [level for level in range(case.start.bit_length()) if case.start >> level & 1]
    return "".join(f"{level} {one.hex()}\n" for level, one in zip(levels, reversed(case.frontier), strict=True))


def _pem(public: bytes) -> bytes:
    return f"-----BEGIN PUBLIC KEY-----\n{b64encode(_PEM_HEAD + public).decode()}\n-----END PUBLIC KEY-----\n".encode()
