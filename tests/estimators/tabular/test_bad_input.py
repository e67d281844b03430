"""Tables and targets that make trouble: a sensible result, or an error that names subject, rule, value and remedy."""

import re
import time
from contextlib import nullcontext

import numpy as np
import pandas as pd
import polars as pl
import pytest

from pellucid import TabularClassifier, TabularRegressor
from pellucid.errors import DataError, DataWarning, DivergedError, SpecError
from pellucid.estimators.tabular import Member
from pellucid.estimators.tabular.members import describe_network
from pellucid.spec import parameter_count
from pellucid.tables import Inputs

ONE = {"preset": "fast", "max_epochs": 3, "random_state": 0, "n_threads": 1}
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(60, 3))
y = X[:, 0]
TABLE = pd.DataFrame({"n": y, "t": RANDOM.choice(["a", "b", "c"], 60)})


def at(values, *rows, of=y):
    """The target with other values in some rows."""
    changed = np.array(of, dtype=object if isinstance(values, str) else float)
    changed[list(rows)] = values
    return changed


# --- targets ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "target", "message"),
    [
        (TabularClassifier(), np.ones(60), r"at least two classes; every row has 1\.0"),
        (TabularClassifier(), ["yes"] * 60, r"every row has 'yes' \(1 class\)"),
        (TabularClassifier(), y, "discrete classes on a regression target.*Use TabularRegressor"),
        (TabularClassifier(), np.array([1, "a"] * 30, dtype=object), "of one type; got int, str"),
        (TabularClassifier(), "y", r"one value for each row; got the text 'y'\. Pass the column: y=table\['y'\], and"),
        (TabularRegressor(), "y", "got the text 'y'. Pass the column"),
        (
            TabularClassifier(class_weight="balansed"),
            np.array([0, 1] * 30),
            "^'class_weight' of TabularClassifier must be a dict from classes to weights, 'balanced' or None; got "
            r"'balansed'\. Did you mean 'balanced'\?$",
        ),
        (TabularClassifier(), np.array([1, True] * 30, dtype=object), "of one type; got bool, int, such as 1"),
        (TabularClassifier(), np.array(["a", 1] * 30, dtype=object), "of one type; got int, str, such as 'a'"),
        (TabularClassifier(), np.array([["a", 1]] * 60, dtype=object), "of one type; got int, str, such as 'a'"),
        (
            TabularClassifier(),
            np.column_stack([np.arange(60) % 2, np.arange(60) % 3]),
            "^Several targets of a classification must each be 0 or 1 in every row; the target in column 2 has 2 in "
            r"row 3\. Learn each by a classifier of its own, as scikit-learn's MultiOutputClassifier\(",
        ),
        (TabularClassifier(), [["p", "q"], ["q", "p"]] * 30, "column 1 has 'p' in row 1"),
        (
            TabularClassifier(),
            pd.cut(np.arange(60), 2),
            r"text, whole numbers, or true and false; got Interval, such as .* into text, as y.astype\(str\) does",
        ),
        (TabularClassifier(), ["a", np.nan] * 30, r"missing in rows 2, 4, 6, 8, 10 … \(30 in all\)"),
        (TabularClassifier(), ["a", None] * 30, r"missing in rows 2, 4, 6, 8, 10 … \(30 in all\)"),
        (TabularClassifier(), at(np.inf, 2, of=np.arange(60) % 2), "infinity; it is in row 3"),
        (TabularRegressor(), at(np.nan, 4, 9), r"missing in rows 5, 10\. Remove those rows"),
        (TabularRegressor(), at(np.inf, 4), r"infinity or larger in row 5"),
        (TabularRegressor(), at(-1e200, 0), r"at most 1e\+100 in size.*row 1"),
        (TabularRegressor(), at("a", 3), "must hold numbers.*Use TabularClassifier"),
        (TabularRegressor(), pd.date_range("2020", "2021", 60), "must hold numbers"),
        (TabularRegressor(), y + 1j, "Complex data not supported"),
        (TabularRegressor(scoring="poisson"), at(-1.0, 0, of=np.ones(60)), "at least 0 for the scoring.*row 1"),
        (TabularRegressor(), np.zeros((60, 1, 1)), "1d or 2d array"),
        (TabularRegressor(), y[:5], "The target y must have one value for each of the 60 rows; it has 5"),
        (TabularRegressor(), y * 1e-300, "must vary by at least 1e-100, or not at all; it varies by .*smaller unit"),
        (TabularRegressor(), None, "y"),
    ],
)
def test_a_target_that_cannot_be_learned(model, target, message):
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(X, target)


# --- columns ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame(X, columns=["a", "a", "b"]), r"'a' twice \(columns 1 and 2\): rename"),
        (np.ones((60, 1)), "'x0': the same value in every row"),
        (pd.DataFrame({"a": [None] * 60, "b": [np.nan] * 60}), "'a': no values; 'b': no values"),
        (X * 1e300, "'x0': no values"),
    ],
)
def test_a_table_that_nothing_can_be_learned_from(table, message):
    with pytest.raises(DataError, match=message):
        TabularRegressor(**ONE).fit(table, y)


@pytest.mark.parametrize(
    ("more", "meaning"),
    [
        ([None] * 60, "ignored; no values"),
        ([1, "a", 2.5, True] * 15, r"mixed types \(bool, float, int, str\)"),
        ([np.inf, -np.inf, 1.0, 2.0, 3.0, 4.0] * 10, "20 cells are infinite"),
        ([[1, 2], [3]] * 30, "category, 2 levels"),
        ([{"a": 1}, b"x"] * 30, "category, 2 levels"),
        (list(np.round(y, 12)), "number"),
    ],
)
def test_strange_columns_are_shown_and_do_no_harm(more, meaning):
    table = TABLE.assign(more=pd.Series(more, dtype=None if isinstance(more[0], float) else object))
    with pytest.warns(DataWarning, match="'more' .* infinite") if "infinite" in meaning else nullcontext():
        model = TabularRegressor(**ONE).fit(table, y)
    assert re.search(meaning, model.schema_.describe()[-1][2])
    assert np.isfinite(model.predict(table)).all()


def test_a_row_without_values():
    holes = X.copy()
    holes[3] = np.nan
    model = TabularRegressor(**ONE).fit(holes, y)
    assert np.isfinite(model.predict(holes[3:4])).all()


@pytest.fixture(scope="module")
def model():
    return TabularRegressor(**ONE).fit(TABLE, y)


def test_a_category_never_seen_is_predicted(model):
    seen, unseen = (model.predict(pd.DataFrame({"n": [0.5], "t": [level]})) for level in ("a", "zebra"))
    assert np.isfinite(unseen).all()
    assert seen != unseen


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            pd.DataFrame({"n": [1.0, "many"], "t": ["a", "b"]}),
            "Column 'n' must hold numbers; row 2 has 'many'. Correct",
        ),
        (pd.DataFrame({"n": [1.0]}), "must have the column 't'"),
        (pd.DataFrame({"n": [], "t": []}), "at least one row"),
    ],
)
def test_a_table_that_cannot_be_predicted(model, table, message):
    with pytest.raises(DataError, match=message):
        model.predict(table)


def test_an_identifier_that_the_target_goes_along_with_is_told_of(recwarn):
    random = np.random.default_rng(0)
    number = np.arange(1000)
    frame = pd.DataFrame({"customer_id": number + 100_000, "a": random.normal(size=1000)})
    drifting = (number > 700).astype(int) ^ (random.random(1000) < 0.1)
    with pytest.warns(DataWarning, match=r"Left out as identifiers, though the target goes along with them: 'custom"):
        TabularClassifier(preset="fast", max_epochs=2).fit(frame, drifting)
    recwarn.clear()
    TabularRegressor(preset="fast", max_epochs=2, time_column="customer_id").fit(frame, drifting.astype(float))
    shuffled = random.permutation(drifting)
    TabularClassifier(preset="fast", max_epochs=2).fit(frame, shuffled)
    assert not [each for each in recwarn if "identifier" in str(each.message)]


def test_numbers_that_are_lost_are_told():
    lost = TABLE.assign(price=[f"1,{i}" for i in range(len(TABLE))])
    with pytest.warns(DataWarning, match=r"Left out, though they may tell something: 'price' \(numbers with commas"):
        TabularRegressor(**ONE).fit(lost, y)


@pytest.mark.parametrize(
    ("cells", "said"), [(X.tolist(), "cells of several values, read as text"), (list(y + 1j), "complex numbers, read")]
)
def test_columns_of_lists_and_complex_numbers_are_told(cells, said):
    table = TABLE.assign(more=cells)
    with pytest.warns(DataWarning, match=rf"Left out.*: 'more' \({said}"):
        model = TabularRegressor(**ONE).fit(table, y)
    assert np.isfinite(model.predict(table)).all()


def test_a_lazy_table_is_refused_without_a_look_at_its_columns():
    with pytest.raises(DataError, match=r"got LazyFrame\. Give what its method collect\(\)"):
        TabularRegressor(**ONE).fit(pl.from_pandas(TABLE).lazy(), y)


# --- few rows, many columns -------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::pellucid.errors.DataWarning")
@pytest.mark.parametrize("preset", ["fast", "default", "best"])
@pytest.mark.parametrize("rows", [2, 3, 6])
def test_a_few_rows(preset, rows):
    few = {"preset": preset, "max_epochs": 2, "random_state": 0, "n_threads": 1}
    numbers = TabularRegressor(**few).fit(X[:rows], y[:rows])
    assert np.isfinite(numbers.predict(X)).all()
    assert np.isfinite(numbers.predict_interval(X)).all()
    classes = TabularClassifier(**few).fit(X[:rows], ["a", "b", *"abab"[: rows - 2]])
    np.testing.assert_allclose(classes.predict_proba(X).sum(axis=1), 1)


def test_one_column():
    assert TabularRegressor(**ONE).fit(X[:, :1], y).predict(X[:, :1]).shape == (60,)
    assert TabularRegressor(**ONE).fit(TABLE[["t"]], y).predict(TABLE[["t"]]).shape == (60,)


def test_100_000_columns_take_bounded_memory():
    inputs = Inputs(("n",) * 100_000, ("n",) * 100_000, numeric=100_000, passed=0, levels=())
    for member in (Member(), Member(numbers="periodic"), Member(hidden=(16, 16))):
        network = describe_network(member, inputs, np.zeros((2, 100_000), dtype=np.float32), 1, "identity")
        assert 1e6 < parameter_count(network) < 9e6  # a first layer of 256 would have 26 million


def test_many_columns_are_learned_from():
    wide = np.random.default_rng(0).normal(size=(40, 5_000)).astype(np.float32)
    began = time.perf_counter()
    model = TabularRegressor(**ONE).fit(wide, wide[:, 0])
    assert time.perf_counter() - began < 30
    assert np.isfinite(model.predict(wide)).all()


# --- parameters and weights -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("preset", "fastest"),
        ("scoring", "r2"),
        ("n_folds", 0),
        ("n_folds", True),
        ("max_epochs", 0.5),
        ("n_threads", -1),
        ("n_threads", 2**70),
        ("time_limit", 0),
        ("time_limit", np.inf),
        ("time_limit", "1 min"),
        ("members", []),
        ("members", [1]),
        ("warm_start", "no"),
        ("progress", "no"),
        ("callbacks", 3),
        ("random_state", -1),
        ("random_state", "0"),
    ],
)
def test_a_parameter_that_breaks_its_rule(name, value):
    with pytest.raises(DataError, match=f"'{name}' of TabularRegressor must .*; got "):
        TabularRegressor(**{name: value}).fit(X, y)


def test_more_folds_than_rows():
    weight = np.arange(60) % 2
    with pytest.raises(DataError, match=r"'n_folds' of TabularRegressor must be at most .* learn from, 30; got 31"):
        TabularRegressor(n_folds=31).fit(X, y, weight)


def test_an_unknown_engine():
    with pytest.raises(SpecError, match="no engine 'gpu'"):
        TabularRegressor(engine="gpu").fit(X, y)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sample_weight": -np.ones(60)}, "negative in rows 1, 2"),
        ({"sample_weight": np.zeros(60)}, "weights of all 60 rows are zero"),
        ({"sample_weight": np.arange(60) == 7}, "at least 2 rows"),
        ({"sample_weight": at(np.nan, 1, 4, of=np.ones(60))}, r"missing in rows 2, 5\. Give rows"),
        ({"sample_weight": np.ones(5)}, "'sample_weight' must have one number for each of the 60 rows; it has 5"),
        ({"sample_weight": np.ones((60, 2))}, r"one number for each row; got an array of shape \(60, 2\)"),
        ({"sample_weight": ["1", "a"] * 30}, r"must be numbers; it is not in rows 2, 4.*: 'a'"),
        ({"sample_weight": "w"}, r"got the text 'w'\. Pass the column: sample_weight=table\['w'\]"),
        ({"sample_weight": np.full(60, 1.7e308)}, "must have a sum of at most 1.8e.308.*Divide all"),
        ({"groups": np.zeros(60)}, "at least 2 groups"),
        ({"groups": np.zeros(6)}, "'groups' must have one value for each of the 60 rows; it has 6"),
        ({"groups": [None] * 60}, "missing in rows 1, 2"),
    ],
)
def test_weights_and_groups_that_cannot_be_used(given, message):
    with pytest.raises(DataError, match=message):
        TabularRegressor(**ONE).fit(X, y, **given)


@pytest.mark.parametrize(
    ("column", "message"), [("when", "must have the column 'when'"), ("t", r"'time_column' \('t'\) must hold")]
)
def test_a_time_column_that_cannot_be_used(column, message):
    with pytest.raises(DataError, match=message):
        TabularRegressor(time_column=column).fit(TABLE, y)


def test_training_that_diverges_says_so():
    wild = Member(hidden=(8, 8), numbers="plain", learning_rate=1e38)
    with pytest.raises(DivergedError, match="smaller learning rate"):
        TabularRegressor(members=[wild], max_epochs=5, n_threads=1).fit(np.tile(X, (10, 1)), np.tile(y, 10))


def test_groups_are_a_column_not_its_name():
    table = pd.DataFrame({"who": list("aabbcc") * 5, "x": np.arange(30.0)})
    with pytest.raises(DataError, match=r"got the text 'who'\. Pass the column: groups=table\['who'\]"):
        TabularRegressor(preset="fast").fit(table, np.arange(30.0), groups="who")


def test_targets_written_as_money_are_numbers():
    X, y = np.arange(40.0).reshape(-1, 1), np.arange(40.0) * 1000
    options = {"preset": "fast", "max_epochs": 4, "random_state": 0}
    plain = TabularRegressor(**options).fit(X, y)
    written = TabularRegressor(**options).fit(X, [f"${value:,.2f}" for value in y])
    np.testing.assert_array_equal(written.predict(X), plain.predict(X))
    with pytest.raises(DataError, match=r"must hold numbers; it does not in row 2\. Correct these rows. Use Tab"):
        TabularRegressor(**options).fit(X[:20], ["$1", "cheap", *["$2", "$3"] * 9])


def test_columns_of_cells_too_large_are_told_of():
    table = TABLE.assign(huge=np.linspace(1e150, 2e150, len(TABLE)))
    with pytest.warns(DataWarning, match=r"^Cells that are no numbers to learn from: 'huge' \(.* 60 cells"):
        TabularRegressor(**ONE).fit(table, y)


def test_weights_must_be_finite():
    weight = np.ones(len(TABLE))
    weight[3] = np.inf
    with pytest.raises(DataError, match=r"'sample_weight' must be finite; it is infinite in row 4\. Weights count"):
        TabularRegressor(**ONE).fit(TABLE, y, sample_weight=weight)
