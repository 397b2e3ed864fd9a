"""What of a store moves with the clock and what does not."""

from dataclasses import replace

import pytest

from bridge.model.account import Author
from bridge.model.message import State
from bridge.model.query import MessageQuery
from bridge.model.user import Role, User
from bridge.ports.store_rows import ClockState, Outcome
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW, message

STEP = 3 * 86_400_000
AFTER = ClockState("boot", 0, NOW + STEP)


async def test_what_has_ended_keeps_its_stamps(store: SqliteStore) -> None:
    await store.submit([message(1), message(2), message(3)])
    for number, state in ((1, State.SENT), (2, State.FAILED), (3, State.UNKNOWN)):
        await store.claim("office", ("",), NOW)
        await store.record(Outcome(message(number).id, 1, state), NOW + number)
    before = {row.id: row for row in (await store.messages("", MessageQuery())).rows}
    await store.shift(STEP, AFTER)
    assert {row.id: row for row in (await store.messages("", MessageQuery())).rows} == before


async def test_a_message_without_an_end_gets_none(store: SqliteStore) -> None:
    await store.submit([message(1), message(2, state=State.SCHEDULED, due_at=NOW + 1, not_before=NOW + 1)])
    await store.shift(STEP, AFTER)
    assert [row.expires_at for row in (await store.messages("", MessageQuery())).rows] == [0, 0]


@pytest.mark.parametrize("state", [State.SENT, State.DELIVERED, State.UNKNOWN])
async def test_parts_that_a_report_may_be_of_move(store: SqliteStore, state: State) -> None:
    await store.submit([message(1)])
    await store.claim("office", ("",), NOW)
    await store.record(Outcome(message(1).id, 1, state, None if state is State.UNKNOWN else 7), NOW + 5)
    (before,) = await store.parts(message(1).id)
    await store.shift(STEP, AFTER)
    (after,) = await store.parts(message(1).id)
    sent_at = before.sent_at and before.sent_at + STEP
    assert after == replace(before, intent_at=NOW + STEP, done_at=NOW + 5 + STEP, sent_at=sent_at)


async def test_who_used_a_code_of_a_later_time_is_not_kept_out_until_that_comes(store: SqliteStore) -> None:
    author = Author("owner", NOW)
    await store.add_user(User("ana", Role.OWNER, NOW), "", author)
    await store.propose_totp("ana", "secret")
    ahead = NOW + 3650 * 86_400_000
    await store.begin_totp("ana", ahead // 30_000, [], author)
    assert not await store.use_totp("ana", NOW // 30_000)
    await store.shift(NOW - ahead, ClockState("boot", 0, NOW))
    assert not await store.use_totp("ana", NOW // 30_000 + 1)
    assert await store.use_totp("ana", NOW // 30_000 + 2)
    await store.shift(STEP, AFTER)
    assert not await store.use_totp("ana", NOW // 30_000 + 2)


async def test_what_time_it_was_is_known_again(store: SqliteStore) -> None:
    await store.note_clock(ClockState("boot", 5, NOW))
    assert await store.clock_state() == ClockState("boot", 5, NOW)
    await store.submit([message(1, created_at=NOW + 9)])
    assert await store.clock_state() == ClockState("boot", 5, NOW + 9)
    await store.note_clock(ClockState("boot", 5, NOW + 3))
    assert await store.clock_state() == ClockState("boot", 5, NOW + 3)
