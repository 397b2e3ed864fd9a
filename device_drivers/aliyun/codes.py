"""What Alibaba's error codes mean for a message and for the line (Alibaba Cloud SMS, "API error codes")."""

from bridge.errors import LinkError, OutcomeUnknown, Refusal
from device_drivers._cloud.refused import ProviderRefused

#: it was taken
OK = "OK"
_CREDIT = frozenset({"isv.AMOUNT_NOT_ENOUGH", "isv.OUT_OF_SERVICE"})
_LINE = (
    "SignatureDoesNotMatch", "IncompleteSignature", "InvalidAccessKeyId", "InvalidTimeStamp", "Forbidden",
    "isp.RAM_PERMISSION_DENY", "isv.PRODUCT_UN_SUBSCRIPT", "isv.PRODUCT_UNSUBSCRIBE", "isv.ACCOUNT_NOT_EXISTS",
    "isv.ACCOUNT_ABNORMAL", "isv.DENY_IP_RANGE", "InvalidVersion", "InvalidAction",
)  # fmt: skip
#: rates and caps of the whole account: every message would meet them
_NETWORK = ("Throttling", "isv.DAY_LIMIT_CONTROL", "isv.MONTH_LIMIT_CONTROL")
#: this number, later
_TEMPORARY = frozenset({"isv.BUSINESS_LIMIT_CONTROL"})
#: what does not say that nothing went out; a nonce that was used was received before
_UNSURE = ("isp.", "Internal", "ServiceUnavailable", "SignatureNonceUsed")
#: a key that may send, and not ask
NOT_FOR_THIS = frozenset({"isp.RAM_PERMISSION_DENY", "Forbidden.RAM", "Forbidden.NoPermission", "NoPermission"})
_REMEDIES = {
    "SignatureDoesNotMatch": "check access_key_secret",
    "InvalidAccessKeyId.NotFound": "check access_key_id",
    "InvalidTimeStamp.Expired": "set this machine's clock",
    "isp.RAM_PERMISSION_DENY": "give the RAM user the right to send SMS",
    "isv.AMOUNT_NOT_ENOUGH": "top up the Alibaba Cloud account",
    "isv.OUT_OF_SERVICE": "pay what is due to Alibaba Cloud",
    "isv.SMS_SIGNATURE_ILLEGAL": "check sign_name: it is the text of an approved signature",
    "isv.SMS_TEMPLATE_ILLEGAL": "check templates: id and text of an approved template",
    "isv.BUSINESS_LIMIT_CONTROL": "the number got as many messages as are allowed",
}


def failure(code: str, message: str) -> LinkError:
    """The error that a code stands for: SendRefused, or OutcomeUnknown where it does not say that nothing went out."""
    remedy = _REMEDIES.get(code, "")
    cause = f"Alibaba {code}: {message or 'no words'}" + (f"; {remedy}" if remedy else "")
    if code in _CREDIT:
        return ProviderRefused(code, cause, Refusal.CREDIT)
    if code in _TEMPORARY:
        return ProviderRefused(code, cause, Refusal.TEMPORARY)
    if _is(code, _NETWORK):
        return ProviderRefused(code, cause, Refusal.NETWORK)
    if _is(code, _LINE):
        return ProviderRefused(code, cause, Refusal.LINE)
    if code.startswith(_UNSURE):
        return OutcomeUnknown(f"{cause}; it may or may not have been sent")
    return ProviderRefused(code, cause, Refusal.PERMANENT)


def _is(code: str, kinds: tuple[str, ...]) -> bool:
    """Whether it is one of these, or of the kinds that they name."""
    return any(code == kind or code.startswith(f"{kind}.") for kind in kinds)
