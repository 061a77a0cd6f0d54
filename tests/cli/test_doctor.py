"""`canvus doctor` against servers with one fault each, in this process."""

import asyncio
import json
import os
import ssl
import subprocess
from pathlib import Path

import pytest

from canvus_async.cli import doctor as module
from canvus_async.cli.doctor import doctor
from canvus_async.options import Timeouts
from canvus_async.server import CanvusServer
from tests.cli.test_app import CANVUS
from tests.raw_server import Exchange, raw_server
from tests.relays import tls_in_front_of


async def failed_check(url: str, token: str, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """The check that fails, which is the last one."""
    assert await doctor(as_json=True, url=url, token=token) == 1
    findings = json.loads(capsys.readouterr().out)
    assert [finding["ok"] for finding in findings[:-1]] == [True] * (len(findings) - 1)
    assert not findings[-1]["ok"]
    return findings[-1]


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (401, "check --token"),
        (403, "ask an administrator"),
        (404, "check that --url is the address of a Canvus server"),
        (429, "wait a minute"),
        (500, "try again later"),
        (418, "ask an administrator of the server what the response means"),
    ],
)
async def test_each_status_has_its_advice(
    server: CanvusServer, capsys: pytest.CaptureFixture[str], status: int, advice: str
) -> None:
    server.faults.fail_next(status=status, match="/canvases")

    finding = await failed_check(server.url, server.token, capsys)

    assert finding["check"] == "token"
    assert str(status) in finding["message"]
    assert advice in finding["advice"]


async def login_page(exchange: Exchange) -> None:
    await exchange.request()
    await exchange.answer(b"<html>Log in</html>", 200, "Content-Type: text/html")


async def redirect(exchange: Exchange) -> None:
    await exchange.request()
    await exchange.answer(b"", 302, "Location: https://canvus.example.com/")


async def no_response(exchange: Exchange) -> None:
    await exchange.gone()


@pytest.mark.parametrize(
    ("script", "advice"),
    [
        (login_page, "it seems that a login page"),
        (redirect, "use the address that the server redirects to as --url"),
        (no_response, "whether a firewall blocks the connection"),
    ],
)
async def test_each_server_that_is_not_canvus_has_its_advice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, script, advice: str
) -> None:
    monkeypatch.setattr(module, "Timeouts", lambda **_: Timeouts(response=0.2))
    async with raw_server(script) as server:
        finding = await failed_check(server.url, "t", capsys)

    assert finding["check"] == "reachable"
    assert advice in finding["advice"]


async def test_a_private_certificate_is_trusted_through_canvus_ca_file(
    server: CanvusServer, certificate: Path, serving: ssl.SSLContext
) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("CANVUS_", "SSL_"))}

    async with tls_in_front_of(server.url, serving) as front:
        command = [*CANVUS, "doctor", "--url", front.url, "--token", server.token]
        refused = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, env=env)
        env["CANVUS_CA_FILE"] = str(certificate)
        trusted = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, env=env)

    assert refused.returncode == 1
    assert "set CANVUS_CA_FILE to a PEM file" in refused.stdout
    assert (trusted.returncode, trusted.stderr) == (0, "")


async def test_a_subscription_without_a_whole_first_line_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(exchange: Exchange) -> None:
        while True:
            request = await exchange.request()
            if request.target.endswith("?subscribe"):
                await exchange.stream(b"[")
                await exchange.gone()
                return
            if request.target.endswith("server-info"):
                await exchange.answer({"version": "3.1.0", "api": ["v1.1"]}, 200, "Content-Type: application/json")
            else:
                await exchange.answer([{"id": "c1"}], 200, "Content-Type: application/json")

    monkeypatch.setattr(module, "_PATIENCE", 0.2)
    async with raw_server(script) as server:
        finding = await failed_check(server.url, "t", capsys)

    assert (finding["check"], finding["message"]) == ("subscriptions", "no whole line within 0.2 s")


async def test_a_server_without_a_clock_and_canvases_passes(capsys: pytest.CaptureFixture[str]) -> None:
    async def script(exchange: Exchange) -> None:
        while True:
            request = await exchange.request()
            info = {"version": "", "api": []}
            body = info if request.target.endswith("server-info") else []
            await exchange.answer(body, 200, "Content-Type: application/json")

    async with raw_server(script) as server:
        assert await doctor(url=server.url, token="t") == 0

    assert capsys.readouterr().out == (
        f"✓ reachable: {server.url}/api/v1, version unknown, API unknown\n"
        "✓ token: access to 0 canvases\n"
        "✓ clock: not checked, because the server does not send its time\n"
        "✓ subscriptions: not checked, because there is no canvas\n"
    )
