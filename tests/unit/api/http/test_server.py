"""All doors of a bridge: who may knock at which, and nothing left of them at the end."""

import stat
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from api.http.listener import bound
from api.http.server import HttpServers
from bridge.config.schema import Http


async def answer(request: web.Request) -> web.Response:
    return web.Response(text="here")


def app() -> web.Application:
    made = web.Application()
    made.router.add_get("/", answer)
    return made


@pytest.fixture
async def serving() -> AsyncIterator[HttpServers]:
    async with HttpServers(Http(max_connections_per_address=1)) as opened:
        yield opened


async def ask(path: Path) -> str:
    """By a Unix socket."""
    connector = aiohttp.UnixConnector(str(path))
    async with aiohttp.ClientSession(connector=connector) as http, http.get("http://bridge/") as response:
        return await response.text()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_a_proxys_socket_is_for_its_group_and_our_own_for_our_user_alone(
    serving: HttpServers, tmp_path: Path
) -> None:
    await serving.listen(app(), [], tmp_path / "proxy")
    await serving.listen_for_ourselves(app(), tmp_path / "own")
    assert (mode(tmp_path / "proxy"), mode(tmp_path / "own")) == (0o660, 0o600)
    assert [await ask(tmp_path / name) for name in ("proxy", "own")] == ["here", "here"]


async def test_nothing_is_left_of_it_at_the_end(tmp_path: Path) -> None:
    async with HttpServers(Http()) as serving:
        (door,) = await bound("127.0.0.1", 0)
        url = f"http://127.0.0.1:{door.getsockname()[1]}/"
        await serving.listen(app(), [door], tmp_path / "proxy")
    assert not (tmp_path / "proxy").exists()
    async with aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientConnectorError):
            await http.get(url)
