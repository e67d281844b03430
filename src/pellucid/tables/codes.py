"""Categories to codes: each frequent level a number, all rare ones together another, missing cells one of their own.

Where all levels are numbers, a cell has the level that is its number, however it is written: 3.0 is the level 3.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pellucid.errors import DataWarning, ModelFileError
from pellucid.tables.cells import Coded, TextArray, plain_number_of
from pellucid.tables.schema import shortened
from pellucid.tables.state import Arrays, flag_array, whole_array

__all__ = ["ARRAYS", "LevelCodes", "codes_from_arrays", "codes_to_arrays"]

FEWEST_CELLS = 10
"""With fewer cells in a table, levels never seen are no wonder."""

ARRAYS = {"levels", "level_offsets", "has_other", "has_missing"}


@dataclass(frozen=True)
class LevelCodes:
    """The codes of one category: 0, 1, 2 … for its kept levels, one for all rare levels, one for missing cells.

    Parameters
    ----------
    known : tuple of str
        All levels, rare ones among them.
    kept : array of int
        Places of the kept levels among them, rising.
    has_other, has_missing : bool
        Whether rare levels, and missing cells, have a code.

    Examples
    --------
    >>> codes = LevelCodes.of(("a", "b", "c", "d"), np.array([9, 1, 5, 1]), missing=0, min_count=2)
    >>> codes.names
    ('a', 'c', 'other')
    >>> codes.encode(Coded(np.array([0, 1, 2, -1]), np.array(["c", "b", "never seen"], dtype=object))).tolist()
    [1, 2, 2, -1]
    >>> codes = LevelCodes.of(("1.5", "3"), np.array([9, 9]), missing=0, min_count=2)
    >>> codes.encode(Coded(np.arange(3), np.array(["3.0", "1.50", "03"], dtype=object))).tolist()
    [1, 0, -1]
    """

    known: tuple[str, ...]
    kept: NDArray[np.int64]
    has_other: bool
    has_missing: bool

    @classmethod
    def of(cls, known: tuple[str, ...], counts: NDArray[np.int64], missing: int, min_count: int) -> "LevelCodes":
        """Choose the levels to keep from how often each occurred.

        Levels in fewer rows than min_count are put together, but the two most frequent are kept in any case.
        """
        frequent = counts >= min_count
        frequent[np.argsort(-counts, kind="stable")[:2]] = True
        frequent &= counts > 0
        return cls(known, np.flatnonzero(frequent), bool(((counts > 0) & ~frequent).any()), missing > 0)

    @property
    def names(self) -> tuple[str, ...]:
        """What each code stands for."""
        others = ("other",) * self.has_other + ("missing",) * self.has_missing
        return (*(self.known[i] for i in self.kept.tolist()), *others)

    def __len__(self) -> int:
        return len(self.kept) + self.has_other + self.has_missing

    @cached_property
    def _index(self) -> "pd.Index[Any]":
        return pd.Index(np.array([*self.known], dtype=object)[self.kept], dtype=object)

    @cached_property
    def _level_of_number(self) -> dict[float | None, str]:
        """The levels by their numbers; empty unless all are numbers, different from each other."""
        numbers = [plain_number_of(level) for level in self.known]
        are_different = None not in numbers and len(set(numbers)) == len(numbers)
        return dict(zip(numbers, self.known, strict=True)) if are_different else {}

    def _places(self, texts: TextArray) -> NDArray[np.int64]:
        """Return the place of each text among the kept levels; -1 for others."""
        places = self._index.get_indexer(pd.Index(texts, dtype=object))
        if (places < 0).any() and self._level_of_number:
            places = self._index.get_indexer(pd.Index(list(map(self._as_level, texts)), dtype=object))
        return places.astype(np.int64)

    def _as_level(self, text: str) -> str:
        return self._level_of_number.get(plain_number_of(text), text)

    def encode(self, cells: Coded) -> NDArray[np.int64]:
        """Return the code of each cell.

        A level never seen has the code of rare ones; where there is none, and likewise for missing cells, -1: no level.
        """
        numbers = self._places(cells.texts)
        numbers[numbers < 0] = len(self.kept) if self.has_other else -1
        missing = len(self.kept) + self.has_other if self.has_missing else -1
        return np.append(numbers, missing)[cells.codes].astype(np.int64)

    def warn_if_strange(self, label: str, cells: Coded) -> None:
        """Say aloud that most cells have levels never seen: they may have been read as another type."""
        if len(cells.codes) < FEWEST_CELLS:
            return
        counts = np.bincount(cells.codes[cells.codes >= 0], minlength=len(cells.texts))
        is_kept = self._places(cells.texts) >= 0
        if counts.sum() < FEWEST_CELLS or 2 * counts[~is_kept].sum() <= counts.sum():
            return
        known = set(self.known)
        strange = np.array([self._as_level(text) not in known for text in cells.texts], dtype=bool)
        if 2 * counts[strange].sum() > counts.sum():
            warnings.warn(
                f"Column {label!r}: {counts[strange].sum()} of {counts.sum()} cells are none of its levels "
                f"({shortened(map(repr, self.known))}), for example {cells.texts[strange.argmax()]!r}; they count as "
                "never seen. Was the column read as another type, such as 01 as the number 1?",
                DataWarning,
                stacklevel=3,
            )


def codes_to_arrays(columns: Sequence[LevelCodes]) -> dict[str, NDArray[np.int64] | NDArray[np.uint8]]:
    """Return what was learned of several columns: places among the known levels, end to end, and where each begins."""
    return {
        "levels": np.concatenate([np.empty(0, dtype=np.int64), *(column.kept for column in columns)]),
        "level_offsets": np.cumsum([0, *(len(column.kept) for column in columns)], dtype=np.int64),
        "has_other": np.array([column.has_other for column in columns], dtype=np.uint8),
        "has_missing": np.array([column.has_missing for column in columns], dtype=np.uint8),
    }


def codes_from_arrays(known: Sequence[tuple[str, ...]], arrays: Arrays) -> tuple[LevelCodes, ...]:
    """Build the columns from what `codes_to_arrays` gave.

    Raises
    ------
    ModelFileError
        If it is not what `codes_to_arrays` gives.
    """
    flat, offsets = whole_array(arrays, "levels"), whole_array(arrays, "level_offsets", len(known) + 1)
    if offsets[0] != 0 or offsets[-1] != len(flat) or (np.diff(offsets) < 0).any():
        raise ModelFileError("The array 'level_offsets' of the model must rise from 0 to the number of levels.")
    kept = [flat[start:end] for start, end in pairwise(offsets)]
    for levels, each in zip(known, kept, strict=True):
        if (np.diff(each) <= 0).any() or (each >= len(levels)).any():
            raise ModelFileError("The array 'levels' of the model must name known levels, each column's in order.")
    has_other = flag_array(arrays, "has_other", len(known)).tolist()
    has_missing = flag_array(arrays, "has_missing", len(known)).tolist()
    return tuple(LevelCodes(*column) for column in zip(known, kept, has_other, has_missing, strict=True))
