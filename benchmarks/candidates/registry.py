"""The list of candidates, and whether each can run on this machine."""

import importlib.util
import pkgutil
import shutil
from typing import NamedTuple


class Candidate(NamedTuple):
    """A candidate. `label` is its name in tables; `function` is `module:name` in this package.

    `needs` is a requirement that may be missing: `library:x`, `program:x`, or `ours:canvus_async.x:y`.
    """

    key: str
    label: str
    function: str
    needs: str = ""

    @property
    def missing(self) -> str:
        """Why the candidate cannot run here; empty if it can."""
        kind, _, name = self.needs.partition(":")
        match kind:
            case "library":
                return "" if importlib.util.find_spec(name) else "not installed"
            case "program":
                return "" if shutil.which(name) else "not installed"
            case "ours":
                return "" if _is_ours(name) else "not in this version"
            case _:
                return ""


def _is_ours(name: str) -> bool:
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


LIMIT = Candidate("limit", "asyncio Protocol + msgspec (the limit)", "limit_streams:stream")
SUBSCRIBE = Candidate("subscribe", "canvus_async subscribe()", "ours_streams:subscribe")
MERGE = Candidate("merge", "… and a dict of what is known", "limit_streams:merge")
LIVE = Candidate("live", "canvus_async Live.changes()", "ours_streams:live")
RESYNC = Candidate("subscribe", "canvus_async subscribe()", "ours_streams:resync")
DECODE = Candidate("decode", "msgspec, from memory in one go", "limit_streams:decode")

STREAMS = (
    LIMIT,
    MERGE,
    SUBSCRIBE,
    LIVE,
    Candidate("aiohttp", "aiohttp, async for line + json", "aiohttp_streams:stream"),
    Candidate("httpx", "httpx, aiter_lines + json", "httpx_streams:stream", "library:httpx"),
    Candidate("pydantic", "aiohttp + json + pydantic", "pydantic_streams:stream", "library:pydantic"),
)

FIRST_LINES = (
    DECODE,
    LIMIT,
    SUBSCRIBE,
    Candidate("aiohttp", "aiohttp, readline + json", "aiohttp_streams:first_line"),
    Candidate("httpx", "httpx, aiter_lines + json", "httpx_streams:stream", "library:httpx"),
    Candidate("pydantic", "aiohttp, readline + json + pydantic", "pydantic_streams:first_line", "library:pydantic"),
)
QUADRATIC = frozenset({"aiohttp", "pydantic"})
"""Candidates whose time for a line grows with the square of its length."""

_MANY = "ours:canvus_async.resources.mipmaps:Mipmaps.fetch_many"
FETCHES = (
    Candidate("limit", "asyncio Protocol (the limit)", "limit_fetches:fetch"),
    Candidate("bare", "aiohttp, a task per item + Semaphore", "aiohttp_fetches:semaphore"),
    Candidate("tuned", "aiohttp, N workers, tuned", "aiohttp_fetches:tuned"),
    Candidate("fetch_many", "canvus_async fetch_many()", "ours_fetches:fetch_many", _MANY),
    Candidate("fetch", "canvus_async fetch() by N workers", "ours_fetches:fetch"),
    Candidate("curl", "curl --parallel", "curl:fetch", "program:curl"),
    Candidate("httpx", "httpx, N workers", "httpx_fetches:fetch", "library:httpx"),
)

FILES = (
    Candidate("bare", "aiohttp, temporary name + rename", "aiohttp_fetches:files"),
    Candidate(
        "download_many",
        "canvus_async download_many()",
        "ours_fetches:download_many",
        "ours:canvus_async.resources.mipmaps:Mipmaps.download_many",
    ),
    Candidate("download", "canvus_async download() by N workers", "ours_fetches:files"),
    Candidate("curl", "curl --parallel (not atomic)", "curl:files", "program:curl"),
)

ASSETS = (
    Candidate("limit", "asyncio Protocol + write (the limit)", "limit_fetches:save"),
    Candidate("bare", "aiohttp, iter_chunked + write in the loop", "aiohttp_fetches:save"),
    Candidate("ours", "canvus_async assets.download()", "ours_fetches:save"),
    Candidate("curl", "curl (not atomic)", "curl:save", "program:curl"),
    Candidate("httpx", "httpx, aiter_bytes + write in the loop", "httpx_fetches:save", "library:httpx"),
)

REQUEST = Candidate("request", "aiohttp, a request each time", "aiohttp_fetches:one_by_one")
UNCACHED = Candidate("uncached", "canvus_async, cache=None", "ours_caches:none")
MEMORY_CACHE = Candidate("memory", "canvus_async, warm MemoryCache", "ours_caches:memory")
DISK_CACHE = Candidate("disk", "canvus_async, warm DiskCache", "ours_caches:disk", "ours:canvus_async:DiskCache")
ASKERS = Candidate("askers", "canvus_async, all at once", "ours_caches:askers")
GENERATOR = Candidate("generator", "canvus_async fetch_many()", "ours_caches:generator", _MANY)

SLOW = (
    Candidate("subscribe", "canvus_async subscribe()", "ours_streams:slow_subscribe"),
    Candidate("live", "canvus_async Live.changes()", "ours_streams:slow_live"),
    Candidate("aiohttp", "aiohttp, async for line + json", "aiohttp_streams:slow"),
    Candidate("httpx", "httpx, aiter_lines + json", "httpx_streams:slow", "library:httpx"),
)

PACED = (
    Candidate("limit", "asyncio Protocol + msgspec (the limit)", "limit_streams:paced"),
    Candidate("subscribe", "canvus_async subscribe()", "ours_streams:paced_subscribe"),
    Candidate("live", "canvus_async Live.changes()", "ours_streams:paced_live"),
    Candidate("aiohttp", "aiohttp, async for line + json", "aiohttp_streams:paced"),
    Candidate("httpx", "httpx, aiter_lines + json", "httpx_streams:paced", "library:httpx"),
    Candidate("pydantic", "aiohttp + json + pydantic", "pydantic_streams:paced", "library:pydantic"),
)
