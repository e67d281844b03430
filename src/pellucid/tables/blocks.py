"""Many columns of plain numbers at once, so that a table of 100,000 columns costs no loop over its columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pellucid.tables.cells import LARGEST_NUMBER, BoolArray, FloatArray

__all__ = ["Summary", "fingerprints", "number_blocks", "plain_numbers", "quantiles_of_sorted", "summarise"]

_CELLS = 2**19  # of a block: 4 MiB, which stay in the cache


def plain_numbers(frame: pd.DataFrame) -> BoolArray:
    """Tell which columns are of one of NumPy's types of real numbers, yes and no not among them.

    Examples
    --------
    >>> plain_numbers(pd.DataFrame({"a": [1], "b": ["x"], "c": [0.5], "d": [True]})).tolist()
    [True, False, True, False]
    """
    return np.array([isinstance(dtype, np.dtype) and dtype.kind in "iuf" for dtype in frame.dtypes], dtype=bool)


def number_blocks(
    frame: pd.DataFrame, places: NDArray[np.int64]
) -> Iterator[tuple[slice, FloatArray, NDArray[np.int64]]]:
    """Yield the columns at these places, a bounded number of cells at a time.

    Yields
    ------
    part : slice
        Which of the places.
    block : array (columns of the part, rows) of float64, C-contiguous
        NaN where a cell is missing, infinite or too large to be squared.
    excessive : array of int (columns of the part,)
        Cells that are infinite or too large.
    """
    width = max(1, _CELLS // max(len(frame), 1))
    for start in range(0, len(places), width):
        some = places[start : start + width]
        first, last = int(some[0]), int(some[-1])
        in_turn = last - first == len(some) - 1 and bool((np.diff(some) == 1).all())
        columns = frame.iloc[:, first : last + 1] if in_turn else frame.iloc[:, some]
        block = np.array(columns.to_numpy().T, dtype=np.float64, order="C")  # a copy of its own
        excessive = np.abs(block) > LARGEST_NUMBER
        block[excessive] = np.nan
        yield slice(start, start + len(some)), block, excessive.sum(axis=1)


@dataclass(frozen=True)
class Summary:
    """What columns of numbers hold; each field has one value a column.

    Parameters
    ----------
    present : array of int
        Cells that are not missing.
    distinct : array of int
        Different values.
    low, high, median : array of float
        Smallest and largest value, and the median; 0 where no cell is present.
    spread : array of float
        Distance of the quartiles. Where that is 0, as most cells say the same: the median distance from the median of
        those cells that are elsewhere. 0 where there are none.
    """

    present: NDArray[np.int64]
    distinct: NDArray[np.int64]
    low: FloatArray
    high: FloatArray
    median: FloatArray
    spread: FloatArray


def summarise(block: FloatArray) -> Summary:
    """Sum up columns (columns, rows), NaN where a cell is missing.

    Examples
    --------
    >>> found = summarise(np.array([[3.0, 1.0, np.nan, 1.0, 2.0]]))
    >>> found.present.tolist(), found.distinct.tolist(), found.median.tolist(), found.spread.tolist()
    ([4], [3], [1.5], [1.25])
    """
    ordered = np.sort(block, axis=1)  # NaN last
    rows = block.shape[1]
    present = np.asarray(rows - np.isnan(ordered[:, -1:]) * np.isnan(ordered).sum(axis=1, keepdims=True)).ravel()
    changes = (ordered[:, 1:] != ordered[:, :-1]).sum(axis=1)  # NaN differs from its neighbours, itself among them
    low, median, high = (quantiles_of_sorted(ordered, present, share) for share in (0.0, 0.5, 1.0))
    lower, upper = (quantiles_of_sorted(ordered, present, share) for share in (0.25, 0.75))
    distinct = np.where(present > 0, 1 + changes - (rows - present), 0)
    spread = upper - lower
    narrow = np.flatnonzero((spread == 0) & (distinct > 1))
    spread[narrow] = _typical_distance(ordered[narrow], median[narrow])
    return Summary(present, distinct, low, high, median, spread)


def _typical_distance(block: FloatArray, median: FloatArray) -> FloatArray:
    """Return the median distance from each column's median of those of its cells that are elsewhere."""
    distances = np.abs(block - median[:, np.newaxis])
    distances[distances == 0] = np.nan
    distances.sort(axis=1)
    return quantiles_of_sorted(distances, (~np.isnan(distances)).sum(axis=1), 0.5)


def quantiles_of_sorted(ordered: FloatArray, present: NDArray[np.int64], share: float) -> FloatArray:
    """Return the quantile of each sorted column (columns, rows) among its first cells, linear between two; else 0."""
    places = share * np.maximum(present - 1, 0)
    below = np.floor(places).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(present - 1, 0))
    columns = np.arange(len(ordered))
    lower, upper, part = ordered[columns, below], ordered[columns, above], places - below
    return np.where(present > 0, lower * (1 - part) + upper * part, 0.0)


def fingerprints(block: FloatArray) -> NDArray[np.uint64]:
    """Return a number for each column (columns, rows); columns that are alike have the same, others hardly ever."""
    canonical = np.where(np.isnan(block), np.nan, block) + 0.0  # one kind of NaN and of zero
    bits = canonical.view(np.uint64)
    bits ^= bits >> np.uint64(32)
    bits ^= bits >> np.uint64(17)
    weights = np.random.default_rng(0).integers(0, 2**64, block.shape[1], dtype=np.uint64) | np.uint64(1)
    found: NDArray[Any] = bits @ weights
    return found
