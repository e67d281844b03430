"""Settings and rows as the network and the training that they describe."""

from typing import Any

from numpy.random import RandomState

from pellucid.errors import DataError
from pellucid.spec import Lbfgs, LogLoss, Network, Poisson, SquaredError, Stopping, Training
from pellucid.textbook.initializers import initial_parameters
from pellucid.textbook.losses import loss_problem
from pellucid.training.jobs import Job
from pellucid.training.streams import Streams
from pellucid.workbench.dataset import Dataset
from pellucid.workbench.settings import Descent, Settings

__all__ = ["default_loss", "first_job", "loss_of", "network_of", "take_rows", "training_of"]


def default_loss(task: str) -> Any:
    """Return the loss that a task has by itself: the estimators'."""
    return SquaredError() if task == "regression" else LogLoss(clipped=True)


def _output(task: str, loss: Any) -> str:
    if task == "regression":
        return "exp" if isinstance(loss, Poisson) else "identity"
    return "softmax" if task == "multiclass" else "logistic"


def loss_of(descent: Descent, dataset: Dataset) -> Any:
    """Return the loss that was chosen, if it suits the task, else the task's own."""
    loss = descent.loss
    if loss is None or loss_problem(loss, _output(dataset.task, loss)) is not None:
        return default_loss(dataset.task)
    if dataset.task != "regression" and loss.name not in ("log_loss", "squared_error"):
        return default_loss(dataset.task)
    return loss


def network_of(settings: Settings, dataset: Dataset) -> Network:
    """Describe the network."""
    loss = loss_of(settings.training, dataset)
    if isinstance(loss, Poisson) and (dataset.targets < 0).any():
        raise DataError("The Poisson loss is for counts and rates: targets must be at least 0. Choose another loss.")
    return Network(
        inputs=dataset.inputs.shape[1],
        hidden=tuple(each.layer() for each in settings.network.layers),
        outputs=dataset.outputs,
        output=_output(dataset.task, loss),
        initializer=settings.network.initializer,
        embedding=dataset.embedding,
        input_scale=settings.network.input_scale,
        parametrization=settings.network.parametrization,
        ensemble=settings.network.ensemble,
    )


def training_of(settings: Settings, dataset: Dataset) -> Training:
    """Describe the training."""
    descent, stop = settings.training, settings.stop
    rows = dataset.training.rows
    size = None if isinstance(descent.optimizer, Lbfgs) else descent.batch_size
    return Training(
        loss=loss_of(descent, dataset),
        optimizer=descent.optimizer,
        learning_rate=descent.learning_rate,
        schedule=descent.schedule,
        l1=descent.l1,
        l2=descent.l2,
        clip_norm=descent.clip_norm,
        batch_size=rows if size is None else min(size, rows),
        epochs=stop.epochs,
        shuffle=descent.shuffle,
        rates=descent.rates,
        decays=descent.decays,
        stopping=Stopping(tolerance=stop.tolerance, patience=stop.patience),
    )


def first_job(settings: Settings, dataset: Dataset) -> Job:
    """Return the training from its start: the one that the estimators' `fit` is with the same seed."""
    network, training = network_of(settings, dataset), training_of(settings, dataset)
    random = RandomState(settings.network.seed)
    parameters = initial_parameters(network, random, "float64", dataset.training.inputs)
    has_dropout = any(layer.dropout for layer in network.hidden)
    key = int(random.randint(2**31 - 1)) if has_dropout else 0
    streams = Streams(random, key)
    job = Job(network, training, dataset.training, parameters, streams, score=dataset.score, keeps_order=True)
    take_rows(job, dataset)
    return job


def take_rows(job: Job, dataset: Dataset) -> None:
    """Let a training go on with other rows, from the order in which they lie."""
    job.data, job.validation = dataset.training, dataset.held_out if len(dataset.validation) else None
    job.state.shuffling = None
