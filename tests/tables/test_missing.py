"""Values declared to mean missing: which cells say them, in columns of every type, and what is told of them."""

import warnings

import numpy as np
import pandas as pd
import pytest

from pellucid.errors import DataError, DataWarning
from pellucid.tables import ParquetTable, TabularEncoder, fit_encoder, infer_schema
from pellucid.tables.decimals import keep_marks
from pellucid.tables.missing import MissingValues, empty_cells, warn_if_never_met

DECLARED = [-999, 99.9, "unknown", "1900-01-01", "007"]


@pytest.mark.parametrize(
    "cells",
    [
        np.array([1, -999, 3]),
        np.array([1.0, -999.0, np.nan]),
        np.array([1.0, 99.9, 3.0], dtype=np.float32),
        pd.array([1, -999, None], dtype="Int64"),
        np.array(["1", " -999 ", "3"], dtype=object),
        np.array(["1", "-999.00", "-99"], dtype=object),
        np.array(["$1", "$-999", "$3"], dtype=object),
        np.array(["a", "unknown", "Unknown"], dtype=object),
        pd.Categorical(["a", "unknown", "b"]),
        pd.array(["a", "unknown", "b"], dtype="string"),
        np.array([1, "unknown", 2.0], dtype=object),
        pd.to_datetime(["2021-04-03", "1900-01-01", "2021-04-04"]),
        pd.to_datetime(["2021-04-03", "1900-01-01", "2021-04-04"], utc=True),
        np.array(["2021-04-03", "1900-01-01", None], dtype=object),
        np.array(["7", "007", "07"], dtype=object),
    ],
)
def test_cells_that_say_it(cells):
    series = pd.Series(cells)
    frame = pd.DataFrame({"a": series})
    emptied, met = empty_cells(frame, MissingValues.of(DECLARED).by_column(["a"]))
    assert (emptied["a"].isna() & series.notna()).tolist() == [False, True, False]
    assert list(met["a"].values()) == [1]
    assert frame["a"].equals(series)  # it stays as it is


@pytest.mark.parametrize(
    "cells",
    [
        np.array([True, False]),
        np.array([999, -99]),
        np.array([1 + 1j, -999]),
        pd.to_timedelta([-999, 1], unit="D"),
        np.array(["-999 kg", "unknown town"], dtype=object),
        np.array(["00", "7"], dtype=object),
        np.array([None, None], dtype=object),
    ],
)
def test_cells_that_say_something_else(cells):
    frame = pd.DataFrame({"a": cells})
    emptied, met = empty_cells(frame, MissingValues.of(DECLARED).by_column(["a"]))
    assert emptied is frame
    assert met == {}


def test_what_may_be_given():
    for given in (-1, "-1", np.int64(-1), -1.0, [-1], (-1, "-1.0".strip("0").strip(".")), {-1}, np.array([-1])):
        assert MissingValues.of(given).everywhere == ("-1",)
    assert MissingValues.of({3: [-1], "b": "x"}).by_column(["3", "b"]) == {"3": ("-1",), "b": ("x",)}
    assert not MissingValues.of(None)
    assert not MissingValues.of(["?", "NA", "", " nan "])  # they are missing anyway
    assert MissingValues.of(["none", "-"]).everywhere == ("none", "-")  # these are levels of a category


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            [None],
            "'missing_values' must be a text, a number, a list of such, or a mapping of columns to them; got None",
        ),
        ([np.nan], "got nan, which is missing anyway. Leave it out."),
        ([True], "got True"),
        ([["a"]], r"got \['a'\]"),
        ({"a": {"b": 1}}, "got {'b': 1}"),
        (b"x", "got b'x'"),
    ],
)
def test_what_may_not_be_given(given, message):
    with pytest.raises(DataError, match=message):
        MissingValues.of(given)


def test_the_schema_says_it_and_the_encoder_follows():
    frame = pd.DataFrame({"age": [31, -999, 28, 45] * 5, "town": ["Ulm", "Bonn", "unknown", "Ulm"] * 5})
    schema = infer_schema(frame, missing_values=[-999, "unknown"])
    age, town = schema.columns
    assert (age.low, age.missing, age.missing_values) == (28, 5, ("-999", "unknown"))
    assert (town.levels, town.missing) == (("Bonn", "Ulm"), 5)
    assert age.note == "-999 (5 cells) counts as missing, as declared"
    empty = frame.mask(frame.isin([-999, "unknown"]))
    assert np.array_equal(
        TabularEncoder(schema).fit(frame).transform(frame), TabularEncoder().fit(empty).transform(empty)
    )
    kept = TabularEncoder.from_state(*TabularEncoder(schema).fit(frame).to_state())
    assert kept.schema == schema
    assert np.array_equal(kept.transform(frame), kept.transform(empty))


def test_commas_stay_known():
    frame = pd.DataFrame({"size": ["1.5", "unknown", "2"]})
    keep_marks(frame, {"size": "decimal commas"})
    column = infer_schema(frame, missing_values="unknown").columns[0]
    assert (column.kind, column.marks) == ("number", "decimal commas")


def test_a_column_that_is_not_there():
    with pytest.raises(DataError, match=r"must name columns of the table; 'agge' is none\. Did you mean"):
        infer_schema(pd.DataFrame({"age": [1, 2]}), missing_values={"agge": -1})


def test_values_that_no_cell_has_are_told_of():
    frame = pd.DataFrame({"age": [1, 2], "town": ["Unknown", "Ulm"]})
    missing = MissingValues(("unknown", "1"), {"town": ("-1",)})
    met = empty_cells(frame, missing.by_column(frame.columns))[1]
    with pytest.warns(DataWarning) as told:
        warn_if_never_met(missing, met, frame)
    assert str(told[0].message).startswith(
        "The values of 'missing_values' occur in no cell: 'unknown', '-1' (in column 'town'). Did you mean 'Unknown'?"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_if_never_met(MissingValues(("1",)), met, frame)


def test_of_a_part_of_a_table_only_what_is_written_otherwise_is_told_of():
    frame = pd.DataFrame({"age": [1, 2], "town": ["Unknown", "Ulm"], "way": ["NONE", "Unknown"]})
    missing = MissingValues(("-999", "-"), {"town": ("none", "unknown"), "way": ("none",)})
    with pytest.warns(DataWarning) as told:
        warn_if_never_met(missing, {}, frame, is_part=True)
    assert str(told[0].message).startswith(
        "The values of 'missing_values' occur in no cell: 'unknown' (in column 'town'), 'none' (in column 'way'). "
        "Did you mean 'Unknown' or 'NONE'?"
    )


def test_in_a_file(tmp_path):
    frame = pd.DataFrame(
        {"age": [31, -999, 28, 45] * 5, "text": ["7", "8", "unknown", "9"] * 5, "y": [1, 2, -999, 4] * 5}
    )
    frame.to_parquet(tmp_path / "t.parquet")
    table = ParquetTable(tmp_path / "t.parquet", batch_rows=3)
    encoder = fit_encoder(table, "y", missing_values=[-999, "unknown"])
    whole = TabularEncoder(infer_schema(frame, "y", missing_values=[-999, "unknown"])).fit(frame)
    assert [(each.kind, each.missing, each.low) for each in encoder.schema.columns] == [
        (each.kind, each.missing, each.low) for each in whole.schema.columns
    ]
    assert encoder.schema.missing_values == whole.schema.missing_values
    assert np.array_equal(encoder.transform(frame), whole.transform(frame))
    with pytest.warns(DataWarning, match="occurs in no cell: '-998'"):
        fit_encoder(table, "y", missing_values=-998)
