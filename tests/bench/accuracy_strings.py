"""Are user agents told apart: AI agents named, unseen ones still bots, browsers left alone?

A published string counts as *named* if an entry of the catalogue answers for it. Its purpose is *right* if it is the
one that the operator documents (`DOCUMENTED`, by product token), else if it is a purpose that the source's tags stand
for (`TAGS`). Strings that are cases of the catalogue word for word are counted, and once more left out.
"""

import json
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from guard.core.classification import PERSON_LIKE
from guard.core.crawlers import AI_PURPOSES, Catalogue, Purpose
from guard.store.rule_files import load_crawler_files, rules_root
from tests.bench import accuracy_unseen
from tests.bench.accuracy_intervals import Data, Result, Row, Sense

TAGS: dict[str, frozenset[Purpose]] = {
    # Platforms that fetch for AI customers have a purpose of their own, less trusted than most of AI.
    "ai-crawler": AI_PURPOSES | {Purpose.SCRAPER_PLATFORM},
    "search-engine": frozenset({Purpose.SEARCH_ENGINE, Purpose.AI_SEARCH}),
    "social-preview": frozenset({Purpose.SOCIAL_PREVIEW}),
    "feed-reader": frozenset({Purpose.FEED_READER}),
    "academic": frozenset({Purpose.ACADEMIC}),
    "browser-automation": frozenset({Purpose.HEADLESS_BROWSER, Purpose.AI_AGENT}),
}
DOCUMENTED: dict[str, frozenset[Purpose]] = {
    token: frozenset(purposes)
    for purposes, tokens in (
        ({Purpose.AI_TRAINING},
         ("GPTBot", "ClaudeBot", "meta-externalagent", "Google-Extended", "cohere-training-data-crawler")),
        ({Purpose.AI_SEARCH},
         ("OAI-SearchBot", "Claude-SearchBot", "PerplexityBot", "Amzn-SearchBot", "AzureAI-SearchBot",
          "Cloudflare-AutoRAG", "KendraBot", "Google-CloudVertexBot")),
        ({Purpose.AI_ASSISTANT},
         ("ChatGPT-User", "Claude-User", "Perplexity-User", "Amzn-User", "MistralAI-User", "DuckAssistBot",
          "Google-NotebookLM", "kagi-fetcher")),
        ({Purpose.AI_ASSISTANT, Purpose.AI_AGENT}, ("Gemini-Deep-Research",)),
        ({Purpose.AI_CODING, Purpose.AI_AGENT}, ("Claude-Code", "Devin")),
        ({Purpose.AI_DATASET}, ("CCBot",)),
        ({Purpose.AI_DATASET, Purpose.AI_TRAINING, Purpose.ACADEMIC}, ("AI2Bot",)),
        ({Purpose.IMAGE_DATASET}, ("img2dataset",)),
    )
    for token in tokens
}  # fmt: skip
"""What operators' own pages say; a token with two purposes is documented for both."""


def _published() -> list[dict[str, Any]]:
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    return list(CRAWLER_USER_AGENTS_DATA)


def measure(fetched: Path | None) -> Result:
    """Ask the catalogue about all strings that are installed, and about those in `fetched`."""
    files, _ = load_crawler_files(rules_root().path)
    crawlers = [one for file in files for one in file.crawlers]
    cases = {case.crawler_id: case.match for file in files for case in file.cases}
    catalogue = Catalogue(crawlers)
    published = _published()
    parts = [
        _declared(catalogue, published, {text for match in cases.values() for text in match}),
        accuracy_unseen.measure(crawlers, cases, published, [text for *_, text in _ai_strings(published)]),
        _browsers(catalogue, fetched),
    ]
    return Result(
        rows=tuple(row for part in parts for row in part.rows),
        misses=tuple(miss for part in parts for miss in part.misses),
        notes=tuple(note for part in parts for note in part.notes),
    )


def _ai_strings(published: Sequence[dict[str, Any]]) -> list[tuple[str, tuple[str, ...], str]]:
    """Return pattern, tags and string of each distinct AI string."""
    found = {
        text: (entry["pattern"], tuple(entry["tags"]), text)
        for entry in published
        if "ai-crawler" in entry.get("tags", ())
        for text in entry["instances"]
    }
    return list(found.values())


def _declared(catalogue: Catalogue, published: Sequence[dict[str, Any]], own: set[str]) -> Result:
    named = new = new_named = right = documented = documented_right = narrow = bots = 0
    strings = _ai_strings(published)
    misses = []
    for pattern, tags, text in strings:
        sighting = catalogue.find(text)
        bots += sighting.purpose not in PERSON_LIKE
        found = sighting.crawler is not None
        named += found
        new += text not in own
        new_named += found and text not in own
        if not found:
            misses.append(f"not named: {text!r} ({pattern}) is {sighting.purpose}, '{sighting.claimed}'")
        wanted = DOCUMENTED.get(sighting.claimed) or frozenset().union(*(TAGS.get(tag, frozenset()) for tag in tags))
        documented += sighting.claimed in DOCUMENTED
        documented_right += sighting.claimed in DOCUMENTED and sighting.purpose in wanted
        right += sighting.purpose in wanted
        narrow += sighting.purpose in (wanted - {Purpose.SCRAPER_PLATFORM})
        if sighting.purpose not in wanted:
            misses.append(f"purpose {sighting.purpose} of {sighting.claimed} ({pattern}), tagged {', '.join(tags)}")
    section, total = "declared AI agents", len(strings)
    rows = (
        _row(section, "AI strings of crawler-user-agents: named", named, total, goal=0.995),
        _row(section, "… without those that are cases of our catalogue", new_named, new),
        _row(section, "… purpose right (documented, else by the source's tags)", right, total, goal=0.97),
        _row(section, "… … where the operator documents it", documented_right, documented),
        _row(section, "… … if a scraper platform were wrong for 'ai-crawler'", narrow, total),
        _row(section, "… taken for a bot of any kind", bots, total),
    )
    return Result(rows=rows, misses=tuple(misses))


def _browsers(catalogue: Catalogue, fetched: Path | None) -> Result:
    rows, misses, notes = [], [], []
    section = "real browsers flagged"
    for name, texts, data in (
        ("fake-useragent (PyPI)", _fake_useragent(), Data.DEVELOPMENT),
        ("user-agents (npm)", _user_agents(fetched), Data.DEVELOPMENT),
        ("apify-fingerprint-datapoints (PyPI)", _apify(fetched), Data.DEVELOPMENT),
    ):
        if texts is None:
            notes.append(f"skipped: {name} is not installed; --fetch gets it into a scratch folder")
            rows.append(_row(section, f"{name}: skipped", 0, 0, goal=0.0, sense=Sense.AT_MOST, data=data))
            continue
        # Such a list is of what visited a site; whatever says itself that it is no person's browser is no false hit.
        said = {text for text in texts if "HeadlessChrome" in text}
        wrong = {text for text in texts if text not in said and catalogue.find(text).purpose not in PERSON_LIKE}
        weight, all_weight = sum(texts[text] for text in wrong), sum(texts.values())
        shown = f"{name}: distinct strings" + (f", without {len(said)} that say HeadlessChrome" if said else "")
        rows.append(_row(section, shown, len(wrong), len(texts) - len(said), goal=0.0, sense=Sense.AT_MOST, data=data))
        notes.append(f"{name}: {100 * weight / all_weight:.4f} % of the traffic that the weights stand for")
        misses += [f"browser flagged: {text!r} as {catalogue.find(text).purpose}" for text in sorted(wrong)]
    return Result(rows=tuple(rows), misses=tuple(misses), notes=tuple(notes))


def _weighted(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    found = Counter[str]()
    for text, weight in pairs:
        found[text] += weight  # type: ignore[assignment]
    return dict(found)


def _fake_useragent() -> dict[str, float] | None:
    spec = find_spec("fake_useragent")
    if spec is None or spec.origin is None:
        return None
    lines = (Path(spec.origin).parent / "data" / "browsers.jsonl").read_text(encoding="utf-8").splitlines()
    return _weighted((one["useragent"], one["percent"]) for one in map(json.loads, lines))


def _user_agents(fetched: Path | None) -> dict[str, float] | None:
    path = Path(fetched or "", "npm") / "node_modules" / "user-agents" / "dist" / "user-agents.json"
    if fetched is None or not path.is_file():
        return None
    return _weighted((one["userAgent"], one["weight"]) for one in json.loads(path.read_bytes()))


def _apify(fetched: Path | None) -> dict[str, float] | None:
    spec = find_spec("apify_fingerprint_datapoints")
    folders = [Path(spec.origin).parent] if spec is not None and spec.origin else []
    folders += [fetched / "pip" / "apify_fingerprint_datapoints"] if fetched is not None else []
    for folder in folders:
        file = folder / "data" / "fingerprint-network-definition.zip"
        if file.is_file():
            with zipfile.ZipFile(file) as archive:
                nodes = json.loads(archive.read(archive.namelist()[0]))["nodes"]
            node = next(one for one in nodes if one["name"] == "userAgent")
            return {text: node["conditionalProbabilities"].get(text, 0.0) for text in node["possibleValues"]}
    return None


def fetch(folder: Path) -> list[str]:
    """Get the two packages that are not installed with the tests into `folder`; return what went wrong."""
    wrong = []
    for command in (
        ("npm", "install", "--prefix", folder / "npm", "--ignore-scripts", "--no-audit", "--no-fund", "user-agents"),
        _pip(folder / "pip", "apify-fingerprint-datapoints"),
    ):
        try:
            subprocess.run([str(one) for one in command], check=True, capture_output=True, timeout=120)
        except (OSError, subprocess.SubprocessError) as error:
            wrong.append(f"not fetched: {command[-1]} ({type(error).__name__})")
    return wrong


def _pip(folder: Path, name: str) -> tuple[object, ...]:
    for installer in ((Path(sys.prefix) / "bin" / "uv", "pip"), ("uv", "pip"), (sys.executable, "-m", "pip")):
        try:
            subprocess.run([str(one) for one in installer] + ["--help"], check=True, capture_output=True, timeout=30)
        except (OSError, subprocess.SubprocessError):
            continue
        return (*installer, "install", "--quiet", "--no-deps", "--target", folder, name)
    return ("pip", "install", "--quiet", "--no-deps", "--target", folder, name)


def _row(
    section: str, what: str, hits: int, total: int, *, goal: float | None = None, sense: Sense = Sense.AT_LEAST,
    data: Data = Data.DEVELOPMENT,
) -> Row:  # fmt: skip
    return Row(section=section, what=what, data=data, hits=hits, total=total, goal=goal, sense=sense)
