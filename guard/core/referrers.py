"""Which operator sent this visitor?

Told by the Referer field (RFC 9110, section 10.1.3), or where that is withheld by `utm_source` in the
address, which ChatGPT adds to links (OpenAI, Publishers and Developers FAQ). Both are the visitor's
word, and many send neither: what is counted is a lower bound.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from guard.core.facts import RequestFacts

_PARAMETER: Final = "utm_source"
_MOST_FIELDS: Final = 64


class Referrers:
    """The domains from which operators send visitors."""

    def __init__(self, operators: Mapping[str, str]) -> None:
        """Take the operator of each domain; all names below a domain belong to it."""
        self._operators = dict(operators)

    def operator(self, facts: RequestFacts) -> str:
        """Return the operator that the visitor came from; empty where none is known."""
        if referer := facts.header("referer"):
            return self._of_host(_host(referer))
        query = facts.target.partition("?")[2]
        if _PARAMETER not in query:
            return ""
        try:
            values = parse_qs(query, max_num_fields=_MOST_FIELDS).get(_PARAMETER, ())
        except ValueError:
            return ""
        return self._of_host(values[0].lower()) if values else ""

    def _of_host(self, host: str) -> str:
        while host:
            if (operator := self._operators.get(host)) is not None:
                return operator
            host = host.partition(".")[2]
        return ""


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
