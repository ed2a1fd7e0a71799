"""The guides of the first ten minutes are done word for word."""

import contextlib
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.fronts import DEPLOY, nginx
from tests.support.pictures import photograph
from tests.support.programs import need
from tests.support.walkthrough import Shell, Write, steps, walk
from tests.support.wordpress import wordpress

GUIDES = DEPLOY / "ten-minutes"
pytestmark = pytest.mark.timeout(400)
"""A guide is some twenty starts of a program, which take their time on a machine that has much to do."""
AGENTS = {
    "20.171.207.41": "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.3;"
    " +https://openai.com/gptbot)",
    "192.178.4.5": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "203.0.113.7": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/144.0.0.0 Safari/537.36",
}


def access_log() -> str:
    """Return a day of a hoster's log: GPTBot takes 812 pictures, Googlebot 40, a person looks at 20."""
    asked = [("20.171.207.41", "/robots.txt"), *(("20.171.207.41", f"/harbour/photo-{n}.jpg") for n in range(812))]
    asked += [("192.178.4.5", f"/harbour/photo-{n}.jpg") for n in range(40)]
    asked += [("203.0.113.7", f"/harbour/{name}") for n in range(20) for name in (f"{n}.html", f"photo-{n}.jpg")]
    return "".join(
        f"{source} - - [23/Nov/2026:{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02} +0000]"
        f' "GET {path} HTTP/1.1" 200 1400000 "-" "{AGENTS[source]}"\n'
        for number, (source, path) in enumerate(asked)
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the reader is, with the hoster's log."""
    (tmp_path / "access.log").write_text(access_log())
    return tmp_path


def program(folder: Path, name: str, text: str) -> None:
    """Put a program before the one of this name."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / "bin" / name).chmod(0o755)


@contextlib.contextmanager
def shell_in(folder: Path, authority: Path) -> Iterator[Shell]:
    """Open a shell that trusts the certificates of `authority`, since there is no public one here."""
    opened = Shell(folder, {"SSL_CERT_FILE": str(authority), "CURL_CA_BUNDLE": str(authority)})
    try:
        yield opened
    finally:
        opened.close()


def test_a_gallery_of_files_with_caddy(folder: Path):
    """From the audit to taking it out again, with a gallery that sigal has made."""
    for album in ("harbour", "mountains"):
        (folder / "pictures" / album).mkdir(parents=True)
        for number in range(3):
            (folder / "pictures" / album / f"photo-{number}.jpg").write_bytes(photograph(900, 600 + number))
    for command in (["init"], ["build", "-n1", "pictures", "gallery"]):
        subprocess.run([need("sigal"), *command], cwd=folder, check=True, capture_output=True)
    # All that is not the reader's: Caddy makes the certificate itself.
    own = "{\\n\\tlocal_certs\\n\\tskip_install_trust\\n}\\n"
    program(
        folder,
        "caddy",
        f"printf '{own}' | cat - Caddyfile >own.Caddyfile\n"
        f'exec {need("caddy")} "$@" --config own.Caddyfile --adapter caddyfile 2>caddy.log',
    )
    guide = GUIDES / "static-caddy.md"
    _as_it_is_now(folder, guide)

    with shell_in(folder, folder / "data" / "caddy" / "pki" / "authorities" / "local" / "root.crt") as shell:
        shell.run("caddy start")
        walk(guide, shell)


def test_wordpress_with_nginx(folder: Path):
    """The same with a real WordPress; its folder and PHP's socket are elsewhere here."""
    subprocess.run(
        [need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", "photo.key",
         "-out", "photo.crt", "-subj", "/CN=photo.example", "-addext", "subjectAltName=DNS:photo.example"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    with wordpress("https://photo.example") as site:
        (site.uploads / "2026" / "11").mkdir(parents=True, exist_ok=True)
        (site.uploads / "2026" / "11" / "photo-0.jpg").write_bytes(photograph(900, 600))
        command = shlex.join(nginx(folder, f"include {folder}/own.conf;"))
        (folder / "nginx.conf").write_text((folder / "nginx.conf").read_text("utf-8").replace("daemon off;", ""))
        program(
            folder,
            "nginx",
            f"sed 's#/run/php/php8.2-fpm.sock#{site.folder}/fpm.sock#; s#/usr/share/wordpress#{site.folder}/site#'"
            f' photo.conf >own.conf\n{command} "$@"\nsleep 2',  # nginx does not wait for its new workers
        )
        guide = GUIDES / "wordpress-nginx.md"
        _as_it_is_now(folder, guide)

        with shell_in(folder, folder / "photo.crt") as shell:
            shell.run("nginx")
            walk(guide, shell)


def _as_it_is_now(folder: Path, guide: Path) -> None:
    """Write the file that the guide shows first: it is the reader's before anything is changed."""
    now = next(step for step in steps(guide.read_text("utf-8")) if isinstance(step, Write))
    (folder / now.name).write_text(now.text)


COMPOSE = """
shift 3  # compose -f FILE
case "$1" in
  up) {gallery} >/dev/null 2>&1 & guard serve -c {file} >/dev/null 2>&1 &
      until [ "$(curl -so page -w '%{{http_code}}' http://127.0.0.1:8700/)" = 200 ]; do sleep 1; done ;;
  exec) shift 2; eval "$(echo "$*" | sed 's#/etc/guard/guard.yaml#{file}#')" ;;
  restart) guard reload ;;
esac
"""


def test_compose(folder: Path):
    """The parts of the compose file as processes: there is no container engine here, and `docker` is a stand-in.

    It starts the gallery with the command, and the guard with the file and the variables, that stand there.
    """
    compose = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text("utf-8"))
    service = compose["services"]["gallery"]
    places = {"python": sys.executable, "/tmp/gallery": str(folder / "sample")}
    gallery = shlex.join(places.get(word, word) for word in (*service["entrypoint"], *service["command"]))
    file = folder / "guard.yaml"
    file.write_text((DEPLOY / "container" / "guard.yaml").read_text("utf-8"))
    program(folder, "docker", COMPOSE.format(gallery=gallery, file=file))
    environment = {"GUARD_LISTEN": "0.0.0.0:8700", "GUARD_EVIDENCE__DIRECTORY": str(folder / "evidence")}

    opened = Shell(folder, {**environment, "GUARD_CONFIG": str(file)}, names=("gallery",))
    try:
        walk(GUIDES / "compose.md", opened)
    finally:
        opened.close()


def test_the_readme_leads_to_every_guide():
    """And each is tried above."""
    tried = Path(__file__).read_text("utf-8")
    readme = (DEPLOY.parent / "README.md").read_text("utf-8")

    for guide in GUIDES.iterdir():
        assert f"deploy/ten-minutes/{guide.name}" in readme
        assert guide.name in tried
