"""How bad is each flaw, and which is worth mending first?

A *fault* is something that crawlers misread, that contradicts, or that leaves the site without a
reservation: the audit ends with exit status 1. A *gap* is a carrier that is not used, or used only
in part. A *note* is worth knowing. The second number is the worth of mending it, from 100 down.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from guard.reservation.reading import Carrier
from guard.reservation.site import Failure


class Severity(StrEnum):
    """From the worst."""

    FAULT = "fault"
    GAP = "gap"
    NOTE = "note"


_FAULTS: Final = {
    **{f"unreachable-{failure}": 100 for failure in Failure if failure},
    "page-status": 99,
    "nothing-reserved": 98,
    "robots-groups-melt": 97,
    "policy-path-blocked": 96,
    "robots-status": 95,
    "robots-unreachable": 95,
    "robots-is-html": 94,
    "unknown-agents-blocked": 93,
    "contradiction": 92,
    "noindex-against-search": 91,
    "rsl-free": 90,
    "robots-names-some": 89,
    "prose-only": 88,
    "tdmrep-is-object": 86,
    "tdmrep-not-a-number": 85,
    "tdmrep-location": 84,
    "tdmrep-not-json": 83,
    "tdmrep-status": 82,
    "tdmrep-unreachable": 82,
    "tdmrep-general-first": 81,
    "tdmrep-path-unsaid": 80,
    "tdmrep-too-long": 80,
    "tdmrep-empty": 80,
    "noai-behind-colon": 79,
    "noai-letters": 78,
    "noai-separator": 78,
    "noai-one-agent": 77,
    "noai-not-first": 76,
    "tdm-header-letters": 75,
    "tdm-header-value": 75,
    "tdm-header-twice": 75,
    "tdm-policy-alone": 74,
    "tdm-policy-url": 74,
    "tdm-meta-value": 73,
    "headers-missing-on-picture": 72,
    "headers-missing-on-other-host": 71,
    "headers-missing-on-304": 70,
    "headers-missing-on-head": 69,
    "headers-missing-on-range": 68,
    "headers-missing-on-page": 67,
    "usage-unreadable": 66,
    "usage-with-path": 65,
    "usage-not-y-or-n": 64,
    "usage-swapped-label": 63,
    "usage-old-label": 62,
    "usage-says-nothing": 62,
    "signal-not-yes-or-no": 61,
    "signal-swapped-label": 61,
    "robots-signals-not-repeated": 60,
    "robots-signals-only": 59,
    "robots-blank-line": 58,
    "robots-allow-first": 57,
    "robots-second-group": 56,
    "robots-bom": 55,
    "robots-cr-only": 54,
    "robots-version-in-token": 53,
    "robots-rule-outside": 52,
    "robots-signal-outside": 52,
    "robots-too-long": 51,
    "robots-not-utf8": 50,
    "path-is-html": 49,
    "rsl-not-xml": 48,
    "rsl-namespace": 47,
    "rsl-unreachable": 47,
    "rsl-unknown-name": 46,
    "rsl-sells-and-prohibits": 45,
    "rsl-no-licence": 44,
    "rsl-no-content": 44,
    "rsl-no-url": 44,
    "rsl-prefix": 43,
    "policy-unreachable": 42,
    "policy-not-json": 41,
    "policy-not-an-offer": 41,
    "xmp-unreadable": 40,
    "xmp-unknown-term": 39,
    "xmp-term-without-address": 38,
    "xmp-no-constraint": 38,
    "c2pa-new-label-only": 37,
    "c2pa-unreadable": 36,
    "c2pa-invalid": 36,
    "refusal-200": 35,
    "refusal-451": 34,
    "ai-txt-no-rules": 33,
    "ai-txt-some-types": 32,
    "trust-txt-value": 31,
    "json-ld-not-json": 30,
}
_GAPS: Final = {
    "robots-lets-in": 87,
    f"missing-{Carrier.ROBOTS}": 86,
    f"missing-{Carrier.TDMREP}": 85,
    f"missing-{Carrier.NOAI_HEADER}": 84,
    f"missing-{Carrier.TDM_HEADERS}": 83,
    f"missing-{Carrier.REFUSAL}": 82,
    f"missing-{Carrier.XMP_MINING}": 81,
    f"missing-{Carrier.ROBOTS_USAGE}": 80,
    f"missing-{Carrier.USAGE_HEADER}": 79,
    f"missing-{Carrier.TERMS}": 78,
    f"missing-{Carrier.NOARCHIVE}": 77,
    f"missing-{Carrier.CONTENT_SIGNAL}": 76,
    f"missing-{Carrier.XMP_RIGHTS}": 75,
    f"missing-{Carrier.TDM_POLICY}": 74,
    f"missing-{Carrier.NOAI_META}": 73,
    f"missing-{Carrier.TDM_META}": 72,
    f"missing-{Carrier.AI_TXT}": 71,
    f"missing-{Carrier.RSL}": 70,
    f"missing-{Carrier.JSON_LD}": 69,
    f"missing-{Carrier.TRUST_TXT}": 68,
    f"missing-{Carrier.C2PA}": 67,
    "other-host-robots": 66,
    "noindex-hides": 65,
    "refusal-without-headers": 64,
    "refusal-no-retry-after": 63,
    "terms-no-reservation": 63,
    "terms-no-law": 62,
    "terms-one-language": 61,
    "terms-link-words": 60,
    "terms-few-paragraphs": 59,
    "xmp-fields-missing": 58,
    "json-ld-fields-missing": 57,
    "noai-meta-without-images": 56,
    "rsl-not-named": 58,
    "rsl-relative": 57,
    "rsl-open": 56,
    "rsl-media-type": 55,
    "robots-media-type": 54,
    "signal-unknown": 53,
    "signal-use": 52,
    "tdmrep-bom": 51,
    "c2pa-says-nothing": 50,
    "c2pa-thumbnail": 49,
    "address-elsewhere": 48,
}
_NOTES: Final = {"no-picture": 20, "picture-cut": 19, "incomplete": 18}

FLAWS: Final[Mapping[str, tuple[Severity, int]]] = MappingProxyType(
    {name: (Severity.FAULT, worth) for name, worth in _FAULTS.items()}
    | {name: (Severity.GAP, worth) for name, worth in _GAPS.items()}
    | {name: (Severity.NOTE, worth) for name, worth in _NOTES.items()}
)
"""Every flaw there is: how bad it is, and what mending it is worth."""
