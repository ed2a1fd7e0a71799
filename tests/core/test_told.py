"""What lines tell is kept while they come again, and for nobody else."""

from datetime import UTC, datetime

from guard.core.facts import HeaderLines
from guard.core.told import LONGEST, Told, ToldBefore
from tests.support.facts import request

AT = datetime(2026, 11, 25, tzinfo=UTC)


def told(**lines: str) -> Told:
    facts = request(**lines)
    return Told(facts.site, facts.scheme, facts.authority, facts.host, facts.version, facts.headers, facts.client)


def test_it_is_the_facts_of_whatever_is_asked_for():
    """With the path that rules match on."""
    facts = told(Accept="a").asks("HEAD", "/a/../b%41?c", at=AT)

    assert (facts.method, facts.target, facts.path, facts.at) == ("HEAD", "/a/../b%41?c", "/bA", AT)
    assert facts.headers == request(Accept="a").headers


def test_what_is_kept_has_lines_that_keep():
    """Longer lines than a browser's are not kept, and told all the same."""
    before = ToldBefore()
    short, long = told(Accept="a"), told(Accept="a" * LONGEST)

    assert before.keep("short", short) == short
    assert type(before.get("short").headers) is HeaderLines
    assert before.keep("long", long) is long
    assert before.get("long") is None
    assert len(before) == 1


def test_what_came_longest_ago_goes_first():
    """There is an end to it."""
    before = ToldBefore(2)
    for number in (1, 2):
        before.keep(number, told())
    before.get(1)
    before.keep(3, told())

    assert [before.get(number) is not None for number in (1, 2, 3)] == [True, False, True]
