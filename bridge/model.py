"""The words of the product as data: message, part, line, and the states with their one table.

All times are Unix milliseconds (int) unless a name says otherwise.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from bridge.scopes import FULL, Grant
from bridge.terms import AuditEntry, Movement, Payment, Template, Terms, Verification

__all__ = [
    "PENDING",
    "TRANSITIONS",
    "Account",
    "AuditEntry",
    "CallKind",
    "Delivery",
    "DeliveryState",
    "Draft",
    "Endpoint",
    "Line",
    "LineState",
    "LoggedCall",
    "Message",
    "Movement",
    "Part",
    "Payment",
    "Received",
    "State",
    "Template",
    "Terms",
    "TypedMessage",
    "UnknownPolicy",
    "Verification",
]


class State(StrEnum):
    """Where a message (or one of its parts) is."""

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
    State.QUEUED: frozenset({State.SENDING, State.CANCELLED, State.EXPIRED, State.FAILED}),
    State.SENDING: frozenset({State.SENT, State.DELIVERED, State.FAILED, State.UNKNOWN, State.QUEUED}),
    State.SENT: frozenset({State.DELIVERED, State.FAILED, State.EXPIRED}),
    State.DELIVERED: frozenset(),
    # a person may ask for another try; and a network that gave up may be proved wrong by the recipient's phone
    State.FAILED: frozenset({State.QUEUED, State.DELIVERED}),
    State.EXPIRED: frozenset({State.QUEUED}),
    State.CANCELLED: frozenset(),
    State.UNKNOWN: frozenset({State.SENT, State.DELIVERED, State.FAILED, State.QUEUED}),
}

#: states in which a message still has a way to go without anybody's asking
PENDING = frozenset({State.SCHEDULED, State.QUEUED, State.SENDING})


class UnknownPolicy(StrEnum):
    """What to do with a message whose outcome is unknown."""

    HOLD = "hold"
    RESEND = "resend"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a caller asks for, before it is accepted."""

    #: as the caller wrote it; the gateway normalises it
    recipient: str
    text: str
    #: a line, a device, or "" for any
    line: str = ""
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
    ttl: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """An accepted message as the store has it."""

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
    #: what the caller asked for: "", a line or a device
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
    #: position in the store, grows by acceptance; lists tell it, elsewhere it is 0
    seq: int = field(default=0, compare=False)


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


@dataclass(frozen=True, slots=True)
class Received:
    """A complete SMS that came in on a line (all parts put together)."""

    #: UUID, the same for every re-read of the same SMS
    id: str
    line: str
    device: str
    sender: str
    text: str
    #: the service centre's time stamp; 0 when absent or broken
    sent_at: int
    received_at: int
    #: parts were missing when the wait ended; the gaps are marked in the text
    partial: bool = False
    #: user data that is not text, hex; "" for ordinary SMS
    data: str = ""
    #: could not be decoded: why; `data` then holds the whole PDU
    error: str = ""
    #: position in the inbox, grows by time of commit
    seq: int = 0
    read: bool = False


@dataclass(frozen=True, slots=True)
class TypedMessage:
    """An SMS that somebody typed on the phone itself."""

    #: UUID
    id: str
    line: str
    device: str
    recipient: str
    text: str
    #: by the phone's clock
    sent_at: int
    #: when the bridge learned of it
    recorded_at: int
    #: position in the log, grows by time of commit
    seq: int = 0


class CallKind(StrEnum):
    """What became of a call."""

    MISSED = "missed"
    #: answered here
    INCOMING = "incoming"
    OUTGOING = "outgoing"


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """A call in a phone's log."""

    #: UUID
    id: str
    line: str
    device: str
    kind: CallKind
    #: the other side; "" when it was withheld
    number: str
    #: in the phone's address book; "" when it has none
    name: str
    call_at: int
    duration_seconds: int
    #: when the bridge learned of it
    recorded_at: int
    #: position in the log, grows by time of commit
    seq: int = 0


class LineState(StrEnum):
    """Whether a line can carry messages now."""

    ABSENT = "absent"
    CONNECTING = "connecting"
    READY = "ready"
    #: present but cannot send: not registered, airplane mode …
    OUT_OF_SERVICE = "out_of_service"
    #: needs a person: PIN, PUK, no SIM, prompt not accepted
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Line:
    """One SIM in a device: identity and health. What is not known is "" or None."""

    #: unique: the device's name, or `device:slot` when it has several SIMs
    name: str
    device: str
    driver: str
    state: LineState = LineState.ABSENT
    slot: int = 1
    number: str = ""
    iccid: str = ""
    imsi: str = ""
    imei: str = ""
    model: str = ""
    operator: str = ""
    #: home, roaming, searching, denied, none; "" when not known
    registration: str = ""
    #: received level in dBm
    signal_dbm: int | None = None
    #: battery percent, phones only
    battery: int | None = None
    charging: bool | None = None
    #: one sentence for a person: what is wrong and what to do
    reason: str = ""
    #: Unix ms of the last proof of life
    seen_at: int = 0
    #: can this line's device report delivery?
    reports: bool = True
    #: does it tell of its calls? None: not known, or a kind of device without a call log
    calls: bool | None = None
    #: one sentence: why it does not tell of them; "" when it does
    calls_reason: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """Who calls us."""

    name: str
    created_at: int = 0
    disabled: bool = False
    on_unknown: UnknownPolicy = UnknownPolicy.HOLD
    #: may see and steer everything (the command line uses such a one)
    operator: bool = False
    #: signs the webhooks of endpoints that are added without a secret of their own
    webhook_secret: str = field(default="", repr=False)
    #: credits left, one a radio part; None when they are not counted
    credits: int | None = None
    terms: Terms = field(default_factory=Terms)
    #: of one who calls: what the credentials of this call allow. Not kept with the account
    grant: Grant = field(default=FULL, compare=False)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an account wants its events delivered as webhooks."""

    id: str
    account: str
    url: str
    #: payload format, one of `bridge.formats.FORMATS`: "v1" flat, "v2" signed envelope …
    format: str = "v2"
    #: names of events as in `bridge.events`; ("*",) for all
    events: tuple[str, ...] = ("*",)
    #: shared secret for the signature
    secret: str = field(default="", repr=False)
    #: second secret during a rotation
    next_secret: str = field(default="", repr=False)
    created_at: int = 0
    paused: bool = False
    #: 0 for the default schedule over two days
    max_attempts: int = 0
    #: IANA time zone of its account, read along; some formats tell local times
    zone: str = "UTC"


class DeliveryState(StrEnum):
    """Where a webhook delivery is."""

    OWED = "owed"
    DELIVERED = "delivered"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook delivery owed or made: one row of the ledger."""

    #: UUID of this delivery
    id: str
    seq: int
    endpoint: str
    account: str
    #: UUID of the event, stable over retries and redeliveries
    event_id: str
    event: str
    state: DeliveryState
    attempts: int
    due_at: int
    created_at: int
    #: Unix ms of the 2xx; 0 while owed
    delivered_at: int = 0
    #: HTTP status of the last attempt, 0 when none came
    status: int = 0
    error: str = ""
