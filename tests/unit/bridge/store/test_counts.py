"""The counters are what counting the rows would give, whatever became of them."""

import random
from collections import Counter
from collections.abc import AsyncIterator

from bridge.model.message import State
from bridge.model.query import MessageQuery
from bridge.model.radio import InboundPart
from bridge.model.statistics import Counted
from bridge.ports.store_rows import ClockState, Outcome
from bridge.store.counts import QUARTER
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW, message

HOUR = 3_600_000
START = NOW // HOUR * HOUR


async def lives(store: SqliteStore, seed: int) -> AsyncIterator[str]:
    """Messages of two accounts with all that may become of them; what just did."""
    chance = random.Random(seed)
    numbers = range(100 * seed, 100 * seed + 60)
    for number in numbers:
        at = START + number % 100 * QUARTER // 3
        text, account = f"text {number}", chance.choice(("shop", "cafe"))
        later = chance.random() < 0.2
        await store.submit([
            message(
                number, account=account, text=text, parts=chance.randint(1, 3), created_at=at, due_at=at,
                state=State.SCHEDULED if later else State.QUEUED, expires_at=at + 1 if number % 11 == 0 else 0,
            )
        ])  # fmt: skip
    yield "accepted"
    for line in ("office", "van") * 12:
        claim = await store.claim(line, ("",), START + 30 * HOUR)
        if claim is None:
            break
        state = chance.choice((State.SENT, State.FAILED, State.UNKNOWN, State.QUEUED))
        await store.record(Outcome(claim.message.id, claim.index, state, 7), START)
    yield "carried"
    await store.advance(START + 3 * HOUR)
    yield "expired"
    for number in chance.sample(numbers, 20):
        found = await store.message(message(number).id)
        if found.state in (State.QUEUED, State.SCHEDULED):
            await store.cancel(found.id, START + 4 * HOUR)
        elif found.state is not State.SENDING:
            await store.delete_messages("", MessageQuery(ids=(found.id,)))
    yield "cancelled and deleted"
    await store.shift(5 * HOUR + 1, ClockState("boot", 0, START + 9 * HOUR))
    yield "shifted"


async def lead_lives(store: SqliteStore, seed: int) -> None:
    async for _ in lives(store, seed):
        pass


def counted(store: SqliteStore) -> tuple[Counter[object], Counter[object]]:
    """By counting the rows: quarter, account, line and state; account and state."""
    rows = store._read_connection.execute("SELECT created_at, account, line, state, parts FROM messages").fetchall()
    fine, coarse = Counter[object](), Counter[object]()
    for at, account, line, state, parts in rows:
        fine[at // QUARTER, account, line, state] += 1
        fine[at // QUARTER, account, line, state, "parts"] += parts
        coarse[account, state] += 1
    return fine, coarse


def kept(store: SqliteStore) -> tuple[Counter[object], Counter[object]]:
    """By the counters."""
    fine, coarse = Counter[object](), Counter[object]()
    for quarter, *key, messages, parts in store._read_connection.execute(
        "SELECT quarter, account, line, state, messages, parts FROM message_counts"
    ):
        fine[quarter, *key] = messages
        fine[quarter, *key, "parts"] = parts
    for account, state, messages in store._read_connection.execute(
        "SELECT account, state, messages FROM message_totals WHERE messages > 0"
    ):
        coarse[account, state] = messages
    return fine, coarse


async def test_the_counters_are_what_counting_gives_whatever_became_of_messages(store: SqliteStore) -> None:
    for seed in range(3):
        async for what in lives(store, seed):
            assert kept(store) == counted(store), what
        await store.delete_messages("", MessageQuery(until=1 << 60))
        await store.sweep(1 << 60, 0)
    assert (await store.count("", MessageQuery(states=frozenset({State.SENT})))) == 0


async def test_a_count_is_that_of_the_rows_that_are_listed(store: SqliteStore) -> None:
    await lead_lives(store, 7)
    edges = [0, START, START + 1, START + QUARTER, START + QUARTER - 1, START + HOUR + 7, START + 5 * HOUR, START * 2]
    states = [frozenset[State](), frozenset({State.SENT, State.FAILED}), frozenset({State.CANCELLED})]
    for account in ("", "shop", "cafe", "nobody"):
        for since in edges:
            for until in edges:
                for some in states:
                    query = MessageQuery(some, since=since, until=until, limit=1000)
                    listed = (await store.messages(account, query)).rows
                    assert await store.count(account, query) == len(listed), query
    rows = (await store.messages("", MessageQuery(limit=1000))).rows
    noted = [row for row in rows if START + HOUR <= row.created_at <= START + 6 * HOUR]
    found = await store.messages("", MessageQuery(since=START + HOUR, until=START + 6 * HOUR, limit=1000))
    assert list(found.rows) == noted


async def test_what_is_counted_by_period_is_of_its_account_and_received_sms_are_everybodys(store: SqliteStore) -> None:
    await store.submit([message(1, created_at=START), message(2, created_at=START + HOUR - 1, parts=2)])
    await store.submit([message(3, created_at=START + HOUR, account="cafe")])
    await store.claim("office", ("",), START * 2)
    await store.receive(InboundPart("van", "1", "+15550150", "hello", START), "van", START + HOUR)
    edges = [START, START + HOUR, START + 2 * HOUR]
    assert set(await store.statistics("shop", edges)) == {
        Counted(0, "office", State.SENDING, 1, 1), Counted(0, "", State.QUEUED, 1, 2), Counted(1, "van", None, 1),
    }  # fmt: skip
    assert Counted(1, "", State.QUEUED, 1, 1) in await store.statistics("", edges)
    assert await store.pulse() == 2
