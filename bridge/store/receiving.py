"""Receives from devices: a slot read again holds the same SMS until it was seen without it."""

import json
import sqlite3
from dataclasses import replace

from bridge.messages.segmentation import join
from bridge.model.inbox import Received
from bridge.model.radio import Concat, Held, InboundPart
from bridge.store import event_log, fragments, inbox, loopbacks
from bridge.store.connections import Connections, writes
from bridge.store.writer import Tx

#: a device may be away for so long and then tell of what it received, ms
LONGEST_AWAY = 90 * 24 * 3600 * 1000
#: its clock may be ahead by so much and still be the one to believe, ms
AHEAD = 48 * 3600 * 1000


def receive(tx: Tx, item: InboundPart, device: str, now: int) -> Received | None:
    """Commit a received part; returns the SMS that it completed, None for a re-read or while parts are missing."""
    fresh = tx.conn.execute("INSERT OR IGNORE INTO slots VALUES (?, ?)", (item.line, item.slot)).rowcount
    if not fresh:
        return None
    if loopbacks.arrive(tx, item, now):
        return None
    if item.concat is not None and not item.error and _is_sound(item.concat):
        return fragments.add(tx, item, device, now)
    text = join([item.text])
    received = Received(
        event_log.new_uuid(), item.line, device, item.sender, text, item.sent_at, _received_at(item, now)
    )
    more = replace(received, data=item.data, error=item.error, channel=item.channel, media=item.media)
    return inbox.keep(tx, more, now)


def _received_at(item: InboundPart, now: int) -> int:
    """The time of receipt: by the device's clock where plausible, as it may have received it long ago."""
    return item.received_at if now - LONGEST_AWAY <= item.received_at <= now + AHEAD else now


def _is_sound(concat: Concat) -> bool:
    """Whether the part's position is valid; otherwise it is treated as a message of its own (TS 23.040 §9.2.3.24.1)."""
    return 1 <= concat.index <= concat.total


_GONE = (
    "FROM slots WHERE line = ? AND slot >= ? AND substr(slot, 1, ?) = ? "
    "AND slot NOT IN (SELECT value FROM json_each(?))"
)


def _gone(item: Held) -> tuple[str | int, ...]:
    return item.line, item.place, len(item.place), item.place, json.dumps(item.slots)


def let_go(tx: Tx, item: Held) -> None:
    """Forget the slots of a memory that the device no longer holds."""
    tx.conn.execute(f"DELETE {_GONE}", _gone(item))


def any_gone(conn: sqlite3.Connection, item: Held) -> bool:
    """Whether `let_go` has anything to forget."""
    return conn.execute(f"SELECT 1 {_GONE} LIMIT 1", _gone(item)).fetchone() is not None


class Receiving(Connections):
    """Implements the receiving half of `ReceivingStore`, and the parts of `UpkeepStore` about long SMS."""

    receive = writes(receive)
    release_partial = writes(fragments.release)

    async def let_go(self, item: Held) -> None:
        """Forget freed slots; calls that find none cost no transaction."""
        if await self._read(any_gone, item):
            await self._write(let_go, item)
