"""Errors carry what a caller needs, can be copied and pickled, and are subclasses of builtin errors."""

import copy
import errno
import pickle

import pytest

from canvus_async import errors
from canvus_async.errors import (
    CanvusError,
    ClientClosed,
    ConnectFailed,
    ConnectionLost,
    IncompleteDownload,
    LocalWriteError,
    NotFound,
    RedirectRefused,
    RequestTimeout,
)

SAMPLES = [
    NotFound(404, "no such canvas", method="GET", path="canvases/x", retry_after=2.0),
    ConnectFailed("refused", method="GET", path="p", permanent=True),
    RequestTimeout("late", method="GET", path="p"),
    RedirectRefused("elsewhere", method="GET", path="p", target="https://b.example"),
    IncompleteDownload("short", path="/tmp/x", received=3, expected=5),
    LocalWriteError("no room", path="/tmp/x", errno=errno.ENOSPC, strerror="No space left on device"),
    ClientClosed(),
    ConnectionLost("reset", method="GET", path="p"),
]


@pytest.mark.parametrize("error", SAMPLES, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize(
    "through", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copy", "pickle"]
)
def test_error_survives_copy_and_pickle(error: CanvusError, through) -> None:
    again = through(error)

    assert type(again) is type(error)
    assert str(again) == str(error)
    assert vars(again) == vars(error)
    assert getattr(again, "errno", None) == getattr(error, "errno", None)


def test_errors_are_subclasses_of_builtin_ones() -> None:
    assert issubclass(ConnectFailed, OSError)
    assert issubclass(ConnectionLost, OSError)
    assert issubclass(RequestTimeout, TimeoutError)
    assert issubclass(LocalWriteError, OSError)


def test_every_error_is_in_the_docstring_and_has_one_base() -> None:
    kinds = [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, Exception)]

    assert all(issubclass(kind, CanvusError) for kind in kinds)
    for kind in kinds:
        assert kind.__name__ in (errors.__doc__ or "")


def test_local_write_error_keeps_errno_and_message() -> None:
    error = SAMPLES[5]

    assert isinstance(error, OSError)
    assert error.errno == errno.ENOSPC
    assert str(error) == "/tmp/x: no room"
