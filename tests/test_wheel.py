"""What is installed from a wheel works by itself, with its rules inside; and anybody can build it again."""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from the checkout."""
    out = tmp_path_factory.mktemp("dist")
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return next(out.glob("*.whl"))


def test_the_wheel_holds_the_rules_and_nothing_else_beside_the_package(wheel: Path):
    """Every rule file of the checkout is in it, under guard/rules; tests and benchmarks are not."""
    names = set(zipfile.ZipFile(wheel).namelist())
    rules = {f"guard/rules/{path.relative_to(ROOT / 'rules')}" for path in (ROOT / "rules").rglob("*.yaml")}

    assert rules <= names
    assert {"guard/py.typed", "guard/image/fonts/Inter-Regular.otf"} <= names
    assert {f"guard/verifier/verify.{ending}" for ending in ("py", "sh", "html")} <= names
    assert {
        path.relative_to(ROOT).as_posix()
        for folder in ("static", "templates")
        for path in (ROOT / "guard" / "server" / "console" / folder).iterdir()
    } <= names
    assert {"guard/bundle/report.typ", "guard/bundle/templates/README.de.txt"} <= names
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"guard"}


def test_an_installed_guard_works_from_another_folder(wheel: Path, tmp_path: Path):
    """The packages it needs are borrowed from this environment; the guard itself is the installed one."""
    place = tmp_path / "venv"
    venv.create(place, with_pip=False, symlinks=True)
    site = next((place / "lib").glob("python*")) / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    borrowed = [path for path in sys.path if path.endswith("site-packages")]
    (site / "borrowed.pth").write_text("\n".join(borrowed))
    configuration = tmp_path / "guard.yaml"
    configuration.write_text("sites: [{host: photo.example, upstream: 'http://127.0.0.1:1'}]\n")

    checked = subprocess.run(
        [place / "bin" / "python", "-I", "-m", "guard", "check", "-c", str(configuration)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    found = subprocess.run(
        [place / "bin" / "python", "-I", "-c", "import guard; print(guard.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.startswith(str(place))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "in the package" in checked.stdout or str(site) in checked.stdout, checked.stdout


@pytest.mark.parametrize("environment", [{}, {"SOURCE_DATE_EPOCH": "1764028800"}], ids=["as it is", "with a date"])
def test_a_wheel_can_be_built_again_byte_by_byte(environment: dict[str, str], tmp_path: Path):
    """From two folders whose files have other times, other rights and were written in another order."""
    built = []
    for folder, mask, day in (("one", 0o022, 1), ("another", 0o077, 2)):
        source = tmp_path / folder
        before = os.umask(mask)
        try:
            _copy(source, reverse=day == 2)
            for path in source.rglob("*"):
                os.utime(path, (1_600_000_000 + 86_400 * day,) * 2)
            command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path / f"{day}")]
            ended = subprocess.run(
                [*command, str(source)], capture_output=True, text=True, check=False, env=os.environ | environment
            )
        finally:
            os.umask(before)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        built.append(next((tmp_path / f"{day}").glob("*.whl")).read_bytes())

    assert built[0] == built[1]


def _copy(target: Path, *, reverse: bool) -> None:
    """Copy what a wheel is built from, with the rights that the umask gives."""
    files = [ROOT / name for name in ("pyproject.toml", "README.md", "LICENSE")]
    files += [path for name in ("guard", "rules") for path in (ROOT / name).rglob("*") if path.is_file()]
    for file in sorted(files, reverse=reverse):
        if "__pycache__" not in file.parts:
            place = target / file.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)


def test_the_bill_of_materials_names_every_locked_package():
    """With version, digests and whether one is given it; twice the same bytes."""
    said = [subprocess.run([sys.executable, ROOT / "deploy" / "sbom.py"], capture_output=True, check=True).stdout
            for _ in range(2)]  # fmt: skip
    bill = json.loads(said[0])
    lock = (ROOT / "requirements.lock").read_text()
    scopes = {one["name"]: one["scope"] for one in bill["components"]}

    assert said[0] == said[1]
    assert [f"{one['name']}=={one['version']}" for one in bill["components"]] == re.findall(r"(?m)^\S+==\S+", lock)
    assert sum(len(one["hashes"]) for one in bill["components"]) == lock.count("--hash=sha256:")
    assert [scopes[name] for name in ("aiohttp", "multidict", "pytest")] == ["required", "required", "excluded"]
