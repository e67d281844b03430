"""A source's rows as a network learns from them: features, scaling, what is held out, and the plane that maps show."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

from pellucid.errors import DataError
from pellucid.spec import Embedding, Poisson
from pellucid.tables import split_rows
from pellucid.textbook.arrays import Array
from pellucid.textbook.network import Batch
from pellucid.workbench.formulas import parse
from pellucid.workbench.limits import MOST_CLASSES, MOST_SHOWN, MOST_WIDTH
from pellucid.workbench.settings import Data, Settings, View, at_path
from pellucid.workbench.sources import GENERATED, Rows, make

__all__ = ["Dataset", "Plane", "build", "evenly", "parts_of_added"]

MOST_LOOKED_AT = 5000
"""Rows, at most, that say which columns tell most of the target."""
EIGHTHS = 8


@dataclass(frozen=True, eq=False)
class Plane:
    """The two axes that maps show, and the rows of the base columns that their pixels stand for.

    Attributes
    ----------
    names : (x, y)
    columns : (x, y)
        Places of the base columns, or numbers of the components.
    low, high : arrays of shape (2,)
    origin : array of shape (columns,)
    across : array of shape (2, columns)
        One step along each axis.
    """

    names: tuple[str, str]
    columns: tuple[int, int]
    low: Array
    high: Array
    origin: Array
    across: Array

    def rows(self, resolution: int) -> Array:
        """Return base columns of the pixels' centres, shape (resolution², columns); the lowest y, then x, first."""
        at = (np.arange(resolution) + 0.5) / resolution
        x, y = (self.low[i] + at * (self.high[i] - self.low[i]) for i in (0, 1))
        places = np.column_stack([np.tile(x, resolution), np.repeat(y, resolution)])
        return np.asarray(self.origin + places @ self.across)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows ready for a network.

    Attributes
    ----------
    rows : Rows
        All of the source's, points added and removed.
    numbers : array of int
        Each row's number on the wire.
    task : {'binary', 'multiclass', 'multilabel', 'regression'}
    features : tuple of str
        Formulas of the columns.
    inputs : array of shape (rows, features)
        What the network sees.
    targets : array of shape (rows, outputs)
    train, validation : arrays of int
    mean, scale : float
        A regression's target is (y - mean) / scale.
    weight : array of shape (rows,) or None
        What each row counts in training.
    """

    rows: Rows
    numbers: Array
    task: str
    features: tuple[str, ...]
    inputs: Array
    targets: Array
    train: Array
    validation: Array
    scaler: StandardScaler | None = field(repr=False)
    mean: float = 0.0
    scale: float = 1.0
    is_editable: bool = False
    weight: Array | None = field(default=None, repr=False)

    @property
    def embedding(self) -> Embedding | None:
        """What becomes of the inputs before the first layer."""
        return self.rows.embedding

    @property
    def coded(self) -> slice:
        """Columns that hold codes of levels."""
        levels = 0 if self.embedding is None else len(self.embedding.categories)
        return slice(len(self.rows.names) - levels, None)

    @property
    def levels(self) -> dict[int, int]:
        """How many levels each column of codes has, by its place."""
        categories = () if self.embedding is None else self.embedding.categories
        return {self.coded.start + index: each.levels for index, each in enumerate(categories)}

    @property
    def outputs(self) -> int:
        """Output neurons."""
        return int(self.targets.shape[1])

    @property
    def score(self) -> str:
        """Name of the score."""
        return "r2" if self.task == "regression" else "accuracy"

    @cached_property
    def training(self) -> Batch:
        """The rows that train."""
        return self.batch(self.train)

    @cached_property
    def held_out(self) -> Batch:
        """The rows held out."""
        return self.batch(self.validation)

    def batch(self, rows: Array) -> Batch:
        """Return some of the rows, by their places, with what they count."""
        weight = None if self.weight is None else self.weight[rows]
        return Batch(self.inputs[rows], self.targets[rows], weight)

    def seen(self, columns: Array) -> Array:
        """Return what the network sees of rows of the base columns; where a formula has no value, 0."""
        if self.embedding is not None:  # a code between two levels is none: the nearer one is seen
            columns = columns.copy()
            columns[:, self.coded] = np.rint(columns[:, self.coded])
        values = np.column_stack([parse(text, self.rows.names)(columns) for text in self.features])
        if self.scaler is not None:
            values = self.scaler.transform(np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0))
        return np.ascontiguousarray(np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0))

    @cached_property
    def shown(self) -> Array:
        """Places of the rows that are drawn: all, or evenly chosen ones."""
        return evenly(len(self.numbers), MOST_SHOWN)

    def plane(self, view: View) -> Plane:
        """Return the plane of two columns, the others at their median, or of two principal components."""
        columns = self.rows.columns
        if view.mode == "components" and columns.shape[1] > 2:
            plane = _components(columns, 0 if view.x is None else view.x, 1 if view.y is None else view.y)
        else:
            plane = _columns(columns, self.rows.names, self._chosen(view), self.levels)
        if self.is_editable:  # a shape in the plane: as high as wide, and the same whatever its noise
            reach = max(6.0, 1.05 * float(np.abs(columns).max()))
            plane = replace(plane, low=np.full(2, -reach), high=np.full(2, reach))
        return plane

    def project(self, plane: Plane, view: View) -> Array:
        """Return where the drawn rows lie in the plane, shape (shown, 2)."""
        columns = self.rows.columns[self.shown]
        if view.mode == "components" and columns.shape[1] > 2:
            spread = _spread(self.rows.columns)
            return np.asarray((columns - plane.origin) / spread @ (plane.across / spread).T)
        return np.asarray(columns[:, plane.columns])

    def _chosen(self, view: View) -> tuple[int, int]:
        """Return the two columns that a view asks for, or those that tell most of the target."""
        last = self.rows.columns.shape[1] - 1
        x, y = (None if each is None else min(each, last) for each in (view.x, view.y))
        x = self._most_telling_beside(y) if x is None else x
        y = self._most_telling_beside(x) if y is None else y
        if view.x is None and view.y is None:
            return min(x, y), max(x, y)
        return x, (x + 1) % (last + 1) if x == y else y

    def _most_telling_beside(self, other: int | None) -> int:
        """Return the column that tells most of the target beside another one: of another source, if there is one."""
        if other is None:
            return self._telling[0]
        sources = self.rows.sources or self.rows.names
        others = [each for each in self._telling if each != other]
        return next((each for each in others if sources[each] != sources[other]), next(iter(others), other))

    @cached_property
    def _telling(self) -> list[int]:
        """Places of the columns; those first between whose levels, or eighths, most of the target's variance lies."""
        rows = self.train[evenly(len(self.train), MOST_LOOKED_AT)]
        targets = self.targets[rows] - self.targets[rows].mean(axis=0)
        told = [_between(self.rows.columns[rows, place], targets) for place in range(self.rows.columns.shape[1])]
        return [int(place) for place in np.argsort(-np.round(told, 9), kind="stable")]

    @cached_property
    def baseline(self) -> float:
        """Score on the rows held out of the training rows' most frequent class, or of their mean."""
        truth = self.targets[self.validation if len(self.validation) else self.train]
        known = self.targets[self.train]
        if self.task == "regression":
            total = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
            rest = ((truth - known.mean(axis=0)) ** 2).sum(axis=0)
            return float(np.mean(1 - rest[total > 0] / total[total > 0])) if (total > 0).any() else 0.0
        if self.task in ("binary", "multilabel"):
            return float((truth == (known.mean(axis=0) > 0.5)).all(axis=1).mean())
        return float((truth.argmax(axis=1) == known.sum(axis=0).argmax()).mean())


def evenly(count: int, most: int) -> Array:
    """Return at most so many places among so many, evenly spread.

    Examples
    --------
    >>> evenly(3, 10).tolist(), evenly(100, 3).tolist(), evenly(0, 3).tolist()
    ([0, 1, 2], [0, 50, 99], [])
    """
    return np.unique(np.linspace(0, max(count - 1, 0), min(count, most)).round().astype(np.int64))


def _spread(columns: Array) -> Array:
    spread = columns.std(axis=0)
    spread[spread == 0] = 1.0
    return spread


def _between(column: Array, targets: Array) -> float:
    """Return how much of the centred targets' squares lies between a column's levels, of many: its eighths."""
    levels, groups = np.unique(column, return_inverse=True)
    if len(levels) > EIGHTHS:
        groups = np.searchsorted(np.quantile(column, np.arange(1, EIGHTHS) / EIGHTHS), column, side="right")
    counts = np.bincount(groups)
    sums = np.column_stack([np.bincount(groups, target) for target in targets.T])
    return float((sums[counts > 0] ** 2 / counts[counts > 0, np.newaxis]).sum())


def _columns(columns: Array, names: tuple[str, ...], chosen: tuple[int, int], levels: dict[int, int]) -> Plane:
    x, y = chosen
    across = np.zeros((2, columns.shape[1]))
    across[0, x] = across[1, y] = 1.0
    if x == y:
        across[1] = 0.0
    origin = np.median(columns, axis=0)
    for column in levels:  # no code is the middle one: the most frequent level stands for the others
        values, counts = np.unique(columns[:, column], return_counts=True)
        origin[column] = values[counts.argmax()]
    origin[[x, y]] = 0.0
    low, high = _range(columns[:, [x, y]])
    for place, column in enumerate((x, y)):
        if column in levels:  # a strip for each
            low[place], high[place] = -0.5, levels[column] - 0.5
    return Plane((names[x], names[y] if x != y else ""), chosen, low, high, origin, across)


def _components(columns: Array, x: int, y: int) -> Plane:
    """Principal components of the standardised columns."""
    mean, spread = columns.mean(axis=0), _spread(columns)
    standard = (columns - mean) / spread
    _, _, directions = np.linalg.svd(standard[np.linspace(0, len(columns) - 1, 5000).astype(int)], full_matrices=False)
    directions *= np.sign(directions[np.arange(len(directions)), np.abs(directions).argmax(axis=1)])[:, np.newaxis]
    x, y = min(x, len(directions) - 1), min(y, len(directions) - 1)
    chosen = directions[[x, y]]
    low, high = _range(standard @ chosen.T)
    return Plane((f"component {x + 1}", f"component {y + 1}"), (x, y), low, high, mean, chosen * spread)


def _range(values: Array) -> tuple[Array, Array]:
    low, high = values.min(axis=0), values.max(axis=0)
    margin = np.maximum(0.08 * (high - low), 1e-6 * np.maximum(1, np.abs(high)))
    flat = high == low
    margin[flat] = 1.0
    return low - margin, high + margin


def build(settings: Settings, table: Rows | None = None) -> Dataset:
    """Make the rows that settings describe.

    Points that are added or removed change neither what is held out of the other rows nor how inputs are scaled: a
    network can learn on among them.

    Parameters
    ----------
    settings : Settings
    table : Rows or None
        Of the own table, if that is the source.

    Raises
    ------
    DataError
        If the rows cannot be learned from.
    """
    data = settings.data
    source = table if table is not None else make(data.source, data.size, data.noise, data.seed)
    classes = source.classes
    if len(classes) > MOST_CLASSES:
        name = f" {source.described[-1]['name']!r}" if source.described else ""
        raise DataError(
            f"The target{name} must have at most {MOST_CLASSES} classes; it has {len(classes)}. Choose another column "
            "to be predicted."
        )
    task = _task(source)
    if data.source == "given":  # all of them train that did so in the fit that they come from
        is_held_out = np.zeros(len(source.y), bool) if source.held_out is None else source.held_out
        known, others = np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)
    else:
        known, others = split_rows(len(source.y), 1 - data.train_share, data.seed, source.y if classes else None)
    is_editable = data.source in GENERATED
    if not is_editable and (data.added or data.removed):
        raise DataError("Points are added to generated data only, and removed from them.")
    rows = _with_points(source, data.added) if is_editable else source
    features = settings.inputs.features or _all_columns(rows.names)
    if rows.embedding is not None:
        _check_unchanged(settings, features, rows)
    try:
        inputs, scaler = _inputs(rows, features, known, is_scaled=data.scale)
    except DataError as error:
        raise at_path("inputs.features", error) from None
    numbers, kept, held_out = np.arange(len(rows.y)), known, others
    if is_editable:
        numbers, kept, held_out = _edited(data, known, others)
        rows, inputs = replace(rows, columns=rows.columns[numbers], y=rows.y[numbers]), inputs[numbers]
    if data.source != "given" and classes and len(np.unique(rows.y[kept])) < len(classes):
        raise DataError(
            "Every class must have a row that trains; one has none. Add points of it, or undo removing them."
        )
    if len(kept) < 2:
        raise DataError(f"At least 2 rows must train; there are {len(kept)}. Add points.")
    is_scaled = data.scale and task == "regression" and not isinstance(settings.training.loss, Poisson)
    mean, scale = _target_scale(source.y[known]) if is_scaled else (0.0, 1.0)
    return Dataset(
        rows,
        numbers,
        task,
        features,
        inputs,
        _targets(rows.y, task, len(classes), mean, scale) if rows.targets is None else rows.targets,
        kept,
        held_out,
        scaler,
        mean,
        scale,
        is_editable,
        rows.weight,
    )


def _task(rows: Rows) -> str:
    if rows.labels:
        return "multilabel"
    if not rows.classes:
        return "regression"
    has_one_output = rows.targets is None or rows.targets.shape[1] == 1
    return "binary" if len(rows.classes) == 2 and has_one_output else "multiclass"


def _check_unchanged(settings: Settings, features: tuple[str, ...], rows: Rows) -> None:
    """Raise DataError unless the network sees the columns as its embedding knows them."""
    if features != _all_columns(rows.names):
        error = DataError("This network embeds its inputs, each in its own way: they stay as they are.")
        raise at_path("inputs.features", error)
    if settings.data.scale:
        raise at_path("data.scale", DataError("This network's inputs are scaled already: they stay as they are."))


def _all_columns(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"x{index + 1}" for index in range(len(names)))


def _with_points(rows: Rows, points: tuple[tuple[float, ...], ...]) -> Rows:
    """Put points in after a source's rows."""
    added = np.array(points, np.float64).reshape(-1, 3)
    y = np.concatenate([rows.y, added[:, 2].astype(rows.y.dtype)])
    if rows.classes and len(y) and (y.min() < 0 or y.max() >= len(rows.classes)):
        raise DataError(f"The class of an added point must be 0 to {len(rows.classes) - 1}.")
    return replace(rows, columns=np.vstack([rows.columns, added[:, :2]]), y=y)


def _edited(data: Data, known: Array, others: Array) -> tuple[Array, Array, Array]:
    """Return the numbers of the rows that are left, and the places of those that train and that are held out."""
    count = len(known) + len(others)
    kept, held_out = parts_of_added(count, len(data.added), data.train_share)
    kept, held_out = np.concatenate([known, kept]), np.concatenate([others, held_out])
    numbers = np.setdiff1d(np.arange(count + len(data.added)), data.removed)
    if len(numbers) < 4:
        raise DataError(f"At least 4 points must be left; there are {len(numbers)}.")
    kept, held_out = (part[~np.isin(part, data.removed)] for part in (kept, held_out))
    return numbers, np.searchsorted(numbers, kept), np.searchsorted(numbers, held_out)


def parts_of_added(first: int, count: int, train_share: float) -> tuple[Array, Array]:
    """Return which added points train and which are held out: by turns, so that no later point changes it.

    Parameters
    ----------
    first : int
        Number of the first one.
    count : int
    train_share : float

    Examples
    --------
    >>> train, held_out = parts_of_added(300, 7, 0.7)
    >>> train.tolist(), held_out.tolist()
    ([300, 301, 302, 304, 305], [303, 306])
    """
    held_out_before = np.floor(np.arange(count + 1) * (1 - train_share) + 1e-9)
    is_held_out = np.diff(held_out_before) > 0
    numbers = first + np.arange(count)
    return numbers[~is_held_out], numbers[is_held_out]


def _inputs(
    rows: Rows, features: tuple[str, ...], train: Array, *, is_scaled: bool
) -> tuple[Array, StandardScaler | None]:
    if len(features) > 4 * MOST_WIDTH:
        raise DataError(f"The network can see at most {4 * MOST_WIDTH} inputs; got {len(features)}. Leave columns out.")
    values = np.column_stack([parse(text, rows.names)(rows.columns) for text in features])
    bad = ~np.isfinite(values)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise DataError(
            f"The input '{features[column]}' must be a finite number in every row; it is {values[row, column]} in row "
            f"{row}, one of {int(bad.any(axis=1).sum())}. Change the formula: for example sqrt(abs(x1))."
        )
    if np.abs(values).max() > 1e12:
        raise DataError("The inputs must lie within ±1e12. Change the formula, or leave the column out.")
    if not is_scaled:
        return np.ascontiguousarray(values), None
    scaler = StandardScaler().fit(values[train])
    return np.ascontiguousarray(scaler.transform(values)), scaler


def _target_scale(y: Array) -> tuple[float, float]:
    spread = float(y.std())
    return float(y.mean()), spread if spread > 0 else 1.0


def _targets(y: Array, task: str, classes: int, mean: float, scale: float) -> Any:
    if task == "regression":
        return ((y - mean) / scale).reshape(-1, 1)
    if task == "binary":
        return y.astype(np.float64).reshape(-1, 1)
    return np.eye(classes)[y]
