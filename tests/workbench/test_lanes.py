"""Messages that wait: in their order, the last of a row, and not too many."""

import asyncio

import pytest

from pellucid.errors import DataError
from pellucid.workbench.lanes import MOST_WAITING, Lane
from pellucid.workbench.protocol import Message


def message(kind: str, number: int) -> Message:
    return Message("custom", {"kind": kind, "number": number})


def test_messages_keep_their_order_and_of_a_row_the_last_counts() -> None:
    lane = Lane()
    for number, kind in enumerate(["seek", "seek", "edit", "edit", "seek"]):
        lane.put(message(kind, number))

    async def all_of_them() -> list[int]:
        return [(await lane.get()).content["number"] for _ in range(4)]

    assert asyncio.run(all_of_them()) == [1, 2, 3, 4]
    assert not lane.has_stop


def test_too_many_are_refused() -> None:
    lane = Lane()
    for number in range(MOST_WAITING):
        lane.put(message("edit", number))
    with pytest.raises(DataError, match="wait for their turn"):
        lane.put(message("edit", 0))
    assert not lane.has_stop


def test_who_comes_later_is_heard() -> None:
    async def both() -> str:
        lane = Lane()
        waiting = asyncio.create_task(lane.get())
        await asyncio.sleep(0)
        lane.put(message("play", 0))
        return (await waiting).kind

    assert asyncio.run(both()) == "play"
