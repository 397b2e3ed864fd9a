"""What an operator keeps about accounts: their terms, credentials and templates.

An `entry` goes into the trail in the transaction of the change it tells of.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from bridge.errors import NoSuchThing
from bridge.model.account import Account, AuditEntry, Template, Terms, UnknownPolicy
from bridge.ports.store_rows import Credential
from bridge.store import accounts
from bridge.store.audit_log import audit
from bridge.store.connections import Connections, reads, writes
from bridge.store.writer import Tx


# -- accounts -----------------------------------------------------------------------------------
def set_terms(tx: Tx, name: str, terms: Terms, entry: AuditEntry, on_unknown: UnknownPolicy | None = None) -> Account:
    """Raises NoSuchThing."""
    before = accounts.get(tx.conn, name)
    accounts.change(tx, replace(before, terms=terms, on_unknown=on_unknown or before.on_unknown))
    audit(tx, entry)
    return accounts.get(tx.conn, name)


def disable(tx: Tx, name: str, disabled: bool, entry: AuditEntry) -> Account:
    """Raises NoSuchThing."""
    accounts.change(tx, replace(accounts.get(tx.conn, name), disabled=disabled))
    audit(tx, entry)
    return accounts.get(tx.conn, name)


def rotate(tx: Tx, name: str, fresh: Sequence[Credential], until: int, entry: AuditEntry) -> None:
    """Add these; the account's others of their kinds end at `until`. Raises NoSuchThing."""
    accounts.get(tx.conn, name)
    for credential in fresh:
        accounts.end_credentials(tx, name, credential.kind, until)
        accounts.add_credential(tx, name, credential)
        if credential.kind == "client":  # whoever had the old secret may have tokens for it
            accounts.end_credentials(tx, name, "token", until)
    audit(tx, entry)


def set_webhook_secret(tx: Tx, name: str, secret: str, entry: AuditEntry) -> None:
    """For endpoints that are added from now on. Raises NoSuchThing."""
    accounts.change(tx, replace(accounts.get(tx.conn, name), webhook_secret=secret))
    audit(tx, entry)


# -- templates ----------------------------------------------------------------------------------
def keep_template(tx: Tx, template: Template, entry: AuditEntry) -> Template:
    """New, or in place of the old one of its id, whose time it keeps. Raises NoSuchThing."""
    accounts.get(tx.conn, template.account)
    tx.conn.execute(
        "INSERT INTO templates (account, id, text, approved, created_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (account, id) DO UPDATE SET text = excluded.text, approved = excluded.approved",
        (template.account, template.id, template.text, int(template.approved), template.created_at),
    )
    audit(tx, entry)
    kept = template_of(tx.conn, template.account, template.id)
    assert kept is not None  # noqa: S101 - it was written just now
    return kept


def templates(conn: sqlite3.Connection, account: str) -> Sequence[Template]:
    """By id."""
    rows = conn.execute(
        "SELECT account, id, text, approved, created_at FROM templates WHERE account = ? ORDER BY id", (account,)
    )
    return [Template(row[0], row[1], row[2], bool(row[3]), row[4]) for row in rows]


def template_of(conn: sqlite3.Connection, account: str, id: str) -> Template | None:
    """None when there is none."""
    row = conn.execute(
        "SELECT account, id, text, approved, created_at FROM templates WHERE account = ? AND id = ?", (account, id)
    ).fetchone()
    return None if row is None else Template(row[0], row[1], row[2], bool(row[3]), row[4])


def drop_template(tx: Tx, account: str, id: str, entry: AuditEntry) -> None:
    """Raises NoSuchThing."""
    if not tx.conn.execute("DELETE FROM templates WHERE account = ? AND id = ?", (account, id)).rowcount:
        raise NoSuchThing(f"there is no template {id!r} in this account")
    audit(tx, entry)


class AccountAdmin(Connections):
    """Obeys `TemplateStore` and, with `bridge.store.accounts`, `AccountStore`."""

    set_terms = writes(set_terms)
    disable = writes(disable)
    rotate = writes(rotate)
    set_webhook_secret = writes(set_webhook_secret)
    keep_template = writes(keep_template)
    templates = reads(templates)
    template = reads(template_of)
    drop_template = writes(drop_template)
