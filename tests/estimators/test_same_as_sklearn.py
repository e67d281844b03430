"""The drop-in's promise: same parameters, same seed, same network as scikit-learn's, in float64."""

import inspect
import warnings

import numpy as np
import pytest
import sklearn.neural_network as theirs
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import get_tags

import pellucid as ours
from sklearn_twin import CHECKS_TEXTS_EARLY, OURS, THEIRS, assert_same_curves, assert_same_network, fit_quietly, pair

SOLVERS = [
    {"solver": "adam"},
    {"solver": "adam", "learning_rate_init": 0.02, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-6},
    {"solver": "sgd"},
    {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.3, "power_t": 0.3},
    {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1, "tol": 0.05, "n_iter_no_change": 2},
    {"solver": "sgd", "momentum": 0.0},
    {"solver": "sgd", "nesterovs_momentum": False, "momentum": 0.7},
]
TASKS = ["binary", "multiclass", "multilabel", "regression", "poisson"]


def of_task(name, parameters):
    extra = {"loss": "poisson"} if name == "poisson" else {}
    return parameters | extra


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", SOLVERS, ids=lambda s: "-".join(map(str, s.values())))
@pytest.mark.parametrize("task", TASKS)
def test_every_solver_activation_and_schedule(tasks, task, solver, early_stopping, activation):
    kind, X, y = tasks[task]
    parameters = of_task(task, solver | {"activation": activation, "early_stopping": early_stopping, "alpha": 0.01})
    mine, reference = pair(kind, **parameters)
    fit_quietly(mine, X, y)
    fit_quietly(reference, X, y)
    assert_same_curves(mine, reference)
    assert_same_network(mine, reference)
    np.testing.assert_allclose(mine.predict(X[:50]), reference.predict(X[:50]), rtol=1e-9, atol=1e-9) if (
        kind == "regressor"
    ) else np.testing.assert_array_equal(mine.predict(X[:50]), reference.predict(X[:50]))


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("task", TASKS)
def test_lbfgs(tasks, task, activation):
    kind, X, y = tasks[task]
    mine, reference = pair(kind, **of_task(task, {"solver": "lbfgs", "activation": activation, "max_iter": 10}))
    fit_quietly(mine, X, y)
    fit_quietly(reference, X, y)
    np.testing.assert_allclose(mine.loss_, reference.loss_, rtol=1e-9)
    assert mine.n_iter_ == reference.n_iter_
    for own, other in zip(mine.coefs_, reference.coefs_, strict=True):
        np.testing.assert_allclose(own, other, rtol=1e-6, atol=1e-8)  # line searches magnify rounding
    for name in ("loss_curve_", "best_loss_", "validation_scores_"):
        assert not hasattr(mine, name)


@pytest.mark.parametrize("seed", [2, 3, 9, 20])
def test_lbfgs_where_probabilities_saturate(seed):
    X, y = make_classification(150, 6, random_state=seed)
    mine, reference = pair("classifier", hidden_layer_sizes=(7, 4), solver="lbfgs", max_iter=15, random_state=seed)
    fit_quietly(mine, X, y)
    fit_quietly(reference, X, y)
    assert_same_network(mine, reference)


@pytest.mark.parametrize("kind", ["two classes", "three classes", "multilabel"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_loss_where_probabilities_saturate(kind, dtype):
    X, y = make_classification(60, 6, n_informative=4, n_classes=3, random_state=0)
    y = (
        y > 0
        if kind == "two classes"
        else y
        if kind == "three classes"
        else np.stack([y > 0, y > 1], axis=1).astype(int)
    )
    mine, reference = pair("classifier", max_iter=3)
    X = (1000 * X).astype(dtype)
    fit_quietly(mine, X, y)
    fit_quietly(reference, X, y)
    assert max(abs(reference.loss_curve_[0]), abs(mine.loss_curve_[0])) > 2
    np.testing.assert_allclose(mine.loss_curve_, reference.loss_curve_, rtol=1e-3 if dtype == "float32" else 1e-9)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
@pytest.mark.parametrize("task", TASKS)
def test_sample_weights(tasks, task, solver, early_stopping):
    kind, X, y = tasks[task]
    weight = np.random.default_rng(3).uniform(0.1, 3, len(X))
    parameters = of_task(task, {"solver": solver, "early_stopping": early_stopping, "max_iter": 8, "alpha": 0.1})
    mine, reference = pair(kind, **parameters)
    fit_quietly(mine, X, y, sample_weight=weight)
    fit_quietly(reference, X, y, sample_weight=weight)
    np.testing.assert_allclose(mine.loss_, reference.loss_, rtol=1e-9)
    if solver != "lbfgs":
        assert_same_curves(mine, reference)


@pytest.mark.parametrize("activation", ["logistic", "relu"])
@pytest.mark.parametrize("task", TASKS)
def test_no_hidden_layer(tasks, task, activation):
    kind, X, y = tasks[task]
    mine, reference = pair(kind, **of_task(task, {"hidden_layer_sizes": (), "activation": activation}))
    fit_quietly(mine, X, y)
    fit_quietly(reference, X, y)
    assert_same_curves(mine, reference)
    assert_same_network(mine, reference)


@pytest.mark.parametrize("layout", [sparse.csr_matrix, sparse.csc_matrix, sparse.csr_array])
@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_sparse_rows(tasks, task, layout):
    kind, X, y = tasks[task]
    X = np.where(np.abs(X) < 0.7, 0, X)
    mine, reference = pair(kind)
    fit_quietly(mine, layout(X), y)
    fit_quietly(reference, X, y)
    assert_same_curves(mine, reference)
    assert_same_network(mine, reference)
    np.testing.assert_allclose(mine.predict(layout(X)), reference.predict(X), rtol=1e-9)


@pytest.mark.parametrize("solver", SOLVERS, ids=lambda s: "-".join(map(str, s.values())))
@pytest.mark.parametrize("task", TASKS)
def test_partial_fit(tasks, task, solver):
    kind, X, y = tasks[task]
    mine, reference = pair(kind, **of_task(task, solver | {"batch_size": 32}))
    classes = {"multilabel": np.arange(4)}.get(task, np.unique(y))
    for start in (0, 40, 80, 0):
        keywords = {"classes": classes} if kind == "classifier" and start == 0 else {}
        for model in (mine, reference):
            model.partial_fit(X[start : start + 60], y[start : start + 60], **keywords)
    assert_same_curves(mine, reference)
    assert_same_network(mine, reference)


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", SOLVERS, ids=lambda s: "-".join(map(str, s.values())))
@pytest.mark.parametrize("task", TASKS)
def test_warm_start(tasks, task, solver, early_stopping):
    kind, X, y = tasks[task]
    parameters = of_task(task, solver | {"warm_start": True, "early_stopping": early_stopping, "max_iter": 5})
    mine, reference = pair(kind, **parameters)
    for _ in range(3):
        fit_quietly(mine, X, y)
        fit_quietly(reference, X, y)
    assert_same_curves(mine, reference)
    assert_same_network(mine, reference)


def test_shared_random_state_object(tasks):
    kind, X, y = tasks["multiclass"]
    mine, reference = pair(kind)
    mine.random_state, reference.random_state = np.random.RandomState(5), np.random.RandomState(5)
    for model in (mine, reference):
        fit_quietly(model, X, y)
        fit_quietly(model, X, y)
    assert_same_network(mine, reference)
    assert mine.random_state.randint(1 << 30) == reference.random_state.randint(1 << 30)


def test_without_shuffling_and_with_odd_batches(tasks):
    kind, X, y = tasks["regression"]
    mine, reference = pair(kind, shuffle=False, batch_size=37)
    fit_quietly(mine, X, y)
    fit_quietly(reference, X, y)
    assert_same_curves(mine, reference)
    assert_same_network(mine, reference)


def test_stops_at_the_same_epoch(tasks):
    kind, X, y = tasks["multiclass"]
    mine, reference = pair(kind, max_iter=500, learning_rate_init=0.02, tol=1e-3, n_iter_no_change=4)
    mine.fit(X, y)
    reference.fit(X, y)
    assert mine.n_iter_ == reference.n_iter_ < 500


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("learning_rate", ["constant", "adaptive"])
def test_prints_the_same(tasks, capsys, learning_rate, early_stopping):
    kind, X, y = tasks["multiclass"]
    parameters = {
        "solver": "sgd",
        "learning_rate": learning_rate,
        "learning_rate_init": 0.2,
        "verbose": True,
        "max_iter": 200,
        "n_iter_no_change": 1,
        "tol": 0.02,
        "early_stopping": early_stopping,
    }
    printed = []
    for model in pair(kind, **parameters):
        model.fit(X, y)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert "Iteration 1, loss = " in printed[0]
    assert printed[0].rstrip().endswith("Stopping.")


def test_multioutput_has_the_same_network_and_a_loss_that_its_gradient_belongs_to(tasks):
    """scikit-learn reports the mean over the outputs but descends their sum; we report the sum."""
    kind, X, y = tasks["multioutput"]
    mine, reference = pair(kind, alpha=0.0)
    fit_quietly(mine, X, y)
    fit_quietly(reference, X, y)
    assert_same_network(mine, reference)
    np.testing.assert_allclose(mine.loss_curve_, 3 * np.array(reference.loss_curve_), rtol=1e-9)
    mine, reference = pair(kind, alpha=0.0, max_iter=1000, tol=3e-3, learning_rate_init=0.01)
    assert mine.fit(X, y).n_iter_ == reference.fit(X, y).n_iter_ < 1000


def test_float32_rows_give_a_float32_network(tasks):
    kind, X, y = tasks["multiclass"]
    mine, reference = pair(kind)
    fit_quietly(mine, X.astype(np.float32), y)
    fit_quietly(reference, X.astype(np.float32), y)
    assert mine.coefs_[0].dtype == np.float32
    assert mine.predict_proba(X.astype(np.float32)).dtype == np.float32
    # float32 carries 7 digits; 20 epochs of Adam magnify their rounding to about 1e-4
    np.testing.assert_allclose(mine.loss_curve_, reference.loss_curve_, rtol=1e-3)


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_signatures_begin_like_theirs(kind):
    def positional_and_defaults(estimator):
        parameters = inspect.signature(estimator.__init__).parameters.values()
        return [(p.name, p.default, p.kind) for p in parameters]

    reference = positional_and_defaults(THEIRS[kind])
    assert positional_and_defaults(OURS[kind])[: len(reference)] == reference


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_public_attributes_and_methods_are_all_there(tasks, kind):
    _, X, y = tasks["multiclass" if kind == "classifier" else "regression"]
    mine, reference = pair(kind, early_stopping=True)
    fit_quietly(mine, X, y)
    fit_quietly(reference, X, y)
    missing = {name for name in dir(reference) if not name.startswith("_")} - set(dir(mine))
    assert not missing
    assert get_tags(mine) == get_tags(reference)


def test_warns_like_theirs(tasks):
    kind, X, y = tasks["multiclass"]
    for model in pair(kind, max_iter=2):
        with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(2\) reached"):
            model.fit(X, y)
    for model in pair(kind, batch_size=10_000):
        with pytest.warns(UserWarning, match="Got `batch_size` less than 1 or larger than sample size"):
            model.partial_fit(X, y, classes=[0, 1, 2])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("alpha", -1),
        ("learning_rate_init", 0),
        ("learning_rate_init", -0.1),
        ("max_iter", 0),
        ("batch_size", 0),
        ("momentum", 1.5),
        ("beta_1", 1.0),
        ("epsilon", 0.0),
        ("tol", -1e-3),
        ("n_iter_no_change", 0),
        ("validation_fraction", 1.0),
        ("hidden_layer_sizes", 0),
        ("hidden_layer_sizes", (5, 0)),
        ("hidden_layer_sizes", -3),
        ("early_stopping", "yes"),
        ("shuffle", "no"),
        ("power_t", -1),
        ("max_fun", 0),
    ],
)
@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_refuses_what_they_refuse_in_the_same_words(tasks, kind, name, value):
    _, X, y = tasks["multiclass" if kind == "classifier" else "regression"]
    messages = []
    for model in pair(kind, **{name: value}):
        with pytest.raises(ValueError) as caught:
            model.fit(X, y)
        messages.append(str(caught.value))
    assert messages[0].rstrip(".") == messages[1].rstrip(".")


@pytest.mark.parametrize("name", ["activation", "solver", "learning_rate", "loss"])
def test_refuses_unknown_names_and_says_which_are_known(tasks, name):
    _, X, y = tasks["regression"]
    with pytest.raises(ValueError, match=f"The '{name}' parameter of MLPRegressor must be") as caught:
        ours.MLPRegressor(**{name: "nonsense"}).fit(X, y)
    assert "'nonsense'" in str(caught.value)


def test_continues_from_fitted_attributes_set_by_hand(tasks):
    """An unfitted estimator with ``coefs_`` goes on from them, as scikit-learn's does."""
    kind, X, y = tasks["multiclass"]
    trained, _ = pair(kind, learning_rate_init=0.05)
    fit_quietly(trained, X, y)
    names = ("coefs_", "intercepts_", "classes_", "n_features_in_", "n_layers_", "n_outputs_", "out_activation_")
    other = clone(trained)
    for name in names:
        setattr(other, name, getattr(trained, name))
    before = trained.loss_curve_[-1]
    other.partial_fit(X, y)
    assert other.loss_curve_[0] == pytest.approx(before, abs=0.05)
    assert other.score(X, y) > 0.9


def test_partial_fit_is_hidden_with_lbfgs():
    assert not hasattr(ours.MLPClassifier(solver="lbfgs"), "partial_fit")
    assert not hasattr(ours.MLPRegressor(solver="lbfgs"), "partial_fit")


def test_log_probabilities_are_finite_where_theirs_are_not():
    X, y = np.array([[-1e4], [1e4]]), [0, 1]
    mine, reference = pair("classifier", solver="lbfgs", max_iter=50)
    fit_quietly(mine, X, y)
    fit_quietly(reference, X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isneginf(reference.predict_log_proba(X)).any()
    logs = mine.predict_log_proba(X)
    assert np.isfinite(logs).all()
    np.testing.assert_allclose(np.exp(logs), mine.predict_proba(X), atol=1e-12)


def test_a_useless_regression_is_said_aloud():
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="Maximum iterations .* fits worse than the mean of y"):
        model = ours.MLPRegressor(random_state=0).fit(X, y)
    assert model.score(X, y) < 0
    with pytest.warns(ConvergenceWarning, match="Maximum iterations"):
        theirs.MLPRegressor(random_state=0).fit(X, y)


@pytest.mark.parametrize("y", [np.zeros(60), np.array(["only"] * 60), np.full((60, 1), 3)], ids=["0", "only", "column"])
@pytest.mark.parametrize("options", [{}, {"early_stopping": True}, {"solver": "lbfgs"}], ids=str)
def test_one_class_only(tasks, options, y):
    """A network that knows one answer, as scikit-learn's: of use where other classes may come later."""
    if y.dtype.kind == "U" and "early_stopping" in options and not CHECKS_TEXTS_EARLY:
        pytest.skip("this scikit-learn cannot")
    X = tasks["binary"][1][:60]
    mine, reference = pair("classifier", **options)
    for model in (mine, reference):
        fit_quietly(model, X, y.ravel())
    if "solver" not in options:
        assert_same_curves(mine, reference)
        assert_same_network(mine, reference)
    np.testing.assert_array_equal(mine.classes_, reference.classes_)
    np.testing.assert_array_equal(mine.predict(X), reference.predict(X))
    np.testing.assert_allclose(mine.predict_proba(X), reference.predict_proba(X), rtol=1e-6)
    assert mine.score(X, y.ravel()) == 1
