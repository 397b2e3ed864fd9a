"""Messages, parts and their states, with the table of allowed transitions.

All times are Unix milliseconds (int) unless a name says otherwise.
"""

from dataclasses import field, replace
from enum import StrEnum

from bridge.dataclass import dataclass
from bridge.model.account import UnknownPolicy
from bridge.model.line import Channel
from bridge.model.quick import quick


class State(StrEnum):
    """The state of a message or of one of its parts."""

    SCHEDULED = "scheduled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    #: the device had it and no answer came; evidence that arrives later settles it
    UNKNOWN = "unknown"


#: every move a message may make; whatever is not here does not happen
TRANSITIONS: dict[State, frozenset[State]] = {
    State.SCHEDULED: frozenset({State.QUEUED, State.CANCELLED, State.EXPIRED, State.FAILED}),
    # unknown: it waits for another try, gets none, and nobody knows what became of the first; sent, delivered: it
    # turns out that the first did it
    State.QUEUED: frozenset(
        {State.SENDING, State.CANCELLED, State.EXPIRED, State.FAILED, State.UNKNOWN, State.SENT, State.DELIVERED}
    ),
    State.SENDING: frozenset({State.SENT, State.DELIVERED, State.FAILED, State.UNKNOWN, State.QUEUED}),
    State.SENT: frozenset({State.DELIVERED, State.FAILED, State.EXPIRED}),
    State.DELIVERED: frozenset(),
    # a person may ask for another try; and a network that gave up may be proved wrong by the recipient's phone, as a
    # caller who wants what is unknown to be called failed may be by the device
    State.FAILED: frozenset({State.QUEUED, State.SENT, State.DELIVERED}),
    State.EXPIRED: frozenset({State.QUEUED}),
    State.CANCELLED: frozenset(),
    State.UNKNOWN: frozenset({State.SENT, State.DELIVERED, State.FAILED, State.QUEUED}),
}

#: states in which a message still has a way to go without anybody's asking
PENDING = frozenset({State.SCHEDULED, State.QUEUED, State.SENDING})
#: how the routes of WhatsApp lines begin, alone any of them: no line, device or slot is called so
WHATSAPP_ROUTE = "@"
#: with which routes to one SIM begin, wherever it is; `Line.sim` follows, or a line's name where that is not known
SIM_ROUTE = "sim:"


@quick
@dataclass(frozen=True, slots=True)
class Draft:
    """A message as requested, before it is accepted."""

    #: as the caller wrote it; the gateway normalises it
    recipient: str
    text: str
    #: the wish: a line, a device, a number, or "" for any line
    route: str = ""
    #: SIM slot of the device, 1 or 2; 0 for any
    slot: int = 0
    #: do not send before this moment; 0 for now
    not_before: int = 0
    #: give up after this moment; 0 for the account's default
    expires_at: int = 0
    #: None for the account's default
    on_unknown: UnknownPolicy | None = None
    #: ask the network for a delivery report
    report: bool = True
    #: the caller's own id, unique in its account; "" for none
    client_ref: str = ""
    #: free text of the caller, kept and given back
    tag: str = ""
    #: the dialect it came in by
    dialect: str = "native"
    #: give up so many milliseconds after it may be sent, instead of `expires_at`; 0 for none. Unlike a moment
    #: it is the same in a repeated call, which an idempotency key needs
    ttl_ms: int = 0
    #: whose national numbers are meant (ISO 3166) where the account has no country of its own; "" for no country's
    country: str = ""
    #: by what kind of line; a line named in `route` has its own
    channel: Channel = Channel.SMS
    #: URL of a picture or document that goes with the text, by WhatsApp alone; "" for none
    media: str = ""
    #: the same message as the draft before it, by another channel: the two have one id but for its last digit
    #: (`other_leg`)
    leg: bool = False


@quick
@dataclass(frozen=True, slots=True)
class Message:
    """An accepted message as stored."""

    #: 40 lower-case hex digits, ordered by time of acceptance
    id: str
    account: str
    #: normalised: `+` and digits, or a short code
    recipient: str
    #: what the caller wrote
    written: str
    text: str
    state: State
    created_at: int
    updated_at: int
    #: when it may be tried (again)
    due_at: int
    expires_at: int = 0
    #: what the caller asked for: "", a line or a device; the SIM by which parts of it went, once some did
    route: str = ""
    #: the line that carries it; "" until claimed
    line: str = ""
    slot: int = 0
    #: radio parts by 3GPP TS 23.038 counting
    parts: int = 1
    #: sends that ended in a temporary refusal so far
    attempts: int = 0
    #: why it failed, waits, or is unknown; "" when all is well
    error: str = ""
    on_unknown: UnknownPolicy = UnknownPolicy.HOLD
    report: bool = True
    sent_at: int = 0
    delivered_at: int = 0
    not_before: int = 0
    client_ref: str = ""
    tag: str = ""
    dialect: str = "native"
    #: URL of what goes with the text; "" for none
    media: str = ""
    #: position in the store, grows by acceptance; lists tell it, elsewhere it is 0
    seq: int = field(default=0, compare=False)

    @property
    def channel(self) -> Channel:
        """By what kind of line it goes."""
        return Channel.WHATSAPP if self.route.startswith(WHATSAPP_ROUTE) else Channel.SMS


def restamped(message: Message, step: int) -> Message:
    """The message as if accepted after the clock was set by `step` ms, which happened meanwhile."""
    stamped = replace(message, created_at=message.created_at + step, updated_at=message.updated_at + step)
    if message.state is State.SCHEDULED:
        return stamped
    expires_at = message.expires_at + step if message.expires_at else 0
    return replace(stamped, due_at=message.due_at + step, expires_at=expires_at)


def other_leg(id: str) -> str:
    """The id of the same message by the other channel, whether there is one or not; of that one, this one's."""
    return f"{id[:-1]}{int(id[-1], 16) ^ 1:x}"


@dataclass(frozen=True, slots=True)
class Part:
    """One radio SMS of a message."""

    message: str
    #: 1-based
    index: int
    state: State
    #: TP-MR given by the device (3GPP TS 23.040 §9.2.3.6); None when it told none
    reference: int | None = None
    line: str = ""
    attempts: int = 0
    error: str = ""
    #: when the intent was committed; the device was not touched before
    intent_at: int = 0
    sent_at: int = 0
    done_at: int = 0
