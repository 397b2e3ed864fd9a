"""A person with WhatsApp on a phone."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from bridge.dataclass import dataclass
from device_drivers.virtual.network.message import Moments, now


@dataclass(frozen=True, slots=True)
class Message:
    """What a person reads."""

    sender: str
    #: or what stands below a picture or document
    text: str
    #: Unix ms
    at: int
    #: URL of it; "" for a text
    media: str = ""
    #: name of the template that it came by; "" for none
    template: str = ""


class Person:
    """Reads and writes; `carry` brings what is written to the business."""

    def __init__(self, number: str, carry: Callable[["Person", str], None]) -> None:
        self.number = number
        #: oldest first
        self.received: list[Message] = []
        #: text and Unix ms, oldest first
        self.written: list[tuple[str, int]] = []
        #: Unix ms at which the person last wrote; 0 for never
        self.wrote_at = 0
        self._moments = Moments()
        self._carry = carry
        self._arrived = asyncio.Event()

    def take(self, message: Message) -> None:
        """It arrives."""
        self.received.append(replace(message, at=self._moments.later(message.at)))
        self._arrived.set()

    async def wait(self, count: int = 1, timeout: float | None = 10.0) -> list[Message]:
        """Everything received, once it is `count` messages. Raises TimeoutError after `timeout` seconds, if any."""
        async with asyncio.timeout(timeout):
            while len(self.received) < count:
                self._arrived.clear()
                await self._arrived.wait()
        return list(self.received)

    def send(self, text: str) -> None:
        """Write to the business, which may write back for a day."""
        self.written.append((text, self._moments.later(now())))
        self._carry(self, text)
