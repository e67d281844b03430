"""From how many rows on a training must mind memory, and how to give back to the system what was freed."""

import ctypes
import sys
from functools import cache
from typing import Any

__all__ = ["give_back", "is_large"]

LARGE = 65_536
"""Rows from which on inputs are kept as codes, and networks under way are finished before others begin: the memory of
fewer is little, and the numbers of their columns hardly come again."""


def is_large(rows: int) -> bool:
    """Tell whether memory matters in a training on so many rows.

    Examples
    --------
    >>> is_large(65_535), is_large(65_536)
    (False, True)
    """
    return rows >= LARGE


def give_back() -> None:
    """Give back what the C library keeps of freed memory, before a time of much memory: it takes milliseconds.

    Nothing happens where the library is not glibc.
    """
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


@cache
def _malloc_trim() -> Any:
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
