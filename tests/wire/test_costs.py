"""What one message costs the store: each commit is an fsync, of which an SD card has only so many."""

import asyncio
from dataclasses import replace
from pathlib import Path

from bridge.model.message import State
from bridge.model.query import LedgerQuery
from bridge.model.webhook import DeliveryState
from bridge.store.sqlite import SqliteStore
from device_drivers.virtual.world import World
from tests.support.receivers import Receiver
from tests.support.running import SHOP, config, running
from tests.support.waiting import until

#: accepted; claimed; sent; delivered; and for each of the three events what became of its webhooks
COMMITS = 7


async def test_a_message_with_report_and_three_webhooks_takes_seven_commits(tmp_path: Path) -> None:
    async with World(tmp_path / "world", modems=1) as world, Receiver() as one, Receiver() as two, Receiver() as three:
        settings = config(tmp_path, {"line0": {"port": world.modems[0].port}})
        settings = replace(settings, webhooks=replace(settings.webhooks, allow_http=("127.0.0.1",)))
        # further apart than webhooks wait for a commit to share
        world.network.rules.send_latency = world.network.rules.report_delay = 0.6
        async with running(settings) as bridge:
            for receiver in (one, two, three):
                await bridge.gateway.endpoints.add("test", SHOP, receiver.url)
            assert isinstance(bridge.store, SqliteStore)
            commits = await _counted(bridge.store)
            await bridge.send("+15550150", "Your table is ready")
            await bridge.settled(State.DELIVERED)

            async def recorded() -> bool:
                page = await bridge.store.ledger("", LedgerQuery(state=DeliveryState.DELIVERED))
                return len(page.rows) == 9

            await until(recorded)
            assert len(commits) <= COMMITS, "\n".join(commits)


async def test_a_bridge_that_has_nothing_to_do_touches_its_store_not_even_once_a_second(tmp_path: Path) -> None:
    async with running(config(tmp_path, {})) as bridge:
        assert isinstance(bridge.store, SqliteStore)
        commits = await _counted(bridge.store)
        await asyncio.sleep(2.5)
        assert commits == []


async def _counted(store: SqliteStore) -> list[str]:
    """A list that gets longer with each commit of the writer, once it is quiet; looks that change nothing included."""
    commits: list[str] = []
    statements: list[str] = []

    def trace(statement: str) -> None:
        if statement == "COMMIT":
            commits.append("; ".join(each.strip()[:40] for each in statements))
            statements.clear()
        elif not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
            statements.append(statement)

    store._write_connection.set_trace_callback(trace)
    count = -1
    while count != len(commits):
        count = len(commits)
        await asyncio.sleep(0.5)
    commits.clear()
    return commits
