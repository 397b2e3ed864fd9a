"""Parses Tencent's reports and replies, from pulls (API) and callbacks (Tencent Cloud SMS, "Callbacks")."""

import hashlib
from collections.abc import Sequence

from bridge.model.message import State
from device_drivers._cloud import beijing
from device_drivers._cloud.news import Report, Written
from device_drivers._cloud.objects import Object, objects, parsed, text
from device_drivers._cloud.provider import News


def read(body: bytes) -> Sequence[News]:
    """A callback: a list of statuses, or one reply. Raises ValueError for anything else."""
    told = parsed(body)
    if isinstance(told, list):
        return [report for each in objects(told) if (report := _called(each)) is not None]
    if isinstance(told, dict) and "mobile" in told and "text" in told:
        return [_reply(told)]
    raise ValueError("it is neither a list of statuses nor a reply")


def pulled_reports(found: object) -> Sequence[Report]:
    """Of `PullSmsSendStatusSet`."""
    return [_pulled(each) for each in objects(found)]


def pulled_replies(found: object) -> Sequence[Written]:
    """Of `PullSmsReplyStatusSet`."""
    return [
        Written(_name(each, "ReplyTime", "ReplyContent"), _number(each, "CountryCode", "SubscriberNumber"),
                text(each, "ReplyContent"), _seconds(each, "ReplyTime"))
        for each in objects(found)
    ]  # fmt: skip


def _pulled(told: Object) -> Report:
    state = State.DELIVERED if text(told, "ReportStatus") == "SUCCESS" else State.FAILED
    recipient = text(told, "PhoneNumber") or _number(told, "CountryCode", "SubscriberNumber")
    at, ours = _seconds(told, "UserReceiveTime"), text(told, "SessionContext")
    return Report(text(told, "SerialNo"), recipient, state, text(told, "Description"), at, ours=ours)


def _called(told: Object) -> Report | None:
    word = text(told, "report_status")
    if word not in ("SUCCESS", "FAIL") or not text(told, "sid"):
        return None
    state = State.DELIVERED if word == "SUCCESS" else State.FAILED
    detail = " ".join(filter(None, (text(told, "errmsg"), text(told, "description"))))
    recipient, at = _number(told, "nationcode", "mobile"), beijing.read(told.get("user_receive_time"))
    return Report(text(told, "sid"), recipient, state, detail, at, ours=text(told, "ext"))


def _reply(told: Object) -> Written:
    sender = _number(told, "nationcode", "mobile")
    return Written(_name(told, "time", "text"), sender, text(told, "text"), _seconds(told, "time"))


def _name(told: Object, at: str, content: str) -> str:
    """What tells a reply from others: there is no id."""
    number = text(told, "mobile") or text(told, "SubscriberNumber")
    return f"{number}:{text(told, at)}:{hash_of(text(told, content))}"


def hash_of(content: str) -> str:
    """A short name of a text."""
    return hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:16]


def _number(told: Object, code: str, rest: str) -> str:
    number = text(told, rest)
    return number if number.startswith("+") else f"+{text(told, code).lstrip('+') or '86'}{number}"


def _seconds(told: Object, name: str) -> int:
    written = text(told, name)
    return int(written) * 1000 if written.isdecimal() and len(written) <= 10 else 0
