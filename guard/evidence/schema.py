"""Which fields does a record of each kind have, and what can be in them?

The table is what version 1 of the schema demands. A later version may add rows and fields;
those that are here stay as they are, for a log must be readable for as long as it may be
needed in a dispute.
"""

import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Final

from guard.evidence import canonical


def _text(value: object) -> bool:
    return type(value) is str


def _count(value: object) -> bool:
    return type(value) is int and 0 <= value <= canonical.LARGEST_INTEGER


def _flag(value: object) -> bool:
    return type(value) is bool


_HEX = re.compile(r"[0-9a-f]{64}", re.ASCII)


def _digest(value: object) -> bool:
    return type(value) is str and _HEX.fullmatch(value) is not None


_MARK = re.compile(r"[0-9a-f]{16}", re.ASCII)


def _mark(value: object) -> bool:
    return type(value) is str and _MARK.fullmatch(value) is not None


def _digest_or_none(value: object) -> bool:
    return value == "" or _digest(value)


def _texts(value: object) -> bool:
    return type(value) is list and all(type(one) is str for one in value)


def _signals(value: object) -> bool:
    return type(value) is list and all(
        type(one) is list and len(one) == 2 and _text(one[0]) and type(one[1]) is int for one in value
    )


def _commitments(value: object) -> bool:
    if type(value) is not list or not all(map(_digest, value)):
        return False
    return all(a < b for a, b in pairwise(value))


def _counts(value: object) -> bool:
    return type(value) is dict and all(map(_count, value.values())) and all(map(canonical.is_key, value))


def _reservation_set(value: object) -> bool:
    if type(value) is not dict or value.keys() - {"paths"} != {"documents", "headers", "site"}:
        return False
    documents, headers, paths = value["documents"], value["headers"], value.get("paths", [])
    return (
        type(value["site"]) is str
        and type(documents) is list
        and all(type(d) is dict and d.keys() == {"media_type", "path", "sha256"} for d in documents)
        and all(_text(d["media_type"]) and _text(d["path"]) and _digest(d["sha256"]) for d in documents)
        and _lines(headers)
        # Only where some paths have lines of their own.
        and type(paths) is list
        and all(type(one) is list and len(one) == 2 and _text(one[0]) and _lines(one[1]) for one in paths)
    )


def _lines(value: object) -> bool:
    return type(value) is list and all(_texts(line) and len(line) == 2 for line in value)


_FIELDS: Final[Mapping[str, Mapping[str, Callable[[object], bool]]]] = {
    "boot": {"at": _count, "config": _digest_or_none, "openssl": _text, "program": _text, "python": _text,
             "run": _text, "system": _text, "vkey": _text},
    "key": {"at": _count, "vkey": _text},
    "rsv": {"at": _count, "digest": _digest, "set": _reservation_set},
    "cls": {"at": _count, "rules": _digest},
    "mky": {"at": _count, "commitment": _digest},
    "req": {"action": _text, "at": _count, "claimed": _text, "conduct": _text, "crawler": _text, "facts": _texts,
            "grade": _text, "identity": _text, "method": _text, "monitor": _texts, "operator": _text, "purpose": _text,
            "ref": _text, "rendition": _text, "resource": _text, "resource_source": _text, "rsv": _digest_or_none,
            "rule": _text, "rules": _digest_or_none, "sd": _commitments, "signals": _signals, "site": _text},
    "end": {"at": _count, "body_sha256": _digest_or_none, "bytes": _count, "completed": _flag, "duration_us": _count,
            "reason": _text, "req": _count, "status": _count},
    "anc": {"accuracy": _count, "anchor": _text, "at": _count, "authority": _text, "imprint": _digest,
            "qualified": _flag, "root": _digest, "sha256": _digest, "size": _count, "time": _count},
    "agg": {"at": _count, "from": _count, "requests": _counts, "site": _text, "to": _count},
    "cmt": {"at": _count, "count": _count, "from": _count, "sd": _commitments, "site": _text, "to": _count},
    "gap": {"at": _count, "count": _count, "from": _count, "to": _count, "why": _text},
    "rec": {"at": _count, "bytes": _count, "offset": _count, "segment": _count, "sha256": _digest},
}  # fmt: skip


_LATER: Final[Mapping[str, Mapping[str, Callable[[object], bool]]]] = {
    "req": {"licence": _text, "licence_state": _text, "mark": _mark, "original": _digest},
}
"""Fields that records written before do not have, and that later ones have only where there is something to say."""


class Schema:
    """The fields of one kind, in the order in which checking them is quick: it is done for every record."""

    def __init__(
        self, fields: Mapping[str, Callable[[object], bool]], later: Mapping[str, Callable[[object], bool]]
    ) -> None:
        self.texts = tuple(name for name, fits in fields.items() if fits is _text)
        self.others = tuple((name, fits) for name, fits in fields.items() if fits is not _text)
        self.later = tuple(later.items())
        self.names = fields.keys() | later.keys()
        self.count = len(fields) + 2
        """How many members a record has, with `v` and `kind` and without what came later."""


SCHEMAS: Final = {kind: Schema(fields, _LATER.get(kind, {})) for kind, fields in _FIELDS.items()}
