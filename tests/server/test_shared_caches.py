"""Does a cache in front keep what a person was sent, and hand it to a crawler?"""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from guard.core.facts import HeaderLines, Kind
from guard.core.policy import Action, Condition, Policy, Rule
from guard.server.shared_caches import SharedCaches, for_one_party
from tests.support.facts import request, seen

SAID = (("Content-Type", "image/jpeg"), ("Cache-Control", "public, max-age=60"), ("CDN-Cache-Control", "max-age=9"))
AS_BEFORE = "public, max-age=60"
REFUSED = Rule(id="refused", when=Condition(purpose=frozenset({"ai_training"})), action=Action.REFUSE)
ALBUM = Rule(id="album", when=Condition(path=("/album/",), kind=frozenset({"original"})), action=Action.PREVIEW)


def caching(rule, kind=Kind.ORIGINAL, path="/a.jpg", *, status=200, hands_off=False, said=SAID):
    rules = Policy(name="test", rules=(rule,), content=b"", digest="0" * 64)
    exchange = SimpleNamespace(facts=request(path), seen=replace(seen(kind), hands_off=hands_off))
    return dict(SharedCaches(rules).dressed(exchange, status, said)).get("Cache-Control")


@pytest.mark.parametrize("kind", [Kind.THUMBNAIL, Kind.IMAGE, Kind.ORIGINAL])
def test_a_picture_that_somebody_is_refused_is_kept_by_no_shared_cache(kind):
    """A browser keeps it as long as before; a CDN that keeps pictures unasked is told as well."""
    assert caching(REFUSED, kind) == "private, max-age=60"
    assert caching(REFUSED, kind, said=()) == "private"


def test_what_everybody_gets_stays_as_it_is():
    """Pages, scripts, errors, and pictures about which no rule says less, are as cacheable as the site made them."""
    noted, allowed = replace(REFUSED, monitor=True), replace(REFUSED, action=Action.ALLOW)

    assert {caching(REFUSED, Kind.PAGE), caching(REFUSED, Kind.OTHER), caching(REFUSED, status=404)} == {AS_BEFORE}
    assert {caching(noted), caching(allowed), caching(REFUSED, hands_off=True)} == {AS_BEFORE}


def test_a_rule_about_one_album_touches_no_other():
    """Where and for which kind a rule holds is known; for whom it holds is what a cache can not tell."""
    assert caching(ALBUM, path="/album/a.jpg") == "private, max-age=60"
    assert {caching(ALBUM), caching(ALBUM, Kind.IMAGE, "/album/a.jpg")} == {AS_BEFORE}


@pytest.mark.parametrize(
    "said",
    [
        SAID,
        (),
        (("ETag", "a"),),
        (("Expires", "now"),),
        (("Surrogate-Control", "max-age=9"),),
        (("CACHE-CONTROL", "s-maxage=1"),),
    ],
)
@pytest.mark.parametrize("more", [(), ("no-store",)])
def test_lines_that_keep_what_was_made_of_them_come_out_like_any_others(said, more):
    """Where they say nothing to caches there is less to do, and the same comes of it."""
    assert for_one_party(HeaderLines(said), *more) == for_one_party(said, *more)
