"""What can be set about the evidence log, and about who outside vouches for it?"""

import re
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

from guard.evidence.checkpoint import CheckpointError
from guard.evidence.cosignature import parse_cosigner_key
from guard.settings_rights import path_beginning
from guard.settings_sections import Section
from guard.settings_text import web_url
from guard.validation import WrongValueError, YesNo

DEFAULT_EVIDENCE = Path("~/.local/state/crawler-guard/evidence")
WebUrl = Annotated[str, AfterValidator(web_url)]


def _witness_key(text: str) -> str:
    try:
        return str(parse_cosigner_key(text))
    except CheckpointError as error:
        raise WrongValueError(str(error)) from None


def _private(text: str) -> str:
    if text == "/":
        raise WrongValueError("must be more than /: nothing would be recorded of any address on the site")
    return path_beginning(text)


class TimeStampAuthority(Section):
    """Who is asked for the time of a checkpoint (RFC 3161)."""

    url: WebUrl = Field(description="Where it is asked.")
    ca: Path | None = Field(
        default=None,
        description="A PEM file with the certificates it is trusted by: its root, or its own. Those of this machine "
        "where it is not given.",
    )
    qualified: YesNo = Field(
        default=False, description="You know it to be a qualified authority (eIDAS, Art. 42); reports then say so."
    )


class Witness(Section):
    """Who is asked to sign that it saw no other history of this log (C2SP tlog-witness)."""

    url: WebUrl = Field(description="Where it listens, without /add-checkpoint.")
    vkey: Annotated[str, AfterValidator(_witness_key)] = Field(description="Its key, as it prints it: name+id+base64.")

    @property
    def name(self) -> str:
        """The name of its key."""
        return self.vkey.partition("+")[0]


def _authority(value: Any) -> Any:
    """Let an address alone stand for an authority."""
    return {"url": value} if isinstance(value, str) else value


def _independent(authorities: tuple[TimeStampAuthority, ...]) -> tuple[TimeStampAuthority, ...]:
    seen: set[str] = set()
    for number, one in enumerate(authorities):
        if one.url in seen:
            raise WrongValueError("is named twice; two different authorities are worth more", at=(number, "url"))
        seen.add(one.url)
    return authorities


_AUTHORITY_SCHEMA = {
    "anyOf": [{"type": "string", "format": "uri"}, TimeStampAuthority.model_json_schema()],
}


_KEEP: Final = "keep"
_TOOL_DAYS_SCHEMA: Final = {
    "anyOf": [{"type": "integer", "minimum": 1, "maximum": 36500}, {"const": _KEEP}],
    "default": _KEEP,
}


def _tool_days(value: Any) -> Any:
    if value == _KEEP:
        return 0
    if not re.fullmatch("[0-9]{1,5}", str(value), re.ASCII) or not 1 <= int(value) <= 36500:
        raise WrongValueError("must be a whole number of days from 1 to 36500, or keep")
    return value


class RetentionPeriods(Section):
    """How long values beside the log are kept; the log itself has only commitments to them."""

    people_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="What may identify a person: address, query and most header lines of clients who are no "
        "verified crawlers.",
    )
    # 0 stands for `keep`.
    tool_days: Annotated[
        int,
        BeforeValidator(_tool_days),
        PlainSerializer(lambda number: number or _KEEP, return_type=int | str),
        WithJsonSchema(_TOOL_DAYS_SCHEMA, mode="validation"),
    ] = Field(
        default=0,
        description="What identifies a tool, a network or a picture, and all of verified crawlers; keep: until you "
        "erase it.",
    )

    @property
    def options(self) -> tuple[str, ...]:
        """The same as options of the recorder process."""
        return "--people-days", str(self.people_days), "--tool-days", str(self.tool_days)


class Evidence(Section):
    """Where the evidence log is kept, and who outside vouches for it."""

    directory: Path = Field(default=DEFAULT_EVIDENCE, description="A folder that only the guard writes to.")
    time_stamps: Annotated[
        tuple[Annotated[TimeStampAuthority, BeforeValidator(_authority), WithJsonSchema(_AUTHORITY_SCHEMA)], ...],
        AfterValidator(_independent),
    ] = Field(
        default=(),
        description="Time-stamp authorities (RFC 3161); the first two that answer put their time to the log.",
    )
    anchor_minutes: int = Field(
        default=60, ge=10, le=1440, description="So often they, and the witnesses, are asked while there is news."
    )
    witnesses: tuple[Witness, ...] = Field(default=(), description="Witnesses that cosign the log.")
    retention: RetentionPeriods = RetentionPeriods()
    head_guard: Path | None = Field(
        default=None,
        description="A folder, best on another disk, that remembers how far the log was, against restored backups.",
    )
    private: tuple[Annotated[str, AfterValidator(_private)], ...] = Field(
        default=(),
        description="Beginnings of paths, like /clients/, of which no more than that is recorded.",
    )

    def with_whole_paths(self, directory: Path, whole: Any) -> "Evidence":
        """Return the same with every path whole; `whole` takes a text and the key that it stands at."""
        authorities = tuple(
            one if one.ca is None else one.model_copy(update={"ca": whole(str(one.ca), "time_stamps", number, "ca")})
            for number, one in enumerate(self.time_stamps)
        )
        guard = self.head_guard and whole(str(self.head_guard), "head_guard")
        return self.model_copy(update={"directory": directory, "time_stamps": authorities, "head_guard": guard or None})

    @property
    def anchored(self) -> bool:
        """Whether anybody outside is asked."""
        return bool(self.time_stamps or self.witnesses)
