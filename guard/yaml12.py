"""What does a YAML file say, and where does it say so?

PyYAML alone reads YAML 1.1: `off` is False there, `22:22` is 1342, `0755` is 493, and
a key given twice silently loses its first value. Here scalars follow the core schema of
YAML 1.2.2 (section 10.3.2), which is also what editors check: `off` and `no` are text.
A key given twice is a fault that names both lines, because half of a policy would be
lost otherwise. Every key, item and value keeps its place, so that a fault found much
later still points at it.

PyYAML only splits the text into events; nodes are built here, so that depth, number of
nodes and aliases are bounded before anything is built.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import yaml

from guard.errors import ConfigurationError, Fault

if TYPE_CHECKING:
    from pydantic import BaseModel

    Model = TypeVar("Model", bound=BaseModel)

Path = tuple[str | int, ...]

MAX_BYTES = 1 << 20
MAX_NODES = 100_000
"""Also counts what aliases repeat, so a file of ten lines can not become a million values."""
MAX_DEPTH = 32

# The C parser reads the rules ten times faster; wheels of PyYAML carry it, a build from source may not.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# YAML 1.2.2, section 10.3.2.
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_SPECIAL_FLOAT = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MAX_DIGITS = 100

# YAML 1.2.2, section 5.1, without NEL, LS, PS and a byte order mark inside the text: YAML 1.1 ends a line at the
# first three, YAML 1.2 does not, so the program and the editor would count lines differently.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

# The parsers' own words -> ours, each with the next step. The first that is found in the problem counts.
_PROBLEMS = (
    ("tab character", "a tab is used for indentation; YAML allows only spaces there"),
    (
        "that cannot start any token",
        "a value can not start with this character; put the value in quotes",
    ),
    (
        "mapping values are not allowed",
        "a ':' is not expected here; put a value that contains ': ' in quotes, or correct the indentation",
    ),
    (
        "could not find expected ':'",
        "this is neither 'key: value' nor a list item; a ':' or a closing quote is missing, or the indentation is off",
    ),
    ("unexpected end of stream", "a quote that is opened here or above is never closed; close it"),
    ("or ']'", "a ',' or the closing ']' is missing; complete the list"),
    ("or '}'", "a ',' or the closing '}' is missing; complete the mapping"),
    ("escape", "in double quotes a backslash starts an escape; write it twice, or use single quotes"),
    ("sequence entries are not allowed", "a list item is not expected here; correct the indentation"),
    ("expected <block end>", "the indentation does not match the lines above; align it with them"),
    ("did not find expected key", "the indentation does not match the lines above; align it with them"),
    ("did not find expected '-' indicator", "the indentation does not match the list above; align it with its '-'"),
    (
        "alphabetic or numeric character",
        "a value that starts with '*' or '&' stands for something else in YAML; quote it",
    ),
    ("expected the node content", "a value is expected here; write one, or quote it if it starts with this character"),
    ("did not find expected node content", "a value is expected here; write one, or quote it"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    line: int
    column: int
    value: Any
    children: Mapping[str | int, "_Node"] = field(default_factory=dict)
    keys: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    size: int = 1
    height: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One YAML file as plain values, which still knows the place of each."""

    value: Any
    file: str
    origins: Mapping[Path, str] = field(default_factory=dict)
    """Values that do not come from the file: their path and who gave them, e.g. `GUARD_LISTEN`."""
    root: Any = field(default=None, repr=False)

    def at(self, path: Path) -> Any:
        """Return the value at `path`; KeyError or IndexError where there is none."""
        value = self.value
        for step in path:
            value = value[step]
        return value

    def place(self, path: Path, *, of_value: bool = False) -> tuple[int, int]:
        """Return line and column, from 1, of the key or item at `path`, or of its value.

        Where there is nothing at `path`, the place of the innermost thing around it.
        """
        node: _Node = self.root
        place = (node.line, node.column)
        for step in path:
            child = node.children.get(step)
            if child is None:
                return place
            place = (child.line, child.column)
            if isinstance(step, str):
                place = node.keys[step]
            node = child
        return (node.line, node.column) if of_value else place

    def fault(self, path: Path, message: str, suggestion: str = "", *, of_value: bool = True) -> Fault:
        """Return a fault at the value, or at the key, of `path`."""
        for length in range(len(path), -1, -1):
            origin = self.origins.get(path[:length])
            if origin is not None:
                where = ".".join(map(str, path[length:]))
                return Fault(file=origin, line=0, column=0, where=where, message=message, suggestion=suggestion)
        where = ".".join(map(str, path))
        line, column = self.place(path, of_value=of_value)
        return Fault(file=self.file, line=line, column=column, where=where, message=message, suggestion=suggestion)

    def changed(self, value: Any, origins: Mapping[Path, str]) -> "Document":
        """Return the document with another value; `origins` names the paths that were not read from the file."""
        return replace(self, value=value, origins={**self.origins, **origins})


def load(data: bytes, file: str, *, faults: list[Fault] | None = None) -> Document:
    """Read one YAML document; `file` is only the name that faults carry.

    Args:
        faults: Takes the faults that do not end the reading, for a caller that looks for more in what is left.

    Raises:
        ConfigurationError: The bytes are not UTF-8, not YAML, over a limit, or, without `faults`, use a key twice, an
            explicit tag or a merge key.
    """
    text = _decode(data, file)
    reader = _Reader(text, file)
    root = reader.read()
    if faults is not None:
        faults += reader.faults
    elif reader.faults:
        raise ConfigurationError(tuple(reader.faults))
    return Document(value=root.value, file=file, root=root)


def validate(model: "type[Model]", document: Document, path: Path = ()) -> "Model":
    """Make a `model` of the value at `path`.

    Raises:
        ConfigurationError: With every fault, in file order, each with what was probably meant.
    """
    # pydantic takes a tenth of a second to import, and not everybody who reads YAML needs it.
    from guard.validation import validate as validate_model

    return validate_model(model, document, path)


def _decode(data: bytes, file: str) -> str:
    def stop(line: int, column: int, message: str) -> NoReturn:
        raise ConfigurationError((Fault(file=file, line=line, column=column, where="", message=message),))

    def place(text: str) -> tuple[int, int]:
        lines = re.split("\r\n|\r|\n", text)
        return len(lines), len(lines[-1]) + 1

    if len(data) > MAX_BYTES:
        stop(0, 0, f"the file has more than the {MAX_BYTES} bytes that are read; shorten it")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        stop(*place(data[: error.start].decode("utf-8")), "this is not UTF-8; save the file as UTF-8")
    text = text.removeprefix("\ufeff")
    odd = _UNPRINTABLE.search(text)
    if odd:
        stop(*place(text[: odd.start()]), f"the character U+{ord(odd[0]):04X} is not allowed here; remove it")
    return text


class _Reader:
    """Builds nodes out of the parser's events, within the limits."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.events: Iterator[Any] = yaml.parse(text, Loader=_LOADER)
        self.faults: list[Fault] = []
        self.anchors: dict[str, _Node | None] = {}
        self.nodes = 0

    def read(self) -> _Node:
        self.next()  # the start of the stream
        root = _Node(line=1, column=1, value=None)
        if isinstance(self.next(), yaml.DocumentStartEvent):
            root = self.node(self.next(), 1)
            self.next()  # the end of the document
            event = self.next()
            if isinstance(event, yaml.DocumentStartEvent):
                self.stop(event, "a second document starts here; keep one document in a file")
        return root

    def next(self) -> Any:
        try:
            return next(self.events)
        except yaml.MarkedYAMLError as error:
            self.stop_at(*self.describe(error))
        except (yaml.YAMLError, ValueError, OverflowError) as error:  # e.g. an escape beyond Unicode
            self.stop_at(1, 1, f"this is not valid YAML: {str(error).splitlines()[0]}")

    def describe(self, error: yaml.MarkedYAMLError) -> tuple[int, int, str]:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line, mark.column) if mark else (0, 0)
        lines = re.split("\r\n|\r|\n", self.text)
        source = lines[line] if line < len(lines) else ""
        problem = error.problem or error.context or "unknown"
        indentation = source[: len(source) - len(source.lstrip())]
        if "\t" in indentation or source[column : column + 1] == "\t":
            problem = "tab character"
            column = source.index("\t")
        words = next((ours for theirs, ours in _PROBLEMS if theirs in problem), f"this is not valid YAML: {problem}")
        if not "".join((source[column:], *lines[line + 1 :])).strip():
            # The end of the file is never where the mistake is: name the line where the open thing began.
            begun = error.context_mark
            if begun and (begun.line, begun.column) < (line, column):
                line, column = begun.line, begun.column
            else:
                words = "the file ends inside something that was opened above; close the bracket or the quote"
        if line >= len(lines):  # the parser in C counts a line after the last one
            line, column = len(lines) - 1, len(lines[-1])
        return line + 1, column + 1, words

    def stop(self, event: Any, message: str) -> NoReturn:
        self.stop_at(event.start_mark.line + 1, event.start_mark.column + 1, message)

    def stop_at(self, line: int, column: int, message: str) -> NoReturn:
        self.fault(line, column, message)
        raise ConfigurationError(tuple(self.faults))

    def fault(self, line: int, column: int, message: str, where: str = "") -> None:
        self.faults.append(Fault(file=self.file, line=line, column=column, where=where, message=message))

    def count(self, event: Any, size: int, depth: int) -> None:
        self.nodes += size
        if self.nodes > MAX_NODES:
            self.stop(event, f"the file has more than {MAX_NODES} values, repeated ones included; shorten it")
        if depth > MAX_DEPTH:
            self.stop(event, f"this is nested more than {MAX_DEPTH} deep; flatten it")

    def node(self, event: Any, depth: int) -> _Node:
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event, depth)
        self.count(event, 1, depth)
        before = self.nodes
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if event.tag is not None:
            self.fault(
                event.start_mark.line + 1,
                event.start_mark.column + 1,
                f"the tag '{event.tag}' is not used here; remove it, and quote the value if it is text",
            )
        if isinstance(event, yaml.ScalarEvent):
            node = self.scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self.sequence(event, depth)
        else:
            node = self.mapping(event, depth)
        node = replace(node, size=1 + self.nodes - before)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: Any, depth: int) -> _Node:
        if event.anchor not in self.anchors:
            self.stop(event, f"nothing above is marked '&{event.anchor}'; mark it, or write the value out")
        node = self.anchors[event.anchor]
        if node is None:
            self.stop(event, f"'*{event.anchor}' stands inside what it repeats; write the value out")
        self.count(event, node.size, depth + node.height - 1)
        return node

    def scalar(self, event: Any) -> _Node:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        value = event.value
        if event.implicit[0]:
            try:
                value = _resolve(value)
            except ValueError:
                self.fault(line, column, f"a number of {len(value)} characters is not read; put it in quotes")
        if isinstance(value, str) and (odd := _CONTROL.search(value)):
            self.fault(line, column, f"the text holds the control character U+{ord(odd[0]):04X}; remove it")
        return _Node(line=line, column=column, value=value)

    def sequence(self, event: Any, depth: int) -> _Node:
        items: list[_Node] = []
        while not isinstance(item := self.next(), yaml.SequenceEndEvent):
            items.append(self.node(item, depth + 1))
        return _Node(
            line=event.start_mark.line + 1,
            column=event.start_mark.column + 1,
            value=[item.value for item in items],
            children=dict(enumerate(items)),
            height=1 + max((item.height for item in items), default=0),
        )

    def mapping(self, event: Any, depth: int) -> _Node:
        children: dict[str | int, _Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        height = 0
        while not isinstance(start := self.next(), yaml.MappingEndEvent):
            key = self.node(start, depth + 1)
            child = self.node(self.next(), depth + 1)
            height = max(height, key.height, child.height)
            # An alias as a key has the place of what it repeats; the reader wants the place of the alias.
            line, column = start.start_mark.line + 1, start.start_mark.column + 1
            if not isinstance(key.value, str):
                self.fault(line, column, "a key must be text; put it in quotes")
            elif key.value == "<<" and getattr(start, "implicit", (True,))[0]:
                self.fault(line, column, "merge keys ('<<') are not part of YAML 1.2; write the keys out", "<<")
            elif key.value in keys:
                first = keys[key.value][0]
                self.fault(line, column, f"the key is already given in line {first}; keep one of the two", key.value)
            else:
                keys[key.value] = (line, column)
                children[key.value] = child
        return _Node(
            line=event.start_mark.line + 1,
            column=event.start_mark.column + 1,
            value={name: child.value for name, child in children.items()},
            children=children,
            keys=keys,
            height=1 + height,
        )


def _resolve(text: str) -> Any:
    """Return what a plain scalar means under the core schema; ValueError for a number longer than any real one."""
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    for pattern, base in ((_INTEGER, 10), (_OCTAL, 8), (_HEXADECIMAL, 16)):
        if pattern.fullmatch(text):
            if len(text) > _MAX_DIGITS:
                raise ValueError
            return int(text.removeprefix("0o"), base)
    if _SPECIAL_FLOAT.fullmatch(text):
        return float(text.replace(".", ""))
    if _FLOAT.fullmatch(text):
        if len(text) > _MAX_DIGITS:
            raise ValueError
        return float(text)
    return text
