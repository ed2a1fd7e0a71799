"""How does a browser ask for a gallery when a person looks at it?

Run by hand: `python tests/bench/capture_people.py FOLDER [NAME…]`, with DISPLAY set (Xvfb will do: a headless Chromium
says so in its headers). Chromium is driven by Playwright, Firefox by its own Marionette protocol. Writes
`FOLDER/person-NAME.json`.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from capture_gallery import ALBUMS, HOST, PICTURES, Gallery, running, write

# Playwright's own devices name an older Chrome than the one whose client hints are sent.
MOBILE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36"
)

ARGUMENTS = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
             "--no-first-run", "--no-sandbox", "--host-resolver-rules=MAP *.example 127.0.0.1",
             "--disable-dev-shm-usage",
             "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable"]  # fmt: skip


@contextlib.contextmanager
def browser(base: str, **options: object):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        device = playwright.devices[options.pop("device")] if "device" in options else {}
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            headless=False,
            args=ARGUMENTS,
            ignore_default_args=["--enable-automation"],
        )
        context = chromium.new_context(ignore_https_errors=True, **{**device, **options})
        context.set_default_timeout(20_000)
        yield context
        chromium.close()


def scroll(tab, steps: int = 25) -> None:
    for _ in range(steps):
        tab.mouse.wheel(0, 900)
        tab.wait_for_timeout(60)


def gallery_visit(context, base: str) -> None:
    tab = context.new_page()
    tab.goto(base + "/")
    for album in range(ALBUMS):
        tab.click(f"a.album >> nth={album}")
        tab.wait_for_load_state()
        scroll(tab, 10)


def slides(context, base: str) -> None:
    tab = context.new_page()
    tab.goto(base + "/")
    for album in range(ALBUMS):
        tab.goto(f"{base}/slides-{album}.html")
        scroll(tab)


def many_tabs(context, base: str) -> None:
    tab = context.new_page()
    tab.goto(base + "/album-1.html")
    scroll(tab, 8)
    for number in range(PICTURES):
        tab.click(f"a.original >> nth={number}", modifiers=["Control"])
        tab.wait_for_timeout(150)
    tab.wait_for_timeout(1000)


def back_button(context, base: str) -> None:
    tab = context.new_page()
    tab.goto(base + "/album-2.html")
    for number in range(PICTURES):
        tab.click(f"li a >> nth={2 * number}")
        tab.wait_for_load_state()
        tab.wait_for_timeout(80)
        tab.go_back()
        tab.wait_for_load_state()


def originals_one_by_one(context, base: str) -> None:
    for album in (0, 1):
        tab = context.new_page()
        tab.goto(f"{base}/album-{album}.html")
        for number in range(PICTURES):
            tab.click(f"a.original >> nth={number}")
            tab.wait_for_load_state()
            tab.go_back()
            tab.wait_for_load_state()


def warm(context, base: str) -> None:
    for _ in range(3):
        gallery_visit(context, base)
    tab = context.pages[-1]
    tab.reload()
    many_tabs(context, base)


def reader(context, base: str) -> None:
    tab = context.new_page()
    tab.goto(base.replace(HOST, "reader.example") + "/")
    scroll(tab, 40)


def from_search(context, base: str) -> None:
    tab = context.new_page()
    for number in range(3):
        tab.goto(f"{base}/original/a1/p{number:02}.jpg", referer="https://images.search.example/")


def keyboard(context, base: str) -> None:
    tab = context.new_page()
    tab.goto(base + "/album-0.html")
    for _ in range(PICTURES):
        tab.keyboard.press("Tab")
        tab.wait_for_timeout(40)
    tab.keyboard.press("Enter")
    tab.wait_for_load_state()
    gallery_visit(context, base)


PHONE = {"device": "Pixel 7", "user_agent": MOBILE}
UNTOLD = {"referrer_policy": "no-referrer"}
NO_SCRIPT = {"java_script_enabled": False, "extra_http_headers": {"DNT": "1", "Sec-GPC": "1"}}
SCENARIOS = {
    "gallery": (gallery_visit, "lazy gallery, four albums", {}, {}),
    "slides": (slides, "pages that show originals, loaded lazily", {}, {}),
    "tabs": (many_tabs, "fifteen originals opened in tabs", {}, {}),
    "back": (back_button, "display sizes by clicking, back by the button", {}, {}),
    "one-by-one": (originals_one_by_one, "thirty originals clicked one after the other", {}, {}),
    "warm": (warm, "fourth visit, with everything in the cache", {}, {"cache": "public, max-age=600"}),
    "no-referrer": (slides, "Referrer-Policy: no-referrer, pages of originals", {}, UNTOLD),
    "no-referrer-tabs": (many_tabs, "Referrer-Policy: no-referrer, originals in tabs", {}, UNTOLD),
    "no-cookies-no-script": (gallery_visit, "scripts off, do not track", NO_SCRIPT, {}),
    "plain-http": (slides, "a site without TLS", {}, {}),
    "plain-http-tabs": (many_tabs, "a site without TLS, originals in tabs", {}, {}),
    "plain-http-no-referrer": (many_tabs, "no TLS and no referrer, originals in tabs", {}, UNTOLD),
    "plain-http-mobile": (originals_one_by_one, "telephone, no TLS, no referrer, originals one by one", PHONE, UNTOLD),
    "feed-reader": (reader, "a feed reader in the web shows the pictures", {}, {}),
    "image-search": (from_search, "three originals from an image search", {}, {}),
    "keyboard": (keyboard, "keyboard only", {"reduced_motion": "reduce", "forced_colors": "active"}, {}),
    "mobile": (slides, "telephone, pages of originals", PHONE, {}),
}  # fmt: skip
HELD_OUT = {"mobile", "plain-http-mobile", "plain-http-firefox-one-by-one"}


class Firefox:
    """Firefox by Marionette: JSON messages with a length in front."""

    def __init__(self, folder: Path, preferences: dict[str, object]) -> None:
        self.number = 0
        lines = {"network.dns.forceResolve": "127.0.0.1", "network.trr.mode": 5,
                 "browser.shell.checkDefaultBrowser": False,
                 "datareporting.policy.dataSubmissionEnabled": False, "app.update.enabled": False,
                 "network.captive-portal-service.enabled": False, "marionette.port": 2929,
                 "dom.security.https_first": False, "browser.safebrowsing.downloads.enabled": False,
                 "toolkit.telemetry.enabled": False, "network.proxy.type": 0, **preferences}  # fmt: skip
        profile = Path(tempfile.mkdtemp(dir=folder))
        (profile / "user.js").write_text(
            "".join(f"user_pref({json.dumps(k)}, {json.dumps(v)});\n" for k, v in lines.items())
        )
        self.process = subprocess.Popen(
            ["firefox-esr", "--headless", "--no-remote", "--marionette", "--profile", profile],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "HOME": str(profile)},
        )  # fmt: skip
        for _ in range(120):
            with contextlib.suppress(OSError):
                self.socket = socket.create_connection(("127.0.0.1", 2929), timeout=60)
                break
            time.sleep(0.5)
        self.read()
        self.call("WebDriver:NewSession", {"acceptInsecureCerts": True})

    def read(self) -> object:
        size = b""
        while not size.endswith(b":"):
            size += self.socket.recv(1)
        data = b""
        while len(data) < int(size[:-1]):
            data += self.socket.recv(65536)
        return json.loads(data)

    def call(self, command: str, parameters: dict[str, object]) -> object:
        self.number += 1
        text = json.dumps([0, self.number, command, parameters])
        self.socket.sendall(f"{len(text)}:{text}".encode())
        answer = self.read()
        if answer[2]:
            print(command, answer[2].get("message"))
        return answer[3]

    def go(self, url: str) -> None:
        self.call("WebDriver:Navigate", {"url": url})

    def script(self, text: str) -> None:
        self.call("WebDriver:ExecuteScript", {"script": text, "args": []})

    def scroll(self, steps: int = 20) -> None:
        for _ in range(steps):
            self.script("window.scrollBy(0, 900)")
            time.sleep(0.08)

    def close(self) -> None:
        self.call("Marionette:Quit", {"flags": ["eForceQuit"]})
        self.process.wait(20)


def firefox_gallery(firefox: Firefox, base: str) -> None:
    firefox.go(base + "/")
    for album in range(ALBUMS):
        firefox.script(f"document.querySelectorAll('a.album')[{album}].click()")
        time.sleep(1)
        firefox.scroll(8)


def firefox_slides(firefox: Firefox, base: str) -> None:
    for album in range(ALBUMS):
        firefox.go(f"{base}/slides-{album}.html")
        firefox.scroll()


def firefox_one_by_one(firefox: Firefox, base: str) -> None:
    firefox.go(f"{base}/album-1.html")
    firefox.scroll(6)
    for number in range(PICTURES):
        firefox.script(f"document.querySelectorAll('a.original')[{number}].click()")
        time.sleep(0.4)
        firefox.call("WebDriver:Back", {})


PRIVATE = {"network.http.sendRefererHeader": 0, "privacy.resistFingerprinting": True,
           "network.cookie.cookieBehavior": 2, "privacy.globalprivacycontrol.enabled": True,
           "browser.privatebrowsing.autostart": True}  # fmt: skip
FIREFOX = {
    "firefox-gallery": (firefox_gallery, "Firefox ESR, lazy gallery", {}),
    "firefox-slides": (firefox_slides, "Firefox ESR, pages of originals", {}),
    "firefox-one-by-one": (firefox_one_by_one, "Firefox ESR, originals clicked one by one", {}),
    "plain-http-firefox-one-by-one": (firefox_one_by_one, "Firefox ESR, no TLS, originals one by one", {}),
    "firefox-private": (firefox_slides, "Firefox ESR, private window, no referer, resisting fingerprints", PRIVATE),
    "firefox-private-one-by-one": (firefox_one_by_one, "the same, originals clicked one by one", PRIVATE),
}


def main() -> None:
    folder, *names = sys.argv[1:]
    with tempfile.TemporaryDirectory() as work:
        for name in names or [*SCENARIOS, *FIREFOX]:
            about = FIREFOX[name][1] if name in FIREFOX else SCENARIOS[name][1]
            site = {} if name in FIREFOX else SCENARIOS[name][3]
            gallery = Gallery(**site)
            with running(gallery, Path(work)) as (plain, tls, _):
                base = f"http://{HOST}:{plain}" if name.startswith("plain-http") else f"https://{HOST}:{tls}"
                if name in FIREFOX:
                    visit, _, preferences = FIREFOX[name]
                    firefox = Firefox(Path(work), preferences)
                    visit(firefox, base)
                    firefox.close()
                else:
                    visit, _, options, _ = SCENARIOS[name]
                    with browser(base, **dict(options)) as context:
                        visit(context, base)
                print(name, len(gallery.seen), flush=True)
                if gallery.seen:
                    client = "Firefox" if name in FIREFOX else "Chromium"
                    write(
                        gallery,
                        Path(folder) / f"person-{name}.json",
                        client=client,
                        about=about,
                        held_out=name in HELD_OUT,
                    )


if __name__ == "__main__":
    main()
