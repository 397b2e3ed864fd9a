"""Two bridges on one database, each in trouble in the other's presence, and their books are right."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.campaign.cluster import OF_A_BRIDGE, OF_THE_SERVER, cluster, trouble
from tests.campaign.exchange import ORDERS, violations


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_a_round_of_two_bridges_on_one_database_adds_up(tmp_path: Path) -> None:
    async with cluster(tmp_path, 2) as ready:
        _, wrong, cells = await ready.play(0, Random("1 cluster 1"))
        assert wrong == []
        assert len(ready.accepted) == ready.written.total() == cells[-1] == ORDERS


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_after_each_trouble_a_message_goes_out_and_one_comes_in(tmp_path: Path) -> None:
    async with cluster(tmp_path, 2) as ready:
        customer = ready.world.customers[0]
        for kind in OF_THE_SERVER + OF_A_BRIDGE:
            await trouble(ready, kind, ready.bridges[0], seconds=3.0)
            await ready.submit(f"out {kind}", customer)
            ready.letter(f"in {kind}", 0, customer)
        told = await ready.rest()
        assert told is not None
        assert violations(ready.asked, ready.accepted, ready.written, told) == []
        assert set(Counter(state for _, state in told.rows)) <= {"sent", "delivered", "unknown"}


@pytest.mark.long
async def test_a_bridge_that_ends_by_itself_is_a_violation(tmp_path: Path) -> None:
    async with cluster(tmp_path, 1) as ready:
        await ready.bridges[0].serve.kill()
        assert await ready.rest() is None
