"""What is known here of a site, also while it is away: how it is reached, when it was heard, what is wrong with it."""

from collections.abc import Sequence
from dataclasses import replace

from bridge.dataclass import dataclass
from bridge.model.history import Ongoing
from bridge.model.site import Site, Way
from bridge.ports.driver import Device
from device_drivers._api_link import now
from device_drivers.bridge_remote import enrolment
from device_drivers.bridge_remote.examination import clock_words, stranger_words
from device_drivers.bridge_remote.options import Options
from device_drivers.bridge_remote.position import kept_at
from device_drivers.bridge_remote.switchboard import Switchboard

#: in the device's memory: the site's release, and Unix ms of when it was heard last before the link was lost
VERSION, HEARD = "version", "heard"
#: ms by which a site may be behind, and for which it may be so after it has come back and tells what it has
LATE = 60_000


@dataclass(frozen=True, slots=True)
class Standing:
    """How well a site is heard over an open link. As in `bridge.model.site.Site`."""

    opened_at: int
    heard_at: int
    lag: int
    oldest_event_at: int = 0
    waiting: int = 0
    ahead: int = 0
    alarms: tuple[Ongoing, ...] = ()
    #: why it takes nothing to send
    hindrance: str = ""
    #: how much it told that makes no sense
    unread: int = 0


def of_site(
    device: Device,
    standing: Standing | None,
    reason: str,
    board: Switchboard | None,
    alarms: Sequence[Ongoing] | None = None,
) -> Site:
    """The site; `standing`: while it is connected, `reason`: why it is not, and `alarms`: as they were known last."""
    options, memory = Options.of(device.options), device.memory
    way = _way(device, options)
    told = Site(
        device.name,
        way,
        enrolment.known(options, memory).url if way is Way.URL else "",
        enrolment.joined_at(memory) * 1000,
        version=memory.get(VERSION) or "",
    )
    if standing is not None:
        return _connected(told, standing, board)
    heard_at = max(int(memory.get(HEARD) or 0), kept_at(memory))
    lag = now() - heard_at if heard_at and way is not Way.AWAITED else None
    return replace(told, heard_at=heard_at, lag=lag, alarms=alarms, problems=_said(reason, stranger_words(board)))


def _connected(told: Site, standing: Standing, board: Switchboard | None) -> Site:
    late = standing.lag > LATE and now() - standing.opened_at > LATE
    unread = f"{standing.unread} things that the site told make no sense, and are left out" if standing.unread else ""
    behind = f"what is known of the site is {standing.lag // 1000} s behind: see how it is reached" if late else ""
    return replace(
        told,
        is_connected=True,
        connected_at=standing.opened_at,
        heard_at=standing.heard_at,
        lag=standing.lag,
        oldest_event_at=standing.oldest_event_at,
        waiting_there=standing.waiting,
        ahead=standing.ahead,
        alarms=standing.alarms,
        problems=_said(standing.hindrance, behind, clock_words(standing.ahead), unread, stranger_words(board)),
    )


def _way(device: Device, options: Options) -> Way:
    if enrolment.is_awaited(options, device.memory):
        return Way.AWAITED
    return Way.DIALS if enrolment.is_dialled(options, device.memory) else Way.URL


def _said(*words: str) -> tuple[str, ...]:
    return tuple(each for each in words if each)
