"""Rows set aside: for the held-out score, and for knowing when to stop."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["RowNumbers", "split_rows"]

RowNumbers = NDArray[np.int64]


def split_rows(rows: int, share: float, seed: int, classes: ArrayLike | None = None) -> tuple[RowNumbers, RowNumbers]:
    """Draw the rows to keep and the rows to hold out.

    Where classes are given, each gives about its share (to within two rows), and keeps at least one row.

    Parameters
    ----------
    rows : int
        Number of rows.
    share : float
        Part of the rows to hold out, between 0 and 1.
    seed : int
    classes : array of int (rows,), optional
        Class of each row.

    Returns
    -------
    kept, held_out : arrays of int
        Row numbers, each sorted.

    Examples
    --------
    >>> kept, held_out = split_rows(10, 0.2, seed=0, classes=[0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    >>> len(kept), (held_out < 5).sum()
    (8, np.int64(1))
    """
    order = np.random.default_rng(seed).permutation(rows)
    if classes is not None:
        by_class = np.asarray(classes)[order]
        order = order[np.argsort(by_class, kind="stable")]
        first_of_class = np.unique(np.sort(by_class), return_index=True)[1]
        candidates = np.delete(order, first_of_class)
    else:
        candidates = order[1:]
    wanted = min(max(round(rows * share), 1), len(candidates))
    places = (np.arange(wanted) + 0.5) * len(candidates) / max(wanted, 1)
    held_out = np.sort(candidates[places.astype(np.int64)])
    return np.setdiff1d(np.arange(rows), held_out), held_out
