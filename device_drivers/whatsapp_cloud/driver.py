"""The driver for WhatsApp Business numbers, as the core sees it."""

from collections.abc import Mapping, Sequence

from bridge.model.finding import Finding
from bridge.ports.driver import Device, Found
from device_drivers.whatsapp_cloud import examination, options
from device_drivers.whatsapp_cloud.graph import Graph
from device_drivers.whatsapp_cloud.link import WhatsappLink
from device_drivers.whatsapp_cloud.options import OPTIONS, Options


class WhatsappCloudDriver:
    """Obeys `bridge.ports.Driver`."""

    name = "whatsapp_cloud"
    options: Mapping[str, tuple[type, str]] = OPTIONS

    def validate(self, device: Device) -> Sequence[str]:
        """What is wrong with the options."""
        return options.problems(device.options)

    async def open(self, device: Device) -> WhatsappLink:
        """Ask Meta about the number. Raises DeviceLost, SendRefused(LINE) for a token or an id that is no good."""
        chosen = Options.of(device.options)
        graph = Graph(chosen)
        try:
            return WhatsappLink(device, chosen, graph, await graph.number())
        except BaseException:
            await graph.close()
            raise

    async def discover(self) -> Sequence[Found]:
        """Nothing: a number is at Meta's, and no cable leads there."""
        return []

    async def examine(self, device: Device) -> Sequence[Finding]:
        """What Meta says of number and token. Never raises."""
        chosen = Options.of(device.options)
        graph = Graph(chosen)
        try:
            return await examination.of_number(device, chosen, graph)
        finally:
            await graph.close()


DRIVER = WhatsappCloudDriver()
