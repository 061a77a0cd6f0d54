"""The rules of the protocol, without I/O: no aiohttp, no asyncio, no clock, no disk."""
