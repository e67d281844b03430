"""Products of bfloat16 numbers: the native engine rounds what the textbook rounds, and nothing else.

Both sum in float32, in other orders; a hidden number near the middle of two bfloat16 numbers may then fall to either
side. So engines are compared by how far they are apart beside how far rounding takes them from full products.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from native_cases import ISAS, batch, job, native, needs_native, network, parameters, relative_error, train
from pellucid import MLPClassifier, MLPRegressor, load, save, trace
from pellucid.engines.textbook import TextbookEngine
from pellucid.errors import SpecError
from pellucid.spec import Adam, Category, Embedding, Ensemble, Layer, LogLoss, Network, Stopping, Tanh, Training
from pellucid.spec import parameter_count as count_of
from pellucid.textbook.network import Batch
from pellucid.textbook.parameters import Parameters

WIDTHS = [(1, 1), (4, 3), (3, 7, 1), (4, 7, 5, 3), (33, 17, 10), (64, 31, 97, 11)]
DESCENT = Training(LogLoss(), dtype="float32")


def rounding(net):
    return replace(net, products="bfloat16")


def network_of(widths, **keywords):
    return network(widths, Tanh(), output="softmax" if widths[-1] > 1 else "logistic", **keywords)


def gradient(engine, net, rows):
    vector = parameters(net, dtype="float32")
    return engine.loss_and_gradients(net, DESCENT, Parameters(net, vector), rows).gradients.vector


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("rows", [1, 2, 15, 101, 1500])
def test_gradients_are_the_textbooks(isa, widths, rows):
    net = network_of(widths)
    data = batch(net, rows, dtype="float32", weights=rows > 2)
    full = gradient(TextbookEngine(), net, data)
    wanted = gradient(TextbookEngine(), rounding(net), data)
    got = gradient(native(isa), rounding(net), data)
    apart, rounded = relative_error(got, wanted), relative_error(wanted, full)
    assert rounded > 1e-4
    assert apart < max(1e-6, 0.25 * rounded)


@pytest.mark.parametrize("isa", ISAS)
def test_one_layer_has_no_hidden_number_to_round_otherwise(isa):
    net = rounding(network_of((40, 12)))
    data, vector = batch(net, 300, dtype="float32"), Parameters(net, parameters(net, dtype="float32"))
    z, wanted = native(isa).forward(net, vector, data.inputs), TextbookEngine().forward(net, vector, data.inputs)
    np.testing.assert_allclose(z, wanted, rtol=0, atol=2e-6 * np.abs(wanted).max())  # float32 sums of 40
    np.testing.assert_array_equal(native(isa).forward(net, vector, data.inputs[:1]), z[:1])
    np.testing.assert_array_equal(native(isa).forward(net, vector, csr_matrix(data.inputs)), z)


@pytest.mark.parametrize("isa", ISAS)
def test_other_parts_round_at_the_same_places(isa):
    embedded = Network(
        3, (Layer(20), Layer(9)), 2, "softmax", embedding=Embedding(2, None, 0, (Category(4, 3),)), products="bfloat16"
    )
    random = np.random.default_rng(0)
    inputs = np.column_stack([random.normal(size=(90, 2)), random.integers(4, size=90)]).astype(np.float32)
    targets = np.eye(2, dtype=np.float32)[random.integers(2, size=90)]
    cases = [
        (embedded, Batch(inputs, targets)),
        *(
            (rounding(net), batch(net, 90, dtype="float32"))
            for net in (
                network(activation=Tanh(), layer_norm=True),
                replace(network(), parametrization="ntk"),
                replace(network(), input_scale=True),
                replace(network(), input_scale=True, parametrization="ntk", ensemble=Ensemble(2)),
                replace(network(), ensemble=Ensemble(3)),
                replace(network(), hidden=(Layer(7, parametric=True), Layer(5))),
            )
        ),
    ]
    for net, data in cases:
        wanted = gradient(TextbookEngine(), net, data)
        full = gradient(TextbookEngine(), replace(net, products="full"), data)
        apart = relative_error(gradient(native(isa), net, data), wanted)
        assert apart < 0.25 * relative_error(wanted, full)


@needs_native
def test_threads_and_runs_give_the_same_bits():
    net = rounding(network((40, 64, 32, 3), dropout=0.2))
    plan = {"batch_size": 700, "epochs": 3, "dtype": "float32", "stopping": Stopping("validation_score")}
    runs = [
        train(
            native(threads=threads),
            job(
                net,
                Training(LogLoss(), Adam(), **plan),
                batch(net, 1500, dtype="float32"),
                validation=batch(net, 200, seed=1, dtype="float32"),
                score="accuracy",
            ),
        )[0]
        for threads in (1, 2, 3, 8, 1)
    ]
    for run in runs[1:]:
        np.testing.assert_array_equal(run.parameters, runs[0].parameters)
        assert run.history.validation_score == runs[0].history.validation_score


@needs_native
def test_numbers_of_another_type_are_refused():
    net = rounding(network())
    vector = Parameters(net, parameters(net))
    with pytest.raises(ValueError, match="sum in float32"):
        native().forward(net, vector, batch(net).inputs)
    with pytest.raises(ValueError, match="sum in float32"):
        native().loss_and_gradients(net, Training(LogLoss()), vector, batch(net))
    with pytest.raises(ValueError, match="sum in float32"):
        train(native(), job(net, Training(LogLoss()), batch(net)))


def test_other_products_are_refused():
    with pytest.raises(SpecError, match="'products' of Network must be one of"):
        Network(2, (), 1, products="float16")


@pytest.mark.parametrize("engine", ["textbook", pytest.param("native", marks=needs_native)])
def test_estimators_learn_and_are_kept(engine, tmp_path):
    random = np.random.default_rng(0)
    X = random.normal(size=(400, 6))
    y = (X[:, 0] * X[:, 1] > 0).astype(int)
    options = {"max_iter": 60, "learning_rate_init": 0.01, "random_state": 0, "n_iter_no_change": 1000}
    scores = {}
    for dtype in ("float32", "bfloat16"):
        model = MLPClassifier((32, 16), dtype=dtype, engine=engine, **options)
        with pytest.warns(match="Maximum iterations"):
            model.fit(X, y)
        scores[dtype] = model.score(X, y)
    assert scores["bfloat16"] > 0.9
    assert abs(scores["bfloat16"] - scores["float32"]) < 0.05
    assert model.coefs_[0].dtype == np.float32
    assert model.network_.products == "bfloat16"
    assert count_of(model.network_) == sum(map(np.size, (*model.coefs_, *model.intercepts_)))
    save(model, tmp_path / "model.pellucid")
    np.testing.assert_array_equal(load(tmp_path / "model.pellucid").predict_proba(X), model.predict_proba(X))
    shown = trace(model, X[:5], y[:5])
    assert any("bfloat16" in note for note in shown.notes)


@needs_native
def test_a_diverging_training_still_shows():
    X, y = np.random.default_rng(0).normal(size=(50, 3)) * 1e30, np.arange(50) * 1e30
    model = MLPRegressor(
        hidden_layer_sizes=(8,), dtype="bfloat16", solver="sgd", learning_rate_init=10.0, random_state=0
    )
    with pytest.raises(ValueError, match=r"diverge|finite"):
        model.fit(X, y)
