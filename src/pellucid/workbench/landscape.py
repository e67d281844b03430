"""The loss around a network: along two of its weights, or along two directions that the run took."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines import Engine, get_engine
from pellucid.errors import DataError
from pellucid.spec import Network
from pellucid.textbook.arrays import Array
from pellucid.textbook.network import Batch
from pellucid.textbook.parameters import Parameters
from pellucid.tracing.gradients import parameter_name
from pellucid.tracing.preparing import Names
from pellucid.workbench.asking import integer_in, name_in, number_in
from pellucid.workbench.dataset import evenly
from pellucid.workbench.describing import feature_names, parameter_index
from pellucid.workbench.frames import training_rows
from pellucid.workbench.protocol import Message, encode
from pellucid.workbench.run import Run, Shown

if TYPE_CHECKING:
    from pellucid.workbench.session import Session

__all__ = ["Landscape", "Surface", "filter_normalised", "path_of", "run_directions", "surface", "warp"]

MOST_ROWS = 500
FEWEST_ROWS = 40
MOST_WORK = 10_000_000_000
"""Places times rows times weights, about: a surface takes some seconds at most."""
MOST_PATH = 200
MOST_RESOLUTION = 61
GRID = 21


@dataclass(frozen=True, eq=False)
class Surface:
    """A loss over two coordinates.

    Attributes
    ----------
    x, y : (low, high)
    loss : array of shape (resolution, resolution)
        Penalties included; the lowest y first.
    path : array of shape (moments, 3)
        x, y and loss of the run's moments; off the surface's plane where it goes along directions.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    loss: Array
    path: Array


LARGEST = 1e100
"""Weights beyond which squares of distances are no numbers."""


class Landscape:
    """What a page asks about the shape of the loss and of a layer's space."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.handlers = {"surface": self._on_surface, "warp": self._on_warp}

    async def _on_surface(self, message: Message) -> None:
        content, session = message.content, self.session
        along = name_in(content, "along", ("parameters", "directions"), "directions")
        resolution = integer_in(content, "resolution", 5, MOST_RESOLUTION, 31)
        span = number_in(content, "span", 1e-6, 1e6, 0.0) if content.get("span") is not None else None
        shown, path = await session.command(lambda: (session.run.shown(), path_of(session.run)))
        if not (np.abs(path) < LARGEST).all():
            raise DataError("There is no surface around weights that have diverged. Reset the run, or go back in it.")
        network = shown.network
        if along == "parameters":
            asked = content.get("parameters")
            if not isinstance(asked, list) or len(asked) != 2:
                raise DataError("'parameters' of a surface must be two parameters.")
            places = [parameter_index(network, each) for each in asked]
            if places[0] == places[1]:
                raise DataError("The two parameters of a surface must differ.")
            directions = np.zeros((2, len(shown.parameters)))
            directions[[0, 1], places] = 1.0
            names = Names(feature_names(shown.dataset), tuple(f"output {j + 1}" for j in range(network.outputs)))
            labels = [parameter_name(network, place, names) for place in places]
            origin = shown.parameters.copy()
            origin[places] = 0.0
        else:
            directions = run_directions(network, shown.parameters, path)
            labels = ["first direction", "second direction"]
            origin = shown.parameters
        found = await asyncio.to_thread(surface, shown, path, origin, directions, resolution, span)
        await session.send(
            encode(
                {"kind": "surface", "along": along, "x": found.x, "y": found.y, "labels": labels},
                {"loss": found.loss.astype("f4"), "path": found.path.astype("f4")},
            )
        )

    async def _on_warp(self, message: Message) -> None:
        content, session, shown = message.content, self.session, self.session.shown
        layer = integer_in(content, "layer", 0, len(shown.network.hidden))
        width = shown.network.widths[layer + 1]
        neurons = content.get("neurons", [0, min(1, width - 1)])
        if not isinstance(neurons, list) or len(neurons) != 2:
            raise DataError("'neurons' of a warp must be two neurons of the layer.")
        pair = [integer_in({"neurons": each}, "neurons", 0, width - 1) for each in neurons]
        view = session.settings.inputs.view
        buffers = await asyncio.to_thread(warp, shown, shown.dataset.plane(view).rows(GRID), layer, pair)
        await session.send(encode({"kind": "warp", "layer": layer, "neurons": pair}, buffers))


def path_of(run: Run) -> Array:
    """Return the parameters at the run's kept moments up to now, shape (moments, parameters)."""
    vectors = [each.parameters for each in list(run.moments) if (each.epoch, 0) <= run.position]
    vectors = [*vectors, run.parameters]
    return np.stack([vectors[place] for place in evenly(len(vectors), MOST_PATH)])


def run_directions(network: Network, here: Array, path: Array) -> Array:
    """Return two filter-normalised directions: the run's principal ones, or random ones where it has gone nowhere."""
    moved = path - here
    if len(path) > 2 and np.isfinite(moved).all() and np.abs(moved).max() > 0:
        _, sizes, found = np.linalg.svd(moved, full_matrices=False)
        directions = found[:2] if len(found) > 1 and sizes[1] > 1e-9 * sizes[0] else found[:1]
    else:
        directions = np.empty((0, len(here)))
    random = np.random.default_rng(0)
    missing = random.normal(size=(2 - len(directions), len(here)))
    return np.stack([filter_normalised(network, each, here) for each in (*directions, *missing)])


def filter_normalised(network: Network, direction: Array, here: Array) -> Array:
    """Scale a direction so that each neuron's part is as long as the neuron's weights are (Li et al., 2018).

    Examples
    --------
    >>> import numpy as np
    >>> from pellucid.spec import Network
    >>> filter_normalised(Network(2, (), 1), np.array([3.0, 4.0, 1.0]), np.array([0.0, 10.0, 2.0])).tolist()
    [6.0, 8.0, 2.0]
    """
    scaled = direction.copy()
    into, like = Parameters(network, scaled), Parameters(network, here)
    pairs = [*zip(into.weights, like.weights, strict=True), *zip(into.bias, like.bias, strict=True)]
    for part, known in pairs:
        axis = max(part.ndim - 2, 0)  # of a neuron's weights, of whichever member
        length = np.sqrt((part**2).sum(axis=axis, keepdims=True))
        part[...] = part * (np.sqrt((known**2).sum(axis=axis, keepdims=True)) / np.where(length > 0, length, 1.0))
    return scaled


def surface(
    shown: Shown,
    path: Array,
    origin: Array,
    directions: Array,
    resolution: int,
    span: float | None,
    engine: Engine | None = None,
) -> Surface:
    """Work out the loss on a grid: parameters are ``origin + x · directions[0] + y · directions[1]``.

    Parameters
    ----------
    shown : Shown
    path : array of shape (moments, parameters)
    origin : array of shape (parameters,)
    directions : array of shape (2, parameters)
    resolution : int
    span : float or None
        Half the width; None: as far as the path goes.
    engine : Engine or None
    """
    engine = engine or get_engine("auto", 1)
    batch = training_rows(shown.dataset)
    affordable = MOST_WORK // (resolution**2 * len(shown.parameters) * shown.members)
    chosen = evenly(batch.rows, int(np.clip(affordable, FEWEST_ROWS, MOST_ROWS)))
    weight = None if batch.sample_weight is None else batch.sample_weight[chosen]
    batch = Batch(batch.inputs[chosen], batch.targets[chosen], weight)

    def loss(vector: Array) -> float:
        parameters = Parameters(shown.network, np.ascontiguousarray(vector))
        return engine.loss_and_gradients(shown.network, shown.training, parameters, batch).loss

    offsets = path - origin
    places = offsets @ np.linalg.pinv(directions)
    here = places[-1]
    reach = np.abs(places - here).max(axis=0)
    widths = np.maximum(1.25 * reach, 1.0 if span is None else 0.0) if span is None else np.full(2, span)
    x, y = ((float(here[i] - widths[i]), float(here[i] + widths[i])) for i in (0, 1))
    with np.errstate(all="ignore"):
        values = np.array(
            [
                [loss(origin + a * directions[0] + b * directions[1]) for a in np.linspace(*x, resolution)]
                for b in np.linspace(*y, resolution)
            ]
        )
        heights = [loss(vector) for vector in path]
    return Surface(x, y, values, np.column_stack([places, heights]))


def warp(shown: Shown, columns: Array, layer: int, neurons: list[int]) -> dict[str, Array]:
    """Return where two neurons of a layer put the plane's grid, and the rows."""
    engine, data, network = get_engine("auto", 1), shown.dataset, shown.network
    parameters = shown.drawn(shown.parameters)

    def put(inputs: Array) -> Array:
        batch = Batch(inputs, np.zeros((len(inputs), network.outputs)))
        done = engine.loss_and_gradients(network.member, shown.training, parameters, batch).layers[layer]
        return np.asarray(done.activation[:, neurons])

    with np.errstate(all="ignore"):
        grid = put(data.seen(columns)).reshape(GRID, GRID, 2)
        rows = put(data.inputs[data.shown])
    target = data.targets[:, 0] if data.task == "regression" else data.rows.y
    return {"grid": grid.astype("f4"), "points": np.column_stack([rows, target[data.shown]]).astype("f4")}
