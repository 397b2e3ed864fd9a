"""TLS on every port of the whole bridge, asked by the clients that people use."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bridge.config.schema import Config, Dialect, Http
from bridge.daemon import run
from bridge.errors import ConfigError
from bridge.host import control_file, tls
from bridge.host.client import Client
from bridge.ports.clock import SystemClock
from tests.support.certificates import NAME, Files, issue, openssl
from tests.support.ports import free_port
from tests.support.running import Bridge, config, running
from tests.support.waiting import until

pytestmark = pytest.mark.needs("curl", "openssl")

DEADLINE = 30.0  # s
LIVE = b"GET /livez HTTP/1.1\r\nHost: here\r\n\r\n"


def settings(directory: Path, files: Files, **http: Any) -> Config:
    secure = {"certificate": str(files.certificate), "key": str(files.key)}
    return replace(config(directory, {}), http=Http(port=0, **secure, **http))


@asynccontextmanager
async def secured(directory: Path, **http: Any) -> AsyncIterator[tuple[Bridge, Files]]:
    """A bridge with a certificate, and the certificate's files."""
    files = issue(directory / "tls", 1)
    async with running(settings(directory, files, **http)) as bridge:
        yield bridge, files


async def curl(url: str, files: Files, *options: str) -> tuple[int, str]:
    """Exit code and output of curl that trusts this certificate alone, for its name."""
    parts = urlsplit(url)
    process = await asyncio.create_subprocess_exec(
        *("curl", "-sS", "--cacert", str(files.certificate), "--connect-to", f"{NAME}:443:127.0.0.1:{parts.port}"),
        *(*options, f"https://{NAME}{parts.path}"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(DEADLINE):
        out, _ = await process.communicate()
    return process.returncode or 0, out.decode()


async def shown(url: str) -> str:
    """Serial number of the certificate that a port shows now."""
    parts = urlsplit(url)
    pem = await asyncio.to_thread(ssl.get_server_certificate, (parts.hostname, parts.port), timeout=DEADLINE)
    told = await asyncio.to_thread(openssl, "x509", "-noout", "-serial", stdin=pem.encode())
    return told.strip().partition("=")[2].lstrip("0")


def trusting_nobody(version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


@asynccontextmanager
async def connected(url: str, context: ssl.SSLContext) -> AsyncIterator[tuple[asyncio.StreamReader, Any]]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=context)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def test_curl_sends_over_tls(tmp_path: Path) -> None:
    async with secured(tmp_path) as (bridge, files):
        assert bridge.url.startswith("https://127.0.0.1:")
        form = (
            "-d",
            f"apikey={bridge.keys['apikey']}",
            "-d",
            "recipients=%2B15550100",
            "-d",
            "message=hello",
        )
        code, told = await curl(f"{bridge.url}/sendsms", files, *form)
        assert (code, json.loads(told)["result"]["sent"]) == (0, "1")
        # and only because it trusts this one
        assert (await curl(f"{bridge.url}/livez", issue(tmp_path, 2)))[0] != 0


@pytest.mark.parametrize("version", ["--tlsv1.2 --tls-max 1.2", "--tlsv1.3", "--http2"])
async def test_speaks_the_versions_of_today_and_http_1_1(tmp_path: Path, version: str) -> None:
    async with secured(tmp_path) as (bridge, files):
        told = await curl(f"{bridge.url}/livez", files, *version.split(), "-o", "/dev/null", "-w", "%{http_version}")
        assert told == (0, "1.1")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_speaks_none_of_yesterday(tmp_path: Path) -> None:
    async with secured(tmp_path) as (bridge, _):
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            context = trusting_nobody(version)
            context.set_ciphers("ALL:@SECLEVEL=0")
            with pytest.raises((ssl.SSLError, ConnectionError)):
                async with connected(bridge.url, context):
                    pass
        for cipher in ("AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384"):
            context = trusting_nobody(ssl.TLSVersion.TLSv1_2)
            context.set_ciphers(f"{cipher}:@SECLEVEL=0")
            with pytest.raises((ssl.SSLError, ConnectionError)):
                async with connected(bridge.url, context):
                    pass


async def test_a_dialects_own_port_speaks_tls_too(tmp_path: Path) -> None:
    port = free_port()
    files = issue(tmp_path / "tls")
    own = replace(settings(tmp_path, files), dialects={"smsmobile": Dialect(port=port)})
    async with running(own):
        told = await curl(f"https://127.0.0.1:{port}/sendsms", files)
        assert (told[0], json.loads(told[1])["result"]["error"]) == (0, "missing_apikey")


async def test_addresses_in_answers_say_https(tmp_path: Path) -> None:
    async with secured(tmp_path) as (bridge, files):
        _, told = await curl(f"{bridge.url}/sendsms/wsdl/sendsms.wsdl", files)
        assert f'"https://{NAME}/sendsms/soap"' in told


async def test_plain_http_on_the_port_gets_nothing(tmp_path: Path) -> None:
    async with secured(tmp_path) as (bridge, files):
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(bridge.url).port)
        writer.write(LIVE)
        async with asyncio.timeout(DEADLINE):
            assert b"live" not in await reader.read()
        writer.close()
        assert (await curl(f"{bridge.url}/livez", files))[0] == 0


async def test_a_request_that_comes_with_the_end_of_the_handshake_is_heard(tmp_path: Path) -> None:
    async with secured(tmp_path) as (bridge, _):
        for _ in range(20):
            async with connected(bridge.url, trusting_nobody()) as (reader, writer), asyncio.timeout(DEADLINE):
                writer.write(LIVE)
                assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")


async def test_who_stops_within_the_handshake_takes_nobodys_place(tmp_path: Path) -> None:
    async with secured(tmp_path, max_connections=5) as (bridge, files):
        parts = urlsplit(bridge.url)
        stalled = [await asyncio.open_connection(parts.hostname, parts.port) for _ in range(12)]
        for _, writer in stalled:
            writer.write(b"\x16\x03\x01\x02\x00\x01")
        for _ in range(3):
            assert (await curl(f"{bridge.url}/livez", files))[0] == 0
        async with asyncio.timeout(DEADLINE):
            assert await stalled[0][0].read() == b""  # long before a handshake's own limit
        for _, writer in stalled:
            writer.transport.abort()
        await asyncio.sleep(0)


async def test_slow_callers_are_shown_out_over_tls_too(tmp_path: Path) -> None:
    async with (
        secured(tmp_path, request_timeout=0.3) as (bridge, _),
        connected(bridge.url, trusting_nobody()) as (reader, writer),
        asyncio.timeout(DEADLINE),
    ):
        writer.write(LIVE[:20])
        assert (await reader.read()).startswith(b"HTTP/1.1 408 ")


async def test_a_renewal_ends_no_connection(tmp_path: Path) -> None:
    files = issue(tmp_path / "tls", 1)
    ready: asyncio.Future[run.Running] = asyncio.get_running_loop().create_future()
    task = asyncio.get_running_loop().create_task(run.run(settings(tmp_path, files), ready.set_result))
    up = await ready
    async with connected(up.url, trusting_nobody()) as (reader, writer), asyncio.timeout(DEADLINE):
        assert await shown(up.url) == "1"
        issue(tmp_path, 2).copy_to(files)
        up.reload()

        async def is_new() -> bool:
            return await shown(up.url) == "2"

        assert await until(is_new)
        writer.write(LIVE)
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_sees_a_renewal_by_itself(tmp_path: Path) -> None:
    files = issue(tmp_path / "tls", 1)
    made = tls.Certificate(tls.Pair(*files))
    watching = asyncio.get_running_loop().create_task(made.watch(every=0.02))
    serials = []

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=made.context) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        serials.append(await shown(url))
        issue(tmp_path, 2).copy_to(files)

        async def is_new() -> bool:
            return await shown(url) == "2"

        assert await until(is_new)
    watching.cancel()
    assert serials == ["1"]


def commands(directory: Path) -> Client:
    return Client(control_file.find(directory, "serve"), "serve")


async def test_commands_reach_it_by_a_door_of_their_own(tmp_path: Path) -> None:
    """The certificate is for another name than 127.0.0.1, and its files may be hidden from whoever calls."""
    async with secured(tmp_path) as (bridge, files):
        for each in files:
            each.unlink()
        found = control_file.find(tmp_path, "serve")
        assert (found.url, found.socket) == (bridge.url, str(tmp_path / "control.sock"))
        assert (tmp_path / "control.sock").stat().st_mode & 0o777 == 0o600
        client = Client(found, "serve", "shop")
        assert (await client.post("/v1/messages", {"to": "+15550100", "text": "x"}))["state"] == "queued"
        assert (await client.get("/v1/me"))["name"] == "shop"
    assert not (tmp_path / "control.sock").exists()


async def test_a_socket_of_a_killed_bridge_is_no_hindrance(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "control.sock"))
    async with running(config(tmp_path, {})):
        assert (await commands(tmp_path).get("/v1/me"))["operator"] is True


async def test_a_path_too_long_for_a_socket_leaves_the_port_to_commands(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    async with running(config(deep, {})) as bridge:
        found = control_file.find(deep, "serve")
        assert (found.url, found.socket) == (bridge.url, "")
        assert (await Client(found, "serve").get("/v1/me"))["operator"] is True
    with pytest.raises(ConfigError, match=r"no socket for the command line: .*/control.sock.*; with TLS it needs"):
        async with running(settings(deep, issue(tmp_path / "tls"))):
            pass


async def test_does_not_start_with_a_pair_that_does_not_fit(tmp_path: Path) -> None:
    files = Files(issue(tmp_path, 1).certificate, issue(tmp_path, 2).key)
    with pytest.raises(ConfigError, match=f"http.key: {files.key} does not belong to the certificate"):
        async with running(settings(tmp_path, files)):
            pass


async def test_the_doctor_asks_the_running_bridge_what_it_shows(tmp_path: Path) -> None:
    async with secured(tmp_path) as (bridge, files):
        http = Http(certificate=str(files.certificate), key="/nowhere/that/this/user/may/look")
        now = SystemClock().now()
        found = await asyncio.to_thread(tls.finding, http, now, bridge.url)
        assert found is not None
        assert found.message.startswith(f"what {bridge.url} shows is good until ")
        issue(tmp_path, 2, days=200).copy_to(files)
        found = await asyncio.to_thread(tls.finding, http, now, bridge.url)
        assert found is not None
        assert (found.level, found.remedy) == ("warn", "sudo systemctl reload sms-bridge")
    plain = await asyncio.to_thread(tls.finding, http, now, bridge.url)
    assert plain is not None
    assert plain.level == "fail"
