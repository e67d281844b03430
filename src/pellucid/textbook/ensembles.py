"""Ensembles whose members share weights (TabM; Gorishniy et al., 2025).

A member's layer computes ((x ∘ r) W) ∘ s + b. That is the plain layer x V + b with V = r W s, that is
V_ij = r_i W_ij s_j: so a member *is* a plain network, with parameters of its own that come from the shared ones. And
from the gradient ∂L/∂V of that plain network the chain rule finds all others:

    ∂L/∂W_ij = r_i · ∂L/∂V_ij · s_j
    ∂L/∂r_i  = Σ_j ∂L/∂V_ij · W_ij · s_j
    ∂L/∂s_j  = Σ_i ∂L/∂V_ij · W_ij · r_i
"""

from collections.abc import Iterator, Sequence

import numpy as np

from pellucid.errors import SpecError, did_you_mean
from pellucid.spec import OUTPUTS, Network, parameter_layout
from pellucid.textbook.arrays import Array
from pellucid.textbook.outputs import log_logistic, log_softmax
from pellucid.textbook.parameters import Parameters

__all__ = ["add_member_gradients", "combine_members", "member_parameters"]


def member_parameters(network: Network, parameters: Parameters, member: int) -> Parameters:
    """Return what one member's plain network computes with: parameters of ``network.member``.

    Parameters
    ----------
    network : Network
    parameters : Parameters
        Of the whole ensemble; without an ensemble they are returned as they are.
    member : int
        From 0.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.spec import Ensemble, Network
    >>> network = Network(2, (), 1, ensemble=Ensemble(2))
    >>> parameters = Parameters(network, np.array([1.0, 2.0, 3.0, 4.0, 0.5, 0.6, 1.0, -1.0, 10.0, 1.0]))
    >>> [member_parameters(network, parameters, m).vector.tolist() for m in (0, 1)]
    [[1.0, -2.0, 0.5], [30.0, 4.0, 0.6]]
    """
    if network.ensemble is None:
        return parameters
    own = Parameters.empty(network.member, parameters.vector.dtype)
    for to, shared in _pairs(network, own.vector, parameters.vector, member):
        to[...] = shared
    for index in range(len(own.weights)):
        r, s = _adapters(parameters, index, member)
        own.weights[index] *= r[:, np.newaxis] * s
    return own


def add_member_gradients(
    network: Network, parameters: Parameters, member: int, of_member: Parameters, gradients: Parameters
) -> None:
    """Add what one member's gradient contributes to that of the ensemble's parameters.

    Parameters
    ----------
    network : Network
    parameters : Parameters
        Of the whole ensemble.
    member : int
    of_member : Parameters
        ∂L/∂ of the member's own parameters. Changed.
    gradients : Parameters
        Of the whole ensemble; added to.
    """
    for index in range(len(of_member.weights)):
        d_own = of_member.weights[index]
        r, s = _adapters(parameters, index, member)
        weights = parameters.weights[index]
        d_adapted = d_own * (weights if weights.ndim == 2 else weights[member])
        d_r, d_s = gradients.input_adapters[index], gradients.output_adapters[index]
        if d_r is not None:
            d_r[member] += d_adapted @ s
        if d_s is not None:
            d_s[member] += r @ d_adapted
        d_own *= r[:, np.newaxis] * s
    for d_own, d_shared in _pairs(network, of_member.vector, gradients.vector, member):
        np.add(d_shared, d_own, out=d_shared)


def combine_members(output: str, z: Sequence[Array]) -> Array:
    """Return the weighted sums whose prediction is the mean of the members' predictions.

    Found by logarithms of sums of exponentials, so that probabilities may be as small as they like.

    Parameters
    ----------
    output : {'identity', 'logistic', 'softmax', 'exp', 'tanh'}
    z : sequence of arrays of shape (rows, outputs)
        One a member.

    Examples
    --------
    >>> import numpy as np
    >>> combine_members("exp", [np.array([[0.0]]), np.log([[3.0]])]).round(3).tolist()  # log of (1 + 3) / 2
    [[0.693]]
    """
    if len(z) == 1:
        return z[0]
    match output:
        case "identity":
            mean: Array = np.mean(z, axis=0)
            return mean
        case "exp":
            return _log_mean_exp(z)
        case "softmax":
            return _log_mean_exp([log_softmax(each) for each in z])
        case "logistic":
            return _log_mean_exp([log_logistic(each) for each in z]) - _log_mean_exp(
                [log_logistic(-each) for each in z]
            )
        case "tanh":  # tanh(z) = 2 logistic(2 z) - 1
            return combine_members("logistic", [2 * each for each in z]) / 2
    raise SpecError(
        f"an output activation must be one of its known names; got {output!r}.{did_you_mean(output, OUTPUTS)}"
    )


def _log_mean_exp(logarithms: Sequence[Array]) -> Array:
    mean: Array = np.logaddexp.reduce(logarithms, axis=0)
    mean -= np.log(len(logarithms))
    return mean.astype(logarithms[0].dtype, copy=False)


def _adapters(parameters: Parameters, index: int, member: int) -> tuple[Array, Array]:
    """Return a member's r and s of a layer; ones where it has none."""
    inputs, outputs = parameters.weights[index].shape[-2:]
    r, s = parameters.input_adapters[index], parameters.output_adapters[index]
    dtype = parameters.vector.dtype
    return np.ones(inputs, dtype) if r is None else r[member], np.ones(outputs, dtype) if s is None else s[member]


def _pairs(network: Network, own: Array, shared: Array, member: int) -> Iterator[tuple[Array, Array]]:
    """Each piece of a member's vector, beside the piece of the ensemble's that it comes from."""
    blocks = {(block.role, block.layer): block for block in parameter_layout(network)}
    for block in parameter_layout(network.member):
        source = blocks[block.role, block.layer]
        size = block.stop - block.start
        start = source.start + (member * size if len(source.shape) > len(block.shape) else 0)
        yield own[block.start : block.stop], shared[start : start + size]
