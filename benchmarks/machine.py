"""The machine and the software of a run."""

import importlib.metadata
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

import msgspec

_LIBRARIES = ("canvus-async", "aiohttp", "msgspec", "httpx", "pydantic")


class Machine(msgspec.Struct):
    """The machine, the interpreter and the libraries."""

    when: datetime
    system: str
    processor: str
    cores: int
    load: float
    """Load average of the minute before the run: above about 0.5, the ratios are unreliable."""
    python: str
    libraries: dict[str, str]

    def __str__(self) -> str:
        versions = ", ".join(f"{name} {version}" for name, version in self.libraries.items())
        where = f"{self.system}, {self.processor}, {self.cores} cores, load {self.load:.1f} before"
        lines = [f"{self.when:%Y-%m-%d %H:%M} UTC, {where}", f"{self.python}, {versions}"]
        if self.load > 0.5:
            lines.append("Something else is running on this machine: the ratios are unreliable.")
        return "\n".join(lines)


def describe() -> Machine:
    """Describe this machine."""
    return Machine(
        when=datetime.now(UTC),
        system=f"{platform.system()} {platform.release()}",
        processor=_processor(),
        cores=os.cpu_count() or 1,
        load=os.getloadavg()[0],
        python=f"{platform.python_implementation()} {platform.python_version()}",
        libraries={name: version for name in _LIBRARIES if (version := _version(name))},
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
