"""The examples do what they say, against the embedded server."""

import asyncio
import contextlib

from canvus_async import Canvas
from canvus_async.server import CanvusServer
from examples.answer_pictures import answer_pictures
from tests.files import picture


async def test_the_bot_answers_each_new_picture_with_a_note_under_it(server: CanvusServer, canvas: Canvas) -> None:
    await canvas.images.upload(picture(), filename="old.jpg", wait_ready=True)
    bot = asyncio.create_task(answer_pictures(canvas))
    async with canvas.notes.live() as notes, asyncio.timeout(10):
        changes = notes.changes()
        while not server.open_streams > 1:
            await asyncio.sleep(0.001)
        image = await canvas.images.upload(picture(800, 500), filename="new.jpg", wait_ready=True)
        note = (await anext(changes)).new
        assert note is not None
        assert note.text == "new.jpg: 800 x 500 pixels"
        assert (note.location.x, note.location.y) == (image.location.x, image.location.y + 520)

        server.faults.drop_streams()
        await canvas.images.upload(picture(300, 200), filename="later.jpg", wait_ready=True)
        note = (await anext(changes)).new
        assert note is not None
        assert note.text == "later.jpg: 300 x 200 pixels"
    bot.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await bot
