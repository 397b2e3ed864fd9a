"""What is said about the options of cloud providers."""

from typing import Any

import pytest

from bridge.ports.driver import Device, Driver
from device_drivers._cloud.options import may_call
from device_drivers.aliyun import DRIVER as ALIYUN
from device_drivers.tencent import DRIVER as TENCENT

GOOD: dict[str, dict[str, Any]] = {
    "tencent": {
        "secret_id": "AKID", "secret_key": "key", "sdk_app_id": "1400006666", "sign_name": "签名",
        "templates": {"1110": "您的验证码是{1},{2}分钟内有效"},
    },
    "aliyun": {
        "access_key_id": "LTAI", "access_key_secret": "key", "sign_name": "签名",
        "templates": {"SMS_1": "您的验证码是${code}"},
    },
}  # fmt: skip


def problems(driver: Driver, **changes: Any) -> list[str]:
    options = GOOD[driver.name] | changes
    return list(driver.validate(Device("sms", driver.name, {k: v for k, v in options.items() if v is not None})))


@pytest.mark.parametrize("driver", [TENCENT, ALIYUN], ids=lambda driver: driver.name)
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"templates": None}, "templates: is missing"),
        ({"templates": ["x"]}, "templates: must be a table"),
        ({"sign_name": None}, "sign_name: is missing"),
        ({"endpoint": "http://sms.example.com"}, "endpoint: must begin with https://"),
        ({"endpoint": "http://127.0.0.1:1"}, ""),
        ({"timeout": 0}, "timeout: must be more than 0"),
        ({"forget_after": -1}, "forget_after: must not be less than 0"),
        ({"callback_secret": "short"}, "callback_secret: must be 16 or more"),
        ({"callback_addresses": ["here"]}, "callback_addresses: 'here' is no address"),
        ({"signatures": {"SMS_77": "x"}}, "signatures: there is no template SMS_77"),
        ({"colour": "red"}, "colour: no such option"),
    ],
)  # fmt: skip
def test_says_what_is_wrong(driver: Driver, changes: dict[str, Any], said: str) -> None:
    found = problems(driver, **changes)
    assert found == [] if not said else any(each.startswith(said) for each in found), found


def test_each_provider_knows_how_its_ids_look() -> None:
    assert problems(TENCENT, sdk_app_id="app")[0].startswith("sdk_app_id: ")
    assert problems(TENCENT, templates={"1110": "Code {code}"})[0].startswith("templates: the places of 1110 are")
    assert problems(TENCENT, templates={"1110": "{1} {3}"})[0].startswith("templates: ")
    assert problems(ALIYUN, templates={"1110": "Code ${code}"})[0].startswith("templates: 1110 is no TemplateCode")


def test_a_signature_is_not_needed_abroad_alone() -> None:
    assert problems(TENCENT, sign_name=None, templates=None, foreign_templates={"9": "Code {1}"}) == []


@pytest.mark.parametrize(
    ("address", "networks", "may"),
    [
        ("192.0.2.7", [], True), ("192.0.2.7", ["192.0.2.0/24"], True), ("198.51.100.1", ["192.0.2.0/24"], False),
        ("::ffff:192.0.2.7", ["192.0.2.7"], True), ("", ["192.0.2.7"], False), ("2001:db8::1", ["2001:db8::/32"], True),
    ],
)  # fmt: skip
def test_callbacks_may_be_bound_to_addresses(address: str, networks: list[str], may: bool) -> None:
    assert may_call(address, networks) is may
