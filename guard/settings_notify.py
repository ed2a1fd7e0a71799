"""What can be set about messages to the owner?"""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from guard.settings_evidence import WebUrl
from guard.settings_sections import Section
from guard.validation import WrongValueError

Language = Literal["en", "de"]


def _mail_address(text: str) -> str:
    # Only what may go into a header: whether somebody reads it, the mail server knows.
    if not re.fullmatch(r"[^\s<>@,;:\"\\()\[\]]+@[^\s<>@,;:\"\\()\[\]]+", text):
        raise WrongValueError("must be one e-mail address: name@host")
    return text


Mailbox = Annotated[str, AfterValidator(_mail_address)]


class Mail(Section):
    """A mail server that takes messages for the owner."""

    to: Mailbox = Field(description="Who gets them.")
    sender: Mailbox = Field(alias="from", description="Whom they come from; the server must accept it.")
    host: str = Field(min_length=1, description="The mail server.")
    port: int = Field(default=587, ge=1, le=65535, description="587 for starttls, 465 for tls, 25 for none.")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the way there is kept secret; none only to this machine."
    )
    user: str = Field(default="", description="To sign in with.")
    password: str = Field(default="", repr=False, description="Likewise; best as ${NAME} from the environment.")

    @model_validator(mode="after")
    def _secrets_stay_secret(self) -> "Mail":
        if self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise WrongValueError("'none' is for a mail server on this machine; use starttls or tls", at=("security",))
        if bool(self.user) != bool(self.password):
            raise WrongValueError("user and password go together", at=("user" if self.user else "password",))
        return self


class Notify(Section):
    """Where a digest is sent; to nobody where nothing is set."""

    webhook: WebUrl | None = Field(default=None, description="Gets the digest as JSON: subject, text and the numbers.")
    mail: Mail | None = Field(default=None, description="Sends it by e-mail.")
    every: Literal["day", "week"] = Field(default="week", description="How often; a week ends on Sunday, UTC.")
    language: Language = Field(default="en", description="en or de.")

    @property
    def wanted(self) -> bool:
        """Whether anything is sent at all."""
        return self.webhook is not None or self.mail is not None
