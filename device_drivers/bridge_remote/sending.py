"""Sends by a line of the site: hands a message over once, and waits until the site knows what became of it.

The site's answer to the request says only that it has the message; `sent` here is what its line's device answered. A
request is repeated as it is, under one idempotency key, while nobody knows whether it came; what waits at the site when
its line fails, or for too long, is taken back before anybody else may have it.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from bridge.dataclass import dataclass
from bridge.errors import DeviceLost, LinkError, OutcomeUnknown, Refusal, SendRefused
from bridge.model.line import Line, LineState
from bridge.model.radio import Outgoing, Sent
from device_drivers.bridge_remote.api import Api, Problem, refused
from device_drivers.bridge_remote.fates import OUT, Fate, fate, went_in_part, why
from device_drivers.bridge_remote.options import Options
from device_drivers.bridge_remote.references import MOST_TRIES, Part, number_of, reference

#: seconds between two looks at a message, should its event not come
LOOK = 5.0
#: seconds between two requests while the site is out of reach
AGAIN = 0.5
#: parts whose number of tries is remembered
MOST_REMEMBERED = 10_000
#: what was tried before and came to this does not go out any more unless a person there sees to it
_OVER = frozenset({Fate.REFUSED, Fate.WITHDRAWN, Fate.UNDELIVERED, Fate.UNKNOWN})
Shape = Mapping[str, Any]


#: status (RFC 6585 §4): the account has had its requests of this minute
TOO_MANY = 429


class Busy(Exception):
    """The site did not take the request, and takes it so many seconds later."""

    def __init__(self, message: str, seconds: int) -> None:
        super().__init__(message)
        self.message = message
        self.seconds = max(1, seconds)


@dataclass(slots=True)
class Waiting:
    """A message that the site has, and that somebody waits for here."""

    told: Shape = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)


class Sender:
    """The sending half of a link. One `send` per line at a time."""

    def __init__(self, api: Api, options: Options, line: Callable[[str], Line], lost: asyncio.Event) -> None:
        """`line`: a line here as it is now; `lost`: set when the link is."""
        self._api = api
        self._options = options
        self._line = line
        self._lost = lost
        #: by their references
        self._waiting: dict[str, Waiting] = {}
        #: the device is let go of
        self._is_leaving = False
        #: the try that is under way, or was the last
        self.tries: dict[Part, int] = {}

    @property
    def waiting(self) -> int:
        """How many messages the site has, or may have, whose outcome somebody waits for here."""
        return len(self._waiting)

    def heard(self, reference: str, told: Shape) -> bool:
        """An event told of a message; whether somebody waits for it."""
        waiting = self._waiting.get(reference)
        if waiting is None:
            return False
        waiting.told = told
        waiting.news.set()
        return True

    def give_back(self) -> None:
        """Let nothing wait at the site any more."""
        self._is_leaving = True
        self.look()

    def look(self) -> None:
        """The lines have changed, or the link is lost."""
        for waiting in self._waiting.values():
            waiting.news.set()

    async def send(self, line: str, theirs: str, outgoing: Outgoing) -> Sent:
        """Have it sent by a line, called `theirs` at the site. Raises DeviceLost, SendRefused, OutcomeUnknown."""
        part = (outgoing.message, outgoing.index)
        tries = self.tries.pop(part, 1)
        while tries <= MOST_TRIES:
            name = reference(part, tries)
            self.tries[part] = tries
            if len(self.tries) > MOST_REMEMBERED:
                del self.tries[next(iter(self.tries))]
            waiting = self._waiting[name] = Waiting()
            try:
                told, fresh = await self._hand_over(name, theirs, outgoing)
                if fresh or fate(told) not in _OVER:
                    return await self._outcome(name, line, told, waiting)
            finally:
                del self._waiting[name]
            tries += 1
        raise SendRefused(f"it was tried {MOST_TRIES} times by this site", Refusal.PERMANENT)

    # -- the request ------------------------------------------------------------------------------
    def _message(self, name: str, theirs: str, outgoing: Outgoing) -> Shape:
        message: dict[str, Any] = {
            "to": outgoing.recipient, "text": outgoing.text, "line": theirs, "client_ref": name,
            "report": outgoing.report, "on_unknown": "hold",
        }  # fmt: skip
        if outgoing.expires_at:
            # a moment, not a time: a request that somebody held back must not make it live longer
            message["expires_at"] = self._api.site_time(outgoing.expires_at) / 1000
        return message

    async def _hand_over(self, name: str, theirs: str, outgoing: Outgoing) -> tuple[Shape, bool]:
        """The message as the site has it, and whether it was not there before. Raises LinkError."""
        message, unsure = self._message(name, theirs, outgoing), False
        until = begun = asyncio.get_running_loop().time()
        until += self._options.patience
        while True:
            try:
                return await self._post(name, message, unsure)
            except Busy as busy:
                last = busy.message
                await self._wait_for_room(busy, unsure, begun + self._options.send_timeout)
                until = asyncio.get_running_loop().time() + self._options.patience
                continue
            except OutcomeUnknown as error:
                unsure, last = True, error.message
            except DeviceLost as error:
                last = error.message
            if self._lost.is_set() or asyncio.get_running_loop().time() >= until:
                raise OutcomeUnknown(last) if unsure else DeviceLost(last)
            await self._pause(AGAIN)

    async def _post(self, name: str, message: Shape, again: bool) -> tuple[Shape, bool]:
        try:
            told, replayed = await self._api.submit(message, name)
            return told, again or not replayed  # what came by a send before this one may be over: another try, then
        except Problem as problem:
            if problem.status == 409 and (found := await self._api.find(name)) is not None:
                return found, again
            if problem.status == TOO_MANY:
                raise Busy(refused(problem).message, problem.retry_after) from problem
            if again:  # what it says of this request, it may not have said of the one before
                raise OutcomeUnknown(refused(problem).message) from problem
            raise refused(problem) from problem

    async def _wait_for_room(self, busy: Busy, unsure: bool, end: float) -> None:
        """Until the site takes another request, while others go by other lines. Raises what it comes to in vain."""
        clock = asyncio.get_running_loop().time
        until = min(clock() + busy.seconds, end)
        while clock() < until and not (self._is_leaving or self._lost.is_set()):
            await self._pause(min(1.0, until - clock()))
        if self._is_leaving or self._lost.is_set() or clock() >= end:
            raise OutcomeUnknown(busy.message) if unsure else SendRefused(busy.message, Refusal.NETWORK)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._lost.wait()
        except TimeoutError:
            return

    # -- the outcome ------------------------------------------------------------------------------
    async def _outcome(self, name: str, line: str, told: Shape, waiting: Waiting) -> Sent:
        """Wait for what becomes of it. Raises SendRefused, OutcomeUnknown."""
        message, until = str(told["id"]), asyncio.get_running_loop().time() + self._options.send_timeout
        waiting.told = waiting.told or told
        while True:
            waiting.news.clear()
            sent = self._judge(name, waiting.told)
            if sent is not None:
                return sent
            if self._lost.is_set():
                raise OutcomeUnknown("the site has it, and went out of reach before it told what became of it")
            if fate(waiting.told) is Fate.WAITING and (refusal := self._impatience(line, until)) is not None:
                await self._take_back(message, refusal)
            try:
                async with asyncio.timeout(LOOK):
                    await waiting.news.wait()
            except TimeoutError:
                known = waiting.told
                found = await self._look(name, known)
                if waiting.told is known:  # else an event told more meanwhile
                    waiting.told = found

    def _judge(self, name: str, told: Shape) -> Sent | None:
        found = fate(told)
        if found in OUT:  # whether it arrived, its event tells as well
            return Sent(number_of(name))
        if found is Fate.REFUSED:
            raise SendRefused(why(told), Refusal.PERMANENT)
        if found is Fate.WITHDRAWN:
            raise SendRefused(why(told), Refusal.TEMPORARY)
        if found is Fate.UNKNOWN:
            raise OutcomeUnknown(why(told))
        return None

    def _impatience(self, line: str, until: float) -> SendRefused | None:
        """Why it should not wait at the site any longer."""
        if self._is_leaving:
            return SendRefused("the hub lets go of the site", Refusal.NETWORK)
        mine = self._line(line)
        if mine.state is not LineState.READY:
            kind = Refusal.LINE if mine.state is LineState.PARKED else Refusal.NETWORK
            return SendRefused(f"the line at the site is {mine.state.value}: {mine.reason or 'it says no more'}", kind)
        if asyncio.get_running_loop().time() >= until:
            return SendRefused(f"the site did not send it within {self._options.send_timeout:g} s", Refusal.NETWORK)
        return None

    async def _take_back(self, message: str, refusal: SendRefused) -> None:
        """Raises the refusal when the site will not send it any more; returns when it may."""
        try:
            taken = None if went_in_part(await self._api.show(message)) else await self._api.cancel(message)
            if taken is not None and fate(taken) is Fate.WITHDRAWN:
                raise refusal
        except LinkError as error:
            if error is refusal:
                raise

    async def _look(self, name: str, known: Shape) -> Shape:
        try:
            return await self._api.find(name) or known
        except LinkError:
            return known
