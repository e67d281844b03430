"""Identifiers are left out; one that the target goes along with may be more than that."""

import numpy as np
import pandas as pd

from pellucid.tables.cells import FloatArray, read_numbers
from pellucid.tables.inference import IDENTIFIER
from pellucid.tables.schema import Schema

__all__ = ["telling_identifiers"]

GROUPS = 20
"""Of rows, by the size of the identifier, as large as each other."""

LEAST_SHARE = 0.02
"""Of the target's variance that lies between groups, beyond five times what chance puts there."""


def telling_identifiers(schema: Schema, frame: pd.DataFrame, scores: FloatArray) -> list[str]:
    """Return the identifiers, left out, that the target goes along with.

    Parameters
    ----------
    schema : Schema
    frame : DataFrame
        With the schema's columns.
    scores : array of shape (rows, scores)
        Of the target.
    """
    left_out = [column.label for column in schema.columns if column.kind == "ignored" and IDENTIFIER in column.note]
    return [label for label in left_out if _share_told(read_numbers(frame[label])[0], scores) > LEAST_SHARE]


def _share_told(numbers: FloatArray, scores: FloatArray) -> float:
    """Return the share of the scores' variance that lies between groups of rows, without what chance puts there.

    Examples
    --------
    >>> numbers = np.arange(1000.0)
    >>> round(_share_told(numbers, numbers[:, np.newaxis]), 2)
    0.9
    """
    there = np.isfinite(numbers)
    numbers, scores = numbers[there], scores[there]
    if len(numbers) < GROUPS**2:
        return 0.0
    order = np.argsort(numbers, kind="stable")
    means = np.stack([scores[part].mean(axis=0) for part in np.array_split(order, GROUPS)])
    variance = np.maximum(scores.var(axis=0), np.finfo(np.float64).tiny)
    return float((means.var(axis=0) / variance).max()) - 5 * GROUPS / len(numbers)
