"""`canvus serve`: run the embedded server until it is stopped."""

import asyncio
import json
import signal
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from cyclopts import Parameter

from canvus_async.server import CanvusServer


async def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    data: Path | None = None,
    token: Annotated[str | None, Parameter(env_var="CANVUS_TOKEN")] = None,
    keepalive: float = 15.0,
    allowed_host: Annotated[tuple[str, ...] | None, Parameter(negative="")] = None,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Run a Canvus-compatible server on this machine until Ctrl-C.

    Args:
        host: Address to listen on. Other machines can connect unless it is 127.0.0.1.
        port: Port to listen on; 0 chooses a free one.
        data: Folder for all data; without it, the data is lost when the server stops.
        token: Access token of the owner; without it, the server creates one (and keeps it in `--data`).
        keepalive: Seconds between keepalives on subscriptions.
        allowed_host: A name under which the server may be reached, besides localhost and its addresses; repeatable.
        as_json: When the server is ready, print url, token and canvas_id as one line of JSON.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, stop.set)
        except NotImplementedError:  # Windows: Ctrl-C cancels this task instead
            break
    async with CanvusServer(
        host=host, port=port, data=data, token=token, keepalive=keepalive, allowed_hosts=allowed_host or ()
    ) as server:
        if not _is_loopback(server.url):
            what = "other machines can connect, without encryption: use this only in a network that you trust"
            print(f"canvus: listening on {server.url}: {what}", file=sys.stderr, flush=True)
        canvas_id = server.canvas_ids[0] if server.canvas_ids else await server.create_canvas("Demo")
        if as_json:
            print(json.dumps({"url": server.url, "token": server.token, "canvas_id": canvas_id}), flush=True)
        else:
            print(f"url     {server.url}\ntoken   {server.token}\ncanvas  {canvas_id}", flush=True)
        await stop.wait()


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return ip_address(host.partition("%")[0]).is_loopback
