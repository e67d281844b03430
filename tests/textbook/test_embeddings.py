"""Embeddings: each function against its formula written out, number by number."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from central_differences import numerical_gradient
from pellucid.errors import SpecError
from pellucid.spec import Category, Embedding, Network, Periodic, PiecewiseLinear, parameter_count
from pellucid.textbook.embeddings import (
    embed,
    embed_backward,
    level_vectors,
    level_vectors_backward,
    periodic_basis,
    periodic_basis_backward,
    piecewise_linear_basis,
)
from pellucid.textbook.parameters import Parameters
from strategies import edges, embeddings, rows_for


def of(embedding, seed=0, dtype="float64"):
    network = Network(embedding.inputs, (), 1, embedding=embedding)
    vector = np.random.default_rng(seed).normal(size=parameter_count(network))
    return network, Parameters(network, vector.astype(dtype))


def features_of_row(embedding, parameters, row):
    """Features of one row, with Python's own numbers."""
    features = []
    for column in range(embedding.numbers):
        x, kind = float(row[column]), embedding.number_embedding
        if kind is None:
            features.append(x)
            continue
        if isinstance(kind, Periodic):
            waves = zip(parameters.frequencies[column], parameters.phases[column], strict=True)
            basis = [math.cos(2 * math.pi * x * w + phase) for w, phase in waves]
        else:
            basis, last = [], len(kind.edges[column]) - 2
            for bin_, (low, high) in enumerate(zip(kind.edges[column], kind.edges[column][1:], strict=False)):
                place = (x - low) / (high - low)
                place = max(place, 0.0) if bin_ > 0 else place
                basis.append(min(place, 1.0) if bin_ < last else place)
        weights, bias = parameters.number_weights[column], parameters.number_bias[column]
        features += [sum(b * weights[k, j] for k, b in enumerate(basis)) + bias[j] for j in range(kind.width)]
        features.append(x)
    passed = embedding.numbers + embedding.passed
    features += [float(x) for x in row[embedding.numbers : passed]]
    for code, category, table in zip(row[passed:], embedding.categories, parameters.levels, strict=True):
        is_level = code in range(category.levels)
        features += list(table[int(code)]) if is_level else [0.0] * category.width
    return features


@given(embeddings(), st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_features_one_number_at_a_time(embedding, seed, rows):
    network, parameters = of(embedding, seed)
    X = rows_for(network, rows, seed)
    X[:, : embedding.numbers] *= 3  # beyond the edges, too
    found = embed(embedding, parameters, X)
    assert found.shape == (rows, embedding.features) == (rows, network.features)
    np.testing.assert_allclose(found, [features_of_row(embedding, parameters, row) for row in X], atol=1e-12)


@given(embeddings(), st.integers(0, 2**32 - 1))
def test_the_dtype_stays(embedding, seed):
    network, parameters = of(embedding, seed, "float32")
    X = rows_for(network, 4, seed).astype(np.float32)
    assert embed(embedding, parameters, X).dtype == np.float32


@given(embeddings(), st.integers(0, 2**32 - 1), st.integers(1, 5))
def test_gradients_are_central_differences(embedding, seed, rows):
    network, parameters = of(embedding, seed)
    X = rows_for(network, rows, seed)
    d = np.random.default_rng(seed).normal(size=(rows, embedding.features))
    gradients = Parameters(network, np.full_like(parameters.vector, np.nan))
    gradients.vector[: embedding.features + 1] = 0  # the output layer's, which is not filled here
    embed_backward(embedding, parameters, X, d, gradients)

    def value(theta):
        return float((embed(embedding, Parameters(network, theta), X) * d).sum())

    expected = numerical_gradient(value, parameters.vector)
    np.testing.assert_allclose(gradients.vector, expected, rtol=1e-6, atol=1e-7)


def test_periodic_by_hand():
    x, frequencies, phases = np.array([0.25, 1.0]), np.array([1.0, 0.5]), np.array([0.0, math.pi / 2])
    basis = periodic_basis(x, frequencies, phases)
    np.testing.assert_allclose(basis, [[0, -math.sqrt(0.5)], [1, 0]], atol=1e-15)
    d = np.array([[1.0, 0.0], [0.0, 2.0]])
    d_frequencies, d_phases = periodic_basis_backward(x, frequencies, phases, d)
    np.testing.assert_allclose(d_phases, [-1, 2], atol=1e-15)  # -sin(π/2), and -2 sin(3π/2)
    np.testing.assert_allclose(d_frequencies, [-math.pi / 2, 4 * math.pi], atol=1e-14)


@given(edges(), st.lists(st.floats(-10, 10), min_size=1, max_size=8))
def test_places_among_edges_tell_the_number_and_are_continuous(columns, numbers):
    x, lines = np.array(numbers), np.array(columns)
    places = piecewise_linear_basis(x, lines)
    np.testing.assert_allclose(lines[0] + places @ np.diff(lines), x, atol=1e-9)
    assert (places[:, 1:] >= 0).all()
    assert (places[:, :-1] <= 1).all()
    at_edges = piecewise_linear_basis(lines, lines)
    np.testing.assert_allclose(at_edges, np.tri(len(lines), len(lines) - 1, -1), atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_codes_that_are_no_level_become_zeros_and_learn_nothing(dtype):
    codes = np.array([-1, 0.5, 2, np.nan, np.inf, -np.inf, 1e30, -0.0, 1], dtype)
    table = np.array([[1, 2], [3, 4]], dtype)
    vectors = level_vectors(codes, table)
    assert vectors.dtype == dtype
    assert not vectors[:7].any()
    assert vectors[7:].tolist() == [[1, 2], [3, 4]]
    d_table = np.full((2, 2), np.nan, dtype)
    level_vectors_backward(codes, np.ones((9, 2), dtype), d_table)
    assert d_table.tolist() == [[1, 1], [1, 1]]


def test_rows_of_one_level_learn_together():
    d_table = np.full((3, 1), np.nan)
    level_vectors_backward(np.array([2.0, 0.0, 2.0]), np.array([[1.0], [2.0], [4.0]]), d_table)
    assert d_table.ravel().tolist() == [2, 0, 5]


@pytest.mark.parametrize(
    "embedding",
    [
        Embedding(1, Periodic(2), 1),
        Embedding(1, PiecewiseLinear(((0.0, 1.0),)), 1),
        Embedding(passed=1, categories=(Category(2),)),
    ],
)
def test_sparse_rows_are_refused(embedding):
    _, parameters = of(embedding)
    with pytest.raises(SpecError, match=r"needs dense inputs; got a sparse matrix\. Use its toarray"):
        embed(embedding, parameters, sparse.csr_matrix(np.ones((3, 2))))
