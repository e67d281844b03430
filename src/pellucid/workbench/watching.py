"""A training that is under way elsewhere, as a page may watch it."""

from threading import Lock
from time import monotonic
from typing import Any

import numpy as np

from pellucid.errors import DataError
from pellucid.training.jobs import Epoch
from pellucid.workbench.dataset import Dataset, build
from pellucid.workbench.history import COLUMNS, NAN, Curves
from pellucid.workbench.protocol import Message
from pellucid.workbench.run import Run, Shown
from pellucid.workbench.session import Session
from pellucid.workbench.settings import Settings
from pellucid.workbench.sources import Rows

__all__ = ["Watched", "WatchingSession"]

SHORTEST = 1 / 50
"""Seconds between two looks at the parameters, at least."""
ALLOWED = frozenset({"ack", "view", "warp"})


class Watched:
    """What is known of the training; the thread that trains writes, the server reads.

    Parameters
    ----------
    rows : Rows
    settings : Settings
    """

    def __init__(self, rows: Rows, settings: Settings) -> None:
        self.rows, self.settings = rows, settings
        self.dataset: Dataset = build(settings, rows)
        self.run = Run(settings, self.dataset)
        self.curves = Curves()
        self.shown: Shown = self.run.shown()
        self.is_over = False
        self.listeners: list[Any] = []
        self._lock, self._looked = Lock(), 0.0
        self._last: Epoch | None = None
        self._rows: list[tuple[float, ...]] = []

    def see(self, epoch: Epoch) -> None:
        """Take in an epoch: its losses always, its parameters some times a second."""
        validation = NAN if epoch.validation_loss is None else epoch.validation_loss
        score = NAN  # the fit may have another than the page shows, which a frame finds out
        step = epoch.epoch * self.run.job.steps_an_epoch
        self._rows.append((epoch.epoch, NAN, validation, NAN, NAN, score, epoch.learning_rate, step, epoch.loss))
        self._last = epoch
        if monotonic() - self._looked >= SHORTEST:
            self._look(epoch)

    def end(self) -> None:
        """Hear that training is over."""
        self.is_over = True
        if self._last is not None:
            self._look(self._last)
        self._tell()

    def _look(self, epoch: Epoch) -> None:
        self._looked = monotonic()
        self.curves.add(np.array(self._rows, np.float64).reshape(-1, len(COLUMNS)))
        self._rows = []
        run = self.run
        if len(epoch.parameters) != len(run.job.parameters):
            return
        self.shown = Shown(
            run.number,
            (epoch.epoch, 0),
            epoch.epoch * run.job.steps_an_epoch,
            run.job.network,
            run.job.training,
            epoch.parameters.astype(float),
            self.dataset,
            self.curves,
            epoch.learning_rate,
        )
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            for listener in self.listeners:
                listener()

    def listen(self, listener: Any) -> None:
        """Have something called whenever there is something new."""
        with self._lock:
            self.listeners = [*self.listeners[-50:], listener]


class WatchingSession(Session):
    """A session whose page watches a training: it can look, but not change."""

    def __init__(self, name: str, watched: Watched) -> None:
        self.watched = watched
        super().__init__(name, watched.settings)
        watched.listen(self._on_change)

    def watch(self, watched: Watched) -> None:
        """Watch another training from now on."""
        self.watched = watched
        self.settings, self.dataset = watched.settings, watched.dataset
        watched.listen(self._on_change)
        self.tell_soon()

    def build(self, settings: Settings) -> Dataset:
        """Return the rows of the training."""
        return self.watched.dataset

    def first_run(self) -> Run:
        """Return a run of the same network, which is not trained."""
        return self.watched.run

    @property
    def run(self) -> Run:
        """The run that stands for the training."""
        return self.watched.run

    @property
    def shown(self) -> Shown:
        """The training's latest moment."""
        return self.watched.shown

    @property
    def is_playing(self) -> bool:
        """Whether the training runs."""
        return not self.watched.is_over

    def describe_run(self) -> dict[str, Any]:
        """Return the state `run`."""
        epoch, batch = self.shown.position
        ended = "The training is over." if self.watched.is_over else None
        place = {"epoch": epoch, "batch": batch}
        now = {"step": self.shown.step, "playing": self.is_playing, "ended": ended, "live": True}
        return super().describe_run() | place | now | {"moments": [], "position": place, "furthest": place}

    def _handler(self, message: Message) -> Any:
        if message.kind not in ALLOWED:
            raise DataError("A running fit is watched; it cannot be changed from here. pellucid.workbench.show can.")
        return super()._handler(message)
