"""Random streams: one seed, one named stream for each use.

A training draws from two: the order of the rows, and a key for dropout's counter-based masks. `streams` makes them
from one integer seed, independent of each other. The drop-in estimators pass their own ``RandomState`` instead,
since scikit-learn draws weights, splits and orders from one stream.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pellucid.textbook.arrays import Array

__all__ = ["RowOrder", "Streams", "streams"]


class Streams(NamedTuple):
    """The streams of one job.

    Attributes
    ----------
    weights : RandomState
        Draws the initial parameters.
    shuffling : RandomState
        Draws the order of the rows, once an epoch.
    dropout_key : int
        Names the dropout masks; see ``pellucid.textbook.dropout``.
    """

    weights: np.random.RandomState
    shuffling: np.random.RandomState
    dropout_key: int


def streams(seed: int) -> Streams:
    """Make independent streams from one seed.

    Examples
    --------
    >>> first, again = streams(7), streams(7)
    >>> first.dropout_key == again.dropout_key
    True
    """
    weights, shuffling, dropout = np.random.SeedSequence(seed).spawn(3)
    return Streams(
        np.random.RandomState(np.random.MT19937(weights)),
        np.random.RandomState(np.random.MT19937(shuffling)),
        int(dropout.generate_state(1, np.uint64)[0]),
    )


@dataclass
class RowOrder:
    """The order in which an epoch visits the rows; each shuffle permutes the one before.

    Parameters
    ----------
    rows : int
    random : RandomState
    """

    rows: int
    random: np.random.RandomState

    def __post_init__(self) -> None:
        self.indices: Array = np.arange(self.rows)

    def shuffle(self) -> Array:
        """Draw a permutation, apply it to the current order, and return the new order of shape (rows,)."""
        permutation = np.arange(self.rows)
        self.random.shuffle(permutation)
        self.indices = self.indices[permutation]
        return self.indices
