"""The network: forward pass, loss, backward pass.

Each hidden layer computes, for a batch of rows,

    z = x @ W · c + b                   weighted sum; c is 1, or 1 / √fan_in (the neural tangent parametrisation)
    z ← layer_norm(z)                   where the layer asks for it
    a = g(z)                            activation; z + (g(z) - z) · α where it is parametric
    a ← a · mask                        dropout, in training only

and hands a to the next; the output layer applies its output activation. Before the first layer, columns may be
embedded, x ← embed(x). Its inputs may be scaled, which is to scale its weights, input by input: (x · scale) @ W =
x @ (scale · W). The backward pass walks the same way in reverse and multiplies derivatives: the chain rule. The members
of an ensemble are such networks, one after another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.errors import DataError, SpecError
from pellucid.spec import Loss, Network
from pellucid.textbook.activations import activation_rule
from pellucid.textbook.arrays import Array
from pellucid.textbook.bfloat16 import as_bfloat16
from pellucid.textbook.dense import dense_backward, dense_forward
from pellucid.textbook.embeddings import embed, embed_backward
from pellucid.textbook.ensembles import add_member_gradients, combine_members, member_parameters
from pellucid.textbook.layer_norm import layer_norm_backward, layer_norm_forward
from pellucid.textbook.losses import loss_delta, loss_problem, loss_rows, mean_loss
from pellucid.textbook.outputs import output_activation
from pellucid.textbook.parameters import Parameters
from pellucid.textbook.penalties import penalty, penalty_gradient

__all__ = [
    "Batch",
    "LayerPass",
    "Step",
    "backward",
    "embedded",
    "factored_weights",
    "forward",
    "hidden_outputs",
    "output_sums",
    "predict",
    "step",
]


@dataclass
class Batch:
    """Rows with their targets.

    Parameters
    ----------
    inputs : array or SciPy CSR matrix of shape (rows, inputs)
    targets : array of shape (rows, outputs)
        Numbers; classes as 0 and 1.
    sample_weight : array of shape (rows,) or None
    index : array of int or None
        The batch consists of these rows of the arrays, in this order; None: of all. So the folds of a
        cross-validation share their arrays.
    """

    inputs: Any
    targets: Array
    sample_weight: Array | None = None
    index: Array | None = None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.inputs.shape[0]) if self.index is None else len(self.index)

    @property
    def total_weight(self) -> float:
        """Sum of the sample weights, or the number of rows."""
        if self.sample_weight is None:
            return self.rows
        return float((self.sample_weight if self.index is None else self.sample_weight[self.index]).sum())

    def taken(self) -> "Batch":
        """Return the batch with its rows copied out of the arrays, where it consists of some of them."""
        if self.index is None:
            return self
        weight = None if self.sample_weight is None else self.sample_weight[self.index]
        return Batch(self.inputs[self.index], self.targets[self.index], weight)


@dataclass
class LayerPass:
    """What one layer did with a batch; all arrays have shape (rows, width) unless said.

    Attributes
    ----------
    inputs : array of shape (rows, inputs)
        Of the first layer: embedded, if they are, but not scaled.
    pre_activation : array
        z as the activation saw it (after layer normalisation, if any).
    activation : array
        a = g(z), before dropout; for the output layer the prediction.
    outputs : array
        What the next layer sees: a, or a · mask.
    mask : array or None
        Dropout's mask: 0 or 1 / (1 - rate).
    bend : array or None
        g(z) - z, where the activation is parametric.
    normalised, inverse_std : arrays or None
        (rows, width) and (rows, 1): what layer normalisation keeps for the backward pass.
    delta : array or None
        ∂L/∂z, of the summed loss, once the backward pass has been here.
    """

    inputs: Any
    pre_activation: Array
    activation: Array
    outputs: Array
    mask: Array | None = None
    normalised: Array | None = None
    inverse_std: Array | None = None
    delta: Array | None = None
    bend: Array | None = None


@dataclass
class Step:
    """One forward and backward pass over a batch.

    Attributes
    ----------
    layers : list of LayerPass
        The last is the output layer. Of an ensemble: the layers of each member, member by member.
    loss : float
        Mean loss of the batch, penalties included.
    penalty : float
        The penalties' part of it.
    gradients : Parameters
        ∂L/∂θ of everything, penalties included.
    """

    layers: list[LayerPass]
    loss: float
    penalty: float
    gradients: Parameters


def forward(
    network: Network, parameters: Parameters, inputs: Any, masks: Sequence[Array | None] = ()
) -> list[LayerPass]:
    """Run the rows through the network and keep what every layer did.

    Parameters
    ----------
    network : Network
        Without an ensemble; of one, each member is a ``network.member``.
    parameters : Parameters
    inputs : array or SciPy CSR matrix of shape (rows, network.inputs)
    masks : sequence of arrays or None
        Dropout masks, one a hidden layer; empty: no dropout, as in prediction.

    Returns
    -------
    list of LayerPass
        One a layer; the last one's ``activation`` is the prediction, of shape (rows, network.outputs).

    Raises
    ------
    SpecError
        If the network is an ensemble.
    DataError
        If the rows have another number of columns than the network has inputs.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.spec import Layer, Network, Relu
    >>> network = Network(1, (Layer(1, Relu()),), 1)
    >>> parameters = Parameters(network, np.array([2.0, 3.0, 1.0, 0.5]))  # w0, w1, b0, b1
    >>> forward(network, parameters, np.array([[1.0], [-1.0]]))[-1].activation.ravel().tolist()
    [9.5, 0.5]
    """
    if network.ensemble is not None:
        raise SpecError("An ensemble has one forward pass a member: pass network.member and member_parameters(…).")
    passes: list[LayerPass] = []
    inputs = embedded(network, parameters, inputs)
    for index in range(len(network.hidden)):
        mask = masks[index] if masks else None
        done = _hidden_forward(network, parameters, index, inputs, mask)
        passes.append(done)
        inputs = done.outputs
    z = _weighted_sums(network, parameters, len(passes), inputs)
    prediction = output_activation(network.output, z)
    passes.append(LayerPass(inputs, z, prediction, prediction))
    return passes


def embedded(network: Network, parameters: Parameters, inputs: Any) -> Any:
    """Return the features of the rows: their columns, embedded where the network does so.

    Returns
    -------
    array or SciPy CSR matrix of shape (rows, network.features)

    Raises
    ------
    DataError
        If the rows have another number of columns than the network has inputs.
    """
    shape: tuple[int, ...] = np.shape(inputs) if isinstance(inputs, list) else inputs.shape
    if len(shape) != 2 or shape[1] != network.inputs:
        raise DataError(f"the inputs of this network must have the shape (rows, {network.inputs}); got {shape}.")
    return inputs if network.embedding is None else embed(network.embedding, parameters, inputs)


def _weighted_sums(network: Network, parameters: Parameters, index: int, inputs: Any) -> Array:
    weights = _multiplied_weights(network, parameters, index)
    return dense_forward(_operand(network, inputs), weights, parameters.bias[index])


def _multiplied_weights(network: Network, parameters: Parameters, index: int) -> Array:
    """Return a layer's weights as its products see them."""
    return _operand(network, factored_weights(network, parameters, index))


def factored_weights(network: Network, parameters: Parameters, index: int) -> Array:
    """Return a layer's weights times what goes with them: W · c, or scale · W · c of the first layer's.

    Returns
    -------
    array of shape (inputs, outputs)
    """
    weights, factor = parameters.weights[index], network.weight_factor(index)
    if factor != 1.0:
        weights = weights * factor
    if index == 0 and parameters.scale is not None:
        weights = weights * parameters.scale[:, np.newaxis]
    return weights


def _operand(network: Network, values: Any) -> Any:
    """Return numbers as the layers' products see them."""
    return values if network.products == "full" else as_bfloat16(values)


def _hidden_forward(network: Network, parameters: Parameters, index: int, inputs: Any, mask: Array | None) -> LayerPass:
    z = _weighted_sums(network, parameters, index, inputs)
    normalised = inverse_std = None
    gain, shift = parameters.gain[index], parameters.shift[index]
    if gain is not None and shift is not None:
        z, normalised, inverse_std = layer_norm_forward(z, gain, shift)
    a = activation_rule(network.hidden[index].activation).function(z)
    bend, slope = None, parameters.slope[index]
    if slope is not None:
        bend = a - z
        a = z + bend * slope
    outputs = a if mask is None else a * mask
    return LayerPass(inputs, z, a, outputs, mask, normalised, inverse_std, bend=bend)


def predict(network: Network, parameters: Parameters, inputs: Any) -> Array:
    """Return what the network predicts for each row: the last ``activation`` of `forward`, without what led to it.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    inputs : array or SciPy CSR matrix of shape (rows, network.inputs)

    Returns
    -------
    array of shape (rows, network.outputs)
        Probabilities where the output is 'logistic' or 'softmax'; of an ensemble, the mean of its members'.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.spec import Network
    >>> network = Network(1, (), 1, "logistic")
    >>> parameters = Parameters(network, np.array([2.0, 1.0]))  # w, b
    >>> predict(network, parameters, np.array([[-0.5], [1.0]])).ravel().round(3).tolist()
    [0.5, 0.953]
    """
    z = output_sums(network, parameters, inputs)
    return output_activation(network.output, z, z)


def output_sums(network: Network, parameters: Parameters, inputs: Any) -> Array:
    """Return the weighted sums of the output layer for each row: what its activation makes predictions of.

    Log-probabilities come from them without loss of precision.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    inputs : array or SciPy CSR matrix of shape (rows, network.inputs)

    Returns
    -------
    array of shape (rows, network.outputs)
        Of an ensemble: those whose prediction is the mean of the members' predictions.
    """
    if network.ensemble is not None:
        members = (member_parameters(network, parameters, m) for m in range(network.ensemble.members))
        return combine_members(network.output, [output_sums(network.member, own, inputs) for own in members])
    inputs = embedded(network, parameters, inputs)
    for index in range(len(network.hidden)):
        inputs = hidden_outputs(network, parameters, index, inputs)
    return _weighted_sums(network, parameters, len(network.hidden), inputs)


def hidden_outputs(network: Network, parameters: Parameters, index: int, inputs: Any) -> Array:
    """Return what one hidden layer hands on, of shape (rows, width), without dropout and without keeping its parts."""
    z = _weighted_sums(network, parameters, index, inputs)
    for start in range(0, len(z), ROWS_AT_ONCE):
        _activate(network, parameters, index, z[start : start + ROWS_AT_ONCE])
    return z


ROWS_AT_ONCE = 256
"""Rows that go through an activation at a time, so that what it computes on its way takes little memory."""


def _activate(network: Network, parameters: Parameters, index: int, z: Array) -> None:
    """Turn a hidden layer's weighted sums into what it hands on, in place."""
    gain, shift, slope = parameters.gain[index], parameters.shift[index], parameters.slope[index]
    if gain is not None and shift is not None:
        z[...] = layer_norm_forward(z, gain, shift)[0]
    function = activation_rule(network.hidden[index].activation).function
    if slope is None:
        function(z, out=z)
    else:
        z += (function(z) - z) * slope


def backward(
    network: Network,
    parameters: Parameters,
    passes: Sequence[LayerPass],
    delta: Array,
    gradients: Parameters,
    inputs: Any = None,
) -> None:
    """Walk back through the layers and fill the gradients by the chain rule.

    Parameters
    ----------
    network : Network
    parameters : Parameters
    passes : list of LayerPass
        From `forward`; each gets its ``delta``.
    delta : array of shape (rows, network.outputs)
        ∂L/∂z of the output layer.
    gradients : Parameters
        Filled with ∂L/∂θ (no penalties).
    inputs : array of shape (rows, network.inputs)
        What came in; only a network that embeds its inputs needs them.
    """
    for index in range(len(passes) - 1, -1, -1):
        done = passes[index]
        done.delta = delta
        if done.normalised is not None:
            delta = _layer_norm_backward(done, parameters, index, delta, gradients)
        d_inputs = dense_backward(
            _operand(network, done.inputs),
            _multiplied_weights(network, parameters, index),
            _operand(network, delta),
            gradients.weights[index],
            gradients.bias[index],
            with_inputs=index > 0 or network.embedding is not None,
        )
        if network.products != "full":  # the bias's gradient is a sum, not a product
            np.sum(delta, axis=0, out=gradients.bias[index])
        _factors_backward(network, parameters, index, gradients)
        if d_inputs is not None and index > 0:
            delta = _activation_backward(network, parameters, index - 1, passes[index - 1], d_inputs, gradients)
        elif d_inputs is not None and network.embedding is not None:
            embed_backward(network.embedding, parameters, inputs, d_inputs, gradients)


def _factors_backward(network: Network, parameters: Parameters, index: int, gradients: Parameters) -> None:
    """Turn the gradient of a layer's factored weights into that of its weights, and of the inputs' scale."""
    d_weights, factor = gradients.weights[index], network.weight_factor(index)
    if factor != 1.0:
        d_weights *= factor
    if index == 0 and parameters.scale is not None and gradients.scale is not None:
        np.sum(d_weights * parameters.weights[index], axis=1, out=gradients.scale)
        d_weights *= parameters.scale[:, np.newaxis]


def _activation_backward(
    network: Network, parameters: Parameters, index: int, done: LayerPass, d_outputs: Array, gradients: Parameters
) -> Array:
    if done.mask is not None:
        d_outputs *= done.mask
    z, slope, d_slope = done.pre_activation, parameters.slope[index], gradients.slope[index]
    rule = activation_rule(network.hidden[index].activation)
    if slope is None or d_slope is None or done.bend is None:
        d_outputs *= rule.derivative(z, done.activation)
        return d_outputs
    np.sum(d_outputs * done.bend, axis=0, out=d_slope)
    d_outputs *= 1 + (rule.derivative(z, z + done.bend) - 1) * slope
    return d_outputs


def _layer_norm_backward(
    done: LayerPass, parameters: Parameters, index: int, delta: Array, gradients: Parameters
) -> Array:
    gain, d_gain, d_shift = parameters.gain[index], gradients.gain[index], gradients.shift[index]
    assert gain is not None and d_gain is not None and d_shift is not None  # noqa: S101, PT018 - types
    assert done.normalised is not None and done.inverse_std is not None  # noqa: S101, PT018 - types
    d_z, d_gain[...], d_shift[...] = layer_norm_backward(delta, gain, done.normalised, done.inverse_std)
    return d_z


def step(
    network: Network,
    loss: Loss,
    parameters: Parameters,
    batch: Batch,
    gradients: Parameters,
    *,
    l1: float = 0.0,
    l2: float = 0.0,
    reduction: str = "mean",
    masks: Sequence[Array | None] = (),
) -> Step:
    """Forward pass, loss and backward pass of one batch.

    Parameters
    ----------
    network : Network
    loss : Loss
    parameters : Parameters
    batch : Batch
    gradients : Parameters
        Filled and returned in the Step.
    l1, l2 : float
        Penalties l1 · Σ|w| + ½ · l2 · Σ w² on the weights.
    reduction : {'mean', 'sum'}
        As in ``pellucid.spec.Training``.
    masks : sequence of arrays or None
        Dropout masks, one a hidden layer, of an ensemble member by member; empty: none.

    Returns
    -------
    Step

    Raises
    ------
    SpecError
        If the loss does not go with the network's output.
    """
    problem = loss_problem(loss, network.output)
    if problem is not None:
        raise SpecError(problem)
    batch = batch.taken()
    passes, loss_of_rows = _differentiate(network, loss, parameters, batch, gradients, masks)
    total = batch.total_weight
    per_row = 1 / total if total > 0 else 0.0
    share = per_row if reduction == "mean" else 1.0
    if share != 1.0:
        gradients.vector *= share
    penalised = 0.0
    if l1 or l2:
        gradients.all_weights += penalty_gradient(parameters.all_weights, l1 * share, l2 * share)
        penalised = penalty(parameters.all_weights, l1 * per_row, l2 * per_row)
    return Step(passes, loss_of_rows + penalised, penalised, gradients)


def _differentiate(
    network: Network, loss: Loss, parameters: Parameters, batch: Batch, gradients: Parameters, masks: Sequence[Any]
) -> tuple[list[LayerPass], float]:
    """Fill the gradients of the summed loss; return what the layers did, and the mean loss."""
    if network.ensemble is not None:
        return _differentiate_members(network, loss, parameters, batch, gradients, masks)
    passes = forward(network, parameters, batch.inputs, masks)
    last = passes[-1]
    rows = loss_rows(loss, network.output, last.pre_activation, last.activation, batch.targets)
    delta = loss_delta(loss, network.output, last.pre_activation, last.activation, batch.targets)
    if batch.sample_weight is not None:
        delta *= batch.sample_weight[:, np.newaxis]
    backward(network, parameters, passes, delta, gradients, batch.inputs)
    return passes, mean_loss(rows, batch.sample_weight)


def _differentiate_members(
    network: Network, loss: Loss, parameters: Parameters, batch: Batch, gradients: Parameters, masks: Sequence[Any]
) -> tuple[list[LayerPass], float]:
    """Differentiate the mean of the members' losses."""
    assert network.ensemble is not None  # noqa: S101 - not called otherwise
    members, hidden = network.ensemble.members, len(network.hidden)
    of_member = Parameters.empty(network.member, parameters.vector.dtype)
    all_passes: list[LayerPass] = []
    gradients.vector[...] = 0
    mean = 0.0
    for member in range(members):
        own = member_parameters(network, parameters, member)
        own_masks = masks[member * hidden : (member + 1) * hidden]
        passes, member_loss = _differentiate(network.member, loss, own, batch, of_member, own_masks)
        of_member.vector /= members
        add_member_gradients(network, parameters, member, of_member, gradients)
        mean += member_loss / members
        all_passes += passes
    return all_passes, mean
