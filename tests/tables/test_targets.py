import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import DataError, ModelFileError
from pellucid.tables import Target, TargetTable

from .strange_frames import strange_frames


def target_of(cells, task="auto", **options):
    return Target.of(pd.Series(cells, name="goal", **options), task)


@pytest.mark.parametrize(
    ("cells", "task"),
    [
        (["a", "b"] * 5, "classification"),
        (["0", "1"] * 5, "classification"),
        ([0, 1, 1, 0], "classification"),
        ([0, 1, 2, 3] * 5, "classification"),
        ([0, 1, 2, 3] * 4, "regression"),
        (list(range(21)) * 9, "regression"),
        ([100, 200, 300] * 9, "regression"),
        ([100, 900] * 9, "classification"),
        ([0.5, 1.5] * 9, "regression"),
        ([1.0, 2.0] * 9, "classification"),
        ([True, False] * 3, "classification"),
        (pd.Categorical([1, 2, 3] * 3), "classification"),
        (["1.5", "2.5", "7"], "regression"),
        ([f"0{i}" for i in range(30)] * 9, "classification"),
    ],
)
def test_tasks(cells, task):
    assert target_of(cells).task == task


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        (["b", "a", "b", "a"], ["a", "b"]),
        ([1, 0, 1, 0], [0, 1]),
        ([True, False] * 2, [False, True]),
        ([2.0, 1.0] * 2, [1.0, 2.0]),
        (["10", "9"] * 2, ["9", "10"]),
        (["007", "1"] * 2, ["1", "007"]),
        ([1, "a"] * 2, ["1", "a"]),
        ([np.int8(3), np.int8(4)] * 2, [3, 4]),
        (pd.Categorical(["y", "x"] * 2), ["x", "y"]),
    ],
)
def test_labels_come_back_as_they_were(cells, classes):
    target = target_of(cells, "classification")
    assert target.classes.tolist() == classes
    assert [type(label) for label in target.classes.tolist()] == [type(label) for label in classes]
    codes = target.encode(pd.Series(cells))
    assert sorted(set(codes.tolist())) == list(range(len(classes)))
    assert [str(label) for label in target.decode(codes)] == [str(cell) for cell in cells]


def test_labels_are_known_in_other_types_too():
    target = target_of([0, 1, 0, 1])
    assert target.encode(pd.Series(["1", "0"])).tolist() == [1, 0]
    assert target.encode(pd.Series([1.0, 0.0])).tolist() == [1, 0]


def test_regression_is_standardised_and_back():
    values = [1.0, 5.0, 9.0, 2.5]
    target = target_of(values)
    y = target.encode(pd.Series(values))
    assert abs(y.mean()) < 1e-12
    assert abs(y.std() - 1) < 1e-12
    assert np.allclose(target.decode(y), values)


@pytest.mark.parametrize(
    ("cells", "task", "message"),
    [
        (["a"] * 5, "auto", r"at least two classes; every row has 'a'"),
        ([3.0] * 5, "regression", "must vary; every row has 3"),
        ([1.0, np.nan, 2.0, None], "auto", "missing in rows 2, 4"),
        (["a", "", "NA", "b"], "auto", "missing in rows 2, 3"),
        ([0.5, np.inf, 2.0], "auto", "not in row 2"),
        ([0.5, 1e200, 2.0], "regression", "not in row 2"),
        ([1, 2, "many"], "regression", r"must be a number; row 3 has 'many'"),
        ([f"text {i}" for i in range(10)], "auto", "10 rows have 10 different values"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), "auto", "it is a date"),
        ([1, 2], "clasification", r"Did you mean 'classification'"),
    ],
)
def test_bad_targets(cells, task, message):
    with pytest.raises(DataError, match=message):
        target_of(cells, task)


def test_unknown_class():
    with pytest.raises(DataError, match=r"row 2 is not, as 'rd'\. Did you mean 'red'"):
        target_of(["red", "blue"] * 3).encode(pd.Series(["red", "rd"]))


@settings(max_examples=100)
@given(strange_frames(least_rows=2), st.sampled_from(["auto", "classification", "regression"]))
def test_any_column_is_a_target_or_an_error(frame, task):
    for i in range(frame.shape[1]):
        series = frame.iloc[:, i]
        try:
            target = Target.of(series, task)
        except DataError:
            continue
        y = target.encode(series)
        assert np.isfinite(y).all()
        copy = Target.from_state(json.loads(json.dumps(target.to_state(), allow_nan=False)))
        assert copy == target
        assert np.array_equal(copy.encode(series), y)


@pytest.mark.parametrize(
    "change",
    [
        {"task": "auto"},
        {"label": 3},
        {"labels": []},
        {"labels": ["a"]},
        {"labels": ["a", "a"]},
        {"labels": ["a", 1]},
        {"labels": [0, 2**70]},
        {"labels": [[1], [2]]},
        {"labels": "ab"},
        {"mean": float("nan")},
        {"scale": 0.0},
        {"scale": "1"},
        {"low": 1.0},
        {"high": float("inf")},
        {"skew": None},
        {"more": 1},
        {"task": "regression"},
    ],
)
def test_hostile_states(change):
    with pytest.raises(ModelFileError):
        Target.from_state(target_of(["a", "b"] * 3).to_state() | change)


def test_heavy_tails_are_reported_and_clamped():
    target = target_of(np.exp(np.random.default_rng(0).normal(size=1000) * 2))
    assert target.skew > 5
    assert "skew" in target.meaning()
    assert target.decode([-100.0, 1e9], clamp=True).tolist() == [target.low, target.high]
    assert target.decode([-100.0])[0] < 0
    assert abs(target_of(np.linspace(0, 1, 100)).skew) < 1e-9
    assert "skew" not in target_of(np.linspace(0, 1, 100)).meaning()


@pytest.mark.parametrize("dtype", ["int64", "float64", "bool", "Int8", "str"])
def test_multilabel(dtype):
    marks = pd.DataFrame({"a": [1, 0, 1], "b": [0, 0, 0]}).astype("int64" if dtype == "str" else dtype)
    marks = marks.astype("str") if dtype == "str" else marks
    targets = TargetTable.of(marks)
    assert targets.task == "multilabel"
    assert targets.encode(marks).tolist() == [[1, 0], [0, 0], [1, 0]]
    assert targets.decode(targets.encode(marks)).astype(int).tolist() == [[1, 0], [0, 0], [1, 0]]
    assert TargetTable.from_state(json.loads(json.dumps(targets.to_state()))) == targets


def test_several_numbers():
    y = np.random.default_rng(0).normal(size=(50, 3)) * [1, 10, 1e6] + 5
    targets = TargetTable.of(y)
    assert targets.task == "regression"
    assert np.allclose(targets.encode(y).std(axis=0), 1)
    assert np.allclose(targets.decode(targets.encode(y)), y)
    assert np.array_equal(targets.decode(np.full((1, 3), 1e9), clamp=True)[0], y.max(axis=0))
    assert TargetTable.from_state(json.loads(json.dumps(targets.to_state()))) == targets


@pytest.mark.parametrize(
    ("table", "task", "message"),
    [
        ({"a": [1, 0], "b": [2, 0]}, "classification", r"only 0 and 1; 'b' does not"),
        ({"a": [1.5, 0], "b": [2, None]}, "auto", r"'b' .* missing in row 2"),
        ({"a": [1.5, 0], "b": ["x", "y"]}, "auto", r"'b' of a regression must be a number; row 1 has 'x'"),
        ({"a": [1.5, 0], "b": [1, 1]}, "auto", r"'b' must vary"),
        ({}, "auto", "at least one row and one column"),
        ({"a": [1, 0]}, "ranking", "known names"),
    ],
)
def test_several_bad_targets(table, task, message):
    with pytest.raises(DataError, match=message):
        TargetTable.of(pd.DataFrame(table), task)


@settings(max_examples=100)
@given(strange_frames())
def test_any_frame_is_targets_or_an_error(frame):
    try:
        targets = TargetTable.of(frame)
        y = targets.encode(frame)
    except DataError:
        return
    assert np.isfinite(y).all()
    assert TargetTable.from_state(json.loads(json.dumps(targets.to_state(), allow_nan=False))) == targets


@pytest.mark.parametrize(
    "state",
    [
        [],
        {},
        None,
        [1],
        [target_of(["a", "b"] * 3).to_state()],
        [target_of([0, 1] * 3).to_state()] * 2,
        [target_of([0, 1] * 3).to_state(), target_of([0.5, 1]).to_state() | {"label": "b"}],
    ],
)
def test_several_hostile_states(state):
    with pytest.raises(ModelFileError):
        TargetTable.from_state(state)


def test_thousands_dots_in_a_target():
    target = Target.of(pd.Series(["€11.687,50", "€1.215", "€813"] * 10, name="price"))
    assert (target.task, target.low, target.high) == ("regression", 813, 11687.5)


def test_numbers_with_commas_that_are_no_classes_get_the_remedy():
    cells = pd.Series([f"{i},234" for i in range(1, 30)], name="price")
    with pytest.raises(
        DataError, match=r"29 rows have 29 different values, such as '1,234'\. They are numbers with commas"
    ):
        Target.of(cells)
    with pytest.raises(DataError, match=r"such as '1/4/2021'\. They are dates, taken as classes\."):
        Target.of(pd.Series([f"{i}/4/2021" for i in range(1, 30)], name="day"))


def test_the_word_among_numbers_with_commas_is_named():
    with pytest.raises(DataError, match="must be a number; row 2 has 'unknown'"):
        Target.of(pd.Series(["1,234", "unknown", "2,345"], name="y"), "regression")
    with pytest.raises(DataError, match="must be a number; row 1 has '1,234'"):
        Target.of(pd.Series(["1,234", "2,345"], name="y"), "regression")
