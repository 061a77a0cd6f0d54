"""A token is sent in its header and appears nowhere else."""

import asyncio
import copy
import html
import json
import pickle
import traceback

import pytest
from multidict import CIMultiDict

from canvus_async import Client
from canvus_async.http.credentials import Credentials, hidden
from canvus_async.http.secrets import Secret, SecretHeader, header_value

CANARY = "canary-7f3a"


async def test_token_is_trimmed_and_sent_as_private_token() -> None:
    credentials = Credentials(Secret(f" {CANARY}\n"), None)

    headers = credentials.headers(await credentials.current())

    assert {name: str(value).encode() for name, value in headers.items()} == {"Private-Token": CANARY.encode()}


async def test_session_cookie_is_sent_in_the_cookie_header() -> None:
    credentials = Credentials(None, Secret("abc"))

    headers = credentials.headers(await credentials.current())

    assert {name: str(value).encode() for name, value in headers.items()} == {"Cookie": b"CanvusSession=abc"}


async def test_anonymous_client_sends_no_credentials() -> None:
    credentials = Credentials(None, None)

    assert credentials.anonymous
    assert credentials.headers(await credentials.current()) == {}


@pytest.mark.parametrize("token", ["", "  ", "a b", "a\r\nX: y", "a\u2028b", "tökén", "a\0"])
def test_invalid_token_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(ValueError, match="token") as refused:
        Credentials(Secret(token), None)
    assert not token.strip() or token not in str(refused.value)


def test_token_and_cookie_together_are_refused() -> None:
    with pytest.raises(ValueError, match="not both"):
        Credentials(Secret(CANARY), Secret("cookie"))


def test_repr_and_str_hide_a_secret() -> None:
    hidden = Secret(CANARY)
    header = header_value(hidden)

    shown = [repr(hidden), f"{hidden}", f"{hidden!r}", str(hidden), repr({"t": hidden}), repr([hidden])]
    shown += [repr(CIMultiDict({"Private-Token": header})), repr(Credentials(Secret(CANARY), None)), repr((hidden,))]
    shown += [repr(header), f"{header}", f"{header:>20}", header[:5], header + "", json.dumps(header), header.upper()]
    assert not [text for text in shown if CANARY in text]


@pytest.mark.parametrize("form", ["a+b/c=canary", "a%2Bb%2Fc%3Dcanary", r"a+b\/c=canary"])
def test_url_and_json_encoded_token_is_redacted(form: str) -> None:
    assert Credentials(Secret("a+b/c=canary"), None).redacted(f"<{form}>") == "<***>"


def test_secret_cannot_be_pickled() -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(Secret(CANARY))


def test_traceback_with_locals_hides_a_secret() -> None:
    def fail(token: Secret) -> None:
        headers = {"Private-Token": token}
        raise RuntimeError(len(headers))

    try:
        fail(Secret(CANARY))
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
    assert (await credentials.current()).reveal().encode() == f"{CANARY}-2".encode()


async def test_sync_token_function_is_refused() -> None:
    with pytest.raises(TypeError, match="must be async"):
        await Credentials(lambda: CANARY, None).current()  # type: ignore[arg-type,return-value]


async def test_identity_differs_by_token_and_does_not_show_it() -> None:
    one, same, other, nobody = (Credentials(hidden(token), None) for token in (CANARY, CANARY, "other", None))

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


@pytest.mark.parametrize("length", [20, 81, 2000])
def test_a_slice_of_a_header_value_shows_nothing(length: int) -> None:
    header = header_value(Secret("canary" * length))

    assert type(header) is SecretHeader
    assert str(header) == "canary" * length
    assert "canary" not in header[:80] + repr(header[:80]) + repr(header) + f"{header}"


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_a_header_value_can_be_copied_and_recorded(duplicate) -> None:
    header = header_value(Secret(CANARY))

    assert duplicate({"Private-Token": header}).keys() == {"Private-Token"}
    assert CANARY not in json.dumps(duplicate({"Private-Token": header}))


def test_a_secret_can_be_copied_and_not_pickled() -> None:
    hidden = Secret(CANARY)

    assert copy.copy(hidden) is copy.deepcopy(hidden) is hidden


TOKEN = "a+b/c='d\"&<é>".replace("é", "e") + "canary"
ENCODINGS = {
    "plain": lambda text: text,
    "percent": lambda text: "".join(f"%{ord(char):02X}" for char in text),
    "percent, lower case": lambda text: "".join(f"%{ord(char):02x}" for char in text),
    "percent, some": lambda text: text.replace("+", "%2b").replace("/", "%2F").replace("=", "%3d"),
    "HTML names": html.escape,
    "HTML numbers": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "HTML hexadecimal": lambda text: "".join(f"&#X{ord(char):x};" for char in text),
    "HTML, apostrophe by name": lambda text: html.escape(text).replace("&#x27;", "&apos;"),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON with escaped slashes": lambda text: json.dumps(text)[1:-1].replace("/", r"\/"),
    "JSON, everything escaped": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "JSON, everything escaped in capitals": lambda text: "".join(f"\\u{ord(char):04X}" for char in text),
    "repr": lambda text: repr(text)[1:-1],
    "repr of bytes": lambda text: repr(text.encode())[2:-1],
    "hexadecimal escapes": lambda text: "".join(f"\\x{ord(char):02x}" for char in text),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_a_token_is_redacted_in_every_encoding(encode) -> None:
    for credentials in (Credentials(Secret(TOKEN), None), Credentials(None, Secret(TOKEN))):
        assert credentials.redacted(f"no: {encode(TOKEN)}!") == "no: ***!"


@pytest.mark.parametrize(("token", "shown"), [("1234567", "1234567"), ("12345678", "***")])
def test_a_token_of_eight_characters_is_redacted_and_a_shorter_one_is_not(token: str, shown: str) -> None:
    assert Credentials(Secret(token), None).redacted(f"<{token}>") == f"<{shown}>"


@pytest.mark.parametrize("cookie", ["", "  ", "a b"])
def test_an_invalid_cookie_is_refused_and_not_taken_for_no_cookie(cookie: str) -> None:
    with pytest.raises(ValueError, match="session_cookie"):
        Client("https://canvus.example.com", session_cookie=cookie)


async def test_a_header_is_sent_by_the_writer_in_pure_python_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("canvus_async.http.secrets._calls_str", False)

    assert header_value(Secret(CANARY)) + "" == CANARY
    assert CANARY not in repr({"t": header_value(Secret(CANARY))})
