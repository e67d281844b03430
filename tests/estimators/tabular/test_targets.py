"""What is learned: probabilities, quantiles, several targets, and what each scoring and weight changes."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    mean_absolute_error,
    mean_poisson_deviance,
    recall_score,
    roc_auc_score,
)
from sklearn.multioutput import MultiOutputClassifier

from pellucid import TabularClassifier, TabularRegressor
from pellucid.errors import DataError, DataWarning
from pellucid.estimators.tabular import Member
from pellucid.estimators.tabular.calibration import ResidualQuantiles, find_temperature, with_temperature

QUICK = {"members": [Member(hidden=(32, 32), numbers="plain")], "max_epochs": 15, "random_state": 0, "n_threads": 1}


def out_of_fold(model):
    return model.bag_.blended().astype(np.float64)


# --- classes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "y",
    [
        pd.Series([True, None, False] * 20, dtype=object).dropna(),
        pd.Series([True, False] * 20, dtype="boolean"),
        pd.Series([7, 3] * 20, dtype=object),
        pd.Series([7, 3] * 20, dtype="Int64"),
        np.array([0, 1] * 20, dtype=np.float16),
        pd.Series(pd.Categorical([7, 3] * 20)),
        np.array(["no", "yes"] * 20, dtype=np.dtypes.StringDType()),
    ],
)
def test_objects_of_one_type_are_classes(y):
    X = pd.DataFrame({"x": range(40)})
    model = TabularClassifier(preset="fast", max_epochs=2, random_state=0, n_threads=1).fit(X, y)
    assert model.classes_.dtype.kind in "bifU"
    assert model.classes_.tolist() == sorted(set(y))
    assert model.score(X, y) == np.mean(model.predict(X) == np.asarray(y))
    assert len(repr(model.bag_)) + len(repr(model.bag_.networks)) < 1000


def test_texts_of_any_length_may_be_missing():
    y = np.array(["no", None] * 20, dtype=np.dtypes.StringDType(na_object=None))
    with pytest.raises(DataError, match="missing in rows 2, 4"):
        TabularClassifier().fit(np.arange(40.0).reshape(-1, 1), y)


@pytest.fixture(scope="module")
def noisy():
    random = np.random.default_rng(0)
    X = random.normal(size=(600, 5))
    return X, (X[:, 0] + 1.5 * random.normal(size=600) > 0).astype(int)


def test_the_temperature_improves_the_log_loss_out_of_fold(noisy):
    X, y = noisy
    sure = Member(hidden=(64, 64), numbers="plain", dropout=0.0, weight_decay=0.0)
    model = TabularClassifier(members=[sure], max_epochs=20, scoring="accuracy", random_state=0, n_threads=1).fit(X, y)
    raw = out_of_fold(model)
    raw /= raw.sum(axis=1, keepdims=True)  # as float64
    assert model.temperature_ > 1.05
    assert log_loss(y, model.oof_proba_) < log_loss(y, raw) - 0.001
    best = find_temperature(raw, y)
    for other in (0.9 * best, 1.1 * best):
        assert log_loss(y, with_temperature(raw, best)) < log_loss(y, with_temperature(raw, other))


@pytest.mark.parametrize(
    ("scoring", "judge"),
    [
        (None, lambda y, p: -log_loss(y, p)),
        ("log_loss", lambda y, p: -log_loss(y, p)),
        ("accuracy", lambda y, p: accuracy_score(y, p.argmax(axis=1))),
        ("roc_auc", lambda y, p: roc_auc_score(y, p[:, 1])),
    ],
)
def test_the_score_of_a_classification_is_what_it_says(noisy, scoring, judge):
    X, y = noisy
    model = TabularClassifier(**QUICK, scoring=scoring).fit(X, y)
    assert model.oof_score_ == pytest.approx(judge(y, model.oof_proba_), abs=1e-6)
    assert judge(y, model.oof_proba_) > judge(y, np.full((600, 2), 0.5))
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X), rtol=1e-6)


def test_the_epoch_that_is_kept_is_the_best_of_the_scoring():
    random = np.random.default_rng(0)
    X = random.normal(size=(2100, 5))  # of fewer rows epochs are chosen by the log loss
    y = (X[:, 0] + 1.5 * random.normal(size=2100) > 0).astype(int)
    for scoring in ("accuracy", "roc_auc"):
        model = TabularClassifier(**QUICK, n_folds=1, scoring=scoring)
        heard = []
        model.set_params(callbacks=[lambda _, epoch: heard.append(epoch.validation_score)])  # noqa: B023
        model.fit(X, y)
        (network,) = model.bag_.networks
        assert heard[network.best_epoch - 1] == max(heard)
        assert model.oof_score_ == pytest.approx(1 + max(heard), abs=1e-6)


def test_class_weights_matter(noisy):
    X, y = noisy
    plain = TabularClassifier(**QUICK).fit(X, y)
    rare = clone(plain).set_params(class_weight={0: 1, 1: 10}).fit(X, y)
    assert rare.predict(X).mean() > plain.predict(X).mean() + 0.1
    one_sided = TabularClassifier(class_weight={0: 1000, 1: 0.001}, max_epochs=10, random_state=0, n_threads=1).fit(
        X, y
    )
    assert one_sided.predict(X).mean() < 0.02  # networks are weighed by what rows weigh in training
    few = np.flatnonzero((y == 0) | (np.arange(600) % 10 == 0))
    balanced = clone(plain).set_params(class_weight="balanced").fit(X[few], y[few])
    assert balanced.predict(X).mean() > plain.fit(X[few], y[few]).predict(X).mean() + 0.1
    with pytest.raises(DataError, match="class_weight"):
        clone(plain).set_params(class_weight="even").fit(X, y)


def test_many_classes_and_rare_ones():
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 2))
    y = np.digitize(X[:, 0], np.linspace(-1.5, 1.5, 30)).astype(str)
    y[0] = "only once"
    with pytest.warns(DataWarning, match="Too few rows of class 'only once'"):
        model = TabularClassifier(**QUICK).fit(X, y)
    assert set(model.classes_) == set(y)
    assert model.score(X, y) > 3 / len(model.classes_)


@pytest.mark.parametrize("sign", [1, -1])
def test_intervals_stay_on_the_side_of_zero_that_the_target_has(sign):
    random = np.random.default_rng(0)
    X = random.normal(size=(2400, 2))
    y = sign * np.exp(3 * X[:, 0] + random.normal(0, 0.2, 2400))
    model = TabularRegressor(preset="fast", random_state=0, n_threads=1, max_epochs=20).fit(X[:400], y[:400])
    interval, y = model.predict_interval(X[400:]), y[400:]
    assert (sign * interval >= 0).all()
    assert 0.8 < ((interval[:, 0] <= y) & (y <= interval[:, 1])).mean() < 0.97
    with pytest.raises(DataError, match=r"'quantiles' must be a list .* got 0\.5"):
        model.predict_quantiles(X, 0.5)


@pytest.mark.parametrize("preset", ["fast", "default"])
@pytest.mark.parametrize("positives", [2, 3, 5])
def test_probabilities_of_a_rare_class_stay_near_its_share(preset, positives):
    X = np.random.default_rng(0).normal(size=(400, 2))
    y = (np.arange(400) < positives).astype(int)
    model = TabularClassifier(preset=preset, max_epochs=20, random_state=0, n_threads=1).fit(X, y)
    assert positives / 2000 < model.predict_proba(X)[:, 1].mean() < positives / 40
    assert model.oof_score_ < -0.01


def test_a_temperature_of_rows_that_all_came_out_right():
    sure = np.tile([1 - 1e-6, 1e-6], (50, 1))
    assert find_temperature(sure, np.zeros(50, dtype=int)) > 1.9
    many = np.tile([0.9, 0.1], (1000, 1))
    assert find_temperature(many, np.zeros(1000, dtype=int)) < 0.55


@pytest.mark.parametrize("scoring", [None, "accuracy", "roc_auc"])
def test_marks_of_which_a_row_may_have_any(noisy, scoring):
    X, y = noisy
    marks = np.column_stack([y, 1 - y, X[:, 1] > 0.5])
    model = TabularClassifier(**QUICK, scoring=scoring).fit(X, marks)
    assert model.predict(X).shape == marks.shape
    assert (model.predict(X)[:, 2] == marks[:, 2]).mean() > 0.85
    probabilities = model.predict_proba(X)
    assert probabilities.min() >= 0
    assert probabilities.max() <= 1
    assert model.score(X, marks) > 0.4


def test_logarithms_of_probabilities_are_finite(noisy, monkeypatch):
    model = TabularClassifier(**QUICK).fit(*noisy)
    monkeypatch.setattr(model, "_raw", lambda X: np.array([[0.0, 1.0]]))
    model.temperature_ = 0.1
    assert model.predict_log_proba(noisy[0]) == pytest.approx(np.log([[1e-12, 1.0]]))


def test_targets_of_several_classes_are_learned_one_by_one(noisy):
    X, y = noisy
    several = np.column_stack([np.where(y, "p", "q"), np.where(X[:, 1] > 0.5, "r", "s")])
    model = MultiOutputClassifier(TabularClassifier(**QUICK)).fit(X, several)
    assert (model.predict(X) == several).mean() > 0.7


# --- numbers ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def uneven():
    """The spread of the numbers grows with their mean: (rows learned from, rows kept back)."""
    random = np.random.default_rng(1)
    X = random.uniform(0, 1, size=(6000, 2))
    y = 5 * X[:, 0] + (0.2 + 2 * X[:, 0]) * random.normal(size=6000)
    return (X[:2000], y[:2000]), (X[2000:], y[2000:])


@pytest.fixture(scope="module")
def fitted(uneven):
    return TabularRegressor(**QUICK).fit(*uneven[0])


@pytest.mark.parametrize("coverage", [0.5, 0.9])
def test_intervals_cover_what_they_promise(fitted, uneven, coverage):
    X, y = uneven[1]
    low, high = fitted.predict_interval(X, coverage).T
    covered = (low <= y) & (y <= high)
    assert covered.mean() == pytest.approx(coverage, abs=0.03)
    upper = X[:, 0] > 0.7
    assert covered[upper].mean() == pytest.approx(coverage, abs=0.06)  # there, too: wide where errors are large
    assert (high - low)[upper].mean() > 2 * (high - low)[X[:, 0] < 0.3].mean()


def test_what_few_rows_cannot_tell_is_told():
    X = np.random.default_rng(0).normal(size=(40, 1))
    model = TabularRegressor(members=[Member(hidden=(8,))], max_epochs=5, random_state=0).fit(X, X[:, 0])
    model.predict_interval(X, coverage=0.95)
    rule = (
        "40 rows .* cannot tell a coverage of 0.99 of TabularRegressor, only quantiles from 0.0244 to 0.976, .* 95.1%"
    )
    with pytest.warns(DataWarning, match=rule) as told:
        ends = model.predict_interval(X, coverage=0.99)
    assert told[0].filename == __file__
    widest = np.ptp(ends, axis=1)
    assert np.allclose(widest, widest[0])
    with pytest.warns(DataWarning, match="cannot tell the quantiles 0.01, 0.5 of"):
        model.predict_quantiles(X, (0.01, 0.5))


def test_a_bin_of_too_few_residuals_takes_those_of_all():
    """Of bins of 100 residuals each, 0.999 would be the largest of a bin."""
    random = np.random.default_rng(0)
    predicted = random.uniform(size=2000)
    residuals = ResidualQuantiles.of(predicted, random.normal(size=2000))
    assert len(residuals.starts) == 21
    at = np.linspace(0, 1, 50)
    assert np.ptp(residuals.quantile(at, 0.9)) > 0.1
    far = residuals.quantile(at, 0.999)
    assert far.min() == pytest.approx(3.09, abs=0.4)  # of the normal distribution
    noisy = ResidualQuantiles.of(predicted, np.where(predicted > 0.5, 8, 0.05) * random.normal(size=2000))
    levels = [0.0006, 0.004, 0.0099, 0.02, 0.5, 0.98, 0.9901, 0.996, 0.9994]
    quantiles = np.stack([noisy.quantile(at, level) for level in levels])
    assert (np.diff(quantiles, axis=0) >= 0).all()


def test_quantiles_ascend_and_are_named_by_rule(fitted, uneven):
    X, _ = uneven[1]
    quantiles = fitted.predict_quantiles(X, (0.05, 0.25, 0.5, 0.75, 0.95))
    assert quantiles.shape == (4000, 5)
    assert (np.diff(quantiles, axis=1) >= 0).all()
    for bad in ((), (0.5, 0.1), (0.0,), (1.0,), (-0.1,), (np.nan,)):
        with pytest.raises(DataError, match="'quantiles' must lie between 0 and 1"):
            fitted.predict_quantiles(X, bad)
    for bad in (0, 1, 1.5, "0.9", np.nan):
        with pytest.raises(DataError, match="'coverage' must lie between 0 and 1"):
            fitted.predict_interval(X, bad)


@pytest.mark.parametrize(
    ("scoring", "judge"),
    [
        (None, lambda y, p: np.sqrt(np.mean((y - p) ** 2))),
        ("rmse", lambda y, p: np.sqrt(np.mean((y - p) ** 2))),
        ("mae", mean_absolute_error),
        ("poisson", lambda y, p: mean_poisson_deviance(y, np.maximum(p, 1e-12))),
    ],
)
def test_the_score_of_a_regression_is_what_it_says(scoring, judge):
    random = np.random.default_rng(0)
    X = random.normal(size=(500, 3))
    y = random.poisson(np.exp(0.7 * X[:, 0])).astype(float)
    model = TabularRegressor(**QUICK, scoring=scoring).fit(X, y)
    assert model.oof_score_ == pytest.approx(-judge(y, model.oof_prediction_), rel=1e-6)
    assert judge(y, model.predict(X)) < judge(y, np.full(500, y.mean()))
    assert model.predict(X).min() >= y.min()
    assert model.predict(X).max() <= y.max()


def test_the_absolute_error_predicts_the_median(uneven):
    random = np.random.default_rng(0)
    X, y = random.normal(size=(1500, 1)), random.exponential(size=1500)
    median, mean = (TabularRegressor(**QUICK, scoring=name).fit(X, y).predict(X).mean() for name in ("mae", "rmse"))
    assert median == pytest.approx(np.log(2), abs=0.12)
    assert mean == pytest.approx(1, abs=0.12)


def test_several_numbers_at_once(uneven):
    X, y = uneven[0]
    Y = np.column_stack([y, 1000 * X[:, 1], np.full(2000, 7.0)])
    model = TabularRegressor(**QUICK).fit(X, Y)
    predicted = model.predict(X)
    assert predicted.shape == (2000, 3)
    assert np.corrcoef(predicted[:, 1], Y[:, 1])[0, 1] > 0.95
    assert (predicted[:, 2] == 7).all()
    assert model.predict_quantiles(X[:4]).shape == (4, 3, 3)
    assert model.predict_interval(X[:4]).shape == (4, 3, 2)
    assert model.oof_prediction_.shape == Y.shape
    np.testing.assert_array_equal(TabularRegressor(**QUICK).fit(X, y[:, np.newaxis]).predict(X).shape, (2000, 1))


@pytest.mark.parametrize("preset", ["fast", "default", "best"])
@pytest.mark.parametrize("shape", [(50, 2), (120, 1)])
def test_a_constant_number_is_predicted(preset, shape):
    X = np.random.default_rng(0).normal(size=shape)
    model = TabularRegressor(preset=preset, max_epochs=2, random_state=0, n_threads=1).fit(X, np.full(len(X), -3.25))
    assert (model.predict(X) == -3.25).all()
    assert (model.predict_interval(X) == -3.25).all()


@pytest.mark.parametrize("scale", [1e-90, 1e-30, 1e30, 1e90])
def test_a_target_of_any_scale(scale):
    X = np.random.default_rng(0).normal(size=(200, 2))
    model = TabularRegressor(**QUICK).fit(X, scale * X[:, 0])
    np.testing.assert_allclose(model.predict(X) / scale, X[:, 0], atol=0.1)
    assert np.isfinite(model.predict_interval(X)).all()
    if scale > 1e-100:
        assert np.corrcoef(model.predict(X) / scale, X[:, 0])[0, 1] > 0.9


@pytest.mark.parametrize(
    "written",
    [
        lambda hours: pd.Series(pd.to_timedelta(hours, unit="h")),
        lambda hours: pd.Series(pd.to_timedelta(hours, unit="h")).to_numpy(),
        lambda hours: pd.Series([f"${1000 * each:,.2f}" for each in hours]),
        lambda hours: np.array([[f"{each:.3f}%"] for each in hours], dtype=object),
    ],
    ids=["durations", "NumPy's", "money", "per cent"],
)
def test_a_target_is_scored_as_it_was_read(written):
    x = np.random.default_rng(0).normal(size=300)
    model = TabularRegressor(preset="fast", random_state=0, n_threads=1).fit(x.reshape(-1, 1), written(x + 9))
    assert model.score(x.reshape(-1, 1), written(x + 9)) > 0.99


@pytest.mark.parametrize("scoring", ["roc_auc", "accuracy"])
def test_class_weights_keep_their_effect_whatever_chose_the_epochs(scoring):
    random = np.random.default_rng(0)
    X = random.normal(size=(5000, 3))
    y = (random.random(5000) < 1 / (1 + np.exp(3 - 2 * X[:, 0]))).astype(int)
    model = TabularClassifier(preset="fast", scoring=scoring, class_weight="balanced", random_state=0, n_threads=1)
    model.fit(X[:3000], y[:3000])
    assert recall_score(y[3000:], model.predict(X[3000:])) > 0.7
    assert not model.shifts_.any()


@pytest.mark.parametrize("scoring", ["roc_auc", "accuracy"])
def test_probabilities_have_their_level_whatever_chose_the_epochs(scoring):
    random = np.random.default_rng(2)
    X = random.normal(size=(6000, 4))
    y = (random.random(6000) < 1 / (1 + np.exp(4 - 1.5 * X[:, 0] - X[:, 1]))).astype(int)
    model = TabularClassifier(preset="fast", scoring=scoring, random_state=0, n_threads=1).fit(X[:3000], y[:3000])
    foretold = model.predict_proba(X[3000:])[:, 1]
    assert abs(foretold.mean() - y[3000:].mean()) < 0.01
    assert log_loss(y[3000:], foretold) < 0.18
    assert model.shifts_.shape == (2,)
    assert abs(model.shifts_.sum()) < 1e-9
    shifts = model.shifts_.copy()
    np.testing.assert_array_equal(model.partial_fit(X[3000:3300], y[3000:3300]).shifts_, shifts)
