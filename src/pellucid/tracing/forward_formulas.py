"""The forward pass of one neuron for one row, line by line."""

import numpy as np

from pellucid.textbook.layer_norm import EPSILON
from pellucid.tracing.functions import derivative_text, function_text
from pellucid.tracing.layers import LayerTrace
from pellucid.tracing.notation import DIGITS, Formula, add_up, factor, layer_mark, number, product, subscript
from pellucid.tracing.parametric import ParametricTrace

__all__ = ["derivative_formulas", "forward_formulas", "input_symbol", "spread"]


def input_symbol(layer: LayerTrace, index: int) -> str:
    """Write an input of a layer: ``x₁`` of the network, ``e₁`` embedded, ``f₁`` scaled, ``a₁⁽¹⁾`` of the one before."""
    return layer.input_letter + subscript(index) + (layer_mark(layer.index - 1) if layer.index else "")


def forward_formulas(layer: LayerTrace, row: int, neuron: int, digits: int = DIGITS) -> list[Formula]:
    """Write z and a of one neuron and one row, and what lies between: layer normalisation, a slope, dropout.

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
    if layer.parametric is not None:
        formulas.append(_parametric(layer, layer.parametric, row, neuron, digits))
    if layer.mask is not None:
        a, mask = layer.activation[row, neuron], layer.mask[row, neuron]
        result = number(layer.outputs[row, neuron], digits)
        letter = _letter(layer)
        formulas.append(Formula(f"a{mark}", f"{letter}(z{mark})·mask{mark}", product(a, mask, digits=digits), result))
    return formulas


def derivative_formulas(layer: LayerTrace, row: int, neuron: int, digits: int = DIGITS) -> list[Formula]:
    """Write g′(z) of one neuron and one row, and h′(z) where the activation is parametric; none for softmax."""
    if layer.derivative is None:
        return []
    mark, parametric = subscript(neuron), layer.parametric
    z, a, slope = layer.pre_activation[row, neuron], layer.activation[row, neuron], layer.derivative[row, neuron]
    if parametric is not None:
        a, slope = parametric.function[row, neuron], parametric.function_derivative[row, neuron]
    symbols = derivative_text(layer.function, f"z{mark}", f"a{mark}" if _is_all(layer) else f"g(z{mark})")
    numbers = derivative_text(layer.function, number(z, digits), number(a, digits), digits)
    formulas = [Formula(f"g′(z{mark})", symbols, numbers, number(slope, digits))]
    if parametric is not None:
        alpha = factor(parametric.slope[neuron], digits)
        symbols, numbers = f"1 + α{mark}·(g′(z{mark}) − 1)", f"1 + {alpha}·({number(slope, digits)} − 1)"
        formulas.append(Formula(f"h′(z{mark})", symbols, numbers, number(layer.derivative[row, neuron], digits)))
    return formulas


def _letter(layer: LayerTrace) -> str:
    return "g" if layer.parametric is None else "h"


def _is_all(layer: LayerTrace) -> bool:
    """Whether g(z) is what the layer hands on."""
    return layer.mask is None and layer.parametric is None


def _parametric(layer: LayerTrace, parametric: ParametricTrace, row: int, neuron: int, digits: int) -> Formula:
    mark, g = subscript(neuron), parametric.function[row, neuron]
    z = factor(layer.pre_activation[row, neuron], digits)
    return Formula(
        f"a{mark}" if layer.mask is None else f"h(z{mark})",
        f"z{mark} + α{mark}·(g(z{mark}) − z{mark})",
        f"{z} + {factor(parametric.slope[neuron], digits)}·({number(g, digits)} − {z})",
        number(layer.activation[row, neuron], digits),
    )


def _weighted_sum(layer: LayerTrace, row: int, neuron: int, digits: int) -> Formula:
    mark, x, w = subscript(neuron), layer.inputs[row], layer.weights[:, neuron]
    symbols, numbers = add_up(
        x * w,
        lambda i: f"{input_symbol(layer, i)}·{layer.weight_letter}{subscript(i, neuron)}",
        lambda i: product(x[i], w[i], digits=digits),
        digits=digits,
    )
    if layer.factor != 1:
        symbols, numbers = f"({symbols}) / √(inputs)", f"({numbers}) / √({len(x)})"
    return Formula(
        ("z" if layer.normalised is None else "u") + mark,
        f"{symbols} + b{mark}",
        f"{numbers} + {factor(layer.bias[neuron], digits)}",
        number(layer.weighted_sum[row, neuron], digits),
    )


def _layer_norm(layer: LayerTrace, row: int, neuron: int, digits: int) -> list[Formula]:
    assert layer.normalised is not None  # noqa: S101 - types
    assert layer.gain is not None and layer.shift is not None  # noqa: S101, PT018 - types
    mark, u, normalised = subscript(neuron), layer.weighted_sum[row], layer.normalised[row, neuron]
    gain, shift = layer.gain[neuron], layer.shift[neuron]
    return [
        Formula(
            f"û{mark}",
            f"(u{mark} − mean(u)) / √(variance(u) + ε)",
            f"({number(u[neuron], digits)} − {factor(u.mean(), digits)}) / {spread(layer, row, digits)}",
            number(normalised, digits),
        ),
        Formula(
            f"z{mark}",
            f"gain{mark}·û{mark} + shift{mark}",
            f"{product(gain, normalised, digits=digits)} + {factor(shift, digits)}",
            number(layer.pre_activation[row, neuron], digits),
        ),
    ]


def spread(layer: LayerTrace, row: int, digits: int = DIGITS) -> str:
    """Write √(variance(u) + ε) of a row in numbers, as layer normalisation divides by it."""
    return f"√({number(layer.weighted_sum[row].var(), digits)} + {number(EPSILON, digits)})"


def _activation(layer: LayerTrace, row: int, neuron: int, digits: int) -> Formula:
    mark, z = subscript(neuron), layer.pre_activation[row]
    left = f"a{mark}" if _is_all(layer) else f"g(z{mark})"
    activation = layer.activation if layer.parametric is None else layer.parametric.function
    result = number(activation[row, neuron], digits)
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
