"""Where the rows of a fit come from: a table in memory, or Parquet files that need not fit in it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import pandas as pd

from pellucid.errors import DataError
from pellucid.estimators.tabular.memory import is_large
from pellucid.tables import ParquetTable, Schema, TabularEncoder, encode_to_file, fit_encoder, infer_schema
from pellucid.tables.missing import MissingValues, empty_cells, warn_if_never_met
from pellucid.tables.schema import require_columns
from pellucid.textbook.arrays import Array
from pellucid.training.coded import CodedRows

__all__ = ["FileSource", "FrameSource", "Revise", "Source"]

ROWS_AT_ONCE = 16_384


Revise: TypeAlias = Callable[[Schema, pd.DataFrame, Array], Schema]
"""From what columns mean, rows of the table, declared cells empty, and which they are, to what the columns mean."""


class Source(Protocol):
    """Rows to learn from."""

    rows: int

    def learn(
        self, schema: Schema | None, rows: Array, seed: int, missing: MissingValues, revise: Revise
    ) -> TabularEncoder:
        """Learn what the columns mean, from these rows where there is a choice.

        Declared values that no cell has are told of; of a table in memory, which may be a part of a larger one, those
        only that differ in capital letters from what a cell has. What columns mean is revised.

        Raises
        ------
        DataError
            If a schema says of some column that other values mean missing than those declared.
        """
        ...

    def encode(self, encoder: TabularEncoder) -> Array | CodedRows:
        """Return the inputs of all rows, of shape (rows, encoder.inputs.width) in float32."""
        ...

    def column(self, label: str) -> "pd.Series[Any]":
        """Return one column.

        Raises
        ------
        DataError
            If there is none of this name.
        """
        ...


class FrameSource:
    """A data frame."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.rows = len(frame)

    def learn(
        self, schema: Schema | None, rows: Array, seed: int, missing: MissingValues, revise: Revise
    ) -> TabularEncoder:
        """Learn from the rows given."""
        frame = self.frame if len(rows) == self.rows else self.frame.iloc[rows]
        if schema is not None:
            _check_agreement(schema, missing)
            require_columns(frame, [column.label for column in schema.used])
            emptied = empty_cells(frame, schema.missing_values)[0]
            return TabularEncoder(revise(schema, emptied, rows)).fit(frame)
        schema = infer_schema(frame, missing_values=missing)
        emptied, met = empty_cells(frame, missing.by_column(frame.columns)) if missing else (frame, {})
        if missing:
            warn_if_never_met(missing, met, frame, is_part=True)
        return TabularEncoder(revise(schema, emptied, rows)).fit(frame)

    def encode(self, encoder: TabularEncoder) -> Array | CodedRows:
        """Return the inputs in memory."""
        if not is_large(self.rows):
            return encoder.transform(self.frame)

        def blocks() -> Iterator[Array]:
            for start in range(0, self.rows, ROWS_AT_ONCE):
                yield encoder.transform(self.frame.iloc[start : start + ROWS_AT_ONCE], first_row=start)

        return CodedRows.of(blocks, (self.rows, encoder.inputs.width))

    def column(self, label: str) -> "pd.Series[Any]":
        """Return one column of the frame."""
        require_columns(self.frame, [label])
        return self.frame[label]


def _check_agreement(schema: Schema, missing: MissingValues) -> None:
    if not missing:
        return
    declared = missing.by_column(column.label for column in schema.used)
    for column in schema.used:
        given, known = list(declared[column.label]), list(column.missing_values)
        if set(given) != set(known):
            raise DataError(
                f"'missing_values' must be what 'schema' says of column {column.label!r}, {known}; got {given}. "
                "Give missing_values to infer_schema, or leave one of the two out."
            )


class FileSource:
    """Parquet files; their inputs go through a file in a folder that the caller removes."""

    def __init__(self, table: ParquetTable, target: str, folder: str) -> None:
        self.table, self.target, self.folder = table, target, folder
        self.rows = table.rows

    def learn(
        self, schema: Schema | None, rows: Array, seed: int, missing: MissingValues, revise: Revise
    ) -> TabularEncoder:
        """Learn from a sample of the rows, and from exact counts of all."""
        return fit_encoder(self.table, self.target, seed=seed, missing_values=missing, revise=revise)

    def encode(self, encoder: TabularEncoder) -> Array:
        """Return the inputs, mapped into memory."""
        mapped: Array = np.asarray(encode_to_file(encoder, self.table, Path(self.folder, "inputs.npy")))
        return mapped

    def column(self, label: str) -> "pd.Series[Any]":
        """Read one column."""
        return self.table.column(label)
