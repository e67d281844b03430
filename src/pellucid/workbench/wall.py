"""The wall: every combination of a few settings, trained at once as one population."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from itertools import product
from math import prod
from threading import Event, Lock
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines import Engine, get_engine
from pellucid.errors import DataError, PellucidError
from pellucid.spec.checks import shown as shown_value
from pellucid.textbook.arrays import Array
from pellucid.textbook.parameters import Parameters
from pellucid.training.jobs import Job, Watch
from pellucid.training.stopping import Outcome
from pellucid.workbench.asking import integer_in
from pellucid.workbench.dataset import Dataset
from pellucid.workbench.frames import output_map, scores, training_rows
from pellucid.workbench.history import Curves
from pellucid.workbench.jobs import first_job
from pellucid.workbench.limits import MOST_OF_WALL, MOST_WALL
from pellucid.workbench.protocol import Message, encode, update
from pellucid.workbench.run import Run, Shown
from pellucid.workbench.settings import NetLayer, Settings, read_settings, write_settings
from pellucid.workbench.wording import words_of

if TYPE_CHECKING:
    from pellucid.workbench.session import Session

__all__ = ["Cell", "Wall", "Walls", "combinations"]

MOST_SETTINGS = 3
MOST_EPOCHS = 1_000_000
RESOLUTION = 24
CHUNK = 0.25
"""Seconds of training between two pictures."""


@dataclass(eq=False)
class Cell:
    """One network of the wall.

    Attributes
    ----------
    settings : Settings
    values : tuple of str
        What it has of the settings that differ.
    dataset : Dataset
    job : Job
    ended : str or None
        Why its training ended, if it did.
    """

    settings: Settings
    values: tuple[str, ...]
    dataset: Dataset = field(repr=False)
    job: Job = field(repr=False)
    ended: str | None = None


def combinations(settings: Settings, asked: dict[str, list[Any]]) -> list[tuple[Settings, tuple[str, ...]]]:
    """Return settings for every combination of values.

    Parameters
    ----------
    settings : Settings
        What is the same for all.
    asked : dict of str to list
        Values of up to three settings, by their path; ``network.layers[].activation`` is that of every layer.

    Raises
    ------
    PellucidError
        If a path or a value does not exist, or there would be too many.

    Examples
    --------
    >>> found = combinations(Settings(), {"training.learning_rate": [0.1, 1], "network.layers[].width": [2, 3]})
    >>> [values for _, values in found]
    [('0.1', '2'), ('0.1', '3'), ('1', '2'), ('1', '3')]
    """
    if not 1 <= len(asked) <= MOST_SETTINGS or not all(isinstance(each, list) and each for each in asked.values()):
        raise DataError(f"The wall needs 1 to {MOST_SETTINGS} settings, each with a list of values.")
    if prod(len(each) for each in asked.values()) > MOST_WALL:
        raise DataError(f"The wall holds at most {MOST_WALL} networks; take fewer values.")
    found = []
    for values in product(*asked.values()):
        written = write_settings(settings)
        paired = sorted(zip(asked, values, strict=True), key=lambda pair: _is_of_layers(pair[0]))  # these come last
        for path, value in paired:
            _put(written, path, value)
        found.append((read_settings(written), tuple(_text(value) for value in values)))
    return found


LAYER = frozenset(each.name for each in fields(NetLayer))


def _is_of_layers(path: str) -> bool:
    """Tell whether a path is a setting of every layer: ``network.activation`` or ``network.layers[].activation``."""
    return path.startswith("network.") and path.split(".", 1)[1].removeprefix("layers[].") in LAYER


def _put(written: dict[str, Any], path: str, value: Any) -> None:
    section, _, name = path.partition(".")
    if _is_of_layers(path):
        name = name.removeprefix("layers[].")
        layers = written["network"]["layers"]
        if isinstance(layers, list):
            written["network"]["layers"] = [each | {name: value} if isinstance(each, dict) else each for each in layers]
    elif isinstance(written.get(section), dict) and name in written[section]:
        written[section][name] = value
    else:
        raise DataError(f"There is no setting {shown_value(path)}.")


def _text(value: Any) -> str:
    if isinstance(value, dict):
        others = [f"{key} {each}" for key, each in value.items() if key != "name"]
        return " ".join([str(value.get("name", "")), *others])[:80]
    if isinstance(value, list):
        widths = [str(each.get("width", each)) if isinstance(each, dict) else str(each) for each in value]
        return " · ".join(widths)[:80] or "none"
    return str(value)[:80]


class Wall:
    """A population being trained.

    Parameters
    ----------
    cells : list of Cell
    epochs : int
        So many for each.
    engine : Engine or None
        None: the native one where it is built, on every processor.
    """

    def __init__(self, cells: Sequence[Cell], epochs: int, engine: Engine | None = None) -> None:
        self.cells, self.epochs = list(cells), epochs
        self.engine: Engine = engine or get_engine("auto")
        self.epoch = 0
        self.stopped = Event()
        self._lock = Lock()
        self._chunk = 1
        self._pixels: dict[int, Array] = {}

    @property
    def is_running(self) -> bool:
        """Whether there is something left to train."""
        return not self.stopped.is_set() and self.epoch < self.epochs and any(not each.ended for each in self.cells)

    def advance(self) -> None:
        """Train all for a while: one call of the engine."""
        epochs = min(self._chunk, self.epochs - self.epoch)
        going = [each for each in self.cells if each.ended is None]
        began = perf_counter()
        for cell in going:
            cell.job.epochs = min(epochs, cell.job.training.epochs - cell.job.state.epochs)
        with self._lock:
            runs = self.engine.train([cell.job for cell in going], Watch())
        for cell, run in zip(going, runs, strict=True):
            if run.outcome is not Outcome.ALL_EPOCHS or cell.job.state.epochs >= cell.job.training.epochs:
                cell.ended = run.outcome.value
        self.epoch += epochs
        share = CHUNK / max(perf_counter() - began, 1e-6)
        self._chunk = max(1, int(epochs * min(share, 2.0)))

    def picture(self, resolution: int = RESOLUTION) -> dict[str, Array]:
        """Return the buffers of `wall_frame`."""
        maps, losses, found = [], [], []
        engine = get_engine("auto", 1)
        with np.errstate(all="ignore"), self._lock:
            for cell in self.cells:
                shown = _shown(cell)
                pixels = self._seen(cell, resolution)
                maps.append(output_map(engine, shown, Parameters(shown.network, shown.parameters), pixels)[1])
                train = scores(engine, shown, training_rows(cell.dataset))
                held_out = cell.dataset.held_out
                validation = scores(engine, shown, held_out) if held_out.rows else (np.nan, np.nan)
                losses.append((train[0], validation[0]))
                found.append((train[1], validation[1]))
        return {"maps": np.stack(maps), "loss": np.array(losses, "f4"), "score": np.array(found, "f4")}

    def _seen(self, cell: Cell, resolution: int) -> Array:
        key = id(cell.dataset)  # the cells keep their datasets
        if key not in self._pixels:
            plane = cell.dataset.plane(cell.settings.inputs.view)
            self._pixels[key] = cell.dataset.seen(plane.rows(resolution))
        return self._pixels[key]


def _shown(cell: Cell) -> Shown:
    job = cell.job
    return Shown(0, (job.state.epochs, 0), 0, job.network, job.training, job.parameters, cell.dataset, Curves())


class Walls:
    """What a page asks of the wall."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.wall: Wall | None = None
        self.asked: dict[str, list[Any]] = {}
        self._task: asyncio.Task[None] | None = None
        self.handlers = {"wall": self._on_wall, "wall_stop": self._on_stop, "wall_open": self._on_open}

    def told(self) -> dict[str, Any] | None:
        """Return the state `wall`."""
        wall = self.wall
        if wall is None:
            return None
        return {
            "paths": list(self.asked),
            "settings": self.asked,
            "cells": [
                {"cell": index, "values": list(each.values), "ended": each.ended}
                for index, each in enumerate(wall.cells)
            ],
            "epochs": wall.epochs,
            "epoch": wall.epoch,
            "running": wall.is_running,
            "resolution": RESOLUTION,
        }

    def close(self) -> None:
        """End the training."""
        if self.wall is not None:
            self.wall.stopped.set()
        if self._task is not None:
            self._task.cancel()

    async def _on_wall(self, message: Message) -> None:
        asked = message.content.get("settings")
        if not isinstance(asked, dict):
            raise DataError("'settings' of a wall must be an object: {path: [values]}.")
        epochs = integer_in(message.content, "epochs", 1, MOST_EPOCHS, 1000)
        found = combinations(self.session.settings, asked)
        cells = await asyncio.to_thread(self._cells, found)
        self.close()
        await self.session.command(self.session.trainer.pause)
        self.wall, self.asked = Wall(cells, epochs), asked
        self._task = asyncio.create_task(self._train(self.wall))

    def _cells(self, found: list[tuple[Settings, tuple[str, ...]]]) -> list[Cell]:
        datasets: dict[str, Dataset] = {}
        cells, learned = [], 0
        for settings, values in found:
            written = write_settings(settings)
            key = json.dumps([written["data"], written["inputs"], written["training"]["loss"]])
            if key not in datasets:
                datasets[key] = self.session.build(settings)
            cells.append(Cell(settings, values, datasets[key], first_job(settings, datasets[key])))
            learned += len(cells[-1].job.parameters)
            if learned > MOST_OF_WALL:
                raise DataError(
                    f"The networks of a wall may learn {MOST_OF_WALL} numbers together; these learn more. Take fewer "
                    "values, or smaller layers."
                )
        return cells

    async def _train(self, wall: Wall) -> None:
        try:
            await self._tell(wall)
            while wall.is_running:
                await asyncio.to_thread(wall.advance)
                await self._tell(wall)
        except PellucidError as error:
            wall.stopped.set()
            await self.session.tell_error(words_of(error), "wall")
        await self.session.send(update(wall=self.told()))

    async def _tell(self, wall: Wall) -> None:
        buffers = await asyncio.to_thread(wall.picture)
        if self.wall is wall and self.session.wire is not None:
            content = {"kind": "wall_frame", "epoch": wall.epoch, "cells": len(wall.cells), "resolution": RESOLUTION}
            await self.session.send(encode(content, buffers))
            await self.session.send(update(wall=self.told()))

    async def _on_stop(self, message: Message) -> None:
        if self.wall is not None:
            self.wall.stopped.set()
        await self.session.send(update(wall=self.told()))

    async def _on_open(self, message: Message) -> None:
        if self.wall is None:
            raise DataError("There is no wall.")
        cell = self.wall.cells[integer_in(message.content, "cell", 0, len(self.wall.cells) - 1)]
        self.wall.stopped.set()
        epochs = cell.job.state.epochs
        run = await asyncio.to_thread(Run, cell.settings, cell.dataset)
        await self.session.open_run(run, epochs)
