"""The driver for Alibaba Cloud SMS, as the core sees it."""

from collections.abc import Mapping, Sequence

from bridge.model.finding import Finding
from bridge.ports.driver import Device, Found
from device_drivers._cloud.examination import of_provider
from device_drivers._cloud.link import CloudLink
from device_drivers.aliyun import options
from device_drivers.aliyun.api import Aliyun
from device_drivers.aliyun.options import OPTIONS, Options


class AliyunDriver:
    """Obeys `bridge.ports.Driver`."""

    name = "aliyun"
    options: Mapping[str, tuple[type, str]] = OPTIONS

    def validate(self, device: Device) -> Sequence[str]:
        """What is wrong with the options."""
        return options.problems(device.options)

    async def open(self, device: Device) -> CloudLink:
        """See whether the API takes the key. Raises DeviceLost, SendRefused(LINE) for a key that is no good."""
        chosen = Options.of(device.options)
        provider = Aliyun(chosen)
        try:
            await provider.check()
        except BaseException:
            await provider.close()
            raise
        return CloudLink(device, chosen, provider, "Alibaba Cloud SMS")

    async def discover(self) -> Sequence[Found]:
        """Nothing: no cable leads to a provider."""
        return []

    async def examine(self, device: Device) -> Sequence[Finding]:
        """Whether the API answers and takes the key. Never raises."""
        chosen = Options.of(device.options)
        provider = Aliyun(chosen)
        try:
            return await of_provider(device, chosen, provider)
        finally:
            await provider.close()


DRIVER = AliyunDriver()
