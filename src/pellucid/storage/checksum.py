"""A checksum of a file's header and arrays: it tells damage, not intent."""

import json
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["CHECKSUM", "checksum_of", "is_as_written"]

CHECKSUM = "crc32"
"""Key of the checksum in a header: of the rest of it, and of all arrays."""

Arrays = Mapping[str, np.ndarray[Any, Any]]


def checksum_of(header: Mapping[str, Any], arrays: Arrays) -> str:
    """Return the cyclic redundancy check of a header and arrays.

    Examples
    --------
    >>> checksum_of({"epoch": 2}, {"weights": np.array([0.5])})
    '858dd397'
    """
    value = zlib.crc32(json.dumps(header).encode())
    for name in sorted(arrays):
        value = zlib.crc32(arrays[name].reshape(-1).view(np.uint8).data, zlib.crc32(name.encode(), value))
    return f"{value:08x}"


def is_as_written(header: dict[str, Any], arrays: Arrays) -> bool:
    """Take the checksum, if there is one, out of a header, and tell whether it is the right one."""
    return CHECKSUM not in header or header.pop(CHECKSUM) == checksum_of(header, arrays)
