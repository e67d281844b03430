"""The blocks of an explanation that show what is done to the inputs before the first layer."""

from pellucid.tracing.blocks import MOST_NEURONS, Block, Calculation, Remark, Table, View
from pellucid.tracing.input_formulas import feature_delta_formulas, scale_formula, scale_gradient_formula
from pellucid.tracing.inputs import InputsTrace
from pellucid.tracing.learned import Learned, update_table
from pellucid.tracing.notation import subscript
from pellucid.tracing.update_formulas import update_formulas

__all__ = ["inputs_backward", "inputs_forward", "inputs_update"]

Items = list[Calculation | Table | Remark]


def inputs_forward(view: View, inputs: InputsTrace) -> list[Block]:
    """Return what became of the inputs of one row."""
    formulas = [scale_formula(inputs, view.row, j) for j in _features(view, inputs)]
    return [Block(_title(inputs), [Calculation("scaled", formulas), *_left_out(view, inputs)])]


def inputs_backward(view: View, inputs: InputsTrace) -> list[Block]:
    """Return how the loss reaches the inputs, and what they learn from it."""
    items: Items = []
    for j in _features(view, inputs):
        formulas = feature_delta_formulas(view.trace, inputs, view.row, j)
        formulas.append(scale_gradient_formula(view.trace, inputs, j))
        items.append(Calculation(inputs.names[j], formulas))
    return [Block(_title(inputs), [*items, *_left_out(view, inputs)])]


def inputs_update(view: View, inputs: InputsTrace) -> list[Block]:
    """Return the update of what is learned before the first layer."""
    learned = [Learned("scale", 0, (j,), f"scale{subscript(j)}") for j in _features(view, inputs)]
    first = learned[0]
    formulas = update_formulas(view.trace, first.role, first.index, first.place, first.name)
    items: Items = [Calculation(f"{first.name}, for example", formulas), update_table(view.trace, learned)]
    return [Block(_title(inputs), [*items, *_left_out(view, inputs)])]


def _title(inputs: InputsTrace) -> str:
    return f"Before the first layer: {inputs.width} input{'s'[: inputs.width != 1]}, scaled"


def _features(view: View, inputs: InputsTrace) -> list[int]:
    if view.neuron is not None and not view.layers:
        return [view.neuron]
    return list(range(min(inputs.width, MOST_NEURONS)))


def _left_out(view: View, inputs: InputsTrace) -> list[Remark]:
    count = len(_features(view, inputs))
    if count in (1, inputs.width):
        return []
    return [Remark(f"The first {count} of {inputs.width} are shown; name another to see it (layer=−1, neuron=…).")]
