"""Intervals know which rows are noisy, where that can be learned."""

import numpy as np
import pandas as pd
import pytest

from pellucid import TabularRegressor, load, save
from pellucid.engines import TextbookEngine
from pellucid.errors import ModelFileError
from pellucid.estimators.tabular import Member
from pellucid.estimators.tabular.error_size import learn_error_size
from pellucid.tables import TabularEncoder

SETTINGS = {"members": [Member(hidden=(32, 32))], "n_folds": 3, "max_epochs": 40, "random_state": 0, "n_threads": 1}


def rows(count=4000, noise=(0.2, 2.0), seed=0):
    """Rows whose noise depends on the third column, and their target."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame(random.normal(size=(count, 3)), columns=["a", "b", "place"])
    return X, X["a"] + X["b"] ** 2 + np.where(X["place"] > 0, noise[1], noise[0]) * random.normal(size=count)


@pytest.fixture(scope="module")
def fitted():
    X, y = rows()
    return TabularRegressor(**SETTINGS).fit(X[:2500], y[:2500])


def test_intervals_are_wide_where_the_noise_is(fitted):
    X, y = (each[2500:] for each in rows())
    low, high = fitted.predict_interval(X).T
    holds, noisy = (low <= y) & (y <= high), X["place"] > 0.2
    quiet = X["place"] < -0.2
    for part in (noisy, quiet):
        assert 0.84 < holds[part].mean() < 0.97
    assert (high - low)[noisy].mean() > 3 * (high - low)[quiet].mean()
    quantiles = fitted.predict_quantiles(X, [0.05, 0.2, 0.5, 0.8, 0.95])
    assert (np.diff(quantiles, axis=1) >= 0).all()
    np.testing.assert_allclose(quantiles[:, [0, -1]], fitted.predict_interval(X))
    alone = [fitted.predict_interval(X[row : row + 1])[0] for row in range(5)]
    np.testing.assert_array_equal(alone, fitted.predict_interval(X)[:5])  # to the last bit


def test_where_others_than_the_networks_judged_nothing_is_added():
    X, y = rows(1000)
    assert TabularRegressor(**SETTINGS).fit(X, y)._error_size is None


def test_where_all_rows_are_as_noisy_nothing_is_added():
    X, y = rows(2400, noise=(1.0, 1.0))
    assert TabularRegressor(**SETTINGS).fit(X, y)._error_size is None


def test_it_is_kept_with_the_model(fitted, tmp_path):
    X, _ = rows(50)
    save(fitted, tmp_path / "model.safetensors")
    np.testing.assert_array_equal(load(tmp_path / "model.safetensors").predict_interval(X), fitted.predict_interval(X))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda header, arrays: arrays.update({"error_size.spread": np.array([0.0])}), "spread"),
        (lambda header, arrays: arrays.update({"error_size.low": np.array([1e5])}), "range that rises"),
        (lambda header, arrays: arrays.update({"error_size.parameters": np.zeros((3, 4), np.float32)}), "of shape"),
        (lambda header, arrays: arrays.update({"error_size.parameters": np.zeros((0, 0), np.float32)}), "of shape"),
        (lambda header, arrays: arrays.pop("error_size.high"), "high"),
        (lambda header, arrays: header["target"].update(error_size=None), "error_size"),
        (lambda header, arrays: header["target"].update(error_size=[1]), "network|Network|object"),
        (lambda header, arrays: header["target"].pop("error_size"), "error_size"),
    ],
)
def test_a_damaged_one_is_refused(fitted, damage, message):
    header, arrays = fitted.to_state()
    damage(header, arrays)
    with pytest.raises(ModelFileError, match=message):
        TabularRegressor.from_state(header, arrays)


def test_rows_that_follow_forget_it(fitted, tmp_path):
    save(fitted, tmp_path / "model.safetensors")
    model = load(tmp_path / "model.safetensors")
    X, y = rows(400, seed=1)
    assert model.partial_fit(X[:50], y[:50])._error_size is not None  # too few to calibrate by
    model.partial_fit(X[50:], y[50:])
    assert model._error_size is None
    low, high = model.predict_interval(X).T
    assert 0.8 < np.mean((low <= y) & (y <= high)) < 1


def test_several_targets_and_groups():
    X, y = rows(2400)
    Y = np.column_stack(
        [y, 10 * X["b"] + np.where(X["place"] > 0, 0.2, 4.0) * np.random.default_rng(1).normal(size=2400)]
    )
    model = TabularRegressor(**SETTINGS).fit(X, Y, groups=np.arange(2400) // 5)
    assert model._error_size.centre.shape == (2,)
    low, high = np.moveaxis(model.predict_interval(X), 2, 0)
    width = (high - low)[X["place"] > 0.2].mean(axis=0) / (high - low)[X["place"] < -0.2].mean(axis=0)
    assert width[0] > 2
    assert width[1] < 0.5


def test_it_is_learned_by_the_textbook_too_and_not_without_time():
    X, y = rows(600)
    encoder = TabularEncoder().fit(X)
    truth = np.asarray(X["a"] + X["b"] ** 2)[:, np.newaxis]
    residuals = np.asarray(y)[:, np.newaxis] - truth
    given = (encoder.inputs, encoder.transform(X), truth, residuals, np.zeros(600, dtype=int))
    learned = learn_error_size(*given, engine=TextbookEngine(), seed=0)
    assert np.corrcoef(learned.sizes[:, 0], X["place"] > 0)[0, 1] > 0.8
    assert learn_error_size(*given, engine=TextbookEngine(), seed=0, time_limit=0.1) is None
    still = (*given[:3], np.zeros_like(residuals), given[4])
    assert learn_error_size(*still, engine=TextbookEngine(), seed=0) is None
