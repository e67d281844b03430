"""The textbook engine: the chapter's mathematics in NumPy, run as written.

It can do everything that a description can say; faster engines are measured against it.
"""

from collections.abc import Iterator, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from pellucid.engines.lbfgs import train_lbfgs
from pellucid.spec import Adaptive, Lbfgs, Network, Training
from pellucid.textbook.arrays import Array
from pellucid.textbook.clipping import clip_by_norm
from pellucid.textbook.dropout import dropout_mask
from pellucid.textbook.losses import loss_problem
from pellucid.textbook.network import Batch, Step, predict, step
from pellucid.textbook.optimizers import initial_state, update
from pellucid.textbook.parameters import Parameters
from pellucid.textbook.schedules import varies_by_step
from pellucid.training.jobs import Job, Run, Watch
from pellucid.training.monitor import Monitor
from pellucid.training.stopping import Outcome
from pellucid.training.streams import RowOrder

__all__ = ["TextbookEngine"]

BLOCK_OF_VALUES = 1 << 22
"""Prediction runs in row blocks whose widest layer holds about this many numbers, so that memory stays bounded."""


class TextbookEngine:
    """Runs the textbook's functions in the order in which the chapter explains them."""

    name = "textbook"

    def unsupported(self, network: Network, training: Training) -> str | None:
        """Return why this pair of descriptions makes no sense, or None."""
        return loss_problem(training.loss, network.output)

    def train(self, jobs: Sequence[Job], watch: Watch) -> list[Run]:
        """Train the jobs one after another."""
        began = perf_counter()
        return [self._train_one(job, index, watch, began) for index, job in enumerate(jobs)]

    def _train_one(self, job: Job, index: int, watch: Watch, began: float) -> Run:
        parameters = Parameters(job.network, job.parameters)
        monitor = Monitor(job, index, watch, began, lambda inputs: self.forward(job.network, parameters, inputs))
        if isinstance(job.training.optimizer, Lbfgs):
            return train_lbfgs(self, job, monitor)
        return _Descent(job, parameters, monitor).run()

    def forward(self, network: Network, parameters: Parameters, inputs: Any) -> Array:
        """Weighted sums of the output layer, of shape (rows, outputs)."""
        rows = inputs.shape[0]
        block = max(1, BLOCK_OF_VALUES // max(network.widths[1:]))
        if rows <= block:
            return predict(network, parameters, inputs)
        z = np.empty((rows, network.outputs), dtype=parameters.vector.dtype)
        for start in range(0, rows, block):
            z[start : start + block] = predict(network, parameters, inputs[start : start + block])
        return z

    def loss_and_gradients(
        self,
        network: Network,
        training: Training,
        parameters: Parameters,
        batch: Batch,
        *,
        dropout: tuple[int, int] | None = None,
    ) -> Step:
        """One forward and backward pass, with all that happened in it."""
        gradients = Parameters.empty(network, parameters.vector.dtype)
        masks = () if dropout is None else _dropout_masks(network, batch.rows, *dropout, parameters.vector.dtype)
        return _step(network, training, parameters, batch, gradients, masks)


def _step(
    network: Network,
    training: Training,
    parameters: Parameters,
    batch: Batch,
    gradients: Parameters,
    masks: Sequence[Array | None],
) -> Step:
    return step(
        network,
        training.loss,
        parameters,
        batch,
        gradients,
        l1=training.l1,
        l2=training.l2,
        reduction=training.reduction,
        masks=masks,
    )


def _dropout_masks(network: Network, rows: int, key: int, step: int, dtype: Any) -> list[Array | None]:
    """Draw the masks of one step, one a hidden layer; None for a layer without dropout."""
    return [
        dropout_mask(layer.dropout, (rows, layer.width), key=key, step=step, layer=index, dtype=dtype)
        if layer.dropout
        else None
        for index, layer in enumerate(network.hidden)
    ]


class _Descent:
    """One job under way: epochs of batches, each batch a step and an update."""

    def __init__(self, job: Job, parameters: Parameters, monitor: Monitor) -> None:
        self.job, self.parameters, self.monitor = job, parameters, monitor
        self.network, self.training, self.state = job.network, job.training, job.state
        self.gradients = Parameters.empty(job.network, job.parameters.dtype)
        self.rows = job.data.rows
        self.order = RowOrder(self.rows, job.streams.shuffling)
        self.has_dropout = any(layer.dropout for layer in job.network.hidden)
        if self.state.optimizer is None:
            self.state.optimizer = initial_state(job.training.optimizer, job.parameters)
        self.optimizer_state = self.state.optimizer

    def run(self) -> Run:
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # the monitor reports divergence
                outcome = self._epochs()
        except KeyboardInterrupt:
            outcome = Outcome.INTERRUPTED
        return self.monitor.finish(outcome)

    def _epochs(self) -> Outcome:
        for _ in range(self.job.epochs_to_run):
            learning_rate = self.job.learning_rate()
            loss = self._epoch(learning_rate)
            self.state.epochs += 1
            self.state.rows_seen += self.rows
            outcome = self.monitor.end_epoch(loss, learning_rate) or self._out_of_patience()
            if outcome is not None:
                return outcome
        return Outcome.ALL_EPOCHS

    def _epoch(self, learning_rate: float) -> float:
        """Visit every row once; return the mean loss of the batches, each measured before its update."""
        by_step = varies_by_step(self.training.schedule)
        total = 0.0
        for index, batch in enumerate(self._batches()):
            done = self._step(batch)
            total += done.loss * batch.rows
            self._update(self.job.learning_rate(index) if by_step else learning_rate)
        return total / self.rows

    def _batches(self) -> Iterator[Batch]:
        data = self.job.data
        order = self.order.shuffle() if self.training.shuffle else None
        for start in range(0, self.rows, self.job.batch_size):
            stop = min(start + self.job.batch_size, self.rows)
            rows: Any = slice(start, stop) if order is None else order[start:stop]
            weight = None if data.sample_weight is None else data.sample_weight[rows]
            yield Batch(data.inputs[rows], data.targets[rows], weight)

    def _step(self, batch: Batch) -> Step:
        masks: Sequence[Array | None] = ()
        if self.has_dropout:
            key, number = self.job.streams.dropout_key, self.optimizer_state.step
            masks = _dropout_masks(self.network, batch.rows, key, number, self.parameters.vector.dtype)
        return _step(self.network, self.training, self.parameters, batch, self.gradients, masks)

    def _update(self, learning_rate: float) -> None:
        if self.training.clip_norm is not None:
            clip_by_norm(self.gradients.vector, self.training.clip_norm)
        update(
            self.training.optimizer,
            self.parameters.vector,
            self.gradients.vector,
            self.optimizer_state,
            learning_rate,
            self.parameters.all_weights,
        )

    def _out_of_patience(self) -> Outcome | None:
        if not self.state.best.is_exhausted(self.training.stopping):
            return None
        schedule = self.training.schedule
        if not isinstance(schedule, Adaptive) or self.job.learning_rate() <= schedule.minimum:
            return Outcome.CONVERGED
        self.state.reductions += 1
        self.state.best.stale = 0
        return None
