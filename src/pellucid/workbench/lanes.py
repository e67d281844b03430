"""Messages that wait for their turn: commands in one lane, questions, which may take long, in another."""

import asyncio
from collections import deque

from pellucid.errors import DataError
from pellucid.workbench.protocol import Message

__all__ = ["AT_ONCE", "QUESTIONS", "Lane"]

MOST_WAITING = 32
AT_ONCE = frozenset({"ack", "view"})
"""What is done when it is heard."""
QUESTIONS = frozenset(
    {"explain", "formulas", "check_gradient", "surface", "warp", "kept_history", "kept_map", "export"}
)  # fmt: skip
STOPS = frozenset({"pause", "reset", "seek", "settings"})
"""What ends a step that takes long."""
LATEST = frozenset({"settings", "seek", "speed"})
"""Of several in a row only the last counts: a slider that is drawn along."""


class Lane:
    """Messages in their order, not too many.

    Examples
    --------
    >>> lane = Lane()
    >>> for epoch in (1, 2, 3):
    ...     lane.put(Message("custom", {"kind": "seek", "epoch": epoch}))
    >>> len(lane), lane.has_stop
    (1, True)
    >>> asyncio.run(lane.get()).content["epoch"]
    3
    """

    def __init__(self) -> None:
        self._waiting: deque[Message] = deque()
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def has_stop(self) -> bool:
        """Whether something waits that ends what takes long."""
        return any(message.kind in STOPS for message in list(self._waiting))

    def put(self, message: Message) -> None:
        """Let a message wait.

        Raises
        ------
        DataError
            If too many wait already.
        """
        if self._waiting and message.kind in LATEST and self._waiting[-1].kind == message.kind:
            self._waiting[-1] = message
            return
        if len(self._waiting) >= MOST_WAITING:
            raise DataError(f"{MOST_WAITING} messages wait for their turn already; send this one again later.")
        self._waiting.append(message)
        self._news.set()

    async def get(self) -> Message:
        """Wait for a message, and take it."""
        while not self._waiting:
            self._news.clear()
            await self._news.wait()
        return self._waiting.popleft()
