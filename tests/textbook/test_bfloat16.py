import numpy as np
import pytest
from scipy.sparse import csr_matrix

from pellucid.textbook import as_bfloat16

ALL = (np.arange(1 << 16, dtype=np.uint32) << 16).view(np.float32)
"""Every bfloat16."""


def test_bfloat16_numbers_stay():
    numbers = ALL[~np.isnan(ALL)]
    np.testing.assert_array_equal(as_bfloat16(numbers).view(np.uint32), numbers.view(np.uint32))
    assert np.isnan(as_bfloat16(ALL[np.isnan(ALL)])).all()


@pytest.mark.parametrize("sign", [1, -1])
def test_the_nearest_is_taken_and_of_two_the_even(sign):
    one = np.float32(sign)
    step = np.float32(2.0**-7)  # between bfloat16 numbers from 1 to 2
    values = one * (1 + step * np.array([0.49, 0.5, 0.51, 1.49, 1.5, 1.51, 2.5], np.float32))
    np.testing.assert_array_equal(as_bfloat16(values), one * (1 + step * np.array([0, 0, 1, 1, 2, 2, 2], np.float32)))


def test_limits():
    largest = np.finfo(np.float32).max
    values = np.array([np.inf, -np.inf, largest, -largest, 0.0, -0.0, 1e-45], np.float32)
    rounded = as_bfloat16(values)
    np.testing.assert_array_equal(rounded, [np.inf, -np.inf, np.inf, -np.inf, 0, 0, 0])
    assert np.signbit(rounded[5])
    payload = np.array([0x7F800001, 0xFFFFFFFF, 0x7FFFFFFF], np.uint32).view(np.float32)
    assert np.isnan(as_bfloat16(payload)).all()


def test_random_numbers_are_off_by_one_part_in_256_at_most():
    values = np.random.default_rng(0).normal(size=1000) * 10.0 ** np.arange(-30, 30).repeat(17)[:1000]
    rounded = as_bfloat16(values)
    assert rounded.dtype == np.float64
    assert np.abs(rounded / values - 1).max() <= 2.0**-8 * (1 + 1e-6)
    np.testing.assert_array_equal(as_bfloat16(rounded), rounded)


def test_sparse_and_strided_input():
    values = np.random.default_rng(0).normal(size=(6, 8)).astype(np.float32)
    values[values < 0] = 0
    sparse = as_bfloat16(csr_matrix(values))
    np.testing.assert_array_equal(sparse.toarray(), as_bfloat16(values))
    np.testing.assert_array_equal(as_bfloat16(values[::2, ::3]), as_bfloat16(values)[::2, ::3])
