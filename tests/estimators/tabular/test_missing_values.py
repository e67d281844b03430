"""Values declared to mean missing: learned from, predicted and kept as empty cells are."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score

from pellucid import TabularClassifier, TabularRegressor, load, save
from pellucid.errors import DataError, DataWarning
from pellucid.tables import ParquetTable, infer_schema

QUICK = {"preset": "fast", "max_epochs": 3, "random_state": 0}


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"age": random.integers(18, 90, 200), "town": random.choice(["Ulm", "Bonn", "Trier"], 200)})
    frame.loc[::9, "age"] = -999
    frame.loc[::7, "town"] = "unknown"
    empty = frame.mask(frame.isin([-999, "unknown"]))
    return frame, empty, np.where(frame["age"] > 50, "yes", "no")


@pytest.mark.parametrize("given", [[-999, "unknown"], {"age": -999, "town": ["unknown"]}, ("unknown", -999.0)])
def test_as_if_the_cells_were_empty(rows, given, tmp_path):
    frame, empty, y = rows
    model = TabularClassifier(**QUICK, missing_values=given).fit(frame, y)
    plain = TabularClassifier(**QUICK).fit(empty, y)
    expected = plain.predict_proba(empty)
    assert np.array_equal(model.predict_proba(frame), expected)
    assert np.array_equal(model.predict_proba(empty), expected)
    assert not np.array_equal(plain.predict_proba(frame), expected)
    save(model, tmp_path / "m.safetensors")
    loaded = load(tmp_path / "m.safetensors")
    assert np.array_equal(loaded.predict_proba(frame), expected)
    assert np.array_equal(clone(loaded).fit(frame, y).predict_proba(frame), expected)


def test_regression_and_importances(rows):
    frame, empty, y = rows
    numbers = (y == "yes") + np.arange(200) / 1000
    model = TabularRegressor(**QUICK, missing_values=[-999, "unknown"]).fit(frame, numbers)
    plain = TabularRegressor(**QUICK).fit(empty, numbers)
    assert np.array_equal(model.predict(frame), plain.predict(empty))
    model.compute_importances(frame, numbers)
    plain.compute_importances(empty, numbers)
    assert np.array_equal(model.feature_importances_, plain.feature_importances_)


def test_a_file(rows, tmp_path):
    frame, _, y = rows
    frame.assign(y=y).to_parquet(tmp_path / "t.parquet")
    model = TabularClassifier(**QUICK, missing_values=[-999, "unknown"])
    table = ParquetTable(tmp_path / "t.parquet")
    assert np.array_equal(model.fit(table, "y").predict_proba(table), model.fit(frame, y).predict_proba(frame))


@pytest.mark.parametrize("label", ["x1", 1, np.int64(1)])
def test_arrays_know_their_columns_by_number(rows, label):
    X = np.where(np.arange(100)[:, np.newaxis] % [3, 4] == 0, -1.0, np.arange(200.0).reshape(100, 2))
    y = np.arange(100) % 2
    model = TabularClassifier(**QUICK, missing_values={label: -1}).fit(X, y)
    assert [column.missing for column in model.schema_.columns] == [0, 25]
    header, arrays = model.to_state()
    again = TabularClassifier.from_state(header, arrays)
    assert again.missing_values == {"x1": -1}
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_times_that_are_missing_are_refused(rows):
    frame, _, y = rows
    model = TabularClassifier(**QUICK, time_column="age", missing_values=-999)
    with pytest.raises(DataError, match=r"\('age'\) must have a value in every row; it is missing in rows"):
        model.fit(frame, y)


def test_a_schema_says_the_same_or_it_is_refused(rows):
    frame, _, y = rows
    schema = infer_schema(frame, missing_values=[-999])
    TabularClassifier(**QUICK).fit(frame, y, schema=schema)
    model = TabularClassifier(**QUICK, missing_values=[-999]).fit(frame, y, schema=schema)
    with pytest.raises(DataError, match=r"must be what 'schema' says of column 'age', \['-999'\]; got \['-998'\]"):
        model.set_params(missing_values=-998).fit(frame, y, schema=schema)


def test_what_no_cell_says_is_told_of(rows):
    frame, _, y = rows
    with pytest.warns(DataWarning, match=r"occurs in no cell: 'Unknown'\. Did you mean 'unknown'\?"):
        TabularClassifier(**QUICK, missing_values=["Unknown", -999]).fit(frame, y)


def test_folds_may_lack_what_the_table_has(rows):
    frame, _, y = rows
    frame = frame.assign(town=frame["town"].where(frame.index != 5, "lost"))
    model = TabularClassifier(**QUICK, missing_values={"age": -999, "town": ["unknown", "lost"]})
    assert len(cross_val_score(model, frame, y, cv=3)) == 3  # warnings are errors


@pytest.mark.parametrize(
    ("given", "message"),
    [([None], "'missing_values' must be a text"), ({"agge": -1}, "'agge' is none. Did you mean 'age'")],
)
def test_what_cannot_be_declared(rows, given, message):
    frame, _, y = rows
    with pytest.raises(DataError, match=message):
        TabularClassifier(**QUICK, missing_values=given).fit(frame, y)
