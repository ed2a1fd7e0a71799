"""What is a member of a ZIP file, read so that no archive fills the memory?

Members are read one by one, never written anywhere, and nothing of what their names say is followed. Only what is
stored or deflated is read, as pictures are: of other methods the standard library unpacks more than it is asked for.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, Final

from guard.errors import GuardError

_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_FAULTS: Final = (
    zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, ValueError, OverflowError,
    NotImplementedError, RuntimeError,
)  # fmt: skip
"""What the standard library says no with to damaged archives."""


class Zip:
    """An archive."""

    def __init__(self, file: IO[bytes]) -> None:
        """Read the list of what is in `file`.

        Raises:
            GuardError: It is no ZIP file, or its end is missing.
        """
        try:
            self._archive = zipfile.ZipFile(file)
        except _FAULTS as error:
            raise GuardError(_lower(error)) from None

    def members(self) -> Iterator[zipfile.ZipInfo]:
        """Yield all members that are files, in their order."""
        return (one for one in self._archive.infolist() if not one.filename.endswith("/"))

    def member(self, name: str) -> zipfile.ZipInfo | None:
        """Return the member with this name, the last of several."""
        return self._archive.NameToInfo.get(name)

    def read(self, member: zipfile.ZipInfo, most: int) -> bytes:
        """Return what a member holds, checked by its CRC; of what is longer, a byte more than `most`, unchecked.

        Raises:
            GuardError: It can not be read.
        """
        if member.compress_type not in _METHODS:
            raise GuardError("packed in a way that is not read; stored and deflated is")
        try:
            with self._archive.open(member) as opened:
                return _whole(opened, min(member.file_size, most + 1))
        except _FAULTS as error:
            raise GuardError(_lower(error)) from None


def _whole(opened: IO[bytes], size: int) -> bytes:
    data = opened.read(size)
    # Read by number, not to the end: that would unpack what lies behind the size that is declared.
    if len(data) < size:
        raise EOFError("it ends too early")
    return data


def _lower(error: Exception) -> str:
    said = str(error) or "it ends too early"
    return said[0].lower() + said[1:]
