"""`canvus mipmap`: what sizes a picture is to be had in, and one of them."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console

from canvus_async.cli.config import Token, Url, connect
from canvus_async.cli.listing import Json


async def mipmap(
    canvas: str,
    hash: str,  # noqa: A002  # the wire's name
    /,
    *,
    page: int = 0,
    fit: str | None = None,
    output: Annotated[Path | None, Parameter(name=("--output", "-o"))] = None,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show the mipmap levels of an image or PDF page, or save the one that fits a box.

    Args:
        canvas: The id of the canvas that it is on.
        hash: The widget's hash.
        page: The page of a PDF, counted from 0.
        fit: Save the smallest level that covers this box, as WIDTHxHEIGHT in pixels.
        output: The file to save it in; HASH.webp otherwise.
        as_json: Print the info as JSON.
        url: The server's address.
        token: Your token.
    """
    async with connect(url, token) as client:
        mipmaps = client.canvas(canvas).mipmaps
        info = await mipmaps.info(hash, page=page)
        if fit is not None:
            level = info.level_for(*_box(fit))
            path = await mipmaps.download(hash, level, to=output or Path(f"{hash}.webp"), page=page)
            Console(stderr=True, highlight=False).print(f"level {level} saved in {path}", soft_wrap=True)
    if as_json:
        print(msgspec.json.encode(info).decode())
    elif fit is None:
        size = f"{info.resolution.width:g} x {info.resolution.height:g} pixels"
        print(f"{size}, levels 0 to {info.max_level}, {info.pages} page{'s' if info.pages != 1 else ''}")


def _box(text: str) -> tuple[int, int]:
    try:
        width, height = map(int, text.lower().split("x"))
    except ValueError:
        raise ValueError(f"{text!r} is no box: give WIDTHxHEIGHT such as 640x480") from None
    return width, height
