"""The contracts between the core and what is plugged into it: Driver, Link, Store, Clock.

A driver is one module or folder in `device_drivers/` with a `DRIVER` attribute that obeys `Driver`;
the same contract tests run on every one of them (`tests/contract/`).
"""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from bridge.events import Event
from bridge.model import (
    Account,
    Delivery,
    Endpoint,
    Line,
    LoggedCall,
    Message,
    Part,
    Received,
    State,
    TypedMessage,
)
from bridge.queries import CallQuery, InboxQuery, LedgerQuery, MessageQuery, Page, TypedQuery


class Clock(Protocol):
    """Time as the core sees it, so that tests can own it."""

    def now(self) -> int:
        """Unix milliseconds."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> int:
        """Unix milliseconds."""
        return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One thing for a link to send: what `Link.split` made of a message's text."""

    message: str
    recipient: str
    text: str
    #: 1-based, of `total`
    index: int = 1
    total: int = 1
    #: the same for all parts of a message and for every retry of them (3GPP TS 23.040 §9.2.3.24.1), 0–255
    concat_ref: int = 0
    report: bool = True
    #: seconds the network may keep trying (TP-VP); 0 for the network's default
    validity: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """The network took a part."""

    #: TP-MR by which reports will speak of it; None when the device tells none
    reference: int | None
    #: `sent`, or `delivered` where a device knows at once
    state: State = State.SENT


@dataclass(frozen=True, slots=True)
class Concat:
    """Where a received part belongs (3GPP TS 23.040 §9.2.3.24.1 and .8)."""

    reference: int
    total: int
    index: int
    #: 8 or 16: references of different width are never the same message
    bits: int = 8


@dataclass(frozen=True, slots=True)
class InboundPart:
    """An SMS (or one part of one) read from a device. The core commits it, then calls `acknowledge`."""

    line: str
    #: names the place it was read from and its content: equal for each re-read of the same stored SMS
    slot: str
    sender: str
    text: str
    #: the service centre's time stamp, Unix ms; 0 when absent or broken
    sent_at: int = 0
    concat: Concat | None = None
    #: user data that is not text, hex
    data: str = ""
    #: set when it could not be decoded; `data` then holds the whole PDU
    error: str = ""
    #: the PDU as read, hex, for the record
    raw: str = ""


@dataclass(frozen=True, slots=True)
class InboundReport:
    """A status report for a part sent earlier (3GPP TS 23.040 §9.2.2.3)."""

    line: str
    slot: str
    recipient: str
    reference: int
    #: `delivered`, `failed`, or `sent` for "still trying"
    state: State
    #: in people's words, with TP-ST
    detail: str = ""
    #: TP-DT, Unix ms; 0 when absent
    at: int = 0
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The device knows by now what became of a part whose outcome was unknown (a stored copy, a type-2 row)."""

    line: str
    message: str
    index: int
    state: State
    reference: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Typed:
    """An SMS that somebody typed on the phone itself; the bridge had no part in it."""

    line: str
    slot: str
    recipient: str
    text: str
    #: Unix ms
    sent_at: int


@dataclass(frozen=True, slots=True)
class Call:
    """A call in the phone's log."""

    line: str
    slot: str
    #: missed, incoming (answered) or outgoing
    kind: str
    number: str
    #: the name in the phone's address book; "" when it has none
    name: str
    #: Unix ms
    at: int
    #: seconds
    duration: int


Inbound = InboundPart | InboundReport | Evidence | Typed | Call


@dataclass(frozen=True, slots=True)
class Doubtful:
    """A part whose outcome is unknown, as the store has it: a device that keeps traces may look for some."""

    message: str
    #: 1-based, of what `Link.split` made
    index: int
    line: str
    recipient: str
    #: of the whole message, before `Link.split`
    text: str
    #: Unix ms of the intent
    since: int


class Link(Protocol):
    """An open connection to a device with one or more lines. Lives until it raises DeviceLost or is closed.

    Never blocks the event loop. One `send` per line at a time; the core sees to that.
    """

    @property
    def lines(self) -> Sequence[Line]:
        """The SIMs of this device with their last known health; the first call after `open` has identities."""
        ...

    def split(self, text: str) -> Sequence[str]:
        """Cut a text into what `send` takes one at a time: radio parts for a modem, the whole for a phone."""
        ...

    async def send(self, line: str, outgoing: Outgoing) -> Sent:
        """Hand one part to the network.

        Raises DeviceLost when nothing left us, SendRefused for a definite no, OutcomeUnknown otherwise.
        """
        ...

    def inbound(self) -> AsyncIterator[Inbound]:
        """All that comes in, oldest first, starting with what the device already holds. Raises DeviceLost."""
        ...

    async def acknowledge(self, item: Inbound) -> None:
        """The item is committed: the device may forget it. Raises DeviceLost; must be harmless when repeated."""
        ...

    async def refresh(self) -> Sequence[Line]:
        """Ask the device for its health now. Raises DeviceLost."""
        ...

    async def close(self) -> None:
        """Let go of the device; never raises."""
        ...


@runtime_checkable
class Clarifying(Protocol):
    """What a link has beside `Link` when its device keeps traces of what was sent."""

    async def clarify(self, doubtful: Sequence[Doubtful]) -> None:
        """Look for traces of these from now on; what is found comes as Evidence through `inbound`.

        Called at most once, after `open`: before the first `send`, while `inbound` is being read. Raises DeviceLost.
        """
        ...


class Memory(Protocol):
    """A few values that a driver must know again after a restart. The core keeps them, for each device its own."""

    def get(self, key: str) -> str | None:
        """What was put last; None when nothing was. Read before `Driver.open`, so it never waits."""
        ...

    async def put(self, key: str, value: str) -> None:
        """When it returns the value is on disk; it waits for as long as the store refuses."""
        ...


class Forgetful:
    """A `Memory` that lasts as long as its process."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """What was put last."""
        return self._values.get(key)

    async def put(self, key: str, value: str) -> None:
        """Keep it for now."""
        self._values[key] = value


@dataclass(frozen=True, slots=True)
class Device:
    """A configured device: its name in the configuration and the driver's own options."""

    name: str
    driver: str
    options: Mapping[str, Any] = field(default_factory=dict)
    #: the running bridge gives one that lasts
    memory: Memory = field(default_factory=Forgetful, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Found:
    """A device that a driver sees plugged in, configured or not."""

    driver: str
    #: what to put into the configuration: {"port": "/dev/ttyUSB2"} or {"serial": "R58M12ABC"}
    options: Mapping[str, Any]
    description: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of `check` or `doctor`."""

    #: ok, warn or fail
    level: str
    subject: str
    message: str
    #: the command or step that mends it; "" when nothing is to be done
    remedy: str = ""


class Driver(Protocol):
    """The code for a kind of device."""

    name: str
    #: option name → (type, help): what a `[devices.x]` table of this driver may hold
    options: Mapping[str, tuple[type, str]]

    def validate(self, device: Device) -> Sequence[str]:
        """Problems of the options, each as `key: message`; empty when they are fine. Touches no device."""
        ...

    async def open(self, device: Device) -> Link:
        """Connect. Raises DeviceLost when it is absent or held by another program,
        SendRefused(LINE) when it needs a person (PIN, PUK, no SIM, prompt)."""
        ...

    async def discover(self) -> Sequence[Found]:
        """What is plugged in and might be ours."""
        ...

    async def examine(self, device: Device) -> Sequence[Finding]:
        """What is right and what to change, in plain words. Never raises for a bad device."""
        ...


@dataclass(frozen=True, slots=True)
class Credential:
    """One way to prove to be an account; the secret itself is never stored."""

    #: apikey, token, client, template, v1, zhenzi …: what may be tried against it
    kind: str
    #: the public half (client_id); "" when the secret stands alone
    ident: str
    #: SHA-256 hex of the secret
    digest: str
    #: Unix ms; 0 for never
    expires_at: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one part that was handed to a link."""

    message: str
    index: int
    state: State
    reference: int | None = None
    error: str = ""
    #: for `queued`: when to try again
    retry_at: int = 0
    #: for `queued`: this try counts against the retries
    counts: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that a line took, with the intent for its first part already on disk."""

    message: Message
    #: the first part to send
    index: int
    #: the same for every part and every retry
    concat_ref: int
    #: parts that went out in an earlier try
    done: frozenset[int] = frozenset()


class Store(Protocol):
    """Everything durable. A call that returns is on disk; a call that raises changed nothing.

    State change, event and ledger row are one transaction; events go to the bus after it.
    Raises StoreUnavailable when the disk is full, the file locked by another bridge or damaged.
    """

    # -- accounts -------------------------------------------------------------------------------
    async def add_account(self, account: Account, credentials: Sequence[Credential]) -> None:
        """Raises NotPossible when the name is taken."""
        ...

    async def account(self, name: str) -> Account:
        """Raises NoSuchThing."""
        ...

    async def accounts(self) -> Sequence[Account]: ...

    async def change_account(self, account: Account) -> None:
        """Raises NoSuchThing."""
        ...

    async def add_credential(self, account: str, credential: Credential, replace: bool = False) -> None:
        """`replace` drops those of the same kind first."""
        ...

    async def account_for(self, kind: str, ident: str, digest: str, now: int) -> Account | None:
        """Whose credential this is; None when nobody's, expired, or of a disabled account."""
        ...

    async def forget_expired(self, now: int) -> None:
        """Drop tokens whose time is over."""
        ...

    # -- messages -------------------------------------------------------------------------------
    async def submit(
        self, messages: Sequence[Message], idempotency_key: str = "", request_digest: str = ""
    ) -> tuple[Sequence[Message], bool]:
        """All or none. Second value: the key was known and these are the first call's messages."""
        ...

    async def remembered(self, account: str, key: str, digest: str) -> Sequence[Message] | None:
        """What is left of the messages that were accepted under an idempotency key; None when it is not known.

        Raises IdempotencyConflict for another request, NotPossible when all of them were deleted.
        """
        ...

    async def message(self, id: str) -> Message: ...
    async def messages(self, account: str, query: MessageQuery) -> Page[Message]: ...
    async def count(self, account: str, query: MessageQuery) -> int: ...
    async def parts(self, id: str) -> Sequence[Part]: ...
    async def cancel(self, id: str, now: int) -> Message: ...
    async def resend(self, id: str, now: int) -> Message: ...
    async def delete_messages(self, account: str, query: MessageQuery) -> int: ...

    # -- sending --------------------------------------------------------------------------------
    async def claim(self, line: str, routes: Sequence[str], now: int, whole: bool = False) -> Claim | None:
        """The oldest due message for this line becomes `sending`, with the intent for its first missing part.

        `whole`: the device takes a long text in one piece. None when nothing is due.
        """
        ...

    async def intend(self, message: str, index: int, line: str, now: int) -> None:
        """Commit the intent to hand a further part to the device."""
        ...

    async def record(self, outcome: Outcome, now: int) -> Message:
        """What became of a part; the message follows from its parts. `queued` means: nothing of it left us."""
        ...

    async def recover(self, now: int) -> int:
        """After a crash: intents without an outcome become unknown, untouched claims go back; how many unknown."""
        ...

    async def advance(self, now: int) -> int:
        """Scheduled → queued, overdue → expired; returns when to call again (Unix ms, 0 for nothing waiting)."""
        ...

    async def settle(self, item: InboundReport | Evidence, now: int) -> Message | None:
        """A report or other evidence. None when it matches nothing; a report is kept for a part recorded later."""
        ...

    async def doubtful(self, lines: Sequence[str]) -> Sequence[Doubtful]:
        """The parts in state unknown that these lines had in hand, oldest first."""
        ...

    # -- devices --------------------------------------------------------------------------------
    async def keep(self, item: Typed | Call, device: str, now: int) -> TypedMessage | LoggedCall | None:
        """Commit what a phone tells of itself; None when this line and slot were told before."""
        ...

    async def typed(self, query: TypedQuery) -> Page[TypedMessage]: ...
    async def calls(self, query: CallQuery) -> Page[LoggedCall]: ...
    async def memories(self, device: str) -> Mapping[str, str]: ...
    async def memorise(self, device: str, key: str, value: str) -> None: ...

    # -- inbox ----------------------------------------------------------------------------------
    async def receive(self, item: InboundPart, device: str, now: int) -> Received | None:
        """Commit what came in. The complete SMS when this made one; None for a re-read or while parts are missing."""
        ...

    async def acknowledged(self, line: str, slot: str) -> None:
        """The device has forgotten this slot: whatever is read there next is new."""
        ...

    async def release_partial(self, older_than: int, now: int) -> Sequence[Received]:
        """Give out multipart sets whose parts stayed away since `older_than`, flagged partial."""
        ...

    async def inbox(self, account: str, query: InboxQuery, now: int) -> Page[Received]: ...
    async def received(self, account: str, id: str) -> Received: ...
    async def delete_received(self, account: str, query: InboxQuery, now: int) -> int: ...

    # -- webhooks -------------------------------------------------------------------------------
    async def add_endpoint(self, endpoint: Endpoint) -> None: ...
    async def endpoints(self, account: str = "") -> Sequence[Endpoint]:
        """Oldest first; of one account, or all."""
        ...

    async def change_endpoint(self, endpoint: Endpoint) -> None: ...
    async def remove_endpoint(self, id: str) -> None: ...

    async def owed(self, endpoint: str, limit: int, after: int = 0) -> Sequence[tuple[Delivery, Event]]:
        """The oldest deliveries still owed to an endpoint, in order, due or not; only those with `seq` > `after`."""
        ...

    async def record_attempt(self, *deliveries: Delivery) -> None:
        """Write back state, attempts, due_at, delivered_at, status and error of deliveries, all or none."""
        ...

    async def ledger(self, account: str, query: LedgerQuery) -> Page[Delivery]: ...
    async def redeliver(self, account: str, query: LedgerQuery, ids: Sequence[str], now: int) -> int: ...

    async def sweep(self, older_than: int, keys_older_than: int) -> bool:
        """Forget some of what is finished and older (0: nothing), and old idempotency keys; more is left."""
        ...

    # -- news -----------------------------------------------------------------------------------
    async def note(self, event: Event) -> Event:
        """Log an event that goes with no other change (line.changed); returns it with its `seq`."""
        ...

    async def events(self, account: str, after: int, limit: int) -> Sequence[Event]:
        """After a position, oldest first; `account` "" reads everybody's."""
        ...

    async def newest_event(self) -> int:
        """The position of the last event; 0 when there is none."""
        ...

    async def changed_elsewhere(self) -> bool:
        """Another process (the command line) wrote since the last call."""
        ...

    async def close(self) -> None:
        """Finish what was asked for, then let go of the file."""
        ...
