"""The machine's authorities are read with the first connection that needs them, and trusted as ever."""

import os
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from bridge import authorities
from bridge.http_answers import BoundedConnector
from tests.support.certificates import Files, authority, issue

pytestmark = pytest.mark.needs("openssl")


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    """The only authority that this machine knows."""
    made = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.certificate))
    authorities.trusted.cache_clear()
    yield made
    authorities.trusted.cache_clear()


def test_what_is_read_is_what_the_machine_trusts(ours: Files) -> None:
    trusted = authorities.trusted()
    assert [each["serialNumber"] for each in trusted.get_ca_certs()]
    assert (trusted.verify_mode, trusted.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert authorities.trusted() is trusted


@pytest.mark.parametrize("said", ["", "/somewhere"])
def test_nothing_is_read_meanwhile_and_everything_is_afterwards(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    if said:
        monkeypatch.setenv("SSL_CERT_FILE", said)
    else:
        monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with authorities.unread():
        assert ssl.create_default_context().get_ca_certs() == []
    assert os.environ.get("SSL_CERT_FILE", "") == said


def test_a_failed_import_leaves_the_environment_as_it_was(ours: Files) -> None:
    with pytest.raises(ImportError), authorities.unread():
        raise ImportError
    assert os.environ["SSL_CERT_FILE"] == str(ours.certificate)


async def answer(files: Files, **how: ssl.SSLContext) -> str:
    """What a client of ours has from a server with this certificate."""
    from aiohttp import web

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)

    async def serve(_: web.BaseRequest) -> web.Response:
        return web.Response(text="well")

    runner = web.ServerRunner(web.Server(serve))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    (_, port) = runner.addresses[0]
    try:
        async with aiohttp.ClientSession(connector=BoundedConnector(**how)) as http:
            return await (await http.get(f"https://localhost:{port}/")).text()
    except aiohttp.ClientConnectorCertificateError as error:
        return str(error.certificate_error)
    finally:
        await runner.cleanup()


async def test_a_server_is_trusted_for_whom_they_vouch(ours: Files, tmp_path: Path) -> None:
    assert await answer(issue(tmp_path / "good", name="localhost", authority=ours)) == "well"
    assert "verify failed" in await answer(issue(tmp_path / "self", name="localhost"))
    assert "Hostname mismatch" in await answer(issue(tmp_path / "other", name="other.example", authority=ours))


async def test_others_that_are_named_go_before(ours: Files, tmp_path: Path) -> None:
    another = authority(tmp_path / "another")
    theirs = issue(tmp_path / "theirs", name="localhost", authority=another)
    assert "verify failed" in await answer(theirs)
    assert await answer(theirs, ssl=ssl.create_default_context(cafile=another.certificate)) == "well"


async def test_they_are_read_once_and_not_on_the_event_loop(
    ours: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers, read = list[threading.Thread](), ssl.SSLContext.set_default_verify_paths

    def noted(context: ssl.SSLContext) -> None:
        readers.append(threading.current_thread())
        read(context)

    monkeypatch.setattr(ssl.SSLContext, "set_default_verify_paths", noted)
    files = issue(tmp_path / "good", name="localhost", authority=ours)
    assert [await answer(files), await answer(files)] == ["well", "well"]
    assert len(readers) == 1
    assert threading.main_thread() not in readers
