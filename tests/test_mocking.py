"""The fixture `canvus_mock` of the pytest plugin: aioresponses answers the requests of the client."""

import json
from collections.abc import AsyncIterator

import pytest
from aioresponses import aioresponses
from yarl import URL

from canvus_async import Client, Forbidden, IncompleteDownload, OutcomeUnknown, Retry, TransportError, UnexpectedContent
from canvus_async.models import Image

API = "https://canvus.example.com/api/v1"
IMAGE = {
    "id": "i1",
    "widget_type": "Image",
    "location": {"x": 1, "y": 2},
    "size": {"width": 3, "height": 4},
    "depth": 1,
    "parent_id": "root",
}


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(
        "https://canvus.example.com", token="secret", retry=Retry(attempts=2, first_wait=0.001)
    ) as opened:
        yield opened


async def test_response_becomes_a_record(canvus_mock: aioresponses, client: Client) -> None:
    canvus_mock.get(f"{API}/canvases/c1/images", body=json.dumps([IMAGE]))
    (image,) = await client.canvas("c1").images.list()

    assert isinstance(image, Image)
    assert image.id == "i1"
    (call,) = canvus_mock.requests["GET", URL(f"{API}/canvases/c1/images")]
    assert str(call.kwargs["headers"]["Private-Token"]) == "secret"
    assert "secret" not in repr(canvus_mock.requests)


async def test_keywords_and_files_are_sent(canvus_mock: aioresponses, client: Client) -> None:
    canvus_mock.patch(f"{API}/canvases/c1/images/i1", payload=IMAGE)
    canvus_mock.post(f"{API}/canvases/c1/images", payload=IMAGE)
    await client.canvas("c1").images.update("i1", title="T")
    assert (await client.canvas("c1").images.upload(b"content")).id == "i1"

    (call,) = canvus_mock.requests["PATCH", URL(f"{API}/canvases/c1/images/i1")]
    assert json.loads(call.kwargs["data"]) == {"title": "T"}


async def test_content_is_fetched_and_checked(canvus_mock: aioresponses, client: Client) -> None:
    canvus_mock.get(f"{API}/assets/aa", body=b"content", headers={"Content-Length": "7"})
    canvus_mock.get(f"{API}/assets/bb", body=b"content", repeat=True)
    canvus_mock.get(f"{API}/mipmaps/aa/0", body=b"<html>", headers={"Content-Length": "6"})
    canvas = client.canvas("c1")

    assert await canvas.assets.fetch("aa") == b"content"
    with pytest.raises(IncompleteDownload):
        await canvas.assets.fetch("bb")
    with pytest.raises(UnexpectedContent):
        await canvas.mipmaps.fetch("aa", 0)


async def test_errors_are_typed_and_reads_retried(canvus_mock: aioresponses, client: Client) -> None:
    canvus_mock.get(f"{API}/canvases", status=503)
    canvus_mock.get(f"{API}/canvases", payload=[])
    canvus_mock.get(f"{API}/canvases/c1", status=403, payload={"msg": "Permission denied"})
    canvus_mock.post(f"{API}/canvases", timeout=True)

    assert await client.canvases.list() == []
    with pytest.raises(Forbidden, match="Permission denied"):
        await client.canvases.get("c1")
    with pytest.raises(OutcomeUnknown):
        await client.canvases.create("Plans")
    with pytest.raises(TransportError):
        await client.server_info()
