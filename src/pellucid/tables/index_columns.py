"""What pandas wrote of an Arrow table or a Parquet file: its index, as columns or the numbers of rows; its types."""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

__all__ = ["column_names", "with_index_columns"]


def column_names(schema: pa.Schema) -> dict[str, str]:
    """Return the names of a table's columns, by those of their fields.

    A level of the index that has a name is a column of this name. Of those without, whole numbers number the rows, and
    are none; others are called as pandas calls them: index, or level_0, level_1 … of several. A level called as a
    column is a copy of it.

    Parameters
    ----------
    schema : pyarrow.Schema

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="who"))
    >>> column_names(pa.Schema.from_pandas(frame))
    {'a': 'a', 'who': 'who'}
    >>> column_names(pa.Schema.from_pandas(frame.rename_axis(None)))
    {'a': 'a', '__index_level_0__': 'index'}
    >>> column_names(pa.Schema.from_pandas(frame.reset_index(drop=True)[1:], preserve_index=True))
    {'a': 'a'}
    """
    levels = [level for level in _described(schema).get("index_columns", ()) if level in schema.names]
    given = {each.get("field_name"): each["name"] for each in _described(schema).get("columns", ())}
    names = {name: name for name in schema.names if name not in levels}
    for i, level in enumerate(levels):
        name = given.get(level)
        if name is None and not pa.types.is_integer(schema.field(level).type):
            name = "index" if len(levels) == 1 else f"level_{i}"
        if name is not None and name not in names:
            names[level] = name
    return names


def with_index_columns(table: pa.Table, names: Mapping[str, str] | None = None) -> pa.Table:
    """Return the table with the levels of its index as columns, and without types that pandas cannot read back.

    Those are some of Arrow's (`pandas.ArrowDtype`), such as dictionaries, and those of libraries that are not here:
    cells are read as if pandas had written nothing of them.

    Parameters
    ----------
    table : pyarrow.Table
    names : mapping of str to str, optional
        The columns wanted, by the names of their fields; by default those of `column_names`.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"a": [1, 2]}, index=pd.Index(["x", "y"], name="who"))
    >>> with_index_columns(pa.Table.from_pandas(frame)).to_pandas().columns.tolist()
    ['a', 'who']
    """
    names = column_names(table.schema) if names is None else names
    metadata = dict(table.schema.metadata or {})
    if b"pandas" in metadata:
        columns = [each for each in _described(table.schema).get("columns", ()) if _is_known(each.get("numpy_type"))]
        kept = {**_described(table.schema), "columns": columns, "index_columns": [], "column_indexes": []}
        metadata[b"pandas"] = json.dumps(kept).encode()
    table = table.select(list(names)).rename_columns(list(names.values()))
    return table.replace_schema_metadata(metadata)


def _is_known(name: Any) -> bool:
    """Tell whether pandas knows the type of a column by the name that it wrote."""
    try:
        pd.api.types.pandas_dtype(name)
    except (TypeError, ValueError, NotImplementedError):
        return False
    return True


def _described(schema: pa.Schema) -> Mapping[str, Any]:
    """Return what pandas wrote of the table; nothing where it wrote nothing."""
    return schema.pandas_metadata or {}
