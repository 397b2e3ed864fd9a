"""The driver for a cloud SMS provider, as the core sees it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from bridge.model.finding import Finding
from bridge.ports.driver import Device, Found
from device_drivers._cloud.examination import of_provider
from device_drivers._cloud.link import CloudLink
from device_drivers._cloud.options import Options
from device_drivers._cloud.provider import Provider

Chosen = TypeVar("Chosen", bound=Options)


class CloudDriver(Generic[Chosen]):
    """Implements `bridge.ports.Driver` with the options and the API of one provider."""

    def __init__(
        self,
        name: str,
        title: str,
        options: Mapping[str, tuple[type, str]],
        problems: Callable[[Mapping[str, Any]], Sequence[str]],
        kind: type[Chosen],
        connect: Callable[[Chosen], Provider],
    ) -> None:
        self.name = name
        self.options = options
        self._title = title
        self._problems = problems
        self._kind = kind
        self._connect = connect

    def validate(self, device: Device) -> Sequence[str]:
        """What is wrong with the options."""
        return self._problems(device.options)

    async def open(self, device: Device) -> CloudLink:
        """Check that the API takes the key. Raises DeviceLost, SendRefused(LINE) for a key that is no good."""
        chosen = self._kind.of(device.options)
        provider = self._connect(chosen)
        try:
            await provider.check()
        except BaseException:
            await provider.close()
            raise
        return CloudLink(device, chosen, provider, self._title)

    async def discover(self) -> Sequence[Found]:
        """Nothing: a provider is not plugged in."""
        return []

    async def examine(self, device: Device) -> Sequence[Finding]:
        """Whether the API answers and takes the key. Never raises."""
        chosen = self._kind.of(device.options)
        provider = self._connect(chosen)
        try:
            return await of_provider(device, chosen, provider)
        finally:
            await provider.close()
