"""What the doctor needs from the rest of the product, asked of a bridge that runs or of its store."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bridge.cli.output import unix
from bridge.cli.place import Place
from bridge.cli.product import door, path
from bridge.config.role import Role
from bridge.errors import BridgeError, StoreUnavailable

if TYPE_CHECKING:
    from bridge.doctor import Surroundings
    from bridge.model.scope import Key
    from bridge.model.webhook import Endpoint
    from bridge.ports.driver import Device


def gather(place: Place, unit: str, role: Role) -> "Surroundings":
    """Gather what the doctor needs; `unit` is this bridge's systemd unit, `role` what its process does."""
    from api.webhooks.url_policy import check_target
    from bridge.daemon.core import webhook_policy
    from bridge.doctor import Surroundings
    from bridge.ports.clock import SystemClock

    policy = webhook_policy(place.config)
    return Surroundings(
        place.start,
        SystemClock(),
        lambda url: check_target(url, policy),
        lambda: _endpoints(place),
        lambda device: _remembering(place, device),
        lambda: _keys(place),
        unit,
        role,
    )


async def _endpoints(place: Place) -> Sequence["Endpoint"]:
    """The HTTP endpoints of webhooks; mail is tested by `sms-bridge alarm test`."""
    from bridge.doctor.http import endpoints

    async with door(place) as client:
        found = endpoints(await client.get("/v1/webhooks"))
    return [each for each in found if not each.url.startswith("mailto:")]


async def _keys(place: Place) -> Sequence["Key"]:
    """The keys in the store; empty when the store cannot be read, which has its own finding."""
    from bridge.model.scope import Key, read

    if not place.config.store.path.exists():
        return []
    try:
        async with door(place) as client:
            rows = (await client.get("/v1/keys", {"all": "true"}))["keys"]
    except BridgeError:
        return []
    return [
        Key(row["account"], row["name"], row["kind"], row["hint"], read(" ".join(row["scopes"])), *_ages(row))
        for row in rows
    ]


def _ages(row: Mapping[str, Any]) -> Iterator[int]:
    return (unix(row[name]) for name in ("created_at", "expires_at", "used_at"))


async def _remembering(place: Place, device: "Device") -> "Device":
    """The device with the memory of its driver from the store; a missing store is not created.

    Raises NotRunning: what a bridge remembers that has the store and cannot be asked must not be tried again.
    """
    from bridge.devices.memory import BorrowedMemory

    async def keep(key: str, value: str) -> None:
        async with door(place) as client:
            await client.call("PUT", path("devices", device.name, "memory", key), {"value": value})

    if not place.config.store.path.exists():
        return device
    try:
        async with door(place) as client:
            values = (await client.get(path("devices", device.name, "memory")))["memory"]
    except StoreUnavailable:
        return device  # which has its own finding
    return replace(device, memory=BorrowedMemory(values, keep))
