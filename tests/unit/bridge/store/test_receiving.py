"""What a device is seen to hold and not to hold."""

import pytest

from bridge.model.message import State
from bridge.model.radio import Held, InboundPart, InboundReport
from bridge.store.receiving import AHEAD, LONGEST_AWAY
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW

PLACES = ("SM:1:abc", "SM:12:abc", "ME:1:abc")


async def known(store: SqliteStore) -> list[str]:
    """Those of the places whose SMS would be taken for a re-read now."""
    rows = store._write_connection.execute("SELECT slot FROM slots WHERE holder = 'office' ORDER BY slot").fetchall()
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("seen", "left"),
    [
        (Held("office", "SM:", ("SM:1:abc",)), ["ME:1:abc", "SM:1:abc"]),
        (Held("office", "SM:"), ["ME:1:abc"]),
        (Held("office", "SM:1:"), ["ME:1:abc", "SM:12:abc"]),
        (Held("office", "SM:12:abc"), ["ME:1:abc", "SM:1:abc"]),
        (Held("other", "SM:"), ["ME:1:abc", "SM:12:abc", "SM:1:abc"]),
        (Held("office", "S_:"), ["ME:1:abc", "SM:12:abc", "SM:1:abc"]),
    ],
)
async def test_only_what_the_place_was_seen_without_is_forgotten(
    store: SqliteStore, seen: Held, left: list[str]
) -> None:
    for slot in PLACES:
        await store.receive(InboundPart("office", slot, "+15550150", slot, NOW), "office", NOW)
    await store.let_go(seen)
    assert await known(store) == left


async def test_a_report_s_place_is_remembered_like_an_sms_s(store: SqliteStore) -> None:
    report = InboundReport("office", "SR:1:abc", "+15550150", 7, State.DELIVERED, sent_at=NOW)
    await store.settle(report, NOW)
    assert await known(store) == ["SR:1:abc"]
    await store.let_go(Held("office", "SR:"))
    assert await known(store) == []


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (0, NOW),
        (NOW - 1, NOW - 1),
        (NOW - LONGEST_AWAY, NOW - LONGEST_AWAY),
        (NOW - LONGEST_AWAY - 1, NOW),
        (NOW + AHEAD, NOW + AHEAD),
        (NOW + AHEAD + 1, NOW),
    ],
)
async def test_the_time_of_receipt_is_the_device_s_where_its_clock_may_be_right(
    store: SqliteStore, told: int, kept: int
) -> None:
    received = await store.receive(InboundPart("office", "1", "+15550150", "hi", NOW, received_at=told), "office", NOW)
    assert received is not None
    assert received.received_at == kept
    (event,) = await store.events("", 0, 10)
    assert (event.at, event.data["received_at"]) == (NOW, kept)
