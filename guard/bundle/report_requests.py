"""How are the requests shown one by one, by picture, over time and by client?"""

from collections.abc import Mapping, Sequence
from typing import Final

from guard.bundle import blocks
from guard.bundle.blocks import Block, Paragraph, bold, heading, mono, paragraph, small, table
from guard.bundle.findings import Findings
from guard.bundle.plain_text import berlin, utc, visible
from guard.bundle.report_first import checked, who
from guard.bundle.say import Words
from guard.bundle.seen import Fetch

MOST_FETCHES: Final = 1_000
MOST_PICTURES: Final = 60
_STEPS: Final = (1, 10, 60, 600, 3600, 21_600, 86_400, 604_800)
_MOST_BARS: Final = 60
_TONES: Final = ("refused", "less", "whole", "other")
_TONE_OF: Final = {
    "as_is": "whole", "rights": "whole", "reservation": "whole", "marked": "less", "display": "less", "preview": "less",
    "thumbnail": "less", "card": "refused", "page": "refused",
}  # fmt: skip


def fetches_section(found: Findings, say: Words) -> list[Block]:
    shown = found.fetches[:MOST_FETCHES]
    intro = say("fetches intro", shown=say.count(len(shown)), count=say.count(len(found.fetches)))
    head = [say(f"th {name}") for name in ("record", "time", "client", "request", "answer")]
    return [blocks.text(paragraph(intro)), table(head, (0, 3, 2.6, 4.8, 4.6), [_fetch_row(one, say) for one in shown])]


def _fetch_row(one: Fetch, say: Words) -> list[list[Paragraph]]:
    client = [paragraph(one.said["claimed"] or "–", " ", small(f"({one.said['grade'] or '–'})"))]
    if one.address:
        client.append(paragraph(small(f"{one.address}:{one.port}" if one.port else one.address)))
    elif one.network:
        client.append(paragraph(small(one.network)))
    target = mono(one.target, 120) if one.target else small(say("no path"))
    answer = [paragraph(answered_shortly(one, say))]
    if mark := one.said.get("mark"):
        answer.append(paragraph(small(f"{say('th mark')} {mark}")))
    time = [paragraph(utc(one.at, fraction=True)), paragraph(small(berlin(one.at)))]
    return [[paragraph(str(one.index))], time, client, [paragraph(mono(one.said["method"], 10), " ", target)], answer]


def answered_shortly(one: Fetch, say: Words) -> str:
    """Return what was sent, the status, and whether it was all, in a few words."""
    sent = say.short(one.said["rendition"])
    if not one.end:
        return f"{sent}; {say('short unknown')}"
    size = say("short bytes", bytes=say.count(one.end["bytes"]))
    return f"{sent}; {one.end['status']}, {say(f'short {one.outcome}')}, {size} {say.record(one.end_index)}"


def pictures_section(found: Findings, say: Words, thumbnails: Mapping[str, bytes]) -> list[Block]:
    pictures = found.pictures
    unseen = len(found.unseen)
    more = say("pictures unseen" if unseen > 1 else "pictures unseen one", count=say.count(unseen)) if unseen else ""
    if not pictures:
        return [blocks.text(paragraph(more or say("pictures none")))]
    shown = list(pictures.items())[:MOST_PICTURES]
    intro = say("pictures intro", shown=say.count(len(shown)), count=say.count(len(pictures)))
    made: list[Block] = [blocks.text(paragraph(f"{intro} {more}".strip()))]
    seen = [(path, thumbnails[path], all_) for path, all_ in shown if path in thumbnails]
    if seen:
        tiles = [
            {"data": list(data), "alt": visible(path, 200),
             "body": [paragraph(mono(path, 60)), paragraph(small(say("work requests", count=say.count(len(all_)))))]}
            for path, data, all_ in seen
        ]  # fmt: skip
        made.append({"t": "pictures", "all": tiles})
    head = [say(f"th {name}") for name in ("picture", "requests", "first", "last", "sent")]
    body = []
    for path, all_ in shown:
        sent = sorted({say.short(one.said["rendition"]) for one in all_})
        original = next((one.said["original"] for one in all_ if one.said.get("original")), "")
        name = [paragraph(mono(path, 100) if path else small(say("no path")))]
        if original:
            name.append(paragraph(small(f"{say('th original')}: {original}")))
        body.append(
            [name, [paragraph(str(len(all_)))], [paragraph(utc(all_[0].at))], [paragraph(utc(all_[-1].at))],
             [paragraph("; ".join(sent))]]
        )  # fmt: skip
    made.append(table(head, (5, 1.1, 2.2, 2.2, 4), body))
    return made


def charts_section(found: Findings, say: Words) -> list[Block]:
    times = [one.at // 1_000_000 for one in found.fetches]
    first, last = times[0], max(times)
    step = next((one for one in _STEPS if (last - first) // one < _MOST_BARS), (last - first) // _MOST_BARS + 1)
    count = (last - first) // step + 1
    bars: list[dict[str, int]] = [dict.fromkeys(_TONES, 0) for _ in range(count)]
    seen: set[str] = set()
    covered = [0] * count
    for one in found.fetches:
        place = min(max((one.at // 1_000_000 - first) // step, 0), count - 1)
        bars[place][_TONE_OF.get(one.said["rendition"], "other")] += 1
        if one.is_picture and one.path:
            seen.add(one.path)
        covered[place] = len(seen)
    for place in range(1, count):
        covered[place] = max(covered[place], covered[place - 1])
    axis = tuple(utc((first + (last - first) * part // 2) * 1_000_000) for part in (0, 1, 2))
    named = say(f"step {step}") if step in _STEPS else f"{step} s"
    titles = (say("chart requests", step=named), say("chart coverage"))
    used = [tone for tone in _TONES if any(bar[tone] for bar in bars)]
    charts: list[tuple[str, Sequence[Mapping[str, int]], dict[str, str]]] = [
        (titles[0], bars, {tone: say(f"tone {tone}") for tone in used})
    ]
    if seen:
        charts.append((titles[1], [{"whole": one} for one in covered], {}))
    made: list[Block] = []
    for title, all_bars, legend in charts:
        most = max(sum(bar.values()) for bar in all_bars)
        alt = say("chart alt", title=title, count=count, first=axis[0], last=axis[2], most=most)
        made += [heading(title, 2), blocks.chart(all_bars, (axis[0], axis[1], axis[2]), legend, alt)]
    return made


def clients_section(found: Findings, say: Words) -> list[Block]:
    head = [say("th requests"), say("th who"), say("th address")]
    body = []
    for one in found.clients[:200]:
        said = [paragraph(bold(who(one, say))), paragraph(small(checked(one, say)))]
        agents = dict.fromkeys(fetch.agent for fetch in one.fetches if fetch.agent)
        said += [paragraph(mono(agent, 200)) for agent in list(agents)[:4]]
        listed = ", ".join(one.addresses[:12]) + (" …" if len(one.addresses) > 12 else "")
        body.append([[paragraph(str(len(one.fetches)))], said, [paragraph(small(listed or say("no path")))]])
    return [table(head, (1.2, 9, 4), body)]
