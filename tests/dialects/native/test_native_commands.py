"""The native API as the command line uses it: with a token of its own, by a Unix socket of its own."""

import os
import pwd
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from api.http.app import build_command_app
from api.http.server import HttpServers
from bridge.config.schema import Http
from tests.support.native_site import Site

ME, SOMEBODY_ELSE = os.geteuid(), os.geteuid() + 1


@asynccontextmanager
async def by_socket(site: Site, path: Path, owner: int) -> AsyncIterator[aiohttp.ClientSession]:
    """A command's session with the bridge of the user `owner`."""
    headers = {"Authorization": f"Bearer {site.gateway.authenticator.grant_to_commands()}"}
    async with HttpServers(Http()) as serving:
        await serving.listen_for_ourselves(build_command_app(site.gateway, owner), path)
        connector = aiohttp.UnixConnector(str(path))
        async with aiohttp.ClientSession("http://localhost", connector=connector, headers=headers) as session:
            yield session


async def who(site: Site) -> str:
    return str((await site.operator.get("/v1/audit")).body["entries"][0]["who"])


async def test_a_command_may_do_what_an_operator_may(site: Site) -> None:
    command = site.caller(site.gateway.authenticator.grant_to_commands())
    assert (await command.post("/v1/accounts/shop/credits", {"credits": 5})).body["credits"] == 5
    assert await who(site) == "command line"
    for_shop = command.with_headers(SMS_Bridge_Account="shop")
    assert (await for_shop.send())["account"] == "shop"


async def test_the_token_of_commands_is_the_last_one_and_is_in_no_store(site: Site, tmp_path: Path) -> None:
    old, new = (site.gateway.authenticator.grant_to_commands() for _ in range(2))
    assert (await site.caller(old).get("/v1/accounts")).problem == (401, "not-authenticated", "")
    assert (await site.caller(new).get("/v1/accounts")).status == 200
    assert (await site.caller("").get("/v1/accounts")).problem == (401, "not-authenticated", "")
    assert all(new.encode() not in file.read_bytes() for file in tmp_path.iterdir())


async def test_without_a_token_of_commands_nobody_is_one(site: Site) -> None:
    for secret in ("", " ", "\udcff"):
        assert not site.gateway.authenticator.is_command(secret)


@pytest.mark.parametrize(
    ("owner", "name"), [(ME, "command line"), (SOMEBODY_ELSE, f"command line ({pwd.getpwuid(ME).pw_name})")]
)
async def test_the_trail_names_a_user_who_is_not_the_bridges_own(
    site: Site, tmp_path: Path, owner: int, name: str
) -> None:
    async with (
        by_socket(site, tmp_path / "control.sock", owner) as session,
        session.patch("/v1/accounts/shop", json={"disabled": True}) as answer,
    ):
        assert answer.status == 200
    assert await who(site) == name


async def test_an_account_that_comes_by_the_socket_of_commands_is_named_as_everywhere(
    site: Site, tmp_path: Path
) -> None:
    headers = site.operator.headers
    async with (
        by_socket(site, tmp_path / "control.sock", SOMEBODY_ELSE) as session,
        session.patch("/v1/accounts/shop", json={"disabled": True}, headers=headers) as answer,
    ):
        assert answer.status == 200
    assert await who(site) == "operator"
