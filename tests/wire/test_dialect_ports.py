"""Dialects on ports of their own: the real daemon, asked over TCP."""

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.config.schema import Config, Dialect
from bridge.errors import ConfigError
from bridge.host import control_file
from bridge.host.client import Client
from tests.support.ports import free_port
from tests.support.running import Bridge, config, running


def speaking(directory: Path, **dialects: Dialect) -> Config:
    return replace(config(directory, {}), dialects=dialects)


async def ask(bridge: Bridge, url: str, **form: str) -> tuple[int, str]:
    """Status and body of a POST with the account's key."""
    body: dict[str, Any] = {"apikey": bridge.keys["apikey"], **form}
    async with bridge.http.post(url, data=body, headers={"X-Api-Key": bridge.keys["apikey"]}) as answer:
        return answer.status, await answer.text()


async def look(bridge: Bridge, url: str) -> tuple[int, str]:
    async with bridge.http.get(url, headers={"X-Api-Key": bridge.keys["apikey"]}) as answer:
        return answer.status, await answer.text()


async def test_two_dialects_with_the_same_path_are_refused_on_one_port(tmp_path: Path) -> None:
    problem = "dialects.smsmobile: /v1/messages/sendsms is native's already; give one of them a prefix or a port"
    with pytest.raises(ConfigError, match=problem):
        async with running(speaking(tmp_path, smsmobile=Dialect(prefix="/v1/messages"))):
            pass


async def test_two_dialects_with_the_same_path_run_on_two_ports(tmp_path: Path) -> None:
    port = free_port()
    # as a path of the native API this is one message
    settings = speaking(tmp_path, smsmobile=Dialect(prefix="/v1/messages", port=port))
    async with running(settings) as bridge:
        path = "/v1/messages/sendsms"
        status, text = await look(bridge, f"{bridge.url}{path}")
        assert (status, '"urn:sms-bridge:problem:no-such-thing"' in text) == (404, True)
        form = {"recipients": "+15550100", "message": "x"}
        status, text = await ask(bridge, f"http://127.0.0.1:{port}{path}", **form)
        assert (status, '"sent":"1"' in text.replace(" ", "")) == (200, True)


async def test_a_port_of_its_own_has_that_dialect_alone(tmp_path: Path) -> None:
    port = free_port()
    own = f"http://127.0.0.1:{port}"
    async with running(speaking(tmp_path, smsmobile=Dialect(port=port))) as bridge:
        assert (await look(bridge, f"{bridge.url}/v1/me"))[0] == 200
        assert (await look(bridge, f"{own}/v1/me"))[0] == 404
        assert (await ask(bridge, f"{bridge.url}/getsms"))[0] == 404
        assert (await ask(bridge, f"{own}/getsms"))[0] == 200
        for url in (bridge.url, own):
            assert (await look(bridge, f"{url}/livez"))[0] == 200


async def test_two_dialects_may_share_a_further_port(tmp_path: Path) -> None:
    port = free_port()
    settings = speaking(tmp_path, smsmobile=Dialect(port=port), native=Dialect(port=port, prefix="/sms"))
    async with running(settings) as bridge:
        assert (await ask(bridge, f"http://127.0.0.1:{port}/getsms"))[0] == 200
        assert (await look(bridge, f"http://127.0.0.1:{port}/sms/v1/me"))[0] == 200
        assert (await look(bridge, f"{bridge.url}/livez"))[0] == 200
        # the command line finds the native API where it is
        client = Client(control_file.find(tmp_path, "sms-bridge serve"), "sms-bridge serve")
        assert (await client.get("/v1/me"))["operator"] is True


async def test_says_which_dialects_port_is_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        problem = (
            f"dialects.smsmobile: port {port} of 127.0.0.1 is in use by another program: "
            r"choose another in \[dialects.smsmobile\] port"
        )
        with pytest.raises(ConfigError, match=problem):
            async with running(speaking(tmp_path, smsmobile=Dialect(port=port))):
                pass
    # and nothing holds the store any more
    async with running(speaking(tmp_path)) as bridge:
        assert (await look(bridge, f"{bridge.url}/livez"))[0] == 200
