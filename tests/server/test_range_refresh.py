"""Does a refresh bring what can be believed, and leave the rest as it was?"""

import asyncio
import json
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest

from guard.core.range_file import Proof, RangeFormat, RangeSource
from guard.core.range_lists import RangeList
from guard.errors import FetchError, RangeListError
from guard.server.range_refresh import DAY, FIRST_WITHIN, RangeRefresh, fetch_list
from guard.server.safe_fetch import Fetched, Limits
from guard.store.range_files import load_lists

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def source(name: str, *urls: str, form: RangeFormat = RangeFormat.JAFAR) -> RangeSource:
    """Return where a list is published."""
    urls = urls or (f"https://lists.example/{name}.json",)
    return RangeSource(name=name, urls=urls, format=form, proof=Proof.CRAWLER, prefixes=(), asns=(), note="")


def body(*prefixes: str) -> bytes:
    """Return a published list."""
    return json.dumps({"prefixes": [{"ipv4Prefix": one} for one in prefixes]}).encode()


class Internet:
    """Answers from `pages`; an address that is not there fails."""

    def __init__(self, **pages: bytes) -> None:
        self.pages = {f"https://lists.example/{name}.json": page for name, page in pages.items()}
        self.asked: list[str] = []

    async def get(self, url: str, limits: Limits) -> Fetched:  # noqa: ARG002  # as the real one is called
        """Answer."""
        self.asked.append(url)
        if url not in self.pages:
            raise FetchError("it answers with status 404")
        return Fetched(body=self.pages[url], media_type="application/json", max_age=0)


TWENTY = [f"66.249.{number}.0/24" for number in range(64, 84)]
GOOD = RangeList(name="a", prefixes=tuple(map(ip_network, TWENTY)), fetched_at=NOW, source="", complete=True)


async def test_a_list_is_fetched_dated_and_compared():
    """What came and what went is counted."""
    change = await fetch_list(Internet(a=body(*TWENTY[1:], "8.8.8.0/24")), source("a"), GOOD, NOW)

    assert (change.added, change.removed) == (1, 1)
    assert change.list.fetched_at == NOW
    assert change.list.complete
    assert change.list.source == "https://lists.example/a.json"


@pytest.mark.parametrize(
    "page", [body(*TWENTY[:9]), body(*TWENTY, *(f"8.8.{n}.0/24" for n in range(11))), body(*TWENTY, "17.0.0.0/12")]
)
async def test_a_list_that_changed_too_much_is_not_believed_unless_a_person_says_so(page):
    """Half of it is gone, half came new, or one prefix swallows a cloud."""
    with pytest.raises(RangeListError):
        await fetch_list(Internet(a=page), source("a"), GOOD, NOW)
    assert (await fetch_list(Internet(a=page), source("a"), GOOD, NOW, accept=True)).list.complete


async def test_a_list_of_several_addresses_needs_all_of_them():
    """One half of a list would refute the crawlers of the other."""
    both = source("a", "https://lists.example/a.json", "https://lists.example/b.json")

    assert (
        len((await fetch_list(Internet(a=body("8.8.8.0/24"), b=body("8.8.4.0/24")), both, None, NOW)).list.prefixes)
        == 2
    )
    with pytest.raises(FetchError):
        await fetch_list(Internet(a=body("8.8.8.0/24")), both, None, NOW)


class Refreshing:
    """A refresh of three lists into a folder, with a sleep that is only noted."""

    def __init__(self, folder: Path, internet: Internet, *names: str) -> None:
        self.folder = folder
        self.sources = {name: source(name) for name in names}
        self.slept: list[float] = []
        self.changes = 0
        self.refresh = RangeRefresh(
            fetch=internet,
            sources=self.sources,
            folder=folder,
            good=lambda: load_lists(self.sources, folder / "none", folder).lists,
            changed=self.changed,
            now=lambda: NOW,
            sleep=self.sleep,
        )

    async def changed(self) -> None:
        """Count."""
        self.changes += 1

    async def sleep(self, seconds: float) -> None:
        """Note how long; a day never ends."""
        self.slept.append(seconds)
        if seconds > FIRST_WITHIN:
            await asyncio.Event().wait()

    @property
    def kept(self) -> set[str]:
        """Names of the lists in the folder."""
        return {path.stem for path in self.folder.glob("*.json")}


async def test_all_lists_are_refreshed_and_failures_are_told(tmp_path: Path):
    """One that does not come or is nonsense takes nothing from the others."""
    internet = Internet(a=body(*TWENTY), b=b"<html>sign in</html>")
    here = Refreshing(tmp_path / "not" / "yet" / "there", internet, "a", "b", "c")
    await here.refresh.refresh()

    assert here.kept == {"a"}
    assert {(one.name, one.reason) for one in here.refresh.refused} == {
        ("b", "is no JSON"),
        ("c", "it answers with status 404"),
    }
    assert here.changes == 1


async def test_the_last_good_copy_stays_when_the_next_is_not_believed(tmp_path: Path):
    """A list that lost its content must not make impostors of its crawlers."""
    internet = Internet(a=body(*TWENTY))
    here = Refreshing(tmp_path / "lists", internet, "a")
    await here.refresh.refresh()
    before = (here.folder / "a.json").read_bytes()
    internet.pages["https://lists.example/a.json"] = body(TWENTY[0])
    await here.refresh.refresh()

    assert (here.folder / "a.json").read_bytes() == before
    assert [one.reason for one in here.refresh.refused] == ["has 1 prefixes after 20"]


async def test_two_processes_do_not_refresh_at_once(tmp_path: Path):
    """A machine with many workers asks an operator once."""
    internet = Internet(a=body(*TWENTY), b=body("8.8.8.0/24"))
    one, two = Refreshing(tmp_path / "l", internet, "a", "b"), Refreshing(tmp_path / "l", internet, "a", "b")
    await asyncio.gather(one.refresh.refresh(), two.refresh.refresh())

    assert len(internet.asked) == 2
    assert one.changes + two.changes == 1
    await two.refresh.refresh()
    assert len(internet.asked) == 4


async def test_a_folder_that_can_not_be_written_is_no_crash(tmp_path: Path):
    """A disk that is full or read-only costs the update only."""
    file = tmp_path / "file"
    file.write_text("")
    here = Refreshing(file / "lists", Internet(a=body(*TWENTY)), "a")
    await here.refresh.refresh()

    assert here.changes == 0
    assert "can not be written" in here.refresh.refused[0].reason


async def test_it_waits_a_random_while_and_then_a_day(tmp_path: Path):
    """Machines that were installed together do not ask together."""
    internet = Internet(a=body(*TWENTY))
    here = Refreshing(tmp_path / "lists", internet, "a")
    here.refresh.start()
    for _ in range(200):
        await asyncio.sleep(0.01)
        if here.slept and here.slept[-1] > FIRST_WITHIN:
            break
    await here.refresh.stop()

    assert here.kept == {"a"}
    assert 0 <= here.slept[0] <= FIRST_WITHIN
    assert 0.9 * DAY <= here.slept[-1] <= 1.1 * DAY
