"""What the estimators can do that scikit-learn's cannot."""

import pickle
import signal
import threading
import time
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import log_loss, recall_score
from sklearn.model_selection import GridSearchCV

from pellucid import MLPClassifier, MLPRegressor, spec
from pellucid.errors import DataError, DivergedError, PellucidError, SpecError, TrainingWarning
from pellucid.estimators import Callback
from pellucid.training.stopping import Outcome
from sklearn_twin import fit_quietly


@pytest.fixture
def iris(tasks):
    return tasks["multiclass"][1:]


@pytest.fixture
def numbers(tasks):
    return tasks["regression"][1:]


ACTIVATIONS = ["leaky_relu", "elu", "selu", "softplus", "gelu", "silu", "mish", spec.LeakyRelu(0.2), spec.Elu(0.5)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"solver": "adma"}, r"'solver' parameter of MLPClassifier must be one of .*Got 'adma'.*Did you mean 'adam'"),
        ({"learning_rate": "cosin"}, "Did you mean 'cosine'"),
        ({"early_stopping": True, "scoring": "acuracy"}, "got 'acuracy'. Did you mean 'accuracy'"),
        ({"early_stopping": True, "scoring": "roc_auc"}, r"'scoring' .*'roc_auc' cannot score .*'roc_auc_ovr'"),
        ({"batch_size": "32"}, r"must be a str among {'auto'} or an int in the range \[1, inf\). Got '32' instead\.$"),
        (
            {"class_weight": "balance"},
            "must be an instance of 'dict', .* or None. Got 'balance' instead. Did you mean 'bal",
        ),
        ({"dtype": "float"}, "must be one of 'bfloat16', 'float32', 'float64' or None"),
        ({"learning_rate": 0.01}, r"'step' or a description such as .*\. Did you mean learning_rate_init=0\.01\?$"),
        ({"activation": spec.LeakyRelu}, r"or a list with one for each hidden layer\. Got .* Write LeakyRelu\(\)\.$"),
        ({"activation": [spec.LeakyRelu]}, r"must be a description, not its class; write LeakyRelu\(\)\.$"),
        ({"solver": spec.AdamW}, r"Write AdamW\(\)\.$"),
        ({"hidden_layer_sizes": (10.5,)}, r"'hidden_layer_sizes' of MLPClassifier must be .*; got \(10\.5,\)\.$"),
        ({"hidden_layer_sizes": (3.0,)}, r"'hidden_layer_sizes' of MLPClassifier must be a whole .*; got \(3\.0,\)\.$"),
        ({"hidden_layer_sizes": (10, "5")}, r"'hidden_layer_sizes' of MLPClassifier must be .*; got \(10, '5'\)\.$"),
        ({"hidden_layer_sizes": ((3,),)}, r"must be a whole number or a sequence of them, .*; got \(\(3,\),\)\.$"),
        ({"dropout": [1.5]}, r"'dropout' of MLPClassifier must be .*; got \[1\.5\]\.$"),
        ({"dropout": ["a"]}, r"'dropout' of MLPClassifier must be .*; got \['a'\]\.$"),
        ({"hidden_layer_sizes": (), "dropout": [0.5]}, r"one for each hidden layer, 0 in all; got 1: \[0\.5\]\.$"),
        ({"class_weight": {0: 1, 2: -1}}, "'class_weight' of MLPClassifier must give each class a .*; class 2 has -1"),
    ],
)
def test_parameters_that_are_wrong(iris, wrong, message):
    with pytest.raises(ValueError, match=message):
        MLPClassifier(**wrong, max_iter=2, random_state=0).fit(*iris)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=str)
def test_every_activation_learns(iris, activation):
    model = fit_quietly(MLPClassifier((12,), activation, learning_rate_init=0.02, random_state=0), *iris)
    assert model.score(*iris) > 0.9


def test_one_activation_a_layer(iris):
    mixed = MLPClassifier((6, 5), ["tanh", spec.LeakyRelu(0.1)], random_state=0, max_iter=5)
    fit_quietly(mixed, *iris)
    assert [layer.activation for layer in mixed.network_.hidden] == [spec.Tanh(), spec.LeakyRelu(0.1)]
    with pytest.raises(SpecError, match=r"one for each hidden layer, 2 in all; got 3: \['tanh', "):
        MLPClassifier((6, 5), ["tanh"] * 3).fit(*iris)
    with pytest.raises(SpecError, match="Did you mean 'relu'"):
        MLPClassifier((6, 5), ["tanh", "rellu"]).fit(*iris)


@pytest.mark.parametrize(
    "solver", ["adamw", "adagrad", "rmsprop", spec.AdamW(weight_decay=0.1), spec.Momentum(0.5)], ids=str
)
@pytest.mark.parametrize("schedule", ["step", "exponential", "cosine", "one_cycle", spec.Cosine(warmup=0.2)], ids=str)
def test_every_solver_and_schedule_learns(iris, solver, schedule):
    model = MLPClassifier(
        (12,),
        solver=solver,
        learning_rate=schedule,
        learning_rate_init=0.05,
        batch_size=32,
        max_iter=30,
        random_state=0,
    )
    assert fit_quietly(model, *iris).score(*iris) > 0.8


@pytest.mark.parametrize("loss", ["absolute_error", "huber", "quantile", spec.Huber(0.1), spec.Quantile(0.3)], ids=str)
def test_every_loss_learns(numbers, loss):
    model = MLPRegressor(loss, (20,), learning_rate_init=0.01, random_state=0)
    assert fit_quietly(model, *numbers).score(*numbers) > 0.3


def test_quantiles_are_quantiles():
    random = np.random.default_rng(0)
    X = random.uniform(-1, 1, (2000, 1))
    y = X.ravel() + random.normal(0, 0.5, 2000)
    for level in (0.1, 0.9):
        model = MLPRegressor(
            spec.Quantile(level), (16,), learning_rate_init=0.01, max_iter=60, random_state=0, restore_best=True
        )
        assert np.mean(y < fit_quietly(model, X, y).predict(X)) == pytest.approx(level, abs=0.03)


@pytest.mark.parametrize(
    "initializer",
    ["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal", spec.Normal(0.3)],
    ids=str,
)
def test_every_initializer_learns(iris, initializer):
    model = MLPClassifier((12,), initializer=initializer, learning_rate_init=0.02, random_state=0)
    assert fit_quietly(model, *iris).score(*iris) > 0.9


def test_dropout_changes_training_but_not_prediction(iris):
    plain = fit_quietly(MLPClassifier((30,), random_state=0, max_iter=30), *iris)
    dropped = fit_quietly(MLPClassifier((30,), random_state=0, max_iter=30, dropout=0.5), *iris)
    again = fit_quietly(MLPClassifier((30,), random_state=0, max_iter=30, dropout=[0.5]), *iris)
    assert dropped.loss_curve_[-1] > plain.loss_curve_[-1]
    assert dropped.loss_curve_ == again.loss_curve_
    np.testing.assert_array_equal(dropped.predict_proba(iris[0]), dropped.predict_proba(iris[0]))


def test_layer_norm_survives_pickling_and_continues(iris):
    model = fit_quietly(MLPClassifier((8, 6), layer_norm=True, random_state=0, max_iter=20), *iris)
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(model.predict_proba(iris[0]), twin.predict_proba(iris[0]))
    model.partial_fit(*iris)
    twin.partial_fit(*iris)
    np.testing.assert_array_equal(model.norm_gains_[1], twin.norm_gains_[1])
    assert not np.allclose(model.norm_gains_[1], 1)


def test_class_weight_is_sample_weight(tasks):
    _, X, y = tasks["binary"]
    by_class = dict(zip(np.unique(y).tolist(), [5.0, 1.0], strict=True))
    model = fit_quietly(MLPClassifier((5,), class_weight=by_class, random_state=0, max_iter=10), X, y)
    weighed = MLPClassifier((5,), random_state=0, max_iter=10)
    fit_quietly(weighed, X, y, sample_weight=np.vectorize(by_class.get)(y))
    np.testing.assert_allclose(model.loss_curve_, weighed.loss_curve_, rtol=1e-12)


def test_balanced_classes_raise_the_recall_of_the_rare_one():
    random = np.random.default_rng(1)
    X = random.normal(size=(1000, 2))
    y = (X[:, 0] + random.normal(0, 1, 1000) > 1.8).astype(int)
    plain = fit_quietly(MLPClassifier((8,), random_state=0, max_iter=60, learning_rate_init=0.01), X, y)
    balanced = clone(plain).set_params(class_weight="balanced")
    fit_quietly(balanced, X, y)
    assert recall_score(y, balanced.predict(X)) > recall_score(y, plain.predict(X)) + 0.1
    with pytest.raises(ValueError, match="not supported for partial_fit"):
        clone(balanced).partial_fit(X, y, classes=[0, 1])


def test_l1_makes_weights_small_and_clipping_keeps_steps_short(iris):
    plain = fit_quietly(MLPClassifier((10,), random_state=0, max_iter=100, learning_rate_init=0.01), *iris)
    sparse = clone(plain).set_params(l1=5.0)
    fit_quietly(sparse, *iris)
    assert np.mean(np.abs(sparse.coefs_[0]) < 1e-2) > np.mean(np.abs(plain.coefs_[0]) < 1e-2) + 0.2
    start = MLPClassifier((10,), random_state=0, solver="sgd", momentum=0, max_iter=1, learning_rate_init=1.0)
    clipped = clone(start).set_params(clip_norm=1e-3)
    initial = clone(start).set_params(learning_rate_init=1e-12)
    for model in (clipped, initial):
        fit_quietly(model, *iris)
    moved = np.concatenate([(a - b).ravel() for a, b in zip(clipped.coefs_, initial.coefs_, strict=True)])
    assert 0 < np.linalg.norm(moved) <= 1e-3 * 1.001


def test_label_smoothing_softens_probabilities(iris):
    sharp = fit_quietly(MLPClassifier((10,), random_state=0, max_iter=300, learning_rate_init=0.02), *iris)
    soft = clone(sharp).set_params(label_smoothing=0.2)
    fit_quietly(soft, *iris)
    assert soft.predict_proba(iris[0]).max() < sharp.predict_proba(iris[0]).max()
    assert soft.predict_proba(iris[0]).max(axis=1).mean() < 0.95


def test_own_validation_rows_are_recorded_and_watched(iris):
    X, y = iris
    halves = (X[::2], y[::2]), (X[1::2], y[1::2])
    model = MLPClassifier((10,), random_state=0, max_iter=12)
    fit_quietly(model, *halves[0], X_val=halves[1][0], y_val=halves[1][1])
    assert len(model.validation_loss_curve_) == len(model.validation_scores_) == 12
    assert model.validation_loss_curve_[-1] == pytest.approx(log_loss(y[1::2], model.predict_proba(X[1::2])))
    assert model.validation_scores_[-1] == pytest.approx(model.score(X[1::2], y[1::2]))
    plain = fit_quietly(MLPClassifier((10,), random_state=0, max_iter=12), *halves[0])
    assert plain.loss_curve_ == model.loss_curve_

    watched = MLPClassifier((10,), random_state=0, max_iter=500, early_stopping=True, learning_rate_init=0.01)
    fit_quietly(watched, *halves[0], X_val=halves[1][0], y_val=halves[1][1])
    assert watched.outcome_ is Outcome.CONVERGED
    assert watched.best_validation_score_ == watched.score(X[1::2], y[1::2])
    assert watched.t_ == watched.n_iter_ * len(X[::2])  # no rows were split off


@pytest.mark.parametrize(("scoring", "sign"), [("loss", -1), ("neg_log_loss", 1), ("balanced_accuracy", 1)])
def test_early_stopping_watches_any_score(iris, scoring, sign):
    X, y = iris
    model = MLPClassifier((10,), random_state=0, max_iter=40, early_stopping=True, scoring=scoring)
    fit_quietly(model, X, y, X_val=X[::3], y_val=y[::3])
    assert model.best_validation_score_ == max(model.validation_scores_)
    if scoring != "balanced_accuracy":
        np.testing.assert_allclose(np.array(model.validation_scores_), -np.array(model.validation_loss_curve_))
        assert log_loss(y[::3], model.predict_proba(X[::3])) == pytest.approx(-model.best_validation_score_)


def test_scorers_see_column_names_without_complaint(iris):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(iris[0], columns=list("abcd"))
    model = MLPClassifier((5,), random_state=0, max_iter=3, early_stopping=True, scoring="accuracy")
    fit_quietly(model, frame, iris[1])
    assert list(model.feature_names_in_) == list("abcd")


def test_restore_best_without_early_stopping(iris):
    model = MLPClassifier((10,), solver="sgd", learning_rate_init=1.5, momentum=0.95, random_state=0, max_iter=30)
    restored = clone(model).set_params(restore_best=True)
    fit_quietly(model, *iris)
    fit_quietly(restored, *iris)
    assert model.loss_curve_ == restored.loss_curve_
    best = int(np.argmin(model.loss_curve_))
    shorter = clone(model).set_params(max_iter=best + 1)
    fit_quietly(shorter, *iris)
    np.testing.assert_array_equal(restored.coefs_[0], shorter.coefs_[0])


def test_time_limit_ends_training_with_a_usable_network(iris):
    model = MLPClassifier((50,), random_state=0, max_iter=10**6, n_iter_no_change=np.inf, time_limit=0.1)
    with pytest.warns(TrainingWarning, match="time limit"):
        model.fit(*iris)
    assert model.outcome_ is Outcome.TIME_LIMIT
    assert model.score(*iris) > 0.5


class Recorder(Callback):
    def __init__(self, stop_after=None):
        self.events, self.epochs, self.stop_after = [], [], stop_after

    def on_fit_begin(self, estimator):
        self.events.append("begin")

    def on_epoch_end(self, estimator, epoch):
        self.epochs.append(epoch)
        assert estimator.n_iter_ == epoch.epoch
        assert np.isfinite(estimator.predict_proba(np.zeros((1, 4)))).all()
        return self.stop_after is not None and epoch.epoch >= self.stop_after

    def on_fit_end(self, estimator):
        self.events.append("end")


def test_callbacks_see_every_epoch_and_may_stop(iris):
    recorder = Recorder(stop_after=7)
    model = MLPClassifier((5,), random_state=0, callbacks=[recorder]).fit(*iris)
    assert recorder.events == ["begin", "end"]
    assert [epoch.epoch for epoch in recorder.epochs] == list(range(1, 8))
    assert [epoch.loss for epoch in recorder.epochs] == model.loss_curve_
    assert model.outcome_ is Outcome.STOPPED
    losses = []
    MLPClassifier((5,), random_state=0, callbacks=[lambda _, epoch: losses.append(epoch.loss) or len(losses) == 3]).fit(
        *iris
    )
    assert losses == model.loss_curve_[:3]


def test_callbacks_are_told_the_end_even_when_one_fails(iris):
    recorder = Recorder()

    def fail(estimator, epoch):
        raise RuntimeError("mine")

    with pytest.raises(RuntimeError, match="mine"):
        MLPClassifier((5,), callbacks=[recorder, fail]).fit(*iris)
    assert recorder.events == ["begin", "end"]


def test_lbfgs_tells_its_iterations(iris):
    recorder = Recorder(stop_after=3)
    model = MLPClassifier((5,), solver="lbfgs", random_state=0, callbacks=[recorder]).fit(*iris)
    assert model.n_iter_ == 3
    assert model.outcome_ is Outcome.STOPPED


def test_sklearn_callbacks(iris):
    callback = pytest.importorskip("sklearn.callback")

    class Counter:
        def __init__(self):
            self.calls, self.scores = [], []

        def setup(self, estimator, context):
            self.calls.append("setup")

        def teardown(self, estimator, context):
            self.calls.append("teardown")

        def on_fit_task_begin(self, estimator, context):
            self.calls.append(f"begin {context.task_name}")

        def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
            self.calls.append(f"end {context.task_name}")
            self.scores.append(fitted_estimator.score(X, y))
            return context.task_name == "epoch" and len(self.scores) == 3

    counter = Counter()
    model = MLPClassifier((5,), random_state=0, callbacks=[counter])
    model.fit(*iris)
    assert model.n_iter_ == 3
    assert counter.calls == ["setup", "begin fit", *["begin epoch", "end epoch"] * 3, "end fit", "teardown"]
    assert counter.scores[-1] == model.score(*iris)

    monitor = callback.ScoringMonitor(scoring="accuracy")
    search = GridSearchCV(MLPClassifier((5,), max_iter=2, random_state=0), {"alpha": [0.1, 1]}, cv=2)
    search.set_callbacks(monitor)
    fit_quietly(search, *iris)
    set_by_hand = MLPClassifier((5,), random_state=0).set_callbacks(Counter())
    set_by_hand.fit(*iris)
    assert set_by_hand.n_iter_ == 3


def test_progress_writes_to_standard_error_only(iris, capfd):
    MLPClassifier((5,), random_state=0, progress=True, max_iter=1000, learning_rate_init=0.05).fit(*iris)
    written = capfd.readouterr()
    assert written.out == ""
    assert "epoch 1/1000" in written.err
    assert "left" in written.err


def test_interrupt_keeps_the_network(iris):
    def interrupt(estimator, epoch):
        if epoch.epoch == 5:
            signal.raise_signal(signal.SIGINT)

    model = MLPClassifier((5,), random_state=0, callbacks=[interrupt])
    with pytest.warns(TrainingWarning, match="Training interrupted by user"):
        model.fit(*iris)
    assert model.outcome_ is Outcome.INTERRUPTED
    assert 4 <= model.n_iter_ <= 5
    assert np.isfinite(model.predict_proba(iris[0])).all()


def test_interrupt_from_outside_ends_a_long_training_soon(iris):
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    model = MLPClassifier((30,), random_state=0, max_iter=10**7, n_iter_no_change=np.inf, early_stopping=True)
    began = time.perf_counter()
    timer.start()
    with pytest.warns(TrainingWarning, match="interrupted"):
        model.fit(*iris)
    assert time.perf_counter() - began < 30
    assert model.score(*iris) > 0.5


def test_divergence_is_an_error_with_advice(numbers):
    X, y = numbers
    with pytest.raises(DivergedError, match="smaller learning rate"):
        MLPRegressor(hidden_layer_sizes=(10,), solver="sgd", learning_rate_init=1e6).fit(X * 1e3, y * 1e6)
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        MLPRegressor(hidden_layer_sizes=(10,), solver="sgd", learning_rate_init=1e6).fit(X * 1e3, y * 1e6)


def test_divergence_keeps_the_best_network_if_there_is_one(numbers):
    X, y = numbers

    def blow_up(estimator, epoch):
        if epoch.epoch == 4:
            estimator.coefs_[0][...] = 1e200

    model = MLPRegressor(hidden_layer_sizes=(10,), restore_best=True, random_state=0, callbacks=[blow_up])
    with pytest.warns(TrainingWarning, match="The best network before that is kept"):
        model.fit(X, y)
    assert np.isfinite(model.predict(X)).all()


def test_bad_rows_are_named(iris, numbers):
    X, y = iris
    with pytest.raises(ValueError, match="contains NaN"):
        MLPClassifier().fit(np.where(X > 1, np.nan, X), y)
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        MLPRegressor().fit(numbers[0], np.where(numbers[1] > 1, np.inf, numbers[1]))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        MLPClassifier().fit(X, y[:-1])
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        MLPClassifier().fit(X[:0], y[:0])
    with pytest.raises(ValueError, match="expecting 4 features"):
        fit_quietly(MLPClassifier((3,), max_iter=2), X, y).predict(X[:, :2])
    with pytest.raises(NotFittedError):
        MLPClassifier().predict(X)
    with pytest.raises(DataError, match="at least 0 with loss='poisson'"):
        MLPRegressor("poisson").fit(*numbers)
    with pytest.raises(ValueError, match=r"^Input X contains text, 'a', and MLPClassifier"):
        MLPClassifier().fit(np.array([["a"], ["b"]]), [0, 1])


MISSING = {
    "list": lambda y: [None if each == "a" else each for each in y],
    "nan in a list": lambda y: [float("nan") if each == "a" else str(each) for each in y],
    "array": lambda y: np.where(y == "a", None, y),
    "pandas": lambda y: pytest.importorskip("pandas").Series(MISSING["array"](y), dtype="string"),
    "numbers": lambda y: np.where(y == "a", np.nan, 1.0),
    "whole numbers": lambda y: pytest.importorskip("pandas").Series(np.where(y == "a", None, 1), dtype="Int64"),
}


@pytest.mark.parametrize("how", MISSING)
def test_missing_targets_are_named(iris, how):
    y = MISSING[how](np.array(["a", "b", "c"], dtype=object)[iris[1]])
    with pytest.raises(DataError, match=r"^'y' .* missing in rows 1, 2, .* \(50 in all\)\. Remove .* a class of their"):
        MLPClassifier().fit(iris[0], y)
    with pytest.raises(DataError, match=r"^'y' of MLPClassifier.partial_fit .* missing in rows 1, 2, "):
        MLPClassifier().partial_fit(iris[0], y, classes=["b", "c"])
    with pytest.raises(DataError, match=r"^'y' of MLPRegressor.fit .* missing in rows 1, 2, .*\. Remove those rows\.$"):
        MLPRegressor().fit(iris[0], y)


@pytest.mark.filterwarnings("ignore:X has feature names")
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("text", (ValueError, r"contains text, 'red', .* Take pellucid\.TabularRegressor, which .*OneHotEncoder")),
        (
            "dates",
            (TypeError, r"contains dates .* Take pellucid\.TabularRegressor, which .* np\.timedelta64\(1, 'D'\)"),
        ),
        ("objects", (TypeError, r"contains dates .* Take pellucid\.TabularRegressor")),
        ("sparse", (ValueError, r"contains NaN, .* Take pellucid\.TabularRegressor \(of X\.toarray\(\)\)")),
    ],
)
def test_cells_that_are_no_numbers_are_told_with_the_estimator_that_takes_them(iris, kind, told):
    X, y = iris
    dates = pd.DataFrame({"x": X[:, 0], "day": pd.date_range("2026-01-01", periods=150)})
    found = {
        "text": pd.DataFrame({"x": X[:, 0], "colour": "red"}),
        "dates": dates,
        "objects": dates.astype(object),
        "sparse": sparse.csr_matrix(np.where(X > 1, np.nan, X)),
    }[kind]
    with pytest.raises(told[0], match="^Input X " + told[1]):
        MLPRegressor().fit(found, y)
    plain = fit_quietly(MLPRegressor(max_iter=2), X[:, :2] if kind != "sparse" else X, y)
    with pytest.raises(told[0], match="^Input X " + told[1]):
        plain.predict(found)


@pytest.mark.parametrize("cast", [list, np.array, pd.Series, lambda y: np.array(y, dtype=object)])
def test_texts_are_no_numbers(iris, cast):
    with pytest.raises(DataError, match=r"^'y' of MLPRegressor.fit must be numbers; it has the text 'low'\. .*MLPCl"):
        MLPRegressor().fit(iris[0], cast(["low", "high", "1.5"] * 50))


def test_texts_of_numbers_are_taken_where_scikit_learn_takes_them(iris):
    X, y = iris
    with pytest.raises(DataError, match=r"has the text '0'\. .* y\.astype\(float\)"):
        MLPRegressor().fit(X, y.astype(str))
    same = fit_quietly(MLPRegressor(max_iter=2, random_state=0), X, y.astype(str).astype(object))
    expected = fit_quietly(MLPRegressor(max_iter=2, random_state=0), X, y)
    np.testing.assert_array_equal(same.predict(X), expected.predict(X))


def test_texts_of_any_length_are_told_with_their_remedy(iris):
    y = np.array(["no", "yes"] * 75, dtype=np.dtypes.StringDType())
    with pytest.raises(DataError, match=r"^'y' of MLPClassifier.fit .* StringDType.* np\.array\(y\.tolist\(\)\)"):
        MLPClassifier().fit(iris[0], y)
    fit_quietly(MLPClassifier(max_iter=2), iris[0], np.array(y.tolist()))


@pytest.mark.parametrize(("y", "name"), [(["ham", "ham", "ham", "spam"], r"\['spam'\]"), ([0, 0, 0, 1], r"\[1\]")])
def test_a_class_too_small_for_early_stopping_has_its_own_name(y, name):
    with pytest.raises(ValueError, match="too few members are: " + name):
        MLPClassifier(early_stopping=True).fit(np.eye(4), y)


def test_a_sparse_column_is_refused_without_a_word_more(iris):
    with pytest.raises(TypeError, match="Sparse data was passed for y"):  # a warning would be an error
        MLPClassifier().fit(iris[0], sparse.csr_matrix(iris[1][:, np.newaxis]))


def test_dates_are_no_targets(iris):
    pandas = pytest.importorskip("pandas")
    days = pandas.Series(pandas.date_range("2026-01-01", periods=150))
    told = r"must be numbers; it has dates.* np\.timedelta64\(1, 'D'\)"
    for y in (
        days,
        days.to_numpy(),
        days.dt.tz_localize("UTC"),
        days - days[0],
        list(days.dt.date),
        list(days.to_numpy()),
        list((days - days[0]).to_numpy()),
        days.to_frame(),
        pandas.DataFrame({"number": 1.0, "day": days}),
    ):
        with pytest.raises(DataError, match="^'y' of MLPRegressor.fit " + told):
            MLPRegressor().fit(iris[0], y)
        with pytest.raises(DataError, match="^'y_val' of MLPRegressor.fit " + told):
            MLPRegressor().fit(*iris, X_val=iris[0], y_val=y)
    fit_quietly(MLPRegressor(max_iter=2), iris[0], (days - days.min()) / np.timedelta64(1, "D"))


def test_the_first_parameter_of_a_regressor_is_the_loss(iris):
    with pytest.raises(ValueError, match=r"Did you mean hidden_layer_sizes=\(10,\)\? The first parameter is the loss"):
        MLPRegressor((10,)).fit(*iris)


def test_bad_validation_rows_are_named(iris):
    X, y = iris
    with pytest.raises(DataError, match="go together"):
        MLPClassifier().fit(X, y, X_val=X)
    with pytest.raises(DataError, match="one target for each of the 150 rows"):
        MLPClassifier().fit(X, y, X_val=X, y_val=y[:3])
    with pytest.raises(
        DataError, match=r"^'y_val' of MLPClassifier.fit must have classes that y has, \[0 1 2\]; it has"
    ):
        MLPClassifier().fit(X, y, X_val=X, y_val=y + 1)
    with pytest.raises(DataError, match=r"^'X_val' of MLPClassifier.fit must have the 4 columns that X has; got 2"):
        MLPClassifier().fit(X, y, X_val=X[:, :2], y_val=y)
    words = np.full(X.shape, "red")
    with pytest.raises(ValueError, match=r"^Input X_val contains text, 'red', .* Take pellucid.TabularClassifier"):
        MLPClassifier().fit(X, y, X_val=words, y_val=y)
    with pytest.raises(ValueError, match=r"^Input X_val contains NaN, .* Take pellucid.TabularClassifier"):
        MLPClassifier().fit(X, y, X_val=np.where(X > 1, np.nan, X), y_val=y)
    with pytest.raises(DataError, match=r"^'y_val' .* missing in rows 1, 2, .* \(150 in all\)"):
        MLPRegressor().fit(X, y, X_val=X, y_val=[None] * 150)
    with pytest.raises(DataError, match=r"^'y_val' of MLPRegressor.fit .* missing in rows 101, 102, "):
        MLPRegressor().fit(X, y, X_val=X, y_val=np.where(y > 1, np.nan, y))
    with pytest.raises(DataError, match=r"^'y_val' of MLPRegressor must be finite; it has infinity"):
        MLPRegressor().fit(X, y, X_val=X, y_val=np.where(y > 1, np.inf, y))
    with pytest.raises(DataError, match=r"^'sample_weight_val' of MLPClassifier.fit goes with 'X_val' and 'y_val'"):
        MLPClassifier().fit(X, y, sample_weight_val=y)
    with pytest.raises(DataError, match=r"^'X_val' of MLPRegressor.fit must have at least 2 rows: R² of one"):
        MLPRegressor(early_stopping=True).fit(X, y, X_val=X[:1], y_val=y[:1])


def test_unknown_class_in_partial_fit_is_named(iris):
    X, y = iris
    model = MLPClassifier((4,)).partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"`y` has classes not in `self.classes_`"):
        model.partial_fit(X, y + 1)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        MLPClassifier().partial_fit(X, y)


@pytest.mark.parametrize("loss", ["squared_error", spec.LogLoss()], ids=str)
def test_unsupported_pairs_are_refused(iris, loss):
    with pytest.raises(PellucidError, match="label_smoothing"):
        MLPClassifier(loss=loss, label_smoothing=0.1).fit(*iris)


def test_brier_score_loss_learns(iris):
    model = MLPClassifier((10,), loss="squared_error", learning_rate_init=0.02, random_state=0)
    assert fit_quietly(model, *iris).score(*iris) > 0.9


def test_multilabel_partial_fit(tasks):
    _, X, y = tasks["multilabel"]
    model = MLPClassifier((20,), learning_rate_init=0.02, random_state=0)
    for _ in range(60):
        model.partial_fit(X, y, classes=np.arange(4))
    assert model.predict(X).shape == y.shape
    assert model.score(X, y) > 0.5


def test_the_same_on_every_run_and_in_a_pickle(iris):
    one = fit_quietly(MLPClassifier((9,), random_state=3, max_iter=15), *iris)
    two = fit_quietly(MLPClassifier((9,), random_state=3, max_iter=15), *iris)
    copy = pickle.loads(pickle.dumps(one))
    for a, b, c in zip(one.coefs_, two.coefs_, copy.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)
    one.partial_fit(*iris)
    copy.partial_fit(*iris)
    np.testing.assert_array_equal(one.coefs_[0], copy.coefs_[0])


def test_weights_set_by_hand_are_used(iris):
    model = fit_quietly(MLPClassifier((5,), random_state=0, max_iter=5), *iris)
    model.coefs_[1] = np.zeros_like(model.coefs_[1])
    model.intercepts_[1] = np.array([0.0, 5.0, 0.0])
    assert set(model.predict(iris[0])) == {1}
    model.intercepts_[1][...] = [9.0, 5.0, 0.0]
    assert set(model.predict(iris[0])) == {0}


def test_float32_is_a_choice(iris):
    model = fit_quietly(MLPClassifier((5,), random_state=0, max_iter=5, dtype="float32"), *iris)
    assert model.coefs_[0].dtype == np.float32
    assert model.network_.inputs == 4


def test_no_hidden_layer_is_logistic_regression(iris):
    from sklearn.linear_model import LogisticRegression

    X, y = iris
    model = MLPClassifier((), solver="lbfgs", alpha=1.0, max_iter=1000, tol=1e-8, random_state=0).fit(X, y)
    reference = LogisticRegression(C=1.0, tol=1e-8, max_iter=1000).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), reference.predict_proba(X), atol=1e-4)


def test_zero_weights_are_no_rows(iris):
    X, y = iris
    weight = np.zeros(len(X))
    weight[::3] = 1
    model = fit_quietly(MLPClassifier((5,), random_state=0, max_iter=5, batch_size=150), X, y, sample_weight=weight)
    assert np.isfinite(model.loss_curve_).all()
    rare = np.zeros(len(X))
    rare[0] = 1  # most batches of 10 rows weigh nothing
    model = fit_quietly(MLPClassifier((5,), random_state=0, max_iter=5, batch_size=10), X, y, sample_weight=rare)
    assert np.isfinite(model.loss_curve_).all()


def test_what_is_watched_may_change_between_warm_starts(numbers):
    X, y = numbers
    model = MLPRegressor("squared_error", (20,), warm_start=True, random_state=0, max_iter=3)
    fit_quietly(model, X, y * 30)
    model.set_params(early_stopping=True, max_iter=300, learning_rate_init=0.01)
    fit_quietly(model, X, y * 30)
    assert model.n_iter_ > 20
    assert 0 < model.best_validation_score_ <= 1


def test_restore_best_does_not_freeze_partial_fit(iris):
    free = MLPClassifier((5,), solver="sgd", learning_rate_init=3.0, random_state=0)
    asked = clone(free).set_params(restore_best=True)
    for _ in range(8):
        free.partial_fit(*iris, classes=[0, 1, 2])
        asked.partial_fit(*iris, classes=[0, 1, 2])
    assert asked.loss_curve_ == free.loss_curve_


@pytest.mark.parametrize("solvers", [("sgd", "adam"), ("adam", "sgd"), ("adam", spec.RMSprop())], ids=str)
def test_the_solver_may_change_between_partial_fits(iris, solvers):
    model = MLPClassifier((5,), solver=solvers[0], random_state=0).partial_fit(*iris, classes=[0, 1, 2])
    model.set_params(solver=solvers[1], momentum=0.5).partial_fit(*iris)
    assert np.isfinite(model.predict_proba(iris[0])).all()


def test_class_weights_count_on_validation_rows_that_are_given():
    X = np.random.default_rng(0).normal(size=(200, 2))
    y = np.repeat([0, 1], [180, 20])
    model = MLPClassifier((3,), early_stopping=True, class_weight="balanced", max_iter=1, random_state=0)
    fit_quietly(model, X, y, X_val=X, y_val=y)
    assert model.validation_scores_[0] == pytest.approx(model.score(X, y, np.where(y == 1, 9.0, 1.0)))


def test_plain_functions_score_with_weights(iris):
    model = MLPClassifier(
        (4,), early_stopping=True, scoring=lambda e, X, y: e.score(X, y), class_weight="balanced", max_iter=3
    )
    assert len(fit_quietly(model, *iris).validation_scores_) == 3


def test_a_misspelt_score_is_named_at_once(iris):
    with pytest.raises(ValueError, match="acuracy"):
        MLPClassifier(scoring="acuracy").fit(*iris)


def test_a_useful_fit_with_dropout_is_not_called_useless():
    X = np.random.RandomState(0).randn(300, 2)
    model = MLPRegressor("squared_error", (20,), dropout=0.9, max_iter=200, random_state=0)
    model.fit(X, X[:, 0])  # a warning would be an error
    assert model.loss_ > 0.5 * np.var(X[:, 0])  # dropout makes the training loss large
    assert model.score(X, X[:, 0]) > 0.3


def test_a_fit_that_cannot_begin_leaves_the_model_as_it_was(iris):
    X, y = iris
    model = fit_quietly(MLPClassifier((4,), max_iter=3, random_state=0), X, np.array(["a", "b", "c"])[y])
    before = model.predict(X)
    with pytest.raises(DataError, match="go together"):
        model.fit(X, y, X_val=X)
    np.testing.assert_array_equal(model.predict(X), before)


def listens_to_nothing_else(epoch):
    return None


class BeginsWithNothing:
    def on_fit_begin(self):
        return None


@pytest.mark.parametrize(
    ("callbacks", "error", "told"),
    [
        (listens_to_nothing_else, ValueError, r"Write callbacks=\[listens_to_nothing_else\]\.$"),
        (lambda estimator, epoch: None, ValueError, r"Write callbacks=\[…\]\.$"),
        (BeginsWithNothing(), ValueError, r"Write callbacks=\[…\]\.$"),
        (
            [listens_to_nothing_else],
            TypeError,
            r"listens_to_nothing_else must take 2 .*\(estimator, epoch\); .*\(epoch\)",
        ),
        (
            [BeginsWithNothing()],
            TypeError,
            r"BeginsWithNothing.on_fit_begin must take 1 argument, \(estimator\); .*\(\)",
        ),
    ],
)
def test_callbacks_that_cannot_be_called_say_how_they_must_be(iris, callbacks, error, told):
    with pytest.raises(error, match=told):
        MLPClassifier((3,), max_iter=2, callbacks=callbacks).fit(*iris)


def test_callbacks_with_some_of_the_methods(iris):
    class Begins:
        begun = 0

        def on_fit_begin(self, estimator):
            self.begun += 1

    begins = Begins()
    fit_quietly(MLPClassifier((3,), max_iter=2, callbacks=[begins]), *iris)
    assert begins.begun == 1
    for wrong in (3, object(), Begins):
        with pytest.raises(TypeError, match="a callback must be a function"):
            MLPClassifier((3,), callbacks=[wrong]).fit(*iris)
    Begins.on_epoch_ends = lambda self, estimator, epoch: None
    with pytest.raises(TypeError, match=r"Begins has 'on_epoch_ends', which nobody calls. Did you mean 'on_epoch_end'"):
        MLPClassifier((3,), callbacks=[Begins()]).fit(*iris)


def test_only_true_stops_a_training(iris):
    model = MLPClassifier((3,), max_iter=5, callbacks=[lambda estimator, epoch: np.bool_(True)]).fit(*iris)
    assert model.n_iter_ == 1
    with pytest.raises(TypeError, match=r"must return True to stop .* returned something of type MLPClassifier"):
        model.set_params(callbacks=[lambda estimator, epoch: estimator.set_params(alpha=1)]).fit(*iris)


def test_verbose_prints_the_score_that_is_watched(iris, capsys):
    model = MLPClassifier((3,), verbose=True, early_stopping=True, scoring="loss", max_iter=2, random_state=0)
    fit_quietly(model, *iris)
    assert f"Validation score: {model.validation_scores_[-1]:f}" in capsys.readouterr().out


def test_validation_rows_are_recorded_with_lbfgs(iris):
    X, y = iris
    model = MLPClassifier((4,), solver="lbfgs", max_iter=5, random_state=0)
    fit_quietly(model, X, y, X_val=X, y_val=y)
    assert len(model.validation_loss_curve_) == len(model.validation_scores_) == 5
    assert not hasattr(model, "loss_curve_")
    assert model.t_ == 0


@pytest.mark.parametrize("engine", ["native", "textbook"])
@pytest.mark.parametrize("options", [{"early_stopping": True}, {"restore_best": True}], ids=str)
def test_lbfgs_too_ends_with_the_best_on_rows_that_are_given(engine, options):
    random = np.random.default_rng(0)
    X, X_val = random.normal(size=(60, 10)), random.normal(size=(200, 10))
    y, y_val = ((rows[:, 0] + random.normal(size=len(rows)) > 0).astype(int) for rows in (X, X_val))
    common = {"solver": "lbfgs", "random_state": 0, "engine": engine}
    plain = MLPClassifier((20,), **common).fit(X, y, X_val=X_val, y_val=y_val)
    assert plain.score(X_val, y_val) < max(plain.validation_scores_)
    model = MLPClassifier((20,), n_iter_no_change=5, **common, **options).fit(X, y, X_val=X_val, y_val=y_val)
    assert model.score(X_val, y_val) == model.best_validation_score_ == max(model.validation_scores_)
    assert model.n_iter_ < plain.n_iter_
    assert model.outcome_ is Outcome.CONVERGED


def test_early_stopping_wants_weight_in_both_parts():
    X = np.random.default_rng(0).normal(size=(20, 3))
    model = MLPRegressor(hidden_layer_sizes=(4,), early_stopping=True, random_state=0)
    told = []
    for only in range(20):
        with pytest.raises(DataError, match="sum greater than 0 in both parts of a training with early st") as error:
            model.fit(X, X[:, 0], sample_weight=np.arange(20) == only)
        told.append("in the rows held out it has not" in str(error.value))
    assert sum(told) == 18


@pytest.mark.parametrize("schedule", ["cosine", "flat_cosine", "log_cosine", "one_cycle"])
def test_a_plan_that_is_over_is_said(iris, schedule):
    model = MLPClassifier((4,), max_iter=3, learning_rate=schedule, learning_rate_init=0.01, random_state=0)
    for _ in range(3):
        model.partial_fit(*iris, classes=[0, 1, 2])
    with pytest.warns(TrainingWarning, match=r"'learning_rate' of .* a plan for max_iter=3 epochs, which are over"):
        model.partial_fit(*iris)
    fitted = fit_quietly(clone(model), *iris)
    with pytest.warns(TrainingWarning, match="Take a larger max_iter"):
        fitted.partial_fit(*iris)


def test_a_plan_of_one_epoch_that_learns_nothing_is_said(iris):
    model = MLPClassifier((4,), max_iter=1, learning_rate="log_cosine", random_state=0)
    with pytest.warns(TrainingWarning, match="a plan for max_iter=1 epoch: the rate is about 0"):
        fit_quietly(model, *iris)


@pytest.mark.parametrize("engine", ["native", "textbook"])
@pytest.mark.parametrize(("before", "after"), [("float64", "float32"), ("float32", "float64")])
def test_another_dtype_goes_on(iris, engine, before, after):
    X, y = iris
    model = fit_quietly(MLPClassifier((4,), dtype=before, max_iter=5, random_state=0, engine=engine), X, y)
    loss = log_loss(y, model.predict_proba(X))
    for _ in range(5):
        model.set_params(dtype=after).partial_fit(X, y)
    assert model.coefs_[0].dtype == after
    assert log_loss(y, model.predict_proba(X)) < loss


@pytest.mark.parametrize("way", ["partial_fit", "fit"])
def test_layer_norm_cannot_come_later(iris, way):
    model = fit_quietly(MLPClassifier((4,), max_iter=5, random_state=0, warm_start=True), *iris)
    with pytest.raises(SpecError, match=r"'layer_norm' of MLPClassifier must stay as it was .* got True"):
        getattr(model.set_params(layer_norm=True), way)(*iris)


def test_lbfgs_interrupted_keeps_the_last_step_taken(iris):
    losses = []

    def interrupt(estimator, epoch):
        losses.append(epoch.loss)
        if epoch.epoch == 4:
            raise KeyboardInterrupt

    model = MLPClassifier((5,), solver="lbfgs", alpha=0.0, random_state=0, callbacks=[interrupt])
    with pytest.warns(TrainingWarning, match="interrupted"):
        model.fit(*iris)
    assert log_loss(iris[1], model.predict_proba(iris[0])) == pytest.approx(losses[-1], rel=1e-6)


def test_warm_start_with_other_layers_says_what_to_do(iris):
    model = fit_quietly(MLPClassifier((4,), warm_start=True, max_iter=2), *iris)
    with pytest.raises(SpecError, match="Set warm_start=False"):
        model.set_params(hidden_layer_sizes=(5,)).fit(*iris)


def test_partial_fit_keeps_the_precision_of_the_weights(iris):
    X, y = iris
    model = MLPClassifier((4,)).partial_fit(X, y, classes=[0, 1, 2])
    assert model.partial_fit(X.astype(np.float32), y).coefs_[0].dtype == np.float64


def test_validation_targets_may_be_sparse_and_are_checked(tasks):
    from scipy import sparse

    _, X, y = tasks["multilabel"]
    model = fit_quietly(MLPClassifier((4,), max_iter=2), X, y, X_val=X, y_val=sparse.csr_matrix(y))
    assert len(model.validation_scores_) == 2
    _, X, y = tasks["poisson"]
    with pytest.raises(DataError, match="at least 0"):
        MLPRegressor("poisson").fit(X, y, X_val=X, y_val=-1 - y)


def test_settings_a_layer_may_be_arrays(iris):
    model = MLPClassifier((4, 3), np.array(["tanh", "relu"]), dropout=np.array([0.1, 0.0]), max_iter=2)
    assert fit_quietly(model, *iris).network_.hidden[0].dropout == 0.1


def test_class_weight_as_a_dict_needs_one_class_a_row(tasks):
    _, X, y = tasks["multilabel"]
    with pytest.raises(SpecError, match="several labels a row"):
        MLPClassifier(class_weight={0: 1, 1: 3}).fit(X, y)


def test_a_callback_hears_the_rows_before_all_else():
    class Rows:
        def __init__(self):
            self.heard = []

        def on_rows(self, estimator, X, y, sample_weight):
            self.heard.append((X.shape, len(y), sample_weight))

        def on_fit_begin(self, estimator):
            self.heard.append("begin")

    rows = Rows()
    model = MLPClassifier((2,), max_iter=2, random_state=0, callbacks=[rows])
    fit_quietly(model, np.eye(4), [0, 1, 0, 1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(np.eye(4), [0, 1, 0, 1], sample_weight=[1, 2, 3, 4])
    assert rows.heard == [((4, 4), 4, None), "begin", ((4, 4), 4, [1, 2, 3, 4]), "begin"]


@pytest.mark.parametrize("scoring", ["loss", None])
def test_the_best_epoch_is_that_of_the_validation_rows_where_they_are_given(scoring):
    X, y = make_classification(300, 12, n_informative=6, n_classes=3, random_state=0)
    common = {"max_iter": 100, "learning_rate_init": 0.05, "random_state": 0, "scoring": scoring}
    rows = {"X_val": X[200:], "y_val": y[200:]}
    model = fit_quietly(MLPClassifier(restore_best=True, **common), X[:200], y[:200], **rows)
    if scoring == "loss":
        found = log_loss(y[200:], model.predict_proba(X[200:]))
        assert found == pytest.approx(min(model.validation_loss_curve_), abs=1e-6)
        assert found < 0.9 * model.validation_loss_curve_[-1]
    else:
        assert model.score(X[200:], y[200:]) == max(model.validation_scores_)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.best_loss_ is None
    stopped = fit_quietly(MLPClassifier(early_stopping=True, **common), X[:200], y[:200], **rows)
    np.testing.assert_array_equal(stopped.coefs_[0], model.coefs_[0])


def test_what_lbfgs_leaves_out_is_said(iris):
    X, y = iris
    with pytest.warns(TrainingWarning, match="trains without 'dropout' and 'clip_norm'"):
        model = MLPClassifier(solver="lbfgs", dropout=0.5, clip_norm=1.0, random_state=0, max_iter=200).fit(X, y)
    plain = fit_quietly(MLPClassifier(solver="lbfgs", random_state=0, max_iter=200), X, y)
    np.testing.assert_array_equal(model.coefs_[0], plain.coefs_[0])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            {"solver": "sgd", "max_iter": 3},
            r"^Stochastic Optimizer: Maximum iterations \(3\) {yet} max_iter, {or_scale}$",
        ),
        (
            {"solver": "lbfgs", "max_iter": 3},
            r"^lbfgs failed to converge after 3 iteration\(s\): Maximum iterations \(3\) {yet} max_iter, {or_scale}$",
        ),
        (
            {"solver": "lbfgs", "max_fun": 4},
            r"^lbfgs failed .*: Maximum evaluations of the loss \(4\) {yet} max_fun, {or_scale}$",
        ),
    ],
)
def test_all_solvers_tell_alike_that_they_had_not_converged(iris, options, told):
    parts = {
        "yet": r"reached and the optimization hasn't converged yet\. Increase",
        "or_scale": r"or scale the inputs\.",
    }
    with pytest.warns(ConvergenceWarning, match=told.format(**parts)):
        MLPClassifier(random_state=0, **options).fit(*iris)
