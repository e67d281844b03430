"""Going on with new rows of a table that changes with time."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import log_loss

from pellucid import TabularClassifier, TabularRegressor
from pellucid.errors import DataError
from pellucid.estimators.tabular import Member, rows, updating
from pellucid.estimators.tabular.members import LINEAR

QUICK = {"members": [Member(hidden=(32, 32), numbers="plain")], "max_epochs": 20, "random_state": 0, "n_threads": 1}


def month(number, rows=300):
    """Rows of a month: what the first column says fades, what the second says comes."""
    random = np.random.default_rng(number)
    X = random.normal(size=(rows, 3))
    share = number / 10
    return X, (1 - share) * X[:, 0] + share * X[:, 1] + 0.1 * random.normal(size=rows)


@pytest.mark.parametrize("preset", ["fast", "default"])
def test_it_follows_what_changes(preset):
    model = TabularRegressor(**QUICK, preset=preset).partial_fit(*month(0))
    stays = clone(model).partial_fit(*month(0))
    covered = []
    for number in range(1, 11):
        X, y = month(number)
        low, high = model.predict_interval(X).T
        covered.append(((low <= y) & (y <= high)).mean())
        model.partial_fit(X, y)
    X, y = month(10, rows=500)
    assert np.sqrt(np.mean((model.predict(X) - y) ** 2)) < 0.5 * np.sqrt(np.mean((stays.predict(X) - y) ** 2))
    assert np.mean(covered) > 0.75  # the world runs ahead of the calibration
    low, high = stays.predict_interval(X).T
    assert ((low <= y) & (y <= high)).mean() < 0.5


def test_a_line_follows_what_changes_too():
    """A threshold that moves by a tenth of the noise of X at each call: a line has three weights to follow it by."""
    random = np.random.default_rng(0)
    model = TabularClassifier(members=[LINEAR], n_folds=3, random_state=0, n_threads=1)
    right = []
    for call in range(13):
        X = random.normal(size=(200, 2)) + np.array([0.1 * call, 0])
        y = X[:, 0] + random.normal(0, 0.3, 200) > 0.1 * call
        right += [model.score(X, y)] if call else []
        model.partial_fit(X, y, classes=[False, True])
    assert np.mean(right[-4:]) > 0.85


def test_the_first_call_is_a_fit_without_a_line():
    X, y = month(0)
    first, fitted = (
        learn(X, np.abs(y)) for learn in (TabularRegressor(**QUICK).partial_fit, TabularRegressor(**QUICK).fit)
    )
    np.testing.assert_array_equal(first.predict(X), fitted.predict(X))
    assert TabularRegressor(**QUICK).fit(X, y).line_ is not None
    assert TabularRegressor(**QUICK).partial_fit(X, y).line_ is None


def test_without_change_nothing_is_lost():
    model = TabularRegressor(**QUICK).partial_fit(*month(0))
    X, y = month(0, rows=1000)
    before = np.mean((model.predict(X) - y) ** 2)
    for start in range(0, 600, 60):
        rows = slice(start, start + 60)
        model.partial_fit(X[rows], y[rows])
    held_out = slice(600, None)
    assert np.mean((model.predict(X[held_out]) - y[held_out]) ** 2) < 1.3 * before


def test_every_network_learns_a_little_from_all_new_rows():
    X, y = month(3)
    model = TabularRegressor(**QUICK).fit(*month(0))
    before = model.bag_
    model.partial_fit(X, y)
    for old, new in zip(before.networks, model.bag_.networks, strict=True):
        moved = np.linalg.norm(new.parameters - old.parameters)
        assert 0 < moved < 0.5 * np.linalg.norm(old.parameters)
    np.testing.assert_array_equal(model.bag_.weights, before.weights)


def test_calibration_is_of_rows_predicted_before_they_were_learned_from():
    model = TabularRegressor(**QUICK).fit(*month(0))
    X, y = month(5)
    predicted = model.predict(X)
    model.partial_fit(X, y)
    np.testing.assert_allclose(model.oof_prediction_[-300:], predicted, rtol=1e-6)
    for number in range(20):
        model.partial_fit(*month(5, rows=rows.ROWS_REMEMBERED // 10 + number))
    assert len(model.oof_prediction_) == rows.ROWS_REMEMBERED


@pytest.mark.parametrize("scoring", ["rmse", "poisson"])
def test_intervals_do_not_keep_a_shift_that_was_learned(scoring):
    X, y = month(0, rows=2200)
    Y = np.column_stack([y, y / 2])
    later = Y + np.array([1.5, -1.5])
    if scoring == "poisson":
        Y, later = np.random.default_rng(0).poisson(np.exp(np.stack([Y + 3, Y + 4])))
    model = TabularRegressor(preset="fast", scoring=scoring, random_state=0, n_threads=1, max_epochs=20)
    model.partial_fit(X[:600], Y[:600])
    predicted = model.predict(X[600:1600])
    model.partial_fit(X[600:1600], later[600:1600])
    np.testing.assert_allclose(model.oof_prediction_, predicted, rtol=1e-5)  # the score tells of the surprise
    low, high = np.moveaxis(model.predict_interval(X[1600:]), -1, 0)
    covered = np.mean((low <= later[1600:]) & (later[1600:] <= high), axis=0)
    assert (covered > 0.7).all()  # they were all wide of the mark


@pytest.mark.parametrize(("at_once", "time_column"), [(1, None), (100, 0)])
def test_noise_of_single_rows_and_changes_with_time_stay_in_the_residuals(at_once, time_column):
    X, y = month(0)
    X[:, 0] = np.arange(300)
    model = TabularRegressor(**QUICK, time_column=time_column).fit(X[:200], y[:200])
    for start in range(200, 300, at_once):
        rows = slice(start, start + at_once)
        model.partial_fit(X[rows], y[rows] + 1)
    (known,) = model._residuals
    came = np.concatenate([y[200 - len(known.residuals) + 100 : 200], y[200:] + 1])
    np.testing.assert_allclose(np.sort(known.residuals), np.sort(came - model.oof_prediction_))


def test_few_rows_leave_the_calibration_as_it_is():
    X, y = month(0)
    model = TabularRegressor(**QUICK).fit(X[:40], y[:40])
    score, intervals = model.oof_score_, model.predict_interval(X) - model.predict(X)[:, np.newaxis]
    model.partial_fit(X[40:41], y[40:41])
    assert model.oof_score_ == score
    np.testing.assert_allclose(model.predict_interval(X) - model.predict(X)[:, np.newaxis], intervals, atol=1e-6)


def test_numbers_beyond_those_known_can_be_predicted():
    X, y = month(0)
    model = TabularRegressor(**QUICK).fit(X, y)
    for _ in range(20):
        model.partial_fit(X, y + 3)
    assert model.predict(X).max() > y.max()


def test_classes_that_come_later():
    X, y = month(0)
    classes = np.array(["high", "low", "never"])
    codes = np.where(y > 0, "high", "low")
    model = TabularClassifier(**QUICK)
    with pytest.raises(DataError, match="classes must be passed on the first call"):
        model.partial_fit(X, codes)
    model.partial_fit(X, codes, classes=classes)
    assert model.predict_proba(X).shape == (300, 3)
    X, y = month(2)
    before = log_loss(np.where(y > 0, "high", "low"), model.predict_proba(X), labels=classes)
    model.partial_fit(X, np.where(y > 0, "high", "low")).partial_fit(X[:1], ["never"])
    assert log_loss(np.where(y > 0, "high", "low"), model.predict_proba(X), labels=classes) < before
    with pytest.raises(DataError, match=r"row 2: 'new'"):
        model.partial_fit(X[:2], ["low", "new"])
    with pytest.raises(DataError, match="not the same as on last call"):
        model.partial_fit(X[:2], ["low", "low"], classes=["high", "low"])
    for empty in (model, TabularRegressor(**QUICK).partial_fit(X, y)):
        with pytest.raises(DataError, match=r"^The table must have at least one row; it has none\.$"):
            empty.partial_fit(pd.DataFrame(X[:0]), y[:0])
    with pytest.raises(DataError, match="balanced"):
        TabularClassifier(class_weight="balanced").partial_fit(X, codes, classes=classes)


def test_marks_need_no_classes():
    X, y = month(0)
    marks = np.column_stack([y > 0, X[:, 1] > 0]).astype(int)
    model = TabularClassifier(**QUICK).partial_fit(X, marks).partial_fit(X, marks)
    assert model.predict(X).shape == (300, 2)
    with pytest.raises(DataError, match="2 columns as before"):
        model.partial_fit(X, np.column_stack([marks, marks]))
    with pytest.raises(DataError, match="of the kind it was"):
        model.partial_fit(X, marks[:, 0])


def test_weights_listeners_and_the_seed():
    X, y = month(4)
    told = []
    fits = []
    for weight in (None, np.ones(300), np.arange(300) % 2):
        model = TabularRegressor(**QUICK).fit(*month(0))
        model.set_params(callbacks=[lambda _, epoch: told.append(epoch.epoch)])
        told.clear()
        fits.append(model.partial_fit(X, y, weight).predict(X))
        assert told == list(range(1, 5 * updating.UPDATE_EPOCHS + 1))
    np.testing.assert_allclose(fits[0], fits[1], atol=1e-5)
    assert np.abs(fits[2] - fits[0]).max() > 1e-3
    with pytest.raises(ValueError, match="weight"):
        model.partial_fit(X, y, np.zeros(300))


def test_the_table_must_be_the_one_known():
    table = pd.DataFrame(month(0)[0], columns=["a", "b", "c"])
    y = month(0)[1]
    model = TabularRegressor(**QUICK).fit(table, y)
    before = model.predict(table)
    with pytest.raises(DataError, match="'c'"):
        model.partial_fit(table[["a", "b"]], y)
    with pytest.raises(DataError, match="row 1 has 'x'"):
        model.partial_fit(table.astype(object).replace({"a": {table["a"][0]: "x"}}), y)
    np.testing.assert_array_equal(model.predict(table), before)
    model.partial_fit(table[["c", "a", "b"]], y)
    assert model.score(table, y) > 0.9
