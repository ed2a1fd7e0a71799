"""Crawlers are told and refused, search is never lost, and everything is on record."""

import io
import json

import pytest
from PIL import Image

from guard.cli.reserve_source import source_of
from tests.support.http import CHATGPT_USER, CHROME, GOOGLEBOT_IMAGE, GPTBOT, Reply, ask, connect, head
from tests.support.running import RunningGuard
from tests.support.upstream import PICTURES, SVG

RESERVED = ("noai, noimageai", "1", "https://photo.example/terms", "train-ai=n, ai-use=n, search=y")


def size(reply: Reply) -> tuple[int, int]:
    with Image.open(io.BytesIO(reply.body)) as picture:
        picture.load()
        return picture.size


def reservation(reply: Reply) -> tuple[str, ...]:
    """Return the four reservation fields; of X-Robots-Tag the first line."""
    return tuple(reply.get(name) for name in ("X-Robots-Tag", "tdm-reservation", "tdm-policy", "Content-Usage"))


EVERYWHERE = {
    "a page": ("/", CHROME, "GET", 200),
    "a picture": ("/original.jpg", CHROME, "GET", 200),
    "the head of a picture": ("/original.jpg", CHROME, "HEAD", 200),
    "a refused page": ("/", GPTBOT, "GET", 403),
    "a refused picture": ("/original.jpg", GPTBOT, "GET", 403),
    "the head of a refused picture": ("/original.jpg", GPTBOT, "HEAD", 403),
    "a smaller picture": ("/original.jpg", GOOGLEBOT_IMAGE, "GET", 200),
    "robots.txt": ("/robots.txt", CHROME, "GET", 200),
    "a licence offer": ("/paid", CHROME, "GET", 402),
}


@pytest.mark.parametrize(("target", "agent", "method", "status"), EVERYWHERE.values(), ids=EVERYWHERE.keys())
def test_every_response_carries_the_reservation(guard: RunningGuard, target: str, agent: str, method: str, status: int):
    """Whoever reads only heads reads it too."""
    reply = ask(guard.port, target, agent=agent, method=method)

    assert reply.status == status
    assert reservation(reply) == RESERVED


def test_the_reservation_stands_before_the_upstreams_own_robots_tag(guard: RunningGuard):
    """A reader that takes only the first line must read ours; the upstream's stays a line of its own."""
    assert ask(guard.port, "/original.jpg").all("X-Robots-Tag") == [
        "noai, noimageai",
        "noarchive",
        "max-image-preview:large",
    ]


def test_the_header_names_are_written_as_readers_expect_them(guard: RunningGuard):
    """datadiligence looks for the lower-case name in a plain dict."""
    assert {"tdm-reservation", "tdm-policy"} <= {name for name, _ in ask(guard.port, "/").lines}


@pytest.mark.parametrize("target", ["/original.jpg", "//original.jpg", "/x/../%6Friginal.jpg?size=full"])
def test_a_path_with_answers_of_its_own_has_lines_of_its_own(guard: RunningGuard, target: str):
    """By the path as the upstream understands it, whatever way it is written; the rest of the site is unchanged."""
    inside = ask(guard.port, target, host="albums.example", agent=CHROME)
    outside = ask(guard.port, "/", host="albums.example", agent=CHROME)

    assert (inside.get("tdm-reservation"), inside.get("tdm-policy")) == ("0", "")
    assert inside.get("Content-Usage") == "train-ai=y, ai-use=y, search=y"
    assert inside.all("X-Robots-Tag")[:1] in ([], ["max-image-preview:large"])
    assert outside.get("tdm-reservation") == "1"
    assert outside.get("tdm-policy") == "https://albums.example/.well-known/guard/policy.json"
    assert outside.all("X-Robots-Tag")[0] == "noai, noimageai"


def test_a_refusal_names_the_terms_for_people_also_where_a_policy_for_machines_exists(guard: RunningGuard):
    """`tdm-policy` is then the offer in JSON; the page of a refusal links what can be read."""
    refused = ask(guard.port, "/", host="albums.example", agent=GPTBOT)

    assert refused.status == 403
    assert b"https://albums.example/.well-known/guard/terms" in refused.body


def test_what_is_served_is_what_the_command_renders(guard: RunningGuard):
    """`guard reserve render -c` writes the bytes and lines that the running guard answers with."""
    reserved = source_of(guard.file, "albums.example", print).render()

    for document in reserved.documents:
        reply = ask(guard.port, document.path, host="albums.example", agent=GPTBOT)
        assert (reply.status, reply.body) == (200, document.body), document.path
        assert reply.get("Content-Type") == document.media_type
        assert "max-age=3600" in reply.get("Cache-Control")
    for path in ("/", "/original.jpg"):
        lines = ask(guard.port, path, host="albums.example", agent=CHROME, method="HEAD").lines
        wanted = reserved.headers_for(path)
        assert [line for line in lines if line in wanted] == list(wanted)


DOCUMENTS = {
    "/robots.txt": "text/plain; charset=utf-8",
    "/ai.txt": "text/plain; charset=utf-8",
    "/.well-known/tdmrep.json": "application/json",
    "/.well-known/guard/terms": "text/html; charset=utf-8",
    "/rsl.xml": "application/rsl+xml",
    "/trust.txt": "text/plain; charset=utf-8",
    "/.well-known/trust.txt": "text/plain; charset=utf-8",
}


@pytest.mark.parametrize("agent", [CHROME, GPTBOT, "", "PixelHarvestBot/1.0"], ids=["person", "GPTBot", "none", "bot"])
@pytest.mark.parametrize("path", DOCUMENTS)
def test_the_documents_are_answered_200_to_everyone(guard: RunningGuard, path: str, agent: str):
    """A refused crawler that gets 403 for robots.txt may take it as a permission (RFC 9309, section 2.3.1.3)."""
    reply = ask(guard.port, path, agent=agent)

    assert (reply.status, reply.get("Content-Type")) == (200, DOCUMENTS[path])
    assert "max-age=" in reply.get("Cache-Control")


def test_the_documents_are_found_under_every_spelling_of_their_path(guard: RunningGuard):
    """`//robots.txt` must not reach the upstream's own."""
    assert b"GPTBot" in ask(guard.port, "//robots.txt").body
    assert b"GPTBot" in ask(guard.port, "/%72obots.txt?x=1").body


def test_a_document_that_has_not_changed_is_304(guard: RunningGuard):
    """Crawlers that cache are treated well."""
    tag = ask(guard.port, "/robots.txt").get("ETag")

    assert ask(guard.port, "/robots.txt", ("If-None-Match", tag)).status == 304


def test_a_document_can_not_be_posted_to(guard: RunningGuard):
    """It is ours; the upstream never sees it."""
    reply = ask(guard.port, "/robots.txt", method="POST", body=b"x")

    assert (reply.status, reply.get("Allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [("", "image/jpeg"), ("*/*", "image/jpeg"), ("image/png", "image/png"), ("image/webp,image/*;q=0.1", "image/webp")],
)
def test_a_refused_picture_is_a_valid_picture(guard: RunningGuard, accept: str, media_type: str):
    """403 with a small licence card, in a format that the client takes, never to be stored."""
    reply = ask(guard.port, "/original.jpg", *((("Accept", accept),) if accept else ()), agent=GPTBOT)

    assert (reply.status, reply.get("Content-Type"), reply.get("Cache-Control")) == (403, media_type, "no-store")
    assert "Accept" in reply.get("Vary")
    assert max(size(reply)) <= 800
    assert reply.get("Guard-Reference")


def test_what_data_sets_list_may_be_gone_for_crawlers(guard: RunningGuard):
    """410, a picture for a picture; for a person and for other paths nothing changes. The record names the rule."""
    reply = ask(guard.port, "/sizeless/original?w=1", ("Accept", "image/jpeg"), agent=GPTBOT)
    page = ask(guard.port, "/gone/page", ("Accept", "text/html"), agent=GPTBOT)

    assert (reply.status, reply.get("Content-Type"), reply.get("Cache-Control")) == (410, "image/jpeg", "no-store")
    assert max(size(reply)) <= 800
    assert page.status == 410
    assert "remove the address from your list" in page.body.decode()
    assert guard.line_for("/sizeless/original")["rule"] == "listed"
    assert ask(guard.port, "/sizeless/original", agent=CHROME).body == PICTURES["/sizeless/original"]
    assert ask(guard.port, "/original.webp", agent=GPTBOT).status == 403


def test_a_refused_page_is_a_short_page_that_names_whom_to_ask(guard: RunningGuard):
    """In German for who prefers it."""
    english = ask(guard.port, "/album/", ("Accept", "text/html"), agent=GPTBOT)
    german = ask(guard.port, "/album/", ("Accept", "text/html"), ("Accept-Language", "de-DE,de"), agent=GPTBOT)

    assert english.get("Content-Type").startswith("text/html")
    assert b"Jane Doe" in english.body
    assert b"rights@photo.example" in english.body
    assert english.get("Guard-Reference").encode() in english.body
    assert b'lang="de"' in german.body


def test_a_program_gets_problem_json(guard: RunningGuard):
    """RFC 9457."""
    reply = ask(guard.port, "/api", ("Accept", "application/json"), agent=GPTBOT)
    problem = json.loads(reply.body)

    assert reply.get("Content-Type") == "application/problem+json"
    assert (problem["status"], problem["type"]) == (403, "https://photo.example/terms")


def test_without_an_offer_a_402_says_whom_to_ask_and_nothing_else(guard: RunningGuard):
    """No price, no way to pay and no token are mentioned that the owner has not set up."""
    reply = ask(guard.port, "/paid", ("Accept", "application/json"), ("Authorization", "License x"), agent=GPTBOT)

    assert reply.status == 402
    assert json.loads(reply.body)["contact"] == "rights@photo.example"
    assert "license" not in json.loads(reply.body)
    named = {name.lower() for name, _ in reply.lines}
    assert not named & {"crawler-price", "crawler-charged", "payment-required", "www-authenticate"}
    assert not any("payment" in value for value in reply.all("Link"))


def test_a_reference_code_finds_the_decision(guard: RunningGuard):
    """What the card shows is in the access log (and in the evidence)."""
    reply = ask(guard.port, "/original.webp", agent=GPTBOT)

    line = guard.line_for("/original.webp", reference=reply.get("Guard-Reference"))
    assert (line["rule"], line["action"]) == ("training-refused", "refuse")


def test_an_unverified_search_engine_gets_the_display_size(guard: RunningGuard):
    """Never a refusal: the owner never loses search traffic."""
    original = ask(guard.port, "/original.jpg", agent=GOOGLEBOT_IMAGE)
    display = ask(guard.port, "/display.jpg", agent=GOOGLEBOT_IMAGE)
    page = ask(guard.port, "/", agent=GOOGLEBOT_IMAGE)

    assert (original.status, size(original)) == (200, (1600, 1067))
    assert display.body == PICTURES["/display.jpg"]
    assert (page.status, b"Gallery" in page.body) == (200, True)


def test_what_was_made_for_one_client_is_not_for_shared_caches(guard: RunningGuard):
    """A cache in front must not hand a smaller copy to a person; and it has a validator of its own."""
    reply = ask(guard.port, "/original.jpg", agent=GOOGLEBOT_IMAGE)

    assert "private" in reply.get("Cache-Control")
    assert reply.get("ETag") != ask(guard.port, "/original.jpg").get("ETag")
    assert ask(guard.port, "/original.jpg", ("If-None-Match", reply.get("ETag")), agent=GOOGLEBOT_IMAGE).status == 304


def test_a_range_does_not_get_a_part_of_the_original(guard: RunningGuard):
    """A crawler that asks for bytes 0-999999 of an original gets the smaller copy, whole."""
    reply = ask(guard.port, "/original.jpg", ("Range", "bytes=0-9999999"), agent=GOOGLEBOT_IMAGE)

    assert (reply.status, size(reply)) == (200, (1600, 1067))


def test_the_size_is_told_by_the_bytes_and_not_by_the_url(guard: RunningGuard):
    """`/sizeless/original` has no ending; `/disguised` says text/html and is a picture."""
    sizeless = ask(guard.port, "/sizeless/original", agent=GOOGLEBOT_IMAGE)
    disguised = ask(guard.port, "/disguised", agent=GOOGLEBOT_IMAGE)

    assert max(size(sizeless)) == 1600
    assert max(size(disguised)) == 1600
    assert disguised.get("Content-Type") == "image/jpeg"


def test_an_assistant_gets_a_preview(guard: RunningGuard):
    """Small, and visibly marked."""
    reply = ask(guard.port, "/display.jpg", agent=CHATGPT_USER)

    assert (reply.status, max(size(reply))) == (200, 640)


def test_what_the_upstream_keeps_private_is_not_touched(guard: RunningGuard):
    """Such bytes belong to one signed-in person; nothing of ours belongs into them."""
    assert ask(guard.port, "/private.jpg", agent=GOOGLEBOT_IMAGE).body == PICTURES["/original.jpg"]


def test_an_error_picture_of_the_upstream_is_no_picture(guard: RunningGuard):
    """Some galleries answer errors with an SVG and status 200; it passes and counts as something else."""
    reply = ask(guard.port, "/broken.jpg", agent=GOOGLEBOT_IMAGE)

    assert (reply.status, reply.body) == (200, SVG)
    assert guard.line_for("/broken.jpg")["kind"] == "other"


def test_an_unknown_bot_gets_pages_and_no_pictures(guard: RunningGuard):
    """New crawlers are refused before anybody has named them."""
    agent = "Mozilla/5.0 (compatible; PixelHarvestBot/0.3; +https://pixelharvest.example)"

    assert ask(guard.port, "/", agent=agent).status == 200
    assert ask(guard.port, "/original.jpg", agent=agent).status == 403
    assert guard.line_for("/original.jpg", purpose="unknown_declared_bot")["claimed"] == "PixelHarvestBot"


def test_a_forged_token_is_refused(guard: RunningGuard):
    """Google-Extended exists in robots.txt only."""
    reply = ask(guard.port, "/album/", agent="Mozilla/5.0 (compatible; Google-Extended)")

    assert reply.status == 403
    assert guard.line_for("/album/", rule="forged-token-refused")["action"] == "refuse"


def test_drop_closes_the_connection_without_a_word(guard: RunningGuard):
    """The hardest action."""
    assert ask(guard.port, "/dropped").status == 0


def test_a_limit_throttles_what_exceeds_it(guard: RunningGuard):
    """Three an hour for this path; other clients have allowances of their own."""
    client = ("X-Forwarded-For", "192.0.2.99")
    replies = [ask(guard.port, "/slowly", client) for _ in range(5)]
    other = ask(guard.port, "/slowly", ("X-Forwarded-For", "192.0.2.100"))

    assert [reply.status for reply in replies] == [200, 200, 200, 429, 429]
    assert int(replies[3].get("Retry-After")) > 60
    assert other.status == 200


def test_a_connection_that_is_kept_gets_each_answer_for_its_own_request(guard: RunningGuard):
    """A refusal in between does not disturb the connection."""
    from tests.support.http import read_reply

    with connect(guard.port) as connection:
        statuses = []
        for agent in (CHROME, GPTBOT, CHROME):
            connection.sendall(head("/thumb.jpg", agent=agent, close=False))
            statuses.append(read_reply(connection).status)

    assert statuses == [200, 403, 200]


def test_people_are_counted_and_not_recorded(guard: RunningGuard):
    """The evidence directory holds nothing that a person's request could be read from."""
    ask(guard.port, "/echo-for-a-person", ("X-Forwarded-For", "203.0.113.77"))
    guard.line_for("/echo-for-a-person")

    stored = b"".join(path.read_bytes() for path in guard.evidence.rglob("*") if path.is_file())

    assert b"203.0.113.77" not in stored
    assert b"echo-for-a-person" not in stored
    assert b"203.0.113.77" not in guard.access_log.read_bytes()
