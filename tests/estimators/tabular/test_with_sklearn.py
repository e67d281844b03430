"""Tables in scikit-learn's company: pipelines, cross-validation, routing, partial dependence; tables of every kind."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn
from matplotlib import pyplot as plt
from scipy import sparse
from sklearn.inspection import PartialDependenceDisplay, partial_dependence
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from pellucid import TabularClassifier, TabularRegressor
from pellucid.errors import DataError
from pellucid.estimators.tabular import Member

QUICK = {"members": [Member(hidden=(16,), numbers="plain")], "max_epochs": 15, "random_state": 0, "n_threads": 1}


@pytest.mark.parametrize("form", [pl.from_pandas, pa.Table.from_pandas], ids=["polars", "arrow"])
def test_tables_of_every_kind_are_alike(shop, form):
    X, y, c = shop
    for model, target in ((TabularRegressor(**QUICK), y), (TabularClassifier(**QUICK), c)):
        expected = model.fit(X, target).predict(X)
        assert model.feature_names_in_.tolist() == list(X.columns)
        np.testing.assert_array_equal(model.predict(form(X)), expected)
        np.testing.assert_array_equal(model.fit(form(X), target).predict(X), expected)
        assert model.feature_names_in_.tolist() == list(X.columns)


def test_arrays_and_their_tables_are_alike():
    X = np.random.default_rng(0).normal(size=(100, 3))
    y = X[:, 0]
    model = TabularRegressor(**QUICK).fit(X, y)
    assert model.n_features_in_ == 3
    assert not hasattr(model, "feature_names_in_")
    expected = model.predict(X)
    for other in (X.tolist(), np.asfortranarray(X), X.astype(object), X.astype(str), pd.DataFrame(X)):
        np.testing.assert_array_equal(model.predict(other), expected)
    named = pd.DataFrame(X, columns=["a", "b", "c"])
    by_name = TabularRegressor(**QUICK).fit(named, y)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        np.testing.assert_array_equal(by_name.predict(X), expected)
    with pytest.raises(ValueError, match="X has 2 features, but TabularRegressor is expecting 3 features"):
        model.predict(X[:, :2])


def test_columns_are_known_by_their_names(shop):
    X, y, _ = shop
    model = TabularRegressor(**QUICK).fit(X, y)
    expected = model.predict(X)
    other = X[X.columns[::-1]].assign(more=1)
    np.testing.assert_array_equal(model.predict(other), expected)
    as_text = X.assign(
        size=X["size"].map(lambda value: "" if np.isnan(value) else repr(value)), day=X["day"].astype(str)
    )
    np.testing.assert_array_equal(model.predict(as_text), expected)
    with pytest.raises(DataError, match="must have the column 'colour'"):
        model.predict(X.drop(columns="colour"))


LABELS = {
    "numbers": [2020, 2021],
    "pairs": pd.MultiIndex.from_tuples([("a", 1), ("a", 2)]),
    "times": pd.to_datetime(["2020-01-01", "2021-01-01"]),
    "mixed": ["a", 5],
    "out of order": [1, 0],
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_labels_that_are_no_text_are_names_too(labels):
    x = np.random.default_rng(0).normal(size=(100, 2))
    X = pd.DataFrame(x, columns=labels)
    model = TabularRegressor(**QUICK).fit(X, x[:, 0])
    assert not hasattr(model, "feature_names_in_")  # as in scikit-learn: text only
    expected = model.predict(X)
    np.testing.assert_array_equal(model.predict(X.iloc[:, ::-1]), expected)
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        np.testing.assert_array_equal(model.predict(x), expected)
    with pytest.raises(DataError, match="must have the column"):
        model.predict(X.iloc[:, :1])
    again = TabularRegressor(**QUICK, time_column=X.columns[0]).fit(X.sort_values(X.columns[0]), x[:, 0])
    assert again.time_column == X.columns[0]


def test_numbers_of_columns_are_names_where_one_table_has_them_in_another_order():
    x = np.random.default_rng(0).normal(size=(100, 3))
    plain = pd.DataFrame(x[:, :2])
    model = TabularRegressor(**QUICK, time_column=0).fit(plain, x[:, 0])
    expected = model.predict(plain)
    np.testing.assert_array_equal(model.predict(plain[[1, 0]]), expected)
    with pytest.warns(UserWarning, match="X has feature names, but TabularRegressor was fitted without"):
        np.testing.assert_array_equal(model.predict(plain.set_axis(["a", "b"], axis=1)), expected)  # by their places
    np.testing.assert_array_equal(model.fit(plain[[1, 0]], x[:, 0]).predict(pd.DataFrame(x)), model.predict(plain))
    with pytest.raises(DataError, match="X has 3 features, but TabularRegressor is expecting 2"):
        model.predict(x)
    np.testing.assert_array_equal(model.fit(x[:, :2], x[:, 0]).predict(x[:, :2]), expected)  # column 0 of an array
    with pytest.raises(DataError, match=r"must have the column '2'; it does not\."):
        model.set_params(time_column=2).fit(x[:, :2], x[:, 0])


def test_a_table_is_read_by_its_places_aloud_where_the_other_has_names():
    x = np.random.default_rng(0).normal(size=(100, 2))
    named, y = pd.DataFrame(x, columns=["a", "b"]), np.arange(100) % 2
    for kind in (TabularRegressor, TabularClassifier):
        by_name, by_place = kind(**QUICK).fit(named, y), kind(**QUICK).fit(x, y)
        by_name.compute_importances(named, y).predict(named[["b", "a"]])
        by_place.compute_importances(x, y).predict(pd.DataFrame(x, columns=["x0", "x1"]))
        by_place.predict(pd.DataFrame(x))
        with pytest.warns(UserWarning, match=f"not have valid feature names, but {kind.__name__} was fitted with fea"):
            np.testing.assert_array_equal(by_name.predict(x), by_name.predict(named))
        with pytest.warns(UserWarning, match=f"X has feature names, but {kind.__name__} was fitted without feature n"):
            by_place.partial_fit(named[["b", "a"]], y)


def test_targets_of_every_kind_are_alike(shop):
    X, y, c = shop
    expected = TabularClassifier(**QUICK).fit(X, c).predict(X)
    for target in (list(c), pd.Series(c), pd.Series(c, dtype="category"), pl.Series(c), pa.array(c)):
        np.testing.assert_array_equal(TabularClassifier(**QUICK).fit(X, target).predict(X), expected)
    expected = TabularRegressor(**QUICK).fit(X, y).predict(X)
    for target in (list(y), pd.Series(y), pl.Series(y), pa.chunked_array([y]), y.astype(object)):
        np.testing.assert_array_equal(TabularRegressor(**QUICK).fit(X, target).predict(X), expected)


def test_what_no_table_is_is_refused(shop):
    _, y, _ = shop
    X = np.ones((300, 2))
    with pytest.raises(TypeError, match="sparse"):
        TabularRegressor(**QUICK).fit(sparse.csr_matrix(X), y)
    for wrong, message in [
        (X + 1j, "Complex data not supported"),
        (y, "Expected 2D array, got 1D array"),
        (None, "got NoneType"),
        ("table.csv", "got str"),
        (X[:1], "at least 2 rows"),
    ]:
        with pytest.raises(DataError, match=message):
            TabularRegressor(**QUICK).fit(wrong, y[:1] if message == "at least 2 rows" else y)


def test_cross_validation_and_search(shop):
    X, y, c = shop
    assert cross_val_score(TabularRegressor(**QUICK), X, y, cv=3).mean() > 0.7
    assert cross_val_score(TabularClassifier(**QUICK), X, c, cv=3, scoring="roc_auc").mean() > 0.85
    search = GridSearchCV(TabularClassifier(**QUICK), {"max_epochs": [1, 15]}, cv=2).fit(X, c)
    assert search.best_params_ == {"max_epochs": 15}


def test_a_pipeline(shop):
    X, y, _ = shop
    pipeline = make_pipeline(FunctionTransformer(lambda table: table.drop(columns="day")), TabularRegressor(**QUICK))
    pipeline.fit(X, y, tabularregressor__sample_weight=np.ones(300))
    assert pipeline.score(X, y) > 0.7
    assert "day" not in pipeline[-1].feature_names_in_


def test_metadata_is_routed(shop):
    X, y, _ = shop
    groups = np.arange(300) // 10
    weight = np.where(np.arange(300) < 150, 1.0, 0.0)
    with sklearn.config_context(enable_metadata_routing=True):
        model = TabularRegressor(**QUICK).set_fit_request(sample_weight=True, groups=True)
        model.set_score_request(sample_weight=True).set_partial_fit_request(sample_weight=True)
        found = cross_validate(
            model,
            X,
            y,
            cv=GroupKFold(3),
            params={"sample_weight": weight, "groups": groups},
            return_estimator=True,
            return_indices=True,
        )
        for each, train in zip(found["estimator"], found["indices"]["train"], strict=True):
            assert np.isnan(each.oof_prediction_[weight[train] == 0]).all()
            fold_of = pd.Series(each.bag_.fold_of[weight[train] > 0])
            assert (fold_of.groupby(groups[train][weight[train] > 0]).nunique() == 1).all()
    assert np.min(found["test_score"]) > 0.5


def test_partial_dependence(shop):
    X, y, c = shop
    table = X.drop(columns="day").assign(size=X["size"].fillna(0.5))
    model = TabularRegressor(**QUICK).fit(table, y)
    found = partial_dependence(model, table, ["size"], grid_resolution=10, kind="average")
    assert np.corrcoef(found["average"][0], found["grid_values"][0])[0, 1] > 0.95
    found = partial_dependence(model, table, ["colour"], categorical_features=["colour"])
    by_colour = dict(zip(found["grid_values"][0], found["average"][0], strict=True))
    assert by_colour["red"] > max(by_colour["green"], by_colour["blue"]) + 1
    classes = TabularClassifier(**QUICK).fit(table, c)
    display = PartialDependenceDisplay.from_estimator(
        classes, table, ["size", "colour"], categorical_features=["colour"], grid_resolution=5
    )
    assert len(display.axes_.ravel()) == 2
    plt.close(display.figure_)
