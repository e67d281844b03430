"""One layer of a traced step: what went in, what each neuron made of it, what came back, what changed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pellucid.errors import DataError
from pellucid.spec import Activation, Network
from pellucid.textbook.activations import activation_rule
from pellucid.textbook.arrays import Array
from pellucid.textbook.dense import dense_forward
from pellucid.textbook.layer_norm import layer_norm_backward
from pellucid.textbook.network import LayerPass, factored_weights
from pellucid.textbook.outputs import output_backward
from pellucid.textbook.parameters import Parameters
from pellucid.tracing.parametric import ParametricTrace, trace_parametric

__all__ = ["LIMIT", "LayerTrace", "d_inputs_of", "trace_layers"]

LIMIT = 200_000
"""Most numbers of one kind that are worked out at once."""


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """What one layer did in a step. Arrays are those of the engine: change none.

    Attributes
    ----------
    index : int
        0 for the first hidden layer; the output layer is the last.
    name : str
        ``'hidden layer 1'`` …, ``'output layer'``.
    function : Activation or str
        g; of the output layer the name of the output activation.
    input_names, neuron_names : tuple of str
    weight_letter : {'w', 'v'}
        How its weights are written: v of a member that shares weights w with others.
    input_letter : {'x', 'e', 'f', 'a'}
        How its inputs are written: x as they came, e embedded, f scaled, a by the layer before.
    inputs : array of shape (rows, inputs)
        x, or what the layer before handed on.
    weights, bias : arrays of shape (inputs, neurons) and (neurons,)
        Before the update.
    factor : float
        What the products are multiplied by: 1, or 1 / √inputs in the 'ntk' parametrization.
    weighted_sum : array of shape (rows, neurons)
        u = x·W + b, or x·W / √inputs + b. Without layer normalisation this is z.
    normalised, inverse_std, gain, shift : arrays or None
        With layer normalisation: û, (rows, neurons); 1/√(variance + ε), (rows, 1); gain and shift, (neurons,).
    pre_activation : array of shape (rows, neurons)
        z, as the activation saw it.
    activation : array of shape (rows, neurons)
        g(z); where the activation is parametric h(z) = z + α·(g(z) - z).
    mask : array of shape (rows, neurons) or None
        Dropout's: 0 or 1 / (1 - rate).
    outputs : array of shape (rows, neurons)
        a, as the next layer saw it: g(z), or g(z) · mask; h in place of g where the activation is parametric.
    derivative : array of shape (rows, neurons) or None
        g′(z) or h′(z); None for softmax, where each output depends on every z.
    parametric : ParametricTrace or None
        What a parametric activation is made of.
    delta : array of shape (rows, neurons) or None
        δ = ∂ℓ/∂z of each row's loss (times its sample weight). None without targets.
    delta_sum : array of shape (rows, neurons) or None
        ∂ℓ/∂u; without layer normalisation this is δ.
    row_share : float
        What each row's derivatives are multiplied by in the gradient: 1 / (sum of sample weights).
    d_weights, d_bias, d_gain, d_shift : arrays or None
        ∂L/∂W, ∂L/∂b, ∂L/∂gain and ∂L/∂shift, penalties included.
    weights_after, bias_after, gain_after, shift_after : arrays or None
        None without an update.
    """

    index: int
    name: str
    function: Activation | str
    input_names: tuple[str, ...]
    neuron_names: tuple[str, ...]
    weight_letter: str
    input_letter: str
    inputs: Array
    weights: Array
    bias: Array
    factor: float
    weighted_sum: Array
    normalised: Array | None
    inverse_std: Array | None
    gain: Array | None
    shift: Array | None
    pre_activation: Array
    activation: Array
    mask: Array | None
    outputs: Array
    derivative: Array | None
    parametric: ParametricTrace | None
    delta: Array | None
    delta_sum: Array | None
    row_share: float
    d_weights: Array | None
    d_bias: Array | None
    d_gain: Array | None
    d_shift: Array | None
    weights_after: Array | None
    bias_after: Array | None
    gain_after: Array | None
    shift_after: Array | None

    @property
    def is_output(self) -> bool:
        """Whether this is the output layer."""
        return isinstance(self.function, str)

    @property
    def neurons(self) -> int:
        """Number of neurons."""
        return int(self.weights.shape[1])

    @property
    def products(self) -> Array:
        """What every input adds to u, of shape (rows, inputs, neurons): x·w, or x·w / √inputs.

        Raises
        ------
        DataError
            If that would be more than 200,000 numbers.
        """
        self._check_size()
        return np.asarray(self.inputs[:, :, np.newaxis] * (self.weights * self.factor))

    @property
    def contributions(self) -> Array:
        """What each row adds to ∂L/∂W, of shape (rows, inputs, neurons); penalties come on top.

        Raises
        ------
        DataError
            If there are no targets, or that would be more than 200,000 numbers.
        """
        self._check_size()
        delta = self._delta_sum()
        return np.asarray(self.inputs[:, :, np.newaxis] * delta[:, np.newaxis, :] * (self.row_share * self.factor))

    @property
    def bias_contributions(self) -> Array:
        """What each row adds to ∂L/∂b, of shape (rows, neurons)."""
        return np.asarray(self._delta_sum() * self.row_share)

    def _delta_sum(self) -> Array:
        if self.delta_sum is None:
            raise DataError("A trace without targets has no derivatives. Give y to trace.")
        return self.delta_sum

    def _check_size(self) -> None:
        rows, size = self.inputs.shape[0], self.weights.size
        if rows * size > LIMIT:
            raise DataError(
                f"{rows} rows times the {size} weights of {self.name} must be at most {LIMIT} numbers; "
                f"they are {rows * size}. Trace fewer rows, or name one neuron (neuron=)."
            )


def trace_layers(
    network: Network,
    passes: Sequence[LayerPass],
    before: Parameters,
    gradients: Parameters | None,
    after: Parameters | None,
    names: tuple[tuple[str, ...], tuple[str, ...]],
    row_share: float,
    letter: str = "w",
) -> tuple[LayerTrace, ...]:
    """Put together what is known of each layer.

    Parameters
    ----------
    network : Network
    passes : list of LayerPass
        From the engine.
    before, gradients, after : Parameters or None
    names : pair of tuples of str
        Of what the first layer sees, and of the outputs.
    row_share : float
    letter : {'w', 'v'}
        How weights are written.
    """
    layers: list[LayerTrace] = []
    for index in range(len(passes) - 1, -1, -1):
        following = layers[-1] if layers else None
        layer = _trace_layer(network, index, passes[index], before, gradients, after, names, row_share, following)
        layers.append(replace(layer, weight_letter=letter))
    return tuple(reversed(layers))


def _trace_layer(
    network: Network,
    index: int,
    done: LayerPass,
    before: Parameters,
    gradients: Parameters | None,
    after: Parameters | None,
    names: tuple[tuple[str, ...], tuple[str, ...]],
    row_share: float,
    following: LayerTrace | None,
) -> LayerTrace:
    last = len(network.hidden)
    labels = [names[0], *(_numbered(layer.width) for layer in network.hidden), names[1]]
    first = "f" if network.input_scale else "x" if network.embedding is None else "e"
    parametric = None
    if before.slope[index] is not None:
        d_outputs = None if gradients is None or following is None else d_inputs_of(following)
        parametric = trace_parametric(network, index, done, before, gradients, after, d_outputs)
    return LayerTrace(
        index=index,
        name="output layer" if index == last else f"hidden layer {index + 1}",
        function=network.output if index == last else network.hidden[index].activation,
        input_names=labels[index],
        neuron_names=labels[index + 1],
        weight_letter="w",
        input_letter="a" if index else first,
        inputs=done.inputs if index or before.scale is None else done.inputs * before.scale,
        weights=before.weights[index],
        bias=before.bias[index],
        factor=network.weight_factor(index),
        weighted_sum=_weighted_sum(network, done, before, index),
        normalised=done.normalised,
        inverse_std=done.inverse_std,
        gain=before.gain[index],
        shift=before.shift[index],
        pre_activation=done.pre_activation,
        activation=done.activation,
        mask=done.mask,
        outputs=done.outputs,
        derivative=_derivative(network, done, index) if parametric is None else parametric.derivative,
        parametric=parametric,
        delta=None if gradients is None else done.delta,
        delta_sum=None if gradients is None else _delta_sum(done, before.gain[index]),
        row_share=row_share,
        d_weights=_piece(gradients, "weights", index),
        d_bias=_piece(gradients, "bias", index),
        d_gain=_piece(gradients, "gain", index),
        d_shift=_piece(gradients, "shift", index),
        weights_after=_piece(after, "weights", index),
        bias_after=_piece(after, "bias", index),
        gain_after=_piece(after, "gain", index),
        shift_after=_piece(after, "shift", index),
    )


def d_inputs_of(layer: LayerTrace) -> Array:
    """Return ∂ℓ/∂x of a layer's inputs, of shape (rows, inputs): the chain rule through its weighted sums."""
    return np.asarray(layer._delta_sum() @ (layer.weights * layer.factor).T)


def _piece(parameters: Parameters | None, role: str, index: int) -> Array | None:
    piece: Array | None = None if parameters is None else getattr(parameters, role)[index]
    return piece


def _numbered(width: int) -> tuple[str, ...]:
    return tuple(f"neuron {index + 1}" for index in range(width))


def _weighted_sum(network: Network, done: LayerPass, parameters: Parameters, index: int) -> Array:
    if done.normalised is None:
        return done.pre_activation
    return dense_forward(done.inputs, factored_weights(network, parameters, index), parameters.bias[index])


def _derivative(network: Network, done: LayerPass, index: int) -> Array | None:
    z, a = done.pre_activation, done.activation
    if index < len(network.hidden):
        return np.asarray(activation_rule(network.hidden[index].activation).derivative(z, a), dtype=z.dtype)
    return None if network.output == "softmax" else output_backward(network.output, z, a, np.ones_like(z))


def _delta_sum(done: LayerPass, gain: Array | None) -> Array | None:
    if done.delta is None or done.normalised is None or gain is None or done.inverse_std is None:
        return done.delta
    return layer_norm_backward(done.delta, gain, done.normalised, done.inverse_std)[0]
