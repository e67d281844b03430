"""One array of what is learned, by its role and its place in the layout."""

import numpy as np

from pellucid.textbook.arrays import Array
from pellucid.textbook.parameters import Parameters

__all__ = ["piece"]


def piece(parameters: Parameters, role: str, index: int) -> Array:
    """Return the array of parameters with a role: of a layer, a number or a category; the scale is the only one.

    Examples
    --------
    >>> from pellucid.spec import Network
    >>> parameters = Parameters(Network(2, (), 1, input_scale=True), np.arange(5.0))
    >>> piece(parameters, "bias", 0).tolist(), piece(parameters, "scale", 0).tolist()
    ([2.0], [3.0, 4.0])
    """
    found = getattr(parameters, role)
    return np.asarray(found if role == "scale" else found[index])
