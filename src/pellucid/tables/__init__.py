"""Tables to arrays and back: reading and writing, what columns mean, encoding, targets, splits."""

from pellucid.tables.encoder import TableEncoder
from pellucid.tables.frames import to_pandas
from pellucid.tables.reading import read_table
from pellucid.tables.schema import ColumnSchema, Schema, infer_schema
from pellucid.tables.splits import split_rows
from pellucid.tables.targets import Target
from pellucid.tables.writing import write_table

__all__ = [
    "ColumnSchema",
    "Schema",
    "TableEncoder",
    "Target",
    "infer_schema",
    "read_table",
    "split_rows",
    "to_pandas",
    "write_table",
]
