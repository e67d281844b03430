"""The column to be predicted: which task it sets, and its values as the network sees them.

A classification's network sees class numbers, a regression's the standardised value (y - mean) / scale.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api import types

from pellucid.errors import DataError, ModelFileError, did_you_mean
from pellucid.tables.cells import LARGEST_NUMBER, FloatArray, cell_texts, read_numbers
from pellucid.tables.frames import row_list

__all__ = ["TASKS", "ClassLabel", "Target"]

TASKS = ("auto", "classification", "regression")
_MOST_WHOLE_NUMBERS = 20
_WIDEST_SPAN = 100

ClassLabel = str | int | float | bool


@dataclass(frozen=True)
class Target:
    """The column to be predicted.

    Parameters
    ----------
    label : str
        The column's name.
    task : {'classification', 'regression'}
    labels : tuple of str, int, float or bool
        A classification's classes, sorted, as they stand in the table.
    mean, scale : float
        A regression's mean and standard deviation.

    Examples
    --------
    >>> import pandas as pd
    >>> target = Target.of(pd.Series(["no", "yes", "no"], name="rain"))
    >>> target.task, target.encode(pd.Series(["yes", "no"])).tolist(), target.decode([1, 0]).tolist()
    ('classification', [1, 0], ['yes', 'no'])
    """

    label: str
    task: str
    labels: tuple[ClassLabel, ...] = ()
    mean: float = 0.0
    scale: float = 1.0

    @classmethod
    def of(cls, series: "pd.Series[Any]", task: str = "auto") -> "Target":
        """Learn the target from its column.

        Parameters
        ----------
        series : pandas.Series
            Its name is the target's.
        task : {'auto', 'classification', 'regression'}
            'auto' takes numbers as a regression unless they are whole and few (two, or at most 20 with five rows
            each, less than 100 apart), and everything else as a classification.

        Raises
        ------
        DataError
            If a value is missing or infinite, all are alike, or they do not suit the task.
        """
        label = str(series.name)
        if task not in TASKS:
            raise DataError(f"'task' must be one of its known names; got {task!r}.{did_you_mean(task, TASKS)}")
        _refuse_missing(label, series)
        found = _find_task(label, series) if task == "auto" else task
        return cls._of_classes(label, series) if found == "classification" else cls._of_numbers(label, series)

    @classmethod
    def _of_classes(cls, label: str, series: "pd.Series[Any]") -> "Target":
        texts, first_rows = np.unique(cell_texts(series), return_index=True)
        if len(texts) == 1:
            raise DataError(
                f"The target {label!r} must have at least two classes; every row has {texts[0]!r}. "
                "Choose another target, or rows of other classes, too."
            )
        if len(texts) > max(2, len(series) // 2):
            raise DataError(
                f"The target {label!r} must have at least two rows for each class; {len(series)} rows have "
                f"{len(texts)} different values. Choose another target, or the task 'regression' if it is a number."
            )
        return cls(label, "classification", _as_labels([series.iloc[row] for row in first_rows]))

    @classmethod
    def _of_numbers(cls, label: str, series: "pd.Series[Any]") -> "Target":
        values = _finite_numbers(label, series)
        if values.min() == values.max():
            raise DataError(
                f"The target {label!r} must vary; every row has {values[0]:g}. Choose another target or other rows."
            )
        mean, scale = float(values.mean()), float(values.std())
        return cls(label, "regression", mean=mean, scale=scale if scale > 0 else 1.0)

    @property
    def classes(self) -> NDArray[Any]:
        """A classification's classes; text is of NumPy's type object."""
        return np.array(self.labels, dtype=object if isinstance(self.labels[0], str) else None)

    def meaning(self) -> str:
        """Say in a few words what is predicted."""
        if self.task == "regression":
            return f"a number, mean {self.mean:.6g}, standard deviation {self.scale:.6g} (regression)"
        shown = ", ".join(str(label) for label in self.labels[:10])
        more = ", …" if len(self.labels) > 10 else ""
        return f"one of {len(self.labels)} classes: {shown}{more} (classification)"

    def encode(self, series: "pd.Series[Any]") -> NDArray[Any]:
        """Return class numbers (int64) or standardised values (float64).

        Raises
        ------
        DataError
            If a value is missing, infinite, no number or of no known class.
        """
        _refuse_missing(self.label, series)
        if self.task == "regression":
            return (_finite_numbers(self.label, series) - self.mean) / self.scale
        texts = cell_texts(series)
        known = cell_texts(pd.Series(self.labels, dtype=object))
        numbers: NDArray[np.int64] = pd.Index(known, dtype=object).get_indexer(pd.Index(texts, dtype=object))
        if (numbers < 0).any():
            unknown = str(texts[numbers < 0][0])
            raise DataError(
                f"The target {self.label!r} must be of a class that the model knows; {row_list(numbers < 0)} "
                f"{'is' if (numbers < 0).sum() == 1 else 'are'} not, as {unknown!r}.{did_you_mean(unknown, known)}"
            )
        return numbers.astype(np.int64)

    def decode(self, values: Any) -> NDArray[Any]:
        """Return the classes of class numbers, or the values of standardised values: the inverse of `encode`."""
        if self.task == "classification":
            classes: NDArray[Any] = self.classes[np.asarray(values)]
            return classes
        return np.asarray(values, dtype=np.float64) * self.scale + self.mean

    def to_state(self) -> dict[str, Any]:
        """Return the target as JSON can hold it; `from_state` reads it back."""
        return {
            "label": self.label,
            "task": self.task,
            "labels": list(self.labels),
            "mean": self.mean,
            "scale": self.scale,
        }

    @classmethod
    def from_state(cls, state: Any) -> "Target":
        """Build the target from what `to_state` gave.

        Raises
        ------
        ModelFileError
            If it is not what `to_state` gives.
        """
        if not isinstance(state, Mapping) or set(state) != {"label", "task", "labels", "mean", "scale"}:
            raise ModelFileError("The model's target must have a label, a task, labels, a mean and a scale.")
        label, task, labels, mean, scale = (state[key] for key in ("label", "task", "labels", "mean", "scale"))
        if not isinstance(label, str) or task not in ("classification", "regression"):
            raise ModelFileError(f"The model's target must have a name and a known task; got {label!r}, {task!r}.")
        if not all(isinstance(number, float) and isfinite(number) for number in (mean, scale)) or scale <= 0:
            raise ModelFileError(f"The model's target must have a finite mean and scale > 0; got {mean!r}, {scale!r}.")
        _check_labels(task, labels)
        return cls(label, task, tuple(labels), mean, scale)


def _check_labels(task: str, labels: Any) -> None:
    if not isinstance(labels, list) or (task == "classification") != (len(labels) >= 2):
        raise ModelFileError("A classification's target must have two or more labels, a regression's none.")
    kinds = {type(label) for label in labels}
    if len(kinds) > 1 or not kinds <= {str, int, float, bool} or len(set(labels)) != len(labels):
        raise ModelFileError("The target's labels must be different from each other and of one type.")
    if kinds == {int} and not all(-(2**63) <= label < 2**63 for label in labels):
        raise ModelFileError("The target's whole numbers must fit in 64 bits.")


def _refuse_missing(label: str, series: "pd.Series[Any]") -> None:
    missing = np.array([text is None for text in cell_texts(series)], dtype=bool)
    if missing.any():
        raise DataError(
            f"The target {label!r} must have a value in every row; it is missing in {row_list(missing)}. "
            "Remove these rows or complete them."
        )


def _find_task(label: str, series: "pd.Series[Any]") -> str:
    if types.is_datetime64_any_dtype(series.dtype):
        raise DataError(f"The target {label!r} must be a number or a class; it is a date. Choose another target.")
    if isinstance(series.dtype, pd.CategoricalDtype) or types.is_bool_dtype(series.dtype):
        return "classification"
    values, wrong = read_numbers(series)
    if wrong.any():
        return "classification"
    distinct = np.unique(values)
    if not np.isfinite(distinct).all() or (distinct % 1).any():
        return "regression"
    few = len(distinct) <= _MOST_WHOLE_NUMBERS and 5 * len(distinct) <= len(values)
    close = distinct[-1] - distinct[0] < _WIDEST_SPAN
    return "classification" if len(distinct) <= 2 or (few and close) else "regression"


def _finite_numbers(label: str, series: "pd.Series[Any]") -> FloatArray:
    values, wrong = read_numbers(series)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"The target {label!r} of a regression must be a number; row {row + 1} has {series.iloc[row]!r}. "
            "Correct it, or choose the task 'classification'."
        )
    excessive = ~(np.abs(values) <= LARGEST_NUMBER)
    if excessive.any():
        raise DataError(
            f"The target {label!r} must be a finite number of at most {LARGEST_NUMBER:g}; it is not in "
            f"{row_list(excessive)}. Remove these rows or correct them."
        )
    return values


def _as_labels(values: list[Any]) -> tuple[ClassLabel, ...]:
    """Return the values as sorted Python objects of one type; text if they were of several."""
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    kinds = {type(value) for value in plain}
    if kinds == {int, float}:
        plain = [float(value) for value in plain]
    elif len(kinds) > 1 or not kinds <= {str, int, float, bool}:
        plain = list(cell_texts(pd.Series(plain, dtype=object)))
    numbers, wrong = read_numbers(pd.Series(plain, dtype=object))
    if wrong.any():
        return tuple(sorted(plain))
    return tuple(plain[i] for i in np.argsort(numbers, kind="stable"))
