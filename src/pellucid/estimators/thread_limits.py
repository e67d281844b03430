"""How many threads the libraries of linear algebra may use while networks are trained or run.

These libraries count their threads for the whole process. So where several fits overlap, the lowest of their limits
holds for all, and once the last of them has ended, everything is as it was before the first.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from threadpoolctl import ThreadpoolController

from pellucid.engines import Engine

__all__ = ["forward_limit", "thread_limit"]


def thread_limit(n_threads: int | None) -> AbstractContextManager[None]:
    """Hold libraries of linear algebra to at most so many threads within a ``with``; None leaves them alone."""
    return nullcontext() if n_threads is None else _limits.at_most(n_threads)


def forward_limit(engine: Engine, n_threads: int | None) -> AbstractContextManager[None]:
    """Hold the libraries by which an engine runs networks to so many threads; the native one needs none.

    To find what libraries there are takes longer than to predict a row.
    """
    return thread_limit(None if engine.name == "native" else n_threads)


class _Limits:
    """The limits that hold now, and what the libraries had before the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[object, tuple[int, int]] = {}  # the thread that holds each limit, and the limit
        self._before: dict[str, tuple[Any, int]] = {}  # by file, the library and its threads

    @contextmanager
    def at_most(self, threads: int) -> Iterator[None]:
        """Hold a limit within a ``with``."""
        key = object()
        with self._lock:
            self._change(self._held | {key: (threading.get_ident(), threads)})
        try:
            yield
        finally:
            with self._lock:
                self._change({each: limit for each, limit in self._held.items() if each is not key})

    def _change(self, held: dict[object, tuple[int, int]]) -> None:
        before, self._held = self._lowest, held
        if self._lowest == before:
            return
        if self._lowest is None:
            for library, threads in self._before.values():
                library.set_num_threads(threads)
            self._before = {}
            return
        for library in ThreadpoolController().select(user_api="blas").lib_controllers:
            _, threads = self._before.setdefault(library.filepath, (library, library.num_threads))
            library.set_num_threads(min(self._lowest, threads))

    @property
    def _lowest(self) -> int | None:
        return min((threads for _, threads in self._held.values()), default=None)

    def after_fork(self) -> None:
        """In the child, where only the thread that forked goes on, forget what others held.

        The libraries are left alone, for whose locks others may have held, too: the next limit finds what was before.
        """
        self._lock = threading.Lock()
        here = threading.get_ident()
        self._held = {each: limit for each, limit in self._held.items() if limit[0] == here}


_limits = _Limits()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_limits.after_fork)
