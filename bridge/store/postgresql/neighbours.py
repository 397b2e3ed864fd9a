"""Bridges that share a database: signs of life, whose the devices are, and what becomes of a late outcome."""

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, fields
from typing import Any, cast

from bridge.errors import StoreUnavailable
from bridge.messages.outcomes import unknown
from bridge.model.forms import Form
from bridge.model.line import Channel, Line, LineState
from bridge.model.message import Message, State
from bridge.model.neighbour import Beat, Neighbour
from bridge.model.radio import Evidence
from bridge.ports.store.neighbours import PlaceLost
from bridge.ports.store_rows import Claim, Outcome
from bridge.store import lifecycle, settling
from bridge.store.claiming import claim, intend
from bridge.store.connections import Connections, reads
from bridge.store.messages import COLUMNS, get, message_of
from bridge.store.postgresql.connection import Connection
from bridge.store.postgresql.place import KEY, UPKEEP, Place, on_duty
from bridge.store.writer import Tx

_GONE = "the bridge {} stopped while the device had it; it may or may not have been sent"
_TAKEN = (
    "the bridge {!r} has a device of this name: give this one another name, or take the device out of the "
    "configuration of that bridge"
)
#: of a bridge `b`: it ended, or was silent for so many seconds; it may live all the same, if its name is not free
GONE = "coalesce(b.ended, 1) = 1 OR b.seen < clock_timestamp() - make_interval(secs => CAST(? AS FLOAT))"
IS_FREE = f"SELECT pg_try_advisory_xact_lock({KEY})"
_OWNER = f"SELECT o.bridge, {GONE} FROM device_owners o LEFT JOIN bridges b ON b.name = o.bridge WHERE o.device = ?"
#: its lines stay known meanwhile, so that nobody is told that there is none of this name
_OWN = (
    "INSERT INTO device_owners (device, bridge) VALUES (?, ?) "
    "ON CONFLICT (device) DO UPDATE SET bridge = excluded.bridge"
)
_BEAT = "UPDATE bridges SET seen = clock_timestamp(), ended = 0, role = ? WHERE name = ?"
#: from one whose session is gone at once, from another when its time is up
_DUTY = f"""
INSERT INTO duties (name, bridge, until) VALUES (?, ?, clock_timestamp() + make_interval(secs => CAST(? AS FLOAT)))
ON CONFLICT (name) DO UPDATE SET bridge = excluded.bridge, until = excluded.until
WHERE duties.bridge = excluded.bridge OR duties.until < clock_timestamp()
OR pg_try_advisory_xact_lock({KEY.replace("?", "duties.bridge")})
"""
_HAS_IT = (
    "SELECT EXISTS (SELECT FROM duties WHERE bridge = ? AND name = ?), "
    "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)"
)
#: one that ended, or was not heard of for long, is not coming back
_OTHERS = """
SELECT b.name, b.version, CAST(greatest(extract(epoch FROM clock_timestamp() - b.seen), 0) * 1000 AS BIGINT), b.ended,
coalesce(o.lines, '[]'), b.role,
EXISTS (SELECT FROM duties d WHERE d.bridge = b.name AND d.until > clock_timestamp())
FROM bridges b LEFT JOIN device_owners o ON o.bridge = b.name
WHERE b.name <> ? AND b.seen > clock_timestamp() - iif(b.ended, INTERVAL '1 hour', INTERVAL '7 days')
ORDER BY b.name, o.device
"""
#: `parts_open` has them: the server knows that what is being sent is open
_IN_HAND = "SELECT message, idx, line FROM parts WHERE state = 'sending'"
_KNOWN = {each.name for each in fields(Line)}


@dataclass(frozen=True, slots=True)
class Held:
    """What a line of this bridge has in hand."""

    epoch: int
    line: str
    #: when the part was given to it, as the store has it
    intent_at: int


def hold(tx: Tx, place: Place, devices: Sequence[str], lease: float, now: int) -> Mapping[str, str]:
    """See `NeighbourStore.hold`."""
    mine = {device for (device,) in tx.conn.execute("SELECT device FROM device_owners WHERE bridge = ?", (place.name,))}
    for gone in mine - set(devices):
        tx.conn.execute("DELETE FROM device_owners WHERE device = ?", (gone,))
    refused = {}
    for device in devices:
        owner = tx.conn.execute(_OWNER, (lease, device)).fetchone()
        if owner is None or owner[0] == place.name:
            tx.conn.execute("INSERT INTO device_owners (device, bridge) VALUES (?, ?) ON CONFLICT (device) DO NOTHING",
                            (device, place.name))  # fmt: skip
        elif not (owner[1] and tx.conn.execute(IS_FREE, (owner[0],)).fetchone()[0]):
            refused[device] = _TAKEN.format(owner[0])
        else:
            _take(tx, place, device, owner[0], now)
    return refused


def _take(tx: Tx, place: Place, device: str, owner: str, now: int) -> None:
    """Take a device from a bridge that is gone, and settle what that had in hand."""
    tx.conn.execute("UPDATE bridges SET epoch = epoch + 1 WHERE name = ?", (owner,))
    tx.conn.execute(_OWN, (device, place.name))
    _settle(tx, lambda line: _device(line) == device, now, _GONE.format(owner))


def _settle(tx: Tx, ours: Callable[[str], bool], now: int, error: str) -> int:
    """Settle what lines have in hand, as after a crash; returns how many parts that were."""
    caught = [row for row in tx.conn.execute(_IN_HAND).fetchall() if ours(row[2])]
    for message, index, _ in caught:
        settling.record(tx, unknown(get(tx.conn, message), index, error, now), now)
    rows = tx.conn.execute(f"SELECT {COLUMNS} FROM messages WHERE state = 'sending'").fetchall()
    for row in rows:
        message = message_of(row)
        if ours(message.line):
            lifecycle.requeue(tx, message, now, due_at=now)
    return len(caught)


def _device(line: str) -> str:
    return line.partition(":")[0]


def recover(tx: Tx, place: Place, now: int) -> int:
    """After a crash of this bridge: settle what its lines had in hand, and lines that are nobody's."""
    others = {row[0] for row in tx.conn.execute("SELECT device FROM device_owners WHERE bridge <> ?", (place.name,))}
    error = "the bridge stopped while the device had it; it may or may not have been sent"
    return _settle(tx, lambda line: _device(line) not in others, now, error)


def beat(tx: Tx, place: Place, lease: float, lines: Mapping[str, Sequence[Line]], asks: bool, role: str) -> Beat:
    """See `NeighbourStore.beat`."""
    tx.conn.execute(_BEAT, (role, place.name))
    if asks:
        tx.conn.execute(_DUTY, (UPKEEP, place.name, lease))
    else:
        tx.conn.execute("DELETE FROM duties WHERE name = ? AND bridge = ?", (UPKEEP, place.name))
    told = [(_written(known), device, place.name) for device, known in lines.items()]
    if told:
        tx.conn.executemany("UPDATE device_owners SET lines = ? WHERE device = ? AND bridge = ?", told)
        tx.changed = True
    row = tx.conn.execute(_HAS_IT, (place.name, UPKEEP)).fetchone()
    return Beat(bool(row[0]), int(row[1]))


def moment(conn: sqlite3.Connection) -> int:
    """Unix ms by the server's clock."""
    return int(conn.execute("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)").fetchone()[0])


def neighbours(conn: sqlite3.Connection, name: str) -> Sequence[Neighbour]:
    """The other bridges, with their lines."""
    found: dict[str, Neighbour] = {}
    for other, version, silent, ended, lines, role, duty in conn.execute(_OTHERS, (name,)).fetchall():
        before = found[other].lines if other in found else ()
        found[other] = Neighbour(other, version, silent, bool(ended), (*before, *_read(lines)), role, bool(duty))
    return tuple(found.values())


def leave(tx: Tx, place: Place) -> None:
    """See `NeighbourStore.leave`."""
    tx.conn.execute("UPDATE bridges SET ended = 1, seen = clock_timestamp() WHERE name = ?", (place.name,))
    tx.conn.execute("DELETE FROM duties WHERE bridge = ?", (place.name,))
    tx.changed = True


def record(tx: Tx, place: Place, held: Held | None, outcome: Outcome, now: int) -> Message:
    """Record an outcome; a late one of what was settled meanwhile is evidence, where it is sure."""
    if held is None or held.epoch == place.epoch or _still_has(tx.conn, held, outcome):
        return settling.record(tx, outcome, now)
    if outcome.state in (State.SENT, State.DELIVERED, State.FAILED, State.QUEUED) and not outcome.unsure:
        settling.believe(
            tx,
            Evidence(held.line, outcome.message, outcome.index, outcome.state, outcome.reference, outcome.error),
            now,
        )
    return get(tx.conn, outcome.message)


def _still_has(conn: sqlite3.Connection, held: Held, outcome: Outcome) -> bool:
    row = conn.execute(
        "SELECT line, intent_at FROM parts WHERE message = ? AND idx = ? AND state = 'sending'",
        (outcome.message, outcome.index),
    ).fetchone()
    return row is not None and tuple(row) == (held.line, held.intent_at)


def _written(lines: Sequence[Line]) -> str:
    return json.dumps([asdict(line) for line in lines])


def _read(written: str) -> Sequence[Line]:
    """Lines as another bridge told them, which may be of another release."""
    lines = []
    for row in json.loads(written):
        told = {name: value for name, value in row.items() if name in _KNOWN}
        try:
            told |= {"state": LineState(told["state"]), "channel": Channel(told["channel"])}
            forms = told.get("forms")
            told["forms"] = None if forms is None else tuple(Form(*each) for each in forms)
            lines.append(Line(**told))
        except (ValueError, TypeError, KeyError):
            continue
    return lines


class Neighbours(Connections):
    """Implements `bridge.ports.store.neighbours.NeighbourStore`, and keeps a bridge to what is its own."""

    _my_place: Place

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        #: what the lines of this bridge have in hand, by message and part
        self._in_hand: dict[tuple[str, int], Held] = {}

    async def hold(self, devices: Sequence[str], lease: float, now: int) -> Mapping[str, str]:
        """See `NeighbourStore.hold`."""
        return await self._write(hold, self._my_place, devices, lease, now)

    async def beat(self, lease: float, lines: Mapping[str, Sequence[Line]], asks: bool = True, role: str = "") -> Beat:
        """See `NeighbourStore.beat`."""
        try:
            return await self._write(beat, self._my_place, lease, lines, asks, role)
        except StoreUnavailable as error:
            if self._my_place.lost:
                raise PlaceLost(error.message) from error
            raise

    async def take_again(self) -> None:
        """See `NeighbourStore.take_again`."""
        await self._writer.do_outside(lambda conn: self._my_place.enter(cast(Connection, conn)))

    moment = reads(moment)

    async def neighbours(self) -> Sequence[Neighbour]:
        """See `NeighbourStore.neighbours`."""
        return await self._read(neighbours, self._my_place.name)

    async def leave(self) -> None:
        """See `NeighbourStore.leave`."""
        await self._write(leave, self._my_place)

    def on_duty(self) -> AbstractContextManager[None]:
        """See `NeighbourStore.on_duty`."""
        return on_duty()

    # -- what the lines of this bridge have in hand --------------------------------------------------
    async def recover(self, now: int) -> int:
        """Settle what this bridge had in hand, and never what another has."""
        return await self._write(recover, self._my_place, now)

    async def claim(
        self, line: str, routes: Sequence[str], now: int, whole: bool = False, sim: str = ""
    ) -> Claim | None:
        """See `SendingStore.claim`."""
        claimed, epoch = await self._write(lambda tx: (claim(tx, line, routes, now, whole, sim), self._my_place.epoch))
        if claimed is not None:
            self._in_hand[claimed.message.id, claimed.index] = Held(epoch, line, now)
        return claimed

    async def intend(self, message: str, index: int, line: str, now: int, sim: str = "") -> None:
        """See `SendingStore.intend`."""

        def job(tx: Tx) -> int:
            intend(tx, message, index, line, now, sim)
            return self._my_place.epoch

        self._in_hand[message, index] = Held(await self._write(job), line, now)

    async def record(self, outcome: Outcome, now: int) -> Message:
        """See `SendingStore.record`."""
        key = outcome.message, outcome.index
        message = await self._write(record, self._my_place, self._in_hand.get(key), outcome, now)
        self._in_hand.pop(key, None)
        return message
