"""Sessions in the store, found by the digest of the browser's secret."""

import sqlite3
from collections.abc import Sequence

from bridge.accounts.credentials import OPERATOR, WRONG_LOGIN
from bridge.errors import NoSuchThing, WrongSecret
from bridge.model.account import Author
from bridge.model.user import Role, Session, User
from bridge.store.audit_log import audit
from bridge.store.connections import Connections, reads, writes
from bridge.store.writer import Tx

_COLUMNS = "s.id, s.user, s.address, s.agent, s.created_at, s.seen_at, s.expires_at"
_STANDS = "s.expires_at > :now AND s.seen_at > :now - :idle"


def begin(tx: Tx, digest: str, session: Session, by: Author, password: str = "") -> None:
    """Add a session and delete expired ones. Raises WrongSecret when the password's hash is another by now."""
    stands = "SELECT 1 FROM users WHERE name = ? AND password = ? AND NOT disabled"
    if password and tx.conn.execute(stands, (session.user, password)).fetchone() is None:
        raise WrongSecret(WRONG_LOGIN)
    tx.conn.execute("DELETE FROM sessions WHERE expires_at <= ?", (by.at,))
    values = (
        digest, session.id, session.user, session.address, session.agent, session.created_at, session.seen_at,
        session.expires_at,
    )  # fmt: skip
    try:
        tx.conn.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    except sqlite3.IntegrityError:  # removed since the password was looked at
        raise WrongSecret(WRONG_LOGIN) from None
    tx.conn.execute("UPDATE users SET seen_at = ? WHERE name = ?", (by.at, session.user))
    audit(tx, by, "sign_in", OPERATOR, session.agent)


def get(conn: sqlite3.Connection, digest: str, now: int, idle_ms: int) -> tuple[Session, User] | None:
    """Return a session and its user; None when it expired, was idle too long, or the user is disabled."""
    row = conn.execute(
        f"SELECT {_COLUMNS}, u.name, u.role, u.created_at, u.totp, "
        "(SELECT count(*) FROM recovery_codes WHERE user = u.name), u.seen_at "
        f"FROM sessions s JOIN users u ON u.name = s.user WHERE s.digest = :digest AND NOT u.disabled AND {_STANDS}",
        {"digest": digest, "now": now, "idle": idle_ms},
    ).fetchone()
    if row is None:
        return None
    name, role, created_at, totp, codes, seen_at = row[7:]
    return Session(*row[:7]), User(name, Role(role), created_at, False, bool(totp), codes, seen_at)


def note(tx: Tx, digest: str, now: int) -> None:
    """Record that the session was used."""
    tx.conn.execute("UPDATE sessions SET seen_at = ? WHERE digest = ?", (now, digest))
    tx.conn.execute(
        "UPDATE users SET seen_at = ? WHERE name = (SELECT user FROM sessions WHERE digest = ?)", (now, digest)
    )


def find(conn: sqlite3.Connection, user: str, now: int, idle_ms: int) -> Sequence[Session]:
    """List valid sessions, newest first; `user` "" for all users."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM sessions s WHERE (:user = '' OR s.user = :user) AND {_STANDS} "
        "ORDER BY s.created_at DESC",
        {"user": user, "now": now, "idle": idle_ms},
    )
    return [Session(*row) for row in rows]


def end(tx: Tx, user: str, id: str) -> None:
    """End a session; `user` "" for any user's. Raises NoSuchThing."""
    gone = tx.conn.execute("DELETE FROM sessions WHERE id = ? AND (? = '' OR user = ?)", (id, user, user))
    if not gone.rowcount:
        raise NoSuchThing("There is no such session; it may have ended.")
    tx.admission = True


def end_all(tx: Tx, user: str, keep: str = "") -> int:
    """End all sessions of a user except the one with the digest `keep`; returns how many."""
    tx.admission = True
    return tx.conn.execute("DELETE FROM sessions WHERE user = ? AND digest <> ?", (user, keep)).rowcount


class Sessions(Connections):
    """Implements `SessionStore`."""

    begin_session = writes(begin)
    session = reads(get)
    note_session = writes(note)
    sessions = reads(find)
    end_session = writes(end)
    end_sessions = writes(end_all)
