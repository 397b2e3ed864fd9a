"""The other commands of the phone."""

import asyncio
from collections.abc import Callable

import pytest

from bridge.tasks import Tasks
from tests.support.phone_talk import Talk

pytestmark = pytest.mark.needs("mksh")


async def test_tells_its_properties(phone: Callable[..., Talk]) -> None:
    talk = phone(sdk=29, sims=2)
    assert (await talk.type("getprop ro.build.version.sdk")).out == "29\n"
    assert (await talk.type("getprop ro.nothing")).out == "\n"
    listed = (await talk.type("getprop")).out.splitlines()
    assert "[gsm.sim.state]: [LOADED,LOADED]" in listed
    assert "[sys.boot_completed]: [1]" in listed
    talk.phone.faults.booting = True
    assert "sys.boot_completed" not in (await talk.type("getprop")).out


@pytest.mark.parametrize(
    ("sdk", "wanted"),
    [
        (33, ["SubscriptionController:", " defaultSmsSubId=1", " ActiveSubInfoList:", "simSlotIndex=1"]),
        (34, ["SubscriptionManagerService:", "  Active subscriptions:", "    Logical SIM slot 1: subId=2"]),
    ],
)
async def test_lists_its_sims_as_the_release_does(phone: Callable[..., Talk], sdk: int, wanted: list[str]) -> None:
    said = (await phone(sdk, 2).type("dumpsys isub")).out
    assert [line for line in wanted if line not in said] == []


@pytest.mark.parametrize(("sdk", "start", "end"), [(33, "ActiveSubInfoList:", "++++"), (34, "Active sub", "All sub")])
async def test_lists_no_active_sim_when_there_is_none(
    phone: Callable[..., Talk], sdk: int, start: str, end: str
) -> None:
    talk = phone(sdk)
    assert "id=1" in (await talk.type("dumpsys isub")).out.partition(start)[2].partition(end)[0]
    talk.phone.faults.no_sim = True
    active = (await talk.type("dumpsys isub")).out.partition(start)[2].partition(end)[0]
    assert active
    assert "id=1" not in active
    assert (await talk.type("getprop gsm.sim.state")).out == "ABSENT\n"


@pytest.mark.parametrize(("sdk", "state"), [(26, "mServiceState=3 3 "), (34, "mVoiceRegState=3(POWER_OFF)")])
async def test_tells_that_the_radio_is_off(phone: Callable[..., Talk], sdk: int, state: str) -> None:
    talk = phone(sdk)
    talk.phone.faults.airplane = True
    assert state in (await talk.type("dumpsys telephony.registry")).out
    assert (await talk.type("settings get global airplane_mode_on")).out == "1\n"


async def test_tells_of_its_power(talk: Talk) -> None:
    talk.phone.faults.usb_power = 100
    talk.phone.faults.charging = False
    said = (await talk.type("dumpsys battery")).out
    assert "  USB powered: true\n" in said
    assert "  Max charging current: 100000\n" in said
    assert "  status: 3\n" in said


async def test_the_radio_log_tells_what_became_of_a_message(talk: Talk) -> None:
    talk.phone.faults.log_debug = True
    await talk.text("hi")
    await talk.phone.provider.until(bool)
    said = (await talk.type("logcat -b radio -v epoch -d")).out.splitlines()
    assert [line.split(": ", 1)[1] for line in said] == [
        "sendText id: {x-message-id:0}",
        (
            "sendSms:  isIms()=false mRetryCount=0 mImsRetry=0 mMessageRef=0 mUsesImsServiceForIms=false SS=0 "
            "{x-message-id:0}"
        ),
        "[0001]> SEND_SMS [PHONE0]",
        "[0001]< SEND_SMS { mMessageRef = 1, mErrorCode = -1, mAckPdu = null, {x-message-id:0}} [PHONE0]",
        "SMS send complete. Broadcasting intent: null {x-message-id:0}",
        "Persist SMS into SENT",
    ]
    assert 0 <= talk.phone.state.now() / 1000 - float(said[0].split()[0]) < 5
    assert (await talk.type("logcat -b radio -v epoch -d -s Other")).out == ""
    assert len((await talk.type("logcat -b radio -v epoch -t 1")).out.splitlines()) == 1


async def test_the_radio_log_can_be_followed(talk: Talk) -> None:
    lines: asyncio.Queue[bytes] = asyncio.Queue()
    words = ["logcat", "-b", "radio", "-v", "epoch"]
    tasks = Tasks("test")
    tasks.start(talk.phone.commands.run(words, lambda _kind, data: lines.put_nowait(data)), "logcat")
    await asyncio.sleep(0)
    await talk.text("hi")
    async with asyncio.timeout(20):
        assert b"sendText id" in await lines.get()
    await tasks.close()


async def test_a_command_hangs_on_request_once(talk: Talk) -> None:
    talk.phone.faults.hang_next.add("getprop")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await talk.type("getprop")
    assert (await talk.type("getprop ro.serialno")).out == "VIRTUAL0001\n"


async def test_app_ops_are_set_and_read_back(talk: Talk) -> None:
    assert (await talk.type("appops get com.android.shell WRITE_SMS")).out == "No operations.\nDefault mode: ignore\n"
    await talk.type("cmd appops set com.android.shell WRITE_SMS allow")
    assert (await talk.type("appops get com.android.shell WRITE_SMS")).out == "WRITE_SMS: allow\n"
    said = await talk.type("appops set com.android.shell READ_RESTRICTED_MESSAGES allow")
    assert "Unknown operation string" in said.err


async def test_miui_guards_its_settings(talk: Talk) -> None:
    talk.phone.faults.miui = True
    assert "SecurityException" in (await talk.type("settings put global x 1")).err
    assert (await talk.type("settings get global x")).out == "null\n"
    assert (await talk.type("getprop ro.miui.ui.version.name")).out == "V140\n"


async def test_the_clock_may_be_wrong(talk: Talk) -> None:
    right = int((await talk.type("date +%s")).out)
    talk.phone.faults.clock_offset = 3_600_000
    assert 3600 <= int((await talk.type("date +%s")).out) - right < 3605


async def test_another_kernel_run_has_another_id(talk: Talk) -> None:
    before = [(await talk.type(line)).out for line in BOOT]
    talk.phone.reboot()
    assert [(await talk.type(line)).out == said for line, said in zip(BOOT, before, strict=True)] == [False, False]


BOOT = ("cat /proc/sys/kernel/random/boot_id", "settings get global boot_count")


@pytest.mark.parametrize(
    "line",
    [
        "am start x",
        "am get-started-user-state",
        "appops get com.other",
        "appops reset",
        "cat /etc/passwd",
        "cmd wifi status",
        "date",
        "dumpsys isms",
        "getprop a b c",
        "id -g",
        "logcat -b main",
        "logcat -b radio -v time",
        "logcat -b radio -v epoch --clear",
        "pm uninstall x",
        "service list",
        "settings delete global x",
    ],
)
async def test_what_it_does_not_know_is_a_mistake(talk: Talk, line: str) -> None:
    said = await talk.type(line)
    assert said.code != 0
    assert len(talk.phone.mistakes) == 1
