"""The driver for stock Android phones with USB debugging: nothing is installed on them, no root, no cloud."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from bridge.errors import DeviceLost, Refusal, SendRefused
from bridge.model.finding import Finding
from bridge.ports.driver import Device, Found
from device_drivers.android_adb import conditions, examination, options, probe, server
from device_drivers.android_adb.conditions import Condition, Stops
from device_drivers.android_adb.link import PhoneLink
from device_drivers.android_adb.options import OPTIONS, Options
from device_drivers.android_adb.sending import Clock
from device_drivers.android_adb.server import Server
from device_drivers.android_adb.shell import ONLINE, Shell

#: a serial that is a place on the network
_ADDRESS = re.compile(r"(?:[\w.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}")


class AndroidAdbDriver:
    """Obeys `bridge.ports.Driver` and `Surveying`."""

    name = "android_adb"
    options: Mapping[str, tuple[type, str]] = OPTIONS

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()

    def validate(self, device: Device) -> Sequence[str]:
        """What is wrong with the options."""
        return options.problems(device.options)

    async def open(self, device: Device) -> PhoneLink:
        """Find the phone, ask what it is and may, and listen. Raises DeviceLost, SendRefused(LINE)."""
        chosen = Options.of(device.options)
        found = Shell(Server(chosen.adb_host, chosen.adb_port), await self._serial(chosen), chosen.command_timeout)
        try:
            return await self._start(device, chosen, found)
        except BaseException:
            found.close()
            raise

    async def _start(self, device: Device, chosen: Options, found: Shell) -> PhoneLink:
        phone = await probe.phone(found)
        _insist(conditions.of_phone(phone))
        messaging = await probe.messaging(found, phone.sdk, chosen.allow_unknown_sdk)
        _insist(conditions.of_messaging(phone, messaging, chosen.allow_unknown_sdk))
        link = PhoneLink(device, chosen, found, phone, messaging, self._clock)
        try:
            await link.start()
        except BaseException:
            await link.close()
            raise
        return link

    async def _serial(self, chosen: Options) -> str:
        """The phone that is meant, ready for commands."""
        host = Server(chosen.adb_host, chosen.adb_port)
        seen = await server.states(host)
        serial = chosen.serial or _only(seen)
        if seen.get(serial) != ONLINE and _ADDRESS.fullmatch(serial):
            await server.connect(host, serial)
            seen = await server.states(host)
        if condition := conditions.of_state(seen.get(serial, "absent")):
            raise condition.error
        return serial

    async def discover(self) -> Sequence[Found]:
        """Phones that adb sees, with what it says of them."""
        if not await server.is_worthwhile(Server()):
            return []
        try:
            seen, models = await server.states(Server()), await server.models(Server())
        except DeviceLost:
            return []
        described = {serial: _words(state, models.get(serial, "")) for serial, state in seen.items()}
        return [Found(self.name, {"serial": serial}, words) for serial, words in described.items()]

    async def examine(self, device: Device) -> Sequence[Finding]:
        """The adb server, the phone's state, permissions, SIMs, network, battery."""
        return await examination.examine(self, device)

    async def survey(self, device: Device, ours: Collection[int] = ()) -> Sequence[Finding]:
        """The adb server, its key and what it says of the phone, which is not touched."""
        return await examination.look(device)


def _insist(found: Iterable[Condition]) -> None:
    for condition in found:
        if condition.stops in {Stops.DEVICE, Stops.LINE}:
            raise condition.error


def _only(seen: Mapping[str, str]) -> str:
    if not seen:
        raise DeviceLost("adb sees no phone: plug it in with a cable that carries data, and switch USB debugging on")
    if len(seen) > 1:
        raise SendRefused(f"adb sees several phones: set serial to one of {', '.join(sorted(seen))}", Refusal.LINE)
    return next(iter(seen))


def _words(state: str, model: str) -> str:
    condition = conditions.of_state(state)
    name = model.replace("_", " ") or "Android phone"
    return f"{name}: {condition.sentence}" if condition else name


DRIVER = AndroidAdbDriver()
