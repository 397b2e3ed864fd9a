"""Steering a running virtual network from elsewhere."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from device_drivers.virtual.control import NotDone, command, follow
from device_drivers.virtual.modem.profile import GENERIC, HUAWEI
from device_drivers.virtual.network.rules import Rules
from device_drivers.virtual.world import World
from tests.support.virtual_talk import CUSTOMER, LINE

PHONE = "+15550140"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with World(tmp_path, [GENERIC, HUAWEI]) as world:
        yield world


async def test_tells_the_numbers(world: World) -> None:
    told = await command(world.control.path, {"command": "numbers"})
    assert [(line["number"], line["profile"], line["plugged"]) for line in told["lines"]] == [
        (LINE, "generic", True),
        ("+15550101", "huawei", True),
    ]
    assert told["handsets"][0] == CUSTOMER


async def test_a_customer_writes_to_a_line(world: World) -> None:
    told = await command(world.control.path, {"command": "receive", "text": "good day"})
    assert told == {"from": CUSTOMER, "to": LINE}
    async with asyncio.timeout(20):
        while not len(world.modems[0].state.storage["ME"]):
            await asyncio.sleep(0)


async def test_reads_and_follows_a_customers_phone(world: World) -> None:
    handset = world.network.handset(CUSTOMER)
    world.network.handset("+15550151").send(CUSTOMER, "one")
    answers = follow(world.control.path, {"command": "handset", "number": CUSTOMER, "count": 1, "follow": True})
    first = await anext(answers)
    world.network.handset("+15550151").send(CUSTOMER, "two")
    second = await anext(answers)
    await answers.aclose()
    assert [told["received"][0]["text"] for told in (first, second)] == ["one", "two"]
    assert len(handset.received) == 2


async def test_says_when_a_phone_did_not_receive_enough(world: World) -> None:
    with pytest.raises(NotDone, match="received 0 of 1"):
        await command(world.control.path, {"command": "handset", "number": CUSTOMER, "count": 1, "timeout": 0.01})


async def test_sets_the_rules(world: World) -> None:
    told = await command(world.control.path, {"command": "rules", "send_latency": 0.3, "refuse": {CUSTOMER: 42}})
    assert (told["send_latency"], told["refuse"]) == (0.3, {CUSTOMER: 42})
    assert world.network.rules == Rules(send_latency=0.3, refuse={CUSTOMER: 42})


@pytest.mark.parametrize("wrong", [{"latency": 1}, {"loss": "much"}, {"refuse": 3, "loss": 1.0}, {"loss": None}])
async def test_sets_nothing_when_one_rule_is_wrong(world: World, wrong: dict[str, object]) -> None:
    with pytest.raises(NotDone):
        await command(world.control.path, {"command": "rules", **wrong})
    assert world.network.rules == Rules()


async def test_unplugs_and_replugs_a_modem(world: World) -> None:
    link = Path(world.modems[1].port)
    before = os.readlink(link)
    assert not (await command(world.control.path, {"command": "unplug", "modem": "+15550101"}))["plugged"]
    assert not link.is_symlink()
    assert (await command(world.control.path, {"command": "replug", "modem": 1}))["plugged"]
    assert link.is_symlink()
    assert before


async def test_does_the_rest_to_a_modem(world: World) -> None:
    path = world.control.path
    for request in (
        {"command": "noise", "hex": "ff00"},
        {"command": "say", "line": "^RSSI:3"},
        {"command": "registration", "stat": 5},
        {"command": "signal", "rssi": 7},
        {"command": "ring", "times": 1},
        {"command": "hang"},
        {"command": "unhang"},
        {"command": "faults", "delays": {"+CMGS": 0.5}},
        {"command": "reset"},
    ):
        await command(path, request)
    state = world.modems[0].state
    assert (state.registration, state.signal, state.faults.delays) == (5, 7, {"+CMGS": 0.5})


async def test_a_device_is_known_by_the_name_of_its_line(with_phone: World) -> None:
    modem = await command(with_phone.control.path, {"command": "unplug", "modem": "modem0"})
    phone = await command(with_phone.control.path, {"command": "phone", "do": "unplug", "phone": "phone0"})
    assert not modem["plugged"]
    assert not phone["plugged"]


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({}, "command is missing"),
        ({"command": "dance"}, "no command dance"),
        ({"command": "unplug", "modem": 9}, r"no modem 9; there are: \+1555"),
        ({"command": "receive"}, "text is missing"),
        ({"command": "receive", "from": LINE, "text": "x"}, "is a modem's number"),
        ({"command": "noise", "hex": "xyz"}, "hexadecimal"),
    ],
)
async def test_says_why_it_did_not(world: World, request_: dict[str, object], reason: str) -> None:
    with pytest.raises(NotDone, match=reason):
        await command(world.control.path, request_)


async def test_a_line_that_is_no_json_gets_its_reason(world: World) -> None:
    reader, writer = await asyncio.open_unix_connection(str(world.control.path))
    writer.write(b"hello\n[1]\n")
    assert b"error" in await reader.readline()
    assert await reader.readline() == b'{"error": "a request is an object"}\n'
    writer.close()
    await writer.wait_closed()


async def test_listens_at_a_path_longer_than_a_socket_may_have(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    async with World(deep) as world:
        told = await command(deep / "virtual.sock", {"command": "numbers"})
        assert told["lines"][0]["port"] == world.modems[0].port
    assert list(deep.iterdir()) == []


async def test_a_world_that_cannot_listen_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "virtual.sock").mkdir()
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match=r".+"):
        await World(tmp_path).start()
    assert len(os.listdir("/proc/self/fd")) == before
    assert not (tmp_path / "modem0").is_symlink()


async def test_there_are_only_so_many_fictional_numbers(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="fictional numbers for 50"):
        World(tmp_path, 51)


@pytest.mark.parametrize("settled", [True, False], ids=["connected", "still connecting"])
async def test_closing_leaves_no_descriptor_and_no_file(tmp_path: Path, settled: bool) -> None:
    before = len(os.listdir("/proc/self/fd"))
    async with World(tmp_path, 3) as world:
        reader, writer = await asyncio.open_unix_connection(str(world.control.path))
        if settled:
            await command(world.control.path, {"command": "numbers"})
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
    assert len(os.listdir("/proc/self/fd")) == before
    assert list(tmp_path.iterdir()) == []


async def test_every_line_has_its_own_identity(tmp_path: Path) -> None:
    world = World(tmp_path, 50)
    states = [modem.state for modem in world.modems]
    assert len({state.imei for state in states}) == len({state.sim.iccid for state in states}) == 50
    assert all(_luhn(state.imei) and len(state.imei) == 15 for state in states)


def _luhn(number: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(value // 10 + value % 10 for value in doubled) % 10 == 0


@pytest.fixture
async def with_phone(tmp_path: Path) -> AsyncIterator[World]:
    async with World(tmp_path, phones=1) as world:
        yield world


async def test_tells_the_phones(with_phone: World) -> None:
    told = await command(with_phone.control.path, {"command": "numbers"})
    (phone,) = told["phones"]
    assert (phone["number"], phone["address"]) == (PHONE, with_phone.phones[0].address)
    assert PHONE not in told["handsets"]


async def test_a_phone_and_a_modem_text_each_other(with_phone: World) -> None:
    modem, phone = with_phone.modems[0].state, with_phone.phones[0]
    await command(with_phone.control.path, {"command": "phone", "do": "type", "to": LINE, "text": "to the modem"})
    async with asyncio.timeout(20):
        while not len(modem.storage["ME"]):
            await asyncio.sleep(0)
    with_phone.network.handset(CUSTOMER).send(PHONE, "to the phone")
    rows = await phone.provider.until(lambda rows: len(rows) == 2)
    assert [row.body for row in rows] == ["to the modem", "to the phone"]


async def test_steers_a_phone(with_phone: World) -> None:
    path, phone = with_phone.control.path, with_phone.phones[0]
    assert not (await command(path, {"command": "phone", "do": "unplug"}))["plugged"]
    assert (await command(path, {"command": "phone", "phone": PHONE, "do": "replug"}))["plugged"]
    told = await command(path, {"command": "phone", "has_pin": True, "authorized": False})
    assert (told["has_pin"], told["authorized"], phone.faults.has_pin) == (True, False, True)
    await command(path, {"command": "phone", "do": "reboot"})
    assert phone.locked
    await command(path, {"command": "phone", "do": "unlock"})
    assert not phone.locked
    await command(path, {"command": "phone", "do": "call", "kind": "INCOMING"})
    assert len(phone.calls.query("", ["_id"], "", "").rows) == 1


async def test_says_what_a_phone_cannot_do(with_phone: World) -> None:
    with pytest.raises(NotDone, match="no phone can fly"):
        await command(with_phone.control.path, {"command": "phone", "do": "fly"})
    with pytest.raises(NotDone, match="no phone 7"):
        await command(with_phone.control.path, {"command": "phone", "phone": 7, "do": "unplug"})
    with pytest.raises(NotDone, match="no field colour"):
        await command(with_phone.control.path, {"command": "phone", "colour": 1})


async def test_the_catalogue_has_every_fault_rule_and_event_with_an_example_that_works(tmp_path: Path) -> None:
    async with World(tmp_path, modems=1, phones=1) as world:
        path = world.control.path
        told = await command(path, {"command": "catalogue"})
        assert told["modem"]["faults"]["delays"] == ["dict[str, float]", {}]
        assert told["phone"]["faults"]["authorized"] == ["bool", True]
        assert told["phone"]["faults"]["hang_next"] == ["set[str]", []]
        assert told["rules"]["loss"] == ["float", 0.0]
        assert "huawei" in told["profiles"]
        assert "+CMGS" in told["modem"]["commands"]
        for name, event in told["modem"]["events"].items():
            await command(path, {"command": name} | event["example"])
            if event["undo"]:
                await command(path, {"command": event["undo"]} | event["undo_with"])
        for name, event in told["phone"]["events"].items():
            await command(path, {"command": "phone", "do": name} | event["example"])
        for name, (_, fresh) in told["phone"]["faults"].items():
            await command(path, {"command": "phone", name: fresh})
        assert (world.modems[0].plugged, world.modems[0].state.registration) == (True, 1)


async def test_a_set_and_a_value_that_may_be_missing_go_over_the_socket(tmp_path: Path) -> None:
    async with World(tmp_path, modems=0, phones=1) as world:
        told = await command(
            world.control.path, {"command": "phone", "hang_next": ["content"], "call_log_granted": True}
        )
        assert (told["hang_next"], told["call_log_granted"]) == (["content"], True)
        assert world.phones[0].faults.hang_next == {"content"}
        with pytest.raises(NotDone, match="does not fit"):
            await command(world.control.path, {"command": "phone", "authorized": 1})


async def test_a_listener_hears_what_goes_on_air_and_how_often_it_arrives(world: World) -> None:
    heard: list[tuple[str, int]] = []
    world.network.listen(lambda posting, copies: heard.append((posting.recipient, copies)))
    customer = world.network.handset("+15550151")
    customer.send(CUSTOMER, "one")
    world.network.rules.loss = 1.0
    customer.send(CUSTOMER, "two")
    world.network.rules.loss, world.network.rules.duplicate = 0.0, 1.0
    customer.send(CUSTOMER, "three")
    assert heard == [(CUSTOMER, 1), (CUSTOMER, 0), (CUSTOMER, 2)]
    received = await world.network.handset(CUSTOMER).wait(3)
    assert [sms.text for sms in received] == ["one", "three", "three"]


async def test_steers_a_cloud_provider_and_tells_where_it_is(tmp_path: Path) -> None:
    async with World(tmp_path, modems=0, providers=("aliyun", "tencent")) as world:
        path = world.control.path
        told = (await command(path, {"command": "numbers"}))["providers"]
        assert [(each["name"], each["plugged"], each["callback"]) for each in told] == [
            ("tencent", True, ""), ("aliyun", True, ""),
        ]  # fmt: skip
        faults = await command(path, {"command": "provider", "provider": "aliyun", "silent_next": 2})
        assert (faults["silent_next"], world.providers["aliyun"].faults.silent_next) == (2, 2)
        url = "http://127.0.0.1:9/callbacks/aliyun/secret"
        await command(path, {"command": "provider", "provider": "aliyun", "do": "push", "url": url})
        assert world.providers["aliyun"].pushes.url == url
        await command(path, {"command": "provider", "do": "unplug"})
        assert [each.plugged for each in world.providers.values()] == [False, True]
        await command(path, {"command": "provider", "do": "replug"})
        async with asyncio.timeout(20):
            while not world.providers["tencent"].plugged:
                await asyncio.sleep(0)
        for wrong in ({"provider": "twilio"}, {"do": "dance"}):
            with pytest.raises(NotDone, match="no provider"):
                await command(path, {"command": "provider", **wrong})
