"""Formulas of activations and their derivatives as text, with places for the numbers.

Each pair says what the textbook function of the same name computes; the tests evaluate both and compare.
``exp``, ``ln``, ``tanh``, ``max`` are what they say, σ is the logistic function, Φ and φ are the normal distribution
and its density.
"""

from dataclasses import asdict
from typing import Any

from pellucid.spec import Activation
from pellucid.textbook.activations import SELU_ALPHA, SELU_SCALE
from pellucid.tracing.notation import DIGITS, number, parenthesised, raised

__all__ = ["derivative_text", "function_text"]

FUNCTIONS = {
    "identity": "{z}",
    "logistic": "1 / (1 + exp(−{f}))",
    "tanh": "tanh({z})",
    "relu": "max(0, {z})",
    "leaky_relu": "{z} if {z} > 0 else {slope}·{f}",
    "elu": "{z} if {z} > 0 else {alpha}·(exp({z}) − 1)",
    "selu": "{scale}·({z} if {z} > 0 else {alpha}·(exp({z}) − 1))",
    "softplus": "ln(1 + exp({z}))",
    "gelu": "{f}·Φ({z})",
    "silu": "{f}·σ({z})",
    "mish": "{f}·tanh(ln(1 + exp({z})))",
    "exp": "exp({z})",
}
DERIVATIVES = {
    "identity": "1",
    "logistic": "{a}·(1 − {a})",
    "tanh": "1 − {p}²",
    "relu": "1 if {z} > 0 else 0",
    "leaky_relu": "1 if {z} > 0 else {slope}",
    "elu": "1 if {z} > 0 else {a} + {alpha}",
    "selu": "{scale} if {z} > 0 else {a} + {scale}·{alpha}",
    "softplus": "σ({z})",
    "gelu": "Φ({z}) + {f}·φ({z})",
    "silu": "σ({z}) + {a}·(1 − σ({z}))",
    "mish": "tanh(ln(1 + exp({z}))) + {f}·σ({z})·(1 − tanh(ln(1 + exp({z})))²)",
    "exp": "{a}",
}
"""{z} stands by itself; {f} and {a} stand beside others, {p}, which is a, below a power, each with the parentheses
that it needs there."""


def function_text(function: Activation | str, z: str, digits: int = DIGITS) -> str:
    """Write g(z), given how z is written.

    Examples
    --------
    >>> from pellucid.spec import Relu
    >>> function_text(Relu(), "z₁"), function_text("exp", "0.5")
    ('max(0, z₁)', 'exp(0.5)')
    """
    return FUNCTIONS[_name(function)].format(z=z, f=parenthesised(z), **_constants(function, digits))


def derivative_text(function: Activation | str, z: str, a: str, digits: int = DIGITS) -> str:
    """Write g′(z), given how z and a = g(z) are written.

    Examples
    --------
    >>> from pellucid.spec import Tanh
    >>> derivative_text(Tanh(), "z₁", "a₁")
    '1 − a₁²'
    """
    shown = {"z": z, "f": parenthesised(z), "a": parenthesised(a), "p": raised(a)}
    return DERIVATIVES[_name(function)].format(**shown, **_constants(function, digits))


def _name(function: Activation | str) -> str:
    return function if isinstance(function, str) else function.name


def _constants(function: Activation | str, digits: int) -> dict[str, str]:
    values: dict[str, Any] = {} if isinstance(function, str) else asdict(function)
    if _name(function) == "selu":
        values = {"scale": SELU_SCALE, "alpha": SELU_ALPHA}
    return {name: number(value, digits) for name, value in values.items()}
