"""Examines a WhatsApp number for `doctor`."""

from collections.abc import Sequence

from bridge.errors import DeviceLost, SendRefused
from bridge.model.finding import Finding
from bridge.ports.driver import Device
from device_drivers.whatsapp_cloud.graph import Graph
from device_drivers.whatsapp_cloud.options import Options

#: Meta's words for how recipients like what comes from the number
_QUALITY = {"YELLOW": "is only medium", "RED": "is low: Meta may limit or block the number"}


def of_callback(device: Device, called: bool) -> Finding:
    """Whether Meta has called since the link was opened."""
    subject = f"devices.{device.name}"
    if called:
        return Finding("ok", subject, "Meta's webhooks come in and are signed with app_secret")
    words = "no signed webhook has come since the start: without them nothing is received and no delivery is known"
    url = f"https://YOUR-HOST/callbacks/{device.name}"
    remedy = f"give Meta {url} as callback URL, with verify_token, and subscribe to messages"
    return Finding("warn", subject, words, remedy)


async def of_number(device: Device, options: Options, graph: Graph) -> Sequence[Finding]:
    """What Meta tells of the number now. Never raises for a bad token or an API that is away."""
    subject = f"devices.{device.name}"
    try:
        number = await graph.number()
    except SendRefused as refusal:
        return [Finding("fail", subject, refusal.message, "check access_token and phone_number_id in Meta's dashboard")]
    except DeviceLost as error:
        return [Finding("fail", subject, error.message, "check the network, and base_url in the configuration")]
    if number.silence:
        words = f"the token is taken, and may not ask about the number ({number.silence})"
        remedy = "messages can be sent all the same; for more in this place add whatsapp_business_management"
        return [Finding("warn", subject, words, remedy)]
    named = " ".join(filter(None, (number.phone, number.name and f"“{number.name}”"))) or options.phone_number_id
    found = [Finding("ok", subject, f"WhatsApp answers for {named}")]
    if trouble := _QUALITY.get(number.quality):
        remedy = "see WhatsApp Manager, and write to people who expect it"
        found.append(Finding("warn", subject, f"the quality of the number {trouble}", remedy))
    if not options.template:
        words = "no template is configured: outside the 24 hours after a recipient wrote, messages are refused"
        found.append(Finding("ok", subject, words))
    return found
