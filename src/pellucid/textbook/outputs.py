"""Output activations: what turns the last weighted sums into predictions, and the way back.

`output_backward` applies the chain rule from ∂L/∂a to ∂L/∂z. The logarithms of probabilities come straight from z, so
that they stay finite where the probabilities themselves round to 0 or 1.
"""

import numpy as np

from pellucid.errors import SpecError, did_you_mean
from pellucid.spec import OUTPUTS
from pellucid.textbook.activations import (
    identity,
    logistic,
    logistic_derivative,
    softplus,
    tanh,
    tanh_derivative,
)
from pellucid.textbook.arrays import Array

__all__ = [
    "exponential",
    "log_logistic",
    "log_probabilities",
    "log_softmax",
    "output_activation",
    "output_backward",
    "softmax",
    "softmax_backward",
]


def softmax(z: Array, out: Array | None = None) -> Array:
    """aᵢ = exp(zᵢ) / Σⱼ exp(zⱼ) for each row; the row's largest z is subtracted first, so that nothing overflows.

    Parameters
    ----------
    z : array of shape (rows, outputs)
    out : array shaped as z, optional
        Written and returned; may be z itself.

    Examples
    --------
    >>> import numpy as np
    >>> softmax(np.array([[1.0, 2.0, 1e4], [0.0, 0.0, 0.0]])).round(3).tolist()
    [[0.0, 0.0, 1.0], [0.333, 0.333, 0.333]]
    """
    out = np.subtract(z, z.max(axis=1, keepdims=True), out=out)
    np.exp(out, out=out)
    out /= out.sum(axis=1, keepdims=True)
    return out


def softmax_backward(a: Array, d_a: Array) -> Array:
    """∂L/∂zᵢ = aᵢ (∂L/∂aᵢ - Σⱼ aⱼ ∂L/∂aⱼ): the row's Jacobian times ∂L/∂a.

    Examples
    --------
    >>> import numpy as np
    >>> softmax_backward(np.array([[0.25, 0.75]]), np.array([[1.0, 0.0]])).tolist()
    [[0.1875, -0.1875]]
    """
    d_z: Array = a * d_a
    d_z -= a * d_z.sum(axis=1, keepdims=True)
    return d_z


def exponential(z: Array, out: Array | None = None) -> Array:
    """Return a = exp(z), for counts and rates; its derivative is a. Infinite where z is too large for the dtype.

    Examples
    --------
    >>> import numpy as np
    >>> exponential(np.array([0.0, 1.0])).round(3).tolist()
    [1.0, 2.718]
    """
    with np.errstate(over="ignore"):
        return np.exp(z, out=out)


def output_activation(name: str, z: Array, out: Array | None = None) -> Array:
    """Turn the weighted sums of the output layer into predictions.

    Parameters
    ----------
    name : {'identity', 'logistic', 'softmax', 'exp', 'tanh'}
    z : array of shape (rows, outputs)
    out : array shaped as z, optional
        Written and returned; may be z itself.

    Returns
    -------
    array of shape (rows, outputs)
        Of z's dtype; for ``'identity'`` without `out`, z itself.

    Raises
    ------
    SpecError
        If there is no output activation of this name.

    Examples
    --------
    >>> import numpy as np
    >>> output_activation("logistic", np.array([[0.0]])).tolist()
    [[0.5]]
    """
    match name:
        case "identity":
            return identity(z, out)
        case "logistic":
            return logistic(z, out)
        case "softmax":
            return softmax(z, out)
        case "exp":
            return exponential(z, out)
        case "tanh":
            return tanh(z, out)
    raise _unknown(name)


def output_backward(name: str, z: Array, a: Array, d_a: Array) -> Array:
    """Apply the chain rule through an output activation.

    Parameters
    ----------
    name : {'identity', 'logistic', 'softmax', 'exp', 'tanh'}
    z, a : arrays of shape (rows, outputs)
        Weighted sums and predictions.
    d_a : array of shape (rows, outputs)
        ∂L/∂a.

    Returns
    -------
    array of shape (rows, outputs)
        ∂L/∂z; for ``'identity'`` this is `d_a` itself.

    Raises
    ------
    SpecError
        If there is no output activation of this name.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([[0.0]])
    >>> output_backward("logistic", z, output_activation("logistic", z), np.array([[2.0]])).tolist()
    [[0.5]]
    """
    match name:
        case "identity":
            return d_a
        case "logistic":
            return logistic_derivative(z, a) * d_a
        case "softmax":
            return softmax_backward(a, d_a)
        case "exp":
            return a * d_a
        case "tanh":
            return tanh_derivative(z, a) * d_a
    raise _unknown(name)


def log_logistic(z: Array) -> Array:
    """Return log(logistic(z)) = -softplus(-z), finite for every finite z; log(1 - logistic(z)) is log_logistic(-z).

    Examples
    --------
    >>> import numpy as np
    >>> log_logistic(np.array([-1e4, 0.0])).round(3).tolist()
    [-10000.0, -0.693]
    """
    log_p = softplus(-z)
    np.negative(log_p, out=log_p)
    return log_p


def log_softmax(z: Array) -> Array:
    """Return log(softmax(z)) = z - max z - log Σ exp(z - max z) for each row, finite for every finite z.

    Examples
    --------
    >>> import numpy as np
    >>> log_softmax(np.array([[0.0, -1e4]])).tolist()
    [[0.0, -10000.0]]
    """
    log_p: Array = z - z.max(axis=1, keepdims=True)
    log_p -= np.log(np.exp(log_p).sum(axis=1, keepdims=True))
    return log_p


def log_probabilities(name: str, z: Array) -> Array:
    """Logarithm of what the output activation gives, for probabilities.

    Parameters
    ----------
    name : {'logistic', 'softmax'}
    z : array of shape (rows, outputs)

    Returns
    -------
    array of shape (rows, outputs)
        For ``'logistic'`` log p; log(1 - p) is ``log_probabilities('logistic', -z)``.

    Raises
    ------
    SpecError
        If the output activation of this name gives no probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> log_probabilities("softmax", np.array([[0.0, 0.0]])).round(3).tolist()
    [[-0.693, -0.693]]
    """
    if name == "logistic":
        return log_logistic(z)
    if name == "softmax":
        return log_softmax(z)
    raise SpecError(f"probabilities come from a 'logistic' or 'softmax' output; got {name!r}.")


def _unknown(name: str) -> SpecError:
    return SpecError(f"an output activation must be one of its known names; got {name!r}.{did_you_mean(name, OUTPUTS)}")
