import json
from datetime import time, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pellucid.errors import DataError
from pellucid.tables import ParquetTable, TabularEncoder, fit_encoder, infer_schema, read_table
from pellucid.tables.cells import coded
from pellucid.tables.clocks import read_measured, unit_of
from pellucid.tables.inference import is_lost, nearly_numbers_or_dates

SECONDS = np.random.default_rng(0).integers(0, 86_400, 120).tolist()
TIMES = [time(s // 3600, s // 60 % 60, s % 60) for s in SECONDS]
HOURS = np.array(SECONDS) / 3600
DURATIONS = pd.Series(pd.to_timedelta(np.array(SECONDS) * 7 - 90_000, unit="s"))
PYTHONS = [timedelta(seconds=s * 7 - 90_000) for s in SECONDS]
DAYS = (np.array(SECONDS) * 7 - 90_000) / 86_400


def described(table):
    return infer_schema(table).columns[0]


@pytest.mark.parametrize(
    ("text", "hours", "days"),
    [
        ("14:35", 14 + 35 / 60, (14 + 35 / 60) / 24),
        ("0:00", 0, 0),
        ("14:35:20", 14 + 35 / 60 + 20 / 3600, (14 + 35 / 60 + 20 / 3600) / 24),
        ("06:00:00.000036", 6 + 1e-8, 0.25 + 1e-8 / 24),
        ("2:30 PM", 14.5, None),
        ("12:30 a.m.", 0.5, None),
        ("12:30\u202fpm", 12.5, None),
        ("2pm", 14, None),
        ("12am", 0, None),
        ("0:30 pm", None, None),
        ("13 pm", None, None),
        ("24:00", None, 1),
        ("37:30", None, 1.5625),
        ("9:5", None, None),
        ("9:60", None, None),
        ("9", None, None),
        ("0 days 12:00:00", None, 0.5),
        ("1 day, 6:00:00", None, 1.25),
        ("-1 days +18:00:00", None, -0.25),
        ("-1 day, 18:00:00", None, -0.25),
        ("-0:30", None, -0.5 / 24),
        ("5 days", None, 5),
        ("5 days ago", None, None),
        (", 3:00", None, None),
        ("noon", None, None),
    ],
)
def test_what_a_text_means(text, hours, days):
    for unit, expected in (("hours", hours), ("days", days)):
        values, wrong = read_measured(pd.Series([text]), unit)
        assert wrong.tolist() == [expected is None]
        np.testing.assert_allclose(values, [np.nan if expected is None else expected], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (["9:30", None, "-"], "hours"),
        (["9:30", "25:30"], "days"),
        (["9:30", "noon"], ""),
        (["1:5", "1:10"], ""),
        (["5", "6"], ""),
        (["-"], ""),
        ([], ""),
    ],
)
def test_units(texts, unit):
    cells = coded(pd.Series(texts, dtype=object))
    assert unit_of(cells) == unit


def texts_of(pattern):
    return [each.strftime(pattern) for each in TIMES]


TIME_TABLES = {
    "objects": lambda: pd.DataFrame({"at": TIMES}),
    "text": lambda: pd.DataFrame({"at": texts_of("%H:%M:%S")}),
    "of twelve hours": lambda: pd.DataFrame({"at": texts_of("%I:%M:%S %p")}),
    "polars": lambda: pl.DataFrame({"at": TIMES}),
    "time32": lambda: pa.table({"at": pa.array(TIMES, pa.time32("s"))}),
    "time64": lambda: pa.table({"at": pa.array([s * 10**9 + 1 for s in SECONDS], pa.time64("ns"))}),
    "kept by Arrow": lambda: pd.DataFrame({"at": pd.array(TIMES, dtype=pd.ArrowDtype(pa.time64("us")))}),
}
LATER_TIMES = TIME_TABLES | {
    "durations": lambda: pd.DataFrame({"at": pd.to_timedelta(SECONDS, unit="s")}),
}
DURATION_TABLES = {
    "typed": lambda: pd.DataFrame({"at": DURATIONS}),
    "objects": lambda: pd.DataFrame({"at": DURATIONS.astype(object)}),
    "Python's": lambda: pd.DataFrame({"at": pd.Series(PYTHONS, dtype=object)}),
    "NumPy's": lambda: pd.DataFrame({"at": pd.Series(list(DURATIONS.to_numpy()), dtype=object)}),
    "text": lambda: pd.DataFrame({"at": DURATIONS.astype(str)}),
    "Python's text": lambda: pd.DataFrame({"at": [str(each) for each in PYTHONS]}),
    "polars": lambda: pl.DataFrame({"at": PYTHONS}),
}


@pytest.mark.parametrize(
    ("tables", "later", "unit", "values"),
    [(TIME_TABLES, LATER_TIMES, "hours", HOURS), (DURATION_TABLES, DURATION_TABLES, "days", DAYS)],
)
def test_they_are_numbers_in_every_form_and_read_alike_later(tables, later, unit, values):
    for name, make in tables.items():
        column = described(make())
        assert (column.kind, column.unit) == ("number", unit), name
        assert (column.low, column.high) == pytest.approx((values.min(), values.max()), abs=1e-9), name
        encoder = TabularEncoder().fit(make())
        header, arrays = encoder.to_state()
        again = TabularEncoder.from_state(json.loads(json.dumps(header)), arrays)
        for other in later.values():
            np.testing.assert_allclose(again.transform(other()), encoder.transform(make()), rtol=0, atol=1e-5)


def test_the_schema_says_what_they_are():
    assert described(TIME_TABLES["text"]()).meaning().endswith("; a time of day, in hours")
    assert described(DURATION_TABLES["objects"]()).meaning().endswith("; a duration, in days")
    assert described(pd.DataFrame({"at": [timedelta(hours=1), None, timedelta(hours=3)]})).unit == "days"


def test_from_files_and_out_of_core(tmp_path):
    frame = pd.DataFrame({"at": [*texts_of("%H:%M"), "-"], "took": [*DURATIONS.astype(str), ""], "n": range(121)})
    frame.to_csv(tmp_path / "t.csv", index=False)
    pl.from_pandas(frame.assign(typed=[*TIMES, None])).write_parquet(tmp_path / "t.parquet")
    table = ParquetTable(tmp_path / "t.parquet", batch_rows=7)
    encoder = fit_encoder(table)
    of_csv = infer_schema(read_table(tmp_path / "t.csv"))
    assert of_csv.columns[:2] == encoder.schema.columns[:2]
    assert [(each.unit, each.missing) for each in encoder.schema.columns] == [
        ("hours", 1), ("days", 1), ("", 0), ("hours", 1),
    ]  # fmt: skip
    assert len(encoder.transform(next(table.batches()))) == 7


@pytest.mark.parametrize(
    ("learned", "later", "said"),
    [
        (TIMES, ["9:30", "24:10"], r"must hold times of day such as 13:45; row 2 has '24:10'\. Correct it"),
        (TIMES, ["9:30", "14.30"], r"row 2 has '14\.30'\."),
        (TIMES, [None, 9.5], r"row 2 has 9\.5\."),
        (TIMES, pd.to_timedelta(["36h"]), r"row 1 has 1 days 12:00:00\."),
        (DURATIONS, ["1 days", "long"], r"must hold durations such as 2 days 13:45:00; row 2 has 'long'\."),
        (DURATIONS, [None, 36.5], r"must hold durations such as 2 days 13:45:00; row 2 has 36\.5\."),
        (DURATIONS, [36, 37], r"row 1 has 36, and 1 more row\. Correct it"),
        (DURATIONS, ["1 days", "36"], r"row 2 has '36'\."),
        (range(120), pd.Series([timedelta(hours=36)], dtype=object), r"must hold numbers; row 1 has 1 day, 12:00:00\."),
        (["yes", "no"] * 60, [1, 2], r"must hold yes or no; row 2 has 2\."),
    ],
)
def test_a_broken_cell_is_named(learned, later, said):
    encoder = TabularEncoder().fit(pd.DataFrame({"at": learned}))
    with pytest.raises(DataError, match="Column 'at' .*" + said):
        encoder.transform(pd.DataFrame({"at": later}))


@pytest.mark.parametrize(
    ("cells", "note"),
    [
        ([*texts_of("%H:%M:%S"), "noon"], "mostly times of day, read as text because of 'noon'"),
        ([*DURATIONS.astype(str), "long"], "mostly durations, read as text because of 'long'"),
        ([[i, 2.5] for i in range(120)], "cells of several values, read as text; put each of the values into a column"),
        ([{"a": i} for i in range(120)], "cells of several values, read as text; put each of the values into a column"),
        ([complex(i, 1) for i in range(120)], "complex numbers, read as text; put their real and imaginary parts into"),
        (pd.Series([1j * i for i in range(120)], dtype=object), "complex numbers, read as text"),
    ],
)
def test_columns_that_are_lost_say_what_they_are(cells, note):
    column = described(pd.DataFrame({"at": cells, "n": range(len(cells))}))
    assert column.kind == "ignored"
    assert column.note.startswith(note)
    assert is_lost(column)


def test_classes_that_are_times_are_told_of():
    assert nearly_numbers_or_dates(coded(pd.Series(TIMES))) == "times of day, taken as classes"
