"""Passes everything a modem receives to the core: stored, direct, or noticed on the way."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

from bridge.dataclass import dataclass
from bridge.errors import DeviceLost
from bridge.model.radio import Held, Inbound, InboundPart, InboundReport
from device_drivers.gsm_modem import reading, textmode
from device_drivers.gsm_modem.memories import OWN_MEMORY, Stored, slot_of
from device_drivers.gsm_modem.news import Told

#: how the slots of what is not stored begin
_DIRECT = ("CMT:", "CDS:")


@dataclass(frozen=True, slots=True)
class Holders:
    """What holds the SMS of a modem; "" where it is not known."""

    sim: str = ""
    modem: str = ""

    def of(self, slot: str) -> str:
        """What holds this slot: the modem its own memory, the SIM all else, also what comes directly."""
        return self.modem if slot.startswith(f"{OWN_MEMORY}:") else self.sim


class Intake:
    """The incoming side of one modem, on the loop. `loss` says why the device is gone; "" while present."""

    def __init__(self, line: str, loss: Callable[[], str]) -> None:
        self.line = line
        self.holders = Holders()
        self._loss = loss
        self._inbound: asyncio.Queue[Inbound | None] = asyncio.Queue()
        #: slots of what came without being stored and is not committed yet
        self._direct: set[str] = set()

    async def inbound(self) -> AsyncIterator[Inbound]:
        """Everything received, as it is found. Raises DeviceLost."""
        while True:
            item = await self._inbound.get()
            if item is None:
                self._inbound.put_nowait(None)
                raise DeviceLost(self._loss())
            yield item

    def end(self) -> None:
        """The device is gone."""
        self._inbound.put_nowait(None)

    def tell(self, item: Inbound) -> None:
        """Pass on an item."""
        self._inbound.put_nowait(item)

    def take_stored(self, stored: Sequence[Stored]) -> None:
        """Pass on what was found in memories, oldest first."""
        items: list[InboundPart | InboundReport] = []
        for one in stored:
            item = reading.read(self.line, one.slot, one.pdu, one.content)
            if item is not None:
                items.append(replace(item, holder=self.holders.of(one.slot)))
        for item in reading.oldest_first(items):
            self.tell(item)

    def take_direct(self, told: Told) -> None:
        """Pass on an SMS or report that no memory holds."""
        slot = slot_of(told.memory, told.pdu or "\n".join(told.text))
        if slot in self._direct:
            return
        read = textmode.read(self.line, slot, told.text) if told.text else None
        item = read or reading.read(self.line, slot, told.pdu)
        if item is not None:
            self._direct.add(slot)
            self.tell(replace(item, holder=self.holders.of(slot)))

    def tell_sights(self, sights: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        """Pass on which slots memories were seen to hold, after everything read there before."""
        for place, slots in sights:
            self.tell(Held(self.line, place, slots, self.holders.of(place)))

    @staticmethod
    def is_direct(slot: str) -> bool:
        """Whether the slot stands for something that no memory holds."""
        return slot.startswith(_DIRECT)

    def let_go(self, slot: str) -> bool:
        """A direct item is committed; False when it was before."""
        if slot not in self._direct:
            return False
        self._direct.discard(slot)
        self.tell(Held(self.line, slot, holder=self.holders.of(slot)))
        return True
