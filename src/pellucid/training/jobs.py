"""A job is a network, its training, its rows and its seed; a run is what comes of it.

A sweep, the folds of a cross-validation, an ensemble and a single fit are all lists of jobs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from pellucid.spec import Network, Schedule, Training
from pellucid.textbook.arrays import Array
from pellucid.textbook.network import Batch
from pellucid.textbook.optimizers import OptimizerState, initial_state
from pellucid.textbook.schedules import learning_rate_at
from pellucid.training.stopping import Best, Outcome
from pellucid.training.streams import RowOrder, Shuffling, Streams

__all__ = ["Epoch", "History", "Job", "Run", "Score", "State", "Watch"]

Score = Callable[[Array], float]
"""From predictions for the validation rows, shape (rows, outputs), to a number; higher is better."""


@dataclass
class History:
    """What each epoch brought; all lists have one number an epoch.

    Attributes
    ----------
    loss : list of float
        Mean training loss over the epoch's batches, penalties included.
    validation_loss, validation_score : list of float
        Empty without validation rows.
    learning_rate : list of float
        At the start of the epoch.
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_score: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)

    def followed_by(self, later: "History") -> "History":
        """Return the history of both parts of a training."""
        return History(*(getattr(self, each.name) + getattr(later, each.name) for each in fields(self)))


@dataclass
class State:
    """All that a training needs to go on where it stopped, besides the parameters and the dropout key.

    A job that goes on from it, at the end of an epoch, ends as if it had never stopped, bit for bit. Who wants to go
    on from the parameters alone, with the rows as they lie, takes `shuffling` and `current` out.

    Attributes
    ----------
    optimizer : OptimizerState or None
        None: start afresh.
    epochs : int
        Epochs done with this optimiser.
    rows_seen : int
        Rows that went through training, each as often as it did.
    reductions : int
        How often an adaptive schedule has lowered the learning rate.
    best : Best
    average : array or None
        The parameters' running mean, where the training keeps one.
    current : array or None
        The parameters that training goes on from, while the job's are their running mean (or the best epoch's).
    shuffling : Shuffling or None
        How the row order came about, where the rows are shuffled; the stream goes on from there. None: start with the
        rows as they lie, and with the job's stream as it is.
    """

    optimizer: OptimizerState | None = None
    epochs: int = 0
    rows_seen: int = 0
    reductions: int = 0
    best: Best = field(default_factory=Best)
    average: Array | None = None
    current: Array | None = None
    shuffling: Shuffling | None = None

    def forget(self) -> None:
        """Give up all that is as long as the parameters: nothing goes on from here any more."""
        self.optimizer = self.average = self.current = self.best.parameters = None

    def become(self, dtype: np.dtype[Any]) -> None:
        """Go on with numbers of another type."""
        if self.optimizer is not None:
            arrays = tuple(array.astype(dtype, copy=False) for array in self.optimizer.arrays)
            self.optimizer = replace(self.optimizer, arrays=arrays)
        if self.average is not None:
            self.average = self.average.astype(dtype, copy=False)
        if self.current is not None:
            self.current = self.current.astype(dtype, copy=False)
        if self.best.parameters is not None:
            self.best.parameters = self.best.parameters.astype(dtype, copy=False)


@dataclass
class Job:
    """One network to train.

    Parameters
    ----------
    network : Network
    training : Training
    data : Batch
        All training rows; inputs and targets of the training's dtype.
    parameters : array of shape (parameter_count(network),)
        Where training starts. It is trained in place.
    streams : Streams
        Of a job that goes on: with the same dropout key.
    validation : Batch or None
        Rows that are scored after each epoch.
    score : str or Score
        What their score is: 'accuracy', 'r2', 'loss' (the negative of it), or a function of the predictions.
    state : State
        Continued in place.
    epochs : int or None
        Most epochs to run now, of the training's; None: all of them.
    keeps_order : bool
        Leave the last row order in the state. A call that goes on then need not draw the orders before it again: for
        a training in many short calls.
    goes_on : bool
        Whether another job may go on from the state that this one leaves; if not, an engine may give up what is as long
        as the parameters, to need less memory.
    """

    network: Network
    training: Training
    data: Batch
    parameters: Array
    streams: Streams
    validation: Batch | None = None
    score: str | Score = "r2"
    state: State = field(default_factory=State)
    epochs: int | None = None
    keeps_order: bool = False
    goes_on: bool = True

    @property
    def epochs_to_run(self) -> int:
        """Most epochs of this call."""
        return self.training.epochs if self.epochs is None else self.epochs

    @property
    def batch_size(self) -> int:
        """Rows a step."""
        return min(self.training.batch_size or self.data.rows, self.data.rows)

    @property
    def steps_an_epoch(self) -> int:
        """Batches an epoch."""
        return self.data.rows // self.batch_size if self.training.drop_last else -(-self.data.rows // self.batch_size)

    @property
    def trained(self) -> Array:
        """The parameters that are validated and kept: the running mean where there is one."""
        return self.parameters if self.state.average is None else self.state.average

    def begin(self) -> OptimizerState:
        """Get the state ready for the first step: the optimiser's memory, and the running mean.

        A training that goes on takes up its own parameters again, which `end` replaced by their running mean
        or by those of the best epoch.
        """
        state = self.state
        if state.optimizer is None:
            state.optimizer = initial_state(self.training.optimizer, self.parameters)
            state.average = state.current = None
        if state.current is not None:
            self.parameters[...], state.current = state.current, None
        if not self.training.average:
            state.average = None
        elif state.average is None:
            state.average = self.parameters.copy()
        return state.optimizer

    def begin_order(self) -> RowOrder:
        """Return the order from which the first shuffle starts, and remember it in the state."""
        order = RowOrder(self.data.rows, self.streams.shuffling)
        if not self.training.shuffle:
            return order
        if self.state.shuffling is not None:
            replayed = self.state.shuffling.replayed(self.data.rows)
            self.streams.shuffling.set_state(replayed.random.get_state(legacy=False))
            order.indices = replayed.indices
        self.state.shuffling = Shuffling(order.indices, self.streams.shuffling.get_state(legacy=False))
        return order

    def end_order(self, order: Array) -> None:
        """Let what goes on begin with this order, the last epoch's, where the job keeps it."""
        if self.keeps_order and self.state.shuffling is not None:
            self.state.shuffling = Shuffling(order, self.streams.shuffling.get_state(legacy=False))

    def end(self) -> None:
        """Leave the best epoch's parameters where they are to be restored, else those that were trained."""
        state = self.state
        kept = state.best.parameters if self.training.stopping.restore_best else None
        if state.current is None and (state.average is not None or kept is not None):
            state.current = self.parameters.copy()
        self.parameters[...] = self.trained if kept is None else kept

    def learning_rate(self, batch: int = 0) -> float:
        """Learning rate of the given batch of the epoch that comes next."""
        return self._at(self.training.schedule, self.training.learning_rate, batch)

    def dropout_factor(self, batch: int) -> float:
        """Factor of the dropout rates in the given batch of the epoch that comes next."""
        return self._at(self.training.dropout_schedule, 1.0, batch)

    def decay_factor(self, batch: int) -> float:
        """Factor of AdamW's decay, likewise."""
        return self._at(self.training.decay_schedule, 1.0, batch)

    def _at(self, schedule: Schedule, base: float, batch: int) -> float:
        state, steps_an_epoch = self.state, self.steps_an_epoch
        return learning_rate_at(
            schedule,
            base,
            epoch=state.epochs,
            step=state.epochs * steps_an_epoch + batch,
            steps=self.training.epochs * steps_an_epoch,
            rows_seen=state.rows_seen if state.epochs else 0,
            reductions=state.reductions,
        )


@dataclass
class Run:
    """What came of a job.

    Attributes
    ----------
    parameters : array
        The job's parameter vector, trained.
    state : State
        The job's state, to go on from.
    history : History
    outcome : Outcome
    message : str
        What the optimiser itself said (L-BFGS).
    """

    parameters: Array
    state: State
    history: History
    outcome: Outcome
    message: str = ""

    @classmethod
    def untouched(cls, job: Job) -> "Run":
        """Return the run of a job whose turn had not come when the population was interrupted."""
        return cls(job.parameters, job.state, History(), Outcome.INTERRUPTED)

    def joined(self, earlier: History) -> "Run":
        """Return this run with the history of the earlier parts of its training before its own."""
        return replace(self, history=earlier.followed_by(self.history))


@dataclass(frozen=True)
class Epoch:
    """What is told about one finished epoch.

    Attributes
    ----------
    job : int
        Index of the job in the population.
    epoch : int
        From 1.
    epochs : int
        Most epochs that will be run.
    loss : float
    validation_loss, validation_score : float or None
    learning_rate : float
    seconds : float
        Since training began.
    parameters : array
        The live parameter vector: read it now or copy it.
    of : Job or None
        What is trained.
    """

    job: int
    epoch: int
    epochs: int
    loss: float
    validation_loss: float | None
    validation_score: float | None
    learning_rate: float
    seconds: float
    parameters: Array = field(repr=False)
    of: "Job | None" = field(default=None, repr=False)


@dataclass(frozen=True)
class Watch:
    """Who listens to a training, and how long it may take.

    Parameters
    ----------
    on_epoch : callable or None
        Called with each finished `Epoch`; a true answer stops that job.
    time_limit : float or None
        Seconds for the whole call; the epoch under way is finished first.
    """

    on_epoch: Callable[[Epoch], bool] | None = None
    time_limit: float | None = None
