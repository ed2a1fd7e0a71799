"""What do readers that share no code with the guard find in each carrier of the reservation?

A reader takes everything that is served and a path, and returns the questions that its carrier
answers: True for permitted. What is not said is left out.
"""

import http.client
import json
import re
from collections.abc import Callable, Iterable
from html.parser import HTMLParser
from io import BytesIO

import http_sf
from lxml import etree
from lxml import html as lxml_html
from protego import Protego

from guard.reservation.documents import ReservationSet

Answers = dict[str, bool]
QUESTIONS = ("train", "ai_use", "search", "tdm")
RSL = "{https://rslstandard.org/rsl}"

RSL_SCHEMA = """
<grammar xmlns="http://relaxng.org/ns/structure/1.0" ns="https://rslstandard.org/rsl"
    datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
 <start><element name="rsl">
  <optional><attribute name="max-age"><data type="positiveInteger"/></attribute></optional>
  <oneOrMore><element name="content">
   <attribute name="url"><data type="string"><param name="pattern">/[!-~]*</param></data></attribute>
   <interleave>
    <oneOrMore><element name="license"><interleave>
     <optional><element name="permits"><ref name="usage"/></element></optional>
     <optional><element name="prohibits"><ref name="usage"/></element></optional>
     <optional><element name="payment">
      <attribute name="type"><choice>
       <value>purchase</value><value>subscription</value><value>training</value><value>crawl</value><value>use</value>
       <value>contribution</value><value>attribution</value><value>free</value>
      </choice></attribute>
      <interleave>
       <optional><element name="amount">
        <attribute name="currency"><data type="string"><param name="pattern">[A-Z]{3}</param></data></attribute>
        <data type="decimal"/>
       </element></optional>
       <optional><element name="custom"><data type="anyURI"/></element></optional>
       <optional><element name="standard"><data type="anyURI"/></element></optional>
      </interleave>
     </element></optional>
    </interleave></element></oneOrMore>
    <optional><element name="copyright">
     <optional><attribute name="contactEmail"/></optional><optional><attribute name="contactUrl"/></optional><text/>
    </element></optional>
    <optional><element name="terms"><data type="anyURI"/></element></optional>
   </interleave>
  </element></oneOrMore>
 </element></start>
 <define name="usage"><attribute name="type"><value>usage</value></attribute><list><oneOrMore><choice>
  <value>all</value><value>ai-all</value><value>ai-train</value><value>ai-input</value><value>ai-index</value>
  <value>search</value>
 </choice></oneOrMore></list></define>
</grammar>
"""
"""The part of RSL 1.0 that a reader of usage and payment needs, written from the specification's prose."""

CRAWLERS = {
    "train": ("GPTBot", "CCBot", "Google-Extended", "ImagesiftBot", "FirecrawlAgent"),
    "ai_use": ("OAI-SearchBot", "ChatGPT-User", "NovaAct", "Claude-Code"),
    "welcome": ("Googlebot", "bingbot", "Applebot", "Twitterbot"),
}


def body(rendered: ReservationSet, path: str) -> bytes:
    document = rendered.document(path)
    assert document is not None, path
    return document.body


def group_values(text: bytes, name: str) -> list[str]:
    """Return the value of `name` for each group, as a reader sees it that knows records of RFC 9309, section 2.2.4."""
    values: list[str] = []
    closed = True
    for line in text.decode("ascii").splitlines():
        key, colon, value = line.partition("#")[0].partition(":")
        if not colon:
            continue
        if key.strip().lower() == "user-agent":
            if closed:
                values.append("")
            closed = False
        else:
            closed = True
            if key.strip().lower() == name:
                values[-1] += value.strip()
    return values


def usage(value: str) -> Answers:
    """Read an AIPREF dictionary with a parser of RFC 9651; what it can not parse says nothing."""
    try:
        parsed = http_sf.parse(value.encode(), tltype="dictionary")
    except ValueError:
        return {}
    labels = {"train-ai": "train", "ai-use": "ai_use", "search": "search"}
    words = {"y": True, "n": False}
    return {
        labels[key]: words[str(token)]
        for key, (token, _) in parsed.items()
        if key in labels and isinstance(token, http_sf.Token) and str(token) in words
    }


def signal(value: str) -> Answers:
    names = {"ai-train": "train", "ai-input": "ai_use", "search": "search"}
    pairs = (part.strip().split("=") for part in value.split(",") if part)
    return {names[key]: {"yes": True, "no": False}[answer] for key, answer in pairs}


def _one(found: Iterable[Answers]) -> Answers:
    answers = list(found)
    assert all(one == answers[0] for one in answers), answers
    return answers[0]


def robots_rules(rendered: ReservationSet, path: str) -> Answers:
    """What may be fetched. robots.txt does not say search: nobody who indexes is ever kept out by it."""
    parser = Protego.parse(body(rendered, "/robots.txt").decode("ascii"))
    answers = {
        question: {parser.can_fetch(f"https://photo.example{path}", token) for token in tokens}
        for question, tokens in CRAWLERS.items()
    }
    assert answers.pop("welcome") == {True}
    assert all(len(answer) == 1 for answer in answers.values())
    return {question: answer.pop() for question, answer in answers.items()}


def robots_usage(rendered: ReservationSet, path: str) -> Answers:
    return _one(usage(value) for value in group_values(body(rendered, "/robots.txt"), "content-usage"))


def robots_signal(rendered: ReservationSet, path: str) -> Answers:
    return _one(signal(value) for value in group_values(body(rendered, "/robots.txt"), "content-signal"))


def robots_comment(rendered: ReservationSet, path: str) -> Answers:
    """The table for the site, and below it the paths with answers of their own."""
    text = body(rendered, "/robots.txt").decode("ascii")
    for prefix, rest in re.findall(r"(?m)^#   (/\S+)  (.*)$", text):
        if path.startswith(prefix):
            parts = dict(part.split(": ") for part in rest.split("; "))
            return {name: word == "permitted" for word, names in parts.items() for name in names.split()}
    found = re.findall(r"(?m)^#   (\S+?),? .* (RESERVED|permitted)$", text)
    names = {"train-ai": "train", "ai-use": "ai_use", "search": "search", "tdm": "tdm"}
    return {names[key]: answer == "permitted" for key, answer in found}


def robots_licence(rendered: ReservationSet, path: str) -> Answers:
    """Every group names the RSL file, by its whole address; and there it is."""
    assert set(group_values(body(rendered, "/robots.txt"), "license")) == {"https://photo.example/rsl.xml"}
    return rsl(rendered, path)


def ai_txt(rendered: ReservationSet, path: str) -> Answers:
    """A downloader's view of a file: of the lines that fit the longest, and of the lines the first, agree."""
    rules = re.findall(r"(?mi)^(allow|disallow): (\S+)$", body(rendered, "/ai.txt").decode("ascii"))
    fitting = [(len(rule), word.lower()) for word, rule in rules if _fits(rule, path)]
    assert max(fitting)[1] == fitting[0][1]
    return {"train": fitting[0][1] == "allow"}


def _fits(pattern: str, path: str) -> bool:
    return re.match(re.escape(pattern).replace(r"\*", ".*"), path) is not None


def trust_txt(rendered: ReservationSet, path: str) -> Answers:
    both = [body(rendered, at).decode("ascii").splitlines() for at in ("/trust.txt", "/.well-known/trust.txt")]
    assert both[0] == both[1]
    pairs = [line.split("=", 1) for line in both[0] if not line.startswith("#")]
    (answer,) = [value for name, value in pairs if name == "datatrainingallowed"]
    return {"train": {"yes": True, "no": False}[answer]}


def tdmrep(rendered: ReservationSet, path: str) -> Answers:
    """The first rule that fits; 0 permits everything, 1 leaves it to the policy."""
    rules = json.loads(body(rendered, "/.well-known/tdmrep.json"))
    assert type(rules) is list
    rule = next(rule for rule in rules if _fits(rule["location"], path))
    return _tdm(rule["tdm-reservation"], rule.get("tdm-policy"))


def _tdm(value: object, policy: str | None) -> Answers:
    assert type(value) is int
    assert (value == 1) == (policy is not None)
    return dict.fromkeys(QUESTIONS, True) if value == 0 else {"any": False}


def header(rendered: ReservationSet, path: str) -> http.client.HTTPMessage:
    """Return the lines as the standard library's client reads them from the wire."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in rendered.headers_for(path))
    return http.client.parse_headers(BytesIO(lines.encode("ascii") + b"\r\n"))


def header_usage(rendered: ReservationSet, path: str) -> Answers:
    return usage(header(rendered, path)["Content-Usage"])


def header_signal(rendered: ReservationSet, path: str) -> Answers:
    return signal(header(rendered, path)["Content-Signal"])


def header_tdm(rendered: ReservationSet, path: str) -> Answers:
    found = header(rendered, path)
    (value,) = found.get_all("tdm-reservation", [])
    return _tdm(int(value), found.get("tdm-policy"))


def header_robots(rendered: ReservationSet, path: str) -> Answers:
    return _words(value for value in header(rendered, path).get_all("X-Robots-Tag", []))


def _words(values: Iterable[str]) -> Answers:
    """noai and noarchive or nocache stand for training, noarchive for answers as well, noindex for search."""
    words = {word.strip() for value in values for word in value.split(",")}
    assert ("noai" in words) == ("noimageai" in words) == bool(words & {"noarchive", "nocache"})
    assert ("noindex" in words) == ("noimageindex" in words)
    assert not {"noarchive", "nocache"} <= words  # Bing reads both as nocache
    answers = {"train": "noai" not in words, "search": "noindex" not in words}
    return answers | ({"ai_use": "nocache" in words} if "noai" in words else {})


def header_link(rendered: ReservationSet, path: str) -> Answers:
    (link,) = header(rendered, path).get_all("Link", [])
    assert link == '<https://photo.example/rsl.xml>; rel="license"; type="application/rsl+xml"'
    return rsl(rendered, path)


def rsl(rendered: ReservationSet, path: str) -> Answers:
    """What is licensed free of charge for this path, by the scope that fits it best."""
    root = rsl_tree(body(rendered, "/rsl.xml"))
    scopes = [one for one in root.iter(f"{RSL}content") if _fits(one.get("url", ""), path)]
    return rsl_free(max(scopes, key=lambda one: len(one.get("url", ""))))


def rsl_tree(text: bytes) -> etree._Element:
    root = etree.fromstring(text)
    etree.RelaxNG(etree.fromstring(RSL_SCHEMA)).assertValid(root)
    return root


def rsl_free(content: etree._Element) -> Answers:
    """A closed list permits what it names, no list all; a prohibition anywhere beats both; no payment is free.

    Other mining has no word but `all`, which a file with offers can not use: there nothing is said of it.
    """
    tokens = {"train": "ai-train", "ai_use": "ai-input", "search": "search", "tdm": "all"}
    covers = {"ai-train": ("all", "ai-all", "ai-train"), "ai-input": ("all", "ai-all", "ai-input"),
              "search": ("all", "search"), "all": ("all",)}  # fmt: skip
    licences = content.findall(f"{RSL}license")
    prohibited = {token for one in licences for token in (one.findtext(f"{RSL}prohibits") or "").split()}
    free = [
        one for one in licences if one.find(f"{RSL}payment") is None or one.find(f"{RSL}payment").get("type") == "free"
    ]
    permitted = {token for one in free for token in (one.findtext(f"{RSL}permits") or "all").split()}
    answers = {
        question: not prohibited & set(covers[token]) and bool(permitted & set(covers[token]))
        for question, token in tokens.items()
    }
    return {name: answer for name, answer in answers.items() if name != "tdm" or answer or len(free) == len(licences)}


class _Tables(HTMLParser):
    """The answers of each table of each section, under its caption."""

    def __init__(self, text: bytes) -> None:
        super().__init__()
        self.sections: list[dict[str, list[str]]] = []
        self.caption: str | None = None
        self.inside = ""
        self.feed(text.decode())

    def handle_starttag(self, tag: str, attrs: object) -> None:
        del attrs
        if tag == "section":
            self.sections.append({})
        if tag == "caption":
            self.caption = ""
        if tag in {"caption", "td"}:
            self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == "caption":
            self.sections[-1][self.caption or ""] = []
        if tag in {"caption", "td"}:
            self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside == "caption":
            self.caption = (self.caption or "") + data
        if self.inside == "td":
            self.sections[-1][self.caption or ""].append(data)


def terms(language: int, words: dict[str, bool], captions: tuple[str, str]) -> Callable[[ReservationSet, str], Answers]:
    def read(rendered: ReservationSet, path: str) -> Answers:
        tables = _Tables(body(rendered, "/.well-known/guard/terms")).sections[language]
        below = [one for one in tables if one.split()[0] == captions[1] and path.startswith(one.split()[1])]
        table = max(below, key=len, default=captions[0])
        return dict(zip(QUESTIONS, (words[cell] for cell in tables[table]), strict=True))

    return read


def head(rendered: ReservationSet, path: str) -> etree._Element:
    from guard.reservation import html

    page = html.head(rendered.statement.at(path))
    assert page.isascii()
    return lxml_html.document_fromstring(
        b"<!DOCTYPE html><html><head>" + page + b"<title>x</title></head><body>x</body>"
    )


def _meta(page: etree._Element, name: str) -> list[str]:
    return [str(value) for value in page.xpath(f"/html/head/meta[@name='{name}']/@content")]


def meta_robots(rendered: ReservationSet, path: str) -> Answers:
    return _words(_meta(head(rendered, path), "robots"))


def meta_tdm(rendered: ReservationSet, path: str) -> Answers:
    page = head(rendered, path)
    (value,) = _meta(page, "tdm-reservation")
    return _tdm(int(value), next(iter(_meta(page, "tdm-policy")), None))


def html_link(rendered: ReservationSet, path: str) -> Answers:
    (link,) = head(rendered, path).xpath("/html/head/link[@rel='license'][@type='application/rsl+xml']/@href")
    assert link == "https://photo.example/rsl.xml"
    return rsl(rendered, path)


READERS: dict[str, Callable[[ReservationSet, str], Answers]] = {
    "robots.txt Allow and Disallow": robots_rules,
    "robots.txt License": robots_licence,
    "robots.txt comment": robots_comment,
    "ai.txt": ai_txt,
    "tdmrep.json": tdmrep,
    "rsl.xml": rsl,
    "header Content-Usage": header_usage,
    "header content-signal": header_signal,
    "header tdm-reservation": header_tdm,
    "header X-Robots-Tag": header_robots,
    "header Link": header_link,
    "terms, English": terms(0, {"permitted": True, "reserved": False}, ("Uses and answers", "Below")),
    "terms, German": terms(1, {"erlaubt": True, "vorbehalten": False}, ("Nutzungen und Antworten", "Unter")),
    "meta robots": meta_robots,
    "meta tdm-reservation": meta_tdm,
    "link license": html_link,
}
"""Those that know paths."""

WITHOUT_PATHS: dict[str, Callable[[ReservationSet, str], Answers]] = {
    "robots.txt Content-Usage": robots_usage,
    "robots.txt Content-Signal": robots_signal,
    "trust.txt": trust_txt,
}
"""Those that say one thing of the whole site."""
