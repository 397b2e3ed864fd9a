"""The documented nginx in front of the bridge: real clients, real TLS, and callers who lie."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bridge.config.schema import Http
from bridge.model.account import AccountChange
from tests.support.certificates import NAME, Files
from tests.support.nginx import LOOPBACK, nginx
from tests.support.running import Bridge, config, running

pytestmark = pytest.mark.needs("curl", "nginx", "openssl")

#: where its callers are, and where they are not
CALLER, ELSEWHERE = "127.0.0.2", "203.0.113.7"
FORM = ("-d", "recipients=%2B15550100", "-d", "message=hello")


@dataclass
class Front:
    """nginx, and how callers reach it."""

    port: int
    files: Files

    async def ask(self, path: str, *options: str) -> str:
        """What curl hears, at the address and by the certificate of the documented block."""
        command = ("curl", "-sS", "--interface", CALLER, "--cacert", str(self.files.certificate))
        there = ("--connect-to", f"{NAME}:443:{LOOPBACK}:{self.port}", f"https://{NAME}{path}")
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*command, *options, *there, stdout=pipe, stderr=pipe)
        async with asyncio.timeout(20):
            out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()

    async def send(self, bridge: Bridge, *options: str) -> str:
        """The error of a submission, "0" when it is taken."""
        told = json.loads(await self.ask("/sendsms", *FORM, "-d", f"apikey={bridge.keys['apikey']}", *options))
        return str(told["result"]["error"])


@asynccontextmanager
async def fronted(folder: Path, unix: bool = False, **http: object) -> AsyncIterator[tuple[Bridge, Front]]:
    """A bridge with nginx in front, by TCP or a Unix socket."""
    path = folder / "http.sock"
    settings = Http(port=0, socket=str(path) if unix else "", **http)  # type: ignore[arg-type]
    async with running(replace(config(folder, {}), http=settings)) as bridge:
        upstream = f"unix:{path}" if unix else f"{LOOPBACK}:{urlsplit(bridge.url).port}"
        async with nginx(folder / "nginx", "operating.md", upstream) as front:
            yield bridge, Front(front.port, front.files)


async def bound_to(bridge: Bridge, address: str) -> None:
    await bridge.gateway.administration.change_account("test", "shop", AccountChange(addresses=(address,)))
    bridge.gateway.authenticator._callers.clear()


@pytest.mark.parametrize("unix", [False, True], ids=["tcp", "unix"])
async def test_the_caller_is_who_nginx_sees_and_nobody_that_it_makes_up(tmp_path: Path, unix: bool) -> None:
    lies = ("-H", f"X-Forwarded-For: {ELSEWHERE}", "-H", f"Forwarded: for={ELSEWHERE}", "-H", f"X-Real-IP: {ELSEWHERE}")
    async with fronted(tmp_path, unix, trusted_proxies=() if unix else (LOOPBACK,)) as (bridge, front):
        await bound_to(bridge, CALLER)
        assert (await front.send(bridge), await front.send(bridge, *lies)) == ("0", "0")
        await bound_to(bridge, ELSEWHERE)
        assert await front.send(bridge, *lies) == "address_refused"


async def test_a_bridge_that_trusts_nobody_sees_the_proxy_alone(tmp_path: Path) -> None:
    async with fronted(tmp_path) as (bridge, front):
        await bound_to(bridge, LOOPBACK)
        assert await front.send(bridge, "-H", f"X-Forwarded-For: {ELSEWHERE}") == "0"
        assert f'"http://{NAME}/sendsms/soap"' in await front.ask("/sendsms/wsdl/sendsms.wsdl")


async def test_addresses_in_answers_are_those_that_callers_use(tmp_path: Path) -> None:
    async with fronted(tmp_path, trusted_proxies=(LOOPBACK,)) as (_, front):
        lies = ("-H", "X-Forwarded-Proto: gopher", "-H", "X-Forwarded-Host: evil.example")
        assert f'"https://{NAME}/sendsms/soap"' in await front.ask("/sendsms/wsdl/sendsms.wsdl", *lies)


async def test_long_texts_and_large_bodies_come_through(tmp_path: Path) -> None:
    async with fronted(tmp_path, unix=True) as (bridge, front):
        key = bridge.keys["apikey"]
        told = await front.ask(f"/sendsms?apikey={key}&recipients=%2B15550100&message={'%E4%BD%A0' * 2000}")
        assert json.loads(told)["result"]["error"] == 0
        bulk = tmp_path / "bulk.json"
        bulk.write_text(json.dumps({"messages": [{"to": "+15550100", "text": "x" * 5000}] * 500}))
        label = ("-H", "Content-Type: application/json", "-H", f"X-Api-Key: {key}")
        told = await front.ask("/v1/messages", *label, "--data-binary", f"@{bulk}")
        assert json.loads(told)["count"] == 500


async def test_live_events_come_through_as_they_happen(tmp_path: Path) -> None:
    async with fronted(tmp_path, unix=True) as (bridge, front), asyncio.timeout(20):
        context = ssl.create_default_context(cafile=front.files.certificate)
        reader, writer = await asyncio.open_connection(LOOPBACK, front.port, ssl=context, server_hostname=NAME)
        writer.write(f"GET /v1/events HTTP/1.1\r\nHost: {NAME}\r\nX-Api-Key: {bridge.keys['apikey']}\r\n\r\n".encode())
        await reader.readuntil(b": listening\n\n")
        await bridge.send("+15550100", "just now")
        assert await reader.readuntil(b"just now")
        writer.transport.abort()
        await asyncio.sleep(0)


async def test_many_callers_share_the_proxys_connections(tmp_path: Path) -> None:
    async with fronted(tmp_path, unix=True, max_connections_per_address=1) as (bridge, front):
        assert set(await asyncio.gather(*(front.send(bridge) for _ in range(10)))) == {"0"}
