"""Proxies beside each other: real programs in front of one upstream, each held to one core."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.fronts import DEPLOY, free_port
from tests.support.programs import TOOLS
from tests.support.running import READY, wait_until

GO_SOURCE = Path(__file__).resolve().parent.parent / "bench" / "reverse_proxy.go"

_NGINX = """\
worker_processes 1; daemon off; pid {name}.pid; error_log {name}.err warn; {user}
events {{ worker_connections 4096; }}
http {{
  access_log off; server_tokens off; sendfile on; tcp_nopush on; tcp_nodelay on; default_type image/jpeg;
  keepalive_timeout 300; keepalive_requests 100000000;
  client_body_temp_path {name}_cb; proxy_temp_path {name}_pt; fastcgi_temp_path {name}_fc;
  uwsgi_temp_path {name}_uw; scgi_temp_path {name}_sc;
  {inside}
}}
"""
_SITE = "server {{ listen 127.0.0.1:{port}; root www; open_file_cache max=100 inactive=60s; }}"
_PASSING = """\
upstream up {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_buffers 16 64k; proxy_buffer_size 16k; proxy_busy_buffers_size 256k; proxy_max_temp_file_size 0;
    location / {{ proxy_pass http://up; }}
  }}"""
_HAPROXY_ALWAYS = """\
global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
  http-reuse always
"""
_HAPROXY = (
    _HAPROXY_ALWAYS
    + """\
  option forwardfor
frontend visitors
  bind 127.0.0.1:{port}
  default_backend site
backend site
  server s 127.0.0.1:{upstream} pool-max-conn 256
"""
)
_ASKING = {
    "nginx": """\
upstream up {{ server 127.0.0.1:{upstream}; keepalive 128; keepalive_requests 100000000; }}
  upstream ask {{ server unix:{socket}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port}; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_buffers 16 64k; proxy_buffer_size 16k; proxy_busy_buffers_size 256k; proxy_max_temp_file_size 0;
    location / {{
      auth_request /ask; auth_request_set $guard_tdm $upstream_http_tdm_reservation;
      add_header tdm-reservation $guard_tdm always;
      proxy_pass http://up; proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }}
    location = /ask {{
      internal; proxy_pass http://ask/nginx/hand-over; proxy_pass_request_body off;
      proxy_set_header Content-Length ""; proxy_set_header Connection "";
      proxy_set_header X-Original-Method $request_method; proxy_set_header X-Original-URI $request_uri;
      proxy_set_header X-Original-Host $http_host; proxy_set_header X-Original-Proto $scheme;
      proxy_set_header X-Original-For $http_x_forwarded_for;
      {kept}
    }}
  }}""",
    "haproxy": _HAPROXY_ALWAYS
    + """\
frontend visitors
  bind 127.0.0.1:{port}
  filter spoe engine guard config {folder}/spoe.conf
  http-request send-spoe-group guard every-request
  http-request return status 500 unless {{ var(txn.guard.passes) -m bool }}
  http-response set-header tdm-reservation %[var(txn.guard.tdm_reservation)]
  default_backend site
backend site
  server s 127.0.0.1:{upstream} pool-max-conn 256
backend guard_decisions
  mode tcp
  timeout connect 1s
  timeout server 1h
  server guard unix@{socket}
""",
}
_KEEPING = "proxy_cache_path {folder}/kept keys_zone=kept:10m max_size=64m inactive=1m use_temp_path=off;\n"
_KEPT = 'proxy_cache kept; proxy_cache_key "$http_x_forwarded_for $scheme $request_method $http_host $request_uri";'
_CADDY = """\
{{
	admin off
	auto_https off
	log {{
		output discard
	}}
}}
http://:{port} {{
	bind 127.0.0.1
	reverse_proxy 127.0.0.1:{upstream} {{
		transport http {{
			keepalive_idle_conns_per_host 256
			compression off
		}}
	}}
}}
"""

_ANUBIS = (
    "anubis -bind 127.0.0.1:{port} -metrics-bind 127.0.0.1:{other_port} -target http://127.0.0.1:{upstream}"
    " -custom-real-ip-header X-Forwarded-For -jwt-restriction-header User-Agent -cookie-secure=false -difficulty 1"
)
_GO_AWAY = (
    "go-away -bind 127.0.0.1:{port} -backend *=http://127.0.0.1:{upstream} -policy {file} -cache {folder}/go_away_cache"
    " -client-ip-header X-Forwarded-For"
)
_GO_AWAY_POLICY = """\
challenges:
  later:
    runtime: refresh
    parameters: {{refresh-via: header}}
rules:
  - name: crawlers
    conditions: ['userAgent.contains("GPTBot") || userAgent.contains("ClaudeBot") || userAgent.contains("CCBot")']
    action: drop
  - name: pictures
    conditions: ['path.matches("\\\\.(jpg|jpeg|png|webp|avif|gif|svg)$")']
    action: pass
  - name: others
    action: challenge
    settings: {{challenges: [later]}}
"""


@dataclass(frozen=True)
class Used:
    """What the processes of one program have used so far."""

    cpu_ns: int
    faults: int
    rss: int
    """Bytes, those of shared pages counted for each process."""


@dataclass(frozen=True)
class Program:
    """A running program and all its children."""

    name: str
    port: int
    pid: int

    def used(self) -> Used:
        """Add up what the kernel says about each process."""
        total = [0, 0, 0]
        for pid in _tree(self.pid):
            with suppress(OSError, IndexError):
                entry = Path(f"/proc/{pid}")
                threads = [one.read_text() for one in entry.glob("task/*/schedstat")]
                fields = (entry / "stat").read_text().rpartition(") ")[2].split()
                total[0] += sum(int(text.split()[0]) for text in threads)
                total[1] += int(fields[7])
                total[2] += int((entry / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return Used(*total)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in children.read_text().split():
                found += _tree(int(child))
    return found


class Proxies:
    """Starts programs in `folder`, one core each for what is measured (`core`) and for everything else (`other`)."""

    def __init__(self, folder: Path, core: int, other: int) -> None:
        self._folder = folder
        self._core, self._other = core, other
        self._stack = ExitStack()
        self.upstream = 0

    def __enter__(self) -> "Proxies":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start_upstream(self, files: Mapping[str, bytes]) -> None:
        """Serve `files` by nginx, on the core of everything else."""
        www = self._folder / "www"
        www.mkdir()
        for name, data in files.items():
            (www / name).write_bytes(data)
        self.upstream = self._nginx("upstream", _SITE, self._other).port

    def start(self, name: str) -> Program | None:
        """Start nginx, haproxy, caddy, go, anubis or go-away; None where it is not installed."""
        match name:
            case "nginx":
                return self._nginx(name, _PASSING, self._core) if _which("nginx") else None
            case "haproxy":
                return self._run(name, ["haproxy", "-db", "-f", "{file}"], _HAPROXY)
            case "caddy":
                return self._run(name, ["caddy", "run", "--adapter", "caddyfile", "--config", "{file}"], _CADDY)
            case "go":
                return self._go()
            case "anubis":
                return self._run(name, _ANUBIS.split(), "")
            case "go-away":
                return self._run(name, _GO_AWAY.split(), _GO_AWAY_POLICY)
        raise ValueError(name)

    def start_asking(self, name: str, socket_path: Path, *, keeps: bool = False) -> Program:
        """Start nginx or haproxy, serving the upstream itself and asking the guard at this socket first.

        With `keeps` nginx keeps what it was told for as long as the guard allows it.
        """
        fields = {"upstream": self.upstream, "socket": socket_path, "folder": self._folder}
        if name == "nginx":
            before, kept = (_KEEPING, _KEPT) if keeps else ("", "")
            program = "nginx_keeping" if keeps else "nginx_asking"
            return self._nginx(program, before + _ASKING[name], self._core, **fields, kept=kept)
        file, port = self._folder / "haproxy_asking.conf", free_port()
        file.write_text(_ASKING[name].format(port=port, **fields))
        spoe = (DEPLOY / "haproxy" / "ask-spoe.cfg").read_text("utf-8")
        # Visitors of the measurement tell their address in a line, as from behind a further front.
        (self._folder / "spoe.conf").write_text(spoe.replace("source=src", "source=hdr_ip(X-Forwarded-For)"))
        return self._spawn("haproxy_asking", [_which("haproxy") or "haproxy", "-db", "-f", str(file)], port, self._core)

    def start_guard(self, name: str, settings: Mapping[str, Any]) -> Program:
        """Start a guard with one worker in front of the upstream; nothing is said to anybody but the upstream."""
        folder = self._folder / name
        folder.mkdir()
        file = folder / "guard.yaml"
        port = free_port()
        base = {
            "listen": f"127.0.0.1:{port}",
            "admin": "127.0.0.1:0",
            "sites": [{"host": "*", "upstream": f"http://127.0.0.1:{self.upstream}"}],
            "rights": {"holder": "Jane Doe"},
            "evidence": {"directory": str(folder / "evidence")},
            "search_check": {"every": 0},
            "client_ip": {"from": "x-forwarded-for", "trusted": ["127.0.0.0/8"]},
        }
        file.write_text(json.dumps({**base, **settings}))
        environment = {**os.environ, "PYTHONPATH": str(GO_SOURCE.parent.parent.parent)}
        command = [sys.executable, "-m", "guard", "serve", "-c", str(file)]
        return self._spawn(name, command, port, self._core, environment=environment, ready=READY)

    def _nginx(self, name: str, inside: str, core: int, **fields: object) -> Program:
        port = free_port()
        file = self._folder / f"{name}.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        text = _NGINX.format(
            name=name, user=user, inside=inside.format(**{"upstream": self.upstream, **fields, "port": port})
        )
        file.write_text(text)
        command = [_which("nginx") or "nginx", "-p", str(self._folder), "-c", str(file), "-e", f"{name}.err"]
        return self._spawn(name, command, port, core)

    def _run(self, name: str, command: list[str], text: str) -> Program | None:
        program = _which(name)
        if program is None:
            return None
        port = free_port()
        file = self._folder / f"{name}.conf"
        fields = {"port": port, "upstream": self.upstream, "file": file, "folder": self._folder}
        file.write_text(text.format(**fields))
        arguments = [one.format(**fields, other_port=free_port()) for one in command[1:]]
        return self._spawn(name, [program, *arguments], port, self._core)

    def _go(self) -> Program | None:
        go = _which("go")
        if go is None:
            return None
        program, port = self._folder / "reverse_proxy", free_port()
        subprocess.run(
            [go, "build", "-o", str(program), str(GO_SOURCE)], check=True, env={**os.environ, "GO111MODULE": "off"}
        )
        command = [str(program), f"127.0.0.1:{port}", f"http://127.0.0.1:{self.upstream}"]
        return self._spawn("go", command, port, self._core)

    def _spawn(
        self,
        name: str,
        command: list[str],
        port: int,
        core: int,
        *,
        environment: Mapping[str, str] | None = None,
        ready: re.Pattern[str] | None = None,
    ) -> Program:
        log = self._folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["taskset", "-c", str(core), *command],
                stdout=output, stderr=output, cwd=self._folder,
                env=environment or {**os.environ, "HOME": str(self._folder)},
            )  # fmt: skip
        self._stack.callback(_stop, process)

        def listens() -> bool | None:
            if process.poll() is not None:
                raise RuntimeError(f"{name} ended: {log.read_text()[-600:]}")
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
            return None

        wait_until(listens, 60, log.read_text)
        if ready is not None:
            wait_until(lambda: ready.search(log.read_text()), 60, log.read_text)
        return Program(name, port, process.pid)


def _which(name: str) -> str | None:
    """Find a program: the one in .venv-tools before the system's, which may be old."""
    elsewhere = "/usr/sbin:/usr/local/sbin:/usr/local/go/bin"
    return shutil.which(name, path=str(TOOLS)) or shutil.which(name) or shutil.which(name, path=elsewhere)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
