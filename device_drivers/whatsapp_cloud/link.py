"""An open WhatsApp number: one line, whose messages go out by HTTP and whose news come in by webhook."""

import asyncio
import hmac
import logging
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from bridge.errors import DeviceLost, NoSuchThing, OutcomeUnknown, Refusal, SendRefused
from bridge.model.callback import Callback, Reply
from bridge.model.finding import Finding
from bridge.model.line import Channel, Line, LineState
from bridge.model.media import Media
from bridge.model.message import State
from bridge.model.radio import Doubtful, Evidence, Inbound, InboundReport, Outgoing, Sent
from bridge.ports.driver import Device
from device_drivers._intake import DAY, Intake
from device_drivers.whatsapp_cloud import examination, requests, updates
from device_drivers.whatsapp_cloud.codes import WINDOW_CLOSED, GraphRefused
from device_drivers.whatsapp_cloud.graph import Graph, Number
from device_drivers.whatsapp_cloud.options import Options
from device_drivers.whatsapp_cloud.updates import Status

log = logging.getLogger(__name__)

#: seconds after which a webhook whose content is not committed is refused, so that Meta comes again
PATIENCE = 20.0
#: recipients that are remembered by reference: a status may come without its recipient's number
MOST_REMEMBERED = 10_000


def now() -> int:
    """Unix ms."""
    return time.time_ns() // 1_000_000


class WhatsappLink:
    """Obeys `Link`, `Answering`, `Clarifying`, `Examining` and `Fetching`."""

    def __init__(self, device: Device, options: Options, graph: Graph, number: Number) -> None:
        self._device = device
        self._options = options
        self._graph = graph
        self._number = number
        self._line = _line(device, number)
        self._intake = Intake(self._line.name, round(options.forget_after * DAY))
        self._checked = asyncio.get_running_loop().time()
        #: parts whose outcome is unknown: a status that names one settles it
        self._doubtful: set[tuple[str, int]] = set()
        #: those that are in Meta's hands now; a status may be quicker than the answer
        self._in_hand: set[tuple[str, int]] = set()
        self._recipients: dict[int, str] = {}
        self._lost: DeviceLost | None = None
        #: a signed webhook has come
        self._called = False

    @property
    def lines(self) -> Sequence[Line]:
        """The one number."""
        return (self._line,)

    def split(self, text: str) -> Sequence[str]:
        """WhatsApp takes a text whole."""
        return [text]

    # -- out --------------------------------------------------------------------------------------
    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        """Post it once. Raises DeviceLost, SendRefused, OutcomeUnknown."""
        if line != self._line.name:
            raise SendRefused(f"this number is the line {self._line.name}, not {line}", Refusal.LINE)
        self._insist()
        part = (outgoing.message, outgoing.index)
        self._in_hand.add(part)
        try:
            wamid = await self._post(outgoing)
        except OutcomeUnknown:
            self._doubtful.add(part)
            raise
        except asyncio.CancelledError:
            self._doubtful.add(part)
            raise
        except DeviceLost as error:
            raise self._lose(error) from error
        finally:
            self._in_hand.discard(part)
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
        try:
            async with asyncio.timeout(PATIENCE):
                await self._intake.bring(items)
        except TimeoutError:
            return Reply(503, b"it could not be kept yet\n")
        return Reply(200)

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
        if part is not None and part in self._doubtful | self._in_hand:
            detail = status.detail if status.state is State.FAILED else ""
            found.append(Evidence(self._line.name, *part, status.state, status.reference, detail))
        return found

    async def clarify(self, doubtful: Sequence[Doubtful]) -> None:
        """From now on a status of one of these settles it; Meta cannot be asked."""
        self._doubtful |= {(each.message, each.index) for each in doubtful}

    async def inbound(self) -> AsyncIterator[Inbound]:
        """What webhooks bring. Raises DeviceLost when the API cannot be reached any more."""
        for held in self._intake.old_days(now()):
            yield held
        while True:
            item = await self._intake.take(self._until_check(), now())
            if item is not None:
                yield item
            elif self._until_check() <= 0:
                await self._check()
            if self._lost is not None:
                raise self._lost

    async def fetch(self, media: str) -> Media:
        """What somebody sent with a message. Raises NoSuchThing, DeviceLost."""
        self._insist()
        _, _, media_id = media.partition(" ")
        if not (media_id.isdecimal() and media_id.isascii()):
            raise NoSuchThing("Meta's id of it is not known")
        return await self._graph.media(media_id)

    async def acknowledge(self, item: Inbound) -> None:
        """It is committed: the webhook that brought it may be answered."""
        self._intake.acknowledge(item, now())

    # -- health -----------------------------------------------------------------------------------
    def _until_check(self) -> float:
        return max(0.0, self._checked + self._options.check_interval - asyncio.get_running_loop().time())

    async def refresh(self) -> Sequence[Line]:
        """The line as it is; the API is asked once in `check_interval`, or at once while the line is in trouble."""
        self._insist()
        if self._until_check() <= 0 or self._line.state is not LineState.READY:
            await self._check()
        return self.lines

    async def _check(self) -> None:
        """Raises DeviceLost."""
        self._checked = asyncio.get_running_loop().time()
        try:
            self._number = await self._graph.number()
        except SendRefused as refusal:
            self._line = replace(self._line, state=LineState.PARKED, reason=refusal.message)
            return
        except DeviceLost as error:
            raise self._lose(error) from error
        self._line = _line(self._device, self._number)

    async def examine(self) -> Sequence[Finding]:
        """The number, its quality and what the token may, as Meta tells it now; and whether Meta calls."""
        found = await examination.of_number(self._device, self._options, self._graph)
        return [*found, examination.of_callback(self._device, self._called)]

    def _insist(self) -> None:
        if self._lost is not None:
            raise self._lost

    def _lose(self, error: DeviceLost) -> DeviceLost:
        self._lost = self._lost or error
        self._intake.close(error.message)
        return error

    async def close(self) -> None:
        """Hang up: who waits for an answer hears that nobody knows. Never raises."""
        self._lose(DeviceLost("the line was closed"))
        await self._graph.close()


def _line(device: Device, number: Number) -> Line:
    name = device.name
    return Line(
        name, name, device.driver, LineState.READY,
        number=number.phone, model="WhatsApp Cloud API", operator=number.name, seen_at=now(), channel=Channel.WHATSAPP,
    )  # fmt: skip
