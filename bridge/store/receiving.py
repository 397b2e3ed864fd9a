"""Receives from devices, each SMS once: a slot that is read again holds the same one, until it was seen empty.

A slot is of what holds it: an SMS on a SIM is the same one in whatever modem the SIM is read.
"""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import replace

from bridge.messages.segmentation import join
from bridge.model.inbox import Received
from bridge.model.radio import Concat, Held, InboundPart, InboundReport
from bridge.store import event_log, fragments, inbox, loopbacks
from bridge.store.connections import Connections, reads, writes
from bridge.store.writer import Tx

_TAKEN = "INSERT INTO slots VALUES (?, ?) ON CONFLICT DO NOTHING"
#: a device may be away for so long and then tell of what it received, ms
LONGEST_AWAY = 90 * 24 * 3600 * 1000
#: its clock may be ahead by so much and still be the one to believe, ms
AHEAD = 48 * 3600 * 1000


def receive(tx: Tx, item: InboundPart, device: str, now: int, sim: str = "") -> Received | None:
    """Commit a received part; returns the SMS that it completed, None for a re-read or while parts are missing.

    `sim`: `Line.sim`.
    """
    if not take_slot(tx, item):
        return None
    if loopbacks.arrive(tx, item, now):
        return None
    if item.concat is not None and not item.error and _is_sound(item.concat):
        return fragments.add(tx, item, device, now, sim or item.line)
    text = join([item.text])
    received = Received(
        event_log.new_uuid(), item.line, device, item.sender, text, item.sent_at, _received_at(item, now)
    )
    more = replace(received, data=item.data, error=item.error, channel=item.channel, media=item.media)
    return inbox.keep(tx, more, now)


def take_slot(tx: Tx, item: InboundPart | InboundReport) -> bool:
    """Remember what is in a slot; False when it was remembered: it is read again."""
    holder = item.holder or item.line
    taken = tx.conn.execute(_TAKEN, (holder, item.slot))
    if holder == item.line:
        return taken.rowcount > 0
    # earlier releases, and a device that had not told its SIM, knew the line alone
    earlier = tx.conn.execute("DELETE FROM slots WHERE holder = ? AND slot = ?", (item.line, item.slot))
    return taken.rowcount > 0 and not earlier.rowcount


def _received_at(item: InboundPart, now: int) -> int:
    """The time of receipt: by the device's clock where plausible, as it may have received it long ago."""
    return item.received_at if now - LONGEST_AWAY <= item.received_at <= now + AHEAD else now


def _is_sound(concat: Concat) -> bool:
    """Whether the part's position is valid; otherwise it is treated as a message of its own (TS 23.040 §9.2.3.24.1)."""
    return 1 <= concat.index <= concat.total


def let_go(tx: Tx, item: Held) -> None:
    """Forget the slots of a memory that are not held any more. Finding none, it writes nothing."""
    tx.conn.execute(
        "DELETE FROM slots WHERE holder IN (?, ?) AND slot >= ? AND substr(slot, 1, ?) = ? "
        "AND slot NOT IN (SELECT value FROM json_each(?))",
        (item.holder or item.line, item.line, item.place, len(item.place), item.place, json.dumps(item.slots)),
    )


def held(conn: sqlite3.Connection, holders: Collection[str]) -> Collection[str]:
    """The slots of these holders that were received from and not let go."""
    rows = conn.execute(
        "SELECT slot FROM slots WHERE holder IN (SELECT value FROM json_each(?))", (json.dumps(list(holders)),)
    )
    return frozenset(slot for (slot,) in rows)


class Receiving(Connections):
    """Implements the receiving half of `ReceivingStore`, and the parts of other protocols about SMS that come in."""

    receive = writes(receive)
    let_go = writes(let_go)
    held = reads(held)
    release_partial = writes(fragments.release)
