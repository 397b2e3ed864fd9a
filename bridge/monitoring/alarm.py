"""Alarms by webhook and mail: SMS is down, is still down, is up again; each reported once.

Told is what was committed: the event, the webhooks and mails it makes owed, and what the alarm must know after a
restart are one transaction. The ledger delivers them, and tries again for two days.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, field, replace
from typing import Protocol, Self

from bridge.accounts.credentials import OPERATOR
from bridge.bus import Bus
from bridge.config.schema import Alarm as Settings
from bridge.dataclass import dataclass
from bridge.errors import StoreUnavailable
from bridge.model.account import THE_BRIDGE, Author
from bridge.model.event import (
    ALARM_OVER,
    ALARM_RAISED,
    LINE_CHANGED,
    LOOPBACK_ARRIVED,
    LOOPBACK_LOST,
    NOTIFICATION_SENT,
    Event,
)
from bridge.model.history import Ongoing, PastAlarm
from bridge.model.line import Line
from bridge.model.site import Site
from bridge.model.webhook import MAIL, Endpoint, EndpointChange
from bridge.monitoring import alarm_text, problems
from bridge.monitoring.alarm_text import RaisedAlarm
from bridge.monitoring.problems import Trouble, Watch
from bridge.ports.clock import Clock
from bridge.ports.store import DeviceStore, EndpointStore, EventStore, HealthStore
from bridge.tasks import Tasks
from bridge.webhooks.recorder import STORE_AGAIN

log = logging.getLogger(__name__)

#: the two channels, as endpoints of the operator account in the ledger
WEBHOOK = "alarm-webhook"
#: under which the store keeps what must be known after a restart; no device can have this name
MEMORY, STATE = "[alarm]", "state"
#: between looks at the queues; lines tell when they change
LOOK_INTERVAL = 30.0  # s
HOUR = 3_600_000  # ms
_ALARMS = (ALARM_RAISED, ALARM_OVER)
_STIRRING = frozenset({LINE_CHANGED, LOOPBACK_ARRIVED, LOOPBACK_LOST})


@dataclass(frozen=True, slots=True)
class State:
    """The state that alarms need after a restart. Times are Unix ms."""

    raised: Mapping[str, RaisedAlarm] = field(default_factory=dict)
    #: lines that cannot send or receive, and since when
    away: Mapping[str, int] = field(default_factory=dict)
    #: when something was told in the last hour
    told: tuple[int, ...] = ()
    #: how many were not, because too much was
    held_back: int = 0

    def written(self) -> str:
        """Serialise for the store."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str | None) -> Self:
        """Parse what `written` produced; an initial state for ""."""
        if not text:
            return cls()
        kept = json.loads(text)
        raised = {key: RaisedAlarm(**each) for key, each in kept["raised"].items()}
        return cls(raised, kept["away"], tuple(kept["told"]), kept["held_back"])


class Source(Protocol):
    """Another source of troubles."""

    def troubles(self) -> Iterable[Trouble]:
        """All current troubles."""
        ...

    def watches(self) -> bool:
        """Whether it is active: an inactive source that finds nothing proves nothing."""
        ...


class AlarmStore(HealthStore, EventStore, DeviceStore, Protocol):
    """The parts of the store that alarms use."""


class Alarm:
    """Watches lines, queues and loop-backs. `on_death` is called when it dies of a bug."""

    def __init__(
        self,
        store: AlarmStore,
        bus: Bus,
        clock: Clock,
        settings: Settings,
        lines: Callable[[], Sequence[Line]],
        loopback: "Source",
        on_death: Callable[[BaseException], None] | None = None,
        sites: Callable[[], Sequence[Site]] = tuple,
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._settings = settings
        self._lines = lines
        self._loopback = loopback
        self._sites = sites
        self._watch = Watch(settings.after, settings.queue_after)
        self._state = State()
        self._woken = asyncio.Event()
        self._tasks = Tasks("alarm", on_death)
        self._deaf: Callable[[], None] = lambda: None

    @property
    def raised(self) -> Mapping[str, RaisedAlarm]:
        """The alarms raised and not over, by key."""
        return self._state.raised

    def ongoing(self) -> Sequence[Ongoing]:
        """The same for people, oldest first."""
        found = (Ongoing(key, each.title, each.reason, each.line, each.began_at) for key, each in self.raised.items())
        return sorted(found, key=lambda each: each.began_at)

    async def follow(self) -> None:
        """Know what another bridge on the same store has raised. Raises StoreUnavailable."""
        self._state = State.read((await self._store.memories(MEMORY)).get(STATE))

    async def start(self) -> None:
        """Continue from the state of the last run. Raises StoreUnavailable."""
        await self.follow()
        marks = {key: each.mark for key, each in self._state.raised.items()}
        queues = {key.removeprefix(problems.QUEUE): mark for key, mark in marks.items() if mark}
        self._watch.resume(self._state.away, queues, self._clock.now(), _time())
        self._deaf = self._bus.subscribe(self._hear, *_STIRRING)
        self._tasks.start(self._run(), "watch")

    async def close(self) -> None:
        """Stop watching."""
        self._deaf()
        await self._tasks.close()

    def _hear(self, _: Sequence[Event]) -> None:
        self._woken.set()

    async def _run(self) -> None:
        while True:
            self._woken.clear()
            try:
                nap = await self._look()
            except StoreUnavailable as error:
                log.error("the alarm waits for the store: %s", error.message)
                nap = STORE_AGAIN
            with suppress(TimeoutError):
                async with asyncio.timeout(nap):
                    await self._woken.wait()

    async def _look(self) -> float:
        """Check everything and send what is due; seconds until the next check. Raises StoreUnavailable."""
        now, clock = self._clock.now(), _time()
        self._watch.see_lines(self._lines(), now, clock)
        if self._settings.queue_after:
            self._watch.see_queues(await self._store.waiting(now), now, clock)
        before = self._state
        own = (*self._watch.troubles(before.raised), *self._loopback.troubles())
        wrong = {each.key: each for each in (*own, *self._of_sites(before.raised))}
        after, news = self._follow(before, wrong, now, clock)
        after, news = self._damped(after, news, now)
        if after != before or news:
            await self._store.note_together(news, MEMORY, STATE, after.written(), _moved(before, after, now))
            self._state = after
            for event in news:
                level = logging.ERROR if event.name == ALARM_RAISED else logging.WARNING
                log.log(level, "alarm: %s", event.data["title"])
        return self._nap(wrong.values(), now, clock)

    def _of_sites(self, raised: Mapping[str, RaisedAlarm]) -> Iterable[Trouble]:
        """The alarms of sites; what one had raised goes on while it is not known what it has raised now."""
        for site in self._sites():
            prefix = f"{problems.SITE}{site.name}:"
            if site.alarms is None:
                mine = {key: each for key, each in raised.items() if key.startswith(prefix)}
                for key, each in mine.items():
                    yield Trouble(key, each.title, each.over, each.began_at, 0.0, each.line, each.reason, each.mark)
                continue
            for known in site.alarms:
                title, over = (
                    f"At the site {site.name}: {known.title}",
                    f"At the site {site.name} it is over: {known.title}",
                )
                yield Trouble(prefix + known.id, title, over, known.began_at, 0.0, known.line, known.reason)

    def _follow(self, before: State, wrong: Mapping[str, Trouble], now: int, clock: float) -> tuple[State, list[Event]]:
        """The next state and the events to send: alarms that begin, continue and end."""
        raised = {key: each for key, each in before.raised.items() if _goes_on(each, wrong.get(key))}
        news = []
        for key, each in before.raised.items():
            if key not in raised:
                news.append(alarm_text.ended(key, each, list(raised.values()), now, self._is_watched(key, each)))
        fresh = [each for each in wrong.values() if each.key not in raised and each.due <= clock]
        for trouble in fresh:
            alarm = _raised(trouble, now)
            news.append(alarm_text.begun(trouble.key, alarm, list(raised.values()), now))
            raised[trouble.key] = alarm
        for key, each in list(raised.items()):
            if self._is_time_to_remind(each, now):
                again = replace(each, told_at=now, reminders=each.reminders + 1, reason=wrong[key].reason)
                rest = [other for name, other in raised.items() if name != key]
                news.append(alarm_text.begun(key, again, rest, now))
                raised[key] = again
        return replace(before, raised=raised, away=self._watch.away), news

    def _is_watched(self, key: str, alarm: RaisedAlarm) -> bool:
        if key.startswith(problems.LOOPBACK) and not self._loopback.watches():
            return False
        return any(alarm.line in ("", line.name) for line in self._lines())

    def _is_time_to_remind(self, alarm: RaisedAlarm, now: int) -> bool:
        # told in the future: the clock was set back since then, and nobody knows how long ago that was
        return self._settings.remind > 0 and not 0 <= now - alarm.told_at < self._settings.remind * 1000

    def _damped(self, state: State, news: list[Event], now: int) -> tuple[State, list[Event]]:
        """Limit alarms per hour; the rest is sent as one summary later."""
        told = tuple(at for at in state.told if 0 <= now - at < HOUR)
        room = self._settings.per_hour - len(told)
        held_back = state.held_back
        if held_back and room > 0:
            news, held_back = [alarm_text.gathered(held_back + len(news), list(state.raised.values()), now)], 0
        elif len(news) > room:
            held_back += len(news) - max(0, room)
            news = news[: max(0, room)]
        if not news and held_back == state.held_back:
            return state, news  # old times are forgotten with the next news, not with a write of their own
        return replace(state, told=(*told, *[now] * len(news)), held_back=held_back), news

    def _nap(self, wrong: Iterable[Trouble], now: int, clock: float) -> float:
        state = self._state
        waits = [LOOK_INTERVAL, *(each.due - clock for each in wrong if each.key not in state.raised)]
        if self._settings.remind:
            reminders = (each.told_at / 1000 + self._settings.remind for each in state.raised.values())
            waits += [at - now / 1000 for at in reminders]
        if state.held_back and state.told:
            waits.append((state.told[0] + HOUR - now) / 1000)
        if self._settings.queue_after:
            waits.append(self._settings.queue_after)
        return max(0.0, min(waits)) + 0.001


def _goes_on(alarm: RaisedAlarm, trouble: Trouble | None) -> bool:
    return trouble is not None and trouble.mark == alarm.mark


def _raised(trouble: Trouble, now: int) -> RaisedAlarm:
    return RaisedAlarm(
        trouble.began_at, now, trouble.title, trouble.over, trouble.line, trouble.reason, mark=trouble.mark
    )


def _moved(before: State, after: State, now: int) -> list[PastAlarm]:
    """The alarms that end and those that begin between two states."""
    over = [_past(key, each, now) for key, each in before.raised.items() if not _same(each, after.raised.get(key))]
    fresh = [_past(key, each) for key, each in after.raised.items() if not _same(each, before.raised.get(key))]
    return over + fresh


def _same(one: RaisedAlarm, other: RaisedAlarm | None) -> bool:
    return other is not None and one.began_at == other.began_at


def _past(key: str, alarm: RaisedAlarm, ended_at: int = 0) -> PastAlarm:
    return PastAlarm(key, alarm.title, alarm.reason, alarm.line, alarm.began_at, alarm.told_at, ended_at)


def _time() -> float:
    return asyncio.get_running_loop().time()


def channels(settings: Settings, now: int = 0) -> list[Endpoint]:
    """The configured channels, as webhook endpoints."""
    made = []
    if settings.webhook:
        made.append(Endpoint(WEBHOOK, OPERATOR, settings.webhook, events=_ALARMS, secret=str(settings.webhook_secret)))
    if settings.mail_to:
        made.append(
            Endpoint(MAIL, OPERATOR, f"mailto:{','.join(settings.mail_to)}", events=(*_ALARMS, NOTIFICATION_SENT))
        )
    return [replace(each, created_at=now) for each in made]


async def arrange(store: EndpointStore, settings: Settings, now: int) -> None:
    """Make the stored alarm endpoints match the configuration. Raises StoreUnavailable."""
    there = {each.id: each for each in await store.endpoints(OPERATOR) if each.id in (WEBHOOK, MAIL)}
    wanted = {each.id: each for each in channels(settings, now)}
    by = Author(THE_BRIDGE, now)
    for gone in there.keys() - wanted.keys():
        await store.remove_endpoint(OPERATOR, gone, by)
    for name, endpoint in wanted.items():
        if name in there:
            change = EndpointChange(endpoint.url, endpoint.events, endpoint.secret, "", paused=False)
            await store.change_endpoint(OPERATOR, name, change, by)
        else:
            await store.add_endpoint(endpoint, by)
