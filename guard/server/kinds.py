"""What was last seen at a URL?

Remembered so that a request that is answered without a look at the upstream still gets an
answer of the right form, and a 304 still has a kind. Bounded: the URLs seen longest ago go first.
"""

from collections import OrderedDict

from guard.core.facts import KindSource, RequestFacts, ResponseFacts

MAX_URLS = 65_536
"""About 10 MiB: keys are hashes, values are shared."""


class Kinds:
    """What this process has seen."""

    def __init__(self, max_urls: int = MAX_URLS) -> None:
        self._seen: OrderedDict[int, ResponseFacts] = OrderedDict()
        self._shared: dict[tuple[object, ...], ResponseFacts] = {}
        self._max_urls = max_urls

    def recall(self, facts: RequestFacts) -> ResponseFacts | None:
        """Return what was last seen at the URL, or None."""
        return self._seen.get(hash((facts.site, facts.target)))

    def remember(self, facts: RequestFacts, seen: ResponseFacts) -> None:
        """Keep what a response showed."""
        value = ResponseFacts(kind=seen.kind, source=KindSource.REMEMBERED, width=seen.width, height=seen.height)
        if len(self._shared) > 4096:
            self._shared.clear()
        value = self._shared.setdefault((value.kind, value.width, value.height), value)
        key = hash((facts.site, facts.target))
        self._seen[key] = value
        self._seen.move_to_end(key)
        if len(self._seen) > self._max_urls:
            self._seen.popitem(last=False)
