"""An open line at a cloud SMS provider: sends over HTTP; reports and replies come by callback or are asked for."""

import asyncio
import contextlib
import hmac
import logging
from collections.abc import Awaitable, Sequence
from dataclasses import replace

from bridge.errors import BadRequest, LinkError, OutcomeUnknown, Refusal, SendRefused
from bridge.messages.templates import choose
from bridge.model.callback import Callback, Reply
from bridge.model.finding import Finding
from bridge.model.forms import with_code
from bridge.model.line import Line, LineState
from bridge.model.message import State
from bridge.model.radio import Doubtful, Evidence, Inbound, InboundPart, InboundReport, Outgoing, Sent
from bridge.ports.driver import Device
from bridge.tasks import Tasks
from device_drivers._api_link import ApiLink, now
from device_drivers._cloud.examination import of_provider
from device_drivers._cloud.inquiries import Inquiries, Inquiry
from device_drivers._cloud.news import Report, Written, label, part_of, reference_of
from device_drivers._cloud.options import Options, may_call
from device_drivers._cloud.provider import CLOCKS, News, Provider
from device_drivers._intake import slot_of

log = logging.getLogger(__name__)

#: seconds; the clock by which questions are due may be set meanwhile
_LONGEST_NAP = 30.0
#: ids of messages that are remembered, to tell them from one whose answer never came
MOST_IDS = 50_000


class CloudLink(ApiLink):
    """Implements `Link`, `Answering`, `Clarifying` and `Examining`."""

    def __init__(self, device: Device, options: Options, provider: Provider, model: str) -> None:
        name = device.name
        line = Line(
            name, name, device.driver, LineState.READY, model=model, operator=options.sign_name, seen_at=now(),
            forms=options.forms,
        )  # fmt: skip
        super().__init__(line, options.check_interval, options.forget_after)
        self._device = device
        self._options = options
        self._provider = provider
        self._inquiries = Inquiries(options.ask_after if options.ask else ())
        self._pulled = asyncio.get_running_loop().time()
        #: parts of unknown outcome of which nothing was learned yet, with their recipients
        self._unsure: dict[tuple[str, int], str] = {}
        #: by what name reports find a part that was of unknown fate
        self._names: dict[tuple[str, int], str] = {}
        self._opened_at = now()
        #: the provider's ids of what was sent since then
        self._ids: dict[str, None] = {}
        self._woken = asyncio.Event()
        self._tasks = Tasks(name)
        self._tasks.start(self._work(), "asking")

    # -- out --------------------------------------------------------------------------------------
    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        """Hand it over once. Raises DeviceLost, SendRefused, OutcomeUnknown."""
        self._demand(line)
        try:
            form, values = choose(self._options.forms, outgoing.recipient, outgoing.text)
        except BadRequest as error:
            raise SendRefused(error.message, Refusal.PERMANENT) from error
        recipient, since, part = with_code(outgoing.recipient), now(), (outgoing.message, outgoing.index)
        try:
            name = await self._hand_over(outgoing, lambda: self._provider.send(recipient, form, values, label(*part)))
        except (OutcomeUnknown, asyncio.CancelledError):
            self._inquire_later(Inquiry(*part, recipient, since))
            raise
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
        return await self._answer(self._translate(news), self._provider.reply)

    async def _bring(self, news: Sequence[News]) -> None:
        """Returns when the core has committed it all."""
        await self._intake.bring(self._translate(news))

    def _translate(self, news: Sequence[News]) -> Sequence[Inbound]:
        return [item for each in news for item in self._items(each)]

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
        if part is not None and self._is_open(part):
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
        came = True
        while came:
            came = False
            async with contextlib.aclosing(self._provider.pull()) as pulled:
                async for news in pulled:  # each is kept before more is asked for: nobody gives it out again
                    await self._bring(news)
                    came = True

    # -- health -----------------------------------------------------------------------------------
    async def _look(self) -> Line:
        await self._provider.check()
        return replace(self._line, state=LineState.READY, reason="", seen_at=now())

    async def examine(self) -> Sequence[Finding]:
        """Whether the provider answers and takes the key, now."""
        return await of_provider(self._device, self._options, self._provider)

    async def _hang_up(self) -> None:
        await self._provider.close()
        await self._tasks.close()
