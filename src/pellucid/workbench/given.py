"""An estimator's network and rows in the workbench's words."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.errors import DataError
from pellucid.estimators.tabular.base import BaseTabular
from pellucid.estimators.tabular.steps import NetworkStep, class_names, network_step, output_names
from pellucid.spec import Network, Training, parameter_count
from pellucid.textbook.arrays import Array
from pellucid.textbook.network import Batch
from pellucid.tracing.preparing import Names, prepare
from pellucid.training.coded import decoded
from pellucid.training.jobs import Job, State
from pellucid.workbench.history import COLUMNS, NAN
from pellucid.workbench.limits import MOST_COLUMNS, MOST_EPOCHS, MOST_PARAMETERS, MOST_ROWS
from pellucid.workbench.settings import Data, Descent, Net, NetLayer, Settings, Stop
from pellucid.workbench.sources import Rows

__all__ = ["Given", "check_size"]


class Given:
    """An estimator's network and rows in the workbench's words.

    Attributes
    ----------
    rows : Rows
    settings : Settings
    parameters : array
    state : State
    loss, validation : sequences of float
        Of each epoch trained so far, as far as they are known.
    """

    def __init__(
        self,
        rows: Rows,
        settings: Settings,
        parameters: Array,
        state: State,
        loss: Sequence[float] = (),
        validation: Sequence[float] = (),
    ) -> None:
        self.rows, self.settings, self.parameters, self.state = rows, settings, parameters, state
        self.loss, self.validation = loss, validation

    def history(self, learning_rate: float) -> Array:
        """Return the curves so far, and that training goes on at this learning rate."""
        epochs = np.arange(self.state.epochs + 1)
        rows = np.full((len(epochs), len(COLUMNS)), NAN)
        rows[:, COLUMNS.index("epoch")] = epochs
        for name, curve in (("batches", self.loss), ("validation", self.validation)):
            known = np.asarray(curve, np.float64)[-self.state.epochs :] if self.state.epochs else ()
            rows[len(rows) - len(known) :, COLUMNS.index(name)] = known
        rows[-1, [COLUMNS.index("learning_rate"), COLUMNS.index("step")]] = learning_rate, 0
        return rows

    @classmethod
    def of(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        network: Network | None = None,
        *,
        member: int = 0,
    ) -> "Given":
        """Take an estimator over, which stays as it is; its network is another than its parameters say, if given."""
        if isinstance(estimator, BaseTabular):
            return cls._of_member(estimator, network_step(estimator, X, y, sample_weight, member=member))
        setup = prepare(estimator, X, y, sample_weight, member=member, caller="show")
        job = setup.job
        network = network or job.network
        _check(network, job.data.inputs.shape)
        given = getattr(estimator, "batch_size", "auto")
        batch_size = 200 if given == "auto" else int(given)
        is_shuffled = bool(getattr(estimator, "shuffle", True))
        settings = _settings(estimator, job, network, batch_size, is_shuffled=is_shuffled)
        state = replace(State(), optimizer=job.state.optimizer, epochs=int(getattr(estimator, "n_iter_", 0)))
        if type(settings.training.optimizer) is not type(job.training.optimizer):
            state.optimizer = None
        classes = tuple(str(label) for label in getattr(estimator, "classes_", ()))
        rows = _rows(job.data, network, setup.names, classes)
        curve = getattr(estimator, "loss_curve_", ())
        return cls(rows, settings, job.parameters.astype(np.float64), state, curve)

    @classmethod
    def of_job(cls, estimator: BaseTabular, job: Job) -> "Given":
        """Take over a network that a tabular estimator is training."""
        rows = job.data.inputs.shape[0]
        _check(job.network, job.data.inputs.shape)
        data = replace(job.data, inputs=decoded(job.data.inputs), index=None)
        notes = "One of the networks that are trained is watched; the rows held out are those that it does not see."
        is_held_out = np.zeros(rows, bool)
        if job.data.index is not None:
            is_held_out = ~np.isin(np.arange(rows), job.data.index)
        names = Names(estimator.encoder_.inputs.names, output_names(estimator, job.network.outputs))
        given = _rows(data, job.network, names, class_names(estimator))
        level_names = estimator.encoder_.level_names
        sources = estimator.encoder_.inputs.sources
        given = replace(given, held_out=is_held_out, notes=(notes,), level_names=level_names, sources=sources)
        settings = _settings(estimator, job, job.network, job.training.batch_size or 200, is_shuffled=True)
        return cls(given, settings, job.parameters.astype(np.float64), State())

    @classmethod
    def _of_member(cls, estimator: BaseTabular, step: NetworkStep) -> "Given":
        job = step.job
        _check(job.network, (job.data.rows, job.data.inputs.shape[1]))
        rows = _rows(job.data.taken(), job.network, Names(step.inputs, step.outputs), step.classes)
        sources = estimator.encoder_.inputs.sources
        rows = replace(rows, held_out=step.held_out, notes=tuple(step.notes), level_names=step.levels, sources=sources)
        settings = _settings(estimator, job, job.network, job.training.batch_size or 200, is_shuffled=True)
        each = step.trained
        state = replace(State(), epochs=each.epochs)
        return cls(rows, settings, job.parameters.astype(np.float64), state, each.loss, each.validation_loss)


def _check(network: Network, shape: tuple[int, int]) -> None:
    check_size(*shape)
    learned = parameter_count(network)
    if learned > MOST_PARAMETERS:
        raise DataError(
            f"The workbench shows networks that learn at most {MOST_PARAMETERS} numbers; this one learns {learned}."
        )


def check_size(rows: int, columns: int) -> None:
    """Raise DataError unless the workbench shows so many rows and features."""
    if rows > MOST_ROWS or columns > MOST_COLUMNS or rows < 4:
        raise DataError(
            f"The workbench shows 4 to {MOST_ROWS} rows and at most {MOST_COLUMNS} features; got {rows} and {columns}. "
            "Pass a part of them."
        )


def _settings(estimator: Any, job: Job, network: Network, batch_size: int, *, is_shuffled: bool) -> Settings:
    training: Training = job.training
    seed = getattr(estimator, "random_state", None)
    return Settings(
        data=Data(source="given", scale=False, train_share=0.95),
        network=Net(
            tuple(
                NetLayer(each.width, each.activation, each.dropout, each.layer_norm, each.parametric)
                for each in network.hidden
            ),
            network.initializer,
            seed if isinstance(seed, int) and 0 <= seed < 2**32 else 0,
            network.input_scale,
            network.parametrization,
            network.ensemble,
        ),
        training=Descent(
            training.loss,
            training.optimizer,
            training.learning_rate,
            training.schedule,
            training.l1,
            training.l2,
            training.clip_norm,
            min(batch_size, job.data.rows),
            is_shuffled,
            training.rates,
            training.decays,
        ),
        stop=Stop(epochs=min(max(training.epochs, 100_000), MOST_EPOCHS)),
    )


def _rows(data: Batch, network: Network, names: Names, known: tuple[str, ...]) -> Rows:
    """Describe rows as a source has them; `known` are the labels of the classes."""
    inputs, targets = np.asarray(data.inputs, np.float64), data.targets.astype(np.float64)
    weight = None if data.sample_weight is None else np.asarray(data.sample_weight, np.float64)
    embedding = network.embedding
    if network.output not in ("logistic", "softmax"):
        several = targets if targets.shape[1] > 1 else None
        return Rows(inputs, names.inputs, targets[:, 0], weight=weight, targets=several, embedding=embedding)
    has_one_each = network.output == "softmax"
    if network.outputs > 1 and not has_one_each:
        first = (targets[:, 0] > 0.5).astype(np.int64)
        labels = tuple(name.removeprefix("class ") for name in names.outputs)
        return Rows(inputs, names.inputs, first, weight=weight, targets=targets, labels=labels, embedding=embedding)
    y = targets.argmax(axis=1) if has_one_each else (targets[:, 0] > 0.5).astype(np.int64)
    count = network.outputs if has_one_each else 2
    classes = known if len(known) == count else tuple(map(str, range(count)))
    several = targets if has_one_each else None
    return Rows(inputs, names.inputs, y, classes, weight=weight, targets=several, embedding=embedding)
