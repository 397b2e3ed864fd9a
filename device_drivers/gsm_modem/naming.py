"""`sms-bridge devices --rule NAME`: a stable name in /dev/sms for a plugged-in port."""

import os
import subprocess
from collections.abc import Sequence

from bridge.dataclass import dataclass
from bridge.errors import BadRequest
from device_drivers.gsm_modem import options, ports, rules
from device_drivers.gsm_modem.ports import UsbPort

#: ranks of ports of modems, and of adapters that there may be one behind
_MODEM, _ADAPTER = 0, 8


@dataclass(frozen=True, slots=True)
class Named:
    """A rule that names a port."""

    rule: str
    #: what is behind the port, in words
    what: str
    #: whether it is the USB socket that is named, as the device has no serial number of its own
    socket: bool


def name(name: str, path: str = "") -> Named:
    """The rule that makes `/dev/sms/name` for a port, by default for the only modem.

    Raises BadRequest for an invalid name, for no or several possible ports, or udev does not know it.
    """
    if not rules.NAME.match(name):
        raise BadRequest(
            f"{name!r} cannot be a name in /dev/sms: letters, digits, '.', '_' and '-' can, and names that begin with "
            "usb- are taken by the rules"
        )
    plugged = [ports.describe(each) for each in ports.matching(options.CANDIDATES)]
    chosen = _chosen(plugged, path)
    if not chosen.ids:
        raise BadRequest(f"{chosen.path} is not on USB: its name stays as it is, no rule is needed")
    known = _properties(chosen.path)
    # what another device shows too is no serial number, whatever it looks like
    twins = [each for each in plugged if (each.ids, each.interface) == (chosen.ids, chosen.interface)]
    serial = known.get("ID_SERIAL_SHORT", "")
    if sum(_properties(each.path).get("ID_SERIAL_SHORT") == serial for each in twins) > 1:
        known = {key: value for key, value in known.items() if key != "ID_SERIAL_SHORT"}
    try:
        return Named(rules.name_rule(name, known), chosen.words, not rules.has_serial(known.get("ID_SERIAL_SHORT", "")))
    except KeyError as missing:
        raise BadRequest(
            f"udev does not know {missing.args[0]} of {chosen.path}: is it running here? (in a container it is not)"
        ) from missing


def _chosen(plugged: Sequence[UsbPort], path: str) -> UsbPort:
    if path:
        if not os.path.exists(path):
            raise BadRequest(f"there is no {path}; ports there: {_listed(plugged)}")
        return ports.describe(path)
    for rank in (_MODEM, _ADAPTER):
        meant = [port for port in plugged if port.rank == rank]
        if len(meant) == 1:
            return meant[0]
        if meant:
            raise BadRequest(f"there are {len(meant)}; choose one with --port: {_listed(meant)}")
    if not plugged:
        raise BadRequest("no modem is plugged in: plug it in, or say where it is, such as --port /dev/ttyUSB0")
    raise BadRequest(f"no modem is plugged in that we know; choose one with --port: {_listed(plugged)}")


def _listed(plugged: Sequence[UsbPort]) -> str:
    return "; ".join(f"{port.path}{f' ({port.words})' if port.words else ''}" for port in plugged) or "none"


def _properties(path: str) -> dict[str, str]:
    """udev's properties of a port; {} without udev."""
    command = ["udevadm", "info", "--query=property", f"--name={os.path.realpath(path)}"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False).stdout  # noqa: S603 - no shell
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
