"""What this machine can do at most, measured by the core's own loops: benchmarks compare with it."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from pellucid.engines.native.core import core, instruction_set, unavailable
from pellucid.errors import SpecError

__all__ = ["Bandwidth", "fma_peak", "last_cache_bytes", "memory_bandwidth"]

T = TypeVar("T")


class Bandwidth(NamedTuple):
    """Speed of the main memory.

    Attributes
    ----------
    read : float
        GB/s (10⁹ bytes a second) of reading alone.
    triad : float
        GB/s of ``a = b + factor * c``: bytes read and written. What a cache reads before it is overwritten counts not.
    """

    read: float
    triad: float


def fma_peak(dtype: str = "float32", *, threads: int = 1, seconds: float = 0.05, isa: str | None = None) -> float:
    """Most multiplications and additions that so many threads do at the same time, in GFLOP/s (10⁹ a second).

    Twelve independent sums in vector registers are multiplied and added to, and nothing else is done. An instruction
    set without fused multiply-add does both one after the other.

    Parameters
    ----------
    dtype : {'float32', 'float64'}
    threads : int
        At least 1. Each has a loop of its own; their speeds are added.
    seconds : float
        How long to measure. Ctrl-C is heard afterwards.
    isa : str or None
        Instruction set; None: `instruction_set`.

    Raises
    ------
    SpecError
        If the native engine is not built.

    Examples
    --------
    >>> fma_peak("float32", seconds=0.001) > 0
    True
    """
    kernels = _kernels(isa)
    return sum(_at_once([partial(core.fma_peak, kernels, dtype, seconds)] * threads))


def memory_bandwidth(*, threads: int = 1, seconds: float = 0.2, size: int | None = None) -> Bandwidth:
    """Speed of memory that no cache holds, used by so many threads at the same time.

    Parameters
    ----------
    threads : int
        At least 1. Each works in a part of its own.
    seconds : float
        How long to measure, at least: every byte is used once.
    size : int or None
        Bytes of all threads' memory together; None: four times the last cache, from 128 MiB to 1 GiB.

    Raises
    ------
    SpecError
        If the native engine is not built.

    Examples
    --------
    >>> memory_bandwidth(seconds=0.001, size=2**20).read > 0
    True
    """
    kernels = _kernels(None)
    size = min(max(4 * last_cache_bytes(), 2**27), 2**30) if size is None else size
    parts = [np.ones(size // threads // 8) for _ in range(threads)]  # ones: pages of zeros may be no memory yet
    works = [partial(core.memory_bandwidth, kernels, part, seconds) for part in parts]
    reads, triads = zip(*_at_once(works), strict=True)
    return Bandwidth(sum(reads), sum(triads))


def last_cache_bytes() -> int:
    """Size of the processor's largest cache, 32 MiB where the system does not tell.

    Examples
    --------
    >>> last_cache_bytes() > 0
    True
    """
    files = Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")
    sizes = [file.read_text().strip() for file in files]
    kibibytes = [int(size[:-1]) for size in sizes if size.endswith("K") and size[:-1].isdigit()]
    return 1024 * max(kibibytes, default=32 * 1024)


def _kernels(isa: str | None) -> Any:
    missing = unavailable()
    if missing:
        raise SpecError(missing)
    return core.kernel_set(instruction_set() if isa is None else isa)


def _at_once(works: Sequence[Callable[[], T]]) -> list[T]:
    """Results of the works, each done by a thread of its own."""
    if len(works) == 1:
        return [works[0]()]
    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(lambda work: work(), works))
