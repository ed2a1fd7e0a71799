"""Which paths are nobody's business, and what is recorded in their place?

Below some paths lie areas that only invited people know: client galleries, share links, an
administration. The owner names where they begin. Of a request for one of them the record
keeps that beginning and a marker, and no more: not in the committed values either, not in
the link that a client says it came from, not in what it signed.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from guard.core.facts import RequestFacts
from guard.core.target import canonical_path
from guard.evidence.redaction import DROPPED, DROPPED_PARAMETER, FieldKind, kind_of_field

_HIDDEN: Final = DROPPED_PARAMETER
_HOST: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*")


class PrivatePaths:
    """The beginnings of private paths."""

    def __init__(self, beginnings: Sequence[str] = ()) -> None:
        """Take beginnings of canonical paths, such as `/clients/`."""
        self._beginnings = tuple(sorted(beginnings, key=len, reverse=True))

    def __repr__(self) -> str:
        return f"PrivatePaths({self._beginnings!r})"

    def beginning(self, path: str) -> str:
        """Return where the private area of a canonical path begins; empty for a public one."""
        if not self._beginnings or not path.startswith(self._beginnings):
            return ""
        return next(one for one in self._beginnings if path.startswith(one))

    def shown(self, path: str) -> str:
        """Return a canonical path as it may be written down."""
        beginning = self.beginning(path)
        return beginning + _HIDDEN if beginning else path

    def hide(self, facts: RequestFacts) -> RequestFacts:
        """Return the facts as they may be recorded."""
        if not self._beginnings:
            return facts
        changes: dict[str, object] = {}
        if beginning := self.beginning(facts.path):
            changes = {"target": beginning + _HIDDEN, "path": beginning + _HIDDEN}
        headers = tuple((name, self._value(name, value)) for name, value in facts.headers)
        if headers != facts.headers:
            changes["headers"] = headers
        return replace(facts, **changes) if changes else facts  # type: ignore[arg-type]  # each of its field's type

    def _value(self, name: str, value: str) -> str:
        if kind_of_field(name) is not FieldKind.LINK:
            return DROPPED if any(one in value for one in self._beginnings) else value
        host = _HOST.match(value)
        where = host[0] if host else ""
        beginning = self.beginning(canonical_path(value[len(where) :].partition("#")[0]))
        return f"{where}{beginning}{_HIDDEN}" if beginning else value
