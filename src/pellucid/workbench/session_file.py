"""A session file: settings, changes and the moment with all that training needs, so that the run goes on exactly.

A safetensors file, as a model file is: numbers and text, never code. Everything in it is checked when it is read.
"""

import json
from dataclasses import replace
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as from_bytes
from safetensors.numpy import save as to_bytes

from pellucid._version import __version__
from pellucid.errors import DataError, PellucidError
from pellucid.spec import parameter_count
from pellucid.storage.checksum import CHECKSUM, checksum_of, is_as_written
from pellucid.storage.model_file import FORMAT as MODEL
from pellucid.textbook.arrays import Array
from pellucid.textbook.optimizers import STATE_SYMBOLS, OptimizerState
from pellucid.training.jobs import State
from pellucid.training.stopping import Best
from pellucid.training.streams import Shuffling
from pellucid.workbench.asking import integer_in, name_in, number_in
from pellucid.workbench.dataset import build
from pellucid.workbench.history import COLUMNS
from pellucid.workbench.limits import MOST_EVENTS, SESSION_BYTES
from pellucid.workbench.own_table import Tables, table_rows
from pellucid.workbench.protocol import checked_json
from pellucid.workbench.run import Change, Run
from pellucid.workbench.settings import Settings, learns_on, read_settings, write_settings
from pellucid.workbench.sources import GENERATED

__all__ = ["read_session", "write_session"]

FORMAT = "pellucid session"
VERSION = 2
WRITERS = "Session files are written by “Session” in the menu “Save and open”."
DAMAGED = "The session file is damaged: it is not what was written, by its checksum. Copy or save it again."
TWISTER = 624
"""Words of the Mersenne Twister's state."""


def write_session(run: Run, tables: Tables) -> bytes:
    """Return a run as a session file.

    Raises
    ------
    DataError
        If its rows came from Python.
    """
    if run.settings.data.source == "given":
        raise DataError("These rows came from Python; a session file holds rows that the workbench can make again.")
    moment = run.resumable()
    further = run.epoch - moment.epoch  # L-BFGS goes on from its beginning only
    state, random = moment.state, moment.random
    header: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "written_by": f"pellucid {__version__}",
        "first": write_settings(run.first_settings),
        "settings": write_settings(run.settings),
        "changes": [_written(change) for change in run.changes],
        "epoch": moment.epoch,
        "further": further,
        "batch": run.batch,
        "state": {
            "step": state.optimizer.step if state.optimizer else 0,
            "rows_seen": state.rows_seen,
            "reductions": state.reductions,
            "best": [state.best.value, state.best.stale, state.best.epoch],
            "shuffles": state.shuffling.shuffles if state.shuffling else 0,
            "position": random["state"]["pos"],
            "shuffling_position": state.shuffling.random["state"]["pos"] if state.shuffling else 0,
        },
    }
    arrays: dict[str, Array] = {
        "parameters": moment.parameters,
        "random": np.asarray(random["state"]["key"], np.uint32),
        "history": run.curves.until(moment.epoch),
    }
    if state.optimizer is not None:
        arrays |= {f"memory.{index}": array for index, array in enumerate(state.optimizer.arrays)}
    if state.shuffling is not None:
        arrays["shuffling"] = np.asarray(state.shuffling.random["state"]["key"], np.uint32)
        if state.shuffling.start is not None:
            arrays["order"] = np.asarray(state.shuffling.start, np.int64)
    if run.frozen is not None:
        arrays["frozen"] = run.frozen.astype(np.uint8)
    table = run.settings.data.table
    if run.settings.data.source == "table" and table is not None:
        upload = tables.get(table.id)
        header["table"] = upload.name
        arrays["table"] = np.frombuffer(upload.data, np.uint8)
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    text = json.dumps(header | {CHECKSUM: checksum_of(header, contiguous)}, allow_nan=False)
    data: bytes = to_bytes(contiguous, {"pellucid": text})
    if len(data) > SESSION_BYTES:
        raise DataError(
            f"A session file may have {SESSION_BYTES >> 20} MB; this one would have {len(data) >> 20}, of "
            f"{len(run.changes)} changes. Reset the run, which forgets them, and save it again."
        )
    return data


def _written(change: Change) -> dict[str, Any]:
    settings = None if change.settings is None else write_settings(change.settings)
    at = list(change.at)
    return {"at": at, "kind": change.kind, "index": change.index, "value": float(change.value), "settings": settings}


def read_session(data: bytes, tables: Tables) -> Run:
    """Return the run of a session file, at its moment, or `ahead` epochs before it.

    Parameters
    ----------
    data : bytes
    tables : Tables
        Gets the session's own table, if it has one.

    Raises
    ------
    DataError
        If the file is damaged, or none of ours.
    """
    if len(data) > SESSION_BYTES:
        raise DataError(f"A session file must have at most {SESSION_BYTES >> 20} MB; this one has {len(data) >> 20}.")
    header, arrays = _parts(data)
    if CHECKSUM not in header or not is_as_written(header, arrays):
        raise DataError(DAMAGED)
    try:
        return _Reader(header, arrays, tables).run()
    except (KeyError, ValueError, TypeError, OverflowError) as error:
        if isinstance(error, PellucidError):
            raise
        raise DataError(f"The session file is not what it says it is ({type(error).__name__}: {error}).") from None


def _parts(data: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the header and the arrays of a session file."""
    if not data:
        raise DataError(f"The file is empty. {WRITERS}")
    try:
        arrays = from_bytes(data)
        outer = checked_json(data[8 : 8 + int.from_bytes(data[:8], "little")].decode())
    except (SafetensorError, KeyError, ValueError, TypeError, AttributeError):  # some of kinds that NumPy lacks
        raise DataError(
            f"The file is no whole session file: damaged, cut off or of another kind. Copy or save it again. {WRITERS}"
        ) from None
    text = outer.get("__metadata__", {}).get("pellucid")
    if text is None:
        raise DataError(f"The file is a safetensors file, but no session of the workbench. {WRITERS}")
    try:
        header = checked_json(text)
    except DataError:
        raise DataError(DAMAGED) from None
    written = header.get("format") if isinstance(header, dict) else None
    if written == MODEL:
        raise DataError(f"The file is a model file, not a session: pellucid.load reads it, in Python. {WRITERS}")
    if written != FORMAT:
        raise DataError(f"The file is no session file. {WRITERS}")
    if header.get("version") != VERSION:
        raise DataError(
            f"The session file is of version {header.get('version')!r}; this is pellucid {__version__}, which reads "
            f"version {VERSION}. Update pellucid, or save the session again with this one."
        )
    return header, arrays


class _Reader:
    def __init__(self, header: dict[str, Any], arrays: dict[str, Array], tables: Tables) -> None:
        self.header, self.arrays, self.tables = header, arrays, tables

    def run(self) -> Run:
        first, last = (read_settings(self.header[name]) for name in ("first", "settings"))
        rows = None
        if first.data.source == "table":
            kept = self.tables.add(str(self.header["table"]), self.arrays["table"].tobytes())
            first, last = (_with_table(each, kept.id) for each in (first, last))
            data = first.data
            assert data.table is not None  # noqa: S101 - just set
            rows = table_rows(self.tables.frame(data.table), data.table, data.train_share, data.seed)
        _check_rows(last, first)
        run = Run(first, build(first, rows))
        run.use(last)
        size = parameter_count(run.job.network)
        if size != len(run.job.parameters):
            raise DataError("The session's settings do not describe one network.")
        run.changes = self._changes(first, size)
        frozen = self.arrays.get("frozen")
        moment = replace(
            run.moment(),
            epoch=integer_in(self.header, "epoch", 0, last.stop.epochs),
            parameters=self._array("parameters", np.float64, (size,)),
            state=self._state(run, size),
            random=self._random(run, "random", "position"),
            frozen=None if frozen is None else self._array("frozen", np.uint8, (size,)).astype(bool),
        )
        run.go_on_from(moment, self._history(), integer_in(self.header, "batch", 0, run.job.steps_an_epoch - 1))
        run.ahead = integer_in(self.header, "further", 0, last.stop.epochs, 0)
        return run

    def _array(self, name: str, dtype: Any, shape: tuple[int, ...]) -> Array:
        array = self.arrays.get(name)
        if array is None or array.dtype != dtype or array.shape != shape:
            raise DataError(f"The session file's array {name!r} must have the shape {shape} of {np.dtype(dtype).name}.")
        return array.copy()

    def _changes(self, first: Settings, size: int) -> list[Change]:
        listed = self.header["changes"]
        if not isinstance(listed, list) or len(listed) > MOST_EVENTS:
            raise DataError(f"'changes' of a session file must be a list of at most {MOST_EVENTS}.")
        changes = []
        for each in listed:
            at = tuple(integer_in({"at": place}, "at", 0, 2**53) for place in each["at"])
            kind = name_in(each, "kind", ("edit", "freeze", "settings"))
            settings = None
            if kind == "settings":
                settings = read_settings(each["settings"])
                settings = _with_table(settings, first.data.table.id) if first.data.table else settings
                _check_rows(settings, first)
            index = integer_in(each, "index", -1 if settings else 0, size - 1)
            changes.append(Change((at[0], at[1]), kind, index, number_in(each, "value", -1e6, 1e6), settings))
        if [each.at for each in changes] != sorted(each.at for each in changes):
            raise DataError("A session's changes must be in their order.")
        return changes

    def _state(self, run: Run, size: int) -> State:
        told, rows = self.header["state"], run.job.data.rows
        count = len(STATE_SYMBOLS[type(run.job.training.optimizer)])
        memory = tuple(self._array(f"memory.{index}", np.float64, (size,)) for index in range(count))
        value, stale, epoch = told["best"]
        shuffling = None
        if "shuffling" in self.arrays:
            order = self._array("order", np.int64, (rows,)) if "order" in self.arrays else None
            if order is not None and (np.sort(order) != np.arange(rows)).any():
                raise DataError("The session file's order of rows must name each row once.")
            random = self._random(run, "shuffling", "shuffling_position")
            shuffling = Shuffling(order, random, integer_in(told, "shuffles", 0, 10_000_000))
        return State(
            OptimizerState(integer_in(told, "step", 0, 2**53), memory),
            integer_in(self.header, "epoch", 0, 2**53),
            integer_in(told, "rows_seen", 0, 2**53),
            integer_in(told, "reductions", 0, 2**53),
            Best(
                None if value is None else number_in({"best": value}, "best"),
                integer_in({"stale": stale}, "stale", 0, 2**53),
                integer_in({"epoch": epoch}, "epoch", 0, 2**53),
            ),
            shuffling=shuffling,
        )

    def _random(self, run: Run, array: str, position: str) -> dict[str, Any]:
        random = run.job.streams.shuffling.get_state(legacy=False)
        key = self._array(array, np.uint32, (TWISTER,))
        place = integer_in(self.header["state"], position, 0, TWISTER)
        return random | {"state": {"key": key, "pos": place}, "has_gauss": 0, "gauss": 0.0}

    def _history(self) -> Array:
        history = self.arrays.get("history")
        wrong = history is None or history.dtype != np.float64 or history.ndim != 2 or len(history) > 100_000
        if wrong or history is None or history.shape[1] != len(COLUMNS) or (np.diff(history[:, 0]) <= 0).any():
            raise DataError("The session file's curves are damaged.")
        return history


def _check_rows(settings: Settings, first: Settings) -> None:
    """Refuse another network and other rows than the run began with, but for dropout and points added and removed."""
    keeps_rows = first.data.source in GENERATED or settings.data == first.data
    if not (keeps_rows and learns_on(first, settings)):
        raise DataError("A session's changes must keep its rows, inputs and network.")


def _with_table(settings: Settings, key: str) -> Settings:
    table = settings.data.table
    if table is None:
        raise DataError("The session file names no table.")
    return replace(settings, data=replace(settings.data, table=replace(table, id=key)))
