import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.textbook.averaging import take_into_average


@given(st.floats(0, 0.9999), st.integers(1, 60))
def test_against_the_formula_one_number_at_a_time(beta: float, steps: int) -> None:
    path = np.random.default_rng(0).normal(size=(steps + 1, 3))
    average = path[0].copy()
    expected = path[0].tolist()
    for t in range(1, steps + 1):
        take_into_average(average, path[t], beta, t)
        kept = min(beta, (1 + t) / (10 + t))
        expected = [kept * old + (1 - kept) * new for old, new in zip(expected, path[t].tolist(), strict=True)]
    np.testing.assert_allclose(average, expected, rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_point_that_stays_is_its_own_mean_and_the_dtype_stays(dtype: type) -> None:
    average, point = np.full(4, 2.5, dtype), np.full(4, 2.5, dtype)
    for step in range(1, 50):
        take_into_average(average, point, 0.99, step)
    assert average.dtype == dtype
    np.testing.assert_allclose(average, point, rtol=1e-6)


def test_without_memory_the_mean_is_the_last_point() -> None:
    average = np.zeros(2)
    take_into_average(average, np.array([1.0, 2.0]), 0.0, 1)
    assert average.tolist() == [1.0, 2.0]
