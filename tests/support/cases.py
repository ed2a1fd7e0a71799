"""What do tests of bundles need: a site's log with known clients in it, and bundles that somebody changed."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from guard.bundle.container import bag
from guard.bundle.findings import findings
from guard.bundle.proof_files import proof_files
from guard.evidence import disclosure, picture_record, record, reservation_record
from guard.evidence.case import Case
from guard.store.batch import Entry
from guard.store.case_reader import read_case
from guard.store.log_directory import LogDirectory
from guard.store.record_filter import Filter
from tests.support.evidence import AT, ENVIRONMENT, RULE_SET, RULES

SITE = "photo.example"
SECOND = 1_000_000
ROBOTS = b"User-agent: *\nAllow: /\n\nUser-agent: ExampleBot\nDisallow: /album/\n"
BOT = {
    "claimed": "ExampleBot", "operator": "Example Inc", "crawler": "example-bot", "grade": "D", "identity": "unknown",
    "agent": "ExampleBot/1.0 (+https://bot.example)", "address": "203.0.113.7",
}  # fmt: skip
NOBODY = {
    "claimed": "", "operator": "", "crawler": "", "grade": "E", "identity": "none_claimed", "conduct": "hostile",
    "agent": "Mozilla/5.0 (X11; Linux x86_64; rv:72.0) Gecko/20100101 Firefox/72.0", "address": "198.51.100.9",
}  # fmt: skip


class Visits:
    """Writes a log as a guard would, with a clock of its own."""

    def __init__(self, root: Path) -> None:
        self.now = AT
        self.log = LogDirectory(root, host=SITE, environment=ENVIRONMENT, clock=lambda: self.now)
        self.rsv = ""
        self._salts = 0
        self.log.store_blob(RULE_SET)
        self.put(record.rules(at=AT, digest=RULES))

    def put(self, leaf: bytes, values: Sequence[disclosure.Disclosure] = ()) -> int:
        """Append one record and return its index."""
        (index,) = self.log.append([Entry(leaf, tuple(values))])
        assert isinstance(index, int)
        return index

    def look(self, leaf: bytes) -> None:
        """Append a record about the clock, which only the keeper of the log writes."""
        self.log._owed.append(leaf)
        self.log.append(())

    def reserve(self, robots: bytes = ROBOTS, **headers: str) -> str:
        """Bring a reservation into force and return its digest."""
        self.now += SECOND
        reserved = reservation_record.ReservationSet(
            site=SITE,
            documents=(
                reservation_record.Document(
                    path="/robots.txt", sha256=self.log.store_blob(robots), media_type="text/plain; charset=utf-8"
                ),
            ),
            headers=tuple((headers or {"tdm-reservation": "1"}).items()),
        )
        self.put(reservation_record.reservation(at=self.now, reserved=reserved))
        self.rsv = reserved.digest()
        return self.rsv

    def fetch(self, target: str, who: dict[str, str] = BOT, *, ends: bool = True, **changes: Any) -> int:
        """Record a request and how it ended; `changes` are of the request, with `end_` before them of its end."""
        self.now += SECOND
        person = changes.pop("person", {})
        said = {
            "site": SITE, "method": "GET", "action": "refuse", "rule": "training-refused", "rules": RULES,
            "purpose": "ai_training", "conduct": "clean", "facts": [], "resource": "image",
            "resource_source": "response", "rsv": self.rsv, "rendition": "card", "ref": "", "monitor": [],
        }  # fmt: skip
        said |= {name: value for name, value in who.items() if name not in ("agent", "address")}
        said |= {name: value for name, value in changes.items() if not name.startswith("end_")}
        path, _, query = target.partition("?")
        method = str(said["method"])
        groups = [
            self._commit("person", {"address": who["address"], "chain": "", "headers": [], "peer": who["address"],
                                    "port": 4711, "source": "peer"} | person),
            self._commit("tool", {"headers": [["Host", None], ["User-Agent", who["agent"]], ["Cookie", None]]}),
            self._commit("network", {"prefix": who["address"].rpartition(".")[0] + ".0/24", "system": 64_500}),
            self._commit("target", {"authority": SITE, "method": method, "path": path, "scheme": "https",
                                    "version": "1.1"}),
            self._commit("request", {"headers": [["Host", SITE], ["Cookie", "(present, not recorded)"]],
                                     "query": f"?{query}" if query else ""}),
        ]  # fmt: skip
        index = self.put(record.request(at=self.now, sd=[one.commitment for one in groups], **said), groups)
        if ends:
            end = {"status": 403, "body_bytes": 1234, "completed": True, "body_sha256": "cd" * 32}
            end |= {name.removeprefix("end_"): value for name, value in changes.items() if name.startswith("end_")}
            self.put(record.end(at=self.now + 500, req=index, duration_us=500, **end))
        return index

    def read_robots(self, who: dict[str, str] = BOT, robots: bytes = ROBOTS) -> int:
        """Record that a client was sent robots.txt."""
        return self.fetch(
            "/robots.txt", who, action="allow", rule="", rendition="reservation", resource="other",
            end_status=200, end_body_bytes=len(robots), end_body_sha256=sha256(robots).hexdigest(),
        )  # fmt: skip

    def sign(self) -> int:
        """Sign the log as it is and return its size."""
        self.log.checkpoint()
        return self.log.size

    def close(self) -> None:
        """Sign what is not signed, and let go of the directory."""
        self.log.close()

    def _commit(self, group: str, value: object) -> disclosure.Disclosure:
        self._salts += 1
        return disclosure.commit(group, value, sha256(b"salt %d %d" % (self.log.size, self._salts)).digest()[:16])


def fill(root: Path, more: Callable[[Visits], None] = lambda _: None) -> Path:
    """Write a small log: a reservation, a crawler that reads it and asks for pictures, somebody else between."""
    visits = Visits(root)
    visits.reserve()
    visits.read_robots()
    visits.sign()
    visits.fetch("/album/harbour.jpg")
    visits.fetch("/album/hill.jpg", NOBODY, action="mark", rule="bulk-marked", rendition="marked", mark="ab" * 8,
                 original="12" * 32, end_status=200)  # fmt: skip
    visits.fetch("/album/harbour.jpg?w=800")
    visits.sign()
    more(visits)
    visits.close()
    return root


def case_of(root: Path, **wanted: Any) -> Case:
    """Take a case out of a log."""
    wanted = {name: value if isinstance(value, int) else frozenset(value) for name, value in wanted.items()}
    return read_case(root, Filter(**wanted))


def small_bundle(case: Case) -> dict[str, bytes]:
    """Return the files of a bundle without what only people read: quick to make, and to check many times."""
    data = dict(proof_files(case))
    for digest, body in case.blobs.items():
        folder = "rules" if body == RULE_SET else "reservation"
        data[f"{folder}/{digest}.txt"] = body
    assert findings(case).fetches
    return bag({**data, **dict(case.anchors)}, {"README.txt": b"a bundle\n"}, {"Bagging-Date": "2026-01-01"})


def rehash(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return changed files with manifests that fit them, as somebody would leave them who changes a bundle."""
    manifests = ("manifest-sha256.txt", "tagmanifest-sha256.txt")
    kept = {name: body for name, body in files.items() if name not in manifests}

    def listed(of: Callable[[str], bool]) -> bytes:
        names = sorted(name for name in kept if of(name) and not name.startswith("META-INF/"))
        return "".join(f"{sha256(kept[name]).hexdigest()}  {name}\n" for name in names).encode()

    kept["manifest-sha256.txt"] = listed(lambda name: name.startswith("data/"))
    kept["tagmanifest-sha256.txt"] = listed(lambda name: not name.startswith("data/"))
    return kept


def registration(name: str = "harbour.jpg", sha256_of_file: str = "12" * 32, **changes: Any) -> bytes:
    """Return the leaf by which an owner registers a picture."""
    said: dict[str, Any] = {
        "name": name, "sha256": sha256_of_file, "size": 5, "media_type": "image/jpeg", "width": 6, "height": 4,
        "pixels_sha256": "34" * 32, "author": "Ada Example", "title": "Harbour", "chain": ("to the Agency, 2025",),
        "raw_name": "harbour.raw", "raw_sha256": "56" * 32, "raw_size": 9, "published": "2024-05-01",
        "published_where": "https://photo.example/",
    }  # fmt: skip
    return picture_record.picture(at=AT, said=picture_record.Registration(**(said | changes)))
