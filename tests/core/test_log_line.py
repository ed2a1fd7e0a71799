"""Every format says the same of the same request, and no bytes of a stranger break the reading."""

import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.classification import Conduct, Identity
from guard.core.crawlers import Purpose
from guard.core.facts import Kind
from guard.core.log_line import Judged, LogFormat, LogLine, Unreadable, detect, parse

GPTBOT = "Mozilla/5.0 (compatible; GPTBot/1.3; +https://openai.com/gptbot)"
AT = datetime(2026, 11, 22, 11, 43, 49, tzinfo=UTC)

COMMON = '203.0.113.7 - - [22/Nov/2026:12:43:49 +0100] "GET /a.jpg?w=9 HTTP/1.1" 200 1234'
COMBINED = f'{COMMON} "https://photo.example/" "{GPTBOT}"'
NGINX = json.dumps(
    {
        "time": "2026-11-22T11:43:49+00:00", "remote_addr": "203.0.113.7", "request": "GET /a.jpg?w=9 HTTP/1.1",
        "status": 200, "body_bytes_sent": "1234", "http_referer": "https://photo.example/", "http_user_agent": GPTBOT,
        "host": "photo.example", "sent_http_content_type": "Image/JPEG; q=1",
    }
)  # fmt: skip
CADDY = json.dumps(
    {
        "level": "info", "ts": 1795347829.25, "logger": "http.log.access.log0", "msg": "handled request",
        "request": {
            "remote_ip": "127.0.0.1", "remote_port": "41342", "client_ip": "203.0.113.7", "proto": "HTTP/1.1",
            "method": "GET", "host": "photo.example", "uri": "/a.jpg?w=9",
            "headers": {"User-Agent": [GPTBOT], "Referer": ["https://photo.example/"], "Cookie": ["REDACTED"]},
        },
        "bytes_read": 0, "user_id": "", "duration": 0.0009, "size": 1234, "status": 200,
        "resp_headers": {"Server": ["Caddy"], "Content-Type": ["image/jpeg"]},
    }
)  # fmt: skip
TRAEFIK = json.dumps(
    {
        "ClientAddr": "203.0.113.7:51234", "ClientHost": "203.0.113.7", "ClientPort": "51234", "ClientUsername": "-",
        "DownstreamContentSize": 1234, "DownstreamStatus": 200, "Duration": 1000, "OriginContentSize": 1234,
        "OriginStatus": 200, "RequestAddr": "photo.example", "RequestContentSize": 0, "RequestHost": "photo.example",
        "RequestMethod": "GET", "RequestPath": "/a.jpg?w=9", "RequestProtocol": "HTTP/1.1", "RequestScheme": "https",
        "RouterName": "site@file", "StartUTC": "2026-11-22T11:43:49.123456789Z", "level": "info", "msg": "",
        "request_User-Agent": GPTBOT, "request_Referer": "https://photo.example/",
        "downstream_Content-Type": "image/jpeg", "time": "2026-11-22T11:43:50Z",
    }
)  # fmt: skip
TRAEFIK_TEXT = f'{COMBINED} 42 "site@file" "http://127.0.0.1:8080" 3ms'
GUARD = json.dumps(
    {
        "at": "2026-11-22T11:43:49Z", "site": "photo.example", "method": "GET", "path": "/a.jpg", "status": 403,
        "bytes": 900, "purpose": "ai_training", "operator": "OpenAI", "crawler": "openai-gptbot", "claimed": "GPTBot",
        "identity": "unknown", "conduct": "clean", "action": "refuse", "rule": "training-refused", "because": "x",
        "kind": "image", "rendition": "card", "reference": "7K2M9-QX4TA", "duration_ms": 1.5,
    }
)  # fmt: skip

LINES = {
    "common": (COMMON, LogFormat.COMMON),
    "combined": (COMBINED, LogFormat.COMBINED),
    "combined with a host in front": (f"photo.example:443 {COMBINED}", LogFormat.COMBINED),
    "nginx's own main format": (f'{COMBINED} "6.6.6.6"', LogFormat.COMBINED),
    "traefik's text format": (TRAEFIK_TEXT, LogFormat.COMBINED),
    "nginx": (NGINX, LogFormat.NGINX),
    "caddy": (CADDY, LogFormat.CADDY),
    "traefik": (TRAEFIK, LogFormat.TRAEFIK),
    "guard": (GUARD, LogFormat.GUARD),
}


@pytest.mark.parametrize(("line", "form"), LINES.values(), ids=list(LINES))
def test_the_format_is_found(line, form):
    """From one line already, however it ends."""
    assert detect([line.encode()]) is form
    assert detect([b"\n", line.encode() + b"\r\n"]) is form


@pytest.mark.parametrize("name", [name for name in LINES if name not in ("common", "guard")])
def test_every_format_tells_the_same_of_the_same_request(name):
    """Client, request, answer and who asked."""
    line, form = LINES[name]
    found = parse(line.encode() + b"\n", form)

    assert isinstance(found, LogLine)
    assert (found.address, found.method, found.target, found.version) == ("203.0.113.7", "GET", "/a.jpg?w=9", "1.1")
    assert (found.status, found.size) == (200, 1234)
    assert (found.referer, found.user_agent) == ("https://photo.example/", GPTBOT)
    assert found.at is not None
    assert found.at.replace(microsecond=0) == AT
    assert found.media_type == ("image/jpeg" if line.startswith("{") else "")
    assert found.host.removesuffix(":443") == ("photo.example" if "photo.example" in line.split(" -")[0] else "")


def test_common_has_no_user_agent():
    """It is not invented."""
    found = parse(COMMON.encode(), LogFormat.COMMON)

    assert isinstance(found, LogLine)
    assert (found.user_agent, found.referer) == ("", "")


def test_our_own_log_says_what_was_made_of_the_user_agent():
    """It holds neither address nor user agent."""
    found = parse(GUARD.encode(), LogFormat.GUARD)

    assert isinstance(found, LogLine)
    assert found.judged == Judged(
        purpose=Purpose.AI_TRAINING, crawler="openai-gptbot", claimed="GPTBot", identity=Identity.UNKNOWN,
        conduct=Conduct.CLEAN, kind=Kind.IMAGE,
    )  # fmt: skip
    assert (found.target, found.size, found.address, found.user_agent) == ("/a.jpg", 900, "", "")


USER_AGENTS = {
    "nginx writes a quote as \\x22": (r"a \x22b\x22", 'a "b"'),
    'apache writes a quote as \\"': (r"a \"b\" c", 'a "b" c'),
    "a backslash": (r"a\\x22", r"a\x22"),
    "a tab and a line feed": (r"a\tb\n", "a\tb\n"),
    "an escape sequence": (r"\x1B[31m", "\x1b[31m"),
    "characters of several bytes": (r"\xC3\xA9t\xC3\xA9", "été"),
    "bytes that are not UTF-8": (r"a\xFFb", "a\udcffb"),
    "raw UTF-8": ("été", "été"),
    "nothing": ("-", ""),
}


@pytest.mark.parametrize(("written", "meant"), USER_AGENTS.values(), ids=list(USER_AGENTS))
def test_escapes_of_text_formats_are_undone(written, meant):
    """The user agent is what the client sent, as the proxy would have seen it."""
    found = parse(f'{COMMON} "-" "{written}"'.encode(), LogFormat.COMBINED)

    assert isinstance(found, LogLine)
    assert (found.referer, found.user_agent) == ("", meant)


REQUESTS = {
    "a TLS greeting": (r"\x16\x03\x01\x02", ("", "", "")),
    "nothing": ("-", ("", "", "")),
    "empty": ("", ("", "", "")),
    "HTTP/0.9": ("GET /a", ("GET", "/a", "")),
    "a blank in the path": ("GET /a b.jpg HTTP/1.1", ("GET", "/a b.jpg", "1.1")),
    "HTTP/2": ("GET / HTTP/2.0", ("GET", "/", "2.0")),
    "absolute": ("GET http://x.example/a HTTP/1.1", ("GET", "http://x.example/a", "1.1")),
}


@pytest.mark.parametrize(("written", "meant"), REQUESTS.values(), ids=list(REQUESTS))
def test_what_is_no_request_line_has_no_method(written, meant):
    """It is a line of the log all the same."""
    line = f'203.0.113.7 - jane doe [22/Nov/2026:12:43:49 +0100] "{written}" 400 - "-" "-"'
    found = parse(line.encode(), LogFormat.COMBINED)

    assert isinstance(found, LogLine)
    assert (found.method, found.target, found.version) == meant
    assert (found.size, found.address, found.host) == (0, "203.0.113.7", "")


JSON_TEXTS = {
    "raw bytes that are not UTF-8": (b'"a\xff\xc3\xa9"', "a\udcffé"),
    "nginx without escape=json": (rb'"a \x22\xC3\xA9\x22 \xFF"', 'a "é" \udcff'),
    "a lone surrogate": (rb'"a\ud800b"', "a\ufffdb"),
    "a control character": (b'"a\x01b"', "a\x01b"),
    "an escaped backslash before x": (rb'"a\\x22"', r"a\x22"),
}


@pytest.mark.parametrize(("written", "meant"), JSON_TEXTS.values(), ids=list(JSON_TEXTS))
def test_json_that_is_not_quite_json_is_read(written, meant):
    """nginx makes such lines from what clients send."""
    line = b'{"request": "GET / HTTP/1.1", "status": "200", "http_user_agent": ' + written + b"}"
    found = parse(line, LogFormat.NGINX)

    assert isinstance(found, LogLine)
    assert found.user_agent == meant


TIMES = {
    "seconds": ("1795347829", AT),
    "milliseconds": ("1795347829000", AT),
    "text of seconds": ('"1795347829.000"', AT),
    "with a zone": ('"2026-11-22T12:43:49+01:00"', AT),
    "without a zone: UTC": ('"2026-11-22T11:43:49"', AT),
    "as in text logs": ('"22/Nov/2026:11:43:49 +0000"', AT),
    "no month": ('"22/Foo/2026:11:43:49 +0000"', None),
    "no zone of this world": ('"22/Nov/2026:11:43:49 +9900"', None),
    "year 0": ('"22/Nov/0000:11:43:49 +0000"', None),
    "far away": ("1e300", None),
    "true": ("true", None),
}


@pytest.mark.parametrize(("written", "meant"), TIMES.values(), ids=list(TIMES))
def test_a_time_is_read_or_not_known(written, meant):
    """A broken clock does not cost the line."""
    line = f'{{"request": "GET / HTTP/1.1", "status": 200, "time": {written}}}'
    found = parse(line.encode(), LogFormat.NGINX)

    assert isinstance(found, LogLine)
    assert found.at == meant


WRONG = {
    "words": (b"hello", LogFormat.COMBINED),
    "an array": (b"[1]", LogFormat.NGINX),
    "no request": (b'{"status": 200}', LogFormat.NGINX),
    "no status": (b'{"request": "GET / HTTP/1.1"}', LogFormat.NGINX),
    "a status that is none": (b'{"request": "GET / HTTP/1.1", "status": "2\xc2\xb2"}', LogFormat.NGINX),
    "caddy's other lines": (b'{"level":"info","ts":1,"msg":"serving initial configuration"}', LogFormat.CADDY),
    "caddy's request is a text": (b'{"request":"x","status":200}', LogFormat.CADDY),
    "traefik without status": (b'{"RequestPath":"/"}', LogFormat.TRAEFIK),
    "a purpose nobody knows": (GUARD.replace("ai_training", "ai_dreaming").encode(), LogFormat.GUARD),
    "deeply nested": (b'{"a":' * 5000, LogFormat.NGINX),
}


@pytest.mark.parametrize(("line", "form"), WRONG.values(), ids=list(WRONG))
def test_a_line_of_another_kind_is_unreadable_with_a_reason(line, form):
    """The reason follows a file name and a line number."""
    found = parse(line, form)

    assert isinstance(found, Unreadable)
    assert found.reason


def test_most_lines_decide_the_format():
    """A few broken lines at the start of a rotated log change nothing."""
    assert detect([b"half a li", COMBINED.encode(), b"{", NGINX.encode(), COMBINED.encode()]) is LogFormat.COMBINED
    assert detect([b"half a li", b""]) is None
    assert detect([]) is None


@given(st.binary(max_size=300), st.sampled_from(LogFormat))
def test_no_bytes_raise(line, form):
    """What comes out is a request or a reason."""
    assert isinstance(parse(line, form), LogLine | Unreadable)
    detect([line])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
KEYS = st.sampled_from(sorted({*json.loads(NGINX), *json.loads(CADDY), *json.loads(TRAEFIK), *json.loads(GUARD)}))


@given(st.dictionaries(KEYS, JSON, max_size=12), st.sampled_from(LogFormat))
def test_no_json_raises(value, form):
    """Right keys with values of any type."""
    found = parse(json.dumps(value).encode(), form)

    assert isinstance(found, LogLine | Unreadable)
    if isinstance(found, LogLine):
        assert found.status >= 0
        found.user_agent.encode("utf-8", "surrogateescape")
        found.target.encode("utf-8", "surrogateescape")


@given(st.binary(max_size=60))
def test_a_user_agent_comes_back_as_it_was_sent(sent):
    """Written by nginx's default escaping: `\\xNN` for quotes, backslashes and what is not printable ASCII."""
    written = "".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02X}" for b in sent)
    found = parse(f'{COMMON} "-" "{written}"'.encode(), LogFormat.COMBINED)

    assert isinstance(found, LogLine)
    if sent != b"-":
        assert found.user_agent.encode("utf-8", "surrogateescape") == sent


@pytest.mark.parametrize(
    "line", [b"a " * 60_000, b'"\\' * 60_000, b"a b c [" + b"x [" * 40_000, b"1 - -" + b" " * 99_999]
)
def test_no_line_takes_long(line):
    """A client chooses most of its line: 120 kB must cost less than a tenth of a second."""
    started = time.process_time()
    parse(line, LogFormat.COMBINED)

    assert time.process_time() - started < 0.1
