"""The next training step in four stages, every number of it: what `pellucid.trace` shows."""

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import DataError
from pellucid.spec import parameter_layout
from pellucid.textbook.arrays import Array
from pellucid.textbook.parameters import Parameters
from pellucid.tracing import Trace, check_step, trace_step
from pellucid.tracing.backward_formulas import delta_formulas, gradient_formulas
from pellucid.tracing.forward_formulas import forward_formulas
from pellucid.tracing.gradients import GradientCheck, parameter_name
from pellucid.tracing.layers import LIMIT
from pellucid.tracing.loss_formulas import batch_formulas, row_formulas
from pellucid.tracing.notation import Formula, largest, subscript
from pellucid.tracing.pieces import piece
from pellucid.tracing.preparing import Names, Setup
from pellucid.tracing.sharing_formulas import shared_gradient_formulas, shared_weight_formula
from pellucid.tracing.update_formulas import optimizer_name, update_formulas
from pellucid.workbench.asking import integer_in, integers_in
from pellucid.workbench.describing import feature_names, output_names, parameter_index, parameter_of
from pellucid.workbench.explaining_inputs import input_formulas, inputs_explanation
from pellucid.workbench.limits import MOST_EXPLAINED
from pellucid.workbench.protocol import Message, custom, encode
from pellucid.workbench.run import Run

if TYPE_CHECKING:
    from pellucid.workbench.session import Session

__all__ = ["Explaining", "explanation", "formulas", "setup_of"]

MOST_CHECKED = 10_000
FEWEST_CHECKED = 200
MOST_CHECKING = 5_000_000_000
"""Weights to be checked times weights times rows, about: a check of all takes some seconds at most."""
MOST_ENTRIES = 200
MOST_INPUTS = 6
FROZEN = "Frozen weights stay as they are: the optimiser sees a gradient of 0 there."


class Explaining:
    """What a page asks about one step."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.trace: Trace | None = None
        self.handlers = {
            "explain": self._on_explain,
            "formulas": self._on_formulas,
            "check_gradient": self._on_check,
        }

    async def _on_explain(self, message: Message) -> None:
        asked = message.content.get("rows", "batch")
        numbers = None if asked == "batch" else integers_in(message.content, "rows", 0, 2**31, MOST_EXPLAINED)
        setup, rows = await self.session.command(lambda: setup_of(self.session.run, numbers))
        self.trace = await asyncio.to_thread(trace_step, setup)
        content, buffers = explanation(self.trace, rows)
        if self.session.run.frozen is not None:
            content["notes"].append(FROZEN)
        await self.session.send(encode(content, buffers))

    async def _on_formulas(self, message: Message) -> None:
        trace, content = self.trace, message.content
        if trace is None:
            raise DataError("A step must be explained before its formulas can be written; ask for 'explain' first.")
        layer = integer_in(content, "layer", 0 if trace.inputs is None else -1, len(trace.layers) - 1)
        row = integer_in(content, "row", 0, len(trace.rows) - 1, 0)
        source = content.get("input")
        if layer < 0 and trace.inputs is not None:
            neuron = integer_in(content, "neuron", 0, len(trace.input_names) - 1)
            written = await asyncio.to_thread(input_formulas, trace, trace.inputs, neuron, row)
        else:
            neuron = integer_in(content, "neuron", 0, trace.layers[layer].neurons - 1)
            if source is not None:
                source = integer_in(content, "input", 0, len(trace.layers[layer].weights) - 1)
            written = await asyncio.to_thread(formulas, trace, layer, neuron, source, row)
        place = {"layer": layer, "neuron": neuron, "input": source, "row": row}
        await self.session.send(custom("formulas", **place, **written))

    async def _on_check(self, message: Message) -> None:
        asked, run = message.content.get("parameters", "all"), self.session.run
        size = len(run.job.parameters)
        if asked == "all":
            work = size * run.job.batch_size * run.shown().members
            affordable = max(FEWEST_CHECKED, min(MOST_CHECKED, MOST_CHECKING // work))
            indices = np.unique(np.linspace(0, size - 1, min(size, affordable)).astype(np.int64))
        elif isinstance(asked, list) and 0 < len(asked) <= MOST_ENTRIES:
            indices = np.array([parameter_index(run.job.network, each) for each in asked])
        else:
            raise DataError(f"'parameters' must be 'all' or a list of 1 to {MOST_ENTRIES} parameters.")
        setup, _ = await self.session.command(lambda: setup_of(run, None))
        check = await asyncio.to_thread(check_step, setup, indices)
        await self.session.send(custom("gradient_check", **_told(check, setup)))


def setup_of(run: Run, numbers: list[int] | None) -> tuple[Setup, list[int]]:
    """Prepare the run's next step on copies: of the next batch, or of the rows with these numbers.

    Returns
    -------
    setup, rows
        Rows by their numbers on the wire.

    Raises
    ------
    DataError
        If there is no such row.
    """
    known = run.dataset.numbers
    if numbers is None:
        rows = None
        shown = known[run.dataset.train[run.next_rows()]]
    else:
        rows = np.searchsorted(known, numbers)
        if (rows >= len(known)).any() or (known[rows] != numbers).any():
            raise DataError("The rows that are to be explained must be rows of the data; one is not there (any more).")
        shown = np.array(numbers)
    job = run.next_step(rows)
    classes = [f"class {name}" for name in run.dataset.rows.classes]
    outputs = classes[1:] if run.dataset.task == "binary" else classes or output_names(run.dataset)
    outputs = list(run.dataset.rows.labels) or outputs
    names = Names(feature_names(run.dataset), tuple(outputs), run.dataset.rows.level_names)
    setup = Setup(job, run.trainer_engine(), names, is_fitted=True, has_targets=True, notes=[])
    return setup, [int(row) for row in shown]


def explanation(trace: Trace, rows: list[int]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return content and buffers of `explanation`; of a large batch the first rows."""
    update = trace.update  # L-BFGS has none
    assert trace.targets is not None and trace.loss_rows is not None  # noqa: S101, PT018 - types
    first = slice(0, MOST_EXPLAINED)
    content: dict[str, Any] = {
        "kind": "explanation",
        "rows": rows[first],
        "row_count": len(rows),
        "loss": trace.loss,
        "penalty": trace.penalty,
        "learning_rate": None if update is None else update.learning_rate,
        "step": None if update is None else update.step,
        "gradient_norm": None if update is None else update.gradient_norm,
        "optimizer": optimizer_name(trace.training.optimizer),
        "terms": [] if update is None else list(update.terms),
        "notes": list(trace.notes),
        "inputs": None,
        "layers": [],
    }
    buffers: dict[str, Array] = {"targets": trace.targets[first], "loss_rows": trace.loss_rows[first]}
    buffers["columns"] = trace.columns[first]
    if trace.inputs is not None:
        content["inputs"], more = inputs_explanation(trace.inputs, first)
        buffers |= more
    for layer in trace.layers:
        content["layers"].append(
            {
                "name": layer.name,
                "activation": layer.function if isinstance(layer.function, str) else layer.function.name,
                "neurons": list(layer.neuron_names),
                "inputs": list(layer.input_names),
                "normalised": layer.gain is not None,
                "mask": layer.mask is not None,
                "row_share": layer.row_share,
            }
        )
        named = {
            "inputs": layer.inputs[first],
            "weights": layer.weights,
            "bias": layer.bias,
            "u": layer.weighted_sum[first],
            "z": layer.pre_activation[first],
            "derivative": None if layer.derivative is None else layer.derivative[first],
            "a": layer.activation[first],
            "mask": None if layer.mask is None else layer.mask[first],
            "out": layer.outputs[first],
            "delta": None if layer.delta is None else layer.delta[first],
            "delta_sum": None if layer.delta_sum is None else layer.delta_sum[first],
            "d_weights": layer.d_weights,
            "d_bias": layer.d_bias,
            "new_weights": layer.weights_after,
            "new_bias": layer.bias_after,
            "g_weights": None if update is None else piece(update.gradient, "weights", layer.index),
            "g_bias": None if update is None else piece(update.gradient, "bias", layer.index),
            "row_d_weights": _row_gradients(trace, layer.index),
        }
        named |= {} if update is None else _terms(update.terms, layer.index)
        buffers |= {f"{name}.{layer.index}": array for name, array in named.items() if array is not None}
    return content, buffers


def _row_gradients(trace: Trace, index: int) -> Array | None:
    layer = trace.layers[index]
    rows = min(len(trace.rows), MOST_EXPLAINED)
    if layer.delta_sum is None or rows * layer.weights.size > LIMIT:
        return None
    inputs, delta = layer.inputs[:rows], layer.delta_sum[:rows]
    return np.asarray(inputs[:, :, np.newaxis] * delta[:, np.newaxis, :] * (layer.row_share * layer.factor))


def _terms(terms: dict[str, tuple[Parameters, Parameters]], index: int) -> dict[str, Array | None]:
    named: dict[str, Array | None] = {}
    for symbol, (before, after) in terms.items():
        for suffix, parameters in (("", before), ("_new", after)):
            named[f"{symbol}{suffix}.weights"] = piece(parameters, "weights", index)
            named[f"{symbol}{suffix}.bias"] = piece(parameters, "bias", index)
    return named


def formulas(trace: Trace, index: int, neuron: int, source: int | None, row: int) -> dict[str, Any]:
    """Write the four stages for one neuron, or for one of its weights."""
    layer = trace.layers[index]
    assert layer.d_weights is not None  # noqa: S101 - types
    inputs = largest(layer.d_weights[:, neuron], MOST_INPUTS) if source is None else [source]
    updates: list[Formula] = []
    with np.errstate(over="ignore", invalid="ignore"):
        if trace.update is not None:
            for i in inputs[:1] if source is None else inputs:
                updates += update_formulas(trace, "weights", index, (i, neuron), f"w{subscript(i, neuron)}")
            if source is None:
                updates += update_formulas(trace, "bias", index, (neuron,), f"b{subscript(neuron)}")
        shared = [] if trace.sharing is None else [shared_weight_formula(trace, layer, i, neuron) for i in inputs]
        to_shared = [] if trace.sharing is None else shared_gradient_formulas(trace, layer, inputs[0], neuron)
        written = {
            "forward": [*shared, *forward_formulas(layer, row, neuron)],
            "loss": [*row_formulas(trace, row), *batch_formulas(trace)],
            "backward": [
                *delta_formulas(trace, layer, row, neuron),
                *gradient_formulas(trace, layer, neuron, inputs),
                *to_shared,
            ],
            "update": updates,
        }
    return {stage: [vars(each) for each in lines] for stage, lines in written.items()}


def _told(check: GradientCheck, setup: Setup) -> dict[str, Any]:
    network, kinks = setup.job.network, set(check.kinks)
    order = np.argsort(-check.errors, kind="stable")[:MOST_ENTRIES]
    entries = []
    for place in order:
        index = int(check.indices[place])
        name = parameter_name(network, index, setup.names)
        entries.append(
            {
                "parameter": parameter_of(network, index),
                "name": name,
                "analytic": float(check.analytic[place]),
                "numeric": float(check.numeric[place]),
                "error": float(check.errors[place]),
                "kink": name in kinks,
            }
        )
    return {
        "entries": entries,
        "largest": check.max_error,
        "worst": check.worst,
        "passed": check.passed,
        "tolerance": check.tolerance,
        "count": len(check.indices),
        "total": parameter_layout(network)[-1].stop,
    }
