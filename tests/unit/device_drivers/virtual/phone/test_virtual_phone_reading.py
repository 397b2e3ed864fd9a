"""What the shell gets to see of the SMS store, by release."""

from collections.abc import Callable

import pytest

from device_drivers.virtual.network.service_centre import Network
from device_drivers.virtual.phone import Box, Kind
from tests.support.phone_talk import CUSTOMER, LINE, SECOND, Talk

pytestmark = pytest.mark.needs("mksh")

NOTHING = "No result found.\n"
HOSTILE = "hi\nRow: 1 _id=99, body=forged, \\ 'it' \"is\" \u2028\r🙂"


def escaped(column: str) -> str:
    """Separators taken out by functions that every release lets through."""
    inner = f"replace({column},char(92),char(92,92))"
    inner = f"replace(replace({inner},char(10),char(92,110)),char(13),char(92,114))"
    return f"char(124)||replace({inner},char(44),char(92,99))"


async def test_a_message_that_comes_in_is_a_row(network: Network, talk: Talk) -> None:
    network.handset(CUSTOMER).send(LINE, "good day")
    (row,) = await talk.phone.provider.until(bool)
    assert (row.type, row.address, row.body, row.read, row.sub_id) == (Box.INBOX, CUSTOMER, "good day", 0, 1)
    assert 0 <= row.date - row.date_sent < 5000
    said = await talk.query("_id:type:address:body")
    assert said.out == f"Row: 0 _id=1, type=1, address={CUSTOMER}, body=good day\n"


async def test_a_long_message_is_one_row(network: Network, talk: Talk) -> None:
    network.handset(CUSTOMER).send(LINE, "ж" * 300)
    assert [row.body for row in await talk.phone.provider.until(bool)] == ["ж" * 300]


async def test_each_sim_has_its_own_subscription(network: Network, phone: Callable[..., Talk]) -> None:
    talk = phone(sims=2)
    network.handset(CUSTOMER).send(SECOND, "two")
    assert [row.sub_id for row in await talk.phone.provider.until(bool)] == [2]


async def test_a_phone_and_a_customer_text_each_other(network: Network, talk: Talk) -> None:
    await talk.text("question")
    await network.handset(CUSTOMER).wait()
    network.handset(CUSTOMER).send(LINE, "answer")
    rows = await talk.phone.provider.until(lambda rows: len(rows) == 2)
    assert [(row.type, row.body) for row in rows] == [(2, "question"), (1, "answer")]


@pytest.mark.parametrize("box", Box)
async def test_the_shell_sees_what_came_and_what_went(talk: Talk, box: Box) -> None:
    talk.phone.provider.insert(type=int(box), address=CUSTOMER, body="x", date=1)
    shown = "Row: 0 body=x\n" if box in (Box.INBOX, Box.SENT) else NOTHING
    assert (await talk.query("body")).out == shown
    assert (await talk.query("body", f"content://sms/{box.name.lower()}")).out == shown


async def test_separators_come_raw(network: Network, talk: Talk) -> None:
    talk.phone.provider.insert(type=1, address="a, b", body="x\nRow: 1 body=y", date=1)
    assert (await talk.query("address:body")).out == "Row: 0 address=a, b, body=x\nRow: 1 body=y\n"


@pytest.mark.parametrize("sdk", [23, 29, 30, 34, 37])
async def test_an_escaped_query_tells_everything_apart(phone: Callable[..., Talk], sdk: int) -> None:
    talk = phone(sdk)
    talk.phone.provider.insert(type=1, address=HOSTILE, body=HOSTILE, date=1)
    said = await talk.query(f"_id AS id:{escaped('address')} AS ad:{escaped('body')} AS bd:{escaped('creator')} AS cr")
    told = "|" + HOSTILE.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace(",", "\\c")
    assert said.out == f"Row: 0 id=1, ad={told}, bd={told}, cr=NULL\n"


@pytest.mark.parametrize("sdk", [23, 29, 30, 34, 37])
async def test_an_empty_store_still_answers_a_count(phone: Callable[..., Talk], sdk: int) -> None:
    said = await phone(sdk).query(f"count(*) AS n:max(_id) AS m:{escaped('char(44,10,92)')} AS p")
    assert said.out == "Row: 0 n=0, m=NULL, p=|\\c\\n\\\\\n"


async def test_one_column_of_one_row(talk: Talk) -> None:
    talk.phone.provider.insert(type=1, address="x", body=HOSTILE, date=1)
    assert (await talk.query("body", "content://sms/1")).out == f"Row: 0 body={HOSTILE}\n"
    assert (await talk.query("body", "content://sms/2")).out == NOTHING


@pytest.mark.parametrize(("sdk", "fine"), [(29, True), (30, False), (37, False)])
async def test_select_is_refused_from_11_on(phone: Callable[..., Talk], sdk: int, fine: bool) -> None:
    talk = phone(sdk)
    talk.phone.provider.insert(type=1, address="x", body="y", date=1)
    said = await talk.query("_id", where="_id IN (SELECT max(_id) FROM sms)")
    assert said.out == ("Row: 0 _id=1\n" if fine else NOTHING)


@pytest.mark.parametrize("projection", ["hex(body)", "substr(body,1,1)", "unicode(body)", "typeof(body)"])
async def test_more_functions_are_refused_from_17_on(phone: Callable[..., Talk], projection: str) -> None:
    refused = []
    for sdk in (36, 37):
        talk = phone(sdk)
        talk.phone.provider.insert(type=1, address="x", body="y", date=1)
        refused.append((await talk.query(projection)).out == NOTHING)
    assert refused == [False, True]


async def test_a_word_inside_quotes_is_no_word(talk: Talk) -> None:
    talk.phone.provider.insert(type=1, address="x", body="SELECT; y", date=1)
    assert (await talk.query("_id", where="body='SELECT; y'")).out == "Row: 0 _id=1\n"


async def test_functions_of_a_newer_sqlite_are_unknown(phone: Callable[..., Talk]) -> None:
    said = await phone(26).query("iif(1,2,3)")
    assert said.err.startswith("Error while accessing provider:sms\nandroid.database.sqlite.SQLiteException: ")
    assert "no such function: iif" in said.err
    assert (said.out, said.code) == ("", 0)


async def test_nothing_can_be_written(talk: Talk) -> None:
    talk.phone.provider.insert(type=1, address="x", body="y", date=1)
    await talk.query("_id", where="1=1); DELETE FROM sms; --")
    assert len(talk.phone.provider.rows()) == 1


async def test_an_unknown_column_is_an_error_with_exit_code_0(talk: Talk) -> None:
    said = await talk.query("nonsense")
    assert "no such column: nonsense" in said.err
    assert said.code == 0


async def test_a_provider_without_expressions_finds_nothing(talk: Talk) -> None:
    talk.phone.provider.insert(type=1, address="x", body="y", date=1)
    talk.phone.faults.refuse_expressions = True
    assert (await talk.query("count(*) AS n")).out == NOTHING
    assert (await talk.query("_id:body")).out == "Row: 0 _id=1, body=y\n"


async def test_an_ignored_op_finds_nothing_and_a_missing_permission_says_so(talk: Talk) -> None:
    talk.phone.provider.insert(type=1, address="x", body="y", date=1)
    talk.phone.faults.deny_read_sms = True
    assert (await talk.query("_id")).out == NOTHING
    talk.phone.faults.permission_denied = True
    said = await talk.query("_id")
    assert "java.lang.SecurityException: Permission Denial: opening provider" in said.err
    assert said.code == 0


async def test_17_hides_what_the_shell_sent_until_it_is_allowed(phone: Callable[..., Talk]) -> None:
    talk = phone(37)
    await talk.text("hi")
    await talk.phone.provider.until(bool)
    assert (await talk.query("body")).out == NOTHING
    assert (await talk.type("cmd appops set com.android.shell READ_RESTRICTED_MESSAGES allow")).code == 0
    assert (await talk.query("body")).out == "Row: 0 body=hi\n"


@pytest.mark.parametrize(("sdk", "printed"), [(26, "-559038737"), (34, "7460000000751")])
async def test_older_tools_cut_large_integers(phone: Callable[..., Talk], sdk: int, printed: str) -> None:
    talk = phone(sdk)
    at = 0x1DEADBEEF if sdk == 26 else 7460000000751
    talk.phone.provider.insert(type=1, address="x", body="y", date=at)
    assert (await talk.query("date")).out == f"Row: 0 date={printed}\n"
    assert (await talk.query("CAST(date AS TEXT) AS d")).out == f"Row: 0 d={at}\n"


async def test_a_locked_phone_stores_what_came_when_it_is_unlocked(network: Network, talk: Talk) -> None:
    talk.phone.faults.has_pin = True
    talk.phone.reboot()
    assert (await talk.type("am get-started-user-state 0")).out == "RUNNING_LOCKED\n"
    network.handset(CUSTOMER).send(LINE, "early")
    assert "Could not find provider: sms" in (await talk.query("_id")).err
    await emptied(network)
    assert talk.phone.provider.rows() == []
    talk.phone.unlock()
    assert [row.body for row in talk.phone.provider.rows()] == ["early"]
    assert (await talk.type("am get-started-user-state 0")).out == "RUNNING_UNLOCKED\n"


async def emptied(network: Network) -> None:
    """Wait until everything that was sent has arrived."""
    network.handset(CUSTOMER).send("+15550151", "marker")
    await network.handset("+15550151").wait()


async def test_without_an_sms_app_nothing_is_stored(network: Network, talk: Talk) -> None:
    talk.phone.faults.default_sms_app = False
    network.handset("+15550151")
    network.handset(CUSTOMER).send(LINE, "lost")
    await emptied(network)
    assert talk.phone.provider.rows() == []
    assert "package:com.google.android.apps.messaging" in (await talk.type("pm list packages -d")).out


async def test_in_airplane_mode_the_network_holds_what_comes(network: Network, talk: Talk) -> None:
    talk.phone.faults.airplane = True
    network.handset("+15550151")
    network.handset(CUSTOMER).send(LINE, "later")
    await emptied(network)
    assert (network.held(LINE), talk.phone.provider.rows()) == (1, [])
    talk.phone.faults.airplane = False
    assert [row.body for row in await talk.phone.provider.until(bool)] == ["later"]


async def test_what_is_typed_on_the_phone_bears_the_apps_name(network: Network, talk: Talk) -> None:
    talk.phone.type_sms(CUSTOMER, "typed " * 50)
    (row,) = await talk.phone.provider.until(bool)
    assert (row.type, row.creator) == (2, "com.google.android.apps.messaging")
    await network.handset(CUSTOMER).wait()
    talk.phone.faults.rcs = True
    talk.phone.type_sms(CUSTOMER, "a chat")
    await network.handset(CUSTOMER).wait(2)
    assert len(talk.phone.provider.rows()) == 1


async def test_a_store_made_anew_begins_its_ids_again(talk: Talk) -> None:
    for _ in range(3):
        talk.phone.provider.insert(type=1, address="x", body="y", date=1)
    talk.phone.wipe_store()
    assert talk.phone.provider.insert(type=1, address="x", body="y", date=1) == 1


async def test_calls_take_plain_columns_only(talk: Talk) -> None:
    talk.phone.add_call(Kind.MISSED, CUSTOMER, "Ann, of\nBo", 0, at=1700000000000)
    uri = "content://call_log/calls"
    said = await talk.query("_id:number:name:type:duration:date", uri)
    assert said.out == (f"Row: 0 _id=1, number={CUSTOMER}, name=Ann, of\nBo, type=3, duration=0, date=1700000000000\n")
    said = await talk.query(f"{escaped('name')} AS n", uri)
    assert "java.lang.IllegalArgumentException: Invalid column" in said.err
    assert (await talk.query("name", f"{uri}/1")).out == "Row: 0 name=Ann, of\nBo\n"


@pytest.mark.parametrize(("sdk", "granted"), [(29, False), (32, False), (33, True), (36, True)])
async def test_calls_need_a_permission_that_older_shells_lack(
    phone: Callable[..., Talk], sdk: int, granted: bool
) -> None:
    talk = phone(sdk)
    said = await talk.query("_id", "content://call_log/calls")
    assert (said.out == NOTHING) == granted
    assert ("READ_CALL_LOG" in said.err) == (not granted)
    assert ("READ_CALL_LOG: granted=true" in (await talk.type("dumpsys package com.android.shell")).out) == granted


@pytest.mark.parametrize(
    "line",
    [
        "content delete --uri content://sms",
        "content query --uri content://sms --limit 3",
        "content query --uri content://sms --where",
        "content query --projection body",
        "content query --uri content://mms",
        "content query --uri content://sms --sort ''",
    ],
)
async def test_what_the_tool_does_not_know_is_a_mistake(talk: Talk, line: str) -> None:
    await talk.type(line)
    assert len(talk.phone.mistakes) == 1
