"""What the parameters of `/sendsms` do."""

from pathlib import Path

import pytest

from bridge.model.message import State
from tests.support.clocks import START
from tests.support.http_site import CREDENTIALS, LINES, Answer, HttpSite, open_site
from tests.support.smsmobile_calls import TO, get, send, sent_id

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def assert_refused(answer: Answer, code: str, status: int = 400) -> str:
    """Both shapes of an error, and nothing that looks like a success; returns the sentence."""
    assert answer.status == status
    body = answer.json
    result = body["result"]
    assert (body["error"], result["error"], result["sent"], result["id"]) == (code, code, "api_error", "")
    assert body["message"] == result["note"]
    return str(body["message"])


@pytest.mark.parametrize("missing", ["recipients", "message", "apikey"])
async def test_names_the_parameter_that_is_missing(site: HttpSite, missing: str) -> None:
    for absent in (None, ""):
        sentence = assert_refused(await send(site, **{missing: absent}), f"missing_{missing}")
        assert missing in sentence
    assert not await site.messages()


async def test_says_what_is_wrong_with_the_json_when_that_is_why_something_is_missing(site: HttpSite) -> None:
    headers = {"Content-Type": "application/json"}
    answer = await site.ask("POST", "/sendsms", data=b'{"apikey": "x', headers=headers)
    assert "The request body is not JSON: Unterminated string" in assert_refused(answer, "invalid_body")


@pytest.mark.parametrize("written", ["shop", "+1555abc", "1", "+1555012345678901234567", "🙂"])
async def test_refuses_what_is_no_number(site: HttpSite, written: str) -> None:
    assert_refused(await send(site, recipients=written), "invalid_recipients")


async def test_refuses_several_numbers_and_says_what_to_do(site: HttpSite) -> None:
    sentence = assert_refused(await send(site, recipients="+15550123,+15550124"), "invalid_recipients")
    assert "one request for each" in sentence


@pytest.mark.parametrize("text", [" ", "x\x00y", "x" * 40_000])
async def test_refuses_a_text_that_cannot_be_sent(site: HttpSite, text: str) -> None:
    assert_refused(await send(site, message=text), "invalid_message")


async def test_refuses_a_value_that_is_not_text_where_it_looks(site: HttpSite) -> None:
    for odd in (["a"], {"a": 1}, "\ud83d"):
        form = {"apikey": "b7" * 24, "recipients": TO, "message": odd}
        assert_refused(await site.ask("POST", "/sendsms", json=form), "invalid_message")
    assert not await site.messages()


async def test_keeps_the_origin_tag_and_the_text_as_written(site: HttpSite) -> None:
    text = "  Two lines,\nwith 🙂 and trailing blanks  "
    await sent_id(site, message=text, **{"from": "t" * 300})
    message = await site.the_message()
    assert (message.text, message.tag) == (text, "t" * 256)


class TestScheduling:
    async def test_waits_until_the_moment_given_in_unix_seconds(self, site: HttpSite) -> None:
        moment = START // 1000 + 3600
        await sent_id(site, schedule_timestamp=str(moment))
        message = await site.the_message()
        assert (message.state, message.not_before) == (State.SCHEDULED, moment * 1000)

    @pytest.mark.parametrize("written", ["", "0", "-5", "1000000000", str(START // 1000)])
    async def test_sends_at_once_what_is_due_already(self, site: HttpSite, written: str) -> None:
        await sent_id(site, schedule_timestamp=written)
        assert (await site.the_message()).state is State.QUEUED

    async def test_says_that_seconds_are_expected_when_given_milliseconds(self, site: HttpSite) -> None:
        answer = await send(site, schedule_timestamp=str(START + 3_600_000))
        sentence = assert_refused(answer, "invalid_schedule_timestamp")
        assert "in seconds" in sentence
        assert "milliseconds" in sentence
        assert not await site.messages()

    @pytest.mark.parametrize("written", ["tomorrow", "1774040864.5", "1e9", "٣٣", "9999999999", "1" * 5000])
    async def test_refuses_what_is_no_such_moment(self, site: HttpSite, written: str) -> None:
        assert_refused(await send(site, schedule_timestamp=written), "invalid_schedule_timestamp")


class TestChoosingAPhone:
    @pytest.mark.parametrize("spelling", ["sIdentifiant", "sidentifiant", "sIdentifiantPhone", "sid", "SID"])
    async def test_takes_every_spelling_of_the_parameter(self, site: HttpSite, spelling: str) -> None:
        await sent_id(site, **{spelling: "office"})
        assert (await site.the_message()).route == "office"

    @pytest.mark.parametrize("plus", ["+", "%2B"])
    async def test_takes_the_number_of_a_phone_with_a_raw_plus_too(self, site: HttpSite, plus: str) -> None:
        form = f"apikey={CREDENTIALS['apikey']}&recipients={plus}15550123&message=x&sIdentifiant={plus}15550100"
        answer = await site.ask("POST", "/sendsms", data=form.encode(), headers=FORM)
        assert (answer.status, (await site.the_message()).route) == (200, "office")

    async def test_names_the_known_phones_when_asked_for_another(self, site: HttpSite) -> None:
        sentence = assert_refused(await send(site, sIdentifiant="attic"), "unknown_sidentifiant")
        assert all(line.name in sentence for line in LINES)

    async def test_takes_the_slot_of_a_phone_and_tells_it_back(self, site: HttpSite) -> None:
        answer = await send(site, sIdentifiant="duo", port="2")
        assert answer.json["result"]["port"] == 2
        message = await site.the_message()
        assert (message.route, message.slot) == ("duo:2", 2)

    async def test_says_that_no_phone_has_such_a_slot(self, tmp_path: Path) -> None:
        async with open_site(tmp_path, lambda: LINES[:1]) as one:
            sentence = assert_refused(await send(one, port="2"), "unknown_sidentifiant")
            assert sentence == "no line has SIM slot 2; known lines: office"

    async def test_names_the_known_phones_when_one_has_no_such_slot(self, site: HttpSite) -> None:
        sentence = assert_refused(await send(site, sIdentifiant="office", port="2"), "unknown_sidentifiant")
        assert "duo:2" in sentence

    @pytest.mark.parametrize("written", ["3", "0", "auto", "-1", "1.0"])
    async def test_refuses_what_is_no_slot(self, site: HttpSite, written: str) -> None:
        assert "1 or 2" in assert_refused(await send(site, port=written), "invalid_port")


class TestChannels:
    @pytest.mark.parametrize("asked", [{}, {"sendsms": "1"}, {"sendsms": "yes", "sendwa": "no"}, {"waonly": "0"}])
    async def test_sends_by_sms_unless_told_otherwise(self, site: HttpSite, asked: dict[str, str]) -> None:
        assert (await send(site, **asked)).json["result"]["note"] == "sent by mobile"

    @pytest.mark.parametrize("asked", [{"sendwa": "1"}, {"sendwa": "true", "sendsms": "1"}])
    async def test_sends_the_sms_half_and_tells_of_the_other(self, site: HttpSite, asked: dict[str, str]) -> None:
        answer = (await send(site, **asked)).json["result"]
        assert (answer["error"], answer["sent"], answer["send_with_whatsapp"]) == (0, "1", "0")
        assert "not by WhatsApp" in answer["note"]

    @pytest.mark.parametrize(
        "asked", [{"waonly": "yes"}, {"waonly": "1", "sendsms": "1"}, {"sendwa": "1", "sendsms": "0"}]
    )
    async def test_refuses_what_was_to_go_by_whatsapp_alone(self, site: HttpSite, asked: dict[str, str]) -> None:
        assert_refused(await send(site, **asked), "whatsapp_not_connected")
        assert not await site.messages()

    async def test_finds_waonly_in_the_query_of_a_form_post(self, site: HttpSite) -> None:
        assert_refused(await send(site, "/sendsms/?waonly=yes"), "whatsapp_not_connected")

    async def test_both_channels_0_is_an_sms_as_the_vendors_command_line_means_it(self, site: HttpSite) -> None:
        assert (await send(site, sendsms="0", sendwa="0")).json["result"]["note"] == "sent by mobile"
        assert len(await site.messages()) == 1

    async def test_refuses_a_flag_that_is_neither_yes_nor_no(self, site: HttpSite) -> None:
        assert_refused(await send(site, sendsms="perhaps"), "invalid_sendsms")


class TestExtras:
    EXTRAS = ("shorturl", "encrypt_message", "url_media", "pdf_with_image", "url_media_shorted")

    @pytest.mark.parametrize("extra", EXTRAS)
    @pytest.mark.parametrize("value", ["1", "yes", "https://shop.example/a.pdf"])
    async def test_refuses_rather_than_forgets_what_it_cannot_do(self, site: HttpSite, extra: str, value: str) -> None:
        assert_refused(await send(site, **{extra: value}), f"{extra}_not_supported")
        assert not await site.messages()

    @pytest.mark.parametrize("value", ["0", "no", "", "false", " No "])
    async def test_is_content_when_nothing_is_asked_for(self, site: HttpSite, value: str) -> None:
        assert (await send(site, **dict.fromkeys(self.EXTRAS, value))).status == 200


async def test_sends_once_what_is_repeated_with_the_same_idempotency_key(site: HttpSite) -> None:
    form = {"apikey": "b7" * 24, "recipients": TO, "message": "once"}
    answers = [await site.ask("POST", "/sendsms", data=form, headers={"Idempotency-Key": "order-17"}) for _ in range(2)]
    assert answers[0].body == answers[1].body
    assert (await site.the_message()).text == "once"
    other = await site.ask(
        "POST", "/sendsms", data=form | {"message": "other"}, headers={"Idempotency-Key": "order-17"}
    )
    assert_refused(other, "idempotency_conflict", 409)


async def test_local_dates_follow_the_configured_zone(tmp_path_factory: pytest.TempPathFactory) -> None:
    options = {"smsmobile": {"timezone": "Europe/Brussels"}}
    async with open_site(tmp_path_factory.mktemp("zone"), options=options) as site:
        answer = (await send(site)).json["result"]
        assert answer["datetime"] == "2026-03-20T21:07:44Z"
        assert answer["datetimeLocal"] == "2026-03-20T22:07:44+01:00"
        (row,) = (await get(site, "/log/sent/sms")).json["result"]["sms"]
        assert (row["date"], row["hour"], row["timestamp_unix"]) == ("2026-03-20", "22:07:44", START // 1000)


@pytest.mark.parametrize("name", ["sendwa", "sendsms", "waonly"])
async def test_a_flag_that_is_none_queues_nothing(site: HttpSite, name: str) -> None:
    assert_refused(await send(site, **{name: "00"}), f"invalid_{name}")
    assert not await site.messages()
