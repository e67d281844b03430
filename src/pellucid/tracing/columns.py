"""Columns that are embedded before the first layer: what each becomes for each row, and where gradients come from."""

from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np

from pellucid.spec import Embedding, Periodic, PiecewiseLinear
from pellucid.textbook.arrays import Array
from pellucid.textbook.embeddings import periodic_basis, piecewise_linear_basis
from pellucid.textbook.parameters import Parameters

__all__ = ["ColumnTrace", "feature_names", "trace_columns"]


@dataclass(frozen=True, eq=False)
class ColumnTrace:
    """What became of one column in a step.

    A number x becomes e = (basis(x)·V + c, x), a level's code the level's vector E; another column passes as it is.

    Attributes
    ----------
    index : int
        Place of the column.
    name : str
    kind : {'periodic', 'piecewise linear', 'category', 'passed'}
    place : slice
        Its features among all.
    values : array of shape (rows,)
        x, or the codes of levels; a code that is none becomes zeros.
    learned : tuple of (role, index, symbol)
        Arrays that it learns: their roles and places in the layout of parameters, and how they are written.
    basis : array of shape (rows, bases) or None
    weights, bias : arrays of shapes (bases, width) and (width,), or None
        V and c, before the update.
    frequencies, phases : arrays of shape (bases,) or None
        ω and φ of a periodic basis, cos(2π·x·ω + φ).
    edges : array of shape (bases + 1,) or None
        Of a piecewise-linear basis.
    levels : array of shape (levels, width) or None
        E, a vector for each level.
    level_names : tuple of str
        What the levels are called; empty where that is not known.
    d_embedded : array of shape (rows, features) or None
        ∂ℓ/∂e of its features, of each row's loss. None without targets.
    row_share : float
        What each row's derivatives are multiplied by in the gradient.
    """

    index: int
    name: str
    kind: str
    place: slice
    values: Array
    learned: tuple[tuple[str, int, str], ...]
    basis: Array | None
    weights: Array | None
    bias: Array | None
    frequencies: Array | None
    phases: Array | None
    edges: Array | None
    levels: Array | None
    level_names: tuple[str, ...]
    d_embedded: Array | None
    row_share: float

    @property
    def features(self) -> range:
        """Numbers of its features."""
        return range(self.place.start, self.place.stop)

    @property
    def width(self) -> int:
        """Features that are made of a basis or of levels: not x itself, which stands behind a number's."""
        return 0 if self.kind == "passed" else len(self.features) - (self.basis is not None)

    @property
    def level_of_rows(self) -> Array:
        """Each row's level; −1 where its code is none."""
        codes, count = self.values, 0 if self.levels is None else len(self.levels)
        is_level = (codes >= 0) & (codes < count) & (np.floor(codes) == codes)
        return np.where(is_level, codes, -1).astype(np.int64)

    def level_of(self, row: int) -> str:
        """Say which level a row has."""
        level = int(self.level_of_rows[row])
        if level < 0:
            return "no level that is known"
        return self.level_names[level] if level < len(self.level_names) else f"level {level + 1}"

    @property
    def d_basis(self) -> Array | None:
        """∂ℓ/∂basis of each row's loss, of shape (rows, bases)."""
        if self.d_embedded is None or self.weights is None:
            return None
        return np.asarray(self.d_embedded[:, : self.width] @ self.weights.T)

    @property
    def basis_slopes(self) -> tuple[Array, Array]:
        """∂basis/∂ω and ∂basis/∂φ of a periodic basis, each of shape (rows, bases)."""
        assert self.frequencies is not None and self.phases is not None  # noqa: S101, PT018 - asked of no other
        x = self.values[:, np.newaxis]
        slope = -np.sin(2 * np.pi * x * self.frequencies + self.phases)
        return 2 * np.pi * x * slope, slope

    def contributions(self, role: str) -> Array:
        """Return what each row adds to a gradient: (rows, …), … the array's shape; (rows, width) of levels, to its own.

        Parameters
        ----------
        role : {'number_weights', 'number_bias', 'frequencies', 'phases', 'levels'}
            One of those that are learned.
        """
        assert self.d_embedded is not None  # noqa: S101 - not asked without targets
        d = self.d_embedded[:, : self.width] * self.row_share
        match role:
            case "number_weights" if self.basis is not None:
                return np.asarray(self.basis[:, :, np.newaxis] * d[:, np.newaxis, :])
            case "frequencies" | "phases" if self.d_basis is not None:
                slopes = self.basis_slopes[role == "phases"]
                return np.asarray(slopes * self.d_basis * self.row_share)
            case "levels":
                return np.asarray(d * (self.level_of_rows >= 0)[:, np.newaxis])
        return d


def feature_names(embedding: Embedding | None, names: tuple[str, ...]) -> tuple[str, ...]:
    """Name the features that columns become: ``age [1]``, ``age [2]``, and ``age`` for the number itself.

    Examples
    --------
    >>> from pellucid.spec import Category
    >>> embedding = Embedding(1, Periodic(width=2), 1, (Category(4, 2),))
    >>> feature_names(embedding, ("age", "seen", "town"))
    ('age [1]', 'age [2]', 'age', 'seen', 'town [1]', 'town [2]')
    """
    if embedding is None:
        return names
    found: list[str] = []
    for column, (name, count) in enumerate(zip(names, embedding.features_of_columns, strict=True)):
        is_category = column >= embedding.numbers + embedding.passed
        found += [f"{name} [{place + 1}]" for place in range(count if is_category else count - 1)]
        found += [] if is_category else [name]
    return tuple(found)


def trace_columns(
    embedding: Embedding,
    columns: Array,
    names: tuple[str, ...],
    before: Parameters,
    d_embedded: Array | None,
    row_share: float,
    level_names: tuple[tuple[str, ...], ...] = (),
) -> tuple[ColumnTrace, ...]:
    """Put together what is known of each column.

    Parameters
    ----------
    embedding : Embedding
    columns : array of shape (rows, embedding.inputs)
    names : tuple of str
        Of the columns.
    before : Parameters
    d_embedded : array of shape (rows, embedding.features) or None
    row_share : float
    level_names : tuple of tuples of str
        Of the categories; empty where they are not known.
    """
    stops = list(accumulate(embedding.features_of_columns))
    starts = [0, *stops[:-1]]
    traced = []
    for column, (start, stop) in enumerate(zip(starts, stops, strict=True)):
        place = slice(start, stop)
        d = None if d_embedded is None else d_embedded[:, place]
        made = _made(embedding, column, columns[:, column], before)
        category = column - embedding.numbers - embedding.passed
        made["level_names"] = level_names[category] if 0 <= category < len(level_names) else ()
        traced.append(
            ColumnTrace(
                column, names[column], place=place, values=columns[:, column], d_embedded=d, row_share=row_share, **made
            )
        )
    return tuple(traced)


NOTHING: dict[str, Any] = dict.fromkeys(("basis", "weights", "bias", "frequencies", "phases", "edges", "levels"))


def _made(embedding: Embedding, column: int, x: Array, before: Parameters) -> dict[str, Any]:
    """Return what a column is made into, and of what."""
    category = column - embedding.numbers - embedding.passed
    if category >= 0:
        return NOTHING | {
            "kind": "category",
            "learned": (("levels", category, "E"),),
            "levels": before.levels[category],
        }
    kind = embedding.number_embedding
    if column >= embedding.numbers or kind is None:
        return NOTHING | {"kind": "passed", "learned": ()}
    affine = (("number_weights", column, "V"), ("number_bias", column, "c"))
    made = NOTHING | {"weights": before.number_weights[column], "bias": before.number_bias[column]}
    if isinstance(kind, PiecewiseLinear):
        edges = np.array(kind.edges[column], dtype=x.dtype)
        basis = piecewise_linear_basis(x, edges)
        return made | {"kind": "piecewise linear", "learned": affine, "edges": edges, "basis": basis}
    assert isinstance(kind, Periodic)  # noqa: S101 - types
    frequencies, phases = before.frequencies[column], before.phases[column]
    waves = (("frequencies", column, "ω"), ("phases", column, "φ"))
    basis = periodic_basis(x, frequencies, phases)
    made |= {"frequencies": frequencies, "phases": phases, "basis": basis}
    return made | {"kind": "periodic", "learned": (*affine, *waves)}
