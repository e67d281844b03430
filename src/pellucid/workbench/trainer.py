"""The thread in which a run is trained. Nobody is waited for: others hand in commands and look at the latest moment."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from threading import Condition, Thread
from time import perf_counter
from typing import Any

from pellucid.training.jobs import Epoch
from pellucid.workbench.run import Run, Shown

__all__ = ["Trainer", "Until"]

CHUNK = 0.020
"""Seconds of training between two looks at the commands."""

Until = Callable[[Epoch], bool]


class Trainer(Thread):
    """Trains one run after another, epoch by epoch, until told to stop.

    Parameters
    ----------
    on_change : callable
        Called from this thread whenever there is something new to show.
    on_failure : callable
        Called from this thread with an error that ended training.
    """

    def __init__(self, on_change: Callable[[], None], on_failure: Callable[[Exception], None]) -> None:
        super().__init__(name="pellucid-training", daemon=True)
        self._on_change, self._on_failure = on_change, on_failure
        self._condition = Condition()
        self._commands: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self.is_over = False
        self.run_: Run | None = None
        self.shown: Shown | None = None
        self.is_playing = False
        self.speed: float | None = None
        self._until: Until | None = None
        self._due, self._counted = 0.0, (0.0, 0)
        self.rate = 0.0

    # --- from other threads ---------------------------------------------------------------------------------------

    def submit(self, command: Callable[[], Any]) -> "Future[Any]":
        """Let the thread do something between two chunks; the future has what comes of it."""
        future: Future[Any] = Future()
        with self._condition:
            if self.is_over:
                future.cancel()
                return future
            self._commands.append((command, future))
            self._condition.notify()
        return future

    def close(self) -> None:
        """End the thread soon; commands that wait are cancelled."""
        with self._condition:
            self.is_over = True
            self._condition.notify()

    # --- in this thread -------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Do commands, and train while playing."""
        while True:
            with self._condition:
                while not self._commands and not self.is_over:
                    wait = self._seconds_to_wait()
                    if wait is not None and wait <= 0:
                        break
                    self._condition.wait(wait)
                if self.is_over:
                    break
                command = self._commands.popleft() if self._commands else None
            if command is not None:
                _do(*command)
            else:
                try:
                    self._train()
                except Exception as error:
                    self.pause()
                    self._on_failure(error)
        for _, future in self._commands:
            future.cancel()

    def play(self, until: Until | None = None) -> None:
        """Train on, until a condition holds if one is given."""
        run = self.run_
        if run is None or run.ended is not None:
            return
        self._until, self.is_playing = until, True
        self._due, self._counted = perf_counter(), (perf_counter(), run.epoch)

    def set_speed(self, speed: float | None) -> None:
        """Train so many epochs a second; None: as many as possible."""
        self.speed = speed
        self._due, self._counted = perf_counter(), (perf_counter(), self.run_.epoch if self.run_ else 0)

    def pause(self) -> None:
        """Train no more."""
        self.is_playing, self._until, self.rate = False, None, 0.0

    def take(self, run: Run) -> None:
        """Train this run from now on."""
        self.run_ = run
        self._counted = (perf_counter(), run.epoch)
        self._due = perf_counter()
        self.publish()

    def publish(self) -> None:
        """Show the moment as it is now."""
        if self.run_ is not None:
            self.shown = self.run_.shown()
            self._on_change()

    def _seconds_to_wait(self) -> float | None:
        """Return how long nothing is to be done; None: until somebody says so."""
        if not self.is_playing:
            return None
        return 0.0 if self.speed is None else self._due - perf_counter()

    def _train(self) -> None:
        run = self.run_
        assert run is not None  # noqa: S101 - types
        epochs = min(run.chunk(CHUNK), 1 + run.epoch // 8)  # the beginning is worth watching
        if self.speed is not None:
            now = perf_counter()
            late = int((now - self._due) * self.speed) + 1
            epochs = max(1, min(epochs, late))
            self._due = max(self._due + epochs / self.speed, now - 0.1)
        met = False

        def until(epoch: Epoch) -> bool:
            nonlocal met
            met = met or (self._until is not None and self._until(epoch))
            return met

        run.advance(epochs, until if self._until is not None else None)
        if met or run.ended is not None:
            self.pause()
        self._count(run.epoch)
        self.publish()

    def _count(self, epoch: int) -> None:
        began, first = self._counted
        now = perf_counter()
        if now - began > 0.5 and self.is_playing:
            self.rate = max(0.0, (epoch - first) / (now - began))
            self._counted = (now, epoch)


def _do(command: Callable[[], Any], future: "Future[Any]") -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(command())
    except BaseException as error:
        future.set_exception(error)
