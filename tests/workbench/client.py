"""A page without a screen: what the tests talk to a server with."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from websockets.sync.client import connect

from pellucid.workbench.protocol import encode
from pellucid.workbench.server import Workbench, bound_socket, server_of

DTYPES = {"f4": "<f4", "f8": "<f8", "i4": "<i4", "u1": "u1"}


class Page:
    """One tab: keeps the state, hands out messages by their kind."""

    def __init__(self, workbench: Workbench, session: str = "test-session", origin: str | None = None) -> None:
        url = f"ws://127.0.0.1:{workbench.port}/socket?token={workbench.token}&session={session}"
        origin = origin or f"http://127.0.0.1:{workbench.port}"
        self._stack = ExitStack()
        self.socket = self._stack.enter_context(connect(url, origin=origin, max_size=None, compression=None))
        self.state: dict[str, Any] = {}
        self.is_drawing = True

    def __enter__(self) -> "Page":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def send(self, kind: str, buffers: dict[str, Any] | None = None, **content: Any) -> None:
        if buffers is not None:
            self.socket.send(encode({"kind": kind, **content}, buffers))
        else:
            self.socket.send(json.dumps({"method": "custom", "content": {"kind": kind, **content}}))

    def update(self, settings: Any, revision: int = 1) -> None:
        self.socket.send(json.dumps({"method": "update", "state": {"settings": settings, "revision": revision}}))

    def hear(self, timeout: float = 10.0) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the next message: a state update as {'kind': 'update'}, or a custom message with its arrays."""
        data = self.socket.recv(timeout)
        buffers: dict[str, Any] = {}
        if isinstance(data, str):
            message = json.loads(data)
        else:
            length = int.from_bytes(data[:4], "little")
            message, place = json.loads(data[4 : 4 + length]), 4 + length
            assert place % 8 == 0
            for each in message["content"]["buffers"]:
                dtype = np.dtype(DTYPES[each["dtype"]])
                size = int(np.prod(each["shape"], dtype=int)) * dtype.itemsize
                buffers[each["name"]] = np.frombuffer(data[place : place + size], dtype).reshape(each["shape"])
                place += size + -size % 8
            assert place == len(data)
        if message["method"] == "update":
            self.state |= message["state"]
            return {"kind": "update", **message["state"]}, {}
        content = message["content"]
        if content["kind"] == "frame" and self.is_drawing:
            self.send("ack", frame=content["frame"])
        return content, buffers

    def wait(self, kind: str, timeout: float = 10.0, **having: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the next message of a kind that has these values; an error fails."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            content, buffers = self.hear(end - time.monotonic())
            if content["kind"] == "error" and kind != "error":
                raise AssertionError(content)
            if content["kind"] == kind and all(content.get(name) == value for name, value in having.items()):
                return content, buffers
        raise AssertionError(f"no {kind} came")

    def until(self, holds: Any, timeout: float = 10.0) -> dict[str, Any]:
        """Hear messages until the state is so."""
        end = time.monotonic() + timeout
        while not holds(self.state):
            assert time.monotonic() < end, "the state never came"
            content, _ = self.hear(end - time.monotonic())
            assert content["kind"] != "error", content
        return self.state


@contextmanager
def served(**options: Any) -> Iterator[Workbench]:
    """Serve a workbench in a thread."""
    with bound_socket(0) as bound:
        workbench = Workbench(bound.getsockname()[1], **options)
        server = server_of(workbench)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        end = time.monotonic() + 10
        while not server.started and time.monotonic() < end:
            time.sleep(0.01)
        try:
            yield workbench
        finally:
            server.should_exit = True
            thread.join(10)
