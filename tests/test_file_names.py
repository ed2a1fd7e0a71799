"""A test stands where its source stands, and files stay small."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MIRRORED = (
    "bundle",
    "cli",
    "core",
    "dataset",
    "demo",
    "evidence",
    "exporter",
    "image",
    "middleware",
    "reservation",
    "server",
    "server/console",
    "store",
    "verifier",
)

WITHOUT_TWIN = {
    "tests/reservation/test_agreement.py": "all carriers together say one thing",
    "tests/fuzz/test_harnesses.py": "every reader of bytes that strangers choose",
    "tests/image/test_decoders.py": "marked copies in the decoders of others",
    "tests/reservation/test_traps.py": "known mistakes in all carriers, and who would see them",
    "tests/server/console/test_pages.py": "all pages of the console, in a real browser",
    "tests/server/test_desync.py": "the proxy as a whole: no request or answer is hidden in another",
    "tests/server/test_desync_differential.py": "the same before nginx and aiohttp, and held against nginx alone",
    "tests/server/test_slow_readers.py": "the guard as a whole: answers that nobody takes",
    "tests/evidence/test_faults.py": "the table of faults, and the tests that it names",
    "tests/evidence/test_conformance.py": "the whole log, read by code of others",
    "tests/store/test_log_faults.py": "the log as a whole: killed, cut off, on a disk that fails",
    "tests/server/test_forwarding.py": "the proxy as a whole: what passes through",
    "tests/server/test_guarding.py": "the proxy as a whole: what crawlers get",
    "tests/server/test_licensing.py": "the proxy as a whole: licences, from the command line to the record",
    "tests/server/test_everywhere.py": "the proxy as a whole: the reservation in every answer",
    "tests/server/test_known_attacks.py": "the proxy as a whole: what has broken other guards",
    "tests/server/test_known_attacks_of_many.py": "the guard as a whole: what breaks a guard by number",
    "tests/server/test_known_attacks_on_secrets.py": "the guard as a whole: everything it says and keeps",
    "tests/server/test_bad_input.py": "the proxy as a whole: hostile input",
    "tests/server/test_bad_pictures.py": "the proxy as a whole: pictures that break decoders",
    "tests/server/test_marking.py": "the proxy as a whole: marked copies and their tracing",
    "tests/server/test_ticketing.py": "the proxy as a whole: originals after a page view, with real clients",
    "tests/server/test_load.py": "the guard as a whole: floods and slow clients",
    "tests/server/test_faults.py": "the guard as a whole: what breaks while it is asked from all sides",
    "tests/server/test_real_programs.py": "the proxy as a whole: real clients and servers",
}
"""Tests of several modules together."""

MOST_LINES = 380
LONGER = {"guard/verifier/verify.py": 400}  # one file on purpose: an expert takes it away and runs it alone
TOP_LEVEL = {
    "pyproject.toml", "guard", "rules", "deploy", "tests", "README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md",
    "dev.py", "requirements.lock",
}  # fmt: skip


def _tests_of_packages() -> list[Path]:
    return [path for name in MIRRORED for path in sorted((ROOT / "tests" / name).glob("test_*.py"))]


@pytest.mark.parametrize("path", _tests_of_packages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_test_has_the_name_of_its_source(path: Path):
    """Whoever looks for the test of a module finds it without searching."""
    relative = str(path.relative_to(ROOT))
    source = ROOT / "guard" / path.parent.relative_to(ROOT / "tests") / path.name.removeprefix("test_")

    assert source.is_file() or relative in WITHOUT_TWIN, f"{relative} tests no module of that name"


def test_every_exception_is_still_needed():
    """A name in the list above that is gone should leave the list."""
    assert [name for name in WITHOUT_TWIN if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("path", sorted((ROOT / "guard").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_is_one_idea(path: Path):
    """A file that grows past this is two ideas."""
    assert len(path.read_text("utf-8").splitlines()) <= LONGER.get(str(path.relative_to(ROOT)), MOST_LINES)


@pytest.mark.parametrize("path", sorted((ROOT / "guard").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for(path: Path):
    """The first line is a docstring."""
    assert path.read_text("utf-8").lstrip("r").startswith('"""')


def test_the_top_level_is_the_agreed_one():
    """New things find a room inside."""
    import subprocess

    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    top = {line.split("/")[0] for line in listed.splitlines()}

    assert {name for name in top if not name.startswith(".")} <= TOP_LEVEL
