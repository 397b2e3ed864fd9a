"""Finds out what became of parts whose outcome is unknown, by what they are called at the site."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from bridge.dataclass import dataclass
from bridge.errors import LinkError
from bridge.model.message import State
from bridge.model.radio import Evidence
from device_drivers._api_link import now
from device_drivers.bridge_remote.api import Api, Problem, Shape
from device_drivers.bridge_remote.fates import STAND_IN, Fate, evidence_of, fate, went_in_part, why
from device_drivers.bridge_remote.references import MOST_TRIES, Part, number_of, reference
from device_drivers.bridge_remote.told import moment

#: seconds after which a part in doubt is looked for: by then the core has written down that it is
FIRST, LONGEST = 2.0, 60.0
#: ms by which two clocks may differ
CLOCKS = 30_000
#: ms until a stand-in that could not be taken back ends by itself
_AHEAD = 3600 * 1000


@dataclass(slots=True)
class Doubt:
    """A part whose outcome is unknown."""

    part: Part
    #: the line here, and its name there
    line: str
    theirs: str
    recipient: str
    #: Unix ms of the intent
    since: int
    #: seconds of the event loop's clock, and seconds until the look after that
    due: float = 0.0
    pause: float = FIRST


class Doubts:
    """The parts in doubt of one link."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._open: dict[Part, Doubt] = {}
        self._news = asyncio.Event()

    def add(self, doubt: Doubt) -> None:
        """From now on this part is looked for."""
        doubt.due = asyncio.get_running_loop().time() + FIRST
        self._open[doubt.part] = doubt
        self._news.set()

    def drop(self, part: Part) -> None:
        """Somebody sends it anew, so that its outcome is another one."""
        self._open.pop(part, None)

    def heard(self, part: Part, name: str, told: Shape) -> Evidence | None:
        """What an event proves of a part in doubt: only that it went out, for what did not may be a try before."""
        doubt, found = self._open.get(part), fate(told)
        if doubt is None or found not in (Fate.SENT, Fate.DELIVERED):
            return None
        return self._settle(doubt, name, found, told)

    async def run(self) -> AsyncIterator[Evidence]:
        """What is learned by asking, for as long as the link is open."""
        while True:
            self._news.clear()
            time = asyncio.get_running_loop().time()
            for doubt in [each for each in self._open.values() if each.due <= time]:
                evidence = await self._look(doubt)
                if evidence is not None:
                    yield evidence
            next_due = min((each.due for each in self._open.values()), default=time + LONGEST)
            try:
                async with asyncio.timeout(max(0.05, next_due - asyncio.get_running_loop().time())):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _look(self, doubt: Doubt) -> Evidence | None:
        doubt.due = asyncio.get_running_loop().time() + doubt.pause
        doubt.pause = min(2 * doubt.pause, LONGEST)
        try:
            return await self._find(doubt)
        except (LinkError, Problem):
            return None  # another time

    async def _find(self, doubt: Doubt) -> Evidence | None:
        """Raises LinkError, Problem."""
        name, found = await self._last_try(doubt.part)
        if found is not None and (fate(found) is Fate.UNKNOWN or not self._is_earlier(found, doubt)):
            if fate(found) is Fate.WAITING:
                found = await self._take_back(found)
            return self._settle(doubt, name, fate(found), found) if self._open.get(doubt.part) is doubt else None
        free = reference(doubt.part, _number(name) + 1 if found is not None else 1)
        told = await self._keep_out(doubt, free)
        return self._settle(doubt, free, fate(told), told) if self._open.get(doubt.part) is doubt else None

    async def _last_try(self, part: Part) -> tuple[str, Shape | None]:
        name, found = reference(part, 1), None
        for tries in range(1, MOST_TRIES + 1):
            following = reference(part, tries)
            told = await self._api.find(following)
            if told is None:
                break
            name, found = following, told
        return name, found

    def _is_earlier(self, found: Shape, doubt: Doubt) -> bool:
        """Whether this is a try before the one in doubt, which then did not come."""
        created = moment(found.get("created_at")) - self._api.ahead
        return evidence_of(fate(found)) in (State.FAILED, State.QUEUED) and created < doubt.since - CLOCKS

    async def _keep_out(self, doubt: Doubt, name: str) -> Shape:
        """Take the place of a request that did not come, so that it finds it taken, should it come yet."""
        at = self._api.site_time(now()) + _AHEAD
        # it expires at the moment at which it would be due
        stand_in: dict[str, Any] = {
            "to": doubt.recipient, "text": STAND_IN, "line": doubt.theirs, "client_ref": name, "tag": STAND_IN,
            "not_before": at / 1000, "expires_at": (at + 1) / 1000, "report": False,
        }  # fmt: skip
        try:
            told, _ = await self._api.submit(stand_in, name)
        except Problem as problem:
            found = await self._api.find(name) if problem.status == 409 else None
            if found is None:
                raise
            return found  # it came after all
        return await self._take_back(told)

    async def _take_back(self, told: Shape) -> Shape:
        """The message after it was taken back, or as it is where that is not possible."""
        message = str(told["id"])
        if not went_in_part(await self._api.show(message)):
            await self._api.cancel(message)
        return await self._api.show(message)

    def _settle(self, doubt: Doubt, name: str, found: Fate, told: Shape) -> Evidence | None:
        state = evidence_of(found)
        if state is None:
            return None
        del self._open[doubt.part]
        detail = why(told) if state in (State.FAILED, State.QUEUED) else ""
        number = number_of(name) if state is not State.QUEUED else None
        return Evidence(doubt.line, *doubt.part, state, number, detail)


def _number(name: str) -> int:
    return int(name.rpartition(".")[2])
