"""An open line at a cloud SMS provider: messages go out by HTTP, news come by callback or when they are asked for."""

import asyncio
import contextlib
import hmac
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from bridge.errors import BadRequest, DeviceLost, LinkError, OutcomeUnknown, Refusal, SendRefused
from bridge.messages.templates import choose
from bridge.model.callback import Callback, Reply
from bridge.model.finding import Finding
from bridge.model.forms import Form, with_code
from bridge.model.line import Line, LineState
from bridge.model.message import State
from bridge.model.radio import Doubtful, Evidence, Inbound, InboundPart, InboundReport, Outgoing, Sent
from bridge.ports.driver import Device
from bridge.tasks import Tasks
from device_drivers._cloud.examination import of_provider
from device_drivers._cloud.inquiries import Inquiries, Inquiry
from device_drivers._cloud.news import Report, Written, label, part_of, reference_of
from device_drivers._cloud.options import Options, may_call
from device_drivers._intake import DAY, Intake, slot_of

log = logging.getLogger(__name__)

#: seconds after which a callback whose content is not committed is refused, so that the provider comes again
PATIENCE = 20.0
#: seconds; the clock by which questions are due may be set meanwhile
_LONGEST_NAP = 30.0
#: ms by which the provider's clock and this one may differ
CLOCKS = 60_000
#: ids of messages that are remembered, to tell them from one whose answer never came
MOST_IDS = 50_000
News = Report | Written


class Provider(Protocol):
    """The API of one provider. No call is ever repeated by itself."""

    #: what a callback is answered, and a look whether the URL works
    reply: Reply
    #: seconds between pulls of news; 0 where there are none to pull
    pull_interval: float

    async def send(self, recipient: str, form: Form, values: Mapping[str, str], ours: str) -> str:
        """Hand a message over; the provider's id of it. Raises DeviceLost, SendRefused, OutcomeUnknown."""
        ...

    async def ask(self, inquiry: Inquiry) -> Sequence[Report]:
        """What is known of messages to this number since then. Raises LinkError."""
        ...

    async def pull(self) -> Sequence[News]:
        """News that are given out once; none when there are none left. Raises LinkError."""
        ...

    def read(self, body: bytes) -> Sequence[News]:
        """What a callback tells. Raises ValueError."""
        ...

    async def check(self) -> None:
        """Whether it answers and takes the key. Raises DeviceLost, SendRefused(LINE)."""
        ...

    async def close(self) -> None:
        """Hang up. Never raises."""
        ...


def now() -> int:
    """Unix ms."""
    return time.time_ns() // 1_000_000


class CloudLink:
    """Obeys `Link`, `Answering`, `Clarifying` and `Examining`."""

    def __init__(self, device: Device, options: Options, provider: Provider, model: str) -> None:
        self._device = device
        self._options = options
        self._provider = provider
        name = device.name
        self._line = Line(
            name, name, device.driver, LineState.READY, model=model, operator=options.sign_name, seen_at=now(),
            forms=options.forms,
        )  # fmt: skip
        self._intake = Intake(name, round(options.forget_after * DAY))
        self._inquiries = Inquiries(options.ask_after if options.ask else ())
        self._checked = self._pulled = asyncio.get_running_loop().time()
        #: parts whose outcome is unknown: what the provider tells of one settles it
        self._doubtful: set[tuple[str, int]] = set()
        #: those that are in the provider's hands now; a report may be quicker than the answer
        self._in_hand: set[tuple[str, int]] = set()
        #: of those, the ones of which nothing was learned yet, with their recipients
        self._unsure: dict[tuple[str, int], str] = {}
        #: by what name reports find a part that was of unknown fate
        self._names: dict[tuple[str, int], str] = {}
        self._opened_at = now()
        #: of what was sent since then
        self._ids: dict[str, None] = {}
        self._lost: DeviceLost | None = None
        self._woken = asyncio.Event()
        self._tasks = Tasks(name)
        self._tasks.start(self._work(), "asking")

    @property
    def lines(self) -> Sequence[Line]:
        """The one route."""
        return (self._line,)

    def split(self, text: str) -> Sequence[str]:
        """Providers take a text whole, as the values of a template."""
        return [text]

    # -- out --------------------------------------------------------------------------------------
    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        """Hand it over once. Raises DeviceLost, SendRefused, OutcomeUnknown."""
        if line != self._line.name:
            raise SendRefused(f"this route is the line {self._line.name}, not {line}", Refusal.LINE)
        self._insist()
        try:
            form, values = choose(self._options.forms, outgoing.recipient, outgoing.text)
        except BadRequest as error:
            raise SendRefused(error.message, Refusal.PERMANENT) from error
        recipient, since, part = with_code(outgoing.recipient), now(), (outgoing.message, outgoing.index)
        self._in_hand.add(part)
        try:
            name = await self._provider.send(recipient, form, values, label(*part))
        except (OutcomeUnknown, asyncio.CancelledError):
            self._doubtful.add(part)
            self._inquire_later(Inquiry(*part, recipient, since))
            raise
        except DeviceLost as error:
            raise self._lose(error) from error
        finally:
            self._in_hand.discard(part)
        self._line = replace(self._line, seen_at=now())
        self._remember(name)
        if outgoing.report:
            self._inquire_later(Inquiry(*part, recipient, since, name))
        return Sent(reference_of(name))

    def _inquire_later(self, inquiry: Inquiry) -> None:
        if not inquiry.id:
            self._unsure[inquiry.part] = inquiry.recipient
        self._inquiries.add(inquiry, now())
        self._woken.set()

    def _remember(self, id: str) -> None:
        self._ids[id] = None
        if len(self._ids) > MOST_IDS:
            del self._ids[next(iter(self._ids))]
            self._opened_at = now()  # not all of before is remembered

    # -- in ---------------------------------------------------------------------------------------
    async def answer(self, callback: Callback) -> Reply:
        """A callback, which no provider signs: the secret in its path proves it, and its address if some are named."""
        secret = self._options.callback_secret
        if not secret or not hmac.compare_digest(callback.path.rstrip("/").encode(), secret.encode()):
            log.warning("%s: refused a callback without the secret of callback_secret in its path", self._line.name)
            return Reply(403, b"this path is not the callback's\n")
        if not may_call(callback.address, self._options.callback_addresses):
            log.warning("%s: refused a callback from %s", self._line.name, callback.address)
            return Reply(403, b"callbacks do not come from this address\n")
        if callback.method == "GET" or not callback.body.strip():
            return self._provider.reply
        try:
            news = self._provider.read(callback.body)
        except ValueError as error:
            log.warning("%s: a callback could not be read: %s", self._line.name, error)
            return self._provider.reply  # the same bytes would come again
        try:
            async with asyncio.timeout(PATIENCE):
                await self._bring(news)
        except TimeoutError:
            return Reply(503, b"it could not be kept yet\n")
        return self._provider.reply

    async def _bring(self, news: Sequence[News]) -> None:
        """Returns when the core has committed it all."""
        await self._intake.bring([item for each in news for item in self._items(each)])

    def _items(self, news: News) -> Sequence[Inbound]:
        name = self._line.name
        if isinstance(news, Written):
            slot = slot_of(news.at, news.id)
            return [InboundPart(name, slot, news.sender, news.text, sent_at=news.at, received_at=news.at)]
        part = part_of(news.ours)
        if news.ours and part is None:
            return []  # of a message that another program sent
        found: list[Inbound] = []
        known_as = self._names.get(part, news.id) if part is not None else news.id
        if known_as and news.state is not State.SENT:
            reference = reference_of(known_as)
            found.append(InboundReport(name, "", news.recipient, reference, news.state, news.detail, news.at))
        if part is not None and part in self._doubtful | self._in_hand:
            found.append(self._evidence(part, news))
        return found

    def _evidence(self, part: tuple[str, int], report: Report) -> Evidence:
        if report.state is not State.SENT:
            self._inquiries.drop(part)
        self._unsure.pop(part, None)
        if report.id:
            self._remember(report.id)
        detail = report.detail if report.state is State.FAILED else ""
        self._names[part] = report.id or report.ours
        return Evidence(self._line.name, *part, report.state, reference_of(self._names[part]), detail)

    async def clarify(self, doubtful: Sequence[Doubtful]) -> None:
        """From now on the provider is asked about these, and what it tells of one settles it."""
        for each in doubtful:
            self._doubtful.add((each.message, each.index))
            recipient = with_code(each.recipient)
            self._inquire_later(Inquiry(each.message, each.index, recipient, each.since))

    async def inbound(self) -> AsyncIterator[Inbound]:
        """What came. Raises DeviceLost when the API cannot be reached any more."""
        for held in self._intake.old_days(now()):
            yield held
        while True:
            item = await self._intake.take(self._until_check(), now())
            if item is not None:
                yield item
            elif self._until_check() <= 0:
                await self._check()
            self._insist()

    async def acknowledge(self, item: Inbound) -> None:
        """It is committed: the callback that brought it may be answered."""
        self._intake.acknowledge(item, now())

    # -- asking -----------------------------------------------------------------------------------
    async def _work(self) -> None:
        """Ask about what is open, and pull what is given out once, for as long as the line is open."""
        while self._lost is None:
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(_LONGEST_NAP, self._inquiries.pause(now()), self._until_pull())):
                    await self._woken.wait()
            for inquiry in list(self._inquiries.due(now())):
                await self._try(self._inquire(inquiry))
            if self._until_pull() <= 0:
                self._pulled = asyncio.get_running_loop().time()
                await self._try(self._pull())

    def _until_pull(self) -> float:
        interval = self._provider.pull_interval
        return max(0.0, self._pulled + interval - asyncio.get_running_loop().time()) if interval else float("inf")

    async def _try(self, work: Awaitable[None]) -> None:
        """What could not be learned now is asked again another time."""
        try:
            await work
        except LinkError as error:
            log.info("%s: could not be asked: %s", self._line.name, error.message)

    async def _inquire(self, inquiry: Inquiry) -> None:
        report = self._own(inquiry, await self._provider.ask(inquiry))
        told_before = report is not None and report.state is State.SENT and inquiry.part in self._names
        if report is not None and not told_before:
            await self._bring([replace(report, ours=label(*inquiry.part), id=report.id or inquiry.id)])
            if report.state is not State.SENT:
                self._inquiries.drop(inquiry.part)

    def _own(self, inquiry: Inquiry, reports: Sequence[Report]) -> Report | None:
        """The report that is of this part for certain; None when it may be of another, or there is none.

        By the label or the provider's id. Where no label is told, the only one of a message that nobody knows of,
        while no other message to the number is of unknown fate, and all that were sent since then are remembered.
        """
        for each in reports:
            if each.ours == label(*inquiry.part) and (not each.taken_at or each.taken_at >= inquiry.since - CLOCKS):
                return each
            if inquiry.id and each.id == inquiry.id:
                return each
        unsure = [part for part, recipient in self._unsure.items() if recipient == inquiry.recipient]
        if inquiry.id or inquiry.since < self._opened_at + CLOCKS or unsure != [inquiry.part]:
            return None
        strangers = [each for each in reports if each.id and not each.ours and each.id not in self._ids]
        return strangers[0] if len(strangers) == 1 else None

    async def _pull(self) -> None:
        while news := await self._provider.pull():
            await self._bring(news)

    # -- health -----------------------------------------------------------------------------------
    def _until_check(self) -> float:
        return max(0.0, self._checked + self._options.check_interval - asyncio.get_running_loop().time())

    async def refresh(self) -> Sequence[Line]:
        """The line as it is; the API is asked once in `check_interval`, or at once while the line is in trouble."""
        self._insist()
        if self._until_check() <= 0 or self._line.state is not LineState.READY:
            await self._check()
        return self.lines

    async def _check(self) -> None:
        """Raises DeviceLost."""
        self._checked = asyncio.get_running_loop().time()
        try:
            await self._provider.check()
        except SendRefused as refusal:
            self._line = replace(self._line, state=LineState.PARKED, reason=refusal.message)
        except DeviceLost as error:
            raise self._lose(error) from error
        else:
            self._line = replace(self._line, state=LineState.READY, reason="", seen_at=now())

    async def examine(self) -> Sequence[Finding]:
        """Whether the provider answers and takes the key, now."""
        return await of_provider(self._device, self._options, self._provider)

    def _insist(self) -> None:
        if self._lost is not None:
            raise self._lost

    def _lose(self, error: DeviceLost) -> DeviceLost:
        self._lost = self._lost or error
        self._intake.close(error.message)
        return error

    async def close(self) -> None:
        """Hang up: who waits for an answer hears that nobody knows. Never raises."""
        self._lose(DeviceLost("the line was closed"))
        await self._provider.close()
        await self._tasks.close()
