"""What the site's events tell of what came in, as items for the core. Pure."""

from collections.abc import Mapping

from bridge.model.message import State
from bridge.model.radio import Call, Inbound, InboundPart, InboundReport, Typed
from device_drivers.bridge_remote.fates import Fate, fate
from device_drivers.bridge_remote.lines import moment
from device_drivers.bridge_remote.references import number_of
from device_drivers.bridge_remote.stream import News

_CALLS = {"call.missed": "missed", "call.incoming": "incoming", "call.outgoing": "outgoing"}
_REPORTS = {Fate.DELIVERED: State.DELIVERED, Fate.UNDELIVERED: State.FAILED}


def received(news: News, lines: Mapping[str, str], ahead: int) -> Inbound | None:
    """What came to one of these lines (their names there → here), or was done on it; None for anything else."""
    told = news.data
    line = lines.get(str(told.get("line", "")))
    if line is None:
        return None
    if news.name == "message.received":
        return _sms(news, line, ahead)
    if news.name == "message.typed":
        return Typed(line, str(told["id"]), str(told["to"]), str(told["text"]), moment(told.get("sent_at")) - ahead)
    if (kind := _CALLS.get(news.name)) is not None:
        at = moment(told.get("call_at")) - ahead
        seconds = int(told.get("duration_seconds") or 0)
        name = str(told.get("name") or "")
        return Call(line, str(told["id"]), kind, str(told.get("number") or ""), name, at, seconds)
    return None


def _sms(news: News, line: str, ahead: int) -> InboundPart:
    told = news.data
    # what had gaps comes again under its id once it is whole
    slot = f"{told['id']}:partial" if told.get("partial") else str(told["id"])
    received_at = moment(told.get("received_at"))
    return InboundPart(
        line, slot, str(told["from"]), str(told["text"]),
        sent_at=moment(told.get("sent_at")),
        data=str(told.get("data") or ""),
        error=str(told.get("error") or ""),
        received_at=received_at - ahead if received_at else 0,
    )  # fmt: skip


def report(news: News, line: str, reference: str) -> InboundReport | None:
    """The delivery report that the event of a message is; None when it is none."""
    state = _REPORTS.get(fate(news.data))
    if state is None:
        return None
    detail = str(news.data.get("error") or "")
    return InboundReport(line, "", str(news.data["to"]), number_of(reference), state, detail, moment(news.at))
