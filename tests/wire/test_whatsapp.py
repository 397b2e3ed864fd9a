"""WhatsApp from the vendor's call to the recipient and back: the real bridge, driver and HTTP, and an emulated Meta."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import UnknownLine
from bridge.model.account import Account
from bridge.model.line import LineState
from bridge.model.message import State
from tests.support.running import SHOP
from tests.support.waiting import until
from tests.support.whatsapp_site import LINE, WhatsappSite, on_whatsapp

ANA = "+15550150"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[WhatsappSite]:
    async with on_whatsapp(tmp_path) as made:
        yield made


async def whatsapp(site: WhatsappSite, text: str = "hello", to: str = ANA, **more: str) -> str:
    """Send by WhatsApp alone; the message's id."""
    return await site.bridge.send(to, text, waonly="yes", **more)


# -- out ------------------------------------------------------------------------------------------
async def test_a_message_goes_by_sms_and_by_whatsapp(site: WhatsappSite) -> None:
    form = {"apikey": site.bridge.keys["apikey"], "recipients": ANA, "message": "both ways", "sendwa": "1"}
    async with site.bridge.http.post(f"{site.bridge.url}/sendsms", data=form) as answer:
        result = (await answer.json())["result"]
    assert (result["error"], result["sent"], result["send_with_whatsapp"]) == (0, "1", "1")
    (by_whatsapp,) = await site.platform.handset(ANA).wait()
    (by_sms,) = await site.world.network.handset(ANA).wait()
    assert (by_whatsapp.text, by_sms.text) == ("both ways", "both ways")
    messages = await site.bridge.settled(State.DELIVERED)
    assert {message.line for message in messages} == {"line0", LINE}
    assert result["id"] in {message.id for message in messages}


async def test_a_message_goes_by_whatsapp_alone_as_the_vendor_writes_numbers(site: WhatsappSite) -> None:
    sent = await whatsapp(site, "grüße 😀\nzwei", ANA.lstrip("+"))
    (message,) = await site.platform.handset(ANA).wait()
    assert message.text == "grüße 😀\nzwei"
    assert (await site.bridge.became(sent, State.DELIVERED)).line == LINE
    assert site.world.network.handset(ANA).received == []


async def test_an_sms_never_goes_out_by_whatsapp(site: WhatsappSite) -> None:
    site.world.modems[0].unplug()
    await until(lambda: site.bridge.gateway.lines()[0].state is not LineState.READY)
    sent = await site.bridge.send(ANA, "an sms")
    await site.bridge.became(await whatsapp(site), State.DELIVERED)
    assert (await site.bridge.gateway.message(SHOP, sent)).state is State.QUEUED
    assert len(site.platform.posts) == 1


async def test_media_go_by_url_with_the_text_below(site: WhatsappSite) -> None:
    url = "https://files.example.com/menu%20today.pdf"
    await whatsapp(site, "today's menu", url_media=url)
    (message,) = await site.platform.handset(ANA).wait()
    assert (message.text, message.media) == ("today's menu", url)
    assert site.platform.posts[0].body["document"]["filename"] == "menu today.pdf"


async def test_an_archive_is_refused_and_nothing_is_sent(site: WhatsappSite) -> None:
    sent = await whatsapp(site, url_media="https://files.example.com/all.zip")
    assert ".zip" in (await site.bridge.became(sent, State.FAILED)).error
    assert site.platform.posts == []


# -- what is not known ------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "fault",
    [{"silent_next": 1}, {"reset_next": 1}, {"garbled_next": 1}],
    ids=["no answer", "connection reset", "broken answer"],
)
async def test_what_was_taken_without_an_answer_is_unknown_until_a_status_names_it(
    site: WhatsappSite, fault: dict[str, Any]
) -> None:
    site.platform.faults.status_delay = 4.0
    for name, value in fault.items():
        setattr(site.platform.faults, name, value)
    sent = await whatsapp(site)
    await site.bridge.became(sent, State.UNKNOWN)
    await site.bridge.became(sent, State.DELIVERED)
    assert len(site.platform.posts) == 1


@pytest.mark.parametrize("fault", [{"lost_next": 1}, {"pages_next": [502]}], ids=["no answer", "a page of a proxy"])
async def test_what_may_not_have_been_taken_stays_unknown_and_is_not_sent_again(
    site: WhatsappSite, fault: dict[str, Any]
) -> None:
    for name, value in fault.items():
        setattr(site.platform.faults, name, value)
    lost = await whatsapp(site, "the first")
    await site.bridge.became(lost, State.UNKNOWN)
    await site.bridge.became(await whatsapp(site, "the second"), State.DELIVERED)
    assert (await site.bridge.gateway.message(SHOP, lost)).state is State.UNKNOWN
    assert [post.body["text"]["body"] for post in site.platform.posts] == ["the first", "the second"]


async def test_a_status_settles_what_a_bridge_before_did_not_know(tmp_path: Path) -> None:
    async with on_whatsapp(tmp_path) as site:
        site.platform.faults.silent_next, site.platform.faults.statuses = 1, []
        sent = await whatsapp(site)
        await site.bridge.became(sent, State.UNKNOWN)
        reference = site.platform.posts[0].body["biz_opaque_callback_data"]
    async with on_whatsapp(tmp_path) as site:
        told = {
            "id": "wamid.late", "status": "read", "timestamp": "1780000000", "recipient_id": ANA.lstrip("+"),
            "biz_opaque_callback_data": reference,
        }  # fmt: skip
        site.platform.webhooks.tell("statuses", told)
        await site.bridge.became(sent, State.DELIVERED)


async def test_a_status_that_is_quicker_than_the_answer_counts(site: WhatsappSite) -> None:
    site.platform.faults.answer_delay = 0.3
    sent = await whatsapp(site)
    await site.bridge.became(sent, State.DELIVERED)


async def test_a_status_counts_that_came_while_an_answer_was_still_waited_for_in_vain(site: WhatsappSite) -> None:
    site.platform.faults.silent_next = 1
    sent = await whatsapp(site)
    await site.bridge.became(sent, State.DELIVERED)
    # the next message goes once the first has run out of patience
    await site.bridge.became(await whatsapp(site, "the next"), State.DELIVERED)
    assert (await site.bridge.gateway.message(SHOP, sent)).state is State.DELIVERED
    assert len(site.platform.posts) == 2


@pytest.mark.parametrize(
    "statuses", [["read"], ["delivered", "sent"], ["failed", "delivered"], ["delivered", "failed"]]
)
async def test_the_best_that_is_told_counts_in_whatever_order(site: WhatsappSite, statuses: list[str]) -> None:
    site.platform.faults.statuses, site.platform.faults.status_delay = statuses, 0.05
    site.platform.faults.twice = True
    sent = await whatsapp(site)
    told = site.platform.webhooks.delivered  # what happens at the same time in one request
    await until(lambda: sum(body.count(b'"status": ') for body in told) == 2 * len(statuses))
    assert (await site.bridge.became(sent, State.DELIVERED)).error == ""


# -- refusals ---------------------------------------------------------------------------------------
async def test_a_closed_window_is_said_whenever_it_is_told(site: WhatsappSite) -> None:
    site.platform.faults.always_open = False
    for late in (False, True):
        site.platform.faults.late_refusals = late
        failed = await site.bridge.became(await whatsapp(site), State.FAILED)
        assert "131047" in failed.error
        assert "template" in failed.error


async def test_a_template_carries_the_text_outside_the_window(tmp_path: Path) -> None:
    async with on_whatsapp(tmp_path, template="note", template_language="de") as site:
        site.platform.faults.always_open = False
        site.platform.faults.templates = {"note": 1}
        await site.bridge.became(await whatsapp(site, "line one\nline two"), State.DELIVERED)
        (message,) = await site.platform.handset(ANA).wait()
    assert (message.text, message.template) == ("line one line two", "note")
    assert [post.body["type"] for post in site.platform.posts] == ["text", "template"]


async def test_an_expired_token_parks_the_line_and_the_message_waits(site: WhatsappSite) -> None:
    site.platform.faults.token_expired = True
    sent = await whatsapp(site)
    parked = await until(
        lambda: next((line for line in site.bridge.gateway.lines() if line.state is LineState.PARKED), None)
    )
    assert parked is not None
    assert "access token" in parked.reason
    await site.bridge.became(sent, State.QUEUED)


async def test_who_has_no_whatsapp_is_said(site: WhatsappSite) -> None:
    site.platform.faults.without_whatsapp = {ANA}
    failed = await site.bridge.became(await whatsapp(site), State.FAILED)
    assert "not on WhatsApp" in failed.error


# -- in -----------------------------------------------------------------------------------------------
async def test_what_people_write_comes_in_once_though_it_is_told_twice(site: WhatsappSite) -> None:
    site.platform.faults.twice = True
    site.platform.handset(ANA).send("Grüß Gott 😀")
    await until(lambda: len(site.platform.webhooks.delivered) == 2)
    (received,) = await site.bridge.received(1)
    assert (received.sender, received.text, received.line) == (ANA, "Grüß Gott 😀", LINE)


async def post(site: WhatsappSite, body: bytes, **headers: str) -> int:
    """One webhook of anybody's; the status of the answer."""
    async with site.bridge.http.post(site.callback, data=body, headers=headers) as answer:
        return answer.status


async def test_nobody_else_can_tell_anything(site: WhatsappSite) -> None:
    site.platform.handset(ANA).send("the true one")
    await site.bridge.received(1)
    (genuine,) = await until(lambda: site.platform.webhooks.delivered)
    altered = genuine.replace(b"the true one", b"a false one!")
    signature = site.platform.webhooks.signature(genuine)
    assert await post(site, altered) == 403
    assert await post(site, altered, **{"X-Hub-Signature-256": signature}) == 403
    assert await post(site, genuine, **{"X-Hub-Signature-256": signature.upper()}) == 403
    assert await post(site, genuine, **{"X-Hub-Signature-256": signature}) == 200
    assert [received.text for received in await site.bridge.received(1)] == ["the true one"]


async def test_a_wrong_verify_token_is_refused(site: WhatsappSite) -> None:
    assert not await site.platform.webhooks.subscribe(site.callback, "guessed")


async def test_a_device_that_nobody_calls_says_so(site: WhatsappSite) -> None:
    for device, status in (("line0", 404), ("nobody", 404)):
        async with site.bridge.http.post(f"{site.bridge.url}/callbacks/{device}") as answer:
            assert answer.status == status


async def test_signed_nonsense_is_answered_so_that_it_does_not_come_again(site: WhatsappSite) -> None:
    for body in (b"{}", b"[1, 2", json.dumps({"object": "whatsapp_business_account", "entry": [1, {}]}).encode()):
        assert await post(site, body, **{"X-Hub-Signature-256": site.platform.webhooks.signature(body)}) == 200
    site.platform.handset(ANA).send("and then a true one")
    assert [received.text for received in await site.bridge.received(1)] == ["and then a true one"]


# -- the rest of the bridge -----------------------------------------------------------------------------
async def test_the_native_api_sends_by_the_line_that_is_named(site: WhatsappSite) -> None:
    order = {"to": ANA, "text": "look", "line": LINE, "media": "https://files.example.com/a.png"}
    headers = {"Authorization": f"Bearer {site.bridge.keys['apikey']}"}
    async with site.bridge.http.post(f"{site.bridge.url}/v1/messages", json=order, headers=headers) as answer:
        told = await answer.json()
    assert (told["channel"], told["media"]) == ("whatsapp", order["media"])
    await site.bridge.became(told["id"], State.DELIVERED)
    (message,) = await site.platform.handset(ANA).wait()
    assert (message.text, message.media) == ("look", order["media"])


async def test_the_doctor_says_what_meta_tells_and_whether_it_calls(site: WhatsappSite) -> None:
    async def findings() -> list[tuple[str, str]]:
        operator = Account("operator", operator=True)
        return [(found.level, found.message) for found in await site.bridge.gateway.examine(operator, LINE)]

    before = await findings()
    assert ("ok", "WhatsApp answers for +15550135 “Virtual Shop”") in before
    assert [level for level, message in before if "no signed webhook" in message] == ["warn"]
    site.platform.handset(ANA).send("hello")
    await site.bridge.received(1)
    assert [level for level, message in await findings() if "webhooks come in" in message] == ["ok"]
    site.platform.faults.token_only_sends = True
    assert any(level == "warn" and "may not ask" in message for level, message in await findings())
    site.platform.faults.token_expired = True
    assert any(level == "fail" and "access token" in message for level, message in await findings())


async def test_while_meta_is_away_messages_wait_and_none_is_lost(tmp_path: Path) -> None:
    async with on_whatsapp(tmp_path, check_interval=0.2) as site:
        site.platform.unplug()
        await until(lambda: site.bridge.gateway.lines()[-1].state is LineState.ABSENT)
        sent = await whatsapp(site)
        site.platform.handset(ANA).send("meanwhile")
        # a token that may not ask about the number is enough
        site.platform.faults.token_only_sends = True
        site.platform.replug()
        await site.bridge.became(sent, State.DELIVERED)
        assert [received.text for received in await site.bridge.received(1)] == ["meanwhile"]
        assert len(site.platform.posts) == 1


async def test_a_loop_back_is_an_sms_and_knows_sms_lines_alone(site: WhatsappSite) -> None:
    departures = await site.bridge.gateway.loop("", "")
    assert [(trip.sender, trip.receiver) for trip in departures.started] == [("line0", "line0")]
    with pytest.raises(UnknownLine, match=r"known lines: line0$"):
        await site.bridge.gateway.loop(LINE, "")


# -- what comes with a message --------------------------------------------------------------------------
VOICE = b"OggS" + bytes(range(256)) * 20


async def fetched(site: WhatsappSite) -> tuple[int, str, bytes]:
    """What the newest message's media are, through the native API: status, type, body."""
    received = (await site.bridge.received(1))[-1]
    headers = {"Authorization": f"Bearer {site.bridge.keys['apikey']}"}
    async with site.bridge.http.get(f"{site.bridge.url}/v1/inbox/{received.id}/media", headers=headers) as answer:
        return answer.status, answer.content_type, await answer.read()


async def test_a_voice_message_is_fetched_from_meta_when_it_is_asked_for(site: WhatsappSite) -> None:
    site.platform.bring_file(site.platform.handset(ANA), "audio", "audio/ogg; codecs=opus", VOICE, voice=True)
    assert await fetched(site) == (200, "audio/ogg", VOICE)
    key = {"apikey": site.bridge.keys["apikey"]}
    async with site.bridge.http.get(f"{site.bridge.url}/getwa", params=key) as answer:
        (row,) = (await answer.json())["result"]["messages"]
    assert (row["message"], row["is_voice_message"]) == ("[voice message]", True)
    async with site.bridge.http.get(f"{site.bridge.url}{row['media']}", params=key) as answer:
        assert (answer.status, await answer.read()) == (200, VOICE)


@pytest.mark.parametrize("fault", [{"media_gone": True}, {"media_altered": True}])
async def test_what_meta_does_not_give_out_as_it_was_sent_is_not_there(
    site: WhatsappSite, fault: dict[str, Any]
) -> None:
    site.platform.bring_file(site.platform.handset(ANA), "image", "image/png", b"\x89PNG")
    for name, value in fault.items():
        setattr(site.platform.faults, name, value)
    assert (await fetched(site))[0] == 404


async def test_the_token_is_shown_to_no_other_host(site: WhatsappSite) -> None:
    seen: list[bytes] = []

    async def stranger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(1000))
        writer.close()

    site.platform.bring_file(site.platform.handset(ANA), "image", "image/png", b"\x89PNG")
    server = await asyncio.start_server(stranger, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        for url in (f"http://127.0.0.1:{port}/", f"https://fbsbx.com.example:{port}/", "nonsense"):
            site.platform.faults.media_elsewhere = url
            assert (await fetched(site))[0] == 404
    assert seen == []


async def test_media_cannot_be_had_while_meta_is_away_and_of_texts_there_are_none(site: WhatsappSite) -> None:
    site.platform.handset(ANA).send("a text")
    await site.bridge.received(1)
    assert (await fetched(site))[0] == 404
    site.platform.bring_file(site.platform.handset(ANA), "image", "image/png", b"\x89PNG")
    await site.bridge.received(2)
    site.platform.unplug()
    assert (await fetched(site))[0] == 409
