from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from pellucid.tables import ParquetTable, read_table
from pellucid.tables.frames import to_pandas

FRAME = pd.DataFrame(
    {
        "day": pd.date_range("2020-01-01", periods=3, unit="us"),
        "who": ["x", "y", "z"],
        "size": pd.array([1, None, 3], dtype="Int64"),
        "y": [0.5, 1.5, 2.5],
    }
)


@pytest.mark.parametrize(
    ("frame", "columns"),
    [
        (FRAME, ["day", "who", "size", "y"]),
        (FRAME[1:], ["day", "who", "size", "y"]),
        (FRAME.iloc[[2, 0]], ["day", "who", "size", "y"]),
        (FRAME.set_index("day"), ["who", "size", "y", "day"]),
        (FRAME.set_index("size"), ["day", "who", "y", "size"]),
        (FRAME.set_index("day", drop=False), ["day", "who", "size", "y"]),
        (FRAME.set_index(["who", "day"]), ["size", "y", "who", "day"]),
        (FRAME.set_index("day").rename_axis(None), ["who", "size", "y", "index"]),
        (FRAME.set_index(["who", "day"]).rename_axis([None, None]), ["size", "y", "level_0", "level_1"]),
    ],
)
def test_an_index_is_columns_to_every_reader(tmp_path, frame, columns):
    frame.to_parquet(tmp_path / "t.parquet")
    read, table = read_table(tmp_path / "t.parquet"), ParquetTable(tmp_path / "t.parquet")
    assert read.columns.tolist() == list(table.columns) == columns
    (whole,) = table.batches()
    assert whole.astype(read.dtypes).equals(read)
    assert to_pandas(pa.Table.from_pandas(frame)).equals(read)
    (part,) = table.batches([columns[-1], columns[0]])
    assert part.astype(read[part.columns].dtypes).equals(read[[columns[-1], columns[0]]])
    assert read["y"].tolist() == frame["y"].tolist()


def test_cells_of_an_index_keep_their_type(tmp_path):
    FRAME.set_index(["size", "day"]).to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet")[FRAME.columns].equals(FRAME)


def test_an_index_beside_columns_called_by_numbers(tmp_path):
    FRAME[["day", "y"]].rename(columns={"y": 7}).set_index("day").to_parquet(tmp_path / "t.parquet")
    assert read_table(tmp_path / "t.parquet").columns.tolist() == ["7", "day"]


@pytest.mark.parametrize(
    "cells",
    [
        pa.array(["u", "v", None]).dictionary_encode(),
        pa.array([Decimal("1.5"), None, Decimal("2.5")]),
        pa.array([[1, 2], None, [3]]),
        pa.array([b"abc", None, b"def"], pa.binary(3)),
        pa.array([1, None, 3]),
        pa.array(["u", "v", None]),
    ],
    ids=lambda cells: str(cells.type),
)
def test_cells_that_pandas_kept_in_arrows_types_are_read(tmp_path, cells):
    frame = pd.DataFrame({"x": pd.Series(cells, dtype=pd.ArrowDtype(cells.type)), "n": [1, 2, 3]})
    frame = frame.set_index(pd.Index(["a", "b", "c"], name="who"))
    frame.to_parquet(tmp_path / "t.parquet")
    (whole,) = ParquetTable(tmp_path / "t.parquet").batches()
    for read in (whole, read_table(tmp_path / "t.parquet"), to_pandas(pa.Table.from_pandas(frame))):
        assert read.columns.tolist() == ["x", "n", "who"]
        assert read["x"].isna().tolist() == [not cell.is_valid for cell in cells]


def test_types_of_libraries_that_are_not_here():
    table = pa.Table.from_pandas(FRAME)
    written = table.schema.metadata[b"pandas"].replace(b"Int64", b"geometry")
    assert to_pandas(table.replace_schema_metadata({b"pandas": written}))["size"].tolist()[::2] == [1, 3]
