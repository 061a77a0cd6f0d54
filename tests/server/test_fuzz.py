"""Random requests made from the API's description: whatever comes, the server answers as described and keeps its data.

The ids in a request are placeholders such as `<image>`, put in when it is sent; so a failing example can be read, and
means the same on the next run. `pytest -m long tests/server/test_fuzz.py` plays many more, different ones every time.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from canvus_async.server import CanvusServer
from canvus_async.server.rules.kinds import WIDGET_KINDS, Operation
from tests.seeds.random_requests import CASES, NOBODY, Case
from tests.seeds.wire import Answer, exchange, request
from tests.server import samples
from tests.server.api import Api
from tests.server.openapi import DESCRIPTION, WIDGETS, Schema, resolved

SECRET = "only for those who may see it"

# -- the world that they meet --


class World:
    """A server with a canvas to be fuzzed, and one that none of the fuzzing users may see."""

    def __init__(self, server: CanvusServer, api: Api) -> None:
        self.server = server
        self.api = api
        self.known: dict[str, str] = {}
        self.kept: list[Any] = []
        self.fuzzed = ""

    async def furnish(self) -> None:
        """The canvas that is never to change, and the first one to be fuzzed."""
        kept = f"canvases/{await self.server.create_canvas(SECRET)}"
        note = (await self.api.post(f"{kept}/notes", {"text": SECRET})).json
        image = (await self.api.upload(f"{kept}/images", samples.picture(30, 20), SECRET)).json
        ready = await self.api.ready(f"{kept}/images/{image['id']}")
        self.known = {"kept canvas": kept[9:], "kept note": note["id"], "kept hash": ready["hash"]}
        self.kept = (await self.api.get(f"{kept}/widgets")).json
        await self.begin_anew()

    async def begin_anew(self) -> None:
        """Another canvas to be fuzzed, with a widget of every kind and a picture behind it."""
        for canvas in self.server.canvas_ids:
            if canvas != self.known["kept canvas"]:
                await self.api.delete(f"canvases/{canvas}")
        canvas = await self.server.create_canvas("fuzzed")
        self.fuzzed = path = f"canvases/{canvas}"
        self.known["canvas"] = canvas
        for name, role in (("owner", "owner"), ("editor", "edit"), ("viewer", "view"), ("blocked", "owner")):
            self.known[name] = self.server.add_user(role, blocked=name == "blocked", canvases=[canvas])
        await self.api.form(f"{path}/background", ("data", samples.picture(50, 40), "wall.png"))
        self.known["wall hash"] = (await self.api.ready(f"{path}/background"))["image"]["hash"]
        bodies = {"video-inputs": {"source": "a", "host-id": "b"}, "ip-videos": {"source": "a"}}
        for name, kind in WIDGETS.items():
            if kind.file:
                file = {"images": samples.picture(40, 30), "pdfs": samples.document(2), "videos": samples.MP4}[name]
                made = (await self.api.upload(f"{path}/{name}", file, "file")).json
                self.known[f"{kind.type.lower()} hash"] = (await self.api.ready(f"{path}/{name}/{made['id']}"))["hash"]
            elif name != "connectors":
                made = (await self.api.post(f"{path}/{name}", bodies.get(name, {}))).json
            else:
                continue
            self.known[kind.type.lower()] = made["id"]
        ends = {"src": {"id": self.known["note"]}, "dst": {"id": self.known["image"]}}
        self.known["connector"] = (await self.api.post(f"{path}/connectors", ends)).json["id"]
        self.known["root"] = made["parent_id"]

    async def state(self, *canvases: str) -> dict[str, bytes]:
        """Which canvases there are, and what is seen of some but for hashes and sizes, which come when they come."""
        seen = dict.fromkeys(self.server.canvas_ids, b"")
        for canvas in canvases:
            about = [(await self.api.get(f"canvases/{canvas}{tail}")).body for tail in ("", "/widgets")]
            seen[canvas] = re.sub(rb'"(hash|asset_size)":("[0-9a-f]*"|[0-9]+)', b"", b"".join(about))
        return seen

    async def is_full(self) -> bool:
        """Whether there is by now more than a request needs to find its way around in."""
        listed = await self.api.get(f"{self.fuzzed}/widgets")
        return len(listed.json) > 120 or len(self.server.canvas_ids) > 9

    def filled(self, text: bytes) -> bytes:
        """Placeholders replaced by what they stand for."""
        return re.sub(
            rb"<([a-z ]+)>", lambda found: self.known.get(found[1].decode(), found[0].decode()).encode(), text
        )

    async def send(self, case: Case) -> Answer:
        body = None if case.body is None else self.filled(case.body)
        token = None if case.token is None else self.filled(case.token.encode()).decode()
        headers = [self.filled(header.encode("latin-1", "replace")).decode("latin-1") for header in case.headers]
        target = self.filled(case.target.encode("latin-1", "replace")).decode("latin-1")
        whole = request(case.method, target, *headers, token=token, body=body)
        return await exchange(self.server, whole, head_only=case.method == "HEAD")


@asynccontextmanager
async def opened(data: Path | None = None) -> AsyncIterator[World]:
    """A world, whose server keeps its data in that folder or in memory."""
    async with CanvusServer(data=data, processing_delay=0) as server, aiohttp.ClientSession() as session:
        yield World(server, Api(server, session, server.token))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with opened() as world:
        await world.furnish()
        yield world


@pytest.fixture
def on_demand(request: pytest.FixtureRequest) -> None:
    """Skip what takes minutes unless it was asked for."""
    if "long" not in str(request.config.getoption("markexpr")):
        pytest.skip("takes minutes: run it with -m long")


# -- what must hold --


def conforms(value: Any, schema: Schema, where: str = "") -> None:
    """Fail unless a value is as a schema says."""
    schema = resolved(schema)
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    assert isinstance(value, kinds[schema["type"]]), (where, value)
    assert isinstance(value, bool) == (schema["type"] == "boolean"), (where, value)
    assert value in schema.get("enum", [value]), (where, value)
    if isinstance(value, str):
        assert re.search(schema.get("pattern", "").replace("$", r"\Z"), value), (where, value)
    if isinstance(value, int | float):
        assert schema.get("minimum", value) <= value <= schema.get("maximum", value), (where, value)
        assert value > schema.get("exclusiveMinimum", value - 1), (where, value)
    if isinstance(value, list):
        for each in value:
            conforms(each, schema["items"], f"{where}[]")
    if isinstance(value, dict):
        assert set(schema["required"]) <= value.keys(), (where, value)
        assert schema.get("additionalProperties", True) or value.keys() <= schema["properties"].keys(), (where, value)
        for name, each in value.items():
            if name in schema["properties"]:
                conforms(each, schema["properties"][name], f"{where}.{name}")


def check_answer(case: Case, answer: Answer) -> None:
    """A refusal in its form, or an answer as the description has it."""
    assert 200 <= answer.status < 500 or (answer.status == 501 and "/mipmaps/" in case.target), answer
    if answer.status >= 400:
        assert case.method == "HEAD" or answer.msg, answer
        return
    if case.operation is None:
        return
    if answer.status in {206, 304}:
        assert "Range" in str(case.headers) or "If-None-Match" in str(case.headers), answer
        return
    documented = case.operation["responses"]["200"]
    schema = documented.get("content", {}).get("application/json", {}).get("schema")
    if schema is not None:
        conforms(answer.json, schema)
    elif "content" not in documented:
        assert answer.body == b""


def check_status(case: Case, answer: Answer) -> None:
    """A status that the description names, or one that HTTP itself gives the headers or the body of the request."""
    if case.operation is not None:
        of_http = {206, 304, 416, 417} if "Range" in str(case.headers) or "Expect" in str(case.headers) else {304}
        of_http |= {400} if case.headers or case.body else set()
        assert str(answer.status) in case.operation["responses"] or answer.status in of_http, answer


def check_accepted(case: Case, answer: Answer) -> None:
    """What was accepted was right: each field that the description knows is as it says."""
    if answer.status == 200 and isinstance(case.fields, dict) and case.schema is not None:
        schema = resolved(case.schema)
        for name, value in case.fields.items():
            if name in schema["properties"] and "source_widget_id" not in case.fields:
                conforms(value, schema["properties"][name], name)


async def check_kept(world: World, answer: Answer) -> None:
    """What nobody may see is not told, and is there as it was before."""
    assert SECRET.encode() not in answer.body
    kept = await world.api.get(f"canvases/{world.known['kept canvas']}/widgets")
    assert kept.json == world.kept


async def play(world: World, case: Case) -> None:
    """Send a request and see that all holds that must."""
    before = await world.state(world.known["canvas"])
    answer = await world.send(case)
    event(f"{case.method} {answer.status}")
    check_answer(case, answer)
    check_status(case, answer)
    check_accepted(case, answer)
    await check_kept(world, answer)
    if answer.status >= 400 or case.method in {"GET", "HEAD", "OPTIONS"}:
        assert await world.state(world.known["canvas"]) == before, "a refused request and one that reads change nothing"
    elif case.method == "DELETE" or await world.is_full():
        await world.begin_anew()


FUZZ = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@settings(FUZZ, max_examples=800, derandomize=True, database=None)
@given(case=CASES)
async def test_no_request_makes_the_server_fail_or_lose_anything(world: World, case: Case) -> None:
    await play(world, case)


@pytest.mark.long
@pytest.mark.usefixtures("on_demand")
@pytest.mark.timeout(3600)
@settings(FUZZ, max_examples=30_000, print_blob=True)
@given(case=CASES)
async def test_no_request_of_very_many_makes_the_server_fail_or_lose_anything(world: World, case: Case) -> None:
    await play(world, case)


@settings(FUZZ, max_examples=30, derandomize=True, database=None)
@given(cases=st.lists(CASES, min_size=5, max_size=12))
async def test_requests_at_the_same_time_do_no_harm_to_each_other(world: World, cases: list[Case]) -> None:
    answers = await asyncio.gather(*(world.send(case) for case in cases))

    for case, answer in zip(cases, answers, strict=True):
        check_answer(case, answer)
        check_accepted(case, answer)
        await check_kept(world, answer)
    await world.begin_anew()


@settings(FUZZ, max_examples=6, derandomize=True, database=None)
@given(cases=st.lists(CASES, min_size=20, max_size=40))
async def test_what_requests_have_made_is_there_after_a_restart(
    tmp_path_factory: pytest.TempPathFactory, cases: list[Case]
) -> None:
    folder = tmp_path_factory.mktemp("data")
    async with opened(folder) as world:
        await world.furnish()
        for case in cases:
            await world.send(case)
        before = await world.state(*world.server.canvas_ids)

    async with opened(folder) as again:
        assert await again.state(*before) == before


def test_the_description_knows_every_kind_of_widget_and_every_field() -> None:
    for kind in WIDGET_KINDS:
        known = WIDGETS[kind.path]
        assert known.type == kind.type
        for schema, operation in ((known.create, Operation.CREATE), (known.update, Operation.UPDATE)):
            assert schema["properties"].keys() == {
                name for name, each in kind.all_fields.items() if operation in each.accepted_in
            }


async def test_every_operation_of_the_description_is_there(world: World) -> None:
    for path, operations in DESCRIPTION["paths"].items():
        target = re.sub(r"\{[a-z_]+\}", NOBODY, path.replace("{canvas_id}", "<canvas>"))
        for method in operations:
            answer = await world.send(Case(method.upper(), f"/api/v1{target}", (), "<viewer>", None))
            assert answer.status in {200, 403, 404}, (method, path)
            assert answer.status == 200 or "Not Found" not in answer.msg, (method, path)
