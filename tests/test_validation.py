"""pydantic's errors become faults with a place, in words for owners."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from guard.errors import ConfigurationError
from guard.validation import OneOrMore, WrongValueError, YesNo, suggest
from guard.yaml12 import load, validate


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


def _even(number: int) -> int:
    if number % 2:
        raise WrongValueError("must be even", str(number + 1))
    return number


class Lamp(BaseModel):
    model_config = ConfigDict(extra="forbid")
    colour: Colour = Colour.RED
    shape: Literal["round", "long"] = "round"
    watts: int = Field(default=5, ge=1, le=60)
    sockets: Annotated[int, AfterValidator(_even)] = 2
    on: YesNo = False
    bought: date | None = None
    fits: str | tuple[int, ...] = ""
    rooms: OneOrMore[str] = ("hall",)


class House(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(alias="called")
    lamps: tuple[Lamp, ...] = ()


def faults(text: str) -> list[str]:
    """Return what is said about a house."""
    with pytest.raises(ConfigurationError) as caught:
        validate(House, load(text.encode(), "h.yaml"))
    return [str(fault) for fault in caught.value.faults]


LAMPS = {
    "unknown key": ("colur: red", "h.yaml:3:5: lamps.0.colur: unknown key (did you mean 'colour'?)"),
    "unknown key like nothing": ("xyzzy: 1", "h.yaml:3:5: lamps.0.xyzzy: unknown key"),
    "enum": ("colour: grene", "h.yaml:3:13: lamps.0.colour: must be one of red, green (did you mean 'green'?)"),
    "enum in capitals": ("colour: RED", "must be one of red, green (did you mean 'red'?)"),
    "literal": ("shape: lon", "h.yaml:3:12: lamps.0.shape: must be one of round, long (did you mean 'long'?)"),
    "too much": ("watts: 100", "h.yaml:3:12: lamps.0.watts: must be at most 60"),
    "too little": ("watts: 0", "must be at least 1"),
    "no number": ("watts: bright", "must be a whole number"),
    "fraction": ("watts: 1.5", "must be a whole number"),
    "yes or no": ("on: maybe", "must be yes or no"),
    "nothing": ("watts:", "h.yaml:3:11: lamps.0.watts: has no value; must be a whole number"),
    "date": ("bought: yesterday", "must be a date like 2026-11-22"),
    "own words": ("sockets: 3", "h.yaml:3:14: lamps.0.sockets: must be even (did you mean '4'?)"),
    "branches": ("fits: 5", "h.yaml:3:11: lamps.0.fits: must be text; put it in quotes, or a list"),
    "the deeper branch": ("fits: [a]", "h.yaml:3:12: lamps.0.fits.0: must be a whole number"),
    "empty list": ("rooms: []", "h.yaml:3:12: lamps.0.rooms: must have at least 1 item(s)"),
    "wrong item of one": ("rooms: 5", "h.yaml:3:12: lamps.0.rooms: must be text; put it in quotes"),
}


@pytest.mark.parametrize(("line", "said"), LAMPS.values(), ids=list(LAMPS))
def test_a_wrong_value_is_told_once_with_its_place(line: str, said: str) -> None:
    """One fault is one line, whatever pydantic makes of it."""
    (told,) = faults(f"called: x\nlamps:\n  - {line}\n")

    assert said in told


def test_all_faults_come_in_file_order() -> None:
    """The reader goes down the file once."""
    told = faults("lamps:\n  - watts: 0\n    colur: red\n  - 5\nnam: x\n")

    assert told == [
        "h.yaml:1:1: called: is missing; add it",
        "h.yaml:2:12: lamps.0.watts: must be at least 1",
        "h.yaml:3:5: lamps.0.colur: unknown key (did you mean 'colour'?)",
        "h.yaml:4:5: lamps.1: must be a mapping of keys to values",
        "h.yaml:5:1: nam: unknown key",
    ]


def test_yes_and_no_are_truth_values_where_one_is_meant() -> None:
    """YAML 1.2 reads them as words, and the owner means what they say."""
    document = load(b"called: no\nlamps: [{on: yes}, {on: off}, {on: true, rooms: hall}]\n", "h.yaml")

    house = validate(House, document)

    assert house.name == "no"
    assert [lamp.on for lamp in house.lamps] == [True, False, True]
    assert house.lamps[2].rooms == ("hall",)


def test_a_part_of_a_document_is_validated_with_its_whole_path() -> None:
    """The places are those of the file, not of the part."""
    with pytest.raises(ConfigurationError) as caught:
        validate(Lamp, load(b"a:\n  - watts: 0\n", "h.yaml"), ("a", 0))

    assert str(caught.value) == "h.yaml:2:12: a.0.watts: must be at least 1"


def test_one_or_more_is_both_in_the_schema() -> None:
    """An editor that checks the file accepts what the program accepts."""
    schema = Lamp.model_json_schema()["properties"]

    assert [branch["type"] for branch in schema["rooms"]["anyOf"]] == ["string", "array"]
    assert schema["on"]["enum"] == [True, False, "yes", "no"]


@pytest.mark.parametrize(
    ("word", "meant"),
    [("acton", "action"), ("ACTION", "action"), ("zzz", ""), ("", "")],
    ids=["typo", "case", "no", "empty"],
)
def test_a_suggestion_is_near_or_none(word: str, meant: str) -> None:
    """A far-fetched suggestion is worse than none."""
    assert suggest(word, ["action", "when", "limit"]) == meant
