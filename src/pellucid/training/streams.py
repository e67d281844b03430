"""Random streams: one seed, one named stream for each use.

A training draws from two: the order of the rows, and a key for dropout's counter-based masks. `streams` makes them
from one integer seed, independent of each other and of `weights_stream`'s. The drop-in estimators pass their own
``RandomState`` instead, since scikit-learn draws weights, splits and orders from one stream.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.random.bit_generator import ISeedSequence

from pellucid.textbook.arrays import Array

__all__ = ["RowOrder", "Shuffling", "Streams", "seeded_stream", "streams", "weights_stream"]


class Streams(NamedTuple):
    """The streams that a training draws from.

    Attributes
    ----------
    shuffling : RandomState
        Draws the order of the rows, once an epoch.
    dropout_key : int
        Names the dropout masks; see ``pellucid.textbook.dropout``.
    """

    shuffling: np.random.RandomState
    dropout_key: int


def streams(seed: int) -> Streams:
    """Make a training's independent streams from one seed.

    Examples
    --------
    >>> first, again = streams(7), streams(7)
    >>> first.dropout_key == again.dropout_key
    True
    """
    _, shuffling, dropout = np.random.SeedSequence(seed).spawn(3)
    return Streams(np.random.RandomState(np.random.MT19937(shuffling)), int(dropout.generate_state(1, np.uint64)[0]))


def weights_stream(seed: int) -> np.random.RandomState:
    """Make the stream that draws a network's initial parameters, independent of those that `streams` makes.

    Examples
    --------
    >>> weights_stream(7).uniform() == weights_stream(7).uniform()
    True
    """
    return np.random.RandomState(np.random.MT19937(np.random.SeedSequence(seed).spawn(1)[0]))


def seeded_stream(seed: int) -> np.random.RandomState:
    """Make ``RandomState(seed)`` in half the time: that first seeds a twister by what the system draws, for nothing.

    Examples
    --------
    >>> seeded_stream(7).uniform() == np.random.RandomState(7).uniform()
    True
    """
    stream = np.random.RandomState(np.random.MT19937(_NO_SEED))  # type: ignore[arg-type]
    stream.seed(seed)
    return stream


class _NoSeed(ISeedSequence):
    """What a twister is made from that gets its seed later."""

    def __init__(self) -> None:
        self._words = np.zeros(624, np.uint32)

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Array:
        return self._words[:n_words]


_NO_SEED = _NoSeed()


@dataclass
class RowOrder:
    """The order in which an epoch visits the rows; each shuffle permutes the one before.

    Parameters
    ----------
    rows : int
    random : RandomState
    indices : array of shape (rows,) or None
        The order to begin with; None: 0, 1, 2, ….
    """

    rows: int
    random: np.random.RandomState
    indices: Array | None = None

    def shuffle(self) -> Array:
        """Draw a permutation, apply it to the current order, and return the new order of shape (rows,)."""
        permutation = np.arange(self.rows)
        self.random.shuffle(permutation)
        self.indices = permutation if self.indices is None else self.indices[permutation]
        return self.indices


@dataclass
class Shuffling:
    """How a training's row order came about: enough to go on with it, and less than the order itself.

    Attributes
    ----------
    start : array of shape (rows,) or None
        The order before the first of the shuffles; None: 0, 1, 2, ….
    random : dict
        State of the stream then, as ``RandomState.get_state(legacy=False)`` gives it.
    shuffles : int
        Epochs that drew from it since.
    """

    start: Array | None
    random: dict[str, Any] = field(repr=False)
    shuffles: int = 0

    def replayed(self, rows: int) -> RowOrder:
        """Draw the same orders again; return the last, with the stream as it stood after it."""
        bit_generator = getattr(np.random, self.random["bit_generator"])
        random = np.random.RandomState(bit_generator())
        random.set_state(self.random)
        order = RowOrder(rows, random, self.start)
        for _ in range(self.shuffles):
            order.shuffle()
        return order
