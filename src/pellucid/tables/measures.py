"""The numbers of a table, dates and their parts among them, to scaled inputs."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pellucid.errors import ModelFileError
from pellucid.tables.blocks import number_blocks, plain_numbers, summarise
from pellucid.tables.cells import BoolArray, FloatArray
from pellucid.tables.columns import measure_names, read_measures, warn_of_excessive
from pellucid.tables.scaling import factors, normal_scores, quantile_table, scaled
from pellucid.tables.schema import ColumnSchema
from pellucid.tables.state import Arrays, finite_array, finite_table

__all__ = ["ARRAYS", "Measures"]

ARRAYS = {"medians", "factors", "quantiles"}
_ROWS = 65_536  # encoded at once


class Measures:
    """Numbers, and the days and parts of dates, scaled.

    Parameters
    ----------
    columns : sequence of ColumnSchema
        Of numbers and dates.
    scaling : {'robust', 'quantile'}

    Attributes
    ----------
    names, sources : list of str
        Name of each measure, and of its column.
    markable : array of bool
        Measures that a mark can stand beside where they are missing: all but the parts of dates.
    missing : array of int
        Missing cells of each measure when it was fitted.
    kept : array of bool
        Measures that varied when they were fitted.

    Examples
    --------
    >>> measures = Measures([ColumnSchema("a", "number")], "robust").fit(pd.DataFrame({"a": [1.0, None, 2.0, 3.0]}))
    >>> X = np.empty((1, 1), dtype=np.float32)
    >>> for rows, which, block in measures.blocks(pd.DataFrame({"a": [3]})):
    ...     X[rows, which] = measures.scale(which, block).T
    >>> X.round(2).tolist()
    [[0.949999988079071]]
    """

    def __init__(self, columns: Sequence[ColumnSchema], scaling: str) -> None:
        self._columns = columns
        self._scaling = scaling
        self._first = np.cumsum([0, *(1 + len(column.parts) for column in columns)])
        self._are_plain = np.array([column.kind == "number" and not column.unit for column in columns], dtype=bool)
        self._labels = pd.Index([column.label for column in columns], dtype=object)
        self.names = [name for column in columns for name in measure_names(column)]
        self.sources = [column.label for column in columns for _ in range(1 + len(column.parts))]
        self.markable = np.zeros(len(self.names), dtype=bool)
        self.markable[self._first[:-1]] = True

    def fit(self, frame: pd.DataFrame) -> "Measures":
        """Learn medians and scales."""
        count = len(self.names)
        self.missing = np.zeros(count, dtype=np.int64)
        self._medians, self._factors = np.zeros(count), np.zeros(count)
        tables = []
        for _, which, block in self.blocks(frame, rows=len(frame)):
            facts = summarise(block)
            self.missing[which] = len(frame) - facts.present
            self._medians[which], self._factors[which] = facts.median, factors(facts)
            if self._scaling == "quantile":
                tables.append((which, quantile_table(block)))
        self._quantiles = np.zeros((count, tables[0][1].shape[1] if tables else 0))
        for which, table in tables:
            self._quantiles[which] = table
        return self

    def take_missing(self, counts: Mapping[str, int]) -> None:
        """Take over how many cells of each column are missing, counted elsewhere."""
        self.missing[self._first[:-1]] = [counts[column.label] for column in self._columns]

    @property
    def kept(self) -> BoolArray:
        """Measures that varied when they were fitted."""
        kept: BoolArray = self._factors > 0
        return kept

    def blocks(
        self, frame: pd.DataFrame, first_row: int = 0, rows: int = _ROWS
    ) -> Iterator[tuple[slice, NDArray[np.int64], FloatArray]]:
        """Yield a bounded number of cells at a time.

        Yields
        ------
        part : slice
            Of the rows.
        which : array of int
            Numbers of the measures.
        block : array (measures, rows) of float64
            NaN where a cell is missing or excessive.
        """
        places = frame.columns.get_indexer(self._labels)
        plain = plain_numbers(frame)[places] & self._are_plain
        for start in range(0, len(frame) if plain.any() else 0, max(rows, 1)):
            part = slice(start, min(start + rows, len(frame)))
            some = frame if len(frame) <= rows else frame.iloc[part]
            for which, block, excessive in number_blocks(some, places[plain]):
                for i in np.flatnonzero(plain)[which][excessive > 0].tolist():
                    values = some.iloc[:, places[i]].to_numpy(np.float64)
                    warn_of_excessive(self._columns[i], values, first_row + part.start)
                yield part, self._first[:-1][plain][which], block
        for i in np.flatnonzero(~plain).tolist():
            measures = read_measures(self._columns[i], frame.iloc[:, places[i]], first_row)
            yield slice(0, len(frame)), np.arange(self._first[i], self._first[i + 1]), np.stack(measures)

    def order_of(self, labels: Sequence[str]) -> NDArray[np.int64]:
        """Return, for each measure, which of these columns it is the number, or the days, of; -1: of none."""
        order = {label: place for place, label in enumerate(labels)}
        found = np.full(len(self.names), -1)
        found[self.markable] = [order.get(column.label, -1) for column in self._columns]
        return found

    def scale(self, which: NDArray[np.int64], block: FloatArray) -> NDArray[np.float32]:
        """Return a block of these measures, scaled; 0 where it is NaN."""
        if self._scaling == "quantile":
            return normal_scores(block, self._quantiles[which])
        return scaled(block, self._medians[which], self._factors[which])

    def to_arrays(self) -> dict[str, FloatArray]:
        """Return what was learned."""
        return {"medians": self._medians, "factors": self._factors, "quantiles": self._quantiles}

    def from_arrays(self, arrays: Arrays) -> "Measures":
        """Take over what `to_arrays` gave.

        Raises
        ------
        ModelFileError
            If it is not what `to_arrays` gives.
        """
        count = len(self.names)
        self._medians, self._factors = finite_array(arrays, "medians", count), finite_array(arrays, "factors", count)
        self._quantiles = finite_table(arrays, "quantiles", count)
        if (self._factors < 0).any():
            raise ModelFileError("The array 'factors' of the model must not hold negative numbers.")
        if (np.diff(self._quantiles, axis=1) < 0).any():
            raise ModelFileError("The rows of the array 'quantiles' of the model must rise.")
        if (self._scaling == "quantile") != (self._quantiles.shape[1] > 1) and count:
            raise ModelFileError(
                "The array 'quantiles' of the model must have columns where, and only where, it is used."
            )
        return self
