"""What Alibaba's pushes and details say, as its pages print them."""

import json
from typing import Any

import pytest

from bridge.model.message import State
from device_drivers._cloud.news import Report, Written
from device_drivers.aliyun.updates import details, international, read

RECEIPT = {
    "phone_number": "13800138000", "send_time": "2026-10-17 08:03:01", "report_time": "2026-10-17 08:03:04",
    "success": True, "err_code": "DELIVERED", "err_msg": "用户接收成功", "sms_size": "1",
    "biz_id": "932702304080415357^0", "out_id": "m1.1",
}  # fmt: skip
SMS = {
    "phone_number": "13800138000", "content": "TD", "send_time": "2026-10-17 08:03:04", "dest_code": "1069",
    "sequence_id": 1234567890,
}  # fmt: skip
DETAIL = {
    "PhoneNum": "13800138000", "SendStatus": 3, "ErrCode": "DELIVERED", "TemplateCode": "SMS_1",
    "SendDate": "2026-10-17 08:03:01", "ReceiveDate": "2026-10-17 08:03:04", "OutId": "m1.1",
}  # fmt: skip
AT = 1_792_195_384_000


def told(value: Any) -> Any:
    return read(json.dumps(value).encode())


def test_a_receipt_is_a_report() -> None:
    wanted = Report(RECEIPT["biz_id"], "+8613800138000", State.DELIVERED, "DELIVERED 用户接收成功", AT, ours="m1.1")
    assert told([RECEIPT]) == [wanted]
    [failed] = told([RECEIPT | {"success": False, "err_code": "MOBILE_NOT_ON_SERVICE"}])
    assert (failed.state, failed.detail.split()[0]) == (State.FAILED, "MOBILE_NOT_ON_SERVICE")


def test_a_received_sms_has_its_sequence_as_text_or_as_a_number() -> None:
    wanted = Written("1234567890", "+8613800138000", "TD", AT)
    assert told([SMS]) == told([SMS | {"sequence_id": "1234567890"}]) == [wanted]


@pytest.mark.parametrize(("status", "states"), [("1", [State.DELIVERED]), (2, [State.FAILED]), (6, [])])
def test_a_receipt_from_abroad_has_another_shape(status: Any, states: list[State]) -> None:
    abroad = {"To": "15550100", "Status": status, "MessageId": "x1", "ReceiveDate": "2026-10-17 08:03:04"}
    found = told([abroad])
    assert [(each.state, each.recipient, each.id) for each in found] == [(each, "+15550100", "x1") for each in states]


def test_details_are_those_since_the_message() -> None:
    [report] = details([DETAIL], 0)
    assert (report.id, report.ours, report.state, report.at, report.taken_at) == (
        "",
        "m1.1",
        State.DELIVERED,
        AT,
        AT - 3000,
    )
    assert details([DETAIL], AT) == []
    assert [each.state for each in details([DETAIL | {"SendStatus": each} for each in ("1", 2, 9)], 0)] == [
        State.SENT, State.FAILED,
    ]  # fmt: skip
    assert details(None, 0) == []


@pytest.mark.parametrize("body", [b"", b"{}", b"7", b"[" * 100_000])
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|Expecting|no list|neither|nested"):
        read(body)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("13800138000", "+8613800138000"), ("8613800138000", "+8613800138000"), ("+15550100", "+15550100"),
        ("15550100", "+15550100"), ("447700900123", "+447700900123"), ("0015550100", "+15550100"),
        ("12125550100", "+12125550100"),
    ],
)  # fmt: skip
def test_numbers_come_with_or_without_a_country_code(written: str, number: str) -> None:
    assert international(written) == number
