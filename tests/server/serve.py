"""Runs a server in a process that a test can kill: `python -m tests.server.serve FOLDER PROCESSING_DELAY`."""

import asyncio
import json
import sys

from canvus_async.server import CanvusServer


async def serve(folder: str, processing_delay: float) -> None:
    async with CanvusServer(data=folder, processing_delay=processing_delay) as server:
        print(json.dumps({"url": server.url, "token": server.token}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], float(sys.argv[2])))
