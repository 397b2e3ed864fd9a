"""The bench for `android_adb`: an emulated phone behind a real adb server, and its network."""

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bridge.errors import Refusal
from bridge.ports.driver import Device, VolatileMemory
from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.phone import AdbServer, Phone

#: programs that it starts
NEEDS = ("adb", "mksh")
OURS, THEIRS = "+15550101", "+15550199"

#: what the radio log tells for each kind of refusal: causes of the network, and "access barred" of Android itself
_CODES = {Refusal.PERMANENT: 21, Refusal.TEMPORARY: 42, Refusal.CREDIT: 8, Refusal.LINE: 122, Refusal.NETWORK: 38}
#: where programs that are not told otherwise look for the adb server
_PORT = "ANDROID_ADB_SERVER_PORT"


class AndroidAdbBench:
    """Obeys `tests.contract.bench.Bench`."""

    ours, theirs = OURS, THEIRS

    def __init__(self, directory: Path) -> None:
        self._network = Network()
        self._phone = Phone(self._network, [OURS])
        self._adb = AdbServer(directory)
        self._far = self._network.handset(THEIRS)
        self._memory = VolatileMemory()
        self._environment = os.environ.get(_PORT)

    async def start(self) -> None:
        """Plug it in."""
        await self._adb.start()
        os.environ[_PORT] = str(self._adb.port)
        await self._phone.start()
        await self._adb.connect(self._phone.address)

    async def close(self) -> None:
        """Pull it out for good."""
        if self._environment is None:
            os.environ.pop(_PORT, None)
        else:
            os.environ[_PORT] = self._environment
        await self._adb.close()
        await self._phone.close()
        self._network.close()
        assert not self._phone.mistakes, self._phone.mistakes

    @property
    def device(self) -> Device:
        """As the configuration has it."""
        options: dict[str, Any] = {
            "serial": self._phone.address,
            "adb_port": self._adb.port,
            "poll_interval": 0.1,
            "settle": 0.2,
            "send_timeout": 2.0,
            "command_timeout": 8.0,
        }
        return Device("office", "android_adb", options, self._memory)

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
        """The next message goes out, and the phone keeps no trace of it."""
        self._phone.faults.silent_next = 1

    def unplug(self) -> None:
        """Pull it out."""
        self._phone.unplug()


@asynccontextmanager
async def bench() -> AsyncIterator[AndroidAdbBench]:
    """A bench that is ready, and is cleared away afterwards."""
    with tempfile.TemporaryDirectory(prefix="adb-") as directory:
        made = AndroidAdbBench(Path(directory))
        await made.start()
        try:
            yield made
        finally:
            await made.close()
