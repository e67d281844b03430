"""Moments of a run that are kept, so that any other can be reached by training on from the one before it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pellucid.textbook.arrays import Array
from pellucid.textbook.optimizers import copy_state
from pellucid.training.jobs import State
from pellucid.workbench.settings import Settings

__all__ = ["Moment", "Moments", "Position", "copied"]

Position = tuple[int, int]
"""Epochs done, and batches done of the next one."""

MOST = 400
LEAST = 4
BYTES = 48 << 20


@dataclass(frozen=True, eq=False)
class Moment:
    """All that training needs to go on from the end of an epoch.

    Attributes
    ----------
    epoch : int
    changes : int
        How many of the run's changes were made before.
    settings : Settings
    parameters : array
    state : State
    random : dict
        State of the stream that shuffles.
    frozen : array of bool or None
    """

    epoch: int
    changes: int
    settings: Settings = field(repr=False)
    parameters: Array = field(repr=False)
    state: State = field(repr=False)
    random: dict[str, Any] = field(repr=False)
    frozen: Array | None = field(default=None, repr=False)

    @property
    def nbytes(self) -> int:
        """About how much memory it takes."""
        optimizer = self.state.optimizer
        arrays = (self.parameters, *(optimizer.arrays if optimizer else ()))
        start = self.state.shuffling.start if self.state.shuffling else None
        return sum(array.nbytes for array in arrays) + (0 if start is None else start.nbytes) + 6000


def copied(state: State) -> State:
    """Return a training's state, independent of the training that goes on."""
    return replace(
        state,
        optimizer=None if state.optimizer is None else copy_state(state.optimizer),
        best=replace(state.best),
        shuffling=None if state.shuffling is None else replace(state.shuffling),
    )


class Moments:
    """A bounded number of moments, evenly spread over the run."""

    def __init__(self) -> None:
        self._kept: list[Moment] = []
        self._gap = 1

    def __iter__(self) -> Iterator[Moment]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def due(self, epoch: int) -> int:
        """Return after how many epochs more the next moment should be kept; 0: this one."""
        return max(0, self._kept[-1].epoch + self._gap - epoch) if self._kept else 0

    def keep(self, moment: Moment) -> None:
        """Keep a moment later than all others; where there are many, half of them go."""
        self._kept.append(moment)
        most = int(np.clip(BYTES // moment.nbytes, LEAST, MOST))
        if len(self._kept) > most:
            first, *rest = self._kept
            self._kept = [first, *rest[1::2]]
            if self._kept[-1] is not moment:
                self._kept.append(moment)
            self._gap = max(2 * self._gap, (moment.epoch - first.epoch) // most)

    def before(self, position: Position, changes: list[Position]) -> Moment:
        """Return the last moment on the way to a position, given where the run's changes were made."""
        made = sum(change <= position for change in changes)
        fitting = [each for each in self._kept if (each.epoch, 0) <= position and each.changes <= made]
        return fitting[-1] if fitting else self._kept[0]

    def cut(self, epoch: int, changes: int) -> None:
        """Forget what came after an epoch and so many changes."""
        self._kept = [each for each in self._kept if each.epoch <= epoch and each.changes <= changes] or self._kept[:1]

    def only(self, moment: Moment) -> None:
        """Forget all others."""
        self._kept, self._gap = [moment], 1
