"""Every way in which a live site can be misread is named, and a site that is right has no fault."""

import asyncio
import itertools
from collections.abc import Callable
from datetime import date

import pytest

from guard.exporter.site_fetch import SiteFetch
from guard.exporter.site_reading import read_site
from guard.reservation import documents
from guard.reservation.audit import Audit, audit
from guard.reservation.audit_flaws import FLAWS, Severity
from guard.reservation.reading import Answer, Carrier, Question
from guard.reservation.site import Failure, Picture, Reply, Site
from guard.reservation.statement import Statement
from tests.support import shaped_site as shaped
from tests.support.shaped_site import HEADERS, PACKET, RSL, ShapedSite, picture

CRAWLERS = [(token, "ai_training") for token in ("GPTBot", "ClaudeBot", "CCBot", "Google-Extended", "Omgili")]


def read(site: ShapedSite) -> Audit:
    """Read a live site and judge it."""

    async def ask(start: str):
        async with SiteFetch(start) as fetch:
            return await read_site(start, fetch)

    with site:
        return audit(asyncio.run(ask(f"{site.origin}/")), CRAWLERS)


def found(site: ShapedSite) -> dict[str, str]:
    """Return the findings of a site: their ids and how bad each is."""
    return {one.id: str(one.severity) for one in read(site).findings}


def changed(path: str, old: str | bytes, new: str | bytes) -> Callable[[ShapedSite], None]:
    """Return what changes a document of the right site."""
    before, after = (one.encode() if isinstance(one, str) else one for one in (old, new))

    def change(site: ShapedSite) -> None:
        assert before in site.pages[path].body
        site.pages[path].body = site.pages[path].body.replace(before, after)

    return change


def body(
    path: str, text: str | bytes, media_type: str = "text/plain", status: int = 200
) -> Callable[[ShapedSite], None]:
    def change(site: ShapedSite) -> None:
        site.pages[path] = shaped.Answer(text.encode() if isinstance(text, str) else text, media_type, status=status)

    return change


def lines(*replaced: tuple[str, str], without: str = "", paths: tuple[str, ...] = ("/one.jpg", "/two.jpg")):
    """Return what sends other header lines with pictures; of the names in `replaced` only these."""
    names = {name.lower() for name, _ in replaced} | {without}

    def change(site: ShapedSite) -> None:
        kept = tuple(line for line in HEADERS if line[0].lower() not in names)
        for path in paths:
            site.pages[path].headers = (*kept, *replaced)

    return change


def bare(*names: str) -> Callable[[ShapedSite], None]:
    def change(site: ShapedSite) -> None:
        site.bare = frozenset(names)

    return change


def refusing(refuse: Callable[[str, str], int], answer: shaped.Answer | None = None):
    def change(site: ShapedSite) -> None:
        site.refuse = refuse
        site.refused = answer or site.refused

    return change


def inside(term: str, packet: str = PACKET) -> Callable[[ShapedSite], None]:
    def change(site: ShapedSite) -> None:
        site.pages["/one.jpg"].body = picture(term, packet)

    return change


def gptbot(status: int) -> Callable[[str, str], int]:
    return lambda agent, path: status if "GPTBot" in agent and path.endswith(".jpg") else 0


GERMAN_TERMS = "Der Rechtsinhaber behält sich Text und Data Mining vor; es ist untersagt."
TDMREP = "/.well-known/tdmrep.json"
OBJECT = '{"version": "1.0", "policies": [{"location": "/", "mine-type": "*", "right": "deny"}]}'
STAR = "User-agent: *\nDisallow: /private/\nAllow: /\n"
SIGNALS_ONLY = "User-agent: *\nContent-Signal: ai-train=no\nUser-agent: CCBot\nDisallow: /\n"
FREE = RSL.replace("<prohibits", '<permits type="usage">ai-train</permits><prohibits').replace("ai-train ai-input", "")
SOLD = FREE.replace("</license>", '<payment type="training"/></license>').replace("ai-index", "ai-train")
OFF_SPEC = RSL.replace("<license>", '<license urn="urn:rsl:1"><origin hostname="x"/>')

PITFALLS = {
    # reservations.md, section 13, in its order
    "1 signals-only group melts": (body("/robots.txt", SIGNALS_ONLY), "robots-groups-melt"),
    "1 signals-only group at the end": (
        body("/robots.txt", SIGNALS_ONLY.partition("User-agent: CC")[0]), "robots-signals-only"
    ),
    "2 robots.txt refused to a crawler": (
        refusing(lambda agent, _: 403 if "GPTBot" in agent else 0), "policy-path-blocked"
    ),
    "2 robots.txt refused to all": (refusing(lambda _, path: 429 if path == "/robots.txt" else 0), "robots-status"),
    "2 tdmrep.json refused": (refusing(lambda _, path: 403 if path == TDMREP else 0), "tdmrep-status"),
    "2 unknown crawlers refused": (
        refusing(lambda agent, _: 403 if agent.startswith("crawler") else 0), "unknown-agents-blocked"
    ),
    "3 colon behind noai": (lines(("X-Robots-Tag", "noai, noimageai, max-image-preview:none")), "noai-behind-colon"),
    "3 colon before noai": (lines(("X-Robots-Tag", "max-image-preview:none, noai")), "noai-behind-colon"),
    "3 noai for one": (lines(("X-Robots-Tag", "LAION: noai")), "noai-one-agent"),
    "4 noai in capitals": (lines(("X-Robots-Tag", "NoAI, NoImageAI")), "noai-letters"),
    "4 noai with semicolons": (lines(("X-Robots-Tag", "noai; noimageai")), "noai-separator"),
    "4 header name in capitals": (lines(("TDM-Reservation", "1")), "tdm-header-letters"),
    "5 Content-Usage with a path": (
        changed("/robots.txt", "Content-Usage: train", "Content-Usage: /img/ train"), "usage-with-path"
    ),
    "6 tdmrep.json is an object": (body(TDMREP, OBJECT, "application/json"), "tdmrep-is-object"),
    "6 tdmrep.json with text": (changed(TDMREP, ": 1,", ': "1",'), "tdmrep-not-a-number"),
    "6 tdmrep.json general first": (
        changed(TDMREP, "}]", '}, {"location": "/one.jpg", "tdm-reservation": 0}]'), "tdmrep-general-first"
    ),
    "8 group without signals": (
        changed("/robots.txt", STAR, f"User-agent: Googlebot\nAllow: /\n\n{STAR}"), "robots-signals-not-repeated"
    ),
    "13 status 451": (refusing(gptbot(451)), "refusal-451"),
    "14 noindex against AI": (lines(("X-Robots-Tag", "noai, noimageai, noindex")), "noindex-against-search"),
    "15 RSL gives away": (body("/rsl.xml", FREE, "application/rsl+xml"), "rsl-free"),
    "16 RSL sells what it prohibits": (body("/rsl.xml", SOLD, "application/rsl+xml"), "rsl-sells-and-prohibits"),
    "16 RSL off the standard": (body("/rsl.xml", OFF_SPEC, "application/rsl+xml"), "rsl-unknown-name"),
    "16 carriers contradict": (body("/trust.txt", "datatrainingallowed=yes\n"), "contradiction"),
    "17 304": (bare("304"), "headers-missing-on-304"),
    "17 HEAD": (bare("HEAD"), "headers-missing-on-head"),
    "17 206": (bare("206"), "headers-missing-on-range"),
    "17 one picture": (lines(without="tdm-reservation", paths=("/two.jpg",)), "headers-missing-on-picture"),
    "18 web page for tdmrep.json": (body(TDMREP, "<!doctype html><html>", "text/html"), "path-is-html"),
    "18 web page for robots.txt": (body("/robots.txt", "<!doctype html><html>", "text/html"), "robots-is-html"),
    "18 web page for a picture": (
        refusing(gptbot(200), shaped.Answer(b"<!doctype html><html>no", "text/html", HEADERS)), "refusal-200"
    ),
    "19 search permitted and prohibited": (inside("DMI-PROHIBITED"), "contradiction"),
    "20 noai not first": (
        lines(("X-Robots-Tag", "max-image-preview:large"), ("X-Robots-Tag", "noai, noimageai")), "noai-not-first"
    ),
    # section 1.3, and what else the sections on single carriers warn of
    "blank line": (changed("/robots.txt", "User-agent: *\n", "User-agent: *\n\n"), "robots-blank-line"),
    "Allow first": (
        changed("/robots.txt", "Disallow: /private/\nAllow: /\n", "Allow: /\nDisallow: /private/\n"),
        "robots-allow-first",
    ),
    "second group": (
        changed("/robots.txt", STAR, f"User-agent: GPTBot\nDisallow: /\n\n{STAR}"), "robots-second-group"
    ),
    "byte order mark": (changed("/robots.txt", "User-agent: GPTBot", b"\xef\xbb\xbfUser-agent: GPTBot"), "robots-bom"),
    "CR only": (changed("/robots.txt", "\n", "\r"), "robots-cr-only"),
    "version": (changed("/robots.txt", "GPTBot", "GPTBot/1.1"), "robots-version-in-token"),
    "rule outside": (changed("/robots.txt", "User-agent: GPTBot", "Disallow: /x\nUser-agent: GPTBot"),
                     "robots-rule-outside"),
    "too long": (changed("/robots.txt", STAR, f"{STAR}{'# x' * 200_000}\n"), "robots-too-long"),
    "latin-1": (changed("/robots.txt", "User-agent: GPTBot", b"# f\xfcr\nUser-agent: GPTBot"), "robots-not-utf8"),
    "signals swapped": (changed("/robots.txt", "ai-train=no", "train-ai=no"), "signal-swapped-label"),
    "usage swapped": (changed("/robots.txt", "train-ai=n", "ai-train=n"), "usage-swapped-label"),
    "usage old": (changed("/robots.txt", "train-ai=n", "train-genai=n"), "usage-old-label"),
    "usage quoted": (changed("/robots.txt", "train-ai=n", 'train-ai="n"'), "usage-not-y-or-n"),
    "usage in capitals": (changed("/robots.txt", "train-ai=n", "Train-AI=n"), "usage-unreadable"),
    "tdm header twice": (lines(("tdm-reservation", "1"), ("tdm-reservation", "0")), "tdm-header-twice"),
    "tdm header true": (lines(("tdm-reservation", "true")), "tdm-header-value"),
    "tdm meta": (changed("/", 'tdm-reservation" content="1"', 'tdm-reservation" content="yes"'), "tdm-meta-value"),
    "policy gone": (changed(TDMREP, "/terms", "/gone"), "policy-unreachable"),
    "policy no offer": (body("/terms", "{}", "application/json"), "policy-not-an-offer"),
    "RSL namespace": (changed("/rsl.xml", "https://rslstandard.org/rsl", "urn:x"), "rsl-namespace"),
    "RSL prefix": (body("/rsl.xml", RSL.replace("<", "<r:").replace("<r:/", "</r:").replace("xmlns=", "xmlns:r="),
                        "application/rsl+xml"), "rsl-prefix"),
    "RSL with entities": (body("/rsl.xml", f'<!DOCTYPE x [<!ENTITY a "b">]>{RSL}', "text/xml"), "rsl-not-xml"),
    "RSL named and gone": (changed("/robots.txt", "/rsl.xml", "/gone.xml"), "rsl-unreachable"),
    "RSL not named": (changed("/robots.txt", "License: {origin}/rsl.xml\n", ""), "rsl-not-named"),
    "RSL relative": (changed("/robots.txt", "License: {origin}", "License: "), "rsl-relative"),
    "pictures are pages": (
        lambda site: site.pages.update({path: shaped.Answer(b"<!doctype html>") for path in ("/one.jpg", "/two.jpg")}),
        "no-picture",
    ),
    "RSL media type": (body("/rsl.xml", RSL, "application/xml"), "rsl-media-type"),
    "ai.txt other grammar": (body("/ai.txt", "# AI policy\nWe like AI."), "ai-txt-no-rules"),
    "ai.txt some types": (body("/ai.txt", "User-Agent: *\nDisallow: *.jpg\n"), "ai-txt-some-types"),
    "trust.txt": (body("/trust.txt", "datatrainingallowed=never\n"), "trust-txt-value"),
    "XMP term": (inside("DMI-NEVER"), "xmp-unknown-term"),
    "XMP short term": (inside("DMI-PROHIBITED", PACKET.replace("http://ns.useplus.org/ldf/vocab/", "")),
                       "xmp-term-without-address"),
    "XMP without constraint": (inside("DMI-PROHIBITED-SEECONSTRAINT"), "xmp-no-constraint"),
    "XMP bomb": (inside("x", PACKET.replace("<rdf:RDF", "<!DOCTYPE x><rdf:RDF")), "xmp-unreadable"),
    "JSON-LD": (changed("/", '{"@type"', '{"@type'), "json-ld-not-json"),
    "JSON-LD fields": (changed("/", "creditText", "credit"), "json-ld-fields-missing"),
    "terms without law": (
        changed("/terms", "Article 4(3) of Directive (EU) 2019/790 and section 44b(3) UrhG", "the law"), "terms-no-law"
    ),
    "terms in one language": (changed("/terms", GERMAN_TERMS, ""), "terms-one-language"),
    "429 without a time": (refusing(gptbot(429)), "refusal-no-retry-after"),
}  # fmt: skip


def test_a_site_that_says_it_in_every_way_has_no_fault():
    """What is named in the tests below is named because of what was changed."""
    assert found(ShapedSite()) == {"missing-c2pa": "gap"}


@pytest.mark.parametrize(("change", "name"), PITFALLS.values(), ids=PITFALLS.keys())
def test_one_thing_made_wrong_is_named(change: Callable[[ShapedSite], None], name: str):
    """And it is a fault, unless readers understand it in spite of it."""
    site = ShapedSite()
    change(site)

    findings = found(site)

    assert findings.get(name) == FLAWS[name][0]


def test_a_robots_txt_that_names_some_crawlers_is_not_enough():
    """HowardsHome: to a crawler that is not named nothing was said."""
    pages = {
        "/": shaped.Answer(b"<html><img src=/one.jpg>"),
        "/one.jpg": shaped.Answer(picture(packet=""), "image/jpeg"),
    }
    pages["/robots.txt"] = shaped.Answer(b"User-agent: GPTBot\nDisallow: /\n", "text/plain")

    findings = found(ShapedSite(pages=pages))

    assert findings["robots-names-some"] == "fault"
    assert findings["robots-lets-in"] == "gap"


def test_cloudflares_managed_file_is_understood():
    """Its group for everybody has a rule, so nothing melts; the owner's own group behind it is a second one."""
    managed = (
        "# BEGIN Cloudflare Managed content\n\nUser-agent: *\nContent-Signal: search=yes,ai-train=no\nAllow: /\n\n"
        "User-agent: GPTBot\nDisallow: /\n\n# END Cloudflare Managed Content\n\nUser-agent: *\nDisallow: /wp-admin/\n"
    )
    site = ShapedSite()
    site.pages["/robots.txt"].body = managed.encode()
    result = read(site)

    signal = next(row for row in result.rows if row.carrier is Carrier.CONTENT_SIGNAL)
    assert [one.id for one in result.of(Severity.FAULT)] == ["robots-second-group"]
    assert signal.answers == {Question.TRAIN: Answer.RESERVED, Question.SEARCH: Answer.PERMITTED}


def test_an_app_that_answers_everything_with_its_page_has_no_carrier():
    """A web page at /ai.txt is no ai.txt."""
    site = ShapedSite(pages={"*": shaped.Answer(b"<!doctype html><html><div id=app></div>")})
    result = read(site)

    assert result.found == ()
    assert {"robots-is-html", "path-is-html", "nothing-reserved"} <= {one.id for one in result.findings}


def test_a_site_that_refuses_unknown_crawlers_is_read_as_a_browser():
    """And told that a refused robots.txt lets everybody in."""
    site = ShapedSite(refuse=lambda agent, _: 0 if "Chrome" in agent else 403)
    result = read(site)

    assert "unknown-agents-blocked" in {one.id for one in result.findings}
    assert len(result.found) == 19
    assert any(agent.startswith("crawler-guard-audit/") for _, _, agent in site.asked)


def test_another_host_that_serves_the_pictures_is_held_to_the_same():
    """In Kneschke it was the agency's site."""
    with ShapedSite(pages={"/cdn.jpg": shaped.Answer(picture(packet=""), "image/jpeg")}) as other, ShapedSite() as site:
        site.pages["/"].body += f'<img src="{other.origin}/cdn.jpg">'.encode()
        findings = found(site)

    assert findings["headers-missing-on-other-host"] == "fault"
    assert findings["other-host-robots"] == "gap"


def rendered(statement: Statement) -> Site:
    """Return what would be fetched from a site that serves our documents and lines, and nothing else."""
    made = documents.render(statement, CRAWLERS, as_of=date(2026, 11, 1))
    origin = "https://photo.example"

    def reply(path: str, media_type: str = "", body: bytes = b"") -> Reply:
        lines = (("Content-Type", media_type), *made.headers)
        return Reply(url=origin + path, status=200, headers=lines, body=body)

    files = {one.path: reply(one.path, one.media_type, one.body) for one in made.documents}
    terms = next(one for path, one in files.items() if "terms" in path)
    return Site(
        start=f"{origin}/",
        page=reply("/", "text/html", b"<html><img src=/one.jpg>"),
        origin=origin,
        documents={path: one for path, one in files.items() if path.endswith((".txt", "tdmrep.json"))},
        licences=tuple(one for path, one in files.items() if path.endswith(".xml")),
        policies=(terms,),
        terms=(("Terms", terms),),
        pictures=(Picture(reply=reply("/one.jpg", "image/jpeg", picture(packet=""))),),
    )


@pytest.mark.parametrize("stance", list(itertools.product((False, True), repeat=4)), ids=str)
def test_what_we_render_has_no_fault_in_the_eyes_of_readers_that_do_not_know_us(stance: tuple[bool, ...]):
    """For every statement there is: nothing contradicts, and what is reserved is read as reserved."""
    answers = dict(zip(("train", "ai_use", "search", "tdm"), stance, strict=True))
    result = audit(rendered(Statement(base_url="https://photo.example", **answers)), CRAWLERS)

    reserved = {Question(name) for name, permitted in answers.items() if not permitted}
    assert [one.id for one in result.of(Severity.FAULT)] == []
    assert result.contradictions == ()
    assert {question for question, answer in result.careful.items() if answer is Answer.RESERVED} >= reserved
    assert (result.careful[Question.TRAIN] is Answer.PERMITTED) == all(stance)


def test_what_was_not_asked_for_any_more_is_not_held_against_the_site():
    """A missing fact is never an accusation; that facts are missing is said."""
    late = Reply(url="https://photo.example/x", failure=Failure.BUDGET)
    page = Reply(url="https://photo.example/", status=200, headers=(("tdm-reservation", "1"),), body=b"<html>")
    site = Site(
        start=page.url,
        page=page,
        origin="https://photo.example",
        documents={"/robots.txt": late, "/.well-known/tdmrep.json": late},
        as_crawler={"/robots.txt": late},
        licences=(late,),
        policies=(late,),
        pictures=(Picture(reply=late),),
    )
    result = audit(site, CRAWLERS)

    assert result.of(Severity.FAULT) == ()
    assert "incomplete" in {one.id for one in result.findings}
    assert "missing-noai_header" not in {one.id for one in result.findings}


def test_a_robots_txt_that_does_not_come_is_not_called_missing():
    """Nobody knows what is in it."""
    site = ShapedSite(refuse=lambda _, path: 500 if path == "/robots.txt" else 0)

    findings = found(site)

    assert findings["robots-status"] == "fault"
    assert "missing-robots" not in findings
