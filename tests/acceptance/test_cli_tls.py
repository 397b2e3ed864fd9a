"""`serve` with a certificate, as an administrator meets it: start, commands, renewal, mistakes."""

import signal
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.acceptance.conftest import DEADLINE, SmsBridge, Start
from tests.support.certificates import Files, issue, openssl

pytestmark = pytest.mark.needs("openssl")

CONFIG = ("--config", "config.toml")
READY = "INFO bridge.daemon.run: ready at "


def configure(directory: Path, files: Files) -> None:
    (directory / "config.toml").write_text(
        f'[http]\nport = 0\ncertificate = "{files.certificate}"\nkey = "{files.key}"\n'
        f'[store]\nurl = "sqlite:///{directory}/sms.db"\n'
    )


def shown(url: str) -> str:
    """Serial number of the certificate."""
    parts = urlsplit(url)
    pem = ssl.get_server_certificate((str(parts.hostname), int(parts.port or 0)), timeout=DEADLINE)
    return openssl("x509", "-noout", "-serial", stdin=pem.encode()).strip().partition("=")[2].lstrip("0")


def test_renews_at_a_reload_and_keeps_what_works(tmp_path: Path, start: Start) -> None:
    files = issue(tmp_path / "tls", 1)
    configure(tmp_path, files)
    bridge = start("serve", *CONFIG, together=True)
    url = bridge.says(READY).removeprefix(READY)
    assert (url.startswith("https://"), shown(url)) == (True, "1")
    issue(tmp_path, 2).copy_to(files)
    bridge.process.send_signal(signal.SIGHUP)
    bridge.says(f"INFO bridge.host.tls: new certificate from {files.certificate}, good until ")
    assert shown(url) == "2"
    files.key.write_text("half a")
    bridge.process.send_signal(signal.SIGHUP)
    bridge.says("ERROR bridge.host.tls: the certificate is not renewed, the one before stays in use: http.key: ")
    assert shown(url) == "2"
    assert bridge.stop(signal.SIGTERM).code == 0


def test_commands_and_the_doctor_work(tmp_path: Path, start: Start, sms_bridge: SmsBridge) -> None:
    configure(tmp_path, issue(tmp_path / "tls", days=10))
    bridge = start("serve", *CONFIG, together=True)
    url = bridge.says(READY).removeprefix(READY)
    assert sms_bridge("send", "+15550100", "Hello", *CONFIG).out.startswith("queued: ")
    told = sms_bridge("doctor", *CONFIG)
    assert f"ok    bridge: answers at {url} " in told.out
    assert f"warn  certificate: what {url} shows is good until " in told.out
    assert bridge.stop(signal.SIGTERM).code == 0
    assert f"warn  certificate: {tmp_path}/tls/1-cert.pem is good until " in sms_bridge("check", *CONFIG).out


def test_says_in_one_line_what_is_wrong_with_the_certificate(tmp_path: Path, sms_bridge_process: SmsBridge) -> None:
    files = issue(tmp_path / "tls", password="secret")
    configure(tmp_path, files)
    done = sms_bridge_process("serve", *CONFIG)
    assert (done.code, done.out) == (2, "")
    assert f"\nsms-bridge: http.key: {files.key} is locked with a pass phrase" in f"\n{done.err}"
    assert f"FAIL  certificate: http.key: {files.key} is locked" in sms_bridge_process("check", *CONFIG).out
