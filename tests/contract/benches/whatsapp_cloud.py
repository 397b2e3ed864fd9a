"""The bench for `whatsapp_cloud`: an emulated Graph API, and somebody with WhatsApp."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bridge.errors import Refusal
from bridge.ports.driver import Answering, Device
from device_drivers.virtual.whatsapp.platform import Whatsapp
from tests.support.callback_site import CallbackSite

OURS, THEIRS = "+15550130", "+15550199"

#: codes of the Graph API that stand for each kind of refusal
_CODES = {
    Refusal.PERMANENT: 131051, Refusal.TEMPORARY: 131056, Refusal.CREDIT: 131042, Refusal.LINE: 131048,
    Refusal.NETWORK: 130429,
}  # fmt: skip


class WhatsappCloudBench:
    """Obeys `tests.contract.bench.Bench`."""

    ours, theirs = OURS, THEIRS

    def __init__(self) -> None:
        self.platform = Whatsapp(OURS)
        self._far = self.platform.handset(THEIRS)
        self._site = CallbackSite()

    async def start(self) -> None:
        """Let it answer."""
        self.platform.faults.always_open = True
        self.platform.faults.retry_delay = 0.05
        await self.platform.start()
        await self._site.start()
        self.platform.webhooks.url = self._site.url

    async def close(self) -> None:
        """Let nobody answer any more."""
        await self.platform.close()
        await self._site.close()

    def answer_by(self, link: Answering) -> None:
        """Webhooks go to this link."""
        self._site.link = link

    @property
    def device(self) -> Device:
        """As the configuration has it."""
        options: dict[str, Any] = {
            **self.platform.options, "timeout": 2.0, "check_interval": 0.2, "forget_after": 0.0,
        }  # fmt: skip
        return Device("office", "whatsapp_cloud", options)

    async def received(self, count: int) -> list[str]:
        """What the far end has got, once it is so many."""
        return [message.text for message in await self._far.wait(count)]

    def reply(self, text: str) -> None:
        """The far end writes to us."""
        self._far.send(text)

    def refuse(self, refusal: Refusal) -> None:
        """The next message meets this."""
        self.platform.faults.refuse_next.append(_CODES[refusal])

    def fall_silent(self) -> None:
        """The next message is taken, and nobody answers."""
        self.platform.faults.silent_next = 1

    def unplug(self) -> None:
        """Nobody answers at the API's address any more."""
        self.platform.unplug()


@asynccontextmanager
async def bench() -> AsyncIterator[WhatsappCloudBench]:
    """A bench that is ready, and is cleared away afterwards."""
    made = WhatsappCloudBench()
    await made.start()
    try:
        yield made
    finally:
        await made.close()
