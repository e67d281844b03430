import numpy as np
import pandas as pd
import pytest

from pellucid.errors import SpecError
from pellucid.tables import ColumnSchema, Schema
from pellucid.tables.schema import date_parts


@pytest.mark.parametrize("text", ["1900-01-01 00:00", "1970-01-01 23:59", "2024-02-29 12:34", "1969-12-31 01:00"])
def test_date_parts_agree_with_pandas(text):
    time = pd.Timestamp(text)
    days = np.array([(time - pd.Timestamp(0)) / pd.Timedelta(days=1), np.nan])
    found = {name: values[0] for name, values in date_parts(days).items()}
    parts = {name: getattr(time, name) for name in ("year", "month", "day", "hour")}
    assert found == parts | {"weekday": time.weekday()}
    assert all(np.isnan(values[1]) for values in date_parts(days).values())


def test_a_schema_is_printed_as_a_table():
    schema = Schema((ColumnSchema("age", "number", 1, 2, low=1.0, high=2.0), ColumnSchema("k", "boolean")), rows=4)
    assert str(schema).splitlines() == [
        "column  missing  meaning",
        "age       25.0%  number from 1 to 2",
        "k                yes or no",
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "texts"},
        {"kind": "number", "low": float("inf")},
        {"kind": "category", "levels": ("b", "a")},
        {"kind": "category", "levels": ("a", "a")},
        {"kind": "date", "parts": ("second",)},
        {"kind": "date", "date_format": "%s"},
        {"kind": "number", "missing": -1},
        {"kind": "number", "unit": "weeks"},
    ],
)
def test_impossible_columns(fields):
    with pytest.raises(SpecError):
        ColumnSchema("c", **fields)
