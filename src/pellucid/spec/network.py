"""What a network IS: inputs, hidden layers, outputs."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from math import sqrt
from typing import get_args

from pellucid.errors import SpecError
from pellucid.spec.activations import Activation, Relu
from pellucid.spec.checks import check_choice, check_flag, check_integer, check_kind, check_number, shown
from pellucid.spec.embeddings import Embedding
from pellucid.spec.ensembles import Ensemble
from pellucid.spec.initializers import Initializer, ScikitLearn
from pellucid.spec.layout import Block, blocks_of

__all__ = ["OUTPUTS", "Layer", "Network"]


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
    parametric : bool
        Make the activation z + (g(z) - z) · α, each neuron with an α that is trained and begins with 1
        (Holzmüller et al., 2024).
    """

    width: int
    activation: Activation = field(default_factory=Relu)
    dropout: float = 0.0
    layer_norm: bool = False
    parametric: bool = False

    def __post_init__(self) -> None:
        check_integer(self, "width", low=1)
        check_kind(self, "activation", get_args(Activation))
        check_number(self, "dropout", low=0, high=1, high_open=True)
        check_flag(self, "layer_norm")
        check_flag(self, "parametric")


OUTPUTS = ("identity", "logistic", "softmax", "exp", "tanh")
"""Output activations: what turns the last weighted sums into predictions."""


@dataclass(frozen=True)
class Network:
    """A multi-layer perceptron.

    Parameters
    ----------
    inputs : int
        Columns of X.
    hidden : tuple of Layer
        May be empty: a linear model.
    outputs : int
    output : {'identity', 'logistic', 'softmax', 'exp', 'tanh'}
        Activation of the output layer.
    initializer : Initializer
    embedding : Embedding or None
        What becomes of the columns before the first layer; None: they pass as they are.
    input_scale : bool
        Multiply each feature that the first layer sees by a factor that is trained and begins with 1.
    parametrization : {'standard', 'ntk'}
        With 'ntk' a weighted sum is x W / √fan_in + b (Jacot et al., 2018): weights of any width are then of size 1,
        and one learning rate suits them all.
    ensemble : Ensemble or None
        Members that share the weights; None: one network.
    products : {'full', 'bfloat16'}
        With 'bfloat16' both operands of the layers' products, forwards and backwards, are rounded to eight significant
        bits; the sums, and all else, stay float32. Processors with AVX512_BF16 multiply such numbers twice as fast.

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
    initializer: Initializer = field(default_factory=ScikitLearn)
    embedding: Embedding | None = None
    input_scale: bool = False
    parametrization: str = "standard"
    ensemble: Ensemble | None = None
    products: str = "full"

    def __post_init__(self) -> None:
        check_integer(self, "inputs", low=1)
        check_integer(self, "outputs", low=1)
        check_choice(self, "output", OUTPUTS)
        check_kind(self, "initializer", get_args(Initializer))
        check_flag(self, "input_scale")
        check_choice(self, "parametrization", ("standard", "ntk"))
        check_choice(self, "products", ("full", "bfloat16"))
        if not isinstance(self.hidden, tuple) or not all(isinstance(x, Layer) for x in self.hidden):
            raise SpecError(f"'hidden' of Network must be a tuple of Layer; got {shown(self.hidden)}.")
        if self.ensemble is not None:
            check_kind(self, "ensemble", (Ensemble,))
        if self.embedding is None:
            return
        check_kind(self, "embedding", (Embedding,))
        if self.embedding.inputs != self.inputs:
            raise SpecError(
                f"'embedding' of Network must be for its {self.inputs} inputs; it is for {self.embedding.inputs}."
            )

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Numbers that pass between the layers: what the first one sees, neurons of every layer, outputs."""
        return (self.features, *(layer.width for layer in self.hidden), self.outputs)

    @cached_property
    def layout(self) -> tuple[Block, ...]:
        """Where each array of its parameters lives: see `parameter_layout`."""
        return blocks_of(self)

    @property
    def features(self) -> int:
        """Numbers that the first layer sees: the inputs, or what the embedding makes of them."""
        return self.inputs if self.embedding is None else self.embedding.features

    @property
    def member(self) -> "Network":
        """The network that each member of the ensemble is; without an ensemble this one."""
        return self if self.ensemble is None else replace(self, ensemble=None)

    def weight_factor(self, layer: int) -> float:
        """Return what a layer's weights are multiplied by: 1, or 1 / √fan_in under 'ntk'."""
        return 1.0 if self.parametrization == "standard" else 1 / sqrt(self.widths[layer])
