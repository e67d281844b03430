"""What the page draws of a moment: maps, curves, gradients, charts. All of it is computed by the engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.engines import Engine, get_engine
from pellucid.errors import DataError
from pellucid.spec import Layer
from pellucid.textbook.activations import activation_rule
from pellucid.textbook.arrays import Array
from pellucid.textbook.losses import loss_rows, mean_loss
from pellucid.textbook.network import Batch, Step
from pellucid.textbook.outputs import output_activation
from pellucid.textbook.parameters import Parameters
from pellucid.tracing.sharing import member_gradients
from pellucid.training.scores import SCORES
from pellucid.workbench.asking import integer_in, name_in
from pellucid.workbench.dataset import Dataset, evenly
from pellucid.workbench.limits import MOST_EVALUATED, MOST_MAPS, MOST_RESOLUTION
from pellucid.workbench.run import Shown
from pellucid.workbench.settings import View

__all__ = [
    "FrameMaker",
    "Looks",
    "as_bytes",
    "badges",
    "confusion",
    "evaluated",
    "evaluated_rows",
    "histograms",
    "look",
    "looks_from",
    "output_map",
    "scores",
    "some_rows",
    "training_rows",
]

BINS = 40
LARGE = 60
"""Pixels a side of a neuron's map that is shown large."""
OF_MANY = 48
"""Pixels a side, at most, of what a network of many members says."""
FEWEST_EVALUATED = 200
CHARTS = ("confusion", "predicted", "histograms")
SATURATED = 0.02
"""A neuron is saturated where its slope is below this share of the steepest slope, for 95 of 100 rows."""
Layout = tuple[Dataset, View, int]


@dataclass(frozen=True)
class Looks:
    """What of a moment a page has on its screen.

    Attributes
    ----------
    maps : tuple of (layer, neuron)
        −1 for the inputs.
    resolution, output_resolution : int
        Pixels a side.
    charts : frozenset of str
    links : {'weights', 'gradients'}
    large : (layer, neuron) or None
        Whose map is also shown large, where the others are coarse.
    """

    maps: tuple[tuple[int, int], ...] = ()
    resolution: int = 40
    output_resolution: int = 100
    charts: frozenset[str] = frozenset()
    links: str = "weights"
    large: tuple[int, int] | None = None


def looks_from(content: dict[str, Any]) -> Looks:
    """Read a `view` message.

    Raises
    ------
    DataError
        If it is none.
    """
    maps = content.get("maps", [])
    charts, large = content.get("charts", []), content.get("large")
    if not isinstance(maps, list) or len(maps) > MOST_MAPS or not all(_is_neuron(each) for each in maps):
        raise DataError(f"'maps' of a view must be a list of at most {MOST_MAPS} neurons [layer, number].")
    if not isinstance(charts, list) or not all(isinstance(chart, str) for chart in charts):
        raise DataError("'charts' of a view must be a list of names.")
    if large is not None and not _is_neuron(large):
        raise DataError("'large' of a view must be a neuron [layer, number], or null.")
    return Looks(
        tuple((layer, neuron) for layer, neuron in maps),
        integer_in(content, "resolution", 4, MOST_RESOLUTION, 40),
        integer_in(content, "output_resolution", 4, MOST_RESOLUTION, 100),
        frozenset(charts) & set(CHARTS),
        name_in(content, "links", ("weights", "gradients"), "weights"),
        None if large is None else (large[0], large[1]),
    )


def _there(shown: Shown, neurons: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
    """Return the neurons that the network has."""
    widths = (shown.network.inputs, *shown.network.widths[1:])
    return [each for each in neurons if each[0] + 1 < len(widths) and each[1] < widths[each[0] + 1]]


def _is_neuron(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(each) is int and each >= -1 for each in value)


class FrameMaker:
    """Makes one page's frames; remembers what the page has already.

    Parameters
    ----------
    engine : Engine or None
        None: the native one where it is built, with one thread.
    """

    def __init__(self, engine: Engine | None = None) -> None:
        self.engine: Engine = engine or get_engine("auto", 1)
        self.number = 0
        self._known: tuple[int, int] | None = None
        self._sent = -1
        self._planes: dict[Any, Array] = {}
        self._dataset: Dataset | None = None
        self._inputs_shown: Any = None

    def forget(self) -> None:
        """Let the next frame have the whole history and all maps."""
        self._known = self._inputs_shown = None

    def frame(
        self, shown: Shown, looks: Looks, view: View, *, is_brief: bool = False
    ) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return the content and the buffers of the next frame; a brief one has maps and parameters only."""
        self.number += 1
        is_brief = is_brief and (shown.run, shown.version) == self._known
        content: dict[str, Any] = {
            "kind": "frame",
            "frame": self.number,
            "run": shown.run,
            "epoch": shown.position[0],
            "batch": shown.position[1],
            "step": shown.step,
            "score": shown.dataset.score,
            "brief": is_brief,
        }
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # a diverged network shows that it is
            small = shown.parameters.astype("f4")
            buffers = {"parameters": shown.drawn(small).vector}
            self._maps(shown, Parameters(shown.network, small), looks, view, content, buffers)
            if not is_brief:
                parameters = Parameters(shown.network, shown.parameters)
                step = evaluated(self.engine, shown, parameters)
                self._curves(shown, step, looks, content, buffers)
                self._charts(shown, parameters, step, looks, content, buffers)
        return content, buffers

    # --- curves, gradients ----------------------------------------------------------------------------------------

    def _curves(
        self,
        shown: Shown,
        step: Step,
        looks: Looks,
        content: dict[str, Any],
        buffers: dict[str, Array],
    ) -> None:
        epoch, _ = shown.position
        found = _looked(self.engine, shown, step)
        known = (shown.run, shown.version)
        reset = known != self._known
        self._known, before = known, -1.0 if reset else self._sent
        history = shown.curves.since(before)
        self._sent = epoch  # later rows are sent again when a frame has looked at them
        norms = [
            float(np.sqrt((weights**2).sum() + (bias**2).sum()))
            for weights, bias in zip(step.gradients.weights, step.gradients.bias, strict=True)
        ]
        content |= {
            "reset": reset,
            "penalty": step.penalty,
            **found,
            "badges": badges(shown, step),
        }
        buffers |= {"history": history, "gradient_norms": np.array(norms, "f4")}
        if looks.links == "gradients":
            buffers["gradients"] = _drawn_gradients(shown, step, evaluated_rows(shown)).vector.astype("f4")

    # --- maps -----------------------------------------------------------------------------------------------------

    def _maps(
        self,
        shown: Shown,
        parameters: Parameters,
        looks: Looks,
        view: View,
        content: dict[str, Any],
        buffers: dict[str, Array],
    ) -> None:
        size = looks.resolution
        fresh = (shown.run, id(shown.dataset), view, looks)  # of another run, a page has no maps yet
        asked = _there(shown, looks.maps)
        if fresh == self._inputs_shown:
            asked = [each for each in asked if each[0] >= 0]
        self._inputs_shown = fresh
        content["maps"] = [list(each) for each in asked]
        content["ranges"], buffers["maps"] = as_bytes(*self._planes_of(shown, parameters, asked, view, size))
        if looks.large is not None and (large := _there(shown, (looks.large,))):
            (range_,), map_ = as_bytes(*self._planes_of(shown, parameters, large, view, LARGE))
            content["large"], buffers["large"] = {"neuron": list(looks.large), "range": range_}, map_[0]
        fine = looks.output_resolution if shown.members == 1 else min(looks.output_resolution, OF_MANY)
        content["output"], buffers["output"] = output_map(
            self.engine, shown, parameters, self._pixels(shown.dataset, view, fine)
        )

    def _planes_of(
        self, shown: Shown, parameters: Parameters, asked: list[tuple[int, int]], view: View, size: int
    ) -> tuple[list[Array], int, list[float | None]]:
        """Return what neurons say of the plane's pixels, how many those are a side, and how far maps reach."""
        network, last = shown.network, len(shown.network.hidden)
        inputs = self._pixels(shown.dataset, view, size)
        if all(layer < 0 for layer, _ in asked):
            return [inputs[:, j] for _, j in asked], size, []
        grid = Batch(inputs, np.zeros((len(inputs), network.outputs), inputs.dtype))
        drawn = shown.drawn(parameters.vector)
        passes = self.engine.loss_and_gradients(network.member, shown.training, drawn, grid).layers
        of_layers = [done.activation for done in passes]
        said = np.abs(shown.dataset.targets).max(axis=0)
        if shown.dataset.task != "regression":
            of_layers[last], said = 2 * of_layers[last] - 1, np.ones_like(said)  # even odds: the middle of the colours
        planes = [of_layers[layer][:, j] if layer >= 0 else inputs[:, j] for layer, j in asked]
        return planes, size, [float(said[j]) if layer == last else None for layer, j in asked]  # as the large map

    def _pixels(self, dataset: Dataset, view: View, resolution: int) -> Array:
        """Return what the network sees of the plane's pixels, fine enough for bytes; the last three are remembered."""
        if dataset is not self._dataset:
            self._planes, self._dataset = {}, dataset
        key = (view, resolution)
        if key not in self._planes:
            if len(self._planes) >= 3:
                self._planes.pop(next(iter(self._planes)))
            self._planes[key] = dataset.seen(dataset.plane(view).rows(resolution)).astype(np.float32)
        return self._planes[key]

    # --- charts ---------------------------------------------------------------------------------------------------

    def _charts(
        self,
        shown: Shown,
        parameters: Parameters,
        step: Step,
        looks: Looks,
        content: dict[str, Any],
        buffers: dict[str, Array],
    ) -> None:
        data, network = shown.dataset, shown.network
        if looks.charts & {"confusion", "predicted"}:
            for part, every in (("train", data.train), ("validation", data.validation)):
                rows = every[evenly(len(every), MOST_EVALUATED)]
                prediction = output_activation(
                    network.output, self.engine.forward(network, parameters, data.inputs[rows])
                )
                if data.task == "regression":
                    _predicted(buffers, data.targets[rows], prediction, part)
                else:
                    buffers[f"confusion_{part}"] = confusion(data, data.targets[rows], prediction)
        if "histograms" in looks.charts:
            edges = {}
            drawn = shown.drawn(parameters.vector)
            for name, of in (("weights", drawn), ("gradients", _drawn_gradients(shown, step, evaluated_rows(shown)))):
                counts, ranges = histograms(of)
                buffers[f"histogram_{name}"], edges[name] = counts, ranges
            content["histogram_edges"] = edges


def training_rows(dataset: Dataset) -> Batch:
    """Return the rows that train; of very many, evenly chosen ones."""
    return dataset.training if len(dataset.train) <= MOST_EVALUATED else some_rows(dataset, dataset.train)


def some_rows(dataset: Dataset, rows: Array) -> Batch:
    """Return rows; of very many, evenly chosen ones."""
    return dataset.batch(rows[evenly(len(rows), MOST_EVALUATED)])


def evaluated_rows(shown: Shown) -> Batch:
    """Return the training rows that a frame's loss, score and gradients are of: fewer for a network of many members."""
    if shown.members == 1:
        return training_rows(shown.dataset)
    rows = shown.dataset.train
    return shown.dataset.batch(rows[evenly(len(rows), max(FEWEST_EVALUATED, MOST_EVALUATED // shown.members))])


def _drawn_gradients(shown: Shown, step: Step, batch: Batch) -> Parameters:
    """Return the gradients of what is drawn: of a member that shares weights, of its own loss."""
    if shown.members == 1:
        return step.gradients
    return member_gradients(shown.network, Parameters(shown.network, shown.parameters), step.layers, batch, 0)


def look(engine: Engine, shown: Shown) -> None:
    """Put loss and scores of a moment into the run's curves."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        _looked(engine, shown, evaluated(engine, shown, Parameters(shown.network, shown.parameters)))


def _looked(engine: Engine, shown: Shown, step: Step) -> dict[str, float]:
    """Return loss and scores of a moment, and put them into the run's curves if an epoch ends there."""
    data, batch, prediction = shown.dataset, evaluated_rows(shown), step.layers[-1].activation
    if shown.members > 1:
        z = engine.forward(shown.network, Parameters(shown.network, shown.parameters), batch.inputs)
        prediction = output_activation(shown.network.output, z)
    train_score = SCORES[data.score](shown.network.output, prediction, batch.targets, batch.sample_weight)
    found = {"train": step.loss - step.penalty, "penalised": step.loss, "train_score": train_score}
    epoch, within = shown.position
    if len(data.validation):
        of_both = ("validation", "validation_score")
        there = shown.curves.at(epoch) if within == 0 else {}
        if not there.keys() >= set(of_both):
            there = dict(zip(of_both, scores(engine, shown, some_rows(data, data.validation)), strict=True))
        found |= {name: there[name] for name in of_both}
    if within == 0:
        shown.curves.fill(epoch, **found)
    return found


def evaluated(engine: Engine, shown: Shown, parameters: Parameters) -> Step:
    """Loss and gradients of the training rows, without dropout."""
    return engine.loss_and_gradients(shown.network, shown.training, parameters, evaluated_rows(shown))


def scores(engine: Engine, shown: Shown, batch: Batch) -> tuple[float, float]:
    """Loss without penalty, and score, of some rows."""
    parameters = Parameters(shown.network, shown.parameters)
    z = engine.forward(shown.network, parameters, batch.inputs)
    prediction = output_activation(shown.network.output, z)
    rows = loss_rows(shown.training.loss, shown.network.output, z, prediction, batch.targets)
    score = SCORES[shown.dataset.score](shown.network.output, prediction, batch.targets, batch.sample_weight)
    return mean_loss(rows, batch.sample_weight), score


def as_bytes(planes: list[Array], size: int, reaches: Sequence[float | None] = ()) -> tuple[list[float], Array]:
    """Turn maps into bytes, 127.5 for 0: the ranges, and an array (maps, size, size).

    A map reaches as far as its largest value, if nothing else is said.
    """
    if not planes:
        return [], np.empty((0, size, size), np.uint8)
    values = np.nan_to_num(np.stack(planes).astype(np.float32), nan=0.0, posinf=1e30, neginf=-1e30)
    ranges = np.abs(values).max(axis=1)
    for place, reach in enumerate(reaches):
        ranges[place] = ranges[place] if reach is None else reach
    scale = np.where(ranges > 0, ranges, 1.0)[:, np.newaxis]
    return ranges.tolist(), np.rint(127.5 + 127.5 * (values / scale).clip(-1, 1)).astype(np.uint8).reshape(
        -1, size, size
    )


def output_map(engine: Engine, shown: Shown, parameters: Parameters, pixels: Array) -> tuple[dict[str, Any], Array]:
    """Return what the output map is, and its bytes."""
    network, data = shown.network, shown.dataset
    size = round(len(pixels) ** 0.5)
    prediction = output_activation(network.output, engine.forward(network, parameters, pixels))
    prediction = np.nan_to_num(prediction, nan=0.0, posinf=1e30, neginf=-1e30)
    if data.task == "multiclass":
        planes = np.stack([prediction.argmax(axis=1), np.rint(255 * prediction.max(axis=1).clip(0, 1))])
        return {"kind": "classes", "range": [0, 1]}, planes.astype(np.uint8).reshape(2, size, size)
    is_probability = data.task in ("binary", "multilabel")  # of several labels, of the first
    low, high = (0.0, 1.0) if is_probability else (float(data.targets[:, 0].min()), float(data.targets[:, 0].max()))
    share = (prediction[:, 0] - low) / (high - low or 1.0)
    kind = "probability" if is_probability else "value"
    map_ = np.rint(255 * share.clip(0, 1)).astype(np.uint8).reshape(size, size)
    return {"kind": kind, "range": [low, high]}, map_


def badges(shown: Shown, step: Step) -> dict[str, list[list[int]]]:
    """Find the hidden neurons that do not learn: slope 0 for every row, or almost flat for almost all."""
    dead, saturated = [], []
    factors = shown.drawn(shown.parameters).slope
    for index, layer in enumerate(shown.network.hidden):
        done = step.layers[index]
        slope = np.abs(_slopes(layer, done.pre_activation, done.activation, factors[index]))
        slope = np.broadcast_to(slope, done.pre_activation.shape)
        is_dead = (slope == 0).all(axis=0)
        if layer.activation.name in ("tanh", "logistic"):
            steepest = 1.0 if layer.activation.name == "tanh" else 0.25
            is_flat = (slope < SATURATED * steepest).mean(axis=0) >= 0.95
            saturated += [[index, int(j)] for j in np.flatnonzero(is_flat)]
            is_dead &= ~is_flat
        dead += [[index, int(j)] for j in np.flatnonzero(is_dead)]
    return {"dead": dead, "saturated": saturated}


def _slopes(layer: Layer, z: Array, a: Array, factor: Array | None) -> Array:
    """∂a/∂z; of a parametric activation z + (g(z) - z) · α it is 1 + (g'(z) - 1) · α."""
    rule = activation_rule(layer.activation)
    if factor is None:
        return rule.derivative(z, a)
    return np.asarray(1 + (rule.derivative(z, rule.function(z)) - 1) * factor)


def confusion(dataset: Dataset, targets: Array, prediction: Array) -> Array:
    """Return how many rows of each class (rows) were taken for each class (columns); of labels, the first."""
    count = 2 if dataset.rows.labels else len(dataset.rows.classes)
    if dataset.task in ("binary", "multilabel"):
        true, found = targets[:, 0] > 0.5, prediction[:, 0] > 0.5
    else:
        true, found = targets.argmax(axis=1), prediction.argmax(axis=1)
    flat = np.bincount(true.astype(int) * count + found.astype(int), minlength=count * count)
    return flat.reshape(count, count).astype(np.int32)


def _predicted(buffers: dict[str, Array], targets: Array, prediction: Array, part: str) -> None:
    columns = np.column_stack([targets[:, 0], prediction[:, 0], np.full(len(targets), part == "validation")])
    known = buffers.get("predicted", np.empty((0, 3), np.float32))
    buffers["predicted"] = np.vstack([known, columns]).astype(np.float32)


def histograms(parameters: Parameters) -> tuple[Array, list[list[float]]]:
    """Return a histogram of each layer's weights, (layers, bins), and its range."""
    counts, ranges = [], []
    for weights in parameters.weights:
        finite = weights[np.isfinite(weights)]
        widest = float(np.abs(finite).max()) if finite.size and np.abs(finite).max() > 0 else 1.0
        counts.append(np.histogram(finite, BINS, (-widest, widest))[0])
        ranges.append([-widest, widest])
    return np.array(counts, np.int32), ranges
