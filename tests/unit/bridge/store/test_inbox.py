"""Parts of long SMS, put together only with their own kind."""

import pytest

from bridge.model.radio import Concat, InboundPart
from bridge.store.inbox import FRAGMENT_WINDOW
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW

SECOND = 1000


async def received(store: SqliteStore, index: int, text: str, at: int) -> str | None:
    """One of two parts comes in; the text of the SMS that this made."""
    part = InboundPart("office", f"SM:{at}:{index}", "+15550150", text, at, Concat(7, 2, index))
    made = await store.receive(part, "office", at)
    return made.text if made else None


@pytest.mark.parametrize(("late", "expected"), [(-SECOND, "one two"), (SECOND, None)], ids=["in time", "too late"])
async def test_parts_that_are_a_day_apart_are_of_two_messages(
    store: SqliteStore, late: int, expected: str | None
) -> None:
    """Senders number their messages from 0 to 255 and begin again."""
    assert await received(store, 1, "one ", NOW) is None
    assert await received(store, 2, "two", NOW + FRAGMENT_WINDOW + late) == expected
