"""Is tdmrep.json valid to the letter, and does the checker see what is not?"""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.reservation import tdmrep
from guard.reservation.statement import Statement


def test_the_file_is_an_array_with_the_number_one():
    """One rule for the whole site, with the policy's address, byte for byte as the specification's example."""
    statement = Statement(holder="Jane Doe", base_url="https://photo.example")

    document = json.loads(tdmrep.render(tdmrep.rules(statement)))

    policy = "https://photo.example/.well-known/guard/terms"
    assert document == [{"location": "/", "tdm-reservation": 1, "tdm-policy": policy}]
    assert type(document[0]["tdm-reservation"]) is int


def test_nothing_reserved_has_no_policy():
    """A file that reserves nothing points nobody to terms."""
    statement = Statement(holder="Jane Doe", train=True, ai_use=True, search=True, tdm=True)

    assert json.loads(tdmrep.render(tdmrep.rules(statement))) == [{"location": "/", "tdm-reservation": 0}]


@pytest.mark.parametrize("base_url", ["", "https://photo.example"])
@pytest.mark.parametrize("train", [False, True])
def test_what_is_rendered_passes_the_checker(base_url, train):
    """The checker finds nothing in our own file."""
    statement = Statement(holder="Jane Doe", base_url=base_url, train=train)

    assert tdmrep.problems(tdmrep.render(tdmrep.rules(statement))) == ()


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        '[{"location": "/a$", "tdm-reservation": 0}, {"location": "/a$b", "tdm-reservation": 1}]',
        '[{"location": "/a*b", "tdm-reservation": 0}, {"location": "/ac", "tdm-reservation": 1}]',
        '[{"location": "/", "tdm-reservation": 1, "tdm-policy": "https://photo.example/p.json", "note": "x"}]',
    ],
)
def test_the_checker_spares_what_readers_accept(body):
    """A pattern that does not cover the next, and members that the specification does not know, are no problem."""
    assert tdmrep.problems(body.encode()) == ()


GOOD = '{"location": "/", "tdm-reservation": 1}'


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("", "not JSON"),
        ("<!DOCTYPE html><title>Not found</title>", "not JSON"),
        ("[" * 100_000, "not JSON"),
        (GOOD, "not an array of rules"),
        ('{"version": 1, "policies": [{"location": "/", "right": "none"}]}', "not an array of rules"),
        (f"[[{GOOD}]]", "rule 0: not an object"),
        ('[{"location": "/", "tdm-reservation": "1"}]', "rule 0: tdm-reservation is not the number 1 or 0"),
        ('[{"location": "/", "tdm-reservation": true}]', "rule 0: tdm-reservation is not the number 1 or 0"),
        ('[{"location": "/", "tdm-reservation": 1.0}]', "rule 0: tdm-reservation is not the number 1 or 0"),
        ('[{"location": "/", "tdm-reservation": 2}]', "rule 0: tdm-reservation is not the number 1 or 0"),
        ('[{"location": "/"}]', "rule 0: tdm-reservation is not the number 1 or 0"),
        ('[{"location": "/", "tdm-reservation": 0, "tdm-reservation": 1}]', "given twice"),
        ('[{"tdm-reservation": 1}]', "rule 0: location is not a path pattern"),
        ('[{"location": "*.jpg", "tdm-reservation": 1}]', "rule 0: location is not a path pattern"),
        ('[{"location": "/", "tdm-reservation": 1, "tdm-policy": null}]', "rule 0: tdm-policy is not a URL"),
        ('[{"location": "/", "tdm-reservation": 1, "tdm-policy": "terms"}]', "rule 0: tdm-policy is not a URL"),
        ('[{"location": "/", "tdm-reservation": 1, "tdm-policy": "//x/y"}]', "rule 0: tdm-policy is not a URL"),
        (f'[{GOOD}, {{"location": "/a", "tdm-reservation": 0}}]', "rule 1: never reached"),
        (f'[{GOOD.replace("/", "/a*")}, {{"location": "/ab$", "tdm-reservation": 0}}]', "rule 1: never reached"),
    ],
)
def test_the_checker_sees(body, problem):
    """Each of these is dropped or read otherwise by some reader."""
    found = tdmrep.problems(body.encode())

    assert any(problem in line for line in found), found


LOCATIONS = st.lists(st.sampled_from("ab/*$"), max_size=6).map(lambda parts: "/" + "".join(parts))


@given(locations=st.lists(LOCATIONS, unique_by=lambda location: location.rstrip("*")))
def test_rules_in_any_order_are_written_so_that_each_can_be_reached(locations):
    """First match wins, so no rule may stand behind one that covers it."""
    rules = tuple(tdmrep.Rule(location=location, reservation=1) for location in locations)

    assert tdmrep.problems(tdmrep.render(rules)) == ()


@given(body=st.binary(max_size=200))
def test_the_checker_survives_any_bytes(body):
    """Whatever a site sends in that place, there is an answer."""
    assert isinstance(tdmrep.problems(body), tuple)
