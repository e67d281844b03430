"""The end of an epoch: validate, remember the best, tell who listens, decide whether to stop."""

from collections.abc import Callable
from time import perf_counter

import numpy as np

from pellucid.textbook.arrays import Array
from pellucid.textbook.losses import loss_rows, mean_loss
from pellucid.textbook.outputs import output_activation
from pellucid.training.jobs import Epoch, History, Job, Run, Watch
from pellucid.training.scores import SCORES
from pellucid.training.stopping import Outcome

__all__ = ["Monitor"]


class Monitor:
    """Watches one job, whatever engine trains it.

    Parameters
    ----------
    job : Job
    index : int
        Its place in the population.
    watch : Watch
    began : float
        ``time.perf_counter()`` when the population's training began.
    forward : callable
        From input rows to the weighted sums of the output layer, with the job's current parameters.
    """

    def __init__(self, job: Job, index: int, watch: Watch, began: float, forward: Callable[[object], Array]) -> None:
        self.job, self.index, self.watch, self.began, self.forward = job, index, watch, began, forward
        self.history = History()
        self.validation = None if job.validation is None else job.validation.taken()

    def end_epoch(self, loss: float, learning_rate: float) -> Outcome | None:
        """Take in a finished epoch; return why training must end now, or None to go on."""
        self.history.loss.append(loss)
        self.history.learning_rate.append(learning_rate)
        if not np.isfinite(loss) or not np.isfinite(self.job.parameters).all():
            return Outcome.DIVERGED
        self.validate()
        values: list[float] = getattr(self.history, self.job.training.stopping.monitor)
        state, epoch = self.job.state, len(self.history.loss)
        state.best.observe(self.job.training.stopping, values[-1], state.epochs, self.job.trained)
        if self._tell(epoch):
            return Outcome.STOPPED
        limit = self.watch.time_limit
        if limit is not None and perf_counter() - self.began > limit and epoch < self.job.epochs_to_run:
            return Outcome.TIME_LIMIT
        return None

    def finish(self, outcome: Outcome, message: str = "") -> Run:
        """Restore the best epoch where that is asked for, and hand over the result."""
        self.job.end()
        return Run(self.job.parameters, self.job.state, self.history, outcome, message)

    def validate(self) -> None:
        """Add the loss and the score of the validation rows, if there are any, to the history."""
        validation = self.validation
        if validation is None:
            return
        output, loss, score = self.job.network.output, self.job.training.loss, self.job.score
        z = self.forward(validation.inputs)
        prediction = output_activation(output, z)
        rows = loss_rows(loss, output, z, prediction, validation.targets)
        self.history.validation_loss.append(mean_loss(rows, validation.sample_weight))
        if score == "loss":
            value = -self.history.validation_loss[-1]
        elif isinstance(score, str):
            value = SCORES[score](output, prediction, validation.targets, validation.sample_weight)
        else:
            value = score(prediction)
        self.history.validation_score.append(value)

    def _tell(self, epoch: int) -> bool:
        if self.watch.on_epoch is None:
            return False
        history = self.history
        report = Epoch(
            job=self.index,
            epoch=epoch,
            epochs=self.job.epochs_to_run,
            loss=history.loss[-1],
            validation_loss=history.validation_loss[-1] if history.validation_loss else None,
            validation_score=history.validation_score[-1] if history.validation_score else None,
            learning_rate=history.learning_rate[-1],
            seconds=perf_counter() - self.began,
            parameters=self.job.trained,
            of=self.job,
        )
        return bool(self.watch.on_epoch(report))
