"""What seeds 002 and 003 say in the same words of images and of PDFs, as checks of one kind of file."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp

from canvus_async.server import CanvusServer
from tests.seeds.sandbox import IMMUTABLE, UUID, Sandbox
from tests.server.api import Api, Response
from tests.server.conftest import ApiFor

READ_ONLY = {"id": "00000000-0000-4000-8000-000000000000", "widget_type": "Note", "state": "deleted", "hash": "ff" * 6}
"""What nobody can set, and something else that one might try to set it to."""


@dataclass(frozen=True)
class FileType:
    """Images or PDFs: their endpoint, the type of their widgets, and a file of that kind."""

    endpoint: str
    widget_type: str
    content: bytes
    filename: str

    async def created(self, sandbox: Sandbox, **fields: Any) -> Any:
        """A widget of this kind on the stage, ready."""
        return await sandbox.upload(self.endpoint, self.content, self.filename, **fields)

    def path(self, sandbox: Sandbox, widget: Any) -> str:
        return f"{sandbox.path}/{self.endpoint}/{widget['id']}"

    async def reads(self, api: Api, sandbox: Sandbox, widget: Any) -> list[Response]:
        """Everything that can be read of a widget."""
        one = self.path(sandbox, widget)
        return [await api.get(path) for path in (f"{sandbox.path}/{self.endpoint}", one, f"{one}/download")]

    async def writes(self, api: Api, sandbox: Sandbox, widget: Any) -> list[Response]:
        """Everything that can be done to a widget, its end last; then writes that no one could do."""
        every, one = f"{sandbox.path}/{self.endpoint}", self.path(sandbox, widget)
        clone = {"source_canvas_id": sandbox.canvas_id, "source_widget_id": widget["id"]}
        return [
            await api.upload(every, self.content, self.filename),
            await api.post(every, clone),
            await api.patch(one, title="x"),
            await api.delete(one),
            await api.post(every),
            await api.patch(f"{one}0", depth=0),
            await api.call("PATCH", one, data=b"{"),
        ]


async def check_token_and_cookie(sandbox: Sandbox, api_for: ApiFor, file_type: FileType) -> None:
    """The header or the cookie lets in; neither, or a wrong one, gives 401 with a msg."""
    widget = await file_type.created(sandbox)
    cookies = {"CanvusSession": sandbox.server.token}
    async with aiohttp.ClientSession(cookies=cookies) as session:
        by_cookie = Api(sandbox.server, session, None)
        assert {response.status for response in await file_type.reads(by_cookie, sandbox, widget)} == {200}
        assert (await by_cookie.patch(file_type.path(sandbox, widget), title="by cookie")).json["title"] == "by cookie"
    assert {response.status for response in await file_type.reads(sandbox.api, sandbox, widget)} == {200}
    for token in (None, "invalid"):
        responses = [
            *await file_type.reads(api_for(token), sandbox, widget),
            *await file_type.writes(api_for(token), sandbox, widget),
        ]
        assert {response.status for response in responses} == {401}
        assert all(response.msg for response in responses)


async def check_link_sharing(sandbox: Sandbox, api_for: ApiFor, file_type: FileType) -> None:
    """Without a token: nothing, then reading, then editing, then nothing again, as the canvas is shared."""
    widget, guest = await file_type.created(sandbox), api_for(None)
    seen: dict[str, tuple[set[int], int]] = {}
    for link in ("none", "view", "edit"):
        sandbox.server.share(sandbox.canvas_id, link)
        reads = {response.status for response in await file_type.reads(guest, sandbox, widget)}
        seen[link] = reads, (await guest.patch(file_type.path(sandbox, widget), title=link)).status
    sandbox.server.share(sandbox.canvas_id, "none")
    seen["again"] = {response.status for response in await file_type.reads(guest, sandbox, widget)}, 0

    assert seen == {"none": ({401}, 401), "view": ({200}, 403), "edit": ({200}, 200), "again": ({401}, 0)}
    assert (await sandbox.api.get(file_type.path(sandbox, widget))).json["title"] == "edit"


async def check_viewers_write_nothing(sandbox: Sandbox, api_for: ApiFor, file_type: FileType) -> None:
    """403 with a msg on any write, whatever is wrong with it besides, and nothing has happened."""
    widget = await file_type.created(sandbox)
    viewer = api_for(sandbox.server.add_user("view"))

    assert {response.status for response in await file_type.reads(viewer, sandbox, widget)} == {200}
    responses = await file_type.writes(viewer, sandbox, widget)

    assert [response.status for response in responses] == [403] * len(responses)
    assert all(response.msg for response in responses)
    assert (await sandbox.api.get(f"{sandbox.path}/{file_type.endpoint}")).json == [widget]


async def check_editors_write(sandbox: Sandbox, api_for: ApiFor, file_type: FileType) -> None:
    """Write operations require edit access, and no more than that."""
    widget = await file_type.created(sandbox)

    responses = (await file_type.writes(api_for(sandbox.server.add_user("edit")), sandbox, widget))[:4]

    assert [response.status for response in responses] == [200] * 4


async def check_read_only(sandbox: Sandbox, file_type: FileType) -> None:
    """Id, type, state and hash may be sent with a POST or a PATCH and stay what the server says."""
    created = await file_type.created(sandbox, **READ_ONLY)
    patched = (await sandbox.api.patch(file_type.path(sandbox, created), **READ_ONLY)).json

    assert UUID.fullmatch(created["id"])
    assert created["id"] != READ_ONLY["id"]
    assert (created["widget_type"], created["state"]) == (file_type.widget_type, "normal")
    assert created["hash"] not in {"", READ_ONLY["hash"]}
    assert patched == created


async def check_patchable(sandbox: Sandbox, file_type: FileType, **fields: Any) -> None:
    """Each field by itself: PATCH answers with it, a GET reads it back, and nothing else has changed."""
    widget = await file_type.created(sandbox)
    path = file_type.path(sandbox, widget)
    for name, value in fields.items():
        assert widget[name] != value, f"{name} would not show a change"
        widget = {**widget, name: value}
        patched = await sandbox.api.patch(path, **{name: value})
        assert (patched.status, patched.json) == (200, widget)
        assert (await sandbox.api.get(path)).json == widget


async def check_create_fields(sandbox: Sandbox, file_type: FileType, **fields: Any) -> None:
    """Each field is taken by POST's json part, alone and with the others."""
    every = f"{sandbox.path}/{file_type.endpoint}"
    for sent in [*({name: value} for name, value in fields.items()), fields]:
        created = await sandbox.api.upload(every, file_type.content, file_type.filename, **sent)
        assert created.status == 200, created.body
        assert {name: created.json[name] for name in sent} == sent
        assert (await sandbox.api.get(f"{every}/{created.json['id']}")).json | {"hash": ""} == created.json


async def check_depth(sandbox: Sandbox, file_type: FileType) -> None:
    """Below 1.0: 400 and these words, for POST and PATCH; 1.0 itself is fine."""
    widget = await file_type.created(sandbox)
    for depth in (0.5, 0, -3, 0.999):
        said = f"Depth must be >= 1.0, got {depth}"
        posted = await sandbox.api.upload(f"{sandbox.path}/{file_type.endpoint}", file_type.content, depth=depth)
        patched = await sandbox.api.patch(file_type.path(sandbox, widget), depth=depth)
        assert [(response.status, response.json) for response in (posted, patched)] == [(400, {"msg": said})] * 2
    assert (await sandbox.api.patch(file_type.path(sandbox, widget), depth=1.0)).json["depth"] == 1.0
    assert len((await sandbox.api.get(f"{sandbox.path}/{file_type.endpoint}")).json) == 1


async def check_size(sandbox: Sandbox, file_type: FileType) -> None:
    """Zero and negative dimensions are refused, for POST and PATCH, and change nothing."""
    widget = await file_type.created(sandbox)
    for width, height in ((0, 100), (100, 0), (-1, 100), (100, -0.5), (0, 0)):
        size = {"width": width, "height": height}
        posted = await sandbox.api.upload(f"{sandbox.path}/{file_type.endpoint}", file_type.content, size=size)
        patched = await sandbox.api.patch(file_type.path(sandbox, widget), size=size)
        assert (posted.status, patched.status) == (400, 400)
        assert posted.msg
        assert patched.msg
    assert (await sandbox.api.get(f"{sandbox.path}/{file_type.endpoint}")).json == [widget]


async def check_pinned(sandbox: Sandbox, file_type: FileType) -> None:
    """Pinned, a widget is still moved and resized through the API."""
    widget = await file_type.created(sandbox, pinned=True)

    changed = await sandbox.api.patch(
        file_type.path(sandbox, widget), location={"x": 7, "y": 8}, size=widget["size"], scale=2
    )

    assert (changed.json["location"], changed.json["scale"], changed.json["pinned"]) == ({"x": 7, "y": 8}, 2, True)


async def check_parent(sandbox: Sandbox, file_type: FileType) -> None:
    """Another parent leaves the numbers of the location alone, so they mean another place."""
    widget = await file_type.created(sandbox, location={"x": 11.5, "y": 22})
    note = (await sandbox.api.post(f"{sandbox.path}/notes", {"location": {"x": 500, "y": 500}})).json

    moved = (await sandbox.api.patch(file_type.path(sandbox, widget), parent_id=note["id"])).json

    assert moved == widget | {"parent_id": note["id"]}
    assert widget["parent_id"] == note["parent_id"] != ""


async def check_auto_raise(sandbox: Sandbox, file_type: FileType) -> None:
    """One above the highest sibling, once, in a PATCH only; it is not a field of the widget."""
    low = await file_type.created(sandbox, depth=2.0, auto_raise=True)
    assert low["depth"] == 2.0, "POST takes no auto_raise"
    for depth in (5.0, 11.0, 3.0):
        await file_type.created(sandbox, depth=depth)
    nested = await file_type.created(sandbox, depth=99.0, parent_id=low["id"])
    path = file_type.path(sandbox, low)

    left = (await sandbox.api.patch(path, auto_raise=False)).json
    raised = (await sandbox.api.patch(path, auto_raise=True)).json
    again = (await sandbox.api.patch(path, title="later")).json

    assert (left["depth"], raised["depth"], again["depth"]) == (2.0, 12.0, 12.0)
    assert nested["depth"] == 99.0, "children are no siblings"
    assert "auto_raise" not in raised


async def check_file_is_needed(sandbox: Sandbox, file_type: FileType) -> None:
    """A POST without its data part is refused, as a form and as JSON."""
    every = f"{sandbox.path}/{file_type.endpoint}"
    responses = [
        await sandbox.api.form(every, ("json", b'{"title": "x"}', None)),
        await sandbox.api.form(every, ("file", file_type.content, file_type.filename)),
        await sandbox.api.post(every, {"title": "x"}),
        await sandbox.api.call("POST", every),
    ]

    assert [response.status for response in responses] == [400] * 4
    assert all("data" in response.msg for response in responses)
    assert (await sandbox.api.get(every)).json == []


async def check_hash_follows(sandbox: Sandbox, file_type: FileType) -> None:
    """Empty in the reply to the POST; a subscription and a later GET have it."""
    every = f"{sandbox.path}/{file_type.endpoint}"
    async with sandbox.api.stream(f"{every}?subscribe") as stream:
        assert await stream.next() == []
        created = (await sandbox.api.upload(every, file_type.content, file_type.filename)).json
        seen = [(await stream.next())[0]["hash"] for _ in range(2)]

    assert created["hash"] == ""
    assert seen[0] == ""
    assert seen[1] == (await sandbox.api.get(f"{every}/{created['id']}")).json["hash"] != ""


async def check_streams(server: CanvusServer, sandbox: Sandbox, file_type: FileType) -> None:
    """List and single GET stay open and tell of each change on a line of its own, with keepalives between."""
    widget = await file_type.created(sandbox)
    every, one = f"{sandbox.path}/{file_type.endpoint}", file_type.path(sandbox, widget)
    async with sandbox.api.stream(f"{every}?subscribe") as many, sandbox.api.stream(f"{one}?subscribe") as single:
        assert (await many.next(), await single.next()) == ([widget], widget)
        assert await many.line() == await single.line() == b"\n", "a keepalive"
        changed = (await sandbox.api.patch(one, title="changed")).json
        assert (await many.next(), await single.next()) == ([changed], changed)
        await sandbox.api.delete(one)
        assert (await many.next())[0]["state"] == (await single.next())["state"] == "deleted"
    async with asyncio.timeout(10):
        while server.open_streams:
            await asyncio.sleep(0.005)


async def check_download(sandbox: Sandbox, file_type: FileType) -> None:
    """The file as it was uploaded, as an attachment under its name, to be cached for ever."""
    widget = await file_type.created(sandbox)

    response = await sandbox.api.get(f"{file_type.path(sandbox, widget)}/download")

    assert (response.status, response.body) == (200, file_type.content)
    assert response.headers["Content-Disposition"].startswith("attachment;")
    assert f'filename="{file_type.filename}"' in response.headers["Content-Disposition"]
    assert response.headers["Cache-Control"] == IMMUTABLE


async def check_delete(sandbox: Sandbox, file_type: FileType) -> None:
    """Empty, 200, and for good: the widget and its file are gone from the canvas."""
    widget = await file_type.created(sandbox)
    path = file_type.path(sandbox, widget)

    response = await sandbox.api.delete(path)

    assert (response.status, response.body) == (200, b"")
    gone = [
        await sandbox.api.get(path),
        await sandbox.api.get(f"{path}/download"),
        await sandbox.api.patch(path, title="x"),
        await sandbox.api.delete(path),
        await sandbox.api.get(f"mipmaps/{widget['hash']}", canvas_id=sandbox.canvas_id),
        await sandbox.api.get(f"assets/{widget['hash']}", canvas_id=sandbox.canvas_id),
    ]
    assert [each.status for each in gone] == [404] * len(gone)
    assert (await sandbox.api.get(f"{sandbox.path}/{file_type.endpoint}")).json == []


async def check_not_found(sandbox: Sandbox, api_for: ApiFor, file_type: FileType) -> None:
    """No such canvas, no such widget, and a canvas that one may not see: 404 with a msg for all methods."""
    widget = await file_type.created(sandbox)
    elsewhere = await sandbox.server.create_canvas()
    stranger = api_for(sandbox.server.add_user("owner", canvases=[elsewhere]))
    nobody = "00000000-0000-4000-8000-000000000000"
    one = f"{file_type.endpoint}/{widget['id']}"
    responses: list[Response] = []
    for api, path in (
        (sandbox.api, f"canvases/{nobody}/{one}"),
        (sandbox.api, f"{sandbox.path}/{file_type.endpoint}/{nobody}"),
        (sandbox.api, f"canvases/{elsewhere}/{one}"),
        (stranger, f"{sandbox.path}/{one}"),
    ):
        responses += [
            await api.get(path),
            await api.get(f"{path}/download"),
            await api.patch(path, title="x"),
            await api.delete(path),
        ]
    responses += [
        await sandbox.api.get(f"canvases/{nobody}/{file_type.endpoint}"),
        await sandbox.api.upload(f"canvases/{nobody}/{file_type.endpoint}", file_type.content),
    ]

    assert [response.status for response in responses] == [404] * len(responses)
    assert all(response.msg for response in responses)
