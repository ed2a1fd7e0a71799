"""What is wrong, in English: for each flaw a sentence of what it means, and one of what mends it.

Facts are those of the specifications and readers that the parsers in `guard.reservation` name.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_SITE = {
    "unreachable-name": ("The host name leads nowhere.", "Check the spelling, and the name's DNS records."),
    "unreachable-connection": ("Nothing answers there.", "Check that the site is up and the port is right."),
    "unreachable-tls": (
        "The certificate is not accepted, so crawlers and browsers stop here.",
        "Renew the certificate, or have it made for this host name.",
    ),
    "unreachable-timeout": ("No answer came in time.", "Find out what keeps the site from answering."),
    "unreachable-protocol": ("What came is no HTTP answer, or it broke off.", "Look into the web server's error log."),
    "unreachable-redirects": (
        "The site redirects in a circle, or more than five times.",
        "Have each address lead to its target at once.",
    ),
    "unreachable-address": (
        "It leads to an address that is not fetched from a public site: a private network, or another scheme.",
        "Mend the redirect.",
    ),
    "unreachable-budget": ("The audit had no time left for it.", "Try again when the site answers faster."),
    "page-status": ("The page answers with an error.", "Audit an address that a visitor sees, such as a gallery."),
    "nothing-reserved": (
        "Nothing here reserves training: by § 44b UrhG and Art. 4 of Directive (EU) 2019/790 it may be mined.",
        "Begin with two lines in robots.txt, and two header lines.",
    ),
    "contradiction": (
        "One carrier permits what another reserves; both are named above.",
        "Have all of them made from one statement.",
    ),
    "prose-only": (
        "Only the terms, in prose, reserve anything. Courts have not agreed that prose is machine-readable.",
        "Say the same in robots.txt, tdmrep.json and headers.",
    ),
    "unknown-agents-blocked": (
        "A crawler that you do not know is refused, robots.txt included; by RFC 9309 it may then fetch everything.",
        "Let everybody read robots.txt and tdmrep.json, and refuse only the rest.",
    ),
    "policy-path-blocked": (
        "An AI crawler is refused this file. By RFC 9309 a refused robots.txt (4xx) is as good as none.",
        "Answer these files 200 to everybody, also to those you block.",
    ),
    "path-is-html": (
        "The site answers this address with a web page instead of 404.",
        "Answer 404 where there is no such file; a web page is read as a broken one.",
    ),
    "noindex-against-search": (
        "noindex hides what another carrier lets search engines list.",
        "Remove noindex; it does not keep anybody from training.",
    ),
    "noindex-hides": (
        "noindex takes the picture or page out of image search as well.",
        "If that is not meant, use noai instead.",
    ),
}
_ROBOTS = {
    "robots-status": (
        "robots.txt answers with an error: 4xx lets everybody in, and common tools also ignore 5xx.",
        "Answer 200 with a file, or 404.",
    ),
    "robots-unreachable": ("robots.txt does not come.", "Have the server answer it without a detour."),
    "robots-is-html": ("robots.txt is a web page; no crawler finds a rule in it.", "Put a text file there."),
    "robots-groups-melt": (
        "A group with signals but no Allow or Disallow runs into the next: for Google-style parsers its "
        "rules then hold for these crawlers too, search engines included.",
        "Put a rule into every group, before the signals.",
    ),
    "robots-signals-only": (
        "A group has signals but no rule; what is added below it would melt into it.",
        "Put a rule into the group, before the signals.",
    ),
    "robots-names-some": (
        "Only crawlers that are named are kept out. To one that is not, nothing is said; in 2024 a Dutch court (Rb. "
        "Amsterdam, 30 October, HowardsHome) found naming some bots not enough against another.",
        "Say it to everybody, in the group for *.",
    ),
    "robots-signals-not-repeated": (
        "Some groups lack the signals of others. A named group replaces *, so its crawlers do not see them.",
        "Repeat the signal lines in every group.",
    ),
    "robots-blank-line": (
        "A blank line between User-agent and its rules: some parsers end the group there.",
        "Remove the blank line.",
    ),
    "robots-allow-first": (
        "Allow stands before a longer Disallow: parsers that take the first match let everybody in.",
        "Put Disallow lines before Allow lines.",
    ),
    "robots-second-group": (
        "A crawler has two groups: some parsers know only the first, or only the last.",
        "Make one group of them.",
    ),
    "robots-bom": ("The file begins with a byte order mark: several parsers lose it.", "Save it as plain UTF-8."),
    "robots-cr-only": ("Lines end in CR alone: one parser sees a single line.", "Save it with LF line ends."),
    "robots-version-in-token": (
        "A version stands behind a crawler's name: some parsers then match nobody.",
        "Write the name alone.",
    ),
    "robots-rule-outside": ("A rule stands before the first User-agent and holds for nobody.", "Move it into a group."),
    "robots-signal-outside": (
        "A signal stands before the first User-agent; crawlers look for it in their group.",
        "Move it into every group.",
    ),
    "robots-too-long": ("The file is longer than 500 KiB; the rest may be ignored.", "Shorten it."),
    "robots-not-utf8": ("The file is not UTF-8.", "Save it as UTF-8, paths percent-encoded."),
    "robots-media-type": ("robots.txt does not come as text/plain.", "Send it as text/plain."),
    "robots-lets-in": ("robots.txt names some crawlers that train AI, but not these.", "Add them to the named group."),
    "other-host-robots": (
        "Pictures come from a host whose own robots.txt reserves nothing; robots.txt counts for one host only.",
        "Put the file there too, or ask whoever runs that host.",
    ),
    "usage-unreadable": ("Content-Usage does not parse, so it says nothing.", "Write it as an RFC 9651 dictionary."),
    "usage-with-path": (
        "Content-Usage has a path; a reader that joins the lines then loses all of them.",
        "Write it without a path.",
    ),
    "usage-not-y-or-n": ("Content-Usage answers with something else than y or n.", "Write y or n, without quotes."),
    "usage-swapped-label": ("Content-Usage has a word of Content-Signal in it.", "Here it is train-ai and ai-use."),
    "usage-old-label": ("Content-Usage has a word of an old draft, which nobody reads.", "Use today's words."),
    "usage-says-nothing": ("Content-Usage has no word that is known.", "Use train-ai, ai-use and search."),
    "signal-not-yes-or-no": ("Content-Signal answers with something else than yes or no.", "Write yes or no."),
    "signal-swapped-label": ("Content-Signal has a word of Content-Usage in it.", "Here it is ai-train and ai-input."),
    "signal-unknown": ("Content-Signal has a word that is not known.", "Remove it."),
    "signal-use": ("`use=` is an experiment that checkers call malformed.", "Leave it out."),
}
_FILES = {
    "tdmrep-is-object": ("tdmrep.json is an object; readers expect an array, and drop it.", "Write an array of rules."),
    "tdmrep-not-a-number": (
        "A rule's tdm-reservation is not the number 1 or 0; readers drop the whole file.",
        "Write 1 without quotes.",
    ),
    "tdmrep-location": ("A rule has no path that begins with /; readers drop the whole file.", "Give each a location."),
    "tdmrep-not-json": ("tdmrep.json is not JSON.", "Write it as JSON."),
    "tdmrep-status": (
        "tdmrep.json answers with an error that is not 404; readers do not know what holds.",
        "Answer 200 with a file, or 404.",
    ),
    "tdmrep-unreachable": ("tdmrep.json does not come.", "Have the server answer it, or answer 404."),
    "tdmrep-general-first": (
        "A general rule stands before a special one, which is then never reached: the first match wins.",
        "Put the most special rules first.",
    ),
    "tdmrep-path-unsaid": ("tdmrep.json has no rule for this path, so it says nothing about it.", "Add a rule for /."),
    "tdmrep-too-long": ("tdmrep.json is longer than 500 KiB; readers drop it.", "Shorten it."),
    "tdmrep-empty": ("tdmrep.json has no rule.", "Add a rule for /."),
    "tdmrep-bom": ("tdmrep.json begins with a byte order mark; JSON must not.", "Save it as plain UTF-8."),
    "policy-unreachable": ("tdm-policy names an address that does not answer.", "Put a page there, or name another."),
    "address-elsewhere": (
        "A carrier names an address that does not answer from here; the same path does at the address audited.",
        "All is well if the server in front adds the scheme and port, else correct it.",
    ),
    "policy-not-json": ("The policy calls itself JSON and is not.", "Mend it, or send a web page."),
    "policy-not-an-offer": (
        "The policy lacks parts that the TDMRep profile requires.",
        "Add them, or send a web page.",
    ),
    "rsl-free": (
        "RSL permits a use without <payment>: that gives it away for free.",
        "Prohibit it, or add a payment to the licence.",
    ),
    "rsl-not-xml": ("The RSL document is not XML, or has a document type.", "Mend it, or remove it."),
    "rsl-namespace": ("The root is not <rsl> of RSL 1.0.", "Use this namespace."),
    "rsl-unreachable": ("The RSL document that the site names does not come.", "Put it there, or remove the pointer."),
    "rsl-unknown-name": ("RSL 1.0 does not know these names, so the document does not conform.", "Remove them."),
    "rsl-sells-and-prohibits": ("RSL prohibits a use that it sells; the prohibition wins.", "Do one of the two."),
    "rsl-no-licence": ("A <content> has no <license>.", "Add one that prohibits."),
    "rsl-no-content": ("The RSL document has no <content>.", "Add one for /."),
    "rsl-no-url": ("A <content> has no url.", "Say which paths it is about."),
    "rsl-prefix": ("RSL's names have a prefix; the standard wants them without.", "Make it the default namespace."),
    "rsl-not-named": ("Nothing names the RSL document, and it has no address of its own.", "Name it in robots.txt."),
    "rsl-relative": ("License: in robots.txt is not an absolute address.", "Write all of it."),
    "rsl-open": (
        "A licence only prohibits; it may be read as licensing whatever it does not name.",
        "List what is permitted too, or prohibit all.",
    ),
    "rsl-media-type": ("The RSL document does not come as application/rsl+xml.", "Send it under this type."),
    "ai-txt-no-rules": ("ai.txt has no rule in Spawning's grammar.", "Put this there."),
    "ai-txt-some-types": ("ai.txt keeps out only some kinds of pictures.", "Add the others."),
    "trust-txt-value": ("datatrainingallowed is neither yes nor no.", "Write no."),
}
_HEADERS = {
    "noai-behind-colon": (
        "The noai line has a colon in it; img2dataset takes what is before it for a crawler's name and ignores noai.",
        "Put noai on a line of its own.",
    ),
    "noai-letters": ("noai has capital letters; readers that compare as is miss it.", "Write it in lower case."),
    "noai-separator": ("noai is not between commas; readers miss it.", "Separate the words by commas."),
    "noai-one-agent": ("noai is said to one crawler only.", "Say it to all, without a name in front."),
    "noai-not-first": ("noai stands on a later X-Robots-Tag line; some readers see the first only.", "Put it first."),
    "tdm-header-letters": (
        "Over HTTP/1.1 the header's name has capital letters; datadiligence looks for it in lower case.",
        "Send the name in lower case.",
    ),
    "tdm-header-value": ("tdm-reservation is neither 1 nor 0.", "Send 1."),
    "tdm-header-twice": ("tdm-reservation comes twice, with two values.", "Send it once."),
    "tdm-policy-alone": ("tdm-policy comes without tdm-reservation and says nothing.", "Send both."),
    "tdm-policy-url": ("tdm-policy is not an address.", "Send an absolute one."),
    "tdm-meta-value": ("The tdm-reservation meta element is neither 1 nor 0.", "Write 1."),
    "headers-missing-on-picture": (
        "This picture lacks header lines that other answers have.",
        "Send them with every picture, thumbnails included.",
    ),
    "headers-missing-on-other-host": (
        "Pictures from another host (a CDN) lack the header lines.",
        "Add them there; what counts is who delivers the picture.",
    ),
    "headers-missing-on-304": ("The answer 304 (unchanged) lacks the header lines.", "Send them with 304 too."),
    "headers-missing-on-head": ("The answer to HEAD lacks the header lines.", "Send the same lines as with GET."),
    "headers-missing-on-range": ("A part of a picture (206) lacks the header lines.", "Send them with 206 too."),
    "headers-missing-on-page": ("The page lacks header lines that pictures have.", "Send them with pages too."),
    "noai-meta-without-images": ("The meta element says noai but not noimageai.", "Say both."),
    "refusal-200": (
        "A refused crawler gets a web page with status 200, as if it were the picture.",
        "Answer 403, or 402 where there is a licence to be had.",
    ),
    "refusal-451": (
        "Status 451 means that a legal demand forbids it (RFC 7725), not that you do.",
        "Answer 403, or 402 where there is a licence to be had.",
    ),
    "refusal-no-retry-after": ("429 comes without Retry-After.", "Say when to come back."),
    "refusal-without-headers": ("The refusal does not carry tdm-reservation.", "Send it with refusals too."),
}
_INSIDE = {
    "xmp-unreadable": ("The picture's XMP packet is not XML.", "Write it anew."),
    "xmp-unknown-term": ("plus:DataMining is not a term of the PLUS vocabulary.", "Write this one."),
    "xmp-term-without-address": ("plus:DataMining lacks the vocabulary's address.", "Write all of it."),
    "xmp-no-constraint": ("The picture says: see constraint, but has none.", "Fill plus:OtherConstraints."),
    "xmp-fields-missing": ("The picture lacks some fields that say whose it is.", "Fill them on export."),
    "c2pa-new-label-only": (
        "The manifest has cawg.training-mining only; datadiligence reads c2pa.training-mining.",
        "Write both assertions.",
    ),
    "c2pa-unreadable": ("The training-mining assertion can not be read.", "Sign the picture anew."),
    "c2pa-invalid": (
        "The manifest does not fit the picture: it was changed after signing, or signed without an action.",
        "Write metadata first and sign last, as an edit of what was there.",
    ),
    "c2pa-says-nothing": ("The manifest says nothing about training.", "Add the assertion when signing."),
    "c2pa-thumbnail": ("The manifest holds a thumbnail: some 100 KB more in each picture.", "Sign without thumbnails."),
    "json-ld-not-json": ("The page's JSON-LD does not parse.", "Mend it."),
    "json-ld-fields-missing": ("ImageObject lacks fields for licensable images.", "Add them."),
    "terms-no-reservation": ("A page of terms speaks of mining but does not reserve it.", "Say that it is reserved."),
    "terms-no-law": ("The terms do not name the law.", "Name Art. 4(3) Directive (EU) 2019/790 and § 44b(3) UrhG."),
    "terms-one-language": ("The terms reserve in one language only.", "Say it in English and in German."),
    "terms-link-words": ("The link does not say terms, legal or conditions; readers look for that.", "Name it Terms."),
    "terms-few-paragraphs": ("The terms have less than 500 characters in <p>; readers skip them.", "Use <p>."),
}
_MISSING = {
    "missing-robots": ("robots.txt keeps no AI crawler out.", "Name them, and refuse them everything."),
    "missing-robots_content_usage": ("robots.txt has no Content-Usage for all crawlers.", "Add it to every group."),
    "missing-content_usage_header": ("Answers have no Content-Usage.", "Send it with everything."),
    "missing-content_signal": ("There is no Content-Signal.", "Add it to every group of robots.txt."),
    "missing-rsl": ("There is no RSL document.", "Write one that prohibits, and name it in robots.txt (License:)."),
    "missing-tdmrep_file": ("There is no tdmrep.json.", "Put this at /.well-known/tdmrep.json."),
    "missing-tdm_headers": ("Answers have no tdm-reservation.", "Send it with everything; datadiligence reads it."),
    "missing-tdm_meta": ("Pages have no tdm-reservation meta element.", "Put this into <head>."),
    "missing-tdm_policy": ("No tdm-policy says where the terms are.", "Name the page of terms."),
    "missing-noai_header": ("Pictures come without noai.", "Send it with every picture; img2dataset then skips it."),
    "missing-noarchive": ("There is no noarchive.", "Send it; it is Bing's sign against AI answers and training."),
    "missing-noai_meta": ("Pages have no noai meta element.", "Put this into <head>."),
    "missing-xmp_data_mining": ("Pictures carry no reservation in them.", "Write plus:DataMining on export."),
    "missing-xmp_rights": ("Pictures do not say whose they are.", "Fill creator, rights and licensor on export."),
    "missing-c2pa": ("Pictures have no C2PA manifest.", "Sign them with a training-mining assertion, if you can."),
    "missing-ai_txt": ("There is no ai.txt.", "Put this at /ai.txt."),
    "missing-trust_txt": ("There is no trust.txt that speaks of training.", "Put this into /trust.txt."),
    "missing-terms": ("No linked page of terms reserves mining in words.", "Link one as Terms, in English and German."),
    "missing-json_ld": ("Pages have no ImageObject with a licence.", "Put JSON-LD into the page."),
    "missing-refusal": (
        "A crawler for training that says who it is gets the picture.",
        "Refuse it with 403; against research (§ 60d UrhG) only that helps.",
    ),
}
_NOTES = {
    "no-picture": (
        "No picture was found on the page; scripts are not run.",
        "Audit the address of a page that shows pictures.",
    ),
    "picture-cut": ("Only the first 8 MiB of a picture were read.", "Serve smaller pictures."),
    "incomplete": ("The audit ran out of time or requests.", "Try again when the site answers faster."),
}

FLAWS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    _SITE | _ROBOTS | _FILES | _HEADERS | _INSIDE | _MISSING | _NOTES
)
"""What it means, and what mends it, by the flaw's id."""
