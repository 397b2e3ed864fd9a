"""Tells subscribers in this process what was committed."""

import logging
from collections.abc import Callable, Sequence

from bridge.model.event import Event
from bridge.telemetry.metrics import Metrics

log = logging.getLogger(__name__)


class Bus:
    """Tells subscribers, on the event loop, what was committed."""

    def __init__(self) -> None:
        #: what is counted, by the bus itself and by whoever has it
        self.metrics = Metrics()
        self._subscribers: list[Callable[[Sequence[Event]], None]] = []

    def subscribe(self, hear: Callable[[Sequence[Event]], None]) -> Callable[[], None]:
        """Call `hear` with each batch of committed events; returns the call that ends it."""
        self._subscribers.append(hear)
        return lambda: self._subscribers.remove(hear)

    def publish(self, events: Sequence[Event]) -> None:
        """Tell everybody; one subscriber's exception never keeps the news from the others."""
        for event in events:
            self.metrics.happened(event.name, event.account, event.data)
        for hear in list(self._subscribers):
            try:
                hear(events)
            except Exception:
                log.exception("a subscriber failed on %s", [event.name for event in events])
