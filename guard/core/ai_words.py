"""Does a program that nobody knows say that it is of the AI trade?

A new name seldom says what it collects for, but often who sent it: a word of the trade in the name ("NewsAI-Bot",
"dataset"), a form of name that the trade has made its own ("Some-User", "Some-SearchBot"), an address below `.ai`, or
the name of somebody who runs AI crawlers and nothing else. None of it is looked for in a browser's
user agent: the question is only asked of programs that declare themselves.

Words count at their edges only, so that neither Dubai nor a thumbnail is AI.
"""

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from guard.core.declared_bot import MAX_WORD

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]")
"""A word in a name: `AISearchBot` has three, `img2dataset` two, `MistralAI` two."""

# Said of nothing else. Names of models stand here only where no operator of the catalogue owns them.
_TRADE: Final = frozenset(
    {"ai", "aigc", "agi", "llm", "llms", "slm", "lm", "vlm", "glm", "gpt", "genai", "rag", "autorag", "dataset",
     "datasets", "deeplearning", "machinelearning", "embedding", "embeddings", "chatbot", "copilot", "llama", "qwen",
     "diffusion", "midjourney", "gemini", "assist", "assistant", "agentic", "summarizer"}
)  # fmt: skip
_PAIRS: Final = frozenset(
    {("deep", "research"), ("deep", "search"), ("deep", "learning"), ("machine", "learning"), ("language", "model"),
     ("language", "models"), ("training", "data"), ("artificial", "intelligence"), ("answer", "engine"),
     ("intelligent", "bot"), ("intelligent", "agent"), ("neural", "network"), ("hugging", "face")}
)  # fmt: skip

# OpenAI, Anthropic, Perplexity, Mistral, Amazon, Moonshot, Microsoft and others name what fetches for a person, and
# what fills an index for answers, in these ways; before 2024 hardly anybody did.
_FORM = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][A-Za-z0-9]{2,40}-(?:User|SearchBot|Extended)(?![A-Za-z0-9-])")
_BELOW_AI = re.compile(r"(?<=[a-z0-9])\.ai(?![a-z0-9-]|\.[a-z0-9])")

_COMMON: Final = frozenset(
    {"bot", "bots", "robot", "crawler", "crawl", "spider", "agent", "user", "fetcher", "fetch", "search", "web",
     "index", "indexer", "scraper", "downloader", "processor", "browser", "page", "the", "research", "public",
     "context", "image", "video", "training", "train", "data", "external", "rss", "for", "additional",
     "amazon", "amzn", "atlassian", "cloudflare", "github", "klaviyo"}
)  # fmt: skip
"""What a crawler does, and who has AI crawlers and other programs besides; left out where two names are compared."""
_EVERYBODYS: Final = frozenset(
    {"auto", "buddy", "byte", "channel", "character", "chat", "code", "common", "cursor", "diff", "friendly", "github",
     "hive", "kernel", "knowledge", "liner", "mind", "news", "parallel", "qualified", "quill", "reflection",
     "replicate", "think", "together", "twin"}
)  # fmt: skip
"""Ordinary words that are also somebody's name, and a house in which everybody lives."""
_SHORTEST: Final = 4
"""Letters that a name must have to be somebody's."""
_PRODUCT = re.compile(r"(?<![A-Za-z0-9_./@-])[A-Za-z][A-Za-z0-9_-]{0,63}(?=/)")
_NO_HOST = re.compile(r"[^a-z0-9.-]+")
_SUFFIX = re.compile(r"(?<=[a-z0-9])(?:bot|crawler|spider)$", re.IGNORECASE)


def brand_of(name: str) -> str:
    """Return what is left of a name without the words of the trade, in lower case: `claude` of Claude-User."""
    words = [word.lower() for word in _WORD.findall(_SUFFIX.sub("", name))]
    return "".join([word for word in words if word not in _COMMON and word not in _TRADE])


def brands_of(names: Iterable[str]) -> frozenset[str]:
    """Return by what a new program of somebody is known, from the names of that operator and its crawlers."""
    found = {brand_of(name) for name in names}
    return frozenset(one for one in found if len(one) >= _SHORTEST and one not in _EVERYBODYS)


def says_ai(user_agent: str, claimed: str, brands: frozenset[str]) -> str:
    """Return the word by which a declared program says that it is of the AI trade, or an empty string.

    Args:
        user_agent: As far as it is matched.
        claimed: The name under which the program declares itself.
        brands: Of those who run AI crawlers and nothing else.
    """
    text = user_agent.lower()
    if match := _BELOW_AI.search(text):
        return _NO_HOST.split(text[: match.end()])[-1][-MAX_WORD:]
    words = [word.lower() for word in _WORD.findall(user_agent)]
    if word := next((word for word in words if word in _TRADE), ""):
        return word
    if "gpt" in text:
        return "gpt"
    if pair := next((pair for pair in pairwise(words) if pair in _PAIRS), None):
        return " ".join(pair)
    if match := _FORM.search(user_agent):
        return match[0][:MAX_WORD]
    names = [claimed, *_PRODUCT.findall(user_agent)]
    own = [*map(brand_of, names), *[word.lower() for name in names for word in _WORD.findall(name)]]
    hosts = [label for host in _NO_HOST.split(text) for label in host.split(".")[:-1]]
    return next((name for name in (*own, *hosts) if name in brands), "")
