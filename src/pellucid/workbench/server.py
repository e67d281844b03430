"""The server: one page, one WebSocket a tab, on this machine only."""

import asyncio
import contextlib
import re
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from time import monotonic
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as AsgiMessage
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from pellucid.errors import PellucidError
from pellucid.workbench.limits import GRACE_SECONDS, MESSAGE_BYTES, MOST_SESSIONS
from pellucid.workbench.own_table import Tables
from pellucid.workbench.protocol import custom, decode
from pellucid.workbench.security import HEADERS, is_own_host, is_own_origin, new_token, same_token
from pellucid.workbench.session import Session

__all__ = ["STATIC", "Workbench", "bound_socket", "serve", "server_of"]

STATIC = Path(__file__).with_name("static")
FILES = {"page.js": "text/javascript", "page.css": "text/css", "index.html": "text/html", "icon.svg": "image/svg+xml"}
NO_PAGE = (
    "The page is not built: installing Pellucid from a checkout builds it where Node.js is; install Node.js 20 or "
    "later and run `pip install .` again."
)
SESSION = re.compile(r"[A-Za-z0-9_-]{8,64}")
REFUSED, TAKEN, FULL = 4403, 4409, 4429
"""Codes with which a page's socket is closed: not of this server; another page has the session; too many pages."""
MOMENT = 1.0
"""Seconds in which a page that is loaded anew has closed its socket."""
COPIED = (
    "This tab is a copy of another, which keeps its run: this one begins a run of its own, with the settings of its "
    "address."
)

MakeSession = Callable[[str], Session]


class Workbench:
    """The pages' sessions, and the application that serves them.

    Parameters
    ----------
    port : int
        That the server listens on.
    make_session : callable or None
        From a session's name to a new session.
    token : str or None
    grace : float
        Seconds that a session outlives its page.
    """

    def __init__(
        self,
        port: int,
        make_session: MakeSession | None = None,
        token: str | None = None,
        grace: float = GRACE_SECONDS,
    ) -> None:
        tables = Tables()
        self.make_session: MakeSession = make_session or (lambda name: Session(name, tables=tables))
        self.port, self.grace = port, grace
        self.token = token or new_token()
        self.sessions: dict[str, Session] = {}
        self.app = Starlette(
            routes=[
                Route("/", self._page),
                Route("/static/{name}", self._static),
                WebSocketRoute("/socket", self._socket),
            ],
            lifespan=self._lifespan,
        )
        self.asgi: ASGIApp = _Guard(self.app, port)

    @property
    def url(self) -> str:
        """The whole address of the page."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}"

    # --- pages ----------------------------------------------------------------------------------------------------

    async def _page(self, request: Request) -> Response:
        if not same_token(request.query_params.get("token", ""), self.token):
            return PlainTextResponse("This address lacks its token. Use the one that pellucid workbench printed.", 403)
        return _file("index.html")

    async def _static(self, request: Request) -> Response:
        name = request.path_params["name"]
        return _file(name) if name in FILES else PlainTextResponse("There is no such file.", 404)

    # --- sessions -------------------------------------------------------------------------------------------------

    async def _socket(self, socket_: WebSocket) -> None:
        name, origin = socket_.query_params.get("session", ""), socket_.headers.get("origin")
        if not is_own_origin(origin, self.port) or not SESSION.fullmatch(name):
            await socket_.close(REFUSED)
            return
        await socket_.accept()  # a page learns the code only of a socket that was open
        if not same_token(socket_.query_params.get("token", ""), self.token):
            await socket_.close(REFUSED)
            return
        if not await self._is_free(name):
            await socket_.send_text(custom("error", message=COPIED, about="open"))
            await socket_.close(TAKEN)
            return
        session = self._session(name)
        if session is None:
            await socket_.send_text(
                custom("error", message=f"At most {MOST_SESSIONS} pages may be open.", about="open")
            )
            await socket_.close(FULL)
            return
        wire = _Wire(socket_)
        frames: asyncio.Task[None] | None = None
        try:
            await session.connect(wire)
            frames = asyncio.create_task(session.stream(wire))
            await self._listen(session, wire)
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            session.disconnect(wire)
            session.news.set()
            if frames is not None:
                frames.cancel()

    async def _listen(self, session: Session, wire: "_Wire") -> None:
        while session.wire is wire:
            received = await wire.socket.receive()
            if received["type"] == "websocket.disconnect":
                return
            data = received.get("text")
            data = received.get("bytes") if data is None else data
            try:
                message = decode(data if data is not None else b"")
            except PellucidError as error:
                await session.send(custom("error", message=str(error), about="message"))
                continue
            await session.hear(message)

    async def _is_free(self, name: str) -> bool:
        """Tell whether no page has a session, at least in a moment: one that is loaded anew is gone soon."""
        end = monotonic() + MOMENT
        while name in self.sessions and self.sessions[name].wire is not None and monotonic() < end:
            await asyncio.sleep(0.02)
        return name not in self.sessions or self.sessions[name].wire is None

    def _session(self, name: str) -> Session | None:
        """Find a session, or make one if there is room."""
        if name not in self.sessions:
            if len(self.sessions) >= MOST_SESSIONS:
                self._end_left(0.0)
            if len(self.sessions) >= MOST_SESSIONS:
                return None
            self.sessions[name] = self.make_session(name)
        return self.sessions[name]

    def _end_left(self, grace: float) -> None:
        """End the sessions whose pages have been gone for longer than this."""
        for name, session in list(self.sessions.items()):
            if session.left_at is not None and monotonic() - session.left_at >= grace:
                session.close()
                del self.sessions[name]

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Any) -> AsyncIterator[None]:
        async def sweep() -> None:
            while True:
                await asyncio.sleep(min(1.0, self.grace / 2))
                self._end_left(self.grace)

        task = asyncio.create_task(sweep())
        try:
            yield
        finally:
            task.cancel()
            for session in self.sessions.values():
                session.close()
            for session in self.sessions.values():
                await asyncio.to_thread(session.trainer.join, 2.0)


class _Wire:
    """A page's WebSocket; messages go out one after another."""

    def __init__(self, socket_: WebSocket) -> None:
        self.socket, self._lock = socket_, asyncio.Lock()

    async def send(self, data: str | bytes) -> None:
        async with self._lock:
            if self.socket.application_state is not WebSocketState.CONNECTED:
                return
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it is gone; the listener hears so
                if isinstance(data, str):
                    await self.socket.send_text(data)
                else:
                    await self.socket.send_bytes(data)


class _Guard:
    """Refuses foreign hosts and origins before anything else, and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app, self.port = app, port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]

        async def guarded(message: AsgiMessage) -> None:
            if message["type"] == "http.response.start":
                added = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message.get("headers", []), *added]
            await send(message)

        origins = [value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"]
        is_own = len(hosts) == 1 and is_own_host(hosts[0], self.port)
        if is_own and all(is_own_origin(origin, self.port) for origin in origins):
            await self.app(scope, receive, guarded)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": REFUSED})
        else:
            refusal = PlainTextResponse("This server answers to 127.0.0.1 only.", 403)
            await refusal(scope, receive, guarded)


def _file(name: str) -> Response:
    path = STATIC / name
    if not path.is_file():
        return PlainTextResponse(NO_PAGE, 503 if name == "index.html" else 404)
    return FileResponse(path, media_type=FILES[name])


def bound_socket(port: int) -> socket.socket:
    """Return a socket on this machine's own address; port 0 takes a free one.

    Raises
    ------
    PellucidError
        If the port is taken.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(("127.0.0.1", port))
    except OSError as error:
        found.close()
        raise PellucidError(
            f"'port' must be free; {port} is not ({error.strerror}). Port 0 takes a free one."
        ) from None
    return found


def server_of(workbench: Workbench) -> uvicorn.Server:
    """Return the server of an application; it is to run on a bound socket."""
    return uvicorn.Server(
        uvicorn.Config(
            workbench.asgi,
            log_level="error",
            access_log=False,
            ws="websockets-sansio",
            ws_max_size=MESSAGE_BYTES,
            ws_per_message_deflate=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=2,
        )
    )


def serve(
    port: int = 0,
    *,
    open_page: bool = True,
    make_session: MakeSession | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Serve the workbench until Ctrl-C.

    Parameters
    ----------
    port : int
        0 takes a free one.
    open_page : bool
        Open the browser.
    make_session : callable or None
        From a session's name to a new session.
    say : callable
        Told the address.
    """
    sys.setswitchinterval(0.0005)  # training, back from a call of the engine, does not wait long for the frames' thread
    with bound_socket(port) as bound:
        workbench = Workbench(bound.getsockname()[1], make_session)
        say(workbench.url)
        if not (STATIC / "index.html").is_file():
            say(NO_PAGE)
        elif open_page:
            webbrowser.open(workbench.url)
        server_of(workbench).run(sockets=[bound])
