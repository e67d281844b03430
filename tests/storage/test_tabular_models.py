"""Model files of the tabular estimators: predictions come back to the last bit; what is wrong is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError

from pellucid import TabularClassifier, TabularRegressor, load, save
from pellucid.errors import DataError, ModelFileError
from pellucid.estimators.tabular import Member

SMALL = Member(hidden=(4,))


@pytest.fixture(scope="module")
def houses():
    random = np.random.default_rng(0)
    size = random.normal(100, 30, 80).round(1)
    frame = pd.DataFrame(
        {
            "size": size,
            "place": random.choice(["town", "village"], 80).astype(object),
            "street": random.choice([f"street {i}" for i in range(12)], 80).astype(object),
            "built": pd.Timestamp("2000-01-01") + pd.to_timedelta(random.integers(0, 5000, 80), "D"),
            "same": 1.0,
        }
    )
    frame.loc[[3, 40], "size"] = np.nan
    return frame


def price(houses):
    return houses["size"].fillna(100).rename("price") * 2.0


def sort(houses):
    return (houses["size"].fillna(100) > 100).map({True: "large", False: "small"}).rename("sort").astype(object)


def quick(kind, **parameters):
    return kind(**{"members": [SMALL], "n_folds": 2, "max_epochs": 3, "random_state": 0} | parameters)


MODELS = {
    "texts": (quick(TabularClassifier), sort),
    "NUL at the end": (quick(TabularClassifier), lambda h: sort(h).map({"large": "l", "small": "s\0"})),
    "numbers": (quick(TabularClassifier, scoring="roc_auc"), lambda houses: np.arange(len(houses)) % 3),
    "booleans": (quick(TabularClassifier, class_weight={False: 1.0, True: 2.5}), lambda h: h["place"] == "town"),
    "fixed texts": (quick(TabularClassifier), lambda houses: np.array(sort(houses).tolist())),
    "marks": (quick(TabularClassifier), lambda h: np.column_stack([h["place"] == "town", h["size"] > 100]).astype(int)),
    "members": (
        quick(TabularClassifier, members=[SMALL, Member(hidden=(3, 2), numbers="piecewise_linear", activation="relu")]),
        sort,
    ),
    "regression": (quick(TabularRegressor, n_threads=1), price),
    "median": (quick(TabularRegressor, scoring="mae", time_column="built"), price),
    "counts": (quick(TabularRegressor, scoring="poisson", members=[Member((4,), numbers="plain")]), price),
    "outputs": (quick(TabularRegressor), lambda houses: np.column_stack([price(houses), -price(houses)])),
    "fast": (TabularRegressor(preset="fast", max_epochs=2, random_state=np.random.RandomState(0)), price),
}


@pytest.mark.parametrize("name", MODELS)
def test_comes_back_as_it_was(houses, tmp_path, name):
    model, target = MODELS[name]
    model.fit(houses, target(houses))
    save(model, tmp_path / "m.safetensors")
    copy = load(tmp_path / "m.safetensors")
    assert type(copy) is type(model)
    predicted = model.predict(houses)
    np.testing.assert_array_equal(copy.predict(houses), predicted)
    assert copy.predict(houses).dtype == predicted.dtype
    if hasattr(model, "predict_proba"):
        np.testing.assert_array_equal(copy.predict_proba(houses), model.predict_proba(houses))
        np.testing.assert_array_equal(copy.classes_, model.classes_)
        assert copy.classes_.dtype == model.classes_.dtype
    else:
        np.testing.assert_array_equal(copy.predict_interval(houses, 0.8), model.predict_interval(houses, 0.8))
    assert copy.schema_ == model.schema_
    assert copy.feature_names_in_.tolist() == houses.columns.tolist()
    for attribute in ("oof_score_", "n_iter_", "outcome_", "target_name_", "n_features_in_"):
        assert getattr(copy, attribute) == getattr(model, attribute), attribute
    assert [each.loss for each in copy.bag_.networks] == [list(each.loss) for each in model.bag_.networks]
    places = [(each.member, each.fold, each.epochs, each.best_epoch) for each in copy.bag_.networks]
    assert places == [(each.member, each.fold, each.epochs, each.best_epoch) for each in model.bag_.networks]
    kept = {key: value for key, value in model.get_params().items() if key != "random_state"}
    for key, value in kept.items():
        found = copy.get_params()[key]
        assert (list(found) == value) if isinstance(value, list) else found == value


def test_a_matrix_without_names(houses, tmp_path):
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = quick(TabularRegressor).fit(X, X[:, 0])
    save(model, tmp_path / "m")
    copy = load(tmp_path / "m")
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))
    assert not hasattr(copy, "feature_names_in_")
    with pytest.raises(ValueError, match="X has 2 features"):
        copy.predict(X[:, :2])


@pytest.mark.parametrize("labels", [[2020, 2021], pd.to_datetime(["2020-01-01", "2021-01-01"]), ["a", "b"]])
def test_columns_are_known_by_their_labels_again(tmp_path, labels):
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=labels)
    model = quick(TabularRegressor, time_column=X.columns[0]).fit(X, X.iloc[:, 0])
    save(model, tmp_path / "m")
    copy = load(tmp_path / "m")
    np.testing.assert_array_equal(copy.predict(X[X.columns[::-1]]), model.predict(X))
    assert hasattr(copy, "feature_names_in_") == hasattr(model, "feature_names_in_") == isinstance(X.columns[0], str)
    assert copy.time_column == str(X.columns[0])


@pytest.mark.parametrize(("kind", "target"), [(TabularClassifier, sort), (TabularRegressor, price)])
def test_a_loaded_model_can_go_on_learning(houses, tmp_path, kind, target):
    save(quick(kind).fit(houses, target(houses)), tmp_path / "m")
    copy = load(tmp_path / "m")
    before = copy.bag_.networks[0].parameters.copy()
    copy.partial_fit(houses, target(houses))
    assert not np.array_equal(before, copy.bag_.networks[0].parameters)
    save(copy, tmp_path / "again")
    np.testing.assert_array_equal(load(tmp_path / "again").predict(houses), copy.predict(houses))
    assert np.isfinite(copy.set_params(warm_start=True).fit(houses, target(houses)).oof_score_)


def test_networks_that_are_alike_are_described_once(houses):
    header, arrays = MODELS["members"][0].fit(houses, sort(houses)).to_state()
    assert len(header["networks"]) == 2
    assert len(header["trained"]) == 4
    assert [len(arrays[f"parameters.{index}"]) for index in range(2)] == [2, 2]


def test_importances_come_back(houses, tmp_path):
    model = quick(TabularRegressor).fit(houses, price(houses)).compute_importances(houses, price(houses), repeats=2)
    save(model, tmp_path / "m")
    copy = load(tmp_path / "m")
    np.testing.assert_array_equal(copy.feature_importances_, model.feature_importances_)
    np.testing.assert_array_equal(copy.feature_importances_std_, model.feature_importances_std_)
    with pytest.raises(DataError, match="not kept in model files"):
        copy.compute_importances(houses, price(houses))


def test_what_cannot_be_saved(houses, tmp_path):
    with pytest.raises(NotFittedError):
        save(TabularClassifier(), tmp_path / "m")
    model = quick(TabularClassifier).fit(houses, houses["built"].dt.year.clip(2005, 2007))
    model.classes_ = np.array([1, 2, 3], dtype=object)
    with pytest.raises(DataError, match="these are int"):
        save(model, tmp_path / "m")


@pytest.fixture(scope="module")
def classification(houses):
    model = quick(TabularClassifier, members=[SMALL, Member(hidden=(3,))])
    return model.fit(houses, sort(houses)).compute_importances(houses, sort(houses), repeats=1)


@pytest.fixture(scope="module")
def regression(houses):
    return quick(TabularRegressor).fit(houses, price(houses))


def state_of(model):
    header, arrays = model.to_state()
    return json.loads(json.dumps(header, allow_nan=False)), {name: array.copy() for name, array in arrays.items()}


def more_classes(header, arrays):
    header["target"]["classes"].append("tiny")
    arrays["shifts"] = np.zeros(3)


CHANGES = {
    "nothing": (lambda h, a: h.clear(), "fields"),
    "more": (lambda h, a: h.update(more=1), "fields"),
    "no table": (lambda h, a: h.update(table=None), "table"),
    "a column less": (lambda h, a: h["table"]["schema"]["columns"].pop(0), "medians|names"),
    "a column unnamed": (lambda h, a: h["features"]["columns"].remove("size"), "'size', but does not name it"),
    "a column twice": (lambda h, a: h["features"]["columns"].append("size"), "each of its columns once"),
    "names are numbers": (lambda h, a: h["features"].update(columns=[1]), "each of its columns once"),
    "own perhaps": (lambda h, a: h["features"].update(own=1), "'own' as true or false"),
    "named perhaps": (lambda h, a: h["features"].update(named=1), "true or false"),
    "target name": (lambda h, a: h.update(target_name=["price"]), "text as its name"),
    "target no object": (lambda h, a: h.update(target=[]), "'target' as dict"),
    "three classes": (lambda h, a: h["target"]["classes"].append("tiny"), "shifts must be 3 numbers"),
    "three classes and shifts": (more_classes, "3 outputs"),
    "shifts in float32": (lambda h, a: a.update(shifts=np.zeros(2, np.float32)), "shifts must be 2 numbers"),
    "shifts far away": (lambda h, a: a["shifts"].fill(21.0), "at most 20"),
    "shifts that are none": (lambda h, a: a["shifts"].fill(np.nan), "at most 20"),
    "no shifts": (lambda h, a: a.pop("shifts"), "shifts must be 2 numbers"),
    "one class": (lambda h, a: h["target"]["classes"].pop(), "two or more"),
    "classes twice": (lambda h, a: h["target"].update(classes=["a", "a"]), "differ from each other"),
    "classes out of order": (lambda h, a: h["target"]["classes"].reverse(), "in order"),
    "temperature zero": (lambda h, a: h["target"].update(temperature=0.0), "temperature"),
    "temperature whole": (lambda h, a: h["target"].update(temperature=True), "temperature"),
    "marks": (lambda h, a: h["target"].update(multilabel=True), "activation 'logistic'"),
    "outcome": (lambda h, a: h.update(outcome="WON"), "unknown outcome"),
    "score a text": (lambda h, a: h["numbers"].update(oof_score_="1"), "must be a number"),
    "epochs true": (lambda h, a: h["numbers"].update(n_iter_=True), "must be a number"),
    "preset": (lambda h, a: h["parameters"].update(preset="slow"), "'preset' of TabularClassifier"),
    "engine": (lambda h, a: h["parameters"].update(engine="os"), "'engine' cannot be 'os'"),
    "members": (lambda h, a: h["parameters"].update(members=[{"hidden": [4], "depth": 3}]), "unknown field 'depth'"),
    "weights of rows": (lambda h, a: h["parameters"].update(class_weight=3), "'class_weight' cannot be 3"),
    "unknown parameter": (lambda h, a: h["parameters"].update(presets="fast"), "Did you mean 'preset'"),
    "callbacks": (lambda h, a: h["parameters"].update(callbacks=[]), "no parameter 'callbacks'"),
    "huge network": (lambda h, a: h["networks"][0]["hidden"][0].update(width=10**12), "must be of shape"),
    "wider network": (lambda h, a: h["networks"][0]["hidden"][0].update(width=5), "must be of shape"),
    "more levels": (
        lambda h, a: h["networks"][0]["embedding"]["categories"][0].update(levels=99),
        "inputs; a network takes",
    ),
    "other output": (lambda h, a: h["networks"][0].update(output="identity"), "activation 'softmax'"),
    "no networks": (lambda h, a: h.update(networks=[]), "networks|exactly"),
    "networks no list": (lambda h, a: h.update(networks={}), "'networks' as list"),
    "nothing trained": (lambda h, a: h.update(trained=[]), "sum to 1"),
    "one trained less": (lambda h, a: h["trained"].pop(), "shape|epochs"),
    "trained twice": (lambda h, a: h["trained"].append(h["trained"][0]), "shape|epochs"),
    "network number 9": (lambda h, a: h["trained"][0].update(network=9), "shape"),
    "member number 9": (lambda h, a: h["trained"][0].update(member=9), "sum to 1"),
    "fold below 0": (lambda h, a: h["trained"][0].update(fold=-1), "whole number"),
    "epochs 1e9": (lambda h, a: h["trained"][0].update(epochs=10**9), "epochs"),
    "trained a list": (lambda h, a: h.update(trained=[[1]]), "object"),
    "weights sum to 2": (lambda h, a: a.update(weights=a["weights"] * 2), "sum to 1"),
    "negative weight": (lambda h, a: a.update(weights=np.array([2.0, -1.0])), "sum to 1"),
    "no weights": (lambda h, a: a.pop("weights"), "weights"),
    "weights NaN": (lambda h, a: a.update(weights=np.array([np.nan, 1.0])), "finite"),
    "no parameters": (lambda h, a: a.pop("parameters.1"), "parameters"),
    "parameters NaN": (lambda h, a: a["parameters.0"].__setitem__((0, 0), np.nan), "NaN or infinity"),
    "parameters float64": (lambda h, a: a.update({"parameters.0": a["parameters.0"].astype(float)}), "float32"),
    "parameters flat": (lambda h, a: a.update({"parameters.0": a["parameters.0"].ravel()}), "must be of shape"),
    "no curve": (lambda h, a: a.pop("loss"), "loss"),
    "short curve": (lambda h, a: a.update(loss=a["loss"][1:]), "each of 12 epochs"),
    "more arrays": (lambda h, a: a.update(more=np.zeros(1)), "arrays"),
    "importances short": (lambda h, a: a.update(feature_importances_=np.zeros(2)), "must have 5 numbers"),
    "table's array": (lambda h, a: a.pop("table.factors"), "arrays of the table"),
}

NUMBERS = {
    "range falls": (lambda h, a: a["low"].__setitem__(0, 1e9), "a range that rises"),
    "no spread": (lambda h, a: a["spread"].__setitem__(0, 0.0), "above 0"),
    "no targets": (
        lambda h, a: a.update({name: np.zeros(0) for name in ("low", "high", "centre", "spread")}),
        "spread|column|least",
    ),
    "two in a column": (lambda h, a: a.update(low=np.zeros(2)), "numbers; it has|must have 2"),
    "a scalar": (lambda h, a: a.update(low=np.float64(0.0).reshape(())), "TabularRegressor"),
    "residuals of two": (lambda h, a: h["target"].update(residuals=2), "none or of all 1"),
    "residuals without end": (lambda h, a: h["target"].update(residuals=10**9), "none or of all 1"),
    "residuals fall": (lambda h, a: a.update({"residuals.0.residuals": -a["residuals.0.residuals"]}), "must rise"),
    "starts fall": (lambda h, a: a["residuals.0.starts"].__setitem__(0, 5), "rise from 0"),
    "starts far away": (lambda h, a: a["residuals.0.starts"].__setitem__(-1, 10**12), "must have"),
    "an edge too many": (lambda h, a: a.update({"residuals.0.edges": np.zeros(3)}), "must have 0 numbers"),
    "poisson": (lambda h, a: h["parameters"].update(scoring="poisson"), "activation 'exp'"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changed_classifications(classification, name):
    refused(classification, *CHANGES[name])


@pytest.mark.parametrize("name", NUMBERS)
def test_changed_regressions(regression, name):
    refused(regression, *NUMBERS[name])


def refused(model, change, message):
    header, arrays = state_of(model)
    type(model).from_state(header, arrays)
    change(header, arrays)
    with pytest.raises(ModelFileError, match=message):
        type(model).from_state(header, arrays)


@pytest.mark.parametrize("header", [None, [], 3])
def test_headers_of_another_type(classification, header):
    with pytest.raises(ModelFileError):
        TabularClassifier.from_state(header, classification.to_state()[1])


def test_one_task_is_not_the_other(classification, regression):
    with pytest.raises(ModelFileError):
        TabularRegressor.from_state(*state_of(classification))
    with pytest.raises(ModelFileError):
        TabularClassifier.from_state(*state_of(regression))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value, here=()):
    """Every place in a JSON value."""
    yield here
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*here, key))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("which", ["classification", "regression"])
def test_any_change_of_the_header_loads_or_is_refused(data, which, request, houses):
    model = request.getfixturevalue(which)
    header, arrays = state_of(model)
    place = data.draw(st.sampled_from(list(places(header))[1:]))
    holder = header
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = data.draw(JSON)
    usable_or_refused(model, header, arrays, houses)


ARRAYS = st.sampled_from(
    [
        np.zeros(0),
        np.zeros(1),
        np.zeros((2, 2)),
        np.array(1.0),
        np.full(3, np.nan),
        np.array([1, -1]),
        np.array([True, False]),
        np.arange(3),
        np.zeros((2, 9), dtype=np.float32),
        np.arange(2, dtype=np.uint8),
    ]
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("which", ["classification", "regression"])
def test_any_change_of_an_array_loads_or_is_refused(data, which, request, houses):
    model = request.getfixturevalue(which)
    header, arrays = state_of(model)
    name = data.draw(st.sampled_from(sorted(arrays)))
    array = arrays[name]
    if array.size and data.draw(st.booleans()):
        value = data.draw(st.sampled_from([0, 1, 2, 100, np.iinfo(np.int64).max, -1, np.nan, np.inf, 1e300]))
        with np.errstate(over="ignore", invalid="ignore"):
            array.flat[data.draw(st.integers(0, array.size - 1))] = np.array(value).astype(array.dtype)
    else:
        arrays[name] = data.draw(ARRAYS)
    usable_or_refused(model, header, arrays, houses)


def usable_or_refused(model, header, arrays, houses):
    try:
        copy = type(model).from_state(header, arrays)
    except ModelFileError:
        return
    try:
        with np.errstate(all="ignore"):
            predicted = copy.predict_proba(houses) if hasattr(copy, "predict_proba") else copy.predict_interval(houses)
    except DataError:  # the schema reads this table in another way, or there are no residuals
        return
    assert np.isfinite(predicted).all()
