"""`canvus serve`: the embedded server until it is told to stop."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from canvus_async.server import CanvusServer


async def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    data: Path | None = None,
    token: Annotated[str | None, Parameter(env_var="CANVUS_TOKEN")] = None,
    keepalive: float = 15.0,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Run a Canvus-compatible server on this machine until Ctrl-C.

    Args:
        host: The address to listen on; anything but 127.0.0.1 can be reached by others.
        port: The port to listen on; 0 takes a free one.
        data: A folder to keep everything in; without it, all is gone when the server stops.
        token: The owner's token; without it, one is made up (and kept in `--data`).
        keepalive: Seconds between keepalives on subscriptions.
        as_json: Print one line of JSON with url, token and canvas_id once it listens.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, stop.set)
        except NotImplementedError:  # Windows: Ctrl-C cancels this task instead
            break
    async with CanvusServer(host=host, port=port, data=data, token=token, keepalive=keepalive) as server:
        canvas_id = server.canvas_ids[0] if server.canvas_ids else await server.create_canvas("Demo")
        if as_json:
            print(json.dumps({"url": server.url, "token": server.token, "canvas_id": canvas_id}), flush=True)
        else:
            print(f"url     {server.url}\ntoken   {server.token}\ncanvas  {canvas_id}", flush=True)
        await stop.wait()
