"""The blocks of an explanation that show what is done to the inputs before the first layer."""

import numpy as np

from pellucid.tracing.blocks import MOST_NEURONS, MOST_ROWS, Block, Calculation, Remark, Table, View
from pellucid.tracing.column_formulas import (
    basis_formula,
    embedded_formula,
    embedded_gradient_formulas,
    wave_gradient_formulas,
)
from pellucid.tracing.columns import ColumnTrace
from pellucid.tracing.input_formulas import feature_delta_formulas, scale_formula, scale_gradient_formula
from pellucid.tracing.inputs import InputsTrace
from pellucid.tracing.learned import Learned, update_table
from pellucid.tracing.notation import Formula, largest, number, subscript
from pellucid.tracing.update_formulas import update_formulas

__all__ = ["inputs_backward", "inputs_forward", "inputs_update"]

Items = list[Calculation | Table | Remark]
MOST_BASES = 3
"""Functions of a basis that are written."""


def inputs_forward(view: View, inputs: InputsTrace) -> list[Block]:
    """Return what became of the inputs of one row."""
    items: Items = []
    for column in _columns(view, inputs):
        formulas = [basis_formula(column, view.row, k) for k in _bases(view, column)]
        features = _features_of(view, column)
        formulas += [embedded_formula(inputs, column, view.row, j, bases=_bases(view, column)) for j in features]
        if inputs.scale is not None:
            formulas += [scale_formula(inputs, view.row, j) for j in features]
        items.append(Calculation(_column_title(view, column), formulas))
    if not inputs.parts:
        formulas = [scale_formula(inputs, view.row, j) for j in _features(view, inputs)]
        items.append(Calculation("scaled", formulas))
    else:
        items += _what_the_first_layer_sees(view, inputs)
    return [Block(_title(inputs), [*items, *_left_out(view, inputs)])]


def inputs_backward(view: View, inputs: InputsTrace) -> list[Block]:
    """Return how the loss reaches the inputs, and what they learn from it."""
    items: Items = []
    for column in _columns(view, inputs):
        features = _features_of(view, column)[:1] if column.width or view.neuron is not None else []
        for j in features:
            bases = _bases(view, column)
            formulas = _feature_backward(view, inputs, j)
            formulas += embedded_gradient_formulas(view.trace, column, view.row, j, bases)
            for k in bases[:1]:
                formulas += wave_gradient_formulas(view.trace, column, view.row, k)
            items.append(Calculation(f"{column.name}: e{subscript(j)}, for example", formulas))
    if not inputs.parts:
        items += [Calculation(inputs.names[j], _feature_backward(view, inputs, j)) for j in _features(view, inputs)]
    return [Block(_title(inputs), [*items, *_left_out(view, inputs)])]


def inputs_update(view: View, inputs: InputsTrace) -> list[Block]:
    """Return the update of what is learned before the first layer."""
    items: Items = []
    for column in _columns(view, inputs):
        learned = _learned(view, inputs, column)
        if learned:
            items += _updates(view, column.name, learned)
    if not inputs.parts:
        learned = [Learned("scale", 0, (j,), f"scale{subscript(j)}") for j in _features(view, inputs)]
        items += _updates(view, "", learned)
    return [Block(_title(inputs), [*items, *_left_out(view, inputs)])]


# --- pieces -----------------------------------------------------------------------------------------------------------


def _what_the_first_layer_sees(view: View, inputs: InputsTrace) -> Items:
    """Return a table of one row's features."""
    letter, scaled = inputs.letter, inputs.scale is not None
    shown = _features(view, inputs) if view.neuron is not None else largest(inputs.features[view.row], 2 * MOST_ROWS)
    header = ["", "feature", letter, *(["scale", "f"] if scaled else [])]
    rows = []
    for j in shown:
        values = [inputs.unscaled[view.row, j]]
        if inputs.scale is not None:
            values += [inputs.scale[j], inputs.features[view.row, j]]
        rows.append([f"{'f' if scaled else letter}{subscript(j)}", inputs.names[j], *map(number, values)])
    items: Items = [Table("what the first layer sees", header, rows, texts=2)]
    if 1 < len(shown) < inputs.width:
        items.append(Remark(f"The {len(shown)} largest of {inputs.width} features are shown."))
    return items


def _feature_backward(view: View, inputs: InputsTrace, feature: int) -> list[Formula]:
    formulas = feature_delta_formulas(view.trace, inputs, view.row, feature)
    if inputs.scale is not None:
        formulas.append(scale_gradient_formula(view.trace, inputs, feature))
    return formulas


def _updates(view: View, title: str, learned: list[Learned]) -> Items:
    first = learned[0]
    formulas = update_formulas(view.trace, first.role, first.index, first.place, first.name)
    title = f"{title}: {first.name}, for example" if title else f"{first.name}, for example"
    return [Calculation(title, formulas), update_table(view.trace, learned)]


def _learned(view: View, inputs: InputsTrace, column: ColumnTrace) -> list[Learned]:
    """Return what a column learns, as far as it is shown: of one of its features, and of the bases that count most."""
    learned: list[Learned] = []
    feature, bases = _features_of(view, column)[0], _bases(view, column)
    mark, j = subscript(feature), feature - column.place.start
    for role, index, symbol in column.learned:
        if symbol == "V" and j < column.width:
            learned += [Learned(role, index, (k, j), f"V{subscript(k, feature)}") for k in bases]
        elif symbol == "c" and j < column.width:
            learned.append(Learned(role, index, (j,), f"c{mark}"))
        elif symbol in ("ω", "φ"):
            learned += [Learned(role, index, (k,), f"{symbol}{subscript(k)}") for k in bases[:1]]
        elif symbol == "E" and column.level_of_rows[view.row] >= 0:
            level = int(column.level_of_rows[view.row])
            learned.append(Learned(role, index, (level, j), f"E{subscript(level, feature)}"))
    if inputs.scale is not None:
        learned.append(Learned("scale", 0, (feature,), f"scale{mark}"))
    return learned


def _title(inputs: InputsTrace) -> str:
    what = "input" if not inputs.parts else "feature"
    does = [text for text, on in (("embedded", inputs.parts), ("scaled", inputs.scale is not None)) if on]
    return f"Before the first layer: {inputs.width} {what}{'s'[: inputs.width != 1]}, {' and '.join(does)}"


def _column_title(view: View, column: ColumnTrace) -> str:
    first, last = subscript(column.place.start), subscript(column.place.stop - 1)
    to = f"e{first}" if len(column.features) == 1 else f"e{first} … e{last}"
    if column.levels is not None:
        level = int(column.level_of_rows[view.row])
        at = "" if level < 0 else f", level {level + 1} of {len(column.levels)}"
        return f"{column.name} = {column.level_of(view.row)}{at} → {to}"
    return f"{column.name} = {number(column.values[view.row])} → {to}"


def _columns(view: View, inputs: InputsTrace) -> list[ColumnTrace]:
    """Return the columns that are shown: of many the first; those that are embedded before those that pass."""
    if view.neuron is not None and not view.layers:
        return [column for column in inputs.parts if view.neuron in column.features]
    ordered = sorted(inputs.parts, key=lambda column: column.kind == "passed")
    return ordered[:MOST_NEURONS]


def _features_of(view: View, column: ColumnTrace) -> list[int]:
    """Return the features of a column that are shown: one, or the first and the number itself."""
    if view.neuron is not None and view.neuron in column.features:
        return [view.neuron]
    features = list(column.features)
    return features if len(features) <= MOST_BASES else [features[0], features[-1]]


def _bases(view: View, column: ColumnTrace) -> list[int]:
    """Return the functions of a basis that are shown: what adds most to a row's first feature, and a sloped piece."""
    if column.basis is None or column.weights is None:
        return []
    basis, j = column.basis[view.row], _features_of(view, column)[0] - column.place.start
    added = basis * (column.weights[:, j] if j < column.width else np.abs(column.weights).sum(axis=1))
    sloped = [] if column.edges is None else np.flatnonzero((basis != 0) & (basis != 1))[:1].tolist()
    most = largest(np.delete(added, sloped), MOST_BASES - len(sloped))
    return sorted([*sloped, *np.delete(np.arange(len(basis)), sloped)[most].tolist()])


def _features(view: View, inputs: InputsTrace) -> list[int]:
    if view.neuron is not None and not view.layers:
        return [view.neuron]
    return list(range(min(inputs.width, MOST_NEURONS)))


def _left_out(view: View, inputs: InputsTrace) -> list[Remark]:
    count, of = (len(_columns(view, inputs)), len(inputs.parts)) if inputs.parts else (0, 0)
    if not inputs.parts:
        count, of = len(_features(view, inputs)), inputs.width
    if view.neuron is not None or count == of:
        return []
    what = "columns" if inputs.parts else "inputs"
    return [Remark(f"{count} of {of} {what} are shown; name a feature to see it (layer=-1, neuron=…).")]
