"""Converts PDUs from a modem to what the core takes. Pure; nothing received is ever dropped."""

from bridge.model.radio import InboundPart, InboundReport
from device_drivers.gsm_modem.pdu import Deliver, Malformed, StatusReport, Submit, decode


def read(
    line: str, slot: str, pdu: str, content: Deliver | StatusReport | Submit | None = None
) -> InboundPart | InboundReport | None:
    """Convert a PDU, with its `content` where that is known; None for an outgoing one (a draft).

    An undecodable PDU is passed on as it is.
    """
    try:
        content = content or decode(pdu)
    except Malformed as error:
        return InboundPart(line, slot, "", "", data=_as_hex(pdu), error=error.args[0], raw=pdu)
    if isinstance(content, Submit):
        return None
    return _report(line, slot, pdu, content) if isinstance(content, StatusReport) else _part(line, slot, pdu, content)


def _part(line: str, slot: str, pdu: str, content: Deliver) -> InboundPart:
    return InboundPart(
        line,
        slot,
        content.sender,
        content.text,
        sent_at=content.sent_at or 0,
        concat=content.concat,
        data=content.data.hex(),
        raw=pdu,
    )


def _report(line: str, slot: str, pdu: str, content: StatusReport) -> InboundReport:
    state, detail = content.outcome
    return InboundReport(
        line,
        slot,
        content.recipient,
        content.reference,
        state,
        detail,
        at=content.done_at or 0,
        raw=pdu,
        sent_at=content.sent_at or 0,
    )


def _as_hex(pdu: str) -> str:
    try:
        return bytes.fromhex(pdu).hex()
    except ValueError:
        return pdu.encode("latin-1", "replace").hex()


def oldest_first(items: list[InboundPart | InboundReport]) -> list[InboundPart | InboundReport]:
    """Sort by the service centre's time; items without one keep their place."""
    keys: list[int] = []
    for item in items:
        at = item.sent_at if isinstance(item, InboundPart) else item.at
        keys.append(at or (keys[-1] if keys else 0))
    return [item for _, item in sorted(zip(keys, items, strict=True), key=lambda pair: pair[0])]
