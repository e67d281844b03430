"""Tables of every kind in, pandas out."""

from os import PathLike
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from pellucid.errors import DataError
from pellucid.tables.index_columns import with_index_columns

__all__ = ["check_columns", "column_name", "counted", "in_list", "readable", "row_list", "to_pandas"]


def to_pandas(table: Any) -> pd.DataFrame:
    """Return a pandas, polars or Arrow table, or a matrix, as a pandas table whose column names are text.

    The columns of a matrix are called x0, x1 …; rows are numbered from 0.

    Raises
    ------
    DataError
        If it is no table, or two columns share a name.

    Examples
    --------
    >>> import numpy as np
    >>> to_pandas(np.eye(2)).columns.tolist()
    ['x0', 'x1']
    """
    if isinstance(table, np.ndarray):
        return _of_array(table)
    frame = _as_frame(table).reset_index(drop=True)
    frame.columns = pd.Index([column_name(label) for label in frame.columns], dtype=object)
    check_columns(list(frame.columns))
    for label, dtype in frame.dtypes.items():
        if isinstance(dtype, pd.ArrowDtype):  # cells kept by Arrow: as pandas' own types
            cells = pa.table({"": frame[label]})
            frame[label] = readable(cells).column(0).to_pandas(date_as_object=False)
    return frame


def _of_array(table: np.ndarray[Any, Any]) -> pd.DataFrame:
    if table.ndim != 2 or table.dtype.names:
        raise DataError(f"A table made of an array must have two dimensions (rows, columns); got {table.ndim}.")
    return pd.DataFrame(table, columns=pd.Index([f"x{i}" for i in range(table.shape[1])], dtype=object))


def _as_frame(table: Any) -> pd.DataFrame:
    if isinstance(table, pd.DataFrame):
        return table
    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    if isinstance(table, pa.Table):
        table = with_index_columns(table)
    try:
        native = nw.from_native(table, eager_only=True).to_native()
    except TypeError:
        raise DataError(
            "A table must be a pandas, polars or Arrow table in memory, or a NumPy array of two dimensions; "
            f"got {type(table).__name__}.{_remedy_of(table)}"
        ) from None
    frame: pd.DataFrame = nw.from_native(readable(native)).to_pandas()
    return frame


def _remedy_of(table: Any) -> str:
    if isinstance(table, str | PathLike):
        return " For a Parquet file, give pellucid.tables.ParquetTable(path); read others first."
    is_lazy = isinstance(nw.from_native(table, pass_through=True), nw.LazyFrame)
    return " Give what its method collect() or compute() returns." if is_lazy else ""


def readable(table: Any) -> Any:
    """Return a polars or Arrow table with cells for which pandas has no type as others that say the same.

    Times of day become text, as pandas refuses their nanoseconds, and whole numbers of 128 bits become floats.

    Examples
    --------
    >>> readable(pa.table({"at": pa.array([49_500_000_000_001], pa.time64("ns"))})).to_pydict()
    {'at': ['13:45:00.000000001']}
    """
    frame, text, number = nw.from_native(table), nw.String(), nw.Float64()
    others = {nw.Time: text, nw.Int128: number, nw.UInt128: number}
    casts = [nw.col(name).cast(others[type(kind)]) for name, kind in frame.schema.items() if type(kind) in others]
    return frame.with_columns(*casts).to_native() if casts else table


def column_name(label: Any) -> str:
    """Return the name of the column of a label of any kind, as text.

    Examples
    --------
    >>> column_name(2020), column_name(("sales", np.int64(1)))
    ('2020', "('sales', 1)")
    """
    if isinstance(label, tuple):  # written with what its parts are, NumPy's numbers or Python's
        label = tuple(part.item() if isinstance(part, np.generic) else part for part in label)
    return str(label)


def check_columns(names: list[str], where: str = "The table") -> None:
    """Raise DataError if a name occurs twice."""
    first: dict[str, int] = {}
    for i, name in enumerate(names, start=1):
        if name in first:
            raise DataError(
                f"Column names must be unique. {where} has {name!r} twice (columns {first[name]} and {i}): "
                "rename or remove one of them."
            )
        first[name] = i


def counted(count: int, noun: str) -> str:
    """Return the number with its noun, in the plural unless it is 1.

    Examples
    --------
    >>> counted(1, "row"), counted(0, "row")
    ('1 row', '0 rows')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def in_list(text: object) -> str:
    """Return a text as it stands among others: between quotation marks where it could be taken for several.

    Examples
    --------
    >>> in_list("Ulm"), in_list("Ulm, DE"), in_list(3)
    ('Ulm', "'Ulm, DE'", '3')
    """
    told = str(text)
    return repr(told) if set(told) & set(",;'\"") else told


def row_list(rows: Any) -> str:
    """Name the rows of a mask, counted from 1: ``'rows 1, 5, 9 … (12 in all)'``.

    Examples
    --------
    >>> row_list([True, False, True])
    'rows 1, 3'
    """
    numbers = np.flatnonzero(rows) + 1
    shown = ", ".join(str(number) for number in numbers[:5])
    more = f" … ({len(numbers)} in all)" if len(numbers) > 5 else ""
    return f"{'row' if len(numbers) == 1 else 'rows'} {shown}{more}"
