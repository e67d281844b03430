"""Where the neurons of a drawn network stand, and which of a wide layer's are drawn. No drawing here.

Lengths are in units of the distance between two neighbouring neurons of the tallest layer.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Column", "columns", "layer_names", "shown_neurons", "unit"]


WIDEST = 9.0
"""From the inputs to the output, in inches, unless captions need more."""

CAPTION = 1.0
"""Width of a layer's caption, in inches."""


@dataclass(frozen=True)
class Column:
    """One layer as drawn.

    Parameters
    ----------
    x : float
    neurons : array of int
        Indices of the drawn neurons, from top to bottom.
    y : array of float
        Their heights; the column is centred on 0.
    count : int
        Neurons that the layer has, drawn or not.
    gap : float or None
        Height of the ellipsis that stands for those left out.
    """

    x: float
    neurons: NDArray[np.int64]
    y: NDArray[np.float64]
    count: int
    gap: float | None


def layer_names(weight_layers: int) -> tuple[str, ...]:
    """Name the layers of a network with so many weight matrices.

    Examples
    --------
    >>> from pellucid.plotting.network_layout import layer_names
    >>> layer_names(3)
    ('inputs', 'hidden layer 1', 'hidden layer 2', 'output')
    >>> layer_names(1)
    ('inputs', 'output')
    """
    if weight_layers == 2:
        return ("inputs", "hidden layer", "output")
    return ("inputs", *(f"hidden layer {index + 1}" for index in range(weight_layers - 1)), "output")


def unit(tallest: int) -> float:
    """Return the inches between two neighbouring neurons of the tallest layer: fewer where there are many.

    Examples
    --------
    >>> from pellucid.plotting.network_layout import unit
    >>> unit(4), unit(12)
    (0.66, 0.45)
    """
    return float(np.clip(5.4 / tallest, 0.38, 0.66))


def shown_neurons(count: int, most: int) -> NDArray[np.int64]:
    """Return the indices of the neurons to draw: all, or the first and last ones around one place for the ellipsis.

    Examples
    --------
    >>> from pellucid.plotting.network_layout import shown_neurons
    >>> shown_neurons(64, 6).tolist()
    [0, 1, 2, 62, 63]
    """
    if count <= most:
        return np.arange(count)
    above, below = most // 2, (most - 1) // 2
    return np.concatenate([np.arange(above), np.arange(count - below, count)])


def columns(widths: tuple[int, ...], most: int) -> list[Column]:
    """Place every layer of a network of these widths; layers lower than the tallest are spread a little.

    Many layers stand nearer to each other: a picture that is much wider than a page is shown in small letters.
    """
    tallest = max(min(width, most) for width in widths)
    nearer = max(WIDEST / (len(widths) - 1), CAPTION) / unit(tallest)
    distance = min(max(3.0, 0.42 * tallest), nearer)
    return [_column(index * distance, width, most, tallest) for index, width in enumerate(widths)]


def _column(x: float, count: int, most: int, tallest: int) -> Column:
    slots = min(count, most)
    spacing = 1.0 if slots == 1 else min(1.6, (tallest - 1) / (slots - 1))
    heights = np.asarray(((slots - 1) / 2 - np.arange(slots)) * spacing, dtype=np.float64)
    neurons = shown_neurons(count, most)
    if count <= most:
        return Column(x, neurons, heights, count, gap=None)
    return Column(x, neurons, np.delete(heights, most // 2), count, gap=float(heights[most // 2]))
