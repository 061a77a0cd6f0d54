"""The configuration file of the command line."""

from pathlib import Path

import pytest

from canvus_async import Timeouts
from canvus_async.cli.config import config_file, connect, read_config

CANARY = "canary-7f3a"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = config_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'url = "https://canvus.example.com"\ntoken = "{CANARY}"\n', encoding="utf-8")
    path.chmod(0o600)
    return path


def test_the_file_is_used_without_options_and_environment_variables(file: Path) -> None:
    assert read_config(file) == {"url": "https://canvus.example.com", "token": CANARY}
    assert repr(connect(None, None)) == "<Client https://canvus.example.com/api/v1 (<Credentials: token>)>"


def test_the_token_in_the_file_is_not_sent_to_another_server(file: Path) -> None:
    assert repr(connect("https://other.example.com", None)).endswith("(<Credentials: anonymous>)>")


def test_a_token_over_plain_http_needs_the_variable_that_the_error_names(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="CANVUS_ALLOW_INSECURE=1"):
        connect("http://canvus.example.com", CANARY)
    monkeypatch.setenv("CANVUS_ALLOW_INSECURE", "1")

    assert connect("http://canvus.example.com", CANARY).url == "http://canvus.example.com/api/v1"


def test_the_timeouts_of_a_command_take_precedence_over_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANVUS_TIMEOUT", "7")

    assert connect("https://canvus.example.com", None)._transport.timeouts.response == 7
    chosen = Timeouts(response=3)
    assert connect("https://canvus.example.com", None, timeouts=chosen)._transport.timeouts is chosen


def test_a_file_readable_by_other_users_is_refused(file: Path) -> None:
    file.chmod(0o644)
    with pytest.raises(ValueError, match="chmod 600"):
        connect(None, None)


@pytest.mark.parametrize("text", ["url = ", "port = 5", "url = 5", f'tokens = "{CANARY}"'])
def test_an_invalid_file_is_refused_and_the_error_does_not_show_the_token(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"config\.toml") as refused:
        connect(None, None)
    assert CANARY not in str(refused.value)


def test_without_a_file_the_error_names_its_path(file: Path) -> None:
    file.unlink()
    with pytest.raises(
        ValueError, match=r"no server given: use --url, set CANVUS_URL, or write url and token into .*config\.toml"
    ):
        connect(None, None)
