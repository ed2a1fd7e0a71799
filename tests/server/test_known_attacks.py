"""What has broken other guards is tried on a running one; each test says where it happened.

The table in SECURITY.md lists every class and the tests that hold it, here and elsewhere.
"""

import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from guard.core.facts import Kind
from tests.server.conftest import Upstreams
from tests.support.fronts import free_port, nginx, running
from tests.support.http import CHATGPT_USER, CHROME, GPTBOT, Reply, ask
from tests.support.programs import need
from tests.support.running import PATIENT, RunningGuard
from tests.support.upstream import PICTURES, echoed

ORIGINAL = PICTURES["/original.jpg"]
FRIEND = "198.51.100.7"


@pytest.fixture(scope="module")
def strict(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard that believes no peer of this machine anything, and asks before each page."""
    running = RunningGuard(
        tmp_path_factory.mktemp("strict"),
        {
            "sites": [
                {"host": "photo.example", "upstream": upstreams.good},
                {"host": "other.example", "upstream": upstreams.good},
            ],
            "rights": {"holder": "Jane Doe", "contact": "rights@photo.example"},
            "client_ip": {"from": "x-forwarded-for", "trusted": ["192.0.2.0/24"]},
            "rules": [
                *PATIENT,
                {"id": "friend", "when": {"network": f"{FRIEND}/32"}, "action": "allow"},
                {"id": "members", "when": {"path": "/members/", "host": "photo.example"}, "action": "refuse"},
                {"id": "slow-pattern", "when": {"path": "/*a*a*a*a*a*a*a*a*a*a*a*a*b$"}, "action": "refuse"},
                {"id": "asked", "when": {"path": "/album/"}, "action": "challenge"},
            ],
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)


TOLD = {
    "X-Original-URI": "/robots.txt",
    "X-Original-URL": "/robots.txt",
    "X-Original-Method": "OPTIONS",
    "X-Original-Again": "1",
    "X-Rewrite-URL": "/robots.txt",
    "X-Forwarded-Uri": "/robots.txt",
    "X-Forwarded-Method": "OPTIONS",
    "X-HTTP-Method-Override": "OPTIONS",
    "X-Forwarded-Host": "other.example",
    "X-Host": "other.example",
    "Forwarded": f"for={FRIEND};host=other.example;proto=https",
    "X-Forwarded-For": FRIEND,
    "X-Real-IP": FRIEND,
    "True-Client-IP": FRIEND,
    "CF-Connecting-IP": FRIEND,
    "X-Client-IP": FRIEND,
    "X-Cluster-Client-IP": FRIEND,
    "x-middleware-subrequest": "middleware:middleware:middleware",
    "Guard-Action": "allow",
    "Guard-Rule": "friend",
    "Guard-Purpose": "search_engine",
    "guard-self-check": " https google-googlebot",
    "X-Guard-Order": "pause",
    "Via": "1.1 localhost",
    "Remote-User": "admin",
    "Authorization": "Basic YWRtaW46YWRtaW4=",
    "Cookie": "guard_pass=AAAA.BBBB; guard_view=AAAA.BBBB",
}


@pytest.mark.parametrize("name", TOLD)
def test_no_header_of_a_visitor_opens_anything(strict: RunningGuard, name: str):
    """Anubis GHSA-6wcg-mqvh-fcvg (X-Original-URI believed outside subrequests), Next.js CVE-2025-29927, and every
    design that believes X-Real-IP: with each such line a refused picture, page and challenge stay what they are."""
    line = (name, TOLD[name])

    assert ask(strict.port, "/original.jpg", line, agent=GPTBOT).status == 403
    assert ask(strict.port, "/members/", line).status == 403
    assert ask(strict.port, "/album/", line, ("Accept", "text/html")).status == 403


UNREADABLE = ["", "unknown", "not-an-address", f"{FRIEND}, nonsense", "," * 40, f"{FRIEND}:99999", "\x80\xff", "%00"]


@pytest.mark.parametrize("value", UNREADABLE)
def test_what_can_not_be_read_opens_nothing(guard: RunningGuard, strict: RunningGuard, value: str):
    """Authentik CVE-2024-47070: an X-Forwarded-For that could not be parsed skipped the policy; here the peer counts,
    whether it may write that field or not."""
    for one in (guard, strict):
        assert ask(one.port, "/original.jpg", ("X-Forwarded-For", value), agent=GPTBOT).status == 403


SPELLINGS = [
    "/members/", "//members/", "/./members/", "/x/../members/", "/%6dembers/", "/%6Dembers/", "/members//",
    "/members/.", "/members/x/..", "/members/?a=.jpg", "/members/#.jpg", "/members/;a.png", "/members/%2e/",
    "/x/%2e%2e/members/", "/..//members/", "/members/a.css", "/members/.well-known/guard/x", "/\\members/",
    "http://photo.example/members/", "HTTP://PHOTO.EXAMPLE/members/", "/x/..%5cmembers/" ,
]  # fmt: skip


@pytest.mark.parametrize("target", SPELLINGS)
def test_a_rule_about_a_path_holds_in_every_spelling(strict: RunningGuard, target: str):
    """Envoy CVE-2019-9901, CVE-2021-29492 and CVE-2021-32779, Anubis #754 (double slash): the path that is judged is
    one, whatever the target looks like; what a server may read as another path goes on unjudged by that rule only if
    no reader would find the guarded folder in it."""
    reply = ask(strict.port, target)

    assert reply.status == 403 or "members" not in _as_read_by_many(echoed(reply.body)["target"]), target


def _as_read_by_many(target: str) -> str:
    """Return the first folder, as a server reads it that knows `%5c` for a letter like any other (RFC 3986)."""
    return target.partition("?")[0].lstrip("/").partition("/")[0].lower()


HOSTS = ["photo.example", "PHOTO.EXAMPLE", "Photo.Example:80", "photo.example:8443", "photo.example."]


@pytest.mark.parametrize("host", HOSTS)
def test_a_rule_about_a_host_holds_in_every_spelling(strict: RunningGuard, host: str):
    """Caddy CVE-2026-27587 and CVE-2026-27588: matching by case, or by case only beyond a hundred hosts."""
    assert ask(strict.port, "/members/", host=host).status == 403


DISGUISES = [
    "/original.jpg?a=.css", "/original.jpg?x=/robots.txt", "/original.jpg#/robots.txt", "//original.jpg",
    "/./original.jpg", "/x/../original.jpg", "/%6friginal.jpg", "/original.jpg?.html", "/original%2Ejpg",
    "/sizeless/original", "/sizeless/original?.js", "/disguised", "/disguised?.html", "http://photo.example/original.jpg",
]  # fmt: skip


@pytest.mark.parametrize("target", DISGUISES)
def test_no_name_of_a_picture_exempts_it(guard: RunningGuard, target: str):
    """The exemptions by extension of other guards (`/api/x.jpg`, `;x.png`, `?a=.jpg`, `/x.JPG%00`): a picture is what
    its bytes say, and its name opens nothing."""
    assert ask(guard.port, target, agent=GPTBOT).status in (403, 410)
    assert ORIGINAL not in ask(guard.port, target, agent=CHATGPT_USER).body


@pytest.mark.parametrize("target", ["/album/x.jpg", "/echo;x.png", "/echo?a=.jpg", "/echo/x.JPG", "/echo%2F.jpg"])
def test_no_name_makes_a_page_a_picture(guard: RunningGuard, target: str):
    """The same the other way round: what is called a picture and is none is logged and treated as what it is."""
    reply = ask(guard.port, target, ("X-Forwarded-For", "198.51.100.80"))

    assert echoed(reply.body)["target"] == target
    path = target.partition("?")[0]
    assert guard.line_for(path, status=200)["kind"] == Kind.OTHER


def visit_pages(port: int) -> None:
    """Do what poisons: crawlers and refused visitors come first."""
    assert ask(port, "/original.jpg", agent=GPTBOT).status == 403
    assert ask(port, "/original.jpg", agent=CHATGPT_USER).status == 200
    assert ask(port, "/original.jpg", agent="Googlebot-Image/1.0").status == 200
    assert ask(port, "/", agent=GPTBOT).status == 403
    assert ask(port, "/original.jpg", ("Range", "bytes=0-99"), agent=CHATGPT_USER).status in (200, 206)


NGINX_CACHE = """
proxy_cache_path {folder}/cache keys_zone=all:1m;
server {{
  listen 127.0.0.1:{port};
  location / {{
    proxy_pass http://127.0.0.1:{guard}; proxy_set_header Host photo.example;
    proxy_cache all; proxy_cache_key $uri; proxy_cache_valid any 10m;
    add_header X-Cache $upstream_cache_status;
  }}
}}
"""
VARNISH_CACHE = """
vcl 4.1;
backend guard {{ .host = "127.0.0.1"; .port = "{guard}"; }}
sub vcl_deliver {{ if (obj.hits > 0) {{ set resp.http.X-Cache = "HIT"; }} else {{ set resp.http.X-Cache = "MISS"; }} }}
"""


@pytest.fixture(params=["nginx", "varnish"])
def cache(request: pytest.FixtureRequest, guard: RunningGuard, tmp_path: Path) -> Iterator[int]:
    """Run a cache that keeps whatever it may, under the URL alone."""
    port = free_port()
    if request.param == "nginx":
        command = nginx(tmp_path, NGINX_CACHE.format(folder=tmp_path, port=port, guard=guard.port))
    else:
        file = tmp_path / "cache.vcl"
        file.write_text(VARNISH_CACHE.format(guard=guard.port))
        place = ["-a", f"127.0.0.1:{port}", "-f", str(file), "-n", str(tmp_path / "run")]
        command = [need("varnishd"), "-F", "-j", "none", *place, "-s", "malloc,16M"]
    with running(command, tmp_path, port):
        yield port


def test_what_a_crawler_got_is_never_kept_for_a_person(cache: int):
    """Anubis #560 and #1474: a shared cache in front kept a challenge or a refusal and gave it to everybody. Here
    refusals, previews and smaller copies come first, and the person after them gets the picture, freshly."""
    visit_pages(cache)

    picture, page = ask(cache, "/original.jpg"), ask(cache, "/")

    assert (picture.status, picture.body == ORIGINAL) == (200, True)
    assert (page.status, b"Gallery" in page.body) == (200, True)
    assert {picture.get("X-Cache"), page.get("X-Cache")} == {"MISS"}


def test_what_a_person_got_is_never_given_to_a_crawler(cache: int):
    """The other way round: the cache does not ask again, so it may not have the picture."""
    assert ask(cache, "/original.jpg").body == ORIGINAL
    assert ask(cache, "/original.jpg", agent=GPTBOT).status == 403


def test_that_cache_does_keep_what_it_may(cache: int):
    """Else the tests before would say nothing: what is no picture is kept, and given out again."""
    first, second = ask(cache, "/style.css"), ask(cache, "/style.css")

    assert first.body == second.body
    assert (first.get("X-Cache"), second.get("X-Cache")) == ("MISS", "HIT")


READ = [
    "Accept", "Accept-Charset", "Accept-Encoding", "Accept-Language", "Authorization", "Cache-Control", "Content-Type",
    "Cookie", "Date", "DNT", "Forwarded", "From", "If-Match", "If-Modified-Since", "If-None-Match", "If-Range",
    "If-Unmodified-Since", "Origin", "Pragma", "Priority", "Range", "Referer", "Save-Data", "Sec-CH-UA",
    "Sec-CH-UA-Mobile", "Sec-CH-UA-Platform", "Sec-Fetch-Dest", "Sec-Fetch-Mode", "Sec-Fetch-Site", "Sec-Fetch-User",
    "Sec-GPC", "Signature", "Signature-Agent", "Signature-Input", "Upgrade-Insecure-Requests", "User-Agent", "Via",
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "X-Requested-With", "guard-self-check",
]  # fmt: skip
"""Every field that is looked at somewhere, and some more."""
ODD = {
    "nothing": "", "a blank": " ", "und": "und", "8 KB": "x" * 8192, "8 KB of commas": "," * 8192,
    "8 KB of brackets": "(" * 8192, "8 KB of quotes": '"' * 8191, "Latin-1": "J\xfcrgen",
    "UTF-8": "\xc3\xa9\xe2\x80\xae",
    "bytes that are no text": "\xff\xfe\x80", "a tab": "a\tb", "a number": "-1", "a large number": "9" * 400,
    "not a number": "nan;q=inf", "a list of itself": "*/*;q=*/*", "percent": "%00%ff%zz", "JSON": '{"a":[[[[',
    "a structured field": 'sig1=("@method" "@authority");keyid="x";created=1;', "base64": "sig1=:AAAA:",
    "control": "a\x1b[2Jb",
}  # fmt: skip
PICTURE = "/with-headers"
"""One whose upstream pays no attention to what it is asked with: what breaks there is none of ours."""
MAY_CHANGE_THE_STATUS = {"If-Match", "If-None-Match", "If-Unmodified-Since", "Range", "If-Range", "User-Agent"}


@pytest.mark.parametrize("name", READ)
def test_no_value_of_a_field_breaks_an_answer(guard: RunningGuard, name: str):
    """Anubis: `Accept-Language: und` was a panic, browsers without a field a nil dereference (#1463), a header missing
    in an expression a 500, and a client that does not take gzip an error: each field with each odd value, once from a
    person, twice from a crawler or from a client without a name."""
    worker = guard.children()["guard.server.worker"]
    client = [("X-Forwarded-For", "198.51.100.90")] if name != "X-Forwarded-For" else []
    seen: dict[str, set[int]] = {CHROME: set(), GPTBOT: set(), "": set()}
    for number, value in enumerate(ODD.values()):
        for agent in (CHROME, GPTBOT if number % 2 else ""):
            own, times = "" if name == "User-Agent" else agent, 1 if agent == CHROME else 2
            seen[agent].add(ask(guard.port, PICTURE, *client, *[(name, value)] * times, agent=own).status)

    allowed = {200, 400} | ({206, 304, 403, 412, 416} if name in MAY_CHANGE_THE_STATUS else set())
    assert seen[CHROME] <= allowed
    assert seen[GPTBOT] <= allowed | {403}
    assert not {status for statuses in seen.values() for status in statuses if status >= 500}
    assert guard.children()["guard.server.worker"] == worker


def test_a_request_with_no_field_at_all_is_answered(guard: RunningGuard):
    """Privacy browsers leave out what others send (Anubis #1463)."""
    assert ask(guard.port, "/thumb.jpg", agent="", host="photo.example").status == 200


SLOW = {
    "brackets": "Mozilla/5.0 " + "(" * 60_000,
    "compatible": "Mozilla/5.0 " + "(compatible; " * 5000,
    "bots": "bot" * 20_000,
    "almost bots": "b ot-" * 12_000,
    "blanks": "Mozilla/5.0" + " " * 60_000 + "x",
    "slashes": "a/1" * 20_000,
    "dots": "1." * 30_000,
    "addresses": "+http://" * 7500,
    "mail": "a@" * 30_000,
    "words": "crawler spider " * 4000,
    "letters": "a" * 60_000 + "!",
    "other letters": "\xc3\xa9" * 30_000,
}


@pytest.mark.parametrize("value", SLOW.values(), ids=SLOW)
def test_no_user_agent_chooses_how_long_it_takes(guard: RunningGuard, value: str):
    """ReDoS: patterns that go back and forth over what a stranger wrote. 60 KB that are meant to be slow, in each of
    the fields that are searched, hold nobody up."""
    names = ("Accept-Language", "Referer", "Cookie", "Accept", "Signature-Input", "Sec-CH-UA", "Range")
    taken = {"User-Agent": _seconds(guard, agent=value)} | {name: _seconds(guard, (name, value)) for name in names}

    assert max(taken.values()) < 1, taken


def test_no_pattern_of_the_owner_lets_a_client_choose_either(strict: RunningGuard):
    """A path pattern is never a regular expression: thirteen stars over 8 KB of almost matching letters are linear."""
    target = "/" + "a" * 8000 + "c"
    began = time.monotonic()

    assert ask(strict.port, target).status == 200
    assert time.monotonic() - began < 1
    assert ask(strict.port, "/" + "a" * 8000 + "b").status == 403


def _seconds(guard: RunningGuard, *lines: tuple[str, str], agent: str = CHROME) -> float:
    best = 60.0
    for _ in range(2):  # the better of two: a busy machine is no pattern
        began = time.monotonic()
        reply = ask(guard.port, PICTURE, ("X-Forwarded-For", "198.51.100.91"), *lines, agent=agent)
        best = min(best, time.monotonic() - began)
        assert reply.status < 500
    return best


WAYS = [
    "javascript:alert(1)", "data:text/html,x", "//evil.example", "/\\evil.example", "https://evil.example/",
    "\\\\evil.example",
]  # fmt: skip
SPELLED_WAYS = [spelled for one in WAYS for spelled in (one, quote(one, ""), quote(quote(one, ""), ""))]


@pytest.mark.parametrize("where", SPELLED_WAYS)
def test_a_challenge_leads_nowhere_else(strict: RunningGuard, where: str):
    """Anubis GHSA-jhjj-2g64-px7c (`javascript:` in the way back) and open redirects of its subrequest mode (1.23,
    1.26), BunkerWeb's by Referer, CVE-2025-8066: nothing that a client writes is where a page leads."""
    ways = (
        f"/album/?redir={where}",
        f"/.well-known/guard/challenge?redir={where}&url={where}&target={where}&ticket={where}",
        f"/.well-known/guard/challenge?{where}",
    )
    lines = [("Accept", "text/html"), ("Referer", where), ("X-Forwarded-Host", "evil.example")]

    for reply in (ask(strict.port, way, *lines) for way in ways):
        assert reply.status == 403
        assert not reply.get("Location")
        assert not _leads_away(reply)


def _leads_away(reply: Reply) -> list[bytes]:
    """Return what the page names as a way and that is not of this site."""
    ways = re.findall(rb'(?:href=|action=|src=|url=)"?([^"\s>]+)', reply.body)
    own = (way for way in ways if way.startswith((b"mailto:", b"#", b"https://photo.example/")))
    return sorted(set(ways) - set(own) - {way for way in ways if re.match(rb"/(?![/\\])", way)})
