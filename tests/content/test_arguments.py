"""Arguments of mipmaps and assets that could never work are refused before any request."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from canvus_async import Canvas, Client, MipmapRequest
from tests.content.test_fetcher import HASH, client, mipmaps
from tests.raw_server import RawServer, raw_server

NOT_WHOLE = [1.5, True, "1", None]

Call = Callable[[Canvas, object, Path], Awaitable[object]]


@pytest.fixture
async def served() -> AsyncIterator[tuple[RawServer, Client]]:
    async with raw_server(mipmaps) as server, client(server.url) as canvus:
        yield server, canvus


WITH_A_LEVEL: dict[str, Call] = {
    "fetch": lambda canvas, level, _: canvas.mipmaps.fetch(HASH, level),  # type: ignore[arg-type]
    "download": lambda canvas, level, to: canvas.mipmaps.download(HASH, level, to=to / "a"),  # type: ignore[arg-type]
}
WITH_A_PAGE: dict[str, Call] = {
    "info": lambda canvas, page, _: canvas.mipmaps.info(HASH, page=page),  # type: ignore[arg-type]
    "fetch": lambda canvas, page, _: canvas.mipmaps.fetch(HASH, 0, page=page),  # type: ignore[arg-type]
    "fetch_fit": lambda canvas, page, _: canvas.mipmaps.fetch_fit(HASH, width=9, height=9, page=page),  # type: ignore[arg-type]
    "download": lambda canvas, page, to: canvas.mipmaps.download(HASH, 0, to=to / "a", page=page),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("number", NOT_WHOLE)
@pytest.mark.parametrize("call", WITH_A_LEVEL.values(), ids=WITH_A_LEVEL.keys())
async def test_level_that_is_not_a_whole_number_is_a_typeerror(
    served: tuple[RawServer, Client], tmp_path: Path, call: Call, number: object
) -> None:
    server, canvus = served
    with pytest.raises(TypeError, match="level"):
        await call(canvus.canvas("c1"), number, tmp_path)

    assert server.connections == 0


@pytest.mark.parametrize("number", NOT_WHOLE)
@pytest.mark.parametrize("call", WITH_A_PAGE.values(), ids=WITH_A_PAGE.keys())
async def test_page_that_is_not_a_whole_number_is_a_typeerror(
    served: tuple[RawServer, Client], tmp_path: Path, call: Call, number: object
) -> None:
    server, canvus = served
    with pytest.raises(TypeError, match="page"):
        await call(canvus.canvas("c1"), number, tmp_path)

    assert server.connections == 0


@pytest.mark.parametrize("wanted", [1.5, True, [0, 1.5], [True]])
@pytest.mark.parametrize("name", ["levels", "pages"])
@pytest.mark.parametrize("job", ["fetch_many", "download_many"])
async def test_levels_and_pages_of_a_job_that_are_not_whole_numbers_are_a_typeerror(
    served: tuple[RawServer, Client], tmp_path: Path, job: str, name: str, wanted: object
) -> None:
    server, canvus = served
    levels = canvus.canvas("c1").mipmaps
    into = {"into": tmp_path} if job == "download_many" else {}
    with pytest.raises(TypeError, match=name):
        getattr(levels, job)([HASH], **{name: wanted}, **into)

    assert server.connections == 0


@pytest.mark.parametrize("name", ["levels", "pages"])
async def test_levels_and_pages_of_one_request_that_are_not_whole_numbers_are_the_error_of_its_result(
    served: tuple[RawServer, Client], name: str
) -> None:
    server, canvus = served
    items = [MipmapRequest(HASH, **{name: wanted}) for wanted in (1.5, True)]  # type: ignore[arg-type]
    results = [result async for result in canvus.canvas("c1").mipmaps.fetch_many(items)]

    assert [type(result.error) for result in results] == [TypeError, TypeError]
    assert server.connections == 0


@pytest.mark.parametrize("part", ["0-9", "bytes", "bytes=0-9\r\nX: y", "bytes=0-\u0669", "bytes=" + "0" * 100])
async def test_malformed_range_of_a_stream_is_a_valueerror(served: tuple[RawServer, Client], part: str) -> None:
    server, canvus = served
    with pytest.raises(ValueError, match="Range"):
        canvus.canvas("c1").assets.stream(HASH, part=part)

    assert server.connections == 0
