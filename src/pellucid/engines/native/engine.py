"""The native engine, as the rest of the package sees it."""

import threading
from collections.abc import Sequence
from time import perf_counter
from typing import Any

import numpy as np

from pellucid.engines.lbfgs import train_lbfgs
from pellucid.engines.native.arrays import data_parts, input_parts
from pellucid.engines.native.core import core, default_threads, instruction_set, unavailable
from pellucid.engines.native.descriptions import core_network, core_training
from pellucid.engines.native.jobs import WORD, PreparedJob, groups, trains_in_core
from pellucid.engines.textbook import TextbookEngine
from pellucid.errors import SpecError
from pellucid.spec import Lbfgs, Network, Training
from pellucid.textbook.arrays import Array
from pellucid.textbook.losses import loss_problem
from pellucid.textbook.network import Batch, LayerPass, Step
from pellucid.textbook.parameters import Parameters
from pellucid.training.coded import decoded
from pellucid.training.jobs import Job, Run, Watch
from pellucid.training.monitor import Monitor
from pellucid.training.stopping import Outcome

__all__ = ["NativeEngine"]


class NativeEngine:
    """Trains and runs networks in C++.

    Parameters
    ----------
    threads : int or None
        Threads of a call; None: `default_threads`. Results do not depend on it.
    isa : str or None
        Instruction set; None: `instruction_set`.

    Raises
    ------
    SpecError
        If the engine is not built, or the instruction set is not one of this processor's.
    """

    name = "native"

    def __init__(self, threads: int | None = None, isa: str | None = None) -> None:
        missing = unavailable()
        if missing:
            raise SpecError(missing)
        if threads is not None and threads < 1:
            raise SpecError(f"'threads' of NativeEngine must be at least 1 (or None); got {threads!r}.")
        self.threads = threads
        self.isa = instruction_set() if isa is None else isa
        try:
            core.kernel_set(self.isa)
        except ValueError as error:
            raise SpecError(str(error)) from None

    def unsupported(self, network: Network, training: Training) -> str | None:
        """Return why this pair of descriptions makes no sense, or None: the engine can do all that the textbook can."""
        return loss_problem(training.loss, network.output)

    def train(self, jobs: Sequence[Job], watch: Watch) -> list[Run]:
        """Train a population: whole jobs to threads while there are enough, else each job by all threads."""
        began = perf_counter()
        runs: dict[int, Run] = {}
        native = [index for index, job in enumerate(jobs) if trains_in_core(job)]
        for group in groups(jobs, native):
            runs.update(zip(group, self._train_group(jobs, group, watch, began), strict=True))
            if _are_interrupted(runs):
                break
        for index, job in enumerate(jobs):
            if index not in runs:
                runs[index] = (
                    Run.untouched(job) if _are_interrupted(runs) else self._train_elsewhere(job, index, watch, began)
                )
        return [runs[index] for index in range(len(jobs))]

    def forward(self, network: Network, parameters: Parameters, inputs: Any) -> Array:
        """Weighted sums of the output layer, of shape (rows, outputs)."""
        vector = parameters.vector
        z = np.empty((inputs.shape[0], network.outputs), vector.dtype)
        if len(z):
            rows = input_parts(network, inputs, vector.dtype)
            core.forward(core_network(network), vector, rows, z, self._kernels, self._threads(), _watches_signals())
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
        passes = _empty_passes(network, parameters.vector.dtype, batch, dropout is not None)
        done = self._step(network, training, parameters, batch, dropout, passes)
        for first in passes[:: len(network.hidden) + 1]:  # of each member
            first.inputs = passes[0].inputs
        return done

    def _step(
        self,
        network: Network,
        training: Training,
        parameters: Parameters,
        batch: Batch,
        dropout: tuple[int, int] | None,
        passes: list[LayerPass],
    ) -> Step:
        vector = parameters.vector
        shown = [
            (p.pre_activation, p.activation, p.outputs, p.mask, p.inverse_std, p.normalised, p.delta) for p in passes
        ]
        gradients = Parameters.empty(network, vector.dtype)
        loss, penalty = core.loss_and_gradients(
            core_network(network),
            core_training(training),
            vector,
            data_parts(network, batch, vector.dtype),
            None if dropout is None else (dropout[0] & WORD, dropout[1]),
            gradients.vector,
            shown,
            passes[0].inputs if passes and network.embedding is not None else None,
            self._kernels,
            self._threads(),
        )
        return Step(passes, loss, penalty, gradients)

    @property
    def _kernels(self) -> Any:
        """The core's functions for the instruction set; looked up anew, so that an engine is its settings only."""
        return core.kernel_set(self.isa)

    def _threads(self) -> int:
        return default_threads() if self.threads is None else self.threads

    def _train_group(self, jobs: Sequence[Job], group: list[int], watch: Watch, began: float) -> list[Run]:
        prepared = [PreparedJob(jobs[index]) for index in group]
        limit = None if watch.time_limit is None else watch.time_limit - (perf_counter() - began)

        def on_epoch(at: int, epoch: int, loss: float, *rest: Any) -> bool:
            assert watch.on_epoch is not None  # noqa: S101 - not called otherwise
            return bool(watch.on_epoch(prepared[at].epoch(group[at], epoch, loss, *rest)))

        done = core.train(
            [each.native for each in prepared],
            self._kernels,
            self._threads(),
            _watches_signals(),
            None if watch.on_epoch is None else on_epoch,
            lambda at: float(prepared[at].score()),
            limit,
        )
        return [each.finish(*result) for each, result in zip(prepared, done, strict=True)]

    def _train_elsewhere(self, job: Job, index: int, watch: Watch, began: float) -> Run:
        """Train what the core does not loop over itself: L-BFGS, and row orders that no Mersenne Twister draws."""
        parameters = Parameters(job.network, job.parameters)
        monitor = Monitor(job, index, watch, began, lambda inputs: self.forward(job.network, parameters, inputs))
        if isinstance(job.training.optimizer, Lbfgs):
            return train_lbfgs(_GradientsOnly(self.threads, self.isa), job, monitor)
        return TextbookEngine().train([job], watch)[0]


class _GradientsOnly(NativeEngine):
    """The engine as L-BFGS needs it: no layer is shown."""

    def loss_and_gradients(
        self,
        network: Network,
        training: Training,
        parameters: Parameters,
        batch: Batch,
        *,
        dropout: tuple[int, int] | None = None,
    ) -> Step:
        return self._step(network, training, parameters, batch, dropout, [])


def _empty_passes(network: Network, dtype: Any, batch: Batch, has_dropout: bool) -> list[LayerPass]:
    """Arrays for all that the layers do with a batch, to be filled."""
    if network.ensemble is not None:
        members = range(network.ensemble.members)
        return [each for _ in members for each in _empty_passes(network.member, dtype, batch, has_dropout)]
    passes: list[LayerPass] = []
    inputs: Any = (
        decoded(batch.inputs) if network.embedding is None else np.empty((batch.rows, network.features), dtype)
    )
    for layer in (*network.hidden, None):
        width = network.outputs if layer is None else layer.width
        z, a, delta = (np.empty((batch.rows, width), dtype) for _ in range(3))
        is_dropped = layer is not None and layer.dropout > 0 and has_dropout
        outputs, mask = (np.empty_like(z), np.empty_like(z)) if is_dropped else (a, None)
        is_normalised = layer is not None and layer.layer_norm
        normalised = np.empty_like(z) if is_normalised else None
        inverse_std = np.empty((batch.rows, 1), dtype) if is_normalised else None
        passes.append(LayerPass(inputs, z, a, outputs, mask, normalised, inverse_std, delta))
        inputs = outputs
    return passes


def _are_interrupted(runs: dict[int, Run]) -> bool:
    return any(run.outcome is Outcome.INTERRUPTED for run in runs.values())


def _watches_signals() -> bool:
    return threading.current_thread() is threading.main_thread()
