"""The same question gives the same bundle, and nobody else's values are in it."""

import re
import zlib
from pathlib import Path

import pytest

from guard.bundle.assemble import VERIFIERS, assemble
from guard.bundle.container import pack
from guard.evidence.case import Case
from guard.verifier.verify import Bundle
from tests.support.cases import NOBODY, case_of, fill


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return case_of(fill(tmp_path_factory.mktemp("log") / "evidence"), crawlers={"examplebot"})


@pytest.fixture(scope="module")
def files(case: Case) -> dict[str, bytes]:
    return assemble(case, version="0.1.0", program="ab" * 32, thumbnails={})


def test_the_same_case_gives_the_same_bytes(case: Case, files: dict[str, bytes]):
    """Before it is sealed: no time of making, no random number, no order of chance."""
    assert pack(assemble(case, version="0.1.0", program="ab" * 32, thumbnails={})) == pack(files)


def test_the_bundle_holds(files: dict[str, bytes], tmp_path: Path):
    """By its own verifier."""
    file = tmp_path / "case.asice"
    file.write_bytes(pack(files))

    assert Bundle(str(file)).run().faults == []


def test_everything_that_the_reader_is_told_of_is_there(files: dict[str, bytes]):
    """The page that explains the bundle names its files."""
    told = files["README.en.txt"].decode()
    names = set(re.findall(r"data/[\w./-]+|verify\.\w+", told))

    assert {*VERIFIERS} <= set(files)
    for name in names - {"data/anchors/"}:
        assert name in files or any(one.startswith(name) for one in files), name


def test_no_value_of_another_client_is_in_it(files: dict[str, bytes]):
    """Not in a record, a table, a report or a capture: a court gets what the case needs."""
    opened = dict(files)
    opened["capture"] = zlib.decompressobj(wbits=31).decompress(files["data/capture.warc.gz"])
    for name in ("data/report.de.pdf", "data/report.en.pdf"):
        for number, stream in enumerate(re.findall(rb"stream\r?\n(.*?)endstream", files[name], re.DOTALL)):
            opened[f"{name} {number}"] = _inflated(stream)

    for name, body in opened.items():
        assert NOBODY["address"].encode() not in body, name
        assert NOBODY["agent"].encode() not in body, name
        assert b"hill.jpg" not in body, name


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return stream
