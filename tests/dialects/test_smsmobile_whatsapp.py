"""WhatsApp in the smsmobile dialect, on a bridge that has a WhatsApp line."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridge.model.account import AccountChange, Author
from bridge.model.event import MESSAGE_RECEIVED
from bridge.model.line import Channel, Line, LineState
from bridge.model.message import State
from bridge.model.query import LedgerQuery
from bridge.model.webhook import Endpoint
from bridge.ports.store_rows import Outcome
from tests.support.clocks import START
from tests.support.http_site import LINES, HttpSite, open_site
from tests.support.smsmobile_calls import TO, get, result, send, sent_id, set_terms

SHOP = Line(
    "shop", "shop", "whatsapp_cloud", LineState.READY, number="+15550135", seen_at=START, channel=Channel.WHATSAPP
)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[HttpSite]:
    async with open_site(tmp_path, lambda: (*LINES, SHOP)) as opened:
        yield opened


async def bring(site: HttpSite, message: str, state: State, error: str = "") -> None:
    """The WhatsApp line takes its oldest message to a state."""
    claim = await site.store.claim("shop", ("@", "@shop"), site.clock.at)
    assert claim is not None
    assert claim.message.id == message
    await site.store.record(Outcome(message, claim.index, state, 7, error), site.clock.at)


async def whatsapp_id(site: HttpSite, **params: Any) -> str:
    return await sent_id(site, waonly="yes", **params)


# -- sending ----------------------------------------------------------------------------------------
async def test_goes_by_both_as_one_submission_under_the_id_of_the_sms(site: HttpSite) -> None:
    answer = (await send(site, sendwa="1")).json["result"]
    assert (answer["send_with_whatsapp"], answer["note"]) == ("1", "sent by mobile and by WhatsApp")
    sms, whatsapp = await site.messages()
    assert (sms.id, sms.channel, whatsapp.channel) == (answer["id"], Channel.SMS, Channel.WHATSAPP)
    assert (sms.text, whatsapp.text) == ("hello", "hello")


@pytest.mark.parametrize(
    "params",
    [
        {"waonly": "yes"},
        {"waonly": "yes", "sendsms": "1"},
        {"sendwa": "1", "sendsms": "0"},
        {"waonly": "1", "sendwa": "0"},
    ],
)
async def test_goes_by_whatsapp_alone(site: HttpSite, params: dict[str, str]) -> None:
    answer = (await send(site, **params)).json["result"]
    assert (answer["send_with_whatsapp"], answer["note"]) == ("1", "sent by WhatsApp")
    assert (await site.the_message()).channel is Channel.WHATSAPP


@pytest.mark.parametrize(
    "params", [{}, {"sendwa": "0"}, {"sendsms": "0"}, {"sendwa": "0", "sendsms": "0"}, {"waonly": "no"}]
)
async def test_goes_by_sms_unless_whatsapp_is_asked_for(site: HttpSite, params: dict[str, str]) -> None:
    answer = (await send(site, **params)).json["result"]
    assert (answer["send_with_whatsapp"], answer["note"]) == ("0", "sent by mobile")
    assert (await site.the_message()).channel is Channel.SMS


@pytest.mark.parametrize(
    ("written", "to"), [("15550123", "+15550123"), ("0015550123", "+15550123"), ("+1 555 0123", TO)]
)
async def test_takes_numbers_as_the_vendor_writes_them_for_whatsapp(site: HttpSite, written: str, to: str) -> None:
    await whatsapp_id(site, recipients=written)
    assert (await site.the_message()).recipient == to


async def test_a_national_number_is_refused_for_nobody_knows_whose_it_is(site: HttpSite) -> None:
    answer = await send(site, waonly="yes", recipients="0671234567")
    assert (answer.status, answer.json["error"]) == (400, "invalid_recipients")
    assert "country code" in answer.json["message"]
    assert not await site.messages()


@pytest.mark.parametrize("params", [{"sendwa": "1"}, {"waonly": "yes"}])
@pytest.mark.parametrize(
    ("country", "written"), [("CN", "13800138000"), ("DE", "447700900123"), ("GB", "7700 900123"), ("DE", "15550123.0")]
)
async def test_digits_that_are_somebody_else_at_home_are_refused_by_whatsapp(
    site: HttpSite, params: dict[str, str], country: str, written: str
) -> None:
    await set_terms(site, AccountChange(country=country))
    answer = await send(site, **params, recipients=written)
    assert (answer.status, answer.json["error"]) == (400, "invalid_recipients")
    assert "write it with + and its country code" in answer.json["message"]
    assert not await site.messages()


@pytest.mark.parametrize(
    ("country", "written", "to"),
    [
        ("GB", "447700900123", "+447700900123"),
        ("GB", "07700 900123", "+447700900123"),
        ("CN", "+8613800138000", "+8613800138000"),
        ("CN", "8613800138000", "+8613800138000"),
        ("", "44 7700 900123", "+447700900123"),
    ],
)
async def test_sms_and_whatsapp_go_to_one_person(site: HttpSite, country: str, written: str, to: str) -> None:
    await set_terms(site, AccountChange(country=country))
    await sent_id(site, sendwa="1", recipients=written)
    sms, whatsapp = await site.messages()
    assert (sms.recipient, whatsapp.recipient) == (to if country else to[1:], to)


async def test_a_phone_is_chosen_for_its_own_channel(site: HttpSite) -> None:
    await sent_id(site, sendwa="1", sIdentifiant="office")
    await sent_id(site, sendwa="1", sIdentifiant="shop")
    assert [message.route for message in await site.messages()] == ["office", "@", "", "@shop"]


async def test_media_go_with_the_whatsapp_alone(site: HttpSite) -> None:
    url = "https://files.example.com/menu.pdf"
    answer = (await send(site, sendwa="1", url_media=url, pdf_with_image="yes")).json["result"]
    assert "without a picture of the document" in answer["note"]
    assert [message.media for message in await site.messages()] == ["", url]


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"url_media": "https://files.example.com/a.pdf"}, "url_media_not_supported"),
        ({"waonly": "yes", "url_media": "a.pdf"}, "invalid_url_media"),
        ({"sendwa": "1", "url_media": "a.pdf"}, "invalid_url_media"),
        ({"sendwa": "1", "schedule_timestamp": "9999999999"}, "invalid_schedule_timestamp"),
        ({"sendwa": "1", "recipients": "shop"}, "invalid_recipients"),
        ({"waonly": "yes", "message": "x" * 4097}, "invalid_message"),
        ({"waonly": "yes", "message": None}, "missing_message"),
        ({"waonly": "yes", "encrypt_message": "yes"}, "encrypt_message_not_supported"),
        ({"waonly": "maybe"}, "invalid_waonly"),
    ],
)
async def test_what_cannot_be_sent_is_refused_and_nothing_is_queued(
    site: HttpSite, params: dict[str, Any], error: str
) -> None:
    assert (await send(site, **params)).json["error"] == error
    assert not await site.messages()


async def test_media_need_no_message(site: HttpSite) -> None:
    await whatsapp_id(site, message=None, url_media="https://files.example.com/a.png")
    assert (await site.the_message()).text == ""


# -- the log ----------------------------------------------------------------------------------------
async def test_both_ways_are_in_the_log_the_one_that_was_asked_for_first(site: HttpSite) -> None:
    guid = await sent_id(site, sendwa="1")
    sms, whatsapp = (await result(site, "/log/sent/sms", guid_message=guid))["sms"]
    assert (sms["guid"], sms["send_with_whatsapp"], whatsapp["send_with_whatsapp"]) == (guid, "0", "1")


async def test_a_failure_is_told_by_metas_code(site: HttpSite) -> None:
    guid = await whatsapp_id(site)
    await bring(site, guid, State.FAILED, "WhatsApp (#131026) Message undeliverable")
    (row,) = (await result(site, "/log/sent/sms"))["sms"]
    assert (row["send_from_mobile"], row["send_from_mobile_erreur"], row["error_api"]) == ("0", "", "wa_131026")


async def test_a_failure_is_listed_with_the_errors_of_the_side_that_its_row_names(site: HttpSite) -> None:
    await bring(site, await whatsapp_id(site, message="by WhatsApp"), State.FAILED, "WhatsApp (#131026) Undeliverable")
    await site.bring(await sent_id(site, message="by SMS"), State.FAILED, "+CMS ERROR: 38")
    await sent_id(site, message="waits")

    async def listed(**params: str) -> list[tuple[str, str, str]]:
        rows = (await result(site, "/log/sent/sms", **params))["sms"]
        return [(row["message"], row["error_api"], row["send_from_mobile_erreur"]) for row in rows]

    whatsapp, sms = ("by WhatsApp", "wa_131026", ""), ("by SMS", "", "+CMS ERROR: 38")
    assert await listed(error_api="1") == [whatsapp]
    assert await listed(error_mobile="1") == [sms]
    assert await listed(error_api="1", error_mobile="1") == [sms, whatsapp]
    assert await listed(error_api="1", keyword="SMS") == []


async def test_deleting_takes_both_ways(site: HttpSite) -> None:
    guid = await sent_id(site, sendwa="1")
    await bring(site, (await site.messages())[1].id, State.SENT)
    await site.bring(guid, State.SENT)
    assert (await result(site, "/deletesms", guid_message=guid))["deleted"] == 2


# -- another try --------------------------------------------------------------------------------------
async def test_resends_the_way_by_whatsapp_of_a_message_that_went_by_both(site: HttpSite) -> None:
    guid = await sent_id(site, sendwa="1")
    whatsapp = (await site.messages())[1].id
    await bring(site, whatsapp, State.FAILED, "no")
    answer = await get(site, "/resendwa", guid=guid)
    assert (answer.json["result"]["sent"], answer.json["result"]["id"]) == ("1", whatsapp)
    assert [message.state for message in await site.messages()] == [State.QUEUED, State.QUEUED]


@pytest.mark.parametrize(("state", "force", "sent"), [
    (State.FAILED, "", "1"), (State.UNKNOWN, "", "0"), (State.UNKNOWN, "1", "1"), (State.SENT, "", "0"),
    (State.DELIVERED, "1", "0"),
])  # fmt: skip
async def test_resends_only_what_did_not_go_out(site: HttpSite, state: State, force: str, sent: str) -> None:
    guid = await whatsapp_id(site)
    await bring(site, guid, state, "why")
    told = (await get(site, "/resendwa", guid=guid, force=force)).json["result"]
    assert (told["sent"], told["error"]) == (sent, 0 if sent == "1" else "not_in_error")


async def test_an_sms_is_not_sent_again_by_whatsapp(site: HttpSite) -> None:
    guid = await sent_id(site)
    await site.bring(guid, State.FAILED, "no")
    assert (await get(site, "/resendwa", guid=guid)).json["error"] == "not_found"
    assert (await get(site, "/resendwa", guid="nonsense")).json["error"] == "not_found"


# -- what came in -------------------------------------------------------------------------------------
async def heard(site: HttpSite, text: str, media: str = "") -> None:
    await site.hear(text, line="shop", channel=Channel.WHATSAPP, media=media)
    site.clock.at += 60_000


async def test_whatsapp_and_sms_have_an_inbox_each(site: HttpSite) -> None:
    await site.hear("by SMS")
    await heard(site, "by WhatsApp")
    await heard(site, "[voice message]", "voice 4711")
    assert [row["message"] for row in (await result(site, "/getsms"))["sms"]] == ["by SMS"]
    voice, text = (await result(site, "/getwa"))["messages"]
    assert (text["message"], text["number"], text["message_type"]) == ("by WhatsApp", "+15550123", "text")
    assert (voice["message_type"], voice["is_voice_message"], voice["media_id"]) == ("audio", True, "4711")
    assert isinstance(text["timestamp_unix"], int)


async def test_the_inbox_is_asked_by_type_day_and_moment(site: HttpSite) -> None:
    first = site.clock.at
    await heard(site, "early")
    await heard(site, "[voice message]", "voice 1")
    asked: list[tuple[dict[str, Any], int]] = [
        ({"message_type": "audio"}, 1), ({"message_type": "text"}, 1), ({"before": first // 1000 + 30}, 1),
        ({"before": first + 30_000}, 1), ({"before": 5}, 0), ({"date": "2001-01-01"}, 0), ({"limit": 1}, 1),
    ]  # fmt: skip
    for params, count in asked:
        assert len((await result(site, "/getwa", **params))["messages"]) == count, params
    assert (await get(site, "/getwa", message_type="hologram")).json["error"] == "invalid_message_type"
    assert (await get(site, "/getwa", before="soon")).json["error"] == "invalid_before"


async def test_reading_is_switched_off_and_on_and_nothing_is_lost_meanwhile(site: HttpSite) -> None:
    assert (await get(site, "/getwa/active", statut="0")).json["read_message_active"] == 0
    await heard(site, "meanwhile")
    off = await result(site, "/getwa")
    assert (off["messages"], "statut=1" in off["note"]) == ([], True)
    assert (await get(site, "/getwa/active")).json["read_message_active"] == 1
    assert [row["message"] for row in (await result(site, "/getwa"))["messages"]] == ["meanwhile"]
    assert (await get(site, "/getwa/active", statut="2")).json["error"] == "invalid_statut"


async def test_there_is_nothing_to_synchronise(site: HttpSite) -> None:
    told = (await get(site, "/getwa/synchronisation")).json
    assert told["error"] == "0"
    assert told["messages"] == "synchronized"
    assert int(told["expire_at_unix"]) > site.clock.at // 1000
    assert {type(value) for value in told.values()} == {str}


# -- who has it ---------------------------------------------------------------------------------------
async def test_what_is_known_of_a_number_is_from_messages_of_before(site: HttpSite) -> None:
    async def known() -> str:
        return str((await result(site, "/whatsapp/checknumber", recipients=TO.lstrip("+")))["whatsapp"])

    assert await known() == "unknown"
    guid = await whatsapp_id(site)
    await bring(site, guid, State.FAILED, "WhatsApp (#131026) Message undeliverable")
    assert await known() == "0"
    site.clock.at += 1000
    await bring(site, await whatsapp_id(site), State.DELIVERED)
    assert await known() == "1"


async def test_the_number_that_was_asked_for_is_echoed_with_its_plus(site: HttpSite) -> None:
    assert (await get(site, "/whatsapp/checknumber", recipients=" 15550123")).json["result"]["recipients"] == TO


async def test_who_wrote_by_whatsapp_has_it(site: HttpSite) -> None:
    await heard(site, "hello")
    assert (await result(site, "/whatsapp/checknumber", recipients=TO))["whatsapp"] == "1"
    assert (await get(site, "/whatsapp/checknumber")).json["error"] == "missing_recipients"


async def test_a_stop_by_whatsapp_holds_for_whatsapp_alone_and_is_answered_there(site: HttpSite) -> None:
    await sent_id(site, sendwa="1")
    await heard(site, "STOP")
    await sent_id(site, sendwa="1")
    states = {(message.channel, message.state) for message in (await site.messages())[-2:]}
    answers = [message for message in await site.messages() if message.dialect not in ("smsmobile",)]
    assert (Channel.WHATSAPP, State.FAILED) in states
    assert (Channel.SMS, State.QUEUED) in states
    assert [answer.route for answer in answers] == ["@shop"] * len(answers)


@pytest.mark.parametrize(("format", "hears"), [("v1", 1), ("account_v1_inbound", 1), ("v2", 2)])
async def test_formats_for_received_sms_leave_out_what_came_by_whatsapp(
    site: HttpSite, format: str, hears: int
) -> None:
    endpoint = Endpoint("e1", "shop", "https://crm.example/hook", format, (MESSAGE_RECEIVED,), created_at=site.clock.at)
    await site.store.add_endpoint(endpoint, Author("test", site.clock.at))
    await heard(site, "by WhatsApp")
    await site.hear("by SMS")
    owed = (await site.store.ledger("shop", LedgerQuery())).rows
    assert len(owed) == hears


async def test_pulls_of_received_sms_leave_out_what_came_by_whatsapp(site: HttpSite) -> None:
    for number in range(3):
        await heard(site, f"by WhatsApp {number}")
    await site.hear("by SMS")
    assert [each.text for each in await site.gateway.pulls.received(site.account, 2)] == ["by SMS"]
    assert await site.gateway.pulls.received(site.account, 2) == []
