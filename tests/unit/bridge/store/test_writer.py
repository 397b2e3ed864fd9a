"""Jobs of one transaction, when one of them is refused."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from bridge.errors import NotPossible
from bridge.store.writer import Tx, Writer


@pytest.fixture
async def writer() -> AsyncIterator[Writer]:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    connection.execute("CREATE TABLE done (name TEXT PRIMARY KEY)")
    made = Writer(connection, None)
    yield made
    await made.close()
    connection.close()


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
