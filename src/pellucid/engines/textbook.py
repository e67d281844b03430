"""The textbook engine: the chapter's mathematics in NumPy, run as written.

It can do everything that a description can say; faster engines are measured against it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from pellucid.engines.lbfgs import train_lbfgs
from pellucid.spec import Adaptive, Lbfgs, Network, Training
from pellucid.textbook.arrays import Array
from pellucid.textbook.averaging import take_into_average
from pellucid.textbook.clipping import clip_by_norm
from pellucid.textbook.dropout import dropout_mask
from pellucid.textbook.groups import parameter_groups
from pellucid.textbook.losses import loss_problem
from pellucid.textbook.network import Batch, Step, output_sums, step
from pellucid.textbook.optimizers import update
from pellucid.textbook.parameters import Parameters
from pellucid.textbook.schedules import varies_by_step
from pellucid.training.coded import decoded
from pellucid.training.jobs import Job, Run, Watch
from pellucid.training.monitor import Monitor
from pellucid.training.stopping import Outcome

__all__ = ["TextbookEngine"]

BLOCK_OF_VALUES = 1 << 22
"""Prediction runs in row blocks whose widest layer holds about this many numbers, so that memory stays bounded."""


class TextbookEngine:
    """Runs the textbook's functions in the order in which the chapter explains them.

    Parameters
    ----------
    frozen : array of bool of shape (parameter_count(network),) or None
        Parameters that training leaves as they are: the optimiser sees a gradient of 0 there. Not for L-BFGS.
    """

    name = "textbook"

    def __init__(self, frozen: Array | None = None) -> None:
        self.frozen = frozen

    def unsupported(self, network: Network, training: Training) -> str | None:
        """Return why this pair of descriptions makes no sense, or None."""
        return loss_problem(training.loss, network.output)

    def train(self, jobs: Sequence[Job], watch: Watch) -> list[Run]:
        """Train the jobs one after another, until all are done or an interrupt comes."""
        began = perf_counter()
        runs: list[Run] = []
        for index, job in enumerate(jobs):
            is_interrupted = bool(runs) and runs[-1].outcome is Outcome.INTERRUPTED
            runs.append(Run.untouched(job) if is_interrupted else self._train_one(job, index, watch, began))
        return runs

    def _train_one(self, job: Job, index: int, watch: Watch, began: float) -> Run:
        parameters = Parameters(job.network, job.parameters)
        monitor = Monitor(
            job,
            index,
            watch,
            began,
            lambda inputs: self.forward(job.network, Parameters(job.network, job.trained), inputs),
        )
        if isinstance(job.training.optimizer, Lbfgs):
            return train_lbfgs(self, job, monitor)
        return _Descent(job, parameters, monitor, self.frozen).run()

    def forward(self, network: Network, parameters: Parameters, inputs: Any) -> Array:
        """Weighted sums of the output layer, of shape (rows, outputs)."""
        rows = inputs.shape[0]
        widths = network.widths[1:] if network.embedding is None else network.widths
        block = max(1, BLOCK_OF_VALUES // max(widths))
        if rows <= block:
            return output_sums(network, parameters, decoded(inputs))
        z = np.empty((rows, network.outputs), dtype=parameters.vector.dtype)
        for start in range(0, rows, block):
            z[start : start + block] = output_sums(network, parameters, inputs[start : start + block])
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
        masks = () if dropout is None else _dropout_masks(network, batch.rows, *dropout, 1.0, parameters.vector.dtype)
        return _step(network, training, parameters, replace(batch, inputs=decoded(batch.inputs)), gradients, masks)


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


def _dropout_masks(network: Network, rows: int, key: int, step: int, factor: float, dtype: Any) -> list[Array | None]:
    """Draw the masks of one step, one a hidden layer, all rates times `factor`; None for a layer without dropout.

    The layers of an ensemble's members count through.
    """
    members = 1 if network.ensemble is None else network.ensemble.members
    return [
        dropout_mask(layer.dropout * factor, (rows, layer.width), key=key, step=step, layer=index, dtype=dtype)
        if layer.dropout
        else None
        for index, layer in enumerate(network.hidden * members)
    ]


class _Descent:
    """One job under way: epochs of batches, each batch a step and an update."""

    def __init__(self, job: Job, parameters: Parameters, monitor: Monitor, frozen: Array | None) -> None:
        self.job, self.parameters, self.monitor, self.frozen = job, parameters, monitor, frozen
        self.network, self.training, self.state = job.network, job.training, job.state
        self.gradients = Parameters.empty(job.network, job.parameters.dtype)
        self.data = job.data.taken()
        self.rows = self.data.rows
        self.order = job.begin_order()
        self.has_dropout = any(layer.dropout for layer in job.network.hidden)
        self.groups = parameter_groups(job.network, job.training.rates, job.training.decays)
        self.optimizer_state = job.begin()

    def run(self) -> Run:
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # the monitor reports divergence
                outcome = self._epochs()
        except KeyboardInterrupt:
            outcome = Outcome.INTERRUPTED
        if outcome is not Outcome.INTERRUPTED and self.order.indices is not None:
            self.job.end_order(self.order.indices)
        return self.monitor.finish(outcome)

    def _epochs(self) -> Outcome:
        for _ in range(self.job.epochs_to_run):
            learning_rate = self.job.learning_rate()
            loss = self._epoch(learning_rate)
            self.state.epochs += 1
            self.state.rows_seen += self.rows
            if self.state.shuffling is not None:
                self.state.shuffling.shuffles += 1
            outcome = self.monitor.end_epoch(loss, learning_rate) or self._out_of_patience()
            if outcome is not None:
                return outcome
        return Outcome.ALL_EPOCHS

    def _epoch(self, learning_rate: float) -> float:
        """Visit the rows, each once; return the mean loss of the batches, each measured before its update."""
        by_step = varies_by_step(self.training.schedule)
        total, visited = 0.0, 0
        for index, batch in enumerate(self._batches()):
            done = self._step(batch, index)
            total += done.loss * batch.rows
            visited += batch.rows
            self._update(self.job.learning_rate(index) if by_step else learning_rate, index)
        return total / visited

    def _batches(self) -> Iterator[Batch]:
        data = self.data
        order = self.order.shuffle() if self.training.shuffle else None
        for batch in range(self.job.steps_an_epoch):
            start = batch * self.job.batch_size
            stop = min(start + self.job.batch_size, self.rows)
            rows: Any = slice(start, stop) if order is None else order[start:stop]
            weight = None if data.sample_weight is None else data.sample_weight[rows]
            yield Batch(data.inputs[rows], data.targets[rows], weight)

    def _step(self, batch: Batch, index: int) -> Step:
        masks: Sequence[Array | None] = ()
        if self.has_dropout:
            key, number = self.job.streams.dropout_key, self.optimizer_state.step
            factor = self.job.dropout_factor(index)
            masks = _dropout_masks(self.network, batch.rows, key, number, factor, self.parameters.vector.dtype)
        return _step(self.network, self.training, self.parameters, batch, self.gradients, masks)

    def _update(self, learning_rate: float, index: int) -> None:
        held = None if self.frozen is None else self.parameters.vector[self.frozen]
        if self.frozen is not None:
            self.gradients.vector[self.frozen] = 0
        if self.training.clip_norm is not None:
            clip_by_norm(self.gradients.vector, self.training.clip_norm)
        update(
            self.training.optimizer,
            self.parameters.vector,
            self.gradients.vector,
            self.optimizer_state,
            learning_rate,
            self.groups,
            self.job.decay_factor(index),
        )
        if held is not None:  # a decay, or what a momentum remembers, moved them
            self.parameters.vector[self.frozen] = held
        if self.state.average is not None:
            take_into_average(
                self.state.average, self.parameters.vector, self.training.average, self.optimizer_state.step
            )

    def _out_of_patience(self) -> Outcome | None:
        best, stopping = self.state.best, self.training.stopping
        if best.failed_milestone(stopping, self.state.epochs):
            return Outcome.CONVERGED
        if not best.is_exhausted(stopping):
            return None
        schedule = self.training.schedule
        if not isinstance(schedule, Adaptive) or self.job.learning_rate() <= schedule.minimum:
            return Outcome.CONVERGED
        self.state.reductions += 1
        self.state.best.stale = 0
        return None
