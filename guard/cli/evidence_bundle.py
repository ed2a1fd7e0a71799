"""Does a bundle hold what it says, in English or German?

The checks are those of `verify.py`, which comes with every bundle and shares nothing with what wrote
it. Here the tokens of time-stamp authorities are checked too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Any, Final, Literal

from guard.cli.evidence_bundle_de import german
from guard.cli.terminal import printable
from guard.errors import GuardError, UsageError
from guard.evidence.anchor_check import when
from guard.evidence.checkpoint import CheckpointError, unsigned
from guard.evidence.cosignature import CosignerKey, cosignatures
from guard.evidence.time_stamp import name_of, reply_of
from guard.exporter import token_trust
from guard.exporter.token_trust import NOBODY, Trust
from guard.verifier.verify import SEAL, TOKEN, Bundle

Language = Literal["en", "de"]
_WIDTH: Final = 80
_MOST: Final = 50
_BEGINS: Final = b"PK\3\4"
_TEXTS: Final = {
    "en": {
        "holds": "bundle verified: unchanged since it was recorded",
        "fails": "bundle NOT verified: {count} faults",
        "fails once": "bundle NOT verified: 1 fault",
        "log": "log",
        "records": "records",
        "range": "{start} to {last} complete, recomputed to the signed root",
        "proofs": "{proofs} proven one by one, {chosen} of them asked for",
        "values": "{values} disclosed values match their commitments",
        "documents": "{documents} documents, {files} files match their digests",
        "key": "key",
        "time": "time",
        "token": "records 0 to {last} existed at {time}, says {name}",
        "seal": "this bundle existed at {time}, says {name}",
        "cosigned": "the witness {name} saw records 0 to {last} at {time}, and no other history of this log",
        "unsealed": "not sealed: no third party says when this file existed",
        "unanchored": "no authority outside has put its time to these records",
        "bad token": "the token does not hold: {why}",
        "no trust": "{count} tokens were not checked: name the certificates of the authority with --tsa-ca",
        "own trust": "checked by certificates out of the bundle; compare them with what the authority publishes",
        "own key": "the key is the bundle's own; compare it with one you got another way (--vkey)",
        "limits": "what was recorded is shown to be unchanged, not to be true; reports and tables only explain it",
        "notes": "notes",
        "faults": "faults",
        "more": "… and {count} more",
    },
    "de": {
        "holds": "Beweispaket geprüft: seit der Aufzeichnung unverändert",
        "fails": "Beweispaket NICHT bestätigt: {count} Fehler",
        "fails once": "Beweispaket NICHT bestätigt: 1 Fehler",
        "log": "Protokoll",
        "records": "Aufz.",
        "range": "{start} bis {last} lückenlos, bis zur signierten Wurzel nachgerechnet",
        "proofs": "{proofs} einzeln nachgewiesen, davon {chosen} angefragt",
        "values": "{values} offengelegte Werte entsprechen ihren Festlegungen",
        "documents": "{documents} Dokumente, {files} Dateien entsprechen ihren Prüfsummen",
        "key": "Schlüssel",
        "time": "Zeit",
        "token": "Aufzeichnungen 0 bis {last} gab es um {time}, sagt {name}",
        "seal": "dieses Beweispaket gab es um {time}, sagt {name}",
        "cosigned": (
            "der Gegenzeichner {name} sah am {time} die Aufzeichnungen 0 bis {last} und keine andere Geschichte dieses "
            "Protokolls"
        ),
        "unsealed": "nicht versiegelt: Kein Dritter sagt, wann es diese Datei gab",
        "unanchored": "keine Stelle von außen hat zu diesen Aufzeichnungen eine Zeit bestätigt",
        "bad token": "der Zeitstempel stimmt nicht: {why}",
        "no trust": "{count} Zeitstempel wurden nicht geprüft: Zertifikate des Zeitstempeldienstes mit --tsa-ca nennen",
        "own trust": "geprüft mit Zertifikaten aus dem Beweispaket; mit denen des Dienstes selbst vergleichen",
        "own key": "der Schlüssel stammt aus dem Beweispaket; mit einem von anderswo vergleichen (--vkey)",
        "limits": (
            "gezeigt ist, dass das Aufgezeichnete unverändert ist, nicht, dass es wahr ist; Berichte und Tabellen "
            "erläutern es nur"
        ),
        "notes": "Hinweise",
        "faults": "Fehler",
        "more": "… und {count} weitere",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """What a token in a bundle says; `why` is empty if it holds."""

    name: str
    """Of the file."""
    size: int
    """How many records it covers; 0 for the seal, which covers the bundle."""
    time: int
    authority: str
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What checking a bundle gave."""

    holds: bool
    faults: tuple[tuple[str, str], ...]
    facts: dict[str, Any]
    times: tuple[Time, ...]
    unchecked: int
    """Tokens that could not be checked for want of certificates."""
    own_trust: bool
    """The certificates came out of the bundle."""
    cosigned: tuple[Time, ...] = ()
    """The largest head that each witness which was asked for has cosigned."""


def verify_bundle(
    path: Path,
    vkey: str = "",
    authorities: Sequence[tuple[Path, bytes]] = (),
    witnesses: Sequence[CosignerKey] = (),
) -> Verified:
    """Check a container, or an unpacked one; `authorities` are files with certificates to trust time stamps by.

    Each of `witnesses` must have cosigned a head that is in it.

    Raises:
        UsageError: The file can not be read, or a file with certificates holds none.
    """
    try:
        path.stat()
    except OSError as error:
        raise UsageError(f"{path} can not be read: {(error.strerror or str(error)).lower()}") from None
    bundle = Bundle(str(path), vkey).run()
    trust, faults = _trust(bundle, authorities), list(bundle.faults)
    if faults and path.is_file() and not _begins_well(path):
        faults = [(str(path), "this is no bundle: it does not begin as one does, or its first bytes were changed")]
    times: list[Time] = []
    pairs = list(_tokens(bundle)) if not faults else []
    for name, size, reply, stamped in pairs if trust.certificates else ():
        one = _time(name, size, reply, stamped, trust)
        times.append(one)
        if one.why:
            faults.append((name, one.why))
    cosigned = []
    for key in witnesses if not bundle.faults else ():
        seen = _cosigned(bundle, key, faults)
        cosigned += seen[-1:]
        if not seen:
            faults.append(("data/anchors", f"no cosignature of the witness {key.name}, and one was demanded"))
    return Verified(
        holds=not faults,
        faults=tuple(faults),
        facts=bundle.facts,
        times=tuple(times),
        unchecked=0 if trust.certificates else len(pairs),
        own_trust=not authorities,
        cosigned=tuple(cosigned),
    )


def _begins_well(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_BEGINS)) == _BEGINS


def _cosigned(bundle: Bundle, key: CosignerKey, faults: list[tuple[str, str]]) -> list[Time]:
    """Return what the witness says about heads that are in the bundle, by their size."""
    found = []
    for name, data in sorted(bundle.files.items()):
        if name.startswith("data/anchors/") and name.endswith(".cosig"):
            try:
                size, made = unsigned(data).size, cosignatures(data, (key,))
            except CheckpointError as error:
                faults.append((name, str(error)))
                continue
            head = bundle.files.get(f"data/checkpoints/{size}.checkpoint", b"").partition(b"\n\n")[0]
            if made and head == data.partition(b"\n\n")[0]:
                found.append(Time(name=name, size=size, time=made[0].time * 1_000_000, authority=key.name))
    return sorted(found, key=lambda one: one.size)


def _trust(bundle: Bundle, authorities: Sequence[tuple[Path, bytes]]) -> Trust:
    if authorities:
        return sum((token_trust.parse(data, str(path)) for path, data in authorities), NOBODY)
    found = NOBODY
    for name, data in bundle.files.items():
        if name.startswith("data/trust/") and name.endswith(".pem") and b"PUBLIC KEY" not in data:
            try:
                found += token_trust.parse(data, name)
            except GuardError:  # the manifest has told whether it is what was packed; nobody is trusted by it
                continue
    return found


def _tokens(bundle: Bundle) -> Iterable[tuple[str, int, bytes, bytes]]:
    """Yield name, records covered, reply and what was stamped."""
    sizes = {one["sha256"]: one["size"] for one in bundle.said.values() if one.get("kind") == "anc"}
    for name, data in sorted(bundle.files.items()):
        if name.startswith("data/anchors/") and name.endswith(".tsr"):
            size = sizes[Path(name).stem]
            yield name, size, data, bundle.files[f"data/checkpoints/{size}.checkpoint"]
    if TOKEN in bundle.files:
        yield TOKEN, 0, reply_of(bundle.files[TOKEN]), bundle.files[SEAL]


def _time(name: str, size: int, reply: bytes, stamped: bytes, trust: Trust) -> Time:
    try:
        token = token_trust.verify(reply, stamped, trust)
    except GuardError as error:
        return Time(name=name, size=size, time=0, authority="", why=str(error))
    return Time(name=name, size=size, time=token.time, authority=name_of(token.signer))


def sentences(found: Verified, lang: Language) -> list[str]:
    """Return what was found in words, for 80 columns."""
    texts, facts = _TEXTS[lang], found.facts
    if not found.holds:
        fails = texts["fails once" if len(found.faults) == 1 else "fails"].format(count=len(found.faults))
        translated = german if lang == "de" else str
        lines = [fails, "", texts["faults"]]
        lines += [line for place, why in found.faults[:_MOST] for line in _item(f"{place}: {translated(why)}")]
        if len(found.faults) > _MOST:
            lines.append(f"  {texts['more'].format(count=len(found.faults) - _MOST)}")
        return lines
    rows = [(texts["log"], str(facts["origin"])), (texts["records"], texts["range"].format(**facts))]
    rows += [("", texts[name].format(**facts)) for name in ("proofs", "values", "documents")]
    rows.append((texts["key"], str(facts["vkey"])))
    lines = [texts["holds"], "", *(f"  {name:<11}{printable(text)}" for name, text in rows), "", texts["time"]]
    for one in found.times:
        name = "token" if one.size else "seal"
        lines += _item(texts[name].format(last=one.size - 1, time=when(one.time), name=one.authority))
    for one in found.cosigned:
        lines += _item(texts["cosigned"].format(last=one.size - 1, time=when(one.time), name=one.authority))
    if not any(one.size for one in found.times) and not found.unchecked:
        lines += _item(texts["unanchored"])
    notes = [texts["unsealed"]] if not facts["sealed"] else []
    if found.unchecked:
        notes.append(texts["no trust"].format(count=found.unchecked))
    if found.times and found.own_trust:
        notes.append(texts["own trust"])
    notes += [texts["own key"]] if not facts["given"] else []
    return [*lines, "", texts["notes"], *(line for note in (*notes, texts["limits"]) for line in _item(note))]


def _item(text: str) -> list[str]:
    return wrap(printable(text), _WIDTH, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False)
