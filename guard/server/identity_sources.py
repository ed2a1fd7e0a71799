"""By which documents was a claim held to be true, in the bytes that go on record?

A list of addresses is written out as it was used, after everything that is not believed was left
out; a directory of keys is kept as it was fetched. Each is made once, for as long as it stays the same.
"""

from datetime import datetime
from typing import Final

import orjson

from guard.core.classification import Classification
from guard.core.facts import RequestFacts
from guard.core.identity import Grade, HostNames, IdentityVerdict, NameState
from guard.core.range_lists import RangeList
from guard.evidence.identity_record import Source, SourceKind
from guard.server.identities import Identities
from guard.store.log_values import microseconds_at

_MOST: Final = 64
"""Lists that are kept written out."""


class IdentitySources:
    """Knows the documents of one worker's identities."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities
        self._written: dict[str, tuple[RangeList, Source]] = {}

    def of(self, verdict: IdentityVerdict) -> tuple[Source, ...]:
        """Return the documents that decided about a claim; none where a name or nothing did."""
        found = []
        for name in filter(None, verdict.source.split(", ")):
            if (listed := self._identities.published.lists.get(name)) is not None:
                found.append(self._list(listed))
            elif verdict.grade is Grade.SIGNATURE:
                url = name.partition("#")[0]
                document, fetched = self._identities.directory(url)
                if document:
                    found.append(Source(what=SourceKind.KEYS, name=url, url=url, fetched=_time(fetched), data=document))
        return tuple(found)

    def names(self, facts: RequestFacts, who: Classification, verdict: IdentityVerdict) -> dict[str, object] | None:
        """Return what the name servers said, where that decided; None elsewhere."""
        if verdict.grade is not Grade.NETWORK or who.crawler is None or verdict.source not in who.crawler.rdns:
            return None
        said: HostNames = self._identities.host_names(facts.client.address, who.crawler)
        if said.state is not NameState.ANSWERED:
            return None
        return {"at": _time(said.at), "mask": verdict.source, "names": list(said.confirmed)}

    def _list(self, listed: RangeList) -> Source:
        kept = self._written.get(listed.name)
        if kept is not None and kept[0] is listed:
            return kept[1]
        data = orjson.dumps(
            {
                "complete": listed.complete,
                "fetched_at": listed.fetched_at.isoformat() if listed.fetched_at else None,
                "name": listed.name,
                "prefixes": [str(prefix) for prefix in listed.prefixes],
                "source": listed.source,
            },
            option=orjson.OPT_INDENT_2,
        )
        made = Source(
            what=SourceKind.ADDRESSES, name=listed.name, url=listed.source, fetched=_time(listed.fetched_at), data=data
        )
        if len(self._written) >= _MOST:
            self._written.clear()
        self._written[listed.name] = listed, made
        return made


def _time(moment: datetime | None) -> int:
    return max(microseconds_at(moment), 0) if moment is not None else 0
