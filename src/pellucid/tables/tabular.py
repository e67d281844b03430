"""A raw table to the inputs of a tabular network: scaled numbers, values passed as they are, codes of categories.

- **Numbers**, dates (in days) and their parts: centred, scaled and smoothly clipped (`pellucid.tables.scaling`). A
  missing cell is 0, the median; a column with missing cells has a mark beside it. Infinite cells count as missing.
- **Passed**: these marks, yes and no, and categories of few levels, one input a level. Two levels, and yes and no,
  share one input of -1 and 1. No level (missing, never seen) is 0. All are centred, scaled and clipped like numbers.
- **Codes**: a category of more levels is one input that holds the number of its level, for an embedding
  (`pellucid.tables.codes`). The code -1 is no level: its embedding is the zero vector.

An input that is the same in every row learned from is left out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pellucid.errors import DataError, ModelFileError, PellucidError, SpecError
from pellucid.spec import from_json, to_json
from pellucid.spec.checks import check_choice, check_integer
from pellucid.tables import codes, measures
from pellucid.tables.cells import BoolArray, Coded, FloatArray
from pellucid.tables.codes import LevelCodes, codes_from_arrays, codes_to_arrays
from pellucid.tables.columns import read_coded
from pellucid.tables.frames import to_pandas
from pellucid.tables.inference import infer_schema
from pellucid.tables.inputs import Inputs
from pellucid.tables.measures import Measures
from pellucid.tables.missing import empty_cells
from pellucid.tables.scaling import scales_of_counts, smooth_clip
from pellucid.tables.schema import ColumnSchema, Schema, require_columns
from pellucid.tables.state import Arrays, finite_array, flag_array, only_these

__all__ = ["SCALINGS", "TabularEncoder", "Tally"]

SCALINGS = ("robust", "quantile")
_SETTINGS = ("one_hot_limit", "min_count", "scaling")
_ARRAYS = {"marked", "passed_medians", "passed_factors"}
_DEFAULTS = {field.name: to_json(field.default) for field in fields(ColumnSchema) if field.default is not MISSING}
_VALUES = np.array([-1.0, 0.0, 1.0])  # that what is passed has before it is scaled

Float32Array = NDArray[np.float32]


@dataclass(frozen=True)
class Tally:
    """What was counted in all rows where only some of them can be held in memory.

    Parameters
    ----------
    rows : int
    missing : mapping of str to int
        Missing cells of each column.
    levels : mapping of str to mapping of str to int
        For columns of text: rows of each different text.
    """

    rows: int
    missing: Mapping[str, int]
    levels: Mapping[str, Mapping[str, int]]


class TabularEncoder:
    """Turns tables into the inputs of a tabular network.

    Parameters
    ----------
    schema : Schema, optional
        What the columns mean; by default `fit` finds out.
    one_hot_limit : int >= 0, default=8
        A category of more levels becomes codes.
    min_count : int >= 1, default=2
        Levels in fewer rows are put together, but the two most frequent are kept in any case.
    scaling : {'robust', 'quantile'}, default='robust'
        How numbers are scaled: centred, scaled and smoothly clipped, or turned into normal quantiles.

    Attributes
    ----------
    schema : Schema
    inputs : Inputs
        What each input is, and which column it comes from.

    Raises
    ------
    DataError
        If a parameter breaks its rule.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"size": [1.0, 3.0, None, 2.0], "colour": ["red", "blue", "red", "blue"]})
    >>> encoder = TabularEncoder().fit(frame)
    >>> encoder.inputs.names
    ('size', 'size is missing', 'colour=red')
    >>> print(encoder.transform(frame).round(2))
    [[-0.95  0.    0.49]
     [ 0.95  0.   -0.49]
     [ 0.    2.4   0.49]
     [ 0.    0.   -0.49]]
    """

    def __init__(
        self, schema: Schema | None = None, *, one_hot_limit: int = 8, min_count: int = 2, scaling: str = "robust"
    ) -> None:
        self.one_hot_limit = one_hot_limit
        self.min_count = min_count
        self.scaling = scaling
        try:
            check_integer(self, "one_hot_limit", low=0)
            check_integer(self, "min_count", low=1)
            check_choice(self, "scaling", SCALINGS)
        except SpecError as error:
            raise DataError(str(error)) from None
        if schema is not None:
            self._use(schema)

    def _use(self, schema: Schema) -> None:
        self.schema = schema
        self._measures = Measures([each for each in schema.used if each.kind in ("number", "date")], self.scaling)
        self._sorted = tuple(each for each in schema.used if each.kind in ("boolean", "category") or each.levels)

    def fit(self, table: Any, *, tally: Tally | None = None) -> "TabularEncoder":
        """Learn medians, scales and levels.

        Parameters
        ----------
        table : pandas, polars or Arrow table, or NumPy array (rows, columns)
        tally : Tally, optional
            What was counted in all rows, if the table is a sample of them.

        Raises
        ------
        DataError
            If a column is missing or breaks the schema, or none can be learned from.
        """
        frame = to_pandas(table)
        if not hasattr(self, "schema"):
            self._use(infer_schema(frame))
        frame = self._checked(frame)
        self._measures.fit(frame)
        if tally is not None:
            self._measures.take_missing(tally.missing)
        self._marked = (self._measures.missing > 0) & self._measures.markable
        missing = self._measures.missing[self._marked]
        rows = len(frame) if tally is None else tally.rows
        counts = [np.stack([np.zeros_like(missing), rows - missing, missing])]
        self._codes: tuple[LevelCodes, ...] = ()
        for column in self._sorted:
            known = _known_levels(column)
            levels, of_code = self._count(column, known, frame, tally)
            self._codes += (levels,)
            if self._is_one_hot(levels):
                patterns = _one_hot(len(levels))
                counts.append(np.stack([of_code @ (patterns == value) for value in (-1, 0, 1)]))
        self._passed_medians, self._passed_factors = scales_of_counts(np.hstack(counts))
        self._arrange()
        if not self.inputs.width:
            raise DataError(f"The table must have a column to learn from; it has none ({self._reasons()}).")
        return self

    def _count(
        self, column: ColumnSchema, known: tuple[str, ...], frame: pd.DataFrame, tally: Tally | None
    ) -> tuple[LevelCodes, NDArray[np.int64]]:
        """Choose the codes of a category, and count the cells of each, and those without one."""
        cells = read_coded(column, frame[column.label])
        rows, found = len(frame), _counts(cells)
        if tally is not None and column.kind == "category" and column.label in tally.levels:
            rows, found = tally.rows, dict(tally.levels[column.label])
        counts = np.array([found.get(level, 0) for level in known], dtype=np.int64)
        levels = LevelCodes.of(known, counts, rows - int(counts.sum()), self.min_count)
        if self._is_one_hot(levels):
            levels = replace(levels, has_missing=False)
        kept = counts[levels.kept]
        others = [counts.sum() - kept.sum()] * levels.has_other
        return levels, np.array([*kept, *others, rows - counts.sum()], dtype=np.int64)

    def _is_one_hot(self, levels: LevelCodes) -> bool:
        return len(levels) - levels.has_missing <= self.one_hot_limit

    def _reasons(self) -> str:
        notes = [f"{column.label!r}: {column.note or 'nothing varies'}" for column in self.schema.columns[:10]]
        return "; ".join(notes) + ("; …" if len(self.schema.columns) > 10 else "")

    def _arrange(self) -> None:
        """Find the place of every input, and what is passed, from what was learned."""
        numbers, marks = self._measures, int(self._marked.sum())
        is_passed = self._passed_factors > 0
        numeric, passed = int(numbers.kept.sum()), int(is_passed.sum())
        self._number_slots = np.where(numbers.kept, np.cumsum(numbers.kept) - 1, -1)
        slots = numeric + np.cumsum(is_passed) - 1
        centred = _VALUES[:, np.newaxis] - self._passed_medians
        values = smooth_clip((centred * self._passed_factors).astype(np.float32))
        self._mark_slots = np.full(len(self._marked), -1)
        self._mark_slots[self._marked] = np.where(is_passed, slots, -1)[:marks]
        self._mark_values = np.zeros((2, len(self._marked)), dtype=np.float32)
        self._mark_values[:, self._marked] = values[1:, :marks]
        of_number = [(numbers.names[i], numbers.sources[i]) for i in np.flatnonzero(numbers.kept)]
        of_passed = [(f"{numbers.names[i]} is missing", numbers.sources[i]) for i in np.flatnonzero(self._marked)]
        of_code: list[tuple[str, str]] = []
        widths: list[int] = []
        place = marks
        self._plans: list[_Plan] = []
        for column, levels in zip(self._sorted, self._codes, strict=True):
            if self._is_one_hot(levels):
                patterns = _one_hot(len(levels))
                which = place + np.flatnonzero(is_passed[place : place + patterns.shape[1]])
                of_passed += [(name, column.label) for name in _one_hot_names(column.label, levels)]
                self._plans.append(_Plan(slots[which], values[patterns[:, which - place] + 1, which]))
                place += patterns.shape[1]
            else:
                self._plans.append(_Plan(np.array([numeric + passed + len(widths)]), None))
                of_code.append((f"{column.label} by value" if column.kind == "number" else column.label, column.label))
                widths.append(len(levels))
        named = [*of_number, *(of_passed[i] for i in np.flatnonzero(is_passed)), *of_code]
        names, sources = zip(*named, strict=True) if named else ((), ())
        self.inputs = Inputs(names, sources, numeric, passed, tuple(widths))

    def transform(self, table: Any, *, first_row: int = 0) -> Float32Array:
        """Return the inputs of each row.

        Columns may come in any order and of any type that reads alike, and others beside them.

        Parameters
        ----------
        table : pandas, polars or Arrow table, or NumPy array (rows, columns)
        first_row : int, default=0
            Rows before the table's, where it is a part of a larger one; for messages.

        Returns
        -------
        X : array (rows, inputs) of float32, C-contiguous
            Finite; what each input is says `inputs`.

        Raises
        ------
        DataError
            If a column is missing, or a cell breaks the schema: the message names column, row and value.
        """
        return self.read(to_pandas(table), first_row=first_row)[0]

    def read(
        self, frame: pd.DataFrame, labels: Sequence[str] = (), *, first_row: int = 0
    ) -> tuple[Float32Array, FloatArray]:
        """Return the inputs of each row, and the numbers of some columns.

        Parameters
        ----------
        frame : DataFrame
            What `to_pandas` gives.
        labels : sequence of str
            Columns of which numbers or dates are learned from (`holds_numbers`).
        first_row : int, default=0

        Returns
        -------
        X : array (rows, inputs) of float32
            As `transform` gives it.
        numbers : array (columns, rows) of float64
            Numbers, or the days of dates, of the columns; NaN where a cell is missing.
        """
        frame = self._checked(frame)
        X = np.empty((len(frame), self.inputs.width), dtype=np.float32)
        numbers, order = np.full((len(labels), len(frame)), np.nan), self._measures.order_of(labels)
        for rows, which, block in self._measures.blocks(frame, first_row):
            _put(X[rows], self._number_slots[which], lambda kept: self._measures.scale(which[kept], block[kept]))  # noqa: B023
            _put(X[rows], self._mark_slots[which], lambda kept: self._marks(which[kept], block[kept]))  # noqa: B023
            _keep(numbers, order, rows, which, block)
        for column, levels, plan in zip(self._sorted, self._codes, self._plans, strict=True):
            if len(plan.slots):
                cells = read_coded(column, frame[column.label], first_row)
                if column.kind == "category":
                    levels.warn_if_strange(column.label, cells)
                found = levels.encode(cells)
                X[:, plan.slots] = found[:, np.newaxis] if plan.values is None else plan.values[found]
        return X, numbers

    def numbers(self, labels: Sequence[str], table: Any) -> FloatArray:
        """Return the numbers of columns, or the days of their dates, of shape (columns, rows): NaN where missing.

        Other columns need not be there.

        Raises
        ------
        DataError
            If no numbers or dates are learned from a column (`holds_numbers`), it is missing, or breaks the schema.

        Examples
        --------
        >>> frame = pd.DataFrame({"sold": ["1970-01-03", "1970-01-02", None]})
        >>> TabularEncoder().fit(frame).numbers(["sold"], frame).tolist()
        [[2.0, 1.0, nan]]
        """
        known = {column.label: column for column in self.schema.used}
        for label in labels:
            if not self.holds_numbers(label):
                raise DataError(f"Column {label!r} must be one of numbers or dates that are learned from.")
        frame = to_pandas(table)
        require_columns(frame, list(labels))
        frame = empty_cells(frame, {label: known[label].missing_values for label in labels})[0]
        measures, numbers = (
            Measures([known[each] for each in labels], self.scaling),
            np.empty((len(labels), len(frame))),
        )
        for rows, which, block in measures.blocks(frame):
            _keep(numbers, measures.order_of(labels), rows, which, block)
        return numbers

    def holds_numbers(self, label: str) -> bool:
        """Tell whether numbers or dates of this column are learned from."""
        return any(each.label == label and each.kind in ("number", "date") for each in self.schema.used)

    @property
    def level_names(self) -> tuple[tuple[str, ...], ...]:
        """What the codes of each input of codes stand for.

        Examples
        --------
        >>> frame = pd.DataFrame({"colour": ["red", "blue", "red", "blue"]})
        >>> TabularEncoder(one_hot_limit=0).fit(frame).level_names
        (('blue', 'red'),)
        """
        return tuple(levels.names for levels in self._codes if not self._is_one_hot(levels))

    def _marks(self, which: NDArray[np.int64], block: FloatArray) -> Float32Array:
        there, missing = self._mark_values[:, which, np.newaxis]
        return np.where(np.isnan(block), missing, there)

    def _checked(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Return the table, its declared cells empty, once it has what is learned from."""
        if not self.schema.used:
            raise DataError(f"The table must have a column to learn from; it has none ({self._reasons()}).")
        require_columns(frame, [column.label for column in self.schema.used])
        if not len(frame):
            raise DataError("The table must have at least one row; it has none.")
        return empty_cells(frame, self.schema.missing_values)[0]

    def to_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return all that was learned: a header that JSON can hold, and plain arrays."""
        schema = to_json(self.schema)
        schema["columns"] = [_unlike_defaults(column) for column in schema["columns"]]
        header = {"schema": schema} | {name: getattr(self, name) for name in _SETTINGS}
        passed = {"passed_medians": self._passed_medians, "passed_factors": self._passed_factors}
        marked = {"marked": self._marked.astype(np.uint8)}
        return header, self._measures.to_arrays() | codes_to_arrays(self._codes) | marked | passed

    @classmethod
    def from_state(cls, header: Any, arrays: Arrays) -> "TabularEncoder":
        """Build the encoder from what `to_state` gave; its results are the same to the last bit.

        Raises
        ------
        ModelFileError
            If it is not what `to_state` gives.
        """
        if not isinstance(header, Mapping):
            raise ModelFileError("The header of the model's table must be an object with named fields.")
        only_these(header, {"schema", *_SETTINGS}, "fields of the table")
        only_these(arrays, measures.ARRAYS | codes.ARRAYS | _ARRAYS, "arrays of the table")
        try:
            encoder = cls(from_json(Schema, header["schema"]), **{name: header[name] for name in _SETTINGS})
        except PellucidError as error:
            raise ModelFileError(f"The model's table is damaged: {error}") from None
        encoder._take(arrays)
        return encoder

    def _take(self, arrays: Arrays) -> None:
        self._measures.from_arrays(arrays)
        self._marked = flag_array(arrays, "marked", len(self._measures.names))
        if (self._marked & ~self._measures.markable).any():
            raise ModelFileError("The array 'marked' of the model marks a column that cannot be marked.")
        self._codes = codes_from_arrays([_known_levels(column) for column in self._sorted], arrays)
        one_hot = [levels for levels in self._codes if self._is_one_hot(levels)]
        if any(levels.has_missing for levels in one_hot):
            raise ModelFileError("The array 'has_missing' of the model is only for categories of many levels.")
        passed = int(self._marked.sum()) + sum(_one_hot(len(levels)).shape[1] for levels in one_hot)
        self._passed_medians = finite_array(arrays, "passed_medians", passed)
        self._passed_factors = finite_array(arrays, "passed_factors", passed)
        if (np.abs(self._passed_medians) > 1).any() or not (
            (self._passed_factors >= 0) & (self._passed_factors <= 1e9)
        ).all():
            raise ModelFileError("The arrays of what the model passes must lie between -1 and 1, and 0 and 1e9.")
        self._arrange()
        if not self.inputs.width:
            raise ModelFileError("The model's table must have a column that is learned from.")


class _Plan(NamedTuple):
    """Where the inputs of a category stand, and their values for each code; None: the code itself."""

    slots: NDArray[np.int64]
    values: Float32Array | None


def _put(X: Float32Array, slots: NDArray[np.int64], values: Callable[[BoolArray], Float32Array]) -> None:
    """Write the values (inputs, rows) of those inputs that have a slot."""
    kept = slots >= 0
    if not kept.any():
        return
    if not kept.all():
        slots = slots[kept]
    first, last = int(slots[0]), int(slots[-1])
    where: Any = slice(first, last + 1) if last - first == len(slots) - 1 else slots  # they rise
    X[:, where] = values(kept).T


def _keep(
    numbers: FloatArray, order: NDArray[np.int64], rows: slice, which: NDArray[np.int64], block: FloatArray
) -> None:
    """Keep those numbers of a block of measures that have a place of 0 or more in the order."""
    places = order[which]
    numbers[places[places >= 0], rows] = block[places >= 0]


def _counts(cells: Coded) -> dict[str, int]:
    counts = np.bincount(cells.codes[cells.codes >= 0], minlength=len(cells.texts))
    return dict(zip(cells.texts, counts.tolist(), strict=True))


def _unlike_defaults(column: dict[str, Any]) -> dict[str, Any]:
    """Leave out what reading it puts in by itself, so that the header of a wide table stays small."""
    return {name: value for name, value in column.items() if name not in _DEFAULTS or value != _DEFAULTS[name]}


def _known_levels(column: ColumnSchema) -> tuple[str, ...]:
    return ("no", "yes") if column.kind == "boolean" else column.levels


def _one_hot(count: int) -> NDArray[np.int64]:
    """Return the values of the inputs for each of so many codes, and, last, for no code: (count + 1, inputs)."""
    if count == 2:
        return np.array([[-1], [1], [0]])
    return np.vstack([np.eye(count, dtype=np.int64), np.zeros((1, count), dtype=np.int64)])


def _one_hot_names(label: str, levels: LevelCodes) -> list[str]:
    shown = [f"{label}={levels.known[i]}" for i in levels.kept] + [f"{label} is other"] * levels.has_other
    return shown[1:] if len(shown) == 2 else shown
