"""Tokens in the server's text: an error masks those that are long enough to be recognized."""

import pytest

from canvus_async import Client, Forbidden
from tests.raw_server import Exchange, raw_server


async def repeats_the_token(exchange: Exchange) -> None:
    received = await exchange.request()
    await exchange.answer({"msg": f"no right for <{received.headers['private-token']}>"}, 403)


@pytest.mark.parametrize(("token", "shown"), [("eight888", "<***>"), ("seven77", "<seven77>")])
async def test_token_of_eight_characters_is_masked_and_a_shorter_one_is_not(token: str, shown: str) -> None:
    async with raw_server(repeats_the_token) as server, Client(server.url, token=token) as client:
        with pytest.raises(Forbidden) as failed:
            await client.canvases.list()

    assert failed.value.msg == f"no right for {shown}"
