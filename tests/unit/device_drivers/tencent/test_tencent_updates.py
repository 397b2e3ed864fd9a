"""What Tencent's callbacks and pulls say, as its pages print them."""

import json
from typing import Any

import pytest

from bridge.model.message import State
from device_drivers._cloud.news import Report, Written
from device_drivers.tencent.updates import pulled_reports, read

STATUS = {
    "user_receive_time": "2026-10-17 08:03:04", "nationcode": "86", "mobile": "13800138000",
    "report_status": "SUCCESS", "errmsg": "DELIVRD", "description": "用户短信送达成功", "sid": "8:xpEUHQEBhGLUEIwIcxA",
}  # fmt: skip
REPLY = {"extend": "00", "mobile": "13800138000", "nationcode": "86", "sign": "签名", "text": "TD", "time": 1457336869}


def told(value: Any) -> Any:
    return read(json.dumps(value).encode())


def test_a_status_is_a_report_in_the_time_of_beijing() -> None:
    assert told([STATUS]) == [
        Report(STATUS["sid"], "+8613800138000", State.DELIVERED, "DELIVRD 用户短信送达成功", 1_792_195_384_000)
    ]


def test_a_failure_says_the_carriers_word_and_a_label_comes_back() -> None:
    [report] = told([STATUS | {"report_status": "FAIL", "errmsg": "MK:0001", "ext": "m1.1"}])
    assert (report.state, report.detail.split()[0], report.ours) == (State.FAILED, "MK:0001", "m1.1")


def test_a_reply_is_an_sms_that_has_one_name_each_time() -> None:
    [first], [again], [other] = told(REPLY), told(REPLY), told(REPLY | {"text": "Hi"})
    assert first == again
    assert first == Written(first.id, "+8613800138000", "TD", 1_457_336_869_000)
    assert other.id != first.id


def test_what_is_strange_in_a_list_is_left_out() -> None:
    assert told([STATUS | {"report_status": "MAYBE"}, {}, 7, None, STATUS | {"sid": ""}]) == []


@pytest.mark.parametrize("body", [b"", b"{", b"7", b"{}", b'"x"', b"[" * 100_000])
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|Expecting|no list|neither|nested"):
        read(body)


def test_what_is_pulled_has_numbers_in_e164() -> None:
    entry = {
        "UserReceiveTime": 1457336869, "CountryCode": "86", "SubscriberNumber": "13800138000",
        "PhoneNumber": "+8613800138000", "SerialNo": "s1", "ReportStatus": "FAIL", "Description": "UNDELIV",
        "SessionContext": None,
    }  # fmt: skip
    assert pulled_reports([entry]) == [Report("s1", "+8613800138000", State.FAILED, "UNDELIV", 1_457_336_869_000)]
    assert pulled_reports(None) == []
