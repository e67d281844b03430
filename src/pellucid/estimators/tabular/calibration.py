"""Calibration from out-of-fold predictions: a temperature for probabilities, intervals for numbers."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import minimize, minimize_scalar

from pellucid.textbook.arrays import Array

__all__ = [
    "ResidualQuantiles",
    "expected_calibration_error",
    "find_shifts",
    "find_temperature",
    "is_off_level",
    "reliability",
    "with_temperature",
]

SMALLEST = 1e-12


def with_temperature(probabilities: Array, temperature: float, shifts: Array | float = 0.0) -> Array:
    """Make probabilities less (> 1) or more (< 1) certain: p^(1/T), scaled to the sum 1 (Guo et al., 2017).

    Classes that are foretold too rarely or too often can be shifted besides: p^(1/T) exp(shift), as Platt (1999) does.

    Parameters
    ----------
    probabilities : array of shape (rows, classes)
        Of shape (rows, marks) where each mark is a probability by itself: see `is_mark`.
    temperature : float
        Greater than 0.
    shifts : array of shape (classes,) or 0

    Examples
    --------
    >>> import numpy as np
    >>> with_temperature(np.array([[0.8, 0.2]]), 2.0).round(4).tolist()
    [[0.6667, 0.3333]]
    """
    result: Array = np.maximum(probabilities, SMALLEST, dtype=np.float64)  # in place from here: rows may be many
    np.log(result, out=result)
    result /= temperature
    result += shifts
    result -= result.max(axis=1, keepdims=True)
    np.exp(result, out=result)
    result /= result.sum(axis=1, keepdims=True)
    return result


def find_temperature(probabilities: Array, classes: Array, weight: Array | None = None) -> float:
    """Find the temperature under which the classes that came are most probable.

    What came is taken as likely, not as certain: of n rows, (n + 1) / (n + 2) of each are of its class, by the rule of
    succession, and the other classes share the rest; Platt ("Probabilistic outputs for support vector machines", 1999)
    counts the rows of each class. So a few rows that all came out right do not make the probabilities as certain as can
    be.

    Parameters
    ----------
    probabilities : array of shape (rows, classes)
    classes : array of int of shape (rows,)
    weight : array of shape (rows,) or None

    Returns
    -------
    float
        Between 0.5 and 2.

    Examples
    --------
    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> truth = random.random(4000)
    >>> classes = (random.random(4000) < truth).astype(int)
    >>> certain = with_temperature(np.column_stack([1 - truth, truth]), 0.7)
    >>> abs(find_temperature(certain, classes) - 1 / 0.7) < 0.1
    True
    """
    rows, count = np.arange(len(classes)), probabilities.shape[1]
    others = 1 / (len(classes) + 2)
    mean_of_others = others / max(count - 1, 1)

    def loss(log_temperature: float) -> float:
        logs = np.log(np.maximum(with_temperature(probabilities, float(np.exp(log_temperature))), SMALLEST))
        chosen = logs[rows, classes]
        likely = (1 - others) * chosen + mean_of_others * (logs.sum(axis=1) - chosen)
        return -float(np.average(likely, weights=weight))

    found = minimize_scalar(loss, bounds=(np.log(0.5), np.log(2)), method="bounded", options={"xatol": 1e-3})
    return float(np.exp(found.x)) if found.fun < loss(0.0) else 1.0


def find_shifts(
    probabilities: Array, classes: Array, weight: Array | None = None, temperature: float | None = None
) -> tuple[float, Array]:
    """Find the temperature together with the shifts of the classes under which those that came are most probable.

    For networks that were not chosen by their log loss, whose probabilities may be wrong in their level. What came is
    taken as likely, not as certain, as in `find_temperature`.

    Parameters
    ----------
    probabilities : array of shape (rows, classes)
    classes : array of int of shape (rows,)
    weight : array of shape (rows,) or None
    temperature : float or None
        The one to find shifts for; None: the best.

    Returns
    -------
    temperature : float
        Between 0.2 and 5.
    shifts : array of shape (classes,)
        Between -10 and 10, with the sum 0.

    Examples
    --------
    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> truth = random.random(4000) / 10
    >>> classes = (random.random(4000) < truth).astype(int)
    >>> too_high = with_temperature(np.column_stack([1 - truth, truth]), 1.0, np.array([-1.0, 1.0]))
    >>> level = with_temperature(too_high, *find_shifts(too_high, classes))[:, 1].mean()
    >>> bool(abs(level - classes.mean()) < 0.001)
    True
    """
    rows, count = len(classes), probabilities.shape[1]
    logs = np.log(np.maximum(probabilities, SMALLEST, dtype=np.float64))
    likely = np.full(probabilities.shape, 1 / (rows + 2) / max(count - 1, 1))
    likely[np.arange(rows), classes] = (rows + 1) / (rows + 2)
    share = np.full(rows, 1 / rows) if weight is None else weight / weight.sum()

    def loss(parameters: Array) -> tuple[float, Array]:
        """Return the log loss, and its gradient in (1 / T, shifts)."""
        after = with_temperature(probabilities, 1 / parameters[0], parameters[1:])
        off = share[:, np.newaxis] * (after - likely)
        value = -float(share @ (likely * np.log(np.maximum(after, SMALLEST))).sum(axis=1))
        return value, np.append(np.sum(off * logs), off.sum(axis=0))

    sharpness = (0.2, 5.0) if temperature is None else (1 / temperature, 1 / temperature)
    bounds = [sharpness, *[(-10.0, 10.0)] * count]
    found = minimize(
        loss, np.append(np.clip(1.0, *sharpness), np.zeros(count)), jac=True, method="L-BFGS-B", bounds=bounds
    )
    shifts: Array = found.x[1:] - found.x[1:].mean()
    return float(1 / found.x[0]), shifts


MOST_OFF = 0.02
"""Nats by which mean probabilities may differ from the classes' shares, in the divergence of Kullback and Leibler."""


def is_off_level(probabilities: Array, classes: Array, weight: Array | None = None) -> bool:
    """Tell whether the mean probabilities are far from how often the classes came, as a network's first ones may be.

    Parameters
    ----------
    probabilities : array of shape (rows, classes)
    classes : array of int of shape (rows,)
    weight : array of shape (rows,) or None

    Examples
    --------
    >>> import numpy as np
    >>> classes = np.array([0] * 9 + [1])
    >>> [is_off_level(np.tile(each, (10, 1)), classes) for each in ([0.5, 0.5], [0.85, 0.15])]
    [True, False]
    """
    mean = np.maximum(np.average(probabilities, axis=0, weights=weight), SMALLEST)
    shares = np.bincount(classes, weight, minlength=len(mean)) / (len(classes) if weight is None else weight.sum())
    there = shares > 0
    return bool(np.sum(shares[there] * np.log(shares[there] / mean[there])) > MOST_OFF)


def reliability(probability: Array, happened: Array, bins: int = 15) -> tuple[Array, Array, Array]:
    """Compare probabilities with how often what they foretell happens, in bins of equal width.

    Parameters
    ----------
    probability : array of shape (rows,)
        Between 0 and 1.
    happened : array of bool of shape (rows,)
    bins : int

    Returns
    -------
    mean_probability, frequency, count : arrays of shape (bins that hold a row,)

    Examples
    --------
    >>> import numpy as np
    >>> reliability(np.array([0.1, 0.3, 0.9]), np.array([False, True, True]), bins=2)
    (array([0.2, 0.9]), array([0.5, 1. ]), array([2, 1]))
    """
    index = np.minimum((np.asarray(probability) * bins).astype(np.int64), bins - 1)
    count = np.bincount(index, minlength=bins)
    held = count > 0
    mean, frequency = (
        np.bincount(index, values, minlength=bins)[held] / count[held]
        for values in (np.asarray(probability, dtype=np.float64), np.asarray(happened, dtype=np.float64))
    )
    return mean, frequency, count[held]


def expected_calibration_error(probability: Array, happened: Array, bins: int = 15) -> float:
    """Mean distance between the probability and how often what it foretells happens (Naeini et al., 2015).

    Parameters
    ----------
    probability : array of shape (rows,)
    happened : array of bool of shape (rows,)
    bins : int

    Examples
    --------
    >>> import numpy as np
    >>> round(expected_calibration_error(np.array([0.5, 0.5, 0.9, 0.9]), np.array([True, False, True, True])), 2)
    0.05
    """
    mean, frequency, count = reliability(probability, happened, bins)
    return float(np.average(np.abs(mean - frequency), weights=count))


MOST_BINS, ROWS_OF_BIN = 20, 100


@dataclass
class ResidualQuantiles:
    """How far the truth lies from predictions out of fold, where something is as large: split conformal prediction.

    Rows are cut into bins of as many each, by the size of the prediction or of the error that is expected; the
    residuals of a bin stand for those of new rows that fall into it (Mondrian conformal prediction, Vovk et al., 2005).
    So intervals are wide where errors are large, and need not be symmetric.

    Attributes
    ----------
    edges : array of shape (bins - 1,)
        Between the bins.
    residuals : array of shape (rows,)
        Truth less prediction, sorted within each bin, bin after bin.
    starts : array of int of shape (bins + 1,)
        Where the bins begin.
    """

    edges: Array
    residuals: Array
    starts: Array

    @classmethod
    def of(cls, by: Array, residuals: Array) -> "ResidualQuantiles":
        """Learn from the residuals of out-of-fold predictions, and what makes bins of them; both of shape (rows,)."""
        bins = int(np.clip(len(by) // ROWS_OF_BIN, 1, MOST_BINS))
        order = np.argsort(by, kind="stable")
        starts = np.round(np.linspace(0, len(by), bins + 1)).astype(np.int64)
        ordered = residuals[order].astype(np.float64)
        for start, stop in pairwise(starts):
            ordered[start:stop].sort()
        return cls(by[order][starts[1:-1]].astype(np.float64), ordered, starts)

    def quantile(self, by: Array, level: float) -> Array:
        """Return the `level` quantile of each row's residual, of shape (rows,).

        The level is that of finitely many residuals: (n + 1) · level of n. A bin of too few for it has its outermost,
        or what those of all bins say if that is further out, so that quantiles never cross; where all are too few
        (`outermost`), it is the outermost of all.

        Examples
        --------
        >>> import numpy as np
        >>> quantiles = ResidualQuantiles.of(np.zeros(9), np.arange(9.0))
        >>> quantiles.quantile(np.array([0.0]), 0.9).tolist(), quantiles.quantile(np.array([1.0]), 0.5).tolist()
        ([8.0], [4.0])
        """
        by_bin = np.array([_quantile(self.residuals[start:stop], level) for start, stop in pairwise(self.starts)])
        too_few = ~_tells(np.diff(self.starts), level)
        if too_few.any():
            further = np.minimum if level < 0.5 else np.maximum
            by_bin[too_few] = further(by_bin[too_few], _quantile(np.sort(self.residuals), level))
        quantile: Array = by_bin[np.searchsorted(self.edges, by, side="right")]
        return quantile

    @property
    def outermost(self) -> float:
        """The lowest level that so many residuals can tell; the highest is as far from 1.

        Examples
        --------
        >>> import numpy as np
        >>> ResidualQuantiles.of(np.zeros(9), np.arange(9.0)).outermost
        0.1
        """
        return 1 / (len(self.residuals) + 1)

    def tells(self, level: float) -> bool:
        """Whether there are residuals enough for a level.

        Examples
        --------
        >>> import numpy as np
        >>> quantiles = ResidualQuantiles.of(np.zeros(9), np.arange(9.0))
        >>> quantiles.tells(0.9), quantiles.tells(0.95)
        (True, False)
        """
        return bool(_tells(np.array(len(self.residuals)), level))


def _tells(residuals: Array, level: float) -> Array:
    """Return whether so many residuals reach as far out as a level, to rounding."""
    reach: Array = min(level, 1 - level) * (residuals + 1) >= 1 - 1e-9
    return reach


def _quantile(ordered: Array, level: float) -> float:
    position = np.clip((len(ordered) + 1) * level - 1, 0, len(ordered) - 1)
    return float(np.interp(position, np.arange(len(ordered)), ordered))
