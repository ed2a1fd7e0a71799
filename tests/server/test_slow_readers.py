"""What does a worker keep of answers that nobody takes, in each lane, and does it give that back?"""

import contextlib
import re
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.conftest import Upstreams
from tests.support.http import CHROME, ask, head
from tests.support.running import PATIENT, RunningGuard, wait_until
from tests.support.upstream import PICTURES


@pytest.fixture(scope="module", params=[False, True], ids=["full lane", "fast lane"])
def guard(
    request: pytest.FixtureRequest, upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGuard]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    running = RunningGuard(
        tmp_path_factory.mktemp("guard"),
        {
            "sites": [{"host": "photo.example", "upstream": upstreams.good}],
            "rules": PATIENT,
            "workers": 1,
            "access_log": "off",
            "fast_lane": request.param,
            "timeouts": {"connect": 10, "read": 60, "drain": 1},
        },
    )
    for _ in range(10):  # what a worker needs anyway it has then
        ask(running.port, "/large?megabytes=3")
    yield running
    assert running.stop() == 0, "".join(running.said)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def own_mib(guard: RunningGuard) -> float:
    text = Path(f"/proc/{guard.children()['guard.server.worker']}/status").read_text()
    return int(re.findall(r"RssAnon:\s+(\d+) kB", text)[0]) / 1024


@contextlib.contextmanager
def readers(guard: RunningGuard, number: int, megabytes: int) -> Iterator[None]:
    """Let so many ask for so much and take nothing; go on when no more comes in."""
    with contextlib.ExitStack() as opened:
        for _ in range(number):
            one = opened.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.connect(("127.0.0.1", guard.port))
            one.sendall(head(f"/large?megabytes={megabytes}"))
        sizes = [0.0]
        while len(sizes) < 60 and abs(own_mib(guard) - sizes[-1]) > 0.5:
            sizes.append(own_mib(guard))
            time.sleep(1)
        yield


def test_sixty_four_who_take_nothing_cost_no_more_than_a_piece_each(guard: RunningGuard):
    """Of pictures of three megabytes. It was 1.4 MiB for each in the full lane, and 0.5 to 1.1 in the fast one."""
    before = own_mib(guard)
    with readers(guard, 64, 3):
        assert own_mib(guard) - before <= 24
        assert ask(guard.port, "/thumb.jpg", agent=CHROME).body == PICTURES["/thumb.jpg"]


def test_the_more_there_are_the_less_each_may_have_and_it_is_given_back(guard: RunningGuard):
    """A thousand of twenty megabytes; without a bound that was half a gigabyte, and it stayed."""
    before = own_mib(guard)
    with readers(guard, 1000, 20):
        during = own_mib(guard) - before
        served = ask(guard.port, "/thumb.jpg", agent=CHROME).body == PICTURES["/thumb.jpg"]
    wait_until(lambda: own_mib(guard) - before < 48 or None, 60, lambda: f"{own_mib(guard) - before:.0f} MiB")

    assert served
    assert during < 160
