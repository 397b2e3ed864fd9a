"""What becomes of a message that the shell hands to the service isms."""

import asyncio
from collections.abc import Callable

import pytest

from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.phone import Box, Row
from tests.support.phone_talk import CUSTOMER, LINE, SECOND, Talk, codes

pytestmark = pytest.mark.needs("mksh")

VOID = "Result: Parcel(00000000    '....')\n"
RELEASES = [*range(23, 38)]


def message(said: str) -> str:
    """The words of an exception in a printed reply."""
    assert said.startswith("Result: Parcel(\n  0x00000000: "), said
    lines = [line.split(": ", 1)[1].split("'")[0] for line in said.split("\n")[1:-1]]
    words = b"".join(int(word, 16).to_bytes(4, "little") for line in lines for word in line.split())
    length = int.from_bytes(words[4:8], "little")
    return words[8 : 8 + 2 * length].decode("utf-16-le")


def is_failed(rows: list[Row]) -> bool:
    return [row.type for row in rows] == [Box.FAILED]


@pytest.mark.parametrize("sdk", RELEASES)
async def test_sends_with_the_layout_of_its_release(network: Network, phone: Callable[..., Talk], sdk: int) -> None:
    talk = phone(sdk)
    assert (await talk.text("good day")).out == VOID
    (row,) = await talk.phone.provider.until(bool)
    assert (row.type, row.address, row.body, row.sub_id) == (2, CUSTOMER, "good day", 1)
    assert row.creator == "com.android.shell"
    (sms,) = await network.handset(CUSTOMER).wait()
    assert (sms.sender, sms.text) == (LINE, "good day")
    assert talk.phone.mistakes == []


@pytest.mark.parametrize("sdk", RELEASES)
async def test_sends_parts_with_the_layout_of_its_release(
    network: Network, phone: Callable[..., Talk], sdk: int
) -> None:
    talk = phone(sdk)
    assert (await talk.parts("a" * 153, "b" * 20)).out == VOID
    (row,) = await talk.phone.provider.until(bool)
    assert row.body == "a" * 153 + "b" * 20
    assert [sms.text for sms in await network.handset(CUSTOMER).wait()] == [row.body]
    assert (talk.phone.sent[0].parts, talk.phone.segments_last_minute) == (["a" * 153, "b" * 20], 2)
    assert talk.phone.mistakes == []


@pytest.mark.parametrize("sdk", RELEASES)
async def test_tells_the_preferred_subscription(phone: Callable[..., Talk], sdk: int) -> None:
    talk = phone(sdk)
    said = await talk.type(f"service call isms {codes(sdk).preferred}")
    assert said.out == "Result: Parcel(00000000 00000001   '........')\n"
    talk.phone.faults.no_sim = True
    said = await talk.type(f"service call isms {codes(sdk).preferred}")
    assert said.out == "Result: Parcel(00000000 ffffffff   '........')\n"


async def test_the_row_comes_only_after_the_last_part(network: Network, talk: Talk) -> None:
    network.rules.send_latency = 0.02
    await talk.parts("a" * 153, "b", "c")
    seen = []
    while not talk.phone.provider.rows():
        seen.append(talk.phone.sent[0].taken)
        await asyncio.sleep(0.001)
    assert sorted(set(seen)) == [0, 1, 2]
    assert talk.phone.sent[0].taken == 3


async def test_what_the_network_refuses_looks_sent_at_first(network: Network, talk: Talk) -> None:
    talk.phone.faults.failed_after = 0.05
    network.rules.refuse_next = [38]
    await talk.text("no")
    assert [row.type for row in await talk.phone.provider.until(bool)] == [Box.SENT]
    assert (await talk.query("type")).out == "Row: 0 type=2\n"
    (row,) = await talk.phone.provider.until(is_failed)
    assert row.error_code == 38
    assert (await talk.query("type")).out == "No result found.\n"
    said = [entry.text for entry in talk.phone.log.entries]
    assert "Persist SMS into FAILED" in said
    assert "SMS failed with error 102, errorCode 38" in said


@pytest.mark.parametrize("fault", ["airplane", "no_sim"])
async def test_without_a_network_it_fails(talk: Talk, fault: str) -> None:
    setattr(talk.phone.faults, fault, True)
    assert (await talk.text("no")).out == VOID
    await talk.phone.provider.until(is_failed)


async def test_fails_the_next_on_request(network: Network, talk: Talk) -> None:
    talk.phone.faults.fail_next = 1
    await talk.text("no")
    await talk.text("yes")
    rows = await talk.phone.provider.until(lambda rows: sorted(row.type for row in rows) == [2, 5])
    assert {row.body: row.type for row in rows} == {"no": 5, "yes": 2}
    assert [sms.text for sms in await network.handset(CUSTOMER).wait()] == ["yes"]


async def test_leaves_no_trace_of_the_next_on_request(network: Network, talk: Talk) -> None:
    talk.phone.faults.silent_next = 1
    await talk.text("gone")
    await network.handset(CUSTOMER).wait()
    assert talk.phone.provider.rows() == []
    assert not any("complete" in entry.text for entry in talk.phone.log.entries)


async def test_a_single_text_that_is_too_long_goes_nowhere(talk: Talk) -> None:
    assert (await talk.text("a" * 161)).out == VOID
    assert [entry.text for entry in talk.phone.log.entries] == [
        "sendText id: {x-message-id:0}",
        "getSubmitPdu() returned null {x-message-id:0}",
    ]
    assert talk.phone.sent[0].state == "lost"
    assert talk.phone.mistakes


@pytest.mark.parametrize("parts", [("ж" * 67, "a" * 68), ("a" * 154, "b"), ("ж" * 68, "ж")])
async def test_one_part_too_long_for_the_encoding_of_all_kills_the_message(talk: Talk, parts: tuple[str, ...]) -> None:
    assert (await talk.parts(*parts)).out == VOID
    assert talk.phone.sent[0].state == "lost"


async def test_parts_of_the_extension_table_count_twice(talk: Talk) -> None:
    await talk.parts("€" * 76, "€")
    await talk.parts("€" * 77, "€")
    assert [sms.state == "lost" for sms in talk.phone.sent] == [False, True]


async def test_the_word_null_is_a_service_centre_that_nobody_has(network: Network, talk: Talk) -> None:
    await talk.type(
        f"service call isms 5 i32 1 s16 com.android.shell i32 -1 s16 {CUSTOMER} s16 null s16 hi i32 0 i32 0 i32 1 i64 0"
    )
    await talk.phone.provider.until(is_failed)
    assert network.handset(CUSTOMER).received == []
    assert talk.phone.mistakes == ["isms: service centre 'null' in place of null"]


@pytest.mark.parametrize("sdk", [30, 32, 33, 36])
async def test_data_left_over_is_an_exception_from_13_on(phone: Callable[..., Talk], sdk: int) -> None:
    talk = phone(sdk)
    said = await talk.type(
        f"service call isms 5 i32 1 s16 com.android.shell i32 -1 s16 {CUSTOMER} i32 -1 s16 hi "
        "i32 0 i32 0 i32 1 i64 0 i32 0"
    )
    if sdk >= 33:
        assert message(said.out) == "Parcel data not fully consumed, unread size: 4"
        assert talk.phone.sent == ()
    else:
        assert said.out == VOID
    assert talk.phone.mistakes == ["isms: 4 octets too many"]


async def test_zeros_left_out_at_the_end_mean_that_nothing_is_kept(network: Network, talk: Talk) -> None:
    said = await talk.type(
        f"service call isms 5 i32 1 s16 com.android.shell i32 -1 s16 {CUSTOMER} i32 -1 s16 hi i32 0 i32 0"
    )
    assert said.out == VOID
    await network.handset(CUSTOMER).wait()
    assert talk.phone.provider.rows() == []
    assert "isms: persist is false" in talk.phone.mistakes


async def test_before_11_not_to_keep_it_is_not_allowed(phone: Callable[..., Talk]) -> None:
    talk = phone(26)
    said = await talk.type(
        f"service call isms 6 i32 1 s16 com.android.shell s16 {CUSTOMER} i32 -1 s16 hi i32 0 i32 0 i32 0"
    )
    assert "MODIFY_PHONE_STATE" in message(said.out)


@pytest.mark.parametrize("package", ["com.evil", "null"])
async def test_another_package_is_refused(talk: Talk, package: str) -> None:
    said = await talk.type(
        f"service call isms 5 i32 1 s16 {package} i32 -1 s16 {CUSTOMER} i32 -1 s16 hi i32 0 i32 0 i32 1 i64 0"
    )
    assert message(said.out) == f"Package {package} does not belong to 2000"
    assert talk.phone.sent == ()


async def test_says_when_the_shell_may_not_send(talk: Talk) -> None:
    talk.phone.faults.permission_denied = True
    assert "SEND_SMS" in message((await talk.text("hi")).out)
    assert talk.phone.mistakes == []


async def test_the_layout_of_android_10_sends_nothing_on_14(talk: Talk) -> None:
    await talk.type(f"service call isms 5 i32 1 s16 com.android.shell s16 {CUSTOMER} i32 -1 s16 hi i32 0 i32 0 i32 1")
    assert talk.phone.provider.rows() == []
    assert talk.phone.mistakes


async def test_the_codes_of_another_release_are_mistakes(talk: Talk) -> None:
    assert (await talk.type("service call isms 7")).out == VOID
    assert "Bad message" in (await talk.type("service call isms 99")).out
    assert talk.phone.mistakes == ["isms 7 is not for us on SDK 34", "isms 99 is not for us on SDK 34"]


async def test_a_wrong_argument_prints_the_usage_and_still_calls(talk: Talk) -> None:
    said = await talk.type("service call isms 20 s32 1")
    assert "unknown option s32" in said.err
    assert "Usage" in said.out
    assert "Parcel(00000000 00000001" in said.out
    assert talk.phone.mistakes == ["service: unknown option s32"]


async def test_says_when_there_is_no_service(talk: Talk) -> None:
    assert (await talk.type("service check isms")).out == "Service isms: found\n"
    talk.phone.faults.isms_missing = True
    assert (await talk.type("service check isms")).out == "Service isms: not found\n"
    said = await talk.type("service call isms 20")
    assert (said.err, said.code) == ("service: Service isms does not exist\n", 10)


async def test_a_wrong_table_of_codes_is_told_from_the_answer(talk: Talk) -> None:
    talk.phone.faults.wrong_code_table = True
    assert (await talk.type("service call isms 20")).out.startswith("Result: Parcel(00000000 00000000 00001267")


async def test_the_second_sim_sends_under_its_number(network: Network, phone: Callable[..., Talk]) -> None:
    talk = phone(sims=2)
    await talk.text("two", sub=2)
    await talk.text("none", sub=7)
    received = await network.handset(CUSTOMER).wait(2)
    assert [(sms.sender, sms.text) for sms in received] == [(SECOND, "two"), (LINE, "none")]
    assert [row.sub_id for row in await talk.phone.provider.until(lambda rows: len(rows) == 2)] == [2, 1]


async def test_thirty_segments_a_minute_and_five_that_wait(talk: Talk) -> None:
    for _ in range(10):
        await talk.parts("a" * 153, "b" * 153, "c")
    assert talk.phone.segments_last_minute == 30
    for _ in range(6):
        await talk.text("more")
    states = [sms.state for sms in talk.phone.sent[10:]]
    assert states == ["waiting"] * 5 + ["failed"]
    assert talk.phone.sent[-1].error == 5
    assert any(entry.text == "Denied because queue limit reached" for entry in talk.phone.log.entries)


async def test_the_minute_passes(talk: Talk) -> None:
    for _ in range(30):
        await talk.text("a")
    talk.phone.faults.clock_offset = 60_000
    await talk.text("b")
    assert (talk.phone.sent[-1].state == "waiting", talk.phone.segments_last_minute) == (False, 1)


async def test_a_short_code_waits_for_somebody_to_agree(talk: Talk) -> None:
    await talk.text("hi", to="12345")
    assert [sms.recipient for sms in talk.phone.telephony.waiting] == ["12345"]
    assert talk.phone.provider.rows() == []


async def test_a_restart_loses_what_is_under_way(network: Network, talk: Talk) -> None:
    network.rules.send_latency = 0.01
    await talk.text("gone")
    before = talk.phone.state.boot_id
    talk.phone.reboot()
    await network.handset(CUSTOMER).wait()
    assert (talk.phone.sent[0].state, talk.phone.provider.rows()) == ("lost", [])
    assert talk.phone.state.boot_id != before
