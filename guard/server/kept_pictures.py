"""May what was made of a picture be sent again, now that its upstream was only asked whether it is still the same?"""

import re
from dataclasses import dataclass, field
from typing import Final

from guard.core.facts import HeaderLines, ResponseFacts
from guard.server.headers import Headers
from guard.server.made_pictures import Known, Made, Result
from guard.server.upstream import Answered

_STRONG_TAG: Final = re.compile(r'"[\x21\x23-\x7e\x80-\xff]+"')
_NOT_FOR_ALL: Final = frozenset({"private", "no-store", "no-transform"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What can be sent again, if the upstream says so."""

    known: Known
    made: Made
    body: bytes = field(repr=False)

    @property
    def headers(self) -> HeaderLines:
        """The lines of the upstream's answer with the picture."""
        return self.made.headers

    @property
    def seen(self) -> ResponseFacts:
        """What its picture is."""
        return self.made.seen

    def still_holds(self, answered: Answered) -> bool:
        """Tell whether an upstream's 304 is about this picture, which everybody may still have."""
        fields = answered.headers.first
        said = {item.strip().lower().partition("=")[0] for item in fields.get("cache-control", "").split(",")}
        return fields.get("etag", self.known.upstream_tag) == self.known.upstream_tag and said.isdisjoint(_NOT_FOR_ALL)

    def freshened(self, answered: Answered) -> Headers:
        """Return its lines, with those that the 304 says anew in their place (RFC 9111, section 4.3.4)."""
        fields = answered.headers.first
        return (*(line for line in self.headers if line[0].lower() not in fields), *answered.headers)


def kept(known: Known | None, result: Result | None) -> Kept | None:
    """Return what is known of a URL together with what was made there; None where either is missing."""
    if known is None or known.made is None or result is None:
        return None
    return Kept(known=known, made=known.made, body=result.body)


def stands_for_bytes(tag: str) -> bool:
    """Tell whether an entity tag is a strong one: a weak one may stand for other bytes that mean the same."""
    return _STRONG_TAG.fullmatch(tag) is not None
