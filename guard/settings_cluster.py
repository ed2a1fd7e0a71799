"""What can be set about several guards that stand before the same sites?

Each part works by itself: a guard alone may keep its sealed evidence in an object store. Without `cluster` nothing
of this is imported or connected to.
"""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from guard.settings_sections import Section
from guard.validation import WrongValueError

LEAST_SECRET = 32


def _secret(text: str) -> str:
    if len(text) < LEAST_SECRET:
        raise WrongValueError(f"must have at least {LEAST_SECRET} characters; make one with: openssl rand -hex 32")
    return text


def _valkey_url(text: str) -> str:
    if not re.match(r"(?:rediss?://[^/]|unix://[^/]*/)", text):
        raise WrongValueError("must be redis://host:port/number, rediss://… with TLS, or unix:///path")
    return text


def _postgresql_url(text: str) -> str:
    if not re.match(r"postgres(?:ql)?://", text):
        raise WrongValueError("must be postgresql://user@host:port/database")
    return text


def _endpoint(text: str) -> str:
    parts = urlsplit(text)
    if text and (parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/")):
        raise WrongValueError("must be http://host:port or https://host, without a path")
    return text.rstrip("/")


def _bucket(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", text, re.ASCII):
        raise WrongValueError("must be a bucket's name: 3 to 63 of a-z, 0-9, '-' and '.'")
    return text


def _prefix(text: str) -> str:
    if not re.fullmatch(r"(?:[A-Za-z0-9_.-]+/)*", text, re.ASCII) or ".." in text:
        raise WrongValueError("must be empty, or names that each end in '/'")
    return text


class ValkeySettings(Section):
    """What clients have done and used up, known to all guards."""

    url: Annotated[str, AfterValidator(_valkey_url)] = Field(
        repr=False, description="A Valkey or Redis server: redis://host:port/number, rediss://… or unix:///path."
    )
    secret: Annotated[str, AfterValidator(_secret)] = Field(
        repr=False, description="The same in all guards, at least 32 characters; best as ${NAME} from the environment."
    )
    guards: int = Field(
        ge=1, le=1000, description="How many guards share it: while it is away each gives that part of an allowance."
    )


class PostgresqlSettings(Section):
    """An index of the evidence of all guards."""

    url: Annotated[str, AfterValidator(_postgresql_url)] = Field(
        repr=False, description="A database: postgresql://user@host:port/database."
    )


class ObjectStore(Section):
    """An S3-compatible store that sealed evidence and prepared pictures are copied to."""

    endpoint: Annotated[str, AfterValidator(_endpoint)] = Field(
        default="", description="http://host:port or https://host; Amazon's own where it is empty."
    )
    region: str = Field(default="us-east-1", min_length=1, description="The region that requests are signed for.")
    bucket: Annotated[str, AfterValidator(_bucket)] = Field(description="It must exist.")
    prefix: Annotated[str, AfterValidator(_prefix)] = Field(
        default="", description="Before each name; ends in '/'. Each guard's log has a folder of its own below it."
    )
    access_key: str = Field(default="", description="To sign in with; else as the machine is set up.")
    secret_key: str = Field(default="", repr=False, description="Likewise; best as ${NAME} from the environment.")


class Cluster(Section):
    """What several guards share; nothing where nothing is set."""

    valkey: ValkeySettings | None = Field(default=None, description="Clients' past, allowances, solved challenges.")
    postgresql: PostgresqlSettings | None = Field(default=None, description="An index of the evidence.")
    s3: ObjectStore | None = Field(default=None, description="Copies of sealed evidence and of prepared pictures.")

    @property
    def wanted(self) -> bool:
        """Whether anything is shared at all."""
        return any((self.valkey, self.postgresql, self.s3))
