"""Whose messages are told: those that came to this phone since it was first seen, each once, and nobody else's."""

import asyncio
import time
from pathlib import Path

import pytest

from bridge.errors import DeviceLost, Refusal, SendRefused
from bridge.model.radio import Call, InboundPart, Typed
from device_drivers.android_adb.clocks import Clock
from device_drivers.android_adb.driver import AndroidAdbDriver
from device_drivers.virtual.network.message import now
from device_drivers.virtual.phone import Phone, state
from device_drivers.virtual.phone.calllog import Kind
from tests.support.phone_site import OURS, SECOND, SOON, THEIRS, Site, phone_site

pytestmark = pytest.mark.needs("adb", "mksh")

DAY = 86_400_000  # ms


async def next_is(site: Site, text: str) -> None:
    """What comes next is this SMS, and nothing was told before it."""
    site.far.send(OURS, text)
    assert await site.texts(1) == [text]


# -- which phone ---------------------------------------------------------------------------------
async def test_another_phone_in_the_place_of_the_first_keeps_its_messages_and_the_first_goes_on(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        await next_is(site, "to the first")
        site.phone.exchange("OTHER", held=40)
        await site.lost()
        await site.reopen()
        await next_is(site, "to the other")
        site.phone.exchange("")
        await site.lost()
        site.far.send(OURS, "to the first again")
        await site.reopen()
        assert await site.texts(1) == ["to the first again"]
        await next_is(site, "and later")


async def test_it_does_not_matter_under_which_name_adb_has_them(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open(serial="")
        await next_is(site, "to the first")
        other = Phone(site.network, [SECOND], serial="OTHER")
        for number in range(40):
            other.provider.insert(type=1, address=THEIRS, body=f"private {number}", date=1_700_000_000_000 + number)
        await other.start()
        try:
            await site.close()
            site.phone.unplug()
            await site.adb.disconnect(site.phone.address)
            await site.adb.connect(other.address)
            await site.reopen()
            site.far.send(SECOND, "to the other")
            assert await site.texts(1) == ["to the other"]
        finally:
            await site.close()
            await other.close()
        assert not other.mistakes


async def test_what_was_to_be_taken_in_is_the_first_phones(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.far.send(OURS, "there before")
        await site.phone.provider.until(bool)
        await site.open(import_existing=True)
        assert await site.texts(1) == ["there before"]
        site.phone.exchange("OTHER", held=40)
        await site.lost()
        await site.reopen()
        await next_is(site, "to the other")


async def test_of_several_phones_the_one_that_was_here_is_taken(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open(serial="")
        await site.close()
        other = Phone(site.network, [SECOND], serial="OTHER")
        await other.start()
        try:
            await site.adb.connect(other.address)
            await site.open(serial="")
            await next_is(site, "to ours")
            site.memory = type(site.memory)()
            with pytest.raises(SendRefused, match="several phones") as refused:
                await site.open(serial="")
            assert refused.value.refusal is Refusal.LINE
        finally:
            await other.close()


async def test_a_phone_is_found_by_its_own_serial_wherever_it_is(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open(serial="VIRTUAL0001")
        await next_is(site, "by its serial")
        site.phone.move()
        await site.lost()
        with pytest.raises(DeviceLost):
            await site.open()
        await site.adb.connect(site.phone.address)  # what an adb does that hears of it by mDNS
        await site.reopen()
        await next_is(site, "at another port")


async def test_a_phone_that_was_given_by_its_address_is_found_at_another_one(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        before = site.phone.address
        await site.open(serial=before)
        await next_is(site, "first")
        site.phone.move()
        await site.lost()
        told = ""
        async with asyncio.timeout(20):
            while "another port each time" not in told:  # for a moment adb has it as offline
                with pytest.raises(DeviceLost) as lost:
                    await site.open()
                told = lost.value.message
        assert before in told
        await site.adb.connect(site.phone.address)
        await site.reopen()
        await next_is(site, "at another port")


async def test_a_phone_that_adb_holds_as_offline_is_connected_anew(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.offline_next = 1
        await site.adb.disconnect(site.phone.address)
        connecting = asyncio.ensure_future(site.adb.connect(site.phone.address))  # noqa: TID251 - it waits for an answer
        await site.adb.until(site.phone.address, "offline")
        await site.open()
        await next_is(site, "there again")
        await connecting


# -- old and new ---------------------------------------------------------------------------------
@pytest.mark.parametrize("refuse_expressions", [False, True])
async def test_a_backup_that_is_restored_is_not_told(tmp_path: Path, refuse_expressions: bool) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.refuse_expressions = refuse_expressions
        await site.open()
        await next_is(site, "before")
        site.phone.restore_backup(20 if refuse_expressions else 120)
        await next_is(site, "after")
        await site.open()
        await next_is(site, "after a restart")


@pytest.mark.parametrize("fault", ["", "network_dates", "no_network_dates"])
async def test_a_backup_that_is_restored_to_a_phone_that_was_empty_is_not_told(tmp_path: Path, fault: str) -> None:
    async with phone_site(tmp_path) as site:
        if fault:
            setattr(site.phone.faults, fault, True)
        await site.open()
        site.phone.restore_backup()
        await next_is(site, "after")


@pytest.mark.parametrize("ahead", [0, -400 * DAY, 400 * DAY])
async def test_a_call_is_told_whatever_the_clock_does_and_one_of_a_backup_is_not(tmp_path: Path, ahead: int) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        for number in range(3):
            site.phone.add_call(Kind.MISSED, f"+1555017{number}")
            (call,) = await site.take()
            assert isinstance(call, Call)
            assert call.number == f"+1555017{number}"
            site.phone.faults.clock_offset += ahead
            site.phone.restore_backup(5, days=1000 + 1000 * number)
            await next_is(site, f"after {number}")
        await site.close()
        site.phone.add_call(Kind.INCOMING, "+15550174", duration=7200, at=site.phone.state.now() - 7_200_000)
        await site.open()
        (call,) = await site.take()
        assert isinstance(call, Call)
        assert call.number == "+15550174"


@pytest.mark.parametrize("before", ["opened for the first time", "in use"])
@pytest.mark.parametrize("behind", [400 * DAY, 3650 * DAY])
async def test_a_backup_is_not_told_for_a_clock_of_ours_that_was_years_behind(
    tmp_path: Path, before: str, behind: int
) -> None:
    """A machine without a clock of its own begins in the past, and hears of the time later."""
    async with phone_site(tmp_path) as site:
        if before == "in use":
            await site.open()
            await next_is(site, "in use")
        site.driver = AndroidAdbDriver(Clock(wall=lambda: time.time() - behind / 1000))
        await site.open()
        if before == "in use":
            await next_is(site, "then")
        await site.close()
        site.driver = AndroidAdbDriver()
        site.phone.restore_backup()
        await site.open()
        await next_is(site, "after")


async def test_a_backup_of_what_was_told_last_week_is_not_told_again(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        for number in range(60):
            site.far.send(OURS, f"number {number}")
        assert await site.texts(60) == [f"number {number}" for number in range(60)]
        held = site.phone.provider.rows(1)
        site.phone.wipe_store()
        for row in held:
            site.phone.provider.insert(
                type=1, address=row.address, body=row.body, date=row.date, date_sent=row.date_sent, sub_id=1
            )
        await next_is(site, "after")


@pytest.mark.parametrize("count", [3, 60])
async def test_what_an_app_stores_once_more_is_not_told_again(tmp_path: Path, count: int) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        now = site.phone.state.now() // 1000 * 1000
        for number in range(count):
            at, sent = now + number * 10 + 7, now - 5000
            site.phone.provider.insert(type=1, address=THEIRS, body=f"{number}", date=at, date_sent=sent, sub_id=1)
        assert len(await site.texts(count)) == count
        site.phone.type_sms(THEIRS, "typed")
        assert isinstance((await site.take())[0], Typed)
        site.phone.copy_store()
        await next_is(site, "after")
        await site.close()
        site.phone.copy_store()
        await site.open()
        await next_is(site, "after a restart")


async def test_what_came_in_the_second_in_which_it_was_sent_is_not_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One SMS in a thousand had the date that only an app gives which knows no other than the centre's."""
    monkeypatch.setattr(state, "now", lambda: now() // 1000 * 1000)
    async with phone_site(tmp_path) as site:
        await site.open()
        await next_is(site, "before")
        site.phone.copy_store()
        await next_is(site, "after")


async def test_what_is_stored_twice_at_once_is_told_once_and_a_repetition_is_told(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open(poll_interval=60.0, radio_log=False)
        now = site.phone.state.now() // 1000 * 1000 + 7
        for at in (now, now, now + 40):
            site.phone.provider.insert(type=1, address=THEIRS, body="same", date=at, date_sent=now - 5007, sub_id=1)
        await site.open(poll_interval=0.1)
        assert await site.texts(2) == ["same", "same"]
        await next_is(site, "after")


@pytest.mark.parametrize("seconds", [-3600.0, 3600.0, 400 * 86400.0])
async def test_an_app_that_sets_the_times_right_makes_nothing_new(tmp_path: Path, seconds: float) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        for number in range(3):
            await next_is(site, f"number {number}")
        site.phone.set_times(seconds)
        await next_is(site, "after")
        await site.close()
        site.phone.set_times(seconds)
        await site.open()
        await next_is(site, "after a restart")
        site.far.send(OURS, "not stored by us yet")
        (one,) = await site.take(acknowledge=False)
        site.phone.set_times(seconds)
        await next_is(site, "while it was being stored")
        await site.link.acknowledge(one)
        await site.open()
        await next_is(site, "at the end")


@pytest.mark.parametrize("seconds", [-0.4, -3600.0, 3600.0, 400 * 86400.0])
async def test_another_date_makes_nothing_new_where_it_is_all_that_tells_the_time(
    tmp_path: Path, seconds: float
) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.no_network_dates = True
        await site.open()
        await next_is(site, "same")
        await next_is(site, "same")
        site.phone.type_sms(THEIRS, "typed")
        assert isinstance((await site.take())[0], Typed)
        site.phone.set_times(seconds, all=True)
        await next_is(site, "same")
        await site.close()
        site.phone.set_times(seconds, all=True)
        await site.open()
        await next_is(site, "after a restart")
        site.far.send(OURS, "not stored by us yet")
        (one,) = await site.take(acknowledge=False)
        site.phone.set_times(seconds, all=True)
        await next_is(site, "while it was being stored")
        await site.link.acknowledge(one)
        await site.open()
        await next_is(site, "at the end")


@pytest.mark.parametrize("ahead", [0, -400 * DAY, 400 * DAY])
@pytest.mark.parametrize("emptied", [False, True])
async def test_the_same_text_in_the_place_of_a_deleted_one_is_told(tmp_path: Path, ahead: int, emptied: bool) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.no_network_dates = True
        await site.open()
        await next_is(site, "before")
        for _ in range(3):
            await next_is(site, "same")
            site.phone.faults.clock_offset += ahead
            if emptied:
                site.phone.wipe_store()
            else:
                site.phone.delete_newest()
        await next_is(site, "same")
        await next_is(site, "same")
        await next_is(site, "after")


async def test_the_same_text_is_told_again_where_the_phone_tells_half_of_a_date(tmp_path: Path) -> None:
    async with phone_site(tmp_path, sdk=27) as site:
        site.phone.faults.no_network_dates = site.phone.faults.refuse_expressions = True
        await site.open()
        for _ in range(2):
            await next_is(site, "same")
            site.phone.delete_newest()
        await next_is(site, "same")


async def test_a_row_with_another_date_does_not_have_the_phone_asked_for_the_time_at_each_look(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.no_network_dates = True
        await site.open()
        await next_is(site, "before")
        site.phone.set_times(3600.0, all=True)
        await next_is(site, "after")
        before = site.phone.commands.starts["date"]
        for number in range(3):
            await next_is(site, f"number {number}")
        assert site.phone.commands.starts["date"] == before


@pytest.mark.parametrize("refuse_expressions", [False, True])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("date", ""),
        ("date", "yesterday"),
        ("date", 9e18),
        ("date", None),
        ("date_sent", "x"),
        ("date_sent", 9e18),
        ("sub_id", ""),
        ("sub_id", None),
    ],
)
async def test_a_row_with_nonsense_in_it_is_told_and_keeps_none_from_coming(
    tmp_path: Path, column: str, value: object, refuse_expressions: bool
) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.refuse_expressions = refuse_expressions
        await site.open()
        await next_is(site, "before")
        columns = {"date": site.phone.state.now(), "date_sent": 0, "sub_id": 1} | {column: value}
        site.phone.provider.insert(type=1, address=THEIRS, body="spoilt", **columns)
        (spoilt,) = await site.take()
        assert isinstance(spoilt, InboundPart)
        assert (spoilt.text, spoilt.line) == ("spoilt", "office")
        assert max(spoilt.sent_at, spoilt.received_at) < 1 << 42
        await next_is(site, "after")
        site.phone.spoil(column, value)
        await next_is(site, "after that, too")
        await site.open()
        await next_is(site, "after a restart")


@pytest.mark.parametrize("ahead", [-3650 * DAY, -400 * DAY, 400 * DAY])
@pytest.mark.parametrize("fault", ["", "no_network_dates"])
async def test_a_store_that_is_emptied_under_a_wrong_clock_loses_nothing(
    tmp_path: Path, ahead: int, fault: str
) -> None:
    async with phone_site(tmp_path) as site:
        if fault:
            setattr(site.phone.faults, fault, True)
        site.phone.faults.clock_offset = ahead
        await site.open()
        for number in range(3):
            await next_is(site, f"old {number}")
        site.phone.faults.clock_offset = 0
        site.phone.wipe_store()
        for number in range(2):
            site.far.send(OURS, f"new {number}")
        assert await site.texts(2) == ["new 0", "new 1"]
        await next_is(site, "newer")
        await site.open()
        await next_is(site, "after a restart")


async def test_a_clock_that_jumps_back_hides_nothing_though_only_it_tells_the_time(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.no_network_dates = True
        await site.open()
        await next_is(site, "before")
        site.phone.faults.clock_offset = -400 * DAY
        await next_is(site, "after")
        site.phone.type_sms(THEIRS, "typed")
        (typed,) = await site.take()
        assert isinstance(typed, Typed)


async def test_a_message_that_the_network_held_for_days_is_told(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        await next_is(site, "before")
        at = site.phone.state.now() - 3 * DAY
        site.phone.provider.insert(type=1, address=THEIRS, body="held", date=at, date_sent=at, sub_id=1)
        assert await site.texts(1) == ["held"]


@pytest.mark.parametrize("times", [1, 2, 3])
async def test_a_store_that_answers_nothing_at_first_makes_nothing_new(tmp_path: Path, times: int) -> None:
    async with phone_site(tmp_path) as site:
        for number in range(30):
            site.far.send(OURS, f"private {number}")
        await site.phone.provider.until(lambda rows: len(rows) == 30)
        site.phone.faults.store_empty_next = times
        await site.reopen()
        await next_is(site, "new")


@pytest.mark.parametrize("fault", ["store_empty_next", "store_garbled_next"])
async def test_a_store_that_answers_nothing_later_tells_nothing_twice(tmp_path: Path, fault: str) -> None:
    async with phone_site(tmp_path) as site:
        await site.open(radio_log=False)  # it is looked at again and again
        for number in range(5):
            await next_is(site, f"number {number}")
        for times in range(1, 4):
            setattr(site.phone.faults, fault, times)
            async with asyncio.timeout(SOON):
                while getattr(site.phone.faults, fault):
                    await asyncio.sleep(0.02)
            await next_is(site, f"after {times}")


async def test_the_time_of_receipt_is_the_phones(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        site.far.send(OURS, "hello")
        (item,) = await site.take()
        assert isinstance(item, InboundPart)
        (row,) = site.phone.provider.rows(1)
        assert (item.received_at, item.sent_at) == (row.date, row.date_sent)
