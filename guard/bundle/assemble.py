"""Which files make a bundle?

The same case with the same version of the program gives the same files to the byte; nothing here
asks for a time or a random number. What is added afterwards, a signature in the reports and the seal
of a time-stamp authority, is never the same twice.
"""

import json
import pkgutil
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final

from guard.bundle.capture import capture
from guard.bundle.container import bag
from guard.bundle.findings import Findings, findings
from guard.bundle.plain_text import iso, visible
from guard.bundle.proof_files import proof_files
from guard.bundle.report import report_value, typeset
from guard.bundle.say import LANGUAGES
from guard.bundle.tables import tables
from guard.bundle.texts import texts
from guard.evidence.case import Case

VERIFIERS: Final = ("verify.py", "verify.sh", "verify.html")
_ENDINGS: Final = {
    "text/plain": ".txt", "text/html": ".html", "application/json": ".json",
    "application/rsl+xml": ".xml", "application/xml": ".xml",
}  # fmt: skip

Step = Callable[[str], None]
Sign = Callable[[bytes], bytes]


def assemble(
    case: Case,
    *,
    version: str,
    program: str,
    thumbnails: Mapping[str, bytes],
    step: Step = lambda _: None,
    sign: Sign | None = None,
) -> dict[str, bytes]:
    """Return the files of the bundle by their path, `mimetype` and manifests among them.

    Args:
        version: Of the program.
        program: SHA-256 of the program's files, in hex.
        thumbnails: Small JPEGs by the path of the picture.
        step: Told what is done next.
        sign: Signs a report.

    Raises:
        UsageError: What makes reports and captures is not installed.
    """
    step("putting together")
    found = findings(case)
    data = {**proof_files(case), **tables(found), **_documents(case), **dict(case.anchors)}
    step("capture")
    data["capture.warc.gz"] = capture(found, version)
    for lang in LANGUAGES:
        step(f"report.{lang}.pdf")
        value = report_value(found, lang, version=version, thumbnails=thumbnails)
        made = typeset(value)
        data[f"report.{lang}.pdf"] = sign(made) if sign else made
    step("manifests")
    said, tags = texts(found, version=version, program=program)
    for name in VERIFIERS:
        tags[name] = pkgutil.get_data("guard.verifier", name) or b""
    return bag({**data, **said}, tags, _about(found, version))


def _documents(case: Case) -> dict[str, bytes]:
    """Return the documents that records name, under names that say what they are."""
    files: dict[str, bytes] = {}
    for one in case.of_kind("rsv"):
        for document in one.fields["set"]["documents"]:
            digest, media = document["sha256"], document["media_type"].partition(";")[0].strip()
            if digest in case.blobs:
                files[f"reservation/{digest}{_ENDINGS.get(media, '.bin')}"] = case.blobs[digest]
    for one in case.of_kind("cls"):
        digest = one.fields["rules"]
        if digest in case.blobs:
            files[f"rules/{digest}.json"] = case.blobs[digest]
    return files


def _about(found: Findings, version: str) -> dict[str, str]:
    case = found.case
    newest = iso(max(one.fields["at"] for one in case.records if one.record))
    asked = json.dumps(case.wanted, sort_keys=True, ensure_ascii=True)
    return {
        "Source-Organization": visible(found.leading.said["site"]),
        "External-Identifier": f"{visible(case.origin)}@{case.size}",
        "External-Description": f"Evidence bundle of records asked for by {asked}",
        "Bagging-Date": newest[:10],
        "Bag-Software-Agent": f"crawler-guard {version}",
    }


def content_digest(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 that stands for a bundle before it is sealed: that of its tag manifest."""
    return sha256(files["tagmanifest-sha256.txt"]).hexdigest()
