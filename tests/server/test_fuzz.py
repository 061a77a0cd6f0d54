"""Random requests generated from the OpenAPI description: responses match the description, and no data is lost.

The ids in a request are placeholders such as `<image>`, which are replaced when it is sent. So a failing example is
readable and can be repeated. `pytest -m long tests/server/test_fuzz.py` sends many more requests, different each time.
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
from tests.seeds.random_requests import CASES, UNKNOWN_ID, Case
from tests.seeds.wire import RawResponse, raw_request, send_raw
from tests.server import samples
from tests.server.api import Api
from tests.server.openapi import DESCRIPTION, WIDGETS, Schema, resolved

SECRET = "only for those who may see it"

# -- the server under test --


class World:
    """A server with a canvas that is fuzzed, and another that the users of the requests may not see."""

    def __init__(self, server: CanvusServer, api: Api) -> None:
        self.server = server
        self.api = api
        self.known: dict[str, str] = {}
        self.kept: list[Any] = []
        self.fuzzed = ""

    async def set_up(self) -> None:
        """Create the hidden canvas, which must never change, and the first canvas to fuzz."""
        kept = f"canvases/{await self.server.create_canvas(SECRET)}"
        note = (await self.api.post(f"{kept}/notes", {"text": SECRET})).json
        image = (await self.api.upload(f"{kept}/images", samples.picture(30, 20), SECRET)).json
        ready = await self.api.ready(f"{kept}/images/{image['id']}")
        self.known = {"kept canvas": kept[9:], "kept note": note["id"], "kept hash": ready["hash"]}
        self.kept = (await self.api.get(f"{kept}/widgets")).json
        await self.reset()

    async def reset(self) -> None:
        """Replace the fuzzed canvas by a new one with a background image and a widget of each kind."""
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
                created = (await self.api.upload(f"{path}/{name}", file, "file")).json
                self.known[f"{kind.type.lower()} hash"] = (await self.api.ready(f"{path}/{name}/{created['id']}"))[
                    "hash"
                ]
            elif name != "connectors":
                created = (await self.api.post(f"{path}/{name}", bodies.get(name, {}))).json
            else:
                continue
            self.known[kind.type.lower()] = created["id"]
        ends = {"src": {"id": self.known["note"]}, "dst": {"id": self.known["image"]}}
        self.known["connector"] = (await self.api.post(f"{path}/connectors", ends)).json["id"]
        self.known["root"] = created["parent_id"]

    async def state(self, *canvases: str) -> dict[str, bytes]:
        """The ids of all canvases, and the content of some without hashes and sizes, which change at any time."""
        seen = dict.fromkeys(self.server.canvas_ids, b"")
        for canvas in canvases:
            about = [(await self.api.get(f"canvases/{canvas}{tail}")).body for tail in ("", "/widgets")]
            seen[canvas] = re.sub(rb'"(hash|asset_size)":("[0-9a-f]*"|[0-9]+)', b"", b"".join(about))
        return seen

    async def is_full(self) -> bool:
        """Whether there are so many widgets or canvases that requests become slow."""
        listed = await self.api.get(f"{self.fuzzed}/widgets")
        return len(listed.json) > 120 or len(self.server.canvas_ids) > 9

    def filled(self, text: bytes) -> bytes:
        """Replace the placeholders by ids, hashes and tokens."""
        return re.sub(
            rb"<([a-z ]+)>", lambda found: self.known.get(found[1].decode(), found[0].decode()).encode(), text
        )

    async def send(self, case: Case) -> RawResponse:
        body = None if case.body is None else self.filled(case.body)
        token = None if case.token is None else self.filled(case.token.encode()).decode()
        headers = [self.filled(header.encode("latin-1", "replace")).decode("latin-1") for header in case.headers]
        target = self.filled(case.target.encode("latin-1", "replace")).decode("latin-1")
        whole = raw_request(case.method, target, *headers, token=token, body=body)
        return await send_raw(self.server, whole, head_only=case.method == "HEAD")


@asynccontextmanager
async def opened(data: Path | None = None) -> AsyncIterator[World]:
    """A world whose server stores its data in a folder, or in memory."""
    async with CanvusServer(data=data, processing_delay=0) as server, aiohttp.ClientSession() as session:
        yield World(server, Api(server, session, server.token))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with opened() as world:
        await world.set_up()
        yield world


@pytest.fixture
def on_demand(request: pytest.FixtureRequest) -> None:
    """Skip the test unless pytest runs with `-m long`."""
    if "long" not in str(request.config.getoption("markexpr")):
        pytest.skip("takes minutes: run it with -m long")


# -- checks --


def conforms(value: Any, schema: Schema, where: str = "") -> None:
    """Fail unless a value matches a schema."""
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


def check_answer(case: Case, response: RawResponse) -> None:
    """The response is an error with a `msg`, or matches the description."""
    assert 200 <= response.status < 500 or (response.status == 501 and "/mipmaps/" in case.target), response
    if response.status >= 400:
        assert case.method == "HEAD" or response.msg, response
        return
    if case.operation is None:
        return
    if response.status in {206, 304}:
        assert "Range" in str(case.headers) or "If-None-Match" in str(case.headers), response
        return
    documented = case.operation["responses"]["200"]
    schema = documented.get("content", {}).get("application/json", {}).get("schema")
    if schema is not None:
        conforms(response.json, schema)
    elif "content" not in documented:
        assert response.body == b""


def check_status(case: Case, response: RawResponse) -> None:
    """The status is in the description, or HTTP defines it for the headers or the body of the request."""
    if case.operation is not None:
        of_http = {206, 304, 416, 417} if "Range" in str(case.headers) or "Expect" in str(case.headers) else {304}
        of_http |= {400} if case.headers or case.body else set()
        assert str(response.status) in case.operation["responses"] or response.status in of_http, response


def check_accepted(case: Case, response: RawResponse) -> None:
    """If the request was accepted, each of its fields matches the description."""
    if response.status == 200 and isinstance(case.fields, dict) and case.schema is not None:
        schema = resolved(case.schema)
        for name, value in case.fields.items():
            if name in schema["properties"] and "source_widget_id" not in case.fields:
                conforms(value, schema["properties"][name], name)


async def check_kept(world: World, response: RawResponse) -> None:
    """The hidden canvas does not appear in the response and has not changed."""
    assert SECRET.encode() not in response.body
    kept = await world.api.get(f"canvases/{world.known['kept canvas']}/widgets")
    assert kept.json == world.kept


async def check_request(world: World, case: Case) -> None:
    """Send a request and check the response and the server's state."""
    before = await world.state(world.known["canvas"])
    response = await world.send(case)
    event(f"{case.method} {response.status}")
    check_answer(case, response)
    check_status(case, response)
    check_accepted(case, response)
    await check_kept(world, response)
    if response.status >= 400 or case.method in {"GET", "HEAD", "OPTIONS"}:
        assert await world.state(world.known["canvas"]) == before, "a refused request and a read change nothing"
    elif case.method == "DELETE" or await world.is_full():
        await world.reset()


FUZZ = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@settings(FUZZ, max_examples=800, derandomize=True, database=None)
@given(case=CASES)
async def test_random_requests_cause_no_server_error_and_no_data_loss(world: World, case: Case) -> None:
    await check_request(world, case)


@pytest.mark.long
@pytest.mark.usefixtures("on_demand")
@pytest.mark.timeout(3600)
@settings(FUZZ, max_examples=30_000, print_blob=True)
@given(case=CASES)
async def test_many_random_requests_cause_no_server_error_and_no_data_loss(world: World, case: Case) -> None:
    await check_request(world, case)


@settings(FUZZ, max_examples=30, derandomize=True, database=None)
@given(cases=st.lists(CASES, min_size=5, max_size=12))
async def test_concurrent_random_requests_cause_no_server_error(world: World, cases: list[Case]) -> None:
    responses = await asyncio.gather(*(world.send(case) for case in cases))

    for case, response in zip(cases, responses, strict=True):
        check_answer(case, response)
        check_accepted(case, response)
        await check_kept(world, response)
    await world.reset()


@settings(FUZZ, max_examples=6, derandomize=True, database=None)
@given(cases=st.lists(CASES, min_size=20, max_size=40))
async def test_the_result_of_random_requests_survives_a_restart(
    tmp_path_factory: pytest.TempPathFactory, cases: list[Case]
) -> None:
    folder = tmp_path_factory.mktemp("data")
    async with opened(folder) as world:
        await world.set_up()
        for case in cases:
            await world.send(case)
        before = await world.state(*world.server.canvas_ids)

    async with opened(folder) as again:
        assert await again.state(*before) == before


def test_the_openapi_description_lists_every_kind_and_field() -> None:
    for kind in WIDGET_KINDS:
        known = WIDGETS[kind.path]
        assert known.type == kind.type
        for schema, operation in ((known.create, Operation.CREATE), (known.update, Operation.UPDATE)):
            assert schema["properties"].keys() == {
                name for name, each in kind.all_fields.items() if operation in each.accepted_in
            }


async def test_every_operation_of_the_openapi_description_exists(world: World) -> None:
    for path, operations in DESCRIPTION["paths"].items():
        target = re.sub(r"\{[a-z_]+\}", UNKNOWN_ID, path.replace("{canvas_id}", "<canvas>"))
        for method in operations:
            response = await world.send(Case(method.upper(), f"/api/v1{target}", (), "<viewer>", None))
            assert response.status in {200, 403, 404}, (method, path)
            assert response.status == 200 or "Not Found" not in response.msg, (method, path)
