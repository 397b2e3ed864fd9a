"""The phones of a virtual network's customers, as one looks at them on a page."""

from collections.abc import Collection, Sequence

from bridge.errors import BadRequest
from bridge.model.line import Channel
from bridge.ports.virtual import VirtualMessage, VirtualPhone
from device_drivers.virtual.network.handset import Handset
from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.whatsapp.person import Person
from device_drivers.virtual.whatsapp.platform import Whatsapp

#: messages of a phone that are shown
SHOWN = 200


class Customers:
    """Every phone that is no line of the bridge. Obeys `bridge.ports.virtual.VirtualPhones`."""

    def __init__(self, network: Network, lines: Collection[str], whatsapps: Sequence[Whatsapp] = ()) -> None:
        """`lines` are the numbers of modems and phones of the bridge."""
        self._network = network
        self._lines = frozenset(lines)
        self._whatsapps = {each.number: each for each in whatsapps}

    def phones(self) -> Sequence[VirtualPhone]:
        """All of them, those with the newest messages first, then by number."""
        numbers = {number for number in self._network.numbers if number not in self._lines}
        numbers.update(number for each in self._whatsapps.values() for number in each.people)
        return sorted(map(self._phone, numbers), key=lambda each: (-each.last.at if each.last else 0, each.number))

    def messages(self, number: str) -> Sequence[VirtualMessage]:
        """The newest messages on a phone, oldest first."""
        return self._all(number)[-SHOWN:]

    def write(self, number: str, to: str, text: str) -> VirtualMessage:
        """Write to a line. Raises BadRequest."""
        if number in self._lines or number in self._whatsapps:
            raise BadRequest(f"{number} is a line of the bridge, not a customer")
        if (platform := self._whatsapps.get(to)) is not None:
            platform.handset(number).send(text)
        elif to in self._lines:
            self._network.handset(number).send(to, text)
        else:
            known = ", ".join(sorted({*self._lines, *self._whatsapps}))
            raise BadRequest(f"no line of the virtual network has the number {to}; there are {known}", "to")
        return self._all(number)[-1]

    def _phone(self, number: str) -> VirtualPhone:
        messages = self._all(number)
        return VirtualPhone(number, len(messages), messages[-1] if messages else None)

    def _all(self, number: str) -> list[VirtualMessage]:
        found: list[VirtualMessage] = []
        if number in self._network.numbers and number not in self._lines:
            found += _by_sms(self._network.handset(number))
        for each in self._whatsapps.values():
            if number in each.people:
                found += _by_whatsapp(each.handset(number), each.number)
        return sorted(found, key=lambda message: message.at)


def _by_sms(handset: Handset) -> list[VirtualMessage]:
    """What a phone received and wrote as SMS."""
    came = [VirtualMessage(True, sms.sender, sms.text or sms.data.hex(" "), sms.at) for sms in handset.received]
    return came + [VirtualMessage(False, each.recipient, each.text, each.at) for each in handset.written]


def _by_whatsapp(person: Person, number: str) -> list[VirtualMessage]:
    """What a person received and wrote by WhatsApp; `number` is the business's."""
    came = [
        VirtualMessage(True, number, each.text or each.media, each.at, Channel.WHATSAPP) for each in person.received
    ]
    return came + [VirtualMessage(False, number, text, at, Channel.WHATSAPP) for text, at in person.written]
