"""What every store must do about loop-backs and alarms."""

import asyncio

from bridge.accounts.credentials import OPERATOR
from bridge.model import loopback
from bridge.model.account import Account
from bridge.model.event import ALARM_RAISED, LOOPBACK_ARRIVED, LOOPBACK_LOST, MESSAGE_RECEIVED, MESSAGE_SENT, Event
from bridge.model.loopback import Trip
from bridge.model.query import InboxQuery
from bridge.model.radio import Concat, InboundPart
from bridge.model.webhook import Endpoint
from bridge.ports.store import Store
from bridge.ports.store_rows import Waiting
from tests.support.store_rows import BY, NOW, Opener, message

TRIP = Trip(loopback.new_token(), "office", "shop", NOW)
DAY = 24 * 3600 * 1000


def arriving(trip: Trip, slot: str = "1", text: str = "{}", line: str = "shop") -> InboundPart:
    return InboundPart(line, slot, "+15550100", text.format(loopback.text(trip.token)), NOW)


async def names(store: Store) -> list[str]:
    return [event.name for event in await store.events("", 0, 100)]


async def test_an_arrival_is_told_once_and_is_in_nobodys_inbox(store: Store) -> None:
    assert await store.depart(TRIP)
    assert await store.receive(arriving(TRIP), "shop", NOW + 4_200) is None
    assert await store.receive(arriving(TRIP, "2"), "shop", NOW + 9_000) is None  # the network brought it twice
    (event,) = await store.events("", 0, 100)
    assert (event.name, event.account, event.subject) == (LOOPBACK_ARRIVED, OPERATOR, TRIP.token)
    assert event.data == {
        "from": "office", "to": "shop", "started_at": NOW, "arrived_at": NOW + 4_200, "seconds": 4.2, "late": False,
        "line": "shop",
    }  # fmt: skip
    assert (await store.inbox("shop", InboxQuery(), NOW)).rows == ()
    assert [trip.arrived_at for trip in await store.trips()] == [NOW + 4_200]


async def test_it_is_known_whatever_the_network_put_around_it(store: Store) -> None:
    await store.depart(TRIP)
    assert await store.receive(arriving(TRIP, text="Free message! {} Thank you."), "shop", NOW) is None
    assert await names(store) == [LOOPBACK_ARRIVED]


async def test_a_text_that_only_looks_like_one_is_an_ordinary_sms(store: Store) -> None:
    await store.depart(TRIP)
    stranger = Trip(loopback.new_token(), "office", "shop", NOW)
    received = await store.receive(arriving(stranger), "shop", NOW)
    assert received is not None
    assert received.text == loopback.text(stranger.token)
    long = InboundPart("shop", "2", "+15550150", loopback.text(stranger.token), NOW, Concat(1, 2, 1))
    assert await store.receive(long, "shop", NOW) is None  # its second part is missing
    assert await names(store) == [MESSAGE_RECEIVED]


async def test_never_two_on_their_way_between_the_same_lines(store: Store) -> None:
    again = Trip(loopback.new_token(), "office", "shop", NOW + 1)
    other = Trip(loopback.new_token(), "shop", "office", NOW + 1)
    results = await asyncio.gather(*(store.depart(trip) for trip in (TRIP, again, other)))
    assert results == [True, False, True]
    await store.forget_trip(TRIP.token)
    assert await store.depart(again)
    await store.lose_trip(again.token, "nothing came", NOW + 9)
    assert await store.depart(Trip(loopback.new_token(), "office", "shop", NOW + 10))


async def test_a_lost_one_is_told_once_and_may_come_all_the_same(store: Store) -> None:
    await store.depart(TRIP)
    assert await store.lose_trip(TRIP.token, "nothing came", NOW + 300_000)
    assert not await store.lose_trip(TRIP.token, "nothing came", NOW + 300_001)
    await store.receive(arriving(TRIP), "shop", NOW + 900_000)
    assert not await store.lose_trip(TRIP.token, "nothing came", NOW + 900_001)
    lost, late = await store.events("", 0, 100)
    assert (lost.name, lost.data["reason"], late.name) == (LOOPBACK_LOST, "nothing came", LOOPBACK_ARRIVED)
    assert (late.data["late"], late.data["seconds"]) == (True, 900.0)


async def test_a_restart_finds_what_is_on_its_way_and_what_was_lost_since_the_last_success(reopen: Opener) -> None:
    store = await reopen()
    made = [Trip(loopback.new_token(), "office", "shop", NOW + number) for number in range(5)]
    for trip in made:
        await store.depart(trip)
        if trip is made[1]:
            await store.receive(arriving(trip), "shop", NOW + 50)
        elif trip is not made[4]:
            await store.lose_trip(trip.token, "nothing came", NOW + 60)
    store = await reopen()
    found = await store.trips()
    assert [trip.token for trip in found] == [trip.token for trip in made[1:]]
    assert [bool(trip.lost_at) for trip in found] == [False, True, True, False]


async def test_old_ones_go_but_for_the_last_and_the_last_success(store: Store) -> None:
    made = [Trip(loopback.new_token(), "office", "shop", NOW + number) for number in range(4)]
    for trip in made:
        await store.depart(trip)
        if trip is made[1]:
            await store.receive(arriving(trip), "shop", NOW + 50)
        else:
            await store.lose_trip(trip.token, "nothing came", NOW + 60)
    while await store.sweep(0, NOW + DAY):
        pass
    assert [trip.token for trip in await store.trips()] == [made[1].token, made[3].token]
    for known in (made[1], made[3]):
        assert await store.receive(arriving(known, known.token), "shop", NOW + DAY) is None
    assert await store.receive(arriving(made[2], "x"), "shop", NOW + DAY) is not None


async def test_alarms_are_told_to_the_operators_and_to_nobody_else(store: Store) -> None:
    await store.add_account(Account(OPERATOR, NOW, operator=True), [])
    await store.add_account(Account("chief", NOW, operator=True), [])
    for name in ("shop", "chief", OPERATOR):
        await store.add_endpoint(Endpoint(name, name, "https://x.example", created_at=NOW), BY)
    await store.note(Event(0, "", ALARM_RAISED, OPERATOR, NOW, "down", {}))
    await store.note(Event(0, "", MESSAGE_SENT, OPERATOR, NOW, "m1", {}))
    owed = {name: [each.event for each, _ in await store.owed(name, 10)] for name in ("shop", "chief", OPERATOR)}
    assert owed == {"shop": [], "chief": [ALARM_RAISED], OPERATOR: [ALARM_RAISED, MESSAGE_SENT]}


async def test_notes_events_and_remembers_in_one(reopen: Opener) -> None:
    store = await reopen()
    told = [Event(0, "", ALARM_RAISED, OPERATOR, NOW, key, {}) for key in ("one", "two")]
    await store.note_together(told, "[alarm]", "state", "first")
    await store.note_together([], "[alarm]", "state", "second")
    store = await reopen()
    assert [event.subject for event in await store.events("", 0, 10)] == ["one", "two"]
    assert await store.memories("[alarm]") == {"state": "second"}


async def test_tells_what_is_next_in_each_queue(store: Store) -> None:
    assert await store.waiting(NOW) == []
    await store.submit([message(1, due_at=NOW + 5), message(2), message(3), message(4, route="office", due_at=NOW - 9)])
    assert await store.waiting(NOW) == [Waiting("", 2, NOW, 2), Waiting("office", 4, NOW - 9, 1)]
    await store.claim("shop", ("",), NOW)
    assert await store.waiting(NOW + 5) == [Waiting("", 3, NOW, 2), Waiting("office", 4, NOW - 9, 1)]
