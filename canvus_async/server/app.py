"""`CanvusServer`: puts the parts of the embedded server together, and starts and stops them."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from uuid import uuid4

from aiohttp import web

from canvus_async.event_loop import LoopBinding
from canvus_async.server.endpoints.assets import AssetEndpoints
from canvus_async.server.endpoints.background import BackgroundEndpoints
from canvus_async.server.endpoints.canvases import CanvasEndpoints
from canvus_async.server.endpoints.file_uploads import FileUploads
from canvus_async.server.endpoints.services import Services
from canvus_async.server.endpoints.widgets import WidgetEndpoints
from canvus_async.server.faults import Faults
from canvus_async.server.gate import Gate, RequestRecord, record_status
from canvus_async.server.hosts import Hosts
from canvus_async.server.http.connection import HttpConnection
from canvus_async.server.http.listener import Listener
from canvus_async.server.startup import start_services
from canvus_async.server.streams.subscriptions import Streams

MAX_UPLOAD = 512 << 20
MAX_BODY = 16 << 20
"""Bytes of a body that is not an upload."""

GRACE = 1.0
"""Seconds that requests in progress have to finish when the server closes."""


class CanvusServer:
    """A Canvus-compatible server in this process, for tests and experiments.

        async with CanvusServer() as server:
            canvas_id = await server.create_canvas("Demo")
            async with Client(server.url, token=server.token) as client: ...

    It listens on `host` and `port`; port 0 chooses a free one.

    `data` is a folder for everything that must survive a restart or a kill, including the owner's token. It must be
    empty or from an earlier server. Without it, everything is deleted when the server closes.

    `token` is the owner's token. By default it is the one stored in `data`, or a random one. `keepalive` is the number
    of seconds between blank lines on a subscription without changes, `max_upload` the size of the largest file in
    bytes, `processing_delay` the number of seconds until the `hash` of an uploaded file is published.

    Requests for other hosts are refused with status 421, so that a web page whose name was pointed to this server (DNS
    rebinding) cannot read it. Allowed are localhost, the address that the server listens on, `host`, and the names in
    `allowed_hosts`, such as "canvus.example.com" or "canvus.example.com:8443". With `host="0.0.0.0"` or "::", every IP
    address is allowed, but names other than localhost must be in `allowed_hosts`. Writes by web pages of another origin
    are refused with status 403.

    `faults` simulates failures; `requests` records the last requests.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        data: str | Path | None = None,
        token: str | None = None,
        keepalive: float = 15.0,
        max_upload: int = MAX_UPLOAD,
        processing_delay: float = 0.05,
        allowed_hosts: Iterable[str] = (),
    ) -> None:
        if keepalive <= 0 or max_upload <= 0 or processing_delay < 0:
            raise ValueError("keepalive and max_upload must be above 0, processing_delay at least 0")
        self._host = self._address = host
        self._port = port
        self._hosts = Hosts(host, allowed_hosts)
        self._data = None if data is None else Path(data)
        self._requested_token = token
        self._max_upload = max_upload
        self._processing_delay = processing_delay
        self._streams = Streams(keepalive)
        self.faults = Faults(self._streams)
        self._gate = Gate(self.faults)
        self._services: Services | None = None
        self._web: web.Server | None = None
        self._cleanup = AsyncExitStack()
        self._loop: LoopBinding | None = None
        self._streams.check_loop = self._check_loop

    def __repr__(self) -> str:
        return f"<CanvusServer {self.url if self._services else 'closed'}>"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def url(self) -> str:
        """The server's address, such as "http://127.0.0.1:49152"."""
        host = f"[{self._address}]" if ":" in self._address else self._address
        return f"http://{host}:{self._port}"

    @property
    def token(self) -> str:
        """The owner's token."""
        return self._started.users.owner_token

    @property
    def canvas_ids(self) -> list[str]:
        """The ids of all canvases, oldest first."""
        return list(self._started.state.canvases)

    @property
    def requests(self) -> list[RequestRecord]:
        """The last requests, oldest first. You may clear the list."""
        return self._gate.requests

    @property
    def open_streams(self) -> int:
        """The number of open subscriptions."""
        return len(self._streams)

    @property
    def connections(self) -> int:
        """The number of open connections, idle ones included."""
        return 0 if self._web is None else len(self._web.connections)

    @property
    def _started(self) -> Services:
        if self._services is None:
            raise RuntimeError("the server is not running")
        return self._services

    @property
    def _running(self) -> Services:
        """The services, for everything but reading a value: only in the loop of the server."""
        started = self._started
        self._check_loop()
        return started

    def _check_loop(self) -> None:
        """Raises RuntimeError in another event loop than the server's. Without a running loop, nothing can go wrong."""
        if self._loop is None:
            return
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return
        self._loop.check()

    def _lost_loop(self) -> None:
        """The loop of the server was closed before the server. Its sockets are closed, so there is nothing to stop."""
        self._services = self._web = self._loop = None
        self._cleanup = AsyncExitStack()
        raise RuntimeError("the event loop of this CanvusServer was closed before the server: close the server first")

    async def start(self) -> None:
        """Start the server. Raises DataInUse, UnsuitableFolder, and OSError if the port is in use."""
        if self._services is not None:
            raise RuntimeError("the server is already running")
        loop = LoopBinding("CanvusServer")
        loop.check()
        loop.on_new_loop.append(self._lost_loop)
        async with AsyncExitStack() as stack:
            services = start_services(
                stack,
                data=self._data,
                token=self._requested_token,
                streams=self._streams,
                processing_delay=self._processing_delay,
                max_upload=self._max_upload,
            )
            runner = web.AppRunner(self._application(services), handler_cancellation=True, shutdown_timeout=GRACE)
            await runner.setup()
            stack.push_async_callback(self._gate.drain)
            stack.push_async_callback(runner.cleanup)
            self._web = runner.server
            await self._listen(stack)
            self._services = services
            self._loop = loop
            self._cleanup = stack.pop_all()

    async def close(self) -> None:
        """End all subscriptions, wait up to a second for requests in progress, and stop. May be called repeatedly.

        Like all methods, it must be called in the event loop that the server was started in; in another one it raises
        RuntimeError.
        """
        if self._services is not None:
            self._check_loop()
            self._services = None
            self.faults.clear()
            await self._cleanup.aclose()
            self._web = None

    async def create_canvas(self, name: str = "New canvas") -> str:
        """Create a canvas and return its id."""
        return self._running.state.create_canvas(name, str(uuid4())).id

    def add_user(
        self,
        role: Literal["owner", "edit", "view"] = "edit",
        *,
        blocked: bool = False,
        canvases: Iterable[str] | None = None,
    ) -> str:
        """Add a user and return the token.

        The role "view" may read, "edit" may also write and create canvases, "owner" may also delete them. It applies to
        all canvases, or only to those with the ids in `canvases`. A `blocked` user gets status 403.
        """
        return self._running.users.add(role, blocked=blocked, canvases=canvases)

    def share(self, canvas_id: str, link: Literal["none", "view", "edit"]) -> None:
        """Let anyone view or edit a canvas without a token; "none" ends that, and open subscriptions too.

        Subscriptions of users who may view the canvas anyway continue. Raises KeyError for an unknown canvas.
        """
        if link not in {"none", "view", "edit"}:
            raise ValueError(f'link must be "none", "view" or "edit", got {link!r}')
        state = self._running.state
        canvas = state.canvases[canvas_id]
        state.change_canvas(canvas, link=link)
        self._streams.check_rights()

    def change_user(
        self,
        token: str,
        role: Literal["owner", "edit", "view"] = "edit",
        *,
        blocked: bool = False,
        canvases: Iterable[str] | None = None,
    ) -> None:
        """Replace what a user may do; the parameters are those of `add_user`. Raises KeyError for an unknown token.

        Open subscriptions end if the user may not see their canvas any more.
        """
        self._running.users.change(token, role=role, blocked=blocked, canvases=canvases)

    async def _listen(self, stack: AsyncExitStack) -> None:
        loop, manager = asyncio.get_running_loop(), self._web
        if manager is None:
            raise RuntimeError("the server is not running")
        listener = Listener(lambda: HttpConnection(manager, loop=loop))
        stack.push_async_callback(listener.aclose)
        await listener.open(self._host, self._port)
        self._hosts.listen_on(address for address, _ in listener.addresses)
        self._address, self._port = listener.addresses[0]  # of a host name with several addresses, report the first

    def _application(self, services: Services) -> web.Application:
        application = web.Application(
            middlewares=[self._gate.middleware, self._hosts.middleware], client_max_size=MAX_BODY
        )
        application.on_response_prepare.append(record_status)
        application.on_shutdown.append(self._end_streams)
        file_uploads = FileUploads(services)
        for endpoints in (
            CanvasEndpoints(services),
            BackgroundEndpoints(services, file_uploads),
            WidgetEndpoints(services, file_uploads),
            AssetEndpoints(services),
        ):
            application.router.add_routes(endpoints.routes())
        return application

    async def _end_streams(self, application: web.Application) -> None:
        self._streams.end(grace=GRACE / 2)
