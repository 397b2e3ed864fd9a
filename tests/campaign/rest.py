"""Waits until nothing is under way any more, and reads all that the bridge says."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import aiohttp

from bridge.store.read_only import read_only
from tests.campaign.conservation import OPEN, Account, Told
from tests.campaign.stage import ACCOUNTS, EXPIRES, Stage

#: seconds until the bridge is started anew (a person would, and back-offs begin again), and until it is given up: what
#: waits for a SIM that was taken out ends with its time
PATIENT, LONGEST = 12.0, EXPIRES + 20.0
#: what a bridge that is away or busy answers with
Away = (aiohttp.ClientError, TimeoutError, OSError)


async def come_to_rest(stage: Stage) -> tuple[Told, int]:
    """All that the bridge says once nothing moves; and how often it was started for that."""
    began, helped = time.monotonic(), 0
    before: Told | None = None
    while True:
        await stage.serve.start()
        waited = time.monotonic() - began
        told = await _read(stage)
        if told is not None and (waited > LONGEST or (is_same(before, told) and not list(_moving(stage, told)))):
            return told, helped
        before = told
        if waited > PATIENT and not helped:
            helped = 1
            await stage.serve.end()
        await _hurry(stage)
        await asyncio.sleep(0.2)


def is_same(before: Told | None, told: Told) -> bool:
    """Whether nothing changed between two readings: each takes several queries, and is of one moment only then."""
    return before is not None and replace(before, at=told.at) == told


def _moving(stage: Stage, told: Told) -> Iterator[str]:
    """What is still under way."""
    for message in told.messages:
        if message["state"] in OPEN:
            yield message["id"]
    for number in stage.lines:
        if stage.world.network.held(number):
            yield f"the network holds something for {number}"
    texts = {row["text"] for row in told.inbox}
    for written in stage.books.written.values():
        least, _ = stage.books.coming(written.token)
        lost = written.to in told.phones and written.token not in told.on_phones
        if least and not lost and written.text not in texts:
            yield written.token
    if told.owed:
        yield "webhooks"


async def _hurry(stage: Stage) -> None:
    """Somebody looks at the webhooks and asks for the next attempt: back-offs are for receivers that stay away."""
    with contextlib.suppress(*Away):
        for name in ACCOUNTS:
            for hook in (await stage.get(name, "/v1/webhooks"))["webhooks"]:
                await stage.call("PATCH", name, f"/v1/webhooks/{hook['id']}", json={"paused": False})


async def _read(stage: Stage) -> Told | None:
    """Everything, None when the bridge cannot be asked now."""
    with contextlib.suppress(*Away):
        messages: list[dict[str, Any]] = []
        for name in ACCOUNTS:
            messages += await _pages(stage, name, "/v1/messages", "messages")
        return Told(
            messages,
            _parts(stage),
            await _pages(stage, "hold", "/v1/inbox", "messages"),
            dict(_rows(stage, "SELECT id, units FROM messages")),
            [await _account(stage, name) for name in ACCOUNTS],
            _owed(stage),
            on_phones=stage.on_phones(),
            shown=stage.shown(),
            at=time.monotonic(),
            expires_after=EXPIRES,
            phones=frozenset(stage.phones),
        )
    return None


async def _pages(stage: Stage, account: str, path: str, name: str) -> list[dict[str, Any]]:
    rows, cursor = list[dict[str, Any]](), ""
    while True:
        page = await stage.get(account, path, limit="500", **({"cursor": cursor} if cursor else {}))
        rows += page[name]
        cursor = page["cursor"] or ""
        if not cursor:
            return rows


async def _account(stage: Stage, name: str) -> Account:
    told = await stage.get(name, f"/v1/accounts/{name}")
    movements = await _pages(stage, name, f"/v1/accounts/{name}/movements", "movements")
    return Account(name, told["credits"], list(reversed(movements)))


def _rows(stage: Stage, query: str) -> list[tuple[Any, ...]]:
    """What no API lists at once, from the store's file."""
    with closing(read_only(stage.serve.directory / "bridge.db")) as conn:
        return conn.execute(query).fetchall()


def _parts(stage: Stage) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    names = ("message", "idx", "state", "attempts", "sent_at", "error")
    for row in _rows(stage, f"SELECT {', '.join(names)} FROM parts ORDER BY message, idx"):
        part = dict(zip(names, row, strict=True))
        found.setdefault(part["message"], []).append(part)
    return found


def _owed(stage: Stage) -> int:
    return int(_rows(stage, "SELECT count(*) FROM ledger WHERE state = 'owed'")[0][0])
