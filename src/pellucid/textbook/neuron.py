"""The artificial neuron: a weighted sum of its inputs, plus a bias, through an activation.

McCulloch & Pitts (1943) drew it, Rosenblatt (1958) let it learn. A network is many of them side by side and in layers.
"""

from typing import Any

import numpy as np

from pellucid.spec import Activation
from pellucid.textbook.activations import activation_rule
from pellucid.textbook.arrays import Array

__all__ = ["neuron"]


def neuron(inputs: Any, weights: Any, bias: float, activation: Activation) -> Array:
    """Answer a = g(x · w + b).

    Parameters
    ----------
    inputs : array of shape (inputs,) or (rows, inputs)
        x.
    weights : array of shape (inputs,)
        w; how much each input counts.
    bias : float
        b.
    activation : Activation
        g.

    Returns
    -------
    array of shape () or (rows,)
        The neuron's answer to each row.

    Examples
    --------
    A neuron that computes AND, and what a softer one makes of the same inputs:

    >>> from pellucid.spec import Logistic, Relu
    >>> inputs = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> neuron(inputs, weights=[1, 1], bias=-1, activation=Relu()).tolist()
    [0.0, 0.0, 0.0, 1.0]
    >>> neuron(inputs, weights=[1, 1], bias=-1, activation=Logistic()).round(3).tolist()
    [0.269, 0.5, 0.5, 0.731]
    >>> float(neuron([1, 0.5], weights=[2, 4], bias=-1, activation=Relu()))
    3.0
    """
    x, w = np.asarray(inputs, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    z = np.asarray(x @ w + bias)
    return activation_rule(activation).function(z)
