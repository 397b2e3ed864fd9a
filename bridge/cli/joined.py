"""The hubs that this bridge has joined, as its store remembers them, and what two of them may not have in common."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict

from bridge.cli import product
from bridge.cli.output import Misuse
from bridge.cli.place import Place
from bridge.dataclass import dataclass

_HUB = "hub."


@dataclass(frozen=True, slots=True)
class Joined:
    """A hub, by whatever address it is reached."""

    #: "" where it did not say
    identity: str
    url: str
    #: what this bridge is called there
    site: str
    #: name of its key here; "" once this bridge has left
    key: str
    #: lines and devices that it has; none for all
    lines: tuple[str, ...] = ()


def identity(where: Place) -> str:
    """What this bridge itself is."""
    from device_drivers.bridge_remote import enrolment

    known = _memory(where).get(enrolment.IDENTITY)
    if not known:
        known = enrolment.new_identity()
        _remember(where, enrolment.IDENTITY, known)
    return known


def known(where: Place) -> dict[str, Joined]:
    """Those that were joined, by the names of their accounts here."""
    found = {}
    for name, value in _memory(where).items():
        if name.startswith(_HUB):
            told = json.loads(value)
            found[name.removeprefix(_HUB)] = Joined(**{**told, "lines": tuple(told["lines"])})
    return found


def keep(where: Place, account: str, joined: Joined) -> None:
    """Remember a hub as it is now."""
    _remember(where, f"{_HUB}{account}", json.dumps(asdict(joined)))


def refuse_twice(hubs: Mapping[str, Joined], identity: str, site: str, lines: Collection[str]) -> None:
    """Raises Misuse where the hub has some of these lines already, as those of another site."""
    for account, each in hubs.items():
        if identity and each.identity == identity and each.key and each.site != site and _meet(each.lines, lines):
            raise Misuse(
                f"this bridge is {each.site} at that hub already, joined at {each.url}: each SMS would be received "
                f"twice. Leave it first (sms-bridge leave {account}), share other lines (--line), or let it join as "
                f"{each.site} again (at the hub: sms-bridge site add {each.site})"
            )


def _meet(some: Collection[str], others: Collection[str]) -> bool:
    """Whether two choices of lines and devices have a line in common; none is all of them."""
    pairs = [(one.casefold(), other.casefold()) for one in some for other in others]
    return not (some and others) or any(
        one == other or one.startswith(f"{other}:") or other.startswith(f"{one}:") for one, other in pairs
    )


def _memory(where: Place) -> dict[str, str]:
    from device_drivers.bridge_remote import enrolment

    found: dict[str, str] = product.read(where, "devices", enrolment.THIS_BRIDGE, "memory")["memory"]
    return found


def _remember(where: Place, key: str, value: str) -> None:
    from device_drivers.bridge_remote import enrolment

    product.ask(where, "PUT", "devices", enrolment.THIS_BRIDGE, "memory", key, body={"value": value})
