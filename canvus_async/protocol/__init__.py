"""What the protocol means, decided without I/O: no aiohttp, no anyio, no clock, no disk."""
