"""What seeds 002 and 003 say in the same words of images and of PDFs, as checks of one kind of file."""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp

from canvus_async.server import CanvusServer
from tests.seeds.stage import IMMUTABLE, UUID, Stage
from tests.server.api import Api, Reply
from tests.server.conftest import Ask

READ_ONLY = {"id": "00000000-0000-4000-8000-000000000000", "widget_type": "Note", "state": "deleted", "hash": "ff" * 6}
"""What nobody can set, and something else that one might try to set it to."""


@dataclass(frozen=True)
class FileKind:
    """Images or PDFs: their endpoint, the type of their widgets, and a file of that kind."""

    endpoint: str
    widget_type: str
    content: bytes
    filename: str

    async def made(self, stage: Stage, **fields: Any) -> Any:
        """A widget of this kind on the stage, ready."""
        return await stage.place(self.endpoint, self.content, self.filename, **fields)

    def path(self, stage: Stage, widget: Any) -> str:
        return f"{stage.path}/{self.endpoint}/{widget['id']}"

    async def reads(self, api: Api, stage: Stage, widget: Any) -> list[Reply]:
        """Everything that can be read of a widget."""
        one = self.path(stage, widget)
        return [await api.get(path) for path in (f"{stage.path}/{self.endpoint}", one, f"{one}/download")]

    async def writes(self, api: Api, stage: Stage, widget: Any) -> list[Reply]:
        """Everything that can be done to a widget, its end last; then writes that no one could do."""
        every, one = f"{stage.path}/{self.endpoint}", self.path(stage, widget)
        clone = {"source_canvas_id": stage.canvas_id, "source_widget_id": widget["id"]}
        return [
            await api.upload(every, self.content, self.filename),
            await api.post(every, clone),
            await api.patch(one, title="x"),
            await api.delete(one),
            await api.post(every),
            await api.patch(f"{one}0", depth=0),
            await api.call("PATCH", one, data=b"{"),
        ]


async def check_token_and_cookie(stage: Stage, ask: Ask, kind: FileKind) -> None:
    """The header or the cookie lets in; neither, or a wrong one, gives 401 with a msg."""
    widget = await kind.made(stage)
    cookies = {"CanvusSession": stage.server.token}
    async with aiohttp.ClientSession(cookies=cookies) as session:
        by_cookie = Api(stage.server, session, None)
        assert {reply.status for reply in await kind.reads(by_cookie, stage, widget)} == {200}
        assert (await by_cookie.patch(kind.path(stage, widget), title="by cookie")).json["title"] == "by cookie"
    assert {reply.status for reply in await kind.reads(stage.api, stage, widget)} == {200}
    for token in (None, "invalid"):
        replies = [
            *await kind.reads(ask(token), stage, widget),
            *await kind.writes(ask(token), stage, widget),
        ]
        assert {reply.status for reply in replies} == {401}
        assert all(reply.msg for reply in replies)


async def check_link_sharing(stage: Stage, ask: Ask, kind: FileKind) -> None:
    """Without a token: nothing, then reading, then editing, then nothing again, as the canvas is shared."""
    widget, guest = await kind.made(stage), ask(None)
    seen: dict[str, tuple[set[int], int]] = {}
    for link in ("none", "view", "edit"):
        stage.server.share(stage.canvas_id, link)
        reads = {reply.status for reply in await kind.reads(guest, stage, widget)}
        seen[link] = reads, (await guest.patch(kind.path(stage, widget), title=link)).status
    stage.server.share(stage.canvas_id, "none")
    seen["again"] = {reply.status for reply in await kind.reads(guest, stage, widget)}, 0

    assert seen == {"none": ({401}, 401), "view": ({200}, 403), "edit": ({200}, 200), "again": ({401}, 0)}
    assert (await stage.api.get(kind.path(stage, widget))).json["title"] == "edit"


async def check_viewers_write_nothing(stage: Stage, ask: Ask, kind: FileKind) -> None:
    """403 with a msg on any write, whatever is wrong with it besides, and nothing has happened."""
    widget = await kind.made(stage)
    viewer = ask(stage.server.add_user("view"))

    assert {reply.status for reply in await kind.reads(viewer, stage, widget)} == {200}
    replies = await kind.writes(viewer, stage, widget)

    assert [reply.status for reply in replies] == [403] * len(replies)
    assert all(reply.msg for reply in replies)
    assert (await stage.api.get(f"{stage.path}/{kind.endpoint}")).json == [widget]


async def check_editors_write(stage: Stage, ask: Ask, kind: FileKind) -> None:
    """Write operations require edit access, and no more than that."""
    widget = await kind.made(stage)

    replies = (await kind.writes(ask(stage.server.add_user("edit")), stage, widget))[:4]

    assert [reply.status for reply in replies] == [200] * 4


async def check_read_only(stage: Stage, kind: FileKind) -> None:
    """Id, type, state and hash may be sent with a POST or a PATCH and stay what the server says."""
    made = await kind.made(stage, **READ_ONLY)
    patched = (await stage.api.patch(kind.path(stage, made), **READ_ONLY)).json

    assert UUID.fullmatch(made["id"])
    assert made["id"] != READ_ONLY["id"]
    assert (made["widget_type"], made["state"]) == (kind.widget_type, "normal")
    assert made["hash"] not in {"", READ_ONLY["hash"]}
    assert patched == made


async def check_patchable(stage: Stage, kind: FileKind, **fields: Any) -> None:
    """Each field by itself: PATCH answers with it, a GET reads it back, and nothing else has changed."""
    widget = await kind.made(stage)
    path = kind.path(stage, widget)
    for name, value in fields.items():
        assert widget[name] != value, f"{name} would not show a change"
        widget = {**widget, name: value}
        patched = await stage.api.patch(path, **{name: value})
        assert (patched.status, patched.json) == (200, widget)
        assert (await stage.api.get(path)).json == widget


async def check_create_fields(stage: Stage, kind: FileKind, **fields: Any) -> None:
    """Each field is taken by POST's json part, alone and with the others."""
    every = f"{stage.path}/{kind.endpoint}"
    for sent in [*({name: value} for name, value in fields.items()), fields]:
        made = await stage.api.upload(every, kind.content, kind.filename, **sent)
        assert made.status == 200, made.body
        assert {name: made.json[name] for name in sent} == sent
        assert (await stage.api.get(f"{every}/{made.json['id']}")).json | {"hash": ""} == made.json


async def check_depth(stage: Stage, kind: FileKind) -> None:
    """Below 1.0: 400 and these words, for POST and PATCH; 1.0 itself is fine."""
    widget = await kind.made(stage)
    for depth in (0.5, 0, -3, 0.999):
        said = f"Depth must be >= 1.0, got {depth}"
        posted = await stage.api.upload(f"{stage.path}/{kind.endpoint}", kind.content, depth=depth)
        patched = await stage.api.patch(kind.path(stage, widget), depth=depth)
        assert [(reply.status, reply.json) for reply in (posted, patched)] == [(400, {"msg": said})] * 2
    assert (await stage.api.patch(kind.path(stage, widget), depth=1.0)).json["depth"] == 1.0
    assert len((await stage.api.get(f"{stage.path}/{kind.endpoint}")).json) == 1


async def check_size(stage: Stage, kind: FileKind) -> None:
    """Zero and negative dimensions are refused, for POST and PATCH, and change nothing."""
    widget = await kind.made(stage)
    for width, height in ((0, 100), (100, 0), (-1, 100), (100, -0.5), (0, 0)):
        size = {"width": width, "height": height}
        posted = await stage.api.upload(f"{stage.path}/{kind.endpoint}", kind.content, size=size)
        patched = await stage.api.patch(kind.path(stage, widget), size=size)
        assert (posted.status, patched.status) == (400, 400)
        assert posted.msg
        assert patched.msg
    assert (await stage.api.get(f"{stage.path}/{kind.endpoint}")).json == [widget]


async def check_pinned(stage: Stage, kind: FileKind) -> None:
    """Pinned, a widget is still moved and resized through the API."""
    widget = await kind.made(stage, pinned=True)

    changed = await stage.api.patch(kind.path(stage, widget), location={"x": 7, "y": 8}, size=widget["size"], scale=2)

    assert (changed.json["location"], changed.json["scale"], changed.json["pinned"]) == ({"x": 7, "y": 8}, 2, True)


async def check_parent(stage: Stage, kind: FileKind) -> None:
    """Another parent leaves the numbers of the location alone, so they mean another place."""
    widget = await kind.made(stage, location={"x": 11.5, "y": 22})
    note = (await stage.api.post(f"{stage.path}/notes", {"location": {"x": 500, "y": 500}})).json

    moved = (await stage.api.patch(kind.path(stage, widget), parent_id=note["id"])).json

    assert moved == widget | {"parent_id": note["id"]}
    assert widget["parent_id"] == note["parent_id"] != ""


async def check_auto_raise(stage: Stage, kind: FileKind) -> None:
    """One above the highest sibling, once, in a PATCH only; it is not a field of the widget."""
    low = await kind.made(stage, depth=2.0, auto_raise=True)
    assert low["depth"] == 2.0, "POST takes no auto_raise"
    for depth in (5.0, 11.0, 3.0):
        await kind.made(stage, depth=depth)
    nested = await kind.made(stage, depth=99.0, parent_id=low["id"])
    path = kind.path(stage, low)

    left = (await stage.api.patch(path, auto_raise=False)).json
    raised = (await stage.api.patch(path, auto_raise=True)).json
    again = (await stage.api.patch(path, title="later")).json

    assert (left["depth"], raised["depth"], again["depth"]) == (2.0, 12.0, 12.0)
    assert nested["depth"] == 99.0, "children are no siblings"
    assert "auto_raise" not in raised


async def check_file_is_needed(stage: Stage, kind: FileKind) -> None:
    """A POST without its data part is refused, as a form and as JSON."""
    every = f"{stage.path}/{kind.endpoint}"
    replies = [
        await stage.api.form(every, ("json", b'{"title": "x"}', None)),
        await stage.api.form(every, ("file", kind.content, kind.filename)),
        await stage.api.post(every, {"title": "x"}),
        await stage.api.call("POST", every),
    ]

    assert [reply.status for reply in replies] == [400] * 4
    assert all("data" in reply.msg for reply in replies)
    assert (await stage.api.get(every)).json == []


async def check_hash_follows(stage: Stage, kind: FileKind) -> None:
    """Empty in the reply to the POST; a subscription and a later GET have it."""
    every = f"{stage.path}/{kind.endpoint}"
    async with stage.api.stream(f"{every}?subscribe") as stream:
        assert await stream.next() == []
        made = (await stage.api.upload(every, kind.content, kind.filename)).json
        seen = [(await stream.next())[0]["hash"] for _ in range(2)]

    assert made["hash"] == ""
    assert seen[0] == ""
    assert seen[1] == (await stage.api.get(f"{every}/{made['id']}")).json["hash"] != ""


async def check_streams(server: CanvusServer, stage: Stage, kind: FileKind) -> None:
    """List and single GET stay open and tell of each change on a line of its own, with keepalives between."""
    widget = await kind.made(stage)
    every, one = f"{stage.path}/{kind.endpoint}", kind.path(stage, widget)
    async with stage.api.stream(f"{every}?subscribe") as many, stage.api.stream(f"{one}?subscribe") as single:
        assert (await many.next(), await single.next()) == ([widget], widget)
        assert await many.line() == await single.line() == b"\n", "a keepalive"
        changed = (await stage.api.patch(one, title="changed")).json
        assert (await many.next(), await single.next()) == ([changed], changed)
        await stage.api.delete(one)
        assert (await many.next())[0]["state"] == (await single.next())["state"] == "deleted"
    async with asyncio.timeout(10):
        while server.open_streams:
            await asyncio.sleep(0.005)


async def check_download(stage: Stage, kind: FileKind) -> None:
    """The file as it was uploaded, as an attachment under its name, to be cached for ever."""
    widget = await kind.made(stage)

    reply = await stage.api.get(f"{kind.path(stage, widget)}/download")

    assert (reply.status, reply.body) == (200, kind.content)
    assert reply.headers["Content-Disposition"].startswith("attachment;")
    assert f'filename="{kind.filename}"' in reply.headers["Content-Disposition"]
    assert reply.headers["Cache-Control"] == IMMUTABLE


async def check_delete(stage: Stage, kind: FileKind) -> None:
    """Empty, 200, and for good: the widget and its file are gone from the canvas."""
    widget = await kind.made(stage)
    path = kind.path(stage, widget)

    reply = await stage.api.delete(path)

    assert (reply.status, reply.body) == (200, b"")
    gone = [
        await stage.api.get(path),
        await stage.api.get(f"{path}/download"),
        await stage.api.patch(path, title="x"),
        await stage.api.delete(path),
        await stage.api.get(f"mipmaps/{widget['hash']}", canvas_id=stage.canvas_id),
        await stage.api.get(f"assets/{widget['hash']}", canvas_id=stage.canvas_id),
    ]
    assert [each.status for each in gone] == [404] * len(gone)
    assert (await stage.api.get(f"{stage.path}/{kind.endpoint}")).json == []


async def check_not_found(stage: Stage, ask: Ask, kind: FileKind) -> None:
    """No such canvas, no such widget, and a canvas that one may not see: 404 with a msg for all methods."""
    widget = await kind.made(stage)
    elsewhere = await stage.server.create_canvas()
    stranger = ask(stage.server.add_user("owner", canvases=[elsewhere]))
    nobody = "00000000-0000-4000-8000-000000000000"
    one = f"{kind.endpoint}/{widget['id']}"
    replies: list[Reply] = []
    for api, path in (
        (stage.api, f"canvases/{nobody}/{one}"),
        (stage.api, f"{stage.path}/{kind.endpoint}/{nobody}"),
        (stage.api, f"canvases/{elsewhere}/{one}"),
        (stranger, f"{stage.path}/{one}"),
    ):
        replies += [
            await api.get(path),
            await api.get(f"{path}/download"),
            await api.patch(path, title="x"),
            await api.delete(path),
        ]
    replies += [
        await stage.api.get(f"canvases/{nobody}/{kind.endpoint}"),
        await stage.api.upload(f"canvases/{nobody}/{kind.endpoint}", kind.content),
    ]

    assert [reply.status for reply in replies] == [404] * len(replies)
    assert all(reply.msg for reply in replies)
