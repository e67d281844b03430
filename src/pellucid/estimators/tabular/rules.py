"""Rules of parameters that both tabular estimators have: what each must be, in words and as a test."""

from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np

from pellucid.estimators.parameters import MOST_THREADS

__all__ = ["RULES"]


def _is_whole(value: Any, low: int, high: float = np.inf) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool) and low <= int(value) <= high


def _is_count(value: Any) -> bool:
    return value is None or _is_whole(value, 1)


def _is_number_of_threads(value: Any) -> bool:
    return value is None or _is_whole(value, 1, MOST_THREADS)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)


def _are_listeners(value: Any) -> bool:
    return isinstance(value, list | tuple | None)


def _is_random_state(value: Any) -> bool:
    return isinstance(value, np.random.RandomState | None) or _is_whole(value, 0, 2**32 - 1)


def _is_time(value: Any) -> bool:
    return value is None or (isinstance(value, Real) and not isinstance(value, bool) and 0 < float(value) < np.inf)


RULES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "n_folds": ("be a whole number of at least 1, or None", _is_count),
    "max_epochs": ("be a whole number of at least 1, or None", _is_count),
    "n_threads": (f"be a whole number from 1 to {MOST_THREADS}, or None", _is_number_of_threads),
    "warm_start": ("be True or False", _is_flag),
    "progress": ("be True or False", _is_flag),
    "callbacks": ("be a list of functions f(estimator, epoch) or of listeners, such as [f], or None", _are_listeners),
    "random_state": (f"be a whole number from 0 to {2**32 - 1}, a RandomState, or None", _is_random_state),
    "time_limit": ("be a number of seconds greater than 0, or None", _is_time),
}
