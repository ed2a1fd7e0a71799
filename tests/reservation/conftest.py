"""Readers that others wrote, and the catalogue that the tests of the reservation speak about."""

import json
import os
import shutil
import subprocess
import urllib.robotparser
from collections.abc import Callable, Sequence

import pytest
from gpyrobotstxt.robots_cc import RobotsMatcher
from protego import Protego
from robots import RobotsParser

from tests.support.programs import TOOLS, missing

Query = tuple[str, str]
"""A product token and a path."""
Reader = Callable[[bytes, Sequence[Query]], list[bool]]
"""Bytes of a robots.txt and queries; for each, whether the crawler may fetch."""

HOST = "https://photo.example"


def _urllib(body: bytes, queries: Sequence[Query]) -> list[bool]:
    parser = urllib.robotparser.RobotFileParser()
    parser.parse(body.decode("utf-8").splitlines())
    return [parser.can_fetch(token, HOST + path) for token, path in queries]


def _protego(body: bytes, queries: Sequence[Query]) -> list[bool]:
    parser = Protego.parse(body.decode("utf-8"))
    return [parser.can_fetch(HOST + path, token) for token, path in queries]


def _robotspy(body: bytes, queries: Sequence[Query]) -> list[bool]:
    parser = RobotsParser.from_string(body.decode("utf-8"))
    return [parser.can_fetch(token, HOST + path) for token, path in queries]


def _gpyrobotstxt(body: bytes, queries: Sequence[Query]) -> list[bool]:
    """A port of Google's C++ parser."""
    return [RobotsMatcher().allowed_by_robots(body, [token], HOST + path) for token, path in queries]


_NODE = """
const parser = require('robots-parser')('https://photo.example/robots.txt', JSON.parse(process.argv[1]));
const queries = JSON.parse(process.argv[2]);
console.log(JSON.stringify(queries.map(([t, p]) => parser.isAllowed('https://photo.example' + p, t) !== false)));
"""


def _environment() -> dict[str, str]:
    """Let node find what `.ci/run` installs beside the other tools."""
    return {"NODE_PATH": str(TOOLS.parent / "node_modules"), **os.environ}


def _npm(body: bytes, queries: Sequence[Query]) -> list[bool]:
    """Run npm's robots-parser; it is there where node finds the package."""
    if (
        not shutil.which("node")
        or subprocess.run(
            ["node", "-e", "require.resolve('robots-parser')"], capture_output=True, check=False, env=_environment()
        ).returncode
    ):
        missing("node with the package robots-parser")
    arguments = [json.dumps(body.decode("utf-8")), json.dumps(list(queries))]
    answer = subprocess.run(
        ["node", "-e", _NODE, *arguments], capture_output=True, check=True, timeout=60, env=_environment()
    )
    return list(json.loads(answer.stdout))


READERS: dict[str, Reader] = {
    "urllib": _urllib,
    "protego": _protego,
    "robotspy": _robotspy,
    "gpyrobotstxt": _gpyrobotstxt,
    "npm": _npm,
}


@pytest.fixture(params=sorted(READERS))
def reader(request: pytest.FixtureRequest) -> Reader:
    """Each reader in turn."""
    return READERS[request.param]


@pytest.fixture
def readers() -> dict[str, Reader]:
    """The readers that are always installed, by name."""
    return {name: reader for name, reader in READERS.items() if name != "npm"}


def _of(purpose: str, tokens: str) -> list[tuple[str, str]]:
    return [(token, purpose) for token in tokens.split()]


CRAWLERS: tuple[tuple[str, str], ...] = (
    *_of(
        "ai_training",
        "GPTBot ClaudeBot anthropic-ai Anthropic-Claude Google-Extended GoogleOther GoogleOther-Image "
        "GoogleOther-Video meta-externalagent FacebookBot Applebot-Extended Amazonbot MistralAI-Training "
        "cohere-training-data-crawler Bytespider TikTokSpider DeepSeekBot KimiBot ChatGLM-Spider PanguBot Cotoyogi "
        "ICC-Crawler SBIntuitionsBot Reflectionbot xAI-Bot Factset_spyderbot Linguee YandexAdditional",
    ),
    ("Kangaroo Bot", "ai_training"),
    *_of(
        "ai_dataset",
        "CCBot AI2Bot omgili Webzio Diffbot Panscient VelenPublicWebCrawler aiHitBot FriendlyCrawler Timpibot "
        "semantic-visions SentiBot Awario HuggingFace-Bot",
    ),
    *_of(
        "image_dataset", "imageSpider img2dataset laion-huggingface-processor LAIONDownloader ImagesiftBot Spawning-AI"
    ),
    *_of("ai_undocumented", "KunatoCrawler Thinkbot MyCentralAIScraperBot newsai/ WRTNBot"),
    ("The Knowledge AI", "ai_undocumented"),
    *_of("scraper_platform", "FirecrawlAgent ApifyBot Crawl4AI Crawlspace Scrapy/ Nutch colly Brightbot"),
    *_of(
        "ai_search",
        "OAI-SearchBot Claude-SearchBot Claude-Web Google-CloudVertexBot meta-webindexer Amzn-SearchBot bedrockbot "
        "PerplexityBot MistralAI-Index Kimi-SearchBot YouBot ExaBot LinkupBot TavilyBot Andibot Querit ProRata",
    ),
    *_of(
        "ai_assistant",
        "ChatGPT-User Claude-User Google-NotebookLM meta-externalfetcher DuckAssistBot Amzn-User Perplexity-User "
        "MistralAI-User cohere-ai Kimi-User kagi-fetcher PhindBot bigsur.ai AI2Bot-DeepResearchEval SemrushBot-OCOB",
    ),
    *_of("ai_agent", "Google-Agent GoogleAgent-Mariner NovaAct Manus-User TwinAgent"),
    ("ChatGPT Agent", "ai_agent"),
    *_of("ai_coding", "Claude-Code Devin/ Cursor/ Trae/ GitHubCopilotChat"),
    *_of(
        "search_engine",
        "Googlebot Googlebot-Image Googlebot-Video Googlebot-News bingbot Applebot DuckDuckBot PetalBot Baiduspider "
        "YandexBot YandexImages Qwantbot Kagibot Slurp Bravebot",
    ),
    *_of("social_preview", "Twitterbot facebookexternalhit LinkedInBot Slackbot Pinterestbot"),
    *_of("image_rights", "TinEye Pixray"),
    *_of("seo", "SemrushBot AhrefsBot"),
    *_of("archiver", "archive.org_bot ia_archiver"),
    *_of("http_library", "curl/ python-requests/"),
)

WELCOME = (
    "Googlebot",
    "Googlebot-Image",
    "Googlebot-News",
    "bingbot",
    "Applebot",
    "DuckDuckBot",
    "Baiduspider",
    "Twitterbot",
    "Pinterestbot",
    "SemrushBot",
    "TinEye",
    "SomeUnknownReader",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
)


@pytest.fixture(scope="session")
def crawlers() -> tuple[tuple[str, str], ...]:
    """A catalogue of (token, purpose), also with the names that are hard to write."""
    return CRAWLERS


@pytest.fixture(scope="session")
def welcome() -> tuple[str, ...]:
    """User agents that the defaults of the product must never shut out."""
    return WELCOME
