"""What is said about time: by our own clock, and by those of others?"""

from typing import Final

from guard.bundle import blocks
from guard.bundle.blocks import Block, mono, paragraph, small, table
from guard.bundle.findings import Findings
from guard.bundle.plain_text import utc
from guard.bundle.report_first import Bracketed, bracketing
from guard.bundle.say import Words
from guard.evidence.anchor import Anchor, read_anchor
from guard.evidence.bracket import Brackets, disagreements

MOST: Final = 60


def anchors(found: Findings) -> tuple[Anchor, ...]:
    """Return what others said about heads of this log, as its records have it."""
    read = (read_anchor(one.record, one.index) for one in found.case.of_kind("anc") if one.record)
    return tuple(one for one in read if one is not None)


def bracketed(found: Findings) -> Bracketed:
    """Return what answers between which times of others a record was made."""
    return Brackets(anchors(found)).of


def time_section(found: Findings, say: Words, bracket_of: Bracketed) -> list[Block]:
    """Return the section about time."""
    all_ = anchors(found)
    made: list[Block] = [blocks.text(paragraph(say("time intro")))]
    if not all_:
        made.append(blocks.text(paragraph(say("time none"))))
    else:
        first, last = found.fetches[0], found.fetches[-1]
        for one in (first, last) if first.index != last.index else (first,):
            made.append(blocks.text(paragraph(f"{say.record(one.index)} ", bracketing(bracket_of(one.index), say))))
        head = [say(f"th {name}") for name in ("record", "head", "time", "by", "kind")]
        body = [
            [[paragraph(str(one.index))], [paragraph(say.count(one.size))], [paragraph(utc(one.time))],
             [paragraph(mono(one.authority, 60))], [paragraph(small(_kind(one, say)))]]
            for one in all_[:MOST]
        ]  # fmt: skip
        made.append(table(head, (1, 1.3, 3, 5, 3), body))
        for pair in disagreements(all_):
            seconds = say.count(abs(pair.difference) // 1_000_000)
            said = say("time disagree", early=pair.early.authority, late=pair.late.authority, seconds=seconds)
            made.append(blocks.text(paragraph(said)))
    clocks = found.case.of_kind("clk")
    said = say("time clock", count=say.count(len(clocks))) if clocks else say("time clock none")
    made.append(blocks.text(paragraph(said)))
    return made


def _kind(one: Anchor, say: Words) -> str:
    name = say(f"anchor {one.kind}")
    return f"{name}, {say('anchor qualified')}" if one.qualified else name
