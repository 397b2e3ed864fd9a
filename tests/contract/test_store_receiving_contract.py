"""What every store must do with what comes in: SMS in parts and whole, and what phones tell."""

from dataclasses import replace

import pytest

from bridge.errors import BadRequest
from bridge.model import event as events
from bridge.model.inbox import CallKind, LoggedCall, TypedMessage
from bridge.model.message import State
from bridge.model.query import CallOrder, CallQuery, InboxQuery, TypedQuery
from bridge.model.radio import Call, Concat, Doubtful, Evidence, Held, InboundPart, Typed
from bridge.model.webhook import Endpoint
from bridge.ports.store import Store
from tests.support.store_rows import BY, NOW, Opener, claimed, message, sent


def part(
    index: int, text: str, *, total: int = 3, reference: int = 7, slot: str = "", **changes: object
) -> InboundPart:
    slot = slot or f"SM:{reference}:{index}"
    made = InboundPart("office", slot, "+15550150", text, NOW, Concat(reference, total, index))
    return replace(made, **changes)  # type: ignore[arg-type]


class TestReceiving:
    async def test_an_sms_on_a_sim_is_the_same_one_by_whatever_line_it_is_read(self, store: Store) -> None:
        sms = InboundPart("office", "SM:3:abc", "+15550150", "hello", NOW, holder="8901")
        assert await store.receive(sms, "office", NOW) is not None
        # the other SIM of the exchange holds nothing
        await store.let_go(Held("office", "SM:", (), holder="8902"))
        assert await store.receive(replace(sms, line="attic"), "attic", NOW + 1) is None
        await store.let_go(Held("attic", "SM:", (), holder="8901"))
        assert await store.receive(sms, "office", NOW + 2) is not None

    async def test_the_slots_of_a_holder_are_those_that_were_not_let_go(self, store: Store, reopen: Opener) -> None:
        for slot, holder in (("SM:1:abc", "8901"), ("SM:2:def", "8901"), ("ME:1:abc", "350000"), ("SM:1:abc", "8902")):
            await store.receive(InboundPart("office", slot, "+15550150", "hello", NOW, holder=holder), "office", NOW)
        await store.receive(InboundPart("office", "SM:7:abc", "+15550150", "hello", NOW), "office", NOW)
        await store.let_go(Held("office", "SM:2:def", (), holder="8901"))
        store = await reopen()
        assert set(await store.held(["8901", "350000"])) == {"SM:1:abc", "ME:1:abc"}
        assert set(await store.held(["office"])) == {"SM:7:abc"}
        assert set(await store.held([])) == set()

    async def test_a_slot_that_was_known_by_its_line_is_known_by_its_sim(self, store: Store) -> None:
        """So it was with earlier releases, and is where a SIM does not tell who it is the first time."""
        sms = InboundPart("office", "SM:3:abc", "+15550150", "hello", NOW)
        assert await store.receive(sms, "office", NOW) is not None
        assert await store.receive(replace(sms, holder="8901"), "office", NOW) is None
        assert await store.receive(replace(sms, line="attic", holder="8901"), "attic", NOW) is None

    async def test_parts_that_come_by_one_sim_in_two_devices_are_joined(self, store: Store) -> None:
        assert await store.receive(part(1, "head ", total=2), "office", NOW, "8901") is None
        assert await store.receive(part(1, "other ", total=2, line="attic"), "attic", NOW, "8902") is None
        found = await store.receive(part(2, "tail", total=2, line="attic"), "attic", NOW, "8901")
        assert found is not None
        assert (found.text, found.line, found.device) == ("head tail", "attic", "attic")

    async def test_parts_that_came_before_the_sim_was_known_are_joined_with_those_after(self, store: Store) -> None:
        assert await store.receive(part(1, "head ", total=2), "office", NOW) is None
        found = await store.receive(part(2, "tail", total=2), "office", NOW, "8901")
        assert found is not None
        assert found.text == "head tail"

    async def test_a_re_read_of_the_same_slot_is_the_same_sms(self, store: Store, reopen: Opener) -> None:
        sms = InboundPart("office", "SM:3:abc", "+15550150", "hello", NOW)
        assert await store.receive(sms, "office", NOW) is not None
        store = await reopen()
        assert await store.receive(sms, "office", NOW + 5) is None
        assert len((await store.inbox("shop", InboxQuery(), NOW)).rows) == 1

    @pytest.mark.parametrize(
        "seen",
        [
            Held("office", "SM:3:abc"),
            Held("office", "SM:3:"),
            Held("office", "SM:"),
            Held("office", "SM:", ("SM:2:abc", "SM:3:def")),
        ],
    )
    async def test_a_true_repeat_is_kept_once_the_place_was_seen_without_the_first(
        self, store: Store, reopen: Opener, seen: Held
    ) -> None:
        sms = InboundPart("office", "SM:3:abc", "+15550150", "hello", NOW)
        first = await store.receive(sms, "office", NOW)
        await store.let_go(seen)
        store = await reopen()
        second = await store.receive(sms, "office", NOW)
        assert first is not None
        assert second is not None
        assert first.id != second.id
        assert await store.receive(sms, "office", NOW) is None

    @pytest.mark.parametrize(
        "seen",
        [
            Held("office", "SM:", ("SM:2:abc", "SM:3:abc")),
            Held("office", "ME:"),
            Held("office", "SM:2:"),
            Held("shop-phone", "SM:"),
        ],
    )
    async def test_a_sight_of_something_else_lets_nothing_go(self, store: Store, seen: Held) -> None:
        sms = InboundPart("office", "SM:3:abc", "+15550150", "hello", NOW)
        assert await store.receive(sms, "office", NOW) is not None
        await store.let_go(seen)
        assert await store.receive(sms, "office", NOW) is None

    async def test_the_same_text_in_another_slot_is_another_sms(self, store: Store) -> None:
        sms = InboundPart("office", "SM:3:abc", "+15550150", "hello", NOW)
        assert await store.receive(sms, "office", NOW) is not None
        assert await store.receive(replace(sms, slot="SM:4:abc"), "office", NOW) is not None

    async def test_parts_are_put_together_whatever_their_order_across_a_restart(
        self, store: Store, reopen: Opener
    ) -> None:
        assert await store.receive(part(3, "three"), "office", NOW) is None
        assert await store.receive(part(1, "one "), "office", NOW) is None
        store = await reopen()
        whole = await store.receive(part(2, "two "), "office", NOW)
        assert whole is not None
        assert (whole.text, whole.partial, whole.sender) == ("one two three", False, "+15550150")

    async def test_an_emoji_cut_in_two_comes_out_whole(self, store: Store) -> None:
        await store.receive(part(1, "a\ud83d", total=2), "office", NOW)
        whole = await store.receive(part(2, "\ude00b", total=2), "office", NOW)
        assert whole is not None
        assert whole.text == "a😀b"

    async def test_the_same_part_twice_counts_once_even_when_the_message_is_complete(self, store: Store) -> None:
        await store.receive(part(1, "one ", total=2), "office", NOW)
        await store.receive(part(1, "one ", total=2, slot="again"), "office", NOW)
        assert await store.receive(part(2, "two", total=2), "office", NOW) is not None
        assert await store.receive(part(2, "two", total=2, slot="and again"), "office", NOW) is None
        assert await store.release_partial(NOW + 10, NOW + 10) == []
        assert len((await store.inbox("shop", InboxQuery(), NOW)).rows) == 1

    async def test_a_reference_that_comes_round_again_starts_a_new_message(self, store: Store) -> None:
        await store.receive(part(1, "old one ", total=2), "office", NOW)
        await store.receive(part(2, "old two", total=2), "office", NOW)
        await store.receive(part(1, "new one ", total=2, slot="x1", sent_at=NOW + 9000), "office", NOW)
        whole = await store.receive(part(2, "new two", total=2, slot="x2", sent_at=NOW + 9000), "office", NOW)
        assert whole is not None
        assert whole.text == "new one new two"

    async def test_references_of_different_width_are_different_messages(self, store: Store) -> None:
        await store.receive(part(1, "eight ", total=2), "office", NOW)
        wide = replace(part(2, "sixteen", total=2, slot="w"), concat=Concat(7, 2, 2, bits=16))
        assert await store.receive(wide, "office", NOW) is None

    async def test_a_set_that_stays_incomplete_is_given_out_with_its_gap_marked(self, store: Store) -> None:
        await store.receive(part(1, "one "), "office", NOW)
        await store.receive(part(3, " three"), "office", NOW)
        other = await store.receive(InboundPart("office", "SM:9", "+15550151", "hi", NOW), "office", NOW)
        assert other is not None  # it never holds up others
        assert await store.release_partial(NOW - 1, NOW) == []
        (partial,) = await store.release_partial(NOW, NOW + 60)
        assert (partial.text, partial.partial) == ("one [part 2 of 3 missing] three", True)
        assert await store.release_partial(NOW, NOW + 60) == []

    async def test_what_cannot_be_decoded_is_kept_as_it_came(self, store: Store) -> None:
        broken = InboundPart("office", "SM:1", "", "", data="07FF", error="the address is cut short")
        kept = await store.receive(broken, "office", NOW)
        assert kept is not None
        assert (kept.data, kept.error) == ("07FF", "the address is cut short")

    async def test_each_account_has_its_own_marks(self, store: Store) -> None:
        for slot in ("a", "b"):
            await store.receive(InboundPart("office", slot, "+15550150", slot, NOW), "office", NOW)
        unread = InboxQuery(unread=True, mark_read=True)
        assert [row.text for row in (await store.inbox("shop", unread, NOW)).rows] == ["b", "a"]
        assert (await store.inbox("shop", unread, NOW)).rows == ()
        assert [row.read for row in (await store.inbox("shop", InboxQuery(), NOW)).rows] == [True, True]
        assert await store.delete_received("shop", InboxQuery(keyword="a"), NOW) == 1
        assert [row.text for row in (await store.inbox("shop", InboxQuery(), NOW)).rows] == ["b"]
        assert [row.text for row in (await store.inbox("cafe", InboxQuery(), NOW)).rows] == ["b", "a"]


class TestPhones:
    def typed(self, slot: str = "sms:7", **changes: object) -> Typed:
        return replace(Typed("phone", slot, "+15550150", "On my way", NOW - 5000), **changes)  # type: ignore[arg-type]

    def call(self, slot: str = "call:7", **changes: object) -> Call:
        plain = Call("phone", slot, "missed", "+15550151", "Taylor", NOW - 9000, 0)
        return replace(plain, **changes)  # type: ignore[arg-type]

    async def test_what_was_typed_is_told_once_with_its_event(self, store: Store, reopen: Opener) -> None:
        kept = await store.keep(self.typed(), "phone", NOW)
        store = await reopen()
        assert await store.keep(self.typed(), "phone", NOW + 9) is None
        assert isinstance(kept, TypedMessage)
        (row,) = (await store.typed("shop", TypedQuery())).rows
        assert row == replace(kept, seq=row.seq)
        assert (row.recipient, row.text, row.sent_at, row.recorded_at) == ("+15550150", "On my way", NOW - 5000, NOW)
        (event,) = await store.events("shop", 0, 9)
        assert (event.name, event.account, event.subject, event.at) == (events.MESSAGE_TYPED, "", row.id, NOW)
        assert dict(event.data) == {
            "id": row.id, "to": "+15550150", "text": "On my way", "line": "phone", "device": "phone",
            "sent_at": NOW - 5000,
        }  # fmt: skip

    @pytest.mark.parametrize("kind", list(CallKind))
    async def test_a_call_is_told_once_with_its_event(self, store: Store, reopen: Opener, kind: CallKind) -> None:
        kept = await store.keep(self.call(kind=kind.value, duration=61), "phone", NOW)
        store = await reopen()
        assert await store.keep(self.call(kind=kind.value), "phone", NOW + 9) is None
        assert isinstance(kept, LoggedCall)
        (row,) = (await store.calls("shop", CallQuery())).rows
        assert row == replace(kept, seq=row.seq)
        assert (row.kind, row.number, row.name, row.call_at) == (kind, "+15550151", "Taylor", NOW - 9000)
        (event,) = await store.events("cafe", 0, 9)
        assert (event.name, event.account, event.subject) == (f"call.{kind}", "", row.id)
        assert dict(event.data) == {
            "id": row.id, "number": "+15550151", "name": "Taylor", "duration_seconds": 61, "line": "phone",
            "device": "phone", "call_at": NOW - 9000,
        }  # fmt: skip

    async def test_the_same_slot_of_another_line_is_another_thing(self, store: Store) -> None:
        assert await store.keep(self.typed(), "phone", NOW) is not None
        assert await store.keep(self.typed(line="other"), "other", NOW) is not None
        assert await store.keep(self.call(slot="sms:7"), "phone", NOW) is not None

    async def test_each_is_owed_as_a_webhook_to_everybody(self, store: Store) -> None:
        for name in ("shop", "cafe"):
            await store.add_endpoint(Endpoint(name, name, "http://127.0.0.1:9/", created_at=NOW), BY)
        await store.keep(self.typed(), "phone", NOW)
        await store.keep(self.call(), "phone", NOW)
        for name in ("shop", "cafe"):
            assert [event.name for _, event in await store.owed(name, 9)] == [events.MESSAGE_TYPED, events.CALL_MISSED]

    async def test_numbers_are_kept_without_their_decoration(self, store: Store) -> None:
        for slot, number in enumerate(("+1 (555) 01-52", "TAXI", "")):
            await store.keep(self.call(slot=str(slot), number=number, at=NOW + slot), "phone", NOW)
        assert [row.number for row in (await store.calls("shop", CallQuery())).rows] == ["", "TAXI", "+15550152"]

    async def test_what_was_typed_is_found_by_every_filter_newest_first(self, store: Store) -> None:
        # learned of in another order than sent
        for number in (2, 3, 1):
            item = self.typed(f"{number}", text=f"Text {number}", recipient=f"+1555015{number}", sent_at=NOW + number)
            await store.keep(replace(item, line=f"phone:{number % 2}"), "phone", NOW)

        async def texts(query: TypedQuery) -> list[str]:
            return [row.text for row in (await store.typed("shop", query)).rows]

        assert await texts(TypedQuery()) == ["Text 3", "Text 2", "Text 1"]
        assert await texts(TypedQuery(recipient="+15550152")) == ["Text 2"]
        assert await texts(TypedQuery(keyword="text 3")) == ["Text 3"]
        assert await texts(TypedQuery(keyword="0151")) == ["Text 1"]
        assert await texts(TypedQuery(since=NOW + 2)) == ["Text 3", "Text 2"]
        assert await texts(TypedQuery(until=NOW + 1)) == ["Text 1"]
        assert await texts(TypedQuery(line="phone:1")) == ["Text 3", "Text 1"]

    async def test_calls_are_found_by_every_filter_and_sorted_as_asked(self, store: Store) -> None:
        for number, (kind, name) in enumerate((("missed", "Bo"), ("incoming", "Cy"), ("outgoing", "Al"))):
            item = self.call(f"{number}", kind=kind, name=name, number=f"+1555016{number}", at=NOW + number)
            await store.keep(replace(item, duration=10 - number), "phone", NOW)

        async def names(**query: object) -> str:
            return " ".join([row.name for row in (await store.calls("shop", CallQuery(**query))).rows])  # type: ignore[arg-type]

        assert await names() == "Al Cy Bo"
        assert await names(ascending=True) == "Bo Cy Al"
        assert await names(order=CallOrder.NAME, ascending=True) == "Al Bo Cy"
        assert await names(order=CallOrder.DURATION) == "Bo Cy Al"
        assert await names(order=CallOrder.NUMBER) == "Al Cy Bo"
        assert await names(kinds=frozenset({CallKind.MISSED, CallKind.OUTGOING})) == "Al Bo"
        assert await names(keyword="cy") == "Cy"
        assert await names(keyword="0160") == "Bo"
        assert await names(number="+15550162") == "Al"
        assert await names(since=NOW + 1, until=NOW + 1) == "Cy"
        assert await names(line="elsewhere") == ""
        assert await names(offset=1, limit=1) == "Cy"

    async def test_pages_lose_and_repeat_nothing_when_more_comes_in(self, store: Store) -> None:
        for number in range(5):
            # two at the same moment
            await store.keep(self.typed(f"{number}", text=str(number), sent_at=NOW + number // 2), "phone", NOW)
            await store.keep(self.call(f"{number}", name=str(number), at=NOW + number // 2), "phone", NOW)
        typed, calls = await store.typed("shop", TypedQuery(limit=2)), await store.calls("shop", CallQuery(limit=2))
        await store.keep(self.typed("late", sent_at=NOW + 99), "phone", NOW)
        await store.keep(self.call("late", at=NOW + 99), "phone", NOW)
        seen = [[row.text for row in typed.rows], [row.name for row in calls.rows]]
        while typed.cursor:
            typed = await store.typed("shop", TypedQuery(limit=2, cursor=typed.cursor))
            calls = await store.calls("shop", CallQuery(limit=2, cursor=calls.cursor))
            seen[0] += [row.text for row in typed.rows]
            seen[1] += [row.name for row in calls.rows]
        assert seen == [["4", "3", "2", "1", "0"]] * 2
        assert calls.cursor == ""
        for cursor in ("5", "x.1", "1.1; DROP"):
            with pytest.raises(BadRequest, match="cursor"):
                await store.calls("shop", CallQuery(cursor=cursor))

    async def test_a_device_remembers_across_a_restart(self, store: Store, reopen: Opener) -> None:
        for key, value in (("sms", "7"), ("calls", "3"), ("sms", "8")):
            await store.memorise("phone", key, value)
        await store.memorise("other", "sms", "1")
        store = await reopen()
        assert dict(await store.memories("phone")) == {"sms": "8", "calls": "3"}
        assert dict(await store.memories("nobody")) == {}

    async def test_doubtful_is_what_a_line_had_in_hand_with_no_answer(self, store: Store) -> None:
        await store.submit([message(number, parts=2 if number == 1 else 1) for number in (1, 2, 3)])
        await claimed(store, message(1))
        await sent(store, message(1), 1, 5)
        await store.intend(message(1).id, 2, "office", NOW + 3)
        await claimed(store, message(2), "phone")
        await claimed(store, message(3))
        await sent(store, message(3), 1, 6)
        assert await store.doubtful(["office", "phone"]) == []  # in hand still
        await store.recover(NOW + 4)
        one = Doubtful(message(1).id, 2, "office", message(1).recipient, message(1).text, NOW + 3)
        two = Doubtful(message(2).id, 1, "phone", message(2).recipient, message(2).text, NOW)
        assert await store.doubtful(["office"]) == [one]
        assert await store.doubtful(["office", "phone"]) == [two, one]
        assert await store.doubtful([]) == []
        await store.settle(Evidence("phone", message(2).id, 1, State.SENT), NOW + 5)
        assert await store.doubtful(["phone"]) == []
