"""Jobs on their way to the core, and what comes back."""

from collections.abc import Sequence

import numpy as np

from pellucid.engines.native.arrays import data_parts, in_place
from pellucid.engines.native.core import core
from pellucid.engines.native.descriptions import core_network, core_training
from pellucid.spec import Lbfgs
from pellucid.textbook.arrays import Array
from pellucid.textbook.optimizers import OptimizerState, initial_state
from pellucid.training.jobs import Epoch, History, Job, Run, State
from pellucid.training.stopping import Best, Outcome

__all__ = ["WORD", "PreparedJob", "groups", "trains_in_core"]

WORD = 0xFFFFFFFFFFFFFFFF
"""The low 64 bits of a dropout key are those that count."""


def trains_in_core(job: Job) -> bool:
    """Tell whether the core loops over the job's epochs: it has no L-BFGS, and draws row orders like MT19937 only."""
    is_twister = job.streams.shuffling.get_state(legacy=False)["bit_generator"] == "MT19937"
    return is_twister and not isinstance(job.training.optimizer, Lbfgs)


def groups(jobs: Sequence[Job], indices: list[int]) -> list[list[int]]:
    """Jobs that may run side by side: those that draw from one stream must take turns."""
    streams = {id(jobs[index].streams.shuffling) for index in indices if jobs[index].training.shuffle}
    drawing = sum(jobs[index].training.shuffle for index in indices)
    if len(streams) == drawing:
        return [indices] if indices else []
    return [[index] for index in indices]


class PreparedJob:
    """A job with its arrays ready for the core, and what must outlive the call."""

    def __init__(self, job: Job) -> None:
        self.job, dtype = job, job.parameters.dtype
        if job.state.optimizer is None:
            job.state.optimizer = initial_state(job.training.optimizer, job.parameters)
        self.optimizer: OptimizerState = job.state.optimizer
        self.random = job.streams.shuffling.get_state(legacy=False)
        self.key = np.ascontiguousarray(self.random["state"]["key"], np.uint32).copy()
        self.best = _best_parameters(job)
        validation = job.validation
        is_custom = validation is not None and not isinstance(job.score, str)
        shape = (validation.rows, job.network.outputs) if validation is not None and is_custom else None
        self.predictions = None if shape is None else np.empty(shape, dtype)
        self.native = core.Job(
            network=core_network(job.network),
            training=core_training(job.training),
            data=data_parts(job.data, dtype),
            validation=None if validation is None else data_parts(validation, dtype),
            score="custom" if is_custom else job.score if isinstance(job.score, str) else "r2",
            predictions=self.predictions,
            parameters=in_place(job.parameters, "parameters"),
            best_parameters=self.best,
            memory=[in_place(array, "optimizer state") for array in self.optimizer.arrays],
            shuffle_key=self.key,
            shuffle_position=self.random["state"]["pos"],
            dropout_key=job.streams.dropout_key & WORD,
            state=_state(job.state, self.optimizer),
            epochs=job.epochs_to_run,
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
        epochs, parameters = self.job.epochs_to_run, self.job.parameters
        return Epoch(index, epoch, epochs, loss, validation_loss, validation_score, learning_rate, seconds, parameters)

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
        self.random["state"] = {"key": self.key, "pos": shuffle_position}
        job.streams.shuffling.set_state(self.random)
        self.optimizer.step, job.state.epochs, job.state.rows_seen, job.state.reductions, best = state
        kept = self.best if best_changed else job.state.best.parameters
        job.state.best = Best(*best, kept)
        if kept is not None and job.training.stopping.restore_best:
            job.parameters[...] = kept
        history = History(loss, validation_loss, validation_score, learning_rate)
        return Run(job.parameters, job.state, history, Outcome[outcome])


def _best_parameters(job: Job) -> Array | None:
    return np.empty_like(job.parameters) if job.training.stopping.restore_best else None


def _state(state: State, optimizer: OptimizerState) -> tuple[int, int, int, int, tuple[float | None, int, int]]:
    best = (state.best.value, state.best.stale, state.best.epoch)
    return (optimizer.step, state.epochs, state.rows_seen, state.reductions, best)
