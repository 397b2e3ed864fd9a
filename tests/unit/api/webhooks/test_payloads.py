import json
import subprocess
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from api.webhooks.payloads import LONGEST_BODY, TYPES, Format, formats
from api.webhooks.signing import sign
from bridge.errors import BadRequest
from bridge.model import event as events
from bridge.model.event import Event, call_data, message_data, received_data, typed_data
from bridge.model.inbox import CallKind, LoggedCall, Received, TypedMessage
from bridge.model.line import Channel
from bridge.model.message import Message, State
from bridge.model.payload_format import FORMATS as KNOWN
from bridge.model.webhook import Delivery, DeliveryState, Endpoint

AT = 1_790_164_800_000  # 2026-09-23T12:00:00Z
ENDPOINT = Endpoint(id="e1", account="shop", url="https://example.com/hook", secret="test-secret")
FORMATS = formats()

RECEIVED = Received(
    id="0f4c2a51-7d0e-4d83-9a55-6c1b8f0e2d11", line="office-phone-1:2", device="office-phone-1", sender="+15550100",
    text="Çay hazır 😀", sent_at=AT - 2_500, received_at=AT,
)  # fmt: skip
MESSAGE = Message(
    id="5f" * 20, account="shop", recipient="+15550101", written="555-0101", text="Hello", state=State.SENT,
    created_at=AT, updated_at=AT, due_at=AT, line="office-phone-1:2", slot=2, sent_at=AT + 1_234,
)  # fmt: skip

TYPED = TypedMessage("ab-1", "office-phone-1:2", "office-phone-1", "+15550102", "On my way", AT, AT + 900)
CALL = LoggedCall(
    "ab-2", "office-phone-1", "office-phone-1", CallKind.MISSED, "+15550103", "Taylor", AT, 42, AT + 900
)  # fmt: skip


def event(name: str, data: dict[str, object], at: int = AT + 1_000) -> Event:
    return Event(7, "8e9a1207-e3a4-4550-a4af-3dad6cff5108", name, "shop", at, "x", data)


def delivery(name: str = events.MESSAGE_RECEIVED) -> Delivery:
    return Delivery(
        "d-1", 1, "e1", "shop", "8e9a1207-e3a4-4550-a4af-3dad6cff5108", name, DeliveryState.OWED, 0, AT, AT
    )  # fmt: skip


HEARD = event(events.MESSAGE_RECEIVED, received_data(RECEIVED))


class TestV1:
    def test_is_flat_and_has_these_bytes(self) -> None:
        assert FORMATS["v1"].render(HEARD).decode() == (
            '{"date":"2026-09-23","hour":"12:00:01","time_received":"2026-09-23 12:00:00",'
            '"message":"Çay hazır 😀","number":"+15550100","guid":"0F4C2A51-7D0E-4D83-9A55-6C1B8F0E2D11"}'
        )

    def test_tells_local_time_when_a_zone_is_configured(self) -> None:
        flat = json.loads(formats(ZoneInfo("Asia/Shanghai"))["v1"].render(HEARD))
        assert (flat["hour"], flat["time_received"]) == ("20:00:01", "2026-09-23 20:00:00")

    def test_has_no_words_for_anything_but_a_received_sms(self) -> None:
        assert FORMATS["v1"].events == {events.MESSAGE_RECEIVED}
        with pytest.raises(BadRequest, match=r"no words for message\.sent"):
            FORMATS["v1"].render(event(events.MESSAGE_SENT, message_data(MESSAGE)))

    def test_is_not_signed(self) -> None:
        assert FORMATS["v1"].headers(ENDPOINT, delivery(), b"{}", 1) == {"Content-Type": "application/json"}


class TestV2:
    def test_tells_of_a_received_sms_in_these_bytes(self) -> None:
        assert FORMATS["v2"].render(HEARD).decode() == (
            '{"id":"8e9a1207-e3a4-4550-a4af-3dad6cff5108","type":"sms.received","api_version":"2026-09-22",'
            '"created_at":"2026-09-23T12:00:01Z","occurred_at":"2026-09-23T12:00:00Z","data":'
            '{"guid":"0F4C2A51-7D0E-4D83-9A55-6C1B8F0E2D11","from":"+15550100","message":"Çay hazır 😀",'
            '"received_at":"2026-09-23T12:00:00Z","alias":"","device_id":"office-phone-1"}}'
        )

    def test_tells_of_a_sent_message_in_these_bytes(self) -> None:
        assert FORMATS["v2"].render(event(events.MESSAGE_SENT, message_data(MESSAGE))).decode() == (
            '{"id":"8e9a1207-e3a4-4550-a4af-3dad6cff5108","type":"sms.sent","api_version":"2026-09-22",'
            '"created_at":"2026-09-23T12:00:01Z","occurred_at":"2026-09-23T12:00:01Z","data":'
            '{"guid":"' + "5f" * 20 + '","to":"+15550101","message":"Hello","device_id":"office-phone-1","port":2,'
            '"status":"sent","error":"","sent_at":"2026-09-23T12:00:01Z"}}'
        )

    def test_says_null_for_what_is_not_known_yet(self) -> None:
        queued = replace(MESSAGE, state=State.QUEUED, sent_at=0, slot=0, line="")
        data = json.loads(FORMATS["v2"].render(event(events.MESSAGE_SUBMITTED, message_data(queued))))["data"]
        assert (data["sent_at"], data["port"], data["device_id"]) == (None, None, "")

    def test_tells_of_a_line_in_our_own_words(self) -> None:
        told = json.loads(FORMATS["v2"].render(event(events.LINE_CHANGED, {"name": "office", "state": "parked"})))
        assert (told["type"], told["data"]) == ("line.changed", {"name": "office", "state": "parked"})

    def test_tells_of_an_sms_typed_on_the_phone(self) -> None:
        told = json.loads(FORMATS["v2"].render(event(events.MESSAGE_TYPED, typed_data(TYPED))))
        assert (told["type"], told["occurred_at"]) == ("sms.mobile.sent", "2026-09-23T12:00:00Z")
        assert told["data"] == {
            "guid": "AB-1", "to": "+15550102", "message": "On my way", "device_id": "office-phone-1", "port": None,
            "status": "sent", "error": "", "sent_at": "2026-09-23T12:00:00Z",
        }  # fmt: skip

    @pytest.mark.parametrize("kind", ["missed", "incoming", "outgoing"])
    def test_tells_of_a_call_in_local_time(self, kind: str) -> None:
        heard = event(f"call.{kind}", call_data(CALL))
        told = json.loads(formats(ZoneInfo("Asia/Shanghai"))["v2"].render(heard))
        assert (told["type"], told["occurred_at"]) == (f"call.{kind}", "2026-09-23T12:00:00Z")
        assert told["data"] == {
            "guid": "AB-2", "number": "+15550103", "name": "Taylor", "duration_seconds": 42,
            "device_id": "office-phone-1", "call_at": "2026-09-23 20:00:00",
        }  # fmt: skip

    @pytest.mark.parametrize("name", sorted({*events.NAMES, *TYPES}))
    def test_has_words_and_the_six_keys_for_every_event(self, name: str) -> None:
        data = message_data(MESSAGE) | received_data(RECEIVED)
        data |= typed_data(TYPED) | call_data(CALL)
        told = json.loads(FORMATS["v2"].render(event(name, data)))
        assert list(told) == ["id", "type", "api_version", "created_at", "occurred_at", "data"]
        assert told["type"] == TYPES[name]

    def test_has_these_headers(self) -> None:
        headers = FORMATS["v2"].headers(ENDPOINT, delivery(), b"{}", 1_790_164_801)
        assert headers == {
            "Content-Type": "application/json",
            "X-SMSMobileAPI-Event": "sms.received",
            "X-SMSMobileAPI-Event-ID": "8e9a1207-e3a4-4550-a4af-3dad6cff5108",
            "X-SMSMobileAPI-Delivery": "d-1",
            "X-SMSMobileAPI-Timestamp": "1790164801",
            "X-SMSMobileAPI-Signature": sign("test-secret", 1_790_164_801, b"{}"),
            "Idempotency-Key": "8e9a1207-e3a4-4550-a4af-3dad6cff5108",
        }

    def test_signs_along_with_the_next_secret_during_a_rotation(self) -> None:
        rotating = replace(ENDPOINT, next_secret="new-secret")
        headers = FORMATS["v2"].headers(rotating, delivery(), b"{}", 9)
        assert headers["X-SMSMobileAPI-Signature"] == sign("test-secret", 9, b"{}")
        assert headers["X-SMSMobileAPI-Signature-Next"] == sign("new-secret", 9, b"{}")


def test_half_a_surrogate_pair_holds_no_message_back() -> None:
    broken = event(events.MESSAGE_RECEIVED, received_data(replace(RECEIVED, text="a\ud83d b")))
    assert json.loads(FORMATS["v2"].render(broken))["data"]["message"] == "a? b"


def test_a_body_is_the_same_bytes_whenever_asked() -> None:
    assert len({FORMATS["v2"].render(HEARD) for _ in range(3)}) == 1


def test_refuses_a_body_that_receivers_would_not_read() -> None:
    endless = Format(frozenset({events.LINE_CHANGED}), lambda *_: b"x" * (LONGEST_BODY + 1), lambda *_: {})
    with pytest.raises(BadRequest, match="longer than 1000000 bytes"):
        endless.render(event(events.LINE_CHANGED, {}))


@pytest.mark.needs("openssl")
def test_openssl_agrees_on_a_body_of_ours() -> None:
    body = FORMATS["v2"].render(HEARD)
    command = ["openssl", "dgst", "-sha256", "-hmac", "test-secret"]
    told = subprocess.run(command, input=b"1790164801." + body, capture_output=True, check=True).stdout
    assert sign("test-secret", 1790164801, body) == "v1=" + told.split()[-1].decode()


def test_has_a_body_for_every_format_that_an_endpoint_may_have_and_each_event_of_it() -> None:
    assert set(FORMATS) == set(KNOWN)
    for name, wording in KNOWN.items():
        assert FORMATS[name].events == wording.events
    assert KNOWN["v2"].events == set(TYPES)


class TestWhatsapp:
    def test_what_comes_by_whatsapp_has_the_vendors_shape_for_it(self) -> None:
        voice = replace(RECEIVED, channel=Channel.WHATSAPP, media="voice 4711")
        body = FORMATS["v2"].render(event(events.MESSAGE_RECEIVED, received_data(voice)))
        told = json.loads(body)
        assert told["type"] == "whatsapp.received"
        assert set(told["data"]) == {
            "guid", "data_id", "from", "contact_name", "message", "is_voice_message", "received_at",
        }  # fmt: skip
        assert told["data"]["is_voice_message"] is True

    @pytest.mark.parametrize("route", ["@", "@shop"])
    def test_what_goes_by_whatsapp_has_its_types_in_body_and_header(self, route: str) -> None:
        message = replace(MESSAGE, route=route)
        body = FORMATS["v2"].render(event(events.MESSAGE_SENT, message_data(message)))
        assert json.loads(body)["type"] == "whatsapp.sent"
        headers = FORMATS["v2"].headers(ENDPOINT, delivery(events.MESSAGE_SENT), body, AT // 1000)
        assert headers["X-SMSMobileAPI-Event"] == "whatsapp.sent"

    def test_an_event_of_before_there_was_whatsapp_is_an_sms(self) -> None:
        old = {key: value for key, value in message_data(MESSAGE).items() if key not in ("channel", "media")}
        assert json.loads(FORMATS["v2"].render(event(events.MESSAGE_SENT, old)))["type"] == "sms.sent"
