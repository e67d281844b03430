"""The forward pass of one neuron for one row, line by line."""

import numpy as np

from pellucid.tracing.functions import derivative_text, function_text
from pellucid.tracing.layers import LayerTrace
from pellucid.tracing.notation import DIGITS, Formula, add_up, factor, layer_mark, number, product, subscript

__all__ = ["derivative_formula", "forward_formulas", "input_symbol"]


def input_symbol(layer: int, index: int) -> str:
    """Write an input of a layer: ``x₁`` of the network, ``a₁⁽¹⁾`` of the layer before.

    Examples
    --------
    >>> input_symbol(0, 1), input_symbol(1, 1)
    ('x₂', 'a₂⁽¹⁾')
    """
    return ("x" if layer == 0 else "a") + subscript(index) + (layer_mark(layer - 1) if layer else "")


def forward_formulas(layer: LayerTrace, row: int, neuron: int, digits: int = DIGITS) -> list[Formula]:
    """Write z and a of one neuron and one row; with layer normalisation and dropout, what lies between.

    Parameters
    ----------
    layer : LayerTrace
    row, neuron : int
        From 0.
    digits : int
        Significant digits.
    """
    mark = subscript(neuron)
    formulas = [_weighted_sum(layer, row, neuron, digits)]
    if layer.normalised is not None:
        formulas += _layer_norm(layer, row, neuron, digits)
    formulas.append(_activation(layer, row, neuron, digits))
    if layer.mask is not None:
        g, mask = layer.activation[row, neuron], layer.mask[row, neuron]
        result = number(layer.outputs[row, neuron], digits)
        formulas.append(Formula(f"a{mark}", f"g(z{mark})·mask{mark}", product(g, mask, digits=digits), result))
    return formulas


def derivative_formula(layer: LayerTrace, row: int, neuron: int, digits: int = DIGITS) -> Formula | None:
    """Write g′(z) of one neuron and one row; None for softmax."""
    if layer.derivative is None:
        return None
    mark = subscript(neuron)
    z, a = number(layer.pre_activation[row, neuron], digits), number(layer.activation[row, neuron], digits)
    symbols = derivative_text(layer.function, f"z{mark}", f"g(z{mark})" if layer.mask is not None else f"a{mark}")
    numbers = derivative_text(layer.function, z, a, digits)
    result = number(layer.derivative[row, neuron], digits)
    return Formula(f"g′(z{mark})", symbols, numbers, result)


def _weighted_sum(layer: LayerTrace, row: int, neuron: int, digits: int) -> Formula:
    mark, x, w = subscript(neuron), layer.inputs[row], layer.weights[:, neuron]
    symbols, numbers = add_up(
        x * w,
        lambda i: f"{input_symbol(layer.index, i)}·w{subscript(i, neuron)}",
        lambda i: product(x[i], w[i], digits=digits),
        digits=digits,
    )
    return Formula(
        ("z" if layer.normalised is None else "u") + mark,
        f"{symbols} + b{mark}",
        f"{numbers} + {factor(layer.bias[neuron], digits)}",
        number(layer.weighted_sum[row, neuron], digits),
    )


def _layer_norm(layer: LayerTrace, row: int, neuron: int, digits: int) -> list[Formula]:
    assert layer.normalised is not None and layer.inverse_std is not None  # noqa: S101, PT018 - types
    assert layer.gain is not None and layer.shift is not None  # noqa: S101, PT018 - types
    mark, u, normalised = subscript(neuron), layer.weighted_sum[row], layer.normalised[row, neuron]
    mean, inverse_std = u.mean(), layer.inverse_std[row, 0]
    gain, shift = layer.gain[neuron], layer.shift[neuron]
    return [
        Formula(
            f"û{mark}",
            f"(u{mark} − mean(u)) / √(variance(u) + ε)",
            f"({number(u[neuron], digits)} − {factor(mean, digits)})·{factor(inverse_std, digits)}",
            number(normalised, digits),
        ),
        Formula(
            f"z{mark}",
            f"γ{mark}·û{mark} + β{mark}",
            f"{product(gain, normalised, digits=digits)} + {factor(shift, digits)}",
            number(layer.pre_activation[row, neuron], digits),
        ),
    ]


def _activation(layer: LayerTrace, row: int, neuron: int, digits: int) -> Formula:
    mark, z = subscript(neuron), layer.pre_activation[row]
    left = f"g(z{mark})" if layer.mask is not None else f"a{mark}"
    result = number(layer.activation[row, neuron], digits)
    if layer.function == "softmax":
        symbols, numbers = add_up(
            np.exp(np.minimum(z, 700.0)),
            lambda k: f"exp(z{subscript(k)})",
            lambda k: f"exp({number(z[k], digits)})",
            digits=digits,
        )
        return Formula(left, f"exp(z{mark}) / ({symbols})", f"exp({number(z[neuron], digits)}) / ({numbers})", result)
    numbers = function_text(layer.function, number(z[neuron], digits), digits)
    return Formula(left, function_text(layer.function, f"z{mark}"), numbers, result)
