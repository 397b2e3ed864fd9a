"""An open WhatsApp number: one line that sends over HTTP and receives by webhook."""

import hmac
import logging
from collections.abc import Sequence
from dataclasses import replace

from bridge.errors import NoSuchThing
from bridge.model.callback import Callback, Reply
from bridge.model.finding import Finding
from bridge.model.line import Channel, Line, LineState
from bridge.model.media import Media
from bridge.model.message import State
from bridge.model.radio import Doubtful, Evidence, Inbound, InboundReport, Outgoing, Sent
from bridge.ports.driver import Device
from device_drivers._api_link import ApiLink, now
from device_drivers.whatsapp_cloud import examination, requests, updates
from device_drivers.whatsapp_cloud.codes import WINDOW_CLOSED, GraphRefused
from device_drivers.whatsapp_cloud.graph import Graph, Number
from device_drivers.whatsapp_cloud.options import Options
from device_drivers.whatsapp_cloud.updates import Status

log = logging.getLogger(__name__)

#: recipients that are remembered by reference: a status may come without its recipient's number
MOST_REMEMBERED = 10_000


class WhatsappLink(ApiLink):
    """Implements `Link`, `Answering`, `Clarifying`, `Examining` and `Fetching`."""

    def __init__(self, device: Device, options: Options, graph: Graph, number: Number) -> None:
        super().__init__(_line(device, number), options.check_interval, options.forget_after)
        self._device = device
        self._options = options
        self._graph = graph
        self._recipients: dict[int, str] = {}
        #: a signed webhook has come
        self._called = False

    # -- out --------------------------------------------------------------------------------------
    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        """Post it once. Raises DeviceLost, SendRefused, OutcomeUnknown."""
        self._demand(line)
        wamid = await self._hand_over(outgoing, lambda: self._post(outgoing))
        self._line = replace(self._line, seen_at=now())
        reference = updates.reference_of(wamid)
        self._remember(reference, outgoing.recipient)
        return Sent(reference)

    async def _post(self, outgoing: Outgoing) -> str:
        """Meta's id of the message. Outside the window the configured template is another message, and goes once."""
        try:
            return requests.accepted(await self._graph.post(requests.message(outgoing)))
        except GraphRefused as refusal:
            if refusal.code != WINDOW_CLOSED or not self._options.template or outgoing.media:
                raise
        return requests.accepted(await self._graph.post(requests.from_template(outgoing, self._options)))

    def _remember(self, reference: int, recipient: str) -> None:
        self._recipients[reference] = recipient
        if len(self._recipients) > MOST_REMEMBERED:
            del self._recipients[next(iter(self._recipients))]

    # -- in ---------------------------------------------------------------------------------------
    async def answer(self, callback: Callback) -> Reply:
        """Meta's handshake, and its webhooks when they are signed (Meta, "Create a webhook endpoint")."""
        if callback.method == "GET":
            return self._greet(callback)
        if not updates.is_signed(
            callback.body, callback.headers.get("x-hub-signature-256", ""), self._options.app_secret
        ):
            log.warning("%s: refused a webhook that is not signed with app_secret", self._line.name)
            return Reply(403, b"the signature does not fit\n")
        self._called = True
        try:
            items = self._items(callback.body)
        except ValueError as error:
            log.warning("%s: a signed webhook could not be read: %s", self._line.name, error)
            return Reply(200)  # the same bytes would come for seven days
        return await self._answer(items, Reply(200))

    def _greet(self, callback: Callback) -> Reply:
        token = callback.query.get("hub.verify_token", "")
        known = hmac.compare_digest(token.encode(), self._options.verify_token.encode())
        if callback.query.get("hub.mode") == "subscribe" and known:
            return Reply(200, callback.query.get("hub.challenge", "").encode())
        log.warning("%s: refused a handshake: hub.verify_token is not the configured one", self._line.name)
        return Reply(403, b"the verify token is wrong\n")

    def _items(self, body: bytes) -> list[Inbound]:
        """Raises ValueError."""
        items: list[Inbound] = []
        for told in updates.read(body, self._options.phone_number_id, self._line.name):
            items += self._of_status(told) if isinstance(told, Status) else [told]
        if others := sorted(updates.numbers_in(body) - {self._options.phone_number_id}):
            sentence = "%s: a webhook is about the number %s: give Meta a callback URL for each number"
            log.warning(sentence, self._line.name, ", ".join(others))
        return items

    def _of_status(self, status: Status) -> list[Inbound]:
        """A report by Meta's id, and evidence by our own where the answer with that id never came."""
        part = requests.part_of(status.ours)
        if status.ours and part is None:
            return []  # of a message that another program sent by this number
        recipient = self._recipients.get(status.reference, status.recipient)
        found: list[Inbound] = []
        if status.state is not State.SENT:
            found.append(
                InboundReport(
                    self._line.name, "", recipient, status.reference, status.state, status.detail, status.at
                )
            )  # fmt: skip
        if part is not None and self._is_open(part):
            detail = status.detail if status.state is State.FAILED else ""
            found.append(Evidence(self._line.name, *part, status.state, status.reference, detail))
        return found

    async def clarify(self, doubtful: Sequence[Doubtful]) -> None:
        """From now on a status of one of these settles it; Meta cannot be asked."""
        self._doubtful |= {(each.message, each.index) for each in doubtful}

    async def fetch(self, media: str) -> Media:
        """What somebody sent with a message. Raises NoSuchThing, DeviceLost."""
        self._insist()
        _, _, media_id = media.partition(" ")
        if not (media_id.isdecimal() and media_id.isascii()):
            raise NoSuchThing("Meta's id of it is not known")
        return await self._graph.media(media_id)

    # -- health -----------------------------------------------------------------------------------
    async def _look(self) -> Line:
        return _line(self._device, await self._graph.number())

    async def examine(self) -> Sequence[Finding]:
        """The number, its quality and what the token may, as Meta tells it now; and whether Meta calls."""
        found = await examination.of_number(self._device, self._options, self._graph)
        return [*found, examination.of_callback(self._device, self._called)]

    async def _hang_up(self) -> None:
        await self._graph.close()


def _line(device: Device, number: Number) -> Line:
    name = device.name
    return Line(
        name, name, device.driver, LineState.READY,
        number=number.phone, model="WhatsApp Cloud API", operator=number.name, seen_at=now(), channel=Channel.WHATSAPP,
    )  # fmt: skip
