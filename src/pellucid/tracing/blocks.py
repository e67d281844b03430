"""What an explanation is made of: stages, blocks, calculations, tables, remarks; and what of a trace is shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pellucid.tracing.layers import LayerTrace
from pellucid.tracing.notation import Formula

if TYPE_CHECKING:
    from pellucid.tracing.steps import Trace

__all__ = [
    "MOST_INPUTS",
    "MOST_NEURONS",
    "MOST_ROWS",
    "Block",
    "Calculation",
    "Explanation",
    "Remark",
    "Stage",
    "Table",
    "View",
]

MOST_NEURONS = 12
MOST_INPUTS = 6
MOST_ROWS = 12


@dataclass(frozen=True)
class Calculation:
    """Some lines of formulas under a heading."""

    title: str
    formulas: Sequence[Formula]


@dataclass(frozen=True)
class Table:
    """Numbers in rows and columns under a heading; the first `texts` columns are text."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: int = 1


@dataclass(frozen=True)
class Remark:
    """A sentence."""

    text: str


@dataclass(frozen=True)
class Block:
    """What belongs to one layer, or to all rows."""

    title: str
    items: Sequence[Calculation | Table | Remark]


@dataclass(frozen=True)
class Stage:
    """One of forward, loss, backward, update."""

    title: str
    lead: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Explanation:
    """The whole step."""

    title: str
    facts: Sequence[tuple[str, str]]
    stages: Sequence[Stage]
    notes: Sequence[str] = field(default=())


@dataclass(frozen=True)
class View:
    """What of a trace is shown."""

    trace: "Trace"
    row: int
    layers: Sequence[LayerTrace]
    neuron: int | None
    has_inputs: bool

    @property
    def row_name(self) -> str:
        """Name of the row whose formulas are written."""
        return f"row {self.trace.rows[self.row]}"

    @property
    def has_many_rows(self) -> bool:
        """Whether there are other rows."""
        return len(self.trace.rows) > 1

    @property
    def shown_rows(self) -> list[int]:
        """Rows whose numbers stand in tables."""
        rows = list(range(min(len(self.trace.rows), MOST_ROWS)))
        return rows if self.row in rows else [*rows[:-1], self.row]

    @property
    def of_how_many(self) -> str:
        """What a table of these rows says behind its title."""
        count = len(self.trace.rows)
        return "" if count <= MOST_ROWS else f" ({MOST_ROWS} of {count} shown)"

    def neurons(self, layer: LayerTrace) -> list[int]:
        """Neurons of a layer that are shown."""
        if self.neuron is not None:
            return [self.neuron]
        return list(range(min(layer.neurons, MOST_NEURONS)))

    def left_out(self, layer: LayerTrace) -> list[Remark]:
        """Say which neurons are not shown."""
        if self.neuron is not None or layer.neurons <= MOST_NEURONS:
            return []
        return [Remark(f"The first {MOST_NEURONS} of {layer.neurons} neurons are shown; name another to see it.")]
