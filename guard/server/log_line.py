"""How does a command write to the evidence log, whether a guard is running or not?

One process writes a log. If that is the recorder of a running guard, it is asked to, over its
socket for commands; else this process opens the log itself, for as long as the line is open.
What comes back is durable in both cases, and signed within a second or at the end of the line.
"""

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from typing import Any, Final, Protocol

import orjson

from guard.errors import EvidenceError, LeafError, LogInUseError, RecorderUnavailableError, UsageError
from guard.evidence.disclosure import Disclosure
from guard.server import command_socket
from guard.server.recorder_protocol import (
    LARGEST_MESSAGE,
    Message,
    ProtocolError,
    Reader,
    append_body,
    disclose_body,
    index_of,
    message,
)
from guard.store.batch import Entry, Refusal
from guard.store.log_directory import LogDirectory
from guard.store.log_values import environment
from guard.store.passphrase import passphrase
from guard.store.system_clock import ClockWatch

PATIENCE: Final = 15.0
"""Seconds to wait for a recorder that is just starting or ending: it reads the whole log first."""
_TIMEOUT: Final = 30.0
"""Seconds to wait for an answer."""


class LogLine(Protocol):
    """A way to write to one log."""

    def append(self, leaf: bytes, disclosures: Sequence[Disclosure] = ()) -> int:
        """Add a record, with the values that it commits to, and return its index. It then survives a power cut.

        Raises:
            LeafError: It can not be a record of this log.
            RecorderUnavailableError: It did not become durable; it may be in the log all the same.
        """

    def disclose(self, index: int, leaf: bytes, disclosures: Sequence[Disclosure]) -> None:
        """Keep values that the record `leaf` at `index` commits to and that came without them, durably.

        Raises:
            LeafError: They are not that record's.
            RecorderUnavailableError: They were not kept.
        """

    def custody(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Do with values that are kept what `guard.store.custody.Custody.do` says.

        Raises:
            EvidenceError: It can not be done.
        """

    def rotate(self, *, lost: bool = False) -> str:
        """Make a new key sign the log, and return it in its text form; see `guard.store.log_directory`.

        Raises:
            RecorderUnavailableError: It was not done, or will be when the log is opened the next time.
        """

    def blob(self, data: bytes) -> str:
        """Keep a document durably beside the log and return its SHA-256 in hexadecimal.

        Raises:
            RecorderUnavailableError: It was not kept.
        """


@contextmanager
def open_log(directory: Path, *, host: str = "", patience: float = PATIENCE) -> Iterator[LogLine]:
    """Open a line to the log in the evidence directory `directory`, which begins now if `host` is given and none has.

    Raises:
        UsageError: There is no log, or it belongs to another user.
        EvidenceError: It can not be written to; the message says why and what to do.
    """
    if not host and not (directory / "log" / "vkey").exists():
        raise UsageError(f"{directory} holds no evidence log yet: it begins when `guard serve` runs for the first time")
    until = time.monotonic() + patience
    while True:
        line: _ToRecorder | _ToDirectory
        try:
            line = _ToRecorder(command_socket.connect(directory))
            break
        except OSError as error:
            unreachable = error
        try:
            line = _ToDirectory(directory, host)
            break
        except LogInUseError as error:
            if time.monotonic() > until:
                why = (unreachable.strerror or str(unreachable)).lower()
                raise EvidenceError(
                    f"{error}, and it can not be asked to write ({why} at {directory / command_socket.SOCKET}); "
                    "try again in a minute, else stop the guard first"
                ) from None
        time.sleep(0.1)
    try:
        yield line
    finally:
        line.close()


class _ToRecorder:
    """The line through a running recorder."""

    def __init__(self, connection: socket) -> None:
        self._connection = connection
        self._connection.settimeout(_TIMEOUT)
        self._reader = Reader()
        self._number = 0

    def append(self, leaf: bytes, disclosures: Sequence[Disclosure] = ()) -> int:
        return index_of(self._ask(Message.APPEND, append_body(leaf, disclosures)))

    def disclose(self, index: int, leaf: bytes, disclosures: Sequence[Disclosure]) -> None:
        self._ask(Message.DISCLOSE, disclose_body(index, leaf, disclosures))

    def custody(self, request: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = orjson.loads(self._ask(Message.CUSTODY, orjson.dumps(request)))
        return answer

    def blob(self, data: bytes) -> str:
        return self._ask(Message.BLOB, data).decode()

    def rotate(self, *, lost: bool = False) -> str:
        return self._ask(Message.ROTATE, b"lost" if lost else b"").decode()

    def close(self) -> None:
        self._connection.close()

    def _ask(self, kind: Message, body: bytes) -> bytes:
        if len(body) > LARGEST_MESSAGE // 2:
            raise RecorderUnavailableError(f"{len(body):,} bytes are too many for one message to the recorder")
        self._number += 1
        try:
            self._connection.sendall(message(kind, self._number, body))
            answer, said = self._answer()
        except TimeoutError:
            raise RecorderUnavailableError(f"the recorder did not answer within {_TIMEOUT:.0f} s") from None
        except (OSError, ProtocolError) as error:
            raise RecorderUnavailableError(f"the line to the recorder broke: {error}") from None
        if answer == Message.DONE:
            return said
        reason = said.decode(errors="replace")
        raise LeafError(reason) if answer == Message.REFUSED else RecorderUnavailableError(reason)

    def _answer(self) -> tuple[int, bytes]:
        while data := self._connection.recv(1 << 16):
            for kind, number, body in self._reader.feed(data):
                if number == self._number:
                    return kind, body
        raise ProtocolError("it ended before it answered")


class _ToDirectory:
    """The line of a process that keeps the log itself for a while."""

    def __init__(self, directory: Path, host: str) -> None:
        _check_owner(directory)
        self._log = LogDirectory(directory, host=host, environment=environment(), passphrase=passphrase(os.environ))
        if leaf := ClockWatch().look():
            self._log.say(leaf)

    def append(self, leaf: bytes, disclosures: Sequence[Disclosure] = ()) -> int:
        (result,) = self._log.append([Entry(leaf, disclosures)])
        if isinstance(result, Refusal):
            raise LeafError(result.reason)
        return result

    def disclose(self, index: int, leaf: bytes, disclosures: Sequence[Disclosure]) -> None:
        if refusal := self._log.disclose(index, leaf, disclosures):
            raise LeafError(refusal.reason)

    def custody(self, request: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return self._log.custody.do(request)
        except (OSError, sqlite3.Error) as error:
            raise RecorderUnavailableError(f"the values beside the log can not be changed: {error}") from error

    def blob(self, data: bytes) -> str:
        return self._log.store_blob(data)

    def rotate(self, *, lost: bool = False) -> str:
        return str(self._log.rotate(lost=lost))

    def close(self) -> None:
        self._log.close()


def _check_owner(directory: Path) -> None:
    """Refuse to leave files that the guard could not open: those of root in another user's log.

    Raises:
        UsageError: The directory belongs to somebody else.
    """
    if directory.exists() and (owner := directory.stat().st_uid) != os.geteuid():
        raise UsageError(
            f"{directory} belongs to the user with the id {owner} and no guard is running on it: run this command as "
            f"that user, e.g. with `sudo -u '#{owner}'`"
        )
