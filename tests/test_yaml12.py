"""YAML is read as YAML 1.2, within limits, and every fault has a place and a next step."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from guard import yaml12
from guard.errors import ConfigurationError, Fault
from guard.yaml12 import MAX_BYTES, MAX_DEPTH, Document, load

SCALARS: dict[str, Any] = {
    "off": "off",
    "no": "no",
    "yes": "yes",
    "NO": "NO",
    "on": "on",
    "true": True,
    "FALSE": False,
    "tRUE": "tRUE",
    "22:22": "22:22",
    "0755": 755,
    "0o17": 15,
    "0x1F": 31,
    "0b1": "0b1",
    "1_000": "1_000",
    "+5": 5,
    "-5": -5,
    "1.10": 1.1,
    ".5": 0.5,
    "1e3": 1000.0,
    ".inf": float("inf"),
    "-.INF": float("-inf"),
    "2026-11-22": "2026-11-22",
    "2026-11-22 10:00:00": "2026-11-22 10:00:00",
    "=": "=",
    "~": None,
    "null": None,
    "": None,
    "'5'": "5",
    '"true"': "true",
    "|\n  5": "5\n",
}


@pytest.fixture(params=[yaml.SafeLoader, getattr(yaml, "CSafeLoader", yaml.SafeLoader)], ids=["python", "c"])
def _loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run with the parser in C and with the one that is there without a compiler."""
    monkeypatch.setattr(yaml12, "_LOADER", request.param)


def fault(text: str | bytes) -> str:
    """Return what is said about a text with exactly one fault."""
    with pytest.raises(ConfigurationError) as caught:
        load(text.encode() if isinstance(text, str) else text, "f.yaml")
    assert len(caught.value.faults) == 1
    return str(caught.value)


@pytest.mark.usefixtures("_loader")
@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=list(SCALARS))
def test_scalars_follow_the_core_schema(text: str, value: Any) -> None:
    """`off`, `22:22` and dates stay text; numbers are what YAML 1.2 says."""
    assert load(f"key: {text}\n".encode(), "f.yaml").value == {"key": value}


def test_keys_stay_text() -> None:
    """`on` and `no` as keys are the words, not truth values."""
    assert load(b"on: 1\nno: 2\n", "f.yaml").value == {"on": 1, "no": 2}


@pytest.mark.usefixtures("_loader")
def test_a_key_given_twice_names_both_lines() -> None:
    """Half of a policy is never lost without a word."""
    said = fault("rules: [a]\nname: x\nrules: [b]\n")

    assert said == "f.yaml:3:1: rules: the key is already given in line 1; keep one of the two"


def test_all_keys_given_twice_are_told_at_once() -> None:
    """A fault that does not end the reading does not hide the next."""
    with pytest.raises(ConfigurationError) as caught:
        load(b"a: 1\na: 2\nb: {c: 1, c: 2}\n", "f.yaml")

    assert [(one.line, one.column) for one in caught.value.faults] == [(2, 1), (3, 11)]


BROKEN = {
    "tab": ("a:\n\tb: 1\n", "f.yaml:2:1: a tab is used for indentation; YAML allows only spaces there"),
    "tab later": ("a:\n  b: 1\n\tc: 2\n", "f.yaml:3:1: a tab is used"),
    "indentation": ("a:\n  b: 1\n c: 2\n", "f.yaml:3:2: the indentation does not match"),
    "item indentation": ("rules:\n- id: a\n - id: b\n", "f.yaml:3:2: "),
    "two colons": ("a: b: c\n", "f.yaml:1:5: a ':' is not expected here"),
    "open quote": ("a: 1\nb: 'x\nc: 1\n", "f.yaml:2:4: a quote that is opened"),
    "open list": ("a: [1, 2\nb: 1\n", "a ',' or the closing ']' is missing"),
    "open mapping": ("a: {b: 1\n", "f.yaml:1:4: a ',' or the closing '}' is missing"),
    "open at the end": ("a: 1\nb: {", "f.yaml:2:5: the file ends inside something that was opened above"),
    "at sign": ("a: @b\n", "f.yaml:1:4: a value can not start with this character"),
    "escape": ('a: "\\q"\n', "in double quotes a backslash starts an escape"),
    "escape beyond unicode": ('a: "\\UFFFFFFFF"\n', "f.yaml:1:"),
    "nul": ("a: \x00\n", "f.yaml:1:4: the character U+0000 is not allowed here"),
    "escape character": ("a: \x1b[31m\n", "U+001B"),
    "nul by escape": ('a: "\\0"\n', "f.yaml:1:4: the text holds the control character U+0000"),
    "next line": ("a: b\x85c: d\n", "f.yaml:1:5: the character U+0085"),
    "not utf-8": (b"a: 1\nb: \xff\n", "f.yaml:2:4: this is not UTF-8"),
    "utf-16": ("a: 1\n".encode("utf-16"), "f.yaml:1:1: this is not UTF-8"),
    "two documents": ("a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document starts here"),
    "merge key": ("a: &a {b: 1}\nc:\n  <<: *a\n", "f.yaml:3:3: <<: merge keys"),
    "tag": ("a: !!python/object/apply:os.system [x]\n", "f.yaml:1:4: the tag"),
    "number key": ("1: a\n", "f.yaml:1:1: a key must be text"),
    "list key": ("? [a]\n: 1\n", "a key must be text"),
    "no such anchor": ("a: *b\n", "f.yaml:1:4: nothing above is marked '&b'"),
    "bare star": ("sites:\n  - host: *\n    b: 1\n", "f.yaml:2:"),
    "bare star's next step": ("a: *\nb: 1\n", "a value that starts with '*' or '&' stands for something else in YAML"),
    "in itself": ("a: &a [*a]\n", "stands inside what it repeats"),
    "endless number": ("a: " + "9" * 5000, "f.yaml:1:4: a number of 5000 characters"),
    "top of a list and a mapping": ("- a\nb: 1\n", "f.yaml:2:1: the indentation"),
    "too deep": ("[" * (MAX_DEPTH + 1), f"f.yaml:1:{MAX_DEPTH + 1}: this is nested more than {MAX_DEPTH} deep"),
    "too large": (b"#" * (MAX_BYTES + 1), f"f.yaml: the file has more than the {MAX_BYTES} bytes that are read"),
}


@pytest.mark.usefixtures("_loader")
@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=list(BROKEN))
def test_a_broken_file_is_told_with_place_and_next_step(text: str | bytes, said: str) -> None:
    """Each way to break a file has words of its own and, where there is one, the place."""
    assert said in fault(text)


@pytest.mark.usefixtures("_loader")
def test_aliases_that_multiply_are_refused() -> None:
    """Ten lines can not become a million values, nor be nested deeper than what is written out."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 8)]
    nested = ["b0: &b0 [x]", *(f"b{i}: &b{i} [*b{i - 1}]" for i in range(1, MAX_DEPTH + 2))]

    assert "has more than 100000 values" in fault("\n".join(lines))
    assert "nested more than" in fault("\n".join(nested))


def test_an_alias_repeats_its_value() -> None:
    """Anchors are part of YAML 1.2 and are allowed within the limits."""
    assert load(b"a: &x [1, 2]\nb: *x\n", "f.yaml").value == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize(
    "text", ["", "# only a comment\n", "---\n", "\ufeff"], ids=["empty", "comment", "dashes", "bom"]
)
def test_a_file_without_content_is_null(text: str) -> None:
    """An empty file is no syntax fault; what is missing in it is told by whoever needs it."""
    document = load(text.encode(), "f.yaml")

    assert document.value is None
    assert document.place(("sites",))[1] == 1


def test_places_are_those_of_keys_items_and_values() -> None:
    """A fault of a key points at the key, one of a value at the value, one of nothing at what is around it."""
    document = load("\ufeffa: 1\nsites:\n  - host: x\n    grün: {b: 'y'}\n".encode(), "f.yaml")

    assert document.place(("sites",)) == (2, 1)
    assert document.place(("sites",), of_value=True) == (3, 3)
    assert document.place(("sites", 0)) == (3, 5)
    assert document.place(("sites", 0, "grün", "b")) == (4, 12)
    assert document.place(("sites", 0, "grün", "b"), of_value=True) == (4, 15)
    assert document.place(("sites", 0, "upstream")) == (3, 5)
    assert document.place(("sites", 7, "x")) == (2, 1)
    assert document.at(("sites", 0, "host")) == "x"


def check_places(document: Document, value: Any, path: tuple[str | int, ...] = ()) -> None:
    """Look up every place there is."""
    line, column = document.place(path)
    assert line >= 1
    assert column >= 1
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inside in items:
        check_places(document, inside, (*path, step))


YAML_LIKE = st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,?~ \n\t0x1.e\\<", max_size=60)


@pytest.mark.usefixtures("_loader")
@given(data=st.one_of(st.binary(max_size=60), YAML_LIKE.map(str.encode), st.text(max_size=40).map(str.encode)))
def test_bytes_of_any_kind_are_a_document_or_a_fault(data: bytes) -> None:
    """Nothing but ConfigurationError ever comes out, and every value has a place."""
    faults: tuple[Fault, ...] = ()
    try:
        document = load(data, "f.yaml")
    except ConfigurationError as error:
        faults = error.faults
    else:
        check_places(document, document.value)

    lines = data.count(b"\n") + data.count(b"\r") + 1
    assert all(0 <= fault.line <= lines and fault.message for fault in faults)


@given(
    value=st.recursive(
        st.text(max_size=8) | st.integers() | st.booleans() | st.none(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=12,
    )
)
def test_what_is_written_is_what_is_read(value: Any) -> None:
    """There and back: JSON is YAML 1.2, as long as it holds no control characters and no endless numbers."""
    messages: list[str] = []
    try:
        document = load(json.dumps(value, ensure_ascii=False).encode(), "f.yaml")
    except ConfigurationError as error:
        messages = [fault.message for fault in error.faults]
    else:
        assert document.value == value

    assert all("character" in message for message in messages)
