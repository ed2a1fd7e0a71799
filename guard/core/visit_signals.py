"""What is odd about the pictures that a client took, and how it came to them?

Called when a request was answered, with the client's record up to date. A picture is *loose* when nothing shows that
the client came to it from a page of ours: the browser does not attest it (Sec-Fetch-Site), and neither Referer nor the
styles and thumbnails of a page just visited speak for it. A picture that a page of somebody else shows is not loose
either: hotlinks and feed readers in the web are people.
"""

from collections.abc import Iterator

from guard.core import robots_standing
from guard.core.behaviour import (
    ASKED,
    EMBEDDED,
    ERRORS,
    FULL,
    FULL_RATE,
    GAP_MEAN,
    GAP_VARIANCE,
    GAPS,
    HEADS,
    LOOSE,
    NAVIGATED,
    NEIGHBOURS,
    NO_REFERER,
    PAGES,
    PARTS,
    REFUSED,
    REVISITS,
    ROTATIONS,
    SIZES,
    Past,
)  # fmt: skip
from guard.core.facts import Kind
from guard.core.header_signals import HeaderReading, Referer, Sign
from guard.core.observation import Answered, Observation, album_id, last_number, picture_id, stem_id
from guard.core.signals import INDEX, BehaviourRules, SignalId

_FULL = frozenset({Kind.IMAGE, Kind.ORIGINAL})
_OWN_SITES = frozenset({"same-origin", "same-site"})
_FEED = 30
"""Pictures in about an hour, more than a feed brings."""
_MANY = 20
"""Pictures by themselves in about an hour, more than a person opens, whatever else that person looks at."""
_FEWEST = 3.5
"""Fewer pictures than this say nothing, however small the portfolio: image searches lead people to single ones."""
_FROM_SEARCH = 0.3
"""What a picture counts that another site's link led to: people follow such links, though not thirty in an hour."""
_SEEN = 0.1
"""Of a page that is all but forgotten this much is left."""
_PARTS_OF_A_VISIT = 0.5
"""Styles, scripts and thumbnails that show that a page was really looked at, a while ago too."""
_A_FEW = 3
_A_PAGE = 0.5
"""Of a page seen in the last three quarters of an hour this much is left."""
_PARTS = (".css", ".js", ".mjs", ".woff2", ".woff", ".ttf")
_BARE_ICONS = frozenset({"/favicon.ico", "/apple-touch-icon.png", "/apple-touch-icon-precomposed.png"})
"""What a browser asks for beside a bare picture too; its size is often not told, so it may look like a picture."""
_NEAR = 3
"""Tools that fetch a few at a time mix up the order of neighbours."""
_QUIET_GAP = 1.0
"""Seconds; shorter gaps are the burst of one page or one slow network, not somebody's rhythm."""
_REGULAR = 0.02
"""Variance of the logarithm of gaps under which they are regular: a spread of about 15 %."""


def count(past: Past, seen: Observation, answered: Answered) -> bool:
    """Take one answered request into the record; tell whether it was a picture of display size or up."""
    values, kind, facts, reading = past.values, answered.kind, seen.facts, seen.head.lines
    values[ASKED] += 1
    if facts.method == "HEAD":
        values[HEADS] += 1
    if answered.status in {404, 410}:
        values[ERRORS] += 1
    if answered.refused:
        values[REFUSED] += 1
    if answered.robots_digest:
        robots_standing.serve(past.told, facts.host, answered.robots_digest, seen.at)
    # The page that says that something is not there is no page that anybody looked at.
    elif kind is Kind.PAGE and answered.status < 400:
        values[PAGES] += 1
    if _is_part(seen, reading, answered):
        values[PARTS] += 1
    if kind not in _FULL or facts.path in _BARE_ICONS:
        return False
    _count_picture(past, seen, reading, answered)
    return True


def _count_picture(past: Past, seen: Observation, reading: HeaderReading, answered: Answered) -> None:
    values, facts = past.values, seen.facts
    past.full_seen += 1
    values[FULL] += 1
    values[FULL_RATE] += 1
    referer = seen.head.referer
    ours = _is_ours(values, reading, referer)
    if reading.embedded:
        values[EMBEDDED] += 1
    elif reading.navigating and not ours:
        values[NAVIGATED] += _FROM_SEARCH if reading.fetch_site == "cross-site" else 1
    if not ours and not _shown_elsewhere(reading, referer):
        values[LOOSE] += 1
    # A privacy add-on hides where a picture in a page comes from; nobody needs one to hide that a list was read.
    if referer is Referer.NONE and reading.fetch_site in {"", "none"} and not (reading.embedded and reading.plausible):
        values[NO_REFERER] += 1
    new = past.add_picture(picture_id(facts))
    stem = stem_id(facts)
    if new and stem and stem == past.last_stem:
        values[SIZES] += 1
    past.last_stem = stem
    if answered.status == 304:
        values[REVISITS] += 1
    past.add_album(album_id(facts))
    number = last_number(facts)
    if number >= 0 and past.last_number >= 0 and 0 < abs(number - past.last_number) <= _NEAR:
        values[NEIGHBOURS] += 1
    past.last_number = number
    gap = seen.at - past.last_full
    if past.last_full and gap >= _QUIET_GAP:
        past.time_gap(gap)
    past.last_full = seen.at


def _is_part(seen: Observation, reading: HeaderReading, answered: Answered) -> bool:
    """Tell a style, a script, a font or a thumbnail that a page shows."""
    if answered.kind is Kind.THUMBNAIL:
        return reading.embedded and seen.facts.path not in _BARE_ICONS
    return answered.kind is Kind.OTHER and seen.facts.path.endswith(_PARTS)


def _is_ours(values: list[float], reading: HeaderReading, referer: Referer) -> bool:
    if reading.fetch_site:
        return reading.fetch_site in _OWN_SITES
    visited = values[PARTS] >= _PARTS_OF_A_VISIT
    if reading.embedded:
        if referer is Referer.OWN and reading.borne_out:
            return True
        # Lines without Sec-Fetch may be a proxy's work or copied out of a browser; whoever copies them sees no page.
        return referer is not Referer.FOREIGN and (visited or values[PAGES] >= _A_PAGE)
    if reading.navigating:
        # Where the page itself came from a cache, what it shows still came from us.
        visited = visited or values[EMBEDDED] >= max(_A_FEW, 0.4 * values[FULL])
        return (referer is Referer.OWN and (reading.borne_out or visited)) or (reading.plausible and visited)
    return False


def _shown_elsewhere(reading: HeaderReading, referer: Referer) -> bool:
    """Tell a picture that a page of another site shows."""
    if reading.fetch_site:
        return reading.embedded and reading.fetch_site == "cross-site"
    return reading.embedded and reading.plausible and referer is Referer.FOREIGN


def visit_signs(
    past: Past, seen: Observation, answered: Answered, rules: BehaviourRules, *, full: bool
) -> Iterator[Sign]:
    """Yield what speaks against, or for, the client after `count`."""
    reading = seen.head.lines
    yield from _of_pages(past, answered, rules, part=_is_part(seen, reading, answered))
    if full:
        yield from _of_one_picture(past, seen, reading, rules)
        yield from _of_collection(past, seen, rules)
        yield from _of_timing(past, rules)


def _after(rules: BehaviourRules, signal: SignalId, originals: int) -> float:
    """Return from which count on a signal is looked at: earlier where the whole portfolio is small."""
    after = rules.signals[INDEX[signal]].after
    small = rules.thresholds.small_portfolio
    return after if not 0 < originals < small else max(_FEWEST, after * originals / small)


def _is_visit(values: list[float]) -> bool:
    """Tell whether most pictures were come to from pages, and the others are not many."""
    return values[LOOSE] < min(0.5 * values[FULL], _MANY)


def _of_pages(past: Past, answered: Answered, rules: BehaviourRules, *, part: bool) -> Iterator[Sign]:
    values = past.values
    bare = answered.kind is Kind.PAGE or (answered.kind in _FULL and not _is_visit(values))
    if bare and values[PAGES] >= rules.signals[INDEX[SignalId.PAGES_WITHOUT_PARTS]].after:
        parts = values[PARTS]
        if parts < 0.3:
            yield INDEX[SignalId.PAGES_WITHOUT_PARTS], f"{values[PAGES]:.0f} pages, {parts:.0f} styles or icons"
    if part and values[PAGES] > _SEEN and answered.status in {200, 206, 304}:
        yield INDEX[SignalId.PAGE_WITH_PARTS], ""
    if values[HEADS] >= rules.signals[INDEX[SignalId.HEAD_SWEEP]].after:
        yield INDEX[SignalId.HEAD_SWEEP], f"{values[HEADS]:.0f} HEAD"
    if (
        values[ERRORS] >= rules.signals[INDEX[SignalId.MISSING_ADDRESSES]].after
        and values[ERRORS] > 0.1 * values[ASKED]
    ):
        yield INDEX[SignalId.MISSING_ADDRESSES], f"{values[ERRORS]:.0f} of {values[ASKED]:.0f} not there"
    if values[ROTATIONS] >= rules.signals[INDEX[SignalId.USER_AGENT_ROTATION]].after:
        yield INDEX[SignalId.USER_AGENT_ROTATION], f"{values[ROTATIONS]:.0f} changes"


def _of_one_picture(past: Past, seen: Observation, reading: HeaderReading, rules: BehaviourRules) -> Iterator[Sign]:
    values, originals = past.values, seen.originals
    full, loose, pages = values[FULL], values[LOOSE], values[PAGES]
    # A program that does not say that it is a browser lies about nothing; it may be somebody's feed reader.
    if reading.library_signs >= 2 and (reading.claims_browser or full >= _FEED):
        yield INDEX[SignalId.LIBRARY_HEADERS], f"{reading.library_signs} of 3"
    navigated = values[NAVIGATED]
    # Whoever looks at pages may open more pictures by themselves, but not without end.
    more = min(0.25 * (values[EMBEDDED] + values[PARTS]), _MANY)
    if reading.navigating and navigated >= _after(rules, SignalId.NAVIGATION_TO_PICTURES, originals) + more:
        yield INDEX[SignalId.NAVIGATION_TO_PICTURES], f"{navigated:.0f} of {full:.0f}"
    if _is_visit(values):
        if reading.embedded and _is_ours(values, reading, seen.head.referer):
            yield INDEX[SignalId.PICTURE_IN_PAGE], ""
        return
    if full >= _after(rules, SignalId.PICTURES_WITHOUT_PAGES, originals) and pages < _SEEN and values[PARTS] < 1:
        yield INDEX[SignalId.PICTURES_WITHOUT_PAGES], f"{full:.0f} pictures, no page"
    if full >= _after(rules, SignalId.PICTURES_PER_PAGE, originals) and loose > 20 * (pages + 1):
        yield INDEX[SignalId.PICTURES_PER_PAGE], f"{loose / (pages + 1):.0f} a page"
    if full >= _after(rules, SignalId.NO_REFERER, originals) and values[NO_REFERER] > 0.9 * full:
        yield INDEX[SignalId.NO_REFERER], f"{values[NO_REFERER]:.0f} of {full:.0f}"


def _of_collection(past: Past, seen: Observation, rules: BehaviourRules) -> Iterator[Sign]:
    values, originals = past.values, seen.originals
    full = values[FULL]
    if _is_visit(values):
        return
    distinct = past.distinct_pictures
    if past.full_seen >= _after(rules, SignalId.BREADTH, originals) and distinct > 0.8 * past.full_seen:
        yield INDEX[SignalId.BREADTH], f"about {distinct:.0f} pictures of {past.distinct_albums:.0f} albums"
    steps = values[NEIGHBOURS]
    if full >= _after(rules, SignalId.DATASET_ORDER, originals) and steps > 0.7 * full:
        yield INDEX[SignalId.DATASET_ORDER], f"{steps:.0f} of {full:.0f} one after the other"
    sizes = values[SIZES]
    if sizes >= _after(rules, SignalId.SIZE_ENUMERATION, originals) and sizes > 0.3 * full:
        yield INDEX[SignalId.SIZE_ENUMERATION], f"{sizes:.0f} of {full:.0f} another size of the one before"
    if originals and distinct >= rules.signals[INDEX[SignalId.PORTFOLIO_SHARE]].after and distinct > 0.25 * originals:
        yield INDEX[SignalId.PORTFOLIO_SHARE], f"about {min(100, 100 * distinct / originals):.0f} % of all originals"
    if (
        past.full_seen >= rules.signals[INDEX[SignalId.NO_REVISITS]].after
        and values[REVISITS] < 0.02 * full
        and distinct > 0.8 * past.full_seen
    ):
        yield INDEX[SignalId.NO_REVISITS], f"{past.full_seen} pictures, none twice"


def _of_timing(past: Past, rules: BehaviourRules) -> Iterator[Sign]:
    values = past.values
    if values[GAPS] >= rules.signals[INDEX[SignalId.REGULAR_GAPS]].after and values[GAP_VARIANCE] < _REGULAR:
        yield INDEX[SignalId.REGULAR_GAPS], f"one each {2.718281828 ** values[GAP_MEAN]:.1f} s"
    if not _is_visit(values):
        if values[FULL_RATE] >= rules.signals[INDEX[SignalId.SUSTAINED_RATE]].after:
            yield INDEX[SignalId.SUSTAINED_RATE], f"{values[FULL_RATE]:.0f} pictures"
        if values[REFUSED] >= rules.signals[INDEX[SignalId.WENT_ON]].after:
            yield INDEX[SignalId.WENT_ON], f"{values[REFUSED]:.0f} after a refusal"
