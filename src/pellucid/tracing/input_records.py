"""What is done to the inputs before the first layer, as records: layer −1, whose neurons are the features."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pellucid.tracing.column_records import column_backward, column_forward, column_gradients, column_updated
from pellucid.tracing.columns import ColumnTrace
from pellucid.tracing.inputs import InputsTrace
from pellucid.tracing.pieces import piece
from pellucid.tracing.record import Record, number_record

if TYPE_CHECKING:
    from pellucid.tracing.steps import Trace

__all__ = ["inputs_backward", "inputs_forward", "inputs_updated"]


def inputs_forward(inputs: InputsTrace, rows: list[int], neuron: int | None) -> Iterator[Record]:
    """Yield what became of the inputs of these rows, of all features or of one."""
    for row in rows:
        for column in _parts(inputs, neuron):
            yield from column_forward(column, row, neuron)
        for j in _features(inputs, neuron):
            place: dict[str, Any] = {"layer": -1, "neuron": j, "row": row}
            yield number_record("forward", inputs.letter, inputs.unscaled[row, j], **place)
            if inputs.scale is not None:
                yield number_record("forward", "scale", inputs.scale[j], **place)
                yield number_record("forward", "f", inputs.features[row, j], **place)


def inputs_backward(trace: "Trace", inputs: InputsTrace, rows: list[int], neuron: int | None) -> Iterator[Record]:
    """Yield how the loss reaches the features, and the gradients of what is learned before the first layer."""
    assert inputs.d_features is not None and inputs.d_unscaled is not None  # noqa: S101, PT018 - types
    shares = inputs.scale_contributions
    for row in rows:
        for j in _features(inputs, neuron):
            place: dict[str, Any] = {"layer": -1, "neuron": j, "row": row}
            if shares is not None:
                yield number_record("backward", "∂ℓ/∂f", inputs.d_features[row, j], **place)
                yield number_record("backward", "∂L/∂scale (row)", shares[row, j], **place)
            yield number_record("backward", f"∂ℓ/∂{inputs.letter}", inputs.d_unscaled[row, j], **place)
        for column in _parts(inputs, neuron):
            yield from column_backward(column, row, neuron)
    if inputs.d_scale is not None:
        for j in _features(inputs, neuron):
            yield number_record("backward", "∂L/∂scale", inputs.d_scale[j], layer=-1, neuron=j)
    for column in _parts(inputs, neuron):
        yield from column_gradients(trace, column, neuron)


def inputs_updated(trace: "Trace", inputs: InputsTrace, neuron: int | None) -> Iterator[Record]:
    """Yield what becomes of all that is learned before the first layer."""
    assert trace.after is not None and trace.update is not None  # noqa: S101, PT018 - types
    if inputs.scale is not None:
        for name, parameters in trace.update.states("scale", trace.before, trace.after).items():
            array = piece(parameters, "scale", 0)
            for j in _features(inputs, neuron):
                yield number_record("update", name, array[j], -1, j, of="scale")
    for column in _parts(inputs, neuron):
        yield from column_updated(trace, column, neuron)


def _features(inputs: InputsTrace, neuron: int | None) -> list[int]:
    return [j for j in range(inputs.width) if neuron is None or j == neuron]


def _parts(inputs: InputsTrace, neuron: int | None) -> list[ColumnTrace]:
    return [column for column in inputs.parts if neuron is None or neuron in column.features]
