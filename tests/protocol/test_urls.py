"""The URL of a server, in any form that a user may have."""

import pytest

from canvus_async.protocol.urls import api_root, is_plain_remote


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("https://canvus.example.com", "https://canvus.example.com/api/v1"),
        ("https://canvus.example.com/", "https://canvus.example.com/api/v1"),
        ("https://canvus.example.com/api/v1", "https://canvus.example.com/api/v1"),
        ("https://canvus.example.com/api/v1/", "https://canvus.example.com/api/v1"),
        ("HTTPS://Canvus.Example.com:443", "https://canvus.example.com/api/v1"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/api/v1"),
        ("https://schön.example", "https://xn--schn-7qa.example/api/v1"),
        ("http://[::1]:8080", "http://[::1]:8080/api/v1"),
        (" https://proxy.example.com/canvus/ ", "https://proxy.example.com/canvus/api/v1"),
    ],
)
def test_url_is_normalised_to_the_api_root(url: str, root: str) -> None:
    assert api_root(url) == root


@pytest.mark.parametrize(
    "url",
    [
        "",
        "not a url",
        "canvus.example.com",
        "ftp://a.example",
        "https://",
        "https://a.example:99999",
        "https://a.example:0",
        "https://a.example/?x=1",
        "https://a.example/#x",
        "https://a b.example",
        "http://[::1",
        "file:///etc/passwd",
        "https://a..example",
        "https://" + "x" * 64 + ".example",
    ],
)
def test_invalid_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        api_root(url)


def test_password_in_the_url_is_refused_and_not_repeated() -> None:
    for url in ("https://me:hunter2@canvus.example.com", "http:/me:hunter2@localhost", "me:hunter2@localhost"):
        with pytest.raises(ValueError, match="token=") as refused:
            api_root(url)
        assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("https://canvus.example.com", False),
        ("http://127.0.0.1:1", False),
        ("http://[::1]:1", False),
        ("http://localhost", False),
        ("http://canvus.localhost", False),
        ("http://canvus.example.com", True),
        ("http://10.0.0.1", True),
        ("http://localhost.example.com", True),
    ],
)
def test_plain_http_to_another_host_is_detected(url: str, plain: bool) -> None:
    assert is_plain_remote(api_root(url)) is plain
