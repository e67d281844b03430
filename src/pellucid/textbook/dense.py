"""The fully connected layer: every output neuron sees every input.

Forward ``z = x @ W + b``. Backward, by the chain rule, from ``d_z = ∂L/∂z``:
``∂L/∂W = xᵀ @ d_z``, ``∂L/∂b = Σ_rows d_z``, ``∂L/∂x = d_z @ Wᵀ``.
"""

from typing import Any

import numpy as np

from pellucid.textbook.arrays import Array

__all__ = ["dense_backward", "dense_forward"]


def dense_forward(inputs: Any, weights: Array, bias: Array) -> Array:
    """Weighted sums of a layer.

    Parameters
    ----------
    inputs : array or SciPy sparse matrix of shape (rows, inputs)
    weights : array of shape (inputs, outputs)
    bias : array of shape (outputs,)

    Returns
    -------
    array of shape (rows, outputs)

    Examples
    --------
    >>> import numpy as np
    >>> dense_forward(np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([0.5]))
    array([[11.5]])
    """
    z: Array = inputs @ weights
    z += bias
    return z


def dense_backward(
    inputs: Any, weights: Array, d_z: Array, d_weights: Array, d_bias: Array, *, with_inputs: bool = True
) -> Array | None:
    """Gradients of a layer, written into `d_weights` and `d_bias`.

    Parameters
    ----------
    inputs : array or SciPy sparse matrix of shape (rows, inputs)
        What the layer saw in the forward pass.
    weights : array of shape (inputs, outputs)
    d_z : array of shape (rows, outputs)
        Derivative of the loss with respect to the weighted sums.
    d_weights, d_bias : arrays shaped as weights and bias
        Filled.
    with_inputs : bool
        Whether to return the derivative with respect to the inputs (the first layer needs none).

    Returns
    -------
    array of shape (rows, inputs) or None

    Examples
    --------
    >>> import numpy as np
    >>> x, W, d_z = np.array([[1.0, 2.0]]), np.array([[3.0], [4.0]]), np.array([[0.1]])
    >>> d_W, d_b = np.empty_like(W), np.empty(1)
    >>> dense_backward(x, W, d_z, d_W, d_b)
    array([[0.3, 0.4]])
    >>> d_W.ravel().tolist(), d_b.tolist()
    ([0.1, 0.2], [0.1])
    """
    if isinstance(inputs, np.ndarray):
        np.matmul(inputs.T, d_z, out=d_weights)
    else:
        d_weights[...] = inputs.T @ d_z
    np.sum(d_z, axis=0, out=d_bias)
    return d_z @ weights.T if with_inputs else None
