"""Layer normalisation: bring the weighted sums of each row to mean 0 and variance 1, then scale and shift each neuron.

Ba, Kiros & Hinton, "Layer normalization", 2016. The mean and variance are those of one row over the layer's neurons;
they do not depend on the other rows, so training and prediction do the same.
"""

import numpy as np

from pellucid.textbook.arrays import Array

__all__ = ["EPSILON", "layer_norm_backward", "layer_norm_forward"]

EPSILON = 1e-5
"""Added to the variance, so that a row of equal sums stays finite."""


def layer_norm_forward(z: Array, gain: Array, shift: Array, epsilon: float = EPSILON) -> tuple[Array, Array, Array]:
    """ẑ = (z - mean) / √(variance + ε); out = gain · ẑ + shift.

    Parameters
    ----------
    z : array of shape (rows, width)
    gain, shift : arrays of shape (width,)
    epsilon : float

    Returns
    -------
    out : array of shape (rows, width)
    normalised : array of shape (rows, width)
        ẑ.
    inverse_std : array of shape (rows, 1)
        1 / √(variance + ε).

    Examples
    --------
    >>> import numpy as np
    >>> out, _, _ = layer_norm_forward(np.array([[1.0, 3.0]]), np.array([1.0, 2.0]), np.array([0.0, 10.0]))
    >>> out.round(3).tolist()
    [[-1.0, 12.0]]
    """
    normalised = z - z.mean(axis=1, keepdims=True)
    inverse_std = np.square(normalised).mean(axis=1, keepdims=True)
    inverse_std += epsilon
    np.sqrt(inverse_std, out=inverse_std)
    np.reciprocal(inverse_std, out=inverse_std)
    normalised *= inverse_std
    out = normalised * gain
    out += shift
    return out, normalised, inverse_std


def layer_norm_backward(d_out: Array, gain: Array, normalised: Array, inverse_std: Array) -> tuple[Array, Array, Array]:
    """Return the derivatives of the loss with respect to z, gain and shift.

    With d = ∂L/∂ẑ = gain · ∂L/∂out and means over the row,
    ∂L/∂z = (d - mean(d) - ẑ · mean(d · ẑ)) / √(variance + ε); and ∂L/∂gain = Σ_rows ẑ · ∂L/∂out,
    ∂L/∂shift = Σ_rows ∂L/∂out.

    Parameters
    ----------
    d_out : array of shape (rows, width)
        ∂L/∂out.
    gain : array of shape (width,)
    normalised, inverse_std : arrays of shape (rows, width) and (rows, 1)
        From `layer_norm_forward`.

    Returns
    -------
    d_z : array of shape (rows, width)
    d_gain, d_shift : arrays of shape (width,)

    Examples
    --------
    >>> import numpy as np
    >>> gain, shift = np.ones(2), np.zeros(2)
    >>> _, normalised, inverse_std = layer_norm_forward(np.array([[1.0, 3.0]]), gain, shift)
    >>> d_z, d_gain, d_shift = layer_norm_backward(np.array([[1.0, 1.0]]), gain, normalised, inverse_std)
    >>> d_z.round(3).tolist(), d_shift.tolist()
    ([[0.0, 0.0]], [1.0, 1.0])
    """
    d_gain = (d_out * normalised).sum(axis=0)
    d_shift = d_out.sum(axis=0)
    d_z = d_out * gain
    along = (d_z * normalised).mean(axis=1, keepdims=True)
    d_z -= d_z.mean(axis=1, keepdims=True)
    d_z -= normalised * along
    d_z *= inverse_std
    return d_z, d_gain, d_shift
