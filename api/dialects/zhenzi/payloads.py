"""The body of Zhenzi's status report. The vendor mentions it without showing it, so its shape is our choice."""

from collections.abc import Mapping
from datetime import tzinfo

from api.dialect.local_time import written
from api.dialects.zhenzi.declarations import NAME
from bridge.model import event as events
from bridge.model.event import Event

#: how it reports an event: `status`, and `statusText` for people
_REPORTED: Mapping[str, tuple[str, str]] = {
    events.MESSAGE_SENT: ("sent", "已发送"),
    events.MESSAGE_DELIVERED: ("delivered", "已送达"),
    events.MESSAGE_FAILED: ("failed", "发送失败"),
    events.MESSAGE_EXPIRED: ("failed", "已过期"),
    events.MESSAGE_CANCELLED: ("failed", "已取消"),
    events.MESSAGE_UNKNOWN: ("unknown", "状态未知"),
}


def status_report(event: Event, zone: tzinfo) -> dict[str, object]:
    """A message's result, by the caller's `messageId`."""
    data = event.data
    status, text = _REPORTED[event.name]
    return {
        "messageId": data["client_ref"],
        "number": data["written"],
        "status": status,
        "statusText": f"{text}:{data['error']}" if data["error"] else text,
        "reportTime": written(event.at, zone),
    }


BODIES = {NAME: status_report}
