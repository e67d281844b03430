import math

import numpy as np
import pytest
from scipy.special import erf as scipy_erf

from central_differences import numerical_slope
from pellucid.textbook.error_function import ONE_FROM, SMALL, erf, erf_derivative

X = np.concatenate([np.linspace(-7, 7, 20001), np.logspace(-300, 0, 1000), -np.logspace(-300, 0, 1000)])


def test_float64_within_four_units_in_the_last_place_of_scipy() -> None:
    assert np.all(np.abs(erf(X) - scipy_erf(X)) <= 4 * np.spacing(np.abs(scipy_erf(X))))


def test_float32_within_four_units_in_the_last_place() -> None:
    x = np.linspace(-7, 7, 20001, dtype=np.float32)
    result = erf(x)
    assert result.dtype == np.float32
    exact = scipy_erf(x.astype(np.float64))
    assert np.all(np.abs(result - exact) <= 4 * np.spacing(np.abs(exact).astype(np.float32)))


@pytest.mark.parametrize("x", [0.0, SMALL, np.nextafter(SMALL, 1), 1.0, ONE_FROM, 1e4, np.inf])
def test_where_the_pieces_meet_and_at_the_ends(x: float) -> None:
    assert erf(np.array([x, -x])).tolist() == pytest.approx([math.erf(x), -math.erf(x)], rel=1e-15)


def test_is_odd_and_keeps_the_sign_of_zero() -> None:
    np.testing.assert_array_equal(erf(-X), -erf(X))
    assert math.copysign(1, erf(np.array([-0.0]))[0]) == -1


def test_nan_stays_nan() -> None:
    assert np.isnan(erf(np.array([np.nan]))).all()


def test_derivative() -> None:
    x = np.linspace(-5, 5, 101)
    np.testing.assert_allclose(erf_derivative(x), numerical_slope(erf, x), atol=1e-9)
    assert erf_derivative(np.array([1e4, -1e4], dtype=np.float32)).tolist() == [0, 0]
