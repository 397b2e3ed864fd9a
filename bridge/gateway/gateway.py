"""The facade: all that `api/` and the command line may ask of the core.

Every call is safe from the event loop. Errors are those of `bridge.errors`; a call that raises has
changed nothing. An `account` argument limits a call to what is that account's; an operator account
sees everything.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bridge.accounts.administration import Desk, DeskStore
from bridge.accounts.authentication import Admission
from bridge.accounts.credentials import digest
from bridge.accounts.sessions import Sessions
from bridge.accounts.users import Users
from bridge.bus import Bus
from bridge.errors import DeviceLost, NoSuchThing, NotAllowed, NotPossible
from bridge.gateway.attention import Decider
from bridge.gateway.batches import Batches
from bridge.gateway.conversations import Contacts, Conversations
from bridge.gateway.endpoints import Endpoints, scope
from bridge.gateway.health import Vitals
from bridge.gateway.pulls import Handouts
from bridge.gateway.searches import Searches
from bridge.gateway.statistics import Figures
from bridge.gateway.submissions import Submissions, check_verified
from bridge.model.account import Account, UnknownPolicy
from bridge.model.attention import Ongoing
from bridge.model.callback import Callback, Reply
from bridge.model.event import NOTIFICATION_SENT, Event
from bridge.model.finding import Finding
from bridge.model.inbox import LoggedCall, Received, TypedMessage
from bridge.model.line import Line
from bridge.model.loopback import Departures
from bridge.model.media import Media
from bridge.model.message import Message, Part
from bridge.model.notification import Letter, Notification, NotificationQuery, Posted
from bridge.model.query import CallQuery, InboxQuery, MessageQuery, Page, TypedQuery
from bridge.model.webhook import Endpoint, Trial
from bridge.ports.clock import Clock, SystemClock
from bridge.ports.store import (
    AttentionStore,
    BatchStore,
    ContactStore,
    ConversationStore,
    CredentialStore,
    EndpointStore,
    EventStore,
    HealthStore,
    InboxStore,
    LedgerStore,
    MemoryStore,
    MessageStore,
    PullStore,
    SessionStore,
    StatisticsStore,
    SubmissionStore,
    UserStore,
)

#: events read from the log at a time
EVENT_BATCH = 200
#: events of all accounts that are looked at for them
EVENT_STEP = 5_000


async def _no_loops(sender: str, receiver: str) -> Departures:
    raise NotPossible("this bridge sends no loop-backs")


async def _no_device(name: str) -> Sequence[Finding]:
    raise NoSuchThing(f"there is no device {name!r}")


async def _no_callback(name: str, callback: Callback) -> Reply:
    raise NoSuchThing(f"there is no device {name!r}")


async def _no_mail(account: Account, letter: Letter) -> Posted:
    raise NotPossible("this bridge has no mail server: [alarm] smtp_host")


async def _no_media(name: str, media: str) -> Media:
    raise NoSuchThing(f"there is no device {name!r}")


@dataclass(frozen=True, slots=True)
class Devices:
    """The parts of the supervisor that callers may use."""

    lines: Callable[[], Sequence[Line]] = tuple
    #: by a device's name; raises NoSuchThing
    examine: Callable[[str], Awaitable[Sequence[Finding]]] = _no_device
    #: from a line to another, each to the next one for ""
    loop: Callable[[str, str], Awaitable[Departures]] = _no_loops
    #: by a device's name, for its provider; raises NoSuchThing, DeviceLost
    call_back: Callable[[str, Callback], Awaitable[Reply]] = _no_callback
    #: those that were raised and are not over
    alarms: Callable[[], Sequence[Ongoing]] = tuple
    #: what came with a message to a device, by what `Received.media` says; raises NoSuchThing, DeviceLost
    fetch: Callable[[str, str], Awaitable[Media]] = _no_media


@dataclass(frozen=True, slots=True)
class Outlets:
    """The ways out of the bridge besides SMS."""

    #: raises BadRequest for a URL that nothing may be posted to
    check_url: Callable[[str], Awaitable[None]] | None = None
    #: called when the deliveries of an endpoint (None: any) may have changed
    poke: Callable[[str | None], None] = lambda endpoint: None
    mail: Callable[[Account, Letter], Awaitable[Posted]] = _no_mail
    #: makes one request to an endpoint on trial; None where nothing is posted
    trial: Callable[[Endpoint], Awaitable[Trial]] | None = None


class GatewayStore(
    SubmissionStore, MessageStore, StatisticsStore, PullStore, InboxStore, EndpointStore, LedgerStore, EventStore,
    ConversationStore, ContactStore, AttentionStore, BatchStore, UserStore, SessionStore,
    CredentialStore, DeskStore, MemoryStore, HealthStore, Protocol,
):  # fmt: skip
    """The parts of the store that callers may use."""


class Gateway:
    """All operations a caller may perform; see each for what it raises."""

    def __init__(
        self,
        store: GatewayStore,
        bus: Bus,
        submissions: Submissions | None = None,
        devices: Devices | None = None,
        *,
        clock: Clock | None = None,
        on_unknown: UnknownPolicy = UnknownPolicy.HOLD,
        outlets: Outlets | None = None,
    ) -> None:
        self._store = store
        self._bus = bus
        #: counters, read by metrics
        self.metrics = bus.metrics
        self._clock = clock or SystemClock()
        self._devices = devices or Devices()
        outlets = outlets or Outlets()
        self._searches = Searches()
        submissions = submissions or Submissions(store, bus.metrics, self._clock, self._devices.lines)
        #: Unix milliseconds by the clock that everything here goes by
        self.now = self._clock.now
        #: every configured line with its health, absent ones too
        self.lines = self._devices.lines
        #: sends SMS from one line to another; `bridge.monitoring.loopback.Loopback.send`
        self.loop = self._devices.loop
        #: answers a device's provider; raises NoSuchThing, and DeviceLost while the device is away
        self.call_back = self._devices.call_back
        self.submit = submissions.submit
        self.check = submissions.check
        #: what a device's driver put aside, for a program that examines the device itself; {} where it never did
        self.memory = store.memories
        #: put something aside for a device's driver: one that has the device open reads it at its next start
        self.remember = store.memorise
        #: the `seq` of the newest event: as `after` of `events` it leaves out nothing that comes from now on
        self.position = store.newest_event
        #: who may come in, asked by dialects before anything else
        self.admission = Admission(store, self._clock)
        #: what the operator changes about accounts
        self.desk = Desk(store, self._clock, self.admission.forget, on_unknown)
        #: messages by number, and who the numbers are
        self.conversations = Conversations(store, self._clock)
        self.contacts = Contacts(store, self._clock)
        #: files that are sent; `bridge.gateway.batch_runner` sends them
        self.batches = Batches(store, self._clock, submissions)
        #: what needs a person, and what a person decides
        self.decider = Decider(store, self._clock, self.lines, self._devices.alarms)
        #: people who sign in, and those who are signed in
        self.users = Users(store, self._clock, self.admission.forget)
        self.sessions = Sessions(store, self._clock, self.admission.forget)
        #: what is handed out once to callers that ask for it
        self.handouts = Handouts(store, self.lines)
        #: how much was sent and received
        self.statistics = Figures(store, self._clock)
        #: whether all is well with the store, and what waits in it
        self.vitals = Vitals(store, self._clock)
        #: sends an account's e-mail, when it returns the mail server has it; raises NotPossible,
        #: NotAllowed, BadRequest, OutcomeUnknown
        self.mail = outlets.mail
        #: where events go, and what became of them
        self.endpoints = Endpoints(store, self._clock, outlets.check_url, outlets.poke, self._searches, outlets.trial)

    # -- who calls ------------------------------------------------------------------------------
    async def issue_token(self, ident: str, secret: str, seconds: int = 3600) -> str:
        """Issue a bearer token for a client's credentials; it ends after `seconds` or with the credentials.

        It may do what they may do. Raises WrongSecret when they have ended.
        """
        token, now = secrets.token_hex(32), self.now()
        await self._store.exchange(ident, digest(secret), digest(token), now + seconds * 1000, now)
        return token

    async def account(self, operator: Account, name: str) -> Account:
        """Return an account for an operator to act on, limited to the operator's scopes. Raises NotAllowed,
        NoSuchThing.
        """
        if not operator.operator:
            raise NotAllowed("only an operator may act for another account")
        return replace(await self._store.account(name), grant=operator.grant)

    # -- messages -------------------------------------------------------------------------------
    async def message(self, account: Account, id: str) -> Message:
        """Return a message. Raises NoSuchThing."""
        message = await self._store.message(id)
        if not account.operator and message.account != account.name:
            raise NoSuchThing(f"there is no message {id!r}")
        return message

    async def parts(self, account: Account, id: str) -> Sequence[Part]:
        """The parts of a message that were tried so far. Raises NoSuchThing."""
        await self.message(account, id)
        return await self._store.parts(id)

    async def messages(self, account: Account, query: MessageQuery) -> Page[Message]:
        """List messages, newest first. Raises BadRequest for an unknown cursor."""
        async with self._searches.turn(account.name):
            return await self._store.messages(scope(account), query)

    async def count(self, account: Account, query: MessageQuery) -> int:
        """Count the messages that match, over all pages."""
        async with self._searches.turn(account.name):
            return await self._store.count(scope(account), query)

    async def cancel(self, account: Account, id: str) -> Message:
        """Cancel a message that has not been sent. Raises NoSuchThing, NotPossible."""
        await self.message(account, id)
        return await self._store.cancel(id, self._clock.now())

    async def resend(self, account: Account, id: str) -> Message:
        """Queue a failed, expired or unknown message again; parts that were sent stay sent.

        Raises NoSuchThing, NotVerified, OutOfCredit, NotPossible (any other state, or a number on the account's list).
        """
        await self.message(account, id)
        check_verified(account)
        return await self._store.resend(id, self._clock.now())

    async def delete_messages(self, account: Account, query: MessageQuery) -> int:
        """Delete finished messages that match; returns how many. Raises BadRequest for an empty query."""
        async with self._searches.turn(account.name):
            return await self._store.delete_messages(scope(account), query)

    # -- inbox ----------------------------------------------------------------------------------
    async def inbox(self, account: Account, query: InboxQuery) -> Page[Received]:
        """List received SMS, newest first."""
        async with self._searches.turn(account.name):
            return await self._store.inbox(account.name, query, self._clock.now())

    async def received(self, account: Account, id: str) -> Received:
        """Return a received SMS. Raises NoSuchThing."""
        return await self._store.received(account.name, id)

    async def media(self, account: Account, id: str) -> Media:
        """What came with a received message. Raises NoSuchThing, and NotPossible while its line is away."""
        received = await self.received(account, id)
        if not received.media:
            raise NoSuchThing("nothing came with this message")
        try:
            return await self._devices.fetch(received.device, received.media)
        except DeviceLost as error:
            raise NotPossible(f"it cannot be fetched now: {error.message}") from error

    async def delete_received(self, account: Account, query: InboxQuery) -> int:
        """Hide received SMS from this account for good; returns how many. Raises BadRequest for an empty query."""
        async with self._searches.turn(account.name):
            return await self._store.delete_received(account.name, query, self._clock.now())

    async def typed(self, account: Account, query: TypedQuery) -> Page[TypedMessage]:
        """List SMS typed on the phones themselves, newest first; every account may see them, as it may the inbox."""
        async with self._searches.turn(account.name):
            return await self._store.typed(query)

    async def calls(self, account: Account, query: CallQuery) -> Page[LoggedCall]:
        """List the phones' calls, newest first; every account may see them."""
        async with self._searches.turn(account.name):
            return await self._store.calls(query)

    # -- devices ---------------------------------------------------------------------------------
    async def examine(self, operator: Account, device: str) -> Sequence[Finding]:
        """Examine a device now. Raises NotAllowed, NoSuchThing."""
        if not operator.operator:
            raise NotAllowed("only an operator may examine a device")
        return await self._devices.examine(device)

    # -- to the owner ----------------------------------------------------------------------------
    async def notify(self, account: Account, sid: str, title: str, type: str, message: str) -> int:
        """Tell the bridge's owner something; returns its id. When this returns it is on disk, and mailed from there."""
        said = {"account": account.name, "sid": sid, "title": title, "type": type, "text": message}
        event = Event(0, "", NOTIFICATION_SENT, account.name, self.now(), sid, said)
        return (await self._store.note(event)).seq

    async def notifications(self, account: Account, query: NotificationQuery) -> Page[Notification]:
        """List notifications, newest first. Raises BadRequest for an unknown cursor."""
        return await self._store.notifications(scope(account), query)

    # -- news -----------------------------------------------------------------------------------
    async def events(
        self, account: Account, after: int | None = None, names: Sequence[str] = ()
    ) -> AsyncGenerator[Event, None]:
        """Stream events as they are committed; with `after`, first those of the log with a greater `seq`."""
        woken = asyncio.Event()
        unsubscribe = self._bus.subscribe(lambda _: woken.set())
        try:
            position = await self.position() if after is None else after
            while True:
                woken.clear()
                newest = await self.position()
                while position < newest:
                    end = min(position + EVENT_STEP, newest)
                    batch = await self._store.events(scope(account), position, EVENT_BATCH, account.name, end)
                    for event in batch:
                        if not names or event.name in names:
                            yield event
                    position = batch[-1].seq if len(batch) == EVENT_BATCH else end
                await woken.wait()
        finally:
            unsubscribe()
