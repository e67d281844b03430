import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from pellucid.errors import DataError
from pellucid.tables import to_pandas
from pellucid.tables.frames import row_list


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame, pa.table, pa.RecordBatch.from_pydict])
def test_every_table_becomes_pandas(make):
    frame = to_pandas(make({"a": [1, 2], "ü": ["x", None]}))
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns.tolist() == ["a", "ü"]
    assert frame["a"].tolist() == [1, 2]
    assert frame["ü"].isna().tolist() == [False, True]


def test_matrix():
    assert to_pandas(np.zeros((2, 3))).columns.tolist() == ["x0", "x1", "x2"]


def test_the_caller_s_frame_is_left_alone():
    frame = pd.DataFrame({0: [1, 2]}, index=[5, 6])
    assert to_pandas(frame).columns.tolist() == ["0"]
    assert frame.columns.tolist() == [0]
    assert frame.index.tolist() == [5, 6]


@pytest.mark.parametrize("table", [[1, 2], "a.csv", None, np.zeros(3), pl.LazyFrame({"a": [1]})])
def test_no_table(table):
    with pytest.raises(DataError, match="must"):
        to_pandas(table)


def test_a_lazy_table_is_told_to_be_collected():
    with pytest.raises(DataError, match=r"got LazyFrame\. Give what its method collect\(\)"):
        to_pandas(pl.LazyFrame({"a": [1]}))


@pytest.mark.parametrize("kind", [pl.Int128, pl.UInt128])
def test_whole_numbers_of_128_bits(kind):
    assert to_pandas(pl.DataFrame({"a": pl.Series([1, 2**90, None], dtype=kind)}))["a"][:2].tolist() == [1.0, 2.0**90]


def test_a_path_is_no_table():
    with pytest.raises(DataError, match=r"got str\. For a Parquet file, give pellucid\.tables\.ParquetTable\(path\)"):
        to_pandas("table.parquet")


def test_twice_the_same_name():
    with pytest.raises(DataError, match=r"has 'a' twice \(columns 1 and 3\)"):
        to_pandas(pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"]))
    with pytest.raises(DataError, match="has '1' twice"):
        to_pandas(pd.DataFrame([[1, 2]], columns=[1, "1"]))


def test_row_list():
    assert row_list([False, True]) == "row 2"
    assert row_list(np.ones(9, dtype=bool)) == "rows 1, 2, 3, 4, 5 … (9 in all)"


def test_cells_kept_by_arrow_become_pandas_own():
    days = pd.to_datetime(["2020-01-01", None])
    plain = pd.DataFrame({"n": [1, 2], "t": ["x", None], "d": days, "b": [True, None], "gap": [0.5, None]})
    arrow = pa.Table.from_pandas(plain).to_pandas(types_mapper=pd.ArrowDtype)
    frame = to_pandas(arrow)
    assert not any(isinstance(dtype, pd.ArrowDtype) for dtype in frame.dtypes)
    assert isinstance(arrow["n"].dtype, pd.ArrowDtype)
    assert frame["n"].tolist() == [1, 2]
    assert frame["d"].isna().tolist() == [False, True]
    assert frame["d"][0] == days[0]
