"""Publishes committed events to subscribers in this process, by event name and by queue."""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from bridge.model.event import Event
from bridge.ports.store_rows import Queued
from bridge.telemetry.metrics import Metrics

T = TypeVar("T")
log = logging.getLogger(__name__)

Unsubscribe = Callable[[], None]


class Bus:
    """Calls subscribers on the event loop after the commit; each receives only what it subscribed to."""

    def __init__(self) -> None:
        #: what is counted, by the bus itself and by everybody who has it
        self.metrics = Metrics()
        self._subscribers: list[tuple[frozenset[str], Callable[[Sequence[Event]], None]]] = []
        self._queue_subscribers: list[Callable[[Sequence[Queued]], None]] = []

    def subscribe(self, hear: Callable[[Sequence[Event]], None], *names: str) -> Unsubscribe:
        """Call `hear` with committed events of these names, or with all events when none is given.

        An empty batch is for everybody: something changed that has no event. Returns the call that ends it.
        """
        return _added(self._subscribers, (frozenset(names), hear))

    def subscribe_queues(self, hear: Callable[[Sequence[Queued]], None]) -> Unsubscribe:
        """Call `hear` when messages enter a queue; returns the function that unsubscribes."""
        return _added(self._queue_subscribers, hear)

    def publish(self, events: Sequence[Event]) -> None:
        """Publish events; an exception in one subscriber does not keep the others from being called."""
        for event in events:
            self.metrics.happened(event.name, event.account, event.data)
        for names, hear in list(self._subscribers):
            wanted = [event for event in events if event.name in names] if names else events
            if wanted or not events:
                _call(hear, wanted, [event.name for event in wanted])

    def publish_queued(self, queued: Sequence[Queued]) -> None:
        """Publish the queues that messages have entered."""
        for hear in list(self._queue_subscribers):
            _call(hear, queued, [each.route for each in queued])


def _added(subscribers: list[T], subscriber: T) -> Unsubscribe:
    subscribers.append(subscriber)
    return lambda: subscribers.remove(subscriber)


def _call(hear: Callable[[Sequence[T]], None], news: Sequence[T], names: Sequence[str]) -> None:
    try:
        hear(news)
    except Exception:
        log.exception("a subscriber failed on %s", names)
