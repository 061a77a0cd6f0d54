"""The program curl. The time to start it counts, because it is used like that."""

import asyncio
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from benchmarks.candidates.aiohttp_fetches import HEADERS, mipmap_urls
from benchmarks.candidates.files import folder, whole_files
from benchmarks.candidates.limit_fetches import finished
from benchmarks.jobs import AssetJob, Delivered, FetchJob
from benchmarks.watch import Watch


async def fetch(job: FetchJob, watch: Watch) -> Delivered:
    """`--parallel`, each body to /dev/null."""
    sizes = await _many(job, watch, (os.devnull for _ in range(job.count)))
    return Delivered(sizes.count(job.size))


async def files(job: FetchJob, watch: Watch) -> Delivered:
    """`--parallel`, each body to its file, which is incomplete until curl has finished it."""
    into = folder(job)
    await _many(job, watch, (f"{into}/{number}.webp" for number in range(job.count)))
    return Delivered(whole_files(into, job.size))


async def _many(job: FetchJob, watch: Watch, paths: Iterable[str]) -> list[int]:
    """The sizes of the bodies, as curl prints them."""
    with tempfile.TemporaryDirectory() as temporary:
        config = Path(temporary, "curl.conf")
        each = zip(mipmap_urls(job), paths, strict=True)
        config.write_text("".join(f'url = "{url}"\noutput = "{path}"\n' for url, path in each), encoding="ascii")
        limit = str(job.concurrency)
        watch.start()
        printed = await _curl("--parallel", "--parallel-max", limit, "-w", "%{size_download}\\n", "-K", str(config))
        watch.stop()
    return [int(size) for size in printed.split()]


async def save(job: AssetJob, watch: Watch) -> Delivered:
    """One large body to a file."""
    watch.start()
    printed = await _curl("-w", "%{size_download}", "-o", job.path, f"{job.url}/api/v1/assets/{job.hash}")
    watch.stop()
    return finished(job, int(printed))


async def _curl(*arguments: str) -> bytes:
    headers = [part for name, value in HEADERS.items() for part in ("-H", f"{name}: {value}")]
    process = await asyncio.create_subprocess_exec(
        "curl", "--no-progress-meter", "--fail", "--noproxy", "*", *headers, *arguments, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"curl ended with {process.returncode}")
    return printed
