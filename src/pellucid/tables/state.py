"""What was learned, as plain arrays in a file, checked when it comes back: a file is not trusted."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pellucid.errors import ModelFileError

__all__ = [
    "Arrays",
    "finite_array",
    "finite_table",
    "flag_array",
    "only_these",
    "prefixed",
    "whole_array",
    "without_prefix",
]

Arrays = Mapping[str, NDArray[Any]]


def finite_array(arrays: Arrays, name: str, length: int, *, positive: bool = False) -> NDArray[np.float64]:
    """Return a vector of finite float64 of this length, or raise ModelFileError."""
    array = _vector(arrays, name, np.float64, length)
    if not np.isfinite(array).all() or (positive and not (array > 0).all()):
        raise ModelFileError(f"The array {name!r} of the model must be finite{' and above 0' if positive else ''}.")
    return array


def finite_table(arrays: Arrays, name: str, rows: int) -> NDArray[np.float64]:
    """Return an array of two dimensions of finite float64 with this many rows, or raise ModelFileError."""
    array = arrays.get(name)
    if not isinstance(array, np.ndarray) or array.dtype != np.float64 or array.ndim != 2 or len(array) != rows:
        raise ModelFileError(f"The model must have an array {name!r} of {rows} rows and type float64.")
    if not np.isfinite(array).all():
        raise ModelFileError(f"The array {name!r} of the model must be finite.")
    return np.array(array)


def flag_array(arrays: Arrays, name: str, length: int) -> NDArray[np.bool_]:
    """Return a vector of true and false that is stored as 0 and 1 (uint8), or raise ModelFileError."""
    array = _vector(arrays, name, np.uint8, length)
    if (array > 1).any():
        raise ModelFileError(f"The array {name!r} of the model must hold only 0 and 1.")
    return array.astype(bool)


def whole_array(arrays: Arrays, name: str, length: int | None = None) -> NDArray[np.int64]:
    """Return a vector of int64 that are not negative, or raise ModelFileError."""
    array = _vector(arrays, name, np.int64, length)
    if (array < 0).any():
        raise ModelFileError(f"The array {name!r} of the model must not hold negative numbers.")
    return array


def _vector(arrays: Arrays, name: str, dtype: type[np.generic], length: int | None) -> NDArray[Any]:
    array = arrays.get(name)
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.ndim != 1:
        raise ModelFileError(f"The model must have an array {name!r} of one dimension and type {np.dtype(dtype)}.")
    if length is not None and len(array) != length:
        raise ModelFileError(f"The array {name!r} of the model must have {length} numbers; it has {len(array)}.")
    return np.array(array)


def prefixed(prefix: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Put ``prefix.`` before every name.

    Examples
    --------
    >>> list(prefixed("table", {"means": np.zeros(1)}))
    ['table.means']
    """
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def without_prefix(prefix: str, arrays: Arrays) -> dict[str, NDArray[Any]]:
    """Return those whose name starts with ``prefix.``, without it: the inverse of `prefixed`."""
    return {name.removeprefix(f"{prefix}."): array for name, array in arrays.items() if name.startswith(f"{prefix}.")}


def only_these(keys: Mapping[str, Any], known: set[str], what: str) -> None:
    """Raise ModelFileError unless exactly these keys are there."""
    if set(keys) != known:
        names = ", ".join(sorted(known))
        raise ModelFileError(f"The {what} of the model must be exactly {names}; got {', '.join(sorted(keys))[:200]}.")
