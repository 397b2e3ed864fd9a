"""The `/v1` operations with immediate answers, for HTTP and for commands in this process."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from api.dialects.native import (
    accounts,
    devices,
    fields,
    inbox,
    keys,
    ledger,
    lines,
    messages,
    notifications,
    phones,
    statistics,
    webhooks,
)
from api.dialects.native.request import Call
from api.dialects.native.responses import Answer
from bridge.model.scope import ADMIN, ANY, INBOX, READ, SEND, WEBHOOKS, Needs

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Operation(Generic[T]):
    """A method of a path."""

    method: str
    path: str
    #: the scopes that a key must have for it
    needs: Needs
    perform: Callable[[Call], Awaitable[T]]
    #: what its query string may hold
    query: Mapping[str, fields.Reader] = field(default_factory=dict)


OPERATIONS: tuple[Operation[Answer], ...] = (
    Operation("POST", "/v1/messages", SEND, messages.submit),
    Operation("GET", "/v1/messages", READ, messages.find, messages.LIST),
    Operation("GET", "/v1/messages/{id}", READ, messages.show),
    Operation("DELETE", "/v1/messages/{id}", ADMIN, messages.forget),
    Operation("POST", "/v1/messages/{id}/cancel", SEND, messages.cancel),
    Operation("POST", "/v1/messages/{id}/resend", SEND, messages.resend),
    Operation("GET", "/v1/statistics", READ, statistics.count, statistics.ASKED),
    Operation("GET", "/v1/inbox", INBOX, inbox.find, inbox.LIST),
    Operation("GET", "/v1/inbox/{id}", INBOX, inbox.show),
    Operation("DELETE", "/v1/inbox/{id}", INBOX, inbox.forget),
    Operation("GET", "/v1/typed", INBOX, phones.typed, phones.TYPED),
    Operation("GET", "/v1/calls", INBOX, phones.calls, phones.CALLS),
    Operation("GET", "/v1/notifications", READ, notifications.find, notifications.LIST),
    Operation("GET", "/v1/lines", READ, lines.find),
    Operation("GET", "/v1/lines/{id}", READ, lines.show),
    Operation("GET", "/v1/devices/{device}/examination", READ, devices.examine),
    Operation("GET", "/v1/devices/{device}/memory", ADMIN, devices.memory),
    Operation("PUT", "/v1/devices/{device}/memory/{id}", ADMIN, devices.remember),
    Operation("POST", "/v1/loopback", SEND, lines.loop_back),
    Operation("POST", "/v1/webhooks", WEBHOOKS | READ | INBOX, webhooks.add),
    Operation("GET", "/v1/webhooks", WEBHOOKS, webhooks.find),
    Operation("GET", "/v1/webhooks/{id}", WEBHOOKS, webhooks.show),
    Operation("PATCH", "/v1/webhooks/{id}", WEBHOOKS, webhooks.change),
    Operation("DELETE", "/v1/webhooks/{id}", WEBHOOKS, webhooks.remove),
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
    Operation("PUT", "/v1/accounts/{name}/templates/{id}", ADMIN, accounts.keep_template),
    Operation("DELETE", "/v1/accounts/{name}/templates/{id}", ADMIN, accounts.remove_template),
    Operation("GET", "/v1/accounts/{name}/suppressed", READ, accounts.suppressed),
    Operation("GET", "/v1/accounts/{name}/suppressed/{number}", READ, accounts.suppression),
    Operation("PUT", "/v1/accounts/{name}/suppressed/{number}", ADMIN, accounts.suppress),
    Operation("DELETE", "/v1/accounts/{name}/suppressed/{number}", ADMIN, accounts.allow),
    Operation("GET", "/v1/keys", ADMIN, keys.find, keys.LIST),
    Operation("POST", "/v1/keys", ADMIN, keys.add),
    Operation("DELETE", "/v1/keys/{id}", ADMIN, keys.revoke),
    Operation("GET", "/v1/audit", ADMIN, accounts.audit, accounts.AUDIT),
)
