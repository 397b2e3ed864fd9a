"""What the doctor says of receivers of webhooks: real ones, on this machine."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.config.field import Secret
from bridge.config.schema import Config
from bridge.config.storage import Storage
from bridge.doctor import webhooks
from bridge.doctor.surroundings import Surroundings, Told
from bridge.errors import StoreUnavailable
from bridge.host.control_file import Control
from bridge.model.finding import Finding
from bridge.model.scope import Key
from bridge.model.webhook import Endpoint
from bridge.ports.clock import SystemClock
from bridge.ports.driver import Device
from tests.support.ports import free_port


async def _anywhere(url: str) -> None:
    """Every URL is allowed."""


async def _nowhere() -> Sequence[Endpoint]:
    return ()


async def _no_keys() -> Sequence[Key]:
    return []


async def _as_it_is(device: Device) -> Device:
    return device


SURROUNDINGS = Surroundings("sms-bridge serve", SystemClock(), _anywhere, _nowhere, _as_it_is, _no_keys)


async def looked(url: str, paused: bool = False) -> Finding:
    endpoint = Endpoint("e1", "shop", url, paused=paused)
    told = Told(Control("http://127.0.0.1:9", Secret("x"), 1), "sms-bridge serve", True, (), (endpoint,))
    (found,) = await webhooks.look(Config(), SURROUNDINGS, told)
    return found


async def test_says_what_helps_where_the_store_cannot_be_asked(tmp_path: Path) -> None:
    async def unavailable() -> Sequence[Endpoint]:
        raise StoreUnavailable("it does not answer")

    (tmp_path / "postgresql").touch()
    surroundings = replace(SURROUNDINGS, endpoints=unavailable)
    file = Storage(url=f"sqlite:///{tmp_path / 'postgresql'}")
    database = Storage(url="postgresql://sms@db.example/sms", directory=str(tmp_path))
    (of_file,) = await webhooks.look(Config(store=file), surroundings, None)
    (of_database,) = await webhooks.look(Config(store=database), surroundings, None)
    assert "from a backup" in of_file.remedy
    assert "store.url" in of_database.remedy


def certificate(folder: Path, days: int) -> Path:
    """For this machine, signed by itself, and its key."""
    file = folder / "receiver.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", str(days), "-subj", "/CN=receiver", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", file, "-out", folder / "certificate.pem"),
        ],
        check=True,
        capture_output=True,
    )
    file.write_text(file.read_text() + (folder / "certificate.pem").read_text())
    return file


class Receiver:
    """Takes connections and remembers what is said on them."""

    def __init__(self) -> None:
        self.port = 0
        self.heard: list[bytes] = []
        self.gone = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            self.heard.append(await reader.read())
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        self.gone.set()


@asynccontextmanager
async def receiving(pem: Path | None = None) -> AsyncIterator[Receiver]:
    context = None
    if pem is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=context)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


async def test_connects_and_says_nothing() -> None:
    async with receiving() as receiver:
        found = await looked(f"http://127.0.0.1:{receiver.port}/sms")
        await asyncio.wait_for(receiver.gone.wait(), 30)
    assert (found.level, receiver.heard) == ("ok", [b""])
    assert found.message.endswith("/sms of shop is allowed and takes connections")


async def test_a_receiver_that_is_off_is_worth_a_word() -> None:
    url = f"http://127.0.0.1:{free_port()}/sms"
    found = await looked(url)
    assert (found.level, "its deliveries wait" in found.message) == ("warn", True)
    assert f"curl -v {url}" in found.remedy


async def test_shows_no_secret_of_an_address() -> None:
    async with receiving() as receiver:
        found = await looked(f"http://user:hunter22@127.0.0.1:{receiver.port}/sms?key=s3cr3tkey")
    assert found.level == "ok"
    assert f"http://127.0.0.1:{receiver.port}/sms of shop" in found.message
    assert "hunter22" not in repr(found)
    assert "s3cr3tkey" not in repr(found)


async def test_a_paused_endpoint_is_named() -> None:
    async with receiving() as receiver:
        found = await looked(f"http://127.0.0.1:{receiver.port}/sms", paused=True)
    assert (found.level, "is paused" in found.message) == ("warn", True)


@pytest.mark.needs("openssl")
async def test_a_certificate_that_nobody_vouches_for_does_not_hold(tmp_path: Path) -> None:
    async with receiving(certificate(tmp_path, 90)) as receiver:
        found = await looked(f"https://127.0.0.1:{receiver.port}/sms")
    assert (found.level, "its certificate does not hold: self" in found.message) == ("fail", True)


@pytest.mark.parametrize(
    ("days", "level", "words"), [(90, "ok", "certificate holds for 89 days"), (5, "warn", "ends in 4 days")]
)
@pytest.mark.needs("openssl")
async def test_says_when_a_certificate_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, level: str, words: str
) -> None:
    pem = certificate(tmp_path, days)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    async with receiving(pem) as receiver:
        found = await looked(f"https://127.0.0.1:{receiver.port}/sms")
    assert (found.level, words in found.message) == (level, True), found


async def test_says_when_no_tls_is_spoken_there() -> None:
    async def shout(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 400 what?\r\n\r\n")
        with suppress(OSError):
            await reader.read()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(shout, "127.0.0.1", 0)
    async with server:
        found = await looked(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/sms")
    assert (found.level, "does not speak TLS" in found.message) == ("fail", True), found
