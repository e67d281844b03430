"""One network being trained: forward in epochs and batches, back to any moment, changed on the way.

Nothing here waits for anybody; `pellucid.workbench.trainer` lets it run in a thread of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from time import perf_counter
from typing import Any

import numpy as np

from pellucid.engines import Engine, TextbookEngine, get_engine
from pellucid.errors import DataError
from pellucid.spec import Lbfgs, Network, Training, parameter_count
from pellucid.textbook.arrays import Array
from pellucid.textbook.ensembles import member_parameters
from pellucid.textbook.parameters import Parameters
from pellucid.training.jobs import Epoch, Job, State, Watch
from pellucid.training.jobs import Run as Trained
from pellucid.training.stopping import Best, Outcome
from pellucid.workbench.dataset import Dataset, build
from pellucid.workbench.history import COLUMNS, NAN, Curves
from pellucid.workbench.jobs import first_job, network_of, take_rows, training_of
from pellucid.workbench.limits import MOST_EVENTS
from pellucid.workbench.minimising import Minimising
from pellucid.workbench.moments import Moment, Moments, Position, copied
from pellucid.workbench.settings import Settings
from pellucid.workbench.within import Within

__all__ = ["DIVERGED", "Change", "Run", "Shown"]

_numbers = count(1)

DIVERGED = (
    "Training diverged: the loss is no longer a finite number. Reset the run, or go back by the slider, then choose a "
    "smaller learning rate; from weights as large as these none learns."
)
"""Why a run ended, in words that hold on the page."""


@dataclass(frozen=True)
class Change:
    """What was changed while the run went on.

    Attributes
    ----------
    at : (epoch, batch)
    kind : {'edit', 'freeze', 'settings'}
    index : int
        Place of the parameter.
    value : float or bool
        What it is set to, or whether it is frozen.
    settings : Settings or None
    """

    at: Position
    kind: str
    index: int = -1
    value: float = 0.0
    settings: Settings | None = None


@dataclass(frozen=True, eq=False)
class Shown:
    """A moment as others may look at it while training goes on.

    Attributes
    ----------
    run : int
        Number of the run.
    position : (epoch, batch)
    step : int
        Optimiser steps done.
    network, training, parameters, dataset, curves
    learning_rate : float
    """

    run: int
    position: Position
    step: int
    network: Network
    training: Training
    parameters: Array = field(repr=False)
    dataset: Dataset = field(repr=False)
    curves: Curves = field(repr=False)
    learning_rate: float = 0.0
    version: int = 0

    @property
    def members(self) -> int:
        """How many members share the network's weights; 1: it is a plain network."""
        return 1 if self.network.ensemble is None else self.network.ensemble.members

    def drawn(self, vector: Array) -> Parameters:
        """Return what the drawn network computes with: of members that share weights, the first, ``network.member``."""
        return member_parameters(self.network, Parameters(self.network, vector), 0)


class Run:
    """A network being trained.

    Parameters
    ----------
    settings : Settings
    dataset : Dataset
    engine : Engine or None
        None: the native one where it is built, with one thread.

    Examples
    --------
    >>> from pellucid.workbench.dataset import build
    >>> run = Run(Settings(), build(Settings()))
    >>> run.advance(20)
    >>> there = run.shown().parameters
    >>> run.seek((7, 3))
    >>> run.position
    (7, 3)
    >>> run.advance(13)
    >>> run.position, bool((run.shown().parameters == there).all())
    ((20, 0), True)
    """

    def __init__(self, settings: Settings, dataset: Dataset, engine: Engine | None = None) -> None:
        self.number = next(_numbers)
        self.settings, self.first_settings, self.dataset = settings, settings, dataset
        self.engine: Engine = engine or get_engine("auto", 1)
        self.changes: list[Change] = []
        self.moments, self.curves = Moments(), Curves()
        self.ended: str | None = None
        self.frozen: Array | None = None
        self.seconds_per_epoch = 1e-3
        self.version = 0
        self.ahead = 0
        self._within: Within | None = None
        self._minimising: Minimising | None = None
        self._furthest: Position = (0, 0)
        self._first = 0
        self.job = first_job(settings, dataset)
        self.job.begin()
        self.moments.keep(self.moment())
        self._note_start()

    # --- where it is ----------------------------------------------------------------------------------------------

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return self.job.state.epochs

    @property
    def batch(self) -> int:
        """Batches done of the next epoch."""
        return 0 if self._within is None else self._within.batch

    @property
    def position(self) -> Position:
        """Epochs done, and batches of the next one."""
        return self.epoch, self.batch

    @property
    def furthest(self) -> Position:
        """The last moment that the scrubber can go to."""
        return max(self._furthest, self.position)

    @property
    def step(self) -> int:
        """Optimiser steps done."""
        optimizer = self._live_state.optimizer
        return 0 if optimizer is None else optimizer.step

    @property
    def parameters(self) -> Array:
        """The live parameter vector."""
        return self.job.parameters if self._within is None else self._within.parameters

    @property
    def _live_state(self) -> State:
        return self.job.state if self._within is None else self._within.state

    def shown(self) -> Shown:
        """Return the moment for others to look at."""
        return Shown(
            self.number,
            self.position,
            self.step,
            self.job.network,
            self.job.training,
            self.parameters.copy(),
            self.dataset,
            self.curves,
            self.job.learning_rate(self.batch),
            self.version,
        )

    def moment(self) -> Moment:
        """Return all that training needs to go on from the end of the last epoch."""
        job = self.job
        return Moment(
            self.epoch,
            len(self.changes),
            self.settings,
            job.parameters.copy(),
            copied(job.state),
            job.streams.shuffling.get_state(legacy=False),
            None if self.frozen is None else self.frozen.copy(),
        )

    @property
    def has_diverged(self) -> bool:
        """Whether it ended since its loss is no number any more."""
        return self.ended == DIVERGED

    # --- forward --------------------------------------------------------------------------------------------------

    def advance(self, epochs: int, until: Callable[[Epoch], bool] | None = None) -> None:
        """Train for so many epochs; one that was begun in batches is finished first and counts.

        `until` is asked after each epoch whether to stop there. `ended` says why training cannot go on, if so.
        """
        self.forget_future()
        self._advance(epochs, until)

    def _advance(self, epochs: int, until: Callable[[Epoch], bool] | None = None) -> None:
        if self.ended is not None:
            return
        self._within = None
        began = perf_counter()
        job, first = self.job, self.epoch
        self._first = first
        job.epochs = min(epochs, job.training.epochs - first)
        if job.epochs < 1:
            self.ended = Outcome.ALL_EPOCHS.value
            return
        done = self._train(until)
        self._note(first, done.history)
        made = self.epoch - first
        if made:
            self.seconds_per_epoch = 0.5 * self.seconds_per_epoch + 0.5 * (perf_counter() - began) / made
        if done.outcome is Outcome.DIVERGED:
            self.ended = DIVERGED
        elif done.outcome in (Outcome.CONVERGED, Outcome.INTERRUPTED):
            self.ended = done.outcome.value
        elif self.epoch >= job.training.epochs:
            self.ended = Outcome.ALL_EPOCHS.value
        elif done.message:
            self.ended = f"L-BFGS has ended: {done.message}"
        if self._minimising is None and not self.moments.due(self.epoch):
            self.moments.keep(self.moment())

    def _train(self, until: Callable[[Epoch], bool] | None) -> Trained:
        if not isinstance(self.job.training.optimizer, Lbfgs):
            return self.trainer_engine().train([self.job], Watch(until))[0]
        if self._minimising is None:
            self._minimising = Minimising(self.engine, self.job)
        return self._minimising.advance(self.job, until)

    def advance_batches(self, batches: int) -> None:
        """Train for so many batches."""
        self.forget_future()
        self._advance_batches(batches)

    def _advance_batches(self, batches: int) -> None:
        for _ in range(batches):
            if self.ended is not None:
                return
            if self._within is None:
                self._within = Within(self.job)
            if self._within.batch == self.job.steps_an_epoch - 1:
                self._advance(1)  # all of the epoch's batches: the epoch itself, from its beginning
            else:
                self._within.advance(self.trainer_engine())

    def trainer_engine(self) -> Engine:
        """Return the engine that trains: the textbook's where weights are frozen."""
        return self.engine if self.frozen is None else TextbookEngine(self.frozen)

    def _note(self, first: int, history: Any) -> None:
        count = len(history.loss)
        rows = np.full((count, len(COLUMNS)), NAN)
        rows[:, 0] = np.arange(first + 1, first + 1 + count)
        rows[: len(history.validation_loss), 2] = history.validation_loss  # an epoch that diverged has none
        rows[: len(history.validation_score), 5] = history.validation_score
        rows[:, 6] = history.learning_rate
        rows[:, 7] = self.step - self.job.steps_an_epoch * np.arange(count - 1, -1, -1)
        rows[:, 8] = history.loss
        self.curves.add(rows)

    def _note_start(self) -> None:
        self.curves.add(np.array([[0, NAN, NAN, NAN, NAN, NAN, self.job.learning_rate(), 0, NAN]]))

    # --- changes --------------------------------------------------------------------------------------------------

    def change(self, change: Change) -> None:
        """Make a change here; what came after this moment is forgotten.

        Raises
        ------
        DataError
            If a weight is to be frozen that L-BFGS trains, or L-BFGS is to train frozen weights.
        """
        self._check(change)
        self.forget_future()
        if self._goes_on_with_points(change):
            self.changes.pop()
            self.moments.cut(self.epoch, len(self.changes))
        if len(self.changes) >= MOST_EVENTS:
            self._begin_here()
        self._apply(replace(change, at=self.position))
        self.moments.keep(self.moment())
        self._furthest = self.position

    def _goes_on_with_points(self, change: Change) -> bool:
        """Tell whether a change adds or removes more points where the last one ended: they are one."""
        last = self.changes[-1] if self.changes else None
        if last is None or last.settings is None or change.settings is None or last.at != self.position:
            return False
        before, after = (replace(each, data=each.data.source_only()) for each in (last.settings, change.settings))
        return before == after

    def _check(self, change: Change) -> None:
        training = self.job.training if change.settings is None else change.settings.training
        is_frozen = (change.kind == "freeze" and change.value) or (change.settings and self.frozen is not None)
        if is_frozen and isinstance(training.optimizer, Lbfgs):
            raise DataError(
                "L-BFGS moves all weights at once: it cannot hold frozen ones. Choose another optimiser, or set the "
                "weights free."
            )

    def forget_future(self) -> None:
        """Forget what came after this moment, if the run was further already."""
        if self.position >= self._furthest:
            return
        here = self.position
        self.changes = [each for each in self.changes if each.at < here or each.at == here]
        self.moments.cut(self.epoch, len(self.changes))
        self.curves.cut(self.epoch)
        self._furthest = here

    def _begin_here(self) -> None:
        """Let the scrubber's memory begin at this moment."""
        self._end_epoch()
        self.changes = []
        self.moments.only(self.moment())

    def _apply(self, change: Change) -> None:
        self._end_epoch()
        self.ended, self._minimising = None, None
        self.version += 1
        job = self.job
        if change.kind == "edit":
            job.parameters[change.index] = change.value
        elif change.kind == "freeze":
            frozen = np.zeros(parameter_count(job.network), bool) if self.frozen is None else self.frozen.copy()
            frozen[change.index] = bool(change.value)
            self.frozen = frozen if frozen.any() else None
        elif change.settings is not None:
            self._take(change.settings)
        self.changes.append(change)

    def _take(self, settings: Settings) -> None:
        """Go on under other settings, which have the same parameters."""
        before, job, state = self.job.training, self.job, self.job.state
        self.use(settings)
        if type(job.training.optimizer) is not type(before.optimizer):
            state.optimizer = None
        if (job.training.learning_rate, job.training.schedule) != (before.learning_rate, before.schedule):
            state.reductions = 0
        state.best = Best()
        job.begin()

    def use(self, settings: Settings) -> None:
        """Let the job be as settings say, with their rows where points were added or removed."""
        if settings.data != self.settings.data:
            self.dataset = build(settings)
            take_rows(self.job, self.dataset)
        self.settings = settings
        self.job.network, self.job.training = network_of(settings, self.dataset), training_of(settings, self.dataset)

    def _end_epoch(self) -> None:
        """Let the batches that were done of an epoch be all of it."""
        if self._within is None:
            return
        within, self._within = self._within, None
        within.become(self.job)

    # --- back -----------------------------------------------------------------------------------------------------

    def seek(self, position: Position, is_interrupted: Callable[[], bool] = lambda: False) -> None:
        """Go to any moment, as it was; stop on the way if asked to."""
        position = min(max(position, (0, 0)), self.furthest)
        self._furthest = self.furthest
        curves, changes = self.curves, self.changes
        start = self.moments.before(position, [each.at for each in changes])
        self._restore(start)
        self.curves, kept = Curves(), self.moments
        self.moments = _NoMoments()
        try:
            self.changes = changes[: start.changes]
            for change in changes[start.changes :]:
                if change.at > position or not self._go(change.at, is_interrupted) or is_interrupted():
                    break
                self._apply(change)
            self._go(position, is_interrupted)
        finally:
            self.curves, self.moments, self.changes = curves, kept, changes

    def _go(self, position: Position, is_interrupted: Callable[[], bool]) -> bool:
        while self.epoch < position[0]:
            if is_interrupted():
                return False
            self._advance(min(position[0] - self.epoch, self.chunk(0.05)))
            if self.ended is not None:
                break
        if self.epoch == position[0] and self.batch < position[1]:
            self._advance_batches(position[1] - self.batch)
        return True

    def _restore(self, moment: Moment) -> None:
        job = self.job
        self.use(moment.settings)
        job.parameters[...] = moment.parameters
        job.state = copied(moment.state)
        job.streams.shuffling.set_state(moment.random)
        self.frozen = None if moment.frozen is None else moment.frozen.copy()
        self._within, self._minimising, self.ended = None, None, None
        self.version += 1

    def epoch_of(self, epoch: Epoch) -> int:
        """Return the number of an epoch that the engine tells of, counted from the run's start."""
        return self._first + epoch.epoch

    def until_next_moment(self, epochs: int) -> int:
        """Return how many of so many epochs there are until a moment should be kept."""
        return min(epochs, self.moments.due(self.epoch) or epochs)

    def resumable(self) -> Moment:
        """Return the last moment from which training goes on as it does: this one, but not in the midst of L-BFGS."""
        if self._minimising is None:
            return self.moment()
        return self.moments.before(self.position, [each.at for each in self.changes])

    def go_on_from(self, moment: Moment, history: Array, batch: int = 0) -> None:
        """Go to a moment that comes from elsewhere, with the changes that are known already."""
        self._restore(moment)
        self.curves = Curves()
        self.curves.add(history)
        self.moments.keep(self.moment())
        self._advance_batches(batch)
        self._furthest = self.position

    def chunk(self, seconds: float) -> int:
        """Return how many epochs take about so long."""
        return max(1, int(seconds / max(self.seconds_per_epoch, 1e-7)))

    # --- the next step --------------------------------------------------------------------------------------------

    def next_rows(self) -> Array:
        """Return which training rows the next batch has, in their order."""
        within = self._within or Within(self.job)
        return within.rows(within.batch)

    def next_step(self, rows: Array | None = None) -> Job:
        """Return the next step as a job of one batch, on copies; with other rows of the dataset, if given."""
        within = self._within or Within(self.job)
        job = within.one_batch(within.batch)
        if rows is not None:
            job = replace(job, data=self.dataset.batch(rows))
        data = job.data.taken()
        return replace(job, data=data, parameters=job.parameters.copy(), state=copied(job.state))


class _NoMoments(Moments):
    """While a moment is trained again, nothing is kept."""

    def due(self, epoch: int) -> int:
        return 0

    def keep(self, moment: Moment) -> None:
        """Keep nothing."""
