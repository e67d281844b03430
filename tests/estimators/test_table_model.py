import json
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from pellucid import load, save, spec
from pellucid.errors import DataError, ModelFileError, PellucidError, TrainingWarning
from pellucid.estimators.table_model import TableModel
from pellucid.tables import infer_schema


class Onlooker:
    def on_epoch_end(self, estimator, epoch):
        pass


@pytest.fixture(scope="module")
def houses():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "rooms": random.integers(1, 9, 300).astype(float),
            "place": random.choice(["centre", "north", "south"], 300),
            "built": pd.Timestamp("1950-01-01") + pd.to_timedelta(random.integers(0, 25_000, 300), "D"),
            "garden": random.random(300) < 0.5,
        }
    )
    frame["price"] = 1e5 * (frame["rooms"] + 4.0 * (frame["place"] == "centre") + 2.0 * frame["garden"])
    frame["sort"] = np.where(frame["price"] > 7e5, "dear", np.where(frame["price"] > 5e5, "fair", "cheap"))
    frame.loc[::17, "rooms"] = np.nan
    frame.loc[::19, "place"] = None
    return frame


def fitted(frame, target, **parameters):
    model = TableModel(hidden_layer_sizes=(16,), learning_rate_init=0.02, random_state=0, **parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(frame, target)


@pytest.fixture(scope="module")
def regression(houses):
    return fitted(houses.drop(columns="sort"), "price")


@pytest.fixture(scope="module")
def classification(houses):
    return fitted(houses.drop(columns="price"), "sort")


def test_regression(houses, regression):
    assert regression.score(houses.dropna()) > 0.95
    predicted = regression.predict(houses)
    assert predicted.shape == (300,)
    assert abs(predicted.mean() / houses["price"].mean() - 1) < 0.05
    assert is_regressor(regression)
    with pytest.raises(PellucidError, match="classes only"):
        regression.predict_proba(houses)
    assert not hasattr(regression, "classes_")


def test_classification(houses, classification):
    assert classification.score(houses) > 0.85
    assert classification.classes_.tolist() == ["cheap", "dear", "fair"]
    probabilities = classification.predict_proba(houses)
    assert np.allclose(probabilities.sum(axis=1), 1)
    best = classification.classes_[probabilities.argmax(axis=1)]
    assert np.array_equal(best, classification.predict(houses))
    assert is_classifier(classification)
    assert classification.feature_names_in_.tolist() == ["rooms", "place", "built", "garden"]


def test_validation_rows_stop_training(classification):
    assert len(classification.estimator_.validation_loss_curve_) == classification.estimator_.n_iter_
    assert classification.estimator_.best_validation_score_ == max(classification.estimator_.validation_scores_)


@pytest.mark.parametrize("labels", [[True, False], [3, 5], ["yes", "no"], [0.0, 1.0]])
def test_labels_come_back_as_they_were(labels):
    frame = pd.DataFrame({"x": np.arange(40.0), "y": [labels[i >= 20] for i in range(40)]})
    predicted = fitted(frame, "y").predict(frame)
    assert set(predicted.tolist()) <= set(labels)
    assert type(predicted.tolist()[0]) is type(labels[0])


def test_polars(houses, regression):
    frame = pl.from_pandas(houses.drop(columns=["price", "sort"]))
    assert np.array_equal(regression.predict(frame), regression.predict(houses))


def test_same_seed_same_model(houses, classification):
    again = fitted(houses.drop(columns="price"), "sort")
    assert np.array_equal(again.predict_proba(houses), classification.predict_proba(houses))


def test_rows_of_other_classes_may_stay_away_when_the_schema_is_known(houses):
    schema = infer_schema(houses.drop(columns="price"), "sort")
    part = houses[houses["place"] != "north"].drop(columns="price")
    model = clone(TableModel(hidden_layer_sizes=(4,), max_iter=2, random_state=0))
    with pytest.warns(ConvergenceWarning):
        model.fit(part, "sort", schema=schema)
    assert model.schema_ == schema
    assert len(model.predict(houses)) == 300


def test_balanced_classes_hear_the_rare_one():
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(0, 1, 400), "y": ["common"] * 360 + ["rare"] * 40})
    frame.loc[360:, "x"] += 1.0
    plain, balanced = (fitted(frame, "y", class_weight=weight) for weight in (None, "balanced"))
    assert (balanced.predict(frame) == "rare").sum() > (plain.predict(frame) == "rare").sum()


def through_a_file(model):
    header, arrays = model.to_state()
    return TableModel.from_state(json.loads(json.dumps(header, allow_nan=False)), arrays)


@pytest.mark.parametrize("which", ["regression", "classification"])
def test_state_is_exact(which, houses, request):
    model = request.getfixturevalue(which)
    copy = through_a_file(model)
    assert np.array_equal(copy.predict(houses), model.predict(houses))
    assert copy.score(houses) == model.score(houses)
    assert copy.target_ == model.target_
    assert copy.schema_ == model.schema_
    kept = copy.get_params()
    assert kept == {**model.get_params(), "progress": False, "callbacks": None}
    assert [type(value) for value in kept.values()] == [type(value) for value in model.get_params().values()]
    if which == "classification":
        assert np.array_equal(copy.predict_proba(houses), model.predict_proba(houses))


def test_parameters_come_back_as_they_were(houses, tmp_path):
    model = fitted(
        houses.drop(columns="price"),
        "sort",
        max_iter=2,
        class_weight="balanced",
        validation_fraction=np.float32(0.25),
        n_iter_no_change=np.inf,
        dropout=(0.5,),
        activation=spec.LeakyRelu(0.2),
        progress=True,
        callbacks=[Onlooker()],
    )
    save(model, tmp_path / "m.safetensors")
    copy = load(tmp_path / "m.safetensors")
    expected = {**model.get_params(), "progress": False, "callbacks": None}
    assert copy.get_params() == expected
    assert type(copy.validation_fraction) is float
    assert copy.set_params(batch_size=np.int64(32)).to_state()[0]["parameters"]["batch_size"] == 32


def test_a_generator_is_not_kept_and_a_task_changed_later_neither(houses):
    model = clone(TableModel(hidden_layer_sizes=(4,), time_limit=1e-9, random_state=np.random.RandomState(0)))
    with pytest.warns(TrainingWarning):
        model.fit(houses.drop(columns="price"), "sort")
    copy = through_a_file(model.set_params(task="regression"))
    assert copy.random_state is None
    assert copy.task == "classification"
    with pytest.raises(DataError, match="'batch_size' of TableModel must be 'auto' or a whole number from 1; got 0"):
        model.set_params(batch_size=0).to_state()


@pytest.mark.parametrize(
    "change",
    [
        lambda header, arrays: header.clear(),
        lambda header, arrays: header.update(more=1),
        lambda header, arrays: header.update(target=None),
        lambda header, arrays: header.update(table=None),
        lambda header, arrays: header.update(network=None),
        lambda header, arrays: header["target"].update(labels=["a", "b"]),
        lambda header, arrays: header["target"].update(task="regression", labels=[]),
        lambda header, arrays: header["table"]["schema"]["columns"].pop(0),
        lambda header, arrays: header.update(parameters=None),
        lambda header, arrays: header["parameters"].pop("task"),
        lambda header, arrays: header["parameters"].update(more=1),
        lambda header, arrays: header["parameters"].update(task="regression"),
        lambda header, arrays: header["parameters"].update(task=["auto"]),
        lambda header, arrays: header["parameters"].update(batch_size=0),
        lambda header, arrays: header["parameters"].update(batch_size=True),
        lambda header, arrays: header["parameters"].update(batch_size=2.5),
        lambda header, arrays: header["parameters"].update(class_weight={"number": "nan"}),
        lambda header, arrays: header["parameters"].update(validation_fraction=1),
        lambda header, arrays: header["parameters"].update(validation_fraction="0.1"),
        lambda header, arrays: header["parameters"].update(validation_fraction=10**400),
        lambda header, arrays: header["network"]["parameters"].update(alpha=-1),
        lambda header, arrays: arrays.update(more=np.zeros(1)),
        lambda header, arrays: arrays.pop("network.weights"),
        lambda header, arrays: arrays.pop("table.means"),
        lambda header, arrays: arrays.update({"network.weights": np.full_like(arrays["network.weights"], np.nan)}),
    ],
)
def test_hostile_states(classification, change):
    header, arrays = classification.to_state()
    header = json.loads(json.dumps(header))
    change(header, arrays)
    with pytest.raises(ModelFileError):
        TableModel.from_state(header, arrays)


@pytest.mark.parametrize("header", [None, [], 3])
def test_headers_of_another_type(classification, header):
    with pytest.raises(ModelFileError):
        TableModel.from_state(header, classification.to_state()[1])


@pytest.mark.parametrize(
    ("rows", "target", "parameters", "message"),
    [
        (9, "sort", {}, "at least 10 rows; it has 9"),
        (50, "sorts", {}, "Did you mean 'sort'"),
        (50, "place", {}, "missing in rows"),
        (50, "sort", {"task": "sorting"}, "'task' must be"),
        (50, "sort", {"validation_fraction": 1.0}, "'validation_fraction' of TableModel must lie"),
        (50, "sort", {"validation_fraction": None}, "'validation_fraction' of TableModel must lie"),
        (50, "sort", {"batch_size": "all"}, "'batch_size' of TableModel must be 'auto' or a whole number"),
        (50, "sort", {"class_weight": {"dear": 2}}, "'class_weight' of TableModel must be 'balanced' or None"),
    ],
)
def test_bad_input(houses, rows, target, parameters, message):
    with pytest.raises(DataError, match=message):
        TableModel(**parameters).fit(houses.head(rows), target)


def test_bad_parameters_are_the_network_s(houses):
    with pytest.raises(ValueError, match="learning_rate_init"):
        TableModel(learning_rate_init=0).fit(houses, "sort")


def test_not_fitted(houses):
    with pytest.raises(NotFittedError):
        TableModel().predict(houses)
    with pytest.raises(NotFittedError):
        TableModel().to_state()
