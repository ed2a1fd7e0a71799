"""Which requests does a log file hold?

Read from a file or from standard input, as it is or gzipped, once and in order, in constant
memory. The format is found from the first lines. A line that is not of it is counted and
skipped, and the first few are kept with their numbers; a file that is cut short or damaged
is read as far as it goes, and says so.
"""

import gzip
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final, cast

from guard.core.log_line import SAMPLE, LogFormat, LogLine, Unreadable, detect, parse
from guard.errors import UsageError

LONGEST_LINE: Final = 128 * 1024
"""Bytes; servers refuse requests far below. The rest of a longer line is skipped."""

NAMED_LINES: Final = 5
"""How many wrong lines are kept with number and reason."""

_GZIP: Final = b"\x1f\x8b"
_OTHERS: Final = {b"\xfd7zXZ\x00": "xzcat", b"BZh": "bzcat", b"\x28\xb5\x2f\xfd": "zstdcat"}


class LogLines:
    """The lines of one log; iterate once, and look at the counts afterwards or meanwhile."""

    def __init__(self, stream: BinaryIO, name: str, form: LogFormat | None = None) -> None:
        """Take a stream that is read from where it is; without `form` the format is found out.

        Raises:
            UsageError: The stream is compressed in a way that is not read here, or can not be read at all.
        """
        self.name = name
        self.form = form
        self.lines = 0
        """Lines so far, empty ones included: the number of the line read last."""
        self.read = 0
        """Requests so far."""
        self.wrong = 0
        self.wrong_lines: list[tuple[int, str]] = []
        """Number and reason of the first wrong lines."""
        self.damage = ""
        """Why the file could not be read to its end, or empty."""
        self._stream = stream
        self.size = _size(stream)
        """Bytes of the file as it lies on the disk; 0 where that is not known."""
        self._end = 0
        self._lines = self._uncompressed(stream)

    @property
    def position(self) -> int:
        """Bytes of the file read so far; 0 where that is not known."""
        return self._stream.tell() if self.size and not self._stream.closed else self._end

    def close(self) -> None:
        """Close the stream; done by itself when the last line was read."""
        self._end = self.size
        self._lines.close()  # a gzip reader leaves what is below it open
        self._stream.close()

    def __iter__(self) -> Iterator[LogLine]:
        yield from self._requests()
        self.close()

    def _requests(self) -> Iterator[LogLine]:
        sample: list[bytes] = []
        for line in self._raw_lines():
            if self.form is None:
                sample.append(line)
                if len(sample) < SAMPLE:
                    continue
                yield from self._of_sample(sample)
            elif (found := self._parsed(line, self.form)) is not None:
                yield found
        if self.form is None:
            yield from self._of_sample(sample)

    def _of_sample(self, sample: list[bytes]) -> Iterator[LogLine]:
        self.form = detect(sample) or LogFormat.COMBINED
        last, self.lines = self.lines, self.lines - len(sample)
        for line in sample:
            self.lines += 1
            if (found := self._parsed(line, self.form)) is not None:
                yield found
        assert self.lines == last  # noqa: S101  # every line of the sample was counted when it was read

    def _parsed(self, line: bytes, form: LogFormat) -> LogLine | None:
        if line.isspace():
            return None
        found = parse(line, form)
        if not isinstance(found, Unreadable):
            self.read += 1
            return found
        self.wrong += 1
        if len(self.wrong_lines) < NAMED_LINES:
            self.wrong_lines.append((self.lines, found.reason))
        return None

    def _raw_lines(self) -> Iterator[bytes]:
        readline = self._lines.readline
        try:
            while line := readline(LONGEST_LINE):
                self.lines += 1
                yield line
                while len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                    line = readline(LONGEST_LINE)
        except (OSError, EOFError, zlib.error) as error:
            self.damage = f"can not be read beyond line {self.lines}: {error}"

    def _uncompressed(self, stream: BinaryIO) -> BinaryIO:
        try:
            head = stream.peek(6)  # type: ignore[attr-defined]
        except OSError as error:
            raise UsageError(f"{self.name}: can not be read: {(error.strerror or str(error)).lower()}") from None
        for magic, program in _OTHERS.items():
            if head.startswith(magic):
                raise UsageError(f"{self.name}: compressed in a way that is not read here; {program} FILE | guard … -")
        return cast(BinaryIO, gzip.open(stream)) if head.startswith(_GZIP) else stream


def open_log(path: Path, form: LogFormat | None = None) -> LogLines:
    """Open the log at `path`.

    Raises:
        UsageError: It can not be read.
    """
    try:
        stream = path.open("rb", buffering=1 << 20)
    except OSError as error:
        raise UsageError(f"{path}: can not be read: {(error.strerror or str(error)).lower()}") from None
    try:
        return LogLines(stream, str(path), form)
    except UsageError:
        stream.close()
        raise


def _size(stream: BinaryIO) -> int:
    try:
        return os.fstat(stream.fileno()).st_size if stream.seekable() else 0
    except OSError:
        return 0
