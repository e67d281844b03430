"""What becomes of some of the numbers that a network learns, as a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.tracing.blocks import Table
from pellucid.tracing.notation import number
from pellucid.tracing.pieces import piece

if TYPE_CHECKING:
    from pellucid.tracing.steps import Trace

__all__ = ["Learned", "update_table"]


@dataclass(frozen=True)
class Learned:
    """One number that is learned: its array, by role and index in the layout, its place there, how it is written."""

    role: str
    index: int
    place: tuple[int, ...]
    name: str


def update_table(trace: "Trace", learned: Sequence[Learned]) -> Table:
    """Return a table of the numbers before and after, their gradients, and what the optimiser remembers of them."""
    update, before, after = trace.update, trace.before, trace.after
    assert update is not None and after is not None  # noqa: S101, PT018 - types
    columns = {"before": before, "grad": update.gradient}
    for symbol, (old, new) in update.terms.items():
        columns |= {symbol: old, f"new {symbol}": new}
    columns["after"] = after
    rows = [
        [each.name, *(number(piece(of, each.role, each.index, trace.part)[each.place], 6) for of in columns.values())]
        for each in learned
    ]
    return Table("all that it learns", ["", *columns], rows)
