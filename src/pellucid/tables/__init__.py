"""Tables to arrays and back: reading and writing, what columns mean, encoding, targets, splits."""

from pellucid.tables.dialects import Dialect
from pellucid.tables.frames import to_pandas
from pellucid.tables.inference import infer_schema
from pellucid.tables.inputs import Inputs
from pellucid.tables.parquet import ParquetTable, encode_to_file, fit_encoder
from pellucid.tables.reading import read_as_written, read_table
from pellucid.tables.schema import ColumnSchema, Schema
from pellucid.tables.splits import Folds, fold_rows, split_rows
from pellucid.tables.tabular import TabularEncoder
from pellucid.tables.targets import Target, TargetTable
from pellucid.tables.writing import write_table

__all__ = [
    "ColumnSchema",
    "Dialect",
    "Folds",
    "Inputs",
    "ParquetTable",
    "Schema",
    "TabularEncoder",
    "Target",
    "TargetTable",
    "encode_to_file",
    "fit_encoder",
    "fold_rows",
    "infer_schema",
    "read_as_written",
    "read_table",
    "split_rows",
    "to_pandas",
    "write_table",
]
