"""Derivatives by central differences, the oracle of every formula's derivative."""

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["numerical_gradient", "numerical_slope"]


def numerical_slope(function: Callable[[Any], Any], x: Any, step: float = 1e-6) -> Any:
    """Derivative of a function that works element by element, at every element of x."""
    return (function(x + step) - function(x - step)) / (2 * step)


def numerical_gradient(function: Callable[[Any], float], x: Any, step: float = 1e-6) -> Any:
    """Gradient of a function of the whole array x, one element moved at a time."""
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):
        moved = x.copy()
        moved[index] = x[index] + step
        above = function(moved)
        moved[index] = x[index] - step
        gradient[index] = (above - function(moved)) / (2 * step)
    return gradient
