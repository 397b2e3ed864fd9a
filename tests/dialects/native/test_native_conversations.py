"""/v1/conversations: what went to a number and came from it, in one thread, however the number is spelled."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridge.model.message import State
from bridge.model.user import Role
from tests.support.clocks import FakeClock
from tests.support.native_site import NOW, Caller, Site, site_in

ANNA, BOB = "+447700900123", "+15550124"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """All that comes in comes after all that goes out."""
    async with site_in(tmp_path, clock=FakeClock(NOW - 1000)) as site:
        yield site


async def listed(caller: Caller, **query: Any) -> list[dict[str, Any]]:
    answer = await caller.get("/v1/conversations", **query)
    assert answer.status == 200, answer.body
    return list(answer.body["conversations"])


async def thread(caller: Caller, number: str = ANNA, **query: Any) -> list[str]:
    answer = await caller.get(f"/v1/conversations/{number}", **query)
    assert answer.status == 200, answer.body
    return [each[{"out": "message", "in": "received"}[each["direction"]]]["text"] for each in answer.body["entries"]]


async def test_a_question_and_its_answer_are_one_conversation(site: Site) -> None:
    await site.shop.send(BOB, "Other")
    sent = await site.shop.send(ANNA, "Is five fine?")
    await site.carry(State.SENT)
    await site.receive("07700900123", "Yes")
    rows = await listed(site.operator)
    assert [(row["number"], row["last"]["direction"], row["last"]["text"], row["unread"]) for row in rows] == [
        (ANNA, "in", "Yes", 1),
        (BOB, "out", "Other", 0),
    ]
    assert rows[1]["last"]["state"] == "sent"
    assert await thread(site.operator) == ["Yes", "Is five fine?"]
    found = (await site.operator.get(f"/v1/conversations/{ANNA}")).body
    assert (found["unread"], found["contact"], found["suppressed"], found["cursor"]) == (1, None, None, None)
    assert found["entries"][1]["message"]["id"] == sent["id"]


async def test_what_is_read_is_read_in_the_inbox_too_and_what_comes_later_is_not(site: Site) -> None:
    page = await site.person(Role.OPERATOR)
    await site.receive(ANNA, "one")
    await site.receive(ANNA, "two")
    await site.receive(BOB, "three")
    assert [row["unread"] for row in await listed(page)] == [1, 2]
    assert (await page.post(f"/v1/conversations/{ANNA}/read")).status == 204
    assert [row["number"] for row in await listed(page, unread="true")] == [BOB]
    assert [row["text"] for row in (await page.get("/v1/inbox", unread="true")).body["messages"]] == ["three"]
    await site.receive(ANNA, "four")
    assert [(row["number"], row["unread"]) for row in await listed(page)] == [(ANNA, 1), (BOB, 1)]
    await page.with_headers().get("/v1/inbox", mark_read="true")
    assert [row["unread"] for row in await listed(page)] == [0, 0]


async def test_pages_of_a_thread_join_without_a_gap_and_without_a_repeat(site: Site) -> None:
    wanted = []
    for number in range(12):
        if number % 3:
            await site.shop.send(ANNA, f"out {number}")
            wanted.append(f"out {number}")
        else:
            await site.receive(ANNA, f"in {number}")
            wanted.append(f"in {number}")
    seen: list[str] = []
    cursor = ""
    while True:
        after = {"cursor": cursor} if cursor else {}
        answer = (await site.operator.get(f"/v1/conversations/{ANNA}", limit=5, **after)).body
        seen += [each.get("message", each.get("received"))["text"] for each in answer["entries"]]
        cursor = answer["cursor"]
        if not cursor:
            break
    assert sorted(seen) == sorted(wanted)
    for direction in ("in", "out"):
        mine = [text for text in seen if text.startswith(direction)]
        assert mine == sorted(mine, key=lambda text: -int(text.split()[1]))


async def test_pages_of_the_list_join_too(site: Site) -> None:
    numbers = [f"+155501{number:02}" for number in range(7)]
    for number in numbers:
        await site.shop.send(number, "x")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = (await site.operator.get("/v1/conversations", limit=3, **({"cursor": cursor} if cursor else {}))).body
        seen += [row["number"] for row in answer["conversations"]]
        cursor = answer["cursor"]
    assert sorted(seen) == numbers


async def test_an_account_sees_its_own_messages_and_all_that_came_in(site: Site) -> None:
    await site.shop.send(ANNA, "from the shop")
    await site.bakery.send(ANNA, "from the bakery")
    await site.bakery.send(BOB, "cake")
    await site.receive(ANNA, "hello")
    assert await thread(site.shop) == ["hello", "from the shop"]
    assert [row["number"] for row in await listed(site.shop)] == [ANNA]
    assert await thread(site.operator) == ["hello", "from the bakery", "from the shop"]
    await site.shop.post(f"/v1/conversations/{ANNA}/read")
    assert {row["number"]: row["unread"] for row in await listed(site.bakery)} == {ANNA: 1, BOB: 0}


async def test_numbers_with_the_same_end_are_different_people(site: Site) -> None:
    await site.shop.send("+15550000123", "one")
    await site.shop.send("+447700000123", "other")
    assert len(await listed(site.operator)) == 2
    assert await thread(site.operator, "+15550000123") == ["one"]


async def test_a_sender_with_a_name_has_a_conversation(site: Site) -> None:
    await site.receive("Parcels", "Your code is 1234")
    assert [row["number"] for row in await listed(site.operator)] == ["Parcels"]
    assert await thread(site.operator, "Parcels") == ["Your code is 1234"]


async def test_is_found_by_a_part_of_the_number_and_by_the_contacts_name(site: Site) -> None:
    await site.shop.send(ANNA, "x")
    await site.shop.send(BOB, "y")
    await site.operator.put(f"/v1/contacts/{ANNA}", {"name": "Anna Müller"})
    for keyword in ("90012", "müller", "ANNA"):
        rows = await listed(site.operator, keyword=keyword)
        assert [(row["number"], row["name"]) for row in rows] == [(ANNA, "Anna Müller")]
    assert await listed(site.operator, keyword="nobody") == []


async def test_shows_who_wrote_stop(site: Site) -> None:
    await site.shop.send(ANNA, "x")
    await site.receive(ANNA, "STOP")
    [row] = await listed(site.operator)
    assert row["suppressed"]
    found = (await site.operator.get(f"/v1/conversations/{ANNA}")).body
    assert found["suppressed"]["number"] == ANNA


async def test_what_was_deleted_is_not_shown(site: Site) -> None:
    first = await site.shop.send(ANNA, "first")
    await site.carry(State.SENT)
    second = await site.shop.send(ANNA, "second")
    await site.carry(State.SENT)
    assert (await listed(site.operator))[0]["last"]["text"] == "second"
    await site.operator.delete(f"/v1/messages/{second['id']}")
    assert (await listed(site.operator))[0]["last"]["text"] == "first"
    await site.operator.delete(f"/v1/messages/{first['id']}")
    assert await listed(site.operator) == []


@pytest.mark.parametrize("path", ["/v1/conversations", f"/v1/conversations/{ANNA}", "/v1/contacts"])
@pytest.mark.parametrize("cursor", ["x", ".", "x.1", "9" * 40, "-1.5"])
async def test_an_unknown_cursor_is_refused(site: Site, path: str, cursor: str) -> None:
    assert (await site.operator.get(path, cursor=cursor)).problem == (400, "bad-request", "cursor")


async def test_nothing_is_there_for_a_number_that_nobody_wrote_to(site: Site) -> None:
    answer = await site.operator.get("/v1/conversations/+15550199")
    assert (answer.body["entries"], answer.body["unread"]) == ([], 0)
    assert (await site.operator.post("/v1/conversations/+15550199/read")).status == 204
