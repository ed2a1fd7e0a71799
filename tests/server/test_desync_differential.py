"""Does a real server behind the guard see of hostile requests what it would have seen without it, and no more?

The corpus of test_desync goes to nginx and to aiohttp through the guard in each lane, and to nginx as it is. What the
guard passes on nginx would have taken too; what was hidden in a request is a request to neither.
"""

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aiohttp import web

from tests.server.test_desync import AT_ONCE, statuses_for
from tests.support import desync_requests, fronts
from tests.support.desync_requests import EITHER, REFUSED
from tests.support.fronts import free_port
from tests.support.running import RunningGuard

Seen = Callable[[], list[str]]
"""Returns the targets of the requests that a server has answered so far."""
MORE_THAN_NGINX = {"host: empty"}
"""What nginx refuses and a server may take: without an authority there is an empty Host (RFC 9112, section 3.2)."""


def nginx(folder: Path) -> Iterator[tuple[int, Seen]]:
    """Run nginx."""
    folder.mkdir()
    port = free_port()
    site = f"server {{ listen 127.0.0.1:{port}; access_log {folder}/seen seen; location / {{ return 200 ok; }} }}"
    with fronts.running(fronts.nginx(folder, f"log_format seen '$status $request_uri'; {site}"), folder, port):
        yield port, lambda: re.findall(r"^200 (\S+)$", (folder / "seen").read_text(), re.MULTILINE)


def aiohttp(_folder: Path) -> Iterator[tuple[int, Seen]]:
    """Run aiohttp."""
    seen: list[str] = []
    loop = asyncio.new_event_loop()

    async def answer(request: web.BaseRequest) -> web.Response:
        await request.read()
        seen.append(request.path_qs)
        return web.Response(text="ok")

    async def start() -> web.ServerRunner:
        runner = web.ServerRunner(web.Server(answer), shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner = asyncio.run_coroutine_threadsafe(start(), loop).result(20)
    yield runner.addresses[0][1], lambda: list(seen)
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(20)
    loop.close()


@pytest.fixture(scope="module", params=[nginx, aiohttp], ids=["nginx", "aiohttp"])
def upstream(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Seen]]:
    yield from request.param(tmp_path_factory.mktemp("upstream") / "server")


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Seen]]:
    """Run an nginx that nobody stands before."""
    yield from nginx(tmp_path_factory.mktemp("alone") / "server")


@pytest.fixture(scope="module", params=[False, True], ids=["full lane", "fast lane"])
def guard(
    request: pytest.FixtureRequest, upstream: tuple[int, Seen], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGuard]:
    running = RunningGuard(
        tmp_path_factory.mktemp("guard"),
        {
            "sites": [{"host": "*", "upstream": f"http://127.0.0.1:{upstream[0]}"}],
            "rules": [{"id": "all", "when": {}, "action": "allow"}],
            "workers": 1,
            "fast_lane": request.param,
            "upstream_robots": {"every": 0},
        },
    )
    yield running
    running.stop()


def send_all(port: int) -> list[list[int]]:
    """Send every request of the corpus, each with paths of its own, and return the statuses of all answers."""
    cases = list(desync_requests.CASES.values())

    def send(number: int) -> list[int]:
        raw = cases[number][0].replace(b"/smuggled", b"/sm%06d" % number)
        return statuses_for(port, re.sub(rb"/(x|next)(?=[ %#])", rb"/\g<1>%d" % number, raw))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(send, range(len(cases))))


def seen_of(number: int, targets: list[str]) -> list[str]:
    """Return the requests of one case, in the order of their names."""
    return sorted(one for one in targets if re.match(rf".*/(x|next){number}([%#?/]|$)", one))


def test_what_is_passed_on_is_what_the_server_would_have_taken(
    guard: RunningGuard, upstream: tuple[int, Seen], alone: tuple[int, Seen]
):
    """Nothing hidden is seen, each request at most as often as nginx alone sees it, and refused is refused."""
    before = len(upstream[1]()), len(alone[1]())
    answers = send_all(guard.port)
    through = upstream[1]()[before[0] :]
    send_all(alone[0])
    direct = alone[1]()[before[1] :]
    wrong = []
    for number, (name, (_, want)) in enumerate(desync_requests.CASES.items()):
        guarded, plain = seen_of(number, through), seen_of(number, direct)
        hidden = any(f"/sm{number:06d}" in one for one in through)
        told = not any(200 <= status < 300 for status in answers[number])
        # A server that answers before it has read the body has seen a request whose body never ends.
        as_meant = want == EITHER or len(guarded) == want or guarded == plain
        right = not guarded and told if want == REFUSED else as_meant
        if hidden or not right or (len(guarded) > len(plain) and name not in MORE_THAN_NGINX):
            wrong.append((name, want, guarded, plain, answers[number]))

    assert len(desync_requests.CASES) >= 300
    assert len(through) > 40
    assert wrong == []
