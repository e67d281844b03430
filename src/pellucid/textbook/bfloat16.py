"""bfloat16: numbers of eight significant bits, with the exponents of float32.

Twice as many of them fit through a multiplier. A product of matrices then takes rounded operands and sums in float32
(Kalamkar et al., 2019): an operand is off by at most one part in 256, and the errors of many cancel each other.
"""

from typing import Any

import numpy as np

from pellucid.textbook.arrays import Array

__all__ = ["as_bfloat16"]


def as_bfloat16(values: Any) -> Any:
    """Round to the nearest bfloat16; of two equally near ones to the even one.

    Parameters
    ----------
    values : array or SciPy sparse matrix of float32 or float64

    Returns
    -------
    array or SciPy sparse matrix
        Of the same shape and dtype: every bfloat16 is a float32. Infinities and NaN stay what they are.

    Examples
    --------
    >>> import numpy as np
    >>> as_bfloat16(np.array([1.0, 1 + 1 / 256, 3.14159265], dtype=np.float32)).tolist()
    [1.0, 1.0, 3.140625]
    """
    if not isinstance(values, np.ndarray):
        rounded = values.copy()
        rounded.data = as_bfloat16(values.data)
        return rounded
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    nearest = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    kept: Array = np.where(np.isnan(values), bits, nearest) & np.uint32(0xFFFF0000)
    kept[np.isnan(values)] |= np.uint32(0x00400000)
    return kept.view(np.float32).astype(values.dtype, copy=False)
