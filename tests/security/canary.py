"""One token, looked for wherever a program can show what it knows.

The fixture `watch` listens to all logging at its most talkative while a test runs, takes every error and object that
the test hands it, and afterwards looks for the canary in all of it, in what was printed, and in temporary files.
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
"""Written here only, so that no other line of source, which tracebacks show, holds it."""


def chain(error: BaseException, seen: set[int] | None = None) -> Iterator[BaseException]:
    """An error and all that hang on it: causes, contexts (also those that are not shown), members of groups."""
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
    """The traceback as a reporter with locals shows it, cut off nowhere, without this test's own frames at its top."""
    own = error.__traceback__
    while own is not None and "/tests/" in own.tb_frame.f_code.co_filename:
        own = own.tb_next
    report = traceback.TracebackException(type(error), error, own, capture_locals=True, compact=True)
    return "".join(report.format(chain=False))


class Watch(logging.Handler):
    """Gathers what could show the canary, and says where it does."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.places: list[str] = []
        self.kinds: set[type[BaseException]] = set()
        self.records: list[logging.LogRecord] = []

    def text(self, where: str, text: str | bytes) -> None:
        """Look in some text, as it is and in base64."""
        data = text.encode(errors="replace") if isinstance(text, str) else text
        forms = [CANARY.encode(), *(base64.b64encode(b"x" * shift + CANARY.encode())[4:-4] for shift in range(3))]
        if any(form in data for form in forms):
            self.places.append(where)

    def objects(self, *things: object) -> None:
        """Look in everything that turns an object into text."""
        for thing in things:
            where = f"an object of {type(thing).__name__}"
            self.text(where, f"{thing!r} {thing!s} {thing} {thing!a} {[thing]} { {'it': thing} }")

    def error(self, error: BaseException) -> None:
        """Look in everything that an error carries."""
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
        """What `pytest.raises` does, and looks in what was raised."""
        with pytest.raises(kind) as raised:
            yield raised
        self.error(raised.value)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a log record; it is looked at in the end, as handlers that put records aside do."""
        self.records.append(record)

    def look_in_logs(self) -> int:
        """Look in all records: what they say and every field they carry; says how many there were."""
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
        """Look in the names and the content of all files below a folder."""
        for path in folder.rglob("*"):
            self.text("a temporary file's name", str(path.relative_to(folder)))
            if path.is_file():
                self.text("a temporary file", path.read_bytes())

    def __enter__(self) -> Self:
        root = logging.root
        self._before = root.level, root.handlers
        root.handlers = [self]  # nobody else: thousands of records come, and pytest would format each
        root.setLevel(logging.DEBUG)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        logging.root.level, logging.root.handlers = self._before
        self.records.clear()


@pytest.fixture
async def watch(capfd: pytest.CaptureFixture[str], temporary_folder: Path) -> AsyncIterator[Watch]:
    """A watch over one test, with asyncio in debug mode and so talkative that it logs every step of every task."""
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
