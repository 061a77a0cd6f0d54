"""The processes of the load server and the workers, and the communication with them."""

import http.client
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

import msgspec

from benchmarks.jobs import Order, Report
from benchmarks.loadserver import State
from benchmarks.plans import Plan

_HERE = Path(__file__).resolve().parent.parent
_LONGEST_JOB = 300.0


class BenchmarkError(Exception):
    """A candidate failed, or delivered something different."""


def _start(module: str, *, stdin: int) -> subprocess.Popen[bytes]:
    path = os.pathsep.join(filter(None, [str(_HERE), os.environ.get("PYTHONPATH", "")]))
    return subprocess.Popen(
        [sys.executable, "-m", module], stdin=stdin, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": path}
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


class Server:
    """The load server, controlled over HTTP."""

    def __init__(self) -> None:
        self._process = _start("benchmarks.loadserver", stdin=subprocess.DEVNULL)
        port = int(cast("IO[bytes]", self._process.stdout).readline())
        self.url = f"http://127.0.0.1:{port}"
        self._connection = http.client.HTTPConnection("127.0.0.1", port)

    def prepare(self, plan: Plan) -> str:
        """Prepare a plan; return the id of its canvas."""
        return self._ask("POST", "/plans", msgspec.json.encode(plan)).decode()

    def forget(self) -> None:
        """Delete all plans."""
        self._ask("DELETE", "/plans")

    def state(self) -> State:
        """The counters of the server."""
        return msgspec.json.decode(self._ask("GET", "/state"), type=State)

    def _ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        self._connection.request(method, path, body)
        return self._connection.getresponse().read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._connection.close()
        _end(self._process)


class Worker:
    """A process that runs one candidate. The constructor does not wait until the process is ready."""

    def __init__(self) -> None:
        self._process = _start("benchmarks.worker", stdin=subprocess.PIPE)

    def do(self, order: Order) -> Report:
        """Run a job. Raises BenchmarkError with the traceback of the worker, or if the job takes too long."""
        stdin, stdout = cast("IO[bytes]", self._process.stdin), cast("IO[bytes]", self._process.stdout)
        timer = threading.Timer(_LONGEST_JOB, self._process.kill)
        timer.start()
        try:
            stdin.write(msgspec.json.encode(order) + b"\n")
            stdin.flush()
            line = stdout.readline()
        finally:
            timer.cancel()
        if not line:
            raise BenchmarkError(f"{order.candidate}: no report within {_LONGEST_JOB:.0f} s, or its process died")
        report = msgspec.json.decode(line, type=Report)
        if report.delivered is None:
            raise BenchmarkError(f"{order.candidate}:\n{report.failure}")
        return report

    def close(self) -> None:
        """Kill the process."""
        _end(self._process)
