"""An explanation for the terminal."""

from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table as Grid
from rich.text import Text

from pellucid.tracing.blocks import Block, Calculation, Explanation, Remark, Stage, Table
from pellucid.tracing.notation import Formula

__all__ = ["render"]


def render(explanation: Explanation) -> RenderableType:
    """Return an explanation as something that rich prints.

    Control characters in names are written out, not obeyed.
    """
    lines: list[RenderableType] = [Text(explanation.title, style="bold")]
    lines += [Text(_printable(f"  {name}: {value}")) for name, value in explanation.facts]
    lines += [Text(_printable(f"  {note}"), style="italic") for note in explanation.notes]
    for index, stage in enumerate(explanation.stages, start=1):
        lines += _stage(index, stage)
    return Group(*lines)


def _stage(index: int, stage: Stage) -> Iterator[RenderableType]:
    yield Text("")
    yield Rule(Text(f"{index} {stage.title}", style="bold cyan"), align="left", style="cyan")
    yield Text(stage.lead, style="italic")
    for block in stage.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[RenderableType]:
    yield Text("")
    yield Text(_printable(block.title), style="bold")
    for item in block.items:
        match item:
            case Calculation():
                yield from _calculation(item)
            case Table():
                yield from _table(item)
            case Remark():
                yield Padding(Text(item.text, style="italic"), (0, 0, 0, 2))


def _calculation(item: Calculation) -> Iterator[RenderableType]:
    yield Padding(Text(_printable(item.title), style="underline"), (0, 0, 0, 2))
    for formula in item.formulas:
        yield Padding(_Line(formula), (0, 0, 0, 4))


class _Line:
    """A formula on one line; where that is too narrow, its numbers on the next, equals sign below equals sign."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        formula = self.formula
        parts = [Text(f"= {part} ", style="" if index else "dim") for index, part in enumerate(formula.steps)]
        result = Text(f"= {formula.result}", style="bold green")
        if cell_len(str(formula)) + 4 <= options.max_width:
            body = [Text.assemble(*parts, result)]
        else:
            body = [*parts[:-1], Text.assemble(*parts[-1:], result)]
        grid = Grid.grid(padding=(0, 1, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for index, line in enumerate(body):
            grid.add_row(Text("" if index else formula.left, style="bold"), line)
        yield grid


def _table(item: Table) -> Iterator[RenderableType]:
    grid = Grid(box=None, pad_edge=False, header_style="dim", title_justify="left")
    for index, title in enumerate(item.header):
        grid.add_column(Text(_printable(title)), justify="left" if index < item.texts else "right", overflow="fold")
    for row in item.rows:
        grid.add_row(*(Text(_printable(cell)) for cell in row))
    if item.title:
        yield Padding(Text(_printable(item.title), style="underline"), (0, 0, 0, 2))
    yield Padding(grid, (0, 0, 0, 4))


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
