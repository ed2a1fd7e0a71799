"""What does `rules/behaviour.yaml` say?

Weights, caps, thresholds and prints of tools, as values that were parsed. Everything that is wrong is reported at
once, at its place. Every signal that the code knows must be there, once, with whom it could hurt and where its
weight is from.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from guard.core.header_print import ToolPrint
from guard.core.signals import INDEX, BehaviourRules, Family, Memory, Signal, SignalId, Thresholds
from guard.errors import ConfigurationError, Fault
from guard.yaml12 import Document, validate

_DATE = r"^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$"

Nats = Annotated[float, Field(ge=-10, le=10)]
Seconds = Annotated[float, Field(gt=0, le=31_536_000)]
Text = Annotated[str, Field(min_length=1, max_length=300)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Browsers(_Strict):
    chromium: Annotated[int, Field(ge=100, le=9999)]
    gecko: Annotated[int, Field(ge=100, le=9999)]


class _Memory(_Strict):
    rate: Seconds
    visits: Seconds
    score: Seconds
    hard: Seconds
    robots_grace: Annotated[float, Field(ge=0, le=31_536_000)]


class _Thresholds(_Strict):
    suspect: Nats
    hostile: Nats
    floor: Annotated[float, Field(ge=-10, le=0)]
    ceiling: Annotated[float, Field(ge=0, le=20)]
    step: Annotated[float, Field(gt=0, le=10)]
    speaks: Annotated[float, Field(gt=0, le=10)]
    small_portfolio: Annotated[int, Field(ge=0, le=100_000)]


class _Cases(_Strict):
    fires: list[str]
    spares: list[str]


class _Signal(_Strict):
    id: Literal[tuple(str(signal) for signal in SignalId)]  # type: ignore[valid-type]
    family: Literal[tuple(str(family) for family in Family)]  # type: ignore[valid-type]
    weight: Nats
    steps: Annotated[int, Field(ge=1, le=100)] = 1
    after: Annotated[int, Field(ge=0, le=100_000)] = 0
    hard: bool = False
    hurts: Text
    source: Text
    cases: _Cases


class _Tool(_Strict):
    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(?:-[a-z0-9]+)*$")]
    lines: Annotated[list[str], Field(min_length=2, max_length=24)]
    hard: bool = False
    about: Text


class _File(_Strict):
    checked: Annotated[str, Field(pattern=_DATE)]
    browsers: _Browsers
    memory: _Memory
    thresholds: _Thresholds
    caps: dict[Literal[tuple(str(family) for family in Family)], Annotated[float, Field(gt=0, le=20)]]  # type: ignore[valid-type]
    signals: list[_Signal]
    tools: list[_Tool]


def parse_behaviour(document: Document) -> BehaviourRules:
    """Make rules of one YAML document.

    Raises:
        ConfigurationError: With every fault of the file.
    """
    content = validate(_File, document)
    faults = [*_signal_faults(document, content), *_tool_faults(document, content), *_limit_faults(document, content)]
    if faults:
        raise ConfigurationError(tuple(faults))
    return BehaviourRules(
        signals=tuple(sorted(map(_signal, content.signals), key=lambda signal: INDEX[signal.id])),
        caps={Family(name): cap for name, cap in content.caps.items()},
        memory=Memory(**content.memory.model_dump()),
        thresholds=Thresholds(**content.thresholds.model_dump()),
        current_chromium=content.browsers.chromium,
        current_gecko=content.browsers.gecko,
        tools=tuple(
            ToolPrint(id=tool.id, lines=tuple(map(_line, tool.lines)), hard=tool.hard, about=tool.about)
            for tool in content.tools
        ),
    )


def _signal(entry: _Signal) -> Signal:
    return Signal(
        id=SignalId(entry.id),
        family=Family(entry.family),
        weight=entry.weight,
        steps=entry.steps,
        after=entry.after,
        hard=entry.hard,
        hurts=entry.hurts,
        source=entry.source,
        fires=tuple(entry.cases.fires),
        spares=tuple(entry.cases.spares),
    )


def _line(text: str) -> tuple[str, str]:
    name, _, value = text.partition(":")
    return name.strip().lower(), value.strip()


def _signal_faults(document: Document, content: _File) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, signal in enumerate(content.signals):
        if signal.id in seen:
            yield document.fault(("signals", index, "id"), f"the signal '{signal.id}' is given twice; keep one")
        seen.add(signal.id)
        if signal.weight == 0:
            yield document.fault(("signals", index, "weight"), "a weight of 0 says nothing; give one, or a tiny one")
    for missing in SignalId:
        if missing not in seen:
            yield document.fault(("signals",), f"the signal '{missing}' is missing; add it")
    for family in Family:
        if family not in content.caps:
            yield document.fault(("caps",), f"the family '{family}' has no cap; add one")


def _tool_faults(document: Document, content: _File) -> Iterator[Fault]:
    seen: dict[tuple[tuple[str, str], ...], str] = {}
    ids: set[str] = set()
    for index, tool in enumerate(content.tools):
        lines = tuple(map(_line, tool.lines))
        if tool.id in ids:
            yield document.fault(
                ("tools", index, "id"), f"the tool '{tool.id}' is given twice; give this one another id"
            )
        ids.add(tool.id)
        if lines in seen:
            yield document.fault(("tools", index, "lines"), f"these are the lines of '{seen[lines]}'; drop one")
        seen[lines] = tool.id
        if not any(value for _, value in lines):
            yield document.fault(("tools", index, "lines"), "no line has a value; names alone could be a person's")


def _limit_faults(document: Document, content: _File) -> Iterator[Fault]:
    limits = content.thresholds
    if not 0 < limits.suspect < limits.hostile <= limits.ceiling:
        yield document.fault(("thresholds",), "0 < suspect < hostile <= ceiling must hold")
    # Law of the house: one family makes a client suspect at most.
    for family, cap in content.caps.items():
        if cap >= limits.hostile:
            yield document.fault(("caps", family), f"a cap of {cap} lets one family alone reach 'hostile'; lower it")
