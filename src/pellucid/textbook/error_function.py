"""The error function, erf(x) = 2/√π ∫₀ˣ exp(-t²) dt, which the normal distribution and GELU need.

Rational approximations of W. J. Cody, "Rational Chebyshev approximations for the error function", Mathematics of
Computation 23 (1969): one for small |x|, one for exp(x²) · (1 - erf(x)) beyond. NumPy itself has no erf.
"""

from collections.abc import Sequence

import numpy as np

from pellucid.textbook.arrays import Array

__all__ = ["erf", "erf_derivative"]

SMALL = 0.5
"""Up to here erf(x) = x · P(x²) / Q(x²)."""

ONE_FROM = 6.0
"""From here erf is 1 to the last bit."""

P_SMALL = (
    1.85777706184603153e-1,
    3.16112374387056560e0,
    1.13864154151050156e2,
    3.77485237685302021e2,
    3.20937758913846947e3,
)
Q_SMALL = (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3)

P_LARGE = (
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594e0,
    6.61191906371416295e1,
    2.98635138197400131e2,
    8.81952221241769090e2,
    1.71204761263407058e3,
    2.05107837782607147e3,
    1.23033935479799725e3,
)
Q_LARGE = (
    1.0,
    1.57449261107098347e1,
    1.17693950891312499e2,
    5.37181101862009858e2,
    1.62138957456669019e3,
    3.29079923573345963e3,
    4.36261909014324716e3,
    3.43936767414372164e3,
    1.23033935480374942e3,
)


def erf(x: Array) -> Array:
    """Error function, to about 2e-16 in float64 and 1e-7 in float32.

    Parameters
    ----------
    x : array of floats, any shape

    Returns
    -------
    array like x
        In [-1, 1].

    Examples
    --------
    >>> import numpy as np
    >>> erf(np.array([-10.0, 0.0, 0.5])).round(6).tolist()
    [-1.0, 0.0, 0.5205]
    """
    size = np.abs(x)
    small = _small(np.minimum(size, SMALL))
    large = _large(np.clip(size, SMALL, ONE_FROM))
    return np.copysign(np.where(size <= SMALL, small, large), x)


def erf_derivative(x: Array) -> Array:
    """Return 2/√π · exp(-x²).

    Examples
    --------
    >>> import numpy as np
    >>> erf_derivative(np.array([0.0])).round(6).tolist()
    [1.128379]
    """
    size = np.minimum(np.abs(x), 30.0)  # exp(-30²) is 0 already
    derivative: Array = np.exp(-size * size)
    derivative *= 2 / np.pi**0.5
    return derivative


def _small(size: Array) -> Array:
    square = size * size
    return size * _ratio(P_SMALL, Q_SMALL, square)


def _large(size: Array) -> Array:
    rest: Array = np.exp(-size * size)
    rest *= _ratio(P_LARGE, Q_LARGE, size)
    return 1.0 - rest


def _ratio(numerator: Sequence[float], denominator: Sequence[float], x: Array) -> Array:
    top = _polynomial(numerator, x)
    top /= _polynomial(denominator, x)
    return top


def _polynomial(coefficients: Sequence[float], x: Array) -> Array:
    """Horner's rule; the coefficient of the highest power comes first."""
    value = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value *= x
        value += coefficient
    return value
