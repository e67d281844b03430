import math
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

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
from pellucid.textbook import optimizers as module
from pellucid.textbook.groups import ParameterGroup
from pellucid.textbook.optimizers import STATE_SYMBOLS, OptimizerState, copy_state, initial_state, update
from strategies import optimizers

KINDS = [kind for kind in get_args(Optimizer) if kind is not Lbfgs]


def scalar_descent(optimizer: Any, theta: float, gradients: list[float], rate: float, *, is_weight: bool) -> float:
    """One parameter's path, each formula written out as in the books."""
    v = m = s = 0.0
    for t, g in enumerate(gradients, start=1):
        match optimizer:
            case GradientDescent():
                theta = theta - rate * g
            case Momentum(momentum=mu):
                v = mu * v - rate * g
                theta = theta + v
            case Nesterov(momentum=mu):
                v = mu * v - rate * g
                theta = theta + mu * v - rate * g
            case Adagrad(epsilon=epsilon):
                s = s + g**2
                theta = theta - rate * g / (math.sqrt(s) + epsilon)
            case RMSprop(decay=rho, epsilon=epsilon):
                s = rho * s + (1 - rho) * g**2
                theta = theta - rate * g / (math.sqrt(s) + epsilon)
            case Adam(beta_1=b1, beta_2=b2, epsilon=epsilon) | AdamW(beta_1=b1, beta_2=b2, epsilon=epsilon):
                if isinstance(optimizer, AdamW) and is_weight:
                    theta = theta * (1 - rate * optimizer.weight_decay)
                m = b1 * m + (1 - b1) * g
                s = b2 * s + (1 - b2) * g**2
                theta = theta - rate * math.sqrt(1 - b2**t) / (1 - b1**t) * m / (math.sqrt(s) + epsilon)
    return theta


def descend(optimizer: Any, theta: Any, gradients: Any, rate: float, weights: int) -> OptimizerState:
    """Steps of a vector whose first numbers are weights and decay, while the rest does not."""
    state = initial_state(optimizer, theta)
    groups = [ParameterGroup(0, weights), ParameterGroup(weights, theta.size, decay=0.0)]
    for gradient in gradients:
        update(optimizer, theta, gradient, state, rate, groups)
    return state


def test_every_kind_has_symbols_and_a_named_step() -> None:
    assert set(STATE_SYMBOLS) == set(get_args(Optimizer))
    assert [getattr(module, f"{kind.name}_step") for kind in KINDS]


@settings(max_examples=200)
@given(
    optimizers.filter(lambda optimizer: not isinstance(optimizer, Lbfgs)),
    st.integers(0, 2**32 - 1),
    st.floats(1e-5, 0.5),
    st.integers(0, 5),
)
def test_against_the_formulas_one_number_at_a_time(optimizer: Optimizer, seed: int, rate: float, weights: int) -> None:
    random = np.random.default_rng(seed)
    theta, gradients = random.normal(size=5), random.normal(size=(6, 5))
    expected = [
        scalar_descent(optimizer, theta[i], gradients[:, i].tolist(), rate, is_weight=i < weights) for i in range(5)
    ]
    kept = gradients.copy()
    state = descend(optimizer, theta, gradients, rate, weights)
    np.testing.assert_allclose(theta, expected, rtol=1e-11, atol=1e-11)
    np.testing.assert_array_equal(gradients, kept)
    assert state.step == 6


SKLEARN: list[tuple[Any, Callable[[Any], Any]]] = [
    (Momentum(0.8), lambda params: SGDOptimizer(params, 0.05, momentum=0.8, nesterov=False)),
    (Nesterov(0.8), lambda params: SGDOptimizer(params, 0.05, momentum=0.8, nesterov=True)),
    (GradientDescent(), lambda params: SGDOptimizer(params, 0.05, momentum=0.0, nesterov=False)),
    (Adam(0.8, 0.95, 1e-6), lambda params: AdamOptimizer(params, 0.05, 0.8, 0.95, 1e-6)),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("optimizer", "sklearn"), SKLEARN, ids=lambda value: getattr(value, "name", ""))
def test_bit_for_bit_scikit_learns(optimizer: Optimizer, sklearn: Callable[[Any], Any], dtype: Any) -> None:
    random = np.random.default_rng(0)
    theta, gradients = random.normal(size=50).astype(dtype), random.normal(size=(20, 50)).astype(dtype)
    theirs = theta.copy()
    rival = sklearn([theirs])
    for gradient in gradients:
        rival.update_params([theirs], [gradient])
    descend(optimizer, theta, gradients, 0.05, 50)
    exact = {"rtol": 0, "atol": 0} if dtype is np.float64 else {"rtol": 1e-5, "atol": 1e-6}
    np.testing.assert_allclose(theta, theirs, **exact)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_blocks_change_nothing_and_dtypes_stay(kind: type[Any], dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    start, gradients = random.normal(size=100).astype(dtype), random.normal(size=(4, 100)).astype(dtype)
    whole, pieces = start.copy(), start.copy()
    state = descend(kind(), whole, gradients, 0.01, 70)
    monkeypatch.setattr(module, "BLOCK", 33)
    descend(kind(), pieces, gradients, 0.01, 70)
    np.testing.assert_array_equal(whole, pieces)
    assert whole.dtype == dtype
    assert [array.dtype for array in state.arrays] == [dtype] * len(STATE_SYMBOLS[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_copied_state_goes_on_alike_and_apart(kind: type[Any]) -> None:
    random = np.random.default_rng(2)
    theta, gradient = random.normal(size=10), random.normal(size=10)
    state = descend(kind(), theta, [gradient] * 3, 0.01, 10)
    copied, other = copy_state(state), theta.copy()
    groups = [ParameterGroup(0, theta.size)]
    update(kind(), theta, gradient, state, 0.01, groups)
    assert copied.step == 3
    update(kind(), other, gradient, copied, 0.01, groups)
    np.testing.assert_array_equal(theta, other)


@pytest.mark.parametrize("kind", KINDS)
def test_each_group_has_its_rate_and_its_decay(kind: type[Any]) -> None:
    """Three groups in one vector do what three vectors do, each with a learning rate and a decay of its own."""
    random = np.random.default_rng(3)
    theta, gradients = random.normal(size=9), random.normal(size=(5, 9))
    groups = [ParameterGroup(0, 4, 1.0, 1.0), ParameterGroup(4, 7, 0.1, 3.0), ParameterGroup(7, 9, 0.0, 0.5)]
    decayed: dict[str, Any] = {"weight_decay": 0.3} if kind is AdamW else {}
    expected = []
    for group in groups:
        alone = theta[group.start : group.stop].copy()
        factor = {name: value * group.decay * 0.5 for name, value in decayed.items()}
        descend(kind(**factor), alone, gradients[:, group.start : group.stop], 0.05 * group.rate, alone.size)
        expected.append(alone)
    start, state = theta.copy(), initial_state(kind(), theta)
    for gradient in gradients:
        update(kind(**decayed), theta, gradient, state, 0.05, groups, decay=0.5)
    np.testing.assert_allclose(theta, np.concatenate(expected), rtol=1e-13)
    np.testing.assert_array_equal(theta[7:], start[7:])
    assert state.step == 5


def test_lbfgs_has_no_single_steps() -> None:
    theta = np.zeros(2)
    state = initial_state(Lbfgs(), theta)
    assert state.arrays == ()
    with pytest.raises(SpecError, match="'Lbfgs' minimises as a whole"):
        update(Lbfgs(), theta, theta, state, 0.1, [ParameterGroup(0, 2)])
    assert state.step == 0
