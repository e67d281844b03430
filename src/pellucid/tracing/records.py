"""A traced step as records: one number each, with its symbol and its place."""

from collections.abc import Iterator
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pellucid.errors import DataError
from pellucid.spec.checks import shown
from pellucid.textbook.arrays import Array
from pellucid.tracing.input_records import inputs_backward, inputs_forward, inputs_updated
from pellucid.tracing.inputs import InputsTrace
from pellucid.tracing.layers import LayerTrace
from pellucid.tracing.pieces import piece
from pellucid.tracing.record import KEYS, Record, number_record
from pellucid.tracing.sharing_records import sharing_records

if TYPE_CHECKING:
    from pellucid.tracing.steps import Trace

__all__ = ["check_choice_of", "check_index", "frame", "records"]

MOST_RECORDS = 500_000
LEARNED = {
    "weights": "w",
    "bias": "b",
    "gain": "gain",
    "shift": "shift",
    "slope": "α",
    "input_adapters": "r",
    "output_adapters": "s",
}
"""Roles of what a layer learns, and how it is written."""


@np.errstate(over="ignore", invalid="ignore")  # as in training: the numbers show it
def records(trace: "Trace", *, row: int | None, layer: int | None, neuron: int | None) -> list[Record]:
    """Return every number as a record; see `Trace.records`."""
    check_choice_of(trace, row=row, layer=layer, neuron=neuron)
    layers = [each for each in trace.layers if layer is None or each.index == layer]
    inputs = trace.inputs if layer in (None, -1) else None
    rows = list(range(len(trace.rows))) if row is None else [row]
    _check_size(layers, inputs, len(rows), neuron)
    found = [] if inputs is None else list(inputs_forward(inputs, rows, neuron))
    found += [record for each in layers for record in _forward(each, rows, neuron)]
    if trace.loss is not None:
        found += _loss(trace, rows)
        found += sharing_records(trace, layers, neuron)
        found += [record for each in reversed(layers) for record in _backward(each, rows, neuron)]
        found += [] if inputs is None else inputs_backward(trace, inputs, rows, neuron)
    if trace.update is not None:
        found += [
            number_record("update", "η", trace.update.learning_rate),
            number_record("update", "t", trace.update.step),
        ]
        if trace.update.gradient_norm is not None:
            found.append(number_record("update", "‖g‖", trace.update.gradient_norm))
        found += [] if inputs is None else inputs_updated(trace, inputs, neuron)
        found += [record for each in layers for record in _updated(trace, each, neuron)]
    for record in found:
        if record["row"] is not None:
            record["row"] = trace.rows[record["row"]]
    return found


def frame(found: list[Record]) -> pd.DataFrame:
    """Return records as a data frame; places are nullable integers."""
    table = pd.DataFrame.from_records(found, columns=list(KEYS))
    return table.astype(dict.fromkeys(("layer", "neuron", "input", "row"), "Int64"))


def check_choice_of(trace: "Trace", *, row: int | None, layer: int | None, neuron: int | None) -> None:
    """Raise DataError unless the trace has this row, layer and neuron."""
    first = 0 if trace.inputs is None else -1
    check_index("row", row, 0, len(trace.rows), "the trace's rows")
    check_index("layer", layer, first, len(trace.layers), "the network's layers")
    if layer == -1 and trace.inputs is not None:
        most = trace.inputs.width
    else:
        layers = trace.layers if layer is None else trace.layers[layer : layer + 1]
        most = max((each.neurons for each in layers), default=0)
    check_index("neuron", neuron, 0, most, "the layer's neurons")


def check_index(name: str, index: int | None, first: int, count: int, what: str) -> None:
    """Raise DataError unless an index, if there is one, is a whole number from the first on, of so many."""
    is_number = isinstance(index, Integral) and not isinstance(index, bool)
    if index is not None and not (is_number and first <= index < count):
        rule = f"one of {what}, a whole number from {first} to {count - 1}"
        raise DataError(f"'{name}' must be {rule}; got {shown(index)}.")


def _check_size(layers: list[LayerTrace], inputs: InputsTrace | None, rows: int, neuron: int | None) -> None:
    """Raise DataError if there would be too many: three a row and weight, and about eight a weight."""
    size = sum(each.weights.size if neuron is None else each.weights.shape[0] for each in layers)
    size += 0 if inputs is None or neuron is not None else inputs.size
    count = size * (3 * rows + 8)
    if count > MOST_RECORDS:
        raise DataError(
            f"The records of {rows} rows and {size} weights must be at most {MOST_RECORDS}; they are about {count}. "
            "Name a row, a layer or a neuron (row=, layer=, neuron=), or trace fewer rows."
        )


# --- the stages -------------------------------------------------------------------------------------------------------


def _forward(layer: LayerTrace, rows: list[int], neuron: int | None) -> Iterator[Record]:
    product = f"x·{layer.weight_letter}" + ("" if layer.factor == 1 else " / √inputs")
    for row in rows:
        for j in _neurons(layer, neuron):
            place: dict[str, Any] = {"layer": layer.index, "neuron": j, "row": row}
            for i, (x, w) in enumerate(zip(layer.inputs[row], layer.weights[:, j], strict=True)):
                yield number_record("forward", "x", x, input=i, **place)
                yield number_record("forward", product, x * w * layer.factor, input=i, **place)
            for symbol, values in _forward_values(layer).items():
                yield number_record("forward", symbol, values[row, j], **place)


def _forward_values(layer: LayerTrace) -> dict[str, Array]:
    """Return what each neuron does with each row, by symbol, in the order in which it happens."""
    values = {"b": np.broadcast_to(layer.bias, layer.weighted_sum.shape)}
    if layer.normalised is not None:
        values |= {"u": layer.weighted_sum, "û": layer.normalised}
    values["z"] = layer.pre_activation
    if layer.parametric is None:
        values["g(z)"] = layer.activation
    else:
        slope = np.broadcast_to(layer.parametric.slope, layer.activation.shape)
        values |= {"g(z)": layer.parametric.function, "α": slope, "h(z)": layer.activation}
    if layer.mask is not None:
        values["mask"] = layer.mask
    return values | {"a": layer.outputs}


def _loss(trace: "Trace", rows: list[int]) -> Iterator[Record]:
    assert trace.targets is not None and trace.loss_rows is not None  # noqa: S101, PT018 - types
    last = len(trace.layers) - 1
    for row in rows:
        for j, y in enumerate(trace.targets[row]):
            yield number_record("loss", "y", y, layer=last, neuron=j, row=row)
        if trace.sample_weight is not None:
            yield number_record("loss", "sample_weight", trace.sample_weight[row], row=row)
        yield number_record("loss", "ℓ", trace.loss_rows[row], row=row)
    yield number_record("loss", "penalty", trace.penalty)
    yield number_record("loss", "L", trace.loss)


def _backward(layer: LayerTrace, rows: list[int], neuron: int | None) -> Iterator[Record]:
    assert layer.delta_sum is not None and layer.d_weights is not None  # noqa: S101, PT018 - types
    values, summed = _backward_values(layer)
    weight = f"∂L/∂{layer.weight_letter}"
    for j in _neurons(layer, neuron):
        for row in rows:
            place: dict[str, Any] = {"layer": layer.index, "neuron": j, "row": row}
            for symbol, array in values.items():
                yield number_record("backward", symbol, array[row, j], **place)
            share = layer.delta_sum[row, j] * layer.row_share
            for i, x in enumerate(layer.inputs[row]):
                yield number_record("backward", f"{weight} (row)", x * share * layer.factor, input=i, **place)
            yield number_record("backward", "∂L/∂b (row)", share, **place)
        for i, value in enumerate(layer.d_weights[:, j]):
            yield number_record("backward", weight, value, layer=layer.index, neuron=j, input=i)
        for symbol, gradient in summed.items():
            yield number_record("backward", symbol, gradient[j], layer=layer.index, neuron=j)


def _backward_values(layer: LayerTrace) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return what reaches each neuron from each row, and what each neuron learns besides its weights, by symbol."""
    values: dict[str, Array | None] = {"g′": layer.derivative}
    summed = {"∂L/∂b": layer.d_bias, "∂L/∂gain": layer.d_gain, "∂L/∂shift": layer.d_shift}
    if layer.parametric is not None:
        values = {"g′": layer.parametric.function_derivative, "h′": layer.derivative}
        values["∂ℓ/∂h"], summed["∂L/∂α"] = layer.parametric.d_activation, layer.parametric.d_slope
    values |= {"δ": layer.delta, "∂ℓ/∂u": None if layer.normalised is None else layer.delta_sum}
    return _given(values), _given(summed)


def _given(values: dict[str, Array | None]) -> dict[str, Array]:
    return {symbol: array for symbol, array in values.items() if array is not None}


def _updated(trace: "Trace", layer: LayerTrace, neuron: int | None) -> Iterator[Record]:
    assert trace.after is not None and trace.update is not None  # noqa: S101, PT018 - types
    for role, symbol in LEARNED.items():
        if getattr(trace.before, role)[layer.index] is None:
            continue
        for name, parameters in trace.update.states(symbol, trace.before, trace.after).items():
            array = piece(parameters, role, layer.index, trace.part)
            if role == "input_adapters":
                for place, value in enumerate(array if neuron is None else ()):
                    yield number_record("update", name, value, layer.index, None, place, of=symbol)
                continue
            for j in _neurons(layer, neuron):
                for i in range(len(array)) if role == "weights" else (None,):
                    value = array[j] if i is None else array[i, j]
                    yield number_record("update", name, value, layer.index, j, i, of=symbol)


def _neurons(layer: LayerTrace, neuron: int | None) -> list[int]:
    return [j for j in range(layer.neurons) if neuron is None or j == neuron]
