"""The curl commands of the seeds, run with curl; only host, token, ids and hashes are replaced."""

import json
import shutil
from pathlib import Path

import pytest

from tests.seeds.commands import COMMANDS, run_curl
from tests.seeds.sandbox import Sandbox, photo
from tests.server import samples

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

FILES = {
    "architecture.png": samples.picture(160, 90),
    "photo.jpg": photo(160, 90),
    "quarterly-report.pdf": samples.document(3),
    "handbook.pdf": samples.document(1),
}


@pytest.mark.parametrize("name", COMMANDS)
async def test_the_curl_command_of_each_example_gives_200(sandbox: Sandbox, name: str, tmp_path: Path) -> None:
    image = await sandbox.upload("images", photo(4096, 3072) if name.endswith("mipmap") else photo(160, 90), "a.jpg")
    pdf = await sandbox.upload("pdfs", samples.document(3), "a.pdf")
    sandbox.ids |= {"cbcb439a796b": image["hash"], "a1b2c3d4e5f6": pdf["hash"], "abcdef123456": pdf["hash"]}
    sandbox.ids |= {
        "40a30897-57ea-4c35-9bf8-64db7fc710e0": image["id"],
        "2a59b935-02b6-47dc-820c-caab1de64247": image["id"],
        "d2c53c80-fc5f-4e10-9c8b-28f4a7f06232": pdf["id"],
    }
    example = sandbox.example(name)

    response = await run_curl(example, FILES, tmp_path)

    assert response.status == 200, response.body
    content_type = response.headers.get("content-type", "")
    if content_type.startswith("application/json"):
        assert json.loads(response.body)
    elif example.command.method == "DELETE":
        assert response.body == b""
    else:
        assert response.body[:4] in {b"RIFF", b"\xff\xd8\xff\xe0", b"%PDF"}, content_type
