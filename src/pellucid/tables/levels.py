"""Categories to inputs of 0 and 1: one for each frequent level."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import OneHotEncoder

from pellucid.errors import ModelFileError
from pellucid.tables.cells import FloatArray, TextArray
from pellucid.tables.state import Arrays, flag_array, whole_array

__all__ = ["ARRAYS", "LevelEncoder"]

ARRAYS = {"levels", "level_offsets", "has_other", "has_missing"}
_LEAST_SHARE = 0.001  # of the rows; a level that is rarer is learned together with the other rare ones
_LEAST_ROWS = 2


class LevelEncoder:
    """One input for each frequent level; one for all others and one for "missing" where they occurred.

    A level never seen sets the input of the others, or, where there is none, no input at all.

    Parameters
    ----------
    known : sequence of tuples of str
        The levels of each column; what else a cell says is "other".

    Examples
    --------
    >>> column = np.array(["red", "blue", "red", "blue", None], dtype=object)
    >>> encoder = LevelEncoder([("blue", "red")]).fit([column])
    >>> encoder.names(["colour"])
    ['colour=blue', 'colour=red', 'colour is missing']
    >>> encoder.transform([np.array(["red", "green"], dtype=object)]).tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]
    """

    def __init__(self, known: Sequence[tuple[str, ...]]) -> None:
        self._known = tuple(known)

    def fit(self, columns: Sequence[TextArray]) -> "LevelEncoder":
        """Learn from one array of texts for each column, None where a cell is missing."""
        kept, has_other, has_missing = [], [], []
        for levels, texts in zip(self._known, columns, strict=True):
            numbers = _positions(levels, texts)
            counts = np.bincount(numbers[numbers >= 0], minlength=len(levels))
            least = max(_LEAST_ROWS, _LEAST_SHARE * len(texts)) if len(levels) > 1 else 0
            kept.append(np.flatnonzero(counts >= least))
            has_other.append(bool(((counts > 0) & (counts < least)).any()))
            has_missing.append(any(text is None for text in texts))
        return self._build(kept, has_other, has_missing)

    def _build(
        self, kept: list[NDArray[np.int64]], has_other: Sequence[bool], has_missing: Sequence[bool]
    ) -> "LevelEncoder":
        self._kept, self._has_other, self._has_missing = kept, list(has_other), list(has_missing)
        self._texts = [tuple(levels[i] for i in each) for levels, each in zip(self._known, kept, strict=True)]
        categories = [np.arange(width) for width in self._widths()]
        if categories:
            self._encoder = OneHotEncoder(categories=categories, handle_unknown="ignore", sparse_output=False)
            self._encoder.fit(np.zeros((1, len(categories)), dtype=np.int64))
        return self

    def _widths(self) -> list[int]:
        flags = zip(self._texts, self._has_other, self._has_missing, strict=True)
        return [len(texts) + other + missing for texts, other, missing in flags]

    def transform(self, columns: Sequence[TextArray]) -> FloatArray:
        """Return (rows, inputs) of 0 and 1 for one array of texts for each column."""
        numbered = [self._number(i, texts) for i, texts in enumerate(columns)]
        encoded: FloatArray = self._encoder.transform(np.column_stack(numbered))
        return encoded

    def _number(self, column: int, texts: TextArray) -> NDArray[np.int64]:
        """Return the place of each cell's input among the column's inputs; -1: none."""
        levels, other = self._texts[column], self._has_other[column]
        numbers = _positions(levels, texts)
        missing = np.array([text is None for text in texts], dtype=bool)
        numbers[(numbers < 0) & ~missing] = len(levels) if other else -1
        numbers[missing] = len(levels) + other if self._has_missing[column] else -1
        return numbers

    def names(self, labels: Sequence[str]) -> list[str]:
        """Name the inputs, given the columns' names."""
        names = []
        for i, label in enumerate(labels):
            names += [f"{label}={text}" for text in self._texts[i]]
            names += [f"{label} is other"] * self._has_other[i] + [f"{label} is missing"] * self._has_missing[i]
        return names

    def to_arrays(self) -> dict[str, NDArray[np.int64] | NDArray[np.uint8]]:
        """Return what was learned: places among the known levels, end to end, and where each column's begin."""
        return {
            "levels": np.concatenate([np.empty(0, dtype=np.int64), *self._kept]),
            "level_offsets": np.cumsum([0, *(len(each) for each in self._kept)], dtype=np.int64),
            "has_other": np.array(self._has_other, dtype=np.uint8),
            "has_missing": np.array(self._has_missing, dtype=np.uint8),
        }

    @classmethod
    def from_arrays(cls, known: Sequence[tuple[str, ...]], arrays: Arrays) -> "LevelEncoder":
        """Build the encoder from what `to_arrays` gave."""
        flat, offsets = whole_array(arrays, "levels"), whole_array(arrays, "level_offsets", len(known) + 1)
        if offsets[0] != 0 or offsets[-1] != len(flat) or (np.diff(offsets) < 0).any():
            raise ModelFileError("The array 'level_offsets' of the model must rise from 0 to the number of levels.")
        kept = [flat[start:end] for start, end in pairwise(offsets)]
        for levels, each in zip(known, kept, strict=True):
            if (np.diff(each) <= 0).any() or (each >= len(levels)).any():
                raise ModelFileError("The array 'levels' of the model must name known levels, each column's in order.")
        has_other = flag_array(arrays, "has_other", len(known)).tolist()
        has_missing = flag_array(arrays, "has_missing", len(known)).tolist()
        if any(
            len(each) + other + missing == 0 for each, other, missing in zip(kept, has_other, has_missing, strict=True)
        ):
            raise ModelFileError("Every category of the model must have at least one level.")
        return cls(known)._build(kept, has_other, has_missing)


def _positions(levels: Sequence[str], texts: TextArray) -> NDArray[np.int64]:
    place = {level: i for i, level in enumerate(levels)}
    return np.array([place.get(text, -1) for text in texts], dtype=np.int64)
