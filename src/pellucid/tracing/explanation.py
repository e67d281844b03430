"""A traced step as something to read: forward → loss → backward → update, of which HTML and terminal are renderings."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pellucid.spec import Constant, LogLoss
from pellucid.textbook.arrays import Array
from pellucid.tracing.backward_formulas import delta_formulas, gradient_formulas
from pellucid.tracing.blocks import (
    MOST_INPUTS,
    MOST_ROWS,
    Block,
    Calculation,
    Explanation,
    Remark,
    Stage,
    Table,
    View,
)
from pellucid.tracing.forward_formulas import forward_formulas
from pellucid.tracing.input_blocks import inputs_backward, inputs_forward, inputs_update
from pellucid.tracing.layers import LayerTrace
from pellucid.tracing.learned import Learned, update_table
from pellucid.tracing.loss_formulas import batch_formulas, row_formulas
from pellucid.tracing.notation import largest, number, subscript
from pellucid.tracing.records import check_choice_of
from pellucid.tracing.sharing_blocks import sharing_backward, sharing_forward
from pellucid.tracing.update_formulas import optimizer_name, update_formulas

if TYPE_CHECKING:
    from pellucid.tracing.steps import Trace

__all__ = ["explain"]


@np.errstate(over="ignore", invalid="ignore")  # as in training: the numbers show it
def explain(trace: "Trace", *, row: int = 0, layer: int | None = None, neuron: int | None = None) -> Explanation:
    """Write a traced step down.

    Parameters
    ----------
    trace : Trace
    row : int
        The row whose formulas are written; of the others the numbers stand in tables.
    layer, neuron : int or None
        Only this one; None: all, of a wide layer the first twelve neurons. The layer −1 is what is done to the inputs
        before the first one.

    Raises
    ------
    DataError
        If there is no such row, layer or neuron.
    """
    check_choice_of(trace, row=row, layer=layer, neuron=neuron)
    layers = [each for each in trace.layers if (layer is None or each.index == layer) and (neuron or 0) < each.neurons]
    view = View(trace, row, layers, neuron, has_inputs=layer == -1 or (layer is None and neuron is None))
    stages = [_forward(view)]
    if trace.loss is not None:
        stages += [_loss(view), _backward(view)]
    if trace.update is not None:
        stages.append(_update(view))
    rows = f"{len(trace.rows)} rows" if view.has_many_rows else "one row"
    title = f"Forward pass of {rows}" if trace.loss is None else f"One training step with {rows}"
    return Explanation(title, _facts(trace), stages, trace.notes)


def _facts(trace: "Trace") -> list[tuple[str, str]]:
    widths = " → ".join(str(width) for width in trace.network.widths)
    activations = list(dict.fromkeys(_function_name(each) for each in trace.layers))
    facts = [("network", widths), ("activations", ", ".join(activations))]
    if trace.sharing is not None:
        facts.insert(1, ("member", f"{trace.part + 1} of {trace.sharing.members} that share weights"))
    if trace.loss is not None:
        facts.append(("loss", f"{_spoken(trace.training.loss.name)}, {number(trace.loss)} before the update"))
    if trace.update is not None:
        schedule = trace.training.schedule
        rate = f"η = {number(trace.update.learning_rate)}"
        if not isinstance(schedule, Constant):
            rate += f" ({_spoken(schedule.name)} from {number(trace.training.learning_rate)})"
        facts.append(("optimiser", f"{optimizer_name(trace.training.optimizer)}, {rate}, step {trace.update.step}"))
    return facts


LOSSES = {"huber": "Huber loss", "poisson": "Poisson loss", "quantile": "quantile loss"}
"""What losses are called in a sentence, where their name alone does not say that they are one."""


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _function_name(layer: LayerTrace) -> str:
    return _spoken(layer.function if isinstance(layer.function, str) else layer.function.name)


def _layer_title(layer: LayerTrace) -> str:
    neurons = f"{layer.neurons} neuron{'s'[: layer.neurons != 1]}"
    parts = {
        "parametric": layer.parametric is not None,
        "layer norm": layer.gain is not None,
        "dropout": layer.mask is not None,
    }
    extras = [text for text, on in parts.items() if on]
    return f"{layer.name.capitalize()}: {neurons}, {', '.join([_function_name(layer), *extras])}"


def _neuron_title(layer: LayerTrace, neuron: int) -> str:
    title = f"neuron {neuron + 1}"
    return f"{title} · {layer.neuron_names[neuron]}" if layer.is_output else title


# --- forward ----------------------------------------------------------------------------------------------------------


def _forward(view: View) -> Stage:
    lead = "Each neuron multiplies its inputs by its weights, adds its bias, and applies its activation g."
    if view.has_many_rows:
        lead += f" The formulas are those of {view.row_name}."
    blocks = [_inputs(view)] if view.has_inputs or any(layer.index == 0 for layer in view.layers) else []
    if view.trace.inputs is not None and view.has_inputs:
        blocks += inputs_forward(view, view.trace.inputs)
    blocks += sharing_forward(view)
    return Stage("Forward", lead, [*blocks, *(_forward_block(view, layer) for layer in view.layers)])


def _inputs(view: View) -> Block:
    values, names = view.trace.columns[view.row], view.trace.input_names
    shown = largest(values, 2 * MOST_ROWS)
    symbols = [f"x{subscript(i)}" for i in range(len(names))]
    plain = list(names) == symbols
    rows = [[symbols[i], *([] if plain else [names[i]]), number(values[i])] for i in shown]
    header = ["symbol", *([] if plain else ["input"]), "value"]
    items: list[Table | Remark] = [Table("", header, rows, texts=len(header) - 1)]
    if len(shown) < len(values):
        items.append(Remark(f"The {len(shown)} largest of {len(values)} inputs are shown."))
    return Block(f"Inputs of {view.row_name}", items)


def _forward_block(view: View, layer: LayerTrace) -> Block:
    items: list[Calculation | Table | Remark] = [
        Calculation(_neuron_title(layer, j), forward_formulas(layer, view.row, j)) for j in view.neurons(layer)
    ]
    if view.has_many_rows:
        items.append(_rows_table(view, layer, "all rows", [("z", layer.pre_activation), ("a", layer.outputs)]))
    if layer.mask is not None:
        items.append(Remark(_about_mask(layer.mask)))
    return Block(_layer_title(layer), [*items, *view.left_out(layer)])


def _about_mask(mask: Array) -> str:
    """Say what dropout does, and with which chance as far as the mask tells."""
    kept = float(mask.max())
    told = "Dropout leaves neurons out by chance, in training only: their mask is 0."
    if kept == 0:
        return told
    rate = number(1 - 1 / kept)
    return (
        f"{told} With the probability {rate} of being left out, the mask of the others is 1 / (1 − {rate}) = "
        f"{number(kept)}: so the next layer sees as much on average."
    )


def _rows_table(view: View, layer: LayerTrace, title: str, columns: Sequence[tuple[str, Array | None]]) -> Table:
    """Return a table of what some neurons did with each row."""
    neurons = view.neurons(layer)[:MOST_INPUTS]
    given = [(symbol, array) for symbol, array in columns if array is not None]
    header = ["row", *(f"{symbol}{subscript(j)}" for j in neurons for symbol, _ in given)]
    rows = [
        [str(view.trace.rows[r]), *(number(array[r, j]) for j in neurons for _, array in given)]
        for r in view.shown_rows
    ]
    return Table(title + view.of_how_many, header, rows)


# --- loss -------------------------------------------------------------------------------------------------------------


def _loss(view: View) -> Stage:
    trace = view.trace
    assert trace.targets is not None and trace.loss_rows is not None  # noqa: S101, PT018 - types
    items: list[Calculation | Table | Remark] = [Calculation(view.row_name, row_formulas(trace, view.row))]
    if view.has_many_rows:
        outputs = range(min(trace.network.outputs, MOST_INPUTS))
        weights = [] if trace.sample_weight is None else ["κ"]
        header = ["row", *(f"{s}{subscript(j)}" for j in outputs for s in ("a", "y")), *weights, "ℓ"]
        rows = [
            [
                str(trace.rows[r]),
                *(number(each[r, j]) for j in outputs for each in (trace.prediction, trace.targets)),
                *([] if trace.sample_weight is None else [number(trace.sample_weight[r])]),
                number(trace.loss_rows[r]),
            ]
            for r in view.shown_rows
        ]
        items.append(Table("all rows" + view.of_how_many, header, rows))
    items.append(Calculation("the batch", batch_formulas(trace)))
    loss = trace.training.loss.name
    lead = f"The {LOSSES.get(loss, _spoken(loss))} compares the output a with the target y."
    if trace.network.output in ("logistic", "softmax"):
        name = trace.layers[-1].neuron_names[0]
        lead += f" y₁ is 1 where the row is of {name}, else 0."
    if isinstance(trace.training.loss, LogLoss) and trace.training.loss.label_smoothing:
        lead += " Label smoothing moves y a little towards equal shares of all classes: ỹ is what a is compared with."
    if trace.sample_weight is not None:
        lead += (
            " κ is the weight of the row: that of sample_weight, times that of its class where there is class_weight."
        )
    names = _targets_text(trace, view.row)
    return Stage("Loss", lead, [Block(f"Loss of {view.row_name}{names}, and of the batch", items)])


def _targets_text(trace: "Trace", row: int) -> str:
    assert trace.targets is not None  # noqa: S101 - types
    names = trace.layers[-1].neuron_names
    if trace.network.output == "softmax":
        return f" ({names[int(np.argmax(trace.targets[row]))]})"
    return ""


# --- backward ---------------------------------------------------------------------------------------------------------


def _backward(view: View) -> Stage:
    trace, delta, others = view.trace, "δ = ∂ℓ/∂z says how the loss", ""
    if trace.sample_weight is not None:
        delta = "δ = κ·∂ℓ/∂z says how the row's weighted loss, κ·ℓ,"
        if trace.inputs is not None or any(layer.parametric is not None for layer in trace.layers):
            others = " Wherever else ∂ℓ is written, κ is within it, too."
    lead = (
        f"From the output back: {delta} changes with a neuron's weighted sum. The chain rule leads "
        "from one layer's δ to the one before it, and from δ to the gradient of each weight." + others
    )
    blocks = [_backward_block(view, layer) for layer in reversed(view.layers)]
    if view.trace.inputs is not None and view.has_inputs:
        blocks += inputs_backward(view, view.trace.inputs)
    return Stage("Backward", lead, [*blocks, *sharing_backward(view)])


def _backward_block(view: View, layer: LayerTrace) -> Block:
    assert layer.d_weights is not None  # noqa: S101 - types
    items: list[Calculation | Table | Remark] = []
    for j in view.neurons(layer):
        inputs = largest(layer.d_weights[:, j], MOST_INPUTS)
        formulas = delta_formulas(view.trace, layer, view.row, j)
        items.append(
            Calculation(_neuron_title(layer, j), [*formulas, *gradient_formulas(view.trace, layer, j, inputs)])
        )
        if view.has_many_rows:
            items.append(_contributions(view, layer, j, inputs))
    if layer.weights.shape[0] > MOST_INPUTS:
        items.append(Remark(f"Of each neuron's weights the {MOST_INPUTS} with the largest gradients are shown."))
    return Block(_layer_title(layer), [*items, *view.left_out(layer)])


def _contributions(view: View, layer: LayerTrace, neuron: int, inputs: list[int]) -> Table:
    """Return which rows a neuron's gradient comes from; of many rows those with the largest δ."""
    assert layer.delta_sum is not None and layer.delta is not None  # noqa: S101, PT018 - types
    delta, share = layer.delta_sum[:, neuron], layer.delta_sum[:, neuron] * layer.row_share
    shown = largest(delta, MOST_ROWS)
    header = ["row", f"δ{subscript(neuron)}", *(f"to ∂L/∂{layer.weight_letter}{subscript(i, neuron)}" for i in inputs)]
    header.append(f"to ∂L/∂b{subscript(neuron)}")
    rows = [
        [
            str(view.trace.rows[r]),
            number(layer.delta[r, neuron]),
            *(number(layer.inputs[r, i] * share[r] * layer.factor) for i in inputs),
            number(share[r]),
        ]
        for r in shown
    ]
    more = "" if len(shown) == len(delta) else f" (the {len(shown)} of {len(delta)} rows with the largest δ)"
    return Table(f"what each row adds to the gradient of neuron {neuron + 1}{more}", header, rows)


# --- update -----------------------------------------------------------------------------------------------------------


def _update(view: View) -> Stage:
    trace = view.trace
    lead = f"The optimiser, {optimizer_name(trace.training.optimizer)}, moves each weight against its gradient, grad."
    clip, norm = trace.training.clip_norm, trace.update.gradient_norm if trace.update else None
    if clip is not None and norm is not None:
        after = f"and is scaled down to {number(clip)}" if norm > clip else "and stays as it is"
        lead += f" The whole gradient has length ‖∂L/∂θ‖ = {number(norm)}, at most {number(clip)} is allowed, {after}."
    blocks = inputs_update(view, trace.inputs) if trace.inputs is not None and view.has_inputs else []
    return Stage("Update", lead, [*blocks, *(_update_block(view, layer) for layer in view.layers)])


def _update_block(view: View, layer: LayerTrace) -> Block:
    items: list[Calculation | Table | Remark] = []
    for j in view.neurons(layer):
        title, learned = _neuron_title(layer, j), _learned(view.trace, layer, j)
        first = learned[0]
        formulas = update_formulas(view.trace, first.role, first.index, first.place, first.name)
        items.append(Calculation(f"{title}: {first.name}, for example", formulas))
        items.append(update_table(view.trace, learned))
    if layer.weights.shape[0] > MOST_INPUTS:
        items.append(Remark(f"Of each neuron's weights the {MOST_INPUTS} with the largest gradients are shown."))
    return Block(_layer_title(layer), [*items, *view.left_out(layer)])


def _learned(trace: "Trace", layer: LayerTrace, neuron: int) -> list[Learned]:
    """Return what a neuron learns, as far as it is shown."""
    assert layer.d_weights is not None  # noqa: S101 - types
    sizes, mark, index = layer.d_weights[:, neuron], subscript(neuron), layer.index
    learned = [Learned("weights", index, (i, neuron), f"w{subscript(i, neuron)}") for i in largest(sizes, MOST_INPUTS)]
    learned.append(Learned("bias", index, (neuron,), f"b{mark}"))
    if layer.gain is not None:
        learned += [
            Learned("gain", index, (neuron,), f"gain{mark}"),
            Learned("shift", index, (neuron,), f"shift{mark}"),
        ]
    if layer.parametric is not None:
        learned.append(Learned("slope", index, (neuron,), f"α{mark}"))
    return [*learned, *_adapters_of(trace, layer, neuron, learned[0].place[0])]


def _adapters_of(trace: "Trace", layer: LayerTrace, neuron: int, index: int) -> list[Learned]:
    """Return the adapters of a member through which a weight passes."""
    before = trace.before
    found = []
    if before.input_adapters[layer.index] is not None:
        found.append(Learned("input_adapters", layer.index, (index,), f"r{subscript(index)}"))
    if before.output_adapters[layer.index] is not None:
        found.append(Learned("output_adapters", layer.index, (neuron,), f"s{subscript(neuron)}"))
    return found
