"""What every driver must do: `bridge.ports.Driver` and `Link`, on every driver found in device_drivers/."""

import asyncio
import pkgutil
import time
from collections.abc import AsyncIterator, Sequence
from importlib import import_module

import pytest

import device_drivers
from bridge.errors import BridgeError, DeviceLost, OutcomeUnknown, Refusal, SendRefused
from bridge.messages.segmentation import alphabet
from bridge.model.line import LineState
from bridge.model.message import State
from bridge.model.radio import Held, Inbound, InboundPart, InboundReport, Outgoing
from bridge.ports.driver import Device, Driver, Examining, Link, Surveying
from bridge.tasks import Tasks
from tests.contract.bench import Bench, bench_for, open_on, programs_for
from tests.support.waiting import queued, standstills

#: seconds that anything may take
SOON = 30.0
#: seconds that the event loop may be held up
HELD_UP = 0.25


def drivers() -> dict[str, Driver]:
    """Every module or folder of device_drivers/ with a DRIVER."""
    modules = [import_module(f"device_drivers.{found.name}") for found in pkgutil.iter_modules(device_drivers.__path__)]
    found = [module.DRIVER for module in modules if hasattr(module, "DRIVER")]
    return {driver.name: driver for driver in found}


@pytest.fixture(params=[pytest.param(name, marks=pytest.mark.needs(*programs_for(name))) for name in sorted(drivers())])
def driver(request: pytest.FixtureRequest) -> Driver:
    """Each driver in turn."""
    return drivers()[request.param]


@pytest.fixture
async def bench(driver: Driver) -> AsyncIterator[Bench]:
    """Its device and the far end."""
    async with bench_for(driver.name) as made:
        yield made


@pytest.fixture
async def link(driver: Driver, bench: Bench) -> AsyncIterator[Link]:
    """An open link."""
    async with asyncio.timeout(SOON):
        opened = await open_on(driver, bench)
    yield opened
    await opened.close()


def line_of(link: Link) -> str:
    return link.lines[0].name


async def send(
    link: Link, bench: Bench, text: str = "hello", *, message: str = "m1", report: bool = False
) -> list[int | None]:
    """The whole text, part by part; their references."""
    parts = link.split(text)
    references = []
    for index, part in enumerate(parts, 1):
        outgoing = Outgoing(
            message, bench.theirs, part, index, len(parts), concat_ref=7, report=report, alphabet=alphabet(text)
        )
        async with asyncio.timeout(SOON):
            references.append((await link.send(line_of(link), outgoing)).reference)
    return references


async def take(link: Link, count: int, acknowledge: bool = True) -> list[Inbound]:
    """The next things that come in, sights of what is gone left out."""
    taken: list[Inbound] = []
    async with asyncio.timeout(SOON):
        async for item in link.inbound():
            if isinstance(item, Held):
                continue
            taken.append(item)
            if acknowledge:
                await link.acknowledge(item)
            if len(taken) == count:
                break
    return taken


def texts(items: Sequence[Inbound]) -> list[str]:
    return [item.text for item in items if isinstance(item, InboundPart)]


def test_a_driver_without_a_bench_is_told_what_to_add() -> None:
    with pytest.raises(AssertionError, match=r"add tests/contract/benches/carrier_pigeon\.py"):
        bench_for("carrier_pigeon")


def test_finds_the_drivers_by_itself() -> None:
    assert "gsm_modem" in drivers()


# -- the driver ---------------------------------------------------------------------------------
def test_every_driver_says_what_its_options_are_for(driver: Driver) -> None:
    assert driver.options
    for name, (kind, words) in driver.options.items():
        assert name.isidentifier()
        assert isinstance(kind, type)
        assert words


def test_names_each_option_that_is_none(driver: Driver, bench: Bench) -> None:
    assert list(driver.validate(bench.device)) == []
    wrong = Device("office", driver.name, {**bench.device.options, "no_such_option": 1})
    assert any(problem.startswith("no_such_option: ") for problem in driver.validate(wrong))


async def test_a_device_that_is_absent_is_lost_and_not_an_accident(driver: Driver, bench: Bench) -> None:
    bench.unplug()
    with pytest.raises(DeviceLost) as lost:
        await driver.open(bench.device)
    assert len(lost.value.message) > 10


async def test_examining_says_what_is_right_and_never_raises(driver: Driver, bench: Bench) -> None:
    good = await driver.examine(bench.device)
    assert good
    assert {finding.level for finding in good} <= {"ok", "warn"}
    bench.unplug()
    bad = await driver.examine(bench.device)
    assert [finding for finding in bad if finding.level == "fail" and finding.message]


async def test_an_open_link_tells_what_a_look_from_outside_does(driver: Driver, bench: Bench, link: Link) -> None:
    inside = await link.examine() if isinstance(link, Examining) else []
    assert {finding.level for finding in inside} <= {"ok", "warn"}
    assert {finding.subject for finding in inside} <= {f"devices.{bench.device.name}"}
    assert await send(link, bench)


async def test_surveying_opens_nothing_and_never_raises(driver: Driver, bench: Bench, link: Link) -> None:
    seen = await driver.survey(bench.device) if isinstance(driver, Surveying) else []
    assert {finding.level for finding in seen} <= {"ok", "warn"}
    assert await send(link, bench)
    bench.unplug()
    if isinstance(driver, Surveying):
        assert {finding.subject for finding in await driver.survey(bench.device)} <= {f"devices.{bench.device.name}"}


async def test_discovering_opens_nothing_and_never_raises(driver: Driver, bench: Bench, link: Link) -> None:
    found = await driver.discover()
    assert all(one.driver == driver.name for one in found)
    assert await send(link, bench)


# -- lines --------------------------------------------------------------------------------------
async def test_knows_its_lines_once_it_is_open(driver: Driver, bench: Bench, link: Link) -> None:
    (line, *_) = link.lines
    assert (line.device, line.driver, line.state) == (bench.device.name, driver.name, LineState.READY)
    assert line.name.startswith(bench.device.name)
    refreshed = await link.refresh()
    assert [one.name for one in refreshed] == [one.name for one in link.lines]
    assert refreshed[0].seen_at > 0


async def test_refuses_a_line_it_does_not_have(link: Link, bench: Bench) -> None:
    with pytest.raises(SendRefused) as refused:
        await link.send("nobody's", Outgoing("m1", bench.theirs, "hello"))
    assert refused.value.refusal is Refusal.LINE


# -- sending ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "text", ["hello", "Grüße, 5 € [net]", "Привет 😀", "x" * 500, "😀" * 100, "a\nb", "x" * 67 + "你" + "x" * 90]
)
async def test_the_far_end_gets_what_was_written(link: Link, bench: Bench, text: str) -> None:
    assert "".join(link.split(text)) == text
    references = await send(link, bench, text)
    assert len(set(references)) == len(references)
    assert await bench.received(1) == [text]


async def test_a_report_names_the_reference_that_sending_gave(link: Link, bench: Bench) -> None:
    if not link.lines[0].reports:
        assert (await send(link, bench, report=True)) == [None]
        return
    (reference,) = await send(link, bench, report=True)
    (report,) = await take(link, 1)
    assert isinstance(report, InboundReport)
    assert (report.reference, report.state, report.line) == (reference, State.DELIVERED, line_of(link))
    assert report.recipient.endswith(bench.theirs[-7:])


@pytest.mark.parametrize("refusal", list(Refusal))
async def test_a_refusal_says_what_it_means_and_the_link_lives_on(link: Link, bench: Bench, refusal: Refusal) -> None:
    bench.refuse(refusal)
    with pytest.raises(SendRefused) as refused:
        await send(link, bench)
    assert refused.value.refusal is refusal
    assert refused.value.cause
    await send(link, bench, "after all")
    assert await bench.received(1) == ["after all"]


async def test_a_device_that_falls_silent_leaves_the_outcome_unknown(link: Link, bench: Bench) -> None:
    bench.fall_silent()
    with pytest.raises(OutcomeUnknown) as unknown:
        await send(link, bench)
    assert len(unknown.value.message) > 10


async def test_nothing_is_handed_to_a_device_that_is_gone(link: Link, bench: Bench) -> None:
    bench.unplug()
    with pytest.raises(DeviceLost):
        await send(link, bench)
    with pytest.raises(DeviceLost):
        await send(link, bench)


# -- receiving ----------------------------------------------------------------------------------
async def test_what_comes_in_comes_in_order(link: Link, bench: Bench) -> None:
    for number in range(10):
        bench.reply(f"number {number}")
    items = await take(link, 10)
    assert texts(items) == [f"number {number}" for number in range(10)]
    assert {item.line for item in items} == {line_of(link)}
    assert all(isinstance(item, InboundPart) and item.sender.endswith(bench.theirs[-7:]) for item in items)


async def test_an_unacknowledged_sms_is_given_out_once_and_again_after_reopening(
    driver: Driver, link: Link, bench: Bench
) -> None:
    bench.reply("keep me")
    (first,) = await take(link, 1, acknowledge=False)
    bench.reply("second")
    (second,) = await take(link, 1)
    assert texts([second]) == ["second"]
    await link.close()
    again = await open_on(driver, bench)
    try:
        (repeated,) = await take(again, 1)
    finally:
        await again.close()
    assert isinstance(first, InboundPart)
    assert isinstance(repeated, InboundPart)
    assert (repeated.text, repeated.slot) == (first.text, first.slot)


async def test_an_acknowledged_sms_never_comes_again(driver: Driver, link: Link, bench: Bench) -> None:
    bench.reply("once")
    (once,) = await take(link, 1)
    await link.acknowledge(once)
    bench.reply("twice?")
    (other,) = await take(link, 1)
    await link.acknowledge(once)
    await link.close()
    again = await open_on(driver, bench)
    try:
        bench.reply("third")
        assert texts([*await take(again, 1)]) == ["third"]
        assert texts([other]) == ["twice?"]
    finally:
        await again.close()


async def test_acknowledging_again_does_no_harm_to_what_lies_there_now(link: Link, bench: Bench) -> None:
    bench.reply("first")
    (first,) = await take(link, 1)
    bench.reply("second")
    (second,) = await take(link, 1, acknowledge=False)
    await link.acknowledge(first)
    await link.acknowledge(first)
    await link.acknowledge(second)
    await link.acknowledge(second)
    bench.reply("third")
    assert texts(await take(link, 1)) == ["third"]


async def test_tells_when_an_acknowledged_sms_is_seen_to_be_gone_and_not_before(link: Link, bench: Bench) -> None:
    bench.reply("first")
    (first,) = await take(link, 1, acknowledge=False)
    assert isinstance(first, InboundPart)
    listening = link.inbound()
    await link.acknowledge(first)
    async with asyncio.timeout(SOON):
        while True:
            seen = await anext(listening)
            assert isinstance(seen, Held)
            if first.slot.startswith(seen.place) and first.slot not in seen.slots:
                break


async def test_listening_ends_when_the_device_goes(link: Link, bench: Bench) -> None:
    bench.unplug()
    with pytest.raises(DeviceLost):
        await take(link, 1)
    with pytest.raises(DeviceLost):
        await link.refresh()


# -- the loop and the end -----------------------------------------------------------------------
async def test_never_holds_up_the_event_loop(driver: Driver, bench: Bench) -> None:
    ticks: list[tuple[float, float, float, float]] = []

    async def tick() -> None:
        while True:
            started, worked, own, others = time.monotonic(), time.thread_time(), queued(), queued("self")
            await asyncio.sleep(0.01)
            # a busy machine is nobody's fault here, nor is a thread that has Python's lock and no processor
            waited = max(queued() - own, queued("self") - others)
            ticks.append((started, time.monotonic(), waited, time.thread_time() - worked))

    ticking = Tasks("the contract")
    ticking.start(tick(), "tick")
    try:
        with standstills() as stood:
            link = await open_on(driver, bench)
            await send(link, bench, "x" * 500)
            bench.reply("hello")
            await take(link, 1)
            await link.refresh()
            bench.fall_silent()
            with pytest.raises(OutcomeUnknown):
                await send(link, bench, message="m2")
            await link.close()
            await asyncio.sleep(0.1)  # until the last of it was seen
    finally:
        await ticking.close()
    assert (
        max(max(till - since - max(waited, stood(since, till)), busy) for since, till, waited, busy in ticks) < HELD_UP
    )


async def test_closing_never_raises(driver: Driver, link: Link, bench: Bench) -> None:
    await link.close()
    await link.close()
    with pytest.raises(BridgeError):
        await send(link, bench)
    again = await open_on(driver, bench)
    bench.unplug()
    await again.close()


async def test_closing_wakes_whoever_waits(link: Link, bench: Bench) -> None:
    bench.fall_silent()
    sending = Tasks("the contract").start(send(link, bench), "send")
    await bench.received(1)
    await link.close()
    async with asyncio.timeout(SOON):
        with pytest.raises(OutcomeUnknown):
            await sending
