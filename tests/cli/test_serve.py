"""`canvus serve` for people, and where signals cannot be handled."""

import asyncio
import signal
import socket
import subprocess
import urllib.request

import pytest

from canvus_async.cli.serve import serve
from tests.cli.test_app import CANVUS


def test_serve_prints_address_token_and_canvas_and_ends_on_ctrl_c() -> None:
    process = subprocess.Popen(
        [*CANVUS, "serve", "--port", "0", "--token", "chosen"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    names, values = zip(*(process.stdout.readline().split() for _ in range(3)), strict=True)
    with urllib.request.urlopen(f"{values[0]}/api/v1/server-info") as response:
        assert response.status == 200
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)

    assert names == ("url", "token", "canvas")
    assert values[1] == "chosen"
    assert (process.returncode, errors) == (0, "")


async def test_serve_runs_on_a_loop_without_signal_handlers_until_it_is_cancelled(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unsupported(*_: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", unsupported)
    serving = asyncio.create_task(serve(port=0))
    async with asyncio.timeout(10):
        while "canvas " not in capsys.readouterr().out:
            await asyncio.sleep(0.001)
    serving.cancel()

    with pytest.raises(asyncio.CancelledError):
        await serving


@pytest.mark.parametrize(
    ("options", "status"), [([], b"421"), (["--allowed-host", "a.lan", "--allowed-host", "b.lan"], b"200")]
)
def test_serve_responds_to_the_names_that_were_allowed(options: list[str], status: bytes) -> None:
    with subprocess.Popen([*CANVUS, "serve", "--port", "0", *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /api/v1/server-info HTTP/1.1\r\nHost: b.lan:8080\r\n\r\n")
            assert connection.recv(1000).split()[1] == status
        process.send_signal(signal.SIGINT)


@pytest.mark.parametrize(
    ("host", "warns"), [("0.0.0.0", True), ("::", True), ("127.0.0.1", False), ("::1", False), ("localhost", False)]
)
async def test_serve_says_in_one_line_that_other_machines_can_connect(
    host: str, warns: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    serving = asyncio.create_task(serve(host=host, port=0))
    captured = capsys.readouterr()
    out, errors = captured.out, captured.err
    async with asyncio.timeout(10):
        while "canvas " not in out:
            await asyncio.sleep(0.001)
            if serving.done():
                pytest.skip(f"this machine has no {host}: {serving.exception()}")
            captured = capsys.readouterr()
            out, errors = out + captured.out, errors + captured.err
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving

    assert errors.count("\n") == warns
    assert ("other machines can connect" in errors) == warns
