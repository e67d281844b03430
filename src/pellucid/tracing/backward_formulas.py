"""The backward pass of one neuron: its δ for one row, and the gradient of its weights over all rows, line by line."""

from typing import TYPE_CHECKING

from pellucid.textbook.arrays import Array
from pellucid.tracing.forward_formulas import derivative_formulas, input_symbol, spread
from pellucid.tracing.layers import LayerTrace
from pellucid.tracing.loss_formulas import output_delta_formula
from pellucid.tracing.notation import DIGITS, Formula, add_up, factor, layer_mark, number, product, subscript
from pellucid.tracing.parametric import ParametricTrace

if TYPE_CHECKING:
    from pellucid.tracing.steps import Trace

__all__ = ["delta_formulas", "gradient_formulas", "over_rows", "sum_of_deltas"]


def delta_formulas(trace: "Trace", layer: LayerTrace, row: int, neuron: int, digits: int = DIGITS) -> list[Formula]:
    """Write g′(z) and δ of one neuron and one row.

    Parameters
    ----------
    trace : Trace
        With targets.
    layer : LayerTrace
    row, neuron : int
        From 0.
    digits : int
    """
    slopes = derivative_formulas(layer, row, neuron, digits)
    if layer.is_output:
        delta = output_delta_formula(trace, row, neuron, digits)
        return [*slopes, delta] if "g′" in delta.symbols else [delta]
    formulas = [*slopes, _hidden_delta(trace, layer, row, neuron, digits)]
    if layer.normalised is not None:
        formulas.append(_layer_norm_delta(layer, row, neuron, digits))
    return formulas


def gradient_formulas(
    trace: "Trace", layer: LayerTrace, neuron: int, inputs: list[int], digits: int = DIGITS
) -> list[Formula]:
    """Write ∂L/∂w of these inputs' weights, ∂L/∂b, and ∂L/∂gain, ∂L/∂shift, ∂L/∂α where the layer has them."""
    formulas = [_weight_gradient(trace, layer, i, neuron, digits) for i in inputs]
    delta, mark = ("δ" if layer.normalised is None else "δᵘ") + subscript(neuron), subscript(neuron)
    assert layer.delta is not None and layer.delta_sum is not None and layer.d_bias is not None  # noqa: S101, PT018
    formulas.append(over_rows(trace, f"∂L/∂b{mark}", delta, layer.delta_sum[:, neuron], layer.d_bias[neuron], digits))
    if layer.normalised is not None and layer.d_gain is not None and layer.d_shift is not None:
        d, u = layer.delta[:, neuron], layer.normalised[:, neuron]
        formulas += [
            over_rows(trace, f"∂L/∂gain{mark}", f"û{mark}·δ{mark}", d, layer.d_gain[neuron], digits, times=u),
            over_rows(trace, f"∂L/∂shift{mark}", f"δ{mark}", d, layer.d_shift[neuron], digits),
        ]
    if layer.parametric is not None:
        formulas += _slope_gradient(trace, layer, layer.parametric, neuron, digits)
    return formulas


def _slope_gradient(
    trace: "Trace", layer: LayerTrace, parametric: ParametricTrace, neuron: int, digits: int
) -> list[Formula]:
    assert parametric.d_activation is not None and parametric.d_slope is not None  # noqa: S101, PT018 - types
    mark, d = subscript(neuron), parametric.d_activation[:, neuron]
    bend = parametric.function[:, neuron] - layer.pre_activation[:, neuron]
    symbols = f"(g(z{mark}) − z{mark})·∂ℓ/∂h{mark}"
    return [over_rows(trace, f"∂L/∂α{mark}", symbols, d, parametric.d_slope[neuron], digits, times=bend)]


def _hidden_delta(trace: "Trace", layer: LayerTrace, row: int, neuron: int, digits: int) -> Formula:
    following = trace.layers[layer.index + 1]
    assert following.delta_sum is not None and layer.delta is not None  # noqa: S101, PT018 - types
    assert layer.derivative is not None  # noqa: S101 - types
    symbols, numbers = sum_of_deltas(following, row, neuron, digits)
    own, letter = subscript(neuron), "g" if layer.parametric is None else "h"
    share = ("", "") if following.factor == 1 else (" / √(neurons)", f" / √({layer.neurons})")
    symbols = f"{letter}′(z{own}){share[0]}·({symbols})"
    numbers = f"{factor(layer.derivative[row, neuron], digits)}{share[1]}·({numbers})"
    if layer.mask is not None:
        symbols, numbers = f"{symbols}·mask{own}", f"{numbers}·{factor(layer.mask[row, neuron], digits)}"
    return Formula(f"δ{own}", symbols, numbers, number(layer.delta[row, neuron], digits))


def sum_of_deltas(layer: LayerTrace, row: int, index: int, digits: int = DIGITS) -> tuple[str, str]:
    """Write Σ w·δ over the neurons of a layer that one of its inputs leads to, in symbols and numbers."""
    assert layer.delta_sum is not None  # noqa: S101 - types
    w, d, mark = layer.weights[index], layer.delta_sum[row], layer_mark(layer.index)
    symbol = "δ" if layer.normalised is None else "δᵘ"
    return add_up(
        w * d,
        lambda k: f"{layer.weight_letter}{subscript(index, k)}{mark}·{symbol}{subscript(k)}{mark}",
        lambda k: product(w[k], d[k], digits=digits),
        digits=digits,
    )


def _layer_norm_delta(layer: LayerTrace, row: int, neuron: int, digits: int) -> Formula:
    assert layer.normalised is not None  # noqa: S101 - types
    assert layer.gain is not None and layer.delta is not None and layer.delta_sum is not None  # noqa: S101, PT018
    own, u = subscript(neuron), layer.normalised[row]
    d = layer.gain * layer.delta[row]
    values = [d[neuron], d.mean(), u[neuron], (d * u).mean()]
    one, mean, normalised, along = (factor(value, digits) for value in values)
    return Formula(
        f"δᵘ{own}",
        f"(gain{own}·δ{own} − mean(gain·δ) − û{own}·mean(gain·δ·û)) / √(variance(u) + ε)",
        f"({one} − {mean} − {normalised}·{along}) / {spread(layer, row, digits)}",
        number(layer.delta_sum[row, neuron], digits),
    )


def _weight_gradient(trace: "Trace", layer: LayerTrace, index: int, neuron: int, digits: int) -> Formula:
    assert layer.delta_sum is not None and layer.d_weights is not None  # noqa: S101, PT018 - types
    name, training = layer.weight_letter + subscript(index, neuron), trace.training
    delta = ("δ" if layer.normalised is None else "δᵘ") + subscript(neuron)
    formula = over_rows(
        trace,
        f"∂L/∂{name}",
        f"{input_symbol(layer, index)}·{delta}",
        layer.delta_sum[:, neuron],
        layer.d_weights[index, neuron],
        digits,
        times=layer.inputs[:, index],
        inputs=layer.inputs.shape[1] if layer.factor != 1 else None,
    )
    symbols, numbers, share = formula.symbols, formula.numbers, _share(trace, layer, digits)
    weight = layer.weights[index, neuron]
    if layer.weight_letter != "w":  # the penalties are on w
        return formula
    if training.l1:
        symbols += f" + l₁·sign({name}){share[0]}"
        numbers += f" + {factor(training.l1, digits)}·sign({number(weight, digits)}){share[1]}"
    if training.l2:
        symbols += f" + l₂·{name}{share[0]}"
        numbers += f" + {product(training.l2, weight, digits=digits)}{share[1]}"
    return Formula(formula.left, symbols, numbers, formula.result)


def over_rows(
    trace: "Trace",
    left: str,
    symbols: str,
    deltas: Array,
    result: float,
    digits: int,
    times: Array | None = None,
    inputs: int | None = None,
) -> Formula:
    """Write a derivative as what each row adds to it: x·δ, or δ alone; divided by √inputs, if their number is given."""
    _, numbers = add_up(
        deltas if times is None else times * deltas,
        lambda row: "",
        lambda row: factor(deltas[row], digits) if times is None else product(times[row], deltas[row], digits=digits),
        digits=digits,
    )
    share = _share(trace, trace.layers[0], digits)
    if len(deltas) > 1:
        symbols, numbers = f"Σ {symbols}", f"({numbers})"
    if inputs is not None:
        symbols, numbers = f"{symbols} / √(inputs)", f"{numbers} / √({inputs})"
    return Formula(left, symbols + share[0], numbers + share[1], number(result, digits))


def _share(trace: "Trace", layer: LayerTrace, digits: int) -> tuple[str, str]:
    """Write the division by the number of rows, or by the sum of their weights; nothing for one row."""
    if layer.row_share == 1:
        return "", ""
    weight = trace.sample_weight
    total = len(trace.rows) if weight is None else weight.sum()
    return (" / n", f" / {number(total, digits)}") if weight is None else (" / Σκ", f" / {number(total, digits)}")
