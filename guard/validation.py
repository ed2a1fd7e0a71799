"""What is wrong with a value, in words for whoever wrote it?

pydantic finds every fault at once, but speaks to programmers ("Extra inputs are not
permitted") and lists every branch of a union that failed. Here its errors become
`Fault`s at the place in the file, with the name that was probably meant.
"""

import difflib
import re
from collections.abc import Iterable, Mapping
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core.core_schema import CoreSchema, no_info_before_validator_function

from guard.errors import ConfigurationError, Fault
from guard.yaml12 import Document, Path

Model = TypeVar("Model", bound=BaseModel)

_TEXTS: Mapping[str, str] = {
    "extra_forbidden": "unknown key",
    "missing": "is missing; add it",
    "string_type": "must be text{quotes}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_type": "must be yes or no",
    "bool_parsing": "must be yes or no",
    "date_type": "must be a date like 2026-11-22",
    "date_parsing": "must be a date like 2026-11-22",
    "date_from_datetime_parsing": "must be a date like 2026-11-22",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "set_type": "must be a list",
    "frozen_set_type": "must be a list",
    "dict_type": "must be a mapping of keys to values",
    "model_type": "must be a mapping of keys to values",
    "model_attributes_type": "must be a mapping of keys to values",
    "dataclass_type": "must be a mapping of keys to values",
    "none_required": "must be empty",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "too_short": "must have at least {min_length} item(s)",
    "too_long": "must have at most {max_length} item(s)",
    "string_too_short": "must have at least {min_length} character(s)",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must match the pattern {pattern}",
    "literal_error": "must be one of {choices}",
    "enum": "must be one of {choices}",
}

_MANY = 12
"""Of more choices than these only the likely one is named."""


class WrongValueError(ValueError):
    """Raised in a model's validator: what is wrong, and optionally what was meant and where inside the value."""

    def __init__(self, message: str, suggestion: str = "", at: Path = ()) -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion
        self.at = at


def suggest(word: str, options: Iterable[str]) -> str:
    """Return the option that `word` was probably meant to be, or an empty string."""
    by_folded = {option.casefold(): option for option in options}
    near = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[near[0]] if near else ""


def in_file_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Return the faults file by file as first met, each file's in order of place and none twice."""
    unique = list(dict.fromkeys(faults))
    files = list(dict.fromkeys(fault.file for fault in unique))
    return tuple(sorted(unique, key=lambda fault: (files.index(fault.file), fault.line, fault.column)))


def validate(model: type[Model], document: Document, path: Path = ()) -> Model:
    """Make a `model` of the value at `path`.

    Raises:
        ConfigurationError: With every fault, in file order.
    """
    try:
        return model.model_validate(document.at(path))
    except ValidationError as error:
        raise ConfigurationError(in_file_order(_faults(model, document, path, error))) from None


def _faults(model: type[BaseModel], document: Document, path: Path, error: ValidationError) -> list[Fault]:
    # One value can fail in several branches of a union. The branch that got deepest is the one that was meant, and of
    # branches that failed at the same place the texts are joined.
    found: dict[Path, list[tuple[bool, Fault]]] = {}
    for detail in error.errors(include_url=False):
        # pydantic counts only the items that are right.
        if detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]:
            continue
        inside, from_union = _path_in_document(document, path, detail["loc"], detail["type"])
        fault, full = _fault(model, document, path, inside, detail)
        found.setdefault(full, []).append((from_union, fault))
    faults: list[Fault] = []
    for full, pairs in found.items():
        deeper = any(len(other) > len(full) and other[: len(full)] == full for other in found)
        kept = [fault for from_union, fault in pairs if not (from_union and deeper)]
        if not kept:
            continue
        messages = list(dict.fromkeys(fault.message for fault in kept))
        joined = messages[0] + "".join(f", or {message.removeprefix('must be ')}" for message in messages[1:])
        suggestion = next((fault.suggestion for fault in kept if fault.suggestion), "")
        first = kept[0]
        faults.append(
            Fault(
                file=first.file,
                line=first.line,
                column=first.column,
                where=first.where,
                message=joined,
                suggestion=suggestion,
            )
        )
    return faults


def _path_in_document(document: Document, path: Path, loc: Path, kind: str) -> tuple[Path, bool]:
    """Return `loc` without pydantic's own steps (names of union branches and validators), and whether it had any."""
    kept: list[str | int] = []
    value = document.at(path)
    dropped = False
    for index, step in enumerate(loc):
        inside = (isinstance(value, dict) and step in value) or (
            isinstance(value, list) and isinstance(step, int) and step < len(value)
        )
        if inside:
            value = value[step]
            kept.append(step)
        elif index == len(loc) - 1 and kind == "missing":
            kept.append(step)
        else:
            dropped = True
    return tuple(kept), dropped


def _fault(model: type[BaseModel], document: Document, path: Path, inside: Path, detail: Any) -> tuple[Fault, Path]:
    kind: str = detail["type"]
    context: dict[str, Any] = detail.get("ctx", {})
    value = detail["input"]
    full = path + inside
    if isinstance(error := context.get("error"), WrongValueError):
        full += error.at
        return document.fault(full, error.message, error.suggestion), full
    if kind == "value_error":
        return document.fault(full, str(error)), full
    suggestion = ""
    choices: list[str] = []
    if kind == "extra_forbidden":
        suggestion = suggest(str(inside[-1]), _keys_at(model, inside[:-1]))
    elif kind in {"literal_error", "enum"}:
        choices = re.findall(r"'([^']*)'", context["expected"])
        suggestion = suggest(value, choices) if isinstance(value, str) else ""
        if suggestion and len(choices) > _MANY:
            return document.fault(full, f"'{value}' is not known", suggestion), full
    quotes = "; put it in quotes" if isinstance(value, bool | int | float) else ""
    words = {
        **{name: _number(bound) for name, bound in context.items()},
        "choices": ", ".join(choices),
        "quotes": quotes,
    }
    text = _TEXTS[kind].format(**words) if kind in _TEXTS else str(detail["msg"]).lower()
    if value is None and kind != "missing":
        text = f"has no value; {text}"
    of_value = kind not in {"extra_forbidden", "missing"}
    return document.fault(full, text, suggestion, of_value=of_value), full


def _number(bound: Any) -> Any:
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def _keys_at(model: type[BaseModel], inside: Path) -> set[str]:
    """Return the keys that the models reachable at `inside` know."""
    types: list[Any] = [model]
    for step in inside:
        types = [found for known in types for found in _step(known, step)]
    return {
        info.alias or name
        for known in types
        for part in flatten(known)
        if isinstance(part, type) and issubclass(part, BaseModel)
        for name, info in part.model_fields.items()
    }


def flatten(annotation: Any) -> list[Any]:
    """Return the members of a union, or the type itself, without `Annotated`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return flatten(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        return [part for member in get_args(annotation) for part in flatten(member)]
    return [annotation]


def _step(annotation: Any, step: str | int) -> list[Any]:
    found: list[Any] = []
    for part in flatten(annotation):
        if isinstance(part, type) and issubclass(part, BaseModel):
            found += [info.annotation for name, info in part.model_fields.items() if (info.alias or name) == step]
        elif isinstance(step, int) and get_origin(part) in {list, tuple, set, frozenset}:
            found += [argument for argument in get_args(part) if argument is not Ellipsis]
        elif get_origin(part) is dict:
            found.append(get_args(part)[1])
    return found


class _Listed:
    """Makes one value where a list may stand into a list of one, in the schema too."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(
            lambda value: value if isinstance(value, list | tuple) or value is None else [value], handler(source)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        listed = handler(schema)
        return {"anyOf": [listed["items"], listed]}


Item = TypeVar("Item")

OneOrMore = Annotated[tuple[Item, ...], Field(min_length=1), _Listed()]
"""One value or a list of them, but not an empty one: a condition that names nothing would match everything."""

# YAML 1.2 has no yes and no, so an editor that checks the file against the schema sees these words as text.
YesNo = Annotated[bool, WithJsonSchema({"enum": [True, False, "yes", "no"]})]
