"""What the site's events tell of what came in, as items for the core. Pure."""

from collections.abc import Mapping

from bridge.model.message import State
from bridge.model.radio import Call, Inbound, InboundPart, InboundReport, Typed
from device_drivers.bridge_remote.fates import Fate, fate
from device_drivers.bridge_remote.references import number_of
from device_drivers.bridge_remote.stream import News
from device_drivers.bridge_remote.told import LONGEST_DATA, identifier, integer, moment, name, text, words

_CALLS = {"call.missed": "missed", "call.incoming": "incoming", "call.outgoing": "outgoing"}
#: seconds of the longest call
_LONGEST_CALL = 366 * 86_400
_REPORTS = {Fate.DELIVERED: State.DELIVERED, Fate.UNDELIVERED: State.FAILED}


def received(news: News, lines: Mapping[str, str], ahead: int) -> Inbound | None:
    """What came to one of these lines (their names there → here), or was done on it; None for anything else.

    Raises ValueError for what makes no sense.
    """
    told = news.data
    line = lines.get(name(told.get("line")))
    if line is None:
        return None
    if news.name == "message.received":
        return _sms(news, line, ahead)
    if news.name == "message.typed":
        at = moment(told.get("sent_at")) - ahead
        return Typed(line, identifier(told.get("id")), name(told.get("to")), text(told.get("text")), at)
    if (kind := _CALLS.get(news.name)) is not None:
        at = moment(told.get("call_at")) - ahead
        seconds = integer(told.get("duration_seconds") or 0, 0, _LONGEST_CALL)
        person = words(told.get("name"))
        return Call(line, identifier(told.get("id")), kind, name(told.get("number")), person, at, seconds)
    return None


def _sms(news: News, line: str, ahead: int) -> InboundPart:
    told = news.data
    # what had gaps comes again under its id once it is whole
    slot = identifier(told.get("id")) + (":partial" if told.get("partial") else "")
    received_at = moment(told.get("received_at"))
    return InboundPart(
        line, slot, name(told.get("from")), text(told.get("text")),
        sent_at=moment(told.get("sent_at")),
        data=text(told.get("data") or "", LONGEST_DATA),
        error=words(told.get("error")),
        received_at=received_at - ahead if received_at else 0,
    )  # fmt: skip


def report(news: News, line: str, reference: str) -> InboundReport | None:
    """The delivery report that the event of a message is; None when it is none."""
    state = _REPORTS.get(fate(news.data))
    if state is None:
        return None
    detail, recipient = words(news.data.get("error")), name(news.data.get("to"))
    return InboundReport(line, "", recipient, number_of(reference), state, detail, moment(news.at))
