"""Numbers that are codes, found by what a target does from one value to the next.

The number of a store or of a region says nothing by its size: the target jumps from each value to the next, where a
quantity moves it little by little. Such a number is learned from value by value, like a category, and by its size, too.
"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

from pellucid.tables.cells import FloatArray, text_of_cell
from pellucid.tables.columns import read_measures
from pellucid.tables.schema import ColumnSchema, Schema

__all__ = ["scores_of_classes", "scores_of_numbers", "with_levels"]

FEWEST_VALUES, MOST_VALUES = 21, 10_000
"""Fewer values are told apart by an embedding of numbers; of more, each tells too little."""

ROWS_A_VALUE, ROWS_FOR_CLARITY, ROWS_IN_DOUBT = 1.5, 10, 40
"""Rows of each value, on the average: that some values come again; that no try be needed where the jumps are large;
that a try tell what small ones are worth."""

MOST_COLUMNS = 300
"""Of more columns of numbers, each tells little by itself."""

LEAST_SHARE, CLEAR_SHARE = 0.1, 0.25
"""Of the target's variance, that lies in its jumps: that it be worth a try to learn from each value, and that it be
better without a try."""

CERTAINTY = 5.0
"""Standard errors by which jumps must be larger than chance makes them."""

NEIGHBOURS = {-2: -1 / 6, -1: 4 / 6, 1: 4 / 6, 2: -1 / 6}
"""Shares of the means of the values around one that tell its own, where the target bends no more than a cubic."""

MOST_CLASSES = 8
"""Classes that are looked at, the most frequent ones."""


def scores_of_numbers(Y: FloatArray) -> FloatArray:
    """Return normal scores of the ranks of each target, of shape (rows, targets): heavy tails count like others.

    Examples
    --------
    >>> scores_of_numbers(np.array([[1.0], [1000.0], [2.0]])).round(2).ravel().tolist()
    [-0.97, 0.97, 0.0]
    """
    scores: FloatArray = ndtri((rankdata(Y, axis=0) - 0.5) / len(Y))
    return scores


def scores_of_classes(places: NDArray[np.int64]) -> FloatArray:
    """Return for the most frequent classes whether a row is of it, of shape (rows, classes); of two classes for one.

    Examples
    --------
    >>> scores_of_classes(np.array([0, 1, 1])).ravel().tolist()
    [0.0, 1.0, 1.0]
    """
    counts = np.bincount(places)
    frequent = np.argsort(-counts, kind="stable")[: 1 if len(counts) == 2 else MOST_CLASSES]
    return (places[:, np.newaxis] == frequent).astype(np.float64)


def with_levels(
    schema: Schema, frame: pd.DataFrame, scores: FloatArray, leave_out: Collection[str] = ()
) -> tuple[Schema, bool]:
    """Return the schema with levels for those numbers whose values the target jumps between, and if that is clear.

    Numbers that have levels keep them, and leave no doubt.

    Parameters
    ----------
    schema : Schema
    frame : DataFrame
        With the schema's columns, declared cells empty.
    scores : array of shape (rows, scores)
        Of the target.
    leave_out : collection of str
        Columns that stay as they are.

    Examples
    --------
    >>> random = np.random.default_rng(0)
    >>> frame = pd.DataFrame({"store": random.integers(0, 30, 900), "size": random.integers(0, 30, 900)})
    >>> y = random.normal(size=30)[frame.store] + frame["size"].to_numpy() / 30
    >>> from pellucid.tables import infer_schema
    >>> schema, is_clear = with_levels(infer_schema(frame), frame, scores_of_numbers(y[:, np.newaxis]))
    >>> [len(column.levels) for column in schema.columns], is_clear
    ([30, 0], True)
    """
    if sum(column.kind == "number" for column in schema.columns) > MOST_COLUMNS:
        return schema, False
    clear = [column.kind == "number" and len(column.levels) > 0 for column in schema.columns]

    def looked_at(column: ColumnSchema) -> ColumnSchema:
        most = min(MOST_VALUES, len(frame) / ROWS_A_VALUE)
        is_number = column.kind == "number" and not column.unit and column.label not in leave_out
        if column.levels or not (is_number and FEWEST_VALUES <= column.distinct <= most):
            return column
        numbers = read_measures(column, frame[column.label])[0]
        certainty, share = _jumps(numbers, scores)
        rows_a_value = len(frame) / column.distinct
        is_doubtful = share < CLEAR_SHARE and rows_a_value < ROWS_IN_DOUBT
        if certainty < CERTAINTY or share < LEAST_SHARE or is_doubtful:
            return column
        clear.append(share >= CLEAR_SHARE and rows_a_value >= ROWS_FOR_CLARITY)
        known = np.unique(numbers[np.isfinite(numbers)])
        return replace(column, levels=tuple(sorted(map(text_of_cell, known.tolist()))))

    found = replace(schema, columns=tuple(map(looked_at, schema.columns)))
    return found, any(clear)


def _jumps(numbers: FloatArray, scores: FloatArray) -> tuple[float, float]:
    """Compare the mean score of each value with what those around it tell.

    Returns
    -------
    certainty : float
        Standard errors by which the differences are larger than chance makes them.
    share : float
        What they are of the scores' variance.
    """
    there = np.isfinite(numbers)
    whole, smallest = scores.var(axis=0).sum(), np.finfo(np.float64).eps
    scores = scores[there]
    values, places, counts = np.unique(numbers[there], return_inverse=True, return_counts=True)
    means = np.stack([np.bincount(places, column) for column in scores.T], axis=1) / counts[:, np.newaxis]
    within = np.square(scores - means[places]).sum(axis=0) / max(1, len(places) - len(values))
    means, counts = means[counts > 1], counts[counts > 1]
    inner = slice(2, len(counts) - 2)
    if len(counts) < FEWEST_VALUES:
        return 0.0, 0.0
    apart, variance = means[inner].copy(), 1 / counts[inner]
    for step, weight in NEIGHBOURS.items():
        beside = slice(inner.start + step, inner.stop + step)
        apart -= weight * means[beside]
        variance += weight**2 / counts[beside]
    by_chance = np.maximum(variance[:, np.newaxis] * within, np.finfo(np.float64).tiny)
    squares = np.square(apart)
    ratios = (squares / np.maximum(by_chance, smallest * squares)).mean(axis=1)
    certainty = (ratios.mean() - 1) / np.sqrt(2 / len(ratios))
    of_one = 1 + sum(weight**2 for weight in NEIGHBOURS.values())  # the square that jumps of variance 1 make
    jumps = np.average((squares - by_chance).sum(axis=1), weights=counts[inner]) / of_one
    return float(certainty), float(jumps / max(whole, smallest))
