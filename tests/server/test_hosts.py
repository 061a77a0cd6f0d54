"""Web pages of other sites can neither read the server (DNS rebinding) nor write to it (forms and plain text)."""

import json
import ssl

import aiohttp
import pytest

from canvus_async.server import CanvusServer
from canvus_async.server.hosts import Hosts
from tests.relays import tls_in_front_of
from tests.server import samples
from tests.server.api import Api, form_body
from tests.server.conftest import ApiFor

FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1.evil.example:{port}",
    "localhost.evil.example",
    "evil.localhost",
    "localhost:{port}@evil.example",
    "0.0.0.0:{port}",
    "192.168.1.7:{port}",
    "[2001:db8::1]:{port}",
    "127.1",
    "2130706433",
    "localhost:",
    "localhost:x",
    "local host",
    "[::1",
    "localhost\u0131",
]
OWN_HOSTS = [
    "localhost",
    "LocalHost:{port}",
    "localhost.",
    "127.0.0.1",
    "127.0.0.1:{port}",
    "127.0.0.1:443",
    "127.0.0.2:{port}",
    "[::1]:{port}",
    "[::ffff:127.0.0.1]",
]
FOREIGN_ORIGINS = [
    "http://evil.example",
    "https://evil.example:{port}",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "http://localhost:{port}",
    "http://127.0.0.1:{port}.evil.example",
    "http://127.0.0.1:{port}@evil.example",
    "http://127.0.0.1:{port}/x",
    "ftp://127.0.0.1:{port}",
    "127.0.0.1:{port}",
    "chrome-extension://abcdef",
    "null",
    "",
]


def port_of(server: CanvusServer) -> str:
    return server.url.rpartition(":")[2]


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
async def test_a_foreign_host_reads_and_writes_nothing(
    server: CanvusServer, api_for: ApiFor, api: Api, canvas: str, host: str
) -> None:
    server.share(canvas[9:], "edit")
    headers = {"Host": host.format(port=port_of(server))}
    for caller in (api_for(None), api):
        for method, path in [("GET", canvas), ("GET", "server-info"), ("GET", "nowhere"), ("POST", f"{canvas}/notes")]:
            response = await caller.call(method, path, headers=headers)
            assert response.status == 421, (method, path)
            assert "allowed_hosts" in response.msg
    assert (await api.get(f"{canvas}/notes")).json == []


@pytest.mark.parametrize("host", OWN_HOSTS)
async def test_the_servers_own_hosts_are_allowed_on_any_port(server: CanvusServer, api: Api, host: str) -> None:
    assert (await api.get("canvases", Host=host.format(port=port_of(server)))).status == 200


def test_several_hosts_must_all_be_the_servers_own() -> None:
    hosts = Hosts("127.0.0.1")

    assert hosts.allows_host("localhost")
    assert not hosts.allows_host("localhost, evil.example")


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
async def test_a_page_of_another_origin_cannot_write_to_a_shared_canvas(
    server: CanvusServer, api_for: ApiFor, api: Api, canvas: str, origin: str
) -> None:
    server.share(canvas[9:], "edit")
    note = (await api.post(f"{canvas}/notes", {"text": "mine"})).json
    guest, origin = api_for(None), origin.format(port=port_of(server))
    plain = {"Origin": origin, "Content-Type": "text/plain"}
    form = {"Origin": origin, "Content-Type": "multipart/form-data; boundary=limit"}
    body, file = json.dumps({"text": "hacked"}).encode(), form_body(("data", samples.picture(), "a.png"))

    for method, path, headers, data in [
        ("POST", f"{canvas}/notes", plain, body),
        ("POST", f"{canvas}/images", form, file),
        ("POST", f"{canvas}/background", form, file),
        ("PATCH", f"{canvas}/notes/{note['id']}", plain, body),
        ("DELETE", f"{canvas}/notes/{note['id']}", plain, b""),
        ("OPTIONS", f"{canvas}/notes", plain | {"Access-Control-Request-Method": "PATCH"}, b""),
    ]:
        for caller in (guest, api):
            response = await caller.call(method, path, headers=headers, data=data)
            assert (response.status, "another origin" in response.msg) == (403, True), (method, path)
            assert not [name for name in response.headers if name.lower().startswith("access-control")]

    assert (await api.get(f"{canvas}/notes")).json == [note]
    assert (await api.get(f"{canvas}/images")).json == []


async def test_reads_of_a_page_of_another_origin_get_no_cors_headers(
    server: CanvusServer, api_for: ApiFor, canvas: str
) -> None:
    server.share(canvas[9:], "view")
    for path in (canvas, f"{canvas}/widgets", "canvases/nowhere", "nowhere"):
        response = await api_for(None).get(path, Origin="http://evil.example")
        assert not [name for name in response.headers if name.lower().startswith("access-control")]


async def test_the_servers_own_pages_and_programs_without_an_origin_may_write(
    server: CanvusServer, api: Api, canvas: str
) -> None:
    for headers in ({}, {"Origin": server.url}, {"Host": "localhost", "Origin": "http://localhost"}):
        plain = {"Content-Type": "text/plain", **headers}
        response = await api.call("POST", f"{canvas}/notes", headers=plain, data=b'{"text": "x"}')
        assert response.status == 200, headers


async def test_behind_a_tls_terminator_the_origin_is_that_of_the_host(
    server: CanvusServer, session: aiohttp.ClientSession, serving: ssl.SSLContext, trusting: ssl.SSLContext, canvas: str
) -> None:
    async with tls_in_front_of(server.url, serving) as front:
        for origin, status in [(front.url, 200), (server.url, 403), ("https://evil.example", 403)]:
            headers = {"Private-Token": server.token, "Origin": origin}
            url = f"{front.url}/api/v1/{canvas}/notes"
            async with session.post(url, json={}, headers=headers, ssl=trusting) as response:
                assert response.status == status


async def test_allowed_hosts_add_names_with_and_without_a_port(session: aiohttp.ClientSession) -> None:
    async with CanvusServer(allowed_hosts=["Canvus.example.com", "b\u00fccher.lan:8443", "secure.lan:443"]) as server:
        api = Api(server, session, server.token)
        statuses = {
            host: (await api.get("canvases", Host=host)).status
            for host in (
                *("canvus.example.com", "canvus.example.com:9", "xn--bcher-kva.lan:8443", "secure.lan"),
                *("xn--bcher-kva.lan", "xn--bcher-kva.lan:1", "secure.lan:8443", "www.canvus.example.com"),
            )
        }
        assert list(statuses.values()) == [200] * 4 + [421] * 4, statuses
        proxied = {"Host": "127.0.0.1", "Origin": "https://canvus.example.com"}
        assert (await api.call("POST", "canvases", headers=proxied, json={})).status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
async def test_a_server_on_all_addresses_allows_every_address_but_no_name(
    session: aiohttp.ClientSession, host: str
) -> None:
    server = CanvusServer(host=host)
    try:
        await server.start()
    except OSError:
        pytest.skip(f"this machine has no {host}")
    api = Api(server, session, server.token)
    port, statuses = port_of(server), list[tuple[str, int, int]]()
    for sent, status in [
        *((f"{each}:{port}", 200) for each in ("127.0.0.1", "0.0.0.0", "192.168.1.7", "[2001:db8::1]", "localhost")),
        *((each, 421) for each in ("evil.example", "myhost", "192.168.1.7.evil.example")),
    ]:
        statuses.append((sent, (await api.get("canvases", Host=sent)).status, status))
    await server.close()
    assert [(sent, status) for sent, status, _ in statuses] == [(sent, wanted) for sent, _, wanted in statuses]


@pytest.mark.parametrize(
    ("allowed", "match"),
    [("name", "list of names"), (["http://a"], "names such as"), ([""], "names such as"), (["a/b"], "names such as")],
)
def test_malformed_allowed_hosts_raise(allowed: list[str], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        CanvusServer(allowed_hosts=allowed)
