"""A bot that puts a note with the size of the image under each new image on a canvas.

CANVUS_URL=https://canvus.example.com CANVUS_TOKEN=... python examples/answer_pictures.py CANVAS-ID
"""

import asyncio
import sys
from contextlib import aclosing

from canvus_async import Canvas, Client, Point
from canvus_async.models import Image


async def answer_pictures(canvas: Canvas) -> None:
    """Answer each image that is added after the start. Runs until it is cancelled; the library reconnects by itself."""
    answered = {image.id for image in await canvas.images.list()}
    async with aclosing(canvas.images.subscribe()) as images:
        async for image in images:
            if image.hash and not image.deleted and image.id not in answered:
                answered.add(image.id)
                below = Point(image.location.x, image.location.y + image.size.height * image.scale + 20)
                await canvas.notes.create(text=await describe(canvas, image), location=below)


async def describe(canvas: Canvas, image: Image) -> str:
    """The text of the note for an image."""
    info = await canvas.mipmaps.info(image.hash)
    return f"{image.original_filename}: {info.resolution.width:g} x {info.resolution.height:g} pixels"


async def main(canvas_id: str) -> None:
    """Run until Ctrl-C."""
    async with Client.from_env() as client:
        await answer_pictures(client.canvas(canvas_id))


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1]))
    except KeyboardInterrupt:
        sys.exit(130)
