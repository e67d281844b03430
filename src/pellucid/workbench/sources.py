"""Rows to learn from: shapes in the plane, and scikit-learn's small tables.

Shapes lie within about ±6, so that x² and sin x are of use. `noise` is in [0, 1].
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sklearn.datasets
from numpy.random import Generator

from pellucid.errors import DataError, did_you_mean
from pellucid.spec import Embedding
from pellucid.textbook.arrays import Array

__all__ = ["GENERATED", "PREPARED", "Rows", "make"]

RADIUS = 5.0
Points = tuple[Array, Array]


@dataclass(frozen=True, eq=False)
class Rows:
    """Columns and targets.

    Attributes
    ----------
    columns : array of shape (rows, columns), float64
    names : tuple of str
    y : array of shape (rows,)
        Class numbers (int64), or values (float64).
    classes : tuple of str
        Empty for a regression.
    described : tuple of dict
        Of an own table: what each of its columns is.
    weight : array of shape (rows,) or None
        What each row counts in training.
    targets : array of shape (rows, targets) or None
        What the network learns, if that is not `y` alone: of a regression with several, of which `y` is the first; of
        classes with an output for each, even if they are two.
    labels : tuple of str
        Names of several labels a row may have, of which each is there or not; `targets` has them all, `y` the first.
    embedding : Embedding or None
        What becomes of the columns before the first layer.
    level_names : tuple of tuples of str
        What the codes of each column of codes stand for.
    held_out : array of bool of shape (rows,) or None
        Rows that an estimator's network did not learn from.
    notes : tuple of str
        What a reader must know about the rows.
    days : frozenset of str
        Names of the columns that are days since 1970-01-01.
    sources : tuple of str
        Column of the raw table that each column comes from, as the parts of a date do; empty: each its own.
    """

    columns: Array
    names: tuple[str, ...]
    y: Array
    classes: tuple[str, ...] = ()
    described: tuple[dict[str, Any], ...] = ()
    weight: Array | None = None
    targets: Array | None = None
    labels: tuple[str, ...] = ()
    embedding: Embedding | None = None
    level_names: tuple[tuple[str, ...], ...] = ()
    held_out: Array | None = None
    notes: tuple[str, ...] = ()
    days: frozenset[str] = frozenset()
    sources: tuple[str, ...] = ()


def make(source: str, size: int = 300, noise: float = 0.15, seed: int = 0) -> Rows:
    """Return the rows of a source.

    Parameters
    ----------
    source : str
        'moons', 'circle', 'xor', 'gauss', 'spiral', 'rings', 'checkerboard', 'pinwheel', 'blobs' (classes); 'plane',
        'hills', 'waves' (values); 'iris', 'wine', 'breast cancer', 'digits', 'diabetes' (scikit-learn's: these have
        their size and noise).
    size : int
    noise : float
        In [0, 1].
    seed : int

    Raises
    ------
    DataError
        If there is no such source.

    Examples
    --------
    >>> rows = make("spiral", size=100, noise=0.0, seed=1)
    >>> rows.columns.shape, rows.classes, bool(np.abs(rows.columns).max() < 6)
    ((100, 2), ('0', '1'), True)
    """
    if source in GENERATED:
        columns, y = GENERATED[source](np.random.default_rng(seed), size, noise)
        classes = tuple(str(each) for each in range(int(y.max()) + 1)) if y.dtype.kind == "i" else ()
        return Rows(columns, ("x1", "x2"), y, classes)
    if source in PREPARED:
        return _prepared(PREPARED[source])
    raise DataError(f"There is no data source {source!r}.{did_you_mean(source, [*GENERATED, *PREPARED])}")


def _classes_of(size: int, count: int) -> Array:
    return np.arange(size) % count


def _plane(random: Generator, size: int) -> Array:
    return random.uniform(-RADIUS - 1, RADIUS + 1, (size, 2))


def _jittered(random: Generator, points: Array, noise: float, by: float = 1.5) -> Array:
    return np.asarray(points + random.normal(0, 1, points.shape) * noise * by)


def _moons(random: Generator, size: int, noise: float) -> Points:
    y = _classes_of(size, 2)
    angle = random.uniform(0, np.pi, size)
    upper = np.column_stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25])
    points = np.where(y[:, np.newaxis] == 0, upper, -upper)
    return _jittered(random, 3.2 * points, noise, 2.0), y


def _circle(random: Generator, size: int, noise: float) -> Points:
    y = _classes_of(size, 2)
    radius = np.where(y == 1, random.uniform(0, 0.5, size), random.uniform(0.7, 1, size)) * RADIUS
    angle = random.uniform(0, 2 * np.pi, size)
    return _jittered(random, _polar(radius, angle), noise), y


def _xor(random: Generator, size: int, noise: float) -> Points:
    points = _plane(random, size) * RADIUS / (RADIUS + 1)
    y = (points[:, 0] * points[:, 1] < 0).astype(np.int64)
    return _jittered(random, points + 0.3 * np.sign(points), noise), y


def _gauss(random: Generator, size: int, noise: float) -> Points:
    y = _classes_of(size, 2)
    centre = np.where(y == 1, 2.0, -2.0)[:, np.newaxis]
    return centre + random.normal(0, 1, (size, 2)) * (0.6 + 2 * noise), y


def _spiral(random: Generator, size: int, noise: float) -> Points:
    y = _classes_of(size, 2)
    share = random.uniform(0.03, 1, size)
    points = _polar(share * RADIUS, 1.75 * share * 2 * np.pi + np.pi * y)
    return _jittered(random, points, noise), y


def _rings(random: Generator, size: int, noise: float) -> Points:
    y = _classes_of(size, 3)
    radius = np.array([0.8, 2.8, 4.8])[y] + random.normal(0, 0.15, size)
    return _jittered(random, _polar(radius, random.uniform(0, 2 * np.pi, size)), noise), y


def _checkerboard(random: Generator, size: int, noise: float) -> Points:
    points = _plane(random, size)
    y = (np.floor(points / 3).sum(axis=1) % 2).astype(np.int64)
    return _jittered(random, points, noise), y


def _pinwheel(random: Generator, size: int, noise: float) -> Points:
    y = _classes_of(size, 4)
    share = random.uniform(0.1, 1, size)
    angle = 2 * np.pi * y / 4 + 1.6 * share + random.normal(0, 0.08, size)
    return _jittered(random, _polar(share * RADIUS, angle), noise), y


def _blobs(random: Generator, size: int, noise: float) -> Points:
    y = _classes_of(size, 5)
    angle = 2 * np.pi * y / 5
    return _polar(np.full(size, 3.6), angle) + random.normal(0, 1, (size, 2)) * (0.5 + 2 * noise), y


def _slope(random: Generator, size: int, noise: float) -> Points:
    points = _plane(random, size)
    return points, _with_noise(random, points.sum(axis=1) / (2 * RADIUS), noise)


def _hills(random: Generator, size: int, noise: float) -> Points:
    points = _plane(random, size)
    centres = np.array([[-4, 2.5, 1], [0, 2.5, -1], [4, 2.5, 1], [-4, -2.5, -1], [0, -2.5, 1], [4, -2.5, -1]])
    distance = np.linalg.norm(points[:, np.newaxis] - centres[:, :2], axis=2)
    height = np.exp(-(distance**2) / 2.5) * centres[:, 2]
    return points, _with_noise(random, height.sum(axis=1), noise)


def _waves(random: Generator, size: int, noise: float) -> Points:
    points = _plane(random, size)
    return points, _with_noise(random, np.sin(points[:, 0]) * np.cos(points[:, 1] / 2), noise)


def _polar(radius: Array, angle: Array) -> Array:
    return np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])


def _with_noise(random: Generator, values: Array, noise: float) -> Array:
    return np.asarray(values + random.normal(0, 0.5, len(values)) * noise)


GENERATED: dict[str, Callable[[Generator, int, float], Points]] = {
    "moons": _moons,
    "circle": _circle,
    "xor": _xor,
    "gauss": _gauss,
    "spiral": _spiral,
    "rings": _rings,
    "checkerboard": _checkerboard,
    "pinwheel": _pinwheel,
    "blobs": _blobs,
    "plane": _slope,
    "hills": _hills,
    "waves": _waves,
}
PREPARED = {
    "iris": "load_iris",
    "wine": "load_wine",
    "breast cancer": "load_breast_cancer",
    "digits": "load_digits",
    "diabetes": "load_diabetes",
}


def _prepared(loader: str) -> Rows:
    options = {"scaled": False} if loader == "load_diabetes" else {}
    bunch = getattr(sklearn.datasets, loader)(**options)
    classes = tuple(str(name) for name in getattr(bunch, "target_names", ()))
    y = bunch.target.astype(np.int64 if classes else np.float64)
    return Rows(np.asarray(bunch.data, np.float64), tuple(map(str, bunch.feature_names)), y, classes)
