"""Which fields does a record of each kind have, and what can be in them?

The table is what version 1 of the schema demands. A later version may add rows and fields;
those that are here stay as they are, for a log must be readable for as long as it may be
needed in a dispute.
"""

import re
from collections.abc import Callable, Mapping
from operator import itemgetter, lt
from typing import Any, Final

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


_EIGHT_BYTES = re.compile(r"[0-9a-f]{16}", re.ASCII)


def _mark(value: object) -> bool:
    return type(value) is str and _EIGHT_BYTES.fullmatch(value) is not None


def _digest_or_none(value: object) -> bool:
    return value == "" or _digest(value)


_STRINGS = {str}
_NO_COUNTS = (0,)


def _texts(value: object) -> bool:
    return type(value) is list and (not value or _STRINGS.issuperset(map(type, value)))


def _integer(value: object) -> bool:
    return type(value) is int and _is_exact(value)


def _is_exact(value: int) -> bool:
    return -canonical.LARGEST_INTEGER <= value <= canonical.LARGEST_INTEGER


def _signals(value: object) -> bool:
    return value == [] or (
        type(value) is list
        and all(
            type(one) is list and len(one) == 2 and _text(one[0]) and type(one[1]) is int and _is_exact(one[1])
            for one in value
        )
    )


_LENGTHS = {64}


def _commitments(value: object) -> bool:
    if type(value) is not list:
        return False
    try:
        digits = "".join(value)
        spelled = bytes.fromhex(digits).hex() == digits  # else in upper case, or with spaces between
    except (TypeError, ValueError):
        return False
    return spelled and _LENGTHS.issuperset(map(len, value)) and all(map(lt, value, value[1:]))


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
    "cny": {"at": _count, "bytes": _count, "media_type": _text, "name": _text, "path": _text, "sha256": _digest,
            "site": _text},
    "pau": {"at": _count, "until": _count},
    "apl": {"at": _count, "ref": _text, "site": _text},
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
    "id": {"at": _count, "fetched": _count, "name": _text, "sha256": _digest, "url": _text, "what": _text},
    "img": {"at": _count, "author": _text, "bytes": _count, "chain": _texts, "height": _count, "media_type": _text,
            "name": _text, "pixels_sha256": _digest_or_none, "published": _text, "published_where": _text,
            "raw_bytes": _count, "raw_name": _text, "raw_sha256": _digest_or_none, "sd": _commitments,
            "sha256": _digest, "title": _text, "width": _count},
    "clk": {"at": _count, "boot": _text, "boottime_us": _count, "error_us": _count, "estimate_us": _count,
            "slept_us": _count, "state": _text, "step_us": _integer, "why": _text},
    "gap": {"at": _count, "count": _count, "from": _count, "to": _count, "why": _text},
    "exp": {"at": _count, "bundle": _digest, "requests": _count, "size": _count, "wanted": _text},
    "rec": {"at": _count, "bytes": _count, "offset": _count, "segment": _count, "sha256": _digest},
    "era": {"at": _count, "first": _count, "ground": _text, "last": _count, "records": _count, "values": _text},
    "hold": {"at": _count, "hold": _text, "matter": _text, "state": _text, "what": _text},
    "acc": {"at": _count, "by": _text, "first": _count, "last": _count, "records": _count, "why": _text},
}  # fmt: skip


_LATER: Final[Mapping[str, Mapping[str, Callable[[object], bool]]]] = {
    "boot": {"before_origin": _text, "before_size": _count, "before_root": _digest_or_none, "before_why": _text},
    "key": {"lost": _flag},
    "agg": {"sampled": _count},
    "cmt": {"sampled": _count},
    "req": {
        "asked_by": _text,
        "licence": _text,
        "licence_state": _text,
        "mark": _mark,
        "original": _digest,
        "robots": _mark,
        "robots_since": _count,
        "sources": _commitments,
    },
}
"""Fields that records written before do not have, and that later ones have only where there is something to say."""


_TYPES: Final[Mapping[Callable[[object], bool], type]] = {
    _text: str, _count: int, _flag: bool, _digest: str, _mark: str, _digest_or_none: str, _texts: list, _integer: int,
    _signals: list, _commitments: list, _counts: dict, _reservation_set: dict,
}  # fmt: skip


class Schema:
    """The fields of one kind, in the order in which checking them is quick: it is done for every record."""

    def __init__(
        self, fields: Mapping[str, Callable[[object], bool]], later: Mapping[str, Callable[[object], bool]]
    ) -> None:
        self._fields = fields
        self._get = itemgetter("kind", *fields)
        self._types = (str, *(_TYPES[fits] for fits in fields.values()))
        counts = [name for name, fits in fields.items() if fits is _count]
        self._get_counts = itemgetter(counts[0], *counts)  # of one name it would give no tuple
        self._others = tuple((name, fits) for name, fits in fields.items() if fits is not _text and fits is not _count)
        self._later = tuple(later.items())
        self._names = fields.keys() | later.keys() | {"v", "kind"}
        self.count = len(fields) + 2
        """How many members a record has that has only what every one of its kind has."""

    def misfit(self, value: Mapping[str, Any]) -> str:
        """Return the first field that is missing from a record or can not be what it is; empty if all is well."""
        try:
            in_order = tuple(map(type, self._get(value))) == self._types
        except KeyError:
            in_order = False
        counts = self._get_counts(value) if in_order else _NO_COUNTS
        if not in_order or min(counts) < 0 or max(counts) > canonical.LARGEST_INTEGER:
            return next(name for name, fits in self._fields.items() if name not in value or not fits(value[name]))
        for name, fits in self._others:
            if not fits(value[name]):
                return name
        if len(value) != self.count:
            for name, fits in self._later:
                if name in value and not fits(value[name]):
                    return name
        return ""

    def unknown(self, value: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the fields that are none of this kind's, sorted."""
        return tuple(sorted(value.keys() - self._names))


SCHEMAS: Final = {kind: Schema(fields, _LATER.get(kind, {})) for kind, fields in _FIELDS.items()}
