"""Optimisers: what a gradient does to the parameters.

Each has one step function that changes θ and its own memory in place: θ the parameters, g the gradient, η the
learning rate. All formulas work element by element, so `update` runs them over the flat parameter vector in blocks
that fit the processor's cache.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import SpecError
from pellucid.spec import (
    Adagrad,
    Adam,
    AdamW,
    GradientDescent,
    Lbfgs,
    Momentum,
    Nesterov,
    Optimizer,
    RMSprop,
)
from pellucid.textbook.arrays import Array
from pellucid.textbook.groups import ParameterGroup

__all__ = [
    "STATE_SYMBOLS",
    "OptimizerState",
    "adagrad_step",
    "adam_step",
    "adamw_step",
    "copy_state",
    "gradient_descent_step",
    "initial_state",
    "momentum_step",
    "nesterov_step",
    "rmsprop_step",
    "update",
]

BLOCK = 1 << 15
"""Numbers that `update` works on at a time."""

STATE_SYMBOLS: dict[type[Any], tuple[str, ...]] = {
    GradientDescent: (),
    Momentum: ("v",),
    Nesterov: ("v",),
    Adagrad: ("s",),
    RMSprop: ("s",),
    Adam: ("m", "s"),
    AdamW: ("m", "s"),
    Lbfgs: (),
}
"""Symbols of the arrays that each optimiser remembers, in the order of ``OptimizerState.arrays``."""


@dataclass
class OptimizerState:
    """What an optimiser remembers between steps.

    Attributes
    ----------
    step : int
        Steps done.
    arrays : tuple of arrays
        One for each of `STATE_SYMBOLS`, shaped as the parameters.
    """

    step: int
    arrays: tuple[Array, ...]


def initial_state(optimizer: Optimizer, parameters: Array) -> OptimizerState:
    """Return the memory before the first step: zeros.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.spec import Momentum
    >>> initial_state(Momentum(), np.ones(2))
    OptimizerState(step=0, arrays=(array([0., 0.]),))
    """
    return OptimizerState(0, tuple(np.zeros_like(parameters) for _ in STATE_SYMBOLS[type(optimizer)]))


def copy_state(state: OptimizerState) -> OptimizerState:
    """Return an independent copy.

    Examples
    --------
    >>> import numpy as np
    >>> copy_state(OptimizerState(3, (np.zeros(1),)))
    OptimizerState(step=3, arrays=(array([0.]),))
    """
    return OptimizerState(state.step, tuple(array.copy() for array in state.arrays))


def update(
    optimizer: Optimizer,
    parameters: Array,
    gradient: Array,
    state: OptimizerState,
    learning_rate: float,
    groups: Sequence[ParameterGroup],
    decay: float = 1.0,
) -> None:
    """Do one step: change the parameters and the optimiser's memory in place.

    Parameters
    ----------
    optimizer : Optimizer
        Any but ``Lbfgs``, which is not made of such steps.
    parameters, gradient : arrays of shape (n,)
    state : OptimizerState
        From `initial_state` or the step before.
    learning_rate : float
        η.
    groups : sequence of ParameterGroup
        From ``parameter_groups``; together they are the whole vector.
    decay : float
        What AdamW's decay is multiplied by, besides each group's factor.

    Raises
    ------
    SpecError
        For ``Lbfgs``.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.spec import GradientDescent
    >>> from pellucid.textbook.groups import ParameterGroup
    >>> parameters, gradient = np.array([1.0, 2.0]), np.array([1.0, -1.0])
    >>> state = initial_state(GradientDescent(), parameters)
    >>> update(GradientDescent(), parameters, gradient, state, 0.5, [ParameterGroup(0, 2)])
    >>> parameters.tolist(), state.step
    ([0.5, 2.5], 1)
    """
    if isinstance(optimizer, Lbfgs):
        raise SpecError("'Lbfgs' minimises as a whole and has no single steps; use it through an engine's train.")
    state.step += 1
    for group in groups:
        for start in range(group.start, group.stop, BLOCK):
            block = slice(start, min(start + BLOCK, group.stop))
            arrays = [array[block] for array in state.arrays]
            _step_block(
                optimizer,
                parameters[block],
                gradient[block],
                arrays,
                learning_rate * group.rate,
                step=state.step,
                decay=group.decay * decay,
            )


def _step_block(
    optimizer: Optimizer,
    theta: Array,
    g: Array,
    arrays: Sequence[Array],
    learning_rate: float,
    *,
    step: int,
    decay: float,
) -> None:
    match optimizer:
        case GradientDescent():
            gradient_descent_step(theta, g, learning_rate)
        case Momentum(momentum=momentum):
            momentum_step(theta, g, arrays[0], learning_rate, momentum)
        case Nesterov(momentum=momentum):
            nesterov_step(theta, g, arrays[0], learning_rate, momentum)
        case Adagrad(epsilon=epsilon):
            adagrad_step(theta, g, arrays[0], learning_rate, epsilon)
        case RMSprop(decay=rho, epsilon=epsilon):
            rmsprop_step(theta, g, arrays[0], learning_rate, decay=rho, epsilon=epsilon)
        case Adam(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon):
            m, s = arrays
            adam_step(theta, g, m, s, learning_rate, step=step, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)
        case AdamW(weight_decay=weight_decay, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon):
            m, s = arrays
            adamw_step(
                theta,
                g,
                m,
                s,
                learning_rate,
                step=step,
                weight_decay=weight_decay * decay,
                beta_1=beta_1,
                beta_2=beta_2,
                epsilon=epsilon,
            )


def gradient_descent_step(theta: Array, g: Array, learning_rate: float) -> None:
    """Gradient descent: θ ← θ - η g.

    Examples
    --------
    >>> import numpy as np
    >>> theta = np.array([1.0])
    >>> gradient_descent_step(theta, np.array([4.0]), 0.25)
    >>> theta.tolist()
    [0.0]
    """
    theta -= learning_rate * g


def momentum_step(theta: Array, g: Array, v: Array, learning_rate: float, momentum: float) -> None:
    """Momentum: v ← μ v - η g; θ ← θ + v (Polyak, 1964).

    Examples
    --------
    >>> import numpy as np
    >>> theta, v = np.array([1.0]), np.array([-0.5])
    >>> momentum_step(theta, np.array([4.0]), v, learning_rate=0.25, momentum=0.5)
    >>> theta.tolist(), v.tolist()
    ([-0.25], [-1.25])
    """
    v *= momentum
    v -= learning_rate * g
    theta += v


def nesterov_step(theta: Array, g: Array, v: Array, learning_rate: float, momentum: float) -> None:
    """Nesterov momentum: v ← μ v - η g; θ ← θ + μ v - η g (Nesterov, 1983, in the form of Sutskever et al., 2013).

    Examples
    --------
    >>> import numpy as np
    >>> theta, v = np.array([1.0]), np.array([-0.5])
    >>> nesterov_step(theta, np.array([4.0]), v, learning_rate=0.25, momentum=0.5)
    >>> theta.tolist(), v.tolist()
    ([-0.625], [-1.25])
    """
    downhill = learning_rate * g
    v *= momentum
    v -= downhill
    step = momentum * v
    step -= downhill
    theta += step


def adagrad_step(theta: Array, g: Array, s: Array, learning_rate: float, epsilon: float) -> None:
    """Adagrad: s ← s + g²; θ ← θ - η g / (√s + ε) (Duchi et al., 2011).

    Examples
    --------
    >>> import numpy as np
    >>> theta, s = np.array([1.0]), np.array([9.0])
    >>> adagrad_step(theta, np.array([4.0]), s, learning_rate=0.5, epsilon=1e-8)
    >>> theta.round(6).tolist(), s.tolist()
    ([0.6], [25.0])
    """
    s += g * g
    theta -= _scaled(g, s, learning_rate, epsilon)


def rmsprop_step(theta: Array, g: Array, s: Array, learning_rate: float, *, decay: float, epsilon: float) -> None:
    """RMSprop: s ← ρ s + (1 - ρ) g²; θ ← θ - η g / (√s + ε) (Tieleman & Hinton, 2012).

    Examples
    --------
    >>> import numpy as np
    >>> theta, s = np.array([1.0]), np.array([2.0])
    >>> rmsprop_step(theta, np.array([4.0]), s, learning_rate=0.5, decay=0.5, epsilon=1e-8)
    >>> theta.round(6).tolist(), s.tolist()
    ([0.333333], [9.0])
    """
    _move_mean(s, g * g, decay)
    theta -= _scaled(g, s, learning_rate, epsilon)


def adam_step(
    theta: Array,
    g: Array,
    m: Array,
    s: Array,
    learning_rate: float,
    *,
    step: int,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Adam: m ← β₁ m + (1 - β₁) g; s ← β₂ s + (1 - β₂) g²; θ ← θ - η √(1 - β₂ᵗ) / (1 - β₁ᵗ) · m / (√s + ε).

    Kingma & Ba, "Adam: a method for stochastic optimization", 2015, in the order of the end of its section 2, as in
    scikit-learn; t is `step`, from 1.

    Examples
    --------
    >>> import numpy as np
    >>> theta, m, s = np.array([1.0]), np.zeros(1), np.zeros(1)
    >>> adam_step(theta, np.array([4.0]), m, s, 0.1, step=1, beta_1=0.5, beta_2=0.75, epsilon=1e-8)
    >>> theta.round(6).tolist(), m.tolist(), s.tolist()
    ([0.9], [2.0], [4.0])
    """
    _move_mean(m, g, beta_1)
    _move_mean(s, g * g, beta_2)
    theta -= _scaled(m, s, learning_rate * math.sqrt(1 - beta_2**step) / (1 - beta_1**step), epsilon)


def adamw_step(
    theta: Array,
    g: Array,
    m: Array,
    s: Array,
    learning_rate: float,
    *,
    step: int,
    weight_decay: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """AdamW: θ ← θ · (1 - η · weight_decay); then Adam's step (Loshchilov & Hutter, 2019).

    Examples
    --------
    >>> import numpy as np
    >>> theta, m, s = np.array([1.0]), np.zeros(1), np.zeros(1)
    >>> settings = {"weight_decay": 0.5, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 1e-8}
    >>> adamw_step(theta, np.array([4.0]), m, s, 0.1, step=1, **settings)
    >>> theta.round(6).tolist()
    [0.85]
    """
    theta *= 1 - learning_rate * weight_decay
    adam_step(theta, g, m, s, learning_rate, step=step, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)


def _move_mean(mean: Array, value: Array, decay: float) -> None:
    """Mean ← decay · mean + (1 - decay) · value."""
    mean *= decay
    mean += (1 - decay) * value


def _scaled(direction: Array, s: Array, learning_rate: float, epsilon: float) -> Array:
    """Return η · direction / (√s + ε)."""
    step: Array = learning_rate * direction
    size = np.sqrt(s)
    size += epsilon
    step /= size
    return step
