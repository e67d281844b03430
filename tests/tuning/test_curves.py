"""Learning and capacity curves, the range test: scores of networks trained together, and what they say."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_breast_cancer, make_classification, make_moons, make_regression
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from pellucid import MLPClassifier, MLPRegressor
from pellucid.errors import PellucidError, SpecError
from pellucid.tuning import capacity_curve, find_learning_rate, learning_curve
from pellucid.tuning.curves import Growth, _more_rows, _right_width
from pellucid.tuning.trivial import Trivial

mpl.use("agg")
X, Y = make_moons(160, noise=0.2, random_state=0)


def test_more_rows_help_where_few_say_too_little():
    model = MLPClassifier((8,), max_iter=150, learning_rate_init=0.05, batch_size=40)
    curve = learning_curve(model, X, Y, sizes=[4, 12, 0.25, 1.0], cv=4, seeds=2)
    assert curve.sizes.tolist() == [4, 12, 30, 120]
    assert curve.scores.shape == curve.train_scores.shape == (4, 8)
    assert curve.scores[-1].mean() > curve.scores[0].mean() + 0.05
    assert sorted(set(curve.frame["fold"])) == [0, 1, 2, 3]
    assert not curve.frame.duplicated(["size", "fold", "seed"]).any()
    assert "rows would" in str(curve) or "rows may" in str(curve)
    assert curve.plot().ax_.get_xlabel() == "rows"


def test_sizes_whose_trainings_all_failed_are_left_out_and_told():
    model = MLPClassifier((5,), max_iter=10, early_stopping=True)
    with pytest.warns(FitFailedWarning, match="3 of 9 trials failed"):
        curve = learning_curve(model, X, Y, cv=3, sizes=[5, 0.5, 1])
    assert curve.sizes.tolist() == [53, 106]
    assert np.isfinite(curve.scores).all()
    assert str(curve).endswith("All trainings of 5 rows failed.")
    assert "nan" not in str(curve)
    assert "5" in set(curve.frame["size"].astype(str))


def test_networks_that_could_have_gone_on_are_told():
    for curve in (learning_curve, capacity_curve):
        said = str(curve(MLPClassifier((5,), max_iter=4, learning_rate_init=0.1), X, Y, cv=2))
        assert said.endswith("could have gone on: a larger max_iter may give more.")
        assert "A larger network" not in said
        assert ("is not known before trainings end" in said) == (curve is learning_curve)


def test_curves_of_networks_that_learned_nothing_say_so():
    for curve in (learning_curve, capacity_curve):
        said = str(curve(MLPClassifier((5,), max_iter=200, tol=1), np.zeros((80, 2)), Y[:80], cv=2))
        what = "network of 40 rows" if curve is learning_curve else "network"
        assert f"No {what} does better than a guess by the frequency of classes, whose accuracy is 0." in said
        assert "rows would help:" not in said
        assert "could have gone on" not in said


def growth_of(scores, train_scores, words, what="rows"):
    """Return a curve of scores of shape (sizes, folds)."""
    rows = [
        (size, fold, 0, score, train_scores, "CONVERGED")
        for size, every in zip((8, 16, 32), scores, strict=False)
        for fold, score in enumerate(every)
    ]
    frame = pd.DataFrame(rows, columns=["size", "fold", "seed", "score", "train_score", "outcome"])
    return Growth(frame, what, "", "accuracy", words, Trivial(0.1, is_of_classes=True))


def test_one_fold_tells_nothing_of_chance():
    more = str(growth_of([[0.5], [0.75]], 0.9, _more_rows))
    assert more.startswith(
        "Whether more rows would help is not known of one fold: from 8 to 16 rows accuracy changes by +0.25"
    )
    assert "±" not in more
    assert str(growth_of([[0.5], [0.75]], 0.9, _right_width, "neurons")) == (
        "Best width: 16, with accuracy 0.7500 (of one training)."
    )


def test_errors_are_those_of_a_sweep():
    said = str(growth_of([[0.5, 0.5, 0.5], [0.6, 0.7, 0.8]], 0.9, _right_width, "neurons"))
    assert said == "Best width: 16, with accuracy 0.7000 ± 0.0577."


def test_what_is_chance_is_hardly_ever_told():
    random = np.random.default_rng(0)
    more = [str(growth_of(0.5 + 0.1 * random.normal(size=(2, 5)), 0.5, _more_rows)) for _ in range(300)]
    assert sum("would help:" in said for said in more) <= 12  # 6 are expected
    much = [str(growth_of(0.5 + 0.1 * random.normal(size=(3, 5)), 0.5, _right_width, "neurons")) for _ in range(300)]
    assert sum("too much" in said for said in much) <= 12
    clear = growth_of(
        [[0.5, 0.51, 0.52, 0.5], [0.9, 0.91, 0.9, 0.9], [0.5, 0.51, 0.52, 0.5]], 0.9, _right_width, "neurons"
    )
    assert "Best width: 16" in str(clear)
    assert "From 32 on it is too much" in str(clear)


def test_each_class_is_there_from_the_start():
    inputs, y = make_classification(90, 6, n_informative=4, n_classes=3, weights=[0.8, 0.1], random_state=0)
    curve = learning_curve(MLPClassifier((2,), max_iter=2), inputs, y, sizes=[3, 10], cv=2)
    assert np.isfinite(curve.scores).all()


def test_learning_curve_of_numbers_in_a_pipeline():
    inputs, y = make_regression(60, 3, random_state=0)
    model = make_pipeline(StandardScaler(), MLPRegressor(max_iter=5))
    curve = learning_curve(model, inputs, y / y.std(), sizes=[1.0], cv=2)
    assert curve.score_name == "R²"
    assert "One size" in str(curve)


def test_capacity_has_a_right_measure():
    model = MLPClassifier(max_iter=200, learning_rate_init=0.05, batch_size=32)
    curve = capacity_curve(model, X, Y, widths=[1, 16, 4], cv=3, seeds=2)
    assert curve.sizes.tolist() == [1, 4, 16]
    assert curve.best > 1
    assert f"Best width: {curve.best}" in str(curve)
    assert curve.plot().ax_.get_legend() is not None
    deep = capacity_curve(model, X, Y, widths=[2], layers=2, cv=2)
    assert "2 hidden layers" in deep.plot().ax_.get_xlabel()


def test_the_range_test_finds_where_the_loss_falls():
    found = find_learning_rate(
        MLPClassifier((8,), batch_size=20), X, Y, low=1e-6, high=1e4, points=12, epochs=4, seeds=2
    )
    assert found.losses.shape == (12, 2)
    assert 1e-3 < found.suggestion < 1
    assert found.breaks_from is not None
    assert found.breaks_from > found.suggestion
    own = MLPClassifier((8,), batch_size=20, learning_rate_init=found.rates[5], max_iter=4, random_state=1)
    with pytest.warns(ConvergenceWarning):
        own.fit(X, Y)
    assert found.losses[5, 1] == own.loss_
    assert "breaks training" in str(found)
    assert found.plot().ax_.get_xscale() == "log"
    assert len(found.frame) == 12
    find_learning_rate(MLPClassifier((2,)), X, Y, low=np.float32(1e-4), points=np.int64(3), epochs=np.int32(1))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
def test_rates_that_diverge():
    model = MLPRegressor(hidden_layer_sizes=(4,), solver="sgd")
    found = find_learning_rate(model, X, 1.0 * Y, low=1e-3, high=1e300, points=6, seeds=1)
    assert np.isinf(found.losses).any()
    assert found.frame["diverged"].sum() > 0
    found.plot()
    with pytest.raises(PellucidError):
        find_learning_rate(model, X, 1e200 * Y, low=1e-3, high=1e300, points=3)


def test_rates_that_leave_networks_with_one_answer_are_passed_over():
    inputs, y = load_breast_cancer(return_X_y=True, as_frame=True)
    found = find_learning_rate(MLPClassifier(), inputs, y, low=1e-3, points=12)
    model = MLPClassifier(learning_rate_init=found.suggestion, max_iter=5, random_state=0)
    with pytest.warns(ConvergenceWarning):
        assert model.fit(inputs, y).score(inputs, y) > y.mean() + 0.05
    assert found.breaks_from is not None
    assert found.frame["constant"].iloc[-1] == 3
    assert "The inputs are not scaled: values of column 'worst area' are of size 1.05e+03" in str(found)
    assert "one answer for all rows" in found.plot().ax_.get_legend_handles_labels()[1]
    piped = find_learning_rate(make_pipeline(StandardScaler(), MLPClassifier((4,))), inputs, y, points=2, epochs=1)
    assert "not scaled" not in str(piped)
    sparse = find_learning_rate(MLPClassifier((4,)), csr_matrix(inputs.to_numpy()), y, points=2, epochs=1, seeds=1)
    assert "values of column 23 are of size 1.05e+03" in str(sparse)


def test_networks_that_have_one_answer_at_any_rate_are_told():
    found = find_learning_rate(MLPClassifier((2,), max_iter=2), np.zeros((20, 2)), np.arange(20) % 2, points=3)
    assert "At each rate 100% of the networks or more have one answer for all rows." in str(found)


def test_the_range_test_tells_that_its_range_ends_too_early():
    found = find_learning_rate(MLPClassifier((8,)), X, Y, low=1e-5, high=1e-3, points=8)
    assert "They reach the upper end of these rates: a higher 'high' may find a better one." in str(found)
    assert "lower end" not in str(found)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: find_learning_rate(MLPClassifier(), X, Y, low=0), "'low' of find_learning_rate"),
        (lambda: find_learning_rate(MLPClassifier(), X, Y, low=1, high=0.1), "less than 'high'"),
        (lambda: find_learning_rate(MLPClassifier(), X, Y, points=1), "'points' of"),
        (lambda: find_learning_rate(MLPClassifier(), X, Y, epochs=0), "'epochs' of"),
        (lambda: find_learning_rate(MLPClassifier(solver="lbfgs"), X, Y), "must not be 'lbfgs'"),
        (lambda: learning_curve(MLPClassifier(), X, Y, sizes=[]), "'sizes' of learning_curve"),
        (lambda: learning_curve(MLPClassifier(), X, Y, sizes=[1.5]), "'sizes' of learning_curve"),
        (lambda: learning_curve(MLPClassifier(), X, Y, sizes=[1000]), "'sizes' of learning_curve"),
        (lambda: capacity_curve(MLPClassifier(), X, Y, widths=[]), "'widths' of capacity_curve"),
        (lambda: capacity_curve(MLPClassifier(), X, Y, widths=[0]), "'widths' of capacity_curve"),
        (lambda: capacity_curve(MLPClassifier(), X, Y, widths=4), "'widths' of capacity_curve must be a list"),
        (lambda: capacity_curve(MLPClassifier(), X, Y, cv=[]), "'cv' of capacity_curve must give one fold"),
        (lambda: learning_curve(MLPClassifier(), X, Y, cv=iter([])), "'cv' of learning_curve must give one fold"),
        (lambda: capacity_curve(MLPClassifier(), X, Y, layers=0), "'layers' of capacity_curve"),
    ],
)
def test_what_cannot_be_asked(call, message):
    with pytest.raises(SpecError, match=message):
        call()
