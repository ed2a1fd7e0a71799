"""What does the page look like on which it says to whom found copies were issued?

One HTML file that needs nothing else: pictures and drawings are in it, no script runs, and no
address is asked for anything. It prints on A4. Everything that comes from outside, such as names of files and
values of the log, is made printable and escaped before it is put in.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from math import floor, log10
from typing import Any, Final

from guard.cli.evidence_stamp import Stamp
from guard.cli.terminal import printable
from guard.cli.trace_chart import chart
from guard.cli.trace_page_style import STYLE
from guard.cli.trace_page_words import TEXTS
from guard.cli.trace_words import Language
from guard.image.overlay import ENLARGED, Overlay
from guard.image.tracer import Agreement, Sighting
from guard.store.canary_records import Canary
from guard.store.deliveries import Delivery
from guard.store.found_record import FoundFile, FoundRecord

LONGEST: Final = 300
"""Characters of one value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One found picture, and what is said about it."""

    found: FoundFile
    original: str | None
    mark_id: str | None
    z: float
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the log says of the copies of some originals under one mark id."""

    deliveries: tuple[Delivery, ...] = ()
    """In the order of the log, the first of them."""
    count: int = 0
    """How many the log holds."""
    others: int = 0
    """Deliveries of other pictures under the same mark id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What all pictures together say."""

    mark_id: str
    bound: float
    agreement: Agreement
    pictures: int
    """How many show one of the originals."""
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One identified copy."""

    row: Row
    also: tuple[str, ...]
    """Other files with the same bytes."""
    sighting: Sighting
    overlay: Overlay | None
    commitment: str
    """That to the key, hex."""
    key_record: tuple[int, int] | None
    """Index and time of the first record that names it."""
    told: Told
    shared: tuple[Mapping[str, str], ...]
    """Lines of the register of shared copies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that is said."""

    lang: Language
    at: datetime
    program: str
    record: FoundRecord
    rows: tuple[Row, ...]
    sheets: tuple[Sheet, ...]
    together: Whole | None
    """None where all pictures together identify nothing."""
    ids: int
    originals: int
    pairs: int
    threshold: float
    evidence: str
    """The directory of the evidence log; empty if none was named."""
    logged: bool
    """Whether anything is in that log: pictures can be shared before a guard has ever run."""
    canaries: tuple[tuple[str, Canary], ...] = ()
    """Found files that show a canary, and which."""
    stamp: Stamp | None = None
    """Who else says when the record of what was found existed."""


class Words:
    """Texts and numbers of one language."""

    def __init__(self, lang: Language) -> None:
        self.lang: Language = lang
        self._texts = TEXTS[lang]

    def __call__(self, name: str, /, **values: object) -> str:
        """Return a text, as markup; the values are made printable and escaped."""
        return self._texts[name].format(**{key: safe(str(value)) for key, value in values.items()})

    def number(self, value: float, places: int = 1) -> str:
        """Return a number as it is written in this language."""
        text = f"{value:,.{places}f}"
        return text.translate(str.maketrans(",.", ".,")) if self.lang == "de" else text

    def count(self, value: int) -> str:
        """Return a whole number likewise."""
        return self.number(value, 0)


def safe(text: str, longest: int = LONGEST) -> str:
    """Return what strangers wrote as text of a page."""
    return escape(printable(text, longest))


def time(microseconds: int) -> str:
    """Return a time of the log, UTC."""
    try:
        return f"{datetime.fromtimestamp(microseconds / 1_000_000, UTC):%Y-%m-%d %H:%M:%S}"
    except (OverflowError, ValueError, OSError):
        return f"{microseconds} µs"


def power(bound: float) -> int:
    """Return N where a bound is at most 1 in 10^N."""
    return max(0, floor(-log10(bound)))


def rows(pairs: Iterable[tuple[str, str]], kind: str = "") -> str:
    """Return a table of names and values, both markup."""
    lines = "".join(f'<tr><th scope="row">{name}</th><td>{value}</td></tr>' for name, value in pairs)
    return f"<table{f' class={kind}' if kind else ''}>{lines}</table>"


def section(heading: str, content: str, kind: str = "") -> str:
    """Return a part with a heading, both markup."""
    return f"<section{f' class={kind}' if kind else ''}><h2>{heading}</h2>{content}</section>"


def code(text: str) -> str:
    """Return a digest, a path or a command."""
    return f"<code>{safe(text, 0)}</code>"


def picture(data: bytes, caption: str, kind: str = "") -> str:
    """Return a figure that holds its picture."""
    source = f"data:image/jpeg;base64,{b64encode(data).decode()}"
    return (
        f'<figure{f" class={kind}" if kind else ""}><img src="{source}" alt="">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def head(page: Page, say: Words, body: str) -> str:
    """Return the whole page around its parts."""
    title = say("title")
    return (
        f'<!DOCTYPE html>\n<html lang="{page.lang}"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<title>{title}</title><style>{STYLE.replace('PAGE', say('page'))}</style></head>\n"
        f"<body>{body}</body></html>\n"
    )


def opening(page: Page, say: Words) -> str:
    """Return the title with what was done in one line."""
    count = len(page.rows)
    found = say("one") if count == 1 else say("many", count=say.count(count))
    identified = say("identified", count=say.count(sum(row.mark_id is not None for row in page.rows)))
    tried = say("tried", ids=say.count(page.ids), originals=say.count(page.originals), pairs=say.count(page.pairs))
    made = say("made", at=f"{page.at:%Y-%m-%d %H:%M:%S}", program=page.program)
    return (
        f"<header><h1>{say('title')}</h1><p>{say('lead')}</p>"
        f'<p class="counts"><b>{found} · {identified}</b><br>{tried}</p><p class="made">{made}</p></header>'
    )


def verdict(sheet: Sheet, page: Page, say: Words) -> str:
    """Return the sentences that everything else is there to support."""
    row = sheet.row
    stems = say("stems", file=row.found.file, original=row.original or "", mark_id=row.mark_id)
    sentences = [stems, *_issued_to(sheet, page, say), say("bound", power=power(row.bound))]
    return f'<div class="verdict">{"".join(f"<p>{one}</p>" for one in sentences)}</div>'


def _issued_to(sheet: Sheet, page: Page, say: Words) -> list[str]:
    said = issued_to(sheet.told, say)
    said += [say("issued shared", to=one["to"], day=one["at"][:10]) for one in sheet.shared[:1]]
    if not said and not page.evidence:
        said.append(say("issued unknown"))
    return said


def issued_to(told: Told, say: Words) -> list[str]:
    """Return to whom the log says that copies were issued; nothing where it does not say."""
    if not told.deliveries:
        return []
    first, last = told.deliveries[0].index, told.deliveries[-1].index
    records = say("record", index=first)
    if told.count > 1:
        records = say("records", first=first, last=last, count=say.count(told.count))
    claimed = {str(one.request.fields["claimed"]) for one in told.deliveries} - {""}
    # `records` is markup already, and has no character that escaping changes.
    if claimed:
        return [say("issued client", records=records, names=", ".join(sorted(claimed)))]
    return [say("issued nobody", records=records)]


def pictures(sheet: Sheet, say: Words) -> str:
    """Return what can be looked at."""
    shown = sheet.overlay
    if shown is None:
        return ""
    turned = say("mirrored") if sheet.sighting.mirrored else ""
    found_size = {"width": shown.found_size[0], "height": shown.found_size[1]}
    original_size = {"width": shown.original_size[0], "height": shown.original_size[1]}
    large = picture(shown.found, say("found", **found_size)) + picture(
        shown.original, say("original", **original_size) + turned
    )
    small = (
        picture(shown.part, say("part"))
        + picture(shown.squares, say("squares"))
        + picture(shown.difference, say("difference", times=ENLARGED))
    )
    return f'<div class="two">{large}</div><div class="three">{small}</div>'


def numbers(mark_id: str, agreement: Agreement, page: Page, say: Words) -> str:
    """Return the drawing of all ids, and how the bound came about."""
    z, limit = say.number(agreement.z), say.number(page.threshold)
    texts = {
        "title": printable(say("chart title", ids=say.count(page.ids), mark_id=mark_id, z=z, threshold=limit)),
        "threshold": say("chart threshold", z=limit),
        "winner": say("chart winner", z=z),
        "coincidence": say("chart coincidence"),
        "axis": say("chart axis", ids=say.count(page.ids)),
    }
    next_one = "" if agreement.next is None else say("next", z=say.number(agreement.next))
    how = say(
        "bound how",
        z=z,
        threshold=limit,
        next=next_one,
        ids=say.count(page.ids),
        pairs=say.count(page.pairs),
        tries=say.count(page.ids * page.pairs),
    )
    drawn = chart(agreement, page.threshold, texts)
    return f'<figure class="wide">{drawn}</figure><p>{how}</p>'


def provenance(sheet: Sheet, say: Words) -> str:
    """Return where the found picture was, and which original it is held against."""
    found = sheet.row.found
    told = [
        (say("file"), code(found.file)),
        (say("sha256"), code(found.sha256)),
        (say("size"), say("bytes", count=say.count(found.size))),
        (say("from"), safe(found.source) or say("not said")),
        (say("retrieved"), safe(found.retrieved) or say("not said")),
    ]
    if found.url:
        told.append((say("url"), code(found.url[:LONGEST])))
    if sheet.also:
        told.append((say("also"), ", ".join(code(one) for one in sheet.also[:12])))
    told += [
        (say("original row"), code(sheet.row.original or "")),
        (say("sha256"), code(sheet.sighting.rendition.hex())),
    ]
    return rows(told)


def key(sheet: Sheet, page: Page, say: Words) -> str:
    """Return which key marked the copy, and whether that was fixed before."""
    told = [(say("key commitment"), code(sheet.commitment))]
    if not page.logged:
        return rows(told) + f"<p>{say('key no log')}</p>"
    if sheet.key_record is None:
        return rows(told) + f"<p>{say('key missing')}</p>"
    index, at = sheet.key_record
    told.append((say("key recorded"), say("key record", at=time(at), index=index)))
    if not sheet.told.deliveries:
        return rows(told)
    first = sheet.told.deliveries[0].index
    return rows(told) + f"<p>{say('key before' if index < first else 'key after', first=first)}</p>"


def all_found(page: Page, say: Words, most: int) -> str:
    """Return a table of every found picture."""
    lines = []
    for row in page.rows[:most]:
        if row.mark_id is not None:
            result = say("rest identified", mark_id=row.mark_id, z=say.number(row.z))
        elif row.original is not None:
            limit = say.number(page.threshold)
            result = say("rest not", original=row.original, z=say.number(row.z), threshold=limit)
        else:
            result = say("rest nothing")
        # Half a digest tells the files apart; all of it is in the record.
        name = f"{code(row.found.file)}<br><small>{code(row.found.sha256[:32])}…</small>"
        lines.append(f"<tr><td>{name}</td><td>{result}</td></tr>")
    top = f'<tr><th scope="col">{say("file")}</th><th scope="col">{say("result")}</th></tr>'
    table = f'<table class="list"><thead>{top}</thead><tbody>{"".join(lines)}</tbody></table>'
    rest = len(page.rows) - most
    return table + (f"<p>{say('rest more', count=say.count(rest))}</p>" if rest > 0 else "")


def limits(page: Page, say: Words) -> str:
    """Return what the report can not prove."""
    names = ["maker", "guilt", "use"]
    names += ["actor", "log"] if page.logged else []
    names += ["found stamped" if page.stamp else "found"]
    names += ["register"] if any(sheet.shared for sheet in page.sheets) else []
    points = "".join(f"<li>{say(f'limit {name}')}</li>" for name in names)
    return f"<ul>{points}</ul><p><small>{say('personal')}</small></p>"


def check(page: Page, say: Words, commands: Mapping[str, Sequence[str]]) -> str:
    """Return how a reader checks it; `commands` are those for `record`, `stamp` and `log`."""

    def block(name: str) -> str:
        return f"<pre>{escape(chr(10).join(printable(line) for line in commands[name]))}</pre>"

    file = page.record.path
    parts = [
        f"<p>{say('check found', file=file.name, at=page.record.recorded.replace('T', ' ').removesuffix('Z'))}</p>",
        f'<p class="digest">{code(page.record.sha256)}</p>{block("record")}',
        f"<p>{_stamp(page, say)}</p>{block('stamp')}",
    ]
    if page.logged:
        parts.append(f"<p>{say('check log')}</p>{block('log')}")
    return "".join(parts) + f"<p>{say('check again')}</p>"


def _stamp(page: Page, say: Words) -> str:
    """Return who says when the record of what was found existed, or how to have that said."""
    stem = page.record.path.stem
    if page.stamp is None:
        return say("check stamp", query=f"{stem}.tsq", reply=f"{stem}.tsr")
    one = page.stamp
    return say("check stamped", reply=one.token.name, at=f"{one.time}{one.accuracy}", authority=one.authority)


def value_of(values: Mapping[str, Any], group: str) -> Mapping[str, Any]:
    """Return a disclosed group; empty where it is not disclosed, or of another form than we write."""
    found = values.get(group)
    return found if isinstance(found, Mapping) else {}
