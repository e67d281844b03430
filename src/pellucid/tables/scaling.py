"""Robust scaling with smooth clipping, and numbers to normal quantiles: how numbers become inputs of like size.

The recipe is that of RealMLP (Holzmüller, Grinsztajn, Steinwart: Better by Default, NeurIPS 2024): subtract the median,
divide by the distance of the quartiles, and clip smoothly with x / √(1 + (x/3)²), so that no input is beyond ±3.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from pellucid.tables.blocks import Summary, quantiles_of_sorted
from pellucid.tables.cells import FloatArray

__all__ = ["CLIP", "factors", "normal_scores", "quantile_table", "scaled", "scales_of_counts", "smooth_clip"]

CLIP = 3.0
_LARGEST = 1e6  # before clipping; what is beyond is ±3 to the last bit of float32 anyway
_MOST_QUANTILES = 1000
_NEAREST = 1e-7  # to 0 and 1 that a share comes, so that its normal score is finite


def factors(facts: Summary) -> FloatArray:
    """Return 1 / spread of each column, 0 where nothing varies.

    Where the quartiles coincide, RealMLP takes half of the range, so that one wild cell presses all others together;
    here the median of those that differ sets the scale (`pellucid.tables.blocks.Summary`).

    Examples
    --------
    >>> from pellucid.tables.blocks import summarise
    >>> factors(summarise(np.array([[0.0, 1, 2, 3, 4], [0, 0, 0, 0, 8], [5, 5, 5, 5, 5]]))).tolist()
    [0.5, 0.125, 0.0]
    """
    return _inverse(facts.spread)


def _inverse(spread: FloatArray) -> FloatArray:
    tiny = np.finfo(np.float64).tiny  # 1 / tiny is finite
    found: FloatArray = np.where(spread > 0, 1 / np.maximum(spread, tiny), 0.0)
    return found


def scales_of_counts(counts: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Return medians and factors of columns that hold -1, 0 and 1, from how often they do.

    The factor is 1 / (q75 - q25); where that is 0: 2 / (max - min); where that is 0, too: 0.

    Parameters
    ----------
    counts : array of int (3, columns)
        Cells that are -1, 0 and 1.

    Examples
    --------
    >>> [found.tolist() for found in scales_of_counts(np.array([[0, 5], [9, 0], [1, 5]]))]
    [[0.0, 0.0], [2.0, 0.5]]
    """
    ends = np.cumsum(counts, axis=0)
    rows = ends[-1]
    median, lower, upper = (_quantile_of_counts(ends, share) for share in (0.5, 0.25, 0.75))
    low = np.argmax(counts > 0, axis=0) - 1.0
    high = 1.0 - np.argmax(counts[::-1] > 0, axis=0)
    spread = np.where(upper > lower, upper - lower, (high - low) / 2)
    return np.where(rows > 0, median, 0.0), np.where(rows > 0, _inverse(spread), 0.0)


def _quantile_of_counts(ends: NDArray[np.int64], share: float) -> FloatArray:
    last = np.maximum(ends[-1] - 1, 0)
    place = share * last
    below = np.floor(place)
    lower, upper = ((at >= ends[0]) * 1.0 + (at >= ends[1]) - 1 for at in (below, np.minimum(below + 1, last)))
    found: FloatArray = lower + (upper - lower) * (place - below)
    return found


def scaled(block: FloatArray, medians: FloatArray, factor: FloatArray) -> NDArray[np.float32]:
    """Return (x - median) · factor, smoothly clipped, of columns (columns, rows); 0 where x is NaN."""
    with np.errstate(over="ignore"):  # clipped
        z = (block - medians[:, np.newaxis]) * factor[:, np.newaxis]
    np.clip(z, -_LARGEST, _LARGEST, out=z)
    z[np.isnan(z)] = 0.0
    return smooth_clip(z.astype(np.float32))


def smooth_clip(z: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return z / √(1 + (z/3)²): z near 0, and never beyond ±3.

    Examples
    --------
    >>> smooth_clip(np.array([0.0, 0.1, 4.0, 1e6], dtype=np.float32)).round(2).tolist()
    [0.0, 0.10000000149011612, 2.4000000953674316, 3.0]
    """
    clipped: NDArray[np.float32] = z / np.sqrt(1 + np.square(z / np.float32(CLIP)))
    return clipped


def quantile_table(block: FloatArray) -> FloatArray:
    """Return quantiles of each column (columns, rows), evenly spaced: (columns, quantiles), each in rising order.

    As many as a thirtieth of the rows, from 10 to 1000.
    """
    ordered = np.sort(block, axis=1)
    present = (~np.isnan(ordered)).sum(axis=1)
    count = min(max(block.shape[1] // 30, 10), _MOST_QUANTILES)
    table = np.stack([quantiles_of_sorted(ordered, present, share) for share in np.linspace(0, 1, count)], axis=1)
    return np.maximum.accumulate(table, axis=1)  # rounding may have turned neighbours


def normal_scores(block: FloatArray, table: FloatArray) -> NDArray[np.float32]:
    """Return the normal quantile of each cell's share among the column's quantiles (columns, rows); 0 where NaN.

    Cells equal to several quantiles get the middle of their shares, as in scikit-learn's QuantileTransformer.
    """
    shares = np.linspace(0, 1, table.shape[1])
    found = np.empty(block.shape, dtype=np.float32)
    for i, (cells, quantiles) in enumerate(zip(block, table, strict=True)):
        up = np.interp(cells, quantiles, shares)
        down = -np.interp(-cells, -quantiles[::-1], -shares[::-1])
        share = np.where(np.isnan(cells), 0.5, (up + down) / 2)
        found[i] = ndtri(np.clip(share, _NEAREST, 1 - _NEAREST))
    return found
