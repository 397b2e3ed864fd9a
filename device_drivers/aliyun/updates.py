"""What Alibaba tells of messages, when asked and by HTTP batch push (Alibaba Cloud SMS, "SmsReport", "SmsUp")."""

from collections.abc import Sequence

from bridge.model.forms import with_code
from bridge.model.message import State
from device_drivers._cloud import beijing
from device_drivers._cloud.news import Report, Written
from device_drivers._cloud.objects import Object, objects, parsed, text
from device_drivers._cloud.provider import News

#: `SendStatus` of a detail
_STATES = {"1": State.SENT, "2": State.FAILED, "3": State.DELIVERED}
#: `Status` of a receipt from abroad
_ABROAD = {"1": State.DELIVERED, "2": State.FAILED}


def read(body: bytes) -> Sequence[News]:
    """A push: a list of receipts or of received SMS. Raises ValueError for anything else."""
    told = parsed(body)
    if not isinstance(told, list):
        raise ValueError("it is no list")
    return [news for each in objects(told) if (news := _one(each)) is not None]


def details(found: object, since: int) -> Sequence[Report]:
    """Of `SmsSendDetailDTO`, those sent since then (Unix ms)."""
    reports = []
    for each in objects(found):
        state, sent_at = _STATES.get(text(each, "SendStatus")), beijing.read(each.get("SendDate"))
        if state is None or 0 < sent_at < since:
            continue
        number, at = international(text(each, "PhoneNum")), beijing.read(each.get("ReceiveDate"))
        detail, ours = text(each, "ErrCode"), text(each, "OutId")
        reports.append(Report("", number, state, detail, at, ours=ours, taken_at=sent_at))
    return reports


def international(number: str) -> str:
    """With +: bare mobile numbers are China's, all others have their country code in front."""
    digits = number.lstrip("+").removeprefix("00")
    return f"+{digits}" if number.startswith("+") else with_code(digits) or f"+{digits}"


def _one(told: Object) -> News | None:
    if "content" in told:
        return _written(told)
    if "success" in told:
        return _receipt(told)
    return _receipt_from_abroad(told) if "MessageId" in told else None


def _written(told: Object) -> Written:
    number, at = text(told, "phone_number"), beijing.read(told.get("send_time"))
    name = text(told, "sequence_id") or f"{number}:{text(told, 'send_time')}"
    return Written(name, international(number), text(told, "content"), at)


def _receipt(told: Object) -> Report:
    state = State.DELIVERED if told.get("success") in (True, "true") else State.FAILED
    detail = " ".join(filter(None, (text(told, "err_code"), text(told, "err_msg"))))
    number, at = international(text(told, "phone_number")), beijing.read(told.get("report_time"))
    return Report(text(told, "biz_id"), number, state, detail, at, ours=text(told, "out_id"))


def _receipt_from_abroad(told: Object) -> Report | None:
    state = _ABROAD.get(text(told, "Status"))
    if state is None:
        return None
    detail = " ".join(filter(None, (text(told, "ErrorCode"), text(told, "ErrorDescription"))))
    number, at = international(text(told, "To")), beijing.read(told.get("ReceiveDate"))
    return Report(text(told, "MessageId"), number, state, detail, at)
