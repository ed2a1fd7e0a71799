"""What can a page say in its own head?

Readers of pages who never look at header lines find the same there: `robots` with the
de-facto words `noai` and `noimageai` (DeviantArt, 2022), TDMRep's two names, the link to the RSL
file, and for search engines the licence of the pictures (schema.org ImageObject, the fields that
Google's "licensable" badge reads).

Everything is ASCII: the bytes mean the same in every charset that a page in HTML may have but
UTF-16. Nothing in it can end the element it stands in.
"""

import json
from collections.abc import Iterable
from html import escape
from typing import Any

from guard.reservation.headers import directives
from guard.reservation.rsl import MEDIA_TYPE as RSL_MEDIA_TYPE
from guard.reservation.statement import RSL_PATH, Statement

MAX_IMAGES = 100
"""Pictures described in one page; the rest has the header lines."""


def meta(statement: Statement) -> tuple[str, ...]:
    """Return the elements for the head of a page below one path, ASCII, in order."""
    statement = statement.at("")
    words = ", ".join(word for line in directives(statement) for word in line)
    return (
        *((f'<meta name="robots" content="{words}">',) if words else ()),
        f'<meta name="tdm-reservation" content="{statement.tdm_reservation}">',
        *(
            (f'<meta name="tdm-policy" content="{_attribute(statement.tdm_policy_url)}">',)
            if statement.anything_reserved
            else ()
        ),
        f'<link rel="license" type="{RSL_MEDIA_TYPE}" href="{_attribute(statement.base_url + RSL_PATH)}">',
    )


def json_ld(statement: Statement, images: Iterable[str] = ()) -> str:
    """Return the script element that describes the pictures with these addresses, at most `MAX_IMAGES`.

    Without addresses it describes the page's pictures as one; search engines then know the terms, but give no badge.
    """
    common: dict[str, Any] = {
        "license": statement.policy_url,
        "acquireLicensePage": statement.licence_url,
        "usageInfo": statement.policy_url,
    }
    if statement.creator_name:
        common["creator"] = {"@type": "Person", "name": statement.creator_name}
    if statement.credit_line:
        common["creditText"] = statement.credit_line
    if statement.copyright_notice:
        common["copyrightNotice"] = statement.copyright_notice
    addresses = list(dict.fromkeys(images))[:MAX_IMAGES]
    objects = [{"@type": "ImageObject", "contentUrl": url, **common} for url in addresses] or [
        {"@type": "ImageObject", **common}
    ]
    document = {"@context": "https://schema.org/", **(objects[0] if len(objects) == 1 else {"@graph": objects})}
    # In JSON these three have an escape; in HTML they could end the script or begin a comment.
    text = json.dumps(document, ensure_ascii=True, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return f'<script type="application/ld+json">{text}</script>'


def head(statement: Statement, images: Iterable[str] = ()) -> bytes:
    """Return the exact bytes to put right after `<head>`: the elements of `meta` and `json_ld`, one a line, ASCII.

    `statement` is the one for the page's path (`Statement.at`).
    """
    return "".join(f"{element}\n" for element in (*meta(statement), json_ld(statement, images))).encode("ascii")


def _attribute(url: str) -> str:
    return escape(url, quote=True)
