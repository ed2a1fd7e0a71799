"""Does a program that nobody knows say that it is of the AI trade?"""

import time

import pytest

from guard.core.ai_words import brand_of, brands_of, says_ai

BRANDS = brands_of(
    ["Claude-User", "ClaudeBot", "Anthropic", "KendraBot", "Thinkbot", "GPTBot", "FlyriverBot", "Amazon"]
)


@pytest.mark.parametrize(
    ("user_agent", "claimed", "word"),
    [
        pytest.param("NewsAI-Bot/1.0", "NewsAI-Bot", "ai", id="a word at the end of a word in capitals"),
        pytest.param("AISearchBot/1.0", "AISearchBot", "ai", id="at its start"),
        pytest.param("img2dataset/1.0", "img2dataset", "dataset", id="behind a digit"),
        pytest.param("TrainingGPTBot/1.0", "TrainingGPTBot", "gpt", id="gpt in any place"),
        pytest.param("crawlgpt/2", "crawlgpt", "gpt", id="gpt in small letters"),
        pytest.param("XBot/1.0 (+https://www.ai.example/)", "XBot", "ai", id="a word in a host"),
        pytest.param("XBot/1.0 (collects for a language model)", "XBot", "language model", id="two words"),
        pytest.param("XBot/1.0 (+https://example.ai/bot)", "XBot", "example.ai", id="an address below .ai"),
        pytest.param("XBot/1.0 (mail to bot@example.ai.)", "XBot", "example.ai", id="and a dot behind it"),
        pytest.param("Newcomer-User/1.0", "Newcomer-User", "Newcomer-User", id="on an errand"),
        pytest.param("Newcomer-SearchBot/1.0", "Newcomer-SearchBot", "Newcomer-SearchBot", id="for answers"),
        pytest.param("Claude-Robot/1.0", "Claude-Robot", "claude", id="a sibling by its name"),
        pytest.param(
            "XBot/1 (+https://www.anthropic.com/x)", "XBot", "anthropic", id="a sibling by its operator's host"
        ),
    ],
)
def test_a_name_that_nobody_knows_may_say_ai(user_agent, claimed, word):
    """Words of the trade, its forms of names, its addresses, and the names of those who do nothing else."""
    assert says_ai(user_agent, claimed, BRANDS) == word


@pytest.mark.parametrize(
    ("user_agent", "claimed"),
    [
        pytest.param("DubaiBot/1.0", "DubaiBot", id="ai inside a word"),
        pytest.param("BONSAIBot/1.0", "BONSAIBot", id="ai inside a word in capitals"),
        pytest.param("ThumbnailBot/1.0 (thumbnail)", "ThumbnailBot", id="a thumbnail"),
        pytest.param("MailBot/1.0 (main; again)", "MailBot", id="mail"),
        pytest.param("FullMoonBot/1.0", "FullMoonBot", id="llm across two words"),
        pytest.param("XBot/1.0 (+https://example.air/)", "XBot", id="another domain"),
        pytest.param("Thinkbot/2.0", "Thinkbot", id="somebody's name that is an ordinary word"),
        pytest.param(
            "UptimeChecker/1.0 (+https://flyriver-monitors.example/)", "UptimeChecker", id="a part of a label"
        ),
        pytest.param("AmazonProductDiscovery/1.0", "AmazonProductDiscovery", id="who does other things too"),
        pytest.param("XBot/1.0 (user agent; search bot)", "XBot", id="the words of a form apart"),
    ],
)
def test_others_are_not_called_so(user_agent, claimed):
    """A site's owner loses the services that watch over it if they are."""
    assert not says_ai(user_agent, claimed, BRANDS)


@pytest.mark.parametrize(
    ("name", "brand"),
    [("Claude-User", "claude"), ("claudebot", "claude"), ("Google-Extended", "googleextended"), ("AI2Bot", ""),
     ("amazon-kendra", "kendra"), ("iaskspider", "iask"), ("Big Sur AI", "bigsur"), ("", "")],
)  # fmt: skip
def test_a_brand_is_what_the_words_of_the_trade_leave(name, brand):
    """So that ClaudeBot and Claude-User are of one house."""
    assert brand_of(name) == brand


def test_it_takes_no_time_whatever_is_sent():
    """Everybody may send 512 characters that nearly fit."""
    for text in ("a." * 256, "A" * 512, "a-" * 256, "deep " * 100, "x" * 500 + ".ai.b", "Aa-" * 170):
        started = time.process_time()
        for _ in range(20):
            says_ai(text[:512], text[:40], BRANDS)
        assert (time.process_time() - started) / 20 < 0.003
