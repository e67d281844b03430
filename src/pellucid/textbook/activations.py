"""Activations: what a neuron makes of its weighted sum, each with its derivative below it.

Every function takes the weighted sums z and, if wished, an array `out` to write to, which may be z itself. Every
derivative takes z and a = g(z) and uses whichever gives g'(z) sooner. The dtype of z is kept. Nothing overflows,
however large z is.
"""

from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from pellucid.spec import (
    Activation,
    Elu,
    Gelu,
    Identity,
    LeakyRelu,
    Logistic,
    Mish,
    Relu,
    Selu,
    Silu,
    Softplus,
    Tanh,
)
from pellucid.textbook.arrays import Array
from pellucid.textbook.error_function import erf

__all__ = [
    "ACTIVATIONS",
    "ActivationRule",
    "activation_rule",
    "elu",
    "elu_derivative",
    "gelu",
    "gelu_derivative",
    "identity",
    "identity_derivative",
    "leaky_relu",
    "leaky_relu_derivative",
    "logistic",
    "logistic_derivative",
    "mish",
    "mish_derivative",
    "relu",
    "relu_derivative",
    "selu",
    "selu_derivative",
    "silu",
    "silu_derivative",
    "softplus",
    "softplus_derivative",
    "tanh",
    "tanh_derivative",
]


def identity(z: Array, out: Array | None = None) -> Array:
    """g(z) = z. Without `out`, z itself is returned, not a copy.

    Examples
    --------
    >>> import numpy as np
    >>> identity(np.array([-2.0, 3.0])).tolist()
    [-2.0, 3.0]
    """
    if out is None or out is z:
        return z
    np.copyto(out, z)
    return out


def identity_derivative(z: Array, a: Array) -> Array:
    """g'(z) = 1.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([-2.0, 3.0])
    >>> identity_derivative(z, z).tolist()
    [1.0, 1.0]
    """
    return np.ones_like(z)


def logistic(z: Array, out: Array | None = None) -> Array:
    """g(z) = 1 / (1 + exp(-z)), the sigmoid, in (0, 1).

    Where exp(-z) would overflow, its argument stops at the last one that does not; g is 0 there to 1e-37 or better.

    Examples
    --------
    >>> import numpy as np
    >>> logistic(np.array([-1e4, 0.0, 2.0])).round(3).tolist()
    [0.0, 0.5, 0.881]
    """
    out = _target(z, out)
    np.negative(z, out=out)
    np.minimum(out, 87.0 if z.dtype.itemsize == 4 else 708.0, out=out)
    np.exp(out, out=out)
    np.add(out, 1.0, out=out)
    np.reciprocal(out, out=out)
    return out


def logistic_derivative(z: Array, a: Array) -> Array:
    """g'(z) = a (1 - a).

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([0.0, 2.0])
    >>> logistic_derivative(z, logistic(z)).round(3).tolist()
    [0.25, 0.105]
    """
    derivative: Array = 1.0 - a
    derivative *= a
    return derivative


def tanh(z: Array, out: Array | None = None) -> Array:
    """g(z) = (exp(z) - exp(-z)) / (exp(z) + exp(-z)), in (-1, 1).

    Examples
    --------
    >>> import numpy as np
    >>> tanh(np.array([-1e4, 0.0, 1.0])).round(3).tolist()
    [-1.0, 0.0, 0.762]
    """
    return np.tanh(z, out=_target(z, out))


def tanh_derivative(z: Array, a: Array) -> Array:
    """g'(z) = 1 - a².

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([0.0, 1.0])
    >>> tanh_derivative(z, tanh(z)).round(3).tolist()
    [1.0, 0.42]
    """
    derivative = np.multiply(a, a, out=np.empty_like(a))
    np.subtract(1.0, derivative, out=derivative)
    return derivative


def relu(z: Array, out: Array | None = None) -> Array:
    """g(z) = max(0, z), the rectifier.

    Examples
    --------
    >>> import numpy as np
    >>> relu(np.array([-2.0, 0.0, 3.0])).tolist()
    [0.0, 0.0, 3.0]
    """
    return np.maximum(z, 0.0, out=_target(z, out))


def relu_derivative(z: Array, a: Array) -> Array:
    """g'(z) = 1 for z > 0, else 0, as an array of bool: multiplying by it keeps the dtype.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([-2.0, 0.0, 3.0])
    >>> relu_derivative(z, relu(z)).tolist()
    [False, False, True]
    """
    return np.greater(z, 0.0)


def leaky_relu(z: Array, out: Array | None = None, slope: float = 0.01) -> Array:
    """g(z) = z for z > 0, else slope · z; slope in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> leaky_relu(np.array([-2.0, 3.0]), slope=0.1).tolist()
    [-0.2, 3.0]
    """
    return np.maximum(z, z * slope, out=_target(z, out))


def leaky_relu_derivative(z: Array, a: Array, slope: float = 0.01) -> Array:
    """g'(z) = 1 for z > 0, else slope.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([-2.0, 3.0])
    >>> leaky_relu_derivative(z, leaky_relu(z), slope=0.1).tolist()
    [0.1, 1.0]
    """
    return np.maximum(z > 0.0, slope, dtype=z.dtype)  # max(1, slope) = 1 and max(0, slope) = slope


def elu(z: Array, out: Array | None = None, alpha: float = 1.0) -> Array:
    """g(z) = z for z > 0, else alpha (exp(z) - 1) (Clevert et al., 2016).

    Examples
    --------
    >>> import numpy as np
    >>> elu(np.array([-1.0, 3.0])).round(3).tolist()
    [-0.632, 3.0]
    """
    out = _target(z, out)
    positive = np.maximum(z, 0.0)
    np.minimum(z, 0.0, out=out)
    np.expm1(out, out=out)
    if alpha != 1.0:
        np.multiply(out, alpha, out=out)
    np.add(out, positive, out=out)
    return out


def elu_derivative(z: Array, a: Array, alpha: float = 1.0) -> Array:
    """g'(z) = 1 for z > 0, else alpha · exp(z) = a + alpha.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([-1.0, 3.0])
    >>> elu_derivative(z, elu(z)).round(3).tolist()
    [0.368, 1.0]
    """
    derivative = np.add(a, alpha, out=np.empty_like(a))
    np.copyto(derivative, 1.0, where=z > 0.0)
    return derivative


SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
"""The constants with which mean 0 and variance 1 pass through a layer unchanged (Klambauer et al., 2017)."""


def selu(z: Array, out: Array | None = None) -> Array:
    """g(z) = scale · elu(z, alpha), scale ≈ 1.0507, alpha ≈ 1.6733: the self-normalising ELU (Klambauer et al., 2017).

    Examples
    --------
    >>> import numpy as np
    >>> selu(np.array([-1.0, 1.0])).round(3).tolist()
    [-1.111, 1.051]
    """
    out = elu(z, out, SELU_ALPHA)
    np.multiply(out, SELU_SCALE, out=out)
    return out


def selu_derivative(z: Array, a: Array) -> Array:
    """g'(z) = scale for z > 0, else scale · alpha · exp(z) = a + scale · alpha.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([-1.0, 1.0])
    >>> selu_derivative(z, selu(z)).round(3).tolist()
    [0.647, 1.051]
    """
    derivative = np.add(a, SELU_SCALE * SELU_ALPHA, out=np.empty_like(a))
    np.copyto(derivative, SELU_SCALE, where=z > 0.0)
    return derivative


def softplus(z: Array, out: Array | None = None) -> Array:
    """g(z) = log(1 + exp(z)), a smooth rectifier, computed as max(z, 0) + log(1 + exp(-|z|)).

    Examples
    --------
    >>> import numpy as np
    >>> softplus(np.array([-1e4, 0.0, 1e4])).round(3).tolist()
    [0.0, 0.693, 10000.0]
    """
    out = _target(z, out)
    positive = np.maximum(z, 0.0)
    np.abs(z, out=out)
    np.negative(out, out=out)
    np.exp(out, out=out)
    np.log1p(out, out=out)
    np.add(out, positive, out=out)
    return out


def softplus_derivative(z: Array, a: Array) -> Array:
    """g'(z) = 1 / (1 + exp(-z)) = 1 - exp(-a).

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([0.0, 2.0])
    >>> softplus_derivative(z, softplus(z)).round(3).tolist()
    [0.5, 0.881]
    """
    derivative = np.negative(a, out=np.empty_like(a))
    np.expm1(derivative, out=derivative)
    np.negative(derivative, out=derivative)
    return derivative


def gelu(z: Array, out: Array | None = None) -> Array:
    """g(z) = z · Φ(z), with Φ(z) = ½ (1 + erf(z / √2)), the normal distribution (Hendrycks & Gimpel, 2016).

    Examples
    --------
    >>> import numpy as np
    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(3).tolist()
    [-0.159, 0.0, 0.841]
    """
    return np.multiply(z, _normal_distribution(z), out=_target(z, out))


def gelu_derivative(z: Array, a: Array) -> Array:
    """g'(z) = Φ(z) + z · φ(z), with φ(z) = exp(-z² / 2) / √(2π).

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([-1.0, 0.0, 1.0])
    >>> gelu_derivative(z, gelu(z)).round(3).tolist()
    [-0.083, 0.5, 1.083]
    """
    near = np.clip(z, -40.0, 40.0)  # φ(40) is 0 already
    derivative: Array = np.exp(-0.5 * near * near)
    derivative *= near
    derivative *= 1 / (2 * np.pi) ** 0.5
    derivative += _normal_distribution(z)
    return derivative


def _normal_distribution(z: Array) -> Array:
    share = erf(z * 0.5**0.5)
    share += 1.0
    share *= 0.5
    return share


def silu(z: Array, out: Array | None = None) -> Array:
    """g(z) = z · logistic(z), also called swish (Elfwing et al., 2018).

    Examples
    --------
    >>> import numpy as np
    >>> silu(np.array([-1.0, 0.0, 1.0])).round(3).tolist()
    [-0.269, 0.0, 0.731]
    """
    return np.multiply(z, logistic(z), out=_target(z, out))


def silu_derivative(z: Array, a: Array) -> Array:
    """g'(z) = s + a (1 - s), with s = logistic(z).

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([-1.0, 0.0, 1.0])
    >>> silu_derivative(z, silu(z)).round(3).tolist()
    [0.072, 0.5, 0.928]
    """
    derivative = logistic(z)
    rest = 1.0 - derivative
    rest *= a
    derivative += rest
    return derivative


def mish(z: Array, out: Array | None = None) -> Array:
    """g(z) = z · tanh(softplus(z)) (Misra, 2020).

    With e = exp(z) and n = e (e + 2), tanh(softplus(z)) = n / (n + 2), which is 1 to the last bit from z = 20 on.

    Examples
    --------
    >>> import numpy as np
    >>> mish(np.array([-1.0, 0.0, 1.0])).round(3).tolist()
    [-0.303, 0.0, 0.865]
    """
    e = np.minimum(z, 20.0, out=np.empty_like(z))
    np.exp(e, out=e)
    n = np.add(e, 2.0, out=np.empty_like(z))
    n *= e
    np.add(n, 2.0, out=e)
    n /= e
    return np.multiply(z, n, out=n if out is None else out)


def mish_derivative(z: Array, a: Array) -> Array:
    """g'(z) = n / (n + 2) + 4 z e (e + 1) / (n + 2)², with e = exp(z) and n = e (e + 2).

    Examples
    --------
    >>> import numpy as np
    >>> z = np.array([-1.0, 0.0, 1.0])
    >>> mish_derivative(z, mish(z)).round(3).tolist()
    [0.059, 0.6, 1.049]
    """
    near = np.minimum(z, 20.0)
    e = np.exp(near)
    n = e * (e + 2.0)
    derivative: Array = 4.0 * near * e
    derivative *= e + 1.0
    derivative /= n + 2.0
    derivative += n
    derivative /= n + 2.0
    return derivative


def _target(z: Array, out: Array | None) -> Array:
    return np.empty_like(z) if out is None else out


class ActivationRule(NamedTuple):
    """An activation and its derivative.

    Attributes
    ----------
    function : callable
        ``function(z, out=None)``, a = g(z).
    derivative : callable
        ``derivative(z, a)``, g'(z), shaped as z; of dtype bool where g' is 0 or 1.
    """

    function: Callable[..., Array]
    derivative: Callable[[Array, Array], Array]


ACTIVATIONS: dict[type[Any], tuple[Callable[..., Array], Callable[..., Array]]] = {
    Identity: (identity, identity_derivative),
    Logistic: (logistic, logistic_derivative),
    Tanh: (tanh, tanh_derivative),
    Relu: (relu, relu_derivative),
    LeakyRelu: (leaky_relu, leaky_relu_derivative),
    Elu: (elu, elu_derivative),
    Selu: (selu, selu_derivative),
    Softplus: (softplus, softplus_derivative),
    Gelu: (gelu, gelu_derivative),
    Silu: (silu, silu_derivative),
    Mish: (mish, mish_derivative),
}
"""Function and derivative of each kind; their keywords are the fields of the kind."""


@lru_cache(maxsize=256)
def activation_rule(activation: Activation) -> ActivationRule:
    """Return the function and derivative of an activation, with its parameters bound.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.spec import LeakyRelu
    >>> rule = activation_rule(LeakyRelu(slope=0.5))
    >>> rule.function(np.array([-2.0, 2.0])).tolist()
    [-1.0, 2.0]
    """
    function, derivative = ACTIVATIONS[type(activation)]
    parameters = asdict(activation)
    if not parameters:
        return ActivationRule(function, derivative)
    return ActivationRule(partial(function, **parameters), partial(derivative, **parameters))
