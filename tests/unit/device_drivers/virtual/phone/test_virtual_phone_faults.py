"""What can be wrong with a phone on purpose, and what may happen to it."""

from collections.abc import Callable

import pytest

from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.phone import PROFILES, Box, Faults, Phone
from device_drivers.virtual.phone.isms import codes
from device_drivers.virtual.phone.spelling import written
from tests.support.phone_talk import CUSTOMER, LINE, SECOND, Talk

pytestmark = pytest.mark.needs("mksh")

NOTHING = "No result found.\n"
VOID = "Result: Parcel(00000000    '....')\n"


def words(talk: Talk) -> list[str]:
    """What the radio log says."""
    return [entry.text for entry in talk.phone.log.entries]


# -- replies ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fault", "reply"),
    [
        ("reply_broken_next", 'Result: Parcel(Error: 0xffffffffffffffe0 "Broken pipe")\n'),
        ("reply_null_next", "Result: Parcel(NULL)\n"),
        ("reply_lost_next", ""),
    ],
)
async def test_a_message_goes_out_though_its_reply_says_something_else(
    network: Network, talk: Talk, fault: str, reply: str
) -> None:
    setattr(talk.phone.faults, fault, 1)
    assert (await talk.text("gone out")).out == reply
    assert [sms.text for sms in await network.handset(CUSTOMER).wait()] == ["gone out"]
    assert (await talk.text("again")).out == VOID


async def test_a_header_may_stand_before_a_reply(talk: Talk) -> None:
    talk.phone.faults.reply_header = True
    said = (await talk.text("hi")).out
    assert said.startswith("Result: Parcel(\n  0x00000000: ffffff81 0000001c 00000001 ffffffff ")


# -- the store -------------------------------------------------------------------------------------
async def test_the_store_finds_nothing_on_request(talk: Talk) -> None:
    talk.phone.provider.insert(type=1, address=CUSTOMER, body="x", date=1)
    talk.phone.faults.store_empty_next = 1
    assert (await talk.query("body")).out == NOTHING
    assert (await talk.query("body")).out == "Row: 0 body=x\n"


async def test_the_store_answers_half_on_request(talk: Talk) -> None:
    talk.phone.provider.insert(type=1, address=CUSTOMER, body="x", date=1)
    talk.phone.faults.store_garbled_next = 1
    assert (await talk.query("body")).out == "Row: 0 bo"
    assert (await talk.query("body")).out == "Row: 0 body=x\n"


async def test_a_slow_store_shows_rows_later(network: Network, talk: Talk) -> None:
    talk.phone.faults.store_lag = 0.02
    await talk.text("out")
    network.handset(CUSTOMER).send(LINE, "in")
    assert [sms.text for sms in await network.handset(CUSTOMER).wait()] == ["out"]
    assert talk.phone.provider.rows() == []
    rows = await talk.phone.provider.until(lambda rows: len(rows) == 2)
    assert sorted(row.body for row in rows) == ["in", "out"]


async def test_somebody_deletes_what_was_sent(talk: Talk) -> None:
    talk.phone.faults.sent_deleted_after = 0.0
    await talk.text("gone")
    await talk.phone.provider.until(bool)
    await talk.phone.provider.until(lambda rows: not rows)


@pytest.mark.parametrize(
    ("number", "fault", "shown"),
    [
        ("+447700900123", "national_numbers", "07700900123"),
        ("+8613800138000", "national_numbers", "13800138000"),
        ("+36201234567", "national_numbers", "06201234567"),
        ("+79161234567", "national_numbers", "89161234567"),
        ("+15550150", "national_numbers", "5550150"),
        ("+15550150", "spaced_numbers", "+1 (555) 0150"),
        ("+15550150", "arabic_digits", "+١٥٥٥٠١٥٠"),
        ("+15550150", "miui", "+15550150"),
    ],
)
def test_writes_numbers_in_its_own_way(number: str, fault: str, shown: str) -> None:
    assert written(number, Faults(**{fault: True})) == shown  # type: ignore[arg-type]


async def test_does_not_say_who_wrote_a_row(talk: Talk) -> None:
    talk.phone.faults.no_creators = True
    await talk.text("hi")
    assert [row.creator for row in await talk.phone.provider.until(bool)] == [None]


async def test_a_restored_backup_is_old_in_rows_that_are_new(network: Network, talk: Talk) -> None:
    network.handset(CUSTOMER).send(LINE, "first")
    await talk.phone.provider.until(bool)
    talk.phone.restore_backup(4, days=1000)
    first, *restored = talk.phone.provider.rows()
    assert [row.id for row in restored] == [2, 3, 4, 5]
    assert all(first.date - row.date > 999 * 86_400_000 for row in restored)
    assert [row.type for row in restored] == [Box.INBOX, Box.INBOX, Box.INBOX, Box.SENT]


async def test_another_phone_has_another_serial_and_store_and_the_first_comes_back(
    network: Network, talk: Talk
) -> None:
    network.handset(CUSTOMER).send(LINE, "mine")
    await talk.phone.provider.until(bool)
    talk.phone.exchange("OTHER", held=3)
    assert (await talk.type("getprop ro.serialno")).out == "OTHER\n"
    assert [row.body for row in talk.phone.provider.rows()] == ["private 0", "private 1", "private 2"]
    talk.phone.exchange("")
    assert (await talk.type("getprop ro.serialno")).out == "VIRTUAL0001\n"
    assert [row.body for row in talk.phone.provider.rows()] == ["mine"]


# -- sending ---------------------------------------------------------------------------------------
async def test_android_sends_a_part_again_by_itself(network: Network, talk: Talk) -> None:
    faults = talk.phone.faults
    faults.retry_next, faults.retry_after, faults.log_debug = 1, 0.01, True
    await talk.text("second try")
    assert [sms.text for sms in await network.handset(CUSTOMER).wait()] == ["second try"]
    await talk.phone.provider.until(bool)
    said = words(talk)
    assert said.index("SMS send failed {x-message-id:0}") < said.index("SMS retry..")
    assert said[-1] == "Persist SMS into SENT"
    assert len(talk.phone.sent) == 1


async def test_another_app_fails_at_the_same_moment(network: Network, talk: Talk) -> None:
    talk.phone.faults.rival_fails_next = 1
    await talk.text("ours")
    assert [sms.text for sms in await network.handset(CUSTOMER).wait()] == ["ours"]
    assert "Persist SMS into FAILED" in words(talk)
    assert [(sms.package, sms.state) for sms in talk.phone.sent] == [
        ("com.android.shell", "sent"),
        ("com.example.reminders", "failed"),
    ]


async def test_another_app_sends_the_same_at_the_same_moment(network: Network, talk: Talk) -> None:
    talk.phone.faults.rival_sends_next = 1
    await talk.text("same")
    assert [sms.text for sms in await network.handset(CUSTOMER).wait(2)] == ["same", "same"]
    rows = await talk.phone.provider.until(lambda rows: len(rows) == 2)
    assert {row.creator for row in rows} == {"com.android.shell", "com.example.reminders"}


async def test_the_phone_process_dies_over_a_message_that_is_out(network: Network, talk: Talk) -> None:
    talk.phone.faults.telephony_dies_next = 1
    await talk.text("out")
    assert [sms.text for sms in await network.handset(CUSTOMER).wait()] == ["out"]
    assert talk.phone.provider.rows() == []
    assert talk.phone.sent[0].state == "lost"
    await talk.text("next")
    await talk.phone.provider.until(bool)


async def test_a_silent_log_says_nothing_of_sms(network: Network, talk: Talk) -> None:
    talk.phone.faults.log_silent = True
    await talk.text("hi")
    network.handset(CUSTOMER).send(LINE, "ho")
    await talk.phone.provider.until(lambda rows: len(rows) == 2)
    assert words(talk) == []


# -- SIMs ------------------------------------------------------------------------------------------
async def test_a_sim_is_pulled_and_another_has_another_subscription(network: Network, talk: Talk) -> None:
    talk.phone.pull_sim()
    assert (await talk.type("getprop gsm.sim.state")).out == "ABSENT\n"
    assert "Logical SIM slot 0: subId=-1" in (await talk.type("dumpsys isub")).out
    talk.phone.insert_sim(SECOND)
    assert "id=2 iccId=890010112[****] simSlotIndex=0" in (await talk.type("dumpsys isub")).out
    await talk.text("by another SIM", sub=2)
    assert [sms.sender for sms in await network.handset(CUSTOMER).wait()] == [SECOND]
    talk.phone.insert_sim(LINE)
    assert "id=1 " in (await talk.type("dumpsys isub")).out


async def test_without_a_sim_nothing_goes(network: Network, talk: Talk) -> None:
    talk.phone.pull_sim()
    await talk.text("no")
    assert talk.phone.sent[0].state == "failed"
    assert network.handset(CUSTOMER).received == []


# -- makes -----------------------------------------------------------------------------------------
async def test_huawei_has_setters_where_others_have_the_preferred_subscription(phone: Callable[..., Talk]) -> None:
    talk = phone(0, profile=PROFILES["huawei8"])
    assert (await talk.type("service call isms 22")).out == "Result: Parcel(00000000 00000001   '........')\n"
    await talk.type("service call isms 20")
    assert talk.phone.mistakes == ["isms 20 changes a setting of this maker's on SDK 26"]
    assert codes(26).preferred == 20


@pytest.mark.parametrize("name", PROFILES)
async def test_every_make_exists(network: Network, name: str) -> None:
    phone = Phone(network, [LINE], profile=PROFILES[name])
    assert phone.state.manufacturer == PROFILES[name].manufacturer
    assert all(getattr(phone.faults, way) == value for way, value in PROFILES[name].ways.items())
    await phone.close()
