"""Which user of this machine calls: as the kernel says it, whatever the caller says."""

import os
import pwd
from pathlib import Path

import aiohttp
from aiohttp import web

from api.http.listener import bound
from api.http.peer import OWNER, stranger
from api.http.server import HttpServers
from bridge.config.schema import Http


async def told(request: web.Request) -> web.Response:
    return web.Response(text=stranger(request) or "nobody else")


def app(owner: int | None) -> web.Application:
    made = web.Application()
    if owner is not None:
        made[OWNER] = owner
    made.router.add_get("/", told)
    return made


async def asked(path: Path, owner: int | None) -> str:
    """What is known of this very process, when it calls an application of that owner's."""
    async with HttpServers(Http()) as serving:
        await serving.listen_for_ourselves(app(owner), path)
        connector, lies = aiohttp.UnixConnector(str(path)), {"X-Forwarded-User": "root"}
        async with aiohttp.ClientSession(connector=connector, headers=lies) as http, http.get("http://x/") as response:
            return await response.text()


async def test_the_bridges_own_user_is_no_stranger(tmp_path: Path) -> None:
    assert await asked(tmp_path / "own", os.geteuid()) == "nobody else"


async def test_another_user_is_known_by_name(tmp_path: Path) -> None:
    assert await asked(tmp_path / "own", os.geteuid() + 1) == pwd.getpwuid(os.geteuid()).pw_name


async def test_a_socket_that_is_not_for_commands_asks_nobody(tmp_path: Path) -> None:
    assert await asked(tmp_path / "own", None) == "nobody else"
    async with HttpServers(Http()) as serving, aiohttp.ClientSession() as http:
        (door,) = await bound("127.0.0.1", 0)
        await serving.listen(app(None), [door])
        async with http.get(f"http://127.0.0.1:{door.getsockname()[1]}/") as response:
            assert await response.text() == "nobody else"
