"""Losses: how wrong a prediction is, a number per row, summed over the outputs; each with its derivative below it.

Squared, absolute, Huber and quantile losses compare predictions with targets, whatever the output activation; the
chain rule leads from the prediction to the weighted sum z. The log-loss and the Poisson loss are computed from z
itself, so that they stay finite where a probability rounds to 0 (or, as scikit-learn's, from clipped probabilities);
with their output activation the derivative collapses to prediction - target.
"""

from typing import get_args

import numpy as np

from pellucid.errors import DataError
from pellucid.spec import AbsoluteError, Huber, LogLoss, Loss, Poisson, Quantile, SquaredError
from pellucid.spec.checks import shown
from pellucid.textbook.arrays import Array
from pellucid.textbook.outputs import output_backward

__all__ = [
    "absolute_error",
    "absolute_error_derivative",
    "clipped_probabilities",
    "huber",
    "huber_derivative",
    "log_loss_logistic",
    "log_loss_logistic_clipped",
    "log_loss_logistic_derivative",
    "log_loss_softmax",
    "log_loss_softmax_clipped",
    "log_loss_softmax_derivative",
    "loss_delta",
    "loss_problem",
    "loss_rows",
    "mean_loss",
    "poisson",
    "poisson_derivative",
    "quantile",
    "quantile_derivative",
    "smoothed",
    "squared_error",
    "squared_error_derivative",
]


# --- between prediction and target, element by element ----------------------------------------------------------------


def squared_error(prediction: Array, y: Array) -> Array:
    """½ (prediction - y)².

    Examples
    --------
    >>> import numpy as np
    >>> squared_error(np.array([3.0]), np.array([1.0])).tolist()
    [2.0]
    """
    loss: Array = prediction - y
    loss *= loss
    loss *= 0.5
    return loss


def squared_error_derivative(prediction: Array, y: Array) -> Array:
    """∂/∂prediction = prediction - y.

    Examples
    --------
    >>> import numpy as np
    >>> squared_error_derivative(np.array([3.0]), np.array([1.0])).tolist()
    [2.0]
    """
    derivative: Array = prediction - y
    return derivative


def absolute_error(prediction: Array, y: Array) -> Array:
    """|prediction - y|.

    Examples
    --------
    >>> import numpy as np
    >>> absolute_error(np.array([3.0]), np.array([5.0])).tolist()
    [2.0]
    """
    return np.abs(prediction - y)


def absolute_error_derivative(prediction: Array, y: Array) -> Array:
    """∂/∂prediction = sign(prediction - y), 0 where both are equal.

    Examples
    --------
    >>> import numpy as np
    >>> absolute_error_derivative(np.array([3.0]), np.array([5.0])).tolist()
    [-1.0]
    """
    return np.sign(prediction - y)


def huber(prediction: Array, y: Array, delta: float = 1.0) -> Array:
    """½ r² for |r| <= delta, else delta (|r| - ½ delta), with r = prediction - y (Huber, 1964).

    Computed as c (|r| - ½ c) with c = min(|r|, delta).

    Examples
    --------
    >>> import numpy as np
    >>> huber(np.array([0.5, 3.0]), np.array([0.0, 0.0])).tolist()
    [0.125, 2.5]
    """
    size: Array = np.abs(prediction - y)
    near = np.minimum(size, delta, dtype=size.dtype)
    size -= 0.5 * near
    size *= near
    return size


def huber_derivative(prediction: Array, y: Array, delta: float = 1.0) -> Array:
    """∂/∂prediction = r, kept within [-delta, delta].

    Examples
    --------
    >>> import numpy as np
    >>> huber_derivative(np.array([0.5, 3.0]), np.array([0.0, 0.0])).tolist()
    [0.5, 1.0]
    """
    derivative: Array = prediction - y
    return np.clip(derivative, -delta, delta, out=derivative)


def quantile(prediction: Array, y: Array, level: float = 0.5) -> Array:
    """Pinball loss: level · (y - prediction) where y lies above, (1 - level) · (prediction - y) below.

    Its least expected value is at the level-quantile of y (Koenker & Bassett, 1978).

    Examples
    --------
    >>> import numpy as np
    >>> quantile(np.array([0.0, 0.0]), np.array([1.0, -1.0]), level=0.75).tolist()
    [0.75, 0.25]
    """
    above: Array = y - prediction
    return np.maximum(level * above, (level - 1) * above)


def quantile_derivative(prediction: Array, y: Array, level: float = 0.5) -> Array:
    """∂/∂prediction = -level where y lies above, 1 - level below, 0 where both are equal.

    Examples
    --------
    >>> import numpy as np
    >>> quantile_derivative(np.array([0.0, 0.0]), np.array([1.0, -1.0]), level=0.75).tolist()
    [-0.75, 0.25]
    """
    above: Array = y - prediction
    derivative = (above < 0).astype(above.dtype)
    derivative *= 1 - level
    np.copyto(derivative, -level, where=above > 0)
    return derivative


# --- from the weighted sum z ------------------------------------------------------------------------------------------


def poisson(z: Array, prediction: Array, y: Array) -> Array:
    """Half the Poisson deviance: y log(y / p) - y + p with p = exp(z), computed as p - y z + (y log y - y).

    Examples
    --------
    >>> import numpy as np
    >>> poisson(np.array([0.0, 0.0]), np.array([1.0, 1.0]), np.array([0.0, 1.0])).tolist()
    [1.0, 0.0]
    """
    loss: Array = np.log(np.where(y > 0, y, 1))  # y log y is 0 at y = 0
    loss -= z
    loss -= 1.0
    loss *= y
    loss += prediction
    return loss


def poisson_derivative(prediction: Array, y: Array) -> Array:
    """∂/∂z = exp(z) - y = prediction - y.

    Examples
    --------
    >>> import numpy as np
    >>> poisson_derivative(np.array([1.0]), np.array([3.0])).tolist()
    [-2.0]
    """
    derivative: Array = prediction - y
    return derivative


def smoothed(y: Array, smoothing: float, classes: int) -> Array:
    """Label smoothing: (1 - smoothing) y + smoothing / classes (Szegedy et al., 2016); y itself without smoothing.

    Examples
    --------
    >>> import numpy as np
    >>> smoothed(np.array([0.0, 1.0]), smoothing=0.5, classes=2).tolist()
    [0.25, 0.75]
    """
    if not smoothing:
        return y
    targets: Array = y * (1 - smoothing)
    targets += smoothing / classes
    return targets


def log_loss_logistic(z: Array, y: Array) -> Array:
    """-y log p - (1 - y) log(1 - p) with p = logistic(z), computed as max(z, 0) - y z + log(1 + exp(-|z|)).

    Examples
    --------
    >>> import numpy as np
    >>> log_loss_logistic(np.array([0.0, -1e4]), np.array([1.0, 1.0])).round(3).tolist()
    [0.693, 10000.0]
    """
    loss = np.maximum(z, 0.0)
    loss -= y * z
    rest = np.abs(z)
    np.negative(rest, out=rest)
    np.exp(rest, out=rest)
    np.log1p(rest, out=rest)
    loss += rest
    return loss


def log_loss_logistic_clipped(prediction: Array, y: Array) -> Array:
    """-y log p - (1 - y) log(1 - p) with a prediction p that counts as no closer to 0 and 1 than the dtype's epsilon ε.

    So scikit-learn computes it: at most -log ε, which is 36.04 in float64 and 15.94 in float32. The derivative takes no
    notice of ε.

    Examples
    --------
    >>> import numpy as np
    >>> log_loss_logistic_clipped(np.array([0.5, 0.0]), np.array([1.0, 1.0])).round(3).tolist()
    [0.693, 36.044]
    """
    p = clipped_probabilities(prediction)
    loss: Array = -y * np.log(p)
    loss -= (1 - y) * np.log(1 - p)
    return loss


def log_loss_logistic_derivative(prediction: Array, y: Array) -> Array:
    """∂/∂z = logistic(z) - y = prediction - y.

    Examples
    --------
    >>> import numpy as np
    >>> log_loss_logistic_derivative(np.array([0.5]), np.array([1.0])).tolist()
    [-0.5]
    """
    derivative: Array = prediction - y
    return derivative


def log_loss_softmax(z: Array, prediction: Array, y: Array) -> Array:
    """-Σ y log p over a row, with p = softmax(z); targets of a row sum to 1.

    Computed as -Σ y (z - max z) - log(max p), since log Σ exp(z - max z) = -log(max p).

    Parameters
    ----------
    z, prediction, y : arrays of shape (rows, outputs)

    Returns
    -------
    array of shape (rows,)

    Examples
    --------
    >>> import numpy as np
    >>> z, p, y = np.array([[0.0, -1e4]]), np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    >>> log_loss_softmax(z, p, y).tolist()
    [10000.0]
    """
    below: Array = z.max(axis=1, keepdims=True) - z
    below *= y
    loss = below.sum(axis=1)
    loss -= np.log(prediction.max(axis=1))
    return loss


def log_loss_softmax_clipped(prediction: Array, y: Array) -> Array:
    """-Σ y log p over a row, with predictions p clipped as in `log_loss_logistic_clipped`.

    Parameters
    ----------
    prediction, y : arrays of shape (rows, outputs)

    Returns
    -------
    array of shape (rows,)

    Examples
    --------
    >>> import numpy as np
    >>> log_loss_softmax_clipped(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])).round(3).tolist()
    [36.044]
    """
    losses: Array = -y * np.log(clipped_probabilities(prediction))
    return losses.sum(axis=1)


def clipped_probabilities(prediction: Array) -> Array:
    """Return probabilities as a clipped log loss takes them: no closer to 0 and 1 than the dtype's epsilon.

    Examples
    --------
    >>> import numpy as np
    >>> clipped_probabilities(np.array([0.0, 0.5])).tolist()
    [2.220446049250313e-16, 0.5]
    """
    epsilon = np.finfo(prediction.dtype).eps
    return np.clip(prediction, epsilon, 1 - epsilon)


def log_loss_softmax_derivative(prediction: Array, y: Array) -> Array:
    """∂/∂z = softmax(z) - y = prediction - y.

    Examples
    --------
    >>> import numpy as np
    >>> log_loss_softmax_derivative(np.array([[0.5, 0.5]]), np.array([[0.0, 1.0]])).tolist()
    [[0.5, -0.5]]
    """
    derivative: Array = prediction - y
    return derivative


# --- for a network's output layer -------------------------------------------------------------------------------------


def loss_rows(loss: Loss, output: str, z: Array, a: Array, y: Array) -> Array:
    """Loss of each row, summed over the outputs.

    Parameters
    ----------
    loss : Loss
    output : {'identity', 'logistic', 'softmax', 'exp', 'tanh'}
        A pair that `loss_problem` has no objection to.
    z, a : arrays of shape (rows, outputs)
        Weighted sums of the output layer, and the predictions that its activation makes of them.
    y : array of shape (rows, outputs)
        Targets of any dtype; classes as 0 and 1.

    Returns
    -------
    array of shape (rows,)
        Of z's dtype.

    Raises
    ------
    DataError
        If y is not shaped as z.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.spec import SquaredError
    >>> a = np.array([[1.0, 2.0], [0.0, 0.0]])
    >>> loss_rows(SquaredError(), "identity", a, a, np.array([[0, 0], [0, 2]])).tolist()
    [2.5, 2.0]
    """
    y = _targets(y, z)
    match loss:
        case SquaredError():
            losses = squared_error(a, y)
        case AbsoluteError():
            losses = absolute_error(a, y)
        case Huber(delta=delta):
            losses = huber(a, y, delta)
        case Quantile(level=level):
            losses = quantile(a, y, level)
        case Poisson():
            losses = poisson(z, a, y)
        case LogLoss(label_smoothing=smoothing, clipped=clipped) if output == "softmax":
            y = smoothed(y, smoothing, y.shape[1])
            return log_loss_softmax_clipped(a, y) if clipped else log_loss_softmax(z, a, y)
        case LogLoss(label_smoothing=smoothing, clipped=clipped):
            y = smoothed(y, smoothing, 2)
            losses = log_loss_logistic_clipped(a, y) if clipped else log_loss_logistic(z, y)
    return _sum_outputs(losses)


def loss_delta(loss: Loss, output: str, z: Array, a: Array, y: Array) -> Array:
    """∂(loss of the row)/∂z of the output layer.

    Parameters
    ----------
    loss, output, z, a, y
        As for `loss_rows`.

    Returns
    -------
    array of shape (rows, outputs)
        New, of z's dtype.

    Raises
    ------
    DataError
        If y is not shaped as z.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.spec import LogLoss
    >>> loss_delta(LogLoss(), "logistic", np.array([[0.0]]), np.array([[0.5]]), np.array([[True]])).tolist()
    [[-0.5]]
    """
    y = _targets(y, z)
    match loss:
        case SquaredError():
            d_a = squared_error_derivative(a, y)
        case AbsoluteError():
            d_a = absolute_error_derivative(a, y)
        case Huber(delta=delta):
            d_a = huber_derivative(a, y, delta)
        case Quantile(level=level):
            d_a = quantile_derivative(a, y, level)
        case Poisson():
            return poisson_derivative(a, y)
        case LogLoss(label_smoothing=smoothing) if output == "softmax":
            return log_loss_softmax_derivative(a, smoothed(y, smoothing, y.shape[1]))
        case LogLoss(label_smoothing=smoothing):
            return log_loss_logistic_derivative(a, smoothed(y, smoothing, 2))
    return output_backward(output, z, a, d_a)


def loss_problem(loss: Loss, output: str) -> str | None:
    """Say why a loss cannot go with an output activation, or return None.

    Examples
    --------
    >>> from pellucid.spec import LogLoss, SquaredError
    >>> loss_problem(LogLoss(), "identity")
    "the log-loss needs an output of 'logistic' or 'softmax'; got 'identity'."
    >>> loss_problem(SquaredError(), "identity") is None
    True
    """
    if not isinstance(loss, get_args(Loss)):
        given = f"the class {loss.__name__}. Write {loss.__name__}()." if isinstance(loss, type) else f"{shown(loss)}."
        return f"the loss must be a description such as pellucid.spec.LogLoss(); got {given}"
    if isinstance(loss, LogLoss) and output not in ("logistic", "softmax"):
        return f"the log-loss needs an output of 'logistic' or 'softmax'; got {output!r}."
    if isinstance(loss, Poisson) and output != "exp":
        return f"the Poisson loss needs an output of 'exp'; got {output!r}."
    return None


def mean_loss(rows: Array, sample_weight: Array | None = None) -> float:
    """Mean of the rows' losses, weighted if weights are given; 0 where all weights are 0.

    Parameters
    ----------
    rows, sample_weight : arrays of shape (rows,)

    Examples
    --------
    >>> import numpy as np
    >>> mean_loss(np.array([1.0, 4.0])), mean_loss(np.array([1.0, 4.0]), np.array([2.0, 1.0]))
    (2.5, 2.0)
    """
    if sample_weight is None:
        return float(rows.mean())
    total = float(sample_weight.sum())
    return float(np.dot(rows, sample_weight)) / total if total else 0.0


def _targets(y: Array, z: Array) -> Array:
    if y.shape != z.shape:
        raise DataError(f"targets must have the shape of the outputs, {z.shape}; got {y.shape}.")
    return y.astype(z.dtype, copy=False)


def _sum_outputs(losses: Array) -> Array:
    return losses[:, 0] if losses.shape[1] == 1 else losses.sum(axis=1)
