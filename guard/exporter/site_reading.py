"""What is there to be read on a site, and in which order is it asked for?

First the page and robots.txt; then every address where a reservation can stand, also under the
name of an AI crawler, for a filter that refuses it robots.txt gives it everything (RFC 9309, section
2.3.1.3); then a handful of the page's pictures, each as GET, HEAD, range and revalidation; then
what all these point to: licences, policies, terms, robots.txt of the pictures' hosts.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from yarl import URL

from guard.exporter.manifest_check import manifest_faults
from guard.exporter.site_fetch import SiteFetch
from guard.reservation.read_headers import links
from guard.reservation.read_page import Page, read_page, tdm_policies
from guard.reservation.read_picture import read_c2pa
from guard.reservation.read_robots import read_robots
from guard.reservation.read_rsl import MEDIA_TYPE as RSL_TYPE
from guard.reservation.read_rsl import read_rsl
from guard.reservation.read_tdmrep import read_tdmrep
from guard.reservation.read_terms import LINKED
from guard.reservation.site import Asker, Picture, Reply, Site

ROBOTS = "/robots.txt"
TDMREP = "/.well-known/tdmrep.json"
AI_TXT = "/ai.txt"
TRUST_TXT = ("/trust.txt", "/.well-known/trust.txt")
PATHS = (ROBOTS, TDMREP, AI_TXT, *TRUST_TXT)
BLOCKED = (ROBOTS, TDMREP)
"""Asked for again under the name of a crawler."""

TEXT_BYTES = 1024 * 1024
PICTURE_BYTES = 8 * 1024 * 1024
OWN_PICTURES = 3
OTHER_HOSTS = 2
REFUSED = frozenset({401, 402, 403, 406, 429, 451, 503})
"""Answers after which the same is asked for under a browser's name."""
MOST = 3
"""Licences, policies and pages of terms that are read."""


async def read_site(start: str, fetch: SiteFetch) -> Site:
    """Ask for everything; `start` is an absolute http or https URL."""
    page, robots = await asyncio.gather(fetch.ask(start, TEXT_BYTES), fetch.ask(_at(start, ROBOTS), TEXT_BYTES))
    asker, as_audit = Asker.AUDIT, {}
    if page.status in REFUSED:
        again = await fetch.ask(start, TEXT_BYTES, asker=Asker.BROWSER)
        if again.ok:
            as_audit = {"/": page, ROBOTS: robots}
            page, asker = again, Asker.BROWSER
            robots = await fetch.ask(_at(page.url, ROBOTS), TEXT_BYTES, asker=asker)
    if page.failure:
        if robots.failure:
            return Site(start=start, page=page, requests=fetch.requests, bytes=fetch.bytes)
        page = Reply(url=start, failure=page.failure)
    origin = str(URL(page.url).origin())
    if origin != str(URL(start).origin()):
        robots = await fetch.ask(_at(page.url, ROBOTS), TEXT_BYTES, asker=asker)
    documents = {ROBOTS: robots} | await _all(
        {path: fetch.ask(_at(origin, path), TEXT_BYTES, asker=asker) for path in PATHS if path != ROBOTS}
    )
    as_crawler = await _all({path: fetch.ask(_at(origin, path), TEXT_BYTES, asker=Asker.CRAWLER) for path in BLOCKED})
    is_picture = page.media_type.startswith("image/")
    parsed = Page() if is_picture else read_page(page.body, page.get("content-type"))
    chosen = [page.url] if is_picture else _choose(_absolute(page.url, parsed.base, parsed.pictures), origin)
    pictures = await asyncio.gather(
        *(_picture(fetch, url, asker, origin, first=index == 0) for index, url in enumerate(chosen))
    )
    page_head = await fetch.ask(page.url, 1, asker=asker, method="HEAD")
    others = list(dict.fromkeys(str(URL(one.reply.url).origin()) for one in pictures if not one.own_host))
    named = _licence_urls(page, parsed, robots, pictures)
    licences = await _each(fetch, asker, named or [_at(origin, "/rsl.xml")])
    policies = await _each(fetch, asker, _policy_urls(page, parsed, documents[TDMREP], pictures))
    here = await _here(fetch, asker, origin, (*licences, *policies))
    terms_of = [here.get(one.url, one) for one in (*policies, *_terms_of((*licences, *here.values())))]
    return Site(
        start=start,
        page=page,
        origin=origin,
        asker=asker,
        documents=documents,
        as_crawler=as_crawler,
        as_audit=as_audit,
        page_head=page_head if page_head.ok else None,
        licences=licences,
        licences_named=bool(named),
        policies=policies,
        here=here,
        terms=await _terms(fetch, asker, page, parsed, terms_of),
        pictures=tuple(pictures),
        other_hosts=await _all(
            {one: fetch.ask(_at(one, ROBOTS), TEXT_BYTES, asker=asker) for one in others[:OTHER_HOSTS]}
        ),
        requests=fetch.requests,
        bytes=fetch.bytes,
    )


async def _all(asked: Mapping[str, object]) -> dict[str, Reply]:
    replies = await asyncio.gather(*asked.values())  # type: ignore[call-overload]
    return dict(zip(asked, replies, strict=True))


async def _each(fetch: SiteFetch, asker: Asker, urls: Sequence[str]) -> tuple[Reply, ...]:
    return tuple(await asyncio.gather(*(fetch.ask(url, TEXT_BYTES, asker=asker) for url in urls[:MOST])))


async def _here(fetch: SiteFetch, asker: Asker, origin: str, replies: Iterable[Reply]) -> dict[str, Reply]:
    """Return what a site that is not online yet has at the same path as an address of its own that leads nowhere."""
    lost = [
        one.url for one in replies if fetch.private and one.failure and URL(one.url).raw_host == URL(origin).raw_host
    ]
    found = await _all({url: fetch.ask(origin + URL(url).raw_path_qs, TEXT_BYTES, asker=asker) for url in lost})
    return {url: reply for url, reply in found.items() if reply.ok}


async def _picture(fetch: SiteFetch, url: str, asker: Asker, origin: str, *, first: bool) -> Picture:
    reply = await fetch.ask(url, PICTURE_BYTES, asker=asker)
    head = await fetch.ask(url, 1, asker=asker, method="HEAD")
    if asker is Asker.AUDIT and REFUSED & {reply.status, head.status}:
        # A crawler that nobody knows gets no picture: rightly so. What people get is read under a browser's name.
        asker = Asker.BROWSER
        reply = await fetch.ask(url, PICTURE_BYTES, asker=asker)
        head = await fetch.ask(url, 1, asker=asker, method="HEAD")
    variants: dict[str, Reply] = {}
    if reply.ok:
        part = await fetch.ask(url, 1000, asker=asker, headers={"Range": "bytes=0-99"})
        tag, date = reply.get("etag"), reply.get("last-modified")
        known = {"If-None-Match": tag} if tag else {"If-Modified-Since": date} if date else {}
        again = await fetch.ask(url, 1000, asker=asker, headers=known) if known else None
        answered = {"head": (head, 200), "range": (part, 206), "304": (again, 304)}
        variants = {name: one for name, (one, status) in answered.items() if one is not None and one.status == status}
    as_crawler = await fetch.ask(url, 65536, asker=Asker.CRAWLER) if first and reply.ok else None
    signed = reply.ok and reply.whole and read_c2pa(reply.body, reply.url) is not None
    return Picture(
        reply=reply,
        variants=variants,
        as_crawler=as_crawler,
        own_host=str(URL(reply.url).origin()) == origin,
        manifest_faults=await asyncio.to_thread(manifest_faults, reply.body, reply.media_type) if signed else (),
    )


def _choose(urls: Sequence[str], origin: str) -> list[str]:
    """Return a few pictures: of this origin the first, the middle and the last, and one of each other host."""
    own = [url for url in urls if str(URL(url).origin()) == origin]
    chosen = [own[0], own[len(own) // 2], own[-1]][:OWN_PICTURES] if own else []
    others: dict[str, str] = {}
    for url in urls:
        if url not in own:
            others.setdefault(str(URL(url).origin()), url)
    return [*dict.fromkeys(chosen), *list(others.values())[:OTHER_HOSTS]]


def _absolute(url: str, base: str, found: Iterable[str]) -> list[str]:
    """Return the http and https addresses among `found`, made absolute."""
    absolute: list[str] = []
    for one in found:
        try:
            target = URL(url).join(URL(base)).join(URL(one.strip())) if base else URL(url).join(URL(one.strip()))
            if target.scheme in {"http", "https"} and target.raw_host and not target.path.lower().endswith(".svg"):
                absolute.append(str(target.with_fragment(None)))
        except ValueError:
            continue
    return list(dict.fromkeys(absolute))


def _licence_urls(page: Reply, parsed: Page, robots: Reply, pictures: Sequence[Picture]) -> list[str]:
    named = [href for href, kind in parsed.licences if kind == RSL_TYPE]
    for reply in (page, *(one.reply for one in pictures[:1])):
        named += [target for target, kind in links(reply.headers, "license") if kind in {"", RSL_TYPE}]
    if robots.ok:
        file = read_robots(robots.body, robots.url)
        named += [value for group in file.groups for value in group.values("license")]
        named += [value for key, value, _ in file.outside if key == "license"]
    return _absolute(page.url, parsed.base, dict.fromkeys(named))


def _policy_urls(page: Reply, parsed: Page, tdmrep: Reply, pictures: Sequence[Picture]) -> list[str]:
    named = [*tdm_policies(parsed)]
    for reply in (page, *(one.reply for one in pictures)):
        named += [reply.get("tdm-policy")] if reply.get("tdm-policy") else []
    if tdmrep.ok:
        named += read_tdmrep(tdmrep.body, tdmrep.url, ())[1]
    return _absolute(page.url, "", dict.fromkeys(named))


def _terms_of(licences: Iterable[Reply]) -> list[Reply]:
    return [
        Reply(url=address)
        for reply in licences
        if reply.ok
        for address in _absolute(reply.url, "", read_rsl(reply.body, reply.media_type, reply.url)[1])[:MOST]
    ]


async def _terms(
    fetch: SiteFetch, asker: Asker, page: Reply, parsed: Page, known: Iterable[Reply]
) -> tuple[tuple[str, Reply], ...]:
    """Return the pages that policies, licences or links of the page call terms, each once."""
    had = {reply.url: reply for reply in known}
    linked: dict[str, str] = {}
    for href, text in parsed.links:
        if LINKED.search(f"{text} {href}"):
            for url in _absolute(page.url, parsed.base, [href]):
                linked.setdefault(url, f"{text} {href}")
    wanted = list(dict.fromkeys((*had, *linked)))[: 2 * MOST]
    replies = [
        had[url] if url in had and had[url].status else await fetch.ask(url, TEXT_BYTES, asker=asker) for url in wanted
    ]
    return tuple((linked.get(url, ""), reply) for url, reply in zip(wanted, replies, strict=True))


def _at(url: str, path: str) -> str:
    return str(URL(url).origin()) + path
