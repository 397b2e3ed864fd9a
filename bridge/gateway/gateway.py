"""The facade: all that `api/` and the command line may ask of the core.

Every call is safe from the event loop. Errors are those of `bridge.errors`; a call that raises has
changed nothing. An `account` argument limits a call to what is that account's; an operator account
sees everything.
"""

import asyncio
import secrets
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bridge.accounts.administration import Desk, DeskStore
from bridge.accounts.authentication import Admission
from bridge.accounts.credentials import digest, new_webhook_secret
from bridge.bus import Bus
from bridge.errors import BadRequest, NoSuchThing, NotAllowed, NotPossible, NotVerified
from bridge.gateway.health import Vitals
from bridge.gateway.pulls import Handouts
from bridge.messages.composer import Intake, digest_of
from bridge.messages.validation import Limits
from bridge.model import event as events
from bridge.model.account import Account, UnknownPolicy, Verification
from bridge.model.event import Event
from bridge.model.finding import Finding
from bridge.model.inbox import LoggedCall, Received, TypedMessage
from bridge.model.line import Line
from bridge.model.loopback import Departures
from bridge.model.message import Draft, Message, Part
from bridge.model.payload_format import FORMATS
from bridge.model.query import CallQuery, InboxQuery, LedgerQuery, MessageQuery, Page, TypedQuery
from bridge.model.webhook import Delivery, Endpoint
from bridge.ports.clock import Clock, SystemClock
from bridge.ports.store import (
    CredentialStore,
    EndpointStore,
    EventStore,
    HealthStore,
    InboxStore,
    LedgerStore,
    MessageStore,
    PullStore,
    SubmissionStore,
)
from bridge.ports.store_rows import Credential

#: events read from the log at a time
EVENT_BATCH = 200
#: a message that could not be sent by then is expired, unless its caller says otherwise
EXPIRE_AFTER = 2 * 24 * 3600 * 1000  # ms


@dataclass(frozen=True, slots=True)
class Submission:
    """What became of a submit: messages in the order of the drafts."""

    messages: tuple[Message, ...]
    #: the idempotency key was known: these are the messages of the first call, nothing new was queued
    replayed: bool = False


class GatewayStore(
    SubmissionStore, MessageStore, PullStore, InboxStore, EndpointStore, LedgerStore, EventStore,
    CredentialStore, DeskStore, HealthStore, Protocol,
):  # fmt: skip
    """What callers may ask for, one way or another."""


class Gateway:
    """What the bridge can do, for one caller at a time."""

    def __init__(
        self,
        store: GatewayStore,
        bus: Bus,
        *,
        lines: Callable[[], Sequence[Line]] = tuple,
        clock: Clock | None = None,
        limits: Limits | None = None,
        expire_after: int = EXPIRE_AFTER,
        on_unknown: UnknownPolicy = UnknownPolicy.HOLD,
        check_url: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._store = store
        self._bus = bus
        #: what is counted, for whoever watches
        self.metrics = bus.metrics
        self._lines = lines
        self._clock = clock or SystemClock()
        self._intake = Intake(self._clock, lines, limits or Limits(), expire_after)
        self._check_url = check_url
        #: who may come in, asked by dialects before anything else
        self.admission = Admission(store, self._clock)
        #: what the operator changes about accounts
        self.desk = Desk(store, self._clock, self.admission.forget, on_unknown)
        #: what is handed out once to callers that ask for it
        self.handouts = Handouts(store, lines)
        #: whether all is well with the store, and what waits in it
        self.vitals = Vitals(store, self._clock)
        #: called with an endpoint's id (None: any) when its deliveries may have changed
        self.poke: Callable[[str | None], None] = lambda endpoint: None
        #: sends SMS from a line of ours to another, each to the next one for "": `bridge.loopback.Loopback.send`
        self.loop: Callable[[str, str], Awaitable[Departures]] = _no_loops
        #: examines a device by its name; raises NoSuchThing
        self.examination: Callable[[str], Awaitable[Sequence[Finding]]] = _no_device

    # -- who calls ------------------------------------------------------------------------------
    async def issue_token(self, account: Account, seconds: int = 3600) -> str:
        """A bearer token for `account`, kept hashed, that ends after `seconds`, and with the key it is given for.

        It may do what that key may do.
        """
        token, grant, now = secrets.token_hex(32), account.grant, self._clock.now()
        expires_at = min(now + seconds * 1000, grant.expires_at or sys.maxsize)
        made = Credential("token", "", digest(token), expires_at, grant.key, grant.scopes, now)
        await self._store.add_credential(account.name, made)
        return token

    async def account(self, operator: Account, name: str) -> Account:
        """Another account, for an operator who acts for it with what his key allows. Raises NotAllowed, NoSuchThing."""
        if not operator.operator:
            raise NotAllowed("only an operator may act for another account")
        return replace(await self._store.account(name), grant=operator.grant)

    # -- messages -------------------------------------------------------------------------------
    async def submit(self, account: Account, drafts: Sequence[Draft], idempotency_key: str = "") -> Submission:
        """Accept messages: when this returns they are on disk. All or none.

        Raises BadRequest (and its kinds; `field` says which, with `messages[17].` before it when there
        are several), NotVerified, OutOfCredit, DailyLimit, IdempotencyConflict, StoreUnavailable, and
        AlreadyUsed for a `client_ref` used before in this account. A repeated idempotency key gives what is
        left of the first call's messages, and raises NotPossible when all of them were deleted. A message to
        a number on the account's list is accepted and has failed at once.
        """
        _check_verified(account)
        if not drafts:
            raise BadRequest("there is no message in this request", "messages")
        request = ""
        if idempotency_key:
            request = await digest_of(drafts)
            # before anything is checked: what was right in the first call may have no future by now
            first = await self._store.remembered(account.name, idempotency_key, request)
            if first is not None:
                return Submission(tuple(first), replayed=True)
        accepted = await self._intake.messages(account, drafts)
        apart = account.credits is not None or account.terms.daily_per_recipient > 0
        stored, replayed = await self._store.submit(accepted, idempotency_key, request, apart)
        if not replayed:
            self.metrics.submitted(account.name, drafts[0].dialect, len(stored))
        return Submission(tuple(stored), replayed)

    def check(self, account: Account, draft: Draft) -> None:
        """Whether `submit` would take this draft, as far as the draft itself goes. Raises BadRequest and its kinds."""
        self._intake.check(account, draft)

    async def message(self, account: Account, id: str) -> Message:
        """Raises NoSuchThing."""
        message = await self._store.message(id)
        if not account.operator and message.account != account.name:
            raise NoSuchThing(f"there is no message {id!r}")
        return message

    async def parts(self, account: Account, id: str) -> Sequence[Part]:
        """The parts of a message that were tried so far. Raises NoSuchThing."""
        await self.message(account, id)
        return await self._store.parts(id)

    async def messages(self, account: Account, query: MessageQuery) -> Page[Message]:
        """Newest first. Raises BadRequest for a cursor that is not ours."""
        return await self._store.messages(_scope(account), query)

    async def count(self, account: Account, query: MessageQuery) -> int:
        """How many messages a query finds on all its pages together."""
        return await self._store.count(_scope(account), query)

    async def cancel(self, account: Account, id: str) -> Message:
        """Take back what was not sent yet. Raises NoSuchThing, NotPossible."""
        await self.message(account, id)
        return await self._store.cancel(id, self._clock.now())

    async def resend(self, account: Account, id: str) -> Message:
        """Queue a failed, expired or unknown message again; parts that were sent stay sent.

        Raises NoSuchThing, NotVerified, OutOfCredit, NotPossible (any other state, or a number on the account's list).
        """
        await self.message(account, id)
        _check_verified(account)
        return await self._store.resend(id, self._clock.now())

    async def delete_messages(self, account: Account, query: MessageQuery) -> int:
        """Forget finished messages; how many. Pending ones stay. An empty query raises BadRequest."""
        return await self._store.delete_messages(_scope(account), query)

    # -- inbox ----------------------------------------------------------------------------------
    async def inbox(self, account: Account, query: InboxQuery) -> Page[Received]:
        """Newest first."""
        return await self._store.inbox(account.name, query, self._clock.now())

    async def received(self, account: Account, id: str) -> Received:
        """Raises NoSuchThing."""
        return await self._store.received(account.name, id)

    async def delete_received(self, account: Account, query: InboxQuery) -> int:
        """Hide received SMS from this account for good; how many. An empty query raises BadRequest."""
        return await self._store.delete_received(account.name, query, self._clock.now())

    # -- phones ---------------------------------------------------------------------------------
    async def typed(self, account: Account, query: TypedQuery) -> Page[TypedMessage]:
        """SMS typed on the phones themselves, newest first; every account may see them, as it may the inbox."""
        return await self._store.typed(query)

    async def calls(self, account: Account, query: CallQuery) -> Page[LoggedCall]:
        """The phones' calls, newest first; every account may see them."""
        return await self._store.calls(query)

    def now(self) -> int:
        """Unix milliseconds by the clock that everything here goes by."""
        return self._clock.now()

    # -- lines ----------------------------------------------------------------------------------
    def lines(self) -> Sequence[Line]:
        """Every configured line with its health, absent ones too."""
        return self._lines()

    async def examine(self, operator: Account, device: str) -> Sequence[Finding]:
        """What is right with a device and what to change, asked of it now. Raises NotAllowed, NoSuchThing."""
        if not operator.operator:
            raise NotAllowed("only an operator may examine a device")
        return await self.examination(device)

    # -- webhooks -------------------------------------------------------------------------------
    async def add_endpoint(
        self, account: Account, url: str, format: str = "v2", names: Sequence[str] = ("*",), max_attempts: int = 0
    ) -> Endpoint:
        """A new webhook endpoint with the account's secret, else a fresh one.

        Raises BadRequest (field `url`, `format` or `events`).
        """
        if format not in FORMATS:
            raise BadRequest(f"there is no format {format!r}; known: {', '.join(FORMATS)}", "format")
        unknown = [name for name in names if name != "*" and name not in events.NAMES]
        if unknown or not names:
            known = ", ".join(events.NAMES)
            raise BadRequest(
                f"there is no event {unknown[0]!r}; known: *, {known}" if unknown else "no event", "events"
            )
        if self._check_url is not None:
            await self._check_url(url)
        endpoint = Endpoint(
            id=secrets.token_hex(8),
            account=account.name,
            url=url,
            format=format,
            events=tuple(names),
            secret=account.webhook_secret or new_webhook_secret(),
            created_at=self._clock.now(),
            max_attempts=max_attempts or FORMATS[format].attempts,
            zone=account.terms.zone,
        )
        await self._store.add_endpoint(endpoint)
        self.poke(endpoint.id)
        return endpoint

    async def endpoints(self, account: Account) -> Sequence[Endpoint]:
        """Oldest first."""
        return await self._store.endpoints(_scope(account))

    async def endpoint(self, account: Account, id: str) -> Endpoint:
        """Raises NoSuchThing."""
        for endpoint in await self.endpoints(account):
            if endpoint.id == id:
                return endpoint
        raise NoSuchThing(f"there is no webhook endpoint {id!r}")

    async def remove_endpoint(self, account: Account, id: str) -> None:
        """Deliveries still owed to it are dropped. Raises NoSuchThing."""
        await self._store.remove_endpoint((await self.endpoint(account, id)).id)
        self.poke(id)

    async def pause_endpoint(self, account: Account, id: str, paused: bool) -> Endpoint:
        """Paused: what is owed waits in order. Raises NoSuchThing."""
        return await self._change(replace(await self.endpoint(account, id), paused=paused))

    async def rotate_secret(self, account: Account, id: str, finish: bool = False) -> Endpoint:
        """First call: a `next_secret` signs along. With `finish`: it becomes the only one. Raises NoSuchThing."""
        endpoint = await self.endpoint(account, id)
        if not finish:
            return await self._change(replace(endpoint, next_secret=new_webhook_secret()))
        if not endpoint.next_secret:
            raise NotPossible("no rotation was begun")
        return await self._change(replace(endpoint, secret=endpoint.next_secret, next_secret=""))

    async def _change(self, endpoint: Endpoint) -> Endpoint:
        await self._store.change_endpoint(endpoint)
        self.poke(endpoint.id)
        return endpoint

    async def ledger(self, account: Account, query: LedgerQuery) -> Page[Delivery]:
        """Newest first."""
        return await self._store.ledger(_scope(account), query)

    async def redeliver(self, account: Account, query: LedgerQuery, ids: Sequence[str] = ()) -> int:
        """Owe these deliveries (by id, or all that match the query) once more, from attempt one; how many."""
        count = await self._store.redeliver(_scope(account), query, ids, self._clock.now())
        self.poke(None)
        return count

    # -- news -----------------------------------------------------------------------------------
    async def position(self) -> int:
        """The `seq` of the newest event: as `after` of `events` it leaves out nothing that comes from now on."""
        return await self._store.newest_event()

    async def events(
        self, account: Account, after: int | None = None, names: Sequence[str] = ()
    ) -> AsyncGenerator[Event, None]:
        """Events as they are committed; with `after`, first those of the log with a greater `seq`."""
        woken = asyncio.Event()
        unsubscribe = self._bus.subscribe(lambda _: woken.set())
        try:
            position = await self.position() if after is None else after
            while True:
                woken.clear()
                batch = await self._store.events(_scope(account), position, EVENT_BATCH)
                for event in batch:
                    position = event.seq
                    if not names or event.name in names:
                        yield event
                if not batch:
                    await woken.wait()
        finally:
            unsubscribe()


async def _no_loops(sender: str, receiver: str) -> Departures:
    raise NotPossible("this bridge sends no loop-backs")


async def _no_device(name: str) -> Sequence[Finding]:
    raise NoSuchThing(f"there is no device {name!r}")


def _scope(account: Account) -> str:
    return "" if account.operator else account.name


def _check_verified(account: Account) -> None:
    if account.terms.verification is Verification.REJECTED:
        raise NotVerified("the account's verification was rejected: it may not send")
    if account.terms.verification is not Verification.APPROVED:
        raise NotVerified
