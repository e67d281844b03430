"""What a network IS: inputs, hidden layers, outputs; and where each of its parameters lives.

All parameters of a network are one flat vector. `parameter_layout` says which part of it belongs to whom:
first every weight matrix, then every bias, then the gains and shifts of layer normalisation. So the penalties, which
touch weights only, see one contiguous piece, and an optimiser sees one array.
"""

from dataclasses import dataclass
from math import prod
from typing import ClassVar, get_args

from pellucid.errors import SpecError
from pellucid.spec.checks import check_choice, check_flag, check_integer, check_kind, check_number, shown

__all__ = [
    "OUTPUTS",
    "Activation",
    "Block",
    "Elu",
    "Gelu",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "Layer",
    "LeakyRelu",
    "LecunNormal",
    "LecunUniform",
    "Logistic",
    "Mish",
    "Network",
    "Normal",
    "Relu",
    "ScikitLearn",
    "Selu",
    "Silu",
    "Softplus",
    "Tanh",
    "Uniform",
    "Zeros",
    "parameter_count",
    "parameter_layout",
]


# --- activations ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Identity:
    """g(z) = z."""

    name: ClassVar[str] = "identity"


@dataclass(frozen=True)
class Logistic:
    """g(z) = 1 / (1 + exp(-z)), the sigmoid."""

    name: ClassVar[str] = "logistic"


@dataclass(frozen=True)
class Tanh:
    """g(z) = tanh(z)."""

    name: ClassVar[str] = "tanh"


@dataclass(frozen=True)
class Relu:
    """g(z) = max(0, z)."""

    name: ClassVar[str] = "relu"


@dataclass(frozen=True)
class LeakyRelu:
    """g(z) = z for z > 0, else slope * z."""

    name: ClassVar[str] = "leaky_relu"
    slope: float = 0.01

    def __post_init__(self) -> None:
        check_number(self, "slope", low=0, high=1)


@dataclass(frozen=True)
class Elu:
    """g(z) = z for z > 0, else alpha * (exp(z) - 1)."""

    name: ClassVar[str] = "elu"
    alpha: float = 1.0

    def __post_init__(self) -> None:
        check_number(self, "alpha", low=0, low_open=True)


@dataclass(frozen=True)
class Selu:
    """The self-normalising ELU (Klambauer et al., 2017)."""

    name: ClassVar[str] = "selu"


@dataclass(frozen=True)
class Softplus:
    """g(z) = log(1 + exp(z))."""

    name: ClassVar[str] = "softplus"


@dataclass(frozen=True)
class Gelu:
    """g(z) = z * Phi(z), Phi the normal distribution function (exact, not the tanh approximation)."""

    name: ClassVar[str] = "gelu"


@dataclass(frozen=True)
class Silu:
    """g(z) = z / (1 + exp(-z)), also called swish."""

    name: ClassVar[str] = "silu"


@dataclass(frozen=True)
class Mish:
    """g(z) = z * tanh(log(1 + exp(z)))."""

    name: ClassVar[str] = "mish"


Activation = Identity | Logistic | Tanh | Relu | LeakyRelu | Elu | Selu | Softplus | Gelu | Silu | Mish


# --- initialisers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ScikitLearn:
    """Weights and biases uniform in ±sqrt(factor / (fan_in + fan_out)).

    scikit-learn's factor is 2 where its activation is the logistic function, else 6.
    """

    name: ClassVar[str] = "sklearn"
    factor: float = 6.0

    def __post_init__(self) -> None:
        check_number(self, "factor", low=0)


@dataclass(frozen=True)
class GlorotUniform:
    """Weights uniform in ±sqrt(6 / (fan_in + fan_out)), biases 0 (Glorot & Bengio, 2010)."""

    name: ClassVar[str] = "glorot_uniform"


@dataclass(frozen=True)
class GlorotNormal:
    """Weights normal with variance 2 / (fan_in + fan_out), biases 0 (Glorot & Bengio, 2010)."""

    name: ClassVar[str] = "glorot_normal"


@dataclass(frozen=True)
class HeUniform:
    """Weights uniform in ±sqrt(6 / fan_in), biases 0 (He et al., 2015)."""

    name: ClassVar[str] = "he_uniform"


@dataclass(frozen=True)
class HeNormal:
    """Weights normal with variance 2 / fan_in, biases 0 (He et al., 2015)."""

    name: ClassVar[str] = "he_normal"


@dataclass(frozen=True)
class LecunUniform:
    """Weights uniform in ±sqrt(3 / fan_in), biases 0 (LeCun et al., 1998)."""

    name: ClassVar[str] = "lecun_uniform"


@dataclass(frozen=True)
class LecunNormal:
    """Weights normal with variance 1 / fan_in, biases 0 (LeCun et al., 1998)."""

    name: ClassVar[str] = "lecun_normal"


@dataclass(frozen=True)
class Normal:
    """Weights normal with the given standard deviation, biases 0."""

    name: ClassVar[str] = "normal"
    std: float = 1.0

    def __post_init__(self) -> None:
        check_number(self, "std", low=0)


@dataclass(frozen=True)
class Uniform:
    """Weights uniform in ±bound, biases 0."""

    name: ClassVar[str] = "uniform"
    bound: float = 0.1

    def __post_init__(self) -> None:
        check_number(self, "bound", low=0)


@dataclass(frozen=True)
class Zeros:
    """Everything 0: every neuron of a layer learns the same. For lessons."""

    name: ClassVar[str] = "zeros"


Initializer = (
    ScikitLearn
    | GlorotUniform
    | GlorotNormal
    | HeUniform
    | HeNormal
    | LecunUniform
    | LecunNormal
    | Normal
    | Uniform
    | Zeros
)


# --- the network ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Layer:
    """One hidden layer: weighted sum, (layer normalisation), activation, (dropout).

    Parameters
    ----------
    width : int
        Number of neurons, at least 1.
    activation : Activation
    dropout : float
        Share of the layer's activations set to 0 in training, in [0, 1).
    layer_norm : bool
        Normalise the weighted sums of a row before the activation (Ba et al., 2016).
    """

    width: int
    activation: Activation = Relu()
    dropout: float = 0.0
    layer_norm: bool = False

    def __post_init__(self) -> None:
        check_integer(self, "width", low=1)
        check_kind(self, "activation", get_args(Activation))
        check_number(self, "dropout", low=0, high=1, high_open=True)
        check_flag(self, "layer_norm")


OUTPUTS = ("identity", "logistic", "softmax", "exp", "tanh")
"""Output activations: what turns the last weighted sums into predictions."""


@dataclass(frozen=True)
class Network:
    """A multi-layer perceptron.

    Parameters
    ----------
    inputs : int
    hidden : tuple of Layer
        May be empty: a linear model.
    outputs : int
    output : {'identity', 'logistic', 'softmax', 'exp', 'tanh'}
        Activation of the output layer.
    initializer : Initializer

    Examples
    --------
    >>> from pellucid.spec import Layer, Network, parameter_count
    >>> network = Network(inputs=2, hidden=(Layer(10), Layer(5)), outputs=1, output="logistic")
    >>> network.widths
    (2, 10, 5, 1)
    >>> parameter_count(network)
    91
    """

    inputs: int
    hidden: tuple[Layer, ...]
    outputs: int
    output: str = "identity"
    initializer: Initializer = ScikitLearn()

    def __post_init__(self) -> None:
        check_integer(self, "inputs", low=1)
        check_integer(self, "outputs", low=1)
        check_choice(self, "output", OUTPUTS)
        check_kind(self, "initializer", get_args(Initializer))
        if not isinstance(self.hidden, tuple) or not all(isinstance(x, Layer) for x in self.hidden):
            raise SpecError(f"'hidden' of Network must be a tuple of Layer; got {shown(self.hidden)}.")

    @property
    def widths(self) -> tuple[int, ...]:
        """Neurons of every layer, from the inputs to the outputs."""
        return (self.inputs, *(layer.width for layer in self.hidden), self.outputs)


@dataclass(frozen=True)
class Block:
    """One array within the flat parameter vector.

    Parameters
    ----------
    role : {'weights', 'bias', 'gain', 'shift'}
    layer : int
        0 for the first hidden layer; the output layer is the last.
    shape : tuple of int
    start : int
        Offset of its first element in the vector.
    """

    role: str
    layer: int
    shape: tuple[int, ...]
    start: int

    @property
    def stop(self) -> int:
        """Offset after its last element."""
        return self.start + prod(self.shape)


def parameter_layout(network: Network) -> tuple[Block, ...]:
    """Say where each parameter array of the network lives: all weights, all biases, all gains, all shifts.

    Examples
    --------
    >>> from pellucid.spec import Layer, Network, parameter_layout
    >>> [(block.role, block.layer, block.shape) for block in parameter_layout(Network(2, (Layer(3),), 1))]
    [('weights', 0, (2, 3)), ('weights', 1, (3, 1)), ('bias', 0, (3,)), ('bias', 1, (1,))]
    """
    widths = network.widths
    normalised = [index for index, layer in enumerate(network.hidden) if layer.layer_norm]
    arrays: list[tuple[str, int, tuple[int, ...]]] = [
        *(("weights", i, (widths[i], widths[i + 1])) for i in range(len(widths) - 1)),
        *(("bias", i, (widths[i + 1],)) for i in range(len(widths) - 1)),
        *(("gain", i, (widths[i + 1],)) for i in normalised),
        *(("shift", i, (widths[i + 1],)) for i in normalised),
    ]
    blocks: list[Block] = []
    start = 0
    for role, layer, shape in arrays:
        block = Block(role, layer, shape, start)
        blocks.append(block)
        start = block.stop
    return tuple(blocks)


def parameter_count(network: Network) -> int:
    """Return the length of the network's flat parameter vector."""
    return parameter_layout(network)[-1].stop
