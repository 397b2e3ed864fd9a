"""What providers' error codes mean."""

import pytest

from bridge.errors import OutcomeUnknown, Refusal, SendRefused
from device_drivers.aliyun import codes as aliyun
from device_drivers.tencent import codes as tencent

TENCENT = {
    Refusal.PERMANENT: (
        "InvalidParameterValue.IncorrectPhoneNumber", "FailedOperation.ContainSensitiveWord", "MissingParameter",
        "LimitExceeded.PhoneNumberCountLimit", "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
        "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone", "NewCode.OfTomorrow",
    ),
    Refusal.TEMPORARY: (
        "LimitExceeded.DeliveryFrequencyLimit", "LimitExceeded.PhoneNumberDailyLimit",
        "FailedOperation.MarketingSendTimeConstraint",
    ),
    Refusal.NETWORK: ("RequestLimitExceeded", "RequestLimitExceeded.UinLimitExceeded", "LimitExceeded.DailyLimit"),
    Refusal.CREDIT: (
        "FailedOperation.InsufficientBalanceInSmsPackage", "UnauthorizedOperation.ServiceSuspendDueToArrears",
    ),
    Refusal.LINE: (
        "AuthFailure.SignatureFailure", "AuthFailure.SignatureExpire", "UnauthorizedOperation.RequestPermissionDeny",
        "InvalidParameterValue.SdkAppIdNotExist", "InternalError.SigVerificationFail", "IpNotInWhitelist",
    ),
}  # fmt: skip
ALIYUN = {
    Refusal.PERMANENT: (
        "isv.MOBILE_NUMBER_ILLEGAL", "isv.SMS_TEMPLATE_ILLEGAL", "isv.BLACK_KEY_CONTROL_LIMIT", "MissingPhoneNumbers",
        "isv.NEW_CODE_OF_TOMORROW",
    ),
    Refusal.TEMPORARY: ("isv.BUSINESS_LIMIT_CONTROL",),
    Refusal.NETWORK: ("Throttling", "Throttling.User", "Throttling.Api", "isv.DAY_LIMIT_CONTROL"),
    Refusal.CREDIT: ("isv.AMOUNT_NOT_ENOUGH", "isv.OUT_OF_SERVICE"),
    Refusal.LINE: (
        "SignatureDoesNotMatch", "InvalidAccessKeyId.NotFound", "InvalidTimeStamp.Expired", "isp.RAM_PERMISSION_DENY",
        "isv.PRODUCT_UN_SUBSCRIPT", "Forbidden.RAM",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("refusal", "code"), [(refusal, code) for refusal in TENCENT for code in TENCENT[refusal]])
def test_a_code_of_tencent_is_what_it_is(refusal: Refusal, code: str) -> None:
    error = tencent.failure(code, "words")
    assert isinstance(error, SendRefused)
    assert error.refusal is refusal
    assert error.cause.startswith(f"Tencent {code}: words")


@pytest.mark.parametrize(("refusal", "code"), [(refusal, code) for refusal in ALIYUN for code in ALIYUN[refusal]])
def test_a_code_of_alibaba_is_what_it_is(refusal: Refusal, code: str) -> None:
    error = aliyun.failure(code, "words")
    assert isinstance(error, SendRefused)
    assert error.refusal is refusal
    assert error.cause.startswith(f"Alibaba {code}: words")


@pytest.mark.parametrize("code", ["InternalError", "InternalError.Timeout", "InternalError.OtherError"])
def test_tencents_own_trouble_leaves_it_unknown(code: str) -> None:
    assert isinstance(tencent.failure(code, ""), OutcomeUnknown)


@pytest.mark.parametrize("code", ["isp.SYSTEM_ERROR", "InternalError", "ServiceUnavailable", "SignatureNonceUsed"])
def test_alibabas_own_trouble_leaves_it_unknown(code: str) -> None:
    assert isinstance(aliyun.failure(code, ""), OutcomeUnknown)
