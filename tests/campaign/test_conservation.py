"""The books themselves: what does not add up is found and named."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.campaign.books import Books, Order, Written, text_of, token_of
from tests.campaign.conservation import Account, Told, tally, violations
from tests.campaign.rest import is_same

TEXT, WROTE = text_of("o1x1", "short"), text_of("i1x1", "short")
LONG = text_of("o1x2", "long")
PAID = [
    {"kind": "top_up", "amount": 10, "balance": 10, "message": ""},
    {"kind": "reserve", "amount": -1, "balance": 9, "message": "m1"},
    {"kind": "reserve", "amount": -2, "balance": 7, "message": "m2"},
]


def row(**other: Any) -> dict[str, Any]:
    return {"id": "m1", "text": TEXT, "state": "sent", "parts": 1, "account": "shop", "error": ""} | other


def part(index: int = 1, state: str = "sent", **other: Any) -> dict[str, Any]:
    return {"idx": index, "state": state, "sent_at": 0 if state in ("failed", "unknown") else 5, "attempts": 1} | other


def order(**other: Any) -> Order:
    return replace(Order("o1x1", TEXT, "+15550150", "shop", "native", "hold", once=True, accepted=1), **other)


def books() -> Books:
    """One short and one long message that went out, and one SMS that came in and was told."""
    kept = Books(
        {"o1x1": order(), "o1x2": order(token="o1x2", text=LONG)}, {"i1x1": Written("i1x1", WROTE, "+15550100")}
    )
    kept.on_air.update({("o1x1", 1): 1, ("o1x2", 1): 1, ("o1x2", 2): 1})
    kept.copies["i1x1", 1] = 1
    kept.heard["i1x1"].append("R1")
    return kept


def told(**other: Any) -> Told:
    fine = Told(
        [row(), row(id="m2", text=LONG, parts=2, state="delivered")],
        {"m1": [part()], "m2": [part(1), part(2)]},
        [{"id": "r1", "text": WROTE}],
        accounts=[Account("shop", 7, PAID)],
        shown=frozenset({TEXT, LONG}),
    )
    return replace(fine, **other)


def test_finds_nothing_where_all_adds_up() -> None:
    assert violations(books(), told()) == []
    assert tally(books(), told()).states == {"sent": 1, "delivered": 1}


def second(state: str, **other: Any) -> dict[str, Any]:
    return {"messages": [row(state=state), row(id="m2", text=LONG, parts=2, state="delivered")], **other}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (second("queued"), "is still queued"),
        (second("expired", at=30.0, expires_after=60.0), "expired too early: 'o1x1' (m1), 30.0 s after"),
        ({"messages": [row(), row(), row(id="m2", text=LONG, parts=2)]}, "m1 is listed 2 times"),
        ({"messages": [row()]}, "lost: o1x2 was accepted 1 times over native, there are 0"),
        ({"messages": [row(), row(id="m3"), row(id="m2", text=LONG, parts=2)]}, "made twice: o1x1"),
        ({"parts": {"m1": [], "m2": [part(1), part(2)]}}, "is sent and none of its parts was tried"),
        ({"parts": {"m1": [part()], "m2": [part(1), part(2, "failed")]}}, "doubled: part 2 of o1x2"),
        ({"shown": frozenset({TEXT})}, "no evidence: 'o1x2' (m2) is delivered"),
        ({"inbox": []}, "lost: i1x1 to +15550100 is 0 times"),
        ({"inbox": [{"id": "r1", "text": WROTE}, {"id": "r2", "text": WROTE}]}, "doubled: i1x1"),
        ({"inbox": [{"id": "r2", "text": WROTE}]}, "not told: no webhook of i1x1 came with its id R2"),
        ({"inbox": [{"id": "r2", "text": WROTE}]}, "told under another id: i1x1 is R2, webhooks said R1"),
        ({"inbox": [{"id": "r1", "text": WROTE}, {"id": "r3", "text": "hello"}]}, "made up: 1 times 'hello'"),
        ({"owed": 3}, "3 webhooks are still owed"),
        ({"accounts": [Account("shop", 8, PAID)]}, "credits of shop: 8, and its movements make 7"),
        ({"accounts": [Account("shop", 9, PAID[:2])]}, "'o1x2' (m2) is delivered with 2 of 2 parts out and paid 0"),
    ],
)
def test_names_what_the_bridge_says_wrongly(change: dict[str, Any], sentence: str) -> None:
    found = violations(books(), told(**change))
    assert any(sentence in each for each in found), found


def never_on_air(kept: Books) -> None:
    del kept.on_air["o1x2", 2]


def on_air_twice(kept: Books) -> None:
    kept.on_air["o1x1", 1] = 2


def asked_by_nobody(kept: Books) -> None:
    kept.on_air["o9x9", 1] = 1


def lost_by_the_network(kept: Books) -> None:
    kept.copies["i1x1", 1] = 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (never_on_air, "never on air: part 2 of o1x2 went out 0 times, told 1"),
        (on_air_twice, "doubled: part 1 of o1x1 went out 2 times, told 1 + 0"),
        (asked_by_nobody, "made up: o9x9 went on air and was asked for by nobody"),
        (lost_by_the_network, "doubled: i1x1 to +15550100 is 1 times in the inbox, it came 0"),
    ],
)
def test_names_what_the_world_knows_better(change: Callable[[Books], None], sentence: str) -> None:
    kept = books()
    change(kept)
    assert any(sentence in each for each in violations(kept, told()))


@pytest.mark.parametrize("count", [0, 1])
def test_an_unknown_one_may_have_gone_out_or_not(count: int) -> None:
    kept = books()
    kept.on_air["o1x1", 1] = count
    unsure = told(**second("unknown", parts={"m1": [part(1, "unknown")], "m2": [part(1), part(2)]}))
    assert violations(kept, unsure) == []


def test_only_where_it_is_the_policy_may_one_go_out_again() -> None:
    again = {"m1": [part(attempts=2)], "m2": [part(1), part(2)]}
    kept = books()
    on_air_twice(kept)
    assert "doubled" in violations(kept, told(parts=again))[0]
    kept.orders["o1x1"].policy = "resend"
    assert violations(kept, told(parts=again)) == []


def test_each_try_of_a_phone_was_one_of_the_whole_text() -> None:
    # a phone took it twice in the row of part 1 and failed, a modem then tried part 2 twice
    kept = books()
    kept.orders["o1x2"].policy = "resend"
    parts = {"m1": [part()], "m2": [part(1, attempts=3), part(2, attempts=2)]}
    for often, sound in ((4, True), (5, False)):
        kept.on_air["o1x2", 2] = often
        assert (violations(kept, told(parts=parts)) == []) == sound
    # part 1 was tried as often as its own row says, whatever part 2 took
    kept.on_air["o1x2", 1], kept.on_air["o1x2", 2] = 2, 1
    again = {"m1": [part()], "m2": [part(1), part(2, attempts=3)]}
    assert "doubled: part 1 of o1x2 went out 2 times, told 1 + 0" in violations(kept, told(parts=again))[0]


def test_books_that_change_while_they_are_read_are_read_once_more() -> None:
    assert is_same(replace(told(), at=1.0), replace(told(), at=2.0))
    assert not is_same(told(), told(accounts=[Account("shop", 7, PAID[:2])]))
    assert not is_same(None, told())


def test_a_try_without_an_answer_may_be_a_message_where_a_repeat_is_not_known() -> None:
    kept = books()
    kept.orders["o1x1"] = order(once=False, silent=1)
    kept.on_air["o1x1", 1] = 2
    two = [row(), row(id="m3"), row(id="m2", text=LONG, parts=2, state="delivered")]
    parts = {"m1": [part()], "m3": [part()], "m2": [part(1), part(2)]}
    paid = [*PAID, {"kind": "reserve", "amount": -1, "balance": 6, "message": "m3"}]
    assert violations(kept, told(messages=two, parts=parts, accounts=[Account("shop", 6, paid)])) == []


def test_what_a_phone_itself_lost_is_not_the_bridges_fault() -> None:
    phone = told(inbox=[], phones=frozenset({"+15550100"}))
    kept = books()
    kept.heard.clear()
    assert violations(kept, phone) == []
    there = replace(phone, on_phones=frozenset({"i1x1"}))
    assert violations(kept, there) == ["lost: i1x1 to +15550100 is 0 times in the inbox"]


@pytest.mark.parametrize("shape", ["short", "emoji", "long", "long emoji"])
def test_each_part_of_a_text_names_it(shape: str) -> None:
    from bridge.messages.segmentation import split

    parts = split(text_of("o199x23", shape))
    assert (len(parts) > 1) == ("long" in shape)
    assert {token_of(part) for part in parts} == {"o199x23"}
