"""The driver for stock Android phones with USB debugging."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from bridge.errors import DeviceLost, Refusal, SendRefused
from bridge.model.finding import Finding
from bridge.ports.driver import Device, Found, Memory
from device_drivers.android_adb import conditions, identity, options, probe, search, server
from device_drivers.android_adb.clocks import Clock
from device_drivers.android_adb.conditions import Condition, Stops
from device_drivers.android_adb.link import PhoneLink
from device_drivers.android_adb.options import OPTIONS, Options
from device_drivers.android_adb.server import Server
from device_drivers.android_adb.shell import ONLINE, Shell


class AndroidAdbDriver:
    """Implements `bridge.ports.Driver` and `Surveying`."""

    name = "android_adb"
    options: Mapping[str, tuple[type, str]] = OPTIONS

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or Clock()

    def validate(self, device: Device) -> Sequence[str]:
        """Problems of the options."""
        return options.problems(device.options)

    async def open(self, device: Device) -> PhoneLink:
        """Find and probe the phone, and start listening. Raises DeviceLost, SendRefused(LINE)."""
        chosen = Options.of(device.options)
        name = await self._serial(chosen, device.memory)
        found = Shell(Server(chosen.adb_host, chosen.adb_port), name, chosen.command_timeout)
        try:
            return await self._start(device, chosen, found)
        except BaseException:
            found.close()
            raise

    async def _start(self, device: Device, chosen: Options, found: Shell) -> PhoneLink:
        phone = await probe.phone(found)
        _insist(conditions.of_phone(phone))
        messaging = await probe.messaging(found, phone, chosen.allow_unknown_sdk)
        _insist(conditions.of_messaging(phone, messaging, chosen.allow_unknown_sdk))
        hardware = identity.hardware(phone)
        shared = await device.memory_of(hardware) if device.memory_of and hardware else None
        link = PhoneLink(device, chosen, found, phone, messaging, self._clock, shared)
        try:
            await link.start()
        except BaseException:
            await link.close()
            raise
        return link

    async def _serial(self, chosen: Options, memory: Memory) -> str:
        """The adb serial of the configured phone once it takes commands. Raises DeviceLost, SendRefused(LINE)."""
        host = Server(chosen.adb_host, chosen.adb_port)
        seen = await server.states(host)
        wanted = chosen.serial or await self._only(host, seen, memory)
        if conditions.is_address(wanted) and seen.get(wanted) != ONLINE:
            seen = await _connected(host, wanted, seen)
        if seen.get(wanted) == ONLINE:
            return wanted
        # adb knows a phone on the network by an address, which changes; the phone is known by its own serial
        own = identity.last_seen(memory) if conditions.is_address(wanted) else wanted
        if found := await search.by_own_serial(host, seen, own):
            return found
        condition = conditions.of_state(seen.get(wanted, "absent"), wanted, seen.keys() - {wanted})
        raise condition.error if condition else DeviceLost("the phone went away")

    async def _only(self, host: Server, seen: Mapping[str, str], memory: Memory) -> str:
        """The only phone, or among several the one used before. Raises DeviceLost, SendRefused(LINE)."""
        if not seen:
            words = "adb sees no phone: plug it in with a cable that carries data, and switch USB debugging on"
            raise DeviceLost(words)
        if len(seen) == 1:
            return next(iter(seen))
        if found := await search.by_own_serial(host, seen, identity.last_seen(memory)):
            return found
        raise SendRefused(f"adb sees several phones: set serial to one of {', '.join(sorted(seen))}", Refusal.LINE)

    async def discover(self) -> Sequence[Found]:
        """Phones known to adb, with their state."""
        if not await server.is_worthwhile(Server()):
            return []
        try:
            seen, models = await server.states(Server()), await server.models(Server())
        except DeviceLost:
            return []
        described = {serial: _words(state, models.get(serial, "")) for serial, state in seen.items()}
        return [Found(self.name, {"serial": serial}, words) for serial, words in described.items()]

    async def examine(self, device: Device) -> Sequence[Finding]:
        """Findings: adb server, phone state, permissions, SIMs, network, battery."""
        from device_drivers.android_adb import examination

        return await examination.examine(self, device)

    async def survey(self, device: Device, ours: Collection[int] = ()) -> Sequence[Finding]:
        """Findings that need no access to the phone: adb server, its key, and the state it reports."""
        from device_drivers.android_adb import examination

        return await examination.look(device)


def _insist(found: Iterable[Condition]) -> None:
    for condition in found:
        if condition.stops in {Stops.DEVICE, Stops.LINE}:
            raise condition.error


async def _connected(host: Server, address: str, seen: Mapping[str, str]) -> Mapping[str, str]:
    """Let adb connect to a phone on the network; returns the states afterwards.

    Where it holds on to a connection that is dead, it has to be told to forget it first.
    """
    state = seen.get(address, "absent")
    if state not in {"absent", "offline"}:
        return seen  # somebody has to act, or it is just coming
    if state == "offline":
        await server.disconnect(host, address)
    await server.connect(host, address)
    return await server.states(host)


def _words(state: str, model: str) -> str:
    condition = conditions.of_state(state)
    name = model.replace("_", " ") or "Android phone"
    return f"{name}: {condition.sentence}" if condition else name


DRIVER = AndroidAdbDriver()
