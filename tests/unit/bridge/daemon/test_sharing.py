"""A bridge among those on its database."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

import pytest

from bridge.bus import Bus
from bridge.config.role import Role
from bridge.daemon.sharing import ServerClock, Sharing
from bridge.errors import NotPossible, StoreUnavailable
from bridge.gateway.gateway import Devices
from bridge.model.event import LINE_CHANGED, Event
from bridge.model.finding import Finding
from bridge.model.line import Line, LineState
from bridge.model.loopback import Departures
from bridge.model.neighbour import Beat, Neighbour
from bridge.ports.driver import Device
from bridge.ports.store.neighbours import PlaceLost
from tests.support.waiting import until

MODEM = Line("modem", "modem", "gsm_modem", LineState.READY)
PHONE = Line("phone:2", "phone", "android_adb", LineState.READY, slot=2)


@dataclass
class FakeNeighbours:
    """Obeys `NeighbourStore`; a test says what the others do."""

    others: Sequence[Neighbour] = ()
    taken: Mapping[str, str] = field(default_factory=dict)
    duty: bool = True
    troubles: list[StoreUnavailable] = field(default_factory=list)
    #: raised instead of holding, once each
    unheld: list[StoreUnavailable] = field(default_factory=list)
    told: list[Mapping[str, Sequence[Line]]] = field(default_factory=list)
    log: list[str] = field(default_factory=list)

    async def hold(self, devices: Sequence[str], lease: float, now: int) -> Mapping[str, str]:
        self.log.append(f"hold {', '.join(devices)}")
        if self.unheld:
            raise self.unheld.pop(0)
        return {device: why for device, why in self.taken.items() if device in devices}

    async def beat(self, lease: float, lines: Mapping[str, Sequence[Line]], asks: bool = True, role: str = "") -> Beat:
        if self.troubles:
            raise self.troubles.pop(0)
        self.told.append(lines)
        return Beat(self.duty and asks, await self.moment())

    async def take_again(self) -> None:
        self.log.append("take again")

    async def moment(self) -> int:
        return 1_795_000_000_000

    async def neighbours(self) -> Sequence[Neighbour]:
        return self.others

    async def leave(self) -> None:
        self.log.append("leave")

    def on_duty(self) -> AbstractContextManager[None]:
        return nullcontext()


@dataclass
class Bench:
    store: FakeNeighbours
    sharing: Sharing
    lines: list[Line]
    deaths: list[BaseException]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    deaths: list[BaseException] = []
    store, lines = FakeNeighbours(), [MODEM]
    sharing = Sharing(store, "east", 0.01, deaths.append)
    sharing.of_all(lambda: tuple(lines))
    yield Bench(store, sharing, lines, deaths)
    await sharing.close()
    assert deaths == []


def west(silent_ms: int = 0, ended: bool = False) -> Neighbour:
    return Neighbour("west", "1.0", silent_ms, ended, (PHONE,))


async def test_shows_the_lines_of_all_and_those_of_a_bridge_that_is_gone_as_absent(bench: Bench) -> None:
    lines = bench.sharing.of_all(lambda: tuple(bench.lines))
    for other, state, reason in (
        (west(), LineState.READY, ""),
        (west(60_000), LineState.ABSENT, "its bridge, west, was last heard of 60 s ago"),
        (west(ended=True), LineState.ABSENT, "its bridge, west, has ended"),
    ):
        bench.store.others = [other]
        await bench.sharing.begin(["modem"])
        mine, theirs = lines()
        assert mine == replace(MODEM, bridge="east")
        assert theirs.bridge == "west"
        assert (theirs.name, theirs.state, theirs.reason) == ("phone:2", state, reason)


async def test_tells_of_all_bridges_what_each_does_and_how_its_lines_are(bench: Bench) -> None:
    bench.store.others = [replace(west(60_000), role="devices", on_duty=True)]
    await bench.sharing.begin(["modem"])
    mine, theirs = await bench.sharing.bridges()
    assert (mine.name, mine.role, mine.silent_ms, mine.on_duty) == ("east", "all", 0, False)
    assert mine.lines == [replace(MODEM, bridge="east")]
    assert (theirs.name, theirs.role, theirs.on_duty) == ("west", "devices", True)
    assert [line.state for line in theirs.lines] == [LineState.ABSENT]


async def test_says_whose_a_device_is_that_another_bridge_has(bench: Bench) -> None:
    async def examine(device: str) -> Sequence[Finding]:
        return [Finding("ok", device, "is here")]

    bench.store.others = [west()]
    await bench.sharing.begin(["modem"])
    devices = bench.sharing.beside(Devices(lambda: bench.lines, examine))
    assert devices.own is not None
    assert ([line.name for line in devices.own()], len(devices.lines())) == (["modem"], 2)
    assert [found.subject for found in await devices.examine("modem")] == ["modem"]
    with pytest.raises(NotPossible, match="phone belongs to the bridge west: ask that one"):
        await devices.examine("phone")


async def test_says_who_can_send_a_loop_back_where_no_line_is_of_this_process(bench: Bench) -> None:
    begun = Departures((), (), 1.0)

    async def loop(sender: str, receiver: str) -> Departures:
        return begun

    bench.store.others = [west()]
    await bench.sharing.begin([])
    devices = bench.sharing.beside(Devices(loop=loop))
    assert await devices.loop("", "") == begun
    with pytest.raises(NotPossible, match="phone:2 belongs to the bridge west: ask that one"):
        await devices.loop("phone:2", "")
    bench.lines.clear()
    with pytest.raises(NotPossible, match="no line is of this process: ask the bridge west"):
        await devices.loop("", "")


async def test_does_not_begin_with_a_device_that_another_bridge_keeps(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.store.taken = {"modem": "the bridge 'west' has it"}
    with pytest.raises(StoreUnavailable, match=r"devices\.modem: the bridge 'west' has it"):
        await bench.sharing.begin(["modem"])
    assert len(bench.store.log) > 1  # it waited for the time of that one to be up
    waiting = "devices.modem: waiting up to 0.04 s, in case it is gone: the bridge 'west' has it"
    assert caplog.messages == [waiting]  # once


async def test_a_reload_leaves_out_what_another_bridge_has_and_lets_go_of_what_it_needs_no_more(bench: Bench) -> None:
    changed: list[Sequence[str]] = []

    async def change(devices: Sequence[Device]) -> None:
        changed.append([device.name for device in devices])
        bench.store.log.append("changed")

    await bench.sharing.begin(["modem"])
    bench.store.log.clear()
    bench.store.taken = {"phone": "the bridge 'west' has it"}
    wanted = {name: Device(name, "gsm_modem", {}) for name in ("phone", "spare")}
    await bench.sharing.change(wanted, change)
    assert changed == [["spare"]]
    first, then, last = bench.store.log
    assert set(first.removeprefix("hold ").split(", ")) == {"modem", "phone", "spare"}  # until its worker has ended
    assert (then, last) == ("changed", "hold spare")


async def test_runs_the_duties_while_it_has_them(bench: Bench) -> None:
    running: list[str] = []

    async def start() -> None:
        running.append("webhooks")

    async def close() -> None:
        running.clear()

    bench.sharing.once(start, close)
    bench.store.duty = False
    await bench.sharing.start()
    assert not running
    for bench.store.duty in (True, False, True):
        await until(lambda: bool(running) is bench.store.duty)
    await bench.sharing.close()
    assert not running


async def test_a_reluctant_one_leaves_the_duties_to_another_with_lines(bench: Bench) -> None:
    front = Sharing(bench.store, "front", 0.01, bench.deaths.append, role=Role.API)
    bench.store.others = [replace(west(), lines=())]
    await front.start()
    for others, on_duty in (([west()], False), ([west(60_000)], True), ([west()], False), ([west(ended=True)], True)):
        bench.store.others = others
        await until(lambda on_duty=on_duty: front.on_duty is on_duty)  # type: ignore[misc]
    await front.close()


async def test_a_duty_that_the_store_keeps_from_starting_is_started_by_the_next_sign_of_life(bench: Bench) -> None:
    tries: list[str] = []

    async def start() -> None:
        tries.append("")
        if len(tries) == 1:
            raise StoreUnavailable("the database does not answer")

    async def close() -> None:
        pass

    bench.sharing.once(start, close)
    bench.store.duty = False
    await bench.sharing.start()
    bench.store.duty = True
    await until(lambda: len(tries) == 2)
    told = len(bench.store.told)
    await until(lambda: len(bench.store.told) > told + 1)
    assert len(tries) == 2  # and not again


async def test_a_duty_that_is_ended_while_it_starts_is_closed_with_those_before_it(bench: Bench) -> None:
    log: list[str] = []
    never = asyncio.Event()

    def part(name: str, wait: asyncio.Event | None = None) -> None:
        async def start() -> None:
            log.append(f"{name} starts")
            if wait is not None:
                await wait.wait()

        async def close() -> None:
            log.append(f"{name} closes")

        bench.sharing.once(start, close)

    part("webhooks")
    part("alarms", never)
    beginning = asyncio.get_running_loop().create_task(bench.sharing.start())
    await until(lambda: "alarms starts" in log)
    beginning.cancel()
    await asyncio.wait([beginning])
    await bench.sharing.close()
    assert log == ["webhooks starts", "alarms starts", "alarms closes", "webhooks closes"]


async def test_tells_how_its_lines_are_when_that_changes(bench: Bench) -> None:
    bus = Bus()
    slow = Sharing(bench.store, "east", 1.0, bench.deaths.append)
    slow.of_all(lambda: tuple(bench.lines))
    slow.hear(bus)
    await slow.begin(["modem"])
    await slow.start()
    assert bench.store.told == [{"modem": [MODEM]}]
    bench.lines[0] = replace(MODEM, state=LineState.ABSENT)
    bus.publish([Event(0, "", LINE_CHANGED, "", 0, "modem")])
    await until(lambda: {"modem": [replace(MODEM, state=LineState.ABSENT)]} in bench.store.told)
    await slow.close()


async def test_tells_again_what_the_store_did_not_take(bench: Bench) -> None:
    await bench.sharing.begin(["modem"])
    await bench.sharing.start()
    bench.store.troubles = [StoreUnavailable("the database does not answer")]
    bench.lines[0] = replace(MODEM, signal_dbm=-90)
    await until(lambda: {"modem": bench.lines} in bench.store.told)


async def test_goes_on_where_the_store_does_not_take_its_first_sign_of_life(bench: Bench) -> None:
    log = bench.store.log

    async def start() -> None:
        log.append("start")

    await bench.sharing.begin(["modem"])
    bench.sharing.once(start, bench.sharing.leave)
    bench.store.troubles = [StoreUnavailable("the database does not answer")]
    await bench.sharing.start()
    assert "start" not in log
    await until(lambda: "start" in log)


async def test_waits_between_tries_while_the_store_takes_nothing(bench: Bench) -> None:
    loop = asyncio.get_running_loop()
    await bench.sharing.begin(["modem"])
    await bench.sharing.start()
    bench.store.troubles = [StoreUnavailable("the database does not answer")] * 20
    began = loop.time()
    bench.lines[0] = replace(MODEM, state=LineState.ABSENT)  # which is news until it is told
    await until(lambda: {"modem": bench.lines} in bench.store.told)
    assert loop.time() - began >= 20 * 0.01


async def test_takes_its_place_again_and_gives_up_what_another_has_taken(bench: Bench) -> None:
    given_up = asyncio.Event()

    async def give_up() -> None:
        given_up.set()

    bench.sharing.give_up = give_up
    await bench.sharing.begin(["modem"])
    await bench.sharing.start()
    bench.store.taken = {"modem": "the bridge 'west' has it"}
    bench.store.troubles = [PlaceLost("another bridge has taken it")]
    await asyncio.wait_for(given_up.wait(), 30)
    assert bench.store.log[-2:] == ["take again", "hold modem"]


@pytest.mark.parametrize("when", ["it looks what is taken", "it gives that up"])
async def test_gives_up_what_another_has_taken_although_the_store_fails_while(bench: Bench, when: str) -> None:
    """With its place back, it would go on with the device for as long as it runs, beside the bridge that has it."""
    failure, given_up = StoreUnavailable("the database does not answer"), list[str]()

    async def give_up() -> None:
        if when == "it gives that up" and not given_up:
            given_up.append("begun")
            raise failure
        given_up.append("done")

    bench.sharing.give_up = give_up
    await bench.sharing.begin(["modem"])
    await bench.sharing.start()
    bench.store.taken = {"modem": "the bridge 'west' has it"}
    bench.store.unheld = [failure] if when == "it looks what is taken" else []
    bench.store.troubles = [PlaceLost("another bridge has taken it")]
    await until(lambda: "done" in given_up)
    told = len(bench.store.told)
    await until(lambda: len(bench.store.told) > told + 2)
    assert given_up.count("done") == 1


async def test_goes_by_the_clock_of_the_server_once_they_are_apart() -> None:
    clock = ServerClock()
    now = clock.now()
    clock.follow(now + 100)
    assert clock.now() < now + 100
    clock.follow(now + 3_600_000)
    assert clock.now() >= now + 3_600_000
