"""A token is sent in its header and appears nowhere else."""

import asyncio
import pickle
import traceback

import pytest
from multidict import CIMultiDict

from canvus_async import Client
from canvus_async.http.credentials import Credentials, Secret, hidden, secret

CANARY = "canary-7f3a"


async def test_token_is_trimmed_and_sent_as_private_token() -> None:
    credentials = Credentials(f" {CANARY}\n", None)

    headers = credentials.headers(await credentials.current())

    assert {name: str.encode(value) for name, value in headers.items()} == {"Private-Token": CANARY.encode()}


async def test_session_cookie_is_sent_in_the_cookie_header() -> None:
    credentials = Credentials(None, "abc")

    headers = credentials.headers(await credentials.current())

    assert {name: str.encode(value) for name, value in headers.items()} == {"Cookie": b"CanvusSession=abc"}


async def test_anonymous_client_sends_no_credentials() -> None:
    credentials = Credentials(None, None)

    assert credentials.anonymous
    assert credentials.headers(await credentials.current()) == {}


@pytest.mark.parametrize("token", ["", "  ", "a b", "a\r\nX: y", "a\u2028b", "tökén", "a\0"])
def test_invalid_token_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(ValueError, match="token") as refused:
        Credentials(token, None)
    assert not token.strip() or token not in str(refused.value)


def test_token_and_cookie_together_are_refused() -> None:
    with pytest.raises(ValueError, match="not both"):
        Credentials(CANARY, "cookie")


def test_repr_and_str_hide_a_secret() -> None:
    hidden = secret(CANARY, what="token")

    shown = [repr(hidden), f"{hidden}", f"{hidden!r}", f"{hidden:>20}", repr({"t": hidden}), repr([hidden])]
    shown += [repr(CIMultiDict({"Private-Token": hidden})), repr(Credentials(CANARY, None)), repr((hidden,))]
    assert not [text for text in shown if CANARY in text]


@pytest.mark.parametrize("form", ["a+b/c=canary", "a%2Bb%2Fc%3Dcanary", r"a+b\/c=canary"])
def test_url_and_json_encoded_token_is_redacted(form: str) -> None:
    assert Credentials("a+b/c=canary", None).redacted(f"<{form}>") == "<***>"


def test_secret_cannot_be_pickled() -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(secret(CANARY, what="token"))


def test_traceback_with_locals_hides_a_secret() -> None:
    def fail(token: Secret) -> None:
        headers = {"Private-Token": token}
        raise RuntimeError(len(headers))

    try:
        fail(secret(CANARY, what="token"))
    except RuntimeError as error:
        text = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "headers" in text
    assert "canary-7f3a'," not in text.replace('CANARY = "canary-7f3a"', "")


async def test_token_function_is_called_once_for_concurrent_callers() -> None:
    asked = 0

    async def fetch() -> str:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return f"{CANARY}-{asked}"

    credentials = Credentials(fetch, None)
    tokens = await asyncio.gather(*(credentials.current() for _ in range(10)))
    assert asked == 1

    await asyncio.gather(*(credentials.renew(token) for token in tokens))
    assert asked == 2
    assert str.encode(await credentials.current() or "") == f"{CANARY}-2".encode()


async def test_sync_token_function_is_refused() -> None:
    with pytest.raises(TypeError, match="must be async"):
        await Credentials(lambda: CANARY, None).current()  # type: ignore[arg-type,return-value]


async def test_identity_differs_by_token_and_does_not_show_it() -> None:
    one, same, other, nobody = (Credentials(token, None) for token in (CANARY, CANARY, "other", None))

    assert await one.identity() == await same.identity()
    assert len({await one.identity(), await other.identity(), await nobody.identity()}) == 3
    assert CANARY not in await one.identity()


@pytest.mark.parametrize("token", [f"{CANARY} with a space", f"{CANARY}"])
def test_failed_construction_does_not_show_the_token(token: str) -> None:
    given = hidden(token)
    del token
    try:
        Client("http://canvus.example.com", token=given)
    except ValueError as error:
        report = traceback.TracebackException.from_exception(error, capture_locals=True)
        assert CANARY not in "".join(report.format())
    else:
        pytest.fail("the client was constructed")
