"""The environment variables of a client."""

import logging
import ssl
from pathlib import Path

import pytest

from canvus_async import Client, ConnectFailed, Unauthorized
from canvus_async.environment import VARIABLES, url_and_options
from canvus_async.server import CanvusServer
from tests.relays import tls_in_front_of

URL = {"CANVUS_URL": "https://canvus.example.com"}
DOCS = Path(__file__).parents[1] / "docs" / "howto" / "configuration.md"


def test_only_the_url_is_required() -> None:
    assert url_and_options(URL) == ("https://canvus.example.com", {})
    with pytest.raises(ValueError, match="CANVUS_URL is not set"):
        url_and_options({})
    with pytest.raises(ValueError, match="CANVUS_URL is not set"):
        url_and_options({"CANVUS_URL": ""})


def test_an_empty_variable_counts_as_not_set() -> None:
    assert url_and_options(URL | dict.fromkeys(VARIABLES.keys() - URL.keys(), ""))[1] == {}


@pytest.mark.parametrize(("text", "seconds"), [("5", 5.0), ("0.5", 0.5), ("0", None)])
def test_the_timeout_is_that_of_a_response(text: str, seconds: float | None) -> None:
    assert url_and_options(URL | {"CANVUS_TIMEOUT": text})[1]["timeouts"].response == seconds


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CANVUS_TIMEOUT", "soon"),
        ("CANVUS_TIMEOUT", "-1"),
        ("CANVUS_TIMEOUT", "nan"),
        ("CANVUS_TIMEOUT", "inf"),
        ("CANVUS_INSECURE", "yes please"),
        ("CANVUS_ALLOW_INSECURE", "2"),
        ("CANVUS_CA_FILE", "/nowhere/ca.pem"),
        ("CANVUS_CA_FILE", __file__),
    ],
)
def test_an_invalid_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        url_and_options(URL | {name: value})


def test_trusting_some_certificates_and_all_is_contradictory(certificate: Path) -> None:
    with pytest.raises(ValueError, match="either CANVUS_CA_FILE or CANVUS_INSECURE"):
        url_and_options(URL | {"CANVUS_CA_FILE": str(certificate), "CANVUS_INSECURE": "1"})


def test_plain_http_to_another_machine_can_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANVUS_URL", "http://canvus.example.com")
    monkeypatch.setenv("CANVUS_TOKEN", "a-token")
    with pytest.raises(ValueError, match="unencrypted"):
        Client.from_env()
    monkeypatch.setenv("CANVUS_ALLOW_INSECURE", "1")

    assert Client.from_env().url == "http://canvus.example.com/api/v1"


@pytest.mark.parametrize("trust", ["CANVUS_CA_FILE", "CANVUS_INSECURE", None])
async def test_certificates_are_verified_unless_the_environment_says_otherwise(
    *,
    server: CanvusServer,
    serving: ssl.SSLContext,
    certificate: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    trust: str | None,
) -> None:
    async with tls_in_front_of(server.url, serving) as front:
        monkeypatch.setenv("CANVUS_URL", front.url)
        monkeypatch.setenv("CANVUS_TOKEN", "unknown-token")
        if trust is not None:
            monkeypatch.setenv(trust, str(certificate) if trust == "CANVUS_CA_FILE" else "1")
        async with Client.from_env() as client:
            with pytest.raises(Unauthorized if trust else ConnectFailed):
                await client.canvases.list()

    warned = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert bool(warned) == (trust == "CANVUS_INSECURE")


def test_every_variable_is_in_the_documentation() -> None:
    page = DOCS.read_text(encoding="utf-8")

    assert [name for name in VARIABLES if f"`{name}`" not in page] == []
