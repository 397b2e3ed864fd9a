"""Accounts as operators manage them: terms, credentials, templates.

Each change reads, merges, checks and writes in one transaction, with the entry in the audit trail.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from bridge.accounts import terms
from bridge.errors import NoSuchThing
from bridge.model.account import Account, AccountChange, Author, Template
from bridge.ports.store_rows import Credential
from bridge.store import accounts
from bridge.store.audit_log import audit
from bridge.store.connections import Connections, reads, writes
from bridge.store.writer import Tx


# -- accounts -----------------------------------------------------------------------------------
def change(tx: Tx, name: str, change: AccountChange, by: Author) -> Account:
    """Change the named fields. Raises NoSuchThing, or BadRequest for invalid terms."""
    before = accounts.get(tx.conn, name)
    after = terms.changed(before, change)
    if after != before:
        accounts.write(tx, after)
    if after.terms.inbound_lines != before.terms.inbound_lines:
        # up to where it has read everything was said of what it saw then
        readers = (name, len(name) + 1, f"{name}\n")
        tx.conn.execute("DELETE FROM read_to WHERE account = ? OR substr(account, 1, ?) = ?", readers)
    if after.disabled is not before.disabled:
        audit(tx, by, "disable" if after.disabled else "enable", name)
    if different := terms.difference(before, after):
        audit(tx, by, "terms", name, different)
    return after


def rotate(tx: Tx, name: str, fresh: Sequence[Credential], until: int, by: Author) -> None:
    """Add new credentials; the account's others of their kinds end at `until`. Raises NoSuchThing."""
    accounts.get(tx.conn, name)
    for credential in fresh:
        accounts.end_credentials(tx, name, credential.kind, until)
        accounts.add_credential(tx, name, credential)
        if credential.kind == "client":  # a holder of the old secret may have tokens
            accounts.end_credentials(tx, name, "token", until)
        audit(tx, by, "rotate", name, f"{credential.kind}, the old ones end after {(until - by.at) // 1000} s")


def set_webhook_secret(tx: Tx, name: str, secret: str, by: Author) -> None:
    """Set the secret for endpoints added from now on. Raises NoSuchThing."""
    accounts.get(tx.conn, name)
    tx.conn.execute("UPDATE accounts SET webhook_secret = ? WHERE name = ?", (secret, name))
    audit(tx, by, "rotate", name, "webhook")


# -- templates ----------------------------------------------------------------------------------
def keep_template(tx: Tx, template: Template, by: Author, proposed: bool = False) -> Template:
    """Add a template, or replace the one of its id, keeping its `created_at`. Raises NoSuchThing.

    `proposed`: it is approved only if the one that it replaces is, with the same text.
    """
    accounts.get(tx.conn, template.account)
    before = template_of(tx.conn, template.account, template.id)
    template = replace(template, created_at=before.created_at if before else template.created_at or by.at)
    if proposed:
        template = replace(template, approved=before is not None and before.approved and before.text == template.text)
    if template != before:
        tx.conn.execute(
            "INSERT INTO templates (account, id, text, approved, created_at) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (account, id) DO UPDATE SET text = excluded.text, approved = excluded.approved",
            (template.account, template.id, template.text, int(template.approved), template.created_at),
        )
        state = "approved" if template.approved else "not approved"
        audit(tx, by, "template", template.account, f"{template.id}, {state}")
    return template


def templates(conn: sqlite3.Connection, account: str) -> Sequence[Template]:
    """List templates by id."""
    rows = conn.execute(
        "SELECT account, id, text, approved, created_at FROM templates WHERE account = ? ORDER BY id", (account,)
    )
    return [Template(row[0], row[1], row[2], bool(row[3]), row[4]) for row in rows]


def template_of(conn: sqlite3.Connection, account: str, id: str) -> Template | None:
    """Return a template, or None."""
    row = conn.execute(
        "SELECT account, id, text, approved, created_at FROM templates WHERE account = ? AND id = ?", (account, id)
    ).fetchone()
    return None if row is None else Template(row[0], row[1], row[2], bool(row[3]), row[4])


def drop_template(tx: Tx, account: str, id: str, by: Author) -> None:
    """Remove a template. Raises NoSuchThing."""
    if not tx.conn.execute("DELETE FROM templates WHERE account = ? AND id = ?", (account, id)).rowcount:
        raise NoSuchThing(f"there is no template {id!r} in this account")
    tx.forgets = True
    audit(tx, by, "remove_template", account, id)


class AccountAdmin(Connections):
    """Implements `TemplateStore` and, with `bridge.store.accounts`, `AccountStore`."""

    change_account = writes(change)
    rotate = writes(rotate)
    set_webhook_secret = writes(set_webhook_secret)
    keep_template = writes(keep_template)
    templates = reads(templates)
    template = reads(template_of)
    drop_template = writes(drop_template)
