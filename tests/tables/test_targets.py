import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import DataError, ModelFileError
from pellucid.tables import Target

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
        {"more": 1},
        {"task": "regression"},
    ],
)
def test_hostile_states(change):
    with pytest.raises(ModelFileError):
        Target.from_state(target_of(["a", "b"] * 3).to_state() | change)
