"""What a whole bridge writes into its log while messages come and go and everything goes wrong: nobody's business."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.model.event import NAMES
from bridge.model.line import LineState
from bridge.model.message import State
from bridge.telemetry import logs
from device_drivers.virtual.world import World
from tests.support.running import Bridge, on_modems
from tests.support.waiting import until

CUSTOMER, REFUSED, BARRED, NOBODY = "+15550150", "+15550159", "+15550158", "+447700900123"
OWN = "+15550100"
#: a word of every text
WORD = "pomegranate"
LONG = f"{WORD} and the rest of it, " * 20


@pytest.fixture(params=["info", "debug"])
def written(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """The log, as `serve` writes it at this level."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level, complains = root.handlers[:], root.level, logging.raiseExceptions
    root.handlers.clear()
    logs.begin(request.param, {}, stream)
    yield stream
    root.handlers[:], logging.raiseExceptions = handlers, complains
    root.setLevel(level)


async def go_wrong(bridge: Bridge, world: World) -> None:
    """Send what arrives, what is refused for now and for good, and what nobody knows of; receive all sorts."""
    hook = {"url": "https://127.0.0.1:9/hook", "events": list(NAMES)}
    key = {"X-Api-Key": bridge.keys["apikey"]}
    async with bridge.http.post(f"{bridge.url}/v1/webhooks", json=hook, headers=key) as answer:
        assert answer.status < 500
    rules = world.network.rules
    rules.refuse = {REFUSED: 42, BARRED: 1}
    for recipient in (CUSTOMER, REFUSED, BARRED, NOBODY):
        await bridge.send(recipient, f"{WORD} to {recipient}")
    await bridge.send(CUSTOMER, LONG)
    await bridge.settled(State.DELIVERED, State.FAILED)
    for text in (WORD, LONG, f"call {NOBODY}, {WORD} 😀"):
        world.network.handset(CUSTOMER).send(OWN, text)
    await bridge.received(3)
    for path in ("/sendsms", "/v1/messages", f"/nowhere/{CUSTOMER}?message={WORD}"):
        form = {
            "apikey": bridge.keys["apikey"],
            "recipients": "12,nobody",
            "message": WORD,
            "to": CUSTOMER,
        }
        async with bridge.http.post(f"{bridge.url}{path}", data=form) as answer:
            assert answer.status < 500
    rules.lose_answer_next = 1
    rules.reports = False
    await bridge.send(CUSTOMER, f"{WORD} that nobody answers for")
    await until(lambda: _has(world, 3))
    world.modems[0].unplug()
    await bridge.settled(State.DELIVERED, State.FAILED, State.UNKNOWN)
    await until(lambda: bridge.gateway.lines()[0].state is LineState.ABSENT)


async def _has(world: World, count: int) -> bool:
    return len(world.network.handset(CUSTOMER).received) >= count


async def test_neither_texts_nor_whole_numbers_nor_keys_are_in_the_log(tmp_path: Path, written: io.StringIO) -> None:
    async with on_modems(tmp_path, retries=1) as (bridge, world):
        await go_wrong(bridge, world)
        await until(lambda: "line0 is absent" in written.getvalue())
        secrets = bridge.keys.values()
    log = written.getvalue()
    assert "received an SMS from …50 on line0" in log
    assert "line0 is absent" in log
    told = [each for each in (WORD, WORD.encode("utf-16-be").hex().upper(), *secrets) if each in log]
    told += [each for each in (CUSTOMER, REFUSED, BARRED, NOBODY, OWN) if each.lstrip("+")[-7:] in log]
    assert told == []
