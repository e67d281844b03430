"""One number of a traced step, with its symbol and its place."""

from typing import Any

__all__ = ["KEYS", "Record", "number_record"]

Record = dict[str, Any]
KEYS = ("stage", "layer", "neuron", "input", "row", "of", "symbol", "value")


def number_record(
    stage: str,
    symbol: str,
    value: Any,
    layer: int | None = None,
    neuron: int | None = None,
    input: int | None = None,  # noqa: A002 - the name of the column
    row: int | None = None,
    of: str | None = None,
) -> Record:
    """Return a number as a record; places count from 0, the layer −1 is what is done to the inputs."""
    place = {"layer": layer, "neuron": neuron, "input": input, "row": row, "of": of}
    return {"stage": stage, **place, "symbol": symbol, "value": float(value)}
