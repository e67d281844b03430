"""One array of what is learned, by its role and its place in the layout."""

import numpy as np

from pellucid.textbook.arrays import Array
from pellucid.textbook.parameters import Parameters

__all__ = ["AXES", "piece"]

AXES = {"weights": 2, "bias": 1, "input_adapters": 1, "output_adapters": 1}
"""Of the arrays that a member of an ensemble may have for itself, those of one member."""


def piece(parameters: Parameters, role: str, index: int, part: int = 0) -> Array:
    """Return the array of parameters with a role: of a layer, a number or a category; the scale is the only one.

    Of what each member of an ensemble has for itself it is the array of the member `part`.

    Examples
    --------
    >>> from pellucid.spec import Network
    >>> parameters = Parameters(Network(2, (), 1, input_scale=True), np.arange(5.0))
    >>> piece(parameters, "bias", 0).tolist(), piece(parameters, "scale", 0).tolist()
    ([2.0], [3.0, 4.0])
    """
    found = getattr(parameters, role)
    array = np.asarray(found if role == "scale" else found[index])
    return np.asarray(array[part]) if array.ndim > AXES.get(role, array.ndim) else array
