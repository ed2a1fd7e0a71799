"""What can be set about who is asking, and about what is asked of the internet and of the site by ourselves?"""

from pydantic import BaseModel, ConfigDict, Field

from guard.core.challenge import MOST_BITS
from guard.core.header_print import Front
from guard.validation import YesNo


class Section(BaseModel):
    """Keys that are not known are faults, and nothing changes after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class IdentityChecks(Section):
    """What may be asked of the internet to check claims; the address lists that are shipped need nothing of it."""

    refresh: YesNo = Field(default=False, description="Fetch operators' address lists once a day.")
    reverse_dns: YesNo = Field(default=False, description="Look up the names of addresses that claim to be a crawler.")
    key_directories: YesNo = Field(default=False, description="Fetch the keys of operators that sign requests.")


class Behaviour(Section):
    """How clients that do not name themselves are judged."""

    front: Front = Field(default=Front.DIRECT, description="The server in front of us: it changes header lines.")
    clients: int = Field(default=200_000, ge=1_000, le=10_000_000, description="How many clients are remembered.")
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
