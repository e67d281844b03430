"""What a fit leaves behind, and says, where something goes wrong."""

import re
import tracemalloc
import warnings
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import sklearn
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.validation import check_is_fitted

import pellucid
from pellucid import MLPClassifier, MLPRegressor
from pellucid.errors import DataError, DivergedError, SpecError, TrainingWarning
from sklearn_twin import fit_quietly

random = np.random.RandomState(0)
X = random.randn(120, 4)
y = (X[:, 0] > 0).astype(int)
z = 2 * X[:, 0]


def raise_in_epoch_3(estimator, epoch):
    if epoch.epoch == 3:
        raise RuntimeError("mine")


BROKEN_OFF = {"diverged": {"learning_rate_init": 10.0}, "raised": {"callbacks": [raise_in_epoch_3]}}


@pytest.mark.parametrize("how", BROKEN_OFF)
@pytest.mark.parametrize("goes_on", [False, True])
def test_a_fit_that_is_broken_off_leaves_what_was_there(how, goes_on):
    model = MLPRegressor(hidden_layer_sizes=(5,), solver="sgd", max_iter=20, random_state=0, warm_start=goes_on)
    fit_quietly(model, X, z)
    twin = fit_quietly(MLPRegressor(**model.get_params()), X, z)
    given = model.get_params()
    with pytest.raises((DivergedError, RuntimeError)):
        model.set_params(**BROKEN_OFF[how]).fit(X, z)
    np.testing.assert_array_equal(model.predict(X), twin.predict(X))
    kept = ("n_iter_", "t_", "outcome_", "loss_curve_", "best_loss_")
    assert [getattr(model, name) for name in kept] == [getattr(twin, name) for name in kept]
    for each in (model.set_params(**given), twin):
        fit_quietly(each, X, z)
    assert model.loss_curve_ == twin.loss_curve_


@pytest.mark.parametrize("how", BROKEN_OFF)
def test_a_first_fit_that_is_broken_off_leaves_nothing(how):
    model = MLPRegressor(hidden_layer_sizes=(5,), solver="sgd", **BROKEN_OFF[how])
    with pytest.raises((DivergedError, RuntimeError)):
        model.fit(X, z)
    assert vars(model).keys() == model.get_params().keys()


def test_partial_fit_that_is_refused_leaves_what_was_there():
    model = MLPClassifier((5,), random_state=0)
    with pytest.raises(ValueError, match="contains NaN"):
        model.partial_fit(np.full((1, 4), np.nan), [0], classes=[0, 1])
    twin = MLPClassifier((5,), random_state=0).partial_fit(X, y + 1, classes=[1, 2])
    model.partial_fit(X, y + 1, classes=[1, 2])
    with pytest.raises(ValueError, match="contains NaN"):
        model.partial_fit(np.full((1, 4), np.nan), [1])
    with pytest.raises(InvalidParameterError, match=r"'solver' parameter of MLPClassifier must be .* Got 'foo'"):
        model.set_params(solver="foo").partial_fit(X, y + 1)
    for each in (model.set_params(solver="adam"), twin):
        each.partial_fit(X, y + 1)
    np.testing.assert_array_equal(model.coefs_[0], twin.coefs_[0])


@pytest.mark.parametrize("engine", ["native", "textbook"])
def test_partial_fit_keeps_the_epoch_that_a_callback_broke_off(engine):
    model, twin = (MLPClassifier((5,), random_state=0, engine=engine) for _ in "12")

    def fail(estimator, epoch):
        raise RuntimeError("mine")

    for each in (model, twin):
        each.partial_fit(X, y, classes=[0, 1])
    with pytest.raises(RuntimeError, match="mine"):
        model.set_params(callbacks=[fail]).partial_fit(X, y)
    model.set_params(callbacks=None).partial_fit(X, y)
    twin.partial_fit(X, y).partial_fit(X, y)
    np.testing.assert_array_equal(model.coefs_[0], twin.coefs_[0])
    assert model.loss_curve_ == twin.loss_curve_
    assert model.t_ == twin.t_


def test_partial_fit_trains_in_place_and_keeps_no_second_set():
    model = MLPClassifier((300, 300), solver="sgd", random_state=0).partial_fit(X, y, classes=[0, 1])
    weights = model.coefs_[1]
    tracemalloc.start()
    try:
        model.partial_fit(X[:10], y[:10])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert model.coefs_[1].base is weights.base
    assert peak < weights.nbytes


def test_partial_fit_that_diverges_leaves_nothing():
    model = MLPRegressor(hidden_layer_sizes=(5,), solver="sgd", batch_size=10, random_state=0).partial_fit(X, z)
    twin = deepcopy(model)
    with pytest.raises(DivergedError, match=r"what was learned before is lost\. Begin again, or go on from a copy"):
        model.set_params(learning_rate_init=1e200).partial_fit(X, z)
    with pytest.raises(NotFittedError):
        model.predict(X)
    with pytest.raises(NotFittedError):
        check_is_fitted(deepcopy(model))
    model.set_params(learning_rate_init=twin.learning_rate_init).partial_fit(X, z)
    np.testing.assert_array_equal(model.coefs_[0], twin.coefs_[0])


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_callbacks_see_the_curves_as_they_grow(solver):
    class Watcher:
        def __init__(self):
            self.lengths, self.at_the_end = [], None

        def on_epoch_end(self, estimator, epoch):
            curves = (getattr(estimator, "loss_curve_", None), estimator.validation_loss_curve_)
            assert estimator.validation_scores_[-1] == epoch.validation_score
            self.lengths.append(tuple(len(curve or ()) for curve in curves))
            assert estimator.t_ == (solver == "adam") * len(X) * (self.begins + epoch.epoch)

        def on_fit_end(self, estimator):
            self.at_the_end = (estimator.outcome_, estimator.validation_scores_)

    watcher = Watcher()
    model = MLPClassifier((5,), solver=solver, max_iter=3, random_state=0, warm_start=True, callbacks=[watcher])
    plain = MLPClassifier(**model.get_params() | {"callbacks": None})
    for begins in (0, 3):
        watcher.begins, watcher.lengths = begins, []
        fit_quietly(model, X, y, X_val=X, y_val=y)
        fit_quietly(plain, X, y, X_val=X, y_val=y)
        expected = [begins + 1, begins + 2, begins + 3]
        assert watcher.lengths == [(n if solver == "adam" else 0, n) for n in expected]
        assert watcher.at_the_end == (model.outcome_, model.validation_scores_)
        assert model.validation_scores_ == plain.validation_scores_
        assert getattr(model, "loss_curve_", None) == getattr(plain, "loss_curve_", None)


def test_callbacks_hear_a_network_that_was_set():
    trained = fit_quietly(MLPRegressor(hidden_layer_sizes=(3,), max_iter=2), X, z)
    model = MLPRegressor(hidden_layer_sizes=(3,), callbacks=[lambda estimator, epoch: seen.append(estimator.t_)])
    seen = []
    model.set_network(trained.network_, trained._parameters.vector.copy()).partial_fit(X, z)
    assert seen == [len(X)]


@pytest.mark.parametrize(
    ("change", "method", "told"),
    [
        ({}, "partial_fit", r"^'y' of MLPRegressor.partial_fit must have as many outputs .* 1; got 2. Fit a new est"),
        ({"warm_start": True}, "fit", r"^'y' of MLPRegressor.fit must have .*Set warm_start=False"),
        ({"hidden_layer_sizes": (3,)}, "partial_fit", r"^'hidden_layer_sizes' .* must stay .*Fit a new estimator"),
    ],
)
def test_what_cannot_go_on_says_why(change, method, told):
    model = MLPRegressor().partial_fit(X, z).set_params(**change)
    targets = z if "hidden_layer_sizes" in change else np.column_stack([z, z])
    with pytest.raises((DataError, SpecError), match=told):
        getattr(model, method)(X, targets)


def test_more_threads_than_any_machine_has():
    with pytest.raises(InvalidParameterError, match=r"'n_threads' .* in the range \[1, 4096\]"):
        MLPClassifier(n_threads=2**70).fit(X, y)


Y_IS_LARGE = r"Scale y to about -1\.\.1 \(sklearn\.compose\.TransformedTargetRegressor\)\.$"


@pytest.mark.parametrize(
    ("model", "inputs", "targets", "told"),
    [
        (
            MLPClassifier((3,), learning_rate_init=1e30),
            X,
            y,
            r"worse than the shares of .*, a constant's 0\.69\. Take a sm",
        ),
        (
            MLPRegressor(learning_rate_init=1e-7),
            X,
            z,
            r"^MLPRegressor fits worse than the mean of y .* Train longer, wi",
        ),
        (MLPRegressor(learning_rate_init=10.0), X, z, r" R² is -.*\. Take a smaller learning_rate_init; it is 10\.$"),
        (MLPRegressor(), X, z * 1e4 + 1e5, "^Stochastic .* worse than the mean of y would: .*" + Y_IS_LARGE),
        (
            MLPRegressor("huber"),
            X,
            z * 1e4 + 1e5,
            r"worse than the median of y would: .*, a constant's .*" + Y_IS_LARGE,
        ),
        (MLPRegressor("quantile"), X * 1e4, z, "worse than the median of y .* Scale the inputs"),
        (MLPRegressor("poisson"), X, np.exp(z) * 1e6, r"worse than the mean of y .* Divide y by its mean, "),
        (MLPRegressor(learning_rate_init=1e-7, max_iter=5), X, z, r"Increase max_iter, or scale the inputs\.$"),
    ],
    ids=["shares", "slow", "fast", "large y", "huber", "inputs", "counts", "unfinished"],
)
def test_a_network_that_is_of_no_use_is_told_of_once(model, inputs, targets, told):
    options = {"hidden_layer_sizes": (5,), "random_state": 0, "max_iter": min(model.max_iter, 60)}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.set_params(**options).fit(inputs, targets)
    (warning,) = caught
    assert warning.category is ConvergenceWarning
    assert re.search(told, str(warning.message))
    assert warning.filename == __file__


def test_a_network_of_random_targets_is_not_told_of():
    model = MLPClassifier((5,), early_stopping=True, max_iter=500, random_state=0)
    model.fit(random.randn(500, 3), random.randint(0, 3, 500))  # a warning would be an error


@pytest.mark.parametrize(
    ("scoring", "told"),
    [
        (
            lambda estimator, X, y: np.nan,
            "must give a number for the validation rows, .* gave NaN in each of 10 epochs",
        ),
        (lambda estimator, X, y: "a", "must give a number, larger where the network is better; .* gave 'a'"),
        (lambda estimator, X, y: None, "must give a number, .* gave None"),
        ("neg_mean_squared_log_error", r"cannot score the validation rows: [^.]*\.$"),
    ],
    ids=["nan", "text", "none", "foreign"],
)
def test_scores_that_are_none(scoring, told):
    with pytest.raises(SpecError, match=told):
        MLPRegressor(hidden_layer_sizes=(3,), early_stopping=True, scoring=scoring, random_state=0).fit(X, z)


def test_a_score_may_be_undefined_in_the_beginning():
    scores = iter([np.nan, np.nan, np.nan, 0.1, 0.2, 0.3])
    options = {"early_stopping": True, "scoring": lambda *_: next(scores), "max_iter": 6, "random_state": 0}
    model = fit_quietly(MLPClassifier((3,), **options), X, y)
    assert np.isnan(model.validation_scores_).tolist() == [True] * 3 + [False] * 3


def interrupt(estimator, epoch):
    raise KeyboardInterrupt


def blow_up(estimator, epoch):
    if epoch.epoch == 4:
        estimator.coefs_[0][...] = 1e200


@pytest.mark.parametrize(
    ("category", "told", "options"),
    [
        (UserWarning, "Got `batch_size`", {"batch_size": 500, "learning_rate_init": 0.1}),
        (ConvergenceWarning, "Maximum iterations", {"max_iter": 2}),
        (ConvergenceWarning, "lbfgs failed", {"max_iter": 2, "solver": "lbfgs"}),
        (TrainingWarning, "without 'dropout'", {"dropout": 0.5, "solver": "lbfgs", "max_iter": 1000}),
        (TrainingWarning, "time limit", {"time_limit": 1e-9, "max_iter": 10**6}),
        (TrainingWarning, "interrupted", {"callbacks": [interrupt]}),
        (TrainingWarning, "best network before", {"callbacks": [blow_up], "restore_best": True}),
        (
            TrainingWarning,
            "the only neuron",
            {"hidden_layer_sizes": (1,), "layer_norm": True, "learning_rate_init": 0.01},
        ),
    ],
)
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_warnings_point_at_the_line_that_fits(kind, category, told, options):
    model = kind(
        **{"hidden_layer_sizes": (4,), "random_state": 0, "max_iter": 400, "learning_rate_init": 0.05} | options
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(X, y)
        if "batch_size" in options:
            model.partial_fit(X, y)
    assert len(caught) == 1 + ("batch_size" in options)
    for warning in caught:
        assert told in str(warning.message)
        assert warning.category is category
        assert warning.filename == __file__


def test_warnings_point_at_the_users_line_through_other_packages():
    column = y.reshape(-1, 1)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        MLPClassifier((2,), time_limit=1e-9, max_iter=10**6).fit(X, column)
        MLPRegressor(hidden_layer_sizes=(2,), time_limit=1e-9, max_iter=10**6).fit(X, column)
        cross_val_score(MLPClassifier((2,), max_iter=1), X, y)
    assert {warning.category for warning in caught} == {DataConversionWarning, TrainingWarning, ConvergenceWarning}
    assert {warning.filename for warning in caught} == {__file__}


@pytest.mark.parametrize("name", ["pellucid_experiments", "sklearn_extra"])
def test_a_package_of_a_similar_name_is_the_users(name):
    package = {"pellucid_experiments": pellucid, "sklearn_extra": sklearn}[name]
    file = str(Path(package.__file__).parents[1] / name / "__init__.py")
    with pytest.warns(ConvergenceWarning) as caught:
        exec(compile("model.fit(X, y)", file, "exec"), {"model": MLPClassifier((2,), max_iter=1), "X": X, "y": y})  # noqa: S102
    assert [warning.filename for warning in caught] == [file]


def test_lbfgs_that_begins_at_the_optimum_says_so():
    rows = np.random.RandomState(8)
    inputs, _ = rows.randn(120, 4), rows.randn(120)
    targets = 2 * inputs[:, 0] + rows.randn(120)
    model = MLPRegressor(hidden_layer_sizes=(3,), solver="lbfgs", max_iter=3000, tol=0, random_state=0, warm_start=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(4):
            model.fit(inputs, targets)
    assert model.n_iter_ == 0
    assert "after 0 iteration(s): abnormal. No smaller loss was found: after an earlier fit" in str(caught[-1].message)
