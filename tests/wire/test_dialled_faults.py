"""What goes wrong with a site that dials besides its connection: old backups, lost keys, lines and SIMs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.model.line import Line, LineState
from bridge.model.message import State
from bridge.model.query import MessageQuery
from tests.support.dialled_bridges import HUB_KEY, DialledBridges, dialled_bridges
from tests.support.running import SHOP
from tests.support.two_bridges import LINE
from tests.support.waiting import until


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[DialledBridges]:
    async with dialled_bridges(tmp_path) as made:
        yield made


def write(both: DialledBridges, *texts: str) -> None:
    """A customer writes to the site."""
    for text in texts:
        both.person().send(both.world.modems[0].number, text)


async def heard(both: DialledBridges, count: int) -> list[str]:
    """What the hub has received, once it is so much."""
    return [each.text for each in await both.hub.received(count, patience=90)]


def in_state(both: DialledBridges, state: LineState) -> Line | None:
    return next((each for each in both.hub.gateway.lines() if each.state is state), None)


async def test_a_hub_from_an_old_backup_sends_nothing_twice_and_hears_all_once(both: DialledBridges) -> None:
    write(both, "before")
    await heard(both, 1)
    await both.wire.unplug()
    sent = await both.hub.send(both.world.customers[0], "waits in the backup")
    await both.restart_hub(both.back_up("hub"))
    await both.wire.plug()
    await both.hub.became(sent, State.DELIVERED)
    write(both, "after")
    await heard(both, 2)
    await both.restart_hub(both.restore("hub"))
    await both.hub.became(sent, State.SENT, State.DELIVERED)
    assert await heard(both, 2) == ["before", "after"]
    assert [sms.text for sms in await both.person().wait(1)] == ["waits in the backup"]


async def test_a_site_from_an_old_backup_that_has_gone_on_loses_nothing_and_tells_nothing_twice(
    both: DialledBridges,
) -> None:
    write(both, "number 0")
    await heard(both, 1)
    await both.restart_site(both.back_up("site"))
    await both.hub.ready(LINE)
    write(both, "number 1", "number 2")
    await heard(both, 3)
    await both.wire.unplug()
    await both.restart_site(both.restore("site"))
    # by the time that it is back, its events have passed the position of those that the hub knows
    write(both, *(f"number {number}" for number in range(3, 13)))
    await both.site.received(11)
    await both.wire.plug()
    assert await heard(both, 13) == [f"number {number}" for number in range(13)]
    sent = await both.hub.send(both.world.customers[0], "and out")
    await both.hub.became(sent, State.DELIVERED)


async def test_a_key_that_is_revoked_while_a_message_is_in_hand_leaves_it_unknown_and_sent_once(
    both: DialledBridges,
) -> None:
    both.world.network.rules.send_latency = 5.0
    sent = await both.hub.send(both.world.customers[0], "in hand")
    await until(lambda: at_site(both))
    await both.site.gateway.administration.revoke_key("test", SHOP.name, HUB_KEY)
    message = await both.hub.became(sent, State.UNKNOWN)
    assert "401" in (await until(lambda: in_state(both, LineState.PARKED))).reason
    assert message.line == LINE
    assert [sms.text for sms in await both.person().wait(1)] == ["in hand"]


async def at_site(both: DialledBridges) -> list[str]:
    """The messages that the site has."""
    return [row.text for row in (await both.site.gateway.messages(SHOP, MessageQuery(limit=1000))).rows]


async def test_a_hub_that_ends_takes_back_what_waits_at_the_site(both: DialledBridges) -> None:
    both.world.network.rules.send_latency = 4.0
    for number in range(8):
        await both.site.send(both.world.customers[1], f"their own, for which the modem is busy {number}")
    sent = await both.hub.send(both.world.customers[0], "waits there")
    await until(lambda: waiting_at_site(both))
    await both.restart_hub()
    both.world.network.rules.send_latency = 0.0
    await both.hub.became(sent, State.DELIVERED)
    rows = (await both.site.gateway.messages(SHOP, MessageQuery(limit=10))).rows
    assert sorted(row.state for row in rows if row.text == "waits there") == ["cancelled", "delivered"]
    assert [sms.text for sms in await both.person().wait(1)] == ["waits there"]


async def waiting_at_site(both: DialledBridges) -> bool:
    rows = (await both.site.gateway.messages(SHOP, MessageQuery(limit=10))).rows
    return any(row.text == "waits there" and row.state is State.QUEUED for row in rows)


async def test_messages_for_a_line_that_the_site_has_removed_wait_until_it_is_back(both: DialledBridges) -> None:
    await both.restart_site(devices={})
    line = await until(lambda: in_state(both, LineState.PARKED))
    assert "none of the site's lines" in line.reason
    sent = await both.hub.send(both.world.customers[0], "waits here")
    assert (await both.hub.gateway.message(SHOP, sent)).state is State.QUEUED
    assert await at_site(both) == []
    await both.restart_site()
    await both.site.ready("line0")
    await both.hub.became(sent, State.DELIVERED)
    assert [sms.text for sms in await both.person().wait(1)] == ["waits here"]


async def test_another_sim_at_the_site_is_the_line_s_at_the_hub(both: DialledBridges) -> None:
    write(both, "to the first")
    await heard(both, 1)
    modem, first = both.world.modems[0], both.world.modems[0].number
    modem.unplug()
    modem.insert_sim(number="+15550177", iccid="8900101123456780177", imsi="001010000000177")
    modem.replug()

    def exchanged() -> Line | None:
        return next((each for each in both.hub.gateway.lines() if each.iccid.endswith("0177")), None)

    line = await until(exchanged, 60)
    assert (line.name, line.number) == (LINE, "+15550177")
    await both.hub.ready(LINE)
    sent = await both.hub.send(both.world.customers[0], "by the other")
    await both.hub.became(sent, State.DELIVERED)
    assert [sms.sender for sms in await both.person().wait(1)] == ["+15550177"]
    assert first != "+15550177"
