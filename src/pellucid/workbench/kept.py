"""Runs that were kept, to be seen beside each other."""

import asyncio
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any

from pellucid.engines import get_engine
from pellucid.errors import DataError
from pellucid.textbook.arrays import Array
from pellucid.textbook.parameters import Parameters
from pellucid.workbench.asking import integer_in, text_in
from pellucid.workbench.catalog import label_of
from pellucid.workbench.dataset import evenly
from pellucid.workbench.frames import output_map, scores, training_rows
from pellucid.workbench.limits import MOST_KEPT
from pellucid.workbench.protocol import Message, encode, update
from pellucid.workbench.run import Run, Shown
from pellucid.workbench.settings import Settings, differences, write_settings

if TYPE_CHECKING:
    from pellucid.workbench.session import Session

__all__ = ["Kept", "KeptRun"]

MOST_MAPS = 40
"""Moments of a kept run whose maps can be seen."""
RESOLUTION = 60


@dataclass(frozen=True, eq=False)
class KeptRun:
    """A run as it was when it was kept.

    Attributes
    ----------
    id : int
    name : str
    settings : Settings
    history : array of shape (rows, 8)
    shown : Shown
        Its last moment.
    moments : list of (epoch, parameters)
    summary : dict
        Losses and scores.
    """

    id: int
    name: str
    settings: Settings
    history: Array = field(repr=False)
    shown: Shown = field(repr=False)
    moments: list[tuple[int, Array]] = field(repr=False)
    summary: dict[str, Any]


class Kept:
    """The runs that a page kept."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.runs: dict[int, KeptRun] = {}
        self._numbers = count(1)
        self.handlers = {
            "keep": self._on_keep,
            "forget": self._on_forget,
            "kept_history": self._on_history,
            "kept_map": self._on_map,
        }

    def told(self) -> list[dict[str, Any]]:
        """Return the state `runs`."""
        first = next(iter(self.runs.values()), None)
        return [
            {
                "id": each.id,
                "name": each.name,
                "settings": write_settings(each.settings),
                "epoch": each.shown.position[0],
                "differences": []
                if first is None
                else [
                    {"path": path, "label": label_of(path), "value": value}
                    for path, _, value in differences(first.settings, each.settings)
                ],
                **each.summary,
            }
            for each in self.runs.values()
        ]

    async def _on_keep(self, message: Message) -> None:
        if len(self.runs) >= MOST_KEPT:
            raise DataError(f"At most {MOST_KEPT} runs can be kept; forget one first.")
        number = next(self._numbers)
        name = text_in(message.content, "name", 100, f"Run {number}")
        session = self.session
        taken = await session.command(lambda: _take(session.run))
        kept = await asyncio.to_thread(_summed_up, number, name, session.settings, *taken)
        self.runs[number] = kept
        await session.send(update(runs=self.told()))

    async def _on_forget(self, message: Message) -> None:
        del self.runs[self._find(message).id]
        await self.session.send(update(runs=self.told()))

    async def _on_history(self, message: Message) -> None:
        kept = self._find(message)
        await self.session.send(encode({"kind": "kept_history", "id": kept.id}, {"history": kept.history}))

    async def _on_map(self, message: Message) -> None:
        kept = self._find(message)
        epoch = integer_in(message.content, "epoch", 0, 2**53, kept.shown.position[0])
        at, vector = min(kept.moments, key=lambda moment: abs(moment[0] - epoch))
        shown = replace(kept.shown, parameters=vector)
        resolution = integer_in(message.content, "resolution", 4, 200, RESOLUTION)
        plane = shown.dataset.plane(kept.settings.inputs.view)
        told, output = await asyncio.to_thread(_map, shown, plane.rows(resolution))
        content = {"kind": "kept_map", "id": kept.id, "epoch": at, "output": told}
        await self.session.send(encode(content, {"output": output}))

    def _find(self, message: Message) -> KeptRun:
        number = message.content.get("id")
        if type(number) is not int or number not in self.runs:
            raise DataError(f"There is no kept run {str(number)[:20]!r}.")
        return self.runs[number]


def _take(run: Run) -> tuple[Shown, Array, list[tuple[int, Array]]]:
    moments = [(each.epoch, each.parameters) for each in run.moments if (each.epoch, 0) <= run.position]
    chosen = [moments[place] for place in evenly(len(moments), MOST_MAPS)]
    return run.shown(), run.curves.since(-1), [*chosen, (run.epoch, run.parameters.copy())]


def _summed_up(
    number: int, name: str, settings: Settings, shown: Shown, history: Array, moments: list[tuple[int, Array]]
) -> KeptRun:
    engine, data = get_engine("auto", 1), shown.dataset
    loss, score = scores(engine, shown, training_rows(data))
    validation, validation_score = scores(engine, shown, data.held_out) if len(data.validation) else (None, None)
    summary: dict[str, Any] = {"loss": loss, "validation": validation, "train_score": score, "score": validation_score}
    summary["score_name"] = data.score
    return KeptRun(number, name, settings, history, shown, moments, summary)


def _map(shown: Shown, columns: Array) -> tuple[dict[str, Any], Array]:
    pixels = shown.dataset.seen(columns)
    return output_map(get_engine("auto", 1), shown, Parameters(shown.network, shown.parameters), pixels)
