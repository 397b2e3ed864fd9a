"""The contract between the core and what keeps everything: `Store`. Its own rows are in `bridge.ports.store_rows`.

The same contract tests run on every store there is (`tests/contract/`).
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bridge.model.account import Account, AuditEntry, Movement, Template, Terms, UnknownPolicy
from bridge.model.event import Event
from bridge.model.inbox import LoggedCall, Received, TypedMessage
from bridge.model.loopback import Trip
from bridge.model.message import Message, Part
from bridge.model.query import CallQuery, InboxQuery, LedgerQuery, MessageQuery, Page, TypedQuery
from bridge.model.radio import Call, Doubtful, Evidence, InboundPart, InboundReport, Typed
from bridge.model.scope import Key
from bridge.model.webhook import Delivery, Endpoint
from bridge.ports.store_rows import Backlog, Claim, Credential, Outcome, Room, Waiting


class Store(Protocol):
    """Everything durable. A call that returns is on disk; a call that raises changed nothing.

    State change, event and ledger row are one transaction; events go to the bus after it.
    Raises StoreUnavailable when the disk is full, the file locked by another bridge or damaged.
    """

    # -- accounts -------------------------------------------------------------------------------
    async def add_account(
        self, account: Account, credentials: Sequence[Credential], entry: AuditEntry | None = None
    ) -> None:
        """With `entry` in the audit trail. Raises NotPossible when the name is taken."""
        ...

    async def account(self, name: str) -> Account:
        """Raises NoSuchThing."""
        ...

    async def accounts(self) -> Sequence[Account]: ...

    async def change_account(self, account: Account) -> None:
        """Raises NoSuchThing."""
        ...

    async def add_credential(self, account: str, credential: Credential, replace: bool = False) -> None:
        """`replace` drops those of the same kind first, named keys excepted."""
        ...

    async def account_for(self, kind: str, ident: str, digest: str, now: int) -> Account | None:
        """Whose credential this is, with its grant, of a disabled account too; None when nobody's or expired."""
        ...

    async def ended(self, kind: str, ident: str, digest: str, now: int) -> int:
        """When this named key expired (Unix ms); 0 for one that has not, and for what is no key."""
        ...

    async def knows(self, kind: str, ident: str, now: int) -> bool:
        """Whether somebody has this identifier, whatever the secret."""
        ...

    async def forget_expired(self, now: int) -> None:
        """Drop tokens and replaced credentials whose time is over; named keys stay until they are revoked."""
        ...

    async def used(self, account: str, name: str, day: int) -> None:
        """A named key was used on this day (its first moment, Unix ms)."""
        ...

    # -- the operator's desk: `entry` goes into the audit trail in the same transaction ----------
    async def set_terms(
        self, name: str, terms: Terms, entry: AuditEntry, on_unknown: UnknownPolicy | None = None
    ) -> Account:
        """None leaves what is done with unknown outcomes. Raises NoSuchThing."""
        ...

    async def disable(self, name: str, disabled: bool, entry: AuditEntry) -> Account: ...

    async def rotate(self, name: str, fresh: Sequence[Credential], until: int, entry: AuditEntry) -> None:
        """Add these; the account's others of their kinds end at `until` (Unix ms), named keys excepted.

        With a client's credentials end the tokens that it was given.
        """
        ...

    async def add_key(self, account: str, credential: Credential, most: int, entry: AuditEntry) -> None:
        """A named key. Raises NoSuchThing for the account, NotPossible for a name in use and for more than `most`."""
        ...

    async def keys(self, account: str = "") -> Sequence[Key]:
        """The named keys of an account by name, expired ones too; "" for everybody's."""
        ...

    async def revoke_key(self, account: str, name: str, entry: AuditEntry) -> None:
        """It ends at once, and so do the tokens that it was given. Raises NoSuchThing."""
        ...

    async def set_webhook_secret(self, name: str, secret: str, entry: AuditEntry) -> None: ...

    async def top_up(self, name: str, credits: int, note: str, entry: AuditEntry) -> Account:
        """Raises NoSuchThing, and BadRequest for taking more than a prepaid account has."""
        ...

    async def movements(self, account: str, limit: int, cursor: str) -> Page[Movement]: ...

    async def keep_template(self, template: Template, entry: AuditEntry) -> Template:
        """New, or in place of the old one of its id. Raises NoSuchThing for the account."""
        ...

    async def templates(self, account: str) -> Sequence[Template]: ...
    async def template(self, account: str, id: str) -> Template | None: ...
    async def drop_template(self, account: str, id: str, entry: AuditEntry) -> None: ...
    async def suppress(self, account: str, number: str, reason: str, entry: AuditEntry) -> None: ...
    async def allow(self, account: str, number: str, entry: AuditEntry) -> None: ...

    async def suppressed(self, account: str) -> Sequence[tuple[str, str, int]]:
        """Number, reason and Unix ms of each entry, oldest first."""
        ...

    async def audit(self, account: str, limit: int, cursor: str) -> Page[AuditEntry]:
        """Newest first; `account` "" reads everybody's."""
        ...

    # -- handed out once ------------------------------------------------------------------------
    async def hand_out_reports(
        self, account: str, report_on: str, reporting: frozenset[str], limit: int
    ) -> Sequence[tuple[Message, bool, int]]:
        """Messages that ended since the last call, as they were then, with success and Unix ms; oldest first.

        `report_on` is that of `Terms`; `reporting` are the lines that can report delivery.
        """
        ...

    async def hand_out_received(self, account: str, since: int, limit: int) -> Sequence[Received]:
        """SMS that came in since the last call, and since that moment (Unix ms); oldest first."""
        ...

    # -- messages -------------------------------------------------------------------------------
    async def submit(
        self, messages: Sequence[Message], idempotency_key: str = "", request_digest: str = "", apart: bool = False
    ) -> tuple[Sequence[Message], bool]:
        """All or none: the messages as stored. Second value: the key was known and these are the first call's.

        `apart`: the account has credits or limits, so this may be refused; whether it is does not depend on it, but
        kept apart it slows nobody else. Raises AlreadyUsed, OutOfCredit, DailyLimit.
        """
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

    async def waiting(self, now: int) -> Sequence[Waiting]:
        """The queues in which messages are due, by route."""
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

    # -- loop-backs -----------------------------------------------------------------------------
    async def depart(self, trip: Trip) -> bool:
        """Commit that it is about to be sent; False when another is on its way between the same two lines.

        From then on `receive` knows its text: it is told as `loopback.arrived` and in nobody's inbox.
        """
        ...

    async def trips(self) -> Sequence[Trip]:
        """Those on their way, and each pair's last that arrived with all since, oldest first."""
        ...

    async def lose_trip(self, token: str, reason: str, now: int) -> bool:
        """Tell that it did not arrive in time; False when it did, or was lost before. It still may arrive."""
        ...

    async def forget_trip(self, token: str) -> None:
        """It was not sent."""
        ...

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

    async def note_together(self, events: Sequence[Event], device: str, key: str, value: str) -> None:
        """Log events and put a value into a memory, in one transaction."""
        ...

    async def newest_event(self) -> int:
        """The position of the last event; 0 when there is none."""
        ...

    async def pulse(self) -> int:
        """How many messages wait to be sent. Whoever writes answers it: an answer proves that the store can commit."""
        ...

    async def changed_elsewhere(self) -> bool:
        """Another process (the command line) wrote since the last call."""
        ...

    # -- vitals ---------------------------------------------------------------------------------
    async def prove(self) -> None:
        """Write something that changes nothing, with all that keeping a message takes."""
        ...

    async def backlog(self, now: int) -> Backlog: ...
    async def room(self) -> Room: ...

    async def close(self) -> None:
        """Finish what was asked for, then let go of the file."""
        ...
