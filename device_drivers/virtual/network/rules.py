"""How the virtual network behaves: delays, losses, refusals. Every field may be changed while it runs."""

from dataclasses import field

from bridge.dataclass import dataclass


@dataclass(slots=True)
class Rules:
    """What a person who steers the network may set. Seconds, probabilities from 0 to 1."""

    #: from the PDU to +CMGS
    send_latency: float = 0.0
    #: from +CMGS to the recipient
    delivery_delay: float = 0.0
    #: from the delivery to its report
    report_delay: float = 0.0
    #: accepted, and never seen again
    loss: float = 0.0
    #: delivered twice
    duplicate: float = 0.0
    #: number → the +CMS ERROR every message to it meets
    refuse: dict[str, int] = field(default_factory=dict)
    #: +CMS ERRORs of the next messages, first one first
    refuse_next: list[int] = field(default_factory=list)
    #: a line's number, "" for all lines → the +CMS ERROR that each of its messages meets; see also `Network.outage`
    outage: dict[str, int] = field(default_factory=dict)
    #: so many of the next messages go out and the modem never says +CMGS
    lose_answer_next: int = 0
    #: number → TP-ST of its reports (TS 23.040 §9.2.3.15); from 0x20 on the message does not arrive
    report_status: dict[str, int] = field(default_factory=dict)
    #: the service centre makes reports at all
    reports: bool = True
    #: seconds that the service centre's clock is ahead of this machine's; below 0 for behind
    clock_ahead: float = 0.0
    #: every number has a phone: one that nobody has yet appears with its first message
    everybody: bool = False
