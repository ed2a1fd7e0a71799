"""A gallery behind the guard behind nginx, and visitors from anywhere."""

import contextlib
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.fronts import adapted, nginx, running
from tests.support.http import CHROME, Reply, head, read_reply
from tests.support.running import RunningGuard

GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
BINGBOT = "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"
SEARCHES = {GOOGLEBOT: "192.178.4.5", BINGBOT: "13.66.139.5"}
"""Search engines, each from an address in its operator's list."""
PERSON = "203.0.113.7"


@dataclass(frozen=True)
class Guarded:
    """What visitors reach."""

    port: int
    guard: RunningGuard

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def get(
        self, target: str, *lines: tuple[str, str], agent: str = CHROME, source: str = PERSON, method: str = "GET"
    ) -> Reply:
        """Ask for `target` from the address `source`."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            said = (("X-Comes-From", source), *lines)
            connection.sendall(head(target, *said, agent=agent, host=f"localhost:{self.port}", method=method))
            return read_reply(connection, method)

    def decided(self, **fields: Any) -> list[dict[str, Any]]:
        """Return the lines of the guard's access log with these fields."""
        return [line for line in self.guard.lines() if fields.items() <= line.items()]


@contextlib.contextmanager
def guarded(folder: Path, port: int, configuration: Mapping[str, Any]) -> Iterator[Guarded]:
    """Run a guard and, at `port`, the nginx of `deploy/nginx/guard.conf` in front of it.

    The line X-Comes-From stands for the network: nginx takes it for the visitor's address, and nobody behind sees it.
    The learning week is over.
    """
    for part in ("guard", "front"):
        (folder / part).mkdir()
    guard = RunningGuard(
        folder / "guard",
        {
            "rights": {"holder": "Jane Doe", "contact": "rights@photo.example"},
            "client_ip": {"from": "x-forwarded-for", "trusted": ["127.0.0.1/32"]},
            "behaviour": {"front": "nginx", "learning_days": 0},
            "timeouts": {"connect": 5, "read": 60, "drain": 5},
            "in_image": {},
            **configuration,
        },
    )
    try:
        text = adapted(
            "nginx/guard.conf",
            {
                "listen 80;": f"listen 127.0.0.1:{port};",
                "photo.example": "localhost",
                "127.0.0.1:8700": f"127.0.0.1:{guard.port}",
                'proxy_set_header Forwarded "";': 'proxy_set_header Forwarded ""; proxy_set_header X-Comes-From "";',
            },
        )
        network = "set_real_ip_from 127.0.0.0/8; real_ip_header X-Comes-From;\n"
        with running(nginx(folder / "front", network + text), folder / "front", port):
            yield Guarded(port=port, guard=guard)
    finally:
        status = guard.stop()
    assert status == 0, "".join(guard.said)
