"""Numbers that may stand for a missing value: -999 among ages, 9999 among years, 99 among answers from 1 to 5.

Only a person can know; so they are told of, and learned from as they are. A number of nines is told of where it occurs
more than once, and far from all others: below 0 where nothing else is, or at three times their range or more.
"""

import numpy as np

from pellucid.tables.cells import FloatArray
from pellucid.tables.missing import DECLARE

__all__ = ["CANDIDATES", "note_of_sentinels"]

_NINES = np.array([99, 999, 9999, 99_999, 999_999, 9_999_999, 99_999_999, 999_999_999, 99.9, 99.99, 999.9, 999.99])
CANDIDATES = np.concatenate([-_NINES, _NINES])

_FEWEST_OTHERS = 3
"""Different values among which another one can stand out."""

_RANGES_AWAY = 3


def note_of_sentinels(values: FloatArray, remedy: str = DECLARE) -> str:
    """Tell of the numbers in a column that may stand for missing values; empty if there are none.

    Parameters
    ----------
    values : array (rows,)
        NaN where a cell is missing.
    remedy : str
        What to do if they do.

    Examples
    --------
    >>> note_of_sentinels(np.array([31, 45, -999, 28, -999]), remedy="leave these rows out")
    '-999 in 2 cells, far from all others: if it means missing, leave these rows out'
    >>> note_of_sentinels(np.array([97, 98, 99, 99, 100]))
    ''
    """
    is_candidate = np.isin(values, CANDIDATES)
    others = np.unique(values[~is_candidate & ~np.isnan(values)])
    if len(others) < _FEWEST_OTHERS or not is_candidate.any():
        return ""
    found, counts = np.unique(values[is_candidate], return_counts=True)
    low, high = others[0], others[-1]
    away = np.maximum(low - found, found - high) >= _RANGES_AWAY * (high - low)
    away |= (found < 0) & (low >= 0)
    told = [f"{value:.12g} in {count} cells" for value, count in zip(found, counts, strict=True) if count > 1]
    told = [text for text, is_away in zip(told, away[counts > 1], strict=True) if is_away]
    if not told:
        return ""
    them = "it means" if len(told) == 1 else "they mean"
    return f"{' and '.join(told)}, far from all others: if {them} missing, {remedy}"
