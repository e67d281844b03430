"""Where each of a network's parameters lives.

All parameters are one flat vector: first every weight matrix, then every bias, then the rest. So the penalties, which
touch weights only, see one contiguous piece, and an optimiser sees one array.
"""

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from pellucid.spec.embeddings import Embedding, Periodic, PiecewiseLinear
from pellucid.spec.ensembles import Ensemble

if TYPE_CHECKING:  # a network keeps its layout
    from pellucid.spec.network import Network

__all__ = ["Block", "blocks_of", "parameter_count", "parameter_layout"]


@dataclass(frozen=True)
class Block:
    """One array within the flat parameter vector.

    Parameters
    ----------
    role : {'weights', 'bias', 'gain', 'shift', 'scale', 'input_adapters', 'output_adapters', 'slope', 'frequencies', \
'phases', 'number_weights', 'number_bias', 'levels'}
    layer : int
        0 for the first hidden layer; the output layer is the last. For what belongs to the inputs ('scale' …) 0; for
        the weights of a piecewise-linear embedding the number's index, for 'levels' the category's.
    shape : tuple of int
        What each member of an ensemble has for itself begins with the number of members.
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


def parameter_layout(network: "Network") -> tuple[Block, ...]:
    """Say where each parameter array of the network lives.

    All weights, all biases, then gains and shifts of layer normalisation, the scale of the inputs, the adapters of an
    ensemble, the slopes of parametric activations, and what the embeddings train.

    Examples
    --------
    >>> from pellucid.spec import Layer, Network, parameter_layout
    >>> [(block.role, block.layer, block.shape) for block in parameter_layout(Network(2, (Layer(3),), 1))]
    [('weights', 0, (2, 3)), ('weights', 1, (3, 1)), ('bias', 0, (3,)), ('bias', 1, (1,))]
    """
    return network.layout


def blocks_of(network: "Network") -> tuple[Block, ...]:
    """Lay out the network's parameters; `parameter_layout` has it from the network, which does this once."""
    widths = network.widths
    own_weights, own_bias = _of_members(network)
    normalised = [index for index, layer in enumerate(network.hidden) if layer.layer_norm]
    arrays: list[tuple[str, int, tuple[int, ...]]] = [
        *(("weights", i, (*own_weights[i], widths[i], widths[i + 1])) for i in range(len(widths) - 1)),
        *(("bias", i, (*own_bias[i], widths[i + 1])) for i in range(len(widths) - 1)),
        *(("gain", i, (widths[i + 1],)) for i in normalised),
        *(("shift", i, (widths[i + 1],)) for i in normalised),
        *([("scale", 0, (widths[0],))] if network.input_scale else []),
        *([] if network.ensemble is None else _adapter_arrays(network.ensemble, widths)),
        *(("slope", i, (layer.width,)) for i, layer in enumerate(network.hidden) if layer.parametric),
        *([] if network.embedding is None else _embedding_arrays(network.embedding)),
    ]
    blocks: list[Block] = []
    start = 0
    for role, layer, shape in arrays:
        block = Block(role, layer, shape, start)
        blocks.append(block)
        start = block.stop
    return tuple(blocks)


def _of_members(network: "Network") -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """Return, for each layer, what the shapes of weights and of biases begin with: (members,) if each has its own."""
    hidden = len(network.hidden)
    shared: tuple[int, ...] = ()
    own = shared if network.ensemble is None else (network.ensemble.members,)
    own_bias = own if network.ensemble is not None and network.ensemble.adapters == "all" else shared
    return [*[shared] * hidden, own], [*[own_bias] * hidden, own]


def _adapter_arrays(ensemble: Ensemble, widths: tuple[int, ...]) -> list[tuple[str, int, tuple[int, ...]]]:
    hidden = range(len(widths) - 2) if ensemble.adapters == "all" else range(0)
    return [
        *(("input_adapters", i, (ensemble.members, widths[i])) for i in hidden or range(1)),
        *(("output_adapters", i, (ensemble.members, widths[i + 1])) for i in hidden),
    ]


def _embedding_arrays(embedding: Embedding) -> list[tuple[str, int, tuple[int, ...]]]:
    arrays: list[tuple[str, int, tuple[int, ...]]] = []
    columns = embedding.numbers
    match embedding.number_embedding:
        case Periodic(frequencies=frequencies, width=width) if columns:
            arrays += [("frequencies", 0, (columns, frequencies)), ("phases", 0, (columns, frequencies))]
            arrays += [("number_weights", 0, (columns, frequencies, width)), ("number_bias", 0, (columns, width))]
        case PiecewiseLinear(edges=edges, width=width) if columns:
            arrays += [("number_weights", i, (len(each) - 1, width)) for i, each in enumerate(edges)]
            arrays += [("number_bias", 0, (columns, width))]
    arrays += [("levels", i, (each.levels, each.width)) for i, each in enumerate(embedding.categories)]
    return arrays


def parameter_count(network: "Network") -> int:
    """Return the length of the network's flat parameter vector."""
    return network.layout[-1].stop
