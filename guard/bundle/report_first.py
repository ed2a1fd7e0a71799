"""What does page one of a report say?

One request, the weightiest, is told in full, because a court decides about single acts; beside it
stands how many more there are. Every statement names its record. Where something is not shown,
it says so in the place where the reader would look for it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from guard.bundle.blocks import Block, Paragraph, Span, bold, mono, paragraph, rows, small
from guard.bundle.findings import Findings
from guard.bundle.plain_text import utc, visible
from guard.bundle.say import Words
from guard.bundle.seen import Applied, Client, Fetch, Outcome, Registered, Told
from guard.evidence.bracket import Bracket

SECTIONS: Final = (
    "reservation", "told", "fetches", "pictures", "charts", "clients", "procedure", "time", "integrity", "gaps",
    "redacted", "check", "declaration",
)  # fmt: skip
_MOST_CLIENTS: Final = 2
_MOST_HEADERS: Final = 6

Bracketed = Callable[[int], Bracket]


def section(name: str) -> int:
    """Return the number of a section; page one is the first."""
    return SECTIONS.index(name) + 2


def first_page(found: Findings, say: Words, bracketed: Bracketed, thumbnails: Mapping[str, bytes]) -> list[Block]:
    """Return the blocks of page one; a small picture of the work is on it, if there is one."""
    leading = found.leading
    block = _first_rows(found, leading, say, bracketed)
    if leading.is_picture and leading.path in thumbnails:
        block["rows"][0] |= {"image": list(thumbnails[leading.path]), "alt": visible(leading.path, 200)}
    return [block]


def _first_rows(found: Findings, leading: Fetch, say: Words, bracketed: Bracketed) -> Block:
    return rows(
        [
            (say("work"), _work(found, leading, say)),
            (say("who"), _who(found, leading, say)),
            (say("when"), _when(found, leading, say, bracketed(leading.index))),
            (say("reserved"), reserved(found, leading, say)),
            (say("told"), _told(found, leading, say)),
            (say("answer"), _answer(found, leading, say)),
            (say("log"), _log(found, say)),
            (say("testify"), _testify(found, say)),
            (say("limits"), [paragraph(*(f"{one} " for one in limits(found, say)))]),
        ]
    )


def _work(found: Findings, leading: Fetch, say: Words) -> list[Paragraph]:
    if not leading.is_picture:
        return [paragraph(say("work none"))]
    pictures = found.pictures
    if leading.path:
        name = paragraph(bold(say("work path")), mono(_url(leading), 160))
    else:
        name = paragraph(bold(say("work no path")))
    lines = [name, *_registered(found.registered(leading), say)]
    if original := leading.said.get("original"):
        lines.append(paragraph(say("work original"), mono(original)))
    counts = [say("work requests", count=say.count(len(pictures.get(leading.path, ()))))] if leading.path else []
    if (others := len(pictures) - 1) > 0:
        counts.append(say("work others", count=say.count(others), section=section("pictures")))
    return [*lines, paragraph(small(" ".join(counts)))] if counts else lines


def _registered(one: Registered | None, say: Words) -> list[Paragraph]:
    """Say what the owner has put on record about the picture, as the owner's word."""
    if one is None:
        return [paragraph(say("work unregistered"))]
    said = one.record.fields
    title = f"{said['title']}, " if said["title"] else ""
    chain = " → ".join(said["chain"]) or say("work author has it")
    lines = [
        paragraph(say("work author", title=title, author=said["author"] or "–"), say("work chain", chain=chain)),
        paragraph(say("work registered" if one.before else "work registered after", time=say.time(said["at"]),
                      record=say.record(one.record.index)), "" if one.by_file else say("work by name")),
    ]  # fmt: skip
    if said["published"] or said["published_where"]:
        where = ", ".join(part for part in (said["published"], said["published_where"]) if part)
        lines.append(paragraph(say("work published", where=where)))
    if said["raw_sha256"]:
        lines.append(paragraph(say("work raw", name=said["raw_name"]), mono(said["raw_sha256"])))
    return lines


def _url(fetch: Fetch) -> str:
    return f"{fetch.said['site']}{fetch.path}"


def _who(found: Findings, leading: Fetch, say: Words) -> list[Paragraph]:
    # The client of the request that this page is about comes first, then the others by their grade.
    clients = sorted(found.clients, key=lambda one: leading not in one.fetches)
    lines: list[Paragraph] = []
    for one in clients[:_MOST_CLIENTS]:
        lines.append(paragraph(small(say("who count", count=say.count(len(one.fetches)))), bold(who(one, say))))
        lines.append(paragraph(small(f"{checked(one, say)} {_addresses(one, say)}")))
    if len(clients) > _MOST_CLIENTS:
        count = say.count(len(clients) - _MOST_CLIENTS)
        lines.append(paragraph(small(say("who more", count=count, section=section("clients")))))
    return lines


def who(client: Client, say: Words) -> str:
    """Return the fixed wording of the client's grade."""
    grade = client.grade if client.grade in "ABCDE" else ""
    of, of_whom = "", say("grade D nobody")
    if client.operator and "(" not in client.operator:  # programs that anybody can run have no operator
        of, of_whom = say("grade D of", operator=client.operator), client.operator
    if grade in ("D", "") and not client.claimed:
        grade = "E"
    return say(f"grade {grade}", name=client.claimed or "–", operator=client.operator or "–", of=of, who=of_whom)


def checked(client: Client, say: Words) -> str:
    """Return what was checked at the time, and how the client behaved."""
    conduct = ", ".join(map(say.conduct, client.conducts))
    return say("who identity", identity=say.identity(client.identity), conduct=conduct, grade=client.grade or "–")


def _addresses(client: Client, say: Words) -> str:
    addresses = client.addresses
    if not addresses and client.networks:
        return say("who network", networks=", ".join(client.networks[:2]))
    if not addresses:
        return say("who no address")
    listed = ", ".join(addresses[:2])
    if len(addresses) > 2:
        listed = say("who addresses more", addresses=listed, count=say.count(len(addresses) - 2))
    said = [say("who address", addresses=listed)]
    sources = {one.source for one in client.fetches}
    if sources & {"header", "proxy_protocol"}:
        said.append(say("who told"))
    if "peer_header_unusable" in sources:
        said.append(say("who unusable"))
    if any(one.ignored_chain for one in client.fetches):
        said.append(say("who chain"))
    return " ".join(said)


def _when(found: Findings, leading: Fetch, say: Words, bracket: Bracket) -> list[Paragraph]:
    name = "when this" if leading.is_picture else "when this request"
    lines = [
        paragraph(say(name), bold(say.time(leading.at, fraction=True)), f" {say.record(leading.index)}"),
        paragraph(bracketing(bracket, say), *clock(found, leading, say)),
    ]
    if len(found.fetches) > 1:
        first, last = utc(found.fetches[0].at), utc(found.fetches[-1].at)
        count = say.count(len(found.fetches))
        lines.append(paragraph(small(say("when period", count=count, first=first, last=last))))
    return lines


def clock(found: Findings, fetch: Fetch, say: Words) -> list[Span]:
    """Say what the machine knew about its own clock at a request."""
    look = found.clock(fetch)
    if look is None:
        return []
    error = look.fields["error_us"]
    words = say(f"clock {look.fields['state']}", error=say.span(error) if error else "–")
    return [small(f" {words} {say.record(look.index)}")]


def bracketing(bracket: Bracket, say: Words) -> str:
    """Say between which times of others a record was made."""
    if bracket.contradicts:
        return say("when contradicts", section=section("time"))
    after = utc(bracket.not_before) if bracket.not_before is not None else ""
    before = utc(bracket.not_after) if bracket.not_after is not None else ""
    if after and before:
        return say("when bracket", after=after, before=before)
    if after:
        return say("when not before", after=after)
    return say("when not after", before=before) if before else say("when unanchored")


def reserved(found: Findings, fetch: Fetch, say: Words) -> list[Paragraph]:
    """Say which lines of which reservation were about this URL, for this name."""
    version = fetch.version
    if version is None:
        return [paragraph(say("reserved none"))]
    lines: list[Paragraph] = []
    if not fetch.target:
        lines.append(paragraph(say("reserved no path")))
    elif found.robots(version) is None:
        lines.append(paragraph(say("reserved no robots")))
    else:
        lines.append(_robots(found.applied(fetch, version), fetch.said["claimed"], say))
    shown = version.headers_for(fetch.path)[:_MOST_HEADERS]
    if shown:
        lines.append(paragraph(say("reserved headers")))
        lines += [paragraph(mono(f"{name}: {value}", 110)) for name, value in shown]
    since = say("reserved since", time=say.time(version.since), record=say.record(version.index),
                section=section("reservation"))  # fmt: skip
    return [*lines, paragraph(small(since))]


def _robots(applied: Applied | None, claimed: str, say: Words) -> Paragraph:
    if applied is None:
        return paragraph(say("reserved no group"))
    said = say("reserved robots" if claimed else "reserved robots *")
    if not applied.rule:
        return paragraph(said, mono(applied.group), f" – {say('reserved no rule')}.")
    where = say("reserved lines", group=applied.group_line, rule=applied.rule_line)
    verdict = say("reserved allows" if applied.allows else "reserved forbids")
    return paragraph(
        said, mono(applied.group, 80), " · ", mono(applied.rule, 80), " ", small(f"({where})"), ". ",
        bold(verdict),
    )  # fmt: skip


def _told(found: Findings, leading: Fetch, say: Words) -> list[Paragraph]:
    told = leading.told
    lines: list[Paragraph] = []
    if told is not None:
        lines.append(_told_before(found, leading, told, say))
    elif leading.address:
        lines.append(paragraph(say("told no")))
    else:
        lines.append(paragraph(say("told unknown")))
    if leading.version is not None and leading.version.headers_for(leading.path) and leading.end:
        lines.append(paragraph(say("told headers")))
    return lines


def _told_before(found: Findings, leading: Fetch, told: Told, say: Words) -> Paragraph:
    said = say(
        "told yes", path=told.path or "robots.txt", time=say.time(told.at), record=say.record(told.index),
        before=say.span(leading.at - told.at),
    )  # fmt: skip
    spans = [bold(said)]
    if told.outcome is Outcome.BROKEN:
        spans.append(f"{say('told broken')} ")
    if told.version is not None and leading.version is not None:
        if told.version.digest_of(told.path) == leading.version.digest_of(told.path):
            spans.append(say("told same"))
        else:
            then, now = found.applied(leading, told.version), found.applied(leading, leading.version)
            if _same(then, now):
                spans.append(say("told other same"))
            else:
                spans += [say("told other"), mono(then.rule if then and then.rule else "–", 80)]
    if not told.same_client:
        spans.append(f" {say('told name')}")
    return paragraph(*spans)


def _same(one: Applied | None, other: Applied | None) -> bool:
    return (one and (one.rule, one.allows)) == (other and (other.rule, other.allows))


def _answer(found: Findings, leading: Fetch, say: Words) -> list[Paragraph]:
    lines = [paragraph(bold(answered(leading, say)))]
    rule = [say("answer rule"), mono(leading.said["rule"], 60), f" ({say.action(leading.said['action'])}). "]
    if mark := leading.said.get("mark"):
        rule += [say("answer mark"), mono(mark), "."]
    lines.append(paragraph(*rule))
    if len(found.fetches) > 1:
        counts: dict[str, int] = {}
        for one in found.fetches:
            name = say.short(one.said["rendition"])
            counts[name] = counts.get(name, 0) + 1
        listed = ", ".join(f"{say.count(count)}× {name}" for name, count in sorted(counts.items(), key=_most_first))
        lines.append(paragraph(small(say("answer all", count=say.count(len(found.fetches)), counts=listed))))
    return lines


def _most_first(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def answered(fetch: Fetch, say: Words) -> str:
    """Say what was sent in answer to a request, and whether it arrived at the connection whole."""
    rendition = say.rendition(fetch.said["rendition"])
    if fetch.said["method"] == "HEAD" or fetch.outcome in (Outcome.UNCHANGED, Outcome.HEAD):
        rendition = say.action(fetch.said["action"])
    if not fetch.end:
        return say("answer unknown", rendition=rendition)
    outcome = say.outcome(fetch.outcome, bytes=say.count(fetch.end["bytes"]), reason=say.reason(fetch.end["reason"]))
    return say(
        "answer this",
        rendition=rendition,
        status=fetch.end["status"],
        outcome=outcome,
        record=say.record(fetch.end_index),
    )


def _log(found: Findings, say: Words) -> list[Paragraph]:
    case = found.case
    first = case.records[0] if case.records else None
    last = max((one.fields["at"] for one in case.records if one.record), default=0)
    gaps, repairs = case.of_kind("gap"), case.of_kind("rec")
    begins = say("log begins", time=say.time(first.fields["at"] if first and first.index == 0 else 0),
                 size=say.count(case.size), last=utc(last))  # fmt: skip
    lost = say.count(sum(one.fields["count"] for one in gaps))
    told = "log gaps" if len(gaps) > 1 else "log one gap" if gaps else "log no gaps"
    said = say(told, count=say.count(len(gaps)), records=lost, section=section("gaps"))
    if repairs:
        said += " " + say("log repairs", count=say.count(len(repairs)))
    whole = say("log range", first=say.count(case.start), last=say.count(case.end - 1))
    return [paragraph(begins, " ", bold(said)), paragraph(small(whole))]


def _testify(found: Findings, say: Words) -> list[Paragraph]:
    names = sorted({str(one.fields["authority"]) for one in found.case.of_kind("anc")})
    others = say("testify others", names=", ".join(names[:4])) if names else say("testify none")
    return [paragraph(f"{say('testify owner')} {others}")]


def limits(found: Findings, say: Words) -> Iterable[str]:
    """Yield what the report can not show."""
    grades = {one.grade for one in found.clients}
    yield say("limit true")
    yield say("limit reading")
    yield say("limit use")
    if grades & {"D", ""}:
        operators = {one.operator for one in found.clients if one.operator and "(" not in one.operator}
        if not operators:
            yield say("limit D nobody")
        elif len(operators) == 1 and grades <= {"D", "E", ""}:
            yield say("limit D", operator=operators.pop())
        else:
            yield say("limit D some")
    if "E" in grades:
        yield say("limit E")
    if grades & {"B", "C"}:
        yield say("limit address")
