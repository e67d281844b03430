import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor

from pellucid import MLPRegressor
from pellucid.errors import DataError, PellucidError
from pellucid.estimators.tabular import TabularRegressor
from pellucid.plotting import ImportanceBars


def test_the_greatest_first_with_deviations():
    display = ImportanceBars(["a", "price ($)", "c"], [0.1, 0.5, -0.2], [0.01, 0.02, 0.03], unit="RMSE", most=2).plot()
    assert [bar.get_width() for bar in display.bars_] == [0.5, 0.1]
    assert [label.get_text() for label in display.ax_.get_yticklabels()] == [r"price (\$)", "a"]
    assert display.ax_.yaxis_inverted()
    assert "1 lesser one not shown" in display.ax_.get_title()
    assert "RMSE" in display.ax_.get_xlabel()
    display.figure_.canvas.draw()


def test_every_bar_has_its_value_and_no_edge():
    display = ImportanceBars(["a", "b", "c"], [80.0, 1e-4, -0.5], [2.0, 1e-5, 0.1]).plot()
    assert [label.get_text() for label in display.labels_] == ["80", "0.0001", "−0.5"]
    assert [bar.get_linewidth() for bar in display.bars_] == [0, 0, 0]
    display.figure_.canvas.draw()
    right = display.ax_.get_window_extent().x1
    assert all(label.get_window_extent().x1 < right for label in display.labels_)


def test_values_below_nothing_stay_within_the_axes():
    display = ImportanceBars(["a", "b"], [4.61, -2.04e-08], [0.4, 1e-9]).plot()
    display.figure_.canvas.draw()
    left = display.ax_.get_window_extent().x0
    assert all(label.get_window_extent().x0 > left for label in display.labels_)


def test_long_names_are_cut():
    display = ImportanceBars(["x" * 100], [1.0]).plot()
    assert display.ax_.get_yticklabels()[0].get_text() == "x" * 29 + "…"


def test_from_an_estimator(plane):
    X, y = plane
    model = TabularRegressor(preset="fast", max_epochs=2, random_state=0).fit(X, y)
    with pytest.raises(PellucidError, match="Call compute_importances"):
        ImportanceBars.from_estimator(model)
    model.compute_importances(X, y)
    display = ImportanceBars.from_estimator(model)
    assert sorted(bar.get_width() for bar in display.bars_) == sorted(model.feature_importances_)
    assert {label.get_text() for label in display.ax_.get_yticklabels()} == {"x0", "x1"}


def test_columns_have_the_names_of_their_labels():
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=[2020, 2021])
    model = TabularRegressor(preset="fast", random_state=0, n_threads=1, max_epochs=2).fit(X, X[2021])
    display = ImportanceBars.from_estimator(model.compute_importances(X, X[2021], repeats=1))
    assert {label.get_text() for label in display.ax_.get_yticklabels()} == {"2020", "2021"}


def test_other_models_are_told_what_else_works():
    for model in (MLPRegressor((2,), max_iter=2), RandomForestRegressor(2)):
        told = f"must be a TabularClassifier or TabularRegressor.*got {type(model).__name__}.*permutation_importance"
        with pytest.raises(PellucidError, match=told):
            ImportanceBars.from_estimator(model)


def test_bad_input():
    with pytest.raises(DataError, match="one number for each column"):
        ImportanceBars(["a"], np.zeros(2))
    with pytest.raises(DataError):
        ImportanceBars([], [])


def test_long_names_leave_room_for_values():
    names = [f"a column with a name as long as may be, {index}" for index in range(2)]
    display = ImportanceBars(names, [0.5, -4.68e-05], [0.02, 1e-6]).plot()
    display.figure_.canvas.draw()
    frame = display.ax_.get_window_extent()
    for label in display.labels_:
        assert frame.x0 < label.get_window_extent().x0 < label.get_window_extent().x1 < frame.x1
