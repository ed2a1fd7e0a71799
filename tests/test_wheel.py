"""What is installed from a wheel works by itself, with its rules inside."""

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
