"""What README and docs say for one's own devices, typed beside a virtual modem or phone: docs/modem.md from the first
line to the first SMS, docs/phone.md, the alarms and loop-backs of docs/operating.md, docs/sites.md from `site add` to
an SMS by the site, and the move to another machine of docs/service.md.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.acceptance.conftest import SmsBridge, Start
from tests.acceptance.test_cli_site import wait_for
from tests.support.documents import ROOT, Block, blocks
from tests.support.phone_site import THEIRS, phone_site
from tests.support.ports import free_port
from tests.support.receivers import Receiver
from tests.support.smtp_site import PASSWORD, USER, authenticated, certificate, mail_server
from tests.support.typed import URL, shell, typed

pytestmark = [pytest.mark.needs("curl"), pytest.mark.timeout(300)]

READY = "INFO bridge.daemon.run: ready at "


def block_of(page: str, beginning: str) -> Block:
    """The only block of a page with this in it."""
    (found,) = [each for each in blocks() if each.page == page and beginning in each.text]
    return found


@pytest.fixture
def modem(start: Start, tmp_path: Path) -> Iterator[Path]:
    """The port of a modem."""
    network = start("sim", "network", "--data", str(tmp_path / "network"))
    network.says("port = ")
    yield tmp_path / "network" / "modem0"
    network.stop()


@pytest.fixture
def folder(tmp_path: Path, modem: Path) -> Path:
    """Where config.toml is as docs/modem.md has it, with the port of the modem that is there."""
    text = block_of("docs/modem.md", "[devices.office]").text
    made = tmp_path / "docs"
    made.mkdir()
    for written, here in {
        "/dev/ttyUSB2": str(modem),
        "port = 8080": f"port = {free_port()}",
        "///bridge.db": f"///{made}/bridge.db",
    }.items():
        assert written in text
        text = text.replace(written, here)
    (made / "config.toml").write_text(text)
    return made


def key_of(said: str) -> str:
    """The API key among what `account add` printed."""
    found = re.search(r"^  apikey +([0-9a-f]{48})$", said, re.MULTILINE)
    assert found is not None, said
    return found[1]


def serve(start: Start, config: Path) -> str:
    """Start the bridge of a configuration; where it answers."""
    start("serve", "--config", str(config), together=True).says(READY)
    return str(json.loads((config.parent / "control.json").read_text())["url"])


def test_the_first_hour_with_a_modem_is_as_written(
    start: Start, folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    at_home = shell(environment, tmp_path)
    first, rest = [each for each in blocks() if (each.page, each.kind) == ("docs/modem.md", "devices")]
    make, path, init = first.text.splitlines(keepends=True)
    # tests/machines/try-readme types these two
    assert (make.split()[:2], path.split()[0]) == (["make", "install"], "export")
    assert not typed([replace(first, text=init)], tmp_path / "empty", at_home)
    assert not typed([rest], folder, at_home)
    key = key_of((folder / "said").read_text())

    meant = {URL: serve(start, folder / "config.toml")}
    sms = block_of("docs/modem.md", "/sendsms")
    assert not typed([sms], folder, at_home | {"KEY": key}, meant)
    (same,) = re.findall(r"^`(sms-bridge send [^`]+ --wait)`", (ROOT / sms.page).read_text(), re.MULTILINE)
    assert not typed([replace(sms, text=same)], folder, at_home)


@pytest.mark.needs("adb", "mksh")
async def test_the_first_hour_with_a_phone_is_as_written(
    start: Start, environment: dict[str, str], tmp_path: Path
) -> None:
    block = block_of("docs/phone.md", "[devices.shop-phone]")
    home = tmp_path / "docs"
    home.mkdir()
    async with phone_site(tmp_path) as site:
        device = f"{block.text.replace('R58M12ABC', site.phone.address)}adb_port = {site.adb.port}\n"
        here = f'[http]\nport = 0\n[store]\nurl = "sqlite:///{home}/bridge.db"\n'
        (home / "config.toml").write_text(here + device)
        await asyncio.to_thread(serve, start, home / "config.toml")
        lines = f"sms-bridge send {THEIRS} Hello --line shop-phone --wait\nsms-bridge doctor\n"
        typing = replace(block, language="sh", text=lines)
        assert not await asyncio.to_thread(typed, [typing], home, shell(environment, tmp_path))


def test_alarms_and_loop_backs_are_listed_as_written(
    start: Start, folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    block = block_of("docs/operating.md", "loopback --history")
    trial, *others = block.text.splitlines(keepends=True)
    # typed below, with a mail server and a receiver
    assert trial.startswith("sms-bridge alarm test ")
    serve(start, folder / "config.toml")
    assert not typed([replace(block, text="".join(others))], folder, shell(environment, tmp_path))


@pytest.mark.needs("openssl")
async def test_a_trial_alarm_reaches_the_mail_server_and_the_webhook_as_written(
    environment: dict[str, str], tmp_path: Path
) -> None:
    settings, block = block_of("docs/operating.md", "[alarm]"), block_of("docs/operating.md", "alarm test")
    trial, *_ = block.text.splitlines(keepends=True)
    home = tmp_path / "docs"
    home.mkdir()
    (home / "smtp-password").write_text(PASSWORD)
    (home / "smtp-password").chmod(0o600)
    context, known = certificate(tmp_path)
    login = {"authenticator": authenticated, "auth_required": True, "tls_context": context, "require_starttls": True}
    async with Receiver() as receiver, mail_server(how=login) as server:
        text = settings.text
        for written, here in {
            "https://ops.example.com/hook": receiver.url,
            '"smtp.example.com"': f'"localhost"\nsmtp_port = {server.port}',
            'smtp_user = "me@example.com"': f'smtp_user = "{USER}"',
            "/etc/sms-bridge/smtp-password": str(home / "smtp-password"),
        }.items():
            assert written in text
            text = text.replace(written, here)
        (home / "config.toml").write_text(f'[store]\nurl = "sqlite:///{home}/bridge.db"\n{text}')
        at_home = shell(environment, tmp_path) | {"SSL_CERT_FILE": str(known)}
        assert not await asyncio.to_thread(typed, [replace(block, text=trial)], home, at_home)
        assert [mail.subject for mail in server.taken] == ["A trial alarm"]
        assert [heard.json["data"]["alarm"] for heard in receiver.heard] == ["trial"]


def test_a_raspberry_pi_s_device_is_added_and_sends_as_written(
    start: Start, folder: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    add, first = [each for each in blocks() if (each.page, each.kind) == ("docs/raspberry_pi.md", "devices")]
    *lines, restart = add.text.splitlines(keepends=True)
    # tests/machines/try-install restarts the service
    assert restart == "sudo systemctl restart sms-bridge\n"
    at_home = shell(environment, tmp_path)
    meant = {"/etc/sms-bridge/config.toml": str(folder / "config.toml")}
    assert not typed([replace(add, text="".join(lines))], folder, at_home, meant)
    assert "# No modem or phone is plugged in" in (folder / "config.toml").read_text()
    serve(start, folder / "config.toml")
    assert not typed([first], folder, at_home)


@pytest.mark.parametrize("how", ["--url", "--dial"])
def test_a_site_is_joined_as_written_and_sends(
    how: str, start: Start, folder: Path, environment: dict[str, str], sms_bridge_process: SmsBridge, tmp_path: Path
) -> None:
    at_home = shell(environment, tmp_path)
    hub = tmp_path / "hub"
    hub.mkdir()
    (hub / "config.toml").write_text(f'[http]\nport = {free_port()}\n[store]\nurl = "sqlite:///{hub}/bridge.db"\n')
    hub_url, site_url = serve(start, hub / "config.toml"), serve(start, folder / "config.toml")
    add, join = block_of("docs/sites.md", "site add"), block_of("docs/sites.md", f"join site1-… {how}")
    assert not typed([add], hub, at_home, {"https://hub.example": hub_url})
    code, *_ = re.findall(r"site1-\S+", (hub / "said").read_text().partition("\n")[2])
    assert not typed([join], folder, at_home, {"site1-…": code, "https://shop2.example:8443": site_url})
    # "appears at the hub within seconds"
    wait_for(lambda: "shop2:office" in sms_bridge_process("devices", "--config", str(hub / "config.toml")).out)
    sent = replace(add, text="sms-bridge send +15550150 Hello --line shop2:office --delivered\n")
    assert not typed([sent], hub, at_home)
    leave, remove = block_of("docs/sites.md", "sms-bridge leave"), block_of("docs/sites.md", "site remove")
    assert not typed([leave], folder, at_home)
    assert not typed([remove], hub, at_home)
    assert "[devices" not in (hub / "config.toml").read_text()


def test_a_bridge_moves_to_another_machine_as_written(environment: dict[str, str], tmp_path: Path) -> None:
    block = block_of("docs/service.md", "sms-bridge import bridge.export")
    stop, away, here = block.text.splitlines(keepends=True)
    # tests/machines/try-install stops the service
    assert stop.startswith("sudo systemctl stop ")
    at_home = shell(environment, tmp_path)
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.toml").write_text('[store]\nurl = "sqlite:///bridge.db"\n')
    before = replace(block, text="sms-bridge account add crm\n")
    assert not typed([before, replace(block, text=away)], tmp_path / "old", at_home)
    (tmp_path / "old" / "bridge.export").rename(tmp_path / "new" / "bridge.export")
    after = replace(block, text="sms-bridge account list\n")
    assert not typed([replace(block, text=here), after], tmp_path / "new", at_home)
