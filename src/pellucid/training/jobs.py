"""A job is a network, its training, its rows and its seed; a run is what comes of it.

A sweep, the folds of a cross-validation, an ensemble and a single fit are all lists of jobs.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from pellucid.spec import Network, Training
from pellucid.textbook.arrays import Array
from pellucid.textbook.network import Batch
from pellucid.textbook.optimizers import OptimizerState
from pellucid.textbook.schedules import learning_rate_at
from pellucid.training.stopping import Best, Outcome
from pellucid.training.streams import Streams

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


@dataclass
class State:
    """All that a training needs to go on where it stopped, besides the parameters.

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
    """

    optimizer: OptimizerState | None = None
    epochs: int = 0
    rows_seen: int = 0
    reductions: int = 0
    best: Best = field(default_factory=Best)


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
    validation : Batch or None
        Rows that are scored after each epoch.
    score : str or Score
        What their score is: 'accuracy', 'r2', 'loss' (the negative of it), or a function of the predictions.
    state : State
        Continued in place.
    epochs : int or None
        Most epochs to run now, of the training's; None: all of them.
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

    @property
    def epochs_to_run(self) -> int:
        """Most epochs of this call."""
        return self.training.epochs if self.epochs is None else self.epochs

    @property
    def batch_size(self) -> int:
        """Rows a step."""
        return min(self.training.batch_size or self.data.rows, self.data.rows)

    def learning_rate(self, batch: int = 0) -> float:
        """Learning rate of the given batch of the epoch that comes next."""
        state, steps_an_epoch = self.state, -(-self.data.rows // self.batch_size)
        return learning_rate_at(
            self.training.schedule,
            self.training.learning_rate,
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
