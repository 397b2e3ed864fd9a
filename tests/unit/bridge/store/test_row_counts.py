"""How much is in a store: counts alone, and nothing of what anybody wrote."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bridge.store.row_counts import figures
from bridge.store.sqlite import SqliteStore
from tests.support.store_rows import NOW, message


async def test_counts_rows_by_state_and_tells_nothing_else(store: SqliteStore, tmp_path: Path) -> None:
    await store.submit([message(number, text="a secret") for number in (1, 2, 3)])
    await store.claim("office", ("",), NOW)
    found = figures(tmp_path / "bridge.db")
    assert found["messages"] == {"queued": 2, "sending": 1}
    assert (found["parts"], found["accounts"], found["received"]) == ({"sending": 1}, 2, 0)
    assert found["kilobytes"] > 0
    assert not any(words in json.dumps(found) for words in ("secret", "shop", "+1555"))


async def test_counts_in_a_store_of_any_age(tmp_path: Path) -> None:
    """The doctor looks at it before it is upgraded, and when it was put back to an older release."""
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as old:
        old.execute("CREATE TABLE messages (state TEXT)")
        old.execute("INSERT INTO messages VALUES ('sent')")
        old.execute("PRAGMA user_version = 1")
        old.commit()
    found = figures(path)
    assert (found["schema"], found["messages"], "ledger" in found) == (1, {"sent": 1}, False)


def test_what_is_no_store_says_so(tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear diary, " * 100)
    with pytest.raises(sqlite3.DatabaseError):
        figures(tmp_path / "letter.db")
    with pytest.raises((sqlite3.Error, OSError)):
        figures(tmp_path / "none.db")
