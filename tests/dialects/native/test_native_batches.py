"""/v1/batches: a file becomes messages, each row once, at its pace, over pauses and restarts."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from api.dialects.native import batches
from bridge.gateway import batch_runner
from bridge.gateway.batch_runner import BatchRunner
from bridge.gateway.submissions import Submission
from bridge.model.account import Account, Author
from bridge.model.batch import Batch, BatchState
from bridge.model.message import Draft, State
from bridge.model.query import MessageQuery
from bridge.model.user import Role
from bridge.tasks import Tasks
from tests.support.clocks import FakeClock
from tests.support.native_site import Answer, Caller, Site, site_in
from tests.support.waiting import until
from tests.support.workbooks import workbook

FILE = (
    "phone,name\n+15550101,Anna\n+15550102,=cmd()\nnobody,Carl\n+1 555 0101,Anna again\n+15550103,Eve\n+15550104,李雷\n"
)
TEXT = "Dear {name}, we open at nine."
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def site(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Site]:
    async with site_in(tmp_path, clock=clock) as site:
        yield site


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_runner, "INTERVAL", 0.01)


@asynccontextmanager
async def running(site: Site) -> AsyncIterator[None]:
    """As in a bridge."""
    runner = BatchRunner(site.gateway.batches)
    await runner.start()
    try:
        yield
    finally:
        await runner.close()


async def upload(caller: Caller, file: str | bytes = FILE, kind: str = "text/csv") -> Answer:
    body = file if isinstance(file, bytes) else file.encode()
    return await caller.with_headers(Content_Type=kind).call("POST", "/v1/batches", body, name="march.csv")


async def draft(caller: Caller, file: str | bytes = FILE, **changes: Any) -> str:
    """A batch that can be started."""
    made = await upload(caller, file)
    assert made.status == 201, made.body
    changed = await caller.patch(f"/v1/batches/{made.body['id']}", {"text": TEXT, **changes})
    assert changed.status == 200, changed.body
    return str(made.body["id"])


async def act(caller: Caller, batch: str, what: str, body: Any = None) -> Answer:
    return await caller.post(f"/v1/batches/{batch}/{what}", body)


async def shown(caller: Caller, batch: str) -> dict[str, Any]:
    return dict((await caller.get(f"/v1/batches/{batch}")).body)


async def reached(caller: Caller, batch: str, state: str) -> dict[str, Any]:
    async def look() -> dict[str, Any]:
        found = await shown(caller, batch)
        return found if found["state"] == state else {}

    return await until(look)


async def sent_to(site: Site, account: str = "shop") -> list[str]:
    rows = (await site.store.messages(account, MessageQuery(limit=1000))).rows
    return sorted(row.recipient for row in rows)


@pytest.mark.parametrize("kind", ["application/json", "application/vnd.x+json", "multipart/form-data; boundary=x"])
@pytest.mark.parametrize("path", ["/v1/batches", "/v1/contacts/import"])
async def test_what_says_that_it_is_no_file_is_not_read_as_one(site: Site, path: str, kind: str) -> None:
    answer = await site.shop.with_headers(Content_Type=kind).call("POST", path, b"{}")
    assert answer.problem == (415, "not-a-file", "")
    assert "Send the file itself as the body" in answer.body["detail"]


async def test_what_curl_calls_a_form_is_the_file_that_it_is(site: Site) -> None:
    assert (await upload(site.shop, FILE, "application/x-www-form-urlencoded")).status == 201


async def test_a_file_becomes_a_draft_that_says_what_is_wrong_with_it(site: Site) -> None:
    made = (await upload(site.shop)).body
    assert (made["state"], made["name"], made["number_column"], made["rows"]) == ("draft", "march.csv", "phone", 6)
    assert made["columns"][1] == {"name": "name", "samples": ["Anna", "=cmd()", "Carl"]}
    changed = (await site.shop.patch(f"/v1/batches/{made['id']}", {"text": TEXT})).body
    judged = [changed[name] for name in ("sendable", "bad", "duplicates", "suppressed", "parts", "made")]
    assert judged == [4, 1, 1, 0, 4, 0]
    rows = (await site.shop.get(f"/v1/batches/{made['id']}/rows")).body["rows"]
    assert [(row["row"], row["state"]) for row in rows] == [
        (2, "ok"), (3, "ok"), (4, "bad"), (5, "duplicate"), (6, "ok"), (7, "ok"),
    ]  # fmt: skip
    assert (rows[0]["text"], rows[0]["encoding"], rows[5]["encoding"]) == (
        "Dear Anna, we open at nine.", "gsm7", "ucs2",
    )  # fmt: skip
    assert rows[3]["problem"] == "row 2 has the same number"
    first = (await site.shop.get(f"/v1/batches/{made['id']}/rows", limit=4)).body
    rest = (await site.shop.get(f"/v1/batches/{made['id']}/rows", limit=4, cursor=first["cursor"])).body
    assert [row["row"] for row in first["rows"] + rest["rows"]] == [2, 3, 4, 5, 6, 7]
    assert rest["cursor"] is None
    bad = (await site.shop.get(f"/v1/batches/{made['id']}/rows", state="bad")).body["rows"]
    assert [row["row"] for row in bad] == [4]
    assert await sent_to(site) == []


async def test_a_workbook_is_a_file_too(site: Site) -> None:
    made = (await upload(site.shop, workbook([["Mobile", "Name"], [15550101, "Anna"]]), XLSX)).body
    assert (made["number_column"], made["rows"]) == ("Mobile", 1)


async def test_who_wrote_stop_is_left_out(site: Site) -> None:
    await site.receive("+15550103", "STOP")
    found = await shown(site.shop, await draft(site.shop))
    assert (found["sendable"], found["suppressed"]) == (3, 1)


async def test_each_row_is_sent_once_with_its_own_text(site: Site) -> None:
    page = await site.person(Role.OPERATOR)
    batch = await draft(page, line="office", tag="spring")
    async with running(site):
        assert (await act(page, batch, "start")).body["state"] == "running"
        done = await reached(page, batch, "done")
    assert (done["made"], done["counts"]["queued"]) == (4, 4)
    assert await sent_to(site, "operator") == ["+15550101", "+15550102", "+15550103", "+15550104"]
    rows = (await site.store.messages("operator", MessageQuery())).rows
    assert {(row.tag, row.route, row.dialect) for row in rows} == {("spring", "office", "batch")}
    assert "Dear =cmd(), we open at nine." in {row.text for row in rows}


async def test_what_became_of_every_row_can_be_opened_in_a_spreadsheet(site: Site, clock: FakeClock) -> None:
    batch = await draft(site.shop)
    async with running(site):
        await act(site.shop, batch, "start")
        await reached(site.shop, batch, "done")
    await site.carry(State.SENT)
    await site.carry(State.FAILED, "no such number")
    answer = await site.shop.get(f"/v1/batches/{batch}/result")
    rows = list(csv.DictReader(io.StringIO(answer.body.removeprefix("\ufeff"))))
    assert [(row["number"], row["state"], row["name"]) for row in rows] == [
        ("+15550101", "sent", "Anna"),
        ("+15550102", "failed", "'=cmd()"),
        ("", "bad", "Carl"),
        ("+15550101", "duplicate", "Anna again"),
        ("+15550103", "queued", "Eve"),
        ("+15550104", "queued", "李雷"),
    ]
    assert rows[1]["problem"] == "no such number"
    bad = (await site.shop.get(f"/v1/batches/{batch}/result", state="bad")).body
    assert len(bad.splitlines()) == 2


async def test_a_pace_is_kept(site: Site, clock: FakeClock) -> None:
    batch = await draft(site.shop, per_minute=2)
    async with running(site):
        await act(site.shop, batch, "start")
        for count in (1, 2, 3):
            await until(lambda: sent_to(site)) if count == 1 else None

            async def so_many(count: int = count) -> bool:
                return len(await sent_to(site)) == count

            await until(so_many)
            clock.at += 30_000


async def test_how_fast_it_goes_is_known_until_the_last_message_has_gone_out(site: Site, clock: FakeClock) -> None:
    """It is done when all rows were accepted; what it is watched for begins then."""
    batch = await draft(site.shop)

    async def seen_after(seconds: int) -> tuple[float, float | None]:
        clock.at += 1000 * seconds
        found = await shown(site.shop, batch)
        left = found["done_at"] and datetime.fromisoformat(found["done_at"]).timestamp() - clock.at / 1000
        return found["rate_per_minute"], left and round(left)

    async with running(site):
        await act(site.shop, batch, "start")
        await reached(site.shop, batch, "done")
    clock.at += 60_000
    await site.carry(State.SENT)
    assert await seen_after(60) == (0.5, 360)  # one of four in the two minutes since it began
    await site.carry(State.SENT)
    assert await seen_after(30) == (0.8, 150)
    assert await seen_after(30) == (1, 120)  # one in the last minute
    assert await seen_after(60) == (0, None)
    await site.carry(State.SENT)
    await site.carry(State.FAILED, "no such number")
    assert await seen_after(10) == (0, None)


async def test_nothing_is_sent_before_its_time(site: Site, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_runner, "LONGEST_NAP", 0.01)
    batch = await draft(site.shop, not_before=clock.at / 1000 + 60)
    other = await draft(site.shop, "phone\n+15550109\n", text="now")
    async with running(site):
        await act(site.shop, batch, "start")
        await act(site.shop, other, "start")
        await reached(site.shop, other, "done")
        assert await sent_to(site) == ["+15550109"]
        clock.at += 60_000
        await reached(site.shop, batch, "done")
    assert len(await sent_to(site)) == 5


async def test_a_pause_holds_the_rest_until_it_is_over_also_over_a_restart(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_runner, "WINDOW", 2)
    batch = await draft(site.shop)
    async with running(site):
        await act(site.shop, batch, "start")

        async def two() -> bool:
            return len(await sent_to(site)) == 2

        await until(two)
        assert (await act(site.shop, batch, "pause")).body["state"] == "paused"
        for _ in range(2):
            await site.carry(State.SENT)
    async with running(site):
        assert len(await sent_to(site)) == 2
        assert (await act(site.shop, batch, "resume")).body["state"] == "running"
        await reached(site.shop, batch, "done")
    assert await sent_to(site) == ["+15550101", "+15550102", "+15550103", "+15550104"]


async def test_who_pauses_a_batch_while_its_next_rows_are_looked_up_stops_no_other(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, other = await draft(site.shop), await draft(site.shop, FILE + "+15550105,Mary\n")
    look, stopping = site.store.under_way, list[asyncio.Task[Answer]]()

    async def meanwhile(id: str, limit: int) -> int:
        if id == batch and not stopping:
            stopping.append(Tasks("test").start(act(site.shop, batch, "pause"), "pause"))
            await reached(site.shop, batch, "paused")
        return await look(id, limit)

    monkeypatch.setattr(site.store, "under_way", meanwhile)
    async with running(site):
        await act(site.shop, batch, "start")
        await reached(site.shop, batch, "paused")
        await act(site.shop, other, "start")
        await reached(site.shop, other, "done")
        assert (await stopping[0]).body["state"] == "paused"
    assert (await shown(site.shop, batch))["made"] == 0


@pytest.fixture
def choosing(site: Site, monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """Rows have been chosen; they may be accepted."""
    reserve, chosen, go_on = site.store.reserve_rows, asyncio.Event(), asyncio.Event()

    async def slow(id: str, end: int) -> Batch:
        found = await reserve(id, end)
        chosen.set()
        await go_on.wait()
        return found

    monkeypatch.setattr(site.store, "reserve_rows", slow)
    return chosen, go_on


async def test_once_a_pause_is_answered_no_row_becomes_a_message(
    site: Site, choosing: tuple[asyncio.Event, asyncio.Event]
) -> None:
    batch, (chosen, go_on) = await draft(site.shop), choosing

    async def pause() -> list[str]:
        await act(site.shop, batch, "pause")
        return await sent_to(site)

    async with running(site):
        await act(site.shop, batch, "start")
        await chosen.wait()
        pausing = Tasks("test").start(pause(), "pause")
        await reached(site.shop, batch, "paused")
        await shown(site.shop, batch)  # time enough for an answer that does not wait
        go_on.set()
        assert len(await pausing) == 4


async def test_rows_that_another_bridge_cancels_while_they_are_accepted_are_taken_back(
    site: Site, choosing: tuple[asyncio.Event, asyncio.Event]
) -> None:
    batch, (chosen, go_on) = await draft(site.shop), choosing
    async with running(site):
        await act(site.shop, batch, "start")
        await chosen.wait()
        await site.store.move_batch(batch, BatchState.CANCELLED, Author("another bridge", 0))
        go_on.set()

        async def taken_back() -> bool:
            return bool((await shown(site.shop, batch))["counts"].get("cancelled") == 4)

        await until(taken_back)


async def another_bridge_removes(site: Site, batch: str) -> None:
    by = Author("another bridge", 0)
    await site.store.move_batch(batch, BatchState.CANCELLED, by)
    await site.store.drop_batch(batch, by)


async def test_a_batch_that_is_removed_while_it_waits_for_its_turn_stops_no_other(site: Site) -> None:
    batch, other = await draft(site.shop), await draft(site.shop, FILE + "+15550105,Mary\n")
    turn = site.gateway.batches.turn
    async with running(site):
        async with turn:
            await act(site.shop, batch, "start")
            await until(lambda: turn._waiters)
            await another_bridge_removes(site, batch)
        await act(site.shop, other, "start")
        await reached(site.shop, other, "done")
    assert len(await sent_to(site)) == 5


async def test_rows_of_a_batch_that_is_removed_while_they_are_accepted_are_taken_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, other = await draft(site.shop), await draft(site.shop, FILE + "+15550105,Mary\n")
    submissions, removed = site.gateway.batches.submissions, list[str]()
    submit = submissions.submit

    async def slow(account: Account, drafts: Sequence[Draft], key: str = "") -> Submission:
        done = await submit(account, drafts, key)
        if not removed:
            removed.append(batch)
            await another_bridge_removes(site, batch)
        return done

    monkeypatch.setattr(submissions, "submit", slow)
    async with running(site):
        await act(site.shop, batch, "start")
        await until(lambda: removed)
        await act(site.shop, other, "start")
        await reached(site.shop, other, "done")
    found = await site.store.messages("shop", MessageQuery())
    assert sorted(row.state for row in found.rows) == [State.CANCELLED] * 4 + [State.QUEUED] * 5


async def killed_at_two(site: Site, batch: str) -> None:
    """Two rows are accepted, and the bridge is killed before it wrote that down."""
    runner, found = BatchRunner(site.gateway.batches), await site.store.reserve_rows(batch, 3)
    account = await site.store.account("shop")
    rows = await site.store.rows(batch, None, 0, 2)
    drafts = [runner._draft(found, account, row) for row in rows]
    await site.gateway.submit(account, drafts, f"batch {batch} 0")


@pytest.mark.parametrize("first", ["", "pause"], ids=["before it goes on", "while it is paused"])
async def test_a_batch_that_is_cancelled_after_a_crash_takes_back_what_was_accepted_last(
    site: Site, first: str
) -> None:
    batch = await draft(site.shop)
    await act(site.shop, batch, "start")
    await killed_at_two(site, batch)
    for what in filter(None, (first, "cancel")):
        assert (await act(site.shop, batch, what)).status == 200
    async with running(site):
        found = await shown(site.shop, batch)
    assert (found["state"], found["counts"]["cancelled"], found["made"]) == ("cancelled", 2, 2)
    assert [row.state for row in (await site.store.messages("shop", MessageQuery())).rows] == [State.CANCELLED] * 2
    rows = (await site.shop.get(f"/v1/batches/{batch}/rows", state="ok")).body["rows"]
    assert [row["message"] and row["message"]["state"] for row in rows] == ["cancelled"] * 2 + [None] * 2


async def test_a_batch_that_was_killed_while_it_took_messages_back_is_cancelled_once_more(site: Site) -> None:
    batch = await draft(site.shop)
    async with running(site):
        await act(site.shop, batch, "start")
        await reached(site.shop, batch, "done")
    # the bridge was killed before it took the messages back, and nobody was answered
    await site.store.move_batch(batch, BatchState.CANCELLED, Author("test", site.gateway.now()))
    assert (await act(site.shop, batch, "cancel")).body["state"] == "cancelled"
    assert (await shown(site.shop, batch))["counts"]["cancelled"] == 4


async def test_rows_that_a_crash_interrupted_are_not_sent_twice(site: Site) -> None:
    batch = await draft(site.shop)
    await act(site.shop, batch, "start")
    await killed_at_two(site, batch)
    async with running(site):
        await reached(site.shop, batch, "done")
    assert await sent_to(site) == ["+15550101", "+15550102", "+15550103", "+15550104"]
    assert (await shown(site.shop, batch))["made"] == 4


async def test_a_cancelled_batch_takes_back_what_waits(site: Site) -> None:
    batch = await draft(site.shop)
    async with running(site):
        await act(site.shop, batch, "start")
        await reached(site.shop, batch, "done")
        await site.carry(State.SENT)
        assert (await act(site.shop, batch, "cancel")).body["state"] == "cancelled"
    found = await shown(site.shop, batch)
    assert (found["counts"]["cancelled"], found["counts"]["sent"]) == (3, 1)
    assert (await act(site.shop, batch, "resume")).problem == (409, "not-possible", "")
    assert (await site.shop.delete(f"/v1/batches/{batch}")).status == 204
    assert (await site.shop.get(f"/v1/batches/{batch}")).status == 404


async def test_a_file_sent_twice_is_noticed(site: Site) -> None:
    first, second = await draft(site.shop), await draft(site.shop)
    assert (await shown(site.shop, second))["same_as"] == []
    await act(site.shop, first, "start")
    assert [each["id"] for each in (await shown(site.shop, second))["same_as"]] == [first]
    answer = await act(site.shop, second, "start")
    assert answer.problem == (409, "not-possible", "")
    assert "march.csv" in answer.detail
    assert (await act(site.shop, second, "start", {"again": True})).status == 200
    assert (await shown(site.bakery, await draft(site.bakery)))["same_as"] == [], "that is another's"


async def test_a_batch_whose_credits_end_is_paused_and_says_so(site: Site) -> None:
    await site.operator.patch("/v1/accounts/shop", {"terms": {"payment": "prepaid"}})
    await site.operator.post("/v1/accounts/shop/credits", {"credits": 1})
    batch = await draft(site.shop)
    async with running(site):
        await act(site.shop, batch, "start")
        found = await reached(site.shop, batch, "paused")
        assert "credits" in found["reason"]
        await site.operator.post("/v1/accounts/shop/credits", {"credits": 9})
        await act(site.shop, batch, "resume")
        await reached(site.shop, batch, "done")
    assert len(await sent_to(site)) == 4


async def test_a_recipient_who_had_enough_today_is_left_out_and_the_others_are_not(site: Site) -> None:
    await site.operator.patch("/v1/accounts/shop", {"terms": {"daily_per_recipient": 1}})
    await site.shop.send("+15550102")
    batch = await draft(site.shop)
    async with running(site):
        await act(site.shop, batch, "start")
        await reached(site.shop, batch, "done")
    assert len(await sent_to(site)) == 4
    [bad] = [
        row for row in (await site.shop.get(f"/v1/batches/{batch}/rows", state="bad")).body["rows"] if row["row"] == 3
    ]
    assert bad["problem"]


async def test_says_what_it_cannot_take(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = (await upload(site.shop)).body["id"]
    for change, field in (
        ({"text": "Dear {nmae}"}, "text"),
        ({"number_column": "nmae"}, "number_column"),
        ({"country": "XX"}, "country"),
        ({"line": "nowhere"}, "line"),
        ({"per_minute": -1}, "per_minute"),
    ):
        assert (await site.shop.patch(f"/v1/batches/{batch}", change)).problem == (400, "bad-request", field)
    assert (await act(site.shop, batch, "start")).detail == "write the text first"
    await site.shop.patch(f"/v1/batches/{batch}", {"text": TEXT, "number_column": "name"})
    assert "no row can be sent" in (await act(site.shop, batch, "start")).detail
    for what in ("pause", "resume"):
        assert (await act(site.shop, batch, what)).problem == (409, "not-possible", "")
    assert (await upload(site.shop, "")).problem == (400, "bad-request", "")
    monkeypatch.setattr(batches, "LARGEST", 10)
    assert (await upload(site.shop)).problem == (413, "too-large", "")


async def test_a_started_batch_is_not_changed(site: Site) -> None:
    batch = await draft(site.shop)
    await act(site.shop, batch, "start")
    assert (await site.shop.patch(f"/v1/batches/{batch}", {"text": "other"})).problem == (409, "not-possible", "")
    assert (await site.shop.delete(f"/v1/batches/{batch}")).problem == (409, "not-possible", "")


async def test_an_account_sees_its_own_batches(site: Site) -> None:
    batch = await draft(site.shop)
    for path in ("", "/rows", "/result"):
        assert (await site.bakery.get(f"/v1/batches/{batch}{path}")).status == 404
    for what in ("start", "pause", "resume", "cancel"):
        assert (await act(site.bakery, batch, what)).status == 404
    assert (await site.bakery.get("/v1/batches")).body == {"batches": [], "cursor": None}
    rows = (await site.operator.get("/v1/batches")).body["batches"]
    assert [row["id"] for row in rows] == [batch]
