"""A network as neurons and links: weights as links, biases as the fill of the neurons."""

from collections.abc import Sequence
from numbers import Integral
from typing import Any, Self

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection, PatchCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike, NDArray

from pellucid.errors import DataError, PellucidError
from pellucid.plotting.fitted import (
    activation_names,
    checked_names,
    layers_of,
    name_of,
    names_into_network,
    names_of_outputs,
    network_of,
)
from pellucid.plotting.network_layout import Column, columns, layer_names, unit
from pellucid.plotting.style import DARK, DIVERGING, LIGHT, axes_for, is_laid_out, shortened, whitegrid

__all__ = ["NetworkDiagram"]

RADIUS = 0.32

MANY = 6
"""Layers from which on captions are narrow."""

LEAST = 0.6
"""Captions that would have to be smaller, by this factor, are left out: the title tells the widths, too."""


class NetworkDiagram:
    """Neurons and links of a multi-layer perceptron.

    A link's colour is the sign and its width the size of its weight, on one scale in all layers; a neuron's fill is its
    bias, on the scale of the colours, which is symmetric around 0. Inputs have no bias and are white.

    Parameters
    ----------
    weights : sequence of arrays of shape (inputs, outputs)
        One per layer, first hidden layer first, output layer last.
    biases : sequence of arrays of shape (outputs,)
    feature_names, output_names : array-like of str, or None
        None: x1, x2 and so on; y1, y2 and so on.
    activations : array-like of str, or None
        One per hidden layer and one for the output; written under the layers.
    title : str

    Attributes
    ----------
    ax_, figure_ : Axes, Figure
    neurons_ : list of PatchCollection
        One per layer, inputs included.
    links_ : list of LineCollection
        One per weight matrix; their arrays are the drawn weights, smallest first.
    colorbar_ : Colorbar

    Examples
    --------
    >>> from pellucid.plotting import NetworkDiagram
    >>> display = NetworkDiagram([[[1.0, -1.0]], [[0.5], [0.5]]], [[0.0, 0.1], [0.2]]).plot()
    >>> [len(layer.get_paths()) for layer in display.neurons_]
    [1, 2, 1]
    """

    ax_: Axes
    figure_: Figure
    neurons_: list[PatchCollection]
    links_: list[LineCollection]

    def __init__(
        self,
        weights: Sequence[ArrayLike],
        biases: Sequence[ArrayLike],
        *,
        feature_names: Sequence[object] | None = None,
        output_names: Sequence[object] | None = None,
        activations: Sequence[str] | None = None,
        title: str = "Network",
    ) -> None:
        self.weights = [np.asarray(each, dtype=float) for each in weights]
        self.biases = [np.asarray(each, dtype=float) for each in biases]
        _check_shapes(self.weights, self.biases)
        self.widths = (self.weights[0].shape[0], *(each.size for each in self.biases))
        inputs, outputs, layers = self.widths[0], self.widths[-1], len(self.weights)
        self.feature_names = self._names("feature_names", feature_names, [f"x{index + 1}" for index in range(inputs)])
        self.output_names = self._names("output_names", output_names, [f"y{index + 1}" for index in range(outputs)])
        self.activations = self._names("activations", activations, [""] * layers)
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        feature_names: Sequence[object] | None = None,
        output_names: Sequence[object] | None = None,
        max_neurons: int = 16,
        ax: Axes | None = None,
    ) -> Self:
        """Draw a fitted multi-layer perceptron.

        Parameters
        ----------
        estimator : MLPClassifier, MLPRegressor or a pipeline that ends with one
        feature_names : sequence of str, or None
            None: the names seen in fit, of a pipeline what its steps make of them, else x1, x2 and so on.
        output_names : sequence of str, or None
            None: the classes; of two classes with one output, the probability of the second.
        max_neurons, ax
            As of `plot`.

        Raises
        ------
        NotFittedError
            If the estimator has not been fitted.
        PellucidError
            If it is not a multi-layer perceptron, or `max_neurons` is less than 3.
        DataError
            If there are not as many names as inputs or outputs.
        """
        weights, biases = layers_of(estimator, cls.__name__)
        network = network_of(estimator)
        return cls(
            weights,
            biases,
            feature_names=names_into_network(estimator, weights[0].shape[0], feature_names, cls.__name__),
            output_names=names_of_outputs(network, biases[-1].size, output_names, cls.__name__),
            activations=activation_names(network, len(weights) - 1),
            title=name_of(estimator),
        ).plot(max_neurons=max_neurons, ax=ax)

    def plot(self, ax: Axes | None = None, *, max_neurons: int = 16) -> Self:
        """Draw the network.

        Parameters
        ----------
        ax : Axes or None
            Where to draw; None: a new figure, as large as the network needs.
        max_neurons : int
            At least 3. Of a wider layer, the first and the last neurons are drawn and an ellipsis between them.
        """
        if not isinstance(max_neurons, Integral) or isinstance(max_neurons, bool) or max_neurons < 3:
            raise PellucidError(
                f"'max_neurons' of NetworkDiagram must be an integer of at least 3; got {max_neurons!r}."
            )
        layout = columns(self.widths, max_neurons)
        norm = self._norm()
        with whitegrid(ax):
            self.figure_, self.ax_ = axes_for(ax, size=_figure_size(layout, self.feature_names, self.output_names))
            self.ax_.set_axis_off()
            self.ax_.set_aspect("equal")
            self.ax_.set_title(f"{self.title}: {' → '.join(str(width) for width in self.widths)}")
            widest = float(np.clip(26.0 / max(column.neurons.size for column in layout), 1.6, 4.0))
            largest = max(float(np.abs(each).max()) for each in self.weights) or 1.0
            self.links_ = [
                self._draw_links(layer, layout, norm, widest / largest) for layer in range(len(self.weights))
            ]
            self.neurons_ = [self._draw_neurons(layer, layout, norm) for layer in range(len(layout))]
            self.colorbar_ = self.figure_.colorbar(
                ScalarMappable(norm, DIVERGING),
                ax=self.ax_,
                location="bottom",
                shrink=0.6,
                aspect=30,
                pad=0.02,
                label="weight (link) or bias (fill of a neuron)",
                ticks=MaxNLocator(4),
            )
            names, captions = self._write_names(layout), self._write_captions(layout)
            self._set_limits(layout)
            if not is_laid_out(self.ax_):
                self._keep_within(layout, names, captions)
        return self

    def _names(self, name: str, given: Sequence[object] | None, otherwise: list[str]) -> tuple[str, ...]:
        names = otherwise if given is None else given
        return checked_names(names, len(otherwise), name=name, display=type(self).__name__)

    def _norm(self) -> Normalize:
        """One scale for weights and biases, symmetric around 0."""
        largest = max(float(np.abs(each).max()) for each in (*self.weights, *self.biases))
        return Normalize(-(largest or 1.0), largest or 1.0)

    def _draw_links(self, layer: int, layout: list[Column], norm: Normalize, width: float) -> LineCollection:
        left, right = layout[layer], layout[layer + 1]
        weights = self.weights[layer][np.ix_(left.neurons, right.neurons)]
        ends = np.empty((*weights.shape, 2, 2))  # (from, to, end of the link, x and y)
        ends[..., 0, 0], ends[..., 1, 0] = left.x, right.x
        ends[..., 0, 1], ends[..., 1, 1] = left.y[:, None], right.y[None, :]
        order = np.argsort(np.abs(weights), axis=None)  # strong links over weak ones
        values = weights.ravel()[order]
        widths = 0.3 + width * np.abs(values)
        links = LineCollection(list(ends.reshape(-1, 2, 2)[order]), linewidths=widths.tolist(), zorder=1)
        links.set(array=values, cmap=DIVERGING, norm=norm, capstyle="round")
        self.ax_.add_collection(links)
        return links

    def _draw_neurons(self, layer: int, layout: list[Column], norm: Normalize) -> PatchCollection:
        column = layout[layer]
        circles = [Circle((column.x, y), RADIUS) for y in column.y]
        fill: Any = LIGHT if layer == 0 else mpl.colormaps[DIVERGING](norm(self.biases[layer - 1][column.neurons]))
        neurons = PatchCollection(circles, facecolor=fill, edgecolor=DARK, linewidth=1.1, zorder=2)
        self.ax_.add_collection(neurons)
        return neurons

    def _write_names(self, layout: list[Column]) -> tuple[list[Text], list[Text]]:
        """Write the names of the inputs at the left, and those of the outputs at the right."""
        first, last = layout[0], layout[-1]
        inputs, outputs = shortened(self.feature_names), shortened(self.output_names)
        return (
            [
                self.ax_.text(first.x - 0.55, y, inputs[neuron], ha="right", va="center")
                for neuron, y in zip(first.neurons, first.y, strict=True)
            ],
            [
                self.ax_.text(last.x + 0.55, y, outputs[neuron], ha="left", va="center")
                for neuron, y in zip(last.neurons, last.y, strict=True)
            ],
        )

    def _write_captions(self, layout: list[Column]) -> list[Text]:
        """Write under each layer what it is."""
        captions, size = [], 0.92 * mpl.rcParams["font.size"]
        foot = min(float(column.y.min()) for column in layout) - 0.75
        names = layer_names(len(self.weights))
        for name, activation, column in zip(names, ("", *self.activations), layout, strict=True):
            noun = "value" if name == "inputs" else "neuron"
            heading = name.replace("hidden ", "hidden\n") if len(layout) > MANY else name
            text = "\n".join([heading, _counted(column, noun), activation]).rstrip()
            captions.append(self.ax_.text(column.x, foot, text, ha="center", va="top", fontsize=size))
            if column.gap is not None:
                self.ax_.text(column.x, column.gap, "⋮", ha="center", va="center", fontsize=16, zorder=3)
        return captions

    def _set_limits(self, layout: list[Column]) -> None:
        tallest = max(float(column.y.max()) for column in layout)
        self.ax_.set_xlim(layout[0].x - 0.6, layout[-1].x + 0.6)
        self.ax_.set_ylim(-tallest - 0.6, tallest + 0.6)

    def _keep_within(self, layout: list[Column], names: tuple[list[Text], list[Text]], captions: list[Text]) -> None:
        """Widen the limits so that names and captions stand within the axes, each as large as its place."""
        widest = max(text.get_window_extent().width for text in captions)
        left, right = (max(widest / 2, *(text.get_window_extent().width for text in side)) for side in names)
        below = max(text.get_window_extent().height for text in captions)
        (x0, x1), (y0, y1) = self.ax_.get_xlim(), self.ax_.get_ylim()
        box = self.ax_.bbox
        scale = max(min((box.width - left - right) / (x1 - x0), (box.height - below) / (y1 - y0)), 1.0)
        self.ax_.set(xlim=(x0 - left / scale, x1 + right / scale), ylim=(y0 - below / scale, y1))
        smaller = min(0.9 * (layout[1].x - layout[0].x) * scale / widest, 1.0)
        for text in captions:
            text.set(fontsize=smaller * float(text.get_fontsize()), visible=smaller > LEAST)
        for texts, column in zip(names, (layout[0], layout[-1]), strict=True):
            room = scale * float(np.abs(np.diff(column.y)).min(initial=np.inf))
            for text in texts:
                text.set_fontsize(float(text.get_fontsize()) * min(room / text.get_window_extent().height, 1.0))


def _check_shapes(weights: list[NDArray[np.float64]], biases: list[NDArray[np.float64]]) -> None:
    if not weights or len(weights) != len(biases):
        raise DataError(
            f"NetworkDiagram needs one weight matrix and one bias vector for each layer; "
            f"got {len(weights)} and {len(biases)}."
        )
    for layer, (matrix, bias) in enumerate(zip(weights, biases, strict=True)):
        inputs = weights[layer - 1].shape[-1] if layer else matrix.shape[0]
        if matrix.shape != (inputs, bias.size) or matrix.size == 0:
            raise DataError(
                f"'weights[{layer}]' of NetworkDiagram must have shape (inputs, outputs) = ({inputs}, {bias.size}); "
                f"got {matrix.shape}."
            )


def _figure_size(layout: list[Column], *names: tuple[str, ...]) -> tuple[float, float]:
    """Inches: smaller units for taller networks, and room for the names at both sides."""
    tallest = max(len(column.y) + (column.gap is not None) for column in layout)
    inches = unit(tallest)
    letters = sum(max(len(name) for name in shortened(side)) for side in names)
    width = inches * (layout[-1].x + 1.6) + 0.1 * letters + 0.5
    return max(4.5, width), inches * (tallest + 0.6) + 2.2


def _counted(column: Column, noun: str) -> str:
    text = f"{column.count} {noun}{'' if column.count == 1 else 's'}"
    return text if column.gap is None else f"{text},\n{column.neurons.size} drawn"
