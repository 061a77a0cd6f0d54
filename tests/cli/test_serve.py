"""`canvus serve` for people, and where signals cannot be handled."""

import asyncio
import signal
import subprocess
import urllib.error
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
    ("options", "status"), [([], 421), (["--allowed-host", "a.lan", "--allowed-host", "b.lan"], 200)]
)
def test_serve_responds_to_the_names_that_were_allowed(options: list[str], status: int) -> None:
    command = [*CANVUS, "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[1]
        request = urllib.request.Request(f"{url}/api/v1/server-info", headers={"Host": "b.lan:8080"})
        try:
            with urllib.request.urlopen(request) as response:
                assert response.status == status
        except urllib.error.HTTPError as error:
            error.close()
            assert error.code == status
        process.send_signal(signal.SIGINT)
