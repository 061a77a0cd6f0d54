"""The curl commands of all examples in the seeds, and two ways to run them.

`COMMANDS` contains the commands as in the seeds; `with_ids` replaces ids, hashes, token and host. `Command.send` sends
the request with aiohttp, `run_curl` with curl.
"""

import asyncio
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Self

import aiohttp

from tests.server.api import Part, Response, form_body

HOST = "https://canvus.example.com"
TOKEN = "YOUR_TOKEN"


@dataclass(frozen=True)
class Command:
    """One request. `parts` are the parts of a form: name, text or file name, and whether it is a file."""

    method: str
    url: str
    headers: Mapping[str, str]
    parts: tuple[tuple[str, str, bool], ...] = ()
    body: str | None = None

    @classmethod
    def parse(cls, line: str) -> Self:
        """Parse the arguments of curl. Only the options that the seeds use are supported."""
        words = shlex.split(line)
        method, url, body = "", "", None
        headers: dict[str, str] = {}
        parts: list[tuple[str, str, bool]] = []
        while words:
            match words.pop(0):
                case "-X":
                    method = words.pop(0)
                case "-H":
                    name, _, value = words.pop(0).partition(": ")
                    headers[name] = value
                case "-F":
                    name, _, value = words.pop(0).partition("=")
                    parts.append((name, value.removeprefix("@"), value.startswith("@")))
                case "-d":
                    body = words.pop(0)
                case "-o":
                    words.pop(0)
                case word:
                    assert not word.startswith("-"), f"unknown option {word}"
                    url = word
        return cls(method or ("POST" if parts or body else "GET"), url, headers, tuple(parts), body)

    @property
    def path(self) -> str:
        """The path and the query."""
        return self.url.removeprefix(HOST)

    async def send(self, session: aiohttp.ClientSession, files: Mapping[str, bytes]) -> Response:
        """Send the request and return the response."""
        headers = dict(self.headers)
        data: BytesIO | str | None = self.body
        if self.parts:
            headers["Content-Type"] = "multipart/form-data; boundary=limit"
            parts: list[Part] = [
                (name, files[value], value) if is_file else (name, value.encode(), None)
                for name, value, is_file in self.parts
            ]
            data = BytesIO(form_body(*parts))
        async with session.request(self.method, self.url, headers=headers, data=data) as response:
            return Response(response.status, await response.read(), response.headers)


@dataclass(frozen=True)
class Example:
    """A curl command in a seed: the seed, the heading, and the arguments."""

    seed: str
    section: str
    line: str

    @property
    def command(self) -> Command:
        return Command.parse(self.line)

    def with_ids(self, actual: Mapping[str, str]) -> "Example":
        """The same example with other ids, hashes, token and host; the keys are those in the seed."""
        line = self.line
        for wanted, given in actual.items():
            line = line.replace(wanted, given)
        return replace(self, line=line)


@dataclass(frozen=True)
class CurlResponse:
    """A response as curl reports it."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


async def run_curl(example: Example, files: Mapping[str, bytes], folder: Path) -> CurlResponse:
    """Run an example with curl in a folder that contains its files."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    words = shlex.split(example.line)
    process = await asyncio.create_subprocess_exec(
        "curl",
        *("--silent", "--show-error", "--max-time", "20", "--dump-header", "head.txt", *words),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    *_, head = (folder / "head.txt").read_text(encoding="latin-1").strip().split("\n\n")
    first, *lines = head.splitlines()
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    saved = (folder / words[words.index("-o") + 1]).read_bytes() if "-o" in words else b""
    return CurlResponse(int(first.split()[1]), out + saved, headers)


def _curl(seed: str, section: str, *words: str) -> Example:
    return Example(seed, section, " ".join(words))


_TOKEN = '-H "Private-Token: YOUR_TOKEN"'
_JSON = '-H "Content-Type: application/json"'
_CANVAS_ID = '-H "canvas-id: 3ad9ece4-28be-4e19-9f9a-1a01a4dbae28"'
_OLDER = '-H "canvas-id: 123" -H "Private-Token: <api-key>"'
_IMAGES = f"{HOST}/api/v1/canvases/c3d319c2-5eed-456d-acbb-8da46e788157/images"
_IMAGE = f"{_IMAGES}/40a30897-57ea-4c35-9bf8-64db7fc710e0"
_PDFS = f"{HOST}/api/v1/canvases/a528ddb9-ee56-47f2-a419-0c3a9227996e/pdfs"
_PDF = f"{_PDFS}/d2c53c80-fc5f-4e10-9c8b-28f4a7f06232"
_WIDGETS = f"{HOST}/api/v1/canvases/3ad9ece4-28be-4e19-9f9a-1a01a4dbae28/widgets"
_HASH = "cbcb439a796b"

COMMANDS: Mapping[str, Example] = {
    "mipmap info": _curl("000", "Get Mipmap Info", _TOKEN, _CANVAS_ID, f"{HOST}/api/v1/mipmaps/{_HASH}"),
    "mipmap info of a page": _curl(
        "000", "Get Mipmap Info", _TOKEN, _CANVAS_ID, f'"{HOST}/api/v1/mipmaps/a1b2c3d4e5f6?page=2"'
    ),
    "smallest mipmap": _curl(
        "000",
        "Download a Mipmap Level",
        *(_TOKEN, _CANVAS_ID, "-o thumbnail.webp", f"{HOST}/api/v1/mipmaps/{_HASH}/5"),
    ),
    "half-resolution mipmap": _curl(
        "000",
        "Download a Mipmap Level",
        *(_TOKEN, _CANVAS_ID, "-o half-res.webp", f"{HOST}/api/v1/mipmaps/{_HASH}/1"),
    ),
    "asset": _curl(
        "000",
        "Download an Asset by Hash",
        *(_TOKEN, _CANVAS_ID, "-o original-photo.jpg", f"{HOST}/api/v1/assets/{_HASH}"),
    ),
    "older mipmap info": _curl("001", "Get Mipmap Info", _OLDER, f'"{HOST}/api/v1/mipmaps/abcdef123456?page=1"'),
    "older mipmap level": _curl("001", "Get Mipmap Level", _OLDER, f'"{HOST}/api/v1/mipmaps/abcdef123456/2?page=1"'),
    "older asset": _curl("001", "Get Asset by Hash", _OLDER, f"{HOST}/api/v1/assets/abcdef123456"),
    "list images": _curl("002", "List Images", _TOKEN, _IMAGES),
    "get image": _curl("002", "Get Single Image", _TOKEN, _IMAGE),
    "create image": _curl(
        "002",
        "Create Image",
        *("-X POST", _TOKEN, """-F 'json={"title": "Architecture Diagram", "depth": 3.0}'"""),
        *("-F 'data=@architecture.png'", _IMAGES),
    ),
    "create image without metadata": _curl("002", "Create Image", "-X POST", _TOKEN, "-F 'data=@photo.jpg'", _IMAGES),
    "move and pin image": _curl(
        "002",
        "Update Image",
        *("-X PATCH", _TOKEN, _JSON, """-d '{"location": {"x": 2000, "y": 1500}, "pinned": true}'""", _IMAGE),
    ),
    "resize image": _curl(
        "002",
        "Update Image",
        *("-X PATCH", _TOKEN, _JSON, """-d '{"size": {"width": 800, "height": 800}}'""", _IMAGE),
    ),
    "download image": _curl("002", "Download Image", _TOKEN, "-o downloaded-image.jpg", f"{_IMAGE}/download"),
    "delete image": _curl("002", "Delete Image", "-X DELETE", _TOKEN, _IMAGE),
    "list pdfs": _curl("003", "List PDFs", _TOKEN, _PDFS),
    "get pdf": _curl("003", "Get Single PDF", _TOKEN, _PDF),
    "create pdf": _curl(
        "003",
        "Create PDF",
        *("-X POST", _TOKEN, """-F 'json={"title": "Q3 Report", "index": 0}'"""),
        *("-F 'data=@quarterly-report.pdf'", _PDFS),
    ),
    "create pdf without metadata": _curl("003", "Create PDF", "-X POST", _TOKEN, "-F 'data=@handbook.pdf'", _PDFS),
    "turn to page 3": _curl("003", "Update PDF", "-X PATCH", _TOKEN, _JSON, """-d '{"index": 2}'""", _PDF),
    "resize pdf": _curl(
        "003",
        "Update PDF",
        *("-X PATCH", _TOKEN, _JSON, """-d '{"size": {"width": 1190, "height": 1684}}'""", _PDF),
    ),
    "move pdf to the front": _curl(
        "003",
        "Update PDF",
        *("-X PATCH", _TOKEN, _JSON, """-d '{"location": {"x": 3000, "y": 1500}, "auto_raise": true}'""", _PDF),
    ),
    "download pdf": _curl("003", "Download PDF", _TOKEN, "-o downloaded-report.pdf", f"{_PDF}/download"),
    "delete pdf": _curl("003", "Delete PDF", "-X DELETE", _TOKEN, _PDF),
    "list widgets": _curl("004", "List All Widgets on a Canvas", _TOKEN, _WIDGETS),
    "get widget": _curl("004", "Get a Single Widget", _TOKEN, f"{_WIDGETS}/2a59b935-02b6-47dc-820c-caab1de64247"),
}
