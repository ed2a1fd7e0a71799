"""What do the answers of a site say, document by document and header by header?

Beside what stands in them: whether they come at all to everybody who asks, and whether every form
of a picture (HEAD, a range, a revalidation, another host) carries the same lines.
"""

from collections.abc import Iterable, Mapping

from guard.reservation import read_page
from guard.reservation.read_headers import no_index, read_headers
from guard.reservation.read_page import page_readings
from guard.reservation.read_picture import read_c2pa, read_xmp
from guard.reservation.read_robots import RobotsFile, looks_like_markup, read_robots
from guard.reservation.read_rsl import read_rsl
from guard.reservation.read_tdmrep import read_policy, read_tdmrep
from guard.reservation.read_terms import read_terms
from guard.reservation.read_texts import read_ai_txt, read_trust_txt
from guard.reservation.read_usage import read_signals, read_usage
from guard.reservation.reading import Answer, Carrier, Flaw, Question, Reading
from guard.reservation.site import Failure, Picture, Reply, Site

HEADERS = {
    Carrier.NOAI_HEADER: "X-Robots-Tag: noai",
    Carrier.TDM_HEADERS: "tdm-reservation",
    Carrier.USAGE_HEADER: "Content-Usage",
}
"""Carriers that stand in the header of a response, so that each response must have them."""
REFUSALS = frozenset({401, 402, 403, 404, 410, 429, 451})

Placed = tuple[Carrier | None, Flaw]


def document_readings(site: Site) -> tuple[list[Reading], RobotsFile | None]:
    """Read everything but the pictures; also return robots.txt, where there is one."""
    robots = site.documents.get("/robots.txt")
    file = read_robots(robots.body, robots.url) if robots is not None and robots.ok else None
    return [
        *(_signals(file) if file else ()),
        *_file_readings(site),
        *_linked_readings(site),
        *_page_readings(site),
    ], file


def _file_readings(site: Site) -> Iterable[Reading]:
    paths = ["/" + url.split("://", 1)[-1].partition("/")[2] for url in _own_urls(site)]
    for path, reply in site.documents.items():
        if not reply.ok:
            continue
        if path.endswith("tdmrep.json"):
            yield read_tdmrep(reply.body, reply.url, paths)[0]
        elif path == "/ai.txt":
            yield read_ai_txt(reply.body, reply.url)
        elif path.endswith("trust.txt") and (one := read_trust_txt(reply.body, reply.url)):
            yield one


def _linked_readings(site: Site) -> Iterable[Reading]:
    for reply in (site.here.get(one.url, one) for one in site.licences):
        if reply.ok:
            yield read_rsl(reply.body, reply.media_type, reply.url)[0]
    for reply in (site.here.get(one.url, one) for one in site.policies):
        if reply.ok:
            yield read_policy(reply.body, reply.media_type, reply.url)
    for link, reply in site.terms:
        page = read_page.read_page(reply.body, reply.get("content-type")) if reply.ok else None
        if page is not None and (one := read_terms(page, reply.url, link)):
            yield one


def _page_readings(site: Site) -> Iterable[Reading]:
    if site.page.ok and not site.page.media_type.startswith("image/"):
        yield from page_readings(read_page.read_page(site.page.body, site.page.get("content-type")), site.page.url)
        yield from read_headers(site.page.headers, site.page.url)


def _own_urls(site: Site) -> list[str]:
    pictures = [one.reply.url for one in site.pictures if one.own_host and one.reply.ok]
    return list(dict.fromkeys([site.page.url, *pictures]))


def _signals(file: RobotsFile) -> Iterable[Reading]:
    """Read the signals that a crawler finds that no group names."""
    if usage := file.values("content-usage", "*"):
        yield read_usage(usage, file.where, Carrier.ROBOTS_USAGE)
    if signals := file.values("content-signal", "*"):
        yield read_signals(signals, file.where)


def picture_readings(site: Site) -> list[Reading]:
    """Read the pictures: their headers, and what is inside them."""
    readings: list[Reading] = []
    for picture in site.pictures:
        reply = picture.reply
        if not _is_picture(reply):
            continue
        readings += read_headers(reply.headers, reply.url)
        readings += read_xmp(reply.body, reply.url)
        if manifest := read_c2pa(reply.body, reply.url):
            readings.append(manifest)
        if refused := _refusal(picture):
            readings.append(refused)
    return readings


def _is_picture(reply: Reply) -> bool:
    return reply.ok and not looks_like_markup(reply.body)


def _refusal(picture: Picture) -> Reading | None:
    """Read what a crawler for training is answered when it asks for the picture."""
    reply = picture.as_crawler
    if reply is None or not reply.status:
        return None
    flaws: list[Flaw] = []
    if reply.status not in REFUSALS:
        if reply.ok and (reply.media_type == "text/html" or looks_like_markup(reply.body)):
            flaws.append(Flaw(id="refusal-200", where=reply.url))
        else:
            return None
    if reply.status == 451:
        flaws.append(Flaw(id="refusal-451", where=reply.url))
    if reply.status == 429 and not reply.get("retry-after"):
        flaws.append(Flaw(id="refusal-no-retry-after", where=reply.url))
    if not reply.get("tdm-reservation"):
        flaws.append(Flaw(id="refusal-without-headers", where=reply.url, detail=str(reply.status)))
    return Reading(carrier=Carrier.REFUSAL, where=reply.url, flaws=tuple(flaws), value=str(reply.status))


def reply_flaws(site: Site, careful: Mapping[Question, Answer]) -> list[Placed]:
    """Return what is wrong with how the site answers."""
    return [
        *_status_flaws(site),
        *_linked_flaws(site),
        *_blocked(site),
        *_missing_headers(site),
        *_no_index_flaws(site, careful),
        *_picture_flaws(site),
    ]


def _status_flaws(site: Site) -> Iterable[Placed]:
    if site.page.failure:
        yield None, Flaw(id=f"unreachable-{site.page.failure}", where=site.page.url)
    elif not site.page.ok:
        yield None, Flaw(id="page-status", where=site.page.url, detail=str(site.page.status))
    for path, carrier, name in (
        ("/robots.txt", Carrier.ROBOTS, "robots"),
        ("/.well-known/tdmrep.json", Carrier.TDMREP, "tdmrep"),
    ):
        reply = site.documents.get(path)
        if reply is None or reply.ok or reply.absent or reply.failure is Failure.BUDGET:
            continue
        if reply.failure:
            yield carrier, Flaw(id=f"{name}-unreachable", where=reply.url, detail=reply.failure)
        else:
            yield carrier, Flaw(id=f"{name}-status", where=reply.url, detail=str(reply.status))
    robots = site.documents.get("/robots.txt")
    if robots and robots.ok and robots.media_type != "text/plain" and not looks_like_markup(robots.body):
        yield Carrier.ROBOTS, Flaw(id="robots-media-type", where=robots.url, detail=robots.media_type)


def _linked_flaws(site: Site) -> Iterable[Placed]:
    for carrier, name, replies in (
        (Carrier.TDM_POLICY, "policy-unreachable", site.policies),
        (Carrier.RSL, "rsl-unreachable", site.licences),
    ):
        for reply in replies:
            # What was not asked for any more, or was only tried, is not held against the site.
            excused = reply.failure is Failure.BUDGET or (carrier is Carrier.RSL and not site.licences_named)
            if not reply.ok and not excused:
                found = "address-elsewhere" if reply.url in site.here else name
                yield carrier, Flaw(id=found, where=reply.url, detail=_why(reply))
    for reply in () if site.licences_named else site.licences:
        if reply.ok and not looks_like_markup(reply.body):
            yield Carrier.RSL, Flaw(id="rsl-not-named", where=reply.url)
    if (robots := site.documents.get("/robots.txt")) and robots.ok:
        for value in _licence_lines(read_robots(robots.body, robots.url)):
            if "://" not in value:
                yield Carrier.RSL, Flaw(id="rsl-relative", where=robots.url, detail=value)
    for origin, reply in site.other_hosts.items():
        if not reply.ok or not _reserves(read_robots(reply.body, reply.url)):
            yield (
                Carrier.ROBOTS,
                Flaw(id="other-host-robots", where=f"{origin}/robots.txt", detail="" if reply.ok else _why(reply)),
            )


def _licence_lines(file: RobotsFile) -> list[str]:
    return [
        *(value for group in file.groups for value in group.values("license")),
        *(value for key, value, _ in file.outside if key == "license"),
    ]


def _why(reply: Reply) -> str:
    return str(reply.failure or reply.status)


def _reserves(file: RobotsFile) -> bool:
    return (
        not file.allows("*", "/")
        or not file.allows("GPTBot", "/")
        or any(Answer.RESERVED in one.answers.values() for one in _signals(file))
    )


def _blocked(site: Site) -> Iterable[Placed]:
    """Yield documents that are there, but not for a crawler, or not for an unknown one."""
    for path, reply in site.as_crawler.items():
        plain = site.documents.get(path)
        if plain is not None and plain.ok and not reply.ok and reply.failure is not Failure.BUDGET:
            yield (
                Carrier.ROBOTS if path == "/robots.txt" else Carrier.TDMREP,
                Flaw(id="policy-path-blocked", where=plain.url, detail=_why(reply)),
            )
    for path, reply in site.as_audit.items():
        if reply.ok or path == "/":
            continue  # a page may be refused; the trap is a reservation that is
        yield None, Flaw(id="unknown-agents-blocked", where=f"{site.origin}{path}", detail=_why(reply))


def _carried(reply: Reply) -> set[Carrier]:
    """Return which of `HEADERS` a response has, be they right or wrong."""
    return {
        one.carrier
        for one in read_headers(reply.headers, reply.url)
        if one.carrier in HEADERS and not any(flaw.id == "tdm-policy-alone" for flaw in one.flaws)
    }


def _missing_headers(site: Site) -> Iterable[Placed]:
    pictures = [one for one in site.pictures if _is_picture(one.reply)]
    page = [site.page] if site.page.ok else []
    everywhere: set[Carrier] = set().union(*(_carried(one) for one in (*page, *(one.reply for one in pictures))))

    def lacking(name: str, reply: Reply, wanted: set[Carrier]) -> Iterable[Placed]:
        if missing := sorted(wanted - _carried(reply), key=list(HEADERS).index):
            names = ", ".join(HEADERS[one] for one in missing)
            for one in missing:
                yield one, Flaw(id=f"headers-missing-on-{name}", where=reply.url, detail=names)

    for reply in page:
        yield from lacking("page", reply, everywhere)
        if site.page_head is not None:
            yield from lacking("head", site.page_head, _carried(reply))
    for picture in pictures:
        yield from lacking("picture" if picture.own_host else "other-host", picture.reply, everywhere)
        for name, reply in picture.variants.items():
            yield from lacking(name, reply, _carried(picture.reply))


def _no_index_flaws(site: Site, careful: Mapping[Question, Answer]) -> Iterable[Placed]:
    hidden = [one.reply.url for one in site.pictures if one.reply.ok and no_index(one.reply.headers)]
    if site.page.ok:
        page = read_page.read_page(site.page.body, site.page.get("content-type"))
        if no_index(site.page.headers) or read_page.no_index(page):
            hidden.append(site.page.url)
    search = careful.get(Question.SEARCH)
    for url in () if search is Answer.RESERVED else hidden:
        name = "noindex-against-search" if search is Answer.PERMITTED else "noindex-hides"
        yield Carrier.NOAI_HEADER, Flaw(id=name, where=url)


def _picture_flaws(site: Site) -> Iterable[Placed]:
    if not any(_is_picture(one.reply) for one in site.pictures):
        yield None, Flaw(id="no-picture", where=site.page.url)
    for picture in site.pictures:
        if picture.manifest_faults:
            faults = ", ".join(picture.manifest_faults)
            yield Carrier.C2PA, Flaw(id="c2pa-invalid", where=picture.reply.url, detail=faults)
        if not picture.reply.whole:
            yield None, Flaw(id="picture-cut", where=picture.reply.url)
    replies = (*site.documents.values(), *site.licences, *site.policies, *(reply for _, reply in site.terms))
    if any(one.failure is Failure.BUDGET for one in (*replies, *(one.reply for one in site.pictures))):
        yield None, Flaw(id="incomplete", where=site.start)
