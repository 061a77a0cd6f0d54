"""Handles of canvases and clients: how they show themselves, and files that are waited for."""

import asyncio
import inspect

import pytest

from canvus_async import Canvas, Client, NotFound
from canvus_async.resources.signatures import expand_keywords
from canvus_async.server import CanvusServer
from tests.files import picture


def test_handle_whose_constructor_fails_can_be_shown() -> None:
    assert repr(Canvas.__new__(Canvas)) == "<Canvas>"
    assert repr(Client.__new__(Client)) == "<Client>"


async def test_handles_show_their_server(server: CanvusServer, client: Client, canvas: Canvas) -> None:
    assert repr(client) == f"<Client {server.url}/api/v1 (<Credentials: token>)>"
    assert repr(canvas) == f"<Canvas {canvas.id} on {server.url}/api/v1>"


async def test_file_that_is_deleted_while_it_is_waited_for_is_notfound() -> None:
    async with CanvusServer(processing_delay=60) as server, Client(server.url, token=server.token) as client:
        canvas = client.canvas(await server.create_canvas())
        image = await canvas.images.upload(picture(), filename="a.jpg")
        waiting = asyncio.create_task(canvas.images.wait_ready(image.id))
        async with asyncio.timeout(10):
            while not server.open_streams:
                await asyncio.sleep(0)
        await canvas.images.delete(image.id)
        with pytest.raises(NotFound, match="deleted"):
            await waiting


def test_keywords_without_a_typeddict_keep_their_signature() -> None:
    class Owner:
        def plain(self) -> None: ...
        def typed(self, **options: int) -> None: ...

    before = [inspect.signature(method) for method in (Owner.plain, Owner.typed)]
    expand_keywords(Owner)

    assert [inspect.signature(method) for method in (Owner.plain, Owner.typed)] == before
