"""A bot: whoever puts a picture on the canvas gets a note under it that says how large it is.

CANVUS_URL=https://canvus.example.com CANVUS_TOKEN=... python examples/answer_pictures.py CANVAS-ID
"""

import asyncio
import sys
from contextlib import aclosing

from canvus_async import Canvas, Client, Point
from canvus_async.models import Image


async def answer_pictures(canvas: Canvas) -> None:
    """Answer each picture that comes after the start, for ever; lost connections are renewed by the library."""
    answered = {image.id for image in await canvas.images.list()}
    async with aclosing(canvas.images.subscribe()) as images:
        async for image in images:
            if image.hash and not image.deleted and image.id not in answered:
                answered.add(image.id)
                below = Point(image.location.x, image.location.y + image.size.height * image.scale + 20)
                await canvas.notes.create(text=await describe(canvas, image), location=below)


async def describe(canvas: Canvas, image: Image) -> str:
    """What there is to say of a picture."""
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
