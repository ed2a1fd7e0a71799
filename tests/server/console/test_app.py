"""Who gets in, and what comes with each answer."""

import http.client
from urllib.parse import urlencode, urlsplit

import pytest

from guard.server.console.sessions import TRIES
from tests.server.console.conftest import PASSWORD
from tests.support.running import RunningGuard


def fetch(
    guard: RunningGuard, path: str, form: dict[str, str] | None = None, *, origin: str = "127.0.0.1", **headers: str
) -> tuple[int, http.client.HTTPMessage, str]:
    """Ask the console as a program, and return status, header lines and text."""
    place = urlsplit(guard.admin)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30, source_address=(origin, 0))
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    if form is not None:
        lines |= {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("GET" if form is None else "POST", path, urlencode(form) if form is not None else None, lines)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, text


def session_of(guard: RunningGuard) -> str:
    """Sign in and return the cookie."""
    status, headers, _ = fetch(guard, "/console/sign-in", {"password": PASSWORD})
    assert status == 303
    return str(headers["Set-Cookie"]).partition(";")[0]


@pytest.mark.parametrize("path", ["/console/", "/console/crawlers", "/console/now", "/console/nothing"])
def test_nothing_is_shown_to_whoever_is_not_signed_in(console: RunningGuard, path: str):
    """Not even whether there is such a page."""
    status, headers, text = fetch(console, path)

    assert (status, text) == (303, "")
    assert headers["Location"].startswith("/console/sign-in")


def test_the_right_password_opens_and_brings_back_to_the_page(console: RunningGuard):
    """The cookie is out of reach of scripts and of other sites."""
    form = {"password": PASSWORD, "to": "/console/crawlers?days=30"}

    status, headers, _ = fetch(console, "/console/sign-in", form)

    assert (status, headers["Location"]) == (303, "/console/crawlers?days=30")
    assert "HttpOnly" in headers["Set-Cookie"]
    assert "SameSite=Strict" in headers["Set-Cookie"]
    assert "Secure" not in headers["Set-Cookie"]


def test_the_cookie_stays_on_tls_where_the_browser_came_over_it(console: RunningGuard):
    """Behind a server that says so."""
    _, headers, _ = fetch(console, "/console/sign-in", {"password": PASSWORD}, X_Forwarded_Proto="https")

    assert "Secure" in headers["Set-Cookie"]


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example/", "/console/\\evil", "/metrics", "/console/\r\nX: y"]
)
def test_a_sign_in_leads_nowhere_else(console: RunningGuard, to: str):
    """However the link was made."""
    _, headers, _ = fetch(console, "/console/sign-in", {"password": PASSWORD, "to": to})

    assert headers["Location"] == "/console/"


def test_a_strange_name_that_leads_here_gets_nothing(console: RunningGuard):
    """DNS rebinding: the page's own name would be the Host field."""
    cookie = session_of(console)

    assert fetch(console, "/console/", Host="evil.example", Cookie=cookie)[0] == 403
    assert fetch(console, "/console/", Host="localhost:9", Cookie=cookie)[0] == 200
    assert fetch(console, "/console/", Host="console.example", Cookie=cookie)[0] == 200


@pytest.mark.parametrize(
    ("form", "headers"),
    [
        ({"seconds": "3600"}, {}),
        ({"seconds": "3600", "form_token": "x" * 32}, {}),
        ({"seconds": "3600", "form_token": "RIGHT"}, {"Origin": "https://evil.example"}),
        ({"seconds": "3600", "form_token": "RIGHT"}, {"Origin": "null"}),
        ({"seconds": "3600", "form_token": "RIGHT"}, {"Sec_Fetch_Site": "cross-site"}),
        ({"seconds": "3600", "form_token": "RIGHT"}, {"Sec_Fetch_Site": "same-site"}),
    ],
)
def test_a_form_of_a_strange_page_does_nothing(console: RunningGuard, form: dict[str, str], headers: dict[str, str]):
    """Without the token of the session, or with it from elsewhere."""
    cookie = session_of(console)
    token = fetch(console, "/console/", Cookie=cookie)[2].partition('name="form_token" value="')[2].partition('"')[0]
    sent = {name: token if value == "RIGHT" else value for name, value in form.items()}

    status, _, _ = fetch(console, "/console/pause", sent, Cookie=cookie, **headers)

    assert status == 403
    assert "Paused until" not in fetch(console, "/console/", Cookie=cookie)[2]


def test_every_answer_forbids_scripts_in_the_page_and_frames(console: RunningGuard):
    """Pages, files, redirections and refusals alike."""
    cookie = session_of(console)
    answers = [
        fetch(console, "/console/", Cookie=cookie), fetch(console, "/console/sign-in"), fetch(console, "/console/"),
        fetch(console, "/console/static/console.css"), fetch(console, "/console/static/nothing.css"),
        fetch(console, "/console/", Host="evil.example"), fetch(console, "/console/nothing", Cookie=cookie),
        fetch(console, "/console/pause", {}, Cookie=cookie),
    ]  # fmt: skip

    for status, headers, text in answers:
        policy = headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy, status
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "style=" not in text
        assert "<script>" not in text


def test_signing_out_ends_the_session(console: RunningGuard):
    """Also for a copy of the cookie."""
    cookie = session_of(console)
    token = fetch(console, "/console/", Cookie=cookie)[2].partition('name="form_token" value="')[2].partition('"')[0]

    status, headers, _ = fetch(console, "/console/sign-out", {"form_token": token}, Cookie=cookie)

    assert (status, headers["Location"]) == (303, "/console/sign-in")
    assert fetch(console, "/console/", Cookie=cookie)[0] == 303


def test_the_language_is_the_browsers_or_the_chosen_one(console: RunningGuard):
    """And the page says which it is in."""
    cookie = session_of(console)

    assert (
        '<html lang="de">' in fetch(console, "/console/", Cookie=cookie, Accept_Language="fr, de-AT;q=0.8, en;q=0.1")[2]
    )
    assert '<html lang="en">' in fetch(console, "/console/", Cookie=cookie, Accept_Language="fr")[2]
    status, headers, _ = fetch(console, "/console/crawlers?days=30&language=de", Cookie=cookie)
    assert (status, headers["Location"]) == (303, "/console/crawlers?days=30")
    chosen = f"{cookie}; {headers['Set-Cookie'].partition(';')[0]}"
    assert '<html lang="de">' in fetch(console, "/console/", Cookie=chosen, Accept_Language="en")[2]


def test_a_form_that_is_too_large_is_refused(console: RunningGuard):
    """Before it is read."""
    assert fetch(console, "/console/sign-in", {"password": "x" * 40_000})[0] == 413


def test_passwords_can_not_be_tried_without_end(console: RunningGuard):
    """One address has to wait then, also with the right one; another has not."""
    tries = [fetch(console, "/console/sign-in", {"password": f"{n}"}, origin="127.0.0.9")[0] for n in range(TRIES + 1)]

    status, headers, text = fetch(console, "/console/sign-in", {"password": PASSWORD}, origin="127.0.0.9")
    assert tries == [403] * TRIES + [429]
    assert status == 429
    assert 0 < int(headers["Retry-After"]) <= 31
    assert "Too many wrong passwords" in text
    assert session_of(console)


def test_live_requests_are_for_members_and_an_open_page_keeps_no_guard_from_stopping(console: RunningGuard):
    """The stream stays open on purpose: the guard of these tests must end all the same, or their end fails."""
    assert fetch(console, "/console/live/events")[0] == 303
    place = urlsplit(console.admin)
    stream = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)

    stream.request("GET", "/console/live/events", headers={"Cookie": session_of(console)})
    answer = stream.getresponse()

    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.readline() == b": here\n"
    LEFT_OPEN.append(stream)


LEFT_OPEN: list[http.client.HTTPConnection] = []
