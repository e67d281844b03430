"""Before the first layer: what becomes of the inputs where the network embeds or scales them."""

from dataclasses import dataclass

import numpy as np

from pellucid.spec import Network
from pellucid.textbook.arrays import Array
from pellucid.textbook.embeddings import embed
from pellucid.textbook.parameters import Parameters
from pellucid.tracing.columns import ColumnTrace, trace_columns
from pellucid.tracing.layers import LayerTrace, d_inputs_of

__all__ = ["InputsTrace", "trace_inputs"]


@dataclass(frozen=True, eq=False)
class InputsTrace:
    """What became of the inputs in a step, before the first layer saw them: e = embed(x), f = e · scale.

    Without an embedding, x itself is scaled.

    Attributes
    ----------
    names : tuple of str
        Of the features that the first layer sees.
    columns : array of shape (rows, inputs)
        x, as they came.
    parts : tuple of ColumnTrace
        What each column became; empty without an embedding.
    unscaled : array of shape (rows, features)
        e, or x without an embedding: before the scale.
    scale : array of shape (features,) or None
        Before the update; None: features are not scaled.
    features : array of shape (rows, features)
        f, or e without a scale, as the engine's first layer saw them.
    d_features : array of shape (rows, features) or None
        ∂ℓ/∂f of each row's loss. None without targets.
    row_share : float
        What each row's derivatives are multiplied by in the gradient.
    d_scale, scale_after : arrays of shape (features,) or None
        ∂L/∂scale, and the scale after the update.
    """

    names: tuple[str, ...]
    columns: Array
    parts: tuple[ColumnTrace, ...]
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
    def size(self) -> int:
        """Numbers that are learned before the first layer."""
        embedded = [array for each in self.parts for array in (each.weights, each.levels) if array is not None]
        return self.width + sum(array.size for array in embedded)

    @property
    def letter(self) -> str:
        """How features are written before the scale."""
        return "e" if self.parts else "x"

    @property
    def d_unscaled(self) -> Array | None:
        """∂ℓ/∂e of each row's loss, of shape (rows, features)."""
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
    names: tuple[str, ...],
    first: LayerTrace,
    before: Parameters,
    gradients: Parameters | None,
    after: Parameters | None,
    level_names: tuple[tuple[str, ...], ...] = (),
) -> InputsTrace | None:
    """Put together what is known of the inputs; None where the first layer sees them as they came.

    Parameters
    ----------
    network : Network
    columns : array of shape (rows, network.inputs)
    names : tuple of str
        Of the columns.
    first : LayerTrace
        The first layer.
    before, gradients, after : Parameters or None
    level_names : tuple of tuples of str
        Of the categories; empty where they are not known.
    """
    embedding = network.embedding
    if embedding is None and not network.input_scale:
        return None
    d_features = None if gradients is None else d_inputs_of(first)
    parts: tuple[ColumnTrace, ...] = ()
    unscaled = columns
    if embedding is not None:
        d_embedded = d_features if d_features is None or before.scale is None else d_features * before.scale
        parts = trace_columns(embedding, columns, names, before, d_embedded, first.row_share, level_names)
        unscaled = embed(embedding, before, columns) if network.input_scale else first.inputs
    return InputsTrace(
        names=first.input_names,
        columns=columns,
        parts=parts,
        unscaled=unscaled,
        scale=before.scale,
        features=first.inputs,
        d_features=d_features,
        row_share=first.row_share,
        d_scale=None if gradients is None else gradients.scale,
        scale_after=None if after is None else after.scale,
    )
