"""The server that a command connects to: from its options, the environment or the configuration file."""

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
from canvus_async.environment import connection_options
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
    """A client for `url`, or for the server in the configuration file. Raises ValueError if neither is given.

    The environment variables of `Client.from_env()` say how to connect; `timeouts` takes precedence over them.
    """
    if not url:
        settings = read_config(config_file())
        # the token in the file belongs to the URL in the file: it must not be sent to a server from --url
        url, token = settings.get("url"), token or settings.get("token")
    if not url:
        raise ValueError(f"no server given: use --url, set CANVUS_URL, or write url and token into {config_file()}")
    options = connection_options()
    if timeouts is not None:
        options["timeouts"] = timeouts
    if token:
        options["token"] = token
    return Client(url, **options, retry=retry, reconnect=reconnect)


def config_file() -> Path:
    """The path of the configuration file: `canvus/config.toml` in the platform's configuration folder."""
    return user_config_path("canvus") / "config.toml"


def read_config(path: Path) -> dict[str, str]:
    """The settings `url` and `token` in a file; empty if the file does not exist.

    Raises ValueError if the file is not valid TOML, has other settings, or is readable by other users.
    """
    try:
        with path.open("rb") as file:
            if sys.platform != "win32" and stat.S_IMODE(path.stat().st_mode) & 0o077:
                raise ValueError(f"other users can read {path}, which may contain a token; run: chmod 600 '{path}'")
            settings = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except tomllib.TOMLDecodeError as problem:
        raise ValueError(f"{path} is not valid TOML: {problem}") from None
    known = {name: value for name, value in settings.items() if name in {"url", "token"} and isinstance(value, str)}
    if known.keys() != settings.keys():
        raise ValueError(f"{path} may only contain the strings url and token")
    return known


@contextmanager
def log_to_stderr() -> Generator[None, None, None]:
    """Print the library's log on stderr: lost connections, reconnects and retries."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("canvus: %(message)s"))
    logger = logging.getLogger("canvus_async")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
