"""Does an evidence bundle hold what it says? Needs Python 3.9 or later and nothing else.

Checked are: the form of the container; the SHA-256 of every file; the signature of every head of the log (Ed25519, RFC
8032, computed here); that the range of records is complete (RFC 6962); the proof of every record that matters (RFC
9162); the spelling of records (RFC 8785); disclosed values against their commitments; documents of the reservation
against the records that name them. Time-stamp tokens (RFC 3161) are left to OpenSSL: the commands are printed.
Exit code: 0 holds, 1 does not, 2 wrong call.
"""

from __future__ import annotations

import argparse
import json
import re
import struct
import sys
from base64 import b64decode, b64encode
from functools import reduce
from hashlib import sha256, sha512
from pathlib import Path
from typing import Any, NoReturn
from zlib import crc32

Files = dict[str, bytes]
Point = tuple[int, int, int, int]
HEAD, PLACE = "data/checkpoints/%d.checkpoint", "data/records.jsonl, %d"
SEAL, TOKEN = "META-INF/ASiCManifest001.xml", "META-INF/timestamp001.tst"
SEAL_FORM = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<asic:ASiCManifest xmlns:asic="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#">
<asic:SigReference URI="META-INF/timestamp001.tst" MimeType="application/vnd.etsi.timestamp-token"/>
%s</asic:ASiCManifest>
"""
SEAL_ROW = """<asic:DataObjectReference URI="%s"><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>\
<ds:DigestValue>%s</ds:DigestValue></asic:DataObjectReference>
"""
SAYS = """VERIFIED / GEPRÜFT
  {files} files match their manifest, {documents} documents their records / Dateien und Dokumente stimmen
  log / Protokoll {origin}, {size} records / Aufzeichnungen
  {start} – {last}: complete, recomputed to the signed root / lückenlos, bis zur signierten Wurzel nachgerechnet
  {proofs} records proven one by one / einzeln nachgewiesen; {chosen} asked for / angefragt
  {values} disclosed values match their commitments / offengelegte Werte entsprechen ihren Festlegungen
  Not proven by the log: reports and tables, which only explain / Nicht bewiesen: Berichte, Tabellen; sie erläutern nur
  key / Schlüssel {vkey}: compare it with one you got another way / vergleichen Sie ihn mit einem auf anderem Weg
  Shown: unchanged since it was recorded / Gezeigt: unverändert, seit es aufgezeichnet wurde"""


class Fault(Exception):  # noqa: N818
    """What is wrong: a place, and why."""


def bad(place: str, why: str) -> NoReturn:
    raise Fault(place, why)


def unpack(data: bytes) -> Files:
    """Return the files of a container. It has one form: stored, no gaps, no extras, no links; all else is refused."""
    files: Files = {}
    at, directory = 0, bytearray()
    while data[at : at + 4] == b"PK\3\4":
        size, length = (int.from_bytes(data[at + 22 + a : at + 22 + b], "little") for a, b in ((0, 4), (4, 6)))
        start = at + 30 + length
        raw, body = data[at + 30 : start], data[start : start + size]
        common = struct.pack("<HHHHHIIIHH", 20, 0x800, 0, 0, 0x21, crc32(body), len(body), len(body), len(raw), 0)
        name = ascii(raw)[2:-1]
        if not re.fullmatch("\\w[\\w.-]*(/\\w[\\w.-]*)*", name) or name in files or (not files and name != "mimetype"):
            bad("container", f"{name}: twice, out of place, or a path that leads elsewhere")
        if data[at:start] != b"PK\3\4" + common + raw:
            bad("container", f"{name}: compressed, no plain file, another check sum, or cut off")
        directory += b"PK\1\2\x14\3" + common + struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, at) + raw
        files[name], at = body, start + size
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, len(files), len(files), len(directory), at, 0)
    return files if data[at:] == directory + end else bad("container", "another directory than that of its files")


P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(p: Point, q: Point) -> Point:
    """Add two points of the curve (RFC 8032, section 5.1.4)."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def point(data: bytes) -> Point | None:
    """Return the point that 32 bytes stand for (RFC 8032, section 5.1.3)."""
    sign, y = divmod(int.from_bytes(data, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != square or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


def signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is that of `message` under the 32 bytes of `public` (RFC 8032, section 5.1.7)."""
    base, key, s = point(b"\x58" + b"\x66" * 31), point(public), int.from_bytes(signature[32:], "little")
    if base is None or key is None or len(signature) != 64 or s >= L:
        return False
    k = int.from_bytes(sha512(signature[:32] + public + message).digest(), "little") % L
    minus, q = (P - key[0], key[1], 1, P - key[3]), (0, 1, 1, 0)
    for bit in reversed(range(256)):  # s times the base, less k times the key
        q = add(q, q)
        q = add(q, base) if s >> bit & 1 else q
        q = add(q, minus) if k >> bit & 1 else q
    x, y = (one * pow(q[2], P - 2, P) % P for one in q[:2])
    return (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def root_of(nodes: list[bytes], size: int, leaves: list[bytes]) -> bytes:
    """Return the root over the full subtrees of `size` leaves, the largest first, and more leaves (RFC 6962, 2.1)."""
    nodes = list(nodes)
    for place, leaf in enumerate(leaves, size):
        at = place
        while at & 1:
            leaf, at = node(nodes.pop(), leaf), at >> 1  # noqa: PLW2901
        nodes.append(leaf)
    return reduce(lambda right, left: node(left, right), reversed(nodes))


def proven(index: int, size: int, start: bytes, root: bytes, proof: list[bytes], old: bytes | None = None) -> bool:  # noqa: PLR0917
    """Tell whether `proof` leads from `start` at `index` to `root`, and with `old` to that (RFC 9162, 2.1.3, 2.1.4)."""
    at, last, one, two = index, size - 1, start, start
    while old is not None and at & 1:
        at, last = at >> 1, last >> 1
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            one, two = node(sibling, one), node(sibling, two)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            two = node(two, sibling)
        at, last = at >> 1, last >> 1
    return 0 <= index < size and last == 0 and two == root and old in (None, one)


def unbase64(text: str, place: str) -> bytes:
    """Return the bytes of `text`, only if it is the one right spelling of them."""
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        data = b""
    return data if b64encode(data).decode() == text else bad(place, "no base64")


def lines(files: Files, name: str, pattern: str) -> list[tuple[str, ...]]:
    """Return the lines of a file, each as the groups of `pattern`."""
    rows = files.get(name, b"\n" * (name not in files)).decode("utf-8", "surrogateescape").split("\n")
    found = [re.fullmatch(pattern, row, re.ASCII) for row in rows[:-1]]
    if rows[-1] or None in found:
        bad(name, "missing, or not of the form that was written")
    return [one.groups() for one in found if one]


def spell(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def canonical(data: bytes, place: str) -> Any:
    """Return the value of canonical JSON: sorted keys of [a-z0-9_], no fractions, one spelling (RFC 8785)."""

    def plain(value: dict[str, Any]) -> dict[str, Any]:
        return value if all(re.fullmatch("[a-z0-9_]+", key) for key in value) else bad(place, "a key's characters")

    def whole(text: str) -> int:
        return int(text) if re.fullmatch("-?[0-9]{1,16}", text) and abs(int(text)) < 2**53 else bad(place, "a number")

    try:
        value = json.loads(data.decode(), object_hook=plain, parse_int=whole, parse_float=whole, parse_constant=whole)
        return value if spell(value) == data else bad(place, "not canonically spelled")
    except (ValueError, RecursionError):
        bad(place, "no JSON")


class Bundle:
    """Checks the files of a bundle; what does not hold is in `faults`, what was counted in `facts`."""

    def __init__(self, path: str, vkey: str = "") -> None:
        self.path, self.vkey = path, vkey
        self.files: Files = {}
        self.faults: list[tuple[str, str]] = []
        self.facts: dict[str, Any] = {}
        self.keys: dict[str, tuple[str, bytes, bytes]] = {}
        self.signers: dict[int, set[str]] = {}
        self.roots: dict[int, bytes] = {}
        self.leaves: dict[int, bytes] = {}
        self.roles: dict[int, str] = {}
        self.said: dict[int, dict[str, Any]] = {}

    def run(self) -> Bundle:
        base, rest = (self.heads, self.tree, self.records), (self.proofs, self.values, self.documents, self.anchors)
        for check in (self.load, self.manifests, *base, *rest):
            try:
                check()
            except Exception as error:  # hostile in some other way
                place, why = error.args if isinstance(error, Fault) else (check.__name__, f"not readable: {error!r}")
                self.faults.append((place, why))
                if check in (self.load, *base):
                    break  # what comes after would only say the same again
        return self

    def load(self) -> None:
        folder = Path(self.path)
        found = sorted(folder.rglob("*")) if folder.is_dir() else []
        if any(one.is_symlink() for one in found):
            bad(self.path, "a link in it, which may lead anywhere")
        inside = {one.relative_to(folder).as_posix(): one.read_bytes() for one in found if one.is_file()}
        self.files = inside if folder.is_dir() else unpack(folder.read_bytes())

    def need(self, ok: object, place: str, why: str) -> None:
        if not ok:
            self.faults.append((place, why))

    def manifests(self) -> None:
        inside = {name for name in self.files if name.startswith("META-INF/")}
        rest = sorted(set(self.files) - inside - {"tagmanifest-sha256.txt"})
        for manifest, payload in (("manifest-sha256.txt", True), ("tagmanifest-sha256.txt", False)):
            here = [name for name in rest if name.startswith("data/") is payload]
            good = [*(f"{sha256(self.files[name]).hexdigest()}  {name}" for name in here), ""]
            listed = self.files.get(manifest, b"").decode("utf-8", "surrogateescape").split("\n")
            for name in sorted({row[66:] for row in {*listed} ^ {*good}}):
                self.need(False, name or manifest, "missing, not listed, or not the bytes that the manifest lists")
            self.need(listed == good, manifest, "not exactly one line for each file, in order")
        names = sorted(set(self.files) - inside - {"mimetype"})
        rows = [SEAL_ROW % (name, b64encode(sha256(self.files[name]).digest()).decode()) for name in names]
        same = inside == {SEAL, TOKEN} and self.files[SEAL] == (SEAL_FORM % "".join(rows)).encode()
        self.need(same or not inside, SEAL, "not a manifest of exactly these files")
        self.facts.update(files=len(rest), sealed=bool(inside))

    def heads(self) -> None:
        place = "data/trust/log.vkey"
        for text, name, hashed, coded in lines(self.files, place, "(([^+\\s]+)\\+([0-9a-f]{8})\\+(\\S+))"):
            public = unbase64(coded, place)
            good = len(public) == 33 and public[0] == 1
            if not good or sha256(name.encode() + b"\n" + public).hexdigest()[:8] != hashed or text in self.keys:
                bad(place, "no key of a log")
            self.keys[text] = name, bytes.fromhex(hashed), public[1:]
            pem = b64encode(bytes.fromhex("302a300506032b6570032100") + public[1:])
            pem = b"-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n" % pem
            path = f"data/trust/log.{hashed}.pub.pem"
            self.need(self.files.get(path) == pem, path, "another key")
        names = {name for name, _, _ in self.keys.values()}
        if len(names) != 1 or self.vkey not in ("", *self.keys):
            bad(place, "not the key to verify with")
        for path in sorted(one for one in self.files if one.startswith("data/checkpoints/")):
            match = re.fullmatch("data/checkpoints/([1-9][0-9]{0,15})\\.checkpoint", path)
            size = match[1] if match else bad(path, "no head is called so")
            self.roots[int(size)] = self.head(path, size)
        grown = {max(self.roots, default=0)}
        self.facts.update(origin=names.pop(), vkey=next(iter(self.keys)), size=max(grown), given=bool(self.vkey))
        for (row,) in lines(self.files, "data/consistency.txt", "([0-9]{1,16} [0-9]{1,16}(?: [A-Za-z0-9+/=]{44})+)"):
            old, new, proof = int(row.split()[0]), int(row.split()[1]), [unbase64(one, row) for one in row.split()[2:]]
            nodes = proof if old & (old - 1) else [self.roots.get(old, b""), *proof]
            good = old in self.roots and old < new == max(self.roots)
            if not good or not proven(old - 1, new, nodes[0], self.roots[new], nodes[1:], self.roots[old]):
                bad(HEAD % old, "does not grow into the last head")
            grown.add(old)
        if grown != set(self.roots) or not self.roots:
            bad("data/consistency.txt", "does not show how every head grew")

    def head(self, place: str, size: str) -> bytes:
        """Return the root that a checkpoint (C2SP tlog-checkpoint) of `size` signs."""
        text, _, tail = self.files[place].partition(b"\n\n")
        parts, found = text.decode("utf-8", "replace").split("\n"), self.signers.setdefault(int(size), set())
        for row in tail.decode("utf-8", "replace").split("\n")[:-1] if tail.endswith(b"\n") else [""]:
            match = re.fullmatch("\u2014 (\\S+) (\\S+)", row) or bad(place, "no line of a signature")
            data = unbase64(match[2], place)
            for vkey, key in self.keys.items():
                if (match[1], data[:4]) == key[:2]:
                    found.add(vkey if signed(key[2], text + b"\n", data[4:]) else bad(place, "a wrong signature"))
        if not found or len(parts) != 3 or parts[:2] != [next(iter(self.keys.values()))[0], size]:
            bad(place, "not signed by the log, or another head than its name says")
        return unbase64(parts[2], place)

    def tree(self) -> None:
        place, before = "data/range.hashes", "data/range.frontier"
        rows = [(int(at), bytes.fromhex(one)) for at, one in lines(self.files, place, "([0-9]{1,16}) ([0-9a-f]{64})")]
        subtrees = lines(self.files, before, "([0-9]{1,2}) ([0-9a-f]{64})")
        start = rows[0][0] if rows else bad(place, "no range")
        end, hashes = start + len(rows), [one for _, one in rows]
        nodes = [bytes.fromhex(one) for _, one in reversed(subtrees)]
        levels = [str(at) for at in range(start.bit_length()) if start >> at & 1]
        if [level for level, _ in subtrees] != levels or (start and self.roots.get(start) != root_of(nodes, 0, [])):
            bad(before, "not the signed subtrees before the range")
        if [at for at, _ in rows] != list(range(start, end)) or self.roots.get(end) != root_of(nodes, start, hashes):
            bad(place, "not every record of the range, or not what was signed")
        self.range = dict(rows)
        self.facts.update(start=start, end=end, last=end - 1)

    def rows(self, name: str, pattern: str) -> list[tuple[bytes, tuple[str, ...]]]:
        """Return the lines of `name`.jsonl in their bytes, each with its line of `name`.index."""
        rows = self.files.get(f"{name}.jsonl", b"?").split(b"\n")
        named = lines(self.files, f"{name}.index", pattern)
        if len(rows) != len(named) + 1 or rows[-1]:
            bad(f"{name}.index", "not one line for each")
        return list(zip(rows, named))  # noqa: B905 - Python 3.9 has no `strict`

    def records(self) -> None:
        before = -1
        for row, (text, role) in self.rows("data/records", "([0-9]{1,16}) (chosen|belongs|range)"):
            index = int(text)
            leaf = sha256(b"\0" + row).digest()
            if index <= before or len(row) > 65535 or self.range.get(index, leaf) != leaf:
                bad(PLACE % index, "not the record that was signed")
            before, self.roles[index], self.leaves[index] = index, role, leaf
            self.said[index] = canonical(row, PLACE % index)
        self.facts["chosen"] = sum(role == "chosen" for role in self.roles.values())
        named = {one.get("vkey"): place for place, one in self.said.items() if one.get("kind") == "key"}
        for by, vkey in zip(["", *self.keys], self.keys):  # noqa: B905 - Python 3.9 has no `strict`
            vouched = any(size > named.get(vkey, size) and by in who for size, who in self.signers.items())
            self.need(vouched or (not by and vkey in named), "data/trust/log.vkey", "a key that none before signed for")

    def proofs(self) -> None:
        size, wanted = self.facts["size"], set()
        for index in (one for one, role in self.roles.items() if role != "range" or one not in self.range):
            name = f"data/proofs/{index}.tlog-proof"
            wanted.add(name)
            body, _, note = self.files.get(name, b"").partition(b"\n\n")
            first = body.decode("ascii", "replace").split("\n")
            proof = [unbase64(one, name) for one in first[2:]]
            good = first[:2] == ["c2sp.org/tlog-proof@v1", f"index {index}"] and note == self.files[HEAD % size]
            good = good and proven(index, size, self.leaves[index], self.roots[size], proof)
            self.need(good, name, "does not lead from its record to the last head")
        for name in sorted({name for name in self.files if name.startswith("data/proofs/")} - wanted):
            self.need(False, name, "of no record that needs one")
        self.facts["proofs"] = len(wanted)

    def values(self) -> None:
        seen: set[str] = set()
        for row, (text,) in self.rows("data/disclosures", "([0-9]{1,16})"):
            place = f"data/disclosures.jsonl, {text}"
            digest, value = sha256(row).hexdigest(), canonical(row, place)
            good = isinstance(value, list) and len(value) == 3 and digest not in seen
            good = good and digest in self.said.get(int(text), {}).get("sd", ()) and self.roles[int(text)] != "range"
            self.need(good, place, "not what the record commits to, twice, or not of a record that matters")
            seen.add(digest)
        self.facts["values"] = len(seen)

    def documents(self) -> None:
        named, sets = set[str](), {""}
        for index, one in self.said.items():
            kind = one.get("kind") if self.roles[index] != "range" else ""
            if kind == "rsv":
                sets.add(one["digest"])
                named.update(document["sha256"] for document in one["set"]["documents"])
                self.need(sha256(spell(one["set"])).hexdigest() == one["digest"], PLACE % index, "not its digest's set")
            elif kind == "cls":
                named.add(one["rules"])
            elif kind == "req":
                self.need(one["rsv"] in sets, PLACE % index, "names a reservation that no earlier record holds")
        form = "data/(?:reservation|rules)/([0-9a-f]{64})\\.[a-z]+"
        stored = {name: match[1] for name in self.files if (match := re.fullmatch(form, name))}
        for name, digest in stored.items():
            self.need(sha256(self.files[name]).hexdigest() == digest, name, "not the document that its name says")
        for digest in sorted(named ^ set(stored.values())):
            self.need(False, digest, "a document that is missing, or that no record names")
        self.facts["documents"] = len(stored)

    def anchors(self) -> None:
        said = {one.get("sha256"): one for one in self.said.values() if one.get("kind") == "anc"}
        tokens = self.facts["tokens"] = []
        for name in sorted(name for name in self.files if name.startswith("data/anchors/")):
            one = said.get(sha256(self.files[name]).hexdigest(), {})
            note = sha256(self.files.get(HEAD % one.get("size", 0), b"")).hexdigest()
            self.need(one.get("imprint") == note, name, "no record names it for a head that is here")
            if one and name.endswith(".tsr"):
                tokens.append(f"-in {name} -data {HEAD % one['size']} -attime {one['time'] // 1000000}")
        if self.facts["sealed"]:
            tokens.append(f"-token_in -in {TOKEN} -data {SEAL}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", nargs="?", default=str(Path(__file__).resolve().parent), help="else its own folder")
    parser.add_argument("--vkey", default="", help="the key of the log, as you got it from elsewhere")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    bundle = Bundle(asked.path, asked.vkey).run()
    said = ["NOT VERIFIED / NICHT BESTÄTIGT"] if bundle.faults else [SAYS.format(**bundle.facts)]
    said += [f"  {place!a}: {why!a}" for place, why in bundle.faults[:50]]
    if tokens := bundle.facts.get("tokens"):
        said.append("  NOT checked here, time stamps (RFC 3161) / hier NICHT geprüft, Zeitstempel; CA.pem: data/trust/")
        said += [f"    openssl ts -verify {one} -CAfile CA.pem" for one in tokens]
    found = {"holds": not bundle.faults, "faults": bundle.faults, "facts": bundle.facts}
    print(json.dumps(found) if asked.json else "\n".join(said))  # noqa: T201
    return 1 if bundle.faults else 0


if __name__ == "__main__":
    sys.exit(main())
