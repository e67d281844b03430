"""A traced step as records: one number each, with its symbol and its place."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from pellucid.errors import DataError
from pellucid.textbook.arrays import Array
from pellucid.tracing.layers import LayerTrace

if TYPE_CHECKING:
    from pellucid.tracing.steps import Trace

__all__ = ["check_choice_of", "frame", "records"]

Record = dict[str, Any]
MOST_RECORDS = 500_000
KEYS = ("stage", "layer", "neuron", "input", "row", "of", "symbol", "value")


@np.errstate(over="ignore", invalid="ignore")  # as in training: the numbers show it
def records(trace: "Trace", *, row: int | None, layer: int | None, neuron: int | None) -> list[Record]:
    """Return every number as a record; see `Trace.records`."""
    check_choice_of(trace, row=row, layer=layer, neuron=neuron)
    layers = [each for each in trace.layers if layer is None or each.index == layer]
    rows = list(range(len(trace.rows))) if row is None else [row]
    _check_size(layers, len(rows), neuron)
    found = [record for each in layers for record in _forward(each, rows, neuron)]
    if trace.loss is not None:
        found += _loss(trace, rows)
        found += [record for each in reversed(layers) for record in _backward(each, rows, neuron)]
    if trace.update is not None:
        found += [_record("update", "η", trace.update.learning_rate), _record("update", "t", trace.update.step)]
        if trace.update.gradient_norm is not None:
            found.append(_record("update", "‖g‖", trace.update.gradient_norm))
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
    layers = trace.layers if layer is None else trace.layers[layer : layer + 1]
    _check_index("row", row, len(trace.rows), "the trace's rows")
    _check_index("layer", layer, len(trace.layers), "the network's layers")
    _check_index("neuron", neuron, max((each.neurons for each in layers), default=0), "the layer's neurons")


def _check_index(name: str, index: int | None, count: int, what: str) -> None:
    if index is not None and not 0 <= index < count:
        raise DataError(f"'{name}' must be one of {what}, 0 to {count - 1}; got {index}.")


def _check_size(layers: list[LayerTrace], rows: int, neuron: int | None) -> None:
    """Raise DataError if there would be too many: three a row and weight, and about eight a weight."""
    size = sum(each.weights.size if neuron is None else each.weights.shape[0] for each in layers)
    count = size * (3 * rows + 8)
    if count > MOST_RECORDS:
        raise DataError(
            f"The records of {rows} rows and {size} weights must be at most {MOST_RECORDS}; they are about {count}. "
            "Name a row, a layer or a neuron (row=, layer=, neuron=), or trace fewer rows."
        )


def _record(
    stage: str,
    symbol: str,
    value: Any,
    layer: int | None = None,
    neuron: int | None = None,
    input: int | None = None,  # noqa: A002 - the name of the column
    row: int | None = None,
    of: str | None = None,
) -> Record:
    place = {"layer": layer, "neuron": neuron, "input": input, "row": row, "of": of}
    return {"stage": stage, **place, "symbol": symbol, "value": float(value)}


# --- the stages -------------------------------------------------------------------------------------------------------


def _forward(layer: LayerTrace, rows: list[int], neuron: int | None) -> Iterator[Record]:
    for row in rows:
        for j in _neurons(layer, neuron):
            place: dict[str, Any] = {"layer": layer.index, "neuron": j, "row": row}
            for i, (x, w) in enumerate(zip(layer.inputs[row], layer.weights[:, j], strict=True)):
                yield _record("forward", "x", x, input=i, **place)
                yield _record("forward", "x·w", x * w, input=i, **place)
            for symbol, values in _forward_values(layer).items():
                yield _record("forward", symbol, values[row, j], **place)


def _forward_values(layer: LayerTrace) -> dict[str, Array]:
    """Return what each neuron does with each row, by symbol, in the order in which it happens."""
    values = {"b": np.broadcast_to(layer.bias, layer.weighted_sum.shape)}
    if layer.normalised is not None:
        values |= {"u": layer.weighted_sum, "û": layer.normalised}
    values |= {"z": layer.pre_activation, "g(z)": layer.activation}
    if layer.mask is not None:
        values["mask"] = layer.mask
    return values | {"a": layer.outputs}


def _loss(trace: "Trace", rows: list[int]) -> Iterator[Record]:
    assert trace.targets is not None and trace.loss_rows is not None  # noqa: S101, PT018 - types
    last = len(trace.layers) - 1
    for row in rows:
        for j, y in enumerate(trace.targets[row]):
            yield _record("loss", "y", y, layer=last, neuron=j, row=row)
        if trace.sample_weight is not None:
            yield _record("loss", "sample_weight", trace.sample_weight[row], row=row)
        yield _record("loss", "ℓ", trace.loss_rows[row], row=row)
    yield _record("loss", "penalty", trace.penalty)
    yield _record("loss", "L", trace.loss)


def _backward(layer: LayerTrace, rows: list[int], neuron: int | None) -> Iterator[Record]:
    assert layer.delta is not None and layer.delta_sum is not None  # noqa: S101, PT018 - types
    assert layer.d_weights is not None and layer.d_bias is not None  # noqa: S101, PT018 - types
    values = {"g′": layer.derivative, "δ": layer.delta}
    if layer.normalised is not None:
        values["∂ℓ/∂u"] = layer.delta_sum
    for j in _neurons(layer, neuron):
        for row in rows:
            place: dict[str, Any] = {"layer": layer.index, "neuron": j, "row": row}
            for symbol, array in values.items():
                if array is not None:
                    yield _record("backward", symbol, array[row, j], **place)
            share = layer.delta_sum[row, j] * layer.row_share
            for i, x in enumerate(layer.inputs[row]):
                yield _record("backward", "∂L/∂w (row)", x * share, input=i, **place)
            yield _record("backward", "∂L/∂b (row)", share, **place)
        for i, value in enumerate(layer.d_weights[:, j]):
            yield _record("backward", "∂L/∂w", value, layer=layer.index, neuron=j, input=i)
        for symbol, gradient in (("∂L/∂b", layer.d_bias), ("∂L/∂γ", layer.d_gain), ("∂L/∂β", layer.d_shift)):
            if gradient is not None:
                yield _record("backward", symbol, gradient[j], layer=layer.index, neuron=j)


def _updated(trace: "Trace", layer: LayerTrace, neuron: int | None) -> Iterator[Record]:
    assert trace.after is not None and trace.update is not None  # noqa: S101, PT018 - types
    for role, symbol in (("weights", "w"), ("bias", "b"), ("gain", "γ"), ("shift", "β")):
        values = {symbol: trace.before, "g": trace.update.gradient}
        for name, (old, new) in trace.update.terms.items():
            values |= {name: old, f"{name}_new": new}
        values[f"{symbol}_new"] = trace.after
        for name, parameters in values.items():
            array = getattr(parameters, role)[layer.index]
            for j in _neurons(layer, neuron) if array is not None else ():
                for i in range(len(array)) if role == "weights" else (None,):
                    value = array[j] if i is None else array[i, j]
                    yield _record("update", name, value, layer.index, j, i, of=symbol)


def _neurons(layer: LayerTrace, neuron: int | None) -> list[int]:
    return [j for j in range(layer.neurons) if neuron is None or j == neuron]
