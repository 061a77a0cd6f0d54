"""Requests with malformed HTTP, unknown paths or methods get a JSON error, and do not affect the server."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from canvus_async.server import CanvusServer
from tests.seeds.wire import RawResponse, raw_request, send_raw
from tests.server.api import Api

UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
async def unharmed(
    server: CanvusServer, api: Api, canvas: str, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[None]:
    """Check after each test that the canvas has not changed and that the log contains no error."""
    note = (await api.post(f"{canvas}/notes", {"text": "still here"})).json
    yield
    assert (await api.get(f"{canvas}/notes")).json == [note]
    assert server.open_streams == 0
    assert [each.getMessage() for each in caplog.get_records("call") if each.levelno >= logging.ERROR] == []


def refused(response: RawResponse, *statuses: int) -> str:
    """Check that a response is an error with one of these statuses, and return its `msg`."""
    assert response.status in statuses, response
    assert response.msg
    return response.msg


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "GET",
        "GET /api/v1/canvases HTTP/9.9",
        "GET * HTTP/1.1",
        "GET http://[half/ HTTP/1.1",
        "GET /api/v1/canvases?q=\xff HTTP/1.1",
        "BREW /api/v1/canvases HTTP/1.1",
        "get /api/v1/canvases HTTP/1.1",
        f"GET /api/v1/{'a' * 20_000} HTTP/1.1",
    ],
    ids=range(9),
)
async def test_a_malformed_request_line_gives_a_json_error(server: CanvusServer, line: str) -> None:
    response = await send_raw(server, f"{line}\r\nHost: localhost\r\n\r\n".encode("latin-1"))

    refused(response, 400)


@pytest.mark.parametrize(
    "header",
    [
        "X: " + "a" * 20_000,
        "X" * 20_000 + ": a",
        "No colon here",
        "Bad name: x",
        "X: a\0b",
        "Content-Length: -1",
        "Content-Length: five",
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: upside-down",
    ],
    ids=range(10),
)
async def test_a_malformed_header_gives_a_json_error(server: CanvusServer, canvas: str, header: str) -> None:
    response = await send_raw(server, raw_request("PATCH", f"/api/v1/{canvas}", header, token=server.token))

    refused(response, 400)


async def test_ten_thousand_headers_give_a_json_error(server: CanvusServer) -> None:
    headers = (f"X-{number}: {number}" for number in range(10_000))

    refused(await send_raw(server, raw_request("GET", "/api/v1/canvases", *headers, token=server.token)), 400)


async def test_tls_on_the_http_port_gives_a_json_error(server: CanvusServer) -> None:
    hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(517)

    refused(await send_raw(server, hello), 400)


@pytest.mark.parametrize("value", ["nonsense", "200-ok", "100-continue, nonsense"])
async def test_an_unknown_expectation_gives_a_json_error(server: CanvusServer, canvas: str, value: str) -> None:
    response = await send_raw(
        server, raw_request("PATCH", f"/api/v1/{canvas}", f"Expect: {value}", token=server.token, body=b"{}")
    )

    refused(response, 417)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "nonsense"])
async def test_a_body_with_a_wrong_content_encoding_is_refused(
    server: CanvusServer, canvas: str, encoding: str
) -> None:
    headers = (f"Content-Encoding: {encoding}", "Content-Type: application/json")

    refused(
        await send_raw(
            server, raw_request("PATCH", f"/api/v1/{canvas}", *headers, token=server.token, body=b"no such thing")
        ),
        400,
    )


@pytest.mark.parametrize("endpoint", ["notes", "images"])
async def test_a_too_large_content_length_is_refused_before_the_body_is_sent(
    server: CanvusServer, canvas: str, endpoint: str
) -> None:
    kind = "multipart/form-data; boundary=x" if endpoint == "images" else "application/json"
    headers = (f"Content-Type: {kind}", f"Content-Length: {10 << 30}")

    refused(
        await send_raw(server, raw_request("POST", f"/api/v1/{canvas}/{endpoint}", *headers, token=server.token)), 413
    )


@pytest.mark.parametrize(
    "target",
    [
        "/",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v2/canvases",
        "/API/V1/canvases",
        "/api/v1/canvasses",
        "//api/v1/canvases",
        "/api/v1/canvases//widgets",
        f"/api/v1/canvases/{UNKNOWN_ID}/widgets/{UNKNOWN_ID}/download/more",
        "/api/v1/mipmaps",
        "/api/v1/mipmaps/00/0/0",
        "/favicon.ico",
        "/../../etc/passwd",
        "/api/v1/../../../etc/passwd",
        "/api/v1/canvases/%2e%2e/%2e%2e",
        "/api/v1/assets/..%2f..%2f..%2fetc%2fpasswd",
        "/%00",
    ],
)
async def test_an_unknown_path_gives_404_as_json(server: CanvusServer, canvas: str, target: str) -> None:
    headers = [f"canvas-id: {canvas.removeprefix('canvases/')}"]

    refused(await send_raw(server, raw_request("GET", target, *headers, token=server.token)), 404)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("canvases", {"GET", "HEAD", "POST"}),
        ("{}", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("{}/widgets", {"GET", "HEAD"}),
        ("{}/widgets/x", {"GET", "HEAD"}),
        ("{}/images", {"GET", "HEAD", "POST"}),
        ("{}/images/x", {"GET", "HEAD", "PATCH", "DELETE"}),
        ("{}/images/x/download", {"GET", "HEAD"}),
        ("mipmaps/00", {"GET", "HEAD"}),
        ("mipmaps/00/0", {"GET", "HEAD"}),
        ("assets/00", {"GET", "HEAD"}),
        ("server-info", {"GET", "HEAD"}),
    ],
)
async def test_a_method_that_is_not_allowed_gives_405_with_the_allowed_ones(
    server: CanvusServer, canvas: str, path: str, allowed: set[str]
) -> None:
    for method in {"PUT", "OPTIONS", "TRACE", "POST", "PATCH", "DELETE", "PROPFIND"} - allowed:
        response = await send_raw(
            server, raw_request(method, f"/api/v1/{path.format(canvas)}", token=server.token, body=b"")
        )
        assert refused(response, 405)
        named = {each.strip() for each in response.headers["allow"].split(",")}
        assert named | {"HEAD"} == allowed


async def test_head_is_get_without_a_body(server: CanvusServer, canvas: str) -> None:
    for target in ("canvases", canvas, f"{canvas}/widgets?subscribe", f"{canvas}/notes/{UNKNOWN_ID}"):
        head = await send_raw(server, raw_request("HEAD", f"/api/v1/{target}", token=server.token), head_only=True)
        got = await send_raw(server, raw_request("GET", f"/api/v1/{target.split('?')[0]}", token=server.token))
        assert (head.status, head.headers["content-length"]) == (got.status, got.headers["content-length"])


async def test_a_trailing_slash_makes_no_difference(server: CanvusServer, canvas: str) -> None:
    for target in ("server-info", "canvases", canvas, f"{canvas}/widgets", f"{canvas}/images", f"{canvas}/background"):
        plain, slashed = [
            await send_raw(server, raw_request("GET", f"/api/v1/{target}{slash}", token=server.token))
            for slash in ("", "/")
        ]
        assert (plain.status, plain.body) == (slashed.status, slashed.body) == (200, plain.body)


@pytest.mark.parametrize(
    "cookie",
    ["CanvusSession", "CanvusSession=", "CanvusSession=;;;", 'CanvusSession="\\', "=x", "\xff=\xfe", ";" * 999],
)
async def test_a_malformed_cookie_is_unauthenticated(server: CanvusServer, cookie: str) -> None:
    refused(await send_raw(server, raw_request("GET", "/api/v1/canvases", f"Cookie: {cookie}")), 401)


@pytest.mark.parametrize("token", ["", " ", "\xff", "a" * 7000, "null", "../.."])
async def test_an_unknown_token_is_unauthenticated(server: CanvusServer, token: str) -> None:
    refused(await send_raw(server, raw_request("GET", "/api/v1/canvases", token=token)), 401)


async def test_pipelined_requests_are_answered_in_order(server: CanvusServer, canvas: str) -> None:
    head = f" HTTP/1.1\r\nHost: localhost\r\nPrivate-Token: {server.token}\r\n\r\n"
    targets = [f"/api/v1/{canvas}/notes/{number}" for number in range(20)]
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    writer.write("".join(f"GET {target}{head}" for target in targets).encode())

    async with asyncio.timeout(10):
        for number in range(20):
            block = await reader.readuntil(b"\r\n\r\n")
            length = int(block.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            assert f"Note {number} does not exist".encode() in await reader.readexactly(length)
    writer.close()
    await writer.wait_closed()


async def test_connections_closed_within_the_headers_are_removed(server: CanvusServer) -> None:
    for part in (b"", b"GET", b"GET /api/v1/canvases HTTP/1.1\r\nHost: x\r\n", b"\r\n\r\n"):
        _, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        writer.write(part)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with asyncio.timeout(10):
        while server.connections > 1:  # one belongs to the test
            await asyncio.sleep(0.005)
