"""One round: everything that the plan says, at its time; then rest, and the books."""

import asyncio
import contextlib
import signal
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp

from device_drivers.virtual.control import NotDone
from device_drivers.virtual.phone.server import NoServer
from tests.campaign.books import Order
from tests.campaign.catalogue import Request, Trouble, remedies
from tests.campaign.clients import Client
from tests.campaign.conservation import Tally, Told, tally, violations
from tests.campaign.plan import Plan
from tests.campaign.rest import come_to_rest
from tests.campaign.serve import NotStarted
from tests.campaign.stage import Stage


@dataclass
class Outcome:
    """What came of a round."""

    violations: list[str] = field(default_factory=list)
    #: of the whole season so far
    tally: Tally = field(default_factory=Tally)
    #: starts of the bridge that were needed only to bring it to rest
    helped: int = 0


class Play:
    """Carries a plan out."""

    def __init__(self, stage: Stage, plan: Plan) -> None:
        self._stage = stage
        self._plan = plan
        self._over = asyncio.Event()
        self._mistakes: list[str] = []
        #: held by whoever ends or starts the bridge
        self._process = asyncio.Lock()
        #: how many disks are full now, and whether the bridge did not start for that
        self._full = 0
        self._without_room = False

    async def run(self) -> Outcome:
        """The whole round."""
        async with asyncio.TaskGroup() as group:
            for at, order in self._plan.orders:
                self._stage.books.orders[order.token] = order
                group.create_task(self._later(at, lambda order=order: self._submit(order)))
            for at, order in self._plan.cancels:
                group.create_task(self._later(at, lambda order=order: self._cancel(order)))
            for at, written, customer in self._plan.written:
                self._stage.books.written[written.token] = written
                request = {"command": "receive", "from": customer, "to": written.to, "text": written.text}
                group.create_task(self._later(at, lambda request=request: self._ask(request)))
            for trouble in self._plan.troubles:
                group.create_task(self._later(trouble.at, lambda trouble=trouble: self._make(trouble)))
            await asyncio.sleep(self._plan.span)
            await self._repair()
            self._over.set()
        self._look_whether_it_runs()
        told, helped = await self._rest()
        found = violations(self._stage.books, told) + self._mistakes
        return Outcome(found, tally(self._stage.books, told), helped)

    async def _rest(self) -> tuple[Told, int]:
        told, helped = await come_to_rest(self._stage)
        mistakes = [f"{phone.address}: {each}" for phone in self._stage.world.phones for each in phone.mistakes]
        self._mistakes += mistakes
        return told, helped

    async def _later(self, at: float, do: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(at)
        await do()

    # -- what people do ---------------------------------------------------------------------------
    async def _submit(self, order: Order) -> None:
        client = Client(self._stage.http, self._stage.serve.url, self._stage.keys)
        await client.submit(order, self._over)

    async def _cancel(self, order: Order) -> None:
        """A caller who thinks better of it; whether in time is the bridge's to say."""
        with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
            page = await self._stage.get(order.account, "/v1/messages", keyword=order.token)
            for message in page["messages"]:
                await self._stage.call("POST", order.account, f"/v1/messages/{message['id']}/cancel")

    async def _ask(self, request: Request) -> None:
        """Steer the network. A device that is away cannot do everything."""
        with contextlib.suppress(NotDone):
            await self._stage.ask(request)

    # -- what goes wrong --------------------------------------------------------------------------
    async def _make(self, trouble: Trouble) -> None:
        if trouble.begin:
            for request in trouble.begin:
                await self._ask(request)
            await self._wait(trouble.lasts)
            for request in trouble.end:
                await self._ask(request)
            if "phone" in trouble.name:
                await self._stage.attach_phones()
            return
        await self._surround(trouble)

    async def _wait(self, seconds: float) -> None:
        """So long, or until the round is over."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)

    async def _surround(self, trouble: Trouble) -> None:
        serve = self._stage.serve
        if trouble.name.startswith("clock"):
            if serve.clock is not None:
                serve.clock.step(int(trouble.name.removeprefix("clock ")))
            return
        match trouble.name:
            case "kill" | "end" | "end twice":
                async with self._process:
                    await self._end(trouble.name)
            case "stop":
                serve.signal(signal.SIGSTOP)
                await self._wait(trouble.lasts)
                serve.signal(signal.SIGCONT)
            case "disk full":
                self._full += 1
                serve.leave_room(4096)
                await self._wait(trouble.lasts)
                self._full = max(self._full - 1, 0)
                if not self._full:
                    serve.leave_room(None)
            case "adb dies":
                with contextlib.suppress(NoServer):
                    await self._stage.adb.restart()
                await self._stage.attach_phones()
            case "receiver fails":
                self._stage.receiver.rude = True
                await self._wait(trouble.lasts)
                self._stage.receiver.rude = False

    async def _end(self, how: str) -> None:
        """The power goes, or a service is restarted, by an impatient person sometimes."""
        serve = self._stage.serve
        self._look_whether_it_runs()
        if how == "kill":
            await serve.kill()
        else:
            serve.signal(signal.SIGTERM)
            if how == "end twice":
                await self._wait(0.3)
            if await serve.end() == -signal.SIGKILL:
                self._mistakes.append("SIGTERM did not end the bridge")
        await self._start()

    async def _start(self) -> None:
        """As systemd does. A bridge whose disk is full may say so and end; it is started again when there is room."""
        try:
            await self._stage.serve.start()
        except NotStarted as error:
            self._without_room = True
            if not any(trouble.name == "disk full" for trouble in self._plan.troubles):
                self._mistakes.append(f"the bridge did not start: {error}")

    def _look_whether_it_runs(self) -> None:
        if not (self._stage.serve.running or self._without_room):
            self._mistakes.append(f"the bridge ended by itself: {self._stage.serve.last_words()}")

    async def _repair(self) -> None:
        """All is well again, whatever was done."""
        serve = self._stage.serve
        serve.signal(signal.SIGCONT)
        if serve.clock is not None:
            serve.clock.set_right()
        self._full = 0
        serve.leave_room(None)
        async with self._process:
            self._look_whether_it_runs()
            await serve.start()
        self._without_room = False
        self._stage.receiver.rude = False
        for request in remedies(self._stage.catalogue, len(self._stage.world.modems), len(self._stage.world.phones)):
            await self._ask(request)
        await self._stage.attach_phones()
