"""The bench for `bridge_remote`: a whole bridge on an emulated modem, and a way to it that fails when told to."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from bridge.errors import Refusal
from bridge.ports.driver import Device, VolatileMemory
from device_drivers.virtual.modem.modem import Modem
from device_drivers.virtual.network.service_centre import Network
from tests.support.bad_way import BadWay
from tests.support.running import Bridge, config, running

OURS, THEIRS = "+15550101", "+15550199"

#: what the site answers for each kind of refusal
_PROBLEMS = {
    Refusal.PERMANENT: (400, "bad-request"), Refusal.TEMPORARY: (409, "not-possible"),
    Refusal.CREDIT: (402, "out-of-credit"), Refusal.LINE: (403, "not-allowed"), Refusal.NETWORK: (423, "locked"),
}  # fmt: skip


class BridgeRemoteBench:
    """Obeys `tests.contract.bench.Bench`."""

    ours, theirs = OURS, THEIRS

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._network = Network()
        self._modem = Modem(self._network, OURS)
        self._far = self._network.handset(THEIRS)
        self._way = BadWay()
        self._memory = VolatileMemory()
        self._stack = AsyncExitStack()
        self._site: Bridge | None = None

    async def start(self) -> None:
        """Start the site."""
        await self._modem.start()
        modem = {"port": self._modem.port, "send_timeout": 3.0, "command_timeout": 5.0}
        self._site = await self._stack.enter_async_context(running(config(self._directory, {"modem": modem})))
        await self._site.ready("modem")
        self._way.target = self._site.url
        await self._way.start()

    async def close(self) -> None:
        """Stop it."""
        await self._way.close()
        await self._stack.aclose()
        await self._modem.close()
        self._network.close()

    @property
    def device(self) -> Device:
        """As the configuration has it."""
        key = self._site.keys["apikey"] if self._site else ""
        options: dict[str, Any] = {"url": self._way.url, "key": key, "timeout": 2.0, "patience": 0.5}
        return Device("office", "bridge_remote", options, self._memory)

    async def received(self, count: int) -> list[str]:
        """What the far end has got, once it is so many."""
        return [sms.text for sms in await self._far.wait(count)]

    def reply(self, text: str) -> None:
        """The far end writes to us."""
        self._far.send(OURS, text)

    def refuse(self, refusal: Refusal) -> None:
        """The next message meets this."""
        self._way.refuse_next.append(_PROBLEMS[refusal])

    def fall_silent(self) -> None:
        """The next message goes out, and the site's modem never says so."""
        self._modem.faults.silences["+CMGS"] = 1

    def unplug(self) -> None:
        """Nothing reaches the site any more."""
        self._way.unplug()


@asynccontextmanager
async def bench() -> AsyncIterator[BridgeRemoteBench]:
    """A bench that is ready, and is cleared away afterwards."""
    with tempfile.TemporaryDirectory(prefix="site-") as directory:
        made = BridgeRemoteBench(Path(directory))
        await made.start()
        try:
            yield made
        finally:
            await made.close()
