"""What can go wrong, and what does each thing become?

    GuardError                     exit 1
    ├── UsageError                 exit 2   the command line is wrong
    ├── ConfigurationError         exit 1   one or more Faults in guard.yaml or the rules
    ├── RequestError               400      the client's fault
    ├── UpstreamError              502      the site behind us did not answer properly
    │   └── UpstreamTimeoutError   504      … or not in time
    ├── RangeListError                      a published address list is not believed
    ├── ReservationError                    the site's own robots.txt can not be used
    ├── FetchError                          something on the internet could not be fetched safely
    ├── StoreAwayError                      a store that several guards share does not answer; each goes on alone
    ├── LicenceError               exit 1   a licence, its key or the register of licences can not be used
    ├── PictureError                        a picture can not be read or is over a limit
    │   ├── PicturesBusyError               … or nobody has time for it now
    │   ├── PictureLostError                … or the worker ended over it
    │   └── LeftAloneError                  … or could not be changed without harm
    └── EvidenceError              exit 1   the evidence log
        ├── LeafError                       bytes or values that can not be a leaf of the log
        ├── LogDamagedError                 what is on disk contradicts what was signed
        │   └── LogHistoryError             … or is fewer records, or others
        ├── LogInUseError                   another process writes it now
        └── RecorderUnavailableError        a record could not be made durable

Facts are attributes; the sentence is made in `__str__`, lower case, without a full
stop, so that it can follow a colon.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong in a file a person wrote, at the place where an editor can jump to."""

    file: str
    line: int
    """Counted from 1; 0 where the fault is not at a place (a missing file)."""
    column: int
    """Counted from 1; 0 likewise."""
    where: str
    """The key path, e.g. `rules.0.acton` or a rule's id; empty for a fault of the whole file."""
    message: str
    suggestion: str = ""
    """The name that was probably meant."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        where = f"{self.where}: " if self.where else ""
        suggestion = f" (did you mean '{self.suggestion}'?)" if self.suggestion else ""
        return f"{place}: {where}{self.message}{suggestion}"


class GuardError(Exception):
    """Anything that this program itself reports."""


class UsageError(GuardError):
    """The command line asks for something that can not be done."""


class ConfigurationError(GuardError):
    """A configuration or rule file has faults; all of them are in `faults`, in file order."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class RequestError(GuardError):
    """The client sent something that has no right answer; it becomes status 400."""


class UpstreamError(GuardError):
    """The site behind us did not give a usable answer; it becomes status 502."""

    status = 502


class UpstreamTimeoutError(UpstreamError):
    """The site behind us took too long; it becomes status 504."""

    status = 504


class RangeListError(GuardError):
    """A published list of addresses is not believed; the last good one stays in use."""


class ReservationError(GuardError):
    """The robots.txt of the site behind us can not be used; the message says why, the last good one stays in force."""


class FetchError(GuardError):
    """Something that we fetch by ourselves (an address list, a key directory) did not come, or was refused."""


class StoreAwayError(GuardError):
    """A store that several guards share does not answer; the caller goes on with what it knows itself."""


class LicenceError(GuardError):
    """A licence token, the key that signs them or the register of licences can not be used."""


class PictureError(GuardError):
    """A picture can not be read, or is over a limit. The caller falls back; it never fails a request for it."""


class PicturesBusyError(PictureError):
    """The image workers have too much to do, or are away: the same picture may be done a minute later."""


class PictureLostError(PictureError):
    """An image worker was ended while it had the picture, or ended over it: that may be the picture's fault or not."""


class LeftAloneError(PictureError):
    """A file can not be given its rights without harm, and stays as it is."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(why, detail)
        self.why = why
        """A value of `guard.image.left_alone.Why`."""
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.why}: {self.detail}" if self.detail else self.why


class EvidenceError(GuardError):
    """The evidence log can not do what was asked."""


class LeafError(EvidenceError):
    """Bytes or values that can not be a leaf of the evidence log; the message says which part and why."""


class LogDamagedError(EvidenceError):
    """What is on disk contradicts what was signed."""

    def __init__(self, place: str, reason: str) -> None:
        super().__init__(place, reason)
        self.place = place
        """The file and, where it is known, the index of the leaf."""
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


class LogHistoryError(LogDamagedError):
    """The records on disk are fewer than were signed, or others; nothing more may be written to this log."""


class LogInUseError(EvidenceError):
    """Another process writes the log now; only one may."""


class RecorderUnavailableError(EvidenceError):
    """A record could not be made durable: the recorder is away, its queue or its disk is full."""
