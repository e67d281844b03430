"""An embedded column, line by line: its basis and its features, and the gradients of what it learns."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pellucid.tracing.backward_formulas import over_rows
from pellucid.tracing.columns import ColumnTrace
from pellucid.tracing.inputs import InputsTrace
from pellucid.tracing.notation import DIGITS, Formula, add_up, factor, number, product, subscript

if TYPE_CHECKING:
    from pellucid.tracing.steps import Trace

__all__ = ["basis_formula", "embedded_formula", "embedded_gradient_formulas", "wave_gradient_formulas"]


def basis_formula(column: ColumnTrace, row: int, base: int, digits: int = DIGITS) -> Formula:
    """Write one function of a number's basis, of one row."""
    assert column.basis is not None  # noqa: S101 - not called otherwise
    x, mark, own = column.values[row], subscript(base), subscript(column.index)
    result = number(column.basis[row, base], digits)
    if column.frequencies is not None and column.phases is not None:
        inside = product(x, column.frequencies[base], digits=digits), factor(column.phases[base], digits)
        symbols, numbers = f"cos(2π·x{own}·ω{mark} + φ{mark})", f"cos(2π·{inside[0]} + {inside[1]})"
        return Formula(f"basis{mark}", symbols, numbers, result)
    assert column.edges is not None  # noqa: S101 - types
    low, high = (factor(edge, digits) for edge in column.edges[base : base + 2])
    after = subscript(base + 1)
    symbols = f"(x{own} − edge{mark}) / (edge{after} − edge{mark})"
    numbers = f"({number(x, digits)} − {low}) / ({high} − {low})"
    if base < column.basis.shape[1] - 1:
        symbols, numbers = f"min(1, {symbols})", f"min(1, {numbers})"
    if base > 0:
        symbols, numbers = f"max(0, {symbols})", f"max(0, {numbers})"
    return Formula(f"basis{mark}", symbols, numbers, result)


def embedded_formula(
    inputs: InputsTrace, column: ColumnTrace, row: int, feature: int, digits: int = DIGITS, *, bases: Sequence[int] = ()
) -> Formula:
    """Write one feature of a column, of one row; these bases in any case."""
    own, mark, j = subscript(column.index), subscript(feature), feature - column.place.start
    result = number(inputs.unscaled[row, feature], digits)
    if column.levels is not None:
        level = int(column.level_of_rows[row])
        return Formula(f"e{mark}", f"E{subscript(level, feature)}" if level >= 0 else "", "", result)
    if column.basis is None or column.weights is None or column.bias is None or j == column.width:
        return Formula(f"e{mark}", f"x{own}", "", result)
    basis, weights = column.basis[row], column.weights[:, j]
    symbols, numbers = add_up(
        basis * weights,
        lambda k: f"basis{subscript(k)}·V{subscript(k, feature)}",
        lambda k: product(basis[k], weights[k], digits=digits),
        digits=digits,
        kept=bases,
    )
    return Formula(f"e{mark}", f"{symbols} + c{mark}", f"{numbers} + {factor(column.bias[j], digits)}", result)


def embedded_gradient_formulas(
    trace: "Trace", column: ColumnTrace, row: int, feature: int, bases: list[int], digits: int = DIGITS
) -> list[Formula]:
    """Write the gradients of what one feature of a column is made of: ∂L/∂V of these bases and ∂L/∂c, or ∂L/∂E."""
    assert column.d_embedded is not None and trace.own_gradients is not None  # noqa: S101, PT018 - types
    mark, j = subscript(feature), feature - column.place.start
    d = column.d_embedded[:, j]
    if column.levels is not None:
        level = int(column.level_of_rows[row])
        if level < 0:
            return []
        gradient = trace.own_gradients.levels[column.learned[0][1]][level, j]
        left = f"∂L/∂E{subscript(level, feature)}"
        return [over_rows(trace, left, f"∂ℓ/∂e{mark}", d[column.level_of_rows == level], gradient, digits)]
    if column.basis is None or j == column.width:
        return []
    weights, bias = (getattr(trace.own_gradients, role)[column.index] for role in ("number_weights", "number_bias"))
    formulas = [
        over_rows(
            trace,
            f"∂L/∂V{subscript(k, feature)}",
            f"basis{subscript(k)}·∂ℓ/∂e{mark}",
            d,
            weights[k, j],
            digits,
            times=column.basis[:, k],
        )
        for k in bases
    ]
    return [*formulas, over_rows(trace, f"∂L/∂c{mark}", f"∂ℓ/∂e{mark}", d, bias[j], digits)]


def wave_gradient_formulas(
    trace: "Trace", column: ColumnTrace, row: int, base: int, digits: int = DIGITS
) -> list[Formula]:
    """Write how the loss reaches a frequency ω and a phase φ of a periodic basis."""
    if column.frequencies is None or column.phases is None:
        return []
    assert column.d_embedded is not None and column.d_basis is not None  # noqa: S101, PT018 - types
    assert column.weights is not None and trace.own_gradients is not None  # noqa: S101, PT018 - types
    mark, own, first = subscript(base), subscript(column.index), column.place.start
    weights, d = column.weights[base], column.d_embedded[row, : column.width]
    symbols, numbers = add_up(
        weights * d,
        lambda j: f"V{subscript(base, first + j)}·∂ℓ/∂e{subscript(first + j)}",
        lambda j: product(weights[j], d[j], digits=digits),
        digits=digits,
    )
    along, phase = (each[:, base] for each in column.basis_slopes)
    x, omega, phi = column.values[row], column.frequencies[base], column.phases[base]
    inside = f"2π·{product(x, omega, digits=digits)} + {factor(phi, digits)}"
    d_basis = column.d_basis[:, base]
    gradients = (trace.own_gradients.frequencies[column.index][base], trace.own_gradients.phases[column.index][base])
    return [
        Formula(f"∂ℓ/∂basis{mark}", symbols, numbers, number(d_basis[row], digits)),
        Formula(
            f"∂basis{mark}/∂ω{mark}",
            f"−2π·x{own}·sin(2π·x{own}·ω{mark} + φ{mark})",
            f"−2π·{factor(x, digits)}·sin({inside})",
            number(along[row], digits),
        ),
        over_rows(
            trace,
            f"∂L/∂ω{mark}",
            f"∂basis{mark}/∂ω{mark}·∂ℓ/∂basis{mark}",
            d_basis,
            float(gradients[0]),
            digits,
            times=np.asarray(along),
        ),
        over_rows(
            trace,
            f"∂L/∂φ{mark}",
            f"−sin(2π·x{own}·ω{mark} + φ{mark})·∂ℓ/∂basis{mark}",
            d_basis,
            float(gradients[1]),
            digits,
            times=np.asarray(phase),
        ),
    ]
