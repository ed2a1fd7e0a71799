"""Every verifier accepts what is whole and refuses what is not."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from guard.bundle.container import SEAL, TOKEN, pack, seal_of
from guard.store import case_reader
from guard.verifier import verify
from guard.verifier.verify import Bundle
from tests.support.cases import NOBODY, Visits, case_of, fill, rehash, small_bundle
from tests.support.programs import need
from tests.verifier.vectors import LATER_VECTORS, VECTORS, Change

FOLDER = Path(verify.__file__).parent
SHELLS = ("sh", "bash", "busybox")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A bundle whose range is the whole log."""
    return small_bundle(case_of(fill(tmp_path_factory.mktemp("whole") / "evidence"), crawlers={"examplebot"}))


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, bytes]]:
    """A bundle whose range begins and ends inside the log."""

    def more(visits: Visits) -> None:
        visits.fetch("/album/hill.jpg")
        visits.sign()
        for _ in range(3):
            visits.fetch("/album/hill.jpg", NOBODY)
            visits.sign()

    root = fill(tmp_path_factory.mktemp("later") / "evidence", more)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(case_reader, "WHOLE", 12)
        yield small_bundle(case_of(root, pictures={"/album/harbour.jpg", "/album/hill.jpg"}, crawlers={"examplebot"}))


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    """The page of verify.html in Chromium."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=need("chromium"), args=["--no-sandbox"])
        opened = browser.new_page()
        opened.goto((FOLDER / "verify.html").as_uri())
        yield opened
        browser.close()


def unpacked(files: dict[str, bytes], folder: Path) -> Path:
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    return folder


def by_python(files: dict[str, bytes], folder: Path) -> bool:
    file = folder / "bundle.asice"
    file.write_bytes(pack(files))
    return not Bundle(str(file)).run().faults


def by_shell(files: dict[str, bytes], folder: Path, shell: str = "sh") -> "subprocess.CompletedProcess[str]":
    command = [need(shell), *(["ash"] if shell == "busybox" else []), str(FOLDER / "verify.sh")]
    place = unpacked(files, folder / "unpacked")
    return subprocess.run([*command, str(place)], capture_output=True, text=True, check=False, timeout=60)


def by_page(page: Any, files: dict[str, bytes]) -> dict[str, Any]:
    text = pack(files).hex()
    found: dict[str, Any] = page.evaluate("text => verifyBundle(unhex(text))", text)
    return found


def test_all_three_accept_what_is_whole(whole: dict[str, bytes], later: dict[str, bytes], page: Any, tmp_path: Path):
    """A verifier that refuses a good bundle is of no use."""
    for number, files in enumerate((whole, later)):
        folder = tmp_path / str(number)
        folder.mkdir()

        assert by_python(files, folder)
        assert by_page(page, files)["faults"] == []
        assert by_shell(files, folder).stdout.startswith("VERIFIED")


def test_all_three_follow_a_rotated_key(page: Any, tmp_path: Path):
    """Each key is named by a record that the one before has signed."""
    root = tmp_path / "evidence"

    def more(visits: Visits) -> None:
        visits.log.rotate()
        visits.fetch("/album/harbour.jpg")
        visits.sign()
        visits.log.rotate()
        visits.fetch("/album/harbour.jpg")

    files = small_bundle(case_of(fill(root, more), crawlers={"examplebot"}))
    keys = files["data/trust/log.vkey"].decode().split()

    assert len(keys) == 3
    assert by_python(files, tmp_path)
    assert by_page(page, files)["faults"] == []
    assert by_shell(files, tmp_path).stdout.startswith("VERIFIED")


@pytest.mark.parametrize("shell", SHELLS[1:])
def test_other_shells_read_the_script_as_well(whole: dict[str, bytes], tmp_path: Path, shell: str):
    """An expert's machine has its own shell."""
    said = by_shell(whole, tmp_path, shell)

    assert (said.returncode, said.stderr) == (0, "")


CASES = [("whole", name) for name in VECTORS] + [("later", name) for name in LATER_VECTORS]


def changed(kind: str, name: str, whole: dict[str, bytes], later: dict[str, bytes]) -> dict[str, bytes]:
    files = dict(whole if kind == "whole" else later)
    change: Change = (VECTORS if kind == "whole" else LATER_VECTORS)[name]
    change(files)
    return rehash(files)


@pytest.mark.parametrize(("kind", "name"), CASES, ids=[name for _, name in CASES])
def test_all_three_refuse_what_was_changed(
    *, kind: str, name: str, whole: dict[str, bytes], later: dict[str, bytes], page: Any, tmp_path: Path
):
    """Whoever changes a bundle makes its manifests fit: then tree, signature and commitments must notice."""
    files = changed(kind, name, whole, later)

    assert not by_python(files, tmp_path)
    assert not by_page(page, files)["holds"]
    said = by_shell(files, tmp_path)
    assert said.returncode == 1, said.stdout
    assert said.stdout.startswith("NOT VERIFIED"), said.stdout + said.stderr


def test_a_fault_names_file_and_record(whole: dict[str, bytes], tmp_path: Path):
    """An expert has to find the place."""
    file = tmp_path / "bundle.asice"
    file.write_bytes(pack(changed("whole", "record-time-range", whole, {})))
    faults = Bundle(str(file)).run().faults

    assert len(faults) == 1
    assert faults[0][0].startswith("data/records.jsonl, ")


@pytest.mark.parametrize("name", ["data/records.jsonl", "data/range.hashes", "README.txt", "bag-info.txt", "mimetype"])
def test_a_changed_file_is_noticed_by_its_digest(whole: dict[str, bytes], page: Any, tmp_path: Path, name: str):
    """Also where nothing but the manifest knows it."""
    files = {**whole, name: whole[name][:-1] + bytes([whole[name][-1] ^ 1])}

    assert not by_python(files, tmp_path)
    assert not by_page(page, files)["holds"]
    assert by_shell(files, tmp_path).returncode == 1


@pytest.mark.parametrize("name", ["extra.txt", "data/extra.txt", "META-INF/extra.xml"])
def test_a_file_that_nothing_lists_is_refused(whole: dict[str, bytes], page: Any, tmp_path: Path, name: str):
    """Nobody should read beside evidence what is none."""
    files = {**whole, name: b"x"}

    assert not by_python(files, tmp_path)
    assert not by_page(page, files)["holds"]
    assert by_shell(files, tmp_path).returncode == 1


def test_the_seal_lists_exactly_what_is_there(whole: dict[str, bytes], page: Any, tmp_path: Path):
    """All three make its manifest again; the token over it is OpenSSL's affair."""
    sealed = {**whole, SEAL: seal_of(whole), TOKEN: b"a token"}
    other = {**sealed, SEAL: sealed[SEAL].replace(b"asic:DataObject", b"asic:dataObject", 1)}
    for number, (files, holds) in enumerate([(sealed, True), (other, False)]):
        folder = tmp_path / str(number)
        folder.mkdir()

        assert by_python(files, folder) is holds
        assert by_page(page, files)["holds"] is holds
        assert (by_shell(files, folder).returncode == 0) is holds


def test_another_key_than_the_one_given_is_refused(whole: dict[str, bytes], page: Any, tmp_path: Path):
    """Whoever signs everything anew with his own key has a bundle that agrees with itself."""
    file = tmp_path / "bundle.asice"
    file.write_bytes(pack(whole))
    vkey = whole["data/trust/log.vkey"].decode().strip()
    other = vkey.replace("photo", "fotos")

    assert Bundle(str(file), vkey).run().faults == []
    assert Bundle(str(file), other).run().faults != []
    ask = "([text, vkey]) => verifyBundle(unhex(text), vkey).holds"
    assert page.evaluate(ask, [pack(whole).hex(), vkey])
    assert not page.evaluate(ask, [pack(whole).hex(), other])


def test_no_byte_of_a_bundle_can_be_changed_unseen(tmp_path: Path):
    """Names, sizes, dates, check sums, gaps: the container has one form, and every file a digest."""
    visits = Visits(tmp_path / "evidence")
    visits.reserve()
    visits.fetch("/a.jpg")
    visits.close()
    data = pack(small_bundle(case_of(tmp_path / "evidence")))
    unseen = []
    for place in range(len(data)):
        bundle = Bundle("")
        bundle.load = _loader(bundle, data, place)  # type: ignore[method-assign]
        if not bundle.run().faults:
            unseen.append(place)

    assert unseen == []


def _loader(bundle: Bundle, data: bytes, place: int) -> Callable[[], None]:
    def load() -> None:
        other = bytearray(data)
        other[place] ^= 1 << place % 8
        bundle.files = verify.unpack(bytes(other))

    return load


def test_a_link_in_an_unpacked_bundle_is_refused(whole: dict[str, bytes], tmp_path: Path):
    """It could lead to a file that was not in the bundle."""
    folder = unpacked(whole, tmp_path / "unpacked")
    (tmp_path / "secret").write_bytes(whole["README.txt"])
    (folder / "README.txt").unlink()
    (folder / "README.txt").symlink_to(tmp_path / "secret")

    assert Bundle(str(folder)).run().faults != []
    assert by_shell({}, tmp_path).returncode == 1


def test_python_runs_alone(whole: dict[str, bytes], tmp_path: Path):
    """It comes with the bundle and must work where nothing of ours is installed."""
    folder = unpacked({**whole, "verify.py": (FOLDER / "verify.py").read_bytes()}, tmp_path / "unpacked")
    for name, body in rehash({**whole, "verify.py": (FOLDER / "verify.py").read_bytes()}).items():
        (folder / name).write_bytes(body)
    command = [sys.executable, "-I", "-S", str(folder / "verify.py")]
    said = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("VERIFIED / GEPRÜFT")


def test_it_needs_the_standard_library_only_and_is_short():
    """An expert reads it before he believes it: at most 400 lines."""
    text = (FOLDER / "verify.py").read_text("utf-8")
    tree = ast.parse(text)
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]

    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
    assert len(text.splitlines()) <= 400
