"""Rows set aside: for the held-out score, for knowing when to stop, and for cross-validation."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from pandas.api import types
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from pellucid.errors import DataError
from pellucid.tables.cells import FloatArray, coded, read_numbers
from pellucid.tables.dates import date_format_of, read_dates
from pellucid.tables.frames import row_list

__all__ = ["Folds", "RowNumbers", "fold_rows", "group_numbers", "split_rows"]

RowNumbers = NDArray[np.int64]
_MOST_GROUPS = 2000  # to balance classes over; with more, chance does it


def split_rows(rows: int, share: float, seed: int, classes: ArrayLike | None = None) -> tuple[RowNumbers, RowNumbers]:
    """Draw the rows to keep and the rows to hold out.

    Where classes are given, each gives about its share (to within two rows), and keeps at least one row. A class of
    two rows and more gives at least one, unless there are too many such classes for the rows to hold out.

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
    held_out = candidates[places.astype(np.int64)]
    if classes is not None:
        held_out = _with_rare_classes(held_out, candidates, np.asarray(classes))
    held_out = np.sort(held_out)
    return np.setdiff1d(np.arange(rows), held_out), held_out


def _with_rare_classes(held_out: RowNumbers, candidates: RowNumbers, classes: NDArray[Any]) -> RowNumbers:
    """Exchange rows of the most frequent class for one of each class that could give a row and gave none."""
    of_candidates, first = np.unique(classes[candidates], return_index=True)
    absent = candidates[first[~np.isin(of_candidates, classes[held_out])]]
    names, counts = np.unique(classes[held_out], return_counts=True)
    if not len(absent) or 2 * len(absent) > counts.max():
        return held_out
    given_up = np.flatnonzero(classes[held_out] == names[counts.argmax()])[: len(absent)]
    return np.concatenate([np.delete(held_out, given_up), absent])


@dataclass(frozen=True)
class Folds:
    """Rows to train on and rows to validate on, several times.

    Iterating gives the pairs (training rows, validation rows), both sorted.

    Parameters
    ----------
    pairs : tuple of pairs of arrays of int
    never_validated : array of int
        Rows that are validation in no fold: with `time`, the earliest; else none.
    """

    pairs: tuple[tuple[RowNumbers, RowNumbers], ...]
    never_validated: RowNumbers

    def __iter__(self) -> Iterator[tuple[RowNumbers, RowNumbers]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)


def fold_rows(
    n_rows: int,
    folds: int,
    seed: int,
    *,
    stratify: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    time: ArrayLike | None = None,
) -> Folds:
    """Deal the rows into folds, so that each row is validation once.

    Parameters
    ----------
    n_rows : int >= 2
    folds : int >= 2
        At most so many; fewer where there are fewer rows, groups or different times.
    seed : int
    stratify : array (n_rows,), optional
        Class of each row. Of each class, the folds have equally many rows, to within one; of a class with fewer rows
        than there are folds, some have one and some none. With `groups`, as equally as whole groups allow.
    groups : array (n_rows,), optional
        Rows of a group stay together.
    time : array (n_rows,), optional
        Numbers or dates. Each fold trains on what was before and validates on what came next; rows of the same time
        stay together, and the earliest rows are never validated. Classes are not balanced.

    Raises
    ------
    DataError
        If the rows cannot be split so.

    Examples
    --------
    >>> folds = fold_rows(6, 3, seed=0, stratify=["a", "a", "a", "b", "b", "b"])
    >>> [len(valid) for train, valid in folds]
    [2, 2, 2]
    >>> [(train.tolist(), valid.tolist()) for train, valid in fold_rows(4, 3, seed=0, time=[2020, 2023, 2022, 2022])]
    [([0], [2, 3]), ([0, 2, 3], [1])]
    """
    if n_rows < 2:
        raise DataError(f"A table must have at least 2 rows to be split into folds; it has {n_rows}.")
    if folds < 2:
        raise DataError(f"'folds' must be at least 2; got {folds}.")
    given = {"stratify": stratify, "groups": groups, "time": time}
    keys = {name: _keys(name, values, n_rows) for name, values in given.items() if values is not None}
    if "time" in keys and "groups" in keys:
        raise DataError("Only one of 'groups' and 'time' can be given; got both. Leave one out.")
    if "time" in keys:
        return _by_time(keys["time"], folds)
    classes = keys.get("stratify", np.zeros(n_rows, dtype=np.int64))
    if "groups" in keys:
        fold_of = _by_group(keys["groups"], classes, folds, seed)
    else:
        order = np.random.default_rng(seed).permutation(n_rows)
        order = order[np.argsort(classes[order], kind="stable")]
        fold_of = np.empty(n_rows, dtype=np.int64)
        fold_of[order] = np.arange(n_rows) % folds
    pairs = [(np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)) for fold in range(min(folds, n_rows))]
    return Folds(tuple((train, valid) for train, valid in pairs if len(valid)), np.empty(0, dtype=np.int64))


def group_numbers(cells: "pd.Series[Any]") -> RowNumbers:
    """Return the number of the group that each cell names; an empty cell names one of its own.

    Two rows that do not say whose they are need not be the same one's.

    Examples
    --------
    >>> group_numbers(pd.Series(["ann", "", "bob", "ann", "NA"])).tolist()
    [0, 2, 1, 0, 3]
    """
    codes, texts = coded(cells)
    alone = codes < 0
    return np.where(alone, len(texts) + np.cumsum(alone) - 1, codes)


def _keys(name: str, values: Any, n_rows: int) -> RowNumbers:
    """Return the rank of each row's value among the different ones; equal values have equal ranks."""
    cells = pd.Series(values).reset_index(drop=True)
    if len(cells) != n_rows:
        raise DataError(f"{name!r} must have one value for each of the {n_rows} rows; it has {len(cells)}.")
    missing = cells.isna().to_numpy(dtype=bool)
    if missing.any():
        raise DataError(
            f"{name!r} must have a value in every row; it is missing in {row_list(missing)}. "
            f"{'Give each of them a group of its own' if name == 'groups' else 'Complete them'}, or leave them out."
        )
    if name == "time":
        cells = pd.Series(_moments(cells))
    numbers, _ = pd.factorize(cells, sort=name == "time")
    return numbers.astype(np.int64)


def _moments(cells: "pd.Series[Any]") -> FloatArray:
    """Return numbers, or the days of dates, whether typed or written as text."""
    is_typed = types.is_datetime64_any_dtype(cells.dtype)
    values, wrong = read_dates(cells) if is_typed else read_numbers(cells)
    form = date_format_of(cells) if wrong.any() else None
    if form is not None:
        values, wrong = read_dates(cells, form)
    if wrong.any() or np.isnan(values).any():
        bad = wrong | np.isnan(values)
        raise DataError(f"'time' must hold numbers or dates of one form; it does not in {row_list(bad)}. Correct them.")
    return values


def _by_group(groups: RowNumbers, classes: RowNumbers, folds: int, seed: int) -> RowNumbers:
    count = int(groups.max()) + 1
    if count < 2:
        raise DataError("'groups' must name at least 2 groups; all rows are of the same. Leave it out.")
    folds = min(folds, count)
    sizes = np.bincount(classes)
    classes = np.where(sizes[classes] >= folds, classes, sizes.argmax())  # rarer ones are refused
    by_chance: Any = GroupKFold(folds, shuffle=True, random_state=seed)
    if len(np.unique(classes)) == 1 or count > _MOST_GROUPS:
        return _numbered(by_chance, classes, groups)
    balanced = _numbered(StratifiedGroupKFold(folds, shuffle=True, random_state=seed), classes, groups)
    return balanced if len(np.unique(balanced)) == folds else _numbered(by_chance, classes, groups)


def _numbered(splitter: Any, classes: RowNumbers, groups: RowNumbers) -> RowNumbers:
    """Return the number of the fold in which each row is validation."""
    fold_of = np.empty(len(groups), dtype=np.int64)
    for fold, (_, valid) in enumerate(splitter.split(groups, classes, groups)):
        fold_of[valid] = fold
    return fold_of


def _by_time(time: RowNumbers, folds: int) -> Folds:
    order = np.argsort(time, kind="stable")
    ordered, rows = time[order], len(time)
    starts = np.round(np.arange(1, folds + 1) * rows / (folds + 1)).astype(np.int64)
    starts = np.searchsorted(ordered, ordered[np.minimum(starts, rows - 1)])  # rows of the same time stay together
    starts = np.unique(starts[starts > 0])
    if not len(starts):
        later = np.flatnonzero(np.diff(ordered)) + 1
        if not len(later):
            raise DataError("'time' must differ between rows; it is the same in all. Leave it out.")
        starts = later[:1]
    ends = [*starts[1:], rows]
    pairs = [(np.sort(order[:start]), np.sort(order[start:end])) for start, end in zip(starts, ends, strict=True)]
    return Folds(tuple(pairs), np.sort(order[: starts[0]]))
