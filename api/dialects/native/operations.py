"""The `/v1` operations with immediate answers, for HTTP and for commands in this process."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from typing import Generic, TypeVar

from api.dialects.native import (
    accounts,
    attention,
    batches,
    bridges,
    contacts,
    conversations,
    devices,
    fields,
    history,
    inbox,
    keys,
    ledger,
    lines,
    messages,
    notifications,
    phones,
    reload,
    sessions,
    sites,
    statistics,
    users,
    webhooks,
)
from api.dialects.native.authorization import Demand
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer
from bridge.dataclass import dataclass
from bridge.model.scope import ADMIN, ANY, INBOX, READ, SEND, WEBHOOKS, Needs
from bridge.model.user import Role

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """A method of a path."""

    method: str
    path: str
    #: the scopes that a key must have for it; None where nobody is asked for one
    needs: Needs | None
    perform: Callable[[Call], Awaitable[T]]
    #: what its query string may hold
    query: Mapping[str, fields.Reader] = field(default_factory=dict)
    #: of a person who is signed in; None for the lowest by which the scopes are had
    role: Role | None = None

    @property
    def demand(self) -> Demand:
        """What it asks of a person."""
        writes = self.method != "GET"
        usual = Role.READER if not writes else Role.OPERATOR
        if self.needs is not None and self.needs >= ADMIN:
            usual = Role.OWNER
        return Demand(self.role or usual, writes, public=self.needs is None)


OPERATIONS: tuple[Operation[Answer], ...] = (
    Operation("POST", "/v1/messages", SEND, messages.submit),
    Operation("GET", "/v1/messages", READ, messages.find, messages.LIST),
    Operation("GET", "/v1/messages/{id}", READ, messages.show),
    Operation("DELETE", "/v1/messages/{id}", ADMIN, messages.forget, role=Role.OPERATOR),
    Operation("POST", "/v1/messages/{id}/cancel", SEND, messages.cancel),
    Operation("POST", "/v1/messages/{id}/resend", SEND, messages.resend),
    Operation("GET", "/v1/statistics", READ, statistics.count, statistics.ASKED),
    Operation("POST", "/v1/messages/{id}/settle", SEND, attention.settle),
    Operation("GET", "/v1/messages/{id}/timeline", READ, attention.life),
    Operation("GET", "/v1/attention", READ | WEBHOOKS, attention.show),
    Operation("GET", "/v1/inbox", INBOX, inbox.find, inbox.LIST),
    Operation("GET", "/v1/inbox/{id}", INBOX, inbox.show),
    Operation("DELETE", "/v1/inbox/{id}", INBOX, inbox.forget),
    Operation("GET", "/v1/inbox/{id}/media", INBOX, inbox.media),
    Operation("GET", "/v1/conversations", READ | INBOX, conversations.find, conversations.LIST),
    Operation("GET", "/v1/conversations/{number}", READ | INBOX, conversations.show, conversations.THREAD),
    Operation("POST", "/v1/conversations/{number}/read", READ | INBOX, conversations.read),
    Operation("GET", "/v1/contacts", READ, contacts.find, contacts.LIST),
    Operation("GET", "/v1/contacts/groups", READ, contacts.groups),
    Operation("POST", "/v1/contacts/import", SEND, contacts.import_, contacts.FILE),
    Operation("GET", "/v1/contacts/export", READ, contacts.export, contacts.FILE),
    Operation("GET", "/v1/contacts/{number}", READ, contacts.show),
    Operation("PUT", "/v1/contacts/{number}", SEND, contacts.keep),
    Operation("DELETE", "/v1/contacts/{number}", SEND, contacts.remove),
    Operation("POST", "/v1/batches", SEND, batches.add, batches.NEW),
    Operation("GET", "/v1/batches", READ, batches.find, batches.LIST),
    Operation("GET", "/v1/batches/{id}", READ, batches.show),
    Operation("PATCH", "/v1/batches/{id}", SEND, batches.change),
    Operation("DELETE", "/v1/batches/{id}", SEND, batches.remove),
    Operation("GET", "/v1/batches/{id}/rows", READ, batches.rows, batches.ROWS),
    Operation("GET", "/v1/batches/{id}/result", READ, batches.result, batches.RESULT),
    Operation("POST", "/v1/batches/{id}/start", SEND, batches.start),
    Operation("POST", "/v1/batches/{id}/pause", SEND, batches.pause),
    Operation("POST", "/v1/batches/{id}/resume", SEND, batches.resume),
    Operation("POST", "/v1/batches/{id}/cancel", SEND, batches.cancel),
    Operation("GET", "/v1/typed", INBOX, phones.typed, phones.TYPED),
    Operation("GET", "/v1/calls", INBOX, phones.calls, phones.CALLS),
    Operation("GET", "/v1/notifications", READ, notifications.find, notifications.LIST),
    Operation("GET", "/v1/lines", READ, lines.find),
    Operation("GET", "/v1/lines/{id}", READ, lines.show),
    Operation("GET", "/v1/lines/{id}/history", READ, history.line, history.SPAN),
    Operation("GET", "/v1/sites", READ, sites.find),
    Operation("GET", "/v1/bridges", READ, bridges.find),
    Operation("GET", "/v1/alarms", READ, history.alarms, history.LIST),
    Operation("GET", "/v1/loopback", READ, history.loops, history.LIST),
    Operation("GET", "/v1/devices/{device}/examination", READ, devices.examine),
    Operation("GET", "/v1/devices/{device}/memory", ADMIN, devices.memory),
    Operation("PUT", "/v1/devices/{device}/memory/{id}", ADMIN, devices.remember),
    Operation("POST", "/v1/reload", ADMIN, reload.reload),
    Operation("POST", "/v1/loopback", SEND, lines.loop_back),
    Operation("POST", "/v1/webhooks", WEBHOOKS | READ | INBOX, webhooks.add),
    Operation("GET", "/v1/webhooks", WEBHOOKS, webhooks.find),
    Operation("GET", "/v1/webhooks/{id}", WEBHOOKS, webhooks.show),
    Operation("PATCH", "/v1/webhooks/{id}", WEBHOOKS, webhooks.change),
    Operation("DELETE", "/v1/webhooks/{id}", WEBHOOKS, webhooks.remove),
    Operation("POST", "/v1/webhooks/{id}/test", WEBHOOKS, webhooks.test),
    Operation("POST", "/v1/webhooks/{id}/rotate", WEBHOOKS, webhooks.rotate),
    Operation("GET", "/v1/ledger", WEBHOOKS, ledger.find, ledger.LIST),
    Operation("POST", "/v1/ledger/redeliver", WEBHOOKS, ledger.redeliver),
    Operation("GET", "/v1/me", ANY, lines.me),
    Operation("GET", "/v1/accounts", READ, accounts.find),
    Operation("POST", "/v1/accounts", ADMIN, accounts.add),
    Operation("GET", "/v1/accounts/{name}", READ, accounts.show),
    Operation("PATCH", "/v1/accounts/{name}", ADMIN, accounts.change),
    Operation("POST", "/v1/accounts/{name}/credits", ADMIN, accounts.top_up),
    Operation("GET", "/v1/accounts/{name}/movements", READ, accounts.movements, accounts.MOVEMENTS),
    Operation("POST", "/v1/accounts/{name}/rotate", ADMIN, accounts.rotate),
    Operation("GET", "/v1/accounts/{name}/templates", READ, accounts.templates),
    Operation("GET", "/v1/accounts/{name}/templates/{id}", READ, accounts.template),
    Operation("PUT", "/v1/accounts/{name}/templates/{id}", ADMIN, accounts.keep_template, role=Role.OPERATOR),
    Operation("DELETE", "/v1/accounts/{name}/templates/{id}", ADMIN, accounts.remove_template, role=Role.OPERATOR),
    Operation("GET", "/v1/accounts/{name}/suppressed", READ, accounts.suppressed),
    Operation("GET", "/v1/accounts/{name}/suppressed/{number}", READ, accounts.suppression),
    Operation("PUT", "/v1/accounts/{name}/suppressed/{number}", ADMIN, accounts.suppress, role=Role.OPERATOR),
    Operation("DELETE", "/v1/accounts/{name}/suppressed/{number}", ADMIN, accounts.allow, role=Role.OPERATOR),
    Operation("GET", "/v1/keys", ADMIN, keys.find, keys.LIST, role=Role.OPERATOR),
    Operation("POST", "/v1/keys", ADMIN, keys.add),
    Operation("DELETE", "/v1/keys/{id}", ADMIN, keys.revoke),
    Operation("GET", "/v1/audit", ADMIN, accounts.audit, accounts.AUDIT, role=Role.OPERATOR),
    # -- people
    Operation("GET", "/v1/session", None, sessions.show),
    Operation("POST", "/v1/session", None, sessions.sign_in),
    Operation("DELETE", "/v1/session", ANY, sessions.sign_out, sessions.SIGN_OUT, role=Role.READER),
    Operation("POST", "/v1/session/link", None, sessions.look_at_link),
    Operation("POST", "/v1/session/welcome", None, sessions.welcome),
    Operation("PUT", "/v1/session/password", ANY, sessions.change_password, role=Role.READER),
    Operation("POST", "/v1/session/totp", ANY, sessions.propose_codes, role=Role.READER),
    Operation("PUT", "/v1/session/totp", ANY, sessions.begin_codes, role=Role.READER),
    Operation("DELETE", "/v1/session/totp", ANY, sessions.end_codes, role=Role.READER),
    Operation("GET", "/v1/sessions", ANY, sessions.find, sessions.LIST),
    Operation("DELETE", "/v1/sessions/{id}", ANY, sessions.end, role=Role.READER),
    Operation("GET", "/v1/users", ADMIN, users.find),
    Operation("POST", "/v1/users", ADMIN, users.add),
    Operation("PATCH", "/v1/users/{name}", ADMIN, users.change),
    Operation("DELETE", "/v1/users/{name}", ADMIN, users.remove),
    Operation("POST", "/v1/user-links", ADMIN, users.link),
)
