import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from pellucid import TabularRegressor, load, save, trace
from pellucid.cli.remarks import line_in_words
from pellucid.errors import ModelFileError
from pellucid.estimators.tabular import Member
from pellucid.tables import ParquetTable

SMALL = {
    "time_column": "day",
    "members": [Member(hidden=(16, 16))],
    "max_epochs": 60,
    "random_state": 0,
    "n_threads": 1,
}


def shop(rows=500, gain=0.05):
    """Sales of successive days: (table, target). What is sold grows by `gain` a day."""
    random = np.random.default_rng(0)
    table = pd.DataFrame({"day": pd.date_range("2021-01-01", periods=rows), "promo": random.integers(0, 2, rows)})
    y = 30 + 3 * table.promo + gain * np.arange(rows) + random.normal(scale=0.5, size=rows)
    return table, y.rename("sold")


@pytest.fixture(scope="module")
def grown():
    """A model of the first 400 of 500 days."""
    table, y = shop()
    return TabularRegressor(**SMALL).fit(table[:400], y[:400])


def error(model, table, y):
    return float(np.sqrt(np.mean((model.predict(table) - y) ** 2)))


def test_a_target_that_grows_goes_on_growing(grown):
    table, y = shop()
    assert grown.line_.columns == ("day",)
    np.testing.assert_allclose(grown.line_.gains, [[0.05]], rtol=0.05)
    assert error(grown, table[400:], y[400:]) < 0.7  # of noise 0.5; the last days lie 5 above all that was learned from
    assert 0.45 < -grown.oof_score_ < 1.0
    known = ~np.isnan(grown.oof_prediction_)
    assert np.sqrt(np.mean((grown.oof_prediction_ - y[:400])[known] ** 2)) == pytest.approx(-grown.oof_score_)
    low, high = grown.predict_interval(table[400:]).T
    assert 0.75 < np.mean((low <= y[400:]) & (y[400:] <= high)) <= 1
    assert grown.predict_quantiles(table[:5], [0.5]).shape == (5, 1)


def test_out_of_fold_predictions_know_no_gain_of_the_future():
    table, y = shop()
    y[400:] = y[400] + 3 * table.promo[400:]  # it grows no more
    model = TabularRegressor(**SMALL).fit(table, y)
    assert 0 < model.line_.gains[0, 0] < 0.0495
    late = (model.oof_prediction_ - y)[420:]  # of networks that knew of the growth until 416, and of nothing after it
    assert late[-20:].mean() > late[:20].mean() + 1.5


def test_a_model_with_a_line_is_kept_and_goes_on(grown, tmp_path):
    table, y = shop()
    save(grown, tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict(table), grown.predict(table))
    np.testing.assert_array_equal(again.predict_interval(table), grown.predict_interval(table))
    table.to_parquet(tmp_path / "table.parquet")
    parts = ParquetTable(tmp_path / "table.parquet", batch_rows=128)
    np.testing.assert_array_equal(again.predict(parts), grown.predict(table))
    unknown = table[:1].assign(day=None)
    assert np.isfinite(again.predict(unknown)).all()  # in the middle of what was learned from
    again.partial_fit(table[400:], y[400:])
    assert error(again, table[400:], y[400:]) < 0.7
    np.testing.assert_array_equal(again.line_.gains, grown.line_.gains)
    assert len(again.oof_prediction_) == 100
    assert abs(again.oof_prediction_ - y[400:]).max() < 5
    warm = TabularRegressor(**SMALL | {"warm_start": True, "max_epochs": 5}).fit(table[:400], y[:400])
    gains = warm.line_.gains
    assert warm.fit(table[:400], y[:400]).line_.gains == gains


def test_beyond_the_past_intervals_grow_and_networks_hold_the_time(grown):
    table, y = shop()
    later = pd.DataFrame({"day": pd.to_datetime(["2022-02-05", "2022-08-01", "2023-02-01", "2202-01-01"]), "promo": 0})
    low, high = grown.predict_interval(later).T
    assert (np.diff(high - low)[:2] > 0).all()
    predicted = grown.predict(later)
    assert predicted[3] < 30 + 0.05 * 850  # the line goes on as far again as the past reaches
    steady = TabularRegressor(**SMALL).fit(table[:400], np.minimum(y, y[200])[:400])
    ahead = steady.predict(later)
    np.testing.assert_allclose(ahead, ahead[0], atol=3)  # but for month and weekday


def test_training_goes_on_by_the_line_that_is_there():
    table, y = shop()
    later = {"warm_start": True, "max_epochs": 5}
    model = TabularRegressor(**SMALL | later).fit(table[:400], y[:400])
    gains = model.line_.gains
    assert model.set_params(time_column=None).fit(table, y).line_.gains is gains
    X, straight_y = straight(120, columns=3)
    through = TabularRegressor(**SMALL | later | {"time_column": None}).fit(X, straight_y)
    gains = through.line_.gains
    assert through.set_params(time_column="x0").fit(X, straight_y).line_.gains is gains
    assert error(through, X, straight_y) < 0.5


def test_what_looks_into_the_model_knows_of_the_trend(grown):
    table, y = shop()
    grown.compute_importances(table[:400], y[:400])
    assert (grown.feature_importances_ > 0.5).all()  # the day's by the line: the networks know nothing of it
    step = trace(grown, table[:400], y[:400])
    assert any("beside the line that it is added to" in note for note in step.notes)
    assert line_in_words(grown).startswith("The target grows by 0.05")
    assert "a day" in line_in_words(grown)
    assert line_in_words(TabularRegressor(**SMALL | {"time_column": None}).fit(table[:400], y[:400])) == ""


def straight(rows, columns=5, noise=0.1):
    """A target that is a straight line through all columns: (table, target)."""
    random = np.random.default_rng(1)
    X = random.normal(size=(rows, columns))
    return X, X @ np.arange(1, columns + 1) + noise * random.normal(size=rows)


def test_a_straight_target_is_predicted_as_by_linear_regression(tmp_path):
    X, y = straight(1100)
    learned, new = slice(0, 100), slice(100, None)
    model = TabularRegressor(preset="fast", random_state=0, n_threads=1).fit(X[learned], y[learned])
    linear = LinearRegression().fit(X[learned], y[learned])
    assert error(model, X[new], y[new]) < 1.1 * np.sqrt(np.mean((linear.predict(X[new]) - y[new]) ** 2))
    assert 0.09 < -model.oof_score_ < 0.15  # the noise is 0.1
    low, high = model.predict_interval(X[new]).T
    assert 0.85 < np.mean((low <= y[new]) & (y[new] <= high)) < 0.97
    np.testing.assert_allclose(model.line_.gains[:, 0], np.arange(1, 6), atol=0.1)
    assert "nearly a straight line" in line_in_words(model)
    model.compute_importances(X[learned], y[learned])
    assert (np.diff(model.feature_importances_[:4]) > 0).all()
    assert model.feature_importances_[4] > model.feature_importances_[2]
    save(model, tmp_path / "model.safetensors")
    np.testing.assert_array_equal(load(tmp_path / "model.safetensors").predict(X), model.predict(X))
    alone = [model.predict(X[row : row + 1])[0] for row in range(20)]
    np.testing.assert_array_equal(alone, model.predict(X)[:20])  # to the last bit
    odd = X[:2].copy()
    odd[0, 4], odd[1, 4] = np.nan, 1e9
    missing, wild = model.predict(odd) - X[:2, :4] @ np.arange(1, 5)
    assert abs(missing) < 2  # as in the middle
    assert 10 < wild < 40  # the line ends a half of the range beyond what was learned from


def test_columns_that_are_constant_or_tell_the_same_do_no_harm():
    random = np.random.default_rng(0)
    X = random.normal(size=(90, 3))
    X[:, 1] = X[:, 0] + 1e-6 * random.normal(size=90)
    X[:, 2] = 0.1
    X[70, 2] = 1e6  # constant, but for rounding, in all folds but one
    y = 1e4 * X[:, 0] + random.normal(size=90)
    model = TabularRegressor(preset="fast", max_epochs=30, random_state=0, n_threads=1).fit(X, y)
    assert model.oof_score_ > -500
    np.testing.assert_allclose(model.line_.gains[:2, 0], [5000, 5000], rtol=0.02)
    assert np.isfinite(model.predict([[1.0, np.nan, 0.1]])).all()


def test_a_bent_target_has_no_line():
    X, y = straight(300)
    quick = {"preset": "fast", "max_epochs": 2, "random_state": 0, "n_threads": 1}
    assert TabularRegressor(**quick).fit(X, np.tanh(y)).line_ is None
    assert TabularRegressor(**quick).fit(X, y + np.random.default_rng(0).normal(scale=9, size=300)).line_ is None
    model = TabularRegressor(**quick).fit(X, np.column_stack([y, np.tanh(y)]))
    assert (model.line_.gains[:, 0] != 0).all() and (model.line_.gains[:, 1] == 0).all()  # noqa: PT018


def test_there_is_no_trend_where_a_line_would_not_have_gone_on():
    table, y = shop(gain=0)
    season = y + 10 * np.sin(np.arange(500) / 30)
    for target in (y, season):
        assert TabularRegressor(**SMALL | {"max_epochs": 3}).fit(table, target).line_ is None
    grows = shop()[1]
    assert TabularRegressor(**SMALL | {"max_epochs": 3, "scoring": "poisson"}).fit(table, grows).line_ is None
    assert TabularRegressor(**SMALL | {"max_epochs": 3, "time_column": None}).fit(table, grows).line_ is None


def test_of_several_targets_each_has_its_own_line_and_none_falls_below_0():
    table, falling = shop(gain=-0.06)
    falling = np.maximum(falling, 0.1)
    targets = np.column_stack([falling, shop(gain=0)[1]])
    weight = np.where(np.arange(400) < 20, 0.0, 1.0)
    model = TabularRegressor(**SMALL | {"max_epochs": 20}).fit(table[:400], targets[:400], weight)
    assert model.line_.gains[0, 0] < -0.04
    assert model.line_.gains[0, 1] == 0
    far = pd.DataFrame({"day": pd.date_range("2025-01-01", periods=3), "promo": [0, 1, 0]})
    assert (model.predict(far)[:, 0] == 0).all()
    assert (model.predict(far)[:, 1] > 25).all()
    assert (model.predict_quantiles(far, [0.1, 0.9]) >= 0).all()
    single = TabularRegressor(**SMALL | {"max_epochs": 5}).fit(table[:400], targets[:400, 0])
    assert single.predict_quantiles(far, [0.1, 0.9]).shape == (3, 2)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda header, arrays: header["target"]["line"].update(columns=["promo?"]), "columns of numbers or dates"),
        (lambda header, arrays: header["target"]["line"].update(columns=[1]), "columns of numbers or dates"),
        (lambda header, arrays: header["target"]["line"].update(is_trend=1), "true or false"),
        (lambda header, arrays: header["target"].update(line=["day"]), "must have columns"),
        (lambda header, arrays: header["target"].update(line=None), "line"),
        (lambda header, arrays: arrays.update({"line.gains": np.array([[np.nan]])}), "gains"),
        (lambda header, arrays: arrays.update({"line.gains": np.array([[1.0, 2.0]])}), "1 targets"),
        (lambda header, arrays: arrays.update({"line.doubts": np.array([[-1.0]])}), "1 targets"),
        (lambda header, arrays: arrays.update({"line.lows": np.array([2e300])}), "rise in its range"),
        (lambda header, arrays: arrays.update({"latest": np.array([1.0])}), "latest"),
    ],
)
def test_a_damaged_line_is_refused(grown, damage, message):
    header, arrays = grown.to_state()
    damage(header, arrays)
    with pytest.raises(ModelFileError, match=message):
        TabularRegressor.from_state(header, arrays)


@pytest.mark.parametrize("rows", [1500, 12_000])
def test_a_line_through_heavy_tails_is_found_beside_much_noise(rows):
    random = np.random.default_rng(0)
    X = np.exp(random.normal(0, 1.2, (rows + 2000, 3)))
    straight = X @ [1.0, 2.0, 0.5]
    y = straight + random.normal(size=len(X)) * straight.std()  # half of the variance
    model = TabularRegressor(**SMALL | {"time_column": None}).fit(X[:rows], y[:rows])
    np.testing.assert_allclose(model.line_.gains[:, 0], [1.0, 2.0, 0.5], atol=0.25)
    ridge = np.sqrt(np.mean((y[rows:] - straight[rows:]) ** 2))
    assert error(model, X[rows:], y[rows:]) < 1.05 * ridge
    assert (model.line_.highs >= 1.9 * X[:rows].max(axis=0)).all()
