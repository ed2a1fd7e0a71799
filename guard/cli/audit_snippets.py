"""Which lines mend a flaw, ready to paste?

They reserve training, use in models and mining, and permit search: what a photographer's site
commonly wants. They are the same in every language. `{origin}` is the site, `{tokens}` the
crawlers that are let in.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

_EVERYBODY = (
    "User-agent: *",
    "Allow: /",
    "Content-Usage: train-ai=n, ai-use=n, search=y",
    "Content-Signal: search=yes, ai-input=no, ai-train=no",
)
_NAMED = ("User-agent: {tokens}", "Disallow: /", *_EVERYBODY[2:])
_NOAI = ("X-Robots-Tag: noai, noimageai, noarchive",)
_TDM = ("tdm-reservation: 1", "tdm-policy: {origin}/terms")
_USAGE = ("Content-Usage: train-ai=n, ai-use=n, search=y",)
_SIGNAL = ("Content-Signal: search=yes, ai-input=no, ai-train=no",)
_TDMREP = ('[{"location": "/", "tdm-reservation": 1, "tdm-policy": "{origin}/terms"}]',)
_RSL = (
    '<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license>',
    '<permits type="usage">search</permits><prohibits type="usage">ai-all</prohibits>',
    "</license></content></rsl>",
)
_META = ('<meta name="robots" content="noai, noimageai, noarchive">',)
_TDM_META = ('<meta name="tdm-reservation" content="1">', '<meta name="tdm-policy" content="{origin}/terms">')
_MINING = "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING"
_XMP = (f"plus:DataMining = {_MINING}",)
_RIGHTS = ("exiftool -XMP-dc:Creator='…' -XMP-dc:Rights='…' -XMP-photoshop:Credit='…'",
           "         -XMP-xmpRights:WebStatement={origin}/terms -XMP-xmpRights:UsageTerms='…' FILE",)  # fmt: skip
_AI_TXT = ("User-Agent: *", "Disallow: /", "Disallow: *")
_TERMS = (
    "<p>All rights reserved, including for text and data mining under Art. 4(3) Directive (EU)",
    "2019/790 and § 44b(3) UrhG. Nutzungen für Text und Data Mining bleiben vorbehalten.</p>",
)
_JSON_LD = (
    '{"@context": "https://schema.org", "@type": "ImageObject", "contentUrl": "…",',
    ' "license": "{origin}/terms", "acquireLicensePage": "{origin}/licence",',
    ' "creator": {"@type": "Person", "name": "…"}, "creditText": "…", "copyrightNotice": "…"}',
)

SNIPPETS: Final[Mapping[str, Sequence[str]]] = MappingProxyType(
    {
        "nothing-reserved": ("# robots.txt", *_EVERYBODY, "# header lines", *_NOAI, "tdm-reservation: 1"),
        "prose-only": _EVERYBODY,
        "robots-is-html": _EVERYBODY,
        "robots-status": _EVERYBODY,
        "robots-groups-melt": _EVERYBODY,
        "robots-signals-only": ("Allow: /",),
        "robots-names-some": _EVERYBODY,
        "robots-signals-not-repeated": _EVERYBODY[2:],
        "robots-lets-in": _NAMED,
        "other-host-robots": _EVERYBODY,
        "missing-robots": _NAMED,
        "missing-robots_content_usage": _USAGE,
        "missing-content_usage_header": _USAGE,
        **dict.fromkeys(
            (
                "usage-unreadable",
                "usage-with-path",
                "usage-not-y-or-n",
                "usage-swapped-label",
                "usage-old-label",
                "usage-says-nothing",
            ),
            _USAGE,
        ),
        **dict.fromkeys(
            (
                "missing-content_signal",
                "signal-not-yes-or-no",
                "signal-swapped-label",
                "signal-unknown",
                "signal-use",
            ),
            _SIGNAL,
        ),
        **dict.fromkeys(
            (
                "missing-tdmrep_file",
                "tdmrep-is-object",
                "tdmrep-not-a-number",
                "tdmrep-location",
                "tdmrep-not-json",
                "tdmrep-path-unsaid",
                "tdmrep-empty",
            ),
            _TDMREP,
        ),
        **dict.fromkeys(
            (
                "missing-tdm_headers",
                "tdm-header-letters",
                "tdm-header-value",
                "tdm-policy-alone",
                "tdm-policy-url",
                "refusal-without-headers",
            ),
            _TDM,
        ),
        "missing-tdm_policy": _TDM[1:],
        **dict.fromkeys(("missing-tdm_meta", "tdm-meta-value"), _TDM_META),
        **dict.fromkeys(
            (
                "missing-noai_header",
                "missing-noarchive",
                "noai-behind-colon",
                "noai-letters",
                "noai-separator",
                "noai-one-agent",
                "noai-not-first",
                "noindex-hides",
            ),
            _NOAI,
        ),
        **dict.fromkeys(("missing-noai_meta", "noai-meta-without-images"), _META),
        **dict.fromkeys(
            ("missing-rsl", "rsl-free", "rsl-namespace", "rsl-prefix", "rsl-open", "rsl-unknown-name"), _RSL
        ),
        **dict.fromkeys(("rsl-not-named", "rsl-relative"), ("License: {origin}/rsl.xml",)),
        "rsl-media-type": ("Content-Type: application/rsl+xml",),
        **dict.fromkeys(("missing-xmp_data_mining", "xmp-unknown-term", "xmp-term-without-address"), _XMP),
        **dict.fromkeys(("missing-xmp_rights", "xmp-fields-missing"), _RIGHTS),
        **dict.fromkeys(("missing-ai_txt", "ai-txt-no-rules", "ai-txt-some-types"), _AI_TXT),
        **dict.fromkeys(("missing-trust_txt", "trust-txt-value"), ("datatrainingallowed=no",)),
        **dict.fromkeys(("missing-terms", "terms-no-reservation", "terms-no-law", "terms-one-language"), _TERMS),
        **dict.fromkeys(("missing-json_ld", "json-ld-fields-missing"), _JSON_LD),
        "refusal-no-retry-after": ("Retry-After: 3600",),
        "robots-media-type": ("Content-Type: text/plain; charset=utf-8",),
    }
)
"""Lines by the id of the flaw."""


def snippet(name: str, origin: str, tokens: Sequence[str]) -> list[str]:
    """Return the lines for a flaw; none where a sentence is enough."""
    lines: list[str] = []
    for line in SNIPPETS.get(name, ()):
        if "{tokens}" in line:
            lines += [line.replace("{tokens}", token) for token in tokens]
        else:
            lines.append(line.replace("{origin}", origin))
    return lines
