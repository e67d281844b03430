"""Numbers that may stand for missing values are told of; ordinary ones are not."""

import numpy as np
import pandas as pd
import pytest

from pellucid.tables import infer_schema
from pellucid.tables.sentinels import note_of_sentinels

RANDOM = np.random.default_rng(0)


def with_some(values, *others):
    return np.concatenate([np.asarray(values, dtype=float), np.repeat(others, 3)])


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (with_some(RANDOM.integers(18, 90, 100), -999), "-999 in 3 cells, far"),
        (with_some(RANDOM.normal(15, 10, 100), -9999), "-9999 in 3 cells, far"),
        (with_some(RANDOM.normal(15, 10, 100), 999.9), "999.9 in 3 cells, far"),
        (with_some(RANDOM.integers(1990, 2024, 100), 9999), "9999 in 3 cells, far"),
        (with_some(RANDOM.lognormal(10, 1, 100), -99), "-99 in 3 cells, far"),
        (with_some(RANDOM.integers(1, 6, 100), 99), "99 in 3 cells, far"),
        (with_some(RANDOM.integers(1, 6, 100), -99, 999), "-99 in 3 cells and 999 in 3 cells, far from all others: if"),
    ],
)
def test_told(values, told):
    assert note_of_sentinels(values).startswith(told)


@pytest.mark.parametrize(
    "values",
    [
        np.arange(2000.0),  # a count, or an identifier
        np.repeat(np.arange(-1000.0, 1000), 3),
        with_some(RANDOM.integers(0, 120, 100), 99),  # ages
        with_some(RANDOM.normal(-20, 30, 100), -99),  # temperatures
        with_some(RANDOM.lognormal(6, 1, 500), 999, 9999),  # prices
        with_some(RANDOM.normal(0, 5000, 100), -999, -9999),  # balances
        np.append(RANDOM.integers(18, 90, 100), -999),  # once only
        with_some([1, 1, 1, 2, 2], 999),  # codes
        with_some([], 999),
        np.array([]),
        np.full(5, np.nan),
        with_some(RANDOM.integers(18, 90, 100), -1),
    ],
)
def test_not_told(values):
    assert note_of_sentinels(values) == ""


@pytest.mark.parametrize("as_text", [False, True])
def test_in_the_schema_and_nothing_changes(as_text):
    ages = with_some(RANDOM.integers(18, 90, 100), -999)
    column = infer_schema(pd.DataFrame({"age": ages.astype(int).astype(str) if as_text else ages})).columns[0]
    assert (column.kind, column.low, column.missing) == ("number", -999, 0)
    told = "-999 in 3 cells, far from all others: if it means missing, leave these cells empty, or declare it "
    assert column.note == told + "(missing_values, --missing)"
