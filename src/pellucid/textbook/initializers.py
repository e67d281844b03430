"""Initialisers: where training starts.

Weights must differ, or all neurons of a layer learn the same; and their spread must fit the layer's size, or the
signals grow or fade from layer to layer. Everything is drawn in float64, layer by layer, each layer's weights first.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.random import RandomState

from pellucid.spec import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Initializer,
    LecunNormal,
    LecunUniform,
    Network,
    Normal,
    ScikitLearn,
    Uniform,
    Zeros,
    parameter_layout,
)
from pellucid.textbook.arrays import Array

__all__ = [
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "initial_layer",
    "initial_parameters",
    "lecun_normal",
    "lecun_uniform",
    "normal",
    "scikit_learn",
    "uniform",
    "zeros",
]


def initial_parameters(network: Network, random: RandomState, dtype: Any) -> Array:
    """Draw a network's flat parameter vector.

    Gains of layer normalisation start at 1, shifts at 0.

    Parameters
    ----------
    network : Network
    random : numpy.random.RandomState
        Advanced by the draws.
    dtype : {'float64', 'float32'}
        What the float64 draws are rounded to.

    Returns
    -------
    array of shape (parameter_count(network),)
        In the order of ``pellucid.spec.parameter_layout``.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.spec import Network, Normal
    >>> network = Network(inputs=2, hidden=(), outputs=1, initializer=Normal())
    >>> initial_parameters(network, np.random.RandomState(42), "float64").round(3).tolist()
    [0.497, -0.138, 0.0]
    """
    drawn = [
        initial_layer(network.initializer, random, fan_in, fan_out)
        for fan_in, fan_out in zip(network.widths, network.widths[1:], strict=False)
    ]
    layout = parameter_layout(network)
    vector = np.empty(layout[-1].stop, dtype=dtype)
    for block in layout:
        values: Any = {"gain": 1.0, "shift": 0.0}.get(block.role)
        if values is None:
            weights, bias = drawn[block.layer]
            values = weights.ravel() if block.role == "weights" else bias
        vector[block.start : block.stop] = values
    return vector


def initial_layer(initializer: Initializer, random: RandomState, fan_in: int, fan_out: int) -> tuple[Array, Array]:
    """Draw one layer's weights, of shape (fan_in, fan_out), and bias, of shape (fan_out,).

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.spec import Zeros
    >>> weights, bias = initial_layer(Zeros(), np.random.RandomState(0), 2, 3)
    >>> weights.tolist(), bias.tolist()
    ([[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [0.0, 0.0, 0.0])
    """
    if isinstance(initializer, ScikitLearn):
        return scikit_learn(random, fan_in, fan_out, initializer.factor)
    weights = WEIGHTS[type(initializer)](random, fan_in, fan_out, **asdict(initializer))
    return weights, np.zeros(fan_out)


def scikit_learn(random: RandomState, fan_in: int, fan_out: int, factor: float) -> tuple[Array, Array]:
    """Weights and bias uniform in ±√(factor / (fan_in + fan_out)).

    Examples
    --------
    >>> import numpy as np
    >>> weights, bias = scikit_learn(np.random.RandomState(0), 2, 1, 6.0)
    >>> weights.ravel().round(3).tolist(), bias.round(3).tolist()
    ([0.138, 0.609], [0.291])
    """
    bound = np.sqrt(factor / (fan_in + fan_out))
    return uniform(random, fan_in, fan_out, bound), random.uniform(-bound, bound, fan_out)


def glorot_uniform(random: RandomState, fan_in: int, fan_out: int) -> Array:
    """Weights uniform in ±√(6 / (fan_in + fan_out)) (Glorot & Bengio, 2010).

    Examples
    --------
    >>> import numpy as np
    >>> glorot_uniform(np.random.RandomState(0), 2, 1).round(3).tolist()
    [[0.138], [0.609]]
    """
    return uniform(random, fan_in, fan_out, np.sqrt(6 / (fan_in + fan_out)))


def glorot_normal(random: RandomState, fan_in: int, fan_out: int) -> Array:
    """Weights normal with variance 2 / (fan_in + fan_out) (Glorot & Bengio, 2010).

    Examples
    --------
    >>> import numpy as np
    >>> glorot_normal(np.random.RandomState(42), 1, 1).round(3).tolist()
    [[0.497]]
    """
    return normal(random, fan_in, fan_out, np.sqrt(2 / (fan_in + fan_out)))


def he_uniform(random: RandomState, fan_in: int, fan_out: int) -> Array:
    """Weights uniform in ±√(6 / fan_in) (He et al., 2015).

    Examples
    --------
    >>> import numpy as np
    >>> he_uniform(np.random.RandomState(0), 2, 1).round(3).tolist()
    [[0.169], [0.745]]
    """
    return uniform(random, fan_in, fan_out, np.sqrt(6 / fan_in))


def he_normal(random: RandomState, fan_in: int, fan_out: int) -> Array:
    """Weights normal with variance 2 / fan_in (He et al., 2015).

    Examples
    --------
    >>> import numpy as np
    >>> he_normal(np.random.RandomState(42), 2, 1).round(3).tolist()
    [[0.497], [-0.138]]
    """
    return normal(random, fan_in, fan_out, np.sqrt(2 / fan_in))


def lecun_uniform(random: RandomState, fan_in: int, fan_out: int) -> Array:
    """Weights uniform in ±√(3 / fan_in) (LeCun et al., 1998).

    Examples
    --------
    >>> import numpy as np
    >>> lecun_uniform(np.random.RandomState(0), 3, 1).round(3).ravel().tolist()
    [0.098, 0.43, 0.206]
    """
    return uniform(random, fan_in, fan_out, np.sqrt(3 / fan_in))


def lecun_normal(random: RandomState, fan_in: int, fan_out: int) -> Array:
    """Weights normal with variance 1 / fan_in (LeCun et al., 1998).

    Examples
    --------
    >>> import numpy as np
    >>> lecun_normal(np.random.RandomState(42), 1, 2).round(3).tolist()
    [[0.497, -0.138]]
    """
    return normal(random, fan_in, fan_out, np.sqrt(1 / fan_in))


def normal(random: RandomState, fan_in: int, fan_out: int, std: float = 1.0) -> Array:
    """Weights normal with mean 0 and the given standard deviation, of shape (fan_in, fan_out).

    Examples
    --------
    >>> import numpy as np
    >>> normal(np.random.RandomState(42), 1, 2).round(3).tolist()
    [[0.497, -0.138]]
    """
    return np.asarray(random.randn(fan_in, fan_out)) * std


def uniform(random: RandomState, fan_in: int, fan_out: int, bound: float = 0.1) -> Array:
    """Weights uniform in ±bound, of shape (fan_in, fan_out).

    Examples
    --------
    >>> import numpy as np
    >>> uniform(np.random.RandomState(0), 1, 2, bound=1.0).round(3).tolist()
    [[0.098, 0.43]]
    """
    return random.uniform(-bound, bound, (fan_in, fan_out))


def zeros(random: RandomState, fan_in: int, fan_out: int) -> Array:
    """Weights 0, of shape (fan_in, fan_out), without a draw: every neuron of a layer learns the same.

    Examples
    --------
    >>> import numpy as np
    >>> zeros(np.random.RandomState(0), 1, 2).tolist()
    [[0.0, 0.0]]
    """
    return np.zeros((fan_in, fan_out))


WEIGHTS: dict[type[Any], Callable[..., Array]] = {
    GlorotUniform: glorot_uniform,
    GlorotNormal: glorot_normal,
    HeUniform: he_uniform,
    HeNormal: he_normal,
    LecunUniform: lecun_uniform,
    LecunNormal: lecun_normal,
    Normal: normal,
    Uniform: uniform,
    Zeros: zeros,
}
"""Function of each kind whose biases are 0; its keywords are the fields of the kind."""
