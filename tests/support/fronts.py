"""Real front servers, each with the configuration that `deploy/` gives away.

The texts are used as they are; only addresses of this test take the place of those in them, and each of these
must be there.
"""

import contextlib
import os
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.http import CHROME, Reply, head, read_reply
from tests.support.programs import TOOLS, missing, need
from tests.support.running import wait_until

DEPLOY = Path(__file__).resolve().parent.parent.parent / "deploy"
VISITOR = "127.0.0.2"
"""Where visitors of these tests come from; everything else is 127.0.0.1."""


@dataclass(frozen=True)
class Places:
    """What is where in this test."""

    guard: int
    """Port."""
    decisions: str
    """`unix:PATH`, or `host:port`."""
    gallery: int
    """Port."""
    spoe: str = ""
    """`unix@PATH`."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


def visit(
    port: int,
    target: str,
    *lines: tuple[str, str],
    agent: str = CHROME,
    method: str = "GET",
    source: str = VISITOR,
    timeout: float = 15,
) -> Reply:
    """Ask for `target`, exactly as it is written."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout, source_address=(source, 0)) as connection:
        connection.sendall(head(target, *lines, method=method, agent=agent))
        return read_reply(connection, method)


def adapted(name: str, changes: Mapping[str, str]) -> str:
    """Return a text of `deploy/` with this test's addresses in it."""
    text = (DEPLOY / name).read_text("utf-8")
    for old, new in changes.items():
        if old:
            assert old in text, f"{name} does not say {old!r}"
            text = text.replace(old, new)
    return text


@contextlib.contextmanager
def front(name: str, folder: Path, places: Places) -> Iterator[int]:
    """Run the server of `name`, as in `nginx/ask.conf`, and return its port."""
    port = free_port()
    commands = {
        "nginx": _nginx, "caddy": _caddy, "traefik": _traefik, "haproxy": _haproxy, "apache": _apache,
        "varnish": _varnish,
    }  # fmt: skip
    with running(commands[name.partition("/")[0]](name, folder, port, places), folder, port):
        yield port


@contextlib.contextmanager
def running(command: list[str], folder: Path, port: int) -> Iterator[None]:
    """Run a server until the end of the block; it answers at `port` when the block begins."""
    environment = {**os.environ, "HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    log = folder / "front.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment, cwd=folder)
    try:

        def up() -> bool | None:
            assert process.poll() is None, log.read_text("utf-8", "replace")
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1):
                    return True
            except OSError:
                return None

        wait_until(up, 30, lambda: log.read_text("utf-8", "replace"))
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1; {user} {modules}
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e; types {{ image/jpeg jpg; text/html html; }}
  {http}
}}
{more}
"""


def nginx(folder: Path, http: str, *, more: str = "", modules: str = "") -> list[str]:
    """Return the command of an nginx with these blocks."""
    file = folder / "nginx.conf"
    # Else the workers of an nginx that root has started may not read a test's folder.
    user = "user root root;" if os.getuid() == 0 else ""
    file.write_text(NGINX.format(folder=folder, http=http, more=more, modules=modules, user=user))
    return [need("nginx"), "-p", str(folder), "-c", str(file)]


def _nginx(name: str, folder: Path, port: int, places: Places) -> list[str]:
    if name == "nginx/proxy-protocol.conf":
        changes = {"listen 80;": f"listen 127.0.0.1:{port};", "127.0.0.1:8700": f"127.0.0.1:{places.guard}"}
        module = next(iter(Path("/usr/lib/nginx/modules").glob("ngx_stream_module.so")), None)
        if module is None:
            missing("libnginx-mod-stream")
        log = f"error_log {folder}/stream.log;"
        return nginx(folder, "", more=f"{log}\n{adapted(name, changes)}", modules=f"load_module {module};")
    asks = name != "nginx/guard.conf"
    text = adapted(
        name,
        {
            "listen 80;": f"listen 127.0.0.1:{port};",
            "127.0.0.1:8700": f"127.0.0.1:{places.guard}",
            "unix:/run/guard/decisions.sock" if asks else "": places.decisions,
            "server 127.0.0.1:8080" if asks else "": f"server 127.0.0.1:{places.gallery}",
        },
    )
    return nginx(folder, text)


def _caddy(name: str, folder: Path, port: int, places: Places) -> list[str]:
    asks = "ask" in name
    text = adapted(
        name,
        {
            "\nphoto.example {": f"\nhttp://photo.example:{port} {{\n\tbind 127.0.0.1",
            "127.0.0.1:8700": f"127.0.0.1:{places.guard}",
            "unix//run/guard/decisions.sock" if asks else "": places.decisions.replace("unix:", "unix/"),
            "reverse_proxy 127.0.0.1:8080" if asks else "": f"reverse_proxy 127.0.0.1:{places.gallery}",
            "reverse_proxy @away 127.0.0.1:8080" if asks else "": f"reverse_proxy @away 127.0.0.1:{places.gallery}",
        },
    )
    file = folder / "Caddyfile"
    file.write_text("{\n\tadmin off\n\tauto_https off\n}\n" + text)
    return [need(str(TOOLS / "caddy"), "caddy"), "run", "--config", str(file), "--adapter", "caddyfile"]


def _traefik(name: str, folder: Path, port: int, places: Places) -> list[str]:
    asks = "ask" in name
    file = folder / "dynamic.yaml"
    file.write_text(
        adapted(
            name,
            {
                '"http://127.0.0.1:8700"': f'"http://127.0.0.1:{places.guard}"',
                "http://127.0.0.1:8702/" if asks else "": f"http://{places.decisions}/",
                '[{url: "http://127.0.0.1:8080"}]' if asks else "": f'[{{url: "http://127.0.0.1:{places.gallery}"}}]',
            },
        )
    )
    return [
        need("traefik"), f"--entryPoints.web.address=127.0.0.1:{port}", f"--providers.file.filename={file}",
        "--global.checkNewVersion=false", "--global.sendAnonymousUsage=false", "--log.level=ERROR",
    ]  # fmt: skip


def _haproxy(name: str, folder: Path, port: int, places: Places) -> list[str]:
    file, spoe = folder / "haproxy.cfg", folder / "ask-spoe.cfg"
    changes = {"bind :80": f"bind 127.0.0.1:{port}", "guard 127.0.0.1:8700": f"guard 127.0.0.1:{places.guard}"}
    if name == "haproxy/ask.cfg":
        spoe.write_text(adapted("haproxy/ask-spoe.cfg", {}))
        changes |= {
            "/etc/haproxy/ask-spoe.cfg\n": f"{spoe}\n",
            "unix@/run/guard/spoe.sock": places.spoe,
            "gallery 127.0.0.1:8080\n\n": f"gallery 127.0.0.1:{places.gallery}\n\n",
        }
    file.write_text(adapted(name, changes))
    return [need("haproxy"), "-db", "-f", str(file)]


APACHE = """
ServerName localhost
ServerRoot {folder}
PidFile {folder}/pid
Mutex file:{folder}
ErrorLog {folder}/error.log
Listen 127.0.0.1:{port}
DocumentRoot {folder}
{user}
"""
MODULES = ("mpm_event", "authz_core", "proxy", "proxy_http", "headers")


def _apache(name: str, folder: Path, port: int, places: Places) -> list[str]:
    program = need("apache2", "httpd")
    loads = "\n".join(f"LoadModule {one}_module /usr/lib/apache2/modules/mod_{one}.so" for one in MODULES)
    user = "User www-data\nGroup www-data" if os.getuid() == 0 else ""
    text = adapted(name, {"*:80": f"127.0.0.1:{port}", "http://127.0.0.1:8700/": f"http://127.0.0.1:{places.guard}/"})
    file = folder / "apache.conf"
    file.write_text(loads + APACHE.format(folder=folder, port=port, user=user) + text)
    return [program, "-f", str(file), "-DFOREGROUND"]


def _varnish(name: str, folder: Path, port: int, places: Places) -> list[str]:
    if name.endswith("front.vcl"):
        changes = {'.port = "8700"': f'.port = "{places.guard}"'}
    else:
        changes = {'.port = "8080"': f'.port = "{places.gallery}"'}
    file = folder / "front.vcl"
    file.write_text(adapted(name, changes))
    return [
        need("varnishd"), "-F", "-n", str(folder / "work"), "-f", str(file), "-a", f"127.0.0.1:{port}",
        "-j", "none", "-s", "malloc,16M",
    ]  # fmt: skip
