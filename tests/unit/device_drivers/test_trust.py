"""A server whose certificate is not to be trusted is told nothing, and a person why, with what to do."""

import asyncio
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bridge.errors import DeviceLost, SendRefused
from bridge.ports.driver import Device
from device_drivers import _trust
from device_drivers.bridge_remote import DRIVER
from device_drivers.bridge_remote.dialler import DialRefused, dial
from tests.support.certificates import Files, authority, issue

pytestmark = pytest.mark.needs("openssl")


@asynccontextmanager
async def listening(files: Files | None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Somebody with this certificate, or without TLS: the port, and what was said to it beneath TLS."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1000))
        writer.write(b"HTTP/1.1 404 Nobody\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    context = None
    if files is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1], heard


async def refusal(port: int, ca: str) -> str:
    async with aiohttp.ClientSession() as http:
        with pytest.raises(DialRefused) as refused:
            await dial(http, f"https://localhost:{port}", "shop2", "sesame", ca)
    return str(refused.value)


WRONG: Mapping[str, tuple[dict[str, Any], str]] = {
    "expired": ({"days": -1}, "it has expired: renew it there, or set the clock of this machine, which says 20"),
    "other name": ({"name": "other.example"}, "it is not for localhost: use a name that it is for"),
    "unknown": ({"authority": None}, "nobody whom this machine trusts has issued it: name the file of the authority"),
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_hub_with_a_wrong_certificate_is_told_nothing(tmp_path: Path, case: str) -> None:
    ours = authority(tmp_path)
    how, words = WRONG[case]
    files = issue(tmp_path, **{"name": "localhost", "authority": ours, **how})
    async with listening(files) as (port, heard):
        said = await refusal(port, str(ours.certificate))
    assert f"the hub at https://localhost:{port} is not dialled: its certificate is not to be trusted: {words}" in said
    assert b"".join(heard) == b""


async def test_a_port_without_tls_is_told_no_key(tmp_path: Path) -> None:
    async with listening(None) as (port, heard):
        said = await refusal(port, "")
    assert f"does not speak TLS at port {port}" in said
    assert b"sesame" not in b"".join(heard)


async def test_the_authority_that_is_named_is_trusted(tmp_path: Path) -> None:
    ours = authority(tmp_path)
    async with listening(issue(tmp_path, name="localhost", authority=ours)) as (port, heard):
        assert "does not expect this site (404)" in await refusal(port, str(ours.certificate))
    assert b"Bearer sesame" in b"".join(heard)


DIAL = """
import asyncio, sys, aiohttp
from device_drivers.bridge_remote.dialler import DialRefused, dial
async def main():
    async with aiohttp.ClientSession() as http:
        try:
            await dial(http, sys.argv[1], "shop2", "sesame")
        except DialRefused as error:
            print(error)
asyncio.run(main())
"""


async def test_the_authorities_of_the_system_are_trusted_without_a_setting(tmp_path: Path) -> None:
    ours = authority(tmp_path)
    async with listening(issue(tmp_path, name="localhost", authority=ours)) as (port, _):
        url, trusting = f"https://localhost:{port}", {**os.environ, "SSL_CERT_FILE": str(ours.certificate)}
        told = [
            await asyncio.to_thread(
                subprocess.check_output, [sys.executable, "-c", DIAL, url], env=environment, text=True
            )
            for environment in (dict(os.environ), trusting)
        ]
    assert "nobody whom this machine trusts" in told[0]
    assert "does not expect this site (404)" in told[1]


async def test_a_file_without_authorities_is_said_to_be_one(tmp_path: Path) -> None:
    empty = tmp_path / "ca.pem"
    empty.write_text("nothing\n")
    assert "has no certificate in it" in await refusal(1, str(empty))
    assert "cannot be read" in await refusal(1, str(tmp_path / "missing.pem"))


async def test_a_site_with_a_certificate_of_ones_own_is_reached_by_its_authority(tmp_path: Path) -> None:
    ours = authority(tmp_path)
    async with listening(issue(tmp_path, name="localhost", authority=ours)) as (port, heard):
        options = {"url": f"https://localhost:{port}", "key": "sesame", "timeout": 2.0}
        with pytest.raises(DeviceLost, match="nobody whom this machine trusts"):
            await DRIVER.open(Device("shop2", "bridge_remote", options))
        assert b"".join(heard) == b""
        with pytest.raises(SendRefused, match=r"refuses \(404\)"):
            await DRIVER.open(Device("shop2", "bridge_remote", {**options, "ca": str(ours.certificate)}))
        wrong = {**options, "ca": str(tmp_path / "missing.pem")}
        with pytest.raises(SendRefused, match="cannot be read"):
            await DRIVER.open(Device("shop2", "bridge_remote", wrong))
        [finding] = await DRIVER.examine(Device("shop2", "bridge_remote", wrong))
        assert (finding.level, "cannot be read" in finding.message) == ("fail", True)


def test_what_openssl_finds_beside_that_is_said_in_its_words() -> None:
    key: Any = type("Key", (), {"host": "hub.example", "port": 443, "ssl": True})()
    error = ssl.SSLCertVerificationError("odd")
    assert "odd" in _trust.why_not(aiohttp.ClientConnectorCertificateError(key, error), "do")
    error.verify_code = 9
    assert "it is not valid yet" in _trust.why_not(aiohttp.ClientConnectorCertificateError(key, error), "do")
