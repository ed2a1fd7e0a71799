"""A page says what the guard would do."""

import pytest

from guard.core.policy import Action
from guard.server.console.decisions import decided
from guard.server.rules_in_force import load_pipeline
from guard.settings import from_upstream

PIPELINE = load_pipeline(from_upstream("http://127.0.0.1:1", environ={"HOME": "/nowhere"}))


@pytest.mark.parametrize(
    ("name", "crawler", "picture", "page"),
    [
        ("GPTBot", "openai-gptbot", Action.REFUSE, Action.REFUSE),
        ("ChatGPT-User", "openai-chatgpt-user", Action.PREVIEW, Action.ALLOW),
        ("Googlebot", "google-googlebot", Action.ALLOW, Action.ALLOW),
        ("NobodyKnowsBot", "", Action.REFUSE, Action.ALLOW),
    ],
)
def test_what_is_decided_about_a_crawler_is_what_the_policy_says(
    name: str, crawler: str, picture: Action, page: Action
):
    """For a picture and for a page."""
    found = decided(PIPELINE, "photo.example", name, crawler)

    assert (found.picture.action, found.page.action) == (picture, page)
    assert found.confirmed.rule


def test_a_hostile_name_is_asked_about_like_any_other():
    """It stands in a header field of a request that nobody sends."""
    assert decided(PIPELINE, "photo.example", "x\r\ny: <b>" * 100, "").picture.action
