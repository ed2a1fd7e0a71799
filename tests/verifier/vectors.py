"""In which ways can a bundle be changed by somebody who does not hold the key of the log?

Each way has a name; the manifests are made to fit afterwards, so that what has to notice is the
tree, the signature or a commitment. Every verifier must refuse every one.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guard.evidence.checkpoint import Checkpoint, sign, verifier_key

Files = dict[str, bytes]
Change = Callable[[Files], None]

RECORDS, INDEX = "data/records.jsonl", "data/records.index"
VALUES, OF = "data/disclosures.jsonl", "data/disclosures.index"
RANGE, BEFORE, GROWTH = "data/range.hashes", "data/range.frontier", "data/consistency.txt"


def rows(files: Files, name: str) -> list[bytes]:
    return files[name].splitlines(keepends=True)


def edit(name: str, change: Callable[[list[bytes]], object]) -> Change:
    """Change the list of lines of one file in place."""

    def apply(files: Files) -> None:
        lines = rows(files, name)
        change(lines)
        files[name] = b"".join(lines)

    return apply


def both(*changes: Change) -> Change:
    def apply(files: Files) -> None:
        for one in changes:
            one(files)

    return apply


def swap(lines: list[bytes], one: int = 0, other: int = -1) -> None:
    lines[one], lines[other] = lines[other], lines[one]


def substitute(name: str, old: bytes, new: bytes) -> Change:
    def apply(files: Files) -> None:
        assert old in files[name], name
        files[name] = files[name].replace(old, new, 1)

    return apply


def flip(name: str, place: int = -2, bit: int = 1) -> Change:
    def apply(files: Files) -> None:
        body = bytearray(files[name])
        body[place] ^= bit
        files[name] = bytes(body)

    return apply


def drop(name: str) -> Change:
    return lambda files: files.pop(name) and None


def last_head(files: Files) -> str:
    return max((name for name in files if name.startswith("data/checkpoints/")), key=lambda name: int(name[17:-11]))


def proof(files: Files, number: int = 1) -> str:
    return sorted(name for name in files if name.startswith("data/proofs/"))[number]


def on_proof(change: Callable[[list[bytes]], object]) -> Change:
    return lambda files: edit(proof(files), change)(files)


def on_head(change: Callable[[list[bytes]], object]) -> Change:
    return lambda files: edit(last_head(files), change)(files)


def document(files: Files) -> str:
    return next(name for name in sorted(files) if name.startswith("data/reservation/"))


def of_role(files: Files, role: bytes) -> int:
    return next(place for place, line in enumerate(rows(files, INDEX)) if line.endswith(b" " + role + b"\n"))


def change_time(role: bytes) -> Change:
    def apply(files: Files) -> None:
        lines, place = rows(files, RECORDS), of_role(files, role)
        head, _, rest = lines[place].partition(b'"at":')
        digits = rest[:16]
        lines[place] = head + b'"at":' + str(int(digits) + 1).encode() + rest[16:]
        files[RECORDS] = b"".join(lines)

    return apply


def other_proof(files: Files) -> None:
    files[proof(files, 1)] = files[proof(files, 2)]


def resigned(files: Files) -> None:
    """Truncate the range and sign the shorter tree with a key of one's own."""
    name = last_head(files)
    origin, size, _ = files[name].decode().split("\n")[:3]
    files[name] = sign(Checkpoint(origin=origin, size=int(size), root=bytes(32)), Ed25519PrivateKey.generate())


def resigned_with_key(files: Files) -> None:
    """Put another key beside it whose id fits, and leave the heads."""
    origin = files["data/trust/log.vkey"].decode().partition("+")[0]
    other = verifier_key(origin, Ed25519PrivateKey.generate())
    files["data/trust/log.vkey"] = f"{other}\n".encode()


def another_key(files: Files) -> None:
    """Name a further key as the log's, which no record names and no key before signed for."""
    origin = files["data/trust/log.vkey"].decode().partition("+")[0]
    key = Ed25519PrivateKey.generate()
    other = verifier_key(origin, key)
    files["data/trust/log.vkey"] += f"{other}\n".encode()
    body = b64encode(bytes.fromhex("302a300506032b6570032100") + other.public)
    files[f"data/trust/log.{other.id.hex()}.pub.pem"] = (
        b"-----BEGIN PUBLIC KEY-----\n" + body + b"\n-----END PUBLIC KEY-----\n"
    )
    name = last_head(files)
    text = files[name].partition(b"\n\n")[0] + b"\n"
    files[name] += f"\u2014 {origin} {b64encode(other.id + key.sign(text)).decode()}\n".encode()
    for proof_file in [one for one in files if one.startswith("data/proofs/")]:
        files[proof_file] = files[proof_file].partition(b"\n\n")[0] + b"\n\n" + files[name]


def pem_of(files: Files) -> str:
    return next(name for name in files if name.endswith(".pub.pem"))


def other_pem(files: Files) -> None:
    public = verifier_key("x", Ed25519PrivateKey.generate()).public
    body = b64encode(bytes.fromhex("302a300506032b6570032100") + public)
    files[pem_of(files)] = b"-----BEGIN PUBLIC KEY-----\n" + body + b"\n-----END PUBLIC KEY-----\n"


def disclosed_of_range(files: Files) -> None:
    """Show a value that a record of somebody else commits to: here one that is made up."""
    other = rows(files, INDEX)[of_role(files, b"range")].split()[0]
    files[VALUES] += b'["AAAAAAAAAAAAAAAAAAAAAA","person",{"address":"192.0.2.1"}]\n'
    files[OF] += other + b"\n"


def other_salt(lines: list[bytes]) -> None:
    lines[0] = lines[0].replace(lines[0][2:24], lines[0][2:23] + (b"A" if lines[0][23:24] != b"A" else b"Q"), 1)


def swap_documents(files: Files) -> None:
    one = document(files)
    files[one] = files[one] + b"Allow: /\n"


def renamed_document(files: Files) -> None:
    one = document(files)
    body = files.pop(one) + b"Allow: /\n"
    files[f"data/reservation/{sha256(body).hexdigest()}.txt"] = body


def signature_of(lines: list[bytes], change: Callable[[bytes], bytes]) -> None:
    dash, name, coded = lines[-1].split()
    lines[-1] = b" ".join([dash, name, b64encode(change(b64decode(coded)))]) + b"\n"


def flip_last(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


VECTORS: dict[str, Change] = {
    "record-time-chosen": change_time(b"chosen"),
    "record-time-range": change_time(b"range"),
    "record-time-belongs": change_time(b"belongs"),
    "record-deleted": both(edit(RECORDS, lambda a: a.pop(3)), edit(INDEX, lambda a: a.pop(3))),
    "record-deleted-last": both(edit(RECORDS, lambda a: a.pop()), edit(INDEX, lambda a: a.pop())),
    "record-line-deleted": edit(RECORDS, lambda a: a.pop(3)),
    "record-duplicated": both(edit(RECORDS, lambda a: a.insert(3, a[3])), edit(INDEX, lambda a: a.insert(3, a[3]))),
    "records-swapped": edit(RECORDS, swap),
    "records-swapped-with-index": both(edit(RECORDS, swap), edit(INDEX, swap)),
    "record-inserted": both(edit(RECORDS, lambda a: a.append(a[-1])), edit(INDEX, lambda a: a.append(b"9999 range\n"))),
    "record-renumbered": edit(INDEX, lambda a: a.append(b"9999" + a.pop()[1:])),
    "record-role-unknown": substitute(INDEX, b"chosen", b"choosen"),
    "record-without-end-of-line": lambda files: files.update({RECORDS: files[RECORDS][:-1]}),
    "record-flipped": flip(RECORDS, 40),
    "index-missing": drop(INDEX),
    "range-hash-changed": edit(RANGE, lambda a: a.__setitem__(2, a[2][:-3] + b"00\n")),
    "range-last-removed": edit(RANGE, lambda a: a.pop()),
    "range-first-removed": edit(RANGE, lambda a: a.pop(0)),
    "range-hole": edit(RANGE, lambda a: a.pop(2)),
    "range-duplicated": edit(RANGE, lambda a: a.insert(2, a[2])),
    "range-swapped": edit(RANGE, swap),
    "range-appended": edit(RANGE, lambda a: a.append(b"%d %s\n" % (int(a[-1].split()[0]) + 1, b"00" * 32))),
    "range-empty": lambda files: files.update({RANGE: b""}),
    "range-missing": drop(RANGE),
    "frontier-added": lambda files: files.update({BEFORE: files[BEFORE] + b"0 " + b"00" * 32 + b"\n"}),
    "head-size": on_head(lambda a: a.__setitem__(1, b"%d\n" % (int(a[1]) + 1))),
    "head-root": on_head(lambda a: a.__setitem__(2, b64encode(bytes(32)) + b"\n")),
    "head-origin": on_head(lambda a: a.__setitem__(0, b"other.example/evidence/1\n")),
    "head-extension-line": on_head(lambda a: a.insert(3, b"more\n")),
    "head-signature": on_head(lambda a: signature_of(a, flip_last)),
    "head-unsigned": on_head(lambda a: a.pop()),
    "head-signature-name": on_head(lambda a: a.__setitem__(-1, a[-1].replace(b"photo", b"fotos"))),
    "head-signature-no-base64": on_head(lambda a: a.__setitem__(-1, a[-1][:-4] + b"*=\n")),
    "head-missing": lambda files: files.pop(last_head(files)) and None,
    "head-renamed": lambda files: files.update({"data/checkpoints/999999.checkpoint": files.pop(last_head(files))}),
    "head-resigned": resigned,
    "head-of-nothing": lambda files: files.update({"data/checkpoints/0.checkpoint": files[last_head(files)]}),
    "key-replaced": resigned_with_key,
    "key-id": flip("data/trust/log.vkey", 40),
    "key-twice": lambda files: files.update({"data/trust/log.vkey": files["data/trust/log.vkey"] * 2}),
    "key-missing": drop("data/trust/log.vkey"),
    "pem-replaced": other_pem,
    "key-that-nobody-vouched-for": another_key,
    "proof-of-another": other_proof,
    "proof-index": on_proof(lambda a: a.__setitem__(1, b"index 4\n" if a[1] != b"index 4\n" else b"index 5\n")),
    "proof-too-short": on_proof(lambda a: a.pop(2)),
    "proof-too-long": on_proof(lambda a: a.insert(2, a[2])),
    "proof-hash": on_proof(lambda a: a.__setitem__(2, b64encode(bytes(32)) + b"\n")),
    "proof-hash-no-base64": on_proof(lambda a: a.__setitem__(2, a[2][:-3] + b"==\n")),
    "proof-of-another-head": on_proof(lambda a: a.__setitem__(-3, b64encode(bytes(32)) + b"\n")),
    "proof-first-line": on_proof(lambda a: a.__setitem__(0, b"c2sp.org/tlog-proof@v2\n")),
    "proof-missing": lambda files: files.pop(proof(files)) and None,
    "proof-extra": lambda files: files.update({"data/proofs/9999.tlog-proof": files[proof(files)]}),
    "values-swapped": edit(OF, swap),
    "value-changed": substitute(VALUES, b"203.0.113.7", b"203.0.113.8"),
    "value-salt": edit(VALUES, other_salt),
    "value-added": lambda files: files.update(
        {VALUES: files[VALUES] + b'["AAAAAAAAAAAAAAAAAAAAAA","extra",1]\n', OF: files[OF] + rows(files, OF)[-1]}
    ),
    "value-twice": both(edit(VALUES, lambda a: a.append(a[0])), edit(OF, lambda a: a.append(a[0]))),
    "value-of-somebody-else": disclosed_of_range,
    "value-of-no-record": lambda files: files.update({VALUES: files[VALUES] + b"1\n", OF: files[OF] + b"9999\n"}),
    "value-line-missing": edit(VALUES, lambda a: a.pop()),
    "document-changed": swap_documents,
    "document-replaced": renamed_document,
    "document-missing": lambda files: files.pop(document(files)) and None,
    "document-extra": lambda files: files.update({f"data/reservation/{sha256(b'x').hexdigest()}.txt": b"x"}),
    "anchor-of-nobody": lambda files: files.update({f"data/anchors/{'0' * 64}.tsr": b"x"}),
    "seal-without-token": lambda files: files.update({"META-INF/ASiCManifest001.xml": b"<asic/>"}),
}
"""By name; the range begins at the first record, and the bundle holds a `range` record of somebody else."""

LATER_VECTORS: dict[str, Change] = {
    "frontier-hash": flip(BEFORE, -3),
    "frontier-missing": lambda files: files.update({BEFORE: b""}),
    "frontier-level": lambda files: files.update({BEFORE: b"9" + files[BEFORE][1:]}),
    "growth-missing": lambda files: files.update({GROWTH: b""}),
    "growth-line-missing": edit(GROWTH, lambda a: a.pop()),
    "growth-hash": lambda files: files.update({GROWTH: files[GROWTH][:-10] + b"AAAAAAAA=\n"}),
    "growth-of-other-sizes": edit(GROWTH, lambda a: a.__setitem__(0, a[1].split()[0] + a[0][a[0].index(b" ") :])),
    "growth-too-short": edit(GROWTH, lambda a: a.__setitem__(0, a[0].rpartition(b" ")[0] + b"\n")),
    "first-head-missing": lambda files: (
        files.pop(
            min((name for name in files if name.startswith("data/checkpoints/")), key=lambda name: int(name[17:-11]))
        )
        and None
    ),
    "proof-outside-the-range-missing": drop("data/proofs/0.tlog-proof"),
    "record-outside-the-range": flip(RECORDS, 20),
    "range-shifted": edit(RANGE, lambda a: a.pop(0)),
    "range-shortened": edit(RANGE, lambda a: a.pop()),
}
"""Likewise, where the range begins and ends inside the log."""
