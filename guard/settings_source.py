"""Which values come from outside the file?

Inside any text of the file `${NAME}` is the variable NAME, `${NAME:-text}` has a default,
`${NAME:?message}` says why it is needed, and `$$` is a dollar sign. A variable named
`GUARD_` and a key path with `__` between the keys replaces that key: `GUARD_LISTEN`,
`GUARD_CLIENT_IP__FROM`, `GUARD_SITES__0__UPSTREAM`. A list of texts is written with commas.
Rules can not be set this way.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from guard.errors import Fault, UsageError
from guard.validation import flatten, suggest
from guard.yaml12 import MAX_BYTES, Document, Path

PREFIX = "GUARD_"
OTHER_VARIABLES = frozenset({"GUARD_CONFIG", "GUARD_EVIDENCE_PASSPHRASE_FD"})
"""Variables of the command line that name no key."""

_REFERENCE = re.compile(r"\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:-|:\?)([^}]*))?\}|\{)")


def read_file(path: FilePath) -> bytes:
    """Return the bytes of a file that the owner named, read no further than is ever parsed."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file; {_HOW_TO_MAKE_ONE}") from None
    except OSError as error:
        raise UsageError(f"{path}: can not be read: {(error.strerror or str(error)).lower()}") from None


_HOW_TO_MAKE_ONE = """`guard init` writes one, or make one that holds at least

  sites:
    - host: photo.example
      upstream: http://127.0.0.1:8080

or run without a file: guard serve --upstream http://127.0.0.1:8080"""


def interpolate(document: Document, environ: Mapping[str, str]) -> tuple[Document, list[Fault]]:
    """Return the document with every `${NAME}` replaced, and the faults of those that can not be."""
    faults: list[Fault] = []

    def text(value: str, path: Path) -> str:
        def replacement(match: re.Match[str]) -> str:
            name, operator, words = match[1], match[2], match[3]
            if match[0] == "$$":
                return "$"
            if name is None:
                faults.append(document.fault(path, "'${' must be followed by a name and '}'; write '$$' for a '$'"))
                return ""
            if given := environ.get(name, ""):
                return given
            if operator == ":-":
                return str(words)
            if operator is None and name in environ:
                return ""
            reason = f": {words}" if operator == ":?" and words else ""
            faults.append(
                document.fault(path, f"the variable {name} is not set{reason}; set it, or write ${{{name}:-default}}")
            )
            return ""

        return _REFERENCE.sub(replacement, value)

    def walk(value: Any, path: Path) -> Any:
        if isinstance(value, str):
            return text(value, path)
        if isinstance(value, list):
            return [walk(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: walk(item, (*path, key)) for key, item in value.items()}
        return value

    return document.changed(walk(document.value, ()), {}), faults


def with_environment(
    document: Document, environ: Mapping[str, str], model: type[BaseModel]
) -> tuple[Document, list[Fault]]:
    """Return the document with every `GUARD_` variable put at its key, and the faults of those that have none."""
    known = {PREFIX + "__".join(part.upper() for part in names): is_list for names, is_list in _leaves(model)}
    faults: list[Fault] = []
    found: dict[Path, tuple[Any, str]] = {}
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in OTHER_VARIABLES:
            continue
        template = re.sub(r"__\d+(?=__|$)", "__0", name)
        if template not in known:
            rules = template == f"{PREFIX}RULES" or template.startswith(f"{PREFIX}RULES__")
            message = "rules are written in a file only" if rules else "no such setting"
            meant = "" if rules else suggest(template, known)
            faults.append(Fault(file=name, line=0, column=0, where="", message=message, suggestion=meant))
            continue
        path = tuple(int(part) if part.isdigit() else part.lower() for part in name[len(PREFIX) :].split("__"))
        text = environ[name]
        value = [part.strip() for part in text.split(",") if part.strip()] if known[template] else text
        found[path] = (value, name)
    return _with_values(document, found, faults)


def with_overrides(document: Document, overrides: Mapping[str, str]) -> tuple[Document, list[Fault]]:
    """Return the document with what options of the command line gave; their names are key paths with dots."""
    found: dict[Path, tuple[Any, str]] = {}
    for name, value in overrides.items():
        path = tuple(int(part) if part.isdigit() else part for part in name.split("."))
        found[path] = (value, f"--{path[-1]}")
    return _with_values(document, found, [])


def _with_values(
    document: Document, found: Mapping[Path, tuple[Any, str]], faults: list[Fault]
) -> tuple[Document, list[Fault]]:
    value = document.value
    origins: dict[Path, str] = {}
    for path, (given, name) in found.items():
        try:
            value = _put(value, path, given)
            origins[path] = name
        except LookupError:
            message = f"there is no place for '{'.'.join(map(str, path))}'; number list items from 0, without gaps"
            faults.append(Fault(file=name, line=0, column=0, where="", message=message))
    return document.changed(value, origins), faults


def _put(value: Any, path: Path, given: Any) -> Any:
    """Return a copy of `value` with `given` at `path`; LookupError where the path can not be."""
    if not path:
        return given
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        items = list(value) if isinstance(value, list) else []
        if step > len(items) or not (value is None or isinstance(value, list)):
            raise LookupError
        return [*items[:step], _put(items[step] if step < len(items) else None, rest, given), *items[step + 1 :]]
    if not (value is None or isinstance(value, dict)):
        raise LookupError
    members = dict(value or {})
    members[step] = _put(members.get(step), rest, given)
    return members


def _leaves(model: type[BaseModel]) -> Iterator[tuple[tuple[str, ...], bool]]:
    """Yield the key path of everything that a variable can set (0 for any index), and whether it is a list of texts."""
    for field, info in model.model_fields.items():
        key = info.alias or field
        for kind in flatten(info.annotation):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from (((key, *path), is_list) for path, is_list in _leaves(kind))
            elif get_origin(kind) is tuple:
                item = flatten(get_args(kind)[0])[0]
                if item is str:
                    yield (key,), True
                elif key != "rules":  # those are written in a file only
                    yield from (((key, "0", *path), is_list) for path, is_list in _leaves(item))
            elif kind is not type(None):
                yield (key,), False
