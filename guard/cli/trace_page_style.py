"""How does the report look, on a screen and on A4?"""

from typing import Final

STYLE: Final = """
@page { size: A4; margin: 17mm 16mm 18mm; @bottom-right { content: "PAGE " counter(page) " / " counter(pages);
  font: 8pt system-ui, sans-serif; color: #555; } }
:root { --ink: #1b1b1b; --soft: #595959; --line: #cfcfcf; --paper: #fff; --tint: #faf5ea; --mark: #a65a00;
  --ids: #5b7083; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 52rem; padding: 2rem 1.25rem; color: var(--ink); background: var(--paper);
  font: 15px/1.5 "Noto Sans", "Liberation Sans", system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.9rem; line-height: 1.15; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 1.02rem; margin: 1.6rem 0 .5rem; }
h1 + p { margin: .15rem 0 0; color: var(--soft); }
header { border-bottom: 2px solid var(--ink); padding-bottom: .8rem; margin-bottom: 1.4rem; }
header p { margin: .5rem 0 0; } sup { line-height: 0; }
.made, figcaption, small { color: var(--soft); font-size: .8rem; line-height: 1.4; }
.sheet > h1 { font-size: 1.35rem; margin: 0 0 .7rem; }
.verdict { background: var(--tint); border-left: 4px solid var(--mark); padding: .8rem 1.1rem; }
.verdict p { margin: 0 0 .5rem; } .verdict p:last-child { margin: 0; }
.two { display: grid; grid-template-columns: 2fr 3fr; gap: 1rem; align-items: start; margin: 1.1rem 0 .8rem; }
.three { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1rem; align-items: start; }
figure { margin: 0; break-inside: avoid; }
figure img { display: block; width: 100%; max-height: 21rem; object-fit: contain; object-position: left top; }
.three img { max-height: 15rem; }
figcaption { margin-top: .3rem; }
.wide { margin: 1.2rem 0 .4rem; }
.chart { display: block; width: 100%; height: auto; font: 11px "Noto Sans", "Liberation Sans", system-ui, sans-serif; }
.chart text { fill: var(--soft); }
.chart .ids { fill: var(--ids); } .chart .axis line { stroke: var(--soft); }
.chart .bell { fill: none; stroke: var(--ids); stroke-width: 1.2; }
.chart line.limit { stroke: var(--ink); stroke-dasharray: 4 3; }
.chart circle.winner { fill: var(--mark); } .chart text.winner { fill: var(--mark); font-weight: 700; }
table { border-collapse: collapse; width: 100%; font-size: .86rem; line-height: 1.4; margin: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .22rem .8rem .22rem 0; border-top: 1px solid var(--line); }
th { font-weight: 400; color: var(--soft); width: 11.5rem; }
.documents th { width: 13.5rem; } .documents code { font-size: .74em; }
.list th { width: auto; } .list td:first-child { width: 55%; }
code, pre { font: .84em/1.4 "Noto Sans Mono", "Liberation Mono", ui-monospace, monospace; }
pre { background: #f5f5f5; padding: .6rem .8rem; white-space: pre-wrap; margin: .4rem 0; }
.delivery { margin: 0 0 .9rem; break-inside: avoid; } .delivery h3 { font-size: .9rem; margin: .8rem 0 .2rem; }
ul { padding-left: 1.1rem; margin: .4rem 0; } li { margin: .3rem 0; }
.digest { margin: .2rem 0; }
section + .sheet, .sheet + section, .sheet + .sheet { border-top: 1px solid var(--line); margin-top: 2.5rem;
  padding-top: 1.6rem; }
@media print {
  body { max-width: none; padding: 0; font-size: 9.6pt; line-height: 1.42; print-color-adjust: exact;
    -webkit-print-color-adjust: exact; }
  h2, h3, p:has(+ pre) { break-after: avoid; }
  p, li { orphans: 3; widows: 3; } tr, pre, .verdict { break-inside: avoid; }
  .sheet + .sheet { break-before: page; border: 0; margin-top: 0; padding-top: 0; }
  .sheet + section { border: 0; margin-top: 0; padding-top: 0; }
  h1 { font-size: 19pt; } figure img { max-height: 56mm; } .three img { max-height: 36mm; }
  .verdict { padding: 2.5mm 4mm; } .two { margin: 4mm 0 3mm; } .wide { margin: 3mm 0 1mm; }
}
@media (max-width: 40rem) { .two, .three { grid-template-columns: 1fr; } th { width: 8rem; } }
"""
