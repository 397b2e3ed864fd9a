"""Stores that earlier releases wrote open in this one with everything in them, and this one's in no earlier.

`schemas/N.sql` is a store as the release with schema N left it in a power cut: one account, three messages that went
out, one of these in two parts, one for later, one that was in the modem's hands, a received SMS and an endpoint that is
owed webhooks. A schema that is released adds its own there.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bridge.accounts.credentials import digest
from bridge.errors import StoreUnavailable
from bridge.model.message import State
from bridge.model.query import InboxQuery, LedgerQuery, MessageQuery
from bridge.model.webhook import DeliveryState
from bridge.store import archive, open_store
from bridge.store.schema import STEPS

NOW = 1_795_300_000_000
EVERYBODY = ""
SCHEMAS = sorted(Path(__file__).with_name("schemas").glob("*.sql"))


@pytest.fixture(params=SCHEMAS, ids=lambda path: f"schema {path.stem}")
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A store of an earlier release."""
    path = tmp_path / "bridge.db"
    with closing(sqlite3.connect(path)) as raw:
        raw.executescript(request.param.read_text())
    return path


def test_there_is_one_of_each_release() -> None:
    assert [int(path.stem) for path in SCHEMAS] == list(range(1, len(SCHEMAS) + 1))
    assert len(STEPS) - 1 <= len(SCHEMAS), "write down a store of the last released schema"


async def test_opens_with_all_that_was_in_it(written: Path) -> None:
    store = await open_store(f"sqlite:///{written}", exclusive=True)
    try:
        found = (await store.messages(EVERYBODY, MessageQuery())).rows
        assert sorted((each.recipient, each.state) for each in found) == [
            ("+15550123", State.DELIVERED),
            ("+15550124", State.DELIVERED),
            ("+15550126", State.SCHEDULED),
            ("+15550127", State.SENDING),
        ]
        assert await store.recover(NOW) == 1
        doubtful = (await store.messages(EVERYBODY, MessageQuery(states=frozenset({State.UNKNOWN})))).rows
        assert [each.recipient for each in doubtful] == ["+15550127"]
        received = (await store.inbox("shop", InboxQuery(), NOW)).rows
        assert [(each.sender, each.text) for each in received] == [("+15550125", "came in")]
        owed = (await store.ledger(EVERYBODY, LedgerQuery())).rows
        assert len([each for each in owed if each.state is DeliveryState.OWED]) >= 12
        account = await store.account_for("apikey", "", digest("old-key"), NOW)
        assert account is not None
        assert (account.name, account.disabled, account.credits) == ("shop", False, None)
    finally:
        await store.close()


async def test_an_old_token_of_the_command_line_opens_nothing_any_more(written: Path) -> None:
    with closing(sqlite3.connect(written)) as raw:
        schema = raw.execute("PRAGMA user_version").fetchone()[0]
        tokens = raw.execute("SELECT digest FROM credentials WHERE account = 'operator'").fetchall()
    store = await open_store(f"sqlite:///{written}", exclusive=True)
    try:
        assert len(tokens) == int(schema < 5)
        for (old,) in tokens:
            assert await store.account_for("apikey", "", old, NOW) is None
    finally:
        await store.close()


@pytest.mark.parametrize("schema", [path for path in SCHEMAS if int(path.stem) in (3, 4)], ids=lambda path: path.stem)
async def test_a_prepaid_account_that_was_never_topped_up_can_send_nothing(schema: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as raw:
        raw.executescript(schema.read_text())
        raw.execute("UPDATE accounts SET payment = 'prepaid' WHERE name = 'shop'")
        raw.commit()
    store = await open_store(f"sqlite:///{tmp_path}/bridge.db", exclusive=True)
    assert {each.name: each.credits for each in await store.accounts()} == {"operator": None, "shop": 0}
    await store.close()


def _content(raw: sqlite3.Connection) -> dict[str, list[object]]:
    """The schema and the rows of each table; those of an index of words cannot be listed."""
    schema = raw.execute("SELECT name, type, sql FROM sqlite_schema ORDER BY name").fetchall()
    tables = [name for name, kind, sql in schema if kind == "table" and "VIRTUAL" not in sql]
    return {"": schema, **{name: raw.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}}


async def test_is_kept_as_it_was_before_it_is_changed(written: Path) -> None:
    with closing(sqlite3.connect(written)) as raw:
        before, schema = _content(raw), raw.execute("PRAGMA user_version").fetchone()[0]
    await (await open_store(f"sqlite:///{written}", exclusive=True)).close()
    kept = written.with_name(f"bridge.db.schema-{schema}.export")
    (written.parent / "kept").mkdir()
    manifest = archive.unpack(kept, written.parent / "kept")
    assert (manifest.kind, manifest.schema) == (archive.Kind.COPY, schema)
    with closing(sqlite3.connect(written.parent / "kept" / archive.DATABASE)) as raw:
        assert _content(raw) == before


async def test_one_of_this_release_is_opened_without_more_ado(tmp_path: Path) -> None:
    for _ in range(2):
        await (await open_store(f"sqlite:///{tmp_path}/bridge.db", exclusive=True)).close()
    assert not list(tmp_path.glob("*.export"))


async def test_an_upgrade_goes_on_where_the_old_store_cannot_be_kept(written: Path) -> None:
    with closing(sqlite3.connect(written)) as raw:
        schema = raw.execute("PRAGMA user_version").fetchone()[0]
    written.with_name(f"bridge.db.schema-{schema}.export").mkdir()  # nothing can be written there
    store = await open_store(f"sqlite:///{written}", exclusive=True)
    assert [each.name for each in await store.accounts()] == ["operator", "shop"]
    await store.close()


async def test_a_newer_one_is_refused_with_the_way_back(tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"
    await (await open_store(f"sqlite:///{path}", exclusive=True)).close()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
        before = raw.serialize()
    with pytest.raises(StoreUnavailable, match=r"newer sms-bridge .* sms-bridge import FILE --replace"):
        await open_store(f"sqlite:///{path}", exclusive=True)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.serialize() == before


async def test_what_is_deleted_takes_its_events_along_from_before_too(written: Path) -> None:
    store = await open_store(f"sqlite:///{written}", exclusive=True)
    await store.close()
    with closing(sqlite3.connect(written)) as raw:
        without = raw.execute("SELECT DISTINCT name FROM events WHERE about IS NULL AND name LIKE 'message.%'")
        assert without.fetchall() == []
