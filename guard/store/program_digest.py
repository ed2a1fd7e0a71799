"""Which program is this, to the byte?

A version can be built twice; a digest over its files can be recomputed from any copy of them.
"""

from hashlib import sha256
from pathlib import Path

import guard


def program_digest() -> str:
    """Return the SHA-256, in hex, of the list that `sha256sum` prints of all files of the package, by path."""
    root = Path(guard.__file__).parent
    files = sorted(
        (path.relative_to(root).as_posix(), path)
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    lines = "".join(f"{sha256(path.read_bytes()).hexdigest()}  {name}\n" for name, path in files)
    return sha256(lines.encode()).hexdigest()
