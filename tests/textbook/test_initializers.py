import math
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from pellucid.spec import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Initializer,
    Layer,
    LecunNormal,
    LecunUniform,
    Logistic,
    Network,
    Normal,
    Relu,
    ScikitLearn,
    Tanh,
    Uniform,
    Zeros,
    parameter_count,
)
from pellucid.textbook.initializers import WEIGHTS, initial_parameters
from pellucid.textbook.parameters import Parameters
from strategies import networks

FAN_IN, FAN_OUT = 300, 200
UNIFORM: dict[Any, float] = {
    ScikitLearn(): math.sqrt(6 / 500),
    GlorotUniform(): math.sqrt(6 / 500),
    HeUniform(): math.sqrt(6 / 300),
    LecunUniform(): math.sqrt(3 / 300),
    Uniform(0.4): 0.4,
}
NORMAL: dict[Any, float] = {
    GlorotNormal(): math.sqrt(2 / 500),
    HeNormal(): math.sqrt(2 / 300),
    LecunNormal(): math.sqrt(1 / 300),
    Normal(0.3): 0.3,
}


def drawn(network: Network, seed: int = 0) -> Parameters:
    return Parameters(network, initial_parameters(network, np.random.RandomState(seed), "float64"))


def test_every_kind_is_in_the_table_and_in_these_tests() -> None:
    assert {ScikitLearn, *WEIGHTS} == set(get_args(Initializer))
    assert {type(kind) for kind in [*UNIFORM, *NORMAL, Zeros()]} == set(get_args(Initializer))


@pytest.mark.parametrize(("initializer", "bound"), UNIFORM.items(), ids=repr)
def test_uniform_bounds_and_spread(initializer: Initializer, bound: float) -> None:
    weights = drawn(Network(FAN_IN, (), FAN_OUT, initializer=initializer)).weights[0]
    assert weights.shape == (FAN_IN, FAN_OUT)
    assert 0.99 * bound < np.abs(weights).max() <= bound
    assert weights.std() == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert abs(weights.mean()) < 0.02 * bound


@pytest.mark.parametrize(("initializer", "std"), NORMAL.items(), ids=repr)
def test_normal_moments(initializer: Initializer, std: float) -> None:
    weights = drawn(Network(FAN_IN, (), FAN_OUT, initializer=initializer)).weights[0]
    assert weights.std() == pytest.approx(std, rel=0.02)
    assert abs(weights.mean()) < 0.02 * std
    assert ((weights / std) ** 4).mean() == pytest.approx(3, rel=0.05)


@pytest.mark.parametrize("initializer", [*UNIFORM, *NORMAL, Zeros()], ids=repr)
def test_only_scikit_learns_way_draws_biases(initializer: Initializer) -> None:
    parameters = drawn(Network(4, (Layer(3),), 2, initializer=initializer))
    assert all(bias.any() == isinstance(initializer, ScikitLearn) for bias in parameters.bias)


def test_normal_reproduces_a_classic_script() -> None:
    np_random = np.random.RandomState(42)
    first, second = np_random.randn(2, 10) * 0.5, np_random.randn(10, 1) * 0.5
    parameters = drawn(Network(2, (Layer(10),), 1, initializer=Normal(0.5)), seed=42)
    np.testing.assert_array_equal(parameters.weights[0], first)
    np.testing.assert_array_equal(parameters.weights[1], second)


@pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.{ConvergenceWarning.__name__}")
@pytest.mark.parametrize("activation", ["logistic", "tanh", "relu"])
@pytest.mark.parametrize("estimator", [MLPClassifier, MLPRegressor])
def test_scikit_learn_with_the_same_seed_starts_equally(estimator: Any, activation: str) -> None:
    X, y = np.random.RandomState(0).randn(10, 3), np.arange(10) % 2
    model = estimator(
        hidden_layer_sizes=(5, 4), activation=activation, random_state=7, max_iter=1, learning_rate_init=1e-300
    )
    model.fit(X, y)  # so short a step that the start is left as it was
    kind = {"logistic": Logistic(), "tanh": Tanh(), "relu": Relu()}[activation]
    start = ScikitLearn(factor=2.0 if activation == "logistic" else 6.0)
    parameters = drawn(Network(3, (Layer(5, kind), Layer(4, kind)), 1, initializer=start), seed=7)
    for ours, theirs in zip(parameters.weights + parameters.bias, model.coefs_ + model.intercepts_, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_factor_sets_the_bound() -> None:
    network = Network(300, (Layer(300, Logistic()), Layer(300, Tanh())), 300, initializer=ScikitLearn(factor=2.0))
    largest = [np.abs(weights).max() for weights in drawn(network).weights]
    np.testing.assert_allclose(largest, [np.sqrt(2 / 600)] * 3, rtol=1e-3)


@given(networks(), st.integers(0, 2**32 - 1))
def test_every_network_has_a_start(network: Network, seed: int) -> None:
    vector = initial_parameters(network, np.random.RandomState(seed), "float64")
    assert vector.shape == (parameter_count(network),)
    assert np.isfinite(vector).all()
    np.testing.assert_array_equal(vector, initial_parameters(network, np.random.RandomState(seed), "float64"))
    single = initial_parameters(network, np.random.RandomState(seed), "float32")
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single, vector.astype(np.float32))
    parameters = Parameters(network, vector)
    for gain, shift in zip(parameters.gain, parameters.shift, strict=True):
        assert gain is None or (gain == 1).all()
        assert shift is None or (shift == 0).all()
