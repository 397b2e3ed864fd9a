"""Examines a site for `doctor`: whether it can be reached, lets us in, is new enough and knows what time it is."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bridge.errors import DeviceLost, LinkError, OutcomeUnknown, SendRefused
from bridge.model.finding import Finding
from bridge.ports.driver import Device
from device_drivers.bridge_remote import site
from device_drivers.bridge_remote.api import Api, Problem
from device_drivers.bridge_remote.options import Options
from device_drivers.bridge_remote.switchboard import Switchboard

#: ms by which the clocks of two machines may differ
_CLOCKS = 120_000
#: seconds for which a second machine is told of
_RECENT = 86_400
_SCOPES = "make a key there with what it needs: sms-bridge key add --scopes 'send read inbox' ACCOUNT NAME"
_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


async def of_site(device: Device, options: Options, api: Api) -> Sequence[Finding]:
    """What is right and wrong now. Never raises for a bad site."""
    dials = api.board is not None
    subject = f"devices.{device.name}"
    try:
        found = await site.ask(api, options)
    except SendRefused as refusal:
        return [Finding("fail", subject, refusal.message, "check `key` here and its account there")]
    except (DeviceLost, OutcomeUnknown) as error:
        remedy = f"see that sms-bridge runs there and that this machine reaches {options.base} (network, VPN, firewall)"
        if dials:
            remedy = "see that sms-bridge runs there, and what its log says of the hub"
        return [Finding("fail", subject, error.message, remedy)]
    names = ", ".join(str(each["name"]) for each in found.lines)
    answers = f"the site answers in {api.round_trip} ms; lines used from here: {names}"
    return [
        Finding("ok", subject, answers),
        *_clock(subject, api.ahead),
        *await _scopes(subject, api),
        *([] if dials else _secrecy(subject, options)),
        *_strangers(subject, api.board),
    ]


def _clock(subject: str, ahead: int) -> Sequence[Finding]:
    words = clock_words(ahead)
    if not words:
        return []
    return [Finding("warn", subject, words, "set the clocks of both by NTP: sudo timedatectl set-ntp true")]


def clock_words(ahead: int) -> str:
    """What is wrong with the site's clock, which is so many ms ahead; "" for nothing."""
    if abs(ahead) <= _CLOCKS:
        return ""
    return f"the site's clock is {abs(ahead) // 1000} s {'ahead of' if ahead > 0 else 'behind'} this machine's"


async def _scopes(subject: str, api: Api) -> Sequence[Finding]:
    try:
        missing = await api.missing_scopes()
    except (LinkError, Problem) as error:
        return [Finding("warn", subject, f"whether the key may do all that is needed is not known: {error}")]
    return [Finding("fail", subject, f"the key may not {each}", _SCOPES) for each in missing]


def _strangers(subject: str, board: Switchboard | None) -> Sequence[Finding]:
    """Another machine that came as this site within a day."""
    words = stranger_words(board)
    if not words:
        return []
    remedy = (
        "switch one of the two off, such as a copied SD card, or have it join by a name of its own: sms-bridge join"
    )
    return [Finding("warn", subject, words, remedy)]


def stranger_words(board: Switchboard | None) -> str:
    """That another machine came as this site within a day; "" when none did."""
    at = board.stranger_at if board is not None else 0
    if time.time() - at > _RECENT:
        return ""
    last = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
    return f"another machine dialled in as this site, last at {last}, and was turned away"


def _secrecy(subject: str, options: Options) -> Sequence[Finding]:
    parts = urlsplit(options.url)
    if parts.scheme == "https" or parts.hostname in _THIS_MACHINE:
        return []
    words = "messages and the key travel by plain HTTP"
    return [Finding("ok", subject, f"{words}: use https:// unless the network between is your own or a VPN")]
