"""The bench for `tencent`: the emulated API of Tencent Cloud SMS, and somebody with a phone abroad."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bridge.errors import Refusal
from bridge.ports.driver import Answering, Device
from device_drivers.virtual.cloud.tencent import Tencent
from tests.support.callback_site import CallbackSite

OURS, THEIRS, SECRET = "+15550130", "+15550199", "a-secret-of-the-bench"

#: codes that stand for each kind of refusal
_CODES = {
    Refusal.PERMANENT: "FailedOperation.ContainSensitiveWord",
    Refusal.TEMPORARY: "LimitExceeded.PhoneNumberThirtySecondLimit",
    Refusal.CREDIT: "FailedOperation.InsufficientBalanceInSmsPackage",
    Refusal.LINE: "UnauthorizedOperation.SdkAppIdIsDisabled",
    Refusal.NETWORK: "LimitExceeded.GlobalSmsSendingRateLimit",
}


class TencentBench:
    """Obeys `tests.contract.bench.Bench`."""

    ours, theirs = OURS, THEIRS

    def __init__(self) -> None:
        self.provider = Tencent({"1001": "{1}", "9001": "{1}"})
        self._far = self.provider.far.person(THEIRS)
        self._site = CallbackSite()

    async def start(self) -> None:
        """Let it answer."""
        self.provider.faults.retry_delays = [0.05] * 200
        await self.provider.start()
        await self._site.start()
        self.provider.pushes.url = self._site.url + SECRET

    async def close(self) -> None:
        """Let nobody answer any more."""
        await self.provider.close()
        await self._site.close()

    def answer_by(self, link: Answering) -> None:
        """Callbacks go to this link."""
        self._site.link = link

    @property
    def device(self) -> Device:
        """As the configuration has it."""
        options: dict[str, Any] = {
            **self.provider.options, "timeout": 2.0, "check_interval": 0.2, "forget_after": 0.0,
            "callback_secret": SECRET,
        }  # fmt: skip
        return Device("office", "tencent", options)

    async def received(self, count: int) -> list[str]:
        """What the far end has got, once it is so many."""
        return [message.text for message in await self._far.wait(count)]

    def reply(self, text: str) -> None:
        """The far end writes to us."""
        self._far.send(text)

    def refuse(self, refusal: Refusal) -> None:
        """The next message meets this."""
        self.provider.faults.refuse_next.append(_CODES[refusal])

    def fall_silent(self) -> None:
        """The next message is taken, and nobody answers."""
        self.provider.faults.silent_next = 1

    def unplug(self) -> None:
        """Nobody answers at the API's address any more."""
        self.provider.unplug()


@asynccontextmanager
async def bench() -> AsyncIterator[TencentBench]:
    """A bench that is ready, and is cleared away afterwards."""
    made = TencentBench()
    await made.start()
    try:
        yield made
    finally:
        await made.close()
