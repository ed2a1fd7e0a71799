"""What is said about traced pictures, in English and German?

No word says more than the mark can carry: "copy issued to", never "thief". The bound speaks of
coincidence, not of guilt.
"""

from collections.abc import Mapping, Sequence
from math import log10
from textwrap import fill
from typing import Final, Literal, Protocol

from guard.cli.terminal import printable
from guard.store.marked_records import Issue
from guard.store.shared_copies import SharedCopy

Language = Literal["en", "de"]
_WIDTH: Final = 79
_SHOWN: Final = 12


class Line(Protocol):
    """What is said about one picture; see `guard.cli.trace_search.Result`."""

    @property
    def file(self) -> str: ...
    @property
    def original(self) -> str | None: ...
    @property
    def mark_id(self) -> str | None: ...
    @property
    def z(self) -> float: ...
    @property
    def threshold(self) -> float: ...
    @property
    def identified(self) -> bool: ...
    @property
    def bound(self) -> float: ...
    @property
    def shared(self) -> list[dict[str, str]]: ...
    @property
    def canary(self) -> int | None: ...


_TEXTS: Final = {
    "en": {
        "identified": "copy issued under mark id {mark_id}",
        "not": "shows {original}, but no issued mark can be read (best z {z:.1f}, needed {threshold:.1f})",
        "nothing": "shows none of the originals",
        "original": "original  {original}",
        "canary": "a canary, which no page shows to people (record {index})",
        "numbers": "z {z:.1f}, needed {threshold:.1f}; by coincidence at most {odds}",
        "together": "All pictures together: mark id {mark_id}",
        "together not": "All pictures together say nothing more.",
        "count": "{files} found, {identified} identified; {ids} mark ids and {originals} originals were tried.",
        "odds": "once in 10^{power} such searches",
        "certain": "always",
        "issue": "Mark id {mark_id} in the evidence:",
        "deliveries": "copies delivered  {count}, {span}",
        "client": "named itself      {names}",
        "nobody": "nobody",
        "records": "records           {indexes} (guard explain --evidence DIR --record N)",
        "given": "copy issued to {to} on {day}",
        "given file": "file      {file}",
        "given note": "note      {note}",
        "register": "Mark id {mark_id} in the register of shared copies:",
        "register to": "copy issued to  {to}",
        "register count": "copies          {count}, {span}",
        "register limits": (
            "The register says to whom a copy was given as whoever ran 'guard share' wrote it down; unlike the "
            "evidence log it is signed by nobody."
        ),
        "limits": (
            "What this shows: which issued copy a file stems from. It does not show who passed it on or what was done "
            "with it. Whoever holds the original and the key could make such a copy, so where the file was found, and "
            "by whom, matters. The bound speaks of coincidence, not of guilt."
        ),
    },
    "de": {
        "identified": "Kopie ausgegeben unter der Markennummer {mark_id}",
        "not": "zeigt {original}, doch keine ausgegebene Marke ist lesbar (höchstes z {z:.1f}, nötig {threshold:.1f})",
        "nothing": "zeigt keines der Originale",
        "original": "Original  {original}",
        "canary": "ein Kontrollbild, das keine Seite Menschen zeigt (Aufzeichnung {index})",
        "numbers": "z {z:.1f}, nötig {threshold:.1f}; durch Zufall höchstens {odds}",
        "together": "Alle Bilder zusammen: Markennummer {mark_id}",
        "together not": "Alle Bilder zusammen sagen nicht mehr.",
        "count": "{files} gefunden, {identified} zugeordnet; versucht: {ids} Markennummern, {originals} Originale.",
        "odds": "einmal in 10^{power} solchen Suchen",
        "certain": "immer",
        "issue": "Markennummer {mark_id} in den Aufzeichnungen:",
        "deliveries": "ausgelieferte Kopien  {count}, {span}",
        "client": "nannte sich           {names}",
        "nobody": "nicht",
        "records": "Aufzeichnungen        {indexes} (guard explain --evidence DIR --record N)",
        "given": "Kopie ausgegeben an {to} am {day}",
        "given file": "Datei     {file}",
        "given note": "Vermerk   {note}",
        "register": "Markennummer {mark_id} im Verzeichnis der weitergegebenen Kopien:",
        "register to": "Kopie ausgegeben an  {to}",
        "register count": "Kopien               {count}, {span}",
        "register limits": (
            "An wen eine Kopie ging, hat eingetragen, wer 'guard share' ausführte; anders als die Aufzeichnungen ist "
            "das Verzeichnis von niemandem signiert."
        ),
        "limits": (
            "Was das zeigt: von welcher ausgegebenen Kopie eine Datei stammt. Es zeigt nicht, wer sie weitergegeben "
            "hat und was mit ihr geschah. Wer Original und Schlüssel besitzt, könnte eine solche Kopie selbst "
            "herstellen; es kommt also darauf an, wo und von wem die Datei gefunden wurde. Die Schranke spricht "
            "von Zufall, nicht von Schuld."
        ),
    },
}


def sentences(
    results: Sequence[Line],
    whole: Line | None,
    log: Mapping[bytes, Issue],
    shared: Mapping[bytes, Sequence[SharedCopy]],
    *,
    ids: int,
    originals: int,
    lang: Language,
) -> str:
    """Return everything that is printed; `log` and `shared` say what is known of each id."""
    texts = _TEXTS[lang]
    lines: list[str] = []
    for one in results:
        lines.append(printable(one.file))
        lines += [f"  {text}" for text in _about(one, texts)]
    if whole is not None:
        lines.append(texts["together" if whole.identified else "together not"].format(mark_id=whole.mark_id))
        if whole.identified:
            lines.append(f"  {_numbers(whole, texts)}")
    named = dict.fromkeys(one.mark_id for one in (*results, *([whole] if whole else [])) if one.mark_id)
    for mark_id in named:
        if (issue := log.get(bytes.fromhex(mark_id))) is not None:
            lines += ["", *_issued(issue, texts)]
        if given := shared.get(bytes.fromhex(mark_id)):
            lines += ["", *_registered(given, texts)]
    identified = sum(one.identified for one in results)
    lines += ["", texts["count"].format(files=len(results), identified=identified, ids=ids, originals=originals)]
    if identified or (whole is not None and whole.identified):
        lines += ["", fill(texts["limits"], _WIDTH)]
        if any(bytes.fromhex(mark_id) in shared for mark_id in named):
            lines += ["", fill(texts["register limits"], _WIDTH)]
    return "\n".join(lines)


def _about(one: Line, texts: dict[str, str]) -> list[str]:
    if one.original is None:
        return [texts["nothing"]]
    canary = [texts["canary"].format(index=one.canary)] if one.canary is not None else []
    if not one.identified:
        return [texts["not"].format(original=one.original, z=one.z, threshold=one.threshold), *canary]
    return [
        texts["identified"].format(mark_id=one.mark_id),
        texts["original"].format(original=one.original),
        *canary,
        _numbers(one, texts),
        *(line for given in one.shared for line in _given(given, texts)),
    ]


def _given(given: dict[str, str], texts: dict[str, str]) -> list[str]:
    lines = [
        texts["given"].format(to=printable(given["to"]), day=given["at"][:10]),
        texts["given file"].format(file=printable(given["file"])),
    ]
    return [*lines, texts["given note"].format(note=printable(given["note"]))] if given["note"] else lines


def _registered(given: Sequence[SharedCopy], texts: dict[str, str]) -> list[str]:
    days = sorted({f"{one.at:%Y-%m-%d}" for one in given})
    return [
        texts["register"].format(mark_id=given[0].mark_id.hex()),
        "  " + texts["register to"].format(to=", ".join(dict.fromkeys(printable(one.to) for one in given))),
        "  " + texts["register count"].format(count=len(given), span=" – ".join(dict.fromkeys((days[0], days[-1])))),
    ]


def _issued(issue: Issue, texts: dict[str, str]) -> list[str]:
    shown = ", ".join(map(str, issue.records[:_SHOWN])) + (", …" if len(issue.records) > _SHOWN else "")
    span = f"{issue.first:%Y-%m-%d %H:%M:%S} – {issue.last:%Y-%m-%d %H:%M:%S} UTC"
    return [
        texts["issue"].format(mark_id=issue.mark_id.hex()),
        "  " + texts["deliveries"].format(count=issue.requests, span=span),
        "  " + texts["client"].format(names=printable(", ".join(sorted(issue.claimed))) or texts["nobody"]),
        fill(texts["records"].format(indexes=shown), _WIDTH, initial_indent="  ", subsequent_indent="    "),
    ]


def _numbers(one: Line, texts: dict[str, str]) -> str:
    odds = texts["odds"].format(power=int(-log10(one.bound))) if 0 < one.bound < 1 else texts["certain"]
    return texts["numbers"].format(z=one.z, threshold=one.threshold, odds=odds)
