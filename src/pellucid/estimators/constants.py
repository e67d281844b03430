"""Whether a trained network is of any use: whether it does better than one that predicts the same for every row."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from pellucid.spec import AbsoluteError, Huber, Lbfgs, Loss, Poisson, Quantile, SquaredError
from pellucid.textbook.arrays import Array
from pellucid.textbook.losses import loss_rows
from pellucid.textbook.network import Batch
from pellucid.textbook.outputs import output_activation
from pellucid.training.jobs import Job

__all__ = ["Useless", "useless"]

MARGIN = 1.01
MARGIN_OF_CLASSES = 1.5
"""How many times the loss of a constant a network's must be to count as worse. A classifier that early stopping ended
soon, as there was nothing to learn, may still have the somewhat larger loss that all begin with."""
ROWS_AT_A_TIME = 1 << 16
LARGE_INPUT = 100.0
USUAL_TARGETS = (0.1, 10.0)
"""Root mean square of targets that networks learn as they are."""
USUAL_COUNTS = (0.01, 100.0)


class Useless(NamedTuple):
    """What is wrong with a network that predicts its own training rows worse than a constant does.

    Attributes
    ----------
    finding : str
    scale : str
        What to do about the scale of the rows; empty where there is nothing wrong with it.
    pace : str
        What to do about the training.
    """

    finding: str
    scale: str
    pace: str


@np.errstate(over="ignore", invalid="ignore", divide="ignore")  # then nothing can be said
def useless(
    name: str, job: Job, losses: list[float], forward: Callable[[Any], Array], *, margin: float | None = None
) -> Useless | None:
    """Say what is wrong with a network that is of no use; None if it is, or if nothing can be said.

    Parameters
    ----------
    name : str
        Of the estimator.
    job : Job
    losses : list of float
        Of each epoch.
    forward : callable
        From input rows to the weighted sums of the output layer.
    margin : float or None
        How many times a constant's loss is too much; None: as much as makes a fit warn.
    """
    targets, weight = job.data.targets, job.data.sample_weight
    if len(losses) < 2 or (weight is not None and weight.min() < 0):
        return None
    if weight is not None:
        targets, weight = targets[weight > 0], weight[weight > 0]
    if len(targets) == 0 or (targets == targets[0]).all():
        return None
    what, constant = _constant(job, targets, weight)
    output = job.network.output
    z_constant = _weighted_sums(output, constant)

    def always(inputs: Any) -> Array:
        return np.broadcast_to(z_constant, (inputs.shape[0], len(constant)))

    of_constant = _mean_loss(job, always)
    limit = of_constant * (margin or (MARGIN_OF_CLASSES if output in ("logistic", "softmax") else MARGIN))
    if not losses[-1] > limit > 0:  # penalties and dropout included
        return None
    own = _mean_loss(job, forward)
    if not own > limit:
        return None
    how = "worse" if own > of_constant * MARGIN else "no better"
    finding = f"{name} fits {how} than {what} would: on its own training rows "
    if isinstance(job.training.loss, SquaredError) and output == "identity":
        finding += f"R² is {1 - own / of_constant:.3g}."
    else:
        finding += f"its loss is {own:.3g}, a constant's {of_constant:.3g}."
    return Useless(finding, _scale(job), _pace(job, losses))


def _constant(job: Job, targets: Array, weight: Array | None) -> tuple[str, Array]:
    """Return the best that can be predicted for all rows alike, of shape (outputs,), and what it is."""
    level = _level(job.training.loss)
    if level is not None:
        name = "the median" if level == 0.5 else f"the {level:g} quantile"
        return f"{name} of y", np.quantile(targets, level, axis=0)
    mean = np.average(targets, axis=0, weights=weight)
    return "the mean of y" if job.network.output in ("identity", "exp") else "the shares of the classes", mean


def _level(loss: Loss) -> float | None:
    match loss:
        case AbsoluteError() | Huber():
            return 0.5
        case Quantile(level=level):
            return level
    return None


def _weighted_sums(output: str, constant: Array) -> Array:
    """Return the weighted sums that the output activation makes this constant of."""
    tiny = np.finfo(constant.dtype).eps
    if output == "exp":
        return np.log(np.maximum(constant, tiny))
    share = np.clip(constant, tiny, 1 - tiny)
    if output == "softmax":
        return np.log(share)
    return np.log(share / (1 - share)) if output == "logistic" else constant


def _mean_loss(job: Job, forward: Callable[[Any], Array]) -> float:
    output, total, weights = job.network.output, 0.0, 0.0
    for batch in _blocks(job.data):
        z = forward(batch.inputs)
        losses = loss_rows(job.training.loss, output, z, output_activation(output, z), batch.targets)
        weight = np.ones(batch.rows) if batch.sample_weight is None else batch.sample_weight
        total += float(np.dot(losses.astype(np.float64), weight))
        weights += float(weight.sum())
    return total / weights


def _blocks(data: Batch) -> Iterator[Batch]:
    for start in range(0, data.rows, ROWS_AT_A_TIME):
        rows = slice(start, start + ROWS_AT_A_TIME)
        weight = None if data.sample_weight is None else data.sample_weight[rows]
        yield Batch(data.inputs[rows], data.targets[rows], weight)


def _scale(job: Job) -> str:
    if isinstance(job.training.loss, Poisson):
        mean = float(job.data.targets.mean())
        if not USUAL_COUNTS[0] <= mean <= USUAL_COUNTS[1]:
            return f"Divide y by its mean, {mean:.3g}."
    elif job.network.output == "identity":
        size = np.sqrt(np.mean(np.square(job.data.targets, dtype=np.float64), axis=0))
        if size.min() < USUAL_TARGETS[0] or size.max() > USUAL_TARGETS[1]:
            return "Scale y to about -1..1 (sklearn.compose.TransformedTargetRegressor)."
    if abs(job.data.inputs).max() > LARGE_INPUT:
        return "Scale the inputs to about -1..1 (sklearn.preprocessing.StandardScaler)."
    return ""


def _pace(job: Job, losses: list[float]) -> str:
    if isinstance(job.training.optimizer, Lbfgs):
        return "Take a smaller tol, less alpha, or another random_state."
    rate = job.training.learning_rate
    if losses[-1] > min(losses) * MARGIN:
        return f"Take a smaller learning_rate_init; it is {rate:g}."
    return f"Train longer, with a smaller tol, or take a larger learning_rate_init; it is {rate:g}."
