"""How is a picture marked without a proxy?"""

import os
from pathlib import Path

from guard.cli.mark_files import mark_id, read_key
from guard.errors import UsageError
from guard.image import pack, pack_file
from guard.image.chips import seed_of_signs
from guard.image.mark import Pack, copy_for


def mark(file: Path, *, id_text: str, key_file: Path, out: Path) -> None:
    """Write the copy of `file` (a picture or a pack) that is issued under an id.

    Raises:
        UsageError: A file is wrong, or `out` exists.
        PictureError: The picture can not be marked.
    """
    key, chosen = read_key(key_file), mark_id(id_text)
    write_new(out, copy_for(_pack(file, key), key, chosen))


def make_pack(file: Path, *, key_file: Path, out: Path) -> Pack:
    """Write the pack of a picture and return it.

    Raises:
        UsageError: A file is wrong, or `out` exists.
        PictureError: The picture can not be marked.
    """
    made = _built(_read(file), read_key(key_file))
    write_new(out, pack_file.to_bytes(made))
    return made


def _pack(file: Path, key: bytes) -> Pack:
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
