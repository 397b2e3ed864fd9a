"""What may happen to a phone and its cable: nothing is lost, nothing is doubled, and a person is told what to do."""

import asyncio
import gc
import random
from functools import partial
from pathlib import Path

import pytest

from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from bridge.model.line import LineState
from bridge.model.radio import Doubtful, InboundPart, Outgoing
from bridge.ports.driver import Device
from device_drivers.android_adb import server
from device_drivers.android_adb.driver import AndroidAdbDriver
from device_drivers.android_adb.server import Server
from device_drivers.android_adb.shell import Shell
from device_drivers.virtual.phone import Phone
from tests.support.phone_site import OURS, SECOND, SOON, THEIRS, OwnClock, Site, phone_site
from tests.support.waiting import until

pytestmark = pytest.mark.needs("adb", "mksh")


# -- the cable ----------------------------------------------------------------------------------
async def test_an_idle_phone_that_is_unplugged_is_lost_at_once_and_found_again(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open(poll_interval=3.0)
        site.phone.unplug()
        async with asyncio.timeout(14.0):  # the next look, and not the fifth, finds that it is gone
            assert await site.lost()
        with pytest.raises(DeviceLost):
            await site.send()
        with pytest.raises(DeviceLost):
            await site.open()
        site.far.send(OURS, "while it was away")
        site.phone.replug()
        await site.reopen()
        assert await site.texts(1) == ["while it was away"]
        await site.send("back")
        assert await site.heard() == ["back"]


@pytest.mark.parametrize("program", ["dumpsys", "content", "logcat", "waits"])
async def test_cancelled_before_the_message_was_handed_over_nothing_left_us(tmp_path: Path, program: str) -> None:
    async with phone_site(tmp_path, (OURS, SECOND)) as site:
        await site.open(poll_interval=60.0)
        await site.rested()
        others = []
        if program == "waits":  # behind the message of the other SIM
            site.network.rules.send_latency = 1.0
            others = [asyncio.ensure_future(site.send("other", line="office:2"))]  # noqa: TID251 - watched while it flies
            while not site.phone.sent:
                await asyncio.sleep(0.01)
        else:
            site.phone.faults.hang_next.add(program)
        sending = asyncio.ensure_future(site.send(line="office:1", message="m2"))  # noqa: TID251 - as above
        await asyncio.sleep(0.05)
        if program != "waits":
            await _until_gone(site, program)
        sending.cancel()
        with pytest.raises(DeviceLost, match="before it was given"):
            await sending
        await asyncio.gather(*others)
        await site.send("again", line="office:1", message="m2")
        assert await site.heard(len(others) + 1) == [*["other"] * len(others), "again"]


async def test_a_phone_that_is_given_back_gets_nothing_that_waits_and_finishes_what_it_has(tmp_path: Path) -> None:
    async with phone_site(tmp_path, (OURS, SECOND)) as site:
        await site.open()
        site.network.rules.send_latency = 2.0
        first = asyncio.ensure_future(site.send("first", line="office:2"))  # noqa: TID251 - watched while it flies
        while not site.phone.sent:
            await asyncio.sleep(0.01)
        waits = asyncio.ensure_future(site.send("waits", line="office:1", message="m2"))  # noqa: TID251 - as above
        await asyncio.sleep(0)
        site.link.give_back()
        with pytest.raises(DeviceLost, match="before it was given"):
            await waits
        assert not first.done()
        await first
        assert [sms.text for sms in site.phone.sent] == ["first"]


async def test_a_shell_that_is_killed_in_the_middle_says_nothing_of_the_phone(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        for program in ("service", "dumpsys", "getprop", "appops"):
            site.phone.faults.kill_next.add(program)
            with pytest.raises(DeviceLost):
                await site.open()
        link = await site.open()
        site.phone.faults.kill_next.add("dumpsys")
        (line,) = await link.refresh()
        assert (line.state, line.battery) == (LineState.READY, 80)
        await site.send()
        assert await site.heard() == ["hello"]


@pytest.mark.parametrize("program", ["logcat", "content"])
async def test_unplugged_before_the_message_was_handed_over_nothing_left_us(tmp_path: Path, program: str) -> None:
    async with phone_site(tmp_path) as site:
        await site.open(poll_interval=60.0)
        await site.rested()
        site.phone.faults.hang_next.add(program)
        sending = asyncio.ensure_future(site.send())  # noqa: TID251 - watched while it hangs
        await _until_gone(site, program)
        site.phone.unplug()
        with pytest.raises(DeviceLost):
            await sending
        assert site.phone.sent == ()


async def test_unplugged_while_the_phone_has_the_message_nobody_knows_until_it_is_back(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        site.network.rules.send_latency = 1.0
        sending = asyncio.ensure_future(site.send("in the air"))  # noqa: TID251 - watched while it flies
        while not site.phone.sent:
            await asyncio.sleep(0.01)
        site.phone.unplug()
        with pytest.raises(OutcomeUnknown):
            await sending
        site.phone.replug()
        link = await site.reopen()
        await link.clarify([Doubtful("m1", 1, "office", THEIRS, "in the air", 0)])
        assert (await site.evidence()).message == "m1"
        assert await site.heard() == ["in the air"]


async def test_a_service_that_hangs_leaves_the_outcome_unknown_and_the_link_lives_on(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open(command_timeout=3.0)
        site.phone.faults.hang_next.add("service")
        with pytest.raises(OutcomeUnknown, match="did not answer"):
            await site.send()
        await site.send("next", message="m2")
        assert await site.heard() == ["next"]


async def test_a_phone_that_does_not_answer_is_not_ready_until_it_does(tmp_path: Path) -> None:
    own = OwnClock()
    async with phone_site(tmp_path) as site:
        site.driver = AndroidAdbDriver(own.clock)
        link = await site.open(command_timeout=4.0)
        site.phone.faults.hang_next.add("content")
        while site.phone.faults.hang_next:
            await asyncio.sleep(0.01)
        assert [line.state for line in link.lines] == [LineState.READY]
        own.now += 20
        (line,) = link.lines
        assert (line.state, "a look into its SMS store since" in line.reason) == (LineState.OUT_OF_SERVICE, True)
        site.far.send(OURS, "after it")
        assert await site.texts(1) == ["after it"]
        await until(lambda: [line.state for line in link.lines] == [LineState.READY])


async def test_a_log_that_ends_again_and_again_leaves_nothing_behind(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.log_denied = True
        shell = Shell(Server("", site.adb.port), site.phone.address, 15.0)
        before = None
        for _ in range(5):
            over = asyncio.Event()
            told = partial(asyncio.get_running_loop().call_soon_threadsafe, over.set)
            shell.follow(("logcat", "-b", "radio", "-v", "epoch", "-T", "1"), lambda line: None, told)
            async with asyncio.timeout(SOON):
                await over.wait()
            gc.collect()
            left = sum(isinstance(each, server.Call) for each in gc.get_objects())
            before = before or left
            assert left <= before + 1  # its thread may just be ending
        shell.close()


async def test_a_look_that_hangs_is_made_again(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open(command_timeout=2.0)
        site.phone.faults.hang_next.add("content")
        site.far.send(OURS, "patience")
        assert await site.texts(1) == ["patience"]


async def test_an_answer_that_comes_drop_by_drop_ends_with_the_time_for_all_of_it(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        link = await site.open(poll_interval=60.0, radio_log=False)
        await site.rested()
        usual, link._shell.patience, site.phone.faults.trickle = link._shell.patience, 0.5, 0.1
        async with asyncio.timeout(15.0):
            await link.refresh()  # one miss is no loss
        link._shell.patience, site.phone.faults.trickle = usual, 0.0
        await site.send("well again")
        assert await site.heard() == ["well again"]


async def test_a_dead_adb_server_loses_the_phone_and_a_new_one_finds_it(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open(poll_interval=60.0)
        await site.adb.kill()
        assert "adb" in await site.lost()
        await site.adb.start()
        site.far.send(OURS, "meanwhile")
        await site.reopen()
        assert await site.texts(1) == ["meanwhile"]


async def test_starts_the_adb_server_where_none_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with phone_site(tmp_path) as site:
        for name, value in site.adb.environment.items():
            monkeypatch.setenv(name, value)
        await site.adb.kill()
        assert not await server.is_worthwhile(Server("127.0.0.1", site.adb.port))
        try:
            await site.open()
            await site.send("by a server of our own")
        finally:
            await site.close()
            with pytest.raises(Exception, match="no answer"):  # it dies without a word
                await site.adb.ask("host:kill")
        assert await site.heard() == ["by a server of our own"]


async def test_never_starts_a_server_elsewhere(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        with pytest.raises(DeviceLost, match="adb cannot be used"):
            await site.open(adb_host="127.0.0.9", adb_port=1)


# -- the phone ----------------------------------------------------------------------------------
async def test_a_phone_that_restarts_is_parked_until_it_is_unlocked_and_loses_nothing(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        site.phone.faults.has_pin = True
        site.phone.reboot()
        await site.lost()
        site.far.send(OURS, "while it was locked")
        with pytest.raises(SendRefused, match="unlock its screen") as refused:
            await site.reopen()
        assert refused.value.refusal is Refusal.LINE
        site.phone.unlock()
        await site.reopen()
        assert await site.texts(1) == ["while it was locked"]
        await site.send("up again")
        assert await site.heard() == ["up again"]


async def test_a_message_in_the_air_when_the_phone_restarts_is_unknown(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        site.network.rules.send_latency = 0.3
        sending = asyncio.ensure_future(site.send())  # noqa: TID251 - watched while it flies
        while not site.phone.sent:
            await asyncio.sleep(0.01)
        site.phone.reboot()
        with pytest.raises(OutcomeUnknown):
            await sending


@pytest.mark.parametrize(
    ("fault", "value", "words", "stops"),
    [
        ("booting", True, "still starting", DeviceLost),
        ("no_sim", True, "no SIM", SendRefused),
        ("isms_missing", True, "no SMS service", SendRefused),
        ("deny_read_sms", True, "READ_SMS allow", SendRefused),
        ("permission_denied", True, "READ_SMS allow", SendRefused),
        ("authorized", False, "Allow USB debugging", SendRefused),
        # adb forgets it by and by
        ("offline", True, "does not answer|no phone answers", DeviceLost),
    ],
)
async def test_says_what_keeps_it_from_working(
    tmp_path: Path, fault: str, value: bool, words: str, stops: type[Exception]
) -> None:
    async with phone_site(tmp_path) as site:
        setattr(site.phone.faults, fault, value)
        if fault == "authorized":
            await site.adb.until(site.phone.address, "unauthorized")
        if fault == "offline":
            await site.adb.until(site.phone.address, "offline")
        with pytest.raises(stops, match=words):
            await site.open(command_timeout=5.0)
        findings = await site.driver.examine(site.device)
        (failed,) = [finding for finding in findings if finding.level == "fail"]
        assert failed.message
        assert failed.remedy
        setattr(site.phone.faults, fault, not value)
        await site.adb.until(site.phone.address, "device")
        await site.reopen()
        await site.send("well again")
        assert await site.heard() == ["well again"]


async def test_a_table_that_does_not_fit_stops_sending_but_not_receiving(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.wrong_code_table = True
        (line,) = (await site.open()).lines
        assert line.state is LineState.OUT_OF_SERVICE
        with pytest.raises(SendRefused, match="not built as") as refused:
            await site.send()
        assert refused.value.refusal is Refusal.LINE
        site.far.send(OURS, "heard")
        assert await site.texts(1) == ["heard"]


async def test_a_phone_that_lets_nobody_read_sms_any_more_says_so_and_tells_them_later(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open(idle_interval=0.5)
        site.far.send(OURS, "before")
        assert await site.texts(1) == ["before"]
        site.phone.faults.deny_read_sms = True
        site.far.send(OURS, "meanwhile")
        assert "does not let its shell read SMS" in await site.lost()
        with pytest.raises(SendRefused, match="does not let its shell read SMS"):
            await site.open()
        site.phone.faults.deny_read_sms = False
        await site.open()
        assert await site.texts(1) == ["meanwhile"]


async def test_rights_that_are_taken_away_stop_a_message_before_it_goes(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        site.phone.faults.deny_read_sms = True
        with pytest.raises(DeviceLost, match="read SMS"):
            await site.send()
        assert site.phone.sent == ()
        with pytest.raises(SendRefused, match="READ_SMS"):
            await site.open()
        site.phone.faults.deny_read_sms = False
        site.far.send(OURS, "nothing was forgotten")
        await site.open()
        assert await site.texts(1) == ["nothing was forgotten"]


async def test_a_sim_that_is_pulled_ends_the_link(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        link = await site.open()
        site.phone.faults.no_sim = True
        with pytest.raises(DeviceLost, match="SIMs were changed"):
            await link.refresh()


async def test_check_says_what_a_person_may_want_to_see_to(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        faults = site.phone.faults
        faults.default_sms_app, faults.miui, faults.charging, faults.battery = False, True, False, 50
        faults.refuse_expressions = True
        told = "\n".join(f"{finding.level} {finding.message}" for finding in await site.driver.examine(site.device))
        for words in (
            "warn Xiaomi",
            "The USB port gives too little power",
            "warn the SMS store",
            "warn the phone forgets",
        ):
            assert words in told
        (failed,) = [line for line in told.split("\n") if line.startswith("fail")]
        assert "the SMS app" in failed
        (line,) = (await site.open()).lines
        assert (line.state, line.reason[:11]) == (LineState.READY, "The SMS app")
        wrong = await site.driver.examine(Device("office", "android_adb", {"colour": "red"}))
        assert [finding.level for finding in wrong] == ["fail"]


# -- several phones -----------------------------------------------------------------------------
async def test_two_phones_of_one_model_are_told_apart_by_their_serials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with phone_site(tmp_path) as site:
        other = Phone(site.network, [SECOND], serial="VIRTUAL0002")
        await other.start()
        try:
            await site.adb.connect(other.address)
            with pytest.raises(SendRefused, match="set serial to one of") as refused:
                await site.open(serial="")
            assert refused.value.refusal is Refusal.LINE
            monkeypatch.setenv("ANDROID_ADB_SERVER_PORT", str(site.adb.port))
            found = {one.options["serial"]: one.description for one in await site.driver.discover()}
            assert found == {site.phone.address: "Phone", other.address: "Phone"}
            await site.open(serial=other.address)
            await site.send("from the other")
            assert [(sms.sender, sms.text) for sms in await site.far.wait()] == [(SECOND, "from the other")]
            site.far.send(OURS, "not for this one")
            site.far.send(SECOND, "for this one")
            assert await site.texts(1) == ["for this one"]
        finally:
            await other.close()
        assert not other.mistakes


async def test_the_only_phone_needs_no_serial(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open(serial="")
        await site.send("the only one")
        assert await site.heard() == ["the only one"]
        await site.close()
        await site.adb.disconnect(site.phone.address)
        with pytest.raises(DeviceLost, match="adb sees no phone"):
            await site.open(serial="")


# -- the store and the clock --------------------------------------------------------------------
@pytest.mark.parametrize("jump", [-400 * 86_400_000, 86_400_000])
async def test_a_clock_that_jumps_loses_and_doubles_nothing(tmp_path: Path, jump: int) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        site.far.send(OURS, "before")
        assert await site.texts(1) == ["before"]
        site.phone.faults.clock_offset = jump
        site.far.send(OURS, "after")
        assert await site.texts(1) == ["after"]
        await site.send("sent after")
        await site.open()
        site.far.send(OURS, "and later")
        assert await site.texts(1) == ["and later"]
        assert await site.heard() == ["sent after"]


@pytest.mark.parametrize("refuse_expressions", [False, True])
async def test_a_store_that_begins_anew_is_read_from_its_beginning(tmp_path: Path, refuse_expressions: bool) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.refuse_expressions = refuse_expressions
        await site.open()
        for number in range(3):
            site.far.send(OURS, f"old {number}")
        await site.take(3)
        site.phone.wipe_store()
        for number in range(2):
            site.far.send(OURS, f"new {number}")
        assert await site.texts(2) == ["new 0", "new 1"]
        await site.send("sent from the new store")
        await site.open()
        site.far.send(OURS, "newer")
        assert await site.texts(1) == ["newer"]


async def test_numbers_that_are_given_again_hide_nothing(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        site.far.send(OURS, "first")
        site.far.send(OURS, "second")
        await site.take(2)
        (_, second) = site.phone.provider.rows(1)
        site.phone.provider.delete(second.id)
        site.far.send(OURS, "third, with the second's number")
        assert await site.texts(1) == ["third, with the second's number"]
        for row in site.phone.provider.rows():
            site.phone.provider.delete(row.id)
        site.far.send(OURS, "fourth, with the first's number")
        assert await site.texts(1) == ["fourth, with the first's number"]
        await site.send("sent")
        (row,) = site.phone.provider.rows(2)
        site.phone.provider.delete(row.id)
        await site.send("sent", message="m2")
        assert [again.id for again in site.phone.provider.rows(2)] == [row.id]


async def test_a_late_acknowledgement_does_not_hide_who_has_the_number_now(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        site.far.send(OURS, "first")
        (first,) = await site.take(acknowledge=False)
        site.phone.provider.delete(site.phone.provider.rows()[0].id)
        site.far.send(OURS, "second")
        (second,) = await site.take()
        await site.link.acknowledge(first)
        await site.link.acknowledge(second)
        site.far.send(OURS, "third")
        assert await site.texts(1) == ["third"]
        await site.open()
        site.far.send(OURS, "fourth")
        assert await site.texts(1) == ["fourth"]


async def test_a_day_of_messages_moves_the_mark(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        for number in range(120):
            site.far.send(OURS, f"number {number}")
        assert await site.texts(120) == [f"number {number}" for number in range(120)]
        kept = site.memory.get("inbox") or ""
        assert len(kept) < 2500
        await site.open()
        site.far.send(OURS, "after all of them")
        assert await site.texts(1) == ["after all of them"]


async def test_whatever_the_cable_does_each_sms_comes_once(tmp_path: Path) -> None:
    chance = random.Random(7)
    async with phone_site(tmp_path) as site:
        await site.open()
        taken: list[InboundPart] = []
        for number in range(25):
            site.far.send(OURS, f"number {number}")
            if number % 8 == 4:
                site.phone.unplug()
                await site.lost()
                site.phone.replug()
                await site.reopen()
            if chance.random() < 0.5:
                taken += await _some(site)
        while len({item.text for item in taken}) < 25:
            taken += await _some(site)
        assert [item.text for item in taken] == [f"number {number}" for number in range(25)]


async def _some(site: Site) -> list[InboundPart]:
    """The next SMS, committed and acknowledged."""
    (item,) = await site.take()
    assert isinstance(item, InboundPart)
    return [item]


async def _until_gone(site: Site, program: str) -> None:
    """The fault has been met: the command hangs now."""
    async with asyncio.timeout(SOON):
        while program in site.phone.faults.hang_next:
            await asyncio.sleep(0.01)


async def test_closing_in_the_middle_of_everything_leaves_no_thread_waiting(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        link = await site.open()
        site.phone.faults.hang_next.add("dumpsys")
        refreshing = asyncio.ensure_future(link.refresh())  # noqa: TID251 - watched while it hangs
        sending = asyncio.ensure_future(link.send("office", Outgoing("m1", THEIRS, "hello")))  # noqa: TID251 - as above
        await _until_gone(site, "dumpsys")
        async with asyncio.timeout(10.0):  # a command has fifteen
            await site.close()
            with pytest.raises(DeviceLost):
                await refreshing
            with pytest.raises((DeviceLost, OutcomeUnknown)):
                await sending
