"""The machine: its processor's name, the processors that may be used, and holding a process to some of them."""

import os
import platform
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pellucid.engines.native.core import core

__all__ = ["pinned", "processor_name", "usable_processors"]


def processor_name() -> str:
    """Return the processor's name as the system tells it, else the kind of machine.

    Examples
    --------
    >>> len(processor_name()) > 0
    True
    """
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "unknown"


def usable_processors() -> int:
    """Return how many processors this process may use, by its affinity and its control group.

    Examples
    --------
    >>> usable_processors() >= 1
    True
    """
    return core.usable_cpus() if core else os.cpu_count() or 1


@contextmanager
def pinned(threads: int) -> Iterator[bool]:
    """Within this context, all threads of the process run on as many processors as `threads`, its last ones.

    So no contender gains from threads that it was not given. Afterwards each thread may run where it might before.
    Yields whether that was done: only Linux lets a process choose, and one with too few processors has nothing to.

    Examples
    --------
    >>> before = usable_processors()
    >>> with pinned(1) as done:
    ...     assert usable_processors() == 1 or not done
    >>> usable_processors() == before
    True
    """
    tasks = Path("/proc/self/task")
    if not hasattr(os, "sched_setaffinity") or not tasks.is_dir() or usable_processors() < threads:
        yield False
        return
    everywhere = os.sched_getaffinity(0)
    before = {task: os.sched_getaffinity(task) for task in _threads(tasks)}
    few = sorted(everywhere)[-threads:]
    _move(dict.fromkeys(before, few))
    try:
        yield True
    finally:  # threads made meanwhile have inherited the few
        _move({task: before.get(task, everywhere) for task in _threads(tasks)})


def _threads(tasks: Path) -> list[int]:
    return [int(task.name) for task in tasks.iterdir()]


def _move(places: dict[int, Iterable[int]]) -> None:
    for task, processors in places.items():
        with suppress(ProcessLookupError):  # it has ended
            os.sched_setaffinity(task, processors)
