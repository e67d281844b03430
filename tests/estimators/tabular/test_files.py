"""Learning from Parquet files a part at a time."""

import copy

import numpy as np
import pandas as pd
import pytest

from pellucid import TabularClassifier, TabularRegressor, load, save
from pellucid.errors import DataError
from pellucid.tables import ParquetTable, infer_schema


@pytest.fixture
def frame():
    random = np.random.default_rng(0)
    made = pd.DataFrame({"a": random.normal(size=600), "b": random.choice(list("xyz"), 600), "day": np.arange(600.0)})
    made["y"] = 2 * made["a"] + (made["b"] == "x")
    return made


@pytest.fixture
def table(frame, tmp_path):
    frame.to_parquet(tmp_path / "table.parquet")
    return ParquetTable(tmp_path / "table.parquet", batch_rows=100)


def test_a_file_is_learned_from_and_predicted(frame, table):
    model = TabularRegressor(preset="fast", max_epochs=30, random_state=0).fit(table, "y")
    assert model.feature_names_in_.tolist() == ["a", "b", "day"]
    assert model.oof_score_ > -0.5 * frame["y"].std()
    np.testing.assert_array_equal(model.predict(table), model.predict(frame))


def test_a_file_and_its_frame_give_the_same_network_where_the_sample_is_the_whole(frame, table):
    settings = {"preset": "fast", "max_epochs": 3, "random_state": 0}
    from_file = TabularRegressor(**settings).fit(table, "y")
    from_frame = TabularRegressor(**settings).fit(frame.drop(columns="y"), frame["y"])
    np.testing.assert_allclose(from_file.predict(frame), from_frame.predict(frame), rtol=1e-4)


def test_time_and_classes_of_a_file(frame, table, tmp_path):
    model = TabularRegressor(max_epochs=2, random_state=0, time_column="day").fit(table, "y")
    assert np.isnan(model.oof_prediction_[:50]).all()
    frame.assign(y=np.where(frame["y"] > 0, "up", "down")).to_parquet(tmp_path / "classes.parquet")
    classes = ParquetTable(tmp_path / "classes.parquet")
    model = TabularClassifier(preset="fast", max_epochs=15, random_state=0).fit(classes, "y")
    assert model.classes_.tolist() == ["down", "up"]
    assert model.predict_proba(classes).shape == (600, 2)


def test_the_target_of_a_file_is_a_column_of_it(frame, table):
    with pytest.raises(DataError, match="must be the name of the target's column"):
        TabularRegressor().fit(table, frame["y"])
    with pytest.raises(DataError, match="no column 'yy'"):
        TabularRegressor().fit(table, "yy")


@pytest.mark.parametrize("kind", [TabularRegressor, TabularClassifier])
def test_a_file_is_scored_explained_and_gone_on_with_like_its_frame(frame, tmp_path, kind):
    if kind is TabularClassifier:
        frame["y"] = np.where(frame["y"] > 0, "up", "down")
    frame.to_parquet(tmp_path / "t.parquet")
    table = ParquetTable(tmp_path / "t.parquet", batch_rows=100)
    X, y, weight = frame.drop(columns="y"), frame["y"], np.arange(1.0, 601.0)
    model = kind(preset="fast", max_epochs=5, random_state=0, n_threads=1).fit(table, "y", weight)
    assert model.target_name_ == "y"
    assert model.score(table, "y") == model.score(X, y)
    assert model.score(table, "y", weight) == model.score(X, y, weight)
    importances = model.compute_importances(X, y, weight, max_rows=100).feature_importances_
    np.testing.assert_array_equal(
        model.compute_importances(table, "y", weight, max_rows=100).feature_importances_, importances
    )
    again = copy.deepcopy(model).partial_fit(X, y)
    np.testing.assert_array_equal(model.partial_fit(table, "y").predict(X), again.predict(X))
    for use in (model.score, model.compute_importances):
        with pytest.raises(DataError, match="'y' must be the name of the target's column"):
            use(table, y)
        with pytest.raises(DataError, match="no column 'yy'"):
            use(table, "yy")


def test_a_number_that_is_a_code_is_learned_value_by_value(tmp_path):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"store": random.integers(0, 200, 4000), "size": random.normal(size=4000)})
    effects = 2 * random.normal(size=200)
    y = effects[frame["store"]] + frame["size"] + 0.5 * random.normal(size=4000)
    learned, new = frame[:3000], slice(3000, None)
    settings = {"preset": "fast", "random_state": 0, "n_threads": 1}
    model = TabularRegressor(**settings).fit(learned, y[:3000])
    assert [len(column.levels) for column in model.schema_.columns] == [200, 0]
    assert np.sqrt(np.mean((model.predict(frame[new]) - y[new]) ** 2)) < 0.65  # of noise 0.5 and effects 2
    never_seen = frame[new].assign(store=10_000)
    assert np.sqrt(np.mean((model.predict(never_seen) - frame["size"][new]) ** 2)) < 2
    model.compute_importances(learned, y[:3000], repeats=1)
    store, size = model.feature_importances_
    assert store > 1.5 * size > 0

    learned.assign(y=y[:3000]).to_parquet(tmp_path / "table.parquet")
    settings["max_epochs"] = 2
    of_file = TabularRegressor(**settings).fit(ParquetTable(tmp_path / "table.parquet", batch_rows=700), "y")
    of_frame = TabularRegressor(**settings).fit(learned, y[:3000])
    np.testing.assert_allclose(of_file.predict(frame), of_frame.predict(frame), rtol=1e-4)
    of_schema = TabularRegressor(**settings).fit(learned, y[:3000], schema=infer_schema(learned))
    np.testing.assert_array_equal(of_schema.predict(frame), of_frame.predict(frame))
    by_time = TabularRegressor(**settings, time_column="store").fit(learned, y[:3000])
    assert by_time.schema_.columns[0].levels == ()
    classes = TabularClassifier(**settings).fit(learned, y[:3000] > 0)
    assert len(classes.schema_.columns[0].levels) == 200
    save(classes, tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.predict_proba(frame), classes.predict_proba(frame))
