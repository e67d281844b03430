"""What members share, line by line: where a member's weights v come from, and what reaches w, r and s from ∂L/∂v."""

from typing import TYPE_CHECKING

import numpy as np

from pellucid.textbook.arrays import Array
from pellucid.tracing.layers import LayerTrace
from pellucid.tracing.notation import DIGITS, Formula, add_up, factor, number, product, subscript
from pellucid.tracing.pieces import piece

if TYPE_CHECKING:
    from pellucid.tracing.steps import Trace

__all__ = ["member_loss_formula", "shared_gradient_formulas", "shared_weight_formula"]


def shared_weight_formula(trace: "Trace", layer: LayerTrace, index: int, neuron: int, digits: int = DIGITS) -> Formula:
    """Write where one weight of a member comes from: v = r·w·s."""
    w = piece(trace.before, "weights", layer.index, trace.part)[index, neuron]
    r, s = _adapters(trace, layer)
    mark, parts = subscript(index, neuron), [(f"w{subscript(index, neuron)}", w)]
    if r is not None:
        parts.insert(0, (f"r{subscript(index)}", r[index]))
    if s is not None:
        parts.append((f"s{subscript(neuron)}", s[neuron]))
    symbols = "·".join(symbol for symbol, _ in parts)
    numbers = product(*(value for _, value in parts), digits=digits)
    return Formula(f"v{mark}", symbols, numbers, number(layer.weights[index, neuron], digits))


def shared_gradient_formulas(
    trace: "Trace", layer: LayerTrace, index: int, neuron: int, digits: int = DIGITS
) -> list[Formula]:
    """Write ∂L/∂w of one weight, and ∂L/∂r, ∂L/∂s of the adapters that it passes."""
    d = layer.d_weights
    assert d is not None and trace.gradients is not None  # noqa: S101, PT018 - types
    w = piece(trace.before, "weights", layer.index, trace.part)
    r, s = _adapters(trace, layer)
    formulas = [_weight(trace, layer, index, neuron, digits)]
    if r is not None:
        marks = [subscript(index, j) for j in range(layer.neurons)]
        left = f"∂L/∂r{subscript(index)}"
        result = piece(trace.gradients, "input_adapters", layer.index, trace.part)[index]
        formulas.append(_adapter(trace, left, "s", (d[index], w[index], s), marks, result, digits))
    if s is not None:
        marks = [subscript(i, neuron) for i in range(len(w))]
        left = f"∂L/∂s{subscript(neuron)}"
        result = piece(trace.gradients, "output_adapters", layer.index, trace.part)[neuron]
        formulas.append(_adapter(trace, left, "r", (d[:, neuron], w[:, neuron], r), marks, result, digits))
    return formulas


def _adapter(
    trace: "Trace",
    left: str,
    letter: str,
    values: tuple[Array, Array, Array | None],
    marks: list[str],
    result: float,
    digits: int,
) -> Formula:
    """Write ∂L/∂r or ∂L/∂s: ∂L/∂v·w of all weights that pass it, with the other adapter that each passes, if any."""
    assert trace.sharing is not None  # noqa: S101 - types
    d, w, other = values
    symbols, numbers = add_up(
        d * w if other is None else d * w * other,
        lambda k: f"∂L/∂v{marks[k]}·w{marks[k]}" + ("" if other is None else f"·{letter}{subscript(k)}"),
        lambda k: product(d[k], w[k], *([] if other is None else [other[k]]), digits=digits),
        digits=digits,
    )
    return _mean(left, symbols, numbers, result, trace.sharing.members, digits)


def member_loss_formula(trace: "Trace", digits: int = DIGITS) -> Formula:
    """Write L, the mean of the members' losses, and the penalty."""
    sharing = trace.sharing
    assert sharing is not None and sharing.losses is not None  # noqa: S101, PT018 - types
    losses, members = sharing.losses, sharing.members
    symbols, numbers = add_up(losses, lambda m: f"L{subscript(m)}", lambda m: number(losses[m], digits), digits=digits)
    symbols, numbers = f"({symbols}) / members", f"({numbers}) / {members}"
    if trace.penalty:
        symbols, numbers = f"{symbols} + penalty", f"{numbers} + {number(trace.penalty, digits)}"
    return Formula("L", symbols, numbers, number(trace.loss, digits))


def _weight(trace: "Trace", layer: LayerTrace, index: int, neuron: int, digits: int) -> Formula:
    sharing, gradients = trace.sharing, trace.gradients
    assert sharing is not None and gradients is not None and layer.d_weights is not None  # noqa: S101, PT018 - types
    r, s = _adapters(trace, layer)
    mark, d = subscript(index, neuron), layer.d_weights[index, neuron]
    w = piece(trace.before, "weights", layer.index, trace.part)[index, neuron]
    result = piece(gradients, "weights", layer.index, trace.part)[index, neuron]
    factors = [(f"∂L/∂v{mark}", d)]
    factors += [] if r is None else [(f"r{subscript(index)}", r[index])]
    factors += [] if s is None else [(f"s{subscript(neuron)}", s[neuron])]
    symbols = "·".join(symbol for symbol, _ in factors)
    numbers = product(*(value for _, value in factors), digits=digits)
    own = float(np.prod([value for _, value in factors]))
    penalty = layer.row_share * (trace.training.l1 * np.sign(w) + trace.training.l2 * w)
    if trace.before.weights[layer.index].ndim == 2:  # of all members
        others = (result - penalty) * sharing.members - own
        symbols, numbers = f"({symbols} + [the others’])", f"({numbers} + [{number(others, digits)}])"
    formula = _mean(f"∂L/∂w{mark}", symbols, numbers, result, sharing.members, digits, bare=True)
    if not penalty:
        return formula
    tail = f"{formula.numbers} + {factor(penalty, digits)}"
    return Formula(formula.left, f"{formula.symbols} + ∂penalty/∂w{mark}", tail, formula.result)


def _mean(
    left: str, symbols: str, numbers: str, result: float, members: int, digits: int, *, bare: bool = False
) -> Formula:
    if not bare:
        symbols, numbers = f"({symbols})", f"({numbers})"
    return Formula(left, f"{symbols} / members", f"{numbers} / {members}", number(result, digits))


def _adapters(trace: "Trace", layer: LayerTrace) -> tuple[Array | None, Array | None]:
    """Return the member's r and s of a layer; None where it has none."""
    r, s = (
        None if getattr(trace.before, role)[layer.index] is None else piece(trace.before, role, layer.index, trace.part)
        for role in ("input_adapters", "output_adapters")
    )
    return r, s
