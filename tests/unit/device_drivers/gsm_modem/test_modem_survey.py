"""What this machine does to a modem's port: facts of sysfs, udev's database, rules and modes → lines of doctor."""

import errno
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.model.line import Line, LineState
from device_drivers import _access
from device_drivers.gsm_modem import checkup, port_holders, ports, survey
from device_drivers.gsm_modem.options import Options
from device_drivers.gsm_modem.port_holders import Holder
from tests.support.rights import anybody

READY = Line(
    "office",
    "office",
    "gsm_modem",
    LineState.READY,
    number="+15550101",
    model="E3372",
    imei="490154203237518",
    registration="home",
    operator="Virtual",
    signal_dbm=-73,
)


def tree(root: Path, ids: str = "1a86:7523", product: str = "USB Serial") -> str:
    """A USB device with one interface and a serial port; the port's name."""
    usb = root / "sys/devices/pci0/usb1/1-1"
    interface = usb / "1-1:1.0"
    port = interface / "ttyUSB0"
    (port / "tty/ttyUSB0").mkdir(parents=True)
    for name, content in zip(("idVendor", "idProduct", "product"), (*ids.split(":"), product), strict=True):
        (usb / name).write_text(f"{content}\n")
    (usb / "dev").write_text("189:5\n")
    (interface / "bInterfaceNumber").write_text("00\n")
    (port / "tty/ttyUSB0/dev").write_text("188:0\n")
    (port / "tty/ttyUSB0/device").symlink_to(port)
    listed = root / "sys/class/tty"
    listed.mkdir(parents=True)
    (listed / "ttyUSB0").symlink_to(port / "tty/ttyUSB0")
    devices = root / "sys/bus/usb/devices"
    devices.mkdir(parents=True)
    (devices / "1-1").symlink_to(usb)
    (root / "run/udev/data").mkdir(parents=True)
    return "/dev/ttyUSB0"


# -- ModemManager -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("entry", "line", "ignored"),
    [
        ("c189:5", "E:ID_MM_DEVICE_IGNORE=1", True),
        ("c188:0", "E:ID_MM_PORT_IGNORE=1", True),
        ("c188:0", "E:ID_MM_DEVICE_IGNORE=1", True),
        ("c189:5", "E:ID_MM_DEVICE_IGNORE=0", False),
        ("c189:6", "E:ID_MM_DEVICE_IGNORE=1", False),
    ],
)
def test_knows_by_udev_whether_modemmanager_leaves_a_port_alone(
    tmp_path: Path, entry: str, line: str, ignored: bool
) -> None:
    port = tree(tmp_path)
    assert not survey.ignored_by_modemmanager(port, tmp_path)
    (tmp_path / "run/udev/data" / entry).write_text(f"E:ID_VENDOR=x\n{line}\n")
    assert survey.ignored_by_modemmanager(port, tmp_path) is ignored


# -- brltty -------------------------------------------------------------------------------------
RULE = 'ENV{PRODUCT}=="1a86/7523/*", ATTRS{manufacturer}=="*", ENV{BRLTTY_BRAILLE_DRIVER}="bm", GOTO="brltty_usb_run"\n'


def described(root: Path) -> ports.UsbPort:
    return ports.describe("/dev/ttyUSB0", root / "sys/class/tty")


def test_finds_the_rule_by_which_brltty_takes_an_adapter(tmp_path: Path) -> None:
    tree(tmp_path)
    rules = tmp_path / "usr/lib/udev/rules.d/90-brltty-device.rules"
    rules.parent.mkdir(parents=True)
    rules.write_text(f"# braille\n{RULE}")
    assert survey.braille_rules(described(tmp_path), tmp_path) == "/usr/lib/udev/rules.d/90-brltty-device.rules"


@pytest.mark.parametrize("text", [f"#{RULE}", RULE.replace("1a86/7523", "403/de58")])
def test_a_rule_that_is_none_or_of_another_adapter_does_not_count(tmp_path: Path, text: str) -> None:
    tree(tmp_path)
    rules = tmp_path / "usr/lib/udev/rules.d/90-brltty-device.rules"
    rules.parent.mkdir(parents=True)
    rules.write_text(text)
    assert survey.braille_rules(described(tmp_path), tmp_path) == ""


def test_a_rule_that_was_switched_off_does_not_count(tmp_path: Path) -> None:
    tree(tmp_path)
    for folder in ("usr/lib/udev/rules.d", "etc/udev/rules.d"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "usr/lib/udev/rules.d/90-brltty-device.rules").write_text(RULE)
    (tmp_path / "etc/udev/rules.d/90-brltty-device.rules").symlink_to("/dev/null")
    assert survey.braille_rules(described(tmp_path), tmp_path) == ""


# -- sticks -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ids", "words", "remedy"),
    [
        ("12d1:1f01", "shows up as storage", "apt install usb-modeswitch"),
        ("12d1:14dc", "shows up as a network card", "HiLink"),
    ],
)
def test_says_what_a_stick_is_that_is_no_modem(tmp_path: Path, ids: str, words: str, remedy: str) -> None:
    tree(tmp_path, ids, "HUAWEI Mobile")
    found = list(survey.survey("devices.office", Options(port="/dev/sms/office"), root=tmp_path))
    missing, stick = found
    assert (missing.level, stick.level) == ("fail", "fail")
    assert words in stick.message
    assert f"({ids} HUAWEI Mobile)" in stick.message
    assert remedy in stick.remedy


def test_a_stable_name_wants_its_rules(tmp_path: Path) -> None:
    (found,) = survey.survey("devices.office", Options(port="/dev/sms/office"), root=tmp_path)
    assert found.message.startswith("there is no /dev/sms/office; ports there: ")
    assert "udev" in found.remedy


def test_a_name_that_points_to_nothing_was_unplugged(tmp_path: Path) -> None:
    (tmp_path / "office").symlink_to(tmp_path / "gone")
    (found,) = survey.survey("devices.office", Options(port=str(tmp_path / "office")), root=tmp_path)
    assert found.message.endswith("points to nothing: what it named is unplugged")


# -- who may open it ----------------------------------------------------------------------------
def file(mode: int, uid: int = 0, gid: int = 20) -> os.stat_result:
    return os.stat_result((0o020000 | mode, 0, 0, 1, uid, gid, 0, 0, 0, 0))


ALICE = _access.User("alice", 1000, frozenset({1000}), frozenset({1000}))


@pytest.mark.parametrize(
    ("mode", "uid", "groups", "may"),
    [
        (0o660, 0, {20}, True),
        (0o660, 0, {21}, False),
        (0o640, 0, {20}, False),
        (0o666, 0, {21}, True),
        (0o600, 1000, {21}, True),
        (0o066, 1000, {20}, False),
    ],
)
def test_knows_who_may_open_a_file(mode: int, uid: int, groups: set[int], may: bool) -> None:
    assert _access.may_open(file(mode, uid), replace(ALICE, groups=frozenset(groups))) is may
    assert _access.may_open(file(mode, uid), replace(ALICE, uid=0))


def test_says_which_group_is_missing(tmp_path: Path) -> None:
    words, remedy = _access.why_not("/dev/ttyUSB0", file(0o660), ALICE, tmp_path)
    assert words == "/dev/ttyUSB0 is for the group dialout, which alice is not in"
    assert remedy == "sudo usermod -aG dialout alice, then log out and in again"
    _, remedy = _access.why_not("/dev/ttyUSB0", file(0o660), replace(ALICE, is_service=True), tmp_path)
    assert remedy.endswith("then sudo systemctl restart sms-bridge")


def test_says_when_only_a_new_login_is_missing(tmp_path: Path) -> None:
    words, remedy = _access.why_not("/dev/ttyUSB0", file(0o660), replace(ALICE, listed=frozenset({20})), tmp_path)
    assert words == "alice was added to the group dialout of /dev/ttyUSB0 after logging in"
    assert "newgrp dialout" in remedy


def test_says_when_no_group_may_open_it(tmp_path: Path) -> None:
    words, remedy = _access.why_not("/dev/ttyUSB0", file(0o600), ALICE, tmp_path)
    assert words == "/dev/ttyUSB0 is for its owner alone (crw------- root:dialout)"
    install, _, reload = remedy.partition(" /etc/udev/rules.d/ && ")
    assert install.startswith("sudo install -m 644 ")
    assert Path(install.split()[-1]).name == "60-sms-bridge.rules"
    assert Path(install.split()[-1]).exists()
    assert reload.startswith("sudo udevadm control --reload")
    installed = tmp_path / "usr/lib/udev/rules.d" / _access.RULES
    installed.parent.mkdir(parents=True)
    installed.write_text("# rules\n")
    _, remedy = _access.why_not("/dev/ttyUSB0", file(0o660, gid=0), ALICE, tmp_path)
    assert remedy.startswith("sudo udevadm control --reload")


# -- what the modem says ------------------------------------------------------------------------
def said(line: Line) -> list[tuple[str, str, str]]:
    return [(each.level, each.message, each.remedy) for each in checkup.of_line("devices.office", line)]


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (-51, "signal -51 dBm, very good"),
        (-75, "signal -75 dBm, very good"),
        (-85, "signal -85 dBm, good"),
        (-95, "signal -95 dBm, fair"),
        (-105, "signal -105 dBm, poor, and enough"),
        (-107, "the signal is weak: -107 dBm, so messages will fail now and then"),
        (None, "the signal level is not known"),
    ],
)
def test_puts_the_signal_into_words(level: int | None, words: str) -> None:
    found = said(replace(READY, signal_dbm=level))[-1]
    assert found[1] == words
    assert found[0] == ("ok" if found[1].startswith("signal") else "warn")


@pytest.mark.parametrize(
    ("registration", "state", "level", "remedy"),
    [
        ("home", LineState.READY, "ok", ""),
        ("roaming", LineState.READY, "warn", "local operator"),
        ("searching", LineState.OUT_OF_SERVICE, "fail", "move the antenna"),
        ("denied", LineState.OUT_OF_SERVICE, "fail", "ask the operator"),
        ("none", LineState.OUT_OF_SERVICE, "fail", "SIM in a phone"),
    ],
)
def test_says_what_to_do_about_the_registration(registration: str, state: LineState, level: str, remedy: str) -> None:
    reason = "" if state is LineState.READY else "It is not registered."
    found = said(replace(READY, registration=registration, state=state, reason=reason))[2]
    assert found[0] == level
    assert remedy in found[2]


@pytest.mark.parametrize(
    ("used", "level", "words"),
    [(0, "ok", ""), (39, "ok", ""), (40, "warn", "nearly full"), (50, "warn", "nothing more can be received")],
)
def test_a_memory_is_watched_before_it_is_full(used: int, level: str, words: str) -> None:
    found = checkup.memory("devices.office", "SM", used, 50)
    assert (found.level, words in found.message) == (level, True)


def test_a_modem_without_a_count_of_its_memory_is_fine() -> None:
    assert checkup.memory("devices.office", "SM", 0, 0).level == "ok"


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        ("The SIM wants its PIN: set `pin` for this device, or switch the PIN off.", "set pin ="),
        ("The SIM refused the PIN. 2 tries are left, and after that the SIM wants its PUK.", "right PIN once"),
        ("The SIM refused the PIN. no try is left: the SIM wants its PUK now; enter it in a phone", "enter its PUK"),
        ("The SIM wants its PIN and has one try left before it wants its PUK, so it was not tried.", "right PIN once"),
        ("The SIM is blocked and wants its SIM PUK: enter it in a phone; it is not tried here.", "enter its PUK"),
        ("The modem cannot use its SIM: +CME ERROR: 10 (SIM not inserted); put a SIM in", "put a SIM in"),
        ("The modem cannot use its SIM: +CME ERROR: 13 (SIM failure)", "try the SIM in a phone"),
    ],
)
def test_leads_from_what_a_sim_wants_to_what_a_person_does(reason: str, remedy: str) -> None:
    assert remedy in checkup.sim_remedy(reason)


# -- several ports of one modem --------------------------------------------------------------------
@pytest.mark.parametrize(("port", "others"), [("ttyUSB0", ["ttyUSB2"]), ("ttyUSB2", [])])
def test_says_which_of_a_modems_ports_gives_notifications(port: str, others: list[str], tmp_path: Path) -> None:
    """Quectel's EC25: interface 02 does, 00 does not."""
    tree(tmp_path, "2c7c:0125", "EC25")
    interface = tmp_path / "sys/devices/pci0/usb1/1-1/1-1:1.2"
    (interface / "ttyUSB2").mkdir(parents=True)
    (interface / "bInterfaceNumber").write_text("02\n")
    (tmp_path / "sys/class/tty/ttyUSB2").mkdir()
    (tmp_path / "sys/class/tty/ttyUSB2/device").symlink_to(interface / "ttyUSB2")
    found = list(survey._beside("devices.office", f"/dev/{port}", tmp_path))
    assert [name for name in ("ttyUSB0", "ttyUSB2") for finding in found if name in finding.remedy] == others


def test_another_bridge_is_not_killed() -> None:
    remedy = Holder(4711, "sms-bridge").remedy
    assert "kill" not in remedy
    assert remedy.startswith("it is another bridge")
    assert Holder(4711, "sms-bridge", "sms-bridge.service").remedy == "sudo systemctl stop sms-bridge.service"


def test_a_bridge_that_was_started_as_a_module_is_a_bridge() -> None:
    command = [sys.executable, "-m", "bridge", "sim", "network", "--data", "/nowhere/at/all"]
    with subprocess.Popen(["sh", "-c", 'read _; exec "$@"', "sh", *command], stdin=subprocess.PIPE) as process:
        try:
            folder = Path(f"/proc/{process.pid}")
            while not (folder / "cmdline").read_bytes().startswith(b"sh\0"):  # as long as it is not executed yet
                assert process.poll() is None
            assert port_holders._holder(process.pid).name == "sh"
            assert process.stdin is not None
            process.stdin.write(b"\n")
            process.stdin.flush()
            while b"bridge" not in (folder / "cmdline").read_bytes().split(b"\0")[:3]:
                assert process.poll() is None
            assert port_holders._holder(process.pid).name == "sms-bridge"
        finally:
            process.kill()


def test_a_program_of_ones_own_is_ended_without_sudo() -> None:
    assert Holder(os.getpid(), "minicom").remedy == f"end it: kill {os.getpid()}"
    assert Holder(2**22 + 1, "minicom").remedy == f"end it: sudo kill {2**22 + 1}"


def test_what_a_running_bridge_has_in_hand_need_not_be_open_to_whoever_asks() -> None:
    # outside of pytest's folder, which is for its user alone
    with tempfile.NamedTemporaryFile() as port:
        os.chmod(port.name, 0o000)
        with anybody():
            asked = [list(survey._barred("x", port.name, running, Path("/nowhere"))) for running in (False, True)]
    assert [[found.level for found in each] for each in asked] == [["fail"], []]


def test_knows_a_serial_port_without_opening_it(tmp_path: Path) -> None:
    master, slave = os.openpty()
    try:
        assert ports.is_serial(os.ttyname(slave))
    finally:
        os.close(master)
        os.close(slave)
    assert not ports.is_serial("/dev/null")
    (tmp_path / "file").write_text("")
    assert not ports.is_serial(str(tmp_path / "file"))
    assert "is no serial port" in ports.why_not_open(str(tmp_path), OSError(errno.EISDIR, "Is a directory"))
