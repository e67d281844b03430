"""Numbers that are codes: what the target does from one value to the next tells them from quantities."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pellucid.tables import Schema, TabularEncoder, infer_schema
from pellucid.tables.number_levels import scores_of_classes, scores_of_numbers, with_levels

ROWS = 3000


def levels_of(frame, scores, **options):
    """Return how many levels each column got."""
    schema, _ = with_levels(infer_schema(frame), frame, scores, **options)
    return {column.label: len(column.levels) for column in schema.columns}


@pytest.fixture
def random():
    return np.random.default_rng(0)


@pytest.mark.parametrize("values", [21, 50, 300])
def test_codes_are_told_from_quantities(random, values):
    frame = pd.DataFrame({name: random.integers(0, values, ROWS) for name in ("store", "wave", "curve", "nothing")})
    effects = 2 * random.normal(size=values)
    quantities = np.sin(frame.wave / values * 6) + np.square(frame.curve / values)
    y = effects[frame.store] + quantities + random.normal(size=ROWS)
    found = levels_of(frame, scores_of_numbers(y.to_numpy()[:, np.newaxis]))
    assert found == {"store": values, "wave": 0, "curve": 0, "nothing": 0}
    classes = scores_of_classes((y > 0.5).to_numpy().astype(int) + (y > 1.5).to_numpy())
    assert levels_of(frame, classes) == found


def test_heavy_tails_and_missing_cells_of_a_target_and_a_column(random):
    store = random.integers(1000, 1040, ROWS).astype(float)
    y = np.exp(3 * (random.normal(size=40)[store.astype(int) - 1000] + random.normal(size=ROWS)))
    store[random.random(ROWS) < 0.2] = np.nan
    size = np.exp(random.normal(0, 2, ROWS)).round()
    frame = pd.DataFrame({"store": store, "size": size})
    assert levels_of(frame, scores_of_numbers(y[:, np.newaxis])) == {"store": 40, "size": 0}


def test_columns_that_are_not_asked_about_stay_as_they_are(random):
    few, many = random.integers(0, 20, ROWS), random.permutation(ROWS) * 7 // 10
    frame = pd.DataFrame({"few": few, "many": many, "day": random.integers(0, 30, ROWS)})
    y = random.normal(size=20)[few] + random.normal(size=ROWS)[many] + random.normal(size=30)[frame.day]
    assert set(levels_of(frame, scores_of_numbers(y[:, np.newaxis]), leave_out=["day"]).values()) == {0}


@pytest.mark.parametrize(("rows", "is_clear"), [(2, False), (12, True)])
def test_few_rows_of_each_value_are_worth_a_try(random, rows, is_clear):
    """A panel: the number of a customer tells what no size does; whether so few rows teach it, a race must tell."""
    customer = np.repeat(random.permutation(400), rows)
    frame = pd.DataFrame({"customer": customer, "size": random.normal(size=len(customer))})
    y = random.normal(size=400)[customer] + 0.3 * frame["size"].to_numpy()
    schema, clear = with_levels(infer_schema(frame), frame, scores_of_numbers(y[:, np.newaxis]))
    assert [len(column.levels) for column in schema.columns] == [400, 0]
    assert clear is is_clear


def test_levels_that_a_number_has_stay(random):
    frame = pd.DataFrame({"store": random.integers(0, 30, ROWS), "size": random.normal(size=ROWS)})
    store, size = infer_schema(frame).columns
    known = Schema((replace(store, levels=("1", "2")), size), rows=ROWS)
    assert with_levels(known, frame, random.normal(size=(ROWS, 1))) == (known, True)


def test_of_very_many_columns_none_is_asked_about(random):
    store = random.integers(0, 30, ROWS)
    frame = pd.DataFrame({"store": store} | {f"x{i}": random.normal(size=ROWS) for i in range(300)})
    scores = scores_of_numbers(random.normal(size=30)[store][:, np.newaxis])
    assert levels_of(frame, scores)["store"] == 0
    assert levels_of(frame.iloc[:, :300], scores)["store"] == 30


def test_a_constant_target_has_no_jumps(random):
    frame = pd.DataFrame({"store": random.integers(0, 30, ROWS)})
    assert levels_of(frame, np.zeros((ROWS, 1))) == {"store": 0}


def test_a_number_that_only_rows_of_one_kind_have_has_no_jumps(random):
    """The age at which a disease began: where it is there, all are ill."""
    is_ill = random.random(ROWS) < 0.5
    age = np.where(is_ill, random.integers(30, 80, ROWS), np.nan)
    frame = pd.DataFrame({"age": age, "size": random.normal(size=ROWS)})
    assert levels_of(frame, scores_of_classes(is_ill.astype(int))) == {"age": 0, "size": 0}
    assert levels_of(frame.assign(age=np.arange(ROWS) // 2), scores_of_numbers(np.zeros((ROWS, 1))))["age"] == 0


def test_an_encoder_sees_such_a_number_by_size_and_by_value(random):
    store = random.integers(100, 130, ROWS)
    frame = pd.DataFrame({"store": store})
    y = random.normal(size=30)[store - 100]
    schema, _ = with_levels(infer_schema(frame), frame, scores_of_numbers(y[:, np.newaxis]))
    assert schema.columns[0].meaning() == "number from 100 to 129; each of its 30 values, too"
    encoder = TabularEncoder(schema).fit(frame)
    assert encoder.inputs.names == ("store", "store by value")
    assert encoder.inputs.sources == ("store", "store")
    assert encoder.inputs.levels == (30,)
    X = encoder.transform(pd.DataFrame({"store": [100, 129, None, 5000, 100.5]}))
    np.testing.assert_array_equal(X[:, 1], [0, 29, -1, -1, -1])
    assert (np.diff(X[[0, 4, 1, 3], 0]) > 0).all()
    as_text = encoder.transform(pd.DataFrame({"store": ["100", "129.0", "", "5e3", "100.5"]}))
    np.testing.assert_array_equal(as_text, X)
    again = TabularEncoder.from_state(*encoder.to_state())
    np.testing.assert_array_equal(again.transform(frame), encoder.transform(frame))
