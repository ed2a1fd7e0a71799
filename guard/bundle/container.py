"""How do files become one `.asice` file that is a BagIt bag as soon as it is unpacked?

An ASiC-E container (ETSI EN 319 162-1) is a ZIP whose first entry, uncompressed, says so. Nothing
else is compressed either: what is long is compressed in itself, and so the same files are the same
bytes on every machine, and no byte of the container can be changed without changing a file or the
form below. A reader may insist on that form: entries in the order of the directory, no gaps, no
extra fields, no comments, one date.

The bag (RFC 8493) lists each file of `data/` in `manifest-sha256.txt` and all others in
`tagmanifest-sha256.txt`. The seal is a manifest of everything in `META-INF/` with a time-stamp token
over it (`ASiCManifest001.xml`, `timestamp001.tst`): it says that the container existed, unchanged,
when a third party says so.
"""

from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from struct import Struct
from typing import Final
from xml.sax.saxutils import quoteattr
from zlib import crc32

from guard.errors import UsageError

MIMETYPE: Final = b"application/vnd.etsi.asic-e+zip"
SEAL: Final = "META-INF/ASiCManifest001.xml"
TOKEN: Final = "META-INF/timestamp001.tst"
MOST_FILES: Final = 60_000
"""A ZIP without extensions counts to 65,535."""
MOST_BYTES: Final = 2**31

_LOCAL = Struct("<4sHHHHHIIIHH")
_CENTRAL = Struct("<4sHHHHHHIIIHHHHHII")
_END = Struct("<4sHHHHIIH")
_UTF8 = 0x0800
_DATE = 0x21  # 1980-01-01, the first day there is
_REGULAR_FILE = 0o100644 << 16
_FORM = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
_ASIC = "http://uri.etsi.org/02918/v1.2.1#"
_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


def bag(data: Mapping[str, bytes], tags: Mapping[str, bytes], about: Mapping[str, str]) -> dict[str, bytes]:
    """Return all files of a bag: `data` by their path in `data/`, `tags` and the lines of `about` beside it."""
    payload = {f"data/{path}": body for path, body in data.items()}
    size = f"{sum(map(len, payload.values()))}.{len(payload)}"
    lines = "".join(f"{name}: {value}\n" for name, value in {**about, "Payload-Oxum": size}.items())
    files = {
        **tags,
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "bag-info.txt": lines.encode(),
        "manifest-sha256.txt": _manifest(payload),
        "mimetype": MIMETYPE,
    }
    return {**files, "tagmanifest-sha256.txt": _manifest(files), **payload}


def _manifest(files: Mapping[str, bytes]) -> bytes:
    return "".join(f"{sha256(body).hexdigest()}  {path}\n" for path, body in sorted(files.items())).encode()


def seal_of(files: Mapping[str, bytes]) -> bytes:
    """Return the manifest that a time-stamp token is asked for."""
    rows = [
        f'<asic:DataObjectReference URI={quoteattr(path)}><ds:DigestMethod Algorithm="{_SHA256}"/>'
        f"<ds:DigestValue>{b64encode(sha256(body).digest()).decode()}</ds:DigestValue></asic:DataObjectReference>\n"
        for path, body in sorted(files.items())
        if path != "mimetype"
    ]
    return (
        f'{_FORM}<asic:ASiCManifest xmlns:asic="{_ASIC}" xmlns:ds="{_DSIG}">\n'
        f'<asic:SigReference URI="{TOKEN}" MimeType="application/vnd.etsi.timestamp-token"/>\n'
        f"{''.join(rows)}</asic:ASiCManifest>\n"
    ).encode()


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the container: `mimetype` first, the seal last, everything else by name.

    Raises:
        UsageError: There are more files or bytes than such a container holds.
    """
    size = sum(map(len, files.values()))
    if len(files) > MOST_FILES or size > MOST_BYTES:
        raise UsageError(f"{len(files):,} files of {size:,} bytes are too much for one bundle; ask for fewer records")
    names = sorted(files, key=lambda name: (name != "mimetype", name.startswith("META-INF/"), name))
    body, directory = bytearray(), bytearray()
    for name in names:
        data, encoded = files[name], name.encode()
        common = (20, _UTF8, 0, 0, _DATE, crc32(data), len(data), len(data), len(encoded), 0)
        directory += _CENTRAL.pack(b"PK\x01\x02", 0x314, *common, 0, 0, 0, _REGULAR_FILE, len(body)) + encoded
        body += _LOCAL.pack(b"PK\x03\x04", *common) + encoded + data
    end = _END.pack(b"PK\x05\x06", 0, 0, len(names), len(names), len(directory), len(body), 0)
    return bytes(body + directory + end)
