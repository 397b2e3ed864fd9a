"""A site that the hub cannot reach dials it: two real bridges, a real WebSocket, and a way that may be cut."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from bridge.model.account import Account
from bridge.model.event import Event
from bridge.model.line import Line, LineState
from bridge.model.message import State
from bridge.model.query import MessageQuery
from bridge.version import version
from device_drivers.bridge_remote import dialler, lag, switchboard
from device_drivers.bridge_remote.channels import BROKEN, REPLACED, TAKEN
from device_drivers.bridge_remote.dialler import Dialler
from tests.support.dialled_bridges import DIAL_KEY, HUB_KEY, DialledBridges, dialled_bridges
from tests.support.running import SHOP
from tests.support.two_bridges import LINE, SITE
from tests.support.waiting import until


@pytest.fixture
async def both(tmp_path: Path) -> AsyncIterator[DialledBridges]:
    async with dialled_bridges(tmp_path) as made:
        yield made


async def at_site(both: DialledBridges) -> list[tuple[str, State]]:
    """What the site has been asked to send."""
    rows = (await both.site.gateway.messages(SHOP, MessageQuery(limit=1000))).rows
    return [(row.text, row.state) for row in reversed(rows)]


async def test_a_message_goes_by_the_sites_own_connection_and_its_report_comes_back(both: DialledBridges) -> None:
    sent = await both.hub.send(both.world.customers[0], "hello from afar")
    message = await both.hub.became(sent, State.DELIVERED)
    assert (message.line, message.error) == (LINE, "")
    assert [sms.text for sms in await both.person().wait(1)] == ["hello from afar"]
    assert await at_site(both) == [("hello from afar", State.DELIVERED)]
    assert both.wire.dials == 1
    assert (await both.hub.ready(LINE)).lag_ms is not None


async def test_metrics_and_the_api_tell_the_lag_of_a_line_of_a_site_that_dials(both: DialledBridges) -> None:
    async with both.hub.http.get(f"{both.hub.url}/metrics") as answer:
        told = await answer.text()
    assert f'sms_bridge_line_lag_seconds{{line="{LINE}"}}' in told
    headers = {"X-Api-Key": both.hub.keys["apikey"]}
    async with both.hub.http.get(f"{both.hub.url}/v1/lines", headers=headers) as answer:
        [line] = (await answer.json())["lines"]
    assert (line["name"], line["device"], line["driver"], line["lag_ms"] >= 0) == (LINE, SITE, "bridge_remote", True)


async def sites(both: DialledBridges) -> list[dict[str, Any]]:
    """What the hub's operators are told of its sites."""
    headers = {"Authorization": f"Bearer {both.hub.gateway.authenticator.grant_to_commands()}"}
    async with both.hub.http.get(f"{both.hub.url}/v1/sites", headers=headers) as answer:
        return list((await answer.json())["sites"])


async def test_the_api_tells_of_a_site_that_dials_while_it_is_there_and_while_it_is_away(both: DialledBridges) -> None:
    await until(lambda: is_heard(both))
    [site] = await sites(both)
    assert (site["name"], site["way"], site["url"], site["connected"]) == (SITE, "dials", "", True)
    assert (site["problems"], site["version"], site["clock_ms"]) == ([], version(), 0)
    assert [(line["name"], line["state"]) for line in site["lines"]] == [(LINE, "ready")]
    assert site["lag_ms"] < 30_000
    assert site["connected_at"] <= site["heard_at"]
    both.world.network.rules.send_latency = 5.0
    await both.hub.send(both.world.customers[0], "on its way")
    await until(lambda: is_waiting_there(both))
    await both.wire.unplug()
    await until(lambda: is_away(both))
    headers = {"X-Api-Key": both.hub.keys["apikey"]}
    message = {"to": both.world.customers[0], "text": "for this line", "line": LINE}
    async with both.hub.http.post(f"{both.hub.url}/v1/messages", json=message, headers=headers) as answer:
        assert answer.status == 202
    [site] = await sites(both)
    assert (site["connected"], site["connected_at"], site["clock_ms"], site["waiting_there"]) == (False, None, None, 0)
    assert site["heard_at"] is not None
    assert site["lag_ms"] > 0
    assert site["waiting_here"] >= 1
    assert [line["state"] for line in site["lines"]] == ["absent"]


async def is_heard(both: DialledBridges) -> bool:
    """Its stream has begun, which tells its release."""
    return [site["version"] for site in await sites(both)] == [version()]


async def is_waiting_there(both: DialledBridges) -> bool:
    return [site["waiting_there"] for site in await sites(both)] == [1]


async def is_away(both: DialledBridges) -> bool:
    """Looked for, in vain."""
    return [(site["connected"], len(site["problems"])) for site in await sites(both)] == [(False, 1)]


async def test_an_event_that_is_known_already_says_nothing_of_how_far_behind_a_site_is(
    both: DialledBridges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lag, "_FRESH", 0)
    await both.hub.ready(LINE)
    await until(lambda: is_heard(both))
    newest = [event.at async for event in told_so_far(both)][-1]
    await both.hub.store.memorise(SITE, "version", "")
    await both.restart_hub()
    await until(lambda: is_heard(both))
    # the known event is the first one that the stream tells
    told = [site for _ in range(20) for site in await sites(both)]
    connected = datetime.fromisoformat(told[0]["connected_at"]).timestamp() * 1000
    assert max(site["lag_ms"] for site in told) < connected - newest


async def told_so_far(both: DialledBridges) -> AsyncIterator[Event]:
    """The site's events."""
    newest = await both.site.gateway.position()
    async for event in both.site.gateway.events(SHOP, 0):
        yield event
        if event.seq == newest:
            return


async def test_a_hub_that_was_started_while_its_site_is_away_knows_when_it_was_heard(both: DialledBridges) -> None:
    await until(lambda: is_heard(both))
    [before] = await sites(both)
    await both.wire.unplug()
    await both.restart_hub()
    await until(lambda: is_away(both))
    [site] = await sites(both)
    heard, then = (datetime.fromisoformat(each["heard_at"]) for each in (site, before))
    assert heard > then - timedelta(seconds=1)  # reckoned from now with each look, so it wavers by a millisecond
    assert (site["version"], site["lines"]) == (version(), [])


async def test_what_comes_in_comes_once_and_in_order_over_drops(both: DialledBridges) -> None:
    for number in range(20):
        both.person().send(both.world.modems[0].number, f"number {number}")
        if number % 5 == 4:
            await both.hub.received(number - 2)
            both.wire.cut()
    received = await both.hub.received(20)
    assert [each.text for each in received] == [f"number {number}" for number in range(20)]
    assert both.wire.dials > 1


@pytest.mark.parametrize("bytes_", [1, 100, 600])
async def test_a_drop_in_the_middle_of_a_request_sends_one_sms(both: DialledBridges, bytes_: int) -> None:
    """At the opening of a channel, within the request's header, and within its body or after it."""
    both.wire.cut_after = bytes_
    sent = await both.hub.send(both.world.customers[0], "once " + "x" * 100)
    await both.hub.became(sent, State.DELIVERED)
    assert [state for _, state in await at_site(both)] == [State.DELIVERED]
    assert [sms.text for sms in await both.person().wait(1)] == ["once " + "x" * 100]
    assert both.wire.dials > 1


async def test_messages_wait_while_the_site_is_away_and_go_once_it_is_back(both: DialledBridges) -> None:
    await both.wire.unplug()
    both.person().send(both.world.modems[0].number, "while away")
    await both.site.received(1)
    sent = await both.hub.send(both.world.customers[0], "later")
    await both.wire.plug()
    await both.hub.became(sent, State.DELIVERED)
    [received] = await both.hub.received(1)
    assert received.text == "while away"
    assert [sms.text for sms in await both.person().wait(1)] == ["later"]


async def test_a_key_that_the_site_revokes_ends_it_within_a_second(both: DialledBridges) -> None:
    await both.site.gateway.administration.revoke_key("test", SHOP.name, HUB_KEY)
    began = time.monotonic()
    line = await until(lambda: in_state(both, LineState.PARKED))
    assert "401" in line.reason
    assert "check the account and its key" in line.reason
    assert time.monotonic() - began < 10.0  # a second, and what a busy machine adds; the next heartbeat is at 15


def in_state(both: DialledBridges, state: LineState) -> Line | None:
    return next((each for each in both.hub.gateway.lines() if each.state is state), None)


async def dialled(
    both: DialledBridges, key: str = DIAL_KEY, name: str = SITE, run: str = dialler.RUN
) -> ClientWebSocketResponse:
    """A connection of the site's own process, or another. Raises WSServerHandshakeError."""
    headers = {"Authorization": f"Bearer {key}", "SMS-Bridge-Run": run}
    return await both.hub.http.ws_connect(f"{both.hub.url}/callbacks/{name}/dial", headers=headers)


async def test_who_has_no_key_is_not_let_in_and_changes_nothing(both: DialledBridges) -> None:
    for key, name, status in (("guess", SITE, 401), ("", SITE, 401), (DIAL_KEY, "shop3", 404)):
        with pytest.raises(WSServerHandshakeError) as refused:
            await dialled(both, key, name)
        assert refused.value.status == status
    async with both.hub.http.get(
        f"{both.hub.url}/callbacks/{SITE}/dial", headers={"Authorization": f"Bearer {DIAL_KEY}"}
    ) as answer:
        assert answer.status == 426
    sent = await both.hub.send(both.world.customers[0], "still by the right one")
    await both.hub.became(sent, State.DELIVERED)
    assert both.wire.dials == 1


async def test_the_newer_of_two_connections_wins_and_the_older_is_told_why(both: DialledBridges) -> None:
    first = await dialled(both)
    second = await dialled(both)
    while (message := await first.receive()).type is WSMsgType.BINARY:
        pass  # what the hub asks of it
    assert (message.type, message.data) == (WSMsgType.CLOSE, REPLACED)
    assert "another connection of this site" in message.extra
    await second.close()


async def test_of_two_machines_with_one_name_the_first_stays_and_both_are_told_of(
    both: DialledBridges, caplog: pytest.LogCaptureFixture
) -> None:
    copy = await dialled(both, run="that of a copied SD card")
    while (message := await copy.receive()).type is WSMsgType.BINARY:
        pass
    assert (message.type, message.data) == (WSMsgType.CLOSE, TAKEN)
    assert "another machine is connected as this site" in message.extra
    assert "a second machine dials in as shop2, which is connected: it is turned away" in caplog.text
    found = await both.hub.gateway.examine(Account("operator", operator=True), SITE)
    [warning] = [each for each in found if each.level == "warn"]
    assert "another machine dialled in as this site" in warning.message
    assert "copied SD card" in warning.remedy
    sent = await both.hub.send(both.world.customers[0], "by the first")
    await both.hub.became(sent, State.DELIVERED)
    assert both.wire.dials == 1


async def test_a_copy_says_that_the_other_one_is_connected(
    both: DialledBridges, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialler, "RUN", "that of a copied SD card")
    copy = Dialler(both.hub.url, SITE, DIAL_KEY, asyncio.Protocol)
    task = asyncio.get_running_loop().create_task(copy.run())
    await until(lambda: copy._pause > 2 * dialler.FIRST)
    task.cancel()
    assert "has another machine connected as shop2, and takes no second one: switch one of the two off" in caplog.text


async def test_a_machine_that_answers_no_more_makes_room_for_another(
    both: DialledBridges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(switchboard, "PROBE", 0.3)
    both.wire.flows.clear()
    other = await dialled(both, run="the machine that was bought for it")
    assert (await other.receive()).type is WSMsgType.BINARY  # it is asked for something
    both.wire.flows.set()
    await other.close()


@pytest.mark.parametrize(
    ("frame", "word"),
    [
        (b"", "0 bytes"),
        (b"\x01\x00\x00\x00\x05\x00\x00\x00\x01", "may not be opened"),
        (b"\x09\x00\x00\x00\x05", "kind 9"),
        (b"\x03" + bytes(20_000), "20001 bytes"),
    ],
)
async def test_a_frame_that_breaks_the_rules_ends_the_connection(both: DialledBridges, frame: bytes, word: str) -> None:
    line = await dialled(both)
    await line.send_bytes(frame)
    while (message := await line.receive()).type is WSMsgType.BINARY:
        pass
    assert (message.type, message.data) == (WSMsgType.CLOSE, BROKEN)
    assert word in message.extra


async def test_a_connection_that_goes_silent_is_given_up_and_dialled_anew(
    both: DialledBridges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialler, "HEARTBEAT", 0.5)
    both.wire.cut()
    await until(lambda: both.wire.dials > 1)
    both.wire.flows.clear()
    dials = both.wire.dials
    await until(lambda: both.wire.dials > dials)
    both.wire.flows.set()
    both.person().send(both.world.modems[0].number, "after the silence")
    assert [each.text for each in await both.hub.received(1)] == ["after the silence"]


async def test_a_long_answer_that_is_read_slowly_holds_up_nobody(both: DialledBridges) -> None:
    """Ten long texts wait to be listed; an SMS goes by the same connection meanwhile."""
    text = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich. " * 60
    for number in range(10):
        both.person().send(both.world.modems[0].number, f"{number} {text}")
    sent = await both.hub.send(both.world.customers[0], "quick")
    await both.hub.became(sent, State.DELIVERED)
    assert len(await both.hub.received(10)) == 10


async def test_a_hub_that_was_restarted_is_dialled_again(both: DialledBridges) -> None:
    await both.restart_hub()
    await both.hub.ready(LINE)
    sent = await both.hub.send(both.world.customers[0], "after the restart")
    await both.hub.became(sent, State.DELIVERED)


async def test_a_site_that_was_restarted_dials_again(both: DialledBridges) -> None:
    both.person().send(both.world.modems[0].number, "before")
    await both.hub.received(1)
    await both.restart_site()
    both.person().send(both.world.modems[0].number, "after")
    assert [each.text for each in await both.hub.received(2)] == ["before", "after"]
    sent = await both.hub.send(both.world.customers[0], "after the restart")
    await both.hub.became(sent, State.DELIVERED)
