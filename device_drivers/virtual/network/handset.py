"""Other people's phones: they receive by themselves, join what came in parts, and send when told."""

import asyncio
import contextlib
from collections.abc import Callable

from bridge.dataclass import dataclass
from bridge.messages.segmentation import alphabet, join, split
from bridge.model.radio import Concat
from device_drivers.gsm_modem.pdu import Deliver, Malformed, decode, encode_deliver
from device_drivers.virtual.network.message import SERVICE_CENTRE, Moments, Posting, now


@dataclass(frozen=True, slots=True)
class Sms:
    """A message as the person who owns the phone reads it."""

    sender: str
    text: str
    #: Unix ms of its last part's arrival
    at: int
    #: what came in place of a text
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Written:
    """A message that the person wrote."""

    recipient: str
    text: str
    #: Unix ms
    at: int


class Handset:
    """A phone in somebody's hand; `carry` brings what it writes to others. `Network.handset` makes one."""

    def __init__(self, number: str, carry: Callable[[Posting], None]) -> None:
        self.number = number
        #: complete messages, oldest first
        self.received: list[Sms] = []
        #: oldest first
        self.written: list[Written] = []
        self._carry = carry
        self._parts: dict[tuple[str, int, int, int, str], dict[int, str]] = {}
        self._reference = 0
        self._moments = Moments()
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []

    # -- receiving --------------------------------------------------------------------------------
    def take(self, pdu: str) -> bool:
        """A message arrives; a phone always has room, and shows nothing of what it cannot read."""
        with contextlib.suppress(Malformed):
            deliver = decode(pdu)
            if isinstance(deliver, Deliver):
                self._show(deliver)
        return True

    def take_report(self, pdu: str) -> bool:
        """Phones do not show reports."""
        return bool(pdu)

    def _show(self, deliver: Deliver) -> None:
        text = self._join(deliver)
        if text is not None:
            self._keep(Sms(deliver.sender, text, self._moments.later(now()), deliver.data))

    def _join(self, deliver: Deliver) -> str | None:
        place = deliver.concat
        if place is None:
            return join([deliver.text])
        # some phones join nothing else: all parts have one data coding scheme (TS 23.040 §9.2.3.24.1)
        key = (deliver.sender, place.reference, place.total, place.bits, deliver.encoding)
        parts = self._parts.setdefault(key, {})
        parts[place.index] = deliver.text
        if len(parts) < place.total:
            return None
        del self._parts[key]
        return join([parts[index] for index in sorted(parts)])

    def _keep(self, sms: Sms) -> None:
        self.received.append(sms)
        for count, future in self._waiting:
            if len(self.received) >= count and not future.done():
                future.set_result(None)

    async def wait(self, count: int = 1, timeout: float | None = 30.0) -> list[Sms]:
        """Everything received, once it is `count` messages. Raises TimeoutError after `timeout` seconds, if any."""
        if len(self.received) < count:
            entry = (count, asyncio.get_running_loop().create_future())
            self._waiting.append(entry)
            try:
                await asyncio.wait_for(entry[1], timeout)
            finally:
                self._waiting.remove(entry)
        return list(self.received)

    # -- sending ----------------------------------------------------------------------------------
    def send(self, to: str, text: str) -> None:
        """Write to a number; a long text goes out in parts."""
        parts = split(text)
        self.written.append(Written(to, text, self._moments.later(now())))
        if len(parts) > 1:
            self._reference = (self._reference + 1) % 256
        for index, part in enumerate(parts, 1):
            concat = Concat(self._reference, len(parts), index) if len(parts) > 1 else None
            pdu = encode_deliver(
                self.number, part, sent_at=now(), concat=concat, smsc=SERVICE_CENTRE, alphabet=alphabet(text)
            )
            self._carry(Posting(self.number, to, 0, report=False, pdu=pdu, sent_at=now()))
