"""The column to be predicted: which task it sets, and its values as the network sees them.

A classification's network sees class numbers, a regression's the standardised value (y - mean) / scale. `Target` is one
column, `TargetTable` several: numbers, or marks of 0 and 1 of which a row may have any (multilabel).
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
from pellucid.spec.checks import shown
from pellucid.tables.cells import (
    LARGEST_NUMBER,
    BoolArray,
    Coded,
    FloatArray,
    cell_texts,
    coded,
    have_leading_zeros,
    read_numbers,
    shown_cell,
)
from pellucid.tables.decimals import have_commas
from pellucid.tables.frames import counted, in_list, row_list, to_pandas
from pellucid.tables.inference import nearly_numbers_or_dates
from pellucid.tables.schema import require_columns

__all__ = ["TASKS", "ClassLabel", "Target", "TargetTable", "missing_targets"]

TASKS = ("auto", "classification", "regression")
_MOST_WHOLE_NUMBERS = 20
_WIDEST_SPAN = 100
_NUMBERS = ("mean", "scale", "low", "high", "skew")
_SKEWED = 2.0  # from here on it is worth a word

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
    low, high : float
        Its smallest and largest value.
    skew : float
        Its skewness, the mean of ((y - mean) / scale)³: 0 if symmetric, 2 for waiting times, more with a heavy tail.

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
    low: float = 0.0
    high: float = 0.0
    skew: float = 0.0

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
        codes, texts = coded(series)
        if len(texts) == 1:
            raise DataError(
                f"The target {label!r} must have at least two classes; every row has {texts[0]!r}. "
                "Choose another target, or rows of other classes, too."
            )
        if len(texts) > max(2, len(series) // 2):
            nearly = nearly_numbers_or_dates(Coded(codes, texts))
            remedy = "Choose another target, or the task 'regression' if it is a number."
            raise DataError(
                f"The target {label!r} must have at least two rows for each class; {len(series)} rows have "
                f"{len(texts)} different values, such as {shown(texts[0])}. "
                + (f"They are {nearly}. {_remedy_of(nearly)}" if nearly else remedy)
            )
        first_rows = np.unique(codes, return_index=True)[1]
        return cls(label, "classification", _as_labels(series.iloc[first_rows].tolist()))

    @classmethod
    def _of_numbers(cls, label: str, series: "pd.Series[Any]") -> "Target":
        values = _finite_numbers(label, series)
        if values.min() == values.max():
            raise DataError(
                f"The target {label!r} must vary; every row has {values[0]:g}. Choose another target or other rows."
            )
        mean, scale = float(values.mean()), float(values.std())
        scale = scale if scale > 0 else 1.0
        skew = float(np.mean(((values - mean) / scale) ** 3))
        return cls(
            label, "regression", mean=mean, scale=scale, low=float(values.min()), high=float(values.max()), skew=skew
        )

    @property
    def classes(self) -> NDArray[Any]:
        """A classification's classes; text is of NumPy's type object."""
        return np.array(self.labels, dtype=object if isinstance(self.labels[0], str) else None)

    def meaning(self) -> str:
        """Say in a few words what is predicted."""
        if self.task == "regression":
            tail = f", skew {self.skew:.2g}" if abs(self.skew) >= _SKEWED else ""
            return f"a number, mean {self.mean:.6g}, standard deviation {self.scale:.6g}{tail} (regression)"
        first = ", ".join(map(in_list, self.labels[:10]))
        more = ", …" if len(self.labels) > 10 else ""
        return f"one of {len(self.labels)} classes: {first}{more} (classification)"

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
        codes, texts = coded(series)
        known = cell_texts(pd.Series(self.labels, dtype=object))
        of_text: NDArray[np.int64] = pd.Index(known, dtype=object).get_indexer(pd.Index(texts, dtype=object))
        numbers = of_text[codes].astype(np.int64)
        if (numbers < 0).any():
            unknown = str(texts[of_text < 0][0])
            raise DataError(
                f"The target {self.label!r} must be of a class that the model knows; {row_list(numbers < 0)} "
                f"{'is' if (numbers < 0).sum() == 1 else 'are'} not, as {unknown!r}.{did_you_mean(unknown, known)}"
            )
        return numbers

    def decode(self, values: Any, *, clamp: bool = False) -> NDArray[Any]:
        """Return the classes of class numbers, or the values of standardised values: the inverse of `encode`.

        With `clamp`, a regression's values stay between the smallest and the largest that were learned from.
        """
        if self.task == "classification":
            classes: NDArray[Any] = self.classes[np.asarray(values)]
            return classes
        found: FloatArray = np.asarray(values, dtype=np.float64) * self.scale + self.mean
        return found.clip(self.low, self.high) if clamp else found

    def to_state(self) -> dict[str, Any]:
        """Return the target as JSON can hold it; `from_state` reads it back."""
        return {
            "label": self.label,
            "task": self.task,
            "labels": list(self.labels),
            "mean": self.mean,
            "scale": self.scale,
            "low": self.low,
            "high": self.high,
            "skew": self.skew,
        }

    @classmethod
    def from_state(cls, state: Any) -> "Target":
        """Build the target from what `to_state` gave.

        Raises
        ------
        ModelFileError
            If it is not what `to_state` gives.
        """
        if not isinstance(state, Mapping) or set(state) != {"label", "task", "labels", *_NUMBERS}:
            raise ModelFileError(f"The model's target must have a label, a task, labels, {', '.join(_NUMBERS)}.")
        label, task, labels = (state[key] for key in ("label", "task", "labels"))
        numbers = {key: state[key] for key in _NUMBERS}
        if not isinstance(label, str) or task not in ("classification", "regression"):
            raise ModelFileError(f"The model's target must have a name and a known task; got {label!r}, {task!r}.")
        if not all(isinstance(number, float) and isfinite(number) for number in numbers.values()):
            raise ModelFileError(f"The numbers of the model's target must be finite; got {numbers!r}.")
        if numbers["scale"] <= 0 or numbers["low"] > numbers["high"]:
            raise ModelFileError(f"The model's target must have a scale > 0 and a range that rises; got {numbers!r}.")
        _check_labels(task, labels)
        return cls(label, task, tuple(labels), **numbers)


def _check_labels(task: str, labels: Any) -> None:
    if not isinstance(labels, list) or (task == "classification") != (len(labels) >= 2):
        raise ModelFileError("A classification's target must have two or more labels, a regression's none.")
    kinds = {type(label) for label in labels}
    if len(kinds) > 1 or not kinds <= {str, int, float, bool} or len(set(labels)) != len(labels):
        raise ModelFileError("The target's labels must be different from each other and of one type.")
    if kinds == {int} and not all(-(2**63) <= label < 2**63 for label in labels):
        raise ModelFileError("The target's whole numbers must fit in 64 bits.")


def _remedy_of(nearly: str) -> str:
    if nearly.endswith("taken as classes"):
        return "Predict a number made of them, such as days or hours, or choose another target."
    return "Correct them, or choose another target."


def _refuse_missing(label: str, series: "pd.Series[Any]") -> None:
    missing = _missing(series)
    if missing.any():
        raise DataError(
            f"The target {label!r} must have a value in every row; it is missing in {row_list(missing)}. "
            "Remove these rows or complete them."
        )


def _missing(series: "pd.Series[Any]") -> BoolArray:
    if types.is_numeric_dtype(series.dtype) and not types.is_complex_dtype(series.dtype):
        return series.isna().to_numpy(dtype=bool)
    return coded(series).codes < 0


def missing_targets(series: "pd.Series[Any]", task: str = "auto") -> BoolArray:
    """Tell which rows have no value of the target: their cells are empty or, among numbers, say so, as ``-`` does.

    Examples
    --------
    >>> missing_targets(pd.Series(["1", "", "-", "2"])).tolist()
    [False, True, True, False]
    >>> missing_targets(pd.Series(["none", "", "one"])).tolist()
    [False, True, False]
    """
    values, wrong = read_numbers(series)
    missing = _missing(series)
    return missing if task == "classification" or wrong.any() else missing | np.isnan(values)


def _find_task(label: str, series: "pd.Series[Any]") -> str:
    if types.is_datetime64_any_dtype(series.dtype):
        raise DataError(f"The target {label!r} must be a number or a class; it is a date. Choose another target.")
    if isinstance(series.dtype, pd.CategoricalDtype) or types.is_bool_dtype(series.dtype):
        return "classification"
    values, wrong = read_numbers(series)
    if wrong.any() or _are_codes(series):
        return "classification"
    distinct = np.unique(values)
    if not np.isfinite(distinct).all() or (distinct % 1).any():
        return "regression"
    few = len(distinct) <= _MOST_WHOLE_NUMBERS and 5 * len(distinct) <= len(values)
    close = distinct[-1] - distinct[0] < _WIDEST_SPAN
    return "classification" if len(distinct) <= 2 or (few and close) else "regression"


def _are_codes(series: "pd.Series[Any]") -> bool:
    is_text = types.is_object_dtype(series.dtype) or types.is_string_dtype(series.dtype)
    return is_text and have_leading_zeros(coded(series).texts)


def _finite_numbers(label: str, series: "pd.Series[Any]") -> FloatArray:
    values, wrong = read_numbers(series)
    if wrong.any():
        cells = coded(series)
        with_commas = np.append(have_commas(cells.texts), False)[cells.codes]  # may be numbers but for the others
        row = int(np.argmax(wrong & ~with_commas if (wrong & ~with_commas).any() else wrong))
        raise DataError(
            f"The target {label!r} of a regression must be a number; row {row + 1} has {shown_cell(series.iloc[row])}. "
            "Correct it, leave out the rows that mean missing, or choose the task 'classification'."
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


@dataclass(frozen=True)
class TargetTable:
    """Several columns to be predicted at once.

    Parameters
    ----------
    targets : tuple of Target
        All regressions, or all classifications of the classes 0 and 1 (False and True).

    Examples
    --------
    >>> import pandas as pd
    >>> marks = pd.DataFrame({"rain": [1, 0, 1], "wind": [0, 0, 1]})
    >>> targets = TargetTable.of(marks)
    >>> targets.task, targets.encode(marks).tolist()
    ('multilabel', [[1, 0], [0, 0], [1, 1]])
    """

    targets: tuple[Target, ...]

    @classmethod
    def of(cls, table: Any, task: str = "auto") -> "TargetTable":
        """Learn the targets from their columns.

        Parameters
        ----------
        table : pandas, polars or Arrow table, or NumPy array (rows, targets)
        task : {'auto', 'classification', 'regression'}
            'auto' takes columns of nothing but 0 and 1, or False and True, as classes, and all else as numbers.

        Raises
        ------
        DataError
            If a value is missing or infinite, or the columns do not suit the task.
        """
        frame = to_pandas(table)
        if task not in TASKS:
            raise DataError(f"'task' must be one of its known names; got {task!r}.{did_you_mean(task, TASKS)}")
        if not frame.shape[0] or not frame.shape[1]:
            raise DataError(f"The targets must have at least one row and one column; got {frame.shape}.")
        columns = [(label, frame[label]) for label in frame.columns]
        for label, series in columns:
            _refuse_missing(label, series)
        marks = {label: _is_mark(series) for label, series in columns}
        if task == "classification" and not all(marks.values()):
            label = next(label for label, is_mark in marks.items() if not is_mark)
            raise DataError(
                f"Each of several targets that are classes must hold only 0 and 1; {label!r} does not. "
                "Turn it into one column of 0 and 1 for each class, or learn it by itself."
            )
        if task == "classification" or (task == "auto" and all(marks.values())):
            return cls(tuple(Target(label, "classification", _two_labels(series)) for label, series in columns))
        return cls(tuple(Target.of(series, "regression") for _, series in columns))

    @property
    def task(self) -> str:
        """'multilabel' or 'regression'."""
        return "regression" if self.targets[0].task == "regression" else "multilabel"

    def meaning(self) -> str:
        """Say in a few words what is predicted."""
        what = "number" if self.task == "regression" else "mark"
        return f"{counted(len(self.targets), what)}: {', '.join(in_list(target.label) for target in self.targets)}"

    def encode(self, table: Any) -> NDArray[Any]:
        """Return marks (rows, targets) of 0 and 1 as int64, or standardised values as float64.

        Raises
        ------
        DataError
            If a column is missing, or a value is missing, infinite, or no such mark or number.
        """
        frame = to_pandas(table)
        require_columns(frame, [target.label for target in self.targets])
        return np.column_stack([target.encode(frame[target.label]) for target in self.targets])

    def decode(self, values: Any, *, clamp: bool = False) -> NDArray[Any]:
        """Return marks, or values in the targets' units, of (rows, targets): the inverse of `encode`."""
        columns = np.asarray(values).T
        return np.column_stack(
            [target.decode(column, clamp=clamp) for target, column in zip(self.targets, columns, strict=True)]
        )

    def to_state(self) -> list[dict[str, Any]]:
        """Return the targets as JSON can hold them; `from_state` reads them back."""
        return [target.to_state() for target in self.targets]

    @classmethod
    def from_state(cls, state: Any) -> "TargetTable":
        """Build the targets from what `to_state` gave.

        Raises
        ------
        ModelFileError
            If it is not what `to_state` gives.
        """
        if not isinstance(state, list) or not state:
            raise ModelFileError("The model's targets must be a list of at least one.")
        targets = tuple(Target.from_state(each) for each in state)
        if len({target.task for target in targets}) > 1 or len({target.label for target in targets}) < len(targets):
            raise ModelFileError("The model's targets must be of one task and have different names.")
        if any(target.labels and target.labels != (0, 1) for target in targets):
            raise ModelFileError("The labels of each of several targets must be 0 and 1.")
        return cls(targets)


def _is_mark(series: "pd.Series[Any]") -> bool:
    values, wrong = read_numbers(series)
    return not wrong.any() and bool(np.isin(values, (0.0, 1.0)).all())


def _two_labels(series: "pd.Series[Any]") -> tuple[ClassLabel, ...]:
    return (False, True) if types.is_bool_dtype(series.dtype) else (0, 1)
