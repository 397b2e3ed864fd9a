"""What is asked often reads few rows of a store that has many: by the plans that the server really took.

The server writes each plan down, with the rows that each of its steps read, triggers and functions included.
"""

import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bridge.model.query import InboxQuery, LedgerQuery, MessageQuery
from bridge.ports.store import Store
from bridge.store import open_store
from tests.support.empty_store import empty_store
from tests.support.postgresql import server
from tests.support.store_rows import CAFE, NOW, SHOP, message
from tests.unit.bridge.store import test_schema as everything

#: messages, events and deliveries; a fourth of it received SMS
ROWS = 200_000
#: a step of a plan may read so many: a page, or a span of events that is looked through at a time
MOST = 6_000
#: a count of any time adds counters up
GROWING = frozenset({*everything.GROWING, "message_words", "received_words"} - {"message_counts"})
#: what a statement may read more of, and why
ALLOWED = {
    r"\bm\.dialect = |\be\.(id|name) = |FROM ledger m .* m\.created_at ": "newest first, until the page is full",
    r"substr\(m\.route, 1, 1\) = ": "a count that no counter knows",
    r"@@ words_wanted": "the server chooses between the index of words and the newest rows",
}
_FILL = f"""
SET session_replication_role = replica;
INSERT INTO messages (id, account, recipient, written, text, state, created_at, updated_at, due_at, expires_at, route,
        line, slot, parts, attempts, error, on_unknown, report, sent_at, delivered_at, not_before, client_ref, tag,
        dialect)
    SELECT 'f' || lpad(to_hex(i), 39, '0'), CASE WHEN i % 10 = 0 THEN 'cafe' ELSE 'shop' END,
        '+1555' || lpad(CAST(i % 50000 AS TEXT), 7, '0'), '', 'Your code is ' || i,
        CASE WHEN i % 4 = 0 THEN 'queued' WHEN i % 2000 = 3 THEN 'failed' WHEN i % 5 = 1 THEN 'sent'
            ELSE 'delivered' END,
        {NOW} - ({ROWS} - i) * 30000, {NOW}, {NOW} - ({ROWS} - i) * 30000, 0,
        CASE WHEN i % 4 = 0 THEN 'elsewhere' ELSE '' END, CASE WHEN i % 4 = 0 THEN '' ELSE 'van' END,
        0, 1, 0, '', 'hold', 1, 0, 0, 0, CASE WHEN i % 2 = 0 THEN 'order ' || i ELSE '' END, '', 'native'
    FROM generate_series(CAST(1 AS BIGINT), {ROWS}) i;
INSERT INTO message_counts SELECT created_at / 900000, account, line, state, count(*), sum(parts) FROM messages
    GROUP BY 1, 2, 3, 4;
INSERT INTO message_totals SELECT account, state, sum(messages) FROM message_counts GROUP BY 1, 2;
INSERT INTO message_hours SELECT created_at / 3600000, min(seq), max(seq), 0, max(created_at), 0 FROM messages
    GROUP BY 1;
INSERT INTO parts (message, idx, state, reference, line, attempts, error, intent_at, sent_at, done_at, sim)
    SELECT id, 1, state, seq % 256, line, 1, '', created_at, created_at, created_at, 'sim:van' FROM messages
    WHERE state <> 'queued';
INSERT INTO events (id, name, account, at, subject, data, about)
    SELECT 'e' || seq, 'message.sent', account, created_at, id,
    '{{"state": "sent", "error": "", "line": "van", "sent_at": 0, "delivered_at": 0}}', seq FROM messages;
INSERT INTO endpoints VALUES ('e0', 'cafe', 'http://127.0.0.1:9/', 'v2', '["*"]', '', '', 1, 0, 0);
INSERT INTO ledger (id, endpoint, account, event, state, attempts, due_at, created_at, delivered_at, status, error)
    SELECT 'l' || seq, 'e0', 'cafe', seq, 'delivered', 1, at, at, at, 200, '' FROM events;
INSERT INTO received (id, line, device, sender, text, sent_at, received_at, partial, data, error)
    SELECT 'r' || i, 'van', 'van', '+1555' || lpad(CAST(i % 50000 AS TEXT), 7, '0'), 'Thanks ' || i, {NOW},
        {NOW} - ({ROWS} / 4 - i) * 120000, 0, '', '' FROM generate_series(CAST(1 AS BIGINT), {ROWS} / 4) i;
INSERT INTO received_hours SELECT received_at / 3600000, min(seq), max(seq), 0, max(received_at), 0 FROM received
    GROUP BY 1;
INSERT INTO received_marks SELECT 'shop', seq, 1, 0 FROM received WHERE seq % 2 = 0;
INSERT INTO message_words SELECT seq, array_to_tsvector(ARRAY['w' || seq, 'code']) FROM messages;
INSERT INTO received_words SELECT seq, array_to_tsvector(ARRAY['w' || seq, 'thanks']) FROM received;
INSERT INTO indexed (name, seq) VALUES ('messages', {ROWS}), ('received', {ROWS} / 4);
UPDATE conversations_made SET sent = {ROWS}, received = {ROWS} / 4;
INSERT INTO conversations SELECT 'shop', recipient, max(created_at), max(seq), 0, 0 FROM messages GROUP BY recipient;
INSERT INTO idempotency SELECT 'shop', 'key ' || seq, 'digest', '[]', created_at FROM messages WHERE seq % 2 = 0;
INSERT INTO movements (account, kind, amount, at, message, note, balance)
    SELECT 'shop', 'charge', -1, created_at, id, '', 0 FROM messages WHERE seq % 4 = 0;
INSERT INTO audit (at, who, what, account, detail)
    SELECT created_at, 'x', 'y', 'shop', '' FROM messages WHERE seq % 20 = 0;
"""
_TELL = {
    "session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0", "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off", "auto_explain.log_format": "json", "auto_explain.log_nested_statements": "on",
}  # fmt: skip


def _fill(url: str) -> None:
    """Write the rows, with the indexes made of all at once, and have what is asked from now on told."""
    with psycopg.connect(url, autocommit=True) as session:
        found = session.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND indexdef !~ 'UNIQUE'"
        ).fetchall()
        session.execute("; ".join(f"DROP INDEX {name}" for name, _ in found))
        session.execute(_FILL)
        session.execute("; ".join(made for _, made in found))
        session.execute("VACUUM ANALYZE")
        for name, value in _TELL.items():
            session.execute(f"ALTER DATABASE {session.info.dbname} SET {name} = '{value}'")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    url = empty_store(tmp_path, "postgresql")
    _fill(url)
    store = await open_store(url, exclusive=True)
    for account in (SHOP, CAFE):
        await store.add_account(account, [])
    yield store
    await store.close()


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from _steps(each)


def _read(step: dict[str, Any]) -> int:
    """How many rows of its table a step looked at."""
    each = step["Actual Rows"] + step.get("Rows Removed by Filter", 0) + step.get("Rows Removed by Index Recheck", 0)
    return int(each * step["Actual Loops"])


def _told() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each statement that the server wrote down, with a step of its plan."""
    log = (server().folder / "log").read_text()
    for found in re.finditer(r"LOG:  duration: [\d.]+ ms  plan:\n((?:\t.*\n)+)", log):
        told = json.loads(found[1])
        for step in _steps(told["Plan"]):
            yield " ".join(told["Query Text"].split()), step


async def _ask(store: Store) -> None:
    """What bridges, callers and pages ask all the time; more often than a statement gets plans of its own."""
    for turn in range(1, 13):
        some = f"f{turn:039x}"
        await store.message(some)
        await store.parts(some)
        await store.messages("shop", MessageQuery(client_ref=f"order {2 * turn}"))
        await store.remembered("shop", f"key {turn * 2 + 1}", "digest")
        await store.submit([message(100 + turn, client_ref=f"new {turn}")], f"new {turn}", "digest")
        assert await store.claim("van", ("elsewhere", "van"), NOW) is not None
        await store.events("shop", ROWS // 2 + turn, 100)
        await store.owed("e1", 10)
        await store.backlog(NOW)
    for account in ("", "shop"):
        for query in everything.queries(MessageQuery):
            await store.messages(account, replace(query, limit=50))
            await store.count(account, query)
        for ledger in everything.queries(LedgerQuery):
            await store.ledger(account, ledger)
        await store.statistics(account, [NOW - 86_400_000, NOW])
        await store.sent(account, NOW)
        await store.audit(account)
    for inbox in everything.queries(InboxQuery):
        await store.inbox("shop", inbox, NOW)
    await store.movements("shop")
    await store.event_position(NOW - 1000)
    await store.hand_out_reports("shop", "", frozenset({"van"}), 10)
    await store.tags("shop", "account_v1", await store.hand_out_received("shop", 0, 10))
    await store.life("shop", message(1).id)
    await store.undecided("shop", 10)
    await store.dead_letters("shop", 10)
    await store.waiting(NOW)
    await store.doubtful(["office"])
    await store.advance(NOW + 10)
    await store.cancel(message(7).id, NOW)
    await store.recover(NOW)
    await store.thread("shop", "shop", "+15550000101", 10, "")
    await store.sweep(NOW - (ROWS - 100) * 30_000, NOW - (ROWS - 100) * 30_000)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_what_is_asked_often_reads_few_rows(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.store.lookup.FEW", 0)  # as in a store in which nothing is few
    steps = everything.live(store)  # type: ignore[arg-type]
    done = [await anext(steps) for _ in range(3)]  # after that the clock is set, and all that waits moves along
    assert "receive" in done[-1]
    await steps.aclose()
    await _ask(store)
    found, count = dict[str, str](), 0
    for statement, step in _told():
        count += 1
        table = step.get("Relation Name")
        if table in GROWING and (read := _read(step)) > MOST:
            found[statement] = f"{read} of {table} by {step['Node Type']} {step.get('Index Name', '')}"
    assert count > 1000, "the server has to write plans down"
    left = [f"{read}: {text}" for text, read in found.items() if not any(re.search(each, text) for each in ALLOWED)]
    assert left == [], "\n".join(left)
