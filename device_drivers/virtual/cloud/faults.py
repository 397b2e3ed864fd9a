"""Faults of an emulated provider, to be switched on by tests. Every field may be changed while it runs."""

from dataclasses import field

from bridge.dataclass import dataclass
from device_drivers.virtual.provider_server import AnswerFaults


@dataclass(slots=True)
class Faults(AnswerFaults):
    """Switches of one provider. Seconds; codes are the provider's own."""

    #: error codes of the next messages, first one first
    refuse_next: list[str] = field(default_factory=list)
    #: number (E.164) → the code that every message to it meets
    refuse: dict[str, str] = field(default_factory=dict)
    #: error codes of the next calls of any kind, instead of an answer
    fail_next: list[str] = field(default_factory=list)
    #: action → error codes of its next calls, instead of an answer
    fail_of: dict[str, list[str]] = field(default_factory=dict)
    #: calls that are answered in a second; those beyond are throttled. 0 for any number
    per_second: int = 0
    #: what becomes of a message: `delivered`, `failed`, or "" for a carrier that never tells
    outcome: str = "delivered"
    #: the carrier's word for a failure
    failure: str = "UNDELIV"
    #: seconds until the carrier tells
    report_delay: float = 0.0
    #: each push comes twice
    twice: bool = False
    #: this many reports are held back, and pushed in the opposite order
    shuffle: int = 0
    #: reports carry what the sender gave along
    with_label: bool = True
    #: asking about a number finds entries in number, and none to read
    empty_details: bool = False
    #: seconds that the provider's clock is ahead
    clock_ahead: float = 0.0
    #: seconds before each repetition of a push that was not taken; after the last one it is never told again
    retry_delays: list[float] = field(default_factory=lambda: [0.05, 0.1, 0.2])
