"""Who hears of what was committed."""

from collections.abc import Sequence

from bridge.bus import Bus
from bridge.model.event import LINE_CHANGED, MESSAGE_RECEIVED, MESSAGE_SENT, Event
from bridge.ports.store_rows import Queued


def told(name: str) -> Event:
    return Event(1, "id", name, "", 0, "subject", {})


def test_a_subscriber_hears_the_events_that_it_named_and_no_others() -> None:
    bus, named, everything = Bus(), list[list[str]](), list[list[str]]()
    bus.subscribe(lambda events: named.append([event.name for event in events]), MESSAGE_SENT, LINE_CHANGED)
    bus.subscribe(lambda events: everything.append([event.name for event in events]))
    bus.publish([told(MESSAGE_SENT), told(MESSAGE_RECEIVED), told(LINE_CHANGED)])
    bus.publish([told(MESSAGE_RECEIVED)])
    assert named == [[MESSAGE_SENT, LINE_CHANGED]]
    assert everything == [[MESSAGE_SENT, MESSAGE_RECEIVED, LINE_CHANGED], [MESSAGE_RECEIVED]]


def test_a_change_without_an_event_is_told_to_everybody() -> None:
    bus, heard = Bus(), list[Sequence[Event]]()
    bus.subscribe(heard.append, MESSAGE_SENT)
    bus.publish(())
    assert [list(events) for events in heard] == [[]]


def test_queues_are_told_to_those_who_serve_them_alone() -> None:
    bus, events, queues = Bus(), list[Event](), list[Queued]()
    bus.subscribe(events.extend)
    unsubscribe = bus.subscribe_queues(queues.extend)
    bus.publish_queued([Queued("office", 2)])
    unsubscribe()
    bus.publish_queued([Queued("office", 3)])
    assert (events, queues) == ([], [Queued("office", 2)])


def test_a_subscriber_that_fails_keeps_nothing_from_the_others() -> None:
    bus, events, queues = Bus(), list[Event](), list[Queued]()

    def fail(_: object) -> None:
        raise ZeroDivisionError

    bus.subscribe(fail)
    bus.subscribe(events.extend)
    bus.subscribe_queues(fail)
    bus.subscribe_queues(queues.extend)
    bus.publish([told(MESSAGE_SENT)])
    bus.publish_queued([Queued("office")])
    assert (len(events), len(queues)) == (1, 1)
