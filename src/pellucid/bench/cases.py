"""The networks that are measured, and how their work is counted."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pellucid.textbook.arrays import Array

__all__ = ["CASES", "Case", "number_type"]

_FEW_BATCHES, _MANY_BATCHES = 2, 4
_LARGE_STEP = 1e9
"""Operations of a step from which on an epoch has few batches, so that a turn stays short."""


def number_type(dtype: str) -> str:
    """Return the type of the arrays: with 'bfloat16' only the operands of products are of that.

    Examples
    --------
    >>> number_type("bfloat16"), number_type("float64")
    ('float32', 'float64')
    """
    return "float32" if dtype == "bfloat16" else dtype


@dataclass(frozen=True)
class Case:
    """A classifier with ReLU layers and the rows of one training step (forward, backward and Adam's update).

    Two classes are one logistic output with the binary cross-entropy, for every contender; more are a softmax.

    Parameters
    ----------
    widths : tuple of int
        Inputs, hidden layers, classes.
    batch : int
        Rows a step.

    Examples
    --------
    >>> case = Case((2, 10, 5, 2), 200)
    >>> case.name, case.outputs, case.parameters
    ('2-10-5-2 @ 200', 1, 91)
    >>> case.flops
    82000
    """

    widths: tuple[int, ...]
    batch: int

    @property
    def name(self) -> str:
        """Widths, and rows a step."""
        return f"{'-'.join(map(str, self.widths))} @ {self.batch}"

    @property
    def outputs(self) -> int:
        """Neurons of the output layer."""
        return 1 if self.widths[-1] == 2 else self.widths[-1]

    @property
    def layers(self) -> list[tuple[int, int]]:
        """(inputs, outputs) of each layer."""
        return list(pairwise((*self.widths[:-1], self.outputs)))

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum((inputs + 1) * outputs for inputs, outputs in self.layers)

    @property
    def flops(self) -> int:
        """Operations of a step: a multiplication and an addition for each weight and row, in each of the products.

        A layer has three products: x·W forward, and backward xᵀ·δ for the weights and δ·Wᵀ for the inputs; the first
        layer does without the last one. Activations, loss and update are not counted.
        """
        sizes = [inputs * outputs for inputs, outputs in self.layers]
        return 2 * self.batch * (3 * sum(sizes) - sizes[0])

    def bytes(self, dtype: str) -> int:
        """Memory that a step cannot avoid to touch: every number that outlives it, read once, and written if changed.

        That is the rows (inputs and targets) read, and the parameters and Adam's two memories of them read and
        written. Activations and gradients may stay in the caches, so they are not counted.

        Examples
        --------
        >>> Case((2, 10, 5, 2), 200).bytes("float32") == 4 * (200 * (2 + 1) + 3 * 2 * 91)
        True
        """
        rows = self.batch * (self.widths[0] + self.outputs)
        return np.dtype(number_type(dtype)).itemsize * (rows + 3 * 2 * self.parameters)

    def intensity(self, dtype: str) -> float:
        """Arithmetic intensity: operations for each byte."""
        return self.flops / self.bytes(dtype)

    @property
    def batches(self) -> int:
        """Steps of an epoch."""
        return _FEW_BATCHES if self.flops > _LARGE_STEP else _MANY_BATCHES

    def rows(self, dtype: str) -> tuple[Array, Array]:
        """Make normal inputs of shape (rows, inputs), and random classes of shape (rows,), every class among them."""
        random = np.random.default_rng(0)
        X = random.normal(size=(self.batch * self.batches, self.widths[0])).astype(number_type(dtype))
        y = random.integers(self.widths[-1], size=len(X))
        y[: self.widths[-1]] = np.arange(self.widths[-1])
        return X, y


CASES = (
    Case((2, 10, 5, 2), 200),
    Case((64, 100, 10), 200),
    Case((20, 256, 256, 256, 2), 256),
    Case((784, 256, 128, 10), 200),
    Case((784, 1024, 1024, 10), 1024),
)
"""From a network in which calls rule to one in which arithmetic does."""
