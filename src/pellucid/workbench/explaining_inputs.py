"""What is done to the inputs before the first layer, as the page shows it."""

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.textbook.arrays import Array
from pellucid.tracing.column_formulas import (
    basis_formula,
    embedded_formula,
    embedded_gradient_formulas,
    wave_gradient_formulas,
)
from pellucid.tracing.columns import ColumnTrace
from pellucid.tracing.input_formulas import feature_delta_formulas, scale_formula, scale_gradient_formula
from pellucid.tracing.inputs import InputsTrace
from pellucid.tracing.loss_formulas import batch_formulas, row_formulas
from pellucid.tracing.notation import Formula, largest, subscript
from pellucid.tracing.update_formulas import update_formulas

if TYPE_CHECKING:
    from pellucid.tracing import Trace

__all__ = ["input_formulas", "inputs_explanation"]

MOST_BASES = 3
MOST_FEATURES = 4


def inputs_explanation(inputs: InputsTrace, rows: slice) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return what an `explanation` says of the inputs, and its buffers."""
    content = {
        "letter": inputs.letter,
        "scaled": inputs.scale is not None,
        "features": list(inputs.names),
        "columns": [
            {
                "name": column.name,
                "kind": column.kind,
                "first": column.place.start,
                "features": len(column.features),
                "levels": [] if column.levels is None else list(map(column.level_of, range(len(column.values))[rows])),
            }
            for column in inputs.parts
        ],
    }
    named = {
        "unscaled": inputs.unscaled[rows],
        "scale": inputs.scale,
        "features": inputs.features[rows],
        "d_features": None if inputs.d_features is None else inputs.d_features[rows],
        "d_scale": inputs.d_scale,
        "new_scale": inputs.scale_after,
    }
    return content, {f"{name}.-1": array for name, array in named.items() if array is not None}


def input_formulas(trace: "Trace", inputs: InputsTrace, index: int, row: int) -> dict[str, Any]:
    """Write the four stages for one input of the network."""
    with np.errstate(over="ignore", invalid="ignore"):
        column = inputs.parts[index] if inputs.parts else None
        written = {
            "forward": _forward(inputs, column, index, row),
            "loss": [*row_formulas(trace, row), *batch_formulas(trace)],
            "backward": _backward(trace, inputs, column, index, row),
            "update": [] if trace.update is None else _update(trace, inputs, column, index, row),
        }
    return {stage: [vars(each) for each in lines] for stage, lines in written.items()}


def _forward(inputs: InputsTrace, column: ColumnTrace | None, index: int, row: int) -> list[Formula]:
    formulas, features = [], [index]
    if column is not None:
        features = _shown(column)
        formulas += [basis_formula(column, row, k) for k in _bases(column, row)]
        formulas += [embedded_formula(inputs, column, row, j) for j in features]
    if inputs.scale is not None:
        formulas += [scale_formula(inputs, row, j) for j in features]
    return formulas


def _backward(trace: "Trace", inputs: InputsTrace, column: ColumnTrace | None, index: int, row: int) -> list[Formula]:
    feature = index if column is None else column.place.start
    formulas = feature_delta_formulas(trace, inputs, row, feature)
    if inputs.scale is not None:
        formulas.append(scale_gradient_formula(trace, inputs, feature))
    if column is not None:
        bases = _bases(column, row)
        formulas += embedded_gradient_formulas(trace, column, row, feature, bases)
        for k in bases[:1]:
            formulas += wave_gradient_formulas(trace, column, row, k)
    return formulas


def _update(trace: "Trace", inputs: InputsTrace, column: ColumnTrace | None, index: int, row: int) -> list[Formula]:
    """Write the update of the first number of each kind that is learned."""
    feature = index if column is None else column.place.start
    formulas: list[Formula] = []
    if column is not None:
        base, level = [*_bases(column, row), 0][0], int(column.level_of_rows[row]) if column.levels is not None else 0
        mark, k = subscript(feature), subscript(base)
        places = {
            "V": ((base, 0), f"V{subscript(base, feature)}"),
            "c": ((0,), f"c{mark}"),
            "ω": ((base,), f"ω{k}"),
            "φ": ((base,), f"φ{k}"),
            "E": ((max(level, 0), 0), f"E{subscript(max(level, 0), feature)}"),
        }
        for role, at, symbol in column.learned:
            formulas += update_formulas(trace, role, at, *places[symbol])
    if inputs.scale is not None:
        formulas += update_formulas(trace, "scale", 0, (feature,), f"scale{subscript(feature)}")
    return formulas


def _shown(column: ColumnTrace) -> list[int]:
    """Return the features of a column that are written: the first, and the number itself."""
    features = list(column.features)
    return features if len(features) <= MOST_FEATURES else [*features[: MOST_FEATURES - 1], features[-1]]


def _bases(column: ColumnTrace, row: int) -> list[int]:
    if column.basis is None or column.weights is None:
        return []
    return largest(column.basis[row] * np.abs(column.weights).sum(axis=1), MOST_BASES)
