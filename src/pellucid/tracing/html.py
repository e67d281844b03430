"""An explanation as HTML that stands alone: no script, no font, nothing loaded from elsewhere."""

from collections.abc import Iterator, Sequence
from html import escape

from pellucid.tracing.blocks import Block, Calculation, Explanation, Remark, Stage, Table
from pellucid.tracing.notation import Formula

__all__ = ["page", "to_html"]

STYLE = """
.pellucid-trace {
  --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --paper: #ffffff; --card: #f6f8fa;
  --forward: #0b62c4; --loss: #9a4f00; --backward: #a5247e; --update: #1a6f37;
  color: var(--ink); background: var(--paper); font: 16px/1.5 system-ui, sans-serif; padding: 1rem; max-width: 75rem;
}
@media (prefers-color-scheme: dark) {
  .pellucid-trace {
    --ink: #e6edf3; --soft: #9aa4af; --line: #3d444d; --paper: #0d1117; --card: #161b22;
    --forward: #6cb2ff; --loss: #f0a657; --backward: #f08bd0; --update: #6fd08c;
  }
}
.pellucid-trace h2 { font-size: 1.5rem; margin: 0 0 .5rem; }
.pellucid-trace h3 { font-size: 1.3rem; margin: 1.75rem 0 .25rem; color: var(--stage); border: 0; }
.pellucid-trace h4 { font-size: 1rem; margin: .9rem 0 .2rem; color: var(--soft); }
.pellucid-trace p { margin: .25rem 0 .75rem; color: var(--soft); max-width: 50rem; }
.pellucid-trace dl { display: flex; flex-wrap: wrap; gap: .1rem 2rem; margin: 0 0 .5rem; }
.pellucid-trace dl div { display: flex; gap: .5rem; }
.pellucid-trace dt { color: var(--soft); }
.pellucid-trace dd { margin: 0; font-weight: 600; }
.pellucid-trace details {
  background: var(--card); border: 1px solid var(--line); border-left: .3rem solid var(--stage); border-radius: .4rem;
  margin: .6rem 0; padding: .2rem 1rem; overflow-x: auto;
}
.pellucid-trace details[open] { padding-bottom: .8rem; }
.pellucid-trace summary { cursor: pointer; font-weight: 600; font-size: 1.1rem; padding: .4rem 0; }
.pellucid-trace .formula {
  display: grid; grid-template-columns: minmax(4.5rem, max-content) 1fr; font-size: 1.15rem; margin: .2rem 0;
  font-family: "Cambria Math", "STIX Two Math", "DejaVu Sans", system-ui, sans-serif;
}
.pellucid-trace .formula b { white-space: nowrap; padding-right: .4rem; }
.pellucid-trace .formula span { display: inline-block; }
.pellucid-trace .symbols { color: var(--soft); }
.pellucid-trace .result { color: var(--stage); font-weight: 700; white-space: nowrap; }
.pellucid-trace table {
  border-collapse: collapse; font-variant-numeric: tabular-nums; margin: .2rem 0; color: inherit;
}
.pellucid-trace th, .pellucid-trace td {
  text-align: right; padding: .15rem .8rem; border-bottom: 1px solid var(--line); white-space: nowrap;
  background: none; color: inherit;
}
.pellucid-trace .text {
  text-align: left; padding-left: 0; max-width: 24rem; white-space: normal; overflow-wrap: break-word;
}
.pellucid-trace th { color: var(--soft); font-weight: 600; }
"""


def to_html(explanation: Explanation) -> str:
    """Return an explanation as one element with its style; all text in it is escaped."""
    return "".join(_section(explanation))


def page(section: str) -> str:
    """Return a page that has nothing but this section."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>One training step</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        'content="light dark"><style>body { margin: 0 auto; max-width: 77rem; }</style></head>'
        f"<body>{section}</body></html>\n"
    )


def _section(explanation: Explanation) -> Iterator[str]:
    yield f'<section class="pellucid-trace"><style>{STYLE}</style><h2>{escape(explanation.title)}</h2><dl>'
    for name, value in explanation.facts:
        yield f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
    yield "</dl>"
    for note in explanation.notes:
        yield f"<p>{escape(note)}</p>"
    for index, stage in enumerate(explanation.stages, start=1):
        yield from _stage(index, stage)
    yield "<p>Numbers are rounded for reading; the results are the engine's.</p></section>"


def _stage(index: int, stage: Stage) -> Iterator[str]:
    yield f'<div style="--stage: var(--{stage.title.lower()})"><h3>{index} {escape(stage.title)}</h3>'
    yield f"<p>{escape(stage.lead)}</p>"
    for block in stage.blocks:
        yield from _block(block)
    yield "</div>"


def _block(block: Block) -> Iterator[str]:
    yield f"<details open><summary>{escape(block.title)}</summary>"
    for item in block.items:
        match item:
            case Calculation():
                yield f"<h4>{escape(item.title)}</h4>"
                yield from (_formula(formula) for formula in item.formulas)
            case Table():
                yield from _table(item)
            case Remark():
                yield f"<p>{escape(item.text)}</p>"
    yield "</details>"


def _formula(formula: Formula) -> str:
    kinds = ("symbols", "numbers")[: len(formula.steps)]
    parts = [*zip(kinds, formula.steps, strict=True), ("result", formula.result)]
    shown = " ".join(f'<span class="{kind}">= {escape(text)}</span>' for kind, text in parts)
    return f'<div class="formula"><b>{escape(formula.left)}</b><div>{shown}</div></div>'


def _table(item: Table) -> Iterator[str]:
    if item.title:
        yield f"<h4>{escape(item.title)}</h4>"
    yield f"<table><thead>{_cells(item, item.header, 'th')}</thead><tbody>"
    yield from (_cells(item, row, "td") for row in item.rows)
    yield "</tbody></table>"


def _cells(item: Table, cells: Sequence[str], tag: str) -> str:
    kinds = [' class="text"' if index < item.texts else "" for index in range(len(cells))]
    return f"<tr>{''.join(f'<{tag}{k}>{escape(c)}</{tag}>' for k, c in zip(kinds, cells, strict=True))}</tr>"
