"""What the optimiser does with one number that is learned, line by line."""

from typing import TYPE_CHECKING

from pellucid.spec import Adagrad, Adam, AdamW, GradientDescent, Momentum, Nesterov, Optimizer, RMSprop
from pellucid.tracing.notation import DIGITS, Formula, factor, number, raised
from pellucid.tracing.pieces import piece

if TYPE_CHECKING:
    from pellucid.tracing.steps import Trace

__all__ = ["optimizer_name", "update_formulas"]

NAMES: dict[type, str] = {
    GradientDescent: "gradient descent",
    Momentum: "gradient descent with momentum",
    Nesterov: "gradient descent with Nesterov's momentum",
    Adagrad: "Adagrad",
    RMSprop: "RMSprop",
    Adam: "Adam",
    AdamW: "AdamW",
}
RULES: dict[type, tuple[tuple[str, str], ...]] = {
    GradientDescent: (("θ", "{θ} − {η}·{grad}"),),
    Momentum: (("v", "{μ}·{v} − {η}·{grad}"), ("θ", "{θ} + {new v}")),
    Nesterov: (("v", "{μ}·{v} − {η}·{grad}"), ("θ", "{θ} + {μ}·{new v} − {η}·{grad}")),
    Adagrad: (("s", "{s} + {(grad)}²"), ("θ", "{θ} − {η}·{grad} / (√({new s}) + {ε})")),
    RMSprop: (("s", "{ρ}·{s} + (1 − {ρ})·{(grad)}²"), ("θ", "{θ} − {η}·{grad} / (√({new s}) + {ε})")),
    Adam: (
        ("m", "{β₁}·{m} + (1 − {β₁})·{grad}"),
        ("s", "{β₂}·{s} + (1 − {β₂})·{(grad)}²"),
        ("θ", "{θ} − {η}·√(1 − {(β₂)}^{t}) / (1 − {(β₁)}^{t})·{new m} / (√({new s}) + {ε})"),
    ),
}
RULES[AdamW] = (*RULES[Adam][:2], ("θ", RULES[Adam][2][1].replace("{θ}", "{θ}·(1 − {η}·{λ})", 1)))
"""The formulas of pellucid.textbook.optimizers, in their order; θ is the parameter, grad its gradient. What stands
below a power is in parentheses."""

CONSTANTS = {
    "momentum": "μ",
    "epsilon": "ε",
    "decay": "ρ",
    "beta_1": "β₁",
    "beta_2": "β₂",
    "weight_decay": "λ",
}


def optimizer_name(optimizer: Optimizer) -> str:
    """Name an optimiser as one speaks of it.

    Examples
    --------
    >>> from pellucid.spec import GradientDescent
    >>> optimizer_name(GradientDescent())
    'gradient descent'
    """
    return NAMES.get(type(optimizer), "L-BFGS")


def update_formulas(
    trace: "Trace", role: str, layer: int, place: tuple[int, ...], name: str, digits: int = DIGITS
) -> list[Formula]:
    """Write the update of one parameter: its gradient, the optimiser's memory, its new value.

    Parameters
    ----------
    trace : Trace
        With an update.
    role : str
        As in the layout of parameters: 'weights', 'bias', 'gain', 'shift', 'slope', 'scale' …
    layer : int
    place : tuple of int
        Where it stands in its array.
    name : str
        How it is written: ``w₁₁``.
    digits : int
    """
    update, optimizer = trace.update, trace.training.optimizer
    assert update is not None and trace.after is not None and trace.gradients is not None  # noqa: S101, PT018 - types
    part = trace.part
    values = {"θ": piece(trace.before, role, layer, part)[place], "new θ": piece(trace.after, role, layer, part)[place]}
    values |= {"grad": piece(update.gradient, role, layer, part)[place], "η": update.learning_rate, "t": update.step}
    for symbol, (old, new) in update.terms.items():
        values |= {symbol: piece(old, role, layer, part)[place], f"new {symbol}": piece(new, role, layer, part)[place]}
    for attribute, symbol in CONSTANTS.items():
        if hasattr(optimizer, attribute):
            values[symbol] = getattr(optimizer, attribute)
    shown = {symbol: symbol.replace("θ", name) for symbol in values}
    formulas = [_gradient(trace, role, layer, place, name, digits)]
    for symbol, share in (("η", trace.training.rates.of(role)), ("λ", trace.training.decays.of(role))):
        if symbol in values and share not in (0.0, 1.0):
            formulas.append(_own(symbol, values[symbol], share, digits))
            values[symbol], shown[symbol] = values[symbol] * share, f"{symbol}′"
    written = {symbol: factor(value, digits) for symbol, value in values.items()} | {"t": str(update.step)}
    for symbol in ("grad", "β₁", "β₂"):
        if symbol in values:
            shown[f"({symbol})"], written[f"({symbol})"] = shown[symbol], raised(number(values[symbol], digits))
    for left, text in RULES[type(optimizer)]:
        rule = text.replace("·(1 − {η}·{λ})", "") if trace.training.decays.of(role) == 0 else text
        result = number(values[f"new {left}"], digits)
        formulas.append(Formula(shown[f"new {left}"], rule.format(**shown), rule.format(**written), result))
    return formulas


def _own(symbol: str, value: float, share: float, digits: int) -> Formula:
    """Write the learning rate or the decay that a group of parameters has for itself."""
    return Formula(
        f"{symbol}′",
        f"{symbol}·share",
        f"{number(value, digits)}·{number(share, digits)}",
        number(value * share, digits),
    )


def _gradient(trace: "Trace", role: str, layer: int, place: tuple[int, ...], name: str, digits: int) -> Formula:
    """Write grad: ∂L/∂θ, or what clipping made of it."""
    update, clip = trace.update, trace.training.clip_norm
    assert update is not None  # noqa: S101 - types
    assert trace.gradients is not None  # noqa: S101 - types
    given, used = (piece(each, role, layer, trace.part)[place] for each in (trace.gradients, update.gradient))
    result = number(used, digits)
    if clip is None or update.gradient_norm is None or update.gradient_norm <= clip:
        return Formula("grad", f"∂L/∂{name}", "", result)
    scale = f"{number(clip, digits)} / {number(update.gradient_norm, digits)}"
    return Formula("grad", f"∂L/∂{name}·longest / ‖∂L/∂θ‖", f"{factor(given, digits)}·{scale}", result)
