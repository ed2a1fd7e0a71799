"""WordPress itself behind the guard: its owner works, people and searches see all, data-set crawlers nothing."""

import base64
import io
import json
import re
import subprocess
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.fronts import free_port
from tests.support.galleries import GOOGLEBOT, SEARCHES, Guarded, guarded
from tests.support.http import CHROME, GPTBOT
from tests.support.pictures import photograph
from tests.support.programs import need
from tests.support.wordpress import OWNER, PASSWORD, WordPress, wordpress

OWNERS_ADDRESS = "198.51.100.20"
READERS_ADDRESS = "203.0.113.40"
SCRAPER = "198.51.100.99"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WordPress, Guarded]]:
    """Run WordPress, the guard, and nginx in front."""
    port = free_port()
    with wordpress(f"http://localhost:{port}") as site:
        configuration = {"sites": [{"host": "localhost", "upstream": site.upstream, "profile": "wordpress",
                                    "public_url": f"http://localhost:{port}"}]}  # fmt: skip
        with guarded(tmp_path_factory.mktemp("place"), port, configuration) as behind:
            yield site, behind


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Start Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=need("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


def tab_of(chromium: Any, source: str, answers: list[tuple[int, str, str]], **options: Any) -> Any:
    """Open a tab of a browser at `source`, which notes status, method and address of every answer."""
    context = chromium.new_context(user_agent=CHROME, extra_http_headers={"X-Comes-From": source}, **options)
    tab = context.new_page()
    tab.on("response", lambda one: answers.append((one.status, one.request.method, one.url)))
    return tab


UPLOAD = """
async ([name, bytes]) => {
  const body = new Blob([Uint8Array.from(atob(bytes), one => one.charCodeAt(0))], {type: "image/jpeg"});
  const form = new FormData();
  form.append("file", body, name);
  return await wp.apiFetch({path: "/wp/v2/media", method: "POST", body: form});
}
"""

PUBLISH = """
async (media) => {
  const blocks = media.map(one => wp.blocks.createBlock("core/image",
    {id: one.id, url: one.source_url, sizeSlug: "full", linkDestination: "media", href: one.source_url}));
  wp.data.dispatch("core/editor").editPost({title: "Harbour", status: "publish"});
  wp.data.dispatch("core/block-editor").resetBlocks(blocks);
  await wp.data.dispatch("core/editor").savePost();
  return wp.data.select("core/editor").getPermalink();
}
"""


@pytest.fixture(scope="module")
def answers_to_the_owner(
    place: tuple[WordPress, Guarded], chromium: Any
) -> tuple[list[tuple[int, str, str]], str, Any]:
    """Log in, upload eight photographs in the block editor, publish them, look at the library and at Site Health.

    Return what was answered, the address of the page, and what WordPress found when it asked for itself.
    """
    _, behind = place
    answers: list[tuple[int, str, str]] = []
    tab = tab_of(chromium, OWNERS_ADDRESS, answers)
    tab.goto(f"{behind.url}/wp-login.php")
    tab.fill("#user_login", OWNER)
    tab.fill("#user_pass", PASSWORD)
    tab.click("#wp-submit")
    tab.wait_for_url("**/wp-admin/**")
    tab.goto(f"{behind.url}/wp-admin/post-new.php")
    tab.wait_for_function("window.wp && wp.data && wp.data.select('core/editor').getCurrentPostId()")
    files = [("harbour.jpg", photograph(2700, 1800)), *((f"rope-{n}.jpg", photograph(1100, 700 + n)) for n in range(7))]
    media = [tab.evaluate(UPLOAD, [name, base64.b64encode(data).decode()]) for name, data in files]
    page = tab.evaluate(PUBLISH, media)
    tab.goto(f"{behind.url}/wp-admin/upload.php?mode=grid")
    tab.wait_for_selector(".attachments .attachment img")
    health = tab.evaluate(
        "async () => (await (await fetch('/wp-json/wp-site-health/v1/tests/loopback-requests',"
        " {headers: {'X-WP-Nonce': await (await fetch('/wp-admin/admin-ajax.php?action=rest-nonce')).text()}})).json())"
    )
    tab.context.close()
    return answers, page, health


def test_the_owner_works_as_before(place, answers_to_the_owner):
    """Login, block editor, its interface, upload, library: every request is answered by WordPress."""
    site, behind = place
    answers, page, _ = answers_to_the_owner

    asked = {url.removeprefix(behind.url).partition("?")[0] for _, _, url in answers}
    assert [one for one in answers if one[0] >= 400] == []
    assert {"/wp-login.php", "/wp-admin/post-new.php", "/wp-json/wp/v2/media", "/wp-admin/admin-ajax.php"} <= asked
    assert len(answers) > 150, "the editor asks for a lot"
    assert len(site.pictures()) > 30, "originals, and the sizes that WordPress made of them"
    assert page.endswith("/harbour/")
    assert {line["action"] for line in behind.decided() if not line.get("crawler")} == {"allow"}


def test_wordpress_reaches_itself(place, answers_to_the_owner):
    """Its own check says so, and the requests that its timetable makes come through the guard."""
    _, behind = place
    _, _, health = answers_to_the_owner

    assert health["status"] == "good", health
    own = behind.decided(path="/wp-cron.php")
    assert own
    assert {line["action"] for line in own} == {"allow"}


@pytest.fixture(scope="module")
def page(answers_to_the_owner: tuple[list[tuple[int, str, str]], str, Any]) -> str:
    """The address of the page with the photographs, without the host."""
    return "/" + answers_to_the_owner[1].split("/", 3)[3]


def pixels(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB").tobytes()


@pytest.fixture(scope="module")
def seen(place: tuple[WordPress, Guarded], page: str, chromium: Any) -> tuple[list[tuple[str, int]], dict[str, bytes]]:
    """Look at the page on a large screen and on a telephone, scrolling; then open two originals.

    Return loading and width of each picture that was shown, and the bytes of every picture by its path.
    """
    _, behind = place
    shown: list[tuple[str, int]] = []
    bodies: dict[str, bytes] = {}

    def keep(answer: Any) -> None:
        if "/uploads/" in answer.url:
            assert answer.status in (200, 304), answer.url
            bodies[answer.url.removeprefix(behind.url)] = answer.body()

    for source, width in ((READERS_ADDRESS, 1600), ("203.0.113.41", 300)):
        tab = tab_of(chromium, source, [], viewport={"width": width, "height": 700})
        tab.on("requestfinished", lambda request: keep(request.response()))
        tab.goto(behind.url + page)
        shown += tab.evaluate(
            """async () => {
              const images = [...document.querySelectorAll(".wp-block-image img")];
              for (const image of images) { image.scrollIntoView(); await image.decode(); }
              return images.map(image => [image.loading, image.naturalWidth]);
            }"""
        )
        tab.wait_for_load_state("networkidle")
        for number in (0, 1):
            tab.goto(behind.url + page)
            tab.locator(".wp-block-image a").nth(number).click()
            tab.wait_for_url("**/uploads/**")
        tab.context.close()
    return shown, bodies


def test_a_person_sees_every_picture(place, seen):
    """In Chromium, lazy ones too, in the sizes that the screen asks for, with the pixels that WordPress has on disk."""
    site, _ = place
    shown, bodies = seen
    files = site.pictures()

    assert len(shown) == 16
    assert {loading for loading, _ in shown} >= {"lazy"}
    assert min(width for _, width in shown) > 0
    assert len(bodies) >= 16, "originals and smaller sizes"
    for path, data in bodies.items():
        assert pixels(data) == pixels(files[path].read_bytes()), path


def test_searches_get_the_same_pictures(place, seen):
    """Google and Bing, each from an address of its operator's list: byte for byte."""
    _, behind = place

    for path, data in seen[1].items():
        for agent, source in SEARCHES.items():
            reply = behind.get(path, agent=agent, source=source)
            assert (reply.status, reply.body == data) == (200, True), (path, agent)
    rules = {line["rule"] for line in behind.decided(identity="verified") if line["path"] in seen[1]}
    assert rules == {"search-verified"}


FOR_MACHINES = (
    "/", "{page}", "/feed/", "/wp-sitemap.xml", "/wp-sitemap-posts-post-1.xml", "/wp-json/wp/v2/media", "/robots.txt",
    "/wp-json/oembed/1.0/embed?url={url}{page}", "{page}embed/", "/comments/feed/",
)  # fmt: skip


@pytest.mark.parametrize("target", FOR_MACHINES)
def test_searches_get_what_a_person_gets(place, page: str, target: str):
    """Pages, feeds, embeds and sitemaps, with the reservation beside them."""
    _, behind = place
    target = target.format(page=page, url=behind.url)

    person, *found = behind.get(target), *(behind.get(target, agent=one, source=SEARCHES[one]) for one in SEARCHES)

    changes = re.compile(rb"secret=(?:\W|quot)*\w{10}|share-[a-z-]+-\d+-\d+")  # drawn for each answer
    assert person.status == 200
    assert person.get("tdm-reservation") == "1"
    for one in found:
        assert (one.status, changes.sub(b"", one.body)) == (200, changes.sub(b"", person.body))


def test_robots_txt_has_what_wordpress_says_and_what_we_say(place):
    """WordPress makes its own; neither is weakened."""
    text = place[1].get("/robots.txt", agent=GOOGLEBOT).body.decode()

    assert "Disallow: /wp-admin/" in text
    assert "Allow: /wp-admin/admin-ajax.php" in text
    assert "GPTBot" in text
    assert f"{place[1].url}/wp-sitemap.xml" in text


def test_a_training_crawler_gets_no_picture_in_any_size(place, page: str):
    """And no page that lists them, nor the interface that does."""
    site, behind = place

    for path, file in site.pictures().items():
        reply = behind.get(path, ("Accept", "image/*"), agent=GPTBOT, source=SCRAPER)
        assert reply.status == 403, path
        assert file.read_bytes()[700:1400] not in reply.body
    for target in (page, "/feed/", "/wp-json/wp/v2/media", f"/wp-json/oembed/1.0/embed?url={behind.url}{page}"):
        assert behind.get(target, agent=GPTBOT, source=SCRAPER).status == 403


def test_img2dataset_collects_nothing(place, page: str, tmp_path: Path):
    """The program itself, with a list of files."""
    site, behind = place
    (tmp_path / "list.txt").write_text("".join(f"{behind.url}{path}\n" for path in sorted(site.pictures())[:6]))

    subprocess.run(
        [need("img2dataset"), "--url_list", "list.txt", "--output_folder", "out", "--output_format", "files",
         "--processes_count", "1", "--thread_count", "4", "--resize_mode", "no", "--enable_wandb", "False",
         "--user_agent_token", "img2dataset", "--disallowed_header_directives", "[]"],
        cwd=tmp_path, check=True, capture_output=True, timeout=120,
    )  # fmt: skip

    assert list(tmp_path.glob("out/*/*.jpg")) == []
    (told,) = [json.loads(file.read_bytes()) for file in tmp_path.glob("out/*_stats.json")]
    assert (told["count"], told["successes"], told["failed_to_download"]) == (6, 0, 6)


def test_a_copier_that_says_what_it_is_gets_small_pictures(place, page: str, tmp_path: Path):
    """wget -m takes the whole site, and no picture in the size that was uploaded."""
    site, behind = place

    subprocess.run(
        [need("wget"), "-q", "-m", "--tries=1", f"--header=X-Comes-From: {SCRAPER}", behind.url + page],
        cwd=tmp_path, check=False, timeout=120,
    )  # fmt: skip

    got = {file.name: file.read_bytes() for file in tmp_path.rglob("*.jpg")}
    uploaded = {path.rpartition("/")[2]: file.read_bytes() for path, file in site.pictures().items()}
    assert len(got) > 8
    for name, data in got.items():
        with Image.open(io.BytesIO(data)) as image:
            assert max(image.size) <= 640, name
        with Image.open(io.BytesIO(uploaded[name])) as image:
            assert pixels(data) != pixels(uploaded[name]) or max(image.size) <= 320


def test_a_copier_in_a_browsers_dress_is_found_out(place, page: str, tmp_path: Path):
    """wget -m that says it is Chrome, over plain HTTP, where browsers say least of themselves.

    It is suspect after some twenty pictures; from then on each is marked or smaller, but for thumbnails.
    """
    site, behind = place
    source = "198.51.100.98"

    subprocess.run(
        [need("wget"), "-q", "-m", "-e", "robots=off", "--tries=1", f"--header=X-Comes-From: {source}",
         f"--user-agent={CHROME}", behind.url + page],
        cwd=tmp_path, check=False, timeout=120,
    )  # fmt: skip

    got = {file.name: file.read_bytes() for file in tmp_path.rglob("*.jpg")}
    uploaded = {path.rpartition("/")[2]: file.read_bytes() for path, file in site.pictures().items()}
    asked = [line for line in behind.guard.lines() if line["path"] in site.pictures() and line["conduct"] == "suspect"]
    found_out = [line["path"].rpartition("/")[2] for line in asked if line["kind"] in ("image", "original")]
    assert len(found_out) >= 5, "out of some thirty pictures"
    assert [name for name in found_out if name in got and pixels(got[name]) == pixels(uploaded[name])] == []


def test_programs_that_publish_for_the_owner_work(place, page: str):
    """XML-RPC, as desktop editors and Lightroom's plug-ins use it: upload, then read back."""
    site, behind = place

    class From(xmlrpc.client.Transport):
        def send_headers(self, connection, headers):
            super().send_headers(connection, [*headers, ("X-Comes-From", OWNERS_ADDRESS)])

    with xmlrpc.client.ServerProxy(f"{behind.url}/xmlrpc.php", transport=From()) as server:
        sent: Any = server.wp.uploadFile(
            1,
            OWNER,
            PASSWORD,
            {"name": "quay.jpg", "type": "image/jpeg", "bits": xmlrpc.client.Binary(photograph(900, 600))},
        )
        posts: Any = server.wp.getPosts(1, OWNER, PASSWORD)

    assert sent["file"] == "quay.jpg"
    assert "Harbour" in [post["post_title"] for post in posts]
    assert any(path.endswith("/quay-300x200.jpg") for path in site.pictures())
