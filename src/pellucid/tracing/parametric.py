"""A parametric activation of a traced layer: h(z) = z + α·(g(z) - z), and where ∂L/∂α comes from."""

from dataclasses import dataclass

import numpy as np

from pellucid.spec import Network
from pellucid.textbook.activations import activation_rule
from pellucid.textbook.arrays import Array
from pellucid.textbook.network import LayerPass
from pellucid.textbook.parameters import Parameters

__all__ = ["ParametricTrace", "trace_parametric"]


@dataclass(frozen=True, eq=False)
class ParametricTrace:
    """What a parametric activation is made of.

    Attributes
    ----------
    slope : array of shape (neurons,)
        α, before the update.
    function, function_derivative : arrays of shape (rows, neurons)
        g(z) and g′(z).
    derivative : array of shape (rows, neurons)
        h′(z) = 1 + α·(g′(z) - 1).
    d_activation : array of shape (rows, neurons) or None
        ∂ℓ/∂h. None without targets.
    d_slope, slope_after : arrays of shape (neurons,) or None
        ∂L/∂α, which is the rows' mean of (g(z) - z)·∂ℓ/∂h; and α after the update.
    """

    slope: Array
    function: Array
    function_derivative: Array
    derivative: Array
    d_activation: Array | None
    d_slope: Array | None
    slope_after: Array | None


def trace_parametric(
    network: Network,
    index: int,
    done: LayerPass,
    before: Parameters,
    gradients: Parameters | None,
    after: Parameters | None,
    d_outputs: Array | None,
) -> ParametricTrace:
    """Take a layer's activation apart.

    Parameters
    ----------
    network : Network
    index : int
        Of the layer.
    done : LayerPass
        From the engine.
    before, gradients, after : Parameters or None
    d_outputs : array of shape (rows, neurons) or None
        ∂ℓ/∂a of what the layer hands on.
    """
    slope, z = before.slope[index], done.pre_activation
    assert slope is not None  # noqa: S101 - not called otherwise
    rule = activation_rule(network.hidden[index].activation)
    function = np.asarray(rule.function(z))
    derivative = np.asarray(rule.derivative(z, function), dtype=z.dtype)
    if d_outputs is not None and done.mask is not None:
        d_outputs = d_outputs * done.mask
    return ParametricTrace(
        slope=slope,
        function=function,
        function_derivative=derivative,
        derivative=np.asarray(1 + (derivative - 1) * slope),
        d_activation=d_outputs,
        d_slope=None if gradients is None else gradients.slope[index],
        slope_after=None if after is None else after.slope[index],
    )
