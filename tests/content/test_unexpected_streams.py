"""Asset streams: what they refuse, and that they are used inside their block only."""

import pytest

from canvus_async import UnexpectedContent
from tests.content.test_fetcher import HASH, client
from tests.raw_server import Exchange, Script, raw_server


def answers(status: int, *headers: str) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.start(status, "Content-Length: 100", *headers)
        await exchange.gone()

    return script


@pytest.mark.parametrize(
    ("part", "script"),
    [
        (None, answers(206, "Content-Range: bytes 0-99/200")),
        (None, answers(203)),
        (None, answers(200, "Content-Encoding: gzip")),
        ("bytes=0-99", answers(206, "Content-Encoding: gzip")),
    ],
    ids=["unrequested part", "other status", "compressed", "compressed part"],
)
async def test_response_that_was_not_requested_is_refused_and_closed(part: str | None, script: Script) -> None:
    async with raw_server(script) as server, client(server.url) as canvus:
        with pytest.raises(UnexpectedContent):
            async with canvus.canvas("c1").assets.stream(HASH, part=part):
                pass
        await server.until_open(0)

    assert len(server.requests) == 1


async def test_stream_is_used_inside_its_block_only() -> None:
    async def whole(exchange: Exchange) -> None:
        await exchange.request()
        await exchange.answer(b"content")

    async with raw_server(whole) as server, client(server.url) as canvus:
        stream = canvus.canvas("c1").assets.stream(HASH)
        with pytest.raises(RuntimeError, match="async with"):
            print(stream.status)
        async with stream:
            assert (stream.status, stream.size) == (200, 7)
            assert [chunk async for chunk in stream] == [b"content"]
        with pytest.raises(RuntimeError, match="async with"):
            await anext(stream)
