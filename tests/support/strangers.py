"""Clients that are nobody's friends, and a site that is not always there: what a long run sends at a guard."""

import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address

from tests.support.causes import Failure, how_it_failed
from tests.support.http import ask


class Flapping:
    """An upstream that is there, and then not."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as first:
            self.port = first.getsockname()[1]
        self._server: socket.socket | None = None

    def turn(self) -> None:
        """Come, or go."""
        if self._server is not None:
            self._server.shutdown(socket.SHUT_RDWR)
            self._server.close()
            self._server = None
        else:
            self._server = socket.create_server(("127.0.0.1", self.port))
            threading.Thread(target=self._answer, args=(self._server,), daemon=True).start()

    @staticmethod
    def _answer(server: socket.socket) -> None:
        with suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection, suppress(OSError):
                    connection.settimeout(5)
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")


class Strangers:
    """Scrapers, and clients that are somebody else each time; and visitors of the site that comes and goes."""

    def __init__(self, port: int) -> None:
        self.statuses: dict[str, Counter[int]] = {"scraper": Counter(), "rotating": Counter(), "flapping": Counter()}
        self.failures: list[Failure] = []
        self._port = port
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._scrape, self._rotate, self._flap)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(40)

    def _again(self, who: str, one: Callable[[int], tuple[str, str, str, str]], pause: float) -> None:
        number = 0
        while not self._ended.is_set():
            path, host, agent, address = one(number)
            number += 1
            began = time.monotonic()
            try:
                reply, error = ask(self._port, path, ("X-Forwarded-For", address), agent=agent, host=host), None
            except OSError as failed:
                reply, error = None, failed
            self.statuses[who][reply.status if reply is not None and reply.whole else 0] += 1
            if how := how_it_failed(reply, error):
                self.failures.append(Failure(time.monotonic(), time.monotonic() - began, who, how))
            time.sleep(pause)

    def _scrape(self) -> None:
        self._again(
            "scraper", lambda n: (f"/original.jpg?n={n}", "photo.example", "python-requests/2.32", "192.0.2.9"), 0.05
        )

    def _rotate(self) -> None:
        chance = random.Random(1)

        def one(number: int) -> tuple[str, str, str, str]:
            address = str(IPv4Address("10.0.0.0") + chance.randrange(1 << 24))
            agent = f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/{number}.0.0.0 Safari/537.36"
            return f"/display.jpg?n={number}", "photo.example", agent, address

        self._again("rotating", one, 0.02)

    def _flap(self) -> None:
        self._again("flapping", lambda n: (f"/?n={n}", "flap.example", "Mozilla/5.0", "192.0.2.10"), 0.05)
