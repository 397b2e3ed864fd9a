"""What Tencent's error codes mean for a message and for the line (Tencent Cloud SMS, "Error codes")."""

from bridge.errors import LinkError, OutcomeUnknown, Refusal
from device_drivers._cloud.refused import ProviderRefused

#: a number was taken
OK = "Ok"
_CREDIT = ("FailedOperation.InsufficientBalanceInSmsPackage", "UnauthorizedOperation.ServiceSuspendDueToArrears")
_LINE = (
    "AuthFailure", "IpInBlacklist", "IpNotInWhitelist", "UnauthorizedOperation",
    "InvalidParameterValue.SdkAppIdNotExist",
    "InternalError.RequestTimeException", "InternalError.SigVerificationFail", "InternalError.SigFieldMissing",
    "InternalError.RestApiInterfaceNotExist", "UnsupportedOperation.UnsupportedRegion", "UnsupportedRegion",
    "NoSuchVersion", "InvalidAction",
)  # fmt: skip
#: rates and caps of the whole application: every message would meet them
_NETWORK = (
    "RequestLimitExceeded", "LimitExceeded.GlobalSmsSendingRateLimit", "LimitExceeded.DailyLimit",
    "LimitExceeded.AppMainlandChinaDailyLimit", "LimitExceeded.AppGlobalDailyLimit", "LimitExceeded.AppDailyLimit",
)  # fmt: skip
#: this number or this kind of message, later
_TEMPORARY = (
    "LimitExceeded.DeliveryFrequencyLimit", "LimitExceeded.PhoneNumberThirtySecondLimit",
    "LimitExceeded.PhoneNumberOneHourLimit", "LimitExceeded.PhoneNumberDailyLimit",
    "LimitExceeded.PhoneNumberSameContentDailyLimit", "FailedOperation.MarketingSendTimeConstraint",
)  # fmt: skip
#: a key that may send, and not ask
NOT_FOR_THIS = frozenset({"AuthFailure.UnauthorizedOperation", "UnauthorizedOperation.RequestPermissionDeny"})
_REMEDIES = {
    "AuthFailure.SignatureExpire": "set this machine's clock",
    "AuthFailure.SecretIdNotFound": "check secret_id",
    "AuthFailure.SignatureFailure": "check secret_key",
    "FailedOperation.InsufficientBalanceInSmsPackage": "buy another package of SMS",
    "UnauthorizedOperation.ServiceSuspendDueToArrears": "pay what is due to Tencent Cloud",
    "FailedOperation.SignatureIncorrectOrUnapproved": "check sign_name: it is the text of an approved signature",
    "FailedOperation.TemplateIncorrectOrUnapproved": "check templates: id and text of an approved template",
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": "check that the template's text is the approved one",
}


def failure(code: str, message: str) -> LinkError:
    """The error that a code stands for: SendRefused, or OutcomeUnknown where it does not say that nothing went out."""
    remedy = _REMEDIES.get(code, "")
    cause = f"Tencent {code}: {message or 'no words'}" + (f"; {remedy}" if remedy else "")
    if _is(code, _CREDIT):
        return ProviderRefused(code, cause, Refusal.CREDIT)
    if _is(code, _NETWORK):
        return ProviderRefused(code, cause, Refusal.NETWORK)
    if _is(code, _TEMPORARY):
        return ProviderRefused(code, cause, Refusal.TEMPORARY)
    if _is(code, _LINE):
        return ProviderRefused(code, cause, Refusal.LINE)
    if code.startswith("Internal"):
        return OutcomeUnknown(f"{cause}; it may or may not have been sent")
    return ProviderRefused(code, cause, Refusal.PERMANENT)


def _is(code: str, kinds: tuple[str, ...]) -> bool:
    """Whether it is one of these, or of the kinds that they name."""
    return any(code == kind or code.startswith(f"{kind}.") for kind in kinds)
