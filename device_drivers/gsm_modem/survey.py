"""Examines a modem's port without opening it: existence, permissions, holders, competitors, USB mode."""

import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from bridge.model.finding import Finding
from device_drivers import _access
from device_drivers.gsm_modem import options, port_holders, ports, quirks, usb
from device_drivers.gsm_modem.options import Options

_ROOT = Path("/")
#: udev properties by which ModemManager leaves a device or a port alone
_IGNORED = re.compile(r"^E:ID_MM_(DEVICE|PORT)_IGNORE=1$", re.MULTILINE)


def survey(subject: str, chosen: Options, ours: Collection[int] = (), root: Path = _ROOT) -> Iterator[Finding]:
    """Findings about the port; `ours` are processes that may have it open."""
    if not chosen.port:
        there = ports.matching(chosen.candidates)
        if not there:
            yield Finding("fail", subject, "no serial port is there at all", "plug the modem in; lsusb shows what is")
            yield from _sticks(subject, root)
        return
    if not os.path.exists(chosen.port):
        yield from _missing(subject, chosen.port)
        yield from _sticks(subject, root)
        return
    if not ports.is_serial(chosen.port):
        remedy = "correct `port`; what is there: sms-bridge devices"
        yield Finding("fail", subject, f"{chosen.port} is no serial port", remedy)
        return
    yield from _barred(subject, chosen.port, bool(ours), root)
    yield from _held(subject, chosen.port, ours)
    yield from _wanted(subject, chosen.port, root)
    yield from _beside(subject, chosen.port, root)


def _missing(subject: str, port: str) -> Iterator[Finding]:
    there = ", ".join(ports.matching(options.CANDIDATES)) or "none"
    remedy = "plug it in, or correct `port`: sms-bridge devices"
    if port.startswith("/dev/sms/") and _access.rules_file() is None:
        remedy = f"the udev rules make these names, and are not installed: {_access.install_rules()}"
    if os.path.islink(port):
        yield Finding("fail", subject, f"{port} points to nothing: what it named is unplugged", remedy)
    else:
        yield Finding("fail", subject, f"there is no {port}; ports there: {there}", remedy)


def _barred(subject: str, port: str, running: bool, root: Path) -> Iterator[Finding]:
    """Permissions of the user running this, and of the service's; a bridge that is `running` may be another's."""
    file, barred = os.stat(port), False
    if not os.access(port, os.R_OK | os.W_OK):
        if running:
            return  # whoever may call the bridge need not be one who may open its ports
        barred = True
        words, remedy = _access.why_not(port, file, _access.ourselves(), root)
        yield Finding("fail", subject, f"no permission to open the port: {words}", remedy)
    service = _access.service()
    if service is not None and not _access.may_open(file, service):
        barred = True
        words, remedy = _access.why_not(port, file, service, root)
        yield Finding("fail", subject, f"the service may not open the port: {words}", remedy)
    if not barred:
        ids = ports.describe(port).ids
        yield Finding("ok", subject, f"port {port} is there and may be opened{f' (USB {ids})' if ids else ''}")


def _held(subject: str, port: str, ours: Collection[int]) -> Iterator[Finding]:
    for holder in port_holders.of_port(port, ours):
        yield Finding("fail", subject, f"{port} is in use by {holder.words}", holder.remedy)


# -- who else may want it -------------------------------------------------------------------------
def _wanted(subject: str, port: str, root: Path) -> Iterator[Finding]:
    described = ports.describe(port, root / "sys/class/tty")
    if port_holders.running(["ModemManager"]) and not ignored_by_modemmanager(port, root):
        words = f"ModemManager is running, and no udev rule keeps it off {port}: it may talk to this modem too"
        remedy = f"{_access.install_rules(root)}; or: sudo systemctl disable --now ModemManager"
        yield Finding("warn", subject, words, remedy)
    if rules := braille_rules(described, root):
        adapter = quirks.ADAPTERS.get(described.vendor_id, "serial")
        words = f"brltty takes {adapter} adapters ({described.ids}) for braille displays: {rules}"
        yield Finding("warn", subject, words, f"sudo apt remove brltty; or: sudo ln -s /dev/null {_masked_by(rules)}")


def _beside(subject: str, port: str, root: Path) -> Iterator[Finding]:
    """Other AT ports of the modem; some give no notifications."""
    sys_tty = root / "sys/class/tty"
    chosen = ports.describe(port, sys_tty)
    if not chosen.device:
        return
    others = [ports.describe(f"/dev/{name}", sys_tty) for name in _names(sys_tty)]
    ranked = sorted((each for each in others if each.device == chosen.device), key=lambda each: each.rank)
    if ranked and ranked[0].rank < chosen.rank:
        words = f"{port} is not the port that this modem gives its notifications at: SMS come in late, by polling"
        remedy = f"use the one that is {ranked[0].path} now, or leave `port` out and give the `imei`"
        yield Finding("warn", subject, words, remedy)


def _names(sys_tty: Path) -> list[str]:
    with suppress(OSError):
        return sorted(each.name for each in sys_tty.iterdir())
    return []


def ignored_by_modemmanager(port: str, root: Path = _ROOT) -> bool:
    """Whether udev's database tells ModemManager to ignore the port or its parent device."""
    device = root / "sys/class/tty" / Path(os.path.realpath(port)).name / "device"
    folders = [device.parent.resolve(), *_upwards(device)]
    return any(_IGNORED.search(_text(entry)) for folder in folders if (entry := _database_entry(folder, root)))


def _upwards(device: Path) -> list[Path]:
    found = device.resolve()
    return [found, *found.parents]


def _database_entry(folder: Path, root: Path) -> Path | None:
    """The udev database entry: of a character device by number, else by subsystem and name (/run/udev/data)."""
    if numbers := _text(folder / "dev").strip():
        return root / "run/udev/data" / f"c{numbers}"
    subsystem = folder / "subsystem"
    return root / "run/udev/data" / f"+{subsystem.resolve().name}:{folder.name}" if subsystem.exists() else None


def braille_rules(port: ports.UsbPort, root: Path = _ROOT) -> str:
    """The brltty rules that claim this adapter; "" without any or when disabled."""
    if not port.vendor_id:
        return ""
    product = f"{port.vendor_id.lstrip('0')}/{port.product_id.lstrip('0')}/"
    named = rf'idVendor\}}=="{port.vendor_id}", *ATTRS\{{idProduct\}}=="{port.product_id}"'
    for folder in _access.RULES_FOLDERS:
        for file in sorted((root / folder).glob("*brltty*.rules")):
            text = _text(_access.rules_file(file.name, root) or Path(os.devnull))
            if any(product in line or re.search(named, line) for line in _in_force(text)):
                return f"/{folder}/{file.name}"
    return ""


def _in_force(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _masked_by(rules: str) -> str:
    return f"/etc/udev/rules.d/{Path(rules).name}"


# -- sticks that are no modem (yet) ---------------------------------------------------------------
def _sticks(subject: str, root: Path) -> Iterator[Finding]:
    """Plugged-in sticks that show up as something else, in case one is this modem."""
    for device in ports.usb_devices(root / "sys/bus/usb/devices"):
        words = f"a stick is plugged in ({device.ids} {device.product}".rstrip()
        if remedy := usb.STORAGE_FIRST.get(device.ids):
            yield Finding("fail", subject, f"{words}) that shows up as storage and was not switched to a modem", remedy)
        elif remedy := usb.NETWORK_ONLY.get(device.ids):
            words = f"{words}) that shows up as a network card and has no port for SMS"
            yield Finding("fail", subject, words, remedy)


def _text(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(errors="replace")
    return ""
