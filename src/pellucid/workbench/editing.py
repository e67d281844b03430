"""What a page changes of the weights, and how that is undone."""

from typing import TYPE_CHECKING, Any

from pellucid.errors import DataError
from pellucid.workbench.asking import flag_in, number_in
from pellucid.workbench.catalog import label_of
from pellucid.workbench.describing import parameter_index, parameter_of
from pellucid.workbench.limits import MOST_UNDO
from pellucid.workbench.moments import Position
from pellucid.workbench.protocol import Message
from pellucid.workbench.run import Change
from pellucid.workbench.settings import Settings, differences

if TYPE_CHECKING:
    from pellucid.workbench.session import Session

__all__ = ["Editing"]


class Editing:
    """Edits, frozen weights, undo and redo, and the marks of all changes."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.marks: list[dict[str, Any]] = []
        self.undos: list[dict[str, Any]] = []
        self.redos: list[dict[str, Any]] = []
        self.handlers = {
            "edit": self._on_edit,
            "freeze": self._on_freeze,
            "undo": self._on_undo,
            "redo": self._on_redo,
        }

    def told(self) -> dict[str, Any]:
        """Return what the state `run` says of changes."""
        furthest = self.session.run.furthest[0]
        marks = [mark for mark in self.marks if mark["epoch"] <= furthest]
        return {"can_undo": bool(self.undos), "can_redo": bool(self.redos), "marks": marks}

    async def _on_edit(self, message: Message) -> None:
        index = parameter_index(self.session.run.job.network, message.content.get("parameter"))
        value = number_in(message.content, "value", -1e6, 1e6)
        before = await self._edit(index, value)
        self.remember({"kind": "edit", "index": index, "from": before, "to": value})
        await self.session.tell_run()

    async def _edit(self, index: int, value: float) -> float:
        def edit() -> tuple[float, Position]:
            at, before = self.session.run.position, float(self.session.run.parameters[index])
            self.session.run.change(Change(at, "edit", index, value))
            self.session.trainer.publish()
            return before, at

        before, at = await self.session.command(edit)
        self._mark(at, index, "edit", before, value)
        return before

    async def _on_freeze(self, message: Message) -> None:
        index = parameter_index(self.session.run.job.network, message.content.get("parameter"))
        frozen = flag_in(message.content, "frozen")
        await self._freeze(index, frozen)
        self.remember({"kind": "freeze", "index": index, "from": not frozen, "to": frozen})
        await self.session.tell_run()

    async def _freeze(self, index: int, frozen: bool) -> None:
        def freeze() -> Position:
            at = self.session.run.position
            self.session.run.change(Change(at, "freeze", index, frozen))
            self.session.trainer.publish()
            return at

        at = await self.session.command(freeze)
        self._mark(at, index, "freeze", not frozen, frozen)

    def _mark(self, at: Position, index: int, what: str, before: Any, after: Any) -> None:
        self.forget_marks(at[0])
        parameter = parameter_of(self.session.run.job.network, index)
        layer, role, *place = parameter
        name = f"b{place[0] + 1}" if role == "bias" else f"w{place[0] + 1},{place[1] + 1}"
        label = f"{name} of layer {layer + 1}" if what == "edit" else f"freeze {name} of layer {layer + 1}"
        mark = {"epoch": at[0], "batch": at[1], "path": what, "label": label, "parameter": parameter}
        self.marks.append(mark | {"from": before, "to": after})
        del self.marks[:-MOST_UNDO]

    def mark_settings(self, at: Position, before: Settings, after: Settings) -> None:
        """Mark where settings were changed while training went on."""
        self.forget_marks(at[0])
        for path, old, new in differences(before, after):
            if path in ("data.added", "data.removed"):
                values = {"from": len(old), "to": len(new)}
            else:
                values = {"from": old, "to": new}
            mark = {"epoch": at[0], "batch": at[1], "path": path, "label": label_of(path)}
            self.marks.append(mark | values)
        del self.marks[:-MOST_UNDO]

    def forget_marks(self, epoch: int) -> None:
        """Forget the marks of what was changed after an epoch."""
        self.marks = [mark for mark in self.marks if mark["epoch"] <= epoch]

    def remember(self, done: dict[str, Any]) -> None:
        """Remember a change, so that it can be undone."""
        self.undos.append(done)
        del self.undos[:-MOST_UNDO]
        self.redos.clear()

    async def _on_undo(self, message: Message) -> None:
        await self._turn_back(self.undos, self.redos, "from")

    async def _on_redo(self, message: Message) -> None:
        await self._turn_back(self.redos, self.undos, "to")

    async def _turn_back(self, source: list[dict[str, Any]], target: list[dict[str, Any]], side: str) -> None:
        if not source:
            raise DataError("There is nothing to undo or redo.")
        done = source.pop()
        size = len(self.session.run.job.parameters)
        if done["kind"] == "settings":
            await self.session.take(done[side], remember=False)
        elif done["index"] >= size:
            raise DataError("That weight is not there any more.")
        elif done["kind"] == "edit":
            await self._edit(done["index"], done[side])
        else:
            await self._freeze(done["index"], done[side])
        target.append(done)
        await self.session.tell_run()
