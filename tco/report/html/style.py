"""The style of the HTML report, in the brand's colours and fonts; both are checked when the brand is read."""

from __future__ import annotations

from tco.report.brand import Brand

_CSS = """
:root { --primary: PRIMARY; --accent: ACCENT; --ink: INK; --muted: MUTED; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 2rem 1.5rem 3rem; color: var(--ink); background: #fff;
  font: 15px/1.55 "BODY", system-ui, sans-serif; overflow-wrap: anywhere; }
h1, h2, h3 { font-family: "HEADING", system-ui, sans-serif; line-height: 1.25; }
h1 { font-size: 1.9rem; margin: .2rem 0; } h2 { font-size: 1.3rem; color: var(--primary); margin: 0 0 .8rem; }
h3 { font-size: .95rem; margin: 1.3rem 0 .3rem; }
header { border-bottom: 3px solid var(--primary); padding-bottom: 1rem; }
.logo { float: right; max-height: 3.2rem; max-width: 12rem; }
.over, .day, .note, figcaption, footer { color: var(--muted); font-size: .82rem; }
.question { margin: .2rem 0; font-size: 1.05rem; }
nav ol { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; margin: 1rem 0 0; list-style: none; font-size: .85rem; }
a { color: var(--primary); }
section { padding-top: 2rem; }
.lead { font-size: 1.3rem; line-height: 1.35; font-weight: 600; margin: 0 0 .6rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: .8rem; margin: 1.2rem 0; }
.facts div { border-left: 3px solid var(--primary); padding: .1rem 0 .1rem .8rem; }
.facts dt { color: var(--muted); font-size: .82rem; } .facts dd { margin: 0; }
.facts .value { font-size: 1.35rem; font-weight: 600; }
ul { padding-left: 1.2rem; margin: .3rem 0 .8rem; } li { margin: .15rem 0; }
figure { margin: 1rem 0; } figure img { width: 100%; height: auto; }
.scroll { overflow-x: auto; margin: .6rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .82rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { padding: .3rem .5rem; vertical-align: top; border-bottom: 1px solid #e5e7eb; text-align: left; max-width: 24rem; }
th { border-bottom: 2px solid var(--primary); font-weight: 600; vertical-align: bottom; }
.right { text-align: right; } td small, th small { display: block; color: var(--muted); font-weight: 400; overflow-wrap: anywhere; }
.strong td { font-weight: 600; border-top: 2px solid var(--primary); }
footer { border-top: 1px solid #e5e7eb; margin-top: 3rem; padding-top: .5rem; } footer p { margin: .1rem 0; }
@media (max-width: 40rem) { body { padding: 1rem; font-size: 14px; } figure { overflow-x: auto; } figure img { width: 40rem; } }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } nav { display: none; } section { break-inside: auto; }
  tr, figure { break-inside: avoid; } .scroll { overflow: visible; } }
"""


def style(brand: Brand) -> str:
    """The style sheet.

    Args:
        brand: whose colours and fonts; they hold nothing that could end a declaration.
    """
    colours, fonts = brand.terms.colours, brand.terms.fonts
    css = _CSS.strip()
    for name, value in (
        ("PRIMARY", colours.primary),
        ("ACCENT", colours.accent),
        ("INK", colours.ink),
        ("MUTED", colours.muted),
        ("BODY", fonts.body),
        ("HEADING", fonts.heading),
    ):
        css = css.replace(name, value)
    return css
