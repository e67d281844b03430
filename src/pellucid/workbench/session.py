"""One page's session: its settings, its run, what it kept. Messages come in, answers go out."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from time import monotonic
from typing import Any, Protocol

from pellucid.errors import DataError, PellucidError
from pellucid.textbook.arrays import Array
from pellucid.workbench.asking import integer_in, text_in
from pellucid.workbench.catalog import catalog
from pellucid.workbench.dataset import Dataset, build
from pellucid.workbench.describing import (
    describe_dataset,
    describe_run,
    points,
)
from pellucid.workbench.driving import Driving
from pellucid.workbench.editing import Editing
from pellucid.workbench.explaining import Explaining
from pellucid.workbench.exporting import Exporting
from pellucid.workbench.frames import FrameMaker, Looks, looks_from
from pellucid.workbench.jobs import default_loss, network_of, training_of
from pellucid.workbench.kept import Kept
from pellucid.workbench.landscape import Landscape
from pellucid.workbench.lanes import AT_ONCE, QUESTIONS, Lane
from pellucid.workbench.limits import TEXT_BYTES
from pellucid.workbench.own_table import Tables, table_rows
from pellucid.workbench.protocol import Message, custom, encode, update
from pellucid.workbench.run import Change, Run, Shown
from pellucid.workbench.settings import (
    Inputs,
    Settings,
    Table,
    at_path,
    differences,
    learns_on,
    path_of,
    read_settings,
    write_settings,
)
from pellucid.workbench.sources import Rows
from pellucid.workbench.trainer import Trainer
from pellucid.workbench.wall import Walls
from pellucid.workbench.wording import words_of

__all__ = ["Session", "Wire"]

LOG = logging.getLogger("pellucid.workbench")
SHORTEST = 1 / 32
"""Seconds between two frames: as many as look smooth, no more, since each takes from the training."""
MOST_UNDERWAY = 3
"""Frames that are sent and not drawn yet; the page tells of every other that it has drawn."""
LOOKED_EVERY = 0.1
"""Seconds between two looks at loss and gradients while training runs; the frames between are of maps and weights."""
MOST_TRIED = 8
"""Columns of a table that are tried as its target where the last cannot be."""
STATE_EVERY = 0.5
"""Seconds between two tellings of where a running training is."""
Handler = Callable[[Message], Awaitable[None]]


class Wire(Protocol):
    """Where answers go."""

    async def send(self, data: str | bytes) -> None:
        """Send one message."""
        ...


class Session:
    """What one page does, and what it left if it comes back.

    Parameters
    ----------
    name : str
    settings : Settings or None
        To begin with.
    tables : Tables or None
        Own tables, which the sessions of a server share.
    """

    def __init__(self, name: str, settings: Settings | None = None, tables: Tables | None = None) -> None:
        self.name = name
        self.tables = Tables() if tables is None else tables
        self._rows: tuple[tuple[Table, float, int], Rows] | None = None
        self.loop = asyncio.get_running_loop()
        self.news = asyncio.Event()
        self.trainer = Trainer(self._on_change, self._on_failure)
        self.settings = settings or Settings()
        self.dataset: Dataset = self.build(self.settings)
        self.revision = 0
        self.looks = Looks()
        self.frames = FrameMaker()
        self._drawn = 0
        self.is_fresh = True
        self.wire: Wire | None = None
        self.left_at: float | None = monotonic()
        self._asked_frame = True
        self._told, self._told_run = 0.0, 0
        self._looked, self._was_brief = 0.0, False
        self.trainer.take(self.first_run())
        self.trainer.speed = 30.0
        self.trainer.start()
        self.handlers: dict[str, Handler] = {
            "settings": self._on_settings,
            "view": self._on_view,
            "ack": self._on_ack,
            "upload": self._on_upload,
            "paste": self._on_paste,
        }
        self.editing, self.kept, self.walls = Editing(self), Kept(self), Walls(self)
        for room in (
            Driving(self),
            self.editing,
            Explaining(self),
            Landscape(self),
            self.kept,
            self.walls,
            Exporting(self),
        ):
            self.handlers |= room.handlers
        self.commands, self.questions = Lane(), Lane()
        self._workers = [asyncio.create_task(self._work(lane)) for lane in (self.commands, self.questions)]

    def first_run(self) -> Run:
        """Return the run to begin with."""
        return Run(self.settings, self.dataset)

    def tell_soon(self) -> None:
        """Tell the page everything, when there is time."""
        self.frames.forget()
        self._told_all = asyncio.create_task(self.tell_all())

    # --- coming and going -----------------------------------------------------------------------------------------

    async def connect(self, wire: Wire) -> None:
        """Talk to this page from now on, and tell it everything."""
        self.wire, self.left_at = wire, None
        self.frames.forget()
        self._drawn = self.frames.number
        await self.tell_all()
        self.is_fresh = False

    def disconnect(self, wire: Wire) -> None:
        """Hear that a page is gone."""
        if self.wire is wire:
            self.wire, self.left_at = None, monotonic()

    def close(self) -> None:
        """End the training."""
        self.trainer.close()
        self.walls.close()
        for worker in self._workers:
            worker.cancel()

    async def send(self, data: str | bytes) -> None:
        """Send to the page, if there is one."""
        if self.wire is not None:
            await self.wire.send(data)

    async def send_arrays(self, content: dict[str, Any], buffers: dict[str, Array]) -> None:
        """Send a binary message."""
        await self.send(encode(content, buffers))

    async def tell_all(self) -> None:
        """Tell the page everything."""
        await self.send(
            update(
                catalog=catalog(),
                settings=write_settings(self.settings),
                revision=self.revision,
                dataset=self.describe_dataset(),
                run=self.describe_run(),
                runs=self.kept.told(),
                wall=self.walls.told(),
                problems=[],
            )
        )
        await self.tell_points()
        self.ask_frame()

    async def tell_error(self, text: str, about: str) -> None:
        """Tell what could not be done."""
        await self.send(custom("error", message=text, about=about))

    async def tell_points(self) -> None:
        """Send the rows as points."""
        await self.send_arrays({"kind": "points"}, points(self.dataset, self.settings.inputs.view))

    async def tell_run(self) -> None:
        """Tell where the run is."""
        self._told = monotonic()
        await self.send(update(run=self.describe_run()))

    def describe_dataset(self) -> dict[str, Any]:
        """Return the state `dataset`."""
        return describe_dataset(self.dataset, self.settings)

    def describe_run(self) -> dict[str, Any]:
        """Return the state `run`, which is about to be told."""
        self._told_run = self.run.number
        told = describe_run(self.run, self.trainer)
        return told | self.editing.told() | {"fresh": self.is_fresh, "live": False}

    @property
    def run(self) -> Run:
        """The run that is trained."""
        assert self.trainer.run_ is not None  # noqa: S101 - there is one from the beginning
        return self.trainer.run_

    @property
    def shown(self) -> Shown:
        """Its latest moment."""
        assert self.trainer.shown is not None  # noqa: S101 - there is one from the beginning
        return self.trainer.shown

    @property
    def is_playing(self) -> bool:
        """Whether training runs."""
        return self.trainer.is_playing

    @property
    def _is_owed(self) -> bool:
        """Whether the page has seen maps only of the moment where training stopped."""
        return self._was_brief and not self.trainer.is_playing

    @property
    def is_fast(self) -> bool:
        """Whether more moments follow than there are frames."""
        speed = self.trainer.speed
        return self.trainer.is_playing and (speed is None or speed * SHORTEST > 1)

    async def command(self, what: Callable[[], Any]) -> Any:
        """Let the training's thread do something."""
        return await asyncio.wrap_future(self.trainer.submit(what))

    def is_interrupted(self) -> bool:
        """Tell whether what takes long should end, since something else is asked."""
        return self.commands.has_stop or self.trainer.is_over

    def _on_change(self) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.news.set)

    def _on_failure(self, error: Exception) -> None:
        LOG.error("Training failed.", exc_info=error)
        asyncio.run_coroutine_threadsafe(self.tell_error(words_of(error), "play"), self.loop)

    # --- messages -------------------------------------------------------------------------------------------------

    async def hear(self, message: Message) -> None:
        """Take a message: at once if that is quick, else behind those before it, commands and questions apart."""
        if message.kind in AT_ONCE:
            await self._do(message)
            return
        try:
            (self.questions if message.kind in QUESTIONS else self.commands).put(message)
        except DataError as error:
            await self.tell_error(str(error), message.kind)

    async def _work(self, lane: Lane) -> None:
        while True:
            await self._do(await lane.get())

    async def _do(self, message: Message) -> None:
        """Do what a message asks; what cannot be done is answered with an error."""
        try:
            await self._handler(message)(message)
        except (PellucidError, TypeError, KeyError, IndexError, OverflowError, MemoryError) as error:
            await self.tell_error(words_of(error), message.kind)
        except Exception as error:  # a mistake of ours must not end the session
            LOG.exception("A message of the kind %s failed.", message.kind)
            await self.tell_error(words_of(error), message.kind)

    def _handler(self, message: Message) -> Handler:
        kind, is_update = message.kind, message.method == "update"
        if is_update and (set(message.content) - {"settings", "revision"} or "settings" not in message.content):
            raise DataError("A page may update 'settings' and 'revision' only.")
        if kind not in self.handlers or (kind == "settings" and not is_update):
            raise DataError(f"There is no message of the kind {kind!r}.")
        return self.handlers[kind]

    # --- frames ---------------------------------------------------------------------------------------------------

    def ask_frame(self) -> None:
        """Have a frame made even if nothing was trained."""
        self._asked_frame = True
        self.news.set()

    async def stream(self, wire: Wire) -> None:
        """Send frames as long as this page is there: the latest moment, evenly in time."""
        last: Shown | None = None
        failure, due = "", 0.0
        while self.wire is wire:
            await self.news.wait()
            self.news.clear()
            if self.wire is not wire or self.frames.number - self._drawn >= MOST_UNDERWAY:
                continue
            shown = self.shown
            if shown.run != self._told_run or (shown is last and not self._asked_frame and not self._is_owed):
                continue  # the page must know a run before it sees its frames
            last, self._asked_frame = shown, False
            due = max(due + SHORTEST, monotonic() - SHORTEST)
            try:
                await self._send_frame(shown)
            except Exception as error:  # a mistake of ours must not end the pictures
                self._drawn = self.frames.number
                if str(error) != failure:
                    LOG.exception("A frame could not be made.")
                    await self.tell_error(words_of(error), "frame")
                failure = str(error)
            if monotonic() - self._told > STATE_EVERY or not self.trainer.is_playing:
                await self.tell_run()
            await asyncio.sleep(due + SHORTEST - monotonic())

    async def _send_frame(self, shown: Shown) -> None:
        looks, view = self.looks, self.settings.inputs.view
        is_brief = self.is_fast and monotonic() - self._looked < LOOKED_EVERY
        if not is_brief:
            self._looked = monotonic()
        self._was_brief = is_brief
        content, buffers = await asyncio.to_thread(self.frames.frame, shown, looks, view, is_brief=is_brief)
        if shown.run != self._told_run:  # meanwhile another run was told: no page sees a frame of the one before
            self._drawn = self.frames.number
            self.frames.forget()
            return
        content |= {"playing": self.is_playing, "rate": self.trainer.rate}
        await self.send_arrays(content, buffers)

    async def _on_ack(self, message: Message) -> None:
        frame = integer_in(message.content, "frame", 0, 2**53, self.frames.number)
        self._drawn = max(self._drawn, min(frame, self.frames.number))
        self.news.set()

    async def _on_view(self, message: Message) -> None:
        looks = looks_from(message.content)
        if looks != self.looks:
            self.looks = looks
            self.ask_frame()

    # --- settings -------------------------------------------------------------------------------------------------

    async def _on_settings(self, message: Message) -> None:
        revision = message.content.get("revision", self.revision)
        self.revision = revision if type(revision) is int else self.revision
        try:
            settings = read_settings(message.content.get("settings"))
            await self.take(settings)
        except PellucidError as error:
            problem = {"path": path_of(error), "message": words_of(error)}
            await self.send(update(problems=[problem], revision=self.revision))

    async def take(self, settings: Settings, *, remember: bool = True) -> None:
        """Go on with other settings: at once where they allow it, else from the start."""
        before = self.settings
        changed = [path for path, _, _ in differences(before, settings)]
        needs_rows = any(path.startswith(("data.", "inputs.")) for path in changed)
        needs_rows = needs_rows or settings.training.loss != before.training.loss
        dataset = await asyncio.to_thread(self.build, settings) if needs_rows else self.dataset
        settings = _suited(settings, dataset)
        network_of(settings, dataset), training_of(settings, dataset)  # what is wrong is said before anything changes
        if set(changed) - {"inputs.view"} == set() and dataset.inputs.shape == self.dataset.inputs.shape:
            self.settings = settings
            await self._tell_taken(points=bool(changed))
            return
        if remember:
            self.editing.remember({"kind": "settings", "from": before, "to": settings})
        if _is_live(before, settings):
            await self._take_live(before, settings)
        else:
            await self.restart(settings, dataset)

    def build(self, settings: Settings) -> Dataset:
        """Make the rows of settings."""
        choice = settings.data.table
        if settings.data.source == "given":
            return build(settings, self.given_rows())
        if settings.data.source != "table":
            return build(settings)
        if choice is None:
            raise DataError("There is no table yet: drop a file, or paste one.")
        made_of = (choice, settings.data.train_share, settings.data.seed)
        if self._rows is None or self._rows[0] != made_of:
            try:
                self._rows = (made_of, table_rows(self.tables.frame(choice), *made_of))
            except DataError as error:
                raise at_path("data.table", error) from None
        return build(settings, self._rows[1])

    def given_rows(self) -> Rows:
        """Return the rows that came from Python."""
        raise DataError("No rows came from Python here; open them with pellucid.workbench.show.")

    async def _on_upload(self, message: Message) -> None:
        if len(message.buffers) != 1:
            raise DataError("'upload' must come with the file as its one buffer.")
        await self._open_table(text_in(message.content, "name", 300, "table"), message.buffers[0])

    async def _on_paste(self, message: Message) -> None:
        await self._open_table("pasted.csv", text_in(message.content, "text", TEXT_BYTES).encode())

    async def _open_table(self, name: str, data: bytes) -> None:
        table = await asyncio.to_thread(self.tables.add, name, data)
        try:
            await self._take_table(table)
        except DataError as error:
            if not await self._takes_another_target(table):
                raise
            target = self.settings.data.table.target if self.settings.data.table else None
            await self.tell_error(f"{error} For now it is {target!r}; “Columns…” has the others.", "upload")

    async def _takes_another_target(self, table: Table) -> bool:
        """Take the table with the last column that can be predicted, if one of the last few can."""
        others = [str(name) for name in self.tables.get(table.id).frame.columns[-2 : -2 - MOST_TRIED : -1]]
        for target in others:
            with contextlib.suppress(DataError):
                await self._take_table(replace(table, target=target))
                return True
        return False

    async def _take_table(self, table: Table) -> None:
        rows = replace(self.settings.data, source="table", table=table, added=(), removed=())
        await self.take(replace(self.settings, data=rows, inputs=Inputs()))

    async def _take_live(self, before: Settings, settings: Settings) -> None:
        def change() -> tuple[int, int]:
            at = self.run.position
            self.run.change(Change(at, "settings", settings=settings))
            self.trainer.publish()
            return at

        at = await self.command(change)
        self.editing.mark_settings(at, before, settings)
        self.settings = settings
        await self._follow_rows()

    async def restart(self, settings: Settings, dataset: Dataset) -> None:
        """Begin a new run."""
        run = await asyncio.to_thread(Run, settings, dataset)
        await self.command(lambda: self.trainer.take(run))
        rows_changed = dataset is not self.dataset
        self.settings, self.dataset, self.editing.marks = settings, dataset, []
        await self._tell_taken(points=rows_changed)

    async def open_run(self, run: Run, epochs: int) -> None:
        """Go on with a run made elsewhere, trained for so many epochs."""

        def open_() -> None:
            self.trainer.pause()
            while run.epoch < epochs and run.ended is None and not self.is_interrupted():
                run.advance(min(epochs - run.epoch, run.chunk(0.05)))
            self.trainer.take(run)

        await self.command(open_)
        self.editing.remember({"kind": "settings", "from": self.settings, "to": run.settings})
        self.settings, self.dataset, self.editing.marks = run.settings, run.dataset, []
        await self._tell_taken(points=True)

    async def follow_run(self) -> None:
        """Take over the settings of the moment that the run went to, and tell of it."""
        settings = replace(self.run.settings, inputs=self.settings.inputs)
        if settings == self.settings:
            await self.tell_run()
        else:
            self.settings = settings
            await self._follow_rows()

    async def _follow_rows(self) -> None:
        """Take over the run's rows, and tell of all."""
        before, self.dataset = self.dataset, self.run.dataset
        await self._tell_taken(points=self.dataset is not before)

    async def _tell_taken(self, *, points: bool) -> None:
        more = {"dataset": self.describe_dataset()} if points else {}
        await self.send(
            update(
                settings=write_settings(self.settings),
                revision=self.revision,
                run=self.describe_run(),
                problems=[],
                **more,
            )
        )
        if points:
            self.frames.forget()
            await self.tell_points()
        self.ask_frame()


def _suited(settings: Settings, dataset: Dataset) -> Settings:
    """Write the loss that is used into the settings."""
    loss = training_of(settings, dataset).loss
    if settings.training.loss is None and loss == default_loss(dataset.task):
        return settings
    return replace(settings, training=replace(settings.training, loss=loss))


def _is_live(before: Settings, after: Settings) -> bool:
    """Tell whether a run can go on under other settings: nothing but the way it goes on is different."""
    losses = [each.training.loss for each in (before, after)]
    return learns_on(before, after) and (
        losses[0] == losses[1] or not any(loss is not None and loss.name == "poisson" for loss in losses)
    )
