"""The bench for `gsm_modem`: an emulated modem on a pseudo-terminal, and its network."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bridge.errors import Refusal
from bridge.ports.driver import Device
from device_drivers.virtual.modem.modem import Modem
from device_drivers.virtual.network.service_centre import Network

OURS, THEIRS = "+15550101", "+15550199"

#: +CMS ERRORs that stand for each kind of refusal
_CODES = {Refusal.PERMANENT: 1, Refusal.TEMPORARY: 42, Refusal.CREDIT: 8, Refusal.LINE: 310, Refusal.NETWORK: 331}


class GsmModemBench:
    """Obeys `tests.contract.bench.Bench`."""

    ours, theirs = OURS, THEIRS

    def __init__(self) -> None:
        self._network = Network()
        self._modem = Modem(self._network, OURS)
        self._far = self._network.handset(THEIRS)

    async def start(self) -> None:
        """Plug it in."""
        await self._modem.start()

    async def close(self) -> None:
        """Pull it out for good."""
        await self._modem.close()
        self._network.close()

    @property
    def device(self) -> Device:
        """As the configuration has it."""
        options: dict[str, Any] = {
            "port": self._modem.port or "/dev/absent",
            # a busy machine may take a second over anything
            "send_timeout": 3.0,
            "command_timeout": 5.0,
        }
        return Device("office", "gsm_modem", options)

    async def received(self, count: int) -> list[str]:
        """What the far end has got, once it is so many."""
        return [sms.text for sms in await self._far.wait(count)]

    def reply(self, text: str) -> None:
        """The far end writes to us."""
        self._far.send(OURS, text)

    def refuse(self, refusal: Refusal) -> None:
        """The next message meets this."""
        self._network.rules.refuse_next.append(_CODES[refusal])

    def fall_silent(self) -> None:
        """The next message goes out, and the modem never says so."""
        self._modem.faults.silences["+CMGS"] = 1

    def unplug(self) -> None:
        """Pull it out."""
        self._modem.unplug()


@asynccontextmanager
async def bench() -> AsyncIterator[GsmModemBench]:
    """A bench that is ready, and is cleared away afterwards."""
    made = GsmModemBench()
    await made.start()
    try:
        yield made
    finally:
        await made.close()
