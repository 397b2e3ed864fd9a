"""TC3-HMAC-SHA256 by a vector that Tencent's own SDK makes, too."""

import pytest

from device_drivers.tencent.signing import authorization

BODY = b'{"Limit": 1, "SmsSdkAppId": "1400000000"}'
HEADERS = {"host": "sms.tencentcloudapi.com", "content-type": "application/json"}
SIGNATURE = "4aaf5c060d7c1f3cb1c8ef10f0bde25d72f383a973068bb57ed2889ab7df969e"


def test_signs_as_the_sdk_does() -> None:
    assert authorization("AKIDEXAMPLE", "SECRETEXAMPLE", HEADERS, BODY, 1_700_000_000) == (
        "TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/2023-11-14/sms/tc3_request, SignedHeaders=content-type;host, "
        f"Signature={SIGNATURE}"
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"key": "another"}, {"body": BODY + b" "}, {"seconds": 1_700_000_001},
        {"headers": HEADERS | {"host": "sms.example.com"}},
    ],
)  # fmt: skip
def test_whatever_changes_changes_the_signature(changed: dict[str, object]) -> None:
    signed = {
        "key_id": "AKIDEXAMPLE",
        "key": "SECRETEXAMPLE",
        "headers": HEADERS,
        "body": BODY,
        "seconds": 1_700_000_000,
    }
    assert SIGNATURE not in authorization(**(signed | changed))  # type: ignore[arg-type]
