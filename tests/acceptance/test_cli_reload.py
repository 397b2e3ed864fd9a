"""`reload` beside a running bridge, over real pseudo-terminals and files."""

import json
import signal
from pathlib import Path

import pytest

from tests.acceptance.conftest import Running, SmsBridge, Start
from tests.acceptance.test_cli_serve import CONFIG, READY

OFFICE = '[devices.office]\ndriver = "gsm_modem"\nport = "/dev/ttyNONE1"\n'
SHOP = '[devices.shop]\ndriver = "gsm_modem"\nport = "/dev/ttyNONE2"\n'


def configure(directory: Path, more: str = "", port: int = 0) -> None:
    (directory / "config.toml").write_text(
        f'[http]\nport = {port}\n[store]\nurl = "sqlite:///{directory}/sms.db"\n{more}'
    )


@pytest.fixture
def bridge(tmp_path: Path, start: Start) -> Running:
    configure(tmp_path, OFFICE)
    running = start("serve", *CONFIG, together=True)
    running.says(READY)
    return running


def lines(sms_bridge: SmsBridge) -> list[str]:
    found = json.loads(sms_bridge("devices", "--json", *CONFIG).out)
    return [line["name"] for line in found["lines"]]


def test_devices_and_limits_change_while_the_bridge_runs(
    bridge: Running, sms_bridge: SmsBridge, tmp_path: Path
) -> None:
    configure(tmp_path, "[sending]\nmax_parts = 1\n" + SHOP, port=18_080)
    done = sms_bridge("reload", *CONFIG)
    assert (done.code, done.out.splitlines()) == (
        0,
        [
            "In effect now:",
            "  sending.max_parts is 1 now, it was 255",
            "  devices.office is removed",
            "  devices.shop is added",
            "After a restart:",
            "  http.port is 18080 now, it was 0",
            "  → Ctrl-C, then sms-bridge serve --config config.toml",
        ],
    )
    assert lines(sms_bridge) == ["shop"]
    assert sms_bridge("send", "+15550100", "x" * 200, *CONFIG).code == 1
    assert sms_bridge("send", "+15550100", "x", "--line", "office", *CONFIG).code == 1


def test_a_mistake_changes_nothing(bridge: Running, sms_bridge: SmsBridge, tmp_path: Path) -> None:
    configure(tmp_path, SHOP + "prot = 1\n")
    done = sms_bridge("reload", *CONFIG)
    assert done.code == 1
    first, second = done.err.splitlines()
    assert first == "sms-bridge: nothing was changed, for the configuration has mistakes:"
    assert second.startswith("sms-bridge: config.toml: devices.shop.prot: gsm_modem has no such option")
    assert lines(sms_bridge) == ["office"]


def test_a_hangup_does_the_same_and_the_log_says_what(bridge: Running, sms_bridge: SmsBridge, tmp_path: Path) -> None:
    configure(tmp_path, OFFICE + '[log]\nlevel = "warning"\n', port=18_080)
    bridge.says("Nobody can sign in yet.")  # from here on it listens to the signal
    bridge.process.send_signal(signal.SIGHUP)
    bridge.says("WARNING bridge.daemon.reloading: needs a restart: http.port is 18080 now, it was 0")
    assert json.loads(sms_bridge("reload", "--json", *CONFIG).out) == {
        "applied": [],
        "needs_restart": ["http.port is 18080 now, it was 0"],
    }


def test_says_how_to_start_a_bridge_that_does_not_run(sms_bridge: SmsBridge, tmp_path: Path) -> None:
    configure(tmp_path)
    done = sms_bridge("reload", *CONFIG)
    assert (done.code, done.err) == (
        1,
        "sms-bridge: the bridge is not running; start it with: sms-bridge serve --config config.toml\n",
    )
