"""Publishes what was committed to subscribers in this process: events by their names, queues, and who may come in.

A process that shares its store with others hears of their commits by the same bus (`hear`); what it may have missed,
everybody looks for (`wake`).
"""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from bridge.accounts.tallies import Tallies
from bridge.dataclass import dataclass
from bridge.model.event import Event
from bridge.ports.store_rows import Queued
from bridge.telemetry.metrics import Metrics

T = TypeVar("T")
log = logging.getLogger(__name__)

Unsubscribe = Callable[[], None]


@dataclass(frozen=True, slots=True)
class News:
    """What another process has committed, as far as somebody here may wait for it."""

    events: Sequence[Event] = ()
    queued: Sequence[Queued] = ()
    #: something changed that no event tells of
    changed: bool = False
    #: who may come in, or what they may do
    admission: bool = False
    #: webhook endpoints of which deliveries may have changed; "" for any
    endpoints: Sequence[str] = ()


class Bus:
    """Calls subscribers on the event loop after the commit; each receives only what it subscribed to."""

    def __init__(self) -> None:
        #: what is counted, by the bus itself and by everybody who has it
        self.metrics = Metrics()
        #: what is counted against limits
        self.tallies = Tallies()
        self._subscribers: list[tuple[frozenset[str], Callable[[Sequence[Event]], None]]] = []
        self._queue_subscribers: list[Callable[[Sequence[Queued]], None]] = []
        self._admission_subscribers: list[Callable[[], None]] = []
        self._endpoint_subscribers: list[Callable[[str | None], None]] = []

    def subscribe(self, hear: Callable[[Sequence[Event]], None], *names: str) -> Unsubscribe:
        """Call `hear` with committed events of these names, or with all events when none is given.

        An empty batch is for everybody: something changed that has no event. Returns the call that ends it.
        """
        return _added(self._subscribers, (frozenset(names), hear))

    def subscribe_queues(self, hear: Callable[[Sequence[Queued]], None]) -> Unsubscribe:
        """Call `hear` when messages enter a queue; returns the function that unsubscribes.

        An empty sequence is for every queue: something may have entered it that nobody told of.
        """
        return _added(self._queue_subscribers, hear)

    def subscribe_admission(self, hear: Callable[[], None]) -> Unsubscribe:
        """Call `hear` when another process has changed who may come in; returns the function that unsubscribes."""
        return _added(self._admission_subscribers, hear)

    def subscribe_endpoints(self, hear: Callable[[str | None], None]) -> Unsubscribe:
        """Call `hear` when another process has changed deliveries of a webhook endpoint, None for any."""
        return _added(self._endpoint_subscribers, hear)

    def publish(self, events: Sequence[Event]) -> None:
        """Publish events; an exception in one subscriber does not keep the others from being called."""
        for event in events:
            self.metrics.happened(event.name, event.account, event.data)
        self._pass_on(events)

    def _pass_on(self, events: Sequence[Event]) -> None:
        for names, hear in list(self._subscribers):
            wanted = [event for event in events if event.name in names] if names else events
            if wanted or not events:
                _call(hear, wanted, [event.name for event in wanted])

    def publish_queued(self, queued: Sequence[Queued]) -> None:
        """Publish the queues that messages have entered."""
        for hear in list(self._queue_subscribers):
            _call(hear, queued, [each.route for each in queued])

    def hear(self, news: News) -> None:
        """Publish what another process has committed, which has counted it."""
        if news.admission:
            for admit in list(self._admission_subscribers):
                admit()
        for endpoint in news.endpoints:
            for poke in list(self._endpoint_subscribers):
                poke(endpoint or None)
        if news.events:
            self._pass_on(news.events)
        if news.changed:
            self._pass_on(())
        if news.queued:
            self.publish_queued(news.queued)

    def wake(self) -> None:
        """Have everybody look again: what was committed meanwhile, nobody here knows."""
        self.hear(News(changed=True, admission=True, endpoints=("",)))
        self.publish_queued(())


def _added(subscribers: list[T], subscriber: T) -> Unsubscribe:
    subscribers.append(subscriber)
    return lambda: subscribers.remove(subscriber)


def _call(hear: Callable[[Sequence[T]], None], news: Sequence[T], names: Sequence[str]) -> None:
    try:
        hear(news)
    except Exception:
        log.exception("a subscriber failed on %s", names)
