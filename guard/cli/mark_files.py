"""Which key, ids and pictures did the owner name?"""

import os
from pathlib import Path
from secrets import token_bytes

from guard.errors import UsageError
from guard.image import pack, pack_file
from guard.image.chips import KEY_SIZE, MARK_ID_SIZE, seed_of_signs
from guard.image.mark import Pack


def read_key(file: Path) -> bytes:
    """Return the 32 bytes of a key file, which holds 64 hex digits.

    Raises:
        UsageError: There is no such file, or something else is in it.
    """
    try:
        key = bytes.fromhex(file.read_text("ascii").strip())
    except FileNotFoundError:
        raise UsageError(f"{file} does not exist; 'guard image key {file}' makes a key") from None
    except (OSError, ValueError):
        key = b""
    if len(key) != KEY_SIZE:
        raise UsageError(f"{file} holds no mark key: expected {2 * KEY_SIZE} hex digits")
    return key


def make_key(file: Path) -> None:
    """Write a new key, readable by its owner only.

    Raises:
        UsageError: The file exists, or can not be written.
    """
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(f"{file} exists; a key that has marked copies is needed to trace them") from None
    except OSError as error:
        raise UsageError(f"{file} can not be written: {error.strerror}") from None
    with os.fdopen(descriptor, "w") as out:
        out.write(token_bytes(KEY_SIZE).hex() + "\n")


def mark_id(text: str, where: str = "--mark-id") -> bytes:
    """Return the bytes of a mark id, 16 hex digits.

    Raises:
        UsageError: It is something else.
    """
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if len(value) != MARK_ID_SIZE:
        raise UsageError(f"{where}: '{text[:40]}' is no mark id: expected {2 * MARK_ID_SIZE} hex digits")
    return value


def read_mark_ids(file: Path) -> list[bytes]:
    """Return the ids in a file, one a line; empty lines and what follows a `#` do not count.

    Raises:
        UsageError: The file can not be read, or a line is no mark id.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} can not be read: {error}") from None
    found = [
        mark_id(text, f"{file}:{number}")
        for number, line in enumerate(lines, 1)
        if (text := line.partition("#")[0].strip())
    ]
    return list(dict.fromkeys(found))


def pack_of(file: Path, key: bytes) -> Pack:
    """Return the pack in `file`, or that of the picture in it.

    Raises:
        UsageError: It can not be read.
        PictureError: The picture can not be marked.
    """
    data = _read(file)
    return pack_file.from_bytes(data) if data.startswith(pack_file.MAGIC) else _built(data, key)


def _built(data: bytes, key: bytes) -> Pack:
    rendition = pack.Rendition.of(data)
    return pack.build(data, rendition, seed_of_signs(key, rendition.digest))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} can not be read: {error.strerror}") from None


def write_new(file: Path, data: bytes) -> None:
    """Write a file that does not exist yet, whole or not at all.

    Raises:
        UsageError: It exists, or can not be written.
    """
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        temporary.write_bytes(data)
        try:
            os.link(temporary, file)
        finally:
            temporary.unlink()
    except FileExistsError:
        raise UsageError(f"{file} exists; name another file") from None
    except OSError as error:
        raise UsageError(f"{file} can not be written: {error.strerror}") from None
