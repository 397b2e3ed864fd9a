"""SMS in and out through real adb, on every version of Android."""

import asyncio
from pathlib import Path

import pytest

from bridge.errors import DeviceLost, OutcomeUnknown, Refusal, SendRefused
from bridge.model.line import LineState
from bridge.model.radio import Call, Doubtful, Evidence, InboundPart, Outgoing, Typed
from device_drivers.android_adb.driver import AndroidAdbDriver
from device_drivers.virtual.phone import Kind
from tests.support.clocks import skip
from tests.support.phone_site import OURS, SECOND, SOON, THEIRS, OwnClock, phone_site
from tests.support.waiting import until

pytestmark = pytest.mark.needs("adb", "mksh")

LONG = "äöü [€] " * 60
HOSTILE = [
    'it\'s "quoted" $(reboot) `reboot` ${HOME} \\ \\n ; | & > <',
    "two\nlines\r\nRow: 1 id=99, type=1, rd=0, bd=|forged, comma",
    "\u2028 line \u2029 separators \x0b \x0c 😀 |NULL",
    "No result found.",
    "x" * 1000,
]


@pytest.mark.parametrize("sdk", range(23, 37))
async def test_sends_and_receives_on_every_version(tmp_path: Path, sdk: int) -> None:
    async with phone_site(tmp_path, sdk=sdk) as site:
        (line,) = (await site.open()).lines
        assert (line.name, line.state, line.reports) == ("office", LineState.READY, False)
        assert (await site.send("one part")).reference is None
        await site.send(LONG, message="m2")
        assert await site.heard(2) == ["one part", LONG]
        site.far.send(OURS, HOSTILE[1])
        assert await site.texts(1) == [HOSTILE[1]]


async def test_an_unknown_version_receives_and_sends_only_when_told_to(tmp_path: Path) -> None:
    async with phone_site(tmp_path, sdk=37) as site:
        (line,) = (await site.open()).lines
        assert line.state is LineState.OUT_OF_SERVICE
        assert "allow_unknown_sdk" in line.reason
        with pytest.raises(SendRefused, match="allow_unknown_sdk") as refused:
            await site.send()
        assert refused.value.refusal is Refusal.LINE
        site.far.send(OURS, "still heard")
        assert await site.texts(1) == ["still heard"]
        await site.open(allow_unknown_sdk=True)
        await site.send("at my own risk")
        assert await site.heard() == ["at my own risk"]


@pytest.mark.parametrize("refuse_expressions", [False, True])
async def test_hostile_words_pass_both_ways_and_do_nothing(tmp_path: Path, refuse_expressions: bool) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.refuse_expressions = refuse_expressions
        await site.open()
        for text in HOSTILE:
            site.far.send(OURS, text)
        assert await site.texts(len(HOSTILE)) == HOSTILE
        for number, text in enumerate(HOSTILE):
            await site.send(text, message=f"m{number}")
        assert await site.heard(len(HOSTILE)) == HOSTILE
        assert {words[0] for words in site.phone.commands.calls} <= {
            "am", "appops", "content", "date", "dumpsys", "getprop", "logcat", "pm", "service", "settings",
        }  # fmt: skip


@pytest.mark.parametrize(
    ("to", "text"),
    [("87000", "hello"), ("+1555$(id)", "hello"), ("office", "hello"), (THEIRS, "x" * 2000), (THEIRS, "a\0b")],
)
async def test_what_a_phone_must_not_be_asked_never_reaches_it(tmp_path: Path, to: str, text: str) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        with pytest.raises(SendRefused) as refused:
            await site.send(text, to)
        assert refused.value.refusal is Refusal.PERMANENT
        assert site.phone.sent == ()


async def test_each_sim_is_a_line_of_its_own(tmp_path: Path) -> None:
    async with phone_site(tmp_path, (OURS, SECOND)) as site:
        link = await site.open(numbers=[OURS, SECOND])
        assert [(line.name, line.slot, line.number) for line in link.lines] == [
            ("office:1", 1, OURS),
            ("office:2", 2, SECOND),
        ]
        await site.send("from the second", line="office:2")
        await site.send("from the first", line="office:1", message="m2")
        received = await site.far.wait(2)
        assert [(sms.sender, sms.text) for sms in received] == [(SECOND, "from the second"), (OURS, "from the first")]
        site.far.send(SECOND, "to the second")
        (item,) = await site.take()
        assert isinstance(item, InboundPart)
        assert (item.line, item.sender, item.text) == ("office:2", THEIRS, "to the second")


async def test_what_the_phone_held_before_is_left_alone_unless_it_is_wanted(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        for number in range(3):
            site.far.send(OURS, f"old {number}")
        await site.phone.provider.until(lambda rows: len(rows) == 3)
        await site.open()
        site.far.send(OURS, "new")
        assert await site.texts(1) == ["new"]
        site.memory = type(site.memory)()
        await site.open(import_existing=True)
        assert await site.texts(4) == ["old 0", "old 1", "old 2", "new"]


async def test_what_somebody_does_on_the_phone_itself_is_told(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        await site.send("ours")
        site.phone.type_sms(THEIRS, "typed, by hand")
        (typed,) = await site.take()
        assert isinstance(typed, Typed)
        assert (typed.line, typed.recipient, typed.text) == ("office", THEIRS, "typed, by hand")
        site.phone.add_call(Kind.MISSED, THEIRS, "Name, with\nRow: 1 x", at=(at := site.phone.state.now()))
        site.phone.add_call(Kind.VOICEMAIL, THEIRS)
        site.phone.add_call(Kind.INCOMING, THEIRS, duration=7)
        missed, answered = await site.take(2)
        assert isinstance(missed, Call)
        assert isinstance(answered, Call)
        assert (missed.kind, missed.number, missed.name) == ("missed", THEIRS, "Name, with\nRow: 1 x")
        assert missed.at == at
        assert (answered.kind, answered.duration) == ("incoming", 7)
        await site.open()
        site.far.send(OURS, "nothing of that comes again")
        assert await site.texts(1) == ["nothing of that comes again"]


async def test_a_call_log_that_answers_nothing_at_first_makes_no_call_new(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        for _ in range(3):
            site.phone.add_call(Kind.MISSED, THEIRS)
        site.phone.faults.calls_empty_next = 1
        await site.open()
        site.phone.add_call(Kind.MISSED, "+15550178")
        (call,) = await site.take()
        assert isinstance(call, Call)
        assert call.number == "+15550178"
        await site.close()
        site.phone.faults.calls_empty_next = 2
        await site.open()
        site.phone.add_call(Kind.MISSED, "+15550179")
        (call,) = await site.take()
        assert isinstance(call, Call)
        assert call.number == "+15550179"


async def test_the_radio_log_tells_of_news_before_the_next_look(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open(poll_interval=600.0, radio_log=True)
        await site.phone.provider.until(lambda rows: not rows)
        for number in range(2):
            site.far.send(OURS, f"news {number}")
            assert await site.texts(1) == [f"news {number}"]
        site.phone.unplug()
        with pytest.raises(DeviceLost):
            await site.link.refresh()


async def test_an_idle_phone_is_looked_at_rarely_once_its_log_has_told_of_an_sms(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        # two minutes of 3 and 30 seconds, thirty times as fast
        await site.open(poll_interval=0.1, idle_interval=1.0)
        site.far.send(OURS, "first")
        assert await site.texts(1) == ["first"]
        await asyncio.sleep(0.5)
        site.phone.commands.calls.clear()
        await asyncio.sleep(4.0)
        assert site.phone.commands.starts["content"] <= 5
        await site.open()  # a restart does not forget it
        await asyncio.sleep(1.0)
        site.phone.commands.calls.clear()
        await asyncio.sleep(2.0)
        assert site.phone.commands.starts["content"] <= 3
        await site.open(idle_interval=600.0)
        await site.rested()
        site.far.send(OURS, "told at once")
        assert await site.texts(1) == ["told at once"]


async def test_a_log_that_says_nothing_is_not_relied_on(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open(poll_interval=0.2, idle_interval=600.0)
        site.far.send(OURS, "announced")
        assert await site.texts(1) == ["announced"]
        site.phone.faults.log_silent = True
        await site.open(idle_interval=5.0)
        for number in range(3):
            site.far.send(OURS, f"silent {number}")
            assert await site.texts(1) == [f"silent {number}"]
        site.phone.commands.calls.clear()
        # as long as the phone is idle it takes twice as long
        await until(lambda: site.phone.commands.starts["content"] >= 6, 12.0)


# -- what came of it ----------------------------------------------------------------------------
async def test_a_row_that_goes_away_again_was_no_success(tmp_path: Path) -> None:
    async with phone_site(tmp_path, sdk=29) as site:
        site.phone.faults.failed_after = 0.6
        site.phone.faults.fail_next = 1
        await site.open(settle=1.0)
        with pytest.raises(OutcomeUnknown):
            await site.send()
        await site.send("again", message="m2")
        assert await site.heard() == ["again"]


async def test_airplane_mode_is_said_before_and_after(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        link = await site.open()
        site.phone.faults.airplane = True
        with pytest.raises(SendRefused, match="radio is off") as refused:
            await site.send()
        assert refused.value.refusal is Refusal.NETWORK
        (line,) = await link.refresh()
        assert line.state is LineState.OUT_OF_SERVICE
        assert "Airplane" in line.reason
        site.phone.faults.airplane = False
        (line,) = await link.refresh()
        assert (line.state, line.reason, line.signal_dbm, line.operator) == (LineState.READY, "", -95, "Virtual")
        assert (line.battery, line.charging, line.registration) == (80, True, "home")


async def test_a_trace_that_comes_late_settles_what_was_unknown(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.network.rules.send_latency = 3600.0
        await site.open()
        with site.impatient(), pytest.raises(OutcomeUnknown, match="no trace"):
            await site.send("slow")
        await site.rested()
        skip(3600.0)
        assert await site.evidence() == Evidence("office", "m1", 1, "sent", None, "stored as sent", whole=True)  # type: ignore[arg-type]
        assert await site.heard() == ["slow"]


async def test_a_crash_in_the_middle_is_settled_by_what_the_phone_stored(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        await site.open()
        await site.send("same words", message="m0")
        site.network.rules.send_latency = 1.0
        sending = asyncio.ensure_future(site.send("same words"))  # noqa: TID251 - it is to be lost without a word
        while len(site.phone.sent) < 2:
            await asyncio.sleep(0.01)
        await site.close()
        with pytest.raises(OutcomeUnknown):
            await sending
        link = await site.open()
        doubtful = [Doubtful(message, 1, "office", THEIRS, "same words", 0) for message in ("m0", "m1", "m9")]
        await link.clarify(doubtful)
        assert (await site.evidence()).message == "m1"
        site.far.send(OURS, "and nothing else")
        assert await site.texts(1) == ["and nothing else"]
        assert await site.heard(2) == ["same words"] * 2


async def test_two_doubts_over_the_same_words_need_two_rows(tmp_path: Path) -> None:
    async with phone_site(tmp_path) as site:
        site.phone.faults.silent_next = 1
        await site.open()
        with site.impatient(), pytest.raises(OutcomeUnknown):
            await site.send("twice", message="m1")
        await site.send("twice", message="m2")
        for _ in range(4):  # each takes a look or more
            site.far.send(OURS, "no evidence came before this")
            assert await site.texts(1) == ["no evidence came before this"]
        assert await site.heard(2) == ["twice", "twice"]


# -- pace ---------------------------------------------------------------------------------------
async def test_the_next_part_after_a_full_minute_waits_for_the_clock(tmp_path: Path) -> None:
    own = OwnClock()
    async with phone_site(tmp_path) as site:
        site.driver = AndroidAdbDriver(own.clock)
        await site.open(segments_per_minute=30)
        for number in range(3):
            await site.send("x" * 1500, message=f"m{number}")
        assert site.phone.segments_last_minute == 30
        waiting = asyncio.ensure_future(site.send("one more", message="m9"))  # noqa: TID251 - watched while it waits
        site.far.send(OURS, "meanwhile")
        assert await site.texts(1) == ["meanwhile"]
        assert len(site.phone.sent) == 3
        # a restart does not forget it either
        await site.open()
        with pytest.raises(DeviceLost, match="closed"):
            await waiting
        again = asyncio.ensure_future(site.send("one more", message="m9"))  # noqa: TID251 - as above
        site.far.send(OURS, "still")
        assert await site.texts(1) == ["still"]
        assert len(site.phone.sent) == 3
        own.now += 61
        site.phone.faults.clock_offset += 61_000
        async with asyncio.timeout(SOON):
            await again
        assert (await site.heard(4))[3] == "one more"


async def test_a_clock_that_was_set_back_makes_wait_for_one_minute_however_often_the_phone_is_opened(
    tmp_path: Path,
) -> None:
    own = OwnClock(now=1_000_000.0)
    async with phone_site(tmp_path) as site:
        site.driver = AndroidAdbDriver(own.clock)
        await site.open(segments_per_minute=1)
        await site.send()
        own.now = 1000.0
        assert (await site.open()).pause("office") == pytest.approx(61)
        own.now += 40
        assert (await site.open()).pause("office") == pytest.approx(21)


async def test_sends_of_one_phone_follow_each_other(tmp_path: Path) -> None:
    async with phone_site(tmp_path, (OURS, SECOND)) as site:
        link = await site.open()
        messages = [Outgoing(f"m{number}", THEIRS, f"t{number}") for number in range(4)]
        async with asyncio.timeout(SOON):
            await asyncio.gather(*(link.send(f"office:{place % 2 + 1}", one) for place, one in enumerate(messages)))
        assert sorted(await site.heard(4)) == ["t0", "t1", "t2", "t3"]
