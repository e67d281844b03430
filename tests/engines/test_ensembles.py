"""Ensembles that share weights, in every engine: the native one against the textbook, and what they learn."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import make_moons

from pellucid.engines import get_engine
from pellucid.spec import (
    Adam,
    AdamW,
    Category,
    Embedding,
    Ensemble,
    Factors,
    FlatCosine,
    FromData,
    Layer,
    Lbfgs,
    LogLoss,
    Mish,
    Network,
    Periodic,
    SquaredError,
    Stopping,
    Tanh,
    Training,
)
from pellucid.textbook.ensembles import member_parameters
from pellucid.textbook.initializers import initial_parameters
from pellucid.textbook.losses import loss_problem
from pellucid.textbook.network import Batch
from pellucid.textbook.outputs import output_activation
from pellucid.textbook.parameters import Parameters
from pellucid.training.jobs import Job, Watch
from pellucid.training.streams import streams, weights_stream
from strategies import embedded_networks, rows_for

EMBEDDING = Embedding(2, Periodic(4, 0.3, 2), 1, (Category(4, 3), Category(2, 1)))
HIDDEN = (Layer(9, Mish(), dropout=0.3, parametric=True), Layer(5, Tanh(), dropout=0.1, layer_norm=True))
NETWORK = Network(
    5, HIDDEN, 3, "softmax", FromData(), EMBEDDING, input_scale=True, parametrization="ntk", ensemble=Ensemble(3)
)
TRAINING = Training(
    LogLoss(0.1),
    AdamW(0.2),
    learning_rate=0.02,
    batch_size=16,
    epochs=4,
    l2=0.01,
    clip_norm=1.0,
    rates=Factors(bias=0.1, scale=4.0),
    dropout_schedule=FlatCosine(),
    stopping=Stopping("validation_loss", tolerance=0.0, patience=None, restore_best=True),
)
TEXTBOOK, NATIVE = get_engine("textbook"), get_engine("native")


def rows(count=70, seed=0):
    random = np.random.default_rng(seed)
    codes = [random.integers(-1, levels + 1, count) for levels in (4, 2)]
    X = np.column_stack([random.normal(size=(count, 3)), *codes])
    y = (np.digitize(X[:, 0] + X[:, 3], [0.0, 2.0]) + X[:, 4]).astype(int) % 3
    return Batch(X, np.eye(3)[y], random.uniform(0.2, 2, count))


def job(network, training, data, seed=0, **keywords):
    start = initial_parameters(network, weights_stream(seed), training.dtype, data.inputs)
    return Job(network, training, data, start, streams(seed), **keywords)


@pytest.mark.parametrize("output", ["softmax", "logistic", "identity", "tanh"])
@pytest.mark.parametrize("adapters", ["all", "first"])
def test_whole_trainings_are_the_textbooks(adapters, output):
    """Float64: losses, validation and parameters agree to rounding, 1e-9, after four epochs."""
    loss = LogLoss() if output in ("softmax", "logistic") else SquaredError()
    network = replace(NETWORK, ensemble=Ensemble(3, adapters), output=output)
    training = replace(TRAINING, loss=loss)
    runs = [
        engine.train([job(network, training, rows(), validation=rows(40, 1), score="loss")], Watch())[0]
        for engine in (TEXTBOOK, NATIVE)
    ]
    np.testing.assert_allclose(runs[1].history.loss, runs[0].history.loss, rtol=1e-9)
    np.testing.assert_allclose(runs[1].history.validation_loss, runs[0].history.validation_loss, rtol=1e-9)
    np.testing.assert_allclose(runs[1].parameters, runs[0].parameters, rtol=1e-8, atol=1e-10)


@settings(max_examples=60)
@given(network=embedded_networks(6, 2), rows=st.integers(1, 9), dropout=st.none() | st.integers(0, 9))
def test_one_step_is_the_textbooks_in_every_number(network, rows, dropout):
    network = replace(network, output="identity", ensemble=network.ensemble or Ensemble(2))
    X = rows_for(network, rows)
    vector = initial_parameters(network, np.random.RandomState(0), "float64", X)
    parameters = Parameters(network, vector + 0.01)
    batch, at = Batch(X, np.ones((rows, network.outputs))), None if dropout is None else (dropout, 3)
    training = Training(SquaredError(), Adam())
    assert loss_problem(training.loss, network.output) is None
    with np.errstate(all="ignore"):
        ours = NATIVE.loss_and_gradients(network, training, parameters, batch, dropout=at)
        theirs = TEXTBOOK.loss_and_gradients(network, training, parameters, batch, dropout=at)
        sums = [engine.forward(network, parameters, X) for engine in (NATIVE, TEXTBOOK)]
    if not np.isfinite(theirs.gradients.vector).all() or np.abs(theirs.gradients.vector).max() > 1e9:
        return
    largest = max(1.0, np.abs(theirs.gradients.vector).max())
    np.testing.assert_allclose(ours.gradients.vector, theirs.gradients.vector, rtol=1e-7, atol=1e-9 * largest)
    assert ours.loss == pytest.approx(theirs.loss, rel=1e-9)
    np.testing.assert_allclose(sums[0], sums[1], rtol=1e-8, atol=1e-9)
    assert len(ours.layers) == len(theirs.layers) == network.ensemble.members * (len(network.hidden) + 1)
    for own, other in zip(ours.layers, theirs.layers, strict=True):
        np.testing.assert_allclose(own.inputs, other.inputs, rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(own.pre_activation, other.pre_activation, rtol=1e-7, atol=1e-8)
        assert (own.mask is None) == (other.mask is None)
        if own.mask is not None:
            np.testing.assert_array_equal(own.mask, other.mask)


@pytest.mark.parametrize("engine", [TEXTBOOK, NATIVE], ids=["textbook", "native"])
@pytest.mark.parametrize("output", ["softmax", "logistic", "exp", "identity", "tanh"])
def test_a_prediction_is_the_mean_of_the_members(engine, output):
    network = replace(NETWORK, output=output)
    for count in (1, 7, 600):
        X = rows(count).inputs
        parameters = Parameters(network, initial_parameters(network, np.random.RandomState(0), "float64", X))
        parameters.vector[...] += np.random.default_rng(0).normal(0, 0.1, parameters.vector.shape)
        members = [
            output_activation(output, engine.forward(network.member, member_parameters(network, parameters, m), X))
            for m in range(3)
        ]
        found = output_activation(output, engine.forward(network, parameters, X))
        np.testing.assert_allclose(found, np.mean(members, axis=0), rtol=1e-9)


def test_any_number_of_threads_trains_the_same_network():
    wide = (Layer(200, Mish(), dropout=0.1), Layer(200, Mish()))
    network, training = replace(NETWORK, hidden=wide), replace(TRAINING, dtype="float32", epochs=2, batch_size=300)
    data = rows(900)
    single = Batch(data.inputs.astype("float32"), data.targets.astype("float32"), data.sample_weight)
    found = [
        get_engine("native", threads=threads)
        .train([job(network, training, single, validation=single, score="accuracy")], Watch())[0]
        .parameters
        for threads in (1, 2, 3)
    ]
    np.testing.assert_array_equal(found[1], found[0])
    np.testing.assert_array_equal(found[2], found[0])


@pytest.mark.parametrize("engine", [TEXTBOOK, NATIVE], ids=["textbook", "native"])
def test_lbfgs_trains_an_ensemble(engine):
    network = replace(NETWORK, hidden=(Layer(6, Tanh()),))
    training = Training(LogLoss(), Lbfgs(), l2=0.01, epochs=40)
    (found,) = engine.train([job(network, training, rows())], Watch())
    assert found.history.loss[-1] < 0.5 * found.history.loss[0]


def test_members_of_the_moons_agree_and_differ():
    """Each member learns the task; they are no copies of each other, and their mean is at least as good as most."""
    X, y = make_moons(400, noise=0.25, random_state=0)
    data, held_out = Batch(X[:200], y[:200, np.newaxis] * 1.0), (X[200:], y[200:])
    network = Network(2, (Layer(32), Layer(32)), 1, "logistic", ensemble=Ensemble(8))
    training = Training(LogLoss(), Adam(), 0.01, batch_size=32, epochs=80, stopping=Stopping(patience=None))
    (found,) = NATIVE.train([job(network, training, data)], Watch())
    parameters = Parameters(network, found.parameters)
    members = [
        NATIVE.forward(network.member, member_parameters(network, parameters, m), held_out[0]).ravel() for m in range(8)
    ]
    accuracies = [np.mean((z > 0) == held_out[1]) for z in members]
    assert min(accuracies) > 0.85
    assert np.std(members, axis=0).mean() > 0.05
    mean = np.mean((NATIVE.forward(network, parameters, held_out[0]).ravel() > 0) == held_out[1])
    assert mean >= np.median(accuracies) - 0.01
