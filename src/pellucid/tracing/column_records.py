"""Embedded columns as records: layer −1, whose neurons are the features."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.tracing.columns import ColumnTrace
from pellucid.tracing.pieces import piece
from pellucid.tracing.record import Record, number_record

if TYPE_CHECKING:
    from pellucid.tracing.steps import Trace

__all__ = ["column_backward", "column_forward", "column_gradients", "column_updated"]

BASES = ("ω", "φ")
"""What belongs to a base, not to a feature."""


def column_forward(column: ColumnTrace, row: int, neuron: int | None) -> Iterator[Record]:
    """Yield what a column became in a row, before its features: its value, its basis, the products with V."""
    place: dict[str, Any] = {"layer": -1, "row": row}
    if neuron is None:
        symbol = "level" if column.levels is not None else "x"
        value = column.level_of_rows[row] if column.levels is not None else column.values[row]
        yield number_record("forward", symbol, value, input=column.index, **place)
    if column.basis is None or column.weights is None or column.bias is None:
        return
    basis = column.basis[row]
    for k in range(len(basis)) if neuron is None else ():
        yield number_record("forward", "basis", basis[k], input=column.index, neuron=k, **place)
    for j in _made_features(column, neuron):
        feature = column.place.start + j
        for k, value in enumerate(basis * column.weights[:, j]):
            yield number_record("forward", "basis·V", value, input=k, neuron=feature, **place)
        yield number_record("forward", "c", column.bias[j], neuron=feature, **place)


def column_backward(column: ColumnTrace, row: int, neuron: int | None) -> Iterator[Record]:
    """Yield what a row adds to the gradients of what a column learns."""
    for role, _, symbol in column.learned:
        shares = column.contributions(role)[row]
        level = column.level_of_rows[row]
        if role == "levels" and level < 0:
            continue
        for place, value in _places(column, symbol, shares if role != "levels" else shares[np.newaxis], neuron):
            if role == "levels":
                place["input"] = int(level)
            yield number_record("backward", f"∂L/∂{symbol} (row)", value, -1, row=row, **place)


def column_gradients(trace: "Trace", column: ColumnTrace, neuron: int | None) -> Iterator[Record]:
    """Yield the gradients of what a column learns."""
    assert trace.own_gradients is not None  # noqa: S101 - types
    for role, index, symbol in column.learned:
        for place, value in _places(column, symbol, piece(trace.own_gradients, role, index), neuron):
            yield number_record("backward", f"∂L/∂{symbol}", value, -1, **place)


def column_updated(trace: "Trace", column: ColumnTrace, neuron: int | None) -> Iterator[Record]:
    """Yield what becomes of what a column learns."""
    assert trace.after is not None and trace.update is not None  # noqa: S101, PT018 - types
    for role, index, symbol in column.learned:
        for name, parameters in trace.update.states(symbol, trace.before, trace.after).items():
            for place, value in _places(column, symbol, piece(parameters, role, index), neuron):
                yield number_record("update", name, value, -1, of=symbol, **place)


def _made_features(column: ColumnTrace, neuron: int | None) -> list[int]:
    """Return the features that are made of a basis or of levels, counted within the column."""
    return [j for j in range(column.width) if neuron is None or j == neuron - column.place.start]


def _places(column: ColumnTrace, symbol: str, array: Any, neuron: int | None) -> Iterator[tuple[dict[str, Any], float]]:
    """Yield each number of an array with its place: neurons are features, or bases of what belongs to those."""
    if symbol in BASES:
        for k in range(len(array)) if neuron is None else ():
            yield {"input": column.index, "neuron": k}, array[k]
        return
    for j in _made_features(column, neuron):
        feature = column.place.start + j
        if array.ndim == 1:
            yield {"neuron": feature}, array[j]
            continue
        for k in range(len(array)):
            yield {"input": k, "neuron": feature}, array[k, j]
