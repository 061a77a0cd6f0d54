"""`canvus mipmap`: show the mipmap levels of an image or PDF page, or save one of them."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console

from canvus_async.cli.config import Token, Url, connect
from canvus_async.cli.listing import Json


async def mipmap(
    canvas: str,
    hash: str,  # noqa: A002  # the API's name
    /,
    *,
    page: int = 0,
    fit: str | None = None,
    output: Annotated[Path | None, Parameter(name=("--output", "-o"))] = None,
    as_json: Json = False,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show the mipmap levels of an image or PDF page, or save one of them.

    Args:
        canvas: Id of the canvas that has the image or PDF.
        hash: Hash of the image or PDF.
        page: Page of a PDF, counted from 0.
        fit: Save the smallest level that is at least this large, as WIDTHxHEIGHT in pixels.
        output: File to save the level in; by default HASH.webp.
        as_json: Print the mipmap info as JSON.
        url: Address of the server.
        token: Your access token.
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
        raise ValueError(f"--fit must be WIDTHxHEIGHT such as 640x480, not {text!r}") from None
    return width, height
