"""A gallery that sigal has made and nginx serves, behind the guard: people and searches see all, scrapers nothing."""

import io
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.fronts import free_port, nginx, running
from tests.support.galleries import SEARCHES, Guarded, guarded
from tests.support.http import CHROME, GPTBOT
from tests.support.pictures import photograph
from tests.support.programs import need

SCRAPER = "198.51.100.99"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Let sigal make a gallery of two albums, with the originals beside the sizes."""
    folder = tmp_path_factory.mktemp("sigal")
    for album in ("harbour", "mountains"):
        (folder / "pictures" / album).mkdir(parents=True)
        for number in range(4):
            (folder / "pictures" / album / f"photo-{number}.jpg").write_bytes(photograph(1500, 1000 + number))
    subprocess.run([need("sigal"), "init"], cwd=folder, check=True, capture_output=True)
    with (folder / "sigal.conf.py").open("a") as settings:
        settings.write("\nkeep_orig = True\n")
    subprocess.run([need("sigal"), "build", "-n1", "pictures", "site"], cwd=folder, check=True, capture_output=True)
    return folder / "site"


@pytest.fixture(scope="module")
def behind(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Serve it by nginx, behind the guard, behind another nginx."""
    folder, site, port = tmp_path_factory.mktemp("nginx"), free_port(), free_port()
    server = f"server {{ listen 127.0.0.1:{site}; root {built}; index index.html; }}"
    configuration = {"sites": [{"host": "localhost", "upstream": f"http://127.0.0.1:{site}"}]}
    with (
        running(nginx(folder, server), folder, site),
        guarded(tmp_path_factory.mktemp("place"), port, configuration) as behind,
    ):
        yield behind


def pictures(built: Path) -> dict[str, bytes]:
    """Return every picture of the gallery by its path: sizes, thumbnails and originals."""
    return {f"/{file.relative_to(built)}": file.read_bytes() for file in sorted(built.rglob("*.jpg"))}


def test_sigal_has_made_originals_and_sizes(built: Path):
    """Else the tests below would show little."""
    parts = {path.split("/")[2] for path in pictures(built)}

    assert {"thumbnails", "original"} <= parts
    assert len(pictures(built)) == 24


@pytest.fixture(scope="module")
def seen(behind: Guarded) -> tuple[list[int], dict[str, bytes]]:
    """Look at the gallery in Chromium, and open two originals.

    Return the status of every answer, and the bytes of every picture by its path.
    """
    from playwright.sync_api import sync_playwright

    statuses: list[int] = []
    bodies: dict[str, bytes] = {}

    def keep(answer: Any) -> None:
        if not answer.url.endswith("favicon.ico"):
            statuses.append(answer.status)
        if answer.url.endswith(".jpg"):
            bodies[answer.url.removeprefix(behind.url)] = answer.body()

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=need("chromium"), args=["--no-sandbox"])
        tab = browser.new_context(user_agent=CHROME, extra_http_headers={"X-Comes-From": "203.0.113.40"}).new_page()
        tab.on("requestfinished", lambda request: keep(request.response()))
        for page in ("/", "/harbour/", "/mountains/"):
            tab.goto(behind.url + page)
            tab.wait_for_load_state("networkidle")
        for number in (0, 1):
            tab.goto(f"{behind.url}/harbour/original/photo-{number}.jpg")
            tab.wait_for_load_state("networkidle")
        browser.close()
    return statuses, bodies


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB").tobytes()


def test_a_person_sees_every_picture(built: Path, seen: tuple[list[int], dict[str, bytes]]):
    """In Chromium: the front page, both albums, two originals; with the pixels that sigal has made."""
    statuses, bodies = seen

    assert set(statuses) <= {200, 304}
    assert len(bodies) >= 6
    for path, data in bodies.items():
        assert pixels(data) == pixels(pictures(built)[path]), path


@pytest.mark.parametrize("agent", SEARCHES)
def test_searches_get_what_a_person_gets(behind: Guarded, seen: tuple[list[int], dict[str, bytes]], agent: str):
    """Byte for byte, from an address in the operator's list."""
    for path, data in seen[1].items():
        search = behind.get(path, agent=agent, source=SEARCHES[agent])

        assert (search.status, search.body == data) == (200, True), path


def test_a_training_crawler_gets_nothing_in_any_size(built: Path, behind: Guarded):
    """Refused with a card; not a byte of the picture's own."""
    for path, data in pictures(built).items():
        reply = behind.get(path, ("Accept", "image/*"), agent=GPTBOT, source=SCRAPER)

        assert reply.status == 403, path
        assert data[700:1400] not in reply.body


def test_copiers_get_no_original(built: Path, behind: Guarded, tmp_path: Path):
    """img2dataset with a list of all pictures, and wget -m: none in the size that was taken."""
    originals = {name: data for name, data in pictures(built).items() if "/original/" in name}
    (tmp_path / "list.txt").write_text("".join(f"{behind.url}{path}\n" for path in originals))

    command: list[Any] = [
        need("img2dataset"), "--url_list", "list.txt", "--output_folder", "out", "--output_format", "files",
        "--processes_count", "1", "--thread_count", "4", "--resize_mode", "no", "--enable_wandb", "False",
        "--user_agent_token", "img2dataset", "--disallowed_header_directives", "[]",
    ]  # fmt: skip
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    mirror = [need("wget"), "-q", "-m", "--tries=1", f"--header=X-Comes-From: {SCRAPER}", behind.url + "/"]
    subprocess.run(mirror, cwd=tmp_path, check=False, timeout=120)

    assert list(tmp_path.glob("out/*/*.jpg")) == []
    taken = [file.read_bytes() for file in tmp_path.rglob("*.jpg")]
    assert taken
    for data in taken:
        with Image.open(io.BytesIO(data)) as image:
            assert max(image.size) <= 640
        assert data not in originals.values()
