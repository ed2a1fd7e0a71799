"""What can be set about the evidence log, and about who outside vouches for it?"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

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
        return self.model_copy(update={"directory": directory, "time_stamps": authorities})

    @property
    def anchored(self) -> bool:
        """Whether anybody outside is asked."""
        return bool(self.time_stamps or self.witnesses)
