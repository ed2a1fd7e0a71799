"""What can be set about who is asking, and about what is asked of the internet and of the site by ourselves?"""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from guard.core.challenge import MOST_BITS
from guard.core.front_hints import HintFields
from guard.core.header_print import SENT_BY_CLIENTS, Front
from guard.core.header_signals import READ_FROM_FRONTS
from guard.settings_text import ANY_HOST, host_name
from guard.validation import WrongValueError, YesNo


class Section(BaseModel):
    """Keys that are not known are faults, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class IdentityChecks(Section):
    """What may be asked of the internet to check claims; the address lists that are shipped need nothing of it."""

    refresh: YesNo = Field(default=False, description="Fetch operators' address lists once a day.")
    reverse_dns: YesNo = Field(default=False, description="Look up the names of addresses that claim to be a crawler.")
    key_directories: YesNo = Field(default=False, description="Fetch the keys of operators that sign requests.")


def _hint_field(text: str) -> str:
    """Check the name of a header field that only a front server writes; lower case."""
    name = text.lower()
    if name and not re.fullmatch(r"[!#$%&'*+.^_`|~0-9a-z-]+", name):
        raise WrongValueError("must be the name of a header field")
    if name in SENT_BY_CLIENTS or name in READ_FROM_FRONTS:
        raise WrongValueError(f"'{name}' is a field with another meaning; let the front server write one of its own")
    return name


HintField = Annotated[str, AfterValidator(_hint_field)]


class Hints(Section):
    """Header fields in which a trusted front server tells about the client's connection. They are passed to nobody."""

    ja4: HintField = Field(default="", description="The JA4 print of the client's TLS greeting, as in x-ja4.")
    tls: HintField = Field(default="", description="The TLS version in use, as in TLSv1.3.")
    http: HintField = Field(default="", description="The HTTP version between client and front server, as in HTTP/2.0.")

    @model_validator(mode="after")
    def _each_has_its_own(self) -> "Hints":
        named = [name for name in (self.ja4, self.tls, self.http) if name]
        if len(named) != len(set(named)):
            raise WrongValueError("two hints are read from one field; give each a field of its own")
        return self

    def fields(self) -> HintFields:
        """Return the same as the value that the pure part works with."""
        return HintFields(ja4=self.ja4, tls=self.tls, http=self.http)


class Behaviour(Section):
    """How clients that do not name themselves are judged."""

    front: Front = Field(default=Front.DIRECT, description="The server in front of us: it changes header lines.")
    hints: Hints = Hints()
    clients: int = Field(default=200_000, ge=1_000, le=10_000_000, description="How many clients are remembered.")
    networks: Path | None = Field(
        default=None, description="A file of addresses and autonomous systems, as iptoasn.com or MaxMind have it."
    )
    decoys: YesNo = Field(
        default=False, description="Put links that no person sees into pages, and note who follows them."
    )
    learning_days: int = Field(
        default=7, ge=0, le=365, description="So long after the first start nobody is refused for behaviour."
    )


class SearchCheck(Section):
    """How often it is checked that search engines get what people get; in seconds."""

    first: float = Field(default=60.0, ge=0, le=3600, allow_inf_nan=False, description="After the start.")
    every: float = Field(default=900.0, ge=0, le=86_400, allow_inf_nan=False, description="Between checks; 0 is off.")


class UpstreamRobots(Section):
    """The robots.txt that the site itself has: it is merged with ours."""

    every: float = Field(
        default=900.0, ge=0, le=86_400, allow_inf_nan=False, description="Seconds between two looks at it; 0: never."
    )


class Challenges(Section):
    """What a client is asked for where a rule says `challenge`."""

    proof_of_work: YesNo = Field(default=False, description="Also a small sum, which needs JavaScript.")
    bits: int = Field(default=14, ge=1, le=MOST_BITS, description="Of it: every bit more doubles the work.")
    pass_hours: int = Field(default=24, ge=1, le=720, description="So long a browser is not asked again.")


Seconds = Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)]


class Timeouts(Section):
    """In seconds."""

    connect: Seconds = Field(default=5.0, description="To reach the upstream.")
    read: Seconds = Field(default=60.0, description="Between two pieces of what the upstream sends.")
    drain: Seconds = Field(default=30.0, description="For answers under way when the guard is stopped.")


class Images(Section):
    """Sizes in pixels of the longer side."""

    thumbnail_side: int = Field(default=480, ge=32, le=2048, description="A picture up to this size is a thumbnail.")
    display_side: int = Field(default=1600, ge=128, le=16384, description="A picture larger than this is an original.")
    preview_side: int = Field(default=640, ge=32, le=8192, description="The size of a preview.")

    @model_validator(mode="after")
    def _sizes_are_ordered(self) -> "Images":
        if self.thumbnail_side >= self.display_side:
            raise WrongValueError(
                f"must be less than display_side, which is {self.display_side}", at=("thumbnail_side",)
            )
        if self.preview_side > self.display_side:
            raise WrongValueError(f"must be at most display_side, which is {self.display_side}", at=("preview_side",))
        return self


def _embedder(text: str) -> str:
    name = host_name(text.removeprefix("*."))
    if name == ANY_HOST:
        raise WrongValueError("would open every picture to every page; name the sites, or turn tickets off")
    return f"*.{name}" if text.startswith("*.") else name


class Tickets(Section):
    """Originals only after a look at a page of the site."""

    give: YesNo = Field(default=False, description="Pages give tickets, and rules may ask for one.")
    hours: int = Field(default=24, ge=1, le=720, description="So long a ticket is good after the last page.")
    embedders: tuple[Annotated[str, AfterValidator(_embedder)], ...] = Field(
        default=(), description="Sites whose pages may show originals: a host name, or *.name for all below it."
    )


class Marks(Section):
    """Copies that carry, invisibly, the mark of whoever gets them."""

    copies: YesNo = Field(
        default=True, description="Where a rule says `mark`, send the picture under a mark; a preview without it."
    )
    visible: YesNo = Field(default=False, description="Write the visible mark across them as well.")
    ahead: YesNo = Field(
        default=True,
        description="Prepare pictures that visitors look at or a sitemap leads to, when nothing else waits.",
    )
    ahead_after: int = Field(
        default=60, ge=1, le=86_400, description="Seconds after the start, the sitemaps are asked for."
    )
    disk_mib: int = Field(
        default=2048, ge=16, le=1_048_576, description="Prepared pictures beside the evidence take at most so much."
    )
