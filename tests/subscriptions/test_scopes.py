"""While the consumer's code runs, no timeout, cancel scope or task group of the library is open around it.

A generator that yields inside one of these would cancel the caller's code instead of its own. And however a consumer
leaves, no task and no socket is left.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import anyio
import pytest
from anyio._backends._asyncio import CancelScope as AnyioScope

from canvus_async import Canvas, ClientClosed, NotFound
from canvus_async.http.deadlines import Deadline
from tests.conftest import descriptors
from tests.raw_server import Exchange
from tests.subscriptions.clock import JumpingLoop, on_a_jumping_clock
from tests.subscriptions.wire import Setting, ends, note, playing, refuses, stays

A, B = note("a"), note("b")

SCOPES = (asyncio.Timeout, asyncio.TaskGroup, AnyioScope, Deadline)
HARMLESS = {
    "Connection._watch",  # checks whether there is a reader, and again later if not
    "Deadlines._look",  # checks open deadlines, of which there are none
    "_set_result_unless_cancelled",  # the sleep of the test server
    "_weakref_handle",  # aiohttp's check of idle connections
}


@pytest.fixture
def scopes() -> Iterator[set[object]]:
    """The timeouts, cancel scopes and task groups that are open now, whoever opened them."""
    opened: set[object] = set()

    def watch(patch: pytest.MonkeyPatch, kind: type, enter: str, leave: str) -> None:
        entering, leaving = getattr(kind, enter), getattr(kind, leave)

        def entered(scope: object) -> object:
            opened.add(scope)
            return entering(scope)

        def left(scope: object, *error: object) -> object:
            opened.discard(scope)
            return leaving(scope, *error)

        patch.setattr(kind, enter, entered)
        patch.setattr(kind, leave, left)

    with pytest.MonkeyPatch.context() as patch:
        for kind in SCOPES:
            for enter, leave in (("__aenter__", "__aexit__"), ("__enter__", "__exit__")):
                if enter in vars(kind):
                    watch(patch, kind, enter, leave)
        yield opened


def timers() -> set[str]:
    """The names of the callbacks of all pending timers."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, JumpingLoop)
    pending = (handle._callback for handle in loop._scheduled if not handle.cancelled())  # type: ignore[attr-defined]
    return {getattr(callback, "__qualname__", repr(callback)) for callback in pending}


def test_no_scope_or_timer_is_open_while_the_consumer_runs(scopes: set[object]) -> None:
    @on_a_jumping_clock
    async def test() -> None:
        seen: list[str] = []
        scripts = ends([A], note("a", text="1"), note("a", text="2")), refuses(503), ends([B]), refuses(404)
        async with playing(*scripts) as (server, _, canvas):
            servers = lambda: {task for task in asyncio.all_tasks() if "_serve" in repr(task)}  # noqa: E731
            with pytest.raises(NotFound):
                async with aclosing(canvas.notes.subscribe()) as notes:
                    async for found in notes:
                        seen.append(f"{found.id}{found.text}")
                        assert not scopes
                        assert asyncio.all_tasks() - servers() == {asyncio.current_task()}
                        assert timers() <= HARMLESS
                        await asyncio.sleep(7200)  # nothing interrupts it
                        assert asyncio.current_task().cancelling() == 0  # type: ignore[union-attr]
        assert seen == ["a", "a1", "a2", "a2", "b"]  # the fourth is the delete
        assert server.connections == 4

    test()


def test_scopes_fixture_detects_open_scopes(scopes: set[object]) -> None:
    @on_a_jumping_clock
    async def test() -> None:
        async def bad() -> AsyncIterator[None]:
            async with asyncio.timeout(5):
                yield

        async with aclosing(bad()) as items:  # type: ignore[type-var]  # it is a generator
            async for _ in items:
                assert len(scopes) == 1
                assert any("_on_timeout" in name for name in timers())
        with anyio.CancelScope():
            assert len(scopes) == 1
        async with asyncio.TaskGroup():
            assert len(scopes) == 1
        assert not scopes

    test()


# -- ways to leave --


@asynccontextmanager
async def nothing_left(setting: Setting) -> AsyncIterator[None]:
    """One iteration of the loop after the block, no task and no socket of the consumers inside is left."""
    tasks = asyncio.all_tasks()
    sockets = {entry for entry in descriptors() if "socket:" in entry}
    yield
    await asyncio.sleep(0)
    ours = {task for task in asyncio.all_tasks() - tasks if "_serve" not in repr(task)}
    assert not ours
    accepted = setting.server.open
    assert len({entry for entry in descriptors() if "socket:" in entry} - sockets) <= accepted
    await setting.server.until_open(0)


async def subscribing(canvas: Canvas) -> None:
    async with aclosing(canvas.notes.subscribe()) as notes:
        async for _note in notes:
            pass


async def mirroring(canvas: Canvas) -> None:
    async with canvas.notes.live() as live:
        async for _change in live.changes():
            pass


async def waiting(canvas: Canvas) -> None:
    async with canvas.notes.live() as live:
        await live.wait_for(lambda seen: seen.title == "never", timeout=3600)


async def no_headers(exchange: Exchange) -> None:
    await exchange.request()
    await exchange.gone()


Follower = Callable[[Canvas], Coroutine[Any, Any, None]]
FOLLOWERS = [subscribing, mirroring, waiting]
SCRIPTS = {"live": stays([A, B]), "connecting": no_headers, "pausing": refuses(503)}


async def under_way(setting: Setting) -> None:
    """Wait until the consumer has sent its request, and then until it waits for something."""
    await setting.server.until_requests(1)
    await asyncio.sleep(0.2)  # on the jumping clock, time advances only when everything waits


async def by_cancel(setting: Setting, follower: Follower) -> None:
    task = asyncio.create_task(follower(setting.canvas))
    await under_way(setting)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def by_double_cancel(setting: Setting, follower: Follower) -> None:
    task = asyncio.create_task(follower(setting.canvas))
    await under_way(setting)
    task.cancel()
    asyncio.get_running_loop().call_soon(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task


async def by_timeout(setting: Setting, follower: Follower) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await follower(setting.canvas)


async def by_anyio_scope(setting: Setting, follower: Follower) -> None:
    with anyio.move_on_after(0.2) as scope:
        await follower(setting.canvas)
    assert scope.cancelled_caught


async def by_task_group(setting: Setting, follower: Follower) -> None:
    with pytest.raises(ExceptionGroup) as group:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(follower, setting.canvas)
            await under_way(setting)
            raise ZeroDivisionError
    assert group.group_contains(ZeroDivisionError)
    assert len(group.value.exceptions) == 1


async def by_client(setting: Setting, follower: Follower) -> None:
    task = asyncio.create_task(follower(setting.canvas))
    await under_way(setting)
    await setting.client.aclose()
    with pytest.raises(ClientClosed):
        await task


WAYS = [by_cancel, by_double_cancel, by_timeout, by_anyio_scope, by_task_group, by_client]


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
@pytest.mark.parametrize("follower", FOLLOWERS)
@pytest.mark.parametrize("way", WAYS)
@on_a_jumping_clock
async def test_cancelled_consumer_leaves_nothing(way: Any, follower: Follower, script: Any) -> None:
    async with playing(script) as setting, nothing_left(setting):
        await way(setting, follower)


@pytest.mark.parametrize("error", [None, ZeroDivisionError, KeyboardInterrupt, GeneratorExit])
@on_a_jumping_clock
async def test_leaving_the_body_leaves_nothing(error: type[BaseException] | None) -> None:
    async with playing(stays([A, B])) as setting, nothing_left(setting):
        with suppress(*([error] if error else [])):
            async with aclosing(setting.canvas.notes.subscribe()) as notes:
                async for _note in notes:
                    if error:
                        raise error
                    break
        with suppress(*([error] if error else [])):
            async with setting.canvas.notes.live() as live:
                async for _change in live.changes():
                    if error:
                        raise error
                    break


@on_a_jumping_clock
async def test_100_cancelled_consumers_leave_nothing() -> None:
    async with playing(stays([A, B])) as setting, nothing_left(setting):
        tasks = [asyncio.create_task(follower(setting.canvas)) for follower in FOLLOWERS[:2] * 50]
        await setting.server.until_requests(100)
        await asyncio.sleep(0.2)
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {asyncio.CancelledError}


@on_a_jumping_clock
async def test_athrow_closes_and_raises_the_error() -> None:
    async with playing(stays([A])) as setting, nothing_left(setting):
        for thrown in (ZeroDivisionError, ZeroDivisionError("mine")):
            notes = setting.canvas.notes.subscribe()
            assert (await notes.asend(None)).id == "a"
            with pytest.raises(ZeroDivisionError):
                await notes.athrow(thrown)
            with pytest.raises(StopAsyncIteration):
                await anext(notes)
