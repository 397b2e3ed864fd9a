"""Jobs of one transaction, when one of them is refused."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence

import pytest

from bridge.bus import Bus
from bridge.errors import NotPossible, StoreUnavailable
from bridge.model.event import Event
from bridge.ports.store_rows import Queued
from bridge.store.writer import Tx, Writer


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute("CREATE TABLE done (name TEXT PRIMARY KEY)")
    yield connection
    connection.close()


@pytest.fixture
async def writer(connection: sqlite3.Connection, bus: Bus) -> AsyncIterator[Writer]:
    made = Writer(connection, bus)
    yield made
    await made.close()


def writing(name: str, tries: list[str]) -> Callable[[Tx], str]:
    def job(tx: Tx) -> str:
        tries.append(name)
        tx.conn.execute("INSERT INTO done VALUES (?)", (name,))
        return name

    return job


def refused(tx: Tx) -> str:
    tx.conn.execute("INSERT INTO done VALUES ('refused')")
    raise NotPossible


def count(tx: Tx) -> int:
    return int(tx.conn.execute("SELECT count(*) FROM done").fetchone()[0])


@pytest.mark.parametrize(("apart", "tries"), [(True, ["a", "b"]), (False, ["a", "a", "b"])])
async def test_a_refused_job_takes_no_other_with_it_and_apart_makes_none_run_twice(
    writer: Writer, apart: bool, tries: list[str]
) -> None:
    tried: list[str] = []
    jobs = (writing("a", tried), refused, writing("b", tried))
    answers = await asyncio.gather(*(writer.do(job, apart) for job in jobs), return_exceptions=True)
    assert [answer if isinstance(answer, str) else type(answer) for answer in answers] == ["a", NotPossible, "b"]
    assert tried == tries
    assert await writer.do(count) == 2


async def test_a_mistake_of_ours_apart_is_told_to_its_caller_alone(
    writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(tx: Tx) -> str:
        raise ZeroDivisionError

    answers = await asyncio.gather(
        writer.do(broken, apart=True), writer.do(writing("a", []), apart=True), return_exceptions=True
    )
    assert [answer if isinstance(answer, str) else type(answer) for answer in answers] == [ZeroDivisionError, "a"]
    assert [record.message for record in caplog.records] == ["a store job failed"]


async def test_each_of_those_done_together_gets_its_own_result(writer: Writer) -> None:
    answers = await asyncio.gather(*(writer.do_together(doubled, number) for number in range(3)))
    assert answers == [0, 2, 4]


def doubled(tx: Tx, numbers: Sequence[int]) -> list[int]:
    return [2 * number for number in numbers]


def telling(name: str, *, refused: bool = False) -> Callable[[Tx], None]:
    """A job with an event, and with a message that comes into a queue."""

    def job(tx: Tx) -> None:
        tx.conn.execute("INSERT INTO done VALUES (?)", (name,))
        tx.events.append(Event(0, name, "message.sent", "shop", 0, "m1", {}))
        tx.queued.append(Queued(name))
        if refused:
            raise NotPossible

    return job


@pytest.mark.parametrize("apart", [True, False])
async def test_nobody_hears_of_what_a_refused_job_would_have_done(writer: Writer, bus: Bus, apart: bool) -> None:
    heard, queued = list[str](), list[str]()
    bus.subscribe(lambda events: heard.extend(event.id for event in events))
    bus.subscribe_queues(lambda queues: queued.extend(each.route for each in queues))
    jobs = (telling("a"), telling("refused", refused=True), telling("b"))
    await asyncio.gather(*(writer.do(job, apart) for job in jobs), return_exceptions=True)
    await writer.do(count)
    assert (heard, queued) == (["a", "b"], ["a", "b"])


async def test_nobody_hears_of_anything_before_it_is_committed(
    writer: Writer, connection: sqlite3.Connection, bus: Bus
) -> None:
    under_way: list[bool] = []
    bus.subscribe(lambda events: under_way.append(connection.in_transaction))
    await writer.do(telling("a"))
    assert under_way == [False]


async def test_a_disk_that_fails_fails_everything_of_its_transaction_and_nobody_hears(writer: Writer, bus: Bus) -> None:
    def fails(tx: Tx) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    heard: list[str] = []
    bus.subscribe(lambda events: heard.extend(event.id for event in events))
    answers = await asyncio.gather(writer.do(telling("a")), writer.do(fails), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreUnavailable, StoreUnavailable]
    assert (await writer.do(count), heard) == (0, [])


async def test_what_was_handed_over_before_closing_is_done_and_what_comes_after_is_refused(writer: Writer) -> None:
    last = writer.do(telling("last"))
    await writer.close()
    assert await last is None
    with pytest.raises(StoreUnavailable):
        await writer.do(count)


async def test_what_can_wait_is_done_with_the_next_job_and_before_it(writer: Writer) -> None:
    tried: list[str] = []
    began = asyncio.get_running_loop().time()
    waiting = asyncio.gather(writer.do_within(60.0, writing("first", tried)))
    await asyncio.sleep(0)
    assert await writer.do(writing("second", tried)) == "second"
    assert await waiting == ["first"]
    assert tried == ["first", "second"]
    assert asyncio.get_running_loop().time() - began < 30


async def test_what_can_wait_is_done_in_time_when_nothing_else_is(writer: Writer) -> None:
    assert await asyncio.wait_for(writer.do_within(0.05, writing("alone", [])), 30) == "alone"


async def test_what_waits_is_done_before_the_end(writer: Writer) -> None:
    waiting = writer.do_within(60.0, writing("last", []))
    await writer.close()
    assert await waiting == "last"


async def test_a_job_on_its_own_comes_after_all_before_it_and_before_all_after_it(writer: Writer) -> None:
    """Jobs that can be done together are the first of their transaction, so they must not share its own."""
    order: list[str] = []

    def noting(name: str) -> Callable[[Tx], None]:
        return lambda tx: order.append(name)

    def together(tx: Tx, names: Sequence[str]) -> Sequence[None]:
        order.extend(names)
        return [None for _ in names]

    await asyncio.gather(
        writer.do_within(5, noting("later")),
        writer.do(noting("before")),
        writer.do_together(together, "together before"),
        writer.do_alone(noting("alone")),
        writer.do(noting("after")),
        writer.do_together(together, "together after"),
    )
    assert order.index("alone") == 3
    assert set(order[:3]) == {"later", "before", "together before"}
    assert set(order[4:]) == {"after", "together after"}
