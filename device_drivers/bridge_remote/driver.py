"""The driver for sites, as the core sees it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from bridge.errors import SendRefused
from bridge.model.finding import Finding
from bridge.model.history import Ongoing
from bridge.model.site import Site
from bridge.ports.driver import Device, Found, Frames, Link, Memory
from device_drivers._api_link import now
from device_drivers.bridge_remote import enrolment, examination, report, site
from device_drivers.bridge_remote.api import Api
from device_drivers.bridge_remote.link import SiteLink
from device_drivers.bridge_remote.options import OPTIONS, Options, problems
from device_drivers.bridge_remote.position import Position
from device_drivers.bridge_remote.switchboard import Switchboard
from device_drivers.bridge_remote.waiting_link import WaitingLink

#: ms by which a moment of the site's clock, known to the second, may be wrong
_BEFORE = 2_000


class BridgeRemoteDriver:
    """Implements `bridge.ports.Driver`, `Dialled` and `Distant`."""

    name = "bridge_remote"
    options = OPTIONS

    def __init__(self) -> None:
        #: of each device in use, which has a memory of its own
        self._boards: WeakKeyDictionary[Memory, Switchboard] = WeakKeyDictionary()
        #: of each site that was connected since the start, its alarms as they were known last
        self._alarms: WeakKeyDictionary[Memory, Sequence[Ongoing]] = WeakKeyDictionary()

    def validate(self, device: Device) -> Sequence[str]:
        """What is wrong with the options."""
        return problems(device.options)

    async def open(self, device: Device) -> SiteLink | WaitingLink:
        """Ask the site for its lines, or wait for it to join. Raises DeviceLost, SendRefused(LINE) for a bad key."""
        chosen = Options.of(device.options)
        if enrolment.is_awaited(chosen, device.memory):
            return WaitingLink(device, chosen)
        chosen, api = await self._api(device, chosen)
        try:
            found = await site.ask(api, chosen)
            position = Position(device.memory)
            begun = datetime.fromtimestamp((api.site_time(now()) - _BEFORE) / 1000, UTC)
            await position.begin(found.identity, begun.isoformat(timespec="milliseconds"))
            return SiteLink(device, chosen, api, found, position)
        except BaseException:
            await api.close()
            raise

    async def _api(self, device: Device, options: Options) -> tuple[Options, Api]:
        """The site as it is reached: where it is, or by the connection that it made. Raises SendRefused(LINE)."""
        known = enrolment.known(options, device.memory)
        if not enrolment.is_dialled(options, device.memory):
            return known, await Api.by_network(known)
        # a name is enough: no other host is behind the connection
        known = replace(known, url=f"http://{device.name}")
        board = self._board(device)
        return known, Api(known, board.connector, board)

    def _board(self, device: Device) -> Switchboard:
        found = self._boards.get(device.memory)
        if found is None:
            found = self._boards[device.memory] = Switchboard(device.name)
        return found

    def is_dialled_with(self, device: Device, key: str) -> bool:
        """Whether the site dials in by this key."""
        return enrolment.is_dialled_with(Options.of(device.options), device.memory, key)

    async def carry(self, device: Device, frames: Frames) -> None:
        """Reach the site by this connection until it is over."""
        await self._board(device).carry(frames)

    def site(self, device: Device, link: Link | None, reason: str) -> Site:
        """What is known of the site now, but for its lines."""
        standing = link.standing if isinstance(link, SiteLink) else None
        if standing is not None:
            self._alarms[device.memory] = standing.alarms
        reason = reason or ", ".join(line.reason for line in (link.lines if link is not None else ()))
        board, alarms = self._boards.get(device.memory), self._alarms.get(device.memory)
        return report.of_site(device, standing, reason, board, alarms)

    async def discover(self) -> Sequence[Found]:
        """Nothing: a site is not plugged in."""
        return []

    async def examine(self, device: Device) -> Sequence[Finding]:
        """Whether the site answers and takes the key. Never raises."""
        chosen = Options.of(device.options)
        if enrolment.is_awaited(chosen, device.memory):
            return await WaitingLink(device, chosen).examine()
        try:
            chosen, api = await self._api(device, chosen)
        except SendRefused as refusal:
            return [Finding("fail", f"devices.{device.name}", refusal.message)]
        try:
            return await examination.of_site(device, chosen, api)
        finally:
            await api.close()


DRIVER = BridgeRemoteDriver()
