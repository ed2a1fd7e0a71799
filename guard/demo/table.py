"""How does the owner see who came, and what became of them?

On a terminal a table grows visitor by visitor, with one moving line below it for the one
at the door. Anywhere else the same is said in plain lines.
"""

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from guard.demo.cast import Member
from guard.demo.scene import Outcome, Visit
from guard.demo.words import claim, closing, doings, export_words, haul, reason, summary, trace_words

WIDE: Final = 110
"""Columns from which the table has room for the claim and the expectation in columns of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The columns of the table; the widest takes what the others leave."""

    widths: tuple[int, ...]
    wide: bool
    tick: str
    cross: str
    times: str


def layout_for(console: Console) -> Layout:
    """Choose the columns for the width of `console`; 80 columns are enough, 120 are better."""
    total = min(console.width, 140)
    wide = total >= WIDE
    fixed = (19, 23, 0, 17, 23) if wide else (25, 0, 17, 1)
    gaps = 2 * (len(fixed) - 1)
    left = max(total - sum(fixed) - gaps, 12)
    unicode = console.encoding.lower().startswith("utf")
    return Layout(
        widths=tuple(width or left for width in fixed),
        wide=wide,
        tick="✓" if unicode else "+",
        cross="✗" if unicode else "X",
        times="×" if unicode else "x",
    )


def header(layout: Layout) -> RenderableType:
    """Return the head of the table."""
    names = ["Who came", "What the guard did, and why", "What it got", ""]
    if layout.wide:
        names = ["Who came", "What it claims", "What the guard did, and why", "What it got", "As expected"]
    grid = _grid(layout)
    grid.add_row(*(Text(name, style="bold") for name in names))
    return Group(grid, Rule(style="bold", characters="━" if layout.tick == "✓" else "="))


def row(visit: Visit, layout: Layout) -> RenderableType:
    """Return one visitor's row with a line under it."""
    name = Text(visit.client, style="bold green" if visit.kind == "person" else "bold")
    did = Text()
    for index, (words, style, count) in enumerate(doings(visit)):
        did.append(", " if index else "").append(f"{words} {count}{layout.times}", style=f"bold {style}")
    if visit.skipped:
        did.append(", ").append(f"told no {visit.skipped}{layout.times}", style="bold cyan")
    did.append(f"\n{reason(visit)}")
    for fault in visit.faults[:3]:
        did.append(f"\n{layout.cross} {fault}", style="bold red")
    got = Text("\n").join(Text(line, style="" if index == 0 else "dim") for index, line in enumerate(haul(visit)))
    mark = Text(layout.tick, style="bold green") if visit.as_expected else Text(layout.cross, style="bold red")
    grid = _grid(layout)
    if layout.wide:
        grid.add_row(
            name,
            Text(claim(visit).removeprefix("claims ")),
            did,
            got,
            Text.assemble(mark, " ", (visit.expectation, "dim")),
        )
    else:
        grid.add_row(Text.assemble(name, "\n", (claim(visit), "dim")), did, got, mark)
    return Group(grid, Rule(style="dim", characters="─" if layout.tick == "✓" else "-"))


def as_svg(outcome: Outcome, *, width: int = 120) -> str:
    """Draw the finished table as an SVG image that needs nothing from elsewhere."""
    console = Console(file=io.StringIO(), record=True, width=width, force_terminal=True, color_system="truecolor")
    layout = layout_for(console)
    console.print(header(layout))
    for visit in outcome.visits:
        console.print(row(visit, layout))
    _end(console, outcome)
    # Without the web font: a picture in a README must not ask anybody else for anything.
    return re.sub(r"@font-face\s*\{[^}]*\}\s*", "", console.export_svg(title="guard demo"))


class LiveTable:
    """The table on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._layout = layout_for(console)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.completed}/{task.total}"),
            console=console,
            transient=True,
        )
        self._task: TaskID | None = None

    def building(self, done: int, total: int) -> None:
        self._step("taking photographs", done, total)

    def opened(self, address: str, pictures: int) -> None:
        self._clear()
        self._console.print(
            Text.assemble(f"A gallery of {pictures} photographs, guarded at ", (address, "bold cyan"), ".\n")
        )
        self._console.print(header(self._layout))

    def arriving(self, member: Member, number: int, total: int) -> None:
        room = self._console.width - 36
        said = Text(f"{member.name} {member.expectation}")
        said.truncate(max(room, 10), overflow="ellipsis")
        self._step(said.plain, number - 1, total)

    def left(self, visit: Visit) -> None:
        self._console.print(row(visit, self._layout))

    def tracing(self) -> None:
        self._clear()
        self._step("a picture that was taken is cropped, shrunk and traced", 0, 1)

    def exporting(self) -> None:
        self._step("what a lawyer needs of it is written into one file", 0, 1)

    def ended(self, outcome: Outcome) -> None:
        """Print what came of it all."""
        self._clear()
        _end(self._console, outcome)

    def say(self, text: str) -> None:
        """Print one more line."""
        self._console.print(text, markup=False, highlight=False)

    def close(self) -> None:
        """Give the terminal back, whatever happened."""
        self._clear()

    def _step(self, description: str, done: int, total: int) -> None:
        if self._task is None:
            self._task = self._progress.add_task(description, total=total)
            self._progress.start()
        self._progress.update(self._task, description=description, completed=done, total=total)

    def _clear(self) -> None:
        self._progress.stop()
        if self._task is not None:
            self._progress.remove_task(self._task)
            self._task = None


class PlainLines:
    """The same in lines, for a file, a pipe or a reader that speaks."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._layout = layout_for(console)

    def building(self, done: int, total: int) -> None:
        # Not every picture: four lines tell that it goes on.
        if done == total or done * 4 // total != (done - 1) * 4 // total:
            self.say(f"taking photographs: {done} of {total}")

    def opened(self, address: str, pictures: int) -> None:
        self.say(f"a gallery of {pictures} photographs, guarded at {address}")

    def arriving(self, member: Member, number: int, total: int) -> None:
        self.say(f"{number}/{total} {member.name} comes")

    def left(self, visit: Visit) -> None:
        for line in plain(visit, self._layout):
            self.say(line)

    def tracing(self) -> None:
        self.say("a picture that was taken is cropped, shrunk and traced")

    def exporting(self) -> None:
        self.say("what a lawyer needs of it is written into one file")

    def ended(self, outcome: Outcome) -> None:
        """Say what came of it all."""
        self.say(summary(outcome))
        for line in trace_words(outcome.traced) if outcome.traced else ():
            self.say(line)
        for line in export_words(outcome.exported) if outcome.exported else ():
            self.say(line)
        self.say(closing(outcome.evidence))

    def say(self, text: str) -> None:
        """Print one more line, however long."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True, style=None)

    def close(self) -> None:
        """Nothing is open."""


def plain(visit: Visit, layout: Layout) -> Iterable[str]:
    """Say one visitor's row in lines."""
    counts = ", ".join(f"{words} {count}{layout.times}" for words, _, count in doings(visit))
    yield f"{layout.tick if visit.as_expected else layout.cross} {visit.client}: {claim(visit)}"
    yield f"    decided   {counts or 'nothing'}" + (f". {reason(visit)}" if reason(visit) else "")
    yield f"    got       {', '.join(haul(visit))}"
    yield f"    expected  {visit.expectation}"
    for fault in visit.faults:
        yield f"    but       {fault}"


def _end(console: Console, outcome: Outcome) -> None:
    good = all(visit.as_expected for visit in outcome.visits)
    console.print(Text(summary(outcome), style="bold green" if good else "bold red"))
    if outcome.traced is not None:
        bad = bool(outcome.traced.faults)
        first, *rest = trace_words(outcome.traced)
        console.print(Text.assemble("\n", (first, "bold red" if bad else "bold cyan")))
        for line in rest:
            console.print(Text(line))
        console.print()
    if outcome.exported is not None:
        bad = bool(outcome.exported.faults)
        first, *rest = export_words(outcome.exported)
        console.print(Text(first, style="bold red" if bad else "bold cyan"))
        for line in rest:
            console.print(Text(line))
        console.print()
    console.print(Text(closing(outcome.evidence), style="bold green" if outcome.evidence.holds else "bold red"))


def _grid(layout: Layout) -> Table:
    grid = Table.grid(padding=(0, 2, 0, 0))
    for width in layout.widths:
        grid.add_column(width=width, overflow="fold")
    return grid
