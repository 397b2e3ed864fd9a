"""The schema on PostgreSQL."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from bridge.errors import StoreUnavailable
from bridge.store import open_store
from bridge.store.postgresql.schema import STEPS
from tests.support.empty_store import empty_store
from tests.support.postgresql import server


def test_has_the_tables_and_columns_of_the_file_in_the_same_order(tmp_path: Path) -> None:
    with closing(sqlite3.connect(empty_store(tmp_path).removeprefix("sqlite:///"))) as file:
        tables = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        wanted = {
            table: [row[1] for row in file.execute(f"PRAGMA table_info({table})")]
            for table in tables
            if "_words" not in table and not table.startswith("sqlite_")
        }
    with psycopg.connect(empty_store(tmp_path, "postgresql")) as database:
        for table, columns in wanted.items():
            found = database.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() "
                "AND table_name = %s ORDER BY ordinal_position",
                (table,),
            )
            assert [name for (name,) in found if (table, name) != ("endpoints", "rowid")] == columns


def test_has_the_indexes_of_the_file(tmp_path: Path) -> None:
    with closing(sqlite3.connect(empty_store(tmp_path).removeprefix("sqlite:///"))) as file:
        made = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        wanted = {name for (name,) in file.execute(made)}
    with psycopg.connect(empty_store(tmp_path, "postgresql")) as database:
        there = database.execute("SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()")
        assert wanted <= {name for (name,) in there}


async def test_is_made_once_by_several_that_start_at_once() -> None:
    url = server().url(server().create())
    for store in await asyncio.gather(*(open_store(url) for _ in range(3))):
        await store.close()
    with psycopg.connect(url) as database:
        assert database.execute("SELECT steps FROM store").fetchall() == [(len(STEPS),)]


async def test_one_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    url = empty_store(tmp_path, "postgresql")
    with psycopg.connect(url) as database:
        database.execute("UPDATE store SET steps = steps + 1")
    with pytest.raises(StoreUnavailable, match="newer sms-bridge"):
        await open_store(url)


async def test_a_database_of_another_encoding_is_refused() -> None:
    url = server().url("latin")
    with psycopg.connect(server().url("postgres"), autocommit=True) as session:
        session.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    with pytest.raises(StoreUnavailable, match="UTF8"):
        await open_store(url)
