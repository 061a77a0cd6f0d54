"""The environment variables that configure a client; `Client.from_env()` and the command line read the same ones."""

import logging
import os
import ssl as tls
from collections.abc import Mapping
from typing import TypedDict

from canvus_async.options import Timeouts

logger = logging.getLogger("canvus_async")

VARIABLES: Mapping[str, str] = {
    "CANVUS_URL": "The URL of the server, with or without /api/v1. Required.",
    "CANVUS_TOKEN": "The access token. Without it the client is anonymous.",
    "CANVUS_CA_FILE": "A PEM file with the certificates to trust instead of those of the system.",
    "CANVUS_INSECURE": "1: do not verify certificates. Anyone on the network can then read the token.",
    "CANVUS_ALLOW_INSECURE": "1: send the token over plain http to another machine.",
    "CANVUS_TIMEOUT": "Seconds to wait for a response (Timeouts.response); 0 means no limit.",
}
"""Each variable and its meaning. A variable that is empty counts as not set."""


class ClientOptions(TypedDict, total=False):
    """The keyword arguments of `Client` that variables can set."""

    token: str
    timeouts: Timeouts
    ssl: tls.SSLContext
    allow_insecure: bool


def url_and_options(environ: Mapping[str, str] = os.environ) -> tuple[str, ClientOptions]:
    """The URL and the keyword arguments for a client. Raises ValueError for a missing or invalid variable."""
    url = environ.get("CANVUS_URL")
    if not url:
        raise ValueError("the environment variable CANVUS_URL is not set; it must contain the URL of the server")
    options = connection_options(environ)
    if environ.get("CANVUS_TOKEN"):
        options["token"] = environ["CANVUS_TOKEN"]
    return url, options


def connection_options(environ: Mapping[str, str] = os.environ) -> ClientOptions:
    """The keyword arguments for how to connect, without the token. Raises ValueError for an invalid variable."""
    options = ClientOptions()
    if _flag(environ, "CANVUS_ALLOW_INSECURE"):
        options["allow_insecure"] = True
    if timeout := environ.get("CANVUS_TIMEOUT"):
        options["timeouts"] = Timeouts(response=_seconds(timeout))
    file, insecure = environ.get("CANVUS_CA_FILE"), _flag(environ, "CANVUS_INSECURE")
    if file and insecure:
        raise ValueError("set either CANVUS_CA_FILE or CANVUS_INSECURE: one trusts certain certificates, the other all")
    if file:
        options["ssl"] = _trusting(file)
    if insecure:
        logger.warning("certificates are not verified (CANVUS_INSECURE): anyone on the network can read the token")
        options["ssl"] = _unverified()
    return options


def _flag(environ: Mapping[str, str], name: str) -> bool:
    value = environ.get(name, "").lower()
    if value not in {"", "0", "1", "true", "false"}:
        raise ValueError(f"the environment variable {name} must be 1 or 0, not {value[:40]!r}")
    return value in {"1", "true"}


def _seconds(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"the environment variable CANVUS_TIMEOUT must be a number of seconds, not {text[:40]!r}")
    return seconds or None


def _trusting(file: str) -> tls.SSLContext:
    try:
        return tls.create_default_context(cafile=file)
    except OSError as problem:  # ssl.SSLError is one too
        what = problem.strerror or "it contains no certificate in PEM format"
        raise ValueError(f"the environment variable CANVUS_CA_FILE: {file}: {what}") from None


def _unverified() -> tls.SSLContext:
    context = tls.create_default_context()
    context.check_hostname = False
    context.verify_mode = tls.CERT_NONE
    return context
