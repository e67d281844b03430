"""Jobs on their way to the core, and what comes back."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from pellucid.engines.native.arrays import data_parts, in_place
from pellucid.engines.native.core import core
from pellucid.engines.native.descriptions import core_network, core_training, size
from pellucid.engines.native.twister import WORDS, is_twister, read_twister, twister_state, write_twister
from pellucid.spec import Lbfgs
from pellucid.textbook.arrays import Array
from pellucid.textbook.network import Batch
from pellucid.textbook.optimizers import OptimizerState
from pellucid.training.jobs import Epoch, History, Job, Run, State
from pellucid.training.stopping import Best, Outcome
from pellucid.training.streams import Shuffling

__all__ = ["WORD", "PreparedJob", "groups", "trains_in_core"]

WORD = 0xFFFFFFFFFFFFFFFF
"""The low 64 bits of a dropout key are those that count."""


def trains_in_core(job: Job) -> bool:
    """Tell whether the core loops over the job's epochs: it has no L-BFGS, and draws row orders like MT19937 only."""
    return is_twister(job.streams.shuffling) and not isinstance(job.training.optimizer, Lbfgs)


def groups(jobs: Sequence[Job], indices: list[int]) -> list[list[int]]:
    """Jobs that may run side by side: those that draw from one stream, or train the same numbers, must take turns."""
    streams = [id(jobs[index].streams.shuffling) for index in indices if jobs[index].training.shuffle]
    if len(set(streams)) == len(streams) and not _overlap([jobs[index].parameters for index in indices]):
        return [indices] if indices else []
    return [[index] for index in indices]


def _overlap(arrays: list[Array]) -> bool:
    """Tell whether any two of these contiguous arrays share memory."""
    places = sorted((array.__array_interface__["data"][0], array.nbytes) for array in arrays)
    return any(start + length > after for (start, length), (after, _) in pairwise(places))


class PreparedJob:
    """A job with its arrays ready for the core, and what must outlive the call."""

    def __init__(self, job: Job) -> None:
        self.job, dtype = job, job.parameters.dtype
        keeps_state = job.goes_on or job.state.optimizer is not None or job.training.average > 0
        self.optimizer = job.begin() if keeps_state else OptimizerState(0, ())  # else the core has what it needs
        self.epochs_before, self.order = job.state.epochs, _RowOrder(job)
        self.best = _best_parameters(job) if keeps_state else None
        self.last_order = _last_order(job)
        validation = job.validation
        is_custom = validation is not None and not isinstance(job.score, str)
        shape = (validation.rows, job.network.outputs) if validation is not None and is_custom else None
        self.predictions = None if shape is None else np.empty(shape, dtype)
        self.native = core.Job(
            network=core_network(job.network),
            training=core_training(job.training),
            data=data_parts(job.network, _in_order(job.data, self.order.start), dtype),
            validation=None if validation is None else data_parts(job.network, validation, dtype),
            score="custom" if is_custom else job.score if isinstance(job.score, str) else "r2",
            predictions=self.predictions,
            parameters=in_place(job.parameters, "parameters"),
            best_parameters=self.best,
            keeps_state=keeps_state,
            average=None if job.state.average is None else in_place(job.state.average, "running mean"),
            memory=[in_place(array, "optimizer state") for array in self.optimizer.arrays],
            shuffle_key=self.order.key,
            shuffle_position=self.order.position,
            shuffles_before=self.order.shuffles,
            last_order=self.last_order,
            dropout_key=job.streams.dropout_key & WORD,
            state=_state(job.state, self.optimizer),
            epochs=size(job.epochs_to_run),
        )

    def score(self) -> float:
        """Score the validation rows, whose predictions the core has just written."""
        assert callable(self.job.score) and self.predictions is not None  # noqa: S101, PT018 - not called otherwise
        return self.job.score(self.predictions)

    def epoch(
        self,
        index: int,
        epoch: int,
        loss: float,
        validation_loss: float | None,
        validation_score: float | None,
        learning_rate: float,
        seconds: float,
    ) -> Epoch:
        """Tell of a finished epoch, as listeners hear it."""
        epochs, parameters = self.job.epochs_to_run, self.job.trained
        measured = (loss, validation_loss, validation_score, learning_rate, seconds)
        return Epoch(index, epoch, epochs, *measured, parameters, self.job)

    def finish(
        self,
        state: tuple[int, int, int, int, tuple[float | None, int, int]],
        loss: list[float],
        validation_loss: list[float],
        validation_score: list[float],
        learning_rate: list[float],
        outcome: str,
        best_changed: bool,
        shuffle_position: int,
    ) -> Run:
        """Take the core's results into the job's state and streams; restore the best epoch where that is asked for."""
        job = self.job
        is_within_epoch = outcome == Outcome.INTERRUPTED.name  # or may be
        self.order.end(shuffle_position, state[1] - self.epochs_before, None if is_within_epoch else self.last_order)
        self.optimizer.step, job.state.epochs, job.state.rows_seen, job.state.reductions, (value, stale, epoch) = state
        kept = self.best if best_changed else job.state.best.parameters
        if (
            self.best is None
            and best_changed
            and outcome == Outcome.DIVERGED.name
            and job.training.stopping.restore_best
        ):
            kept = job.parameters  # where the core has put them
        job.state.best = Best(value, stale, epoch + self.epochs_before if best_changed else epoch, kept)
        job.end()
        history = History(loss, validation_loss, validation_score, learning_rate)
        return Run(job.parameters, job.state, history, Outcome[outcome])


class _RowOrder:
    """The order of a job's rows, drawn by the core: where it begins, and the stream, on loan while the core draws.

    Attributes
    ----------
    start : array of shape (rows,) or None
    shuffles : int
        Drawn since, which the core draws again before its first epoch.
    key, position
        Of the stream before those.
    """

    def __init__(self, job: Job) -> None:
        self.job, self.start, self.shuffles = job, None, 0
        if not job.training.shuffle:
            self.key, self.position = np.zeros(WORDS, np.uint32), 0
            return
        if job.state.shuffling is not None:
            self.start, self.shuffles = job.state.shuffling.start, job.state.shuffling.shuffles
            state = job.state.shuffling.random["state"]
            self.key, self.position = np.array(state["key"], np.uint32), int(state["pos"])
            return
        self.key, self.position = read_twister(job.streams.shuffling)
        if job.goes_on:
            job.state.shuffling = Shuffling(None, twister_state(self.key, self.position))

    def end(self, position: int, epochs: int, last: Array | None) -> None:
        """Let the job's stream go on where the core left it; and the state, from its last order if that is kept."""
        if not self.job.training.shuffle:
            return
        write_twister(self.job.streams.shuffling, self.key, position)
        shuffling = self.job.state.shuffling
        if last is not None:
            self.job.state.shuffling = Shuffling(last, twister_state(self.key, position))
        elif shuffling is not None:
            shuffling.shuffles += epochs


def _in_order(data: Batch, order: Array | None) -> Batch:
    """Return the batch with its rows in this order, nothing copied; None: as they are."""
    if order is None:
        return data
    return replace(data, index=order if data.index is None else data.index[order])


def _best_parameters(job: Job) -> Array | None:
    return np.empty_like(job.parameters) if job.training.stopping.restore_best else None


def _last_order(job: Job) -> Array | None:
    is_kept = job.keeps_order and job.goes_on and job.training.shuffle and job.data.index is None
    return np.empty(job.data.rows, np.int64) if is_kept else None


def _state(state: State, optimizer: OptimizerState) -> tuple[int, int, int, int, tuple[float | None, int, int]]:
    best = (state.best.value, state.best.stale, state.best.epoch)
    return (optimizer.step, state.epochs, state.rows_seen, state.reductions, best)
