"""The canary, planted in every place that the watch searches: each of these tests must fail and say where.

Not collected by itself; `test_planted.py` runs it.
"""

import asyncio
import copyreg
import gc
import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.security.canary import CANARY, Watch, watch

__all__ = ["watch"]

logger = logging.getLogger("planted")


def raised(error: BaseException) -> BaseException:
    """The error, with a traceback."""
    try:
        raise error
    except BaseException as caught:
        return caught


def with_note() -> BaseException:
    error = RuntimeError("no")
    error.add_note(CANARY)
    return error


def with_attribute() -> BaseException:
    error = RuntimeError("no")
    error.request = {"Private-Token": CANARY}  # type: ignore[attr-defined]
    return error


def with_cause() -> BaseException:
    error = RuntimeError("no")
    error.__cause__ = KeyError(CANARY)
    return error


def with_hidden_context() -> BaseException:
    try:
        try:
            raise KeyError(CANARY)
        except KeyError:
            raise RuntimeError("no") from None
    except RuntimeError as error:
        return error


class Pickled(Exception):
    """An error that shows the canary only in its pickle."""

    def __reduce__(self) -> tuple[object, ...]:
        return copyreg.__newobj__, (Pickled, CANARY)  # type: ignore[attr-defined]


def exec_with_locals() -> BaseException:
    """An error of a function outside the tests that has the canary in a variable."""
    code = compile("def call(headers):\n    raise RuntimeError('no')\n", "/elsewhere/client.py", "exec")
    names: dict[str, Callable[[bytes], None]] = {}
    exec(code, names)
    try:
        names["call"](f"Private-Token: {CANARY}".encode())
    except RuntimeError as error:
        return error
    raise AssertionError


class Shown:
    """An object that shows the canary in its repr."""

    def __repr__(self) -> str:
        return f"<Shown {CANARY}>"


class Stringed(Shown):
    """An object that shows the canary only in its str."""

    __repr__ = object.__repr__

    def __str__(self) -> str:
        return CANARY


async def failing() -> None:
    raise RuntimeError(CANARY)


async def nobody_took() -> None:
    await asyncio.wait([asyncio.ensure_future(failing())])
    gc.collect()


def log_an_error() -> None:
    try:
        raise RuntimeError(CANARY)
    except RuntimeError:
        logger.debug("failed", exc_info=True)


def in_a_file(name: str, content: str) -> None:
    Path(tempfile.mkdtemp(), name).write_text(content, encoding="utf-8")


PLANTS: dict[str, Callable[[Watch], object]] = {
    "the log of planted": lambda watch: logger.debug("sent %s", {"Private-Token": CANARY}),
    "the fields of records of planted": lambda watch: logger.info("sent", extra={"token": CANARY}),
    "a traceback in the log of planted": lambda watch: log_an_error(),
    "the log of asyncio": lambda watch: nobody_took(),
    "stdout": lambda watch: print(CANARY),
    "stderr": lambda watch: os.write(2, CANARY.encode()),
    "an object of Shown": lambda watch: watch.objects(Shown()),
    "an object of Stringed": lambda watch: watch.objects(Stringed()),
    "the text of RuntimeError": lambda watch: watch.error(raised(RuntimeError(CANARY))),
    "the arguments of RuntimeError": lambda watch: watch.error(raised(RuntimeError("no", {"headers": CANARY}))),
    "the attributes of RuntimeError": lambda watch: watch.error(with_attribute()),
    "the notes of RuntimeError": lambda watch: watch.error(with_note()),
    "the text of KeyError": lambda watch: watch.error(with_cause()),
    "the arguments of KeyError": lambda watch: watch.error(with_hidden_context()),
    "the text of ValueError": lambda watch: watch.error(ExceptionGroup("some", [ValueError(CANARY)])),
    "the traceback of RuntimeError with locals": lambda watch: watch.error(exec_with_locals()),
    "the pickle of Pickled": lambda watch: watch.error(Pickled("no")),
    "Watch cannot be pickled": lambda watch: watch.error(type("Watch", (Exception,), {})()),
    "a temporary file": lambda watch: in_a_file("cache", f"GET {CANARY}"),
    "a temporary file's name": lambda watch: in_a_file(CANARY, ""),
    "text in base64": lambda watch: watch.text("text in base64", "WDp7ImMiOiJjYW5hcnktN2YzYS05YzQxIn0="),
}
"""How to plant the canary, by the place where it must be found."""


@pytest.fixture
def swept(temporary_folder: Path) -> Iterator[None]:
    """Removes planted files after the watch has searched them and before the check for leaks."""
    before = set(temporary_folder.iterdir())
    yield
    for folder in set(temporary_folder.iterdir()) - before:
        shutil.rmtree(folder)


@pytest.mark.parametrize("place", PLANTS)
async def test_planted(swept: None, watch: Watch, place: str) -> None:
    planted = PLANTS[place](watch)
    if asyncio.iscoroutine(planted):
        await planted


async def test_nothing_planted(watch: Watch) -> None:
    logger.debug("sent")
    watch.objects(object())
    watch.error(raised(RuntimeError("no")))
