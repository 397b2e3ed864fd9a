"""Who a site is and which of its lines may be used, as asked when a link is opened."""

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.dataclass import dataclass
from bridge.errors import Refusal, SendRefused
from device_drivers.bridge_remote.api import Api
from device_drivers.bridge_remote.lines import shared
from device_drivers.bridge_remote.options import Options


@dataclass(frozen=True, slots=True)
class Site:
    """The account at the site and the lines it shares."""

    #: of the account; another store has another one
    identity: str
    #: lines or devices that the account may send by; none for all
    allowed: tuple[str, ...]
    lines: Sequence[Mapping[str, Any]]
    #: why the account may send nothing now; "" when it may
    hindrance: str = ""
    #: so that its credits are asked for again
    is_prepaid: bool = False


#: why it sends nothing
BROKE = "this hub's account at the site has no credits left: top it up there (sms-bridge account top-up)"
NOT_APPROVED = "this hub's account at the site is not approved to send: sms-bridge account set there"


def hindrance(account: Mapping[str, Any]) -> str:
    """Why an account of the site may send nothing now; "" when it may."""
    terms = account.get("terms") or {}
    if terms.get("verification", "approved") != "approved":
        return NOT_APPROVED
    return BROKE if _is_prepaid(account) and (account.get("credits") or 0) <= 0 else ""


def _is_prepaid(account: Mapping[str, Any]) -> bool:
    return bool((account.get("terms") or {}).get("payment") == "prepaid")


async def ask(api: Api, options: Options) -> Site:
    """Raises DeviceLost, SendRefused(LINE) for a key that does not do and for a site without a line to use."""
    account = await api.me()
    terms = account.get("terms")
    if terms is None or "inbound_lines" not in terms:
        raise SendRefused("the site runs an older release of sms-bridge: upgrade it to this one's", Refusal.LINE)
    allowed = tuple(terms["lines"])
    told = await api.lines()
    lines = shared(told, allowed, options.lines)
    if not lines:
        known = ", ".join(str(each["name"]) for each in told) or "none"
        raise SendRefused(f"none of the site's lines ({known}) is to be used from here: see `lines`", Refusal.LINE)
    identity = f"{account.get('name')} of {account.get('created_at')}"
    return Site(identity, allowed, lines, hindrance(account), _is_prepaid(account))
