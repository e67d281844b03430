"""A network's parameters: one flat vector, and named views of its pieces."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import DTypeLike

from pellucid.errors import SpecError
from pellucid.spec import Block, Network, parameter_count, parameter_layout
from pellucid.textbook.arrays import Array

__all__ = ["Parameters"]

_OF_SOME_LAYERS = ("gain", "shift", "slope", "input_adapters", "output_adapters")
_LISTS = ("weights", "bias", "frequencies", "phases", "number_weights", "number_bias", "levels")


class Parameters:
    """Weights, biases and all else that a network trains, as views into one flat vector.

    Gradients have the same shape and use the same class. Changing a view changes the vector.

    Parameters
    ----------
    network : Network
    vector : array of shape (parameter_count(network),)

    Attributes
    ----------
    vector : array of shape (parameter_count(network),)
    all_weights : array
        The leading piece of the vector that holds every weight matrix.
    weights, bias : lists of arrays, one a layer
        Shapes (inputs, outputs) and (outputs,). What each member of an ensemble has for itself is an array of shape
        (members, …).
    gain, shift : lists of arrays or None, one a layer
        None where the layer has no layer normalisation.
    scale : array of shape (features,) or None
        Of the inputs.
    input_adapters, output_adapters : lists of arrays or None, one a layer
        Of an ensemble, of shapes (members, inputs) and (members, outputs).
    slope : list of arrays or None, one a layer
        α of parametric activations.
    frequencies, phases : lists of arrays of shape (bases,), one a number
        Of a periodic embedding.
    number_weights, number_bias : lists of arrays of shapes (bases, width) and (width,), one a number
    levels : list of arrays of shape (levels, width), one a category
    rest : array
        The trailing piece of the vector: all from `scale` on.

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.spec import Layer, Network
    >>> parameters = Parameters(Network(2, (Layer(3),), 1), np.arange(13.0))
    >>> parameters.weights[1].ravel().tolist(), parameters.bias[1].tolist()
    ([6.0, 7.0, 8.0], [12.0])
    """

    weights: list[Array]
    bias: list[Array]
    gain: list[Array | None]
    shift: list[Array | None]
    scale: Array | None
    input_adapters: list[Array | None]
    output_adapters: list[Array | None]
    slope: list[Array | None]
    frequencies: list[Array]
    phases: list[Array]
    number_weights: list[Array]
    number_bias: list[Array]
    levels: list[Array]
    all_weights: Array
    rest: Array

    def __init__(self, network: Network, vector: Array) -> None:
        count = parameter_count(network)
        if vector.shape != (count,):
            raise SpecError(
                f"the parameters of this network are a vector of {count} numbers; got an array of shape {vector.shape}."
            )
        self._network = network
        self.vector = vector

    if not TYPE_CHECKING:  # a checker of types would take any name for an attribute

        def __getattr__(self, name: str) -> Any:
            """Make the views when the first of them is asked for: engines of their own want none."""
            if name not in type(self).__annotations__:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}.")
            self.__dict__.update(self._views())
            return self.__dict__[name]

    def _views(self) -> dict[str, Any]:
        layout = parameter_layout(self._network)
        layers = len(self._network.widths) - 1
        views: dict[str, Any] = {role: [None] * layers for role in _OF_SOME_LAYERS}
        views |= {role: [] for role in _LISTS} | {"scale": None}
        for block in layout:
            view = self.vector[block.start : block.stop].reshape(block.shape)
            if block.role == "scale":
                views["scale"] = view
            elif block.role in _OF_SOME_LAYERS:
                views[block.role][block.layer] = view
            elif block.role in ("frequencies", "phases", "number_bias") or _is_stacked(block):
                views[block.role].extend(view)  # one a number
            else:
                views[block.role].append(view)
        in_layers = [block.stop for block in layout if block.role in ("weights", "bias", "gain", "shift")]
        all_weights = self.vector[: sum(weights.size for weights in views["weights"])]
        return views | {"all_weights": all_weights, "rest": self.vector[in_layers[-1] :]}

    @classmethod
    def empty(cls, network: Network, dtype: DTypeLike) -> Self:
        """Parameters with unset values, to be filled (gradients, for example)."""
        return cls(network, np.empty(parameter_count(network), dtype=dtype))

    @classmethod
    def from_arrays(
        cls,
        network: Network,
        weights: Sequence[Array],
        bias: Sequence[Array],
        gain: Sequence[Array | None] = (),
        shift: Sequence[Array | None] = (),
        rest: Array | None = None,
    ) -> Self:
        """Copy arrays, one a layer, into a new flat vector.

        Parameters
        ----------
        network : Network
        weights, bias, gain, shift : sequences of arrays, one a layer
        rest : array or None
            As the attribute; None: the network trains nothing besides its layers.

        Raises
        ------
        SpecError
            If an array is missing or has another shape than the network's.
        """
        given = {"weights": weights, "bias": bias, "gain": gain, "shift": shift}
        pieces = []
        for block in parameter_layout(network):
            if block.role not in given:
                break
            arrays = given[block.role]
            array = arrays[block.layer] if block.layer < len(arrays) else None
            if array is None or np.shape(array) != block.shape:
                shape = None if array is None else np.shape(array)
                raise SpecError(f"the {block.role} of layer {block.layer} must have shape {block.shape}; got {shape}.")
            pieces.append(np.ravel(array))
        if rest is not None:
            pieces.append(rest)
        return cls(network, np.concatenate(pieces))


def _is_stacked(block: Block) -> bool:
    """Whether an array holds the weights of all numbers, one after another."""
    return block.role == "number_weights" and len(block.shape) == 3
