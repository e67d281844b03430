"""Rows kept as codes: what comes out is what went in, and small columns take little room."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.training.coded import CodedRows, decoded


def table(rows=3000, dtype=np.float32):
    """Columns of 1, 2, 3, 200, 300 and as many numbers as rows; both zeros among them."""
    random = np.random.default_rng(0)
    columns = [random.integers(0, count, rows) for count in (1, 2, 3, 200, 300)] + [random.normal(size=rows)]
    X = np.column_stack([columns[place] for place in (5, 2, 0, 4, 3, 1)]).astype(dtype)
    X[::2, 1] *= -1
    return X


def code(X, block=700):
    return CodedRows.of(lambda: (X[at : at + block] for at in range(0, len(X), block)), X.shape, X.dtype)


def assert_same_bits(got, wanted):
    assert got.dtype == wanted.dtype
    assert got.shape == wanted.shape
    assert got.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_comes_out_went_in(dtype):
    X = table(dtype=dtype)
    coded = code(X)
    rows = np.array([7, 7, 2999, 0], dtype=np.uint32)
    assert (coded.shape, coded.dtype, len(coded)) == (X.shape, X.dtype, len(X))
    assert_same_bits(coded[:], X)
    assert_same_bits(coded[5:2000:7], X[5:2000:7])
    assert_same_bits(coded[rows], X[rows])
    for column in range(X.shape[1]):
        assert_same_bits(coded[rows, column], X[rows, column])
        assert_same_bits(coded[::50, column], X[::50, column])
    assert_same_bits(decoded(coded), X)
    assert decoded(X) is X


def test_small_columns_share_a_byte():
    coded = code(table())
    assert (coded.bytes.shape[1], coded.words.shape[1], coded.plain.shape[1]) == (2, 1, 1)
    assert [group.columns.tolist() for group in coded.byte_groups] == [[2, 5, 1], [4]]
    assert [group.columns.tolist() for group in coded.word_groups] == [[3]]
    assert [len(group.table) for group in coded.byte_groups] == [2 * 6, 200]  # the last has 0, 1, 2 and -0, -1, -2
    assert coded.plain_columns.tolist() == [0]


def test_a_table_of_numbers_must_pay():
    random = np.random.default_rng(0)
    X = np.column_stack([np.arange(1600) // 4, np.arange(1600) // 16, random.normal(size=1600)]).astype(np.float32)
    coded = code(X)
    assert coded.plain_columns.tolist() == [0, 2]  # each number of the first column stands for four rows only
    assert_same_bits(coded[:], X)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(counts=st.lists(st.integers(1, 400), min_size=1, max_size=12), rows=st.integers(1, 500), seed=st.integers(0, 9))
def test_any_columns(counts, rows, seed):
    random = np.random.default_rng(seed)
    X = np.column_stack([random.integers(0, count, rows) / 7 for count in counts]).astype(np.float32)
    coded = code(X, block=100)
    assert_same_bits(coded[:], X)
    held = [coded.plain_columns, *(group.columns for group in (*coded.byte_groups, *coded.word_groups))]
    assert sorted(np.concatenate(held).tolist()) == list(range(len(counts)))
    assert all(len(group.table) <= 256 for group in coded.byte_groups)
