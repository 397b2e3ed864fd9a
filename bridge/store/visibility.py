"""What an account sees of what comes in: everything, or what came to the lines of its terms.

Asked when something is read, not when it arrives: an account that is made later, or whose terms change, sees what it
may see of everything that is there.
"""

import json
import sqlite3

#: distinct lines by jumps in the index, however many rows each has
_LINES = (
    "WITH RECURSIVE each(line) AS (SELECT min(line) FROM received UNION ALL "
    "SELECT (SELECT min(line) FROM received WHERE line > each.line) FROM each WHERE each.line IS NOT NULL) "
    "SELECT line FROM each WHERE line IS NOT NULL"
)


def foreign(account: str, line: str, device: str) -> str:
    """The SQL condition under which a row is kept from an account; its name, line and device as expressions.

    An account that is not in the store, as the bridge itself, sees everything.
    """
    return (
        f"EXISTS (SELECT 1 FROM accounts v WHERE v.name = {account} AND v.inbound_lines <> '[]' "
        f"AND NOT EXISTS (SELECT 1 FROM json_each(v.inbound_lines) WHERE value IN ({line}, {device})))"
    )


def named(conn: sqlite3.Connection, account: str) -> frozenset[str]:
    """The lines and devices to which an account is limited; empty for none."""
    row = conn.execute("SELECT inbound_lines FROM accounts WHERE name = ?", (account,)).fetchone()
    return frozenset(json.loads(row[0])) if row is not None else frozenset()


def includes(names: frozenset[str], line: str, device: str = "") -> bool:
    """Whether who is limited to these names sees a line; its device is known by the line's name, too."""
    return not names or not names.isdisjoint((line, device or line.rpartition(":")[0]))


def lines(conn: sqlite3.Connection, names: frozenset[str]) -> list[str]:
    """The lines of these names to which something came."""
    return [line for (line,) in conn.execute(_LINES).fetchall() if includes(names, line)]
