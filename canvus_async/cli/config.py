"""Which server a command talks to: its options, else the environment, else the configuration file."""

import logging
import stat
import sys
import tomllib
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import Parameter
from platformdirs import user_config_path

from canvus_async.client import Client
from canvus_async.options import Reconnect, Retry, Timeouts

Url: TypeAlias = Annotated[str | None, Parameter(env_var="CANVUS_URL")]
Token: TypeAlias = Annotated[str | None, Parameter(env_var="CANVUS_TOKEN")]


def connect(
    url: str | None,
    token: str | None,
    *,
    timeouts: Timeouts | None = None,
    retry: Retry | None = None,
    reconnect: Reconnect | None = None,
) -> Client:
    """A client for the server that was named. Raises ValueError when none was."""
    if not url:
        settings = configured(config_file())
        url, token = settings.get("url"), token or settings.get("token")
    if not url:
        raise ValueError(f"no server: give --url, set CANVUS_URL, or write url and token into {config_file()}")
    return Client(url, token=token or None, timeouts=timeouts, retry=retry, reconnect=reconnect)


def config_file() -> Path:
    """Where the configuration is: `canvus/config.toml` in the platform's place for such files."""
    return user_config_path("canvus") / "config.toml"


def configured(path: Path) -> dict[str, str]:
    """`url` and `token` from a file, nothing where there is none. Its token goes only with its own url.

    Raises ValueError for a file that is no TOML, has other settings, or could be read by others.
    """
    try:
        with path.open("rb") as file:
            if sys.platform != "win32" and stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise ValueError(f"{path} can be read by others, and may hold a token: chmod 600 it")
            settings = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as problem:
        raise ValueError(f"{path} is no TOML: {problem}") from None
    known = {name: value for name, value in settings.items() if name in {"url", "token"} and isinstance(value, str)}
    if known.keys() != settings.keys():
        raise ValueError(f"{path} may hold url and token, both text, and nothing else")
    return known


@contextmanager
def notices() -> Generator[None, None, None]:
    """Tell on stderr what happens to the connection meanwhile."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("canvus: %(message)s"))
    logger = logging.getLogger("canvus_async")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
