"""A modem that hangs is made to answer again in stages, while the other lines go on."""

import json
import logging
import os
import sys
from pathlib import Path

import pytest

from bridge.errors import DeviceLost
from bridge.model.line import LineState
from bridge.model.message import State
from device_drivers.gsm_modem import remedies
from device_drivers.gsm_modem.ports import UsbPort
from device_drivers.gsm_modem.recovery import Recovery, Stage
from device_drivers.virtual.world import World
from tests.support.modem_site import modem_site
from tests.support.running import config, running
from tests.support.waiting import until

#: seconds: silence is noticed soon
IMPATIENT = {"command_timeout": 0.2, "watchdog": 0.3}
SECRET = "31415926"


async def test_asks_again_then_restarts_it_and_begins_with_the_first_stage_the_next_time() -> None:
    async with modem_site() as site:
        site.modem.faults.restarts_while_hung = True
        for _ in range(2):
            site.recovering.clear()
            await site.open(**IMPATIENT)
            site.modem.hang()
            with pytest.raises(DeviceLost, match="does not answer any more"):
                await site.take()
            assert site.recovering[:2] == ["probe", "resync"]
            site.modem.unhang()


async def test_a_hung_modem_that_obeys_the_restart_is_back(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with modem_site() as site:
        site.modem.faults.restarts_while_hung = True
        await site.open(**IMPATIENT)
        site.modem.hang()
        with pytest.raises(DeviceLost, match="told to restart"):
            await site.take()
        await until(lambda: not site.modem.state.terminal.hung)
        await site.open()
        assert site.link.lines[0].state is LineState.READY
        assert site.recovering == ["probe", "resync", "restart"]
        assert sum("told to restart" in each.message for each in caplog.records) == 1
        assert sum("answers again" in each.message for each in caplog.records) == 1


async def test_a_modem_that_only_hesitates_is_not_restarted() -> None:
    async with modem_site() as site:
        await site.open(**IMPATIENT)
        site.modem.hang()
        await until(lambda: "probe" in site.recovering)
        site.modem.unhang()
        assert (await site.send(report=False)).reference == 0
        assert "restart" not in site.recovering


async def test_stages_are_counted_by_the_bridge_that_has_the_modem_now() -> None:
    async with modem_site() as site:
        await site.open(**IMPATIENT)
        before, site.recovering = site.recovering, []
        await site.open()
        site.modem.hang()
        await until(lambda: "probe" in site.recovering)
        assert before == []


async def test_nothing_is_done_to_a_port_at_which_no_modem_ever_answered(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    async with modem_site() as site:
        site.modem.hang()
        for _ in range(4):
            with pytest.raises(DeviceLost, match="nothing on"):
                await site.open(**IMPATIENT, recovery_command=["/bin/touch", str(mark)])
        assert (site.recovering, mark.exists()) == ([], False)


async def test_a_modem_that_was_unplugged_is_not_recovered() -> None:
    async with modem_site() as site:
        await site.open(recovery_command=["/bin/true"], **IMPATIENT)
        site.modem.unplug()
        for _ in range(5):
            with pytest.raises(DeviceLost):
                await site.open()
        assert site.recovering == []


async def test_the_configured_command_comes_last_and_the_other_lines_go_on(tmp_path: Path) -> None:
    async with World(tmp_path / "world", modems=2) as world:
        hung, other = world.modems
        ask = json.dumps({"command": "unhang", "modem": hung.number})
        script = (
            "import os, socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
            f"s.sendall(b'{ask}\\n'); s.recv(999); print('power cycled', os.environ['SMS_DEVICE'])"
        )
        command = [sys.executable, "-c", script, str(world.control.path)]
        devices = {
            "line0": {"port": hung.port, **IMPATIENT, "recovery_command": command},
            "line1": {"port": other.port},
        }
        async with running(config(tmp_path, devices)) as bridge:

            async def both_ready() -> bool:
                return all(line.state is LineState.READY for line in bridge.gateway.lines())

            await until(both_ready)
            hung.hang()

            async def away() -> bool:
                return bridge.gateway.lines()[0].state is LineState.ABSENT

            await until(away)
            await bridge.send("+15550150", "meanwhile")
            await bridge.settled(State.DELIVERED)
            assert await away()
            # looked for after 1, 2, 4 and 8 s, and after 16 where the machine stood still meanwhile
            await until(both_ready, 90.0)
            async with bridge.http.get(f"{bridge.url}/metrics") as answer:
                told = await answer.text()
            for stage in ("probe", "resync", "restart", "reopen", "command"):
                assert f'sms_bridge_device_recoveries_total{{device="line0",stage="{stage}"}}' in told
            assert 'sms_bridge_device_recoveries_total{device="line1"' not in told


# -- the command ----------------------------------------------------------------------------------
async def test_says_what_the_command_said_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    script = f"import os; print('port', os.environ['SMS_PORT'], 'pin', {SECRET}); raise SystemExit(3)"
    port = UsbPort("/dev/ttyUSB2", device="/sys/devices/usb1/1-1.4")
    assert not await remedies.run_command([sys.executable, "-c", script], "office", port, [SECRET])
    (record,) = caplog.records
    assert record.message == "office: recovery_command ended with 3: port /dev/ttyUSB2 pin ****"
    assert record.levelno == logging.ERROR


async def test_a_command_does_not_get_the_environment_with_its_secrets(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setenv("SMS_BRIDGE_SMTP_PASSWORD", SECRET)
    port = UsbPort("/dev/ttyUSB2", device="/sys/devices/usb1/1-1.4")
    assert await remedies.run_command(["/usr/bin/env"], "office", port)
    assert "SMS_USB=1-1.4" in caplog.text
    assert SECRET not in caplog.text


async def test_a_command_that_does_not_end_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    numbers = tmp_path / "pids"
    script = (
        "import os, subprocess, sys; child = subprocess.Popen(['sleep', '60']);"
        f"open({str(numbers)!r}, 'w').write(str(child.pid)); child.wait()"
    )
    assert not await remedies.run_command(
        [sys.executable, "-c", script], "office", UsbPort("/dev/ttyUSB2"), timeout=2.0
    )
    child = int(numbers.read_text())
    await until(lambda: not Path(f"/proc/{child}").exists() or " Z " in Path(f"/proc/{child}/stat").read_text())


async def test_a_command_that_is_not_there_is_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    assert not await remedies.run_command(["/nowhere/uhubctl"], "office", UsbPort("/dev/ttyUSB2"))
    assert "could not be started" in caplog.text


# -- USB ------------------------------------------------------------------------------------------
def test_says_why_usb_was_not_reset(tmp_path: Path) -> None:
    assert remedies.reset_usb(UsbPort("/dev/pts/3")) == "it is not a USB device"
    device = tmp_path / "1-1.4"
    device.mkdir()
    port = UsbPort("/dev/ttyUSB2", device=str(device))
    assert "cannot be opened" in remedies.reset_usb(port, tmp_path)
    (device / "busnum").write_text("1\n")
    (device / "devnum").write_text("12\n")
    (tmp_path / "001").mkdir()
    (tmp_path / "001/012").touch()
    assert "the kernel did not reset it" in remedies.reset_usb(port, tmp_path)  # a file, not a node of usbfs
    (tmp_path / "001/012").unlink()
    os.mkfifo(tmp_path / "001/013")
    assert "cannot be opened" in remedies.reset_usb(port, tmp_path)


# -- how often ------------------------------------------------------------------------------------
def test_stages_follow_one_another_and_rest_longer_each_time() -> None:
    now, taken = [100.0], list[str]()
    recovery = Recovery("office", taken.append, lambda: now[0])
    recovery.take(Stage.RESTART)
    steps = [recovery.failed_to_open(silent=True) for _ in range(2)]
    assert steps == [None, Stage.USB_RESET]
    recovery.take(Stage.USB_RESET)
    assert recovery.failed_to_open(silent=True) is Stage.COMMAND
    recovery.take(Stage.COMMAND)
    assert [recovery.failed_to_open(silent=True) for _ in range(20)] == [None] * 20
    now[0] += 61.0
    assert recovery.failed_to_open(silent=True) is Stage.USB_RESET
    recovery.take(Stage.USB_RESET)
    assert recovery.failed_to_open(silent=True) is Stage.COMMAND
    recovery.take(Stage.COMMAND)
    now[0] += 61.0  # the second rest is twice as long
    assert recovery.failed_to_open(silent=True) is None
    assert not recovery.may(Stage.COMMAND)
    now[0] += 60.0
    assert recovery.may(Stage.COMMAND)


def test_one_that_answers_begins_anew_but_is_not_restarted_without_end() -> None:
    now = [100.0]
    recovery = Recovery("office", lambda _: None, lambda: now[0])
    recovery.take(Stage.RESTART)
    recovery.answered()
    assert recovery.failed_to_open(silent=False) is None
    assert not recovery.may(Stage.RESTART)
    now[0] += 31.0
    assert recovery.may(Stage.RESTART)
