"""Accounts and credentials in the store: digests, and shared webhook signing secrets."""

import dataclasses
import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.accounts.terms import counted
from bridge.errors import NoSuchThing, NotPossible, WrongSecret
from bridge.model.account import Account, Author, Payment, Terms, UnknownPolicy, Verification
from bridge.model.scope import Grant, read, written
from bridge.ports.store_rows import Credential
from bridge.store.audit_log import audit
from bridge.store.connections import Connections, reads, writes
from bridge.store.writer import Tx

_TERMS = (
    "payment, addresses, requests_per_minute, daily_per_recipient, zone, country, verification, report_on, lines, "
    "inbound_lines"
)
_COLUMNS = f"name, created_at, disabled, on_unknown, operator, webhook_secret, credits, {_TERMS}"


def _account(row: Sequence[Any]) -> Account:
    payment, addresses, requests, daily, zone, country, verification, report_on, lines, inbound = row[7:]
    terms = Terms(
        Payment(payment), tuple(json.loads(addresses)), requests, daily, zone, country, Verification(verification),
        report_on, tuple(json.loads(lines)), tuple(json.loads(inbound)),
    )  # fmt: skip
    return Account(row[0], row[1], bool(row[2]), UnknownPolicy(row[3]), bool(row[4]), row[5], row[6], terms)


def _terms(terms: Terms) -> Mapping[str, Any]:
    """Terms as columns of `_TERMS`."""
    values = {name: getattr(terms, name) for name in _TERMS.split(", ")}
    lists = ("addresses", "lines", "inbound_lines")
    # names as they are: SQLite compares them
    return values | {name: json.dumps(values[name], ensure_ascii=False) for name in lists}


def add(tx: Tx, account: Account, credentials: Sequence[Credential], by: Author | None = None) -> None:
    """Add an account. Raises NotPossible when the name is taken."""
    values = (
        account.name, account.created_at, int(account.disabled), account.on_unknown, int(account.operator),
        account.webhook_secret, counted(account), *_terms(account.terms).values(),
    )  # fmt: skip
    try:
        tx.conn.execute(f"INSERT INTO accounts ({_COLUMNS}) VALUES ({', '.join('?' * len(values))})", values)
    except sqlite3.IntegrityError:
        raise NotPossible(f"there is an account {account.name!r} already") from None
    if account.credits:
        # so that the movements add up to the balance from the beginning
        tx.conn.execute(
            "INSERT INTO movements (account, kind, amount, at, message, note, balance) "
            "VALUES (?, 'top_up', ?, ?, '', '', ?)",
            (account.name, account.credits, account.created_at, account.credits),
        )
    for credential in credentials:
        add_credential(tx, account.name, credential)
    if by is not None:
        audit(tx, by, "add_account", account.name, "operator" if account.operator else "")


def get(conn: sqlite3.Connection, name: str) -> Account:
    """Return an account. Raises NoSuchThing."""
    row = conn.execute(f"SELECT {_COLUMNS} FROM accounts WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise NoSuchThing(f"there is no account {name!r}")
    return _account(row)


def everyone(conn: sqlite3.Connection) -> Sequence[Account]:
    """List all accounts by name."""
    return [_account(row) for row in conn.execute(f"SELECT {_COLUMNS} FROM accounts ORDER BY name")]


def write(tx: Tx, account: Account) -> None:
    """Write the fields that an `AccountChange` can change, and credits that it begins to count."""
    values = {
        "disabled": int(account.disabled), "on_unknown": account.on_unknown, "credits": account.credits,
        **_terms(account.terms),
    }  # fmt: skip
    assignments = ", ".join(f"{column} = ?" for column in values)
    tx.conn.execute(f"UPDATE accounts SET {assignments} WHERE name = ?", (*values.values(), account.name))


def add_credential(tx: Tx, account: str, credential: Credential, replace: bool = False) -> None:
    """Add a credential; `replace` first drops those of its kind except named keys."""
    if replace:
        tx.conn.execute(
            "DELETE FROM credentials WHERE account = ? AND kind = ? AND name = ''", (account, credential.kind)
        )
    try:
        tx.conn.execute(
            "INSERT INTO credentials (account, kind, ident, digest, expires_at, name, scopes, created_at, hint) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                account, credential.kind, credential.ident, credential.digest, credential.expires_at, credential.name,
                written(credential.scopes), credential.created_at, credential.hint,
            ),
        )  # fmt: skip
    except sqlite3.IntegrityError:
        raise NotPossible(f"account {account!r} does not exist, or this credential is in use") from None


def forget_expired(tx: Tx, now: int) -> None:
    """Delete expired tokens and replaced credentials. Named keys stay, so that callers are told when they expired."""
    tx.conn.execute(
        "DELETE FROM credentials WHERE expires_at > 0 AND expires_at <= ? AND (name = '' OR kind = 'token')", (now,)
    )


def end_credentials(tx: Tx, account: str, kind: str, at: int) -> None:
    """Let credentials of a kind end at this moment, except named keys."""
    tx.conn.execute(
        "UPDATE credentials SET expires_at = ? "
        "WHERE account = ? AND kind = ? AND name = '' AND (expires_at = 0 OR expires_at > ?)",
        (at, account, kind, at),
    )


def owner(conn: sqlite3.Connection, kind: str, ident: str, digest: str, now: int) -> Account | None:
    """Return the account of a credential with its grant, disabled accounts too; None if unknown or expired."""
    row = conn.execute(
        f"SELECT c.scopes, c.name, c.expires_at, c.used_at, {', '.join('a.' + name for name in _COLUMNS.split(', '))} "
        "FROM credentials c JOIN accounts a ON a.name = c.account WHERE c.kind = ? AND c.ident = ? AND c.digest = ? "
        "AND (c.expires_at = 0 OR c.expires_at > ?)",
        (kind, ident, digest, now),
    ).fetchone()
    return None if row is None else dataclasses.replace(_account(row[4:]), grant=Grant(read(row[0]), *row[1:4]))


def exchange(tx: Tx, ident: str, digest: str, token: str, expires_at: int, now: int) -> None:
    """Store a token for a client's credentials, checked in the transaction: they may just have been revoked."""
    account = owner(tx.conn, "client", ident, digest, now)
    if account is None:
        raise WrongSecret
    grant = account.grant
    ends = min(expires_at, grant.expires_at or expires_at)
    add_credential(tx, account.name, Credential("token", "", token, ends, grant.key, grant.scopes, now))


def ended(conn: sqlite3.Connection, kind: str, ident: str, digest: str, now: int) -> int:
    """When this named key expired; 0 if it has not, or is not a key."""
    row = conn.execute(
        "SELECT expires_at FROM credentials WHERE kind = ? AND ident = ? AND digest = ? AND expires_at BETWEEN 1 AND ? "
        "AND name <> ''",
        (kind, ident, digest, now),
    ).fetchone()
    return 0 if row is None else int(row[0])


def knows(conn: sqlite3.Connection, kind: str, ident: str, now: int) -> bool:
    """Whether the identifier exists, whatever the secret."""
    found = conn.execute(
        "SELECT 1 FROM credentials WHERE kind = ? AND ident = ? AND (expires_at = 0 OR expires_at > ?) LIMIT 1",
        (kind, ident, now),
    ).fetchone()
    return found is not None


class Accounts(Connections):
    """Implements `CredentialStore` and, with `bridge.store.account_admin`, `AccountStore`."""

    add_account = writes(add)
    account = reads(get)
    accounts = reads(everyone)
    add_credential = writes(add_credential)
    forget_expired = writes(forget_expired)
    account_for = reads(owner)
    exchange = writes(exchange)
    ended = reads(ended)
    knows = reads(knows)
