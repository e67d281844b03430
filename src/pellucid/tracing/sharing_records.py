"""Members that share weights, as records: each member's loss, and the gradients of what they share and of adapters."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pellucid.tracing.layers import LayerTrace
from pellucid.tracing.pieces import piece
from pellucid.tracing.record import Record, number_record

if TYPE_CHECKING:
    from pellucid.tracing.steps import Trace

__all__ = ["sharing_records"]


def sharing_records(trace: "Trace", layers: list[LayerTrace], neuron: int | None) -> Iterator[Record]:
    """Yield each member's loss, and the gradients of the whole loss by w, r and s of these layers."""
    if trace.sharing is None or trace.sharing.losses is None or trace.gradients is None:
        return
    for member, loss in enumerate(trace.sharing.losses):
        yield number_record("loss", "L of member", loss, of=str(member))
    for layer in layers:
        weights = piece(trace.gradients, "weights", layer.index, trace.part)
        for j in range(layer.neurons):
            for i in range(len(weights)) if neuron in (None, j) else ():
                yield number_record("backward", "∂L/∂w", weights[i, j], layer.index, j, i)
        yield from _adapters(trace, layer, neuron)


def _adapters(trace: "Trace", layer: LayerTrace, neuron: int | None) -> Iterator[Record]:
    gradients = trace.gradients
    assert gradients is not None  # noqa: S101 - types
    if gradients.input_adapters[layer.index] is not None and neuron is None:
        for i, value in enumerate(piece(gradients, "input_adapters", layer.index, trace.part)):
            yield number_record("backward", "∂L/∂r", value, layer.index, input=i)
    if gradients.output_adapters[layer.index] is not None:
        for j, value in enumerate(piece(gradients, "output_adapters", layer.index, trace.part)):
            if neuron in (None, j):
                yield number_record("backward", "∂L/∂s", value, layer.index, neuron=j)
