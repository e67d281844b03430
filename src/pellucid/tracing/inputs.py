"""Before the first layer: what becomes of the inputs where the network scales them."""

from dataclasses import dataclass

import numpy as np

from pellucid.spec import Network
from pellucid.textbook.arrays import Array
from pellucid.textbook.parameters import Parameters
from pellucid.tracing.layers import LayerTrace, d_inputs_of

__all__ = ["InputsTrace", "trace_inputs"]


@dataclass(frozen=True, eq=False)
class InputsTrace:
    """What became of the inputs in a step, before the first layer saw them: f = x · scale, one factor a feature.

    Attributes
    ----------
    names : tuple of str
        Of the features that the first layer sees.
    columns : array of shape (rows, inputs)
        x, as they came.
    unscaled : array of shape (rows, features)
        x, before the scale.
    scale : array of shape (features,) or None
        Before the update.
    features : array of shape (rows, features)
        f, as the engine's first layer saw them.
    d_features : array of shape (rows, features) or None
        ∂ℓ/∂f of each row's loss. None without targets.
    row_share : float
        What each row's derivatives are multiplied by in the gradient.
    d_scale, scale_after : arrays of shape (features,) or None
        ∂L/∂scale, and the scale after the update.
    """

    names: tuple[str, ...]
    columns: Array
    unscaled: Array
    scale: Array | None
    features: Array
    d_features: Array | None
    row_share: float
    d_scale: Array | None
    scale_after: Array | None

    @property
    def width(self) -> int:
        """Number of features."""
        return int(self.features.shape[1])

    @property
    def letter(self) -> str:
        """How features are written before the scale."""
        return "x"

    @property
    def d_unscaled(self) -> Array | None:
        """∂ℓ/∂x of each row's loss, of shape (rows, features)."""
        if self.d_features is None or self.scale is None:
            return self.d_features
        return np.asarray(self.d_features * self.scale)

    @property
    def scale_contributions(self) -> Array | None:
        """What each row adds to ∂L/∂scale, of shape (rows, features)."""
        if self.d_features is None or self.scale is None:
            return None
        return np.asarray(self.unscaled * self.d_features * self.row_share)


def trace_inputs(
    network: Network,
    columns: Array,
    first: LayerTrace,
    before: Parameters,
    gradients: Parameters | None,
    after: Parameters | None,
) -> InputsTrace | None:
    """Put together what is known of the inputs; None where the first layer sees them as they came.

    Parameters
    ----------
    network : Network
    columns : array of shape (rows, network.inputs)
    first : LayerTrace
        The first layer.
    before, gradients, after : Parameters or None
    """
    if not network.input_scale:
        return None
    return InputsTrace(
        names=first.input_names,
        columns=columns,
        unscaled=columns,
        scale=before.scale,
        features=first.inputs,
        d_features=None if gradients is None else d_inputs_of(first),
        row_share=first.row_share,
        d_scale=None if gradients is None else gradients.scale,
        scale_after=None if after is None else after.scale,
    )
