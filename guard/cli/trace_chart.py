"""How far does one id stand from all the others?

An inline SVG: z of every id that was issued, where coincidence alone would put them, the threshold,
and the one id that agrees. A small number of ids is drawn as dots, a large one as bars.
"""

from collections.abc import Callable, Mapping
from html import escape
from math import exp, pi, sqrt
from typing import Final

from guard.image.tracer import CHART, Agreement

_WIDTH: Final = 640
_HEIGHT: Final = 158
_LEFT: Final = 12
_GROUND: Final = 120
_TOP: Final = 22
_BELL: Final = 78
"""How high the bell is drawn, whatever the number of ids."""
_DOTS: Final = 200
"""Ids up to which each has a dot."""


def chart(agreement: Agreement, threshold: float, texts: Mapping[str, str]) -> str:
    """Return the drawing; `texts` has `title`, `threshold`, `winner`, `coincidence` and `axis`, which may hold markup.

    `title` is read out where nobody can look at it, and is escaped here.
    """
    low, high = -6.0, max(agreement.z, threshold) + 3.0

    def x(z: float) -> float:
        return round(_LEFT + (z - low) / (high - low) * (_WIDTH - 2 * _LEFT), 1)

    bell = " ".join(f"{x(z / 10)},{_GROUND - _BELL * exp(-((z / 10) ** 2) / 2):.1f}" for z in range(-45, 46))
    marks = _marks(agreement, x)
    here, limit = x(agreement.z), x(threshold)
    ticks = "".join(
        f'<line x1="{x(z)}" x2="{x(z)}" y1="{_GROUND}" y2="{_GROUND + 4}"/>'
        f'<text x="{x(z)}" y="{_GROUND + 16}" text-anchor="middle">{z}</text>'
        for z in range(-5, int(high) + 1, 5)
    )
    anchor, beside = ("end", here - 9) if here > _WIDTH - 150 else ("start", here + 9)
    return (
        f'<svg class="chart" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(texts["title"])}">'
        f'<g class="ids">{marks}</g>'
        f'<polyline class="bell" points="{bell}"/>'
        f'<g class="axis"><line x1="{_LEFT}" x2="{_WIDTH - _LEFT}" y1="{_GROUND}" y2="{_GROUND}"/>{ticks}</g>'
        f'<text class="axis" x="{_WIDTH / 2}" y="{_HEIGHT - 6}" text-anchor="middle">{texts["axis"]}</text>'
        f'<text x="{x(0)}" y="{_TOP - 10}" text-anchor="middle">{texts["coincidence"]}</text>'
        f'<line class="limit" x1="{limit}" x2="{limit}" y1="{_TOP - 4}" y2="{_GROUND}"/>'
        f'<text class="limit" x="{limit}" y="{_TOP - 10}" text-anchor="middle">{texts["threshold"]}</text>'
        f'<circle class="winner" cx="{here}" cy="{_GROUND - 6}" r="5.5"/>'
        f'<text class="winner" x="{beside}" y="{_GROUND - 12}" text-anchor="{anchor}">{texts["winner"]}</text>'
        "</svg>"
    )


def _marks(agreement: Agreement, x: Callable[[float], float]) -> str:
    drawn = []
    count = int(agreement.others.sum())
    # As high as the bell where there are as many as coincidence makes expect.
    step = _BELL / max(1e-9, count * float(CHART[1] - CHART[0]) / sqrt(2 * pi))
    for start, end, here in zip(CHART[:-1], CHART[1:], agreement.others, strict=True):
        left, right = x(float(start)), x(float(end))
        if count <= _DOTS:
            drawn += [
                f'<circle cx="{(left + right) / 2:.1f}" cy="{_GROUND - 3.5 - min(step, 6.0) * level:.1f}" r="2.4"/>'
                for level in range(int(here))
            ]
        elif here:
            tall = min(int(here) * step, float(_GROUND - _TOP))
            drawn.append(f'<rect x="{left}" y="{_GROUND - tall:.1f}" width="{right - left:.1f}" height="{tall:.1f}"/>')
    return "".join(drawn)
