"""`canvus mipmap` against a server in this process."""

import json

import pytest

from canvus_async import Canvas
from canvus_async.cli.mipmap import mipmap
from canvus_async.server import CanvusServer
from tests.files import document


async def test_mipmap_prints_the_info_as_json(
    server: CanvusServer, canvas: Canvas, capsys: pytest.CaptureFixture[str]
) -> None:
    pdf = await canvas.pdfs.upload(document(pages=2), filename="a.pdf", wait_ready=True)

    await mipmap(canvas.id, pdf.hash, page=1, as_json=True, url=server.url, token=server.token)

    info = json.loads(capsys.readouterr().out)
    assert info["pages"] == 2
    assert set(info["resolution"]) == {"width", "height"}


@pytest.mark.parametrize("fit", ["640", "640x", "ax3", "1x2x3"])
async def test_an_invalid_box_is_refused(server: CanvusServer, canvas: Canvas, fit: str) -> None:
    pdf = await canvas.pdfs.upload(document(pages=1), filename="a.pdf", wait_ready=True)

    with pytest.raises(ValueError, match=f"--fit must be WIDTHxHEIGHT such as 640x480, not '{fit}'"):
        await mipmap(canvas.id, pdf.hash, fit=fit, url=server.url, token=server.token)
