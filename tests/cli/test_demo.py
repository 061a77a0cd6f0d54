"""`canvus demo` when a download differs."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from canvus_async.cli.demo import demo
from canvus_async.resources.assets import Assets
from canvus_async.resources.mipmaps import Mipmaps
from canvus_async.server import CanvusServer
from tests.files import picture


def webp(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height)).save(out, "WEBP")
    return out.getvalue()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A file with a single mipmap level."""
    path = tmp_path / "photo.png"
    path.write_bytes(picture(64, 40, "PNG"))
    return path


@pytest.mark.parametrize(
    ("level", "fault"),
    [
        (b"garbage", "cannot be decoded"),
        (webp(64, 40)[:-5], "cannot be decoded"),
        (picture(64, 40, "PNG"), "is PNG, not WebP"),
        (webp(64, 41), "is 64 x 41, not 64 x 40"),
    ],
)
async def test_a_wrong_mipmap_level_is_a_fault(
    *,
    server: CanvusServer,
    photo: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    level: bytes,
    fault: str,
) -> None:
    async def wrong(_self: Mipmaps, _hash: str, _level: int, *, to: Path, page: int) -> None:
        to.write_bytes(level)

    monkeypatch.setattr(Mipmaps, "download", wrong)

    status = await demo(photo, out=tmp_path / "out", as_json=True, url=server.url, token=server.token)

    assert status == 1
    (text,) = json.loads(capsys.readouterr().out)["faults"]
    assert text.startswith(f"photo.png, page 0, level 0: {fault}")


async def test_a_different_original_is_a_fault(
    *,
    server: CanvusServer,
    photo: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def wrong(_self: Assets, _hash: str, *, to: Path) -> None:
        to.write_bytes(b"other content")

    monkeypatch.setattr(Assets, "download", wrong)

    status = await demo(photo, out=tmp_path / "out", url=server.url, token=server.token)

    assert status == 1
    printed = capsys.readouterr().out
    assert "differs photo.png: the downloaded original differs\n" in printed
    assert "identical" not in printed
