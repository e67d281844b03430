import math
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from pellucid.errors import SpecError
from pellucid.spec import (
    Category,
    Embedding,
    FromData,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Initializer,
    Layer,
    LecunNormal,
    LecunUniform,
    Logistic,
    Mish,
    Network,
    Normal,
    Periodic,
    PiecewiseLinear,
    Relu,
    ScikitLearn,
    Selu,
    Tanh,
    Uniform,
    Zeros,
    parameter_count,
)
from pellucid.textbook import initializers
from pellucid.textbook.initializers import WEIGHTS, initial_parameters
from pellucid.textbook.network import forward
from pellucid.textbook.parameters import Parameters
from strategies import embedded_networks, rows_for

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
    assert {ScikitLearn, FromData, *WEIGHTS} == set(get_args(Initializer))
    assert {type(kind) for kind in [*UNIFORM, *NORMAL, Zeros(), FromData()]} == set(get_args(Initializer))


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


@given(embedded_networks(), st.integers(0, 2**32 - 1))
def test_every_network_has_a_start(network: Network, seed: int) -> None:
    X = rows_for(network, 20, seed)

    def start(dtype: str) -> Any:
        return initial_parameters(network, np.random.RandomState(seed), dtype, X)

    vector = start("float64")
    assert vector.shape == (parameter_count(network),)
    assert np.isfinite(vector).all()
    np.testing.assert_array_equal(vector, start("float64"))
    single = start("float32")
    assert single.dtype == np.float32
    np.testing.assert_array_equal(single, vector.astype(np.float32))
    parameters = Parameters(network, vector)
    for ones in (*parameters.gain, *parameters.slope, parameters.scale):
        assert ones is None or (ones == 1).all()
    for shift in parameters.shift:
        assert shift is None or (shift == 0).all()


def test_what_embeddings_begin_with() -> None:
    periodic = Periodic(frequencies=400, sigma=0.5, width=30)
    embedding = Embedding(numbers=5, number_embedding=periodic, categories=(Category(300, 10),))
    parameters = drawn(Network(6, (), 1, embedding=embedding))
    frequencies, phases = np.array(parameters.frequencies), np.array(parameters.phases)
    assert frequencies.std() == pytest.approx(0.5, rel=0.05)
    assert abs(frequencies.mean()) < 0.05
    for spread, bound in (
        (phases, math.pi),
        (np.array(parameters.number_weights), 1 / 20),
        (np.array(parameters.number_bias), 1 / 20),
    ):
        assert -bound <= spread.min() < -0.9 * bound
        assert 0.9 * bound < spread.max() <= bound
    assert parameters.levels[0].std() == pytest.approx(1, rel=0.05)
    assert np.unique(parameters.levels[0]).size == 3000

    piecewise = Embedding(numbers=2, number_embedding=PiecewiseLinear(((0.0, 1.0), (0.0, 1.0, 2.0)), 3), passed=1)
    parameters = drawn(Network(3, (), 1, embedding=piecewise))
    assert [weights.shape for weights in parameters.number_weights] == [(1, 3), (2, 3)]
    assert not any(array.any() for array in (*parameters.number_weights, *parameters.number_bias))


@pytest.mark.parametrize("zero_last", [False, True])
@pytest.mark.parametrize("parametrization", ["standard", "ntk"])
def test_from_data_begins_with_sums_of_spread_one_that_bend_within_the_data(
    parametrization: str, zero_last: bool
) -> None:
    random = np.random.default_rng(0)
    embedding = Embedding(numbers=3, number_embedding=Periodic(4), passed=2, categories=(Category(5, 4),))
    X = np.hstack([random.normal(3, 10, size=(400, 5)), random.integers(-1, 5, (400, 1))])
    hidden = (Layer(60, Mish(), parametric=True), Layer(50, Selu(), layer_norm=True), Layer(40, dropout=0.5))
    start = FromData(zero_last=zero_last)
    network = Network(6, hidden, 3, "identity", start, embedding, input_scale=True, parametrization=parametrization)
    parameters = Parameters(network, initial_parameters(network, np.random.RandomState(1), "float64", X))
    for index, done in enumerate(forward(network, parameters, X)):
        weights, bias = parameters.weights[index], parameters.bias[index]
        sums = done.inputs @ weights * network.weight_factor(index)
        if index == 3 and zero_last:
            assert not weights.any()
            assert not bias.any()
            continue
        np.testing.assert_allclose(sums.std(axis=0), 1, rtol=1e-12)
        assert (sums.min(axis=0) <= -bias).all()
        assert (-bias <= sums.max(axis=0)).all()
        assert np.unique(bias).size == bias.size
        if index < 3:  # a mean of five rows: about 1/3 of the rows' variance, since the shares differ
            assert 0.35 < (bias + sums.mean(axis=0)).std() < 0.85


def test_from_data_keeps_neurons_that_see_nothing_finite() -> None:
    network = Network(2, (Layer(3),), 1, initializer=FromData())
    vector = initial_parameters(network, np.random.RandomState(0), "float64", np.full((50, 2), 0.1))
    assert np.isfinite(vector).all()
    assert np.abs(vector).max() < 10


def test_from_data_looks_at_so_many_rows_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(initializers, "ROWS_LOOKED_AT", 7)
    network = Network(2, (Layer(3),), 1, initializer=FromData())
    X = np.random.default_rng(0).normal(size=(40, 2))
    vector = initial_parameters(network, np.random.RandomState(4), "float64", X)
    seen = X[np.random.RandomState(4).choice(40, 7, replace=False)]
    np.testing.assert_allclose((seen @ Parameters(network, vector).weights[0]).std(axis=0), 1, rtol=1e-12)


@pytest.mark.parametrize("inputs", [None, np.empty((0, 2))])
def test_from_data_needs_rows(inputs: Any) -> None:
    network = Network(2, (Layer(3),), 1, initializer=FromData())
    with pytest.raises(SpecError, match="FromData needs training rows; got none"):
        initial_parameters(network, np.random.RandomState(0), "float64", inputs)


def test_a_number_is_a_seed():
    network = Network(2, (Layer(3),), 1)
    drawn = initial_parameters(network, np.random.RandomState(7), np.float64)
    np.testing.assert_array_equal(initial_parameters(network, 7, np.float64), drawn)
