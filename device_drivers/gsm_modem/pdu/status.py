"""What a status report says about a part (TP-ST, 3GPP TS 23.040 §9.2.3.15)."""

from bridge.model.message import State

_DELIVERED = {
    0x00: "delivered to the phone",
    0x01: "handed to the phone's network, which does not confirm delivery",
    0x02: "replaced by a newer message on the way",
}
_TROUBLE = ("congestion", "phone busy", "no answer from the phone", "service rejected", "service not available")
_TRYING = dict(enumerate((*_TROUBLE, "error in the phone"), 0x20))
_PERMANENT = dict(
    enumerate(
        (
            "remote procedure error",
            "incompatible destination",
            "rejected by the phone",
            "not obtainable",
            "service not available",
            "no interworking between the networks",
            "validity period expired",
            "deleted by the sender",
            "deleted by the service centre",
            "unknown to the service centre",
        ),
        0x40,
    )
)
_GAVE_UP = dict(enumerate((*_TROUBLE, "error in the phone"), 0x60))
_WORDS = _DELIVERED | _TRYING | _PERMANENT | _GAVE_UP


def outcome(status: int) -> tuple[State, str]:
    """The state a TP-ST means, and the words for it.

    `sent` stands for "the service centre is still trying". Values the standard reserves count as
    "service rejected", as it demands; those it leaves to each service centre count as their group.
    """
    words = _WORDS.get(status)
    if words is None:
        words = "for a reason of the service centre's own" if _centre_specific(status) else "reserved value"
    return _state(status), f"{_group(status)}{words} (TP-ST 0x{status:02X})"


def _centre_specific(status: int) -> bool:
    return status < 0x80 and bool(status & 0x10)


def _state(status: int) -> State:
    if status not in _WORDS and not _centre_specific(status):
        return State.FAILED
    if status < 0x20:
        return State.DELIVERED
    return State.SENT if status < 0x40 else State.FAILED


def _group(status: int) -> str:
    if status not in _WORDS and not _centre_specific(status):
        return "rejected: "
    if status < 0x20:
        return "" if status in _WORDS else "completed "
    return ("still trying: ", "permanent error: ", "gave up: ")[(status >> 5) - 1]
