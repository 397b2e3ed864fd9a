"""Examines a cloud provider for `doctor`: whether it answers and takes the key."""

from collections.abc import Sequence
from typing import Protocol

from bridge.errors import DeviceLost, SendRefused
from bridge.model.finding import Finding
from bridge.ports.driver import Device
from device_drivers._cloud.options import Options


class Answerable(Protocol):
    """An API that can be asked whether it answers."""

    async def check(self) -> None:
        """Raises DeviceLost, SendRefused(LINE)."""
        ...


async def of_provider(device: Device, options: Options, provider: Answerable) -> Sequence[Finding]:
    """Whether the API answers and takes the key now. Never raises for one that does not."""
    subject = f"devices.{device.name}"
    try:
        await provider.check()
    except SendRefused as refusal:
        return [Finding("fail", subject, refusal.message, "check the key, its rights and this machine's clock")]
    except DeviceLost as error:
        return [Finding("fail", subject, error.message, "check the network, and endpoint in the configuration")]
    found = [Finding("ok", subject, f"the provider answers and takes the key; {len(options.forms)} templates")]
    if not options.callback_secret:
        words = "no callback_secret is configured: reports come when they are asked for, and received SMS by pull alone"
        found.append(Finding("ok", subject, words))
    return found
