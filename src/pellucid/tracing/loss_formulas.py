"""The loss of a row and of the batch, and where the backward pass starts, line by line."""

from typing import TYPE_CHECKING

import numpy as np

from pellucid.spec import AbsoluteError, Huber, LogLoss, Loss, Poisson, Quantile, SquaredError
from pellucid.textbook.arrays import Array
from pellucid.textbook.losses import clipped_probabilities, loss_rows, smoothed
from pellucid.textbook.outputs import log_probabilities
from pellucid.tracing.notation import DIGITS, Formula, add_up, factor, number, product, subscript
from pellucid.tracing.sharing_formulas import member_loss_formula

if TYPE_CHECKING:
    from pellucid.tracing.steps import Trace

__all__ = ["batch_formulas", "output_delta_formula", "row_formulas"]


def row_formulas(trace: "Trace", row: int, digits: int = DIGITS) -> list[Formula]:
    """Write ℓ of one row."""
    assert trace.targets is not None and trace.loss_rows is not None  # noqa: S101, PT018 - types
    loss, a, y = trace.training.loss, _taken(trace, row), _targets(trace, row)
    formulas = []
    if isinstance(loss, LogLoss) and loss.label_smoothing:
        s, k = loss.label_smoothing, 2 if trace.network.output == "logistic" else len(y)
        formulas = [
            Formula(
                f"ỹ{subscript(j)}",
                f"(1 − smoothing)·y{subscript(j)} + smoothing / {k}",
                f"(1 − {number(s, digits)})·{factor(given, digits)} + {number(s, digits)} / {k}",
                number(y[j], digits),
            )
            for j, given in enumerate(trace.targets[row])
        ]
    texts = [_loss_text(loss, trace.network.output, a[j], y[j], digits) for j in range(len(y))]
    name = _y(loss)
    symbols, numbers = add_up(
        _loss_values(trace, row),
        lambda j: texts[j].format(a=f"a{subscript(j)}", y=f"{name}{subscript(j)}"),
        lambda j: texts[j].format(a=factor(a[j], digits), y=factor(y[j], digits)),
        digits=digits,
    )
    if isinstance(loss, LogLoss):
        symbols, numbers = f"−({symbols})", f"−({numbers})"
    return [*formulas, Formula("ℓ", symbols, numbers, number(trace.loss_rows[row], digits))]


def batch_formulas(trace: "Trace", digits: int = DIGITS) -> list[Formula]:
    """Write the penalty, if there is one, and the batch's loss L."""
    assert trace.loss_rows is not None and trace.before is not None  # noqa: S101, PT018 - types
    total, weight = _total(trace, digits), trace.sample_weight
    losses, rows = trace.loss_rows, trace.rows
    symbols, numbers = add_up(
        losses if weight is None else weight * losses,
        lambda r: f"ℓ[{rows[r]}]" if weight is None else f"κ[{rows[r]}]·ℓ[{rows[r]}]",
        lambda r: number(losses[r], digits) if weight is None else product(weight[r], losses[r], digits=digits),
        digits=digits,
    )
    if len(rows) > 1 or weight is not None:
        symbols, numbers = f"({symbols}) / {_total_symbol(trace)}", f"({numbers}) / {total}"
    if trace.sharing is not None and trace.sharing.losses is not None:
        own = number(trace.sharing.losses[trace.part], digits)
        formulas = [Formula(f"L{subscript(trace.part)}", symbols, numbers, own)]
        formulas += [_penalty(trace, number(trace.penalty, digits), total, digits)] if trace.penalty else []
        return [*formulas, member_loss_formula(trace, digits)]
    if not trace.penalty:
        return [Formula("L", symbols, numbers, number(trace.loss, digits))]
    penalty = number(trace.penalty, digits)
    return [
        _penalty(trace, penalty, total, digits),
        Formula("L", f"{symbols} + penalty", f"{numbers} + {penalty}", number(trace.loss, digits)),
    ]


def output_delta_formula(trace: "Trace", row: int, neuron: int, digits: int = DIGITS) -> Formula:
    """Write δ of an output neuron: ∂ℓ/∂z, times the row's weight κ if rows have weights."""
    layer, loss = trace.layers[-1], trace.training.loss
    assert layer.delta is not None  # noqa: S101 - types
    a, y, mark = trace.prediction[row], _targets(trace, row), subscript(neuron)
    name = _y(loss)
    symbols, numbers = _slope(loss, neuron, a[neuron], y[neuron], name, digits)
    if isinstance(loss, LogLoss | Poisson):
        symbols, numbers = f"a{mark} − {name}{mark}", f"{number(a[neuron], digits)} − {factor(y[neuron], digits)}"
    elif trace.network.output == "softmax":
        slopes = [_slope(loss, k, a[k], y[k], name, digits) for k in range(len(a))]
        sums = add_up(
            a * (a - y),
            lambda k: f"a{subscript(k)}·({slopes[k][0]})",
            lambda k: f"{factor(a[k], digits)}·({slopes[k][1]})",
            digits=digits,
        )
        symbols = f"a{mark}·(({symbols}) − ({sums[0]}))"
        numbers = f"{factor(a[neuron], digits)}·(({numbers}) − ({sums[1]}))"
    elif layer.derivative is not None and trace.network.output != "identity":
        symbols = f"g′(z{mark})·({symbols})"
        numbers = f"{factor(layer.derivative[row, neuron], digits)}·({numbers})"
    if trace.sample_weight is not None:
        symbols, numbers = f"κ·({symbols})", f"{factor(trace.sample_weight[row], digits)}·({numbers})"
    return Formula(f"δ{mark}", symbols, numbers, number(layer.delta[row, neuron], digits))


def _targets(trace: "Trace", row: int) -> Array:
    """Return the row's targets as the loss compares them: smoothed, if it smooths."""
    assert trace.targets is not None  # noqa: S101 - types
    loss, y = trace.training.loss, trace.targets[row]
    if not isinstance(loss, LogLoss):
        return y
    return smoothed(y, loss.label_smoothing, 2 if trace.network.output == "logistic" else len(y))


def _taken(trace: "Trace", row: int) -> Array:
    """Return the row's predictions as the loss takes them: clipped, if it clips."""
    a = trace.prediction[row]
    if not isinstance(trace.training.loss, LogLoss) or not trace.training.loss.clipped:
        return a
    return clipped_probabilities(a)


def _y(loss: Loss) -> str:
    return "ỹ" if isinstance(loss, LogLoss) and loss.label_smoothing else "y"


def _loss_values(trace: "Trace", row: int) -> Array:
    """Return what each output adds to ℓ; of the log loss without its minus."""
    assert trace.targets is not None  # noqa: S101 - types
    loss, output, layer = trace.training.loss, trace.network.output, trace.layers[-1]
    z, a, y = layer.pre_activation[row], layer.activation[row], trace.targets[row]
    if output == "softmax" and isinstance(loss, LogLoss):
        logarithms = np.log(_taken(trace, row)) if loss.clipped else log_probabilities(output, z[np.newaxis])[0]
        return np.asarray(_targets(trace, row) * logarithms)
    if output == "softmax":
        output = "identity"  # how a came about makes no difference to these losses, and each output stands alone
    alone = loss_rows(loss, output, *(each[:, np.newaxis] for each in (z, a, y)))
    return -alone if isinstance(loss, LogLoss) else alone


def _loss_text(loss: Loss, output: str, a: float, y: float, digits: int) -> str:  # noqa: PLR0911 - one a piece
    """Write one output's part of ℓ; of a loss that is made of pieces, the piece on which the numbers are."""
    match loss:
        case LogLoss() if output == "softmax":
            return "{y}·ln({a})"
        case LogLoss():
            return "{y}·ln({a}) + (1 − {y})·ln(1 − {a})"
        case Huber(delta=delta) if abs(a - y) > delta:
            d = number(delta, digits)
            return f"{d}·(|{{a}} − {{y}}| − ½·{d})"
        case SquaredError() | Huber():
            return "½·({a} − {y})²"
        case AbsoluteError():
            return "|{a} − {y}|"
        case Quantile(level=level):
            q = number(level, digits)
            return f"max({q}·({{y}} − {{a}}), (1 − {q})·({{a}} − {{y}}))"
        case Poisson() if y == 0:
            return "{a}"
        case Poisson():
            return "{y}·ln({y} / {a}) − {y} + {a}"


def _slope(loss: Loss, index: int, a: float, y: float, name: str, digits: int) -> tuple[str, str]:
    """Write ∂ℓ/∂a of one output in symbols and numbers."""
    text = "{a} − {y}"
    if isinstance(loss, AbsoluteError):
        text = "sign({a} − {y})"
    elif isinstance(loss, Huber):
        d = number(loss.delta, digits)
        text = f"max(−{d}, min({d}, {{a}} − {{y}}))"
    elif isinstance(loss, Quantile):
        level = number(loss.level, digits)
        text = "0" if y == a else f"−{level} if {{y}} > {{a}} else 1 − {level}"
    mark = subscript(index)
    return text.format(a=f"a{mark}", y=f"{name}{mark}"), text.format(a=factor(a, digits), y=factor(y, digits))


def _penalty(trace: "Trace", result: str, total: str, digits: int) -> Formula:
    weights, parts = trace.before.all_weights, []
    if trace.training.l1:
        value = np.abs(weights).sum()
        parts.append(("l₁·Σ|w|", product(trace.training.l1, value, digits=digits)))
    if trace.training.l2:
        value = np.square(weights).sum()
        parts.append(("½·l₂·Σw²", "½·" + product(trace.training.l2, value, digits=digits)))
    symbols, numbers = (" + ".join(side) for side in zip(*parts, strict=True))
    return Formula("penalty", f"({symbols}) / {_total_symbol(trace)}", f"({numbers}) / {total}", result)


def _total(trace: "Trace", digits: int) -> str:
    weight = trace.sample_weight
    return number(len(trace.rows) if weight is None else weight.sum(), digits)


def _total_symbol(trace: "Trace") -> str:
    return "n" if trace.sample_weight is None else "Σκ"
