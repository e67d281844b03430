"""Columns that say the same as another in every row."""

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pellucid.tables.blocks import fingerprints, number_blocks, plain_numbers
from pellucid.tables.cells import FloatArray
from pellucid.tables.columns import read_coded, read_measures
from pellucid.tables.schema import ColumnSchema

__all__ = ["find_copies"]


def find_copies(frame: pd.DataFrame, columns: Sequence[ColumnSchema]) -> dict[str, str]:
    """Return, for each column that says the same as one before it, that one's label.

    Only columns whose descriptions agree are looked at, of these first a fingerprint, then every cell.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [1, 2, 4], "b": [1, 4, 2], "c": [1.0, 2.0, 4.0]})
    >>> find_copies(frame, [ColumnSchema(label, "number") for label in frame])
    {'c': 'a'}
    """
    alike: dict[Hashable, list[ColumnSchema]] = {}
    for column in columns:
        if column.kind != "ignored":
            facts = (column.kind, column.missing, column.distinct, column.low, column.high, column.levels)
            alike.setdefault(facts, []).append(column)
    groups = [group for group in alike.values() if len(group) > 1]
    prints = _prints(frame, [column for group in groups for column in group])
    copies = {}
    for group in groups:
        firsts: dict[int, list[ColumnSchema]] = {}
        for column in group:
            same = firsts.setdefault(prints[column.label], [])
            first = next((each for each in same if _are_equal(frame, each, column)), None)
            if first is None:
                same.append(column)
            else:
                copies[column.label] = first.label
    return copies


def _prints(frame: pd.DataFrame, columns: Sequence[ColumnSchema]) -> dict[str, int]:
    plain, places = plain_numbers(frame), dict(zip(frame.columns, range(frame.shape[1]), strict=True))
    found: dict[str, int] = {}
    at_once = [column for column in columns if column.kind == "number" and plain[places[column.label]]]
    numbers: NDArray[np.int64] = np.array([places[column.label] for column in at_once], dtype=np.int64)
    for part, block, _ in number_blocks(frame, numbers):
        found |= zip((column.label for column in at_once[part]), fingerprints(block).tolist(), strict=True)
    for column in columns:
        if column.label not in found:
            found[column.label] = int(fingerprints(_values(frame, column)[np.newaxis])[0])
    return found


def _are_equal(frame: pd.DataFrame, one: ColumnSchema, other: ColumnSchema) -> bool:
    return np.array_equal(_values(frame, one), _values(frame, other), equal_nan=True)


def _values(frame: pd.DataFrame, column: ColumnSchema) -> FloatArray:
    """Return numbers that are equal where, and only where, cells say the same."""
    series = frame[column.label]
    if column.kind in ("number", "date"):
        return read_measures(column, series)[0]
    codes, texts = read_coded(column, series)
    ranks = np.append(np.argsort(np.argsort(texts)), -1)
    return ranks[codes].astype(np.float64)
