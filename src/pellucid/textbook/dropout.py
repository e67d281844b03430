"""Dropout: in training, a random share of a layer's activations is 0 and the rest larger (Srivastava et al., 2014).

The mask is no stream of draws but a function of a counter: which training (key), which step, which layer, which
element. So every engine, in whatever order and on however many threads it works, draws the same mask. The recipe, in
unsigned 64-bit arithmetic that wraps around:

    mix(x):  x ← x xor (x >> 30);  x ← x · 0xBF58476D1CE4E5B9
             x ← x xor (x >> 27);  x ← x · 0x94D049BB133111EB
             x ← x xor (x >> 31)
    seed       = mix(mix(mix(key) + step) + layer)
    word(i)    = mix(seed + (i + 1) · 0x9E3779B97F4A7C15)      i = row · width + column
    dropped(i) = word(i) < floor(rate · 2⁶⁴)
    mask(i)    = 0 where dropped, else 1 / (1 - rate), computed in float64 and rounded to the dtype

`word` is the SplitMix64 generator (Steele, Lea & Flood, 2014) started at seed. rate · 2⁶⁴ is exact in float64.
"""

from typing import Any

import numpy as np

from pellucid.textbook.arrays import Array

__all__ = ["dropout_mask", "dropout_seed", "dropout_words"]

FIRST_FACTOR = 0xBF58476D1CE4E5B9
SECOND_FACTOR = 0x94D049BB133111EB
GOLDEN = 0x9E3779B97F4A7C15
WORD = 0xFFFFFFFFFFFFFFFF


def dropout_mask(rate: float, shape: tuple[int, int], *, key: int, step: int, layer: int, dtype: Any) -> Array:
    """Draw the mask by which a layer's activations are multiplied.

    Parameters
    ----------
    rate : float
        Share that is set to 0, in [0, 1).
    shape : (rows, width)
    key : int
        Names the training; its low 64 bits count.
    step : int
        Updates done so far, from 0.
    layer : int
        0 for the first hidden layer.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    array of shape (rows, width)
        0 or 1 / (1 - rate): on average 1, so that nothing has to be rescaled for prediction.

    Examples
    --------
    >>> dropout_mask(0.5, (2, 4), key=1, step=0, layer=0, dtype="float64").tolist()
    [[0.0, 0.0, 2.0, 2.0], [2.0, 0.0, 0.0, 0.0]]
    """
    words = dropout_words(dropout_seed(key, step, layer), shape[0] * shape[1])
    kept = words >= np.uint64(int(rate * 2.0**64))
    mask = kept.astype(dtype)
    mask *= 1 / (1 - rate)
    return mask.reshape(shape)


def dropout_seed(key: int, step: int, layer: int) -> int:
    """Mix key, step and layer into the 64-bit seed of one mask.

    Examples
    --------
    >>> hex(dropout_seed(key=1, step=0, layer=0))
    '0x71cac37448049ce4'
    """
    seed = 0
    for number in (key, step, layer):
        seed = _mix_integer(seed + number)
    return seed


def dropout_words(seed: int, count: int) -> Array:
    """Return the first `count` random 64-bit words of a seed.

    Examples
    --------
    >>> [hex(word) for word in dropout_words(0, 2)]
    ['0xe220a8397b1dcdaf', '0x6e789e6aa1b965f4']
    """
    words = np.arange(1, count + 1, dtype=np.uint64)
    words *= np.uint64(GOLDEN)
    words += np.uint64(seed)
    shifted = words >> np.uint64(30)
    words ^= shifted
    words *= np.uint64(FIRST_FACTOR)
    np.right_shift(words, np.uint64(27), out=shifted)
    words ^= shifted
    words *= np.uint64(SECOND_FACTOR)
    np.right_shift(words, np.uint64(31), out=shifted)
    words ^= shifted
    return words


def _mix_integer(x: int) -> int:
    x &= WORD
    x = (x ^ (x >> 30)) * FIRST_FACTOR & WORD
    x = (x ^ (x >> 27)) * SECOND_FACTOR & WORD
    return x ^ (x >> 31)
