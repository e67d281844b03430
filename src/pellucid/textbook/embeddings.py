"""Embeddings: what becomes of a table's columns before the first layer.

A number x becomes weighted sums of some functions of it, its basis, with x itself beside them:

    periodic            bₖ(x) = cos(2π x wₖ + φₖ)
    piecewise linear    bₖ(x) = (x - edgeₖ) / (edgeₖ₊₁ - edgeₖ), at least 0 and at most 1
    features            (Σₖ bₖ(x) Vₖⱼ + cⱼ, x)

A category's code becomes the vector of its level.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import SpecError
from pellucid.spec import Embedding, Periodic, PiecewiseLinear
from pellucid.textbook.arrays import Array
from pellucid.textbook.parameters import Parameters

__all__ = [
    "check_dense",
    "embed",
    "embed_backward",
    "level_vectors",
    "level_vectors_backward",
    "periodic_basis",
    "periodic_basis_backward",
    "piecewise_linear_basis",
]


def periodic_basis(x: Array, frequencies: Array, phases: Array) -> Array:
    """Cosines of a number: cos(2π x wₖ + φₖ) (Holzmüller et al., 2024).

    Parameters
    ----------
    x : array of shape (rows,)
    frequencies, phases : arrays of shape (bases,)

    Returns
    -------
    array of shape (rows, bases)

    Examples
    --------
    >>> import numpy as np
    >>> periodic_basis(np.array([0.0, 0.5]), np.array([1.0]), np.array([0.0])).ravel().tolist()
    [1.0, -1.0]
    """
    return np.cos(2 * np.pi * x[:, np.newaxis] * frequencies + phases)


def periodic_basis_backward(x: Array, frequencies: Array, phases: Array, d_basis: Array) -> tuple[Array, Array]:
    """Return the derivatives of the loss by frequencies and phases, summed over the rows.

    Parameters
    ----------
    x, frequencies, phases : arrays
        As in `periodic_basis`.
    d_basis : array of shape (rows, bases)
        ∂L/∂b.

    Returns
    -------
    d_frequencies, d_phases : arrays of shape (bases,)

    Examples
    --------
    >>> import numpy as np
    >>> x, w, phase = np.array([0.25]), np.array([1.0]), np.array([0.0])
    >>> d_w, d_phase = periodic_basis_backward(x, w, phase, np.ones((1, 1)))
    >>> d_phase.tolist(), d_w.round(4).tolist()
    ([-1.0], [-1.5708])
    """
    d_angle = -np.sin(2 * np.pi * x[:, np.newaxis] * frequencies + phases) * d_basis
    return 2 * np.pi * (x @ d_angle), d_angle.sum(axis=0)


def piecewise_linear_basis(x: Array, edges: Array) -> Array:
    """Place of a number in each bin: 0 below it, 1 above it, linear within (Gorishniy et al., 2022).

    The first bin is open below, the last one above: there the line goes on.

    Parameters
    ----------
    x : array of shape (rows,)
    edges : array of shape (bins + 1,)
        Strictly increasing.

    Returns
    -------
    array of shape (rows, bins)

    Examples
    --------
    >>> import numpy as np
    >>> piecewise_linear_basis(np.array([-1.0, 0.5, 3.0]), np.array([0.0, 1.0, 2.0])).tolist()
    [[-1.0, 0.0], [0.5, 0.0], [1.0, 2.0]]
    """
    low, high = edges[:-1], edges[1:]
    places: Array = (x[:, np.newaxis] - low) / (high - low)
    places[:, 1:] = np.maximum(places[:, 1:], 0)
    places[:, :-1] = np.minimum(places[:, :-1], 1)
    return places


def level_vectors(codes: Array, table: Array) -> Array:
    """Return the vector of each row's level, zeros where the code is none of 0, 1, …, levels - 1.

    Parameters
    ----------
    codes : array of shape (rows,)
    table : array of shape (levels, width)

    Returns
    -------
    array of shape (rows, width)

    Examples
    --------
    >>> import numpy as np
    >>> level_vectors(np.array([1.0, -1.0]), np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[3.0, 4.0], [0.0, 0.0]]
    """
    known, levels = _levels(codes, len(table))
    vectors = np.zeros((len(codes), table.shape[1]), dtype=table.dtype)
    vectors[known] = table[levels]
    return vectors


def level_vectors_backward(codes: Array, d_vectors: Array, d_table: Array) -> None:
    """Sum ∂L/∂(vector) of the rows of each level into ``d_table``, of shape (levels, width).

    Examples
    --------
    >>> import numpy as np
    >>> d_table = np.empty((2, 1))
    >>> level_vectors_backward(np.array([1.0, 1.0, -1.0]), np.ones((3, 1)), d_table)
    >>> d_table.ravel().tolist()
    [0.0, 2.0]
    """
    known, levels = _levels(codes, len(d_table))
    d_table[...] = 0
    np.add.at(d_table, levels, d_vectors[known])


def _levels(codes: Array, count: int) -> tuple[Array, Array]:
    """Which rows have a level, and which it is."""
    with np.errstate(invalid="ignore"):
        known = (codes >= 0) & (codes < count) & (np.floor(codes) == codes)
    return known, codes[known].astype(np.intp)


def check_dense(inputs: Any) -> None:
    """Raise SpecError if the inputs of a network with an embedding are sparse."""
    if not isinstance(inputs, np.ndarray):
        raise SpecError("A network with an embedding needs dense inputs; got a sparse matrix. Use its toarray().")


@dataclass
class _Number:
    """One column of numbers: its basis, and where its features stand."""

    column: int
    basis: Array
    weights: Array
    place: slice


def embed(embedding: Embedding, parameters: Parameters, inputs: Any) -> Array:
    """Turn columns into features.

    Parameters
    ----------
    embedding : Embedding
    parameters : Parameters
    inputs : array of shape (rows, embedding.inputs)

    Returns
    -------
    array of shape (rows, embedding.features)

    Raises
    ------
    SpecError
        If the inputs are sparse.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.spec import Category, Embedding, Network, parameter_count
    >>> embedding = Embedding(passed=1, categories=(Category(levels=2, width=1),))
    >>> network = Network(2, (), 1, embedding=embedding)
    >>> parameters = Parameters(network, np.arange(float(parameter_count(network))))
    >>> embed(embedding, parameters, np.array([[0.5, 0.0], [0.5, 1.0]])).tolist()
    [[0.5, 3.0], [0.5, 4.0]]
    """
    check_dense(inputs)
    features: list[Array] = []
    for number in _numbers(embedding, parameters, inputs):
        features += [
            number.basis @ number.weights + parameters.number_bias[number.column],
            inputs[:, [number.column]],
        ]
    features.append(inputs[:, _first_passed(embedding) : embedding.numbers + embedding.passed])
    for index, codes in enumerate(_codes(embedding, inputs)):
        features.append(level_vectors(codes, parameters.levels[index]))
    return np.hstack(features, dtype=parameters.vector.dtype, casting="same_kind")


def embed_backward(
    embedding: Embedding, parameters: Parameters, inputs: Array, d_features: Array, gradients: Parameters
) -> None:
    """Fill the gradients of all that the embedding trains.

    Parameters
    ----------
    embedding, parameters, inputs
        As in `embed`.
    d_features : array of shape (rows, embedding.features)
        ∂L/∂(features).
    gradients : Parameters
    """
    for number in _numbers(embedding, parameters, inputs):
        column, d = number.column, d_features[:, number.place]
        gradients.number_weights[column][...] = number.basis.T @ d
        gradients.number_bias[column][...] = d.sum(axis=0)
        if isinstance(embedding.number_embedding, Periodic):
            gradients.frequencies[column][...], gradients.phases[column][...] = periodic_basis_backward(
                inputs[:, column], parameters.frequencies[column], parameters.phases[column], d @ number.weights.T
            )
    start = embedding.features - sum(category.width for category in embedding.categories)
    for index, codes in enumerate(_codes(embedding, inputs)):
        width = embedding.categories[index].width
        level_vectors_backward(codes, d_features[:, start : start + width], gradients.levels[index])
        start += width


def _numbers(embedding: Embedding, parameters: Parameters, inputs: Array) -> Iterator[_Number]:
    """Yield every number that is embedded, none where they pass as they are: one basis is in memory at a time."""
    kind = embedding.number_embedding
    if kind is None:
        return
    for column in range(embedding.numbers):
        x = inputs[:, column]
        if isinstance(kind, PiecewiseLinear):
            basis = piecewise_linear_basis(x, np.array(kind.edges[column], dtype=x.dtype))
        else:
            basis = periodic_basis(x, parameters.frequencies[column], parameters.phases[column])
        place = slice(column * kind.features, column * kind.features + kind.width)
        yield _Number(column, basis, parameters.number_weights[column], place)


def _first_passed(embedding: Embedding) -> int:
    return 0 if embedding.number_embedding is None else embedding.numbers


def _codes(embedding: Embedding, inputs: Array) -> Sequence[Array]:
    first = embedding.numbers + embedding.passed
    return [inputs[:, first + index] for index in range(len(embedding.categories))]
