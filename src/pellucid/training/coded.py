"""Rows kept as codes: a column that holds few different numbers needs a byte or two a row, and a table of them.

Columns of very few numbers share a code, as long as there are at most 256 combinations; a column of many numbers is
kept as it is. Nothing is rounded: what comes out is to the last bit what went in.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.textbook.arrays import Array

__all__ = ["CodedRows", "Group", "decoded"]

MOST_IN_A_BYTE, MOST_IN_A_WORD = 2**8, 2**16
ROWS_OF_A_NUMBER = 8
"""A column has a table where each of its numbers stands for so many rows, on average."""


@dataclass(frozen=True)
class Group:
    """Columns that share a code.

    Attributes
    ----------
    columns : array of int of shape (columns,)
    table : array of shape (codes, columns)
        What the columns hold where the code is its row's number.
    """

    columns: Array
    table: Array


@dataclass(frozen=True)
class CodedRows:
    """A matrix of rows that is read like an array: ``coded[rows]`` is an array of these rows.

    Attributes
    ----------
    bytes : array of uint8 of shape (rows, groups)
    words : array of uint16 of shape (rows, groups)
        Codes; the groups are of one column each.
    plain : array of shape (rows, columns)
        Columns of too many different numbers.
    byte_groups, word_groups : tuple of Group
    plain_columns : array of int of shape (columns,)

    Examples
    --------
    >>> X = np.array([[0.5, 1.0, -1.0], [0.5, 0.0, -1.0]] * 8, dtype=np.float32)
    >>> coded = CodedRows.of(lambda: [X[:10], X[10:]], X.shape)
    >>> coded.shape, coded.bytes.shape, coded.byte_groups[0].table.tolist()
    ((16, 3), (16, 1), [[0.5, -1.0, 0.0], [0.5, -1.0, 1.0]])
    >>> bool((coded[:] == X).all()), coded[np.array([1]), 1].tolist()
    (True, [0.0])
    """

    bytes: Array
    words: Array
    plain: Array
    byte_groups: tuple[Group, ...]
    word_groups: tuple[Group, ...]
    plain_columns: Array

    @classmethod
    def of(cls, blocks: Callable[[], Iterable[Array]], shape: tuple[int, int], dtype: Any = np.float32) -> "CodedRows":
        """Keep rows that come in blocks; they are asked for twice, so that they need not be in memory at once.

        Parameters
        ----------
        blocks : callable
            Gives the rows from the first on, in arrays of shape (rows of the block, columns).
        shape : tuple of int
            Of all rows.
        dtype : dtype
            A float type, of the blocks.
        """
        rows, width = shape
        values = _different(blocks(), width, min(MOST_IN_A_WORD, rows // ROWS_OF_A_NUMBER), dtype)
        counts = [(column, len(each)) for column, each in enumerate(values) if each is not None]
        small = [each for each in counts if each[1] <= MOST_IN_A_BYTE]
        shared = _shared(sorted(small, key=lambda each: each[1]))
        alone = [[column] for column, count in counts if count > MOST_IN_A_BYTE]
        plain = np.array([column for column in range(width) if values[column] is None], dtype=np.int64)
        made = cls(
            np.empty((rows, len(shared)), np.uint8),
            np.empty((rows, len(alone)), np.uint16),
            np.empty((rows, len(plain)), dtype),
            tuple(_group(columns, values, dtype) for columns in shared),
            tuple(_group(columns, values, dtype) for columns in alone),
            plain,
        )
        first = 0
        for block in blocks():
            bits, part = _bits(block), slice(first, first + len(block))
            for codes, groups in ((made.bytes, shared), (made.words, alone)):
                for place, columns in enumerate(groups):
                    codes[part, place] = _codes(bits, columns, values)
            made.plain[part] = block[:, plain]
            first += len(block)
        return made

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        coded = sum(len(group.columns) for group in (*self.byte_groups, *self.word_groups))
        return len(self.bytes), coded + len(self.plain_columns)

    @property
    def dtype(self) -> Any:
        """Type of the numbers."""
        return self.plain.dtype

    def __len__(self) -> int:
        return len(self.bytes)

    def __getitem__(self, key: Any) -> Array:
        """Return the rows of a slice or of an array of row numbers; with a column's number, that column of them."""
        if isinstance(key, tuple):
            rows, column = key
            return self._column(rows, column)
        found = np.empty((len(self.bytes[key]), self.shape[1]), self.dtype)
        for codes, groups in ((self.bytes, self.byte_groups), (self.words, self.word_groups)):
            for place, group in enumerate(groups):
                found[:, group.columns] = group.table[codes[key, place]]
        found[:, self.plain_columns] = self.plain[key]
        return found

    def _column(self, rows: Any, column: int) -> Array:
        for codes, groups in ((self.bytes, self.byte_groups), (self.words, self.word_groups)):
            for place, group in enumerate(groups):
                for within in np.flatnonzero(group.columns == column):
                    return group.table[codes[rows, place], within]
        found: Array = self.plain[rows, int(np.flatnonzero(self.plain_columns == column)[0])]
        return found


def decoded(inputs: Any) -> Any:
    """Return all rows as an array where they are coded, else what is given."""
    return inputs[:] if isinstance(inputs, CodedRows) else inputs


def _bits(block: Array) -> Array:
    """Return the numbers' bits, of shape (columns, rows): 0 and -0 differ."""
    return np.ascontiguousarray(block.T).view(f"u{block.itemsize}")


def _different(blocks: Iterable[Array], width: int, most: int, dtype: Any) -> list[Array | None]:
    """Return the bits of each column's different numbers, in order; None where there are more than so many."""
    found: list[Array | None] = [np.empty(0, f"u{np.dtype(dtype).itemsize}")] * width
    for block in blocks:
        for column, bits in enumerate(_bits(block)):
            known = found[column]
            if known is not None:
                together = np.union1d(known, bits)
                found[column] = together if len(together) <= most else None
    return found


def _shared(counts: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Put columns together, in this order, while their combinations fit in a byte."""
    groups: list[list[int]] = []
    combinations = MOST_IN_A_BYTE + 1
    for column, count in counts:
        combinations *= count
        if combinations > MOST_IN_A_BYTE:
            groups.append([])
            combinations = count
        groups[-1].append(column)
    return groups


def _group(columns: Sequence[int], values: Sequence[Any], dtype: Any) -> Group:
    numbers = [values[column].view(dtype) for column in columns]
    table = np.stack([each.ravel() for each in np.meshgrid(*numbers, indexing="ij")], axis=1)
    return Group(np.array(columns), np.ascontiguousarray(table))


def _codes(bits: Array, columns: Sequence[int], values: Sequence[Any]) -> Array:
    """Return the row of the group's table for each row: the last column's number changes fastest."""
    codes = np.zeros(bits.shape[1], dtype=np.int64)
    for column in columns:
        codes = codes * len(values[column]) + np.searchsorted(values[column], bits[column])
    return codes
