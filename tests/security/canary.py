"""A canary token, and a search for it in everything that a program can output.

The fixture `watch` records all logging at the lowest level while a test runs, takes every error and object that the
test gives it, and afterwards searches all of it, the output and the temporary files for the canary.
"""

import asyncio
import base64
import logging
import pickle
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import pytest

E = TypeVar("E", bound=BaseException)

CANARY = "canary-7f3a-9c41"
"""Written only here: tracebacks show source lines, and no other line may contain it."""


def chain(error: BaseException, seen: set[int] | None = None) -> Iterator[BaseException]:
    """An error and all errors attached to it: causes, contexts (suppressed ones too), members of groups."""
    seen = set() if seen is None else seen
    if id(error) in seen:
        return
    seen.add(id(error))
    yield error
    parts = [error.__cause__, error.__context__]
    parts += error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for part in parts:
        if part is not None:
            yield from chain(part, seen)


def frames(error: BaseException) -> str:
    """The full traceback with local variables, without the frames of the test at its top."""
    own = error.__traceback__
    while own is not None and "/tests/" in own.tb_frame.f_code.co_filename:
        own = own.tb_next
    report = traceback.TracebackException(type(error), error, own, capture_locals=True, compact=True)
    return "".join(report.format(chain=False))


class Watch(logging.Handler):
    """Searches everything that could show the canary, and records where it does."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.places: list[str] = []
        self.kinds: set[type[BaseException]] = set()
        self.records: list[logging.LogRecord] = []

    def text(self, where: str, text: str | bytes) -> None:
        """Search a text, plain and in base64."""
        data = text.encode(errors="replace") if isinstance(text, str) else text
        forms = [CANARY.encode(), *(base64.b64encode(b"x" * shift + CANARY.encode())[4:-4] for shift in range(3))]
        if any(form in data for form in forms):
            self.places.append(where)

    def objects(self, *things: object) -> None:
        """Search every conversion of an object to text."""
        for thing in things:
            where = f"an object of {type(thing).__name__}"
            self.text(where, f"{thing!r} {thing!s} {thing} {thing!a} {[thing]} { {'it': thing} }")

    def error(self, error: BaseException) -> None:
        """Search everything that an error carries."""
        self.kinds.add(type(error))
        for each in chain(error):
            kind = type(each).__name__
            self.text(f"the text of {kind}", f"{each} {each!r}")
            self.text(f"the arguments of {kind}", repr(each.args))
            self.text(f"the attributes of {kind}", repr(vars(each)))
            self.text(f"the notes of {kind}", repr(getattr(each, "__notes__", [])))
            self.text(f"the traceback of {kind} with locals", frames(each))
        try:
            self.text(f"the pickle of {type(error).__name__}", pickle.dumps(error))
        except (TypeError, AttributeError, pickle.PicklingError):
            self.places.append(f"{type(error).__name__} cannot be pickled")

    @contextmanager
    def raises(self, kind: type[E]) -> Iterator[pytest.ExceptionInfo[E]]:
        """Like `pytest.raises`, and searches the error."""
        with pytest.raises(kind) as raised:
            yield raised
        self.error(raised.value)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a log record; it is searched at the end, like handlers that format records later."""
        self.records.append(record)

    def look_in_logs(self) -> int:
        """Search all log records, their messages and their fields; returns the number of records."""
        for name in {record.name for record in self.records}:
            records = [record for record in self.records if record.name == name]
            self.text(f"the log of {name}", "\n".join(record.getMessage() for record in records))
            self.text(f"the fields of records of {name}", "\n".join(repr(vars(record)) for record in records))
            for record in records:
                if record.exc_info and record.exc_info[1] is not None:
                    for each in chain(record.exc_info[1]):
                        self.text(f"a traceback in the log of {name}", f"{each!r} {frames(each)}")
        return len(self.records)

    def look_in_files(self, folder: Path) -> None:
        """Search the names and contents of all files below a folder."""
        for path in folder.rglob("*"):
            self.text("a temporary file's name", str(path.relative_to(folder)))
            if path.is_file():
                self.text("a temporary file", path.read_bytes())

    def __enter__(self) -> Self:
        root = logging.root
        self._before = root.level, root.handlers
        root.handlers = [self]  # no other handler: there are thousands of records, and pytest would format each
        root.setLevel(logging.DEBUG)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        logging.root.level, logging.root.handlers = self._before
        self.records.clear()


@pytest.fixture
async def watch(capfd: pytest.CaptureFixture[str], temporary_folder: Path) -> AsyncIterator[Watch]:
    """A search over one test, with asyncio in debug mode, where it logs every callback."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0
    with Watch() as watching:
        yield watching
        loop.set_debug(False)
        assert watching.look_in_logs() > 0
        watching.look_in_files(temporary_folder)
        out, err = capfd.readouterr()
        watching.text("stdout", out)
        watching.text("stderr", err)
    assert not watching.places, f"the token is in {sorted(set(watching.places))}"
