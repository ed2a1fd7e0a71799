"""What the admin listener tells, and which orders it takes from whom."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from datetime import date

import aiohttp
import pytest

from guard.server.admin import ORDER, Admin
from guard.server.reload import Loaded, Outcome
from guard.server.state import State
from guard.settings import from_upstream
from tests.support.states import a_state


class StandIn:
    """A guard that writes down what it is told."""

    ready = True
    own_token = "t" * 32

    def __init__(self) -> None:
        settings = from_upstream("http://127.0.0.1:1", environ={"HOME": "/nowhere"})
        self.loaded = Loaded(settings=settings, as_of=date(2026, 11, 25))
        self.reloads = 0
        self.until: list[float] = []

    async def metrics(self, accept: str) -> tuple[bytes, str]:
        return b"guard_x 1\n", f"text/plain; asked={bool(accept)}"

    async def state(self) -> State:
        return a_state()

    async def reload(self) -> Outcome:
        self.reloads += 1
        return Outcome(at=1.0, successful=False, said=("guard.yaml:1:1: wrong",))

    def pause_until(self, until: float) -> None:
        self.until.append(until)


def with_admin(
    work: Callable[[StandIn, str, aiohttp.ClientSession], Awaitable[None]], address: str = "127.0.0.1:0"
) -> None:
    async def run() -> None:
        guard = StandIn()
        admin = Admin(address, guard)
        await admin.start()
        try:
            async with aiohttp.ClientSession() as session:
                await work(guard, admin.url, session)
        finally:
            await admin.stop()

    asyncio.run(run())


def test_the_state_is_told_as_json():
    """For `guard status` and for tables; no address is in it."""

    async def work(_guard: StandIn, url: str, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{url}/status") as answer:
            said = await answer.json()

        assert said["today"]["crawlers"][0]["name"] == "GPTBot"
        assert said["today"]["pictures"] == [
            {"site": "photo.example", "path": "/alps/ridge.jpg", "asked": 3, "given": 1}
        ]
        assert said["month"]["coverage"][0]["crawler"] == "google-googlebot-image"
        assert said["started"] == "2026-11-22T12:00:00Z"

    with_admin(work)


def test_an_order_is_taken_with_its_header_field():
    """A reload tells its outcome, a pause until when."""

    async def work(guard: StandIn, url: str, session: aiohttp.ClientSession) -> None:
        async with session.post(f"{url}/reload", headers={ORDER: "reload"}) as answer:
            assert await answer.json() == {"successful": False, "said": ["guard.yaml:1:1: wrong"]}
        async with session.post(f"{url}/pause", headers={ORDER: "pause"}, data=b"3600") as answer:
            assert answer.status == 200
        async with session.post(f"{url}/pause", headers={ORDER: "pause"}, data=b"0") as answer:
            assert await answer.json() == {"paused_until": 0.0}

        assert guard.reloads == 1
        assert guard.until[0] > 3600
        assert guard.until[1] == 0.0

    with_admin(work)


@pytest.mark.parametrize(
    ("path", "headers", "body", "status"),
    [
        ("/reload", {}, b"", 403),
        ("/pause", {}, b"3600", 403),
        ("/reload", {ORDER: "reload", "Host": "evil.example:8701"}, b"", 403),
        ("/pause", {ORDER: "pause", "Host": "evil.example"}, b"60", 403),
        ("/pause", {ORDER: "pause"}, b"-1", 400),
        ("/pause", {ORDER: "pause"}, b"99999999", 400),
        ("/pause", {ORDER: "pause"}, "١".encode(), 400),
    ],
)
def test_a_page_in_a_browser_can_give_no_orders(path: str, headers: dict[str, str], body: bytes, status: int):
    """Neither by a form nor by a name that leads here; nor does nonsense do anything."""

    async def work(guard: StandIn, url: str, session: aiohttp.ClientSession) -> None:
        async with session.post(url + path, headers=headers, data=body) as answer:
            assert answer.status == status
        assert (guard.reloads, guard.until) == (0, [])

    with_admin(work)


def test_the_state_is_not_told_to_a_name_that_leads_here():
    """Paths that crawlers asked for are nobody else's business."""

    async def work(_guard: StandIn, url: str, session: aiohttp.ClientSession) -> None:
        async with session.get(f"{url}/status", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403

    with_admin(work)


def test_without_a_password_there_is_no_console():
    """Not even a sign-in page."""

    async def work(_guard: StandIn, url: str, session: aiohttp.ClientSession) -> None:
        for path in ("/", "/console", "/console/", "/console/sign-in"):
            async with session.get(url + path) as answer:
                assert answer.status == 404

    with_admin(work)


def test_other_machines_get_health_and_the_console_only():
    """Where the owner lets them reach it at all; their address is no loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        try:
            found.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no other address")
        mine = found.getsockname()[0]

    async def work(guard: StandIn, url: str, session: aiohttp.ClientSession) -> None:
        there = f"http://{mine}:{url.rpartition(':')[2]}"
        for path in ("/metrics", "/status"):
            async with session.get(there + path) as answer:
                assert answer.status == 403
        async with session.post(there + "/reload", headers={ORDER: "reload"}) as answer:
            assert answer.status == 403
        async with session.get(there + "/readyz") as answer:
            assert answer.status == 200
        assert guard.reloads == 0

    with_admin(work, "0.0.0.0:0")
