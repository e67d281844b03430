"""Embeddings: what becomes of a table's columns before the first layer.

The columns of X stand in this order: numbers that are embedded, columns that pass as they are, then one column of
codes for each category.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, get_args

from pellucid.errors import SpecError
from pellucid.spec.checks import check_integer, check_kind, check_number, finite_number, shown

__all__ = ["NARROWEST_BIN", "Category", "Embedding", "NumberEmbedding", "Periodic", "PiecewiseLinear"]

NARROWEST_BIN, LARGEST_EDGE = 1e-30, 1e30
"""Of a piecewise-linear embedding: with others, places within a bin would be no numbers in single precision."""


@dataclass(frozen=True)
class Periodic:
    """Each number x becomes cos(2π x w + φ) · V + c, and x itself (PBLD; Holzmüller et al., 2024).

    The frequencies w, phases φ, weights V and biases c are trained, for each column its own. They begin with w normal
    with standard deviation `sigma`, φ uniform in ±π, V and c uniform in ±1 / √frequencies.

    Parameters
    ----------
    frequencies : int
        Numbers of w, at least 1.
    sigma : float
        Greater than 0: the larger, the finer the structure that is seen.
    width : int
        Columns of V, at least 1: a number becomes width + 1 features.
    """

    name: ClassVar[str] = "periodic"
    frequencies: int = 16
    sigma: float = 0.1
    width: int = 3

    def __post_init__(self) -> None:
        check_integer(self, "frequencies", low=1)
        check_number(self, "sigma", low=0, low_open=True)
        check_integer(self, "width", low=1)

    @property
    def features(self) -> int:
        """Features that a number becomes."""
        return self.width + 1


@dataclass(frozen=True)
class PiecewiseLinear:
    """Each number x becomes e(x) · V + c, and x itself, e its place among the edges (Gorishniy et al., 2022).

    e has one element for each bin between successive edges: 0 below the bin, 1 above it, and rises linearly within.
    The first bin is open below and the last one above: there e goes on beyond 0 and 1. V begins with zeros, as do c.

    Parameters
    ----------
    edges : tuple of tuples of float
        For each column its edges, at least two, of size at most 1e30 and each at least 1e-30 above the one before.
    width : int
        Columns of V, at least 1: a number becomes width + 1 features.
    """

    name: ClassVar[str] = "piecewise_linear"
    edges: tuple[tuple[float, ...], ...]
    width: int = 8

    def __post_init__(self) -> None:
        check_integer(self, "width", low=1)
        columns = [_edges(column) for column in self.edges] if isinstance(self.edges, tuple) else [None]
        if None in columns:
            raise SpecError(
                "'edges' of PiecewiseLinear must hold, for each column, at least two finite numbers in strictly "
                f"increasing order, {NARROWEST_BIN:g} apart or more and of size at most {LARGEST_EDGE:g}, as tuples; "
                f"got {shown(self.edges)}."
            )
        object.__setattr__(self, "edges", tuple(columns))

    @property
    def features(self) -> int:
        """Features that a number becomes."""
        return self.width + 1


def _edges(column: object) -> tuple[float, ...] | None:
    """Return a column's edges as floats; None if they are none."""
    if not isinstance(column, tuple):
        return None
    edges = tuple(number for number in map(finite_number, column) if number is not None)
    are_apart = all(high - low >= NARROWEST_BIN for low, high in pairwise(edges))
    is_valid = len(edges) == len(column) >= 2 and are_apart and max(map(abs, edges)) <= LARGEST_EDGE
    return edges if is_valid else None


NumberEmbedding = Periodic | PiecewiseLinear


@dataclass(frozen=True)
class Category:
    """Each level of a category becomes a vector, which is trained. It begins standard normal.

    The column holds codes 0, 1, …, levels - 1. Any other number, such as -1, is no level and becomes zeros.

    Parameters
    ----------
    levels : int
        From 1 to 2²⁴, up to where float32 holds every code.
    width : int
        Length of the vectors, at least 1.
    """

    levels: int
    width: int = 8

    def __post_init__(self) -> None:
        check_integer(self, "levels", low=1)
        check_integer(self, "width", low=1)
        if self.levels > 2**24:
            raise SpecError(f"'levels' of Category must be at most 16777216; got {self.levels}.")


@dataclass(frozen=True)
class Embedding:
    """What becomes of the columns of X before the first layer.

    Parameters
    ----------
    numbers : int
        Leading columns that hold numbers.
    number_embedding : Periodic, PiecewiseLinear or None
        What they become; None: they pass as they are.
    passed : int
        Columns after them that pass as they are.
    categories : tuple of Category
        One for each of the last columns, which hold codes.

    Examples
    --------
    >>> from pellucid.spec import Category, Embedding, Periodic
    >>> embedding = Embedding(numbers=2, number_embedding=Periodic(width=3), passed=1, categories=(Category(20, 8),))
    >>> embedding.inputs, embedding.features
    (4, 17)
    """

    numbers: int = 0
    number_embedding: NumberEmbedding | None = None
    passed: int = 0
    categories: tuple[Category, ...] = ()

    def __post_init__(self) -> None:
        check_integer(self, "numbers", low=0)
        check_integer(self, "passed", low=0)
        if self.number_embedding is not None:
            check_kind(self, "number_embedding", get_args(NumberEmbedding))
        if not isinstance(self.categories, tuple) or not all(isinstance(each, Category) for each in self.categories):
            raise SpecError(f"'categories' of Embedding must be a tuple of Category; got {shown(self.categories)}.")
        if isinstance(self.number_embedding, PiecewiseLinear) and len(self.number_embedding.edges) != self.numbers:
            raise SpecError(
                f"'edges' of PiecewiseLinear must be given for each of the {self.numbers} numbers; "
                f"got {len(self.number_embedding.edges)}."
            )
        if self.inputs < 1:
            raise SpecError("An Embedding must have at least one column; it has none.")

    @property
    def inputs(self) -> int:
        """Columns of X."""
        return self.numbers + self.passed + len(self.categories)

    @property
    def features(self) -> int:
        """What the first layer sees: the numbers' features column by column, what passed, then the vectors."""
        return sum(self.features_of_columns)

    @property
    def features_of_columns(self) -> tuple[int, ...]:
        """Features that each column of X becomes."""
        a_number = 1 if self.number_embedding is None else self.number_embedding.features
        vectors = (category.width for category in self.categories)
        return (*(a_number,) * self.numbers, *(1,) * self.passed, *vectors)
