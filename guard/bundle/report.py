"""How does what was found become a PDF that archives take?

PDF/A-3b, tagged, with its own faces and nothing else of the machine in it: the same case gives the
same bytes everywhere with the same version of the typesetter. Its date is that of the newest record,
for a report says what was known then.
"""

import json
import pkgutil
from collections.abc import Mapping

from guard.bundle.findings import Findings
from guard.bundle.plain_text import iso, visible
from guard.bundle.report_first import first_page
from guard.bundle.report_rest import sections
from guard.bundle.report_time import bracketed
from guard.bundle.say import Language, Words
from guard.errors import UsageError


def report_value(
    found: Findings, lang: Language, *, version: str, thumbnails: Mapping[str, bytes]
) -> dict[str, object]:
    """Return everything that the report says, for the template."""
    say = Words(lang)
    case = found.case
    bracket_of = bracketed(found)
    site = found.leading.said["site"]
    date = iso(max(one.fields["at"] for one in case.records if one.record))
    return {
        "lang": lang,
        "title": say("title"),
        "author": visible(site),
        "kicker": say("kicker"),
        "lead": visible(say("lead", site=site, last=say.count(case.size - 1), origin=case.origin, version=version)),
        "case": visible(say("case", origin=case.origin, size=say.count(case.size))),
        "footer": say("footer"),
        "page": say("page"),
        "date": [int(date[a:b]) for a, b in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))],
        "first": first_page(found, say, bracket_of, thumbnails),
        "rest": sections(found, say, bracket_of, thumbnails, version),
    }


def typeset(value: Mapping[str, object]) -> bytes:
    """Return the PDF of a report.

    Raises:
        UsageError: The typesetter is not installed.
    """
    try:
        import typst
    except ImportError:
        raise UsageError("reports need the extra 'evidence': pip install 'crawler-guard[evidence]'") from None
    source = pkgutil.get_data("guard.bundle", "report.typ") or b""
    said = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    made = typst.compile(source, sys_inputs={"said": said}, pdf_standards=["a-3b"], ignore_system_fonts=True)
    assert isinstance(made, bytes)  # noqa: S101 - one PDF is asked for, into memory
    return made
