"""What a site's events tell."""

from typing import Any

import pytest

from bridge.model.message import State
from bridge.model.radio import Call, InboundPart, InboundReport, Typed
from device_drivers.bridge_remote.lines import moment
from device_drivers.bridge_remote.news import received, report
from device_drivers.bridge_remote.stream import News

LINES = {"office": "shop2:office"}
AT = "2026-11-20T22:48:32.123Z"
SMS = {"id": "u1", "from": "+15550123", "text": "hi", "line": "office", "sent_at": AT, "received_at": AT}


def news(name: str, /, **data: Any) -> News:
    return News(7, name, AT, data)


def test_an_sms_comes_with_its_times_by_our_clock() -> None:
    item = received(news("message.received", **SMS), LINES, 1_000)
    assert item == InboundPart(
        "shop2:office", "u1", "+15550123", "hi", sent_at=moment(AT), received_at=moment(AT) - 1_000
    )


def test_one_with_gaps_is_another_than_the_whole() -> None:
    item = received(news("message.received", **SMS, partial=True), LINES, 0)
    assert isinstance(item, InboundPart)
    assert item.slot == "u1:partial"


def test_what_could_not_be_decoded_comes_too() -> None:
    item = received(news("message.received", **{**SMS, "text": ""}, data="0791", error="no PDU"), LINES, 0)
    assert isinstance(item, InboundPart)
    assert (item.data, item.error) == ("0791", "no PDU")


@pytest.mark.parametrize("kind", ["missed", "incoming", "outgoing"])
def test_a_call_comes(kind: str) -> None:
    told = {"id": "c1", "number": "", "name": "Ana", "duration_seconds": 5, "line": "office", "call_at": AT}
    expected = Call("shop2:office", "c1", kind, "", "Ana", moment(AT), 5)
    assert received(news(f"call.{kind}", **told), LINES, 0) == expected


def test_what_was_typed_on_a_phone_comes() -> None:
    told = {"id": "t1", "to": "+15550123", "text": "typed", "line": "office", "sent_at": AT}
    item = received(news("message.typed", **told), LINES, 0)
    assert item == Typed("shop2:office", "t1", "+15550123", "typed", moment(AT))


def test_what_is_of_another_line_or_of_no_line_is_left_out() -> None:
    assert received(news("message.received", **{**SMS, "line": "private"}), LINES, 0) is None
    assert received(news("notification.sent", title="x"), LINES, 0) is None


@pytest.mark.parametrize(
    ("state", "sent_at", "told"),
    [("delivered", AT, State.DELIVERED), ("failed", AT, State.FAILED), ("failed", None, None), ("sent", AT, None)],
)
def test_a_report_is_of_what_was_sent(state: str, sent_at: str | None, told: State | None) -> None:
    data = {"to": "+15550123", "state": state, "sent_at": sent_at, "error": "absent"}
    found = report(news(f"message.{state}", **data), "shop2:office", "m.1.1")
    if told is None:
        assert found is None
        return
    assert isinstance(found, InboundReport)
    assert (found.state, found.recipient, found.detail, found.at) == (told, "+15550123", "absent", moment(AT))
