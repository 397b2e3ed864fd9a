"""Named API keys: rows of `credentials` with a name."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

from bridge.errors import NoSuchThing, NotPossible
from bridge.model.account import Author
from bridge.model.scope import Key, read, written
from bridge.ports.store_rows import Credential
from bridge.store import accounts
from bridge.store.audit_log import audit
from bridge.store.connections import Connections, reads, writes
from bridge.store.writer import Tx


def add(tx: Tx, account: str, credential: Credential, most: int, by: Author) -> None:
    """Add a key. Raises NoSuchThing for the account, NotPossible when the name is taken or there are `most` keys."""
    accounts.get(tx.conn, account)
    names = {key.name for key in find(tx.conn, account)}
    if credential.name in names:
        raise NotPossible(f"the account {account} has a key {credential.name!r}: revoke it, or choose another name")
    if len(names) >= most:
        raise NotPossible(f"the account {account} has {most} keys, which is as many as there may be: revoke some")
    accounts.add_credential(tx, account, credential)
    until = f"until {_day(credential.expires_at)}" if credential.expires_at else "no end"
    detail = f"{credential.name}, {credential.kind}, {written(credential.scopes)}, {until}"
    audit(tx, by, "add_key", account, detail)


def find(conn: sqlite3.Connection, account: str = "") -> Sequence[Key]:
    """List keys by account and name, expired ones too; "" for all accounts."""
    rows = conn.execute(
        "SELECT account, name, kind, hint, scopes, created_at, expires_at, used_at FROM credentials "
        "WHERE name <> '' AND kind <> 'token' AND (? = '' OR account = ?) ORDER BY account, name",
        (account, account),
    )
    return [Key(row[0], row[1], row[2], row[3], read(row[4]), row[5], row[6], row[7]) for row in rows]


def revoke(tx: Tx, account: str, name: str, by: Author) -> None:
    """Revoke a key and its tokens. Raises NoSuchThing."""
    gone = tx.conn.execute("DELETE FROM credentials WHERE account = ? AND name = ? AND name <> ''", (account, name))
    if not gone.rowcount:
        raise NoSuchThing(f"the account {account} has no key {name!r}")
    audit(tx, by, "revoke_key", account, name)


def used(tx: Tx, account: str, name: str, day: int) -> None:
    """Record the day of use, at most once a day."""
    tx.conn.execute(
        "UPDATE credentials SET used_at = ? WHERE account = ? AND name = ? AND name <> '' AND used_at < ?",
        (day, account, name, day),
    )


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


class Keys(Connections):
    """Implements `KeyStore`."""

    add_key = writes(add)
    keys = reads(find)
    revoke_key = writes(revoke)
    used = writes(used)
