"""Initialisers: where training starts.

Weights must differ, or all neurons of a layer learn the same; and their spread must fit the layer's size, or the
signals grow or fade from layer to layer. Everything is drawn in float64, layer by layer, each layer's weights first.
"""

from collections.abc import Callable
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.random import RandomState

from pellucid.errors import SpecError
from pellucid.spec import (
    Block,
    Ensemble,
    FromData,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    Initializer,
    LecunNormal,
    LecunUniform,
    Network,
    Normal,
    Periodic,
    ScikitLearn,
    Uniform,
    Zeros,
    parameter_count,
    parameter_layout,
)
from pellucid.textbook.arrays import Array
from pellucid.textbook.ensembles import member_parameters
from pellucid.textbook.network import embedded, hidden_outputs
from pellucid.textbook.parameters import Parameters

__all__ = [
    "fit_layers_to_data",
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


def initial_parameters(network: Network, random: RandomState | int, dtype: Any, inputs: Array | None = None) -> Array:
    """Draw a network's flat parameter vector.

    Gains of layer normalisation, the scale of the inputs and the slopes of parametric activations start at 1, shifts
    at 0. Embeddings are drawn as their descriptions say, after the layers, and so are the adapters of an ensemble; its
    members' output layers are drawn one after another, its members' biases begin alike. ``FromData`` makes the members
    of an ensemble begin alike but for their adapters.

    Parameters
    ----------
    network : Network
    random : numpy.random.RandomState or int
        Advanced by the draws; an int is the seed of a new one.
    dtype : {'float64', 'float32'}
        What the float64 draws are rounded to.
    inputs : array of shape (rows, network.inputs) or None
        Training rows, for ``FromData``; it looks at 10,000 of them at most.

    Returns
    -------
    array of shape (parameter_count(network),)
        In the order of ``pellucid.spec.parameter_layout``.

    Raises
    ------
    SpecError
        If ``FromData`` gets no rows.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.spec import Network, Normal
    >>> network = Network(inputs=2, hidden=(), outputs=1, initializer=Normal())
    >>> initial_parameters(network, np.random.RandomState(42), "float64").round(3).tolist()
    [0.497, -0.138, 0.0]
    """
    if isinstance(random, int):
        random = RandomState(random)
    parameters = Parameters(network, np.zeros(parameter_count(network)))
    from_data = isinstance(network.initializer, FromData)
    if not from_data:
        for weights, bias in zip(parameters.weights, parameters.bias, strict=True):
            _draw_layer(network.initializer, random, weights, bias)
    for block in parameter_layout(network):
        if block.role not in ("weights", "bias"):
            parameters.vector[block.start : block.stop] = _beside_layers(network, block, random)
    if from_data:
        own = member_parameters(network, parameters, 0)
        fit_layers_to_data(network.member, own, random, inputs)
        for index, (weights, bias) in enumerate(zip(own.weights, own.bias, strict=True)):
            parameters.weights[index][...], parameters.bias[index][...] = weights, bias  # alike for all members
    return parameters.vector.astype(dtype)


def _draw_layer(initializer: Initializer, random: RandomState, weights: Array, bias: Array) -> None:
    """Fill a layer's weights and biases; those of an ensemble's output layer member by member."""
    if weights.ndim == 2:
        weights[...], bias[...] = initial_layer(initializer, random, *weights.shape)
        return
    for own_weights, own_bias in zip(weights, bias, strict=True):
        _draw_layer(initializer, random, own_weights, own_bias)


def _beside_layers(network: Network, block: Block, random: RandomState) -> Any:
    """Draw what begins neither as weights nor as biases of a layer, flat."""
    match block.role:
        case "input_adapters" if block.layer == 0 and network.ensemble is not None:
            return _first_adapters(network, network.ensemble, random).ravel()
        case "gain" | "scale" | "slope" | "input_adapters" | "output_adapters":
            return 1.0
        case "levels":
            return random.standard_normal(block.shape).ravel()
    numbers = network.embedding.number_embedding if network.embedding is not None else None
    if not isinstance(numbers, Periodic):
        return 0.0  # shifts of layer normalisation, and all that a piecewise-linear embedding trains
    if block.role == "frequencies":
        return random.normal(scale=numbers.sigma, size=block.shape).ravel()
    bound = np.pi if block.role == "phases" else 1 / np.sqrt(numbers.frequencies)
    return 0.0 if block.role == "shift" else random.uniform(-bound, bound, block.shape).ravel()


def _first_adapters(network: Network, ensemble: Ensemble, random: RandomState) -> Array:
    """Draw a number for each member and column of X, the same for all features that the column becomes."""
    shape = (ensemble.members, network.inputs)
    drawn = random.choice((-1.0, 1.0), shape) if ensemble.start == "signs" else random.standard_normal(shape)
    widths = 1 if network.embedding is None else network.embedding.features_of_columns
    return np.repeat(drawn, widths, axis=1)


ROWS_LOOKED_AT = 2_000
"""Rows that ``FromData`` draws of the training rows, where there are more."""


def fit_layers_to_data(network: Network, parameters: Parameters, random: RandomState, inputs: Any) -> None:
    """Draw the layers' weights and biases so that they suit the rows (Holzmüller et al., 2024); see ``FromData``.

    Parameters
    ----------
    network : Network
    parameters : Parameters
        What the embedding trains is there already; weights and biases are filled.
    random : numpy.random.RandomState
    inputs : array of shape (rows, network.inputs)

    Raises
    ------
    SpecError
        If there are no rows.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.spec import FromData, Layer, Network
    >>> network = Network(2, (Layer(3),), 1, initializer=FromData())
    >>> parameters, random = Parameters.empty(network, np.float64), np.random.RandomState(0)
    >>> X = random.normal(size=(100, 2))
    >>> fit_layers_to_data(network, parameters, random, X)
    >>> (X @ parameters.weights[0]).std(axis=0).round(6).tolist()
    [1.0, 1.0, 1.0]
    """
    if inputs is None or inputs.shape[0] == 0:
        raise SpecError("The initialiser FromData needs training rows; got none. Pass them as inputs.")
    if inputs.shape[0] > ROWS_LOOKED_AT:
        inputs = inputs[random.choice(inputs.shape[0], ROWS_LOOKED_AT, replace=False)]
    if isinstance(inputs, np.ndarray):
        inputs = inputs.astype(np.float64)
    zero_last = isinstance(network.initializer, FromData) and network.initializer.zero_last
    seen = embedded(network, parameters, inputs)
    for index, (fan_in, fan_out) in enumerate(pairwise(network.widths)):
        weights, bias = parameters.weights[index], parameters.bias[index]
        weights[...] = random.standard_normal((fan_in, fan_out))
        sums = seen @ weights
        sums *= network.weight_factor(index)
        spread = sums.std(axis=0)
        largest = np.maximum(sums.max(axis=0), -sums.min(axis=0))
        spread[spread <= 1e-9 * largest] = 1  # constant, but for rounding
        weights /= spread
        sums /= spread
        rows = random.randint(len(sums), size=(5, fan_out))
        shares = random.exponential(size=(5, fan_out))
        bias[...] = -np.sum(shares / shares.sum(axis=0) * np.take_along_axis(sums, rows, axis=0), axis=0)
        if index == len(network.hidden):
            break
        del sums  # as large as what follows
        seen = hidden_outputs(network, parameters, index, seen)
    if zero_last:
        weights[...] = 0
        bias[...] = 0


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
    if isinstance(initializer, FromData):
        raise SpecError("The initialiser FromData looks at rows: use initial_parameters, which takes them.")
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
