"""A log of copies that were issued, with the copies, without a running guard."""

import os

from guard.evidence import disclosure, record, reservation_record
from guard.image.chips import commitment
from guard.store.batch import Entry
from guard.store.log_directory import LogDirectory
from guard.store.mark_keys import folder_in
from tests.support.evidence import AT, end_leaf, open_log, request_leaf

ROBOTS = b"User-agent: *\nDisallow: /\n"


class MarkedLog:
    """An evidence directory in which copies are delivered."""

    def __init__(self, root, key):
        self.root = root
        marks = folder_in(root)
        marks.mkdir(mode=0o700, parents=True)
        (marks / "0001.key").touch(0o600)
        (marks / "0001.key").write_text(key.hex())
        self.log: LogDirectory = open_log(root)
        robots = self.log.store_blob(ROBOTS)
        self.reserved = reservation_record.ReservationSet(
            site="photo.example",
            documents=(reservation_record.Document(path="/robots.txt", sha256=robots, media_type="text/plain"),),
            headers=(("tdm-reservation", "1"),),
            paths=(("/press/", (("tdm-reservation", "0"),)),),
        )
        self.reservation = self.append(Entry(reservation_record.reservation(at=AT, reserved=self.reserved)))
        self.key_record = self.append(Entry(record.mark_key(at=AT, commitment=commitment(key).hex())))

    def append(self, entry):
        """Return the index of what is now on record."""
        (index,) = self.log.append([entry])
        return index

    def deliver(self, mark_id, original, *, target="/1.jpg", agent="Wget/1.24", ended=True, **changes):
        """Put a delivered copy of `original` (hex SHA-256) on record and return its index."""
        groups = (
            disclosure.commit("person", {"address": "203.0.113.7", "port": 4711}, os.urandom(16)),
            disclosure.commit("tool", {"headers": [["User-Agent", agent]]}, os.urandom(16)),
            disclosure.commit("request", {"target": target}, os.urandom(16)),
        )
        said = {"claimed": "Wget", "rendition": "marked", "grade": "D", "rsv": self.reserved.digest()} | changes
        leaf = request_leaf(sd=sorted(one.commitment for one in groups), mark=mark_id.hex(), original=original, **said)
        index = self.append(Entry(leaf, groups))
        if ended:
            self.append(Entry(end_leaf(index)))
        return index
