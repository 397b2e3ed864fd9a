"""Contacts in the store: who a number is, for an account."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bridge.errors import BadRequest, NoSuchThing
from bridge.model.account import Author, Suppressed
from bridge.model.conversation import Consent, Contact, ContactQuery
from bridge.model.query import Page
from bridge.store import accounts, suppression
from bridge.store.audit_log import audit
from bridge.store.connections import Connections, reads, writes
from bridge.store.sql import replacing
from bridge.store.suppression import TAIL, is_same
from bridge.store.words import number_of
from bridge.store.writer import Tx

_COLUMNS = "account, number, name, note, consent, consent_note, consent_at, created_at, updated_at"
_SELECT = (
    f"SELECT {', '.join('c.' + name for name in _COLUMNS.split(', '))}, "
    "(SELECT json_group_array(g.name) FROM contact_groups g WHERE g.account = c.account AND g.number = c.number) "
    "FROM contacts c"
)
#: contacts whose names a search for conversations looks at
_MOST_NAMED = 1_000


def _contact(row: Sequence[Any]) -> Contact:
    account, number, name, note, consent, consent_note, consent_at, created_at, updated_at, groups = row
    return Contact(
        account, number, name, note, tuple(sorted(json.loads(groups))), Consent(consent), consent_note, consent_at,
        created_at, updated_at,
    )  # fmt: skip


def find(conn: sqlite3.Connection, account: str, query: ContactQuery) -> Page[Contact]:
    """List contacts by name."""
    conditions, values = ["c.account = ?"], [account]
    if query.cursor:
        conditions.append("(c.sort, c.number) > (?, ?)")
        values += _place(query.cursor)
    if query.group:
        conditions.append("c.number IN (SELECT number FROM contact_groups WHERE account = ? AND name = ?)")
        values += [account, query.group]
    if query.keyword:
        conditions.append("(instr(c.number, ?) > 0 OR instr(c.sort, ?) > 0)")
        values += [number_of(query.keyword.strip()), query.keyword.strip().casefold()]
    rows = conn.execute(
        f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY c.sort, c.number LIMIT ?", (*values, query.limit + 1)
    ).fetchall()
    page = tuple(_contact(row) for row in rows[: query.limit])
    more = len(rows) > query.limit
    return Page(page, json.dumps([page[-1].name.casefold(), page[-1].number]) if more else "")


def _place(cursor: str) -> list[str]:
    try:
        sort, number = json.loads(cursor)
    except (ValueError, TypeError):
        sort = number = None
    if not isinstance(sort, str) or not isinstance(number, str):
        raise BadRequest("unknown cursor: use the one that came with the previous page", "cursor")
    return [sort, number]


def get(conn: sqlite3.Connection, account: str, number: str) -> Contact:
    """Return a contact. Raises NoSuchThing."""
    row = conn.execute(f"{_SELECT} WHERE c.account = ? AND c.number = ?", (account, number)).fetchone()
    if row is None:
        raise NoSuchThing(f"there is no contact with the number {number}")
    return _contact(row)


def known(conn: sqlite3.Connection, account: str, number: str) -> Contact | None:
    """Return the contact that has this number, however it is spelled; None when there is none."""
    rows = conn.execute(
        f"{_SELECT} WHERE c.account = ? AND substr(c.number, -{TAIL}) = ?", (account, number[-TAIL:])
    ).fetchall()
    found = [contact for contact in map(_contact, rows) if is_same(contact.number, number)]
    return next((each for each in found if each.number == number), found[0] if found else None)


def tails(conn: sqlite3.Connection, account: str, keyword: str) -> str:
    """The ends of the numbers of contacts whose names have this in them, as JSON."""
    rows = conn.execute(
        f"SELECT substr(number, -{TAIL}) FROM contacts WHERE account = ? AND instr(sort, ?) > 0 LIMIT {_MOST_NAMED}",
        (account, keyword.strip().casefold()),
    )
    return json.dumps([tail for (tail,) in rows])


def keep(tx: Tx, contact: Contact, by: Author) -> Contact:
    """Add or replace a contact. Raises NoSuchThing for the account."""
    accounts.get(tx.conn, contact.account)
    kept = _keep(tx, contact, by)
    audit(tx, by, "contact", contact.account, contact.number)
    return kept


def _keep(tx: Tx, contact: Contact, by: Author) -> Contact:
    before = _before(tx.conn, contact)
    consent_at = by.at
    if before is not None and (before.consent, before.consent_note) == (contact.consent, contact.consent_note):
        consent_at = before.consent_at
    elif contact.consent is Consent.UNKNOWN and not contact.consent_note:
        consent_at = 0
    contact = replace(
        contact, consent_at=consent_at, created_at=before.created_at if before else by.at, updated_at=by.at,
        groups=tuple(sorted(set(contact.groups))),
    )  # fmt: skip
    values = [getattr(contact, name) for name in _COLUMNS.split(", ")]
    tx.conn.execute(
        f"INSERT INTO contacts ({_COLUMNS}, sort) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        f"ON CONFLICT (account, number) DO UPDATE SET {replacing(_COLUMNS)}, sort = excluded.sort",
        (*values, contact.name.casefold()),
    )
    tx.conn.execute("DELETE FROM contact_groups WHERE account = ? AND number = ?", (contact.account, contact.number))
    tx.conn.executemany(
        "INSERT INTO contact_groups VALUES (?, ?, ?)",
        [(contact.account, group, contact.number) for group in contact.groups],
    )
    return contact


def _before(conn: sqlite3.Connection, contact: Contact) -> Contact | None:
    try:
        return get(conn, contact.account, contact.number)
    except NoSuchThing:
        return None


def keep_all(tx: Tx, contacts: Sequence[Contact], by: Author) -> tuple[int, int]:
    """Add or change many; how many are new and how many were changed. Empty fields change nothing."""
    added = changed = 0
    for contact in contacts:
        before = _before(tx.conn, contact)
        if before is None:
            added += 1
            _keep(tx, contact, by)
            continue
        merged = replace(
            before,
            name=contact.name or before.name,
            note=contact.note or before.note,
            groups=tuple(sorted({*before.groups, *contact.groups})),
            consent=before.consent if contact.consent is Consent.UNKNOWN else contact.consent,
            consent_note=contact.consent_note or before.consent_note,
        )
        if merged != before:
            changed += 1
            _keep(tx, merged, by)
    if contacts:
        audit(tx, by, "contacts", contacts[0].account, f"{added} added, {changed} changed")
    return added, changed


def drop(tx: Tx, account: str, number: str, by: Author) -> None:
    """Delete a contact. Raises NoSuchThing."""
    if not tx.conn.execute("DELETE FROM contacts WHERE account = ? AND number = ?", (account, number)).rowcount:
        raise NoSuchThing(f"there is no contact with the number {number}")
    tx.conn.execute("DELETE FROM contact_groups WHERE account = ? AND number = ?", (account, number))
    tx.forgets = True
    audit(tx, by, "remove_contact", account, number)


def groups(conn: sqlite3.Connection, account: str) -> Sequence[tuple[str, int]]:
    """List groups by name, with how many are in each."""
    rows = conn.execute(
        "SELECT name, count(*) FROM contact_groups WHERE account = ? GROUP BY name ORDER BY name", (account,)
    )
    return [(name, count) for name, count in rows]


def suppressions(conn: sqlite3.Connection, account: str, numbers: Sequence[str]) -> Sequence[Suppressed | None]:
    """For each number why nothing is sent to it; None where something is."""
    return [suppression.why(conn, account, number) for number in numbers]


class Contacts(Connections):
    """Implements `ContactStore`."""

    contacts = reads(find)
    contact = reads(get)
    keep_contact = writes(keep)
    keep_contacts = writes(keep_all)
    drop_contact = writes(drop)
    contact_groups = reads(groups)
    suppressions = reads(suppressions)
