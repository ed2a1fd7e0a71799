"""What does the site look like from the front, and does everything there go through the guard?

A page is fetched through the guard, and its pictures are looked at: those that come from elsewhere are not
guarded. Where the owner says so, the public address is asked too: for a shared cache that hands one party's
answer to another, and for a robots.txt that is not ours. It asks the owner's own site only, a few times.
"""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Final
from urllib.parse import urljoin, urlsplit

from guard.cli.doctor import Finding, Health
from guard.exporter.site_fetch import SiteFetch
from guard.reservation.read_page import read_page
from guard.reservation.site import Asker, Reply
from guard.settings import Settings, Site

PAGE: Final = 2_000_000
PICTURE: Final = 4_000_000
FEW: Final = 3
"""Other hosts that are named."""


async def look(settings: Settings, guard: str, page: str, *, online: bool) -> AsyncIterator[Finding]:
    """Look at each site.

    Args:
        guard: Where the running guard answers visitors, `http://127.0.0.1:8700`.
        page: The path of a page with pictures.
        online: Ask the public addresses too.
    """
    hosts = [site.host for site in settings.sites]
    for site in settings.sites:
        if site.host == "*":
            yield Finding("pictures", Health.UNKNOWN, "a site without a name (host: '*') can not be looked at")
            continue
        async with SiteFetch(guard) as fetch:
            through = await fetch.ask(guard + page, PAGE, asker=Asker.BROWSER, headers={"Host": site.host})
            yield _bypass(site, through, page, hosts)
            if online:
                picture = _one_picture(site, through, page, hosts)
                async for finding in _from_outside(site, fetch, guard, picture):
                    yield finding


def _bypass(site: Site, through: Reply, page: str, hosts: Sequence[str]) -> Finding:
    what = f"pictures of {site.host}"
    if not through.ok:
        why = f"status {through.status}" if through.status else str(through.failure)
        return Finding(what, Health.UNKNOWN, f"{page} does not come through the guard ({why})", "try --page PATH")
    addresses = _pictures(site, through, page)
    if not addresses:
        return Finding(what, Health.UNKNOWN, f"{page} shows no pictures without scripts", "try --page PATH")
    elsewhere = Counter(netloc for one in addresses if not _guarded(netloc := urlsplit(one).netloc, site, hosts))
    if not elsewhere:
        return Finding(what, Health.WELL, f"all {len(addresses)} pictures of {page} go through the guard")
    share = elsewhere.total() / len(addresses)
    named = ", ".join(f"{host} ({number})" for host, number in elsewhere.most_common(FEW))
    return Finding(
        what,
        Health.PROBLEM,
        f"{share:.0%} of the pictures of {page} bypass the guard: they come from {named}",
        "let the site give its own addresses for them, or guard that host too",
    )


def _pictures(site: Site, through: Reply, page: str) -> list[str]:
    read = read_page(through.body, through.get("content-type"))
    base = urljoin(f"{site.base_url}{page}", read.base)
    found = (urljoin(base, one) for one in read.pictures)
    return list(dict.fromkeys(one for one in found if one.startswith(("http://", "https://"))))


def _guarded(netloc: str, site: Site, hosts: Sequence[str]) -> bool:
    """Tell whether an address leads to the guard: a guarded host on the port where visitors come in."""
    name, _, port = netloc.lower().partition(":")
    public = urlsplit(site.base_url)
    if name == (public.hostname or ""):
        return port in ("", str(public.port or ""), "80", "443")
    return name in hosts and port in ("", "80", "443")


def _one_picture(site: Site, through: Reply, page: str, hosts: Sequence[str]) -> str:
    if not through.ok:
        return ""
    mine = (one for one in _pictures(site, through, page) if _guarded(urlsplit(one).netloc, site, hosts))
    return next((f"{split.path}?{split.query}".rstrip("?") for one in mine for split in [urlsplit(one)]), "")


async def _from_outside(site: Site, fetch: SiteFetch, guard: str, picture: str) -> AsyncIterator[Finding]:
    async with SiteFetch(site.base_url) as outside:
        seen = await outside.ask(f"{site.base_url}/robots.txt", PAGE)
        ours = await fetch.ask(f"{guard}/robots.txt", PAGE, headers={"Host": site.host})
        what = f"robots.txt of {site.host}"
        if not seen.ok:
            why = f"status {seen.status}" if seen.status else str(seen.failure)
            yield Finding(what, Health.PROBLEM, f"the world does not get one ({why})", "see the server in front")
        elif seen.body != ours.body:
            yield Finding(
                what,
                Health.PROBLEM,
                "the world gets another one than the guard gives",
                "let the server in front pass /robots.txt on; if it is a cache, empty it",
            )
        else:
            yield Finding(what, Health.WELL, "the world gets the guard's")
        if picture:
            yield await _cache(site, fetch, outside, guard, picture)


async def _cache(site: Site, fetch: SiteFetch, outside: SiteFetch, guard: str, picture: str) -> Finding:
    """Let a person have a picture through the public address, and then a crawler that the guard refuses."""
    what, url = f"cache in front of {site.host}", site.base_url + picture
    for _ in range(2):
        person = await outside.ask(url, PICTURE, asker=Asker.BROWSER)
    crawler = await outside.ask(url, PICTURE, asker=Asker.CRAWLER)
    direct = await fetch.ask(guard + picture, PICTURE, asker=Asker.CRAWLER, headers={"Host": site.host})
    if not person.ok:
        return Finding(what, Health.UNKNOWN, f"{picture} does not come from the public address")
    if direct.ok and direct.body == person.body:
        return Finding(what, Health.UNKNOWN, f"the guard gives {picture} to everybody, so a cache can do no harm to it")
    if crawler.ok and crawler.body == person.body:
        return Finding(
            what,
            Health.PROBLEM,
            f"it hands out others' copies: what a person was sent ({picture}) was given to a crawler that the guard "
            "refuses",
            "let it store nothing of the guard's that is private or no-store, and put no cache of pictures in front",
        )
    age = person.get("age") or person.get("x-cache")
    note = f"; it stores answers (Age or X-Cache: {age})" if age else ""
    return Finding(what, Health.WELL, f"none hands a person's picture to a crawler{note}")
