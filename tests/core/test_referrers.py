"""Who sent a visitor is told by the domain of the referrer, and by nothing that only looks like it."""

import pytest

from guard.core.referrers import Referrers
from tests.support.facts import request

REFERRERS = Referrers({"chatgpt.com": "OpenAI", "google.com": "Google"})


@pytest.mark.parametrize(
    ("referer", "operator"),
    [
        ("https://chatgpt.com/", "OpenAI"),
        ("https://CHATGPT.com", "OpenAI"),
        ("https://www.google.com:443/search?q=photo", "Google"),
        ("https://gemini.google.com/app", "Google"),
        ("https://photo.example/page?from=chatgpt.com", ""),
        ("https://notchatgpt.com/", ""),
        ("https://chatgpt.com.evil.example/", ""),
        ("https://evil.example/chatgpt.com", ""),
        ("https://chatgpt.com@evil.example/", ""),
        ("chatgpt.com", ""),
        ("https://[::1", ""),
        ("\x00\xff" * 4000, ""),
    ],
)
def test_the_host_of_the_referrer_decides(referer: str, operator: str):
    """With every name below the domain; whatever is sent is no error."""
    assert REFERRERS.operator(request("/page", Referer=referer)) == operator


@pytest.mark.parametrize(
    ("target", "operator"),
    [
        ("/page?utm_source=chatgpt.com", "OpenAI"),
        ("/page?a=1&utm_source=ChatGPT.com&b=2", "OpenAI"),
        ("/page?utm_source=newsletter", ""),
        ("/page?utm_source=", ""),
        ("/page?utm_source=chatgpt.com" + "&a=1" * 99, ""),
        ("/utm_source=chatgpt.com", ""),
    ],
)
def test_without_a_referrer_the_address_may_tell(target: str, operator: str):
    """ChatGPT adds it to its links; a page of our own that links on with it does not count."""
    assert REFERRERS.operator(request(target)) == operator
    assert REFERRERS.operator(request(target, Referer="https://photo.example/")) == ""
