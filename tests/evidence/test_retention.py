"""Is what identifies a person kept as short as it should be, and a trace as long?"""

import pytest

from guard.evidence import record
from guard.evidence.disclosure import Group
from guard.evidence.retention import Lifetime, lifetime_of
from tests.support.evidence import AT, request_leaf

OF_PEOPLE = {"person", "request"}


@pytest.mark.parametrize("grade", ["", "D", "E"])
def test_an_unverified_client_may_be_a_person(grade):
    """Address, query and header lines go early; tool, network and what was asked for stay."""
    one = record.read(request_leaf(grade=grade))

    assert {group for group in Group if lifetime_of(one, group) is Lifetime.PEOPLE} == OF_PEOPLE


@pytest.mark.parametrize("grade", ["A", "B", "C"])
def test_a_verified_crawler_is_no_person(grade):
    """Its address is what the operator publishes, and proves who it was."""
    one = record.read(request_leaf(grade=grade))

    assert all(lifetime_of(one, group) is Lifetime.TOOLS for group in Group)


def test_what_visitors_asked_for_is_a_persons():
    """Also where they turned out to be a program."""
    one = record.read(record.commitment(at=AT, site="photo.example", since=AT, until=AT, count=1, sd=()))

    assert {group for group in Group if lifetime_of(one, group) is Lifetime.PEOPLE} == OF_PEOPLE


def test_a_group_that_nobody_knows_goes_early():
    """Better a lost value than one kept too long."""
    assert lifetime_of(record.read(request_leaf()), "later") is Lifetime.PEOPLE
