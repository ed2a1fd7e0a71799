"""Do nginx, Caddy and Apache send, with our snippets, what the guard would send?"""

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from guard.reservation import documents, server_snippets
from guard.reservation.documents import ReservationSet
from guard.reservation.offer import Offer
from guard.reservation.statement import Override, Statement
from tests.reservation.conftest import CRAWLERS
from tests.support.programs import need

PATHS = (
    Override(path="/press/", train=True, ai_use=True, search=True, tdm=True),
    Override(path="/press/new/", train=False, ai_use=False, search=False, tdm=False),
    Override(path="/%C3%A4%22(1)/", train=True, ai_use=False, search=True, tdm=False),
)
OFFERS = (Offer(purpose="tdm", url="https://photo.example/licence"),)
PLAIN = Statement(
    holder="Jane Doe", base_url="https://photo.example", terms_url="https://photo.example/terms%20of%20use"
)
ALBUMS = Statement(holder="Jane Doe", base_url="https://photo.example", paths=PATHS, offers=OFFERS)
STATEMENTS = {"one answer": PLAIN, "albums with their own": ALBUMS}
ASKED = ("/a.jpg", "/press/a.jpg", "/press/new/a.jpg", "/%C3%A4%22(1)/a.jpg", "/press", "/none.jpg")


def rendered(statement: Statement) -> ReservationSet:
    return documents.render(statement, CRAWLERS, as_of=date(2026, 11, 22))


def site(folder: Path, reserved: ReservationSet) -> None:
    """Write the documents, and a picture at every path that is asked for but the last."""
    from urllib.parse import unquote

    for document in server_snippets.files(reserved):
        (folder / document.path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (folder / document.path[1:]).write_bytes(document.body)
    for path in ASKED[:4]:
        file = folder / unquote(path)[1:]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"\xff\xd8\xff")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def serve() -> Iterator[Callable[[list[str], int, Path], None]]:
    """Return a function that starts a server and waits until it answers."""
    started: list[subprocess.Popen[bytes]] = []

    def start(command: list[str], port: int, folder: Path) -> None:
        with (folder / "server.log").open("wb") as log:
            started.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=folder))
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                assert started[-1].poll() is None, (folder / "server.log").read_text()
                time.sleep(0.05)
            else:
                return
        pytest.fail((folder / "server.log").read_text())

    yield start
    for process in started:
        process.terminate()
        process.wait(10)


def ask(port: int, path: str) -> tuple[int, list[tuple[str, str]], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    with closing(connection), connection.getresponse() as answer:
        return answer.status, answer.getheaders(), answer.read()


def check(port: int, reserved: ReservationSet, *, lower_case: bool = True) -> None:
    """Compare lines with the guard's for pictures, a redirect and an error, and the documents byte for byte."""
    names = {name.lower() for lines in (reserved.headers, *(p.headers for p in reserved.paths)) for name, _ in lines}
    for path in ASKED:
        _, lines, _ = ask(port, path)
        wanted = reserved.headers_for(path)
        got = [(name, value) for name, value in lines if name.lower() in names]
        if not lower_case:
            got, wanted = ([(name.lower(), value) for name, value in some] for some in (got, wanted))
        # The order of lines of one name counts, and is compared; that of different names does not.
        assert sorted(got, key=lambda line: line[0]) == sorted(wanted, key=lambda line: line[0]), path
    for document in reserved.documents:
        status, lines, body = ask(port, document.path)
        found = {name.lower(): value for name, value in lines}
        assert (status, body) == (200, document.body), document.path
        assert found["content-type"].replace('"', "") == document.media_type, document.path
        assert found["cache-control"] == "max-age=3600", document.path
        assert found["tdm-reservation"] == "1"


USER = "user root;" if os.geteuid() == 0 else ""  # else its workers could not read the folder
NGINX = """
{user} worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e; types {{ image/jpeg jpg; text/plain txt; }}
  {maps}
  server {{ listen 127.0.0.1:{port}; root {folder}/site;
  {lines}
  }}
}}
"""


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=list(STATEMENTS))
def test_nginx_sends_what_the_guard_sends(statement: Statement, tmp_path: Path, serve):
    """On pictures, redirects and errors, by path, and the documents with their types; the configuration is valid."""
    program = need("nginx")
    reserved, port = rendered(statement), free_port()
    site(tmp_path / "site", reserved)
    maps, _, lines = server_snippets.nginx(reserved).partition("# Into server { }")
    conf = tmp_path / "nginx.conf"
    conf.write_text(NGINX.format(user=USER, folder=tmp_path, port=port, maps=maps, lines=f"#{lines}"))

    tested = subprocess.run([program, "-t", "-p", str(tmp_path), "-c", str(conf)], capture_output=True, check=False)
    assert b"test is successful" in tested.stderr, tested.stderr
    serve([program, "-p", str(tmp_path), "-c", str(conf)], port, tmp_path)
    check(port, reserved)


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=list(STATEMENTS))
def test_caddy_sends_what_the_guard_sends(statement: Statement, tmp_path: Path, serve):
    """All but the small letters of a name over HTTP/1.1, which no Go program can send."""
    program = need("caddy")
    reserved, port = rendered(statement), free_port()
    site(tmp_path / "site", reserved)
    lines = server_snippets.caddy(reserved).replace("\n", "\n\t")
    (tmp_path / "Caddyfile").write_text(
        f"{{\n\tadmin off\n\tstorage file_system {tmp_path}/store\n}}\n"
        f"http://127.0.0.1:{port} {{\n\troot * {tmp_path}/site\n\t{lines}\n\tfile_server\n}}\n"
    )

    serve([program, "run", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"], port, tmp_path)
    check(port, reserved, lower_case=False)


APACHE = """
ServerRoot {folder}
ServerName photo.example
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
Mutex file:{folder}
ErrorLog {folder}/error.log
{modules}
DocumentRoot {folder}/site
<Directory {folder}/site>
  AllowOverride All
  Require all granted
</Directory>
TypesConfig /dev/null
"""


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=list(STATEMENTS))
def test_apache_sends_what_the_guard_sends(statement: Statement, tmp_path: Path, serve):
    """From a .htaccess, as a host for many sites gives it."""
    program = Path(need("apache2"))
    modules = program.parent.parent / "lib" / "apache2" / "modules"
    reserved, port = rendered(statement), free_port()
    site(tmp_path / "site", reserved)
    (tmp_path / "site" / ".htaccess").write_text(server_snippets.htaccess(reserved), "utf-8")
    loaded = "\n".join(
        f"LoadModule {name}_module {modules}/mod_{name}.so"
        for name in ("mpm_event", "authz_core", "dir", "mime", "headers")
    )
    (tmp_path / "apache.conf").write_text(APACHE.format(folder=tmp_path, port=port, modules=loaded))

    serve([str(program), "-X", "-f", str(tmp_path / "apache.conf")], port, tmp_path)
    check(port, reserved)


def test_the_snippets_can_be_found_wanting(tmp_path: Path, serve):
    """nginx without `always` says nothing on an error: the comparison sees it."""
    program = need("nginx")
    reserved, port = rendered(PLAIN), free_port()
    site(tmp_path / "site", reserved)
    lines = server_snippets.nginx(reserved).replace(" always;", ";")
    (tmp_path / "nginx.conf").write_text(NGINX.format(user=USER, folder=tmp_path, port=port, maps="", lines=lines))

    serve([program, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")], port, tmp_path)
    with pytest.raises(AssertionError, match=r"none\.jpg"):
        check(port, reserved)


def test_a_dollar_sign_is_no_variable_of_nginx():
    """It has no escape there, so the address is written with the one that addresses have."""
    statement = Statement(base_url="https://photo.example", terms_url="https://photo.example/$uri")

    assert '"https://photo.example/%24uri" always;' in server_snippets.nginx(rendered(statement))


def test_robots_txt_comes_last():
    """It is the one that a site may have already."""
    assert server_snippets.files(rendered(PLAIN))[-1].path == "/robots.txt"
