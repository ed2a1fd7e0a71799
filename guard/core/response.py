"""What is sent, given the decision and what the resource is?

A refused picture is still a picture, or an honest status code; never a page with status
200. What the upstream itself keeps from caches or offers as a download is never changed.
"""

from dataclasses import dataclass
from enum import StrEnum
from mimetypes import guess_type
from typing import assert_never

from guard.core.facts import Kind, KindSource, RequestFacts, ResponseFacts
from guard.core.policy import FORBIDDEN, Action, Decision, PreviewSize
from guard.core.tickets import opened_by_itself

NOT_PICTURES = frozenset({Kind.PAGE, Kind.OTHER})
_SMALLER = frozenset({Action.PREVIEW, Action.MARK})


class Form(StrEnum):
    """The form of an answer that is ours."""

    PICTURE = "picture"
    PAGE = "page"
    PROBLEM = "problem"
    """application/problem+json, RFC 9457."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """Send what the upstream sends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrink:
    """Send the upstream's picture in a smaller size; a picture that is small enough stays as it is."""

    size: PreviewSize
    visibly_marked: bool = False
    """Write the holder's name across it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Send the upstream's picture under the client's own invisible mark; as long as there is no such copy, smaller."""

    size: PreviewSize


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Answer ourselves."""

    status: int
    form: Form
    retry_after: int = 0
    """Seconds; 0 sends no Retry-After."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """Answer with the page that lets through who keeps a cookie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admit:
    """Answer with a page that shows the picture, says why, and lets the client have it from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup:
    """Close the connection without an answer."""


ResponsePlan = Forward | Shrink | Mark | Answer | Challenge | Admit | Hangup


def plan(
    decision: Decision, request: RequestFacts, response: ResponseFacts | None, *, retry_after: int = 0
) -> ResponsePlan:
    """Turn a decision into what to send.

    Args:
        response: What is known of the resource; None if nothing is.
        retry_after: Seconds until a throttled client may come back.
    """
    if decision.by_ticket and decision.action in _SMALLER and _is_opened(request, response):
        return Admit()
    match decision.action:
        case Action.ALLOW:
            return Forward()
        case Action.MARK:
            if response is not None and _stays_as_it_is(response):
                return Forward()
            return Mark(size=decision.size)
        case Action.PREVIEW:
            # Not only for GET: Apache answers POST for a picture's file with the picture.
            if request.method == "HEAD" or (response is not None and _stays_as_it_is(response)):
                return Forward()
            return Shrink(size=decision.size, visibly_marked=decision.size is PreviewSize.PREVIEW)
        case Action.THROTTLE:
            return Answer(status=429, form=form_of(request, response), retry_after=max(1, retry_after))
        case Action.CHALLENGE:
            return _challenge(request, response)
        case Action.CHARGE:
            return Answer(status=402, form=form_of(request, response))
        case Action.REFUSE:
            return Answer(status=decision.status, form=form_of(request, response))
        case Action.DROP:
            return Hangup()
        case _:
            assert_never(decision.action)


def no_picture(request: RequestFacts, response: ResponseFacts | None) -> Answer:
    """Return what is answered where a picture that is not to go out as it is can be made into no other."""
    return Answer(status=FORBIDDEN, form=form_of(request, response))


def _is_opened(request: RequestFacts, response: ResponseFacts | None) -> bool:
    """Tell whether a browser opens a picture by itself: only there is a page where somebody can read something."""
    return (
        response is not None
        and response.kind.is_picture
        and not _stays_as_it_is(response)
        and request.method in ("GET", "HEAD")
        and opened_by_itself(request)
    )


def _challenge(request: RequestFacts, response: ResponseFacts | None) -> ResponsePlan:
    """Challenge pages only: a picture becomes a preview, a style sheet or a feed stays what it is."""
    if request.method not in ("GET", "HEAD"):
        return Answer(status=403, form=form_of(request, response))
    if response is None:
        # Nobody knows yet what it is: the upstream is asked for the whole of it, and then this is planned again.
        return Shrink(size=PreviewSize.PREVIEW)
    if response.kind.is_picture:
        return Forward() if request.method == "HEAD" or _stays_as_it_is(response) else Shrink(size=PreviewSize.PREVIEW)
    if response.kind is Kind.OTHER:
        return Forward()
    if response.kind is Kind.PAGE:
        return Challenge()
    form = form_of(request, response)
    page = form is Form.PAGE and "text/html" in request.header("accept").lower()
    return Challenge() if page else Answer(status=403, form=form)


def _stays_as_it_is(response: ResponseFacts) -> bool:
    """Tell whether this response, not one seen earlier at its URL, is to be left alone."""
    return response.source is KindSource.RESPONSE and (response.hands_off or response.kind in NOT_PICTURES)


def form_of(request: RequestFacts, response: ResponseFacts | None) -> Form:
    """Choose the form of an answer of ours.

    What the resource is counts first, then what the client says it wants. The ending of the URL is only the last
    resort: it chooses the form of a refusal, never whether there is one.
    """
    accept = request.header("accept").lower()
    page = Form.PROBLEM if "json" in accept and "text/html" not in accept else Form.PAGE
    if response is not None and response.kind is not Kind.UNKNOWN:
        return Form.PICTURE if response.kind.is_picture else page
    match request.header("sec-fetch-dest").lower():
        case "image":
            return Form.PICTURE
        case "document" | "iframe":
            return Form.PAGE
    if "text/html" in accept or page is Form.PROBLEM:
        return page
    if "image/" in accept or (guess_type(request.path)[0] or "").startswith("image/"):
        return Form.PICTURE
    return page
