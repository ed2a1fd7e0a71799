"""Does a user agent say that it is a program, although the catalogue does not know it?

New crawlers come every week. Most of them say what they are in one of four ways: a word
of the trade ("crawler", "link checker"), a name that ends in "bot", an address where
their operator can be reached, or no platform at all where a browser names one. Each rule
below was held against browsers, in-app browsers, televisions, consoles and old phones:
CUBOT makes telephones, and "Phantom" is the browser of one.

A word is never looked for in the model of an Android device, because a model may have
any name. What is left over is `browser` when it has a browser's shape, else `unknown`:
a program that says nothing is not accused of anything here.
"""

import re
from collections.abc import Iterable

from ahocorasick_rs import AhoCorasick, Implementation, MatchKind

MAX_MATCHED = 512
"""Characters of a user agent that are looked at. Browsers stay below 400, in-app browsers included; whoever sends more
only wants to cost time. Evidence keeps the whole field."""

MAX_WORD = 40

# Looked for anywhere: no browser, device or app of the corpora in the tests carries one of these.
_TRADE_WORDS = (
    # what crawlers do
    *("crawl", "spider", "scrape", "scraping", "scrapper", "robot", "harvest", "indexer", "archiver"),
    *("archiving", "headless", "webdriver", "fetcher", "fetch/", "feedparser", "rss-parser", "extractor"),
    *("grabber", "copier", "webcopy", "download ninja", "capture/", "webcapture", "screenshot", "thumbnail"),
    *("link preview", "linkpreview", "uripreview", "web preview", "page-preview", "previewer", "-preview"),
    *("favicon", "metadata", "onebox", "unfurl", "resolver", "prerender", "transcoder", "htmlparser"),
    *("instaparser", "metadataparser"),
    # who looks after sites
    *("monitor", "uptime", "watchagent", "check_http", "checklink", "linkcheck", "link check", "link sleuth"),
    *("checker", "validat", "lighthouse", "pagespeed", "synthetic", "gtmetrix", "ptst/", "dareboost"),
    *("speedcurve", "inspector", "auditor", "audit/", "image audit", "seo4ajax", "analyzer", "analyser"),
    *("optimizer", "optimize", "webhook", "-hook", "integration", "callout/", "healthcheck", "health check"),
    *("dcv check", "httpagent", " agent)", "appinsights", "verify/"),
    # who looks for holes
    *("scanner", "scanning", "contentscan", "cookiehubscan", "/scan ", "vulnerab", "openvas", "nikto"),
    *("acunetix", "netcraft", "survey", "securityheaders", "hardenize", "pentest", "research agent"),
    *("researchagent",),
    # libraries that the catalogue does not list
    *("libwww", "httpclient", "http client", "httprequest", "http request object", "indy library", "lwp-"),
    *("guzzle", "python", "golang", "faraday", "jakarta", "node.js", "nodejs", "http_get", "httpunit", "httpie"),
    *("jersey/",),
)

_TOP_LEVEL = ("com", "org", "net", "io", "ai", "co", "eu", "fr", "dev")

# Said by nobody else, not even beside the name of a text browser or a player.
_SURE_WORDS = frozenset({"crawl", "spider", "scrape", "robot", "headless"})

# CUBOT makes telephones. In-app browsers repeat the model outside the comment where models are left out.
_PHONES = re.compile(r"cu_?bot|x_?bot[ _](?:junior|senior)|\b(?:vr|m) bot \d")

# Hints of an address; only where one of them stands is `_ADDRESS` tried.
_ADDRESS_HINTS = ("http", "www.", "@", "[at]", "(at)", "mailto:", "+", *(f".{name}" for name in _TOP_LEVEL))
_ADDRESS = re.compile(
    r"https?:|www\.|mailto:|(?<=[a-z0-9]) ?(?:@|\[at\]|\(at\)) ?[a-z0-9-]{1,63}\.[a-z]{2}"
    r"|\+[a-z0-9-]{2,63}\.[a-z]{2}"
    # A host name as a product. After a slash, a colon or a dot it would be a package name or a build number.
    r"|(?P<host>(?:(?<=[\s(,;])|^)(?!amazon\.com/|rad\.io/)[a-z](?:[a-z0-9-]{0,62}\.){1,8}"
    rf"(?:{'|'.join(_TOP_LEVEL)})(?![a-z0-9_.-]))"
)
_HOST = re.compile(r"(?:https?:|mailto:)?/*([a-z0-9.-]+)")
_URL = re.compile(r"(?:https?:|www\.)[^\s;,)\"'>]*|(?<=[a-z0-9])@[a-z0-9.-]+")
_OTHER_BOT = re.compile(r"\b[a-z][a-z0-9!_-]{0,63}?(?:bots?|crawler|spider|scraper)(?![a-z])")

# Where a browser, an app or a device says what it runs on. Without any of them a field names only programs.
_PLATFORMS = (
    *("windows", "win9", "winnt", "win32", "win64", "macintosh", "mac os", "mac_p", "macos", "darwin"),
    *("cfnetwork", "iphone", "ipad", "ipod", "ios/", "ios ", "watchos", "tvos", "appletv", "apple tv", "android"),
    *("dalvik", "linux", "x11", "cros ", "fuchsia", "freebsd", "openbsd", "netbsd", "sunos", "solaris", "irix"),
    *("hp-ux", "aix", "beos", "haiku", "amiga", "morphos", "risc os", "os/2", "qnx", "symbian", "series60"),
    *("series40", "midp", "cldc", "j2me", "brew", "mre/", "maui", "kaios", "tizen", "bada", "meego", "maemo"),
    *("webos", "web0s", "palm", "hiptop", "danger", "blackberry", "bb10", "playbook", "rim tablet", "kindle"),
    *("nook", "playstation", "psp (", "nintendo", "xbox", "dreamcast", "smart-tv", "smarttv", "smart tv"),
    *("hbbtv", "ce-html", "netcast", "roku", "viera", "aquos", "bravia", "googletv", "crkey", "brightsign"),
    *("netgem", "opentv", "espial", "up.browser", "up.link", "obigo", "netfront", "openwave", "teleca"),
    *("polaris", "dolfin", "dorado", "ucweb", "ucbrowser", "browser/", "profile/", "wap", "mmp/", "mms/"),
    *("docomo", "kddi", "j-phone", "vodafone", "softbank", "willcom", "nokia", "sonyericsson", "ericsson"),
    *("samsung", "sec-", "lg-", "lge", "lg/", "mot-", "motorola", "sie-", "siemens", "sagem", "sharp"),
    *("panasonic", "sanyo", "philips", "alcatel", "huawei", "zte", "htc", "lenovo", "xiaomi", "oppo", "vivo"),
    *("asus", "acer", "kyocera", "pantech", "micromax", "spreadtrum", "sprd", "mtk", "gionee", "coolpad", "amoi"),
    *("bird", "haier", "toshiba", "sony", "lg ", "kwc-", "gt-", "sgh-", "sch-", "archos", "audiovox", "vlc/"),
    *("ms-office", "(ios)", "sonos", "echo/", "airplay", "tpapi", "amazon aft", "watch os", "watch1,"),
    *("hybridcast", "kreatv", "sonyer", "ouya", "tivo", "humax", "vizio", "hisense", "tcl", "loewe", "metz"),
    *("grundig", "vestel", "opera", "msie", "webtv", "oculus", "quest", "com.", "android.", "mobile"),
)

# People's programs that name no platform: text browsers, players, the clients of galleries and clouds, and the proxy
# through which Chrome fetches a page for a person ahead of time.
_PEOPLES_PROGRAM = re.compile(
    r"(?:lynx|links|elinks|w3m|emacs-w3m|url/emacs|netsurf|dillo|[a-z_]*mosaic|konqueror|galeon|epiphany|ibrowse"
    r"|icab|amaya|cyberdog|contiki|vlc|libvlc|mpv|mplayer|kodi|xbmc|winamp|itunes|quicktime|nsplayer|stagefright"
    r"|exoplayer|gstreamer|music player daemon|spotify|tunein|immich|nextcloud|owncloud|photoprism|piwigo|lychee"
    r"|digikam|darktable|davx5|cadaver|gvfs|davfs2|kio|folder ?sync|microsoft|office|outlook|thunderbird|evolution"
    r"|apple|viber|signal|telegram|line|kakaotalk|snapchat|instagram|facebook|pinterest|reddit|tumblr|steam"
    r"|valve/steam|chrome privacy preserving)(?![a-z])"
)

_BROWSER = re.compile(
    r"\"?mozilla[/ ]\d\.\d+ ?\(?(?:windows|macintosh|x11|linux|android|iphone|ipad|ipod|mobile|tablet|tv|wayland"
    r"|fuchsia|playstation|nintendo|new nintendo|xbox|smart|web0s|webos|tizen|bada|kaios|series|symbian|meego"
    r"|maemo|blackberry|bb10|playbook|rim tablet|kindle|compatible; msie |compatible; konqueror|cros|danger|qnx"
    r"|unknown; linux|directfb|freebsd|openbsd|netbsd|sunos|os/2|beos|haiku|amiga|be;|psp|sonyericsson|nokia|lg"
    r"|samsung|java; u|s60v|brew|vodafone|dtv)|opera/\d|dalvik/\d|ucweb/|nokia|sonyericsson|samsung|sec-|lg[-/e]"
    r"|mot-|sie-|docomo/|kddi-|lynx/|links |w3m/|hbbtv/"
)

# A browser's dress on a platform that the table above does not know: televisions have many.
_DRESSED = re.compile(r"mozilla/\d\.\d+ \((?![^)]{0,200}compatible)[^)]{2,200}\) ?(?:applewebkit|gecko|khtml|presto)")

# The model of an Android device: from the version to the end of its part, `Build/…` included.
_ANDROID_MODEL = re.compile(
    r"(android[ /][0-9.x]+;(?: ?u;)?(?: ?[a-z]{2}[-_]?[a-z]{0,2};)?)([^;()/]*(?: build/[^;)]*)?)"
)

_PRODUCT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.!:+&-]*(?: [A-Za-z][A-Za-z_-]*)?(?=/)|[A-Za-z][A-Za-z0-9_.!:+&-]*")
_NO_NAME = frozenset(
    {"mozilla", "compatible", "gecko", "applewebkit", "khtml", "like", "u", "safari", "chrome", "firefox"}
)
# What fetches for somebody is called Some-User or Some-Agent by its makers: Manus-User/1.0, GoogleAgent-Mariner.
_ON_AN_ERRAND = re.compile(r"(?<![a-z0-9])([a-z0-9]{2,40}(?:-user|-agent|agent-[a-z]{2,40}))(?:/\d|[;)\s]|$)")

# "Some Bot" is called that, not "Bot".
_COMMON_NAMES = frozenset({"bot", "bots", "robot", "crawler", "spider", "checker", "scanner", "monitor", "fetcher"})
_WORD_BEFORE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]* $")
_UNSAFE = re.compile(r"[^A-Za-z0-9 ._!:+&@/-]+")

_declared = AhoCorasick(
    sorted({*_TRADE_WORDS, *_ADDRESS_HINTS}),
    matchkind=MatchKind.LeftmostLongest,
    implementation=Implementation.DFA,
)
_platforms = AhoCorasick(sorted(set(_PLATFORMS)), matchkind=MatchKind.LeftmostFirst, implementation=Implementation.DFA)


def fold(user_agent: str) -> str:
    """Return what is matched: the first 512 characters in lower case, of the same length, ASCII only.

    Everything else becomes `?`, so that neither a surrogate escape nor a letter that only looks like
    another (the Kelvin sign is a `k` in lower case) can make or hide a token.
    """
    text = user_agent[:MAX_MATCHED]
    if not text.isascii():
        text = text.encode("ascii", "replace").decode("ascii")
    return text.lower()


def find_declared_bot(user_agent: str) -> str:
    """Return the word by which a user agent declares itself a program, safe to show, or an empty string."""
    text = fold(user_agent)
    if "bot" in text or _declared.find_matches_as_indexes(text):
        bare = _ANDROID_MODEL.sub(_blank_model, text) if "android" in text else text
        span = _find_bot(bare) or _find_trade_or_address(bare)
        if span is not None:
            # The word may be part of an address, "+https://a.example/bots"; its name is beside it.
            address = next((match for match in _URL.finditer(bare) if match.start() <= span[0] < match.end()), None)
            return _shown(user_agent, *(_who_gives(bare, address.start()) if address else span))
    if ("-user" in text or "agent" in text) and (match := _ON_AN_ERRAND.search(text)):
        return _shown(user_agent, *match.span(1))
    if _BROWSER.match(text) or _DRESSED.match(text) or _PEOPLES_PROGRAM.match(text):
        return ""
    if not _platforms.find_matches_as_indexes(text) and (span := _product(text)):
        return _shown(user_agent, *span)
    return ""


def find_other_bot(user_agent: str, named: Iterable[tuple[int, int]]) -> str:
    """Return a bot's name beside those at `named`, or an empty string.

    Software that wants to be let in adds the name of a search engine to its own ("NewBot/1.0, like
    Googlebot"). What is claimed beside it is not what it is. Only names that end in bot, crawler,
    spider or scraper count here, and none inside an address or in the word that a known name begins.
    """
    text = _URL.sub(_blank, fold(user_agent))
    for span in named:
        start, end = _word_around(text, *span)
        text = text[:start] + " " * (end - start) + text[end:]
    for match in _OTHER_BOT.finditer(text):
        if not _PHONES.search(text, max(0, match.start() - 4)):
            return _shown(user_agent, match.start(), match.end())
    return ""


def looks_like_browser(user_agent: str) -> bool:
    """Tell whether a user agent has the shape of a browser: Mozilla and a platform first, or an old device's name.

    Ask after the catalogue and `find_declared_bot`: many crawlers have this shape too. A parser that
    names families would need a list of those that are browsers, and a quarter of a second and 35 MB
    in every worker before its first answer; a table of platforms is enough here.
    """
    return _BROWSER.match(fold(user_agent)) is not None


def _find_bot(text: str) -> tuple[int, int] | None:
    """Return where a word ends in `bot` or `bots`, but for telephones."""
    start = text.find("bot")
    while start >= 0:
        end = start + (4 if text.startswith("bots", start) else 3)
        if not text[end : end + 1].isalnum() and not _PHONES.search(text, max(0, start - 4), end + 12):
            return start, end
        start = text.find("bot", end)
    return None


def _find_trade_or_address(text: str) -> tuple[int, int] | None:
    """Return where a word of the trade stands, else the name of whoever gives an address."""
    of_people = _PEOPLES_PROGRAM.match(text) is not None
    for _, start, end in _declared.find_matches_as_indexes(text):
        word = text[start:end]
        if word not in _ADDRESS_HINTS and (not of_people or word in _SURE_WORDS):
            return start, end
    if not of_people and (match := _ADDRESS.search(text)):
        return match.span() if match["host"] else _who_gives(text, match.start())
    return None


def _who_gives(text: str, start: int) -> tuple[int, int]:
    """Return the name of whoever gives the address at `start`; in a browser's dress that is the host itself."""
    host = _HOST.match(text, start)
    here = host.span(1) if host else (start, start + 1)
    compatible = text.find("compatible")
    if compatible < 0 and _BROWSER.match(text):
        return here
    return _product(text[:start], max(compatible, 0)) or here


def _product(text: str, start: int = 0) -> tuple[int, int] | None:
    """Return where the first product from `start` on stands that is not part of every browser's dress."""
    for match in _PRODUCT.finditer(text, start):
        if match[0] not in _NO_NAME:
            return match.span()
    return None


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def _blank_model(match: re.Match[str]) -> str:
    return match[1] + " " * len(match[2])


def _shown(user_agent: str, start: int, end: int) -> str:
    """Return the whole word around `start` to `end`, without anything that a terminal or a page could act on."""
    text = user_agent[:MAX_MATCHED]
    start, end = _word_around(text, start, end)
    if text[start:end].lower() in _COMMON_NAMES and (
        before := _WORD_BEFORE.search(text, max(0, start - MAX_WORD), start)
    ):
        start = before.start()
    return _UNSAFE.sub("", text[start:end]).strip(" ./-")[:MAX_WORD].strip() or "bot"


def _word_around(text: str, start: int, end: int) -> tuple[int, int]:
    while start and (text[start - 1].isalnum() or text[start - 1] in "-_."):
        start -= 1
    while end < len(text) and (text[end].isalnum() or text[end] in "-_."):
        end += 1
    return start, end
