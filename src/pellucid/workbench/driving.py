"""What a page does to go on, to go back, and to stop."""

from typing import TYPE_CHECKING, Any

from pellucid.errors import DataError
from pellucid.workbench.asking import integer_in, name_in, number_in
from pellucid.workbench.frames import look
from pellucid.workbench.protocol import Message
from pellucid.workbench.run import DIVERGED, Run
from pellucid.workbench.trainer import Until

if TYPE_CHECKING:
    from pellucid.workbench.session import Session

__all__ = ["Driving", "condition_from"]

LARGEST_STEP = 100_000
MOST_LOOKED = 10
"""Epochs of a step whose loss and scores are looked at after each."""
CONDITIONS = ("loss", "validation_loss", "score", "epoch")


class Driving:
    """Play, pause, step, seek."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.handlers = {
            "play": self._on_play,
            "pause": self._on_pause,
            "reset": self._on_reset,
            "step": self._on_step,
            "run_until": self._on_run_until,
            "speed": self._on_speed,
            "seek": self._on_seek,
        }

    async def _on_play(self, message: Message) -> None:
        await self._check_goes_on()
        await self.session.command(self.session.trainer.play)
        await self.session.tell_run()

    async def _check_goes_on(self) -> None:
        if self.session.run.has_diverged:
            await self.session.tell_run()
            raise DataError(DIVERGED)

    async def _on_pause(self, message: Message) -> None:
        await self.session.command(self.session.trainer.pause)
        await self.session.tell_run()
        self.session.ask_frame()

    async def _on_reset(self, message: Message) -> None:
        await self.session.restart(self.session.settings, self.session.dataset)

    async def _on_step(self, message: Message) -> None:
        unit = name_in(message.content, "unit", ("batch", "epoch", "epochs"), "epoch")
        count = integer_in(message.content, "count", 1, LARGEST_STEP, 1)
        await self._check_goes_on()

        def step() -> None:
            self.session.trainer.pause()
            run, left, looks = self.session.run, count, unit != "batch" and count <= MOST_LOOKED
            while left > 0 and run.ended is None and not self.session.is_interrupted():
                part = 1 if unit == "batch" or looks else run.until_next_moment(min(left, run.chunk(0.05)))
                (run.advance_batches if unit == "batch" else run.advance)(part)
                if looks:
                    look(run.engine, run.shown())
                left -= part
            self.session.trainer.publish()

        await self.session.command(step)
        await self.session.tell_run()

    async def _on_run_until(self, message: Message) -> None:
        condition = message.content.get("condition")
        until = condition_from(condition, self.session.run)
        await self._check_goes_on()
        await self.session.command(lambda: self.session.trainer.play(until))
        await self.session.tell_run()

    async def _on_speed(self, message: Message) -> None:
        speed = message.content.get("epochs_per_second")
        if speed is not None:
            speed = number_in(message.content, "epochs_per_second", 0.01, 1e6)
        await self.session.command(lambda: self.session.trainer.set_speed(speed))
        await self.session.tell_run()

    async def _on_seek(self, message: Message) -> None:
        moment = message.content.get("moment", message.content)
        if not isinstance(moment, dict):
            raise DataError("'moment' must be {epoch, batch}.")
        epoch, batch = (integer_in(moment, name, 0, 2**53, 0) for name in ("epoch", "batch"))

        def seek() -> None:
            self.session.trainer.pause()
            self.session.run.seek((epoch, batch), self.session.is_interrupted)
            self.session.trainer.publish()

        await self.session.command(seek)
        await self.session.follow_run()
        self.session.ask_frame()


def condition_from(condition: Any, run: Run) -> Until:
    """Return what a `run_until` message waits for, as a function of an epoch.

    Raises
    ------
    DataError
        If it is no condition, or of an epoch that is over.
    """
    if not isinstance(condition, dict):
        raise DataError("'condition' must be {name, value}.")
    name, value = name_in(condition, "name", CONDITIONS), number_in(condition, "value")
    if name == "loss":
        return lambda epoch: epoch.loss <= value
    if name == "validation_loss":
        return lambda epoch: epoch.validation_loss is not None and epoch.validation_loss <= value
    if name == "score":
        return lambda epoch: epoch.validation_score is not None and epoch.validation_score >= value
    if run.epoch >= value:
        raise DataError(f"The run is at epoch {run.epoch} already; ask for a later one.")
    return lambda epoch: run.epoch_of(epoch) >= value
