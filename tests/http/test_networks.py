"""Company networks: private certificates, and proxies."""

import ssl
from contextlib import aclosing
from pathlib import Path

import aiohttp

from canvus_async import Canvas, Client
from canvus_async.server import CanvusServer
from tests.files import picture
from tests.relays import proxy, tls_in_front_of


async def test_given_ssl_context_is_used_for_everything(
    server: CanvusServer, canvas: Canvas, serving: ssl.SSLContext, trusting: ssl.SSLContext, tmp_path: Path
) -> None:
    async with tls_in_front_of(server.url, serving) as front:
        async with Client(front.url, token=server.token, ssl=trusting) as client:
            behind = client.canvas(canvas.id)
            image = await behind.images.upload(picture(), filename="a.jpg", wait_ready=True)
            await behind.assets.download(image.hash, to=tmp_path / "a.jpg")
            async with aclosing(behind.images.subscribe()) as images:
                assert (await anext(images)).hash == image.hash

    assert (tmp_path / "a.jpg").read_bytes() == picture()


async def test_proxy_of_a_given_session_sees_neither_token_nor_content(
    server: CanvusServer, canvas: Canvas, serving: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with tls_in_front_of(server.url, serving) as front, proxy() as between:
        session = aiohttp.ClientSession(proxy=between.url, connector=aiohttp.TCPConnector(limit=0, ssl=trusting))
        async with session, Client(front.url, token=server.token, session=session) as client:
            behind = client.canvas(canvas.id)
            await behind.notes.create(text="private words")
            async with aclosing(behind.notes.subscribe()) as notes:
                assert (await anext(notes)).text == "private words"

    assert {line.partition(" ")[0] for line in between.asked} == {"CONNECT"}
    assert len(between.seen) > 500
    assert server.token.encode() in front.seen  # so the search would have found it
    for secret in (server.token.encode(), b"private words", canvas.id.encode()):
        assert secret not in between.seen
