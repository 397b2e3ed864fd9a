"""The facade: all that `api/` and the command line may ask of the core.

Every call is safe from the event loop. Errors are those of `bridge.errors`; a call that raises has
changed nothing. An `account` argument limits a call to what is that account's; an operator account
sees everything.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from bridge.accounts.administration import Administration, AdministrationStore
from bridge.accounts.authentication import Authenticator
from bridge.accounts.credentials import digest
from bridge.accounts.sessions import Sessions
from bridge.accounts.users import Users
from bridge.bus import Bus
from bridge.dataclass import dataclass
from bridge.errors import DeviceLost, NoSuchThing, NotAllowed, NotPossible
from bridge.gateway.attention import Decisions
from bridge.gateway.batches import Batches
from bridge.gateway.conversations import Contacts, Conversations
from bridge.gateway.endpoints import Endpoints, scope
from bridge.gateway.health import StoreHealth
from bridge.gateway.history import History
from bridge.gateway.pulls import Pulls
from bridge.gateway.searches import Searches
from bridge.gateway.sites import Sites
from bridge.gateway.statistics import StatisticsQueries
from bridge.gateway.submissions import Submissions, check_verified
from bridge.model.account import Account, UnknownPolicy
from bridge.model.callback import Callback, Reply
from bridge.model.event import NOTIFICATION_SENT, Event
from bridge.model.finding import Finding
from bridge.model.history import Ongoing, Quarter
from bridge.model.inbox import LoggedCall, Received, TypedMessage
from bridge.model.line import Line
from bridge.model.loopback import Departures
from bridge.model.media import Media
from bridge.model.message import Message, Part
from bridge.model.neighbour import Neighbour
from bridge.model.notification import Letter, Notification, NotificationQuery, Posted
from bridge.model.query import CallQuery, InboxQuery, MessageQuery, Page, TypedQuery
from bridge.model.reloaded import Reloaded
from bridge.model.site import Site
from bridge.model.webhook import Endpoint, Trial
from bridge.ports.clock import Clock, SystemClock
from bridge.ports.driver import Carrying
from bridge.ports.store import (
    AttentionStore,
    BatchStore,
    ContactStore,
    ConversationStore,
    CredentialStore,
    EndpointStore,
    EventStore,
    HealthStore,
    HistoryStore,
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
from bridge.ports.virtual import VirtualPhones
from bridge.retry import retry_until_stored
from bridge.version import version

#: events read from the log at a time
EVENT_BATCH = 200
#: events of all accounts that are looked at for them
EVENT_STEP = 5_000


async def _no_reload() -> Reloaded:
    raise NotPossible("this bridge does not run: it reads its configuration when it starts")


async def _no_loops(sender: str, receiver: str) -> Departures:
    raise NotPossible("this bridge sends no loop-backs")


async def _no_device(name: str) -> Sequence[Finding]:
    raise NoSuchThing(f"there is no device {name!r}")


async def _no_callback(name: str, callback: Callback) -> Reply:
    raise NoSuchThing(f"there is no device {name!r}")


async def _no_mail(account: Account, letter: Letter) -> Posted:
    raise NotPossible("this bridge has no mail server: [alarm] smtp_host")


def _nothing_recent(line: str) -> Sequence[Quarter]:
    return ()


async def _no_dial(name: str, key: str) -> Carrying:
    raise NoSuchThing(f"there is no device {name!r}")


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
    #: lets a device in that dials the bridge, by its name and key; what it returns carries the connection until that is
    #: over; raises NoSuchThing, WrongSecret
    dialled: Callable[[str, str], Awaitable[Carrying]] = _no_dial
    #: those that were raised and are not over
    alarms: Callable[[], Sequence[Ongoing]] = tuple
    #: what came with a message to a device, by what `Received.media` says; raises NoSuchThing, DeviceLost
    fetch: Callable[[str, str], Awaitable[Media]] = _no_media
    #: the customers' phones of a virtual network; only a demo has any
    virtual: VirtualPhones | None = None
    #: what is not written yet of a line's history, oldest first
    recent: Callable[[str], Sequence[Quarter]] = _nothing_recent
    #: the devices that are other bridges
    sites: Callable[[], Sequence[Site]] = tuple
    #: those that share the database, this one first; None where the store is a file; raises StoreUnavailable
    bridges: Callable[[], Awaitable[Sequence[Neighbour]]] | None = None
    #: the lines of this process' own devices; None where that is all of them
    own: Callable[[], Sequence[Line]] | None = None


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
    CredentialStore, AdministrationStore, MemoryStore, HealthStore, HistoryStore, Protocol,
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
        reload: Callable[[], Awaitable[Reloaded]] = _no_reload,
    ) -> None:
        self._store, self._bus = store, bus
        #: counters, read by metrics
        self.metrics = bus.metrics
        self._clock = clock or SystemClock()
        #: Unix milliseconds by the clock that everything here goes by
        self.now = self._clock.now
        self._devices = devices or Devices()
        #: reads the configuration again and applies what can change; raises NotPossible with nothing changed
        self.reload = reload
        self._searches = Searches()
        submissions = submissions or Submissions(store, bus.metrics, self._clock, self._devices.lines)
        self._pass_on(submissions)
        self._admit(on_unknown)
        self._divide(submissions, outlets or Outlets())

    def _pass_on(self, submissions: Submissions) -> None:
        """Calls in which the gateway has nothing to decide."""
        #: the bridge's release
        self.version = version()
        #: every configured line with its health, absent ones too
        self.lines = self._devices.lines
        #: those of this process' own devices
        self.own_lines = self._devices.own or self._devices.lines
        #: those that share the database, or None
        self.bridges = self._devices.bridges
        #: the customers' phones of a demo, else None
        self.virtual = self._devices.virtual
        #: alarms that were raised and are not over, oldest first
        self.alarms = self._devices.alarms
        #: sends SMS from one line to another; `bridge.monitoring.loopback.Loopback.send`
        self.loop = self._devices.loop
        #: answers a device's provider; raises NoSuchThing, and DeviceLost while the device is away
        self.call_back = self._devices.call_back
        #: lets a device in that dials the bridge; raises NoSuchThing, WrongSecret
        self.dialled = self._devices.dialled
        self.submit = submissions.submit
        self.check = submissions.check
        #: what a device's driver put aside, for a program that examines the device itself; {} where it never did
        self.memory = self._store.memories
        #: put something aside for a device's driver: one that has the device open reads it at its next start
        self.remember = self._store.memorise
        #: the `seq` of the newest event: as `after` of `events` it leaves out nothing that comes from now on
        self.position = self._store.newest_event
        #: the same for a moment (Unix ms): what happened from then on
        self.position_at = self._store.event_position

    def _admit(self, on_unknown: UnknownPolicy) -> None:
        """Who may come in, and what the operator changes about that."""
        #: asked by dialects before anything else
        self.authenticator = Authenticator(self._store, self._clock, self._bus.tallies)
        self._bus.subscribe_admission(self.authenticator.forget)
        #: what the operator changes about accounts
        self.administration = Administration(self._store, self._clock, self.authenticator.forget, on_unknown)
        #: people who sign in, and those who are signed in
        self.users = Users(self._store, self._clock, self.authenticator.forget)
        self.sessions = Sessions(self._store, self._clock, self.authenticator.forget, self._bus.tallies)

    def _divide(self, submissions: Submissions, outlets: Outlets) -> None:
        """Subjects that have a facade of their own."""
        store, clock = self._store, self._clock
        #: messages by number, and who the numbers are
        self.conversations = Conversations(store, clock)
        self.contacts = Contacts(store, clock)
        #: files that are sent; `bridge.gateway.batch_runner` sends them
        self.batches = Batches(store, clock, submissions)
        #: other bridges whose lines are lines here
        self.sites = Sites(store, clock, self._devices.sites)
        #: what needs a person, and what a person decides
        self.decisions = Decisions(store, clock, self.lines, self._devices.alarms, self.sites.all)
        #: what was: signal and state of lines, alarms, loop-backs
        self.history = History(store, clock, self.lines, self._devices.recent)
        #: what is handed out once to callers that ask for it
        self.pulls = Pulls(store, self.lines)
        #: how much was sent and received
        self.statistics = StatisticsQueries(store, clock)
        #: whether all is well with the store, and what waits in it
        self.store_health = StoreHealth(store, clock)
        #: sends an account's e-mail, when it returns the mail server has it; raises NotPossible,
        #: NotAllowed, BadRequest, OutcomeUnknown
        self.mail = outlets.mail
        #: where events go, and what became of them
        self.endpoints = Endpoints(store, clock, outlets.check_url, outlets.poke, self._searches, outlets.trial)

    # -- who calls ------------------------------------------------------------------------------
    async def issue_token(self, ident: str, secret: str, seconds: int = 3600) -> str:
        """Issue a bearer token for a client's credentials; it ends after `seconds` or with the credentials.

        It may do what they may do. Raises WrongSecret when they have ended.
        """
        token, now = secrets.token_hex(32), self.now()
        await self._store.exchange(ident, digest(secret), digest(token), now + seconds * 1000, now)
        return token

    async def account(self, operator: Account, name: str) -> Account:
        """An account for an operator to act on, with the operator's scopes. Raises NotAllowed, NoSuchThing."""
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
        """List SMS typed on the phones themselves, newest first; accounts see them as they see the inbox."""
        async with self._searches.turn(account.name):
            return await self._store.typed(account.name, query)

    async def calls(self, account: Account, query: CallQuery) -> Page[LoggedCall]:
        """List the phones' calls, newest first; accounts see them as they see the inbox."""
        async with self._searches.turn(account.name):
            return await self._store.calls(account.name, query)

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
        """Stream events as they are committed; with `after`, first those of the log with a greater `seq`.

        It goes on when a store that does not answer is back. Raises StoreUnavailable at the beginning alone.
        """
        woken = asyncio.Event()
        unsubscribe = self._bus.subscribe(lambda _: woken.set())
        try:
            position = await self.position() if after is None else after
            while True:
                woken.clear()
                newest = await retry_until_stored(self.position, logging.DEBUG)
                while position < newest:
                    end = min(position + EVENT_STEP, newest)
                    step = partial(self._store.events, scope(account), position, EVENT_BATCH, account.name, end)
                    batch = await retry_until_stored(step, logging.DEBUG)
                    for event in batch:
                        if not names or event.name in names:
                            yield event
                    position = batch[-1].seq if len(batch) == EVENT_BATCH else end
                await woken.wait()
        finally:
            unsubscribe()
