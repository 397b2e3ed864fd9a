"""A phone's message is sent, failed or unknown by evidence for this very message: never twice on air on suspicion."""

import asyncio
from contextlib import nullcontext
from pathlib import Path

import pytest

from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from bridge.model.message import State
from bridge.model.radio import Doubtful, Typed
from device_drivers.virtual.phone import PROFILES
from tests.support.clocks import skip
from tests.support.phone_site import OURS, SECOND, SOON, THEIRS, Site, phone_site
from tests.support.waiting import until

pytestmark = pytest.mark.needs("adb", "mksh")

WITHOUT_NUMBERS, WITH_NUMBERS = 29, 34
HOUR = 3600.0  # s


async def sent_once(site: Site, text: str = "hello") -> None:
    """It went out, one time, and so did what was sent after it."""
    await site.send("after it", message="m9")
    assert await site.heard(2) == [text, "after it"]


# -- what the phone process says -----------------------------------------------------------------
@pytest.mark.parametrize("fault", ["reply_broken_next", "reply_null_next", "reply_lost_next"])
async def test_a_reply_that_is_lost_leaves_the_outcome_open_and_the_store_settles_it(
    tmp_path: Path, fault: str
) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        setattr(site.phone.faults, fault, 1)
        with pytest.raises(OutcomeUnknown, match="SMS service answered"):
            await site.send()
        assert (await site.evidence()).state is State.SENT
        await sent_once(site)


async def test_a_warning_beside_a_lost_reply_is_no_refusal(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.linker_warns = True
        await site.open()
        await site.send("first", message="m0")
        site.phone.faults.reply_lost_next = 1
        with pytest.raises(OutcomeUnknown, match="SMS service answered"):
            await site.send()
        assert (await site.evidence()).state is State.SENT
        site.far.send(OURS, "an answer")
        assert await site.texts(1) == ["an answer"]
        assert await site.heard(2) == ["first", "hello"]


async def test_a_service_that_is_not_there_is_a_definite_no(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        site.phone.faults.isms_missing = True
        with pytest.raises(SendRefused, match="does not exist") as refused:
            await site.send()
        assert refused.value.refusal is Refusal.LINE
        assert site.phone.sent == ()


async def test_a_header_before_the_reply_is_no_exception(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.reply_header = True
        await site.open()
        await site.send()
        assert await site.heard() == ["hello"]


@pytest.mark.parametrize("command", ["service", "content"])
async def test_a_stream_that_is_cut_says_whether_the_message_may_be_out(tmp_path: Path, command: str) -> None:
    async with phone_site(tmp_path) as site:
        await site.open(poll_interval=60.0)
        await site.rested()
        site.phone.faults.cut_next.add(command)
        if command == "content":  # before the message
            with pytest.raises(DeviceLost):
                await site.send()
            assert site.phone.sent == ()
            return
        with pytest.raises(OutcomeUnknown):
            await site.send()
        await site.open(poll_interval=0.1)
        await site.link.clarify([Doubtful("m1", 1, "office", THEIRS, "hello", 0)])
        assert (await site.evidence()).state is State.SENT
        await sent_once(site)


async def test_a_server_of_adb_that_dies_while_the_phone_has_the_message_leaves_it_open(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        site.network.rules.send_latency = 1.0
        sending = asyncio.ensure_future(site.send())  # noqa: TID251 - watched while it flies
        while not site.phone.sent:
            await asyncio.sleep(0.01)
        await site.adb.kill()
        with pytest.raises(OutcomeUnknown):
            await sending
        await site.adb.start()
        link = await site.reopen()
        await link.clarify([Doubtful("m1", 1, "office", THEIRS, "hello", 0)])
        assert (await site.evidence()).state is State.SENT
        await sent_once(site)


@pytest.mark.parametrize("sdk", [WITHOUT_NUMBERS, WITH_NUMBERS])
async def test_a_phone_process_that_dies_over_the_message_leaves_it_open_unless_its_radio_knew(
    tmp_path: Path, sdk: int
) -> None:
    async with phone_site(tmp_path, sdk=sdk) as site:
        await site.open()
        site.phone.faults.telephony_dies_next = 1
        if sdk == WITHOUT_NUMBERS:
            with site.impatient(), pytest.raises(OutcomeUnknown, match="no trace"):
                await site.send()
        else:
            await site.send()
        await sent_once(site)


# -- what the store shows ------------------------------------------------------------------------
@pytest.mark.parametrize("sdk", [WITHOUT_NUMBERS, WITH_NUMBERS])
@pytest.mark.parametrize("fault", ["store_empty_next", "store_garbled_next"])
async def test_a_store_that_does_not_answer_after_the_row_was_seen_proves_nothing(
    tmp_path: Path, sdk: int, fault: str
) -> None:
    async with phone_site(tmp_path, sdk=sdk) as site:
        site.far.send(OURS, "something that was there before")
        await site.open(poll_interval=60.0, settle=0.5)
        await site.send("first", message="m0")
        sending = asyncio.ensure_future(site.send())  # noqa: TID251 - watched while it flies
        await site.phone.provider.until(lambda rows: any(row.body == "hello" for row in rows), SOON)
        starts = site.phone.commands.starts["content"]
        async with asyncio.timeout(SOON):
            while site.phone.commands.starts["content"] == starts and sdk == WITHOUT_NUMBERS:
                await asyncio.sleep(0.01)
        setattr(site.phone.faults, fault, 2)
        await sending
        assert await site.heard(2) == ["first", "hello"]


async def test_a_store_that_says_nothing_before_the_message_makes_no_old_row_its_proof(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.refuse_expressions = True
        await site.open(poll_interval=60.0, radio_log=False)
        await site.send(message="m0")
        await site.close()
        site.memory = type(site.memory)()  # whatever was remembered of it
        await site.open()
        await site.rested()
        site.phone.faults.log_silent = True
        site.phone.faults.store_empty_next = 1
        site.phone.faults.silent_next = 1
        with pytest.raises(DeviceLost, match="did not say"):
            await site.send(message="m1")
        assert len(site.phone.sent) == 1


async def test_a_row_that_somebody_deletes_proves_no_failure(tmp_path: Path) -> None:
    async with phone_site(tmp_path, sdk=WITHOUT_NUMBERS) as site:
        await site.open(poll_interval=60.0, settle=1.0, send_timeout=60.0)
        await site.rested()
        sending = asyncio.ensure_future(site.send())  # noqa: TID251 - watched while it flies
        (row,) = await site.phone.provider.until(bool)
        starts = site.phone.commands.starts["content"]
        await until(lambda: site.phone.commands.starts["content"] > starts)  # the driver sees it
        site.phone.provider.delete(row.id)
        with pytest.raises(OutcomeUnknown, match="deleted"):
            await sending
        await sent_once(site)


async def test_a_row_that_somebody_deletes_does_not_matter_where_the_log_knows_the_message(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.sent_deleted_after = 0.0
        await site.open()
        await site.send()
        assert await site.heard() == ["hello"]


@pytest.mark.parametrize("fault", ["store_lag", "store_delay"])
async def test_a_slow_store_is_waited_for(tmp_path: Path, fault: str) -> None:
    async with phone_site(tmp_path, sdk=WITHOUT_NUMBERS) as site:
        await site.open(send_timeout=10.0)
        setattr(site.phone.faults, fault, 1.5)
        await site.send()
        assert await site.heard() == ["hello"]


@pytest.mark.parametrize("jump", [-3650 * 86_400_000, 86_400_000])
async def test_a_clock_that_jumps_while_the_message_is_out_changes_nothing(tmp_path: Path, jump: int) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        site.network.rules.send_latency = 0.5
        sending = asyncio.ensure_future(site.send())  # noqa: TID251 - watched while it flies
        while not site.phone.sent:
            await asyncio.sleep(0.01)
        site.phone.faults.clock_offset = jump
        await sending
        await sent_once(site)


# -- what the radio log says ---------------------------------------------------------------------
@pytest.mark.parametrize("sdk", [WITHOUT_NUMBERS, 30, WITH_NUMBERS])
async def test_another_apps_failure_is_not_ours(tmp_path: Path, sdk: int) -> None:
    async with phone_site(tmp_path, sdk=sdk) as site:
        site.phone.faults.rival_fails_next = 1
        site.network.rules.send_latency = 0.8
        await site.open()
        await site.send()
        await sent_once(site)


async def test_a_failure_that_may_be_anybodys_is_unknown_before_long(tmp_path: Path) -> None:
    async with phone_site(tmp_path, sdk=WITHOUT_NUMBERS) as site:
        site.network.rules.refuse_next = [21]
        await site.open(send_timeout=60.0)
        with pytest.raises(OutcomeUnknown, match="does not say which"):
            await site.send()


@pytest.mark.parametrize("debug", [False, True])
async def test_androids_own_second_try_is_no_failure(tmp_path: Path, debug: bool) -> None:
    async with phone_site(tmp_path) as site:
        faults = site.phone.faults
        faults.retry_next, faults.retry_after, faults.log_debug = 1, 1.5, debug
        await site.open(send_timeout=10.0)
        await site.send()
        await sent_once(site)


@pytest.mark.parametrize(
    ("cause", "means"),
    [(8, Refusal.CREDIT), (21, Refusal.PERMANENT), (42, Refusal.TEMPORARY), (331, Refusal.NETWORK)],
)
@pytest.mark.parametrize("debug", [False, True])
async def test_what_the_network_refuses_is_refused(tmp_path: Path, cause: int, means: Refusal, debug: bool) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.log_debug = debug
        site.network.rules.refuse_next = [cause]
        await site.open()
        with pytest.raises(SendRefused, match="no network" if cause == 331 else f"error {cause}") as refused:
            await site.send("no")
        assert refused.value.refusal is means
        await site.send("yes")
        assert await site.heard() == ["yes"]


@pytest.mark.parametrize("cause", [332, 500, 300])
async def test_an_error_after_which_it_may_be_out_is_unknown(tmp_path: Path, cause: int) -> None:
    async with phone_site(tmp_path) as site:
        site.network.rules.refuse_next = [cause]
        await site.open(send_timeout=60.0)
        with pytest.raises(OutcomeUnknown, match="does not say why"):
            await site.send("no")


async def test_one_part_that_is_refused_is_a_refusal_once_all_are_settled(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        site.network.rules.send_latency = 0.2
        site.network.rules.refuse_next = [42]
        with pytest.raises(SendRefused) as refused:
            await site.send("x" * 400)
        assert refused.value.refusal is Refusal.TEMPORARY
        assert site.phone.sent[0].taken == 2


async def test_a_silent_log_leaves_the_store_alone_to_decide(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.log_silent = True
        await site.open()
        await site.send("yes")
        site.network.rules.refuse_next = [42]
        with site.impatient(), pytest.raises(OutcomeUnknown):
            await site.send("no", message="m2")
        assert await site.heard() == ["yes"]


# -- others on the same phone --------------------------------------------------------------------
@pytest.mark.parametrize("sdk", [WITHOUT_NUMBERS, WITH_NUMBERS])
@pytest.mark.parametrize("anonymous", [False, True])
async def test_the_same_text_of_another_app_to_the_same_number_is_not_ours(
    tmp_path: Path, sdk: int, anonymous: bool
) -> None:
    async with phone_site(tmp_path, sdk=sdk) as site:
        site.phone.faults.no_creators = anonymous and sdk == WITH_NUMBERS
        site.phone.faults.rival_sends_next, site.phone.faults.silent_next = 1, 2
        await site.open(send_timeout=1.5)
        with pytest.raises(OutcomeUnknown):
            await site.send()


async def test_a_row_that_the_log_proved_earlier_is_nobody_elses(tmp_path: Path) -> None:
    async with phone_site(tmp_path, profile=PROFILES["anonymous"]) as site:
        await site.open()
        site.phone.faults.store_lag = 1.0
        await site.send()
        site.phone.faults.store_lag = 0.0
        await site.phone.provider.until(bool)
        site.phone.type_sms(THEIRS, "typed")
        (typed,) = await site.take()
        assert isinstance(typed, Typed)
        assert typed.text == "typed"


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("silent", [False, True])
async def test_what_we_sent_was_typed_by_nobody_after_a_restart(tmp_path: Path, late: bool, silent: bool) -> None:
    """Where the phone does not say who wrote a row, and the row comes behind the proof, or no proof came."""
    async with phone_site(tmp_path, profile=PROFILES["anonymous"]) as site:
        site.phone.faults.log_silent = silent
        await site.open()
        site.phone.faults.store_lag = HOUR if late or silent else 0.0
        with site.impatient() if silent else nullcontext(), pytest.raises(OutcomeUnknown) if silent else nullcontext():
            await site.send("ours")
        if not late:
            skip(HOUR)
            await site.phone.provider.until(bool)
        await site.open()
        await site.rested()
        skip(2 * HOUR)
        await site.phone.provider.until(bool)
        site.phone.faults.store_lag = 0.0
        site.phone.type_sms(THEIRS, "typed")
        (typed,) = await site.take()
        assert isinstance(typed, Typed)
        assert typed.text == "typed"


async def test_two_sims_send_the_same_text_to_the_same_number(tmp_path: Path) -> None:
    async with phone_site(tmp_path, (OURS, SECOND), sdk=WITHOUT_NUMBERS) as site:
        await site.open()
        site.phone.faults.silent_next = 1
        with site.impatient(), pytest.raises(OutcomeUnknown):
            await site.send("same", line="office:1", message="m1")
        await site.send("same", line="office:2", message="m2")
        site.far.send(OURS, "no evidence came before this")
        assert await site.texts(1) == ["no evidence came before this"]
        assert [sms.sender for sms in await site.far.wait(2)] == [OURS, SECOND]


# -- on any line ---------------------------------------------------------------------------------
@pytest.mark.parametrize("lost", ["stdin_lost", ""])
async def test_a_message_is_handed_over_in_as_few_visits_as_the_phone_allows(tmp_path: Path, lost: str) -> None:
    async with phone_site(tmp_path) as site:
        if lost:
            setattr(site.phone.faults, lost, True)
        await site.open(poll_interval=60.0)
        await site.rested()
        site.phone.commands.calls.clear()
        await site.send()
        names = [words[0] for words in site.phone.commands.calls]
        assert names[: names.index("service") + 1] == ["dumpsys", "getprop", "content", "logcat", "service"]
        assert await site.heard() == ["hello"]
