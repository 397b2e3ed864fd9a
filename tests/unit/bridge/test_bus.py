"""Who hears of what was committed."""

from collections.abc import Sequence

from bridge.bus import Bus, News
from bridge.model.event import LINE_CHANGED, MESSAGE_RECEIVED, MESSAGE_SENT, Event
from bridge.ports.store_rows import Queued
from bridge.telemetry.metrics import Counter


def told(name: str) -> Event:
    return Event(1, "id", name, "", 0, "subject", {})


def received(bus: Bus) -> float:
    """How many SMS were counted."""
    counter = bus.metrics.all["sms_bridge_messages_received_total"]
    assert isinstance(counter, Counter)
    return sum(counter.values.values())


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


def test_news_of_another_process_are_told_and_not_counted_again() -> None:
    bus, events, queues, admitted, endpoints = Bus(), list[Event](), list[Queued](), list[bool](), list[str | None]()
    bus.subscribe(events.extend)
    bus.subscribe_queues(queues.extend)
    bus.subscribe_admission(lambda: admitted.append(True))
    bus.subscribe_endpoints(endpoints.append)
    bus.hear(News([told(MESSAGE_RECEIVED)], [Queued("office")], admission=True, endpoints=["e1", ""]))
    assert ([event.name for event in events], queues) == ([MESSAGE_RECEIVED], [Queued("office")])
    assert (admitted, endpoints) == ([True], ["e1", None])
    assert received(bus) == 0
    bus.publish([told(MESSAGE_RECEIVED)])
    assert received(bus) == 1


def test_who_may_have_missed_something_is_woken() -> None:
    bus, woken = Bus(), list[object]()
    bus.subscribe(woken.append, MESSAGE_SENT)
    bus.subscribe_queues(woken.append)
    bus.subscribe_admission(lambda: woken.append("admission"))
    bus.subscribe_endpoints(woken.append)
    bus.wake()
    assert woken == ["admission", None, [], ()]
