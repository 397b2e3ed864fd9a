"""The store on SQLite: what binds the two threads of `bridge.store.connections` to `bridge.ports.Store`.

The SQL lives beside it, one module a subject.
"""

from collections.abc import Mapping, Sequence

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
from bridge.store import (
    account_admin,
    audit_log,
    balance,
    deliveries,
    event_log,
    health,
    inbox,
    keys,
    lifecycle,
    loopbacks,
    messages,
    phones,
    pulls,
    retention,
    submission,
    suppression,
)
from bridge.store import accounts as callers
from bridge.store.connections import Threads
from bridge.store.writer import Tx


class SqliteStore(Threads):
    """Obeys `bridge.ports.Store`."""

    # -- accounts -------------------------------------------------------------------------------
    async def add_account(
        self, account: Account, credentials: Sequence[Credential], entry: AuditEntry | None = None
    ) -> None:
        await self._do(callers.add, account, credentials, entry)

    async def account(self, name: str) -> Account:
        return await self._read(callers.get, name)

    async def accounts(self) -> Sequence[Account]:
        return await self._read(callers.everyone)

    async def change_account(self, account: Account) -> None:
        await self._do(callers.change, account)

    async def add_credential(self, account: str, credential: Credential, replace: bool = False) -> None:
        await self._do(callers.add_credential, account, credential, anew=replace)

    async def forget_expired(self, now: int) -> None:
        await self._do(callers.forget_expired, now)

    async def account_for(self, kind: str, ident: str, digest: str, now: int) -> Account | None:
        return await self._read(callers.owner, kind, ident, digest, now)

    async def ended(self, kind: str, ident: str, digest: str, now: int) -> int:
        return await self._read(callers.ended, kind, ident, digest, now)

    async def used(self, account: str, name: str, day: int) -> None:
        await self._do(keys.used, account, name, day)

    async def knows(self, kind: str, ident: str, now: int) -> bool:
        return await self._read(callers.knows, kind, ident, now)

    # -- the operator's desk --------------------------------------------------------------------
    async def set_terms(
        self, name: str, terms: Terms, entry: AuditEntry, on_unknown: UnknownPolicy | None = None
    ) -> Account:
        return await self._do(account_admin.set_terms, name, terms, entry, on_unknown)

    async def disable(self, name: str, disabled: bool, entry: AuditEntry) -> Account:
        return await self._do(account_admin.disable, name, disabled, entry)

    async def rotate(self, name: str, fresh: Sequence[Credential], until: int, entry: AuditEntry) -> None:
        await self._do(account_admin.rotate, name, fresh, until, entry)

    async def add_key(self, account: str, credential: Credential, most: int, entry: AuditEntry) -> None:
        await self._do(keys.add, account, credential, most, entry)

    async def keys(self, account: str = "") -> Sequence[Key]:
        return await self._read(keys.find, account)

    async def revoke_key(self, account: str, name: str, entry: AuditEntry) -> None:
        await self._do(keys.revoke, account, name, entry)

    async def set_webhook_secret(self, name: str, secret: str, entry: AuditEntry) -> None:
        await self._do(account_admin.set_webhook_secret, name, secret, entry)

    async def top_up(self, name: str, credits: int, note: str, entry: AuditEntry) -> Account:
        return await self._do(balance.top_up, name, credits, note, entry)

    async def movements(self, account: str, limit: int, cursor: str) -> Page[Movement]:
        return await self._read(balance.movements, account, limit, cursor)

    async def keep_template(self, template: Template, entry: AuditEntry) -> Template:
        return await self._do(account_admin.keep_template, template, entry)

    async def templates(self, account: str) -> Sequence[Template]:
        return await self._read(account_admin.templates, account)

    async def template(self, account: str, id: str) -> Template | None:
        return await self._read(account_admin.template_of, account, id)

    async def drop_template(self, account: str, id: str, entry: AuditEntry) -> None:
        await self._do(account_admin.drop_template, account, id, entry)

    async def suppress(self, account: str, number: str, reason: str, entry: AuditEntry) -> None:
        await self._do(suppression.suppress, account, number, reason, entry)

    async def allow(self, account: str, number: str, entry: AuditEntry) -> None:
        await self._do(suppression.allow, account, number, entry)

    async def suppressed(self, account: str) -> Sequence[tuple[str, str, int]]:
        return await self._read(suppression.suppressed, account)

    async def audit(self, account: str, limit: int, cursor: str) -> Page[AuditEntry]:
        return await self._read(audit_log.trail, account, limit, cursor)

    # -- handed out once ------------------------------------------------------------------------
    async def hand_out_reports(
        self, account: str, report_on: str, reporting: frozenset[str], limit: int
    ) -> Sequence[tuple[Message, bool, int]]:
        if not await self._read(pulls.any_news, account, pulls.REPORTS):
            return []
        return await self._do(pulls.reports, account, report_on, reporting, limit)

    async def hand_out_received(self, account: str, since: int, limit: int) -> Sequence[Received]:
        if not await self._read(pulls.any_news, account, pulls.RECEIVED):
            return []
        return await self._do(pulls.received, account, since, limit)

    # -- messages -------------------------------------------------------------------------------
    async def submit(
        self, accepted: Sequence[Message], idempotency_key: str = "", request_digest: str = "", apart: bool = False
    ) -> tuple[Sequence[Message], bool]:
        if idempotency_key:
            return await self._writer.do(
                lambda tx: submission.insert_once(tx, accepted, idempotency_key, request_digest), apart
            )
        if apart:
            return await self._writer.do(lambda tx: submission.insert(tx, accepted), apart), False
        return await self._writer.do_together(submission.insert_all, accepted), False

    async def remembered(self, account: str, key: str, digest: str) -> Sequence[Message] | None:
        return await self._read(submission.remembered, account, key, digest)

    async def message(self, id: str) -> Message:
        return await self._read(messages.get, id)

    async def messages(self, account: str, query: MessageQuery) -> Page[Message]:
        return await self._read(messages.find, account, query)

    async def count(self, account: str, query: MessageQuery) -> int:
        return await self._read(messages.count, account, query)

    async def parts(self, id: str) -> Sequence[Part]:
        return await self._read(messages.parts, id)

    async def cancel(self, id: str, now: int) -> Message:
        return await self._do(messages.cancel, id, now)

    async def resend(self, id: str, now: int) -> Message:
        return await self._do(lifecycle.resend, id, now)

    async def delete_messages(self, account: str, query: MessageQuery) -> int:
        return await self._do(messages.delete, account, query)

    # -- sending --------------------------------------------------------------------------------
    async def claim(self, line: str, routes: Sequence[str], now: int, whole: bool = False) -> Claim | None:
        return await self._do(lifecycle.claim, line, routes, now, whole)

    async def intend(self, message: str, index: int, line: str, now: int) -> None:
        await self._do(lifecycle.intend, message, index, line, now)

    async def record(self, outcome: Outcome, now: int) -> Message:
        return await self._do(lifecycle.record, outcome, now)

    async def recover(self, now: int) -> int:
        return await self._do(lifecycle.recover, now)

    async def advance(self, now: int) -> int:
        return await self._do(lifecycle.advance, now)

    async def waiting(self, now: int) -> Sequence[Waiting]:
        return await self._read(lifecycle.waiting, now)

    async def settle(self, item: InboundReport | Evidence, now: int) -> Message | None:
        return await self._do(lifecycle.settle, item, now)

    async def doubtful(self, lines: Sequence[str]) -> Sequence[Doubtful]:
        return await self._read(lifecycle.doubtful, lines)

    # -- devices --------------------------------------------------------------------------------
    async def keep(self, item: Typed | Call, device: str, now: int) -> TypedMessage | LoggedCall | None:
        return await self._do(phones.keep, item, device, now)

    async def typed(self, query: TypedQuery) -> Page[TypedMessage]:
        return await self._read(phones.typed, query)

    async def calls(self, query: CallQuery) -> Page[LoggedCall]:
        return await self._read(phones.calls, query)

    async def memories(self, device: str) -> Mapping[str, str]:
        return await self._read(phones.memories, device)

    async def memorise(self, device: str, key: str, value: str) -> None:
        await self._do(phones.memorise, device, key, value)

    # -- loop-backs -----------------------------------------------------------------------------
    async def depart(self, trip: Trip) -> bool:
        return await self._do(loopbacks.depart, trip)

    async def trips(self) -> Sequence[Trip]:
        return await self._read(loopbacks.trips)

    async def lose_trip(self, token: str, reason: str, now: int) -> bool:
        return await self._do(loopbacks.lose, token, reason, now)

    async def forget_trip(self, token: str) -> None:
        await self._do(loopbacks.forget, token)

    # -- inbox ----------------------------------------------------------------------------------
    async def receive(self, item: InboundPart, device: str, now: int) -> Received | None:
        return await self._do(inbox.receive, item, device, now)

    async def acknowledged(self, line: str, slot: str) -> None:
        await self._do(inbox.acknowledged, line, slot)

    async def release_partial(self, older_than: int, now: int) -> Sequence[Received]:
        return await self._do(inbox.release_partial, older_than, now)

    async def inbox(self, account: str, query: InboxQuery, now: int) -> Page[Received]:
        if query.mark_read:
            return await self._do(inbox.read, account, query, now)
        return await self._read(inbox.find, account, query)

    async def received(self, account: str, id: str) -> Received:
        return await self._read(inbox.get, account, id)

    async def delete_received(self, account: str, query: InboxQuery, now: int) -> int:
        return await self._do(inbox.hide, account, query, now)

    # -- webhooks -------------------------------------------------------------------------------
    async def add_endpoint(self, endpoint: Endpoint) -> None:
        await self._do(deliveries.add_endpoint, endpoint)

    async def endpoints(self, account: str = "") -> Sequence[Endpoint]:
        return await self._read(deliveries.endpoints, account)

    async def change_endpoint(self, endpoint: Endpoint) -> None:
        await self._do(deliveries.change_endpoint, endpoint)

    async def remove_endpoint(self, id: str) -> None:
        await self._do(deliveries.remove_endpoint, id)

    async def owed(self, endpoint: str, limit: int, after: int = 0) -> Sequence[tuple[Delivery, Event]]:
        return await self._read(deliveries.owed, endpoint, limit, after)

    async def record_attempt(self, *made: Delivery) -> None:
        await self._do(deliveries.record_attempt, made)

    async def ledger(self, account: str, query: LedgerQuery) -> Page[Delivery]:
        return await self._read(deliveries.find, account, query)

    async def redeliver(self, account: str, query: LedgerQuery, ids: Sequence[str], now: int) -> int:
        return await self._do(deliveries.redeliver, account, query, ids, now)

    async def sweep(self, older_than: int, keys_older_than: int) -> bool:
        return await self._do(retention.sweep, older_than, keys_older_than)

    # -- news -----------------------------------------------------------------------------------
    async def note(self, event: Event) -> Event:
        return await self._do(event_log.tell, event.name, event.account, event.at, event.subject, event.data)

    async def events(self, account: str, after: int, limit: int) -> Sequence[Event]:
        return await self._read(event_log.read, account, after, limit)

    async def note_together(self, events: Sequence[Event], device: str, key: str, value: str) -> None:
        await self._do(phones.note_together, events, device, key, value)

    async def newest_event(self) -> int:
        return await self._read(event_log.newest)

    # -- vitals ---------------------------------------------------------------------------------
    async def prove(self) -> None:
        await self._do(health.prove)

    async def pulse(self) -> int:
        return await self._do(messages.waiting)

    async def backlog(self, now: int) -> Backlog:
        return await self._read(health.backlog, now)

    async def room(self) -> Room:
        return await self._read(health.room, self._path)

    async def changed_elsewhere(self) -> bool:
        before, self._data_version = self._data_version, await self._read_other_writes()
        return self._data_version != before

    async def _read_other_writes(self) -> int:
        # asked of the writing connection, SQLite counts only what other processes committed
        def ask(tx: Tx) -> int:
            return int(tx.conn.execute("PRAGMA data_version").fetchone()[0])

        return await self._do(ask)


STORE = SqliteStore
