"""An open site: its lines as lines of this bridge, kept up to date by its stream of events."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

from bridge.errors import DeviceLost, LinkError, OutcomeUnknown, Refusal, SendRefused
from bridge.model.finding import Finding
from bridge.model.line import CUT, Line, LineState
from bridge.model.radio import Doubtful, Inbound, Outgoing, Sent
from bridge.ports.driver import Device
from bridge.tasks import Tasks
from device_drivers._api_link import now
from device_drivers.bridge_remote import examination, news
from device_drivers.bridge_remote.api import Api
from device_drivers.bridge_remote.doubts import Doubt, Doubts
from device_drivers.bridge_remote.fates import read_message
from device_drivers.bridge_remote.lag import Lag
from device_drivers.bridge_remote.lines import changed, mirrored, mirrored_alarms, name_here, shared
from device_drivers.bridge_remote.options import Options
from device_drivers.bridge_remote.position import Position
from device_drivers.bridge_remote.references import Part, part_of
from device_drivers.bridge_remote.report import HEARD, VERSION, Standing
from device_drivers.bridge_remote.sending import AGAIN, Sender
from device_drivers.bridge_remote.site import BROKE, Site, hindrance
from device_drivers.bridge_remote.stream import NAMES, News, Rewound, Stream
from device_drivers.bridge_remote.told import moment, name, words

log = logging.getLogger(__name__)

#: items that wait for the core; while there are so many, nothing more is read
_MOST_WAITING = 200
#: a SIM that was moved stays known for a while where it was
_IN_USE = frozenset({LineState.READY, LineState.OUT_OF_SERVICE})
_OF_MESSAGES = frozenset(name for name in NAMES if name.startswith("message.")) - {"message.received", "message.typed"}


class SiteLink:
    """Implements `Link`, `Clarifying`, `Examining`, `Identified`, `Relaying` and `Yielding`."""

    def __init__(self, device: Device, options: Options, api: Api, site: Site, position: Position) -> None:
        self._device = device
        self._options = options
        self._api = api
        self._site = site
        #: by their names here, and those names by the ones there
        self._lines = {line.name: line for line in self._mirror(site)}
        self._names = {str(each["name"]): name_here(device.name, each["name"]) for each in site.lines}
        #: why the site takes nothing to send; "" when it does
        self._hindrance = site.hindrance
        self._position = position
        self._lag = Lag(options.patience)
        self._opened_at = now()
        self._stream = Stream(api.base, api.headers, options.timeout, api.connector)
        self._gone = asyncio.Event()
        self._why: LinkError = DeviceLost("the link was closed")
        self._queue: asyncio.Queue[Inbound | None] = asyncio.Queue(_MOST_WAITING)
        self._sender = Sender(api, options, self._lines.__getitem__, self._gone)
        self._doubts = Doubts(api)
        self._look_again = asyncio.Event()
        #: how often an event changed a line: a look that began before knows less
        self._changes = 0
        self._tasks = Tasks(device.name, self._died)
        for work in (self._listen, self._keep, self._clear_up, self._watch):
            self._tasks.start(self._until_lost(work), work.__name__.strip("_"))

    @property
    def hardware(self) -> str:
        """The site's account, by whatever address it is reached."""
        return f"sms-bridge {self._site.identity}"

    @property
    def standing(self) -> Standing:
        """How well the site is heard now."""
        heard_at = max(now() - round(self._lag.silence() * 1000), self._api.heard_at)
        at, ahead = self._position.oldest_at, self._api.ahead
        oldest = at - ahead if at else 0
        return Standing(
            self._opened_at,
            heard_at,
            self._lag.ms(self._api.round_trip),
            oldest,
            self._sender.waiting,
            ahead,
            mirrored_alarms(self._api.alarms, self._names, ahead),
            self._hindrance,
            self._api.unread.count,
        )

    @property
    def sims(self) -> Mapping[str, str]:
        """Those of its lines that are in use, to tell when the site is used by another account, too."""
        known = {line.iccid or line.imsi: line.name for line in self._lines.values() if line.state in _IN_USE}
        return {sim: line for sim, line in known.items() if sim and not sim.endswith(CUT)}

    # -- out --------------------------------------------------------------------------------------
    def split(self, text: str) -> Sequence[str]:
        """The whole text: the site splits it."""
        return [text]

    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        """Have the site send it, once. Raises DeviceLost, SendRefused, OutcomeUnknown."""
        self._insist()
        theirs = next((theirs for theirs, ours in self._names.items() if ours == line), None)
        if theirs is None:
            raise SendRefused(f"this site has the lines {', '.join(self._lines)}, not {line}", Refusal.LINE)
        part, since = (outgoing.message, outgoing.index), now()
        self._doubts.drop(part)
        try:
            return await self._sender.send(line, theirs, outgoing)
        except SendRefused as refusal:
            if refusal.refusal is Refusal.CREDIT:
                self._hindrance = BROKE
            raise
        except OutcomeUnknown:
            self._doubts.add(Doubt(part, line, theirs, outgoing.recipient, since))
            raise
        except DeviceLost as error:
            raise self._lose(error) from error

    def give_back(self) -> None:
        """What waits at the site is taken back from now on."""
        self._sender.give_back()

    async def clarify(self, doubtful: Sequence[Doubtful]) -> None:
        """From now on the site is asked about these."""
        theirs = {ours: theirs for theirs, ours in self._names.items()}
        for each in doubtful:
            if each.line in theirs:
                part: Part = (each.message, each.index)
                self._doubts.add(Doubt(part, each.line, theirs[each.line], each.recipient, each.since))

    async def _clear_up(self) -> None:
        async for evidence in self._doubts.run():
            await self._queue.put(evidence)

    # -- in ---------------------------------------------------------------------------------------
    async def inbound(self) -> AsyncIterator[Inbound]:
        """What the site tells, in its order. Raises DeviceLost, SendRefused(LINE) when the site refuses the key."""
        while True:
            self._insist()
            item = await self._queue.get()
            if item is not None:
                yield item

    async def acknowledge(self, item: Inbound) -> None:
        """The core has it: the position in the site's events follows."""
        self._position.acknowledge(item)

    async def _keep(self) -> None:
        while True:
            for held in await self._position.keep():
                await self._queue.put(held)

    async def _listen(self) -> None:
        while True:
            try:
                await self._read()
            except Rewound:
                sentence = "%s: the site's events end before those that are known: its store is an older one"
                log.warning(sentence, self._device.name)
                await self._position.rewind()
            except DeviceLost as error:
                log.debug("%s: %s", self._device.name, error.message)
                if self._lag.silence() > self._options.patience:
                    raise
            await asyncio.sleep(min(AGAIN, self._options.patience / 4))

    async def _read(self) -> None:
        position, fresh, checked = self._position, True, self._position.read <= 1
        # from the event before, so that it shows whether the site still has the store that told it
        async with aclosing(self._stream.read(max(0, position.read - 1), position.since)) as events:
            async for event in events:
                if fresh:
                    await self._device.memory.put(VERSION, self._stream.version)
                    await self._look()  # what changed while nobody listened, and what time it is there now
                    fresh = False
                if event is not None and not checked:
                    checked = True
                    if position.is_of_another_store(event.seq, moment(event.at), self._api.site_time(now())):
                        raise Rewound
                self._lag.heard(moment(event.at) - self._api.ahead if event and self._is_late(event.seq) else 0)
                if event is not None and event.flaw:
                    self._api.unread.add(f"an event ({event.name})", event.flaw)
                if event is not None and event.seq > position.read:
                    await self._take(event)

    def _is_late(self, seq: int) -> bool:
        """Whether an old event shows that more of them follow: not the one that is known, nor the newest of all."""
        return seq > self._position.read and seq != self._stream.newest

    async def _take(self, event: News) -> None:
        items = [] if event.flaw else list(self._items(event))
        self._position.came(event.seq, *items, at=moment(event.at))
        for item in items:
            await self._queue.put(item)
        await self._position.room()

    def _items(self, event: News) -> Sequence[Inbound]:
        try:
            if event.name == "line.changed":
                self._change(event)
            elif event.name in _OF_MESSAGES:
                return self._of_message(event)
            elif (item := news.received(event, self._names, self._api.ahead)) is not None:
                return [item]
        except (KeyError, ValueError, TypeError) as error:
            self._api.unread.add(f"an event ({event.name})", error)
        return []

    def _of_message(self, event: News) -> Sequence[Inbound]:
        told = read_message(event.data)
        reference = str(told["client_ref"])
        part, line = part_of(reference), self._names.get(str(told["line"]), "")
        if part is None:
            return []  # of another program with this account
        self._sender.heard(reference, told)
        report = news.report(replace(event, data=told), line or next(iter(self._lines)), reference)
        found = [report, self._doubts.heard(part, reference, told)]
        return [item for item in found if item is not None]

    # -- health -----------------------------------------------------------------------------------
    @property
    def lines(self) -> Sequence[Line]:
        """As the site told last, and how long ago that was true."""
        lag = self._lag.ms(self._api.round_trip)
        return tuple(replace(self._as_usable(line), lag_ms=lag) for line in self._lines.values())

    def _as_usable(self, line: Line) -> Line:
        """Nothing is handed over that the site would refuse: it waits, or goes by another line."""
        if self._hindrance and line.state is LineState.READY:
            return replace(line, state=LineState.PARKED, reason=self._hindrance)
        return line

    async def refresh(self) -> Sequence[Line]:
        """Ask the site for its lines. Raises DeviceLost, SendRefused(LINE)."""
        self._insist()
        await self._look()
        self._insist()
        return self.lines

    async def _watch(self) -> None:
        while True:
            await self._look_again.wait()
            self._look_again.clear()
            await self._look()
            await asyncio.sleep(1)

    async def _look(self) -> None:
        """Raises what ends the link; that the site could not be asked for a moment does not."""
        changes = self._changes
        try:
            lines = await self._api.lines()
            if self._hindrance or self._site.is_prepaid:
                self._hindrance = hindrance(await self._api.me())
        except DeviceLost as error:
            if self._lag.silence() > self._options.patience:
                raise self._lose(error) from error
            return
        except SendRefused as refusal:
            if refusal.refusal is Refusal.LINE:
                raise self._lose(refusal) from refusal
            return
        found = replace(self._site, lines=shared(lines, self._site.allowed, self._options.lines))
        if {str(each["name"]) for each in found.lines} != set(self._names):
            raise self._lose(DeviceLost("the site has other lines now; they are looked up again"))
        if changes == self._changes:  # else it is looked at again
            self._lines.update({line.name: line for line in self._mirror(found)})
            self._sender.look()

    def _mirror(self, site: Site) -> Sequence[Line]:
        return [mirrored(self._device.name, self._device.driver, each, self._api.ahead) for each in site.lines]

    def _change(self, event: News) -> None:
        ours = self._names.get(name(event.data.get("line")))
        if ours is not None:
            line = changed(self._lines[ours], name(event.data.get("state")), words(event.data.get("reason")))
            self._lines[ours] = line
            self._changes += 1
            self._sender.look()
            self._look_again.set()

    async def examine(self) -> Sequence[Finding]:
        """Whether the site answers, lets us in, and has its clock right, now."""
        return await examination.of_site(self._device, self._options, self._api)

    # -- the end ----------------------------------------------------------------------------------
    async def _until_lost(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except LinkError as error:
            self._lose(error)

    def _died(self, error: BaseException) -> None:
        """Without any of its tasks a link would seem to be well, and not be."""
        self._lose(error if isinstance(error, LinkError) else DeviceLost("the link to the site failed"))

    def _insist(self) -> None:
        """Raises why the link is lost, if it is."""
        if self._gone.is_set():
            raise self._why if not isinstance(self._why, OutcomeUnknown) else DeviceLost(self._why.message)

    def _lose(self, error: LinkError) -> LinkError:
        if not self._gone.is_set():
            self._why = error
            self._gone.set()
            self._sender.look()
            self._wake()
        return self._why

    def _wake(self) -> None:
        if self._queue.full():
            return  # whoever reads it finds out after the next item
        self._queue.put_nowait(None)

    async def close(self) -> None:
        """Let go of the site; whoever waits for an outcome learns that it is unknown. Never raises."""
        self._lose(DeviceLost("the link was closed"))
        await self._tasks.close()
        await self._position.flush()
        await self._device.memory.put(HEARD, str(self.standing.heard_at))
        await self._stream.close()
        await self._api.close()
