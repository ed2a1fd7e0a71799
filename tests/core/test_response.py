"""A refused picture is still a picture, or an honest status; what the upstream guards is not touched."""

from dataclasses import replace

import pytest

from guard.core.facts import Kind, KindSource, RequestFacts, ResponseFacts
from guard.core.policy import Action, Decision, PreviewSize
from guard.core.response import Answer, Challenge, Form, Forward, Hangup, Mark, Shrink, form_of, plan
from tests.support.facts import request, seen

DECISION = Decision(
    action=Action.REFUSE, rule="r", because="", digest="", size=PreviewSize.PREVIEW, limit=None, monitored=()
)


def planned(action: Action, *arguments: object, **keywords: int) -> object:
    return plan(replace(DECISION, action=action), *arguments, **keywords)  # type: ignore[arg-type]


FORMS = {
    "a known picture, whatever is accepted": (request(accept="text/html"), seen(Kind.ORIGINAL), Form.PICTURE),
    "a known page, whatever the URL ends in": (request("/x.jpg", accept="image/*"), seen(Kind.PAGE), Form.PAGE),
    "a program that wants JSON": (request("/x", accept="application/json"), None, Form.PROBLEM),
    "a browser's image request": (request("/x", sec_fetch_dest="image"), None, Form.PICTURE),
    "a browser's page request for a picture": (request("/x.jpg", sec_fetch_dest="document"), None, Form.PAGE),
    "image types accepted": (request("/x", accept="image/avif,image/*,*/*;q=0.8"), None, Form.PICTURE),
    "a crawler that accepts everything, and a picture's URL": (request("/x.webp", accept="*/*"), None, Form.PICTURE),
    "a crawler that accepts everything, and a page's URL": (request("/album/", accept="*/*"), None, Form.PAGE),
    "nothing said, nothing known": (request("/x"), None, Form.PAGE),
    "HTML and images accepted, as when a page is opened": (
        request("/x.jpg", accept="text/html,image/avif"),
        None,
        Form.PAGE,
    ),
    "a kind remembered as unknown": (request("/x.png"), seen(Kind.UNKNOWN), Form.PICTURE),
}


@pytest.mark.parametrize(("facts", "response", "form"), FORMS.values(), ids=FORMS.keys())
def test_the_answer_has_the_form_that_was_asked_for(facts: object, response: object, form: Form):
    """What the resource is counts first, then what the client wants, then the URL."""
    assert form_of(facts, response) is form  # type: ignore[arg-type]


def test_a_refusal_is_never_status_200():
    """Refuse, charge and throttle have honest codes."""
    statuses = {action: planned(action, request(), None).status for action in (Action.REFUSE, Action.CHARGE)}  # type: ignore[attr-defined]

    assert statuses == {Action.REFUSE: 403, Action.CHARGE: 402}
    assert planned(Action.THROTTLE, request(), None, retry_after=7) == Answer(
        status=429, form=Form.PICTURE, retry_after=7
    )


def test_a_throttled_client_is_told_at_least_one_second():
    """Retry-After: 0 would be an invitation."""
    assert planned(Action.THROTTLE, request("/x"), None).retry_after == 1  # type: ignore[attr-defined]


def test_a_picture_is_made_smaller_whatever_the_method():
    """Pages, heads, and what the upstream keeps for one person stay as they are."""
    smaller = Shrink(size=PreviewSize.PREVIEW, visibly_marked=True)

    assert planned(Action.PREVIEW, request(), seen(Kind.ORIGINAL)) == smaller
    assert planned(Action.PREVIEW, request(method="POST"), seen(Kind.ORIGINAL)) == smaller
    assert planned(Action.PREVIEW, request(), seen(Kind.PAGE)) == Forward()
    assert planned(Action.PREVIEW, request(method="POST"), seen(Kind.OTHER)) == Forward()
    assert planned(Action.PREVIEW, request(method="HEAD"), seen(Kind.ORIGINAL)) == Forward()
    assert planned(Action.PREVIEW, request(), seen(Kind.ORIGINAL, hands_off=True)) == Forward()


def test_only_a_picture_that_is_read_is_marked():
    """HEAD as well: its length must be that of the copy. And POST, which some servers answer with the picture."""
    for method in ("GET", "HEAD", "POST"):
        assert planned(Action.MARK, request(method=method), seen(Kind.ORIGINAL)) == Mark(size=PreviewSize.PREVIEW)
        assert planned(Action.MARK, request(method=method), seen(Kind.PAGE)) == Forward()
        assert planned(Action.MARK, request(method=method), seen(Kind.IMAGE, hands_off=True)) == Forward()


def test_what_was_once_seen_at_a_url_does_not_let_a_picture_through():
    """The page of yesterday may be a picture today; only this response counts."""
    remembered = seen(Kind.PAGE, source=KindSource.REMEMBERED)

    assert planned(Action.PREVIEW, request(), remembered) == Shrink(size=PreviewSize.PREVIEW, visibly_marked=True)


def test_allow_and_drop_are_what_they_say():
    """Nothing in between."""
    assert planned(Action.ALLOW, request(), None) == Forward()
    assert planned(Action.DROP, request(), None) == Hangup()


PREVIEW = Shrink(size=PreviewSize.PREVIEW)
PAGE = request("/x", accept="text/html,*/*;q=0.8")
CHALLENGED = {
    "a page": (PAGE, seen(Kind.PAGE), Challenge()),
    "a page for a program": (request("/x", accept="*/*"), seen(Kind.PAGE), Challenge()),
    "a picture, whatever is accepted": (PAGE, seen(Kind.IMAGE), PREVIEW),
    "an original seen earlier": (PAGE, seen(Kind.ORIGINAL, source=KindSource.REMEMBERED), PREVIEW),
    "a picture that is a download": (PAGE, seen(Kind.ORIGINAL, hands_off=True), Forward()),
    "a look at a picture": (request("/x", method="HEAD"), seen(Kind.IMAGE), Forward()),
    "a feed, a style sheet": (PAGE, seen(Kind.OTHER), Forward()),
    "nobody has asked yet": (PAGE, None, PREVIEW),
    "unknown, and HTML accepted": (PAGE, seen(Kind.UNKNOWN), Challenge()),
    "unknown, and HTML not accepted": (request("/x"), seen(Kind.UNKNOWN), Answer(status=403, form=Form.PAGE)),
    "unknown, for a picture's place": (
        request("/x", accept="text/html", sec_fetch_dest="image"),
        seen(Kind.UNKNOWN),
        Answer(status=403, form=Form.PICTURE),
    ),
    "another method, before anybody asks": (request("/x", method="POST"), None, Answer(status=403, form=Form.PAGE)),
}


@pytest.mark.parametrize(("facts", "response", "expected"), CHALLENGED.values(), ids=CHALLENGED.keys())
def test_only_pages_are_challenged(facts: RequestFacts, response: ResponseFacts | None, expected: object):
    """A picture becomes a preview, what is neither stays as it is, and a method that changes something is refused."""
    assert planned(Action.CHALLENGE, facts, response) == expected


def test_a_refusal_has_the_status_of_its_rule():
    """A picture all the same, where a picture was asked for."""
    decision = replace(DECISION, status=410)

    assert plan(decision, request("/a.jpg"), seen(Kind.IMAGE)) == Answer(status=410, form=Form.PICTURE)
    assert plan(DECISION, request("/a.jpg"), seen(Kind.IMAGE)) == Answer(status=403, form=Form.PICTURE)
