import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import neural_network
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import check_random_state

from pellucid import MLPClassifier, MLPRegressor, check_gradients, spec, trace
from pellucid.engines import get_engine
from pellucid.errors import DataError, PellucidError

SOLVERS = ["sgd", "adam", "adamw", "adagrad", "rmsprop", spec.Momentum(0.5), spec.GradientDescent()]


@pytest.fixture
def rows():
    random = np.random.default_rng(5)
    return random.normal(size=(12, 4)), np.arange(12) % 3


def fit(model, X, y):
    with pytest.warns(ConvergenceWarning):
        return model.fit(X, y)


def settings(**changes):
    return {"hidden_layer_sizes": (5, 3), "shuffle": False, "max_iter": 3, "tol": 0, "random_state": 7, **changes}


@pytest.mark.parametrize("solver", SOLVERS, ids=str)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_weights_after_are_those_of_partial_fit(rows, solver, dtype):
    X, y = rows
    model = fit(MLPClassifier(**settings(solver=solver, dtype=dtype, dropout=0.3, alpha=0.1, clip_norm=0.1)), X, y)
    step = trace(model, X, y)
    model.partial_fit(X, y)
    for layer, weights, bias in zip(step.layers, model.coefs_, model.intercepts_, strict=True):
        assert layer.weights_after.dtype == dtype
        assert np.array_equal(layer.weights_after, weights)
        assert np.array_equal(layer.bias_after, bias)
    assert step.loss == model.loss_
    assert step.update.step == 4


@pytest.mark.parametrize(
    "schedule", ["constant", "invscaling", spec.Cosine(warmup=0.5), spec.Exponential(0.5)], ids=str
)
def test_two_steps_in_a_row_are_two_partial_fits(rows, schedule):
    X, y = rows
    model = MLPRegressor(**settings(solver="sgd", learning_rate=schedule, layer_norm=True))
    for _ in range(3):
        step = trace(model, X, y)
        model.partial_fit(X, y)
        assert np.array_equal(step.after.vector, model._parameters.vector)


def test_the_first_step_of_a_new_model_is_that_of_fit(rows):
    X, y = rows
    model = MLPClassifier(**settings(max_iter=1, early_stopping=False, class_weight="balanced"))
    step = trace(model, X, y)
    assert not hasattr(model, "coefs_")
    fit(model, X, y)
    assert np.array_equal(step.after.vector, model._parameters.vector)
    assert np.array_equal(step.sample_weight, np.ones(12))


def test_a_classifier_may_be_told_its_classes(rows):
    X, y = rows
    model = MLPClassifier(**settings())
    with pytest.raises(DataError, match=r"rows of every class .* all rows are of class 1\. Fit the model first"):
        trace(model, X[1:2], y[1:2])
    step = trace(model, X[1:2], y[1:2], classes=[0, 1, 2])
    model.partial_fit(X[1:2], y[1:2], classes=[0, 1, 2])
    assert np.array_equal(step.after.vector, model._parameters.vector)
    assert step.targets.tolist() == [[0, 1, 0]]


def test_the_model_stays_as_it_is(rows):
    X, y = rows
    model = fit(MLPClassifier(**settings(random_state=np.random.RandomState(3), callbacks=[lambda *_: None])), X, y)
    del model.callbacks[:]
    before, numbers = pickle.dumps(model), pickle.dumps(check_random_state(None))
    trace(model, X, y)
    trace(model, X)
    assert pickle.dumps(model) == before
    trace(MLPClassifier(dropout=0.5), X, y)  # draws its weights from NumPy's global stream when it is fitted
    assert pickle.dumps(check_random_state(None)) == numbers


def test_what_listens_to_a_training_is_not_copied(rows):
    X, y = rows

    class Listener:
        def __deepcopy__(self, memo):
            raise TypeError

        def on_epoch_end(self, estimator, epoch):
            raise AssertionError

    model = MLPClassifier(**settings(callbacks=[Listener()], verbose=True, progress=True, time_limit=1e-9))
    assert trace(model, X, y).update.step == 1


def test_products_add_up_to_z_and_rows_to_the_gradient(rows):
    X, y = rows
    weight = np.linspace(0.5, 2, 12)
    model = MLPClassifier(**settings(dropout=0.4, layer_norm=True, activation="gelu", alpha=0.2, l1=0.05))
    step = trace(model, X, y, sample_weight=weight)
    for layer in step.layers:
        assert np.allclose(layer.products.sum(axis=1) + layer.bias, layer.weighted_sum, rtol=1e-12, atol=1e-14)
        penalty = (0.2 * layer.weights + 0.05 * np.sign(layer.weights)) / weight.sum()
        assert np.allclose(layer.contributions.sum(axis=0) + penalty, layer.d_weights, rtol=1e-10, atol=1e-14)
        assert np.allclose(layer.bias_contributions.sum(axis=0), layer.d_bias, rtol=1e-10, atol=1e-14)
    assert step.loss == pytest.approx(step.loss_rows @ weight / weight.sum() + step.penalty, rel=1e-12)
    assert step.layers[0].normalised is not None
    assert set(np.unique(step.layers[0].mask)) == {0.0, 1 / 0.6}


def test_the_numbers_are_those_of_the_engine(rows):
    X, y = rows
    model = fit(MLPRegressor(**settings(activation="tanh")), X, y.astype(float))
    step = trace(model, X, y)
    again = get_engine().loss_and_gradients(step.network, step.training, step.before, textbook_batch(X, y))
    assert step.loss == again.loss
    assert np.array_equal(step.gradients.vector, again.gradients.vector)
    for layer, done in zip(step.layers, again.layers, strict=True):
        assert np.array_equal(layer.pre_activation, done.pre_activation)
        assert np.array_equal(layer.delta, done.delta)
    assert np.array_equal(step.prediction.ravel(), model.predict(X))


def textbook_batch(X, y):
    from pellucid.textbook.network import Batch

    return Batch(X, y.astype(float).reshape(-1, 1))


def test_without_targets_the_forward_pass_is_that_of_prediction(rows):
    X, y = rows
    model = fit(MLPClassifier(**settings(dropout=0.5)), X, y)
    step = trace(model, X)
    np.testing.assert_allclose(step.prediction, model.predict_proba(X), rtol=1e-12)  # float64
    assert (step.loss, step.targets, step.gradients, step.after, step.update) == (None,) * 5
    assert {record["stage"] for record in step.records()} == {"forward"}
    assert repr(step) == "<Trace of 12 rows through 4 → 5 → 3 → 3: forward pass only>"
    with pytest.raises(DataError, match="without targets has no derivatives"):
        _ = step.layers[0].contributions
    with pytest.raises(DataError, match="must be given for a model that is not fitted"):
        trace(MLPClassifier(), X)


def test_lbfgs_has_no_single_step(rows):
    X, y = rows
    model = MLPClassifier((3,), solver="lbfgs", random_state=0)
    step = trace(model, X, y)
    assert step.update is None
    assert step.after is None
    assert "L-BFGS" in step.notes[0]
    assert {record["stage"] for record in step.records()} == {"forward", "loss", "backward"}
    assert "4 Update" not in step.to_html()


def test_sparse_rows_become_dense(rows):
    X, y = rows
    X = np.where(X > 0, X, 0)
    model = MLPClassifier(**settings())
    assert np.allclose(trace(model, sparse.csr_matrix(X), y).after.vector, trace(model, X, y).after.vector, rtol=1e-12)


def test_one_row_of_labels_and_of_a_warm_start(rows):
    X, _ = rows
    labels = np.array([[1, 0, 1], [0, 1, 0]] * 6)
    model = fit(MLPClassifier(**settings(warm_start=True, early_stopping=False)), X, labels)
    assert trace(model, X[:1], labels[:1]).targets.tolist() == [[1, 0, 1]]


def test_balanced_class_weights_are_left_out_of_a_fitted_model_s_step(rows):
    X, y = rows
    model = fit(MLPClassifier(**settings(class_weight="balanced")), X, y)
    step = trace(model, X[:2], y[:2])
    assert step.sample_weight is None
    assert "class_weight='balanced'" in step.notes[0]
    assert model.class_weight == "balanced"
    assert check_gradients(model, X[:2], y[:2]).notes == (step.notes[0],)
    assert str(check_gradients(model, X[:2], y[:2])).endswith(step.notes[0])


def test_balanced_class_weights_of_a_model_that_is_not_fitted_are_those_of_these_rows_and_told(rows):
    X, y = rows[0], rows[1] % 2
    model = MLPClassifier(**settings(class_weight="balanced"))
    chosen = [*np.flatnonzero(y == 0)[:1], *np.flatnonzero(y == 1)[:3]]
    step = trace(model, X[chosen], y[chosen])
    assert step.sample_weight.tolist() == pytest.approx([2, 2 / 3, 2 / 3, 2 / 3])
    assert "weighs these rows here" in step.notes[0]
    assert check_gradients(model, X[chosen], y[chosen]).notes == (step.notes[0],)
    some = trace(model, X[:2], y[:2], classes=[0, 1])
    assert some.sample_weight is None
    assert "is left out here" in some.notes[0]
    assert check_gradients(MLPClassifier(**settings()), X, y).notes == ()


@pytest.mark.parametrize("call", [trace, check_gradients])
def test_targets_that_the_model_does_not_know_are_named(rows, call):
    X, y = rows[0], rows[1] % 2
    name = rf"^'y' of {call.__name__} must"
    fitted, new = fit(MLPClassifier(**settings()), X, y), MLPClassifier(**settings())
    for wrong, told in (([0, 5], "5 is none"), (["0", "1"], "'0', '1' are none")):
        with pytest.raises(DataError, match=f"{name} hold classes that the model knows; {told}. Known: 0, 1."):
            call(fitted, X[:2], wrong)
        with pytest.raises(DataError, match=f"{name} hold classes that the model knows; {told}. Known: 0, 1."):
            call(new, X[:2], wrong, classes=[0, 1])
    of_words = fit(MLPClassifier(**settings()), X, np.array(["yes", "no"])[y])
    with pytest.raises(DataError, match=r"'yess' is none\. Known: 'no', 'yes'\. Did you mean 'yes'"):
        call(of_words, X[:1], ["yess"])
    with pytest.raises(DataError, match=f"{name} have one column, of classes, as in the fit; it has 2"):
        call(fitted, X[:2], [[0, 1], [1, 0]])
    with pytest.raises(DataError, match=f"{name} have a value in every row; it is missing in row 2"):
        call(fitted, X[:2], [0, np.nan])
    with pytest.raises(DataError, match=f"^'classes' of {call.__name__} must be those of the fitted model, 0, 1; got"):
        call(fitted, X[:2], y[:2], classes=[0, 1, 2])
    two = fit(MLPRegressor(**settings()), X, X[:, :2])
    with pytest.raises(DataError, match=f"{name} have 2 columns, as in the fit; it has 1"):
        call(two, X[:2], X[:2, 0])
    for model in (fitted, new, two):
        with pytest.raises(DataError, match=f"{name} be an array or list with one value for each row; got 0"):
            call(model, X[:1], 0)


def test_a_model_without_its_optimiser_s_memory_says_so(rows):
    X, y = rows
    model = fit(MLPClassifier(**settings()), X, y)
    header, arrays = copy.deepcopy(model).to_state()
    step = trace(MLPClassifier.from_state(header, arrays), X, y)
    assert step.update.step == 1
    assert "starts afresh" in step.notes[0]
    assert trace(model, X, y).notes == ()


def test_clipping(rows):
    X, y = rows
    step = trace(MLPClassifier(**settings(clip_norm=0.01)), X, y)
    assert step.update.gradient_norm == pytest.approx(np.linalg.norm(step.gradients.vector))
    assert np.linalg.norm(step.update.gradient.vector) == pytest.approx(0.01)
    assert "scaled down to 0.01" in step.to_html()


def test_names_of_inputs_and_outputs(rows):
    X, y = rows
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    layers = trace(MLPClassifier(**settings()), frame, np.array(["x", "y", "z"])[y]).layers
    assert layers[0].input_names == ("a", "b", "c", "d")
    assert layers[-1].neuron_names == ("class x", "class y", "class z")
    two = trace(MLPClassifier(**settings()), X, np.array(["no", "yes"])[y % 2]).layers
    assert two[0].input_names == ("x₁", "x₂", "x₃", "x₄")
    assert two[-1].neuron_names == ("class yes",)
    assert trace(MLPRegressor(**settings()), X, y).layers[-1].neuron_names == ("y",)


def test_a_step_that_diverges_says_so(rows):
    X, y = rows
    step = trace(MLPRegressor(**settings(solver="sgd", activation="identity")), X * 1e200, y)
    assert any("diverges" in note for note in step.notes)
    assert "inf" in step.to_html()


def test_other_models_are_refused(rows):
    X, y = rows
    with pytest.raises(PellucidError, match=r"must be Pellucid's .* got scikit-learn's Pipeline\. Take its last step"):
        trace(make_pipeline(StandardScaler(), MLPClassifier()), X, y)
    for function in (trace, check_gradients):
        told = rf"The model of {function.__name__} .* scikit-learn's MLPRegressor\. Take Pellucid's: from "
        with pytest.raises(PellucidError, match=told):
            function(neural_network.MLPRegressor(), X, y)
    with pytest.raises(ValueError, match="alpha"):
        trace(MLPClassifier(alpha=-1), X, y)
    with pytest.raises(PellucidError, match="must be at least 0 with loss='poisson'"):
        trace(MLPRegressor("poisson"), X, y - 5)


def test_too_large_arrays_are_refused():
    X = np.ones((150, 100))
    step = trace(MLPRegressor(hidden_layer_sizes=(20,), random_state=0), X, np.arange(150.0))
    with pytest.raises(DataError, match=r"at most 200000 numbers; they are 300000\. Trace fewer rows"):
        _ = step.layers[0].products
    assert step.layers[1].products.shape == (150, 20, 1)
    with pytest.raises(DataError, match=r"Name a row, a layer or a neuron \(row=, layer=, neuron=\)"):
        step.records()
    assert len(step.records(layer=0, neuron=3, row=2)) == 100 * 11 + 21
