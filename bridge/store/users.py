"""Users in the store. Each change is read, checked, written and audited in one transaction."""

import sqlite3
from collections.abc import Sequence
from typing import Any

from bridge.accounts.credentials import OPERATOR
from bridge.errors import NoSuchThing, NotPossible
from bridge.model.account import Author
from bridge.model.user import Link, Role, User, UserChange
from bridge.ports.store_rows import Login
from bridge.store import sessions
from bridge.store.audit_log import audit
from bridge.store.connections import Connections, reads, writes
from bridge.store.writer import Tx

_SELECT = (
    "SELECT name, role, created_at, disabled, totp, (SELECT count(*) FROM recovery_codes WHERE user = name), seen_at, "
    "password, totp_secret FROM users"
)


def user_of(row: Sequence[Any]) -> User:
    """Out of the first columns of `_SELECT`."""
    return User(row[0], Role(row[1]), row[2], bool(row[3]), bool(row[4]), *row[5:7])


def find(conn: sqlite3.Connection) -> Sequence[User]:
    """List users by name."""
    return [user_of(row) for row in conn.execute(f"{_SELECT} ORDER BY name")]


def login(conn: sqlite3.Connection, name: str) -> Login | None:
    """Return what a sign-in is checked against, or None."""
    row = conn.execute(f"{_SELECT} WHERE name = ?", (name,)).fetchone()
    return None if row is None else Login(user_of(row), row[7], row[8])


def get(conn: sqlite3.Connection, name: str) -> User:
    """Return a user. Raises NoSuchThing."""
    found = login(conn, name)
    if found is None:
        raise NoSuchThing(f"there is no user {name!r}")
    return found.user


def add(tx: Tx, user: User, password: str, by: Author, first: bool = False) -> None:
    """Add a user. Raises NotPossible when the name is taken, or with `first` when there is any user."""
    if first and tx.conn.execute("SELECT 1 FROM users LIMIT 1").fetchone():
        raise NotPossible("there are users already: sign in, or ask an owner for a link")
    try:
        tx.conn.execute(
            "INSERT INTO users (name, role, created_at, disabled, password) VALUES (?, ?, ?, ?, ?)",
            (user.name, user.role, user.created_at, int(user.disabled), password),
        )
    except sqlite3.IntegrityError:
        raise NotPossible(f"there is a user {user.name!r} already") from None
    audit(tx, by, "add_user", OPERATOR, f"{user.name}, {user.role}")


def change(tx: Tx, name: str, change: UserChange, by: Author, keep: str = "") -> User:
    """Change the named fields. Raises NoSuchThing, or NotPossible if no owner could sign in afterwards."""
    before = get(tx.conn, name)
    wanted: dict[str, Any] = {"role": change.role, "disabled": change.disabled, "password": change.password}
    if change.totp is False:
        wanted |= {"totp": False, "totp_secret": ""}
        tx.conn.execute("DELETE FROM recovery_codes WHERE user = ?", (name,))
    values = {column: value for column, value in wanted.items() if value is not None}
    if values:
        assignments = ", ".join(f"{column} = ?" for column in values)
        tx.conn.execute(f"UPDATE users SET {assignments} WHERE name = ?", (*values.values(), name))
    _keep_an_owner(tx, before)
    if change.password is not None or change.disabled:
        sessions.end_all(tx, name, keep)
    after = get(tx.conn, name)
    if told := _told(before, after, change):
        audit(tx, by, "change_user", OPERATOR, f"{after.name}, {told}")
    return after


def _told(before: User, after: User, change: UserChange) -> str:
    differences = [
        (after.role, after.role is not before.role),
        ("disabled" if after.disabled else "enabled", after.disabled is not before.disabled),
        ("no one-time codes", before.totp and not after.totp),
        ("another password", change.password is not None),
    ]
    return ", ".join(word for word, differs in differences if differs)


def _keep_an_owner(tx: Tx, before: User) -> None:
    """Raises NotPossible if the last owner who can sign in would be lost."""
    left = "SELECT 1 FROM users WHERE role = 'owner' AND NOT disabled AND password <> '' LIMIT 1"
    if before.role is Role.OWNER and not before.disabled and tx.conn.execute(left).fetchone() is None:
        raise NotPossible(f"{before.name} is the only owner who can sign in: make another one first")


def remove(tx: Tx, name: str, by: Author) -> None:
    """Remove a user. Raises NoSuchThing, or NotPossible for the last owner who can sign in."""
    before = get(tx.conn, name)
    tx.conn.execute("DELETE FROM users WHERE name = ?", (name,))
    tx.conn.execute("DELETE FROM user_links WHERE user = ?", (name,))
    tx.forgets = True
    _keep_an_owner(tx, before)
    audit(tx, by, "remove_user", OPERATOR, before.name)


# -- one-time codes -----------------------------------------------------------------------------
def propose_totp(tx: Tx, name: str, secret: str) -> None:
    """Store a proposed secret for one-time codes. Raises NoSuchThing, NotPossible when codes are on."""
    if get(tx.conn, name).totp:
        raise NotPossible("one-time codes are asked for already: switch that off first")
    tx.conn.execute("UPDATE users SET totp_secret = ? WHERE name = ?", (secret, name))


def begin_totp(tx: Tx, name: str, step: int, codes: Sequence[str], by: Author) -> None:
    """Turn one-time codes on. Raises NotPossible without a proposed secret, or when they are on."""
    begun = tx.conn.execute(
        "UPDATE users SET totp = 1, totp_step = ? WHERE name = ? AND NOT totp AND totp_secret <> ''", (step, name)
    )
    if not begun.rowcount:
        raise NotPossible("there is no new secret for one-time codes: ask for one first")
    tx.conn.execute("DELETE FROM recovery_codes WHERE user = ?", (name,))
    tx.conn.executemany("INSERT INTO recovery_codes VALUES (?, ?)", [(name, digest) for digest in codes])
    audit(tx, by, "change_user", OPERATOR, f"{name}, one-time codes")


def use_totp(tx: Tx, name: str, step: int) -> bool:
    """Record the use of a code's period; False if it or a later one was used before."""
    return tx.conn.execute(
        "UPDATE users SET totp_step = ? WHERE name = ? AND totp_step < ?", (step, name, step)
    ).rowcount > 0  # fmt: skip


def use_recovery_code(tx: Tx, name: str, digest: str) -> bool:
    """Use up a recovery code; False if there is none."""
    return tx.conn.execute("DELETE FROM recovery_codes WHERE user = ? AND digest = ?", (name, digest)).rowcount > 0


# -- links --------------------------------------------------------------------------------------
def add_link(tx: Tx, digest: str, link: Link, by: Author) -> None:
    """Add a one-time link; earlier links for the same name end."""
    tx.conn.execute("DELETE FROM user_links WHERE user = ? OR expires_at <= ?", (link.user, by.at))
    tx.conn.execute("INSERT INTO user_links VALUES (?, ?, ?, ?)", (digest, link.user, link.role, link.expires_at))
    if link.user:
        audit(tx, by, "link_user", OPERATOR, link.user)


def link(conn: sqlite3.Connection, digest: str, now: int) -> Link | None:
    """Return a link; None when used or expired."""
    row = conn.execute(
        "SELECT user, role, expires_at FROM user_links WHERE digest = ? AND expires_at > ?", (digest, now)
    ).fetchone()
    return None if row is None else Link(row[0], Role(row[1]), row[2])


def redeem(tx: Tx, digest: str, name: str, password: str, by: Author) -> User:
    """Raises NoSuchThing for a link that was used or has ended, NotPossible when the name is taken."""
    found = link(tx.conn, digest, by.at)
    if found is None:
        raise NoSuchThing("This link was used or has expired: ask for another.")
    tx.conn.execute("DELETE FROM user_links WHERE digest = ?", (digest,))
    if found.user:
        return change(tx, found.user, UserChange(password=password), by)
    # a link without a name is for the first owner alone
    add(tx, User(name, found.role, by.at), password, by, first=True)
    return get(tx.conn, name)


class Users(Connections):
    """Implements `UserStore`."""

    users = reads(find)
    login = reads(login)
    add_user = writes(add)
    change_user = writes(change)
    remove_user = writes(remove)
    propose_totp = writes(propose_totp)
    begin_totp = writes(begin_totp)
    use_totp = writes(use_totp)
    use_recovery_code = writes(use_recovery_code)
    add_link = writes(add_link)
    link = reads(link)
    redeem = writes(redeem)
