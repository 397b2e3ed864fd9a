"""Accounts and their credentials, on disk: digests, and the secret that both sides sign webhooks with."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from bridge.errors import NoSuchThing, NotPossible
from bridge.model import Account, UnknownPolicy
from bridge.ports import Credential
from bridge.store.writer import Tx

_COLUMNS = "name, created_at, disabled, on_unknown, operator, webhook_secret"


def _account(row: Sequence[Any]) -> Account:
    return Account(row[0], row[1], bool(row[2]), UnknownPolicy(row[3]), bool(row[4]), row[5])


def add(tx: Tx, account: Account, credentials: Sequence[Credential]) -> None:
    """Raises NotPossible when the name is taken."""
    try:
        tx.conn.execute(
            f"INSERT INTO accounts ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)",
            (
                account.name, account.created_at, int(account.disabled), account.on_unknown, int(account.operator),
                account.webhook_secret,
            ),
        )  # fmt: skip
    except sqlite3.IntegrityError:
        raise NotPossible(f"there is an account {account.name!r} already") from None
    for credential in credentials:
        add_credential(tx, account.name, credential, replace=False)


def get(conn: sqlite3.Connection, name: str) -> Account:
    """Raises NoSuchThing."""
    row = conn.execute(f"SELECT {_COLUMNS} FROM accounts WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise NoSuchThing(f"there is no account {name!r}")
    return _account(row)


def everyone(conn: sqlite3.Connection) -> Sequence[Account]:
    """By name."""
    return [_account(row) for row in conn.execute(f"SELECT {_COLUMNS} FROM accounts ORDER BY name")]


def change(tx: Tx, account: Account) -> None:
    """Raises NoSuchThing."""
    changed = tx.conn.execute(
        "UPDATE accounts SET disabled = ?, on_unknown = ?, operator = ?, webhook_secret = ? WHERE name = ?",
        (int(account.disabled), account.on_unknown, int(account.operator), account.webhook_secret, account.name),
    )
    if not changed.rowcount:
        raise NoSuchThing(f"there is no account {account.name!r}")


def add_credential(tx: Tx, account: str, credential: Credential, *, replace: bool) -> None:
    """`replace` drops those of the same kind first; expired ones of any account go along the way."""
    if replace:
        tx.conn.execute("DELETE FROM credentials WHERE account = ? AND kind = ?", (account, credential.kind))
    try:
        tx.conn.execute(
            "INSERT INTO credentials (account, kind, ident, digest, expires_at) VALUES (?, ?, ?, ?, ?)",
            (account, credential.kind, credential.ident, credential.digest, credential.expires_at),
        )
    except sqlite3.IntegrityError:
        raise NotPossible(f"account {account!r} does not exist, or this credential is in use") from None


def forget_expired(tx: Tx, now: int) -> None:
    """Drop tokens whose time is over."""
    tx.conn.execute("DELETE FROM credentials WHERE expires_at > 0 AND expires_at <= ?", (now,))


def owner(conn: sqlite3.Connection, kind: str, ident: str, digest: str, now: int) -> Account | None:
    """Whose credential this is; None when nobody's, expired, or of a disabled account."""
    row = conn.execute(
        f"SELECT {', '.join('a.' + name.strip() for name in _COLUMNS.split(','))} FROM credentials c "
        "JOIN accounts a ON a.name = c.account WHERE c.kind = ? AND c.ident = ? AND c.digest = ? "
        "AND (c.expires_at = 0 OR c.expires_at > ?) AND NOT a.disabled",
        (kind, ident, digest, now),
    ).fetchone()
    return None if row is None else _account(row)
