"""What every store must do, on every store there is (`bridge.store.STORES`), on real files."""

import asyncio
from dataclasses import replace

import pytest

from bridge.errors import BadRequest, IdempotencyConflict, NoSuchThing, NotPossible
from bridge.model import event as events
from bridge.model.account import AccountChange, Payment, UnknownPolicy
from bridge.model.event import Event, message_data
from bridge.model.inbox import CallKind, LoggedCall, TypedMessage
from bridge.model.message import Message, State
from bridge.model.payload_format import FORMATS
from bridge.model.query import CallOrder, CallQuery, InboxQuery, LedgerQuery, MessageQuery, TypedQuery
from bridge.model.radio import Call, Concat, Doubtful, Evidence, Held, InboundPart, InboundReport, Typed
from bridge.model.webhook import DeliveryState, Endpoint
from bridge.ports.store import Store
from bridge.ports.store_rows import Credential, Outcome
from tests.support.store_rows import BY, NOW, SHOP, Opener, message

ANY = ("", "office")


async def claimed(store: Store, expected: Message, line: str = "office") -> int:
    claim = await store.claim(line, ("", line), NOW)
    assert claim is not None
    assert claim.message.id == expected.id
    return claim.index


async def sent(store: Store, which: Message, index: int, reference: int | None) -> Message:
    return await store.record(Outcome(which.id, index, State.SENT, reference), NOW + 1)


def part(
    index: int, text: str, *, total: int = 3, reference: int = 7, slot: str = "", **changes: object
) -> InboundPart:
    slot = slot or f"SM:{reference}:{index}"
    made = InboundPart("office", slot, "+15550150", text, NOW, Concat(reference, total, index))
    return replace(made, **changes)  # type: ignore[arg-type]


class TestPulse:
    async def test_counts_what_waits_to_be_sent(self, store: Store) -> None:
        assert await store.pulse() == 0
        await store.submit([message(1), message(2), message(3, state=State.SCHEDULED, due_at=NOW + 1)])
        assert await store.pulse() == 3
        await sent(store, message(1), await claimed(store, message(1)), 5)
        assert await store.pulse() == 2


class TestAccepting:
    async def test_what_was_accepted_is_there_after_a_restart(self, store: Store, reopen: Opener) -> None:
        await store.submit([message(1), message(2)])
        store = await reopen()
        assert [row.id for row in (await store.messages("shop", MessageQuery())).rows] == [message(2).id, message(1).id]
        assert await store.message(message(1).id) == message(1)

    async def test_all_or_none(self, store: Store) -> None:
        await store.submit([message(1, client_ref="a")])
        with pytest.raises(NotPossible, match="'a' was used before"):
            await store.submit([message(2), message(3, client_ref="a")])
        assert len((await store.messages("shop", MessageQuery())).rows) == 1

    async def test_one_refused_submission_takes_no_other_of_its_commit_with_it(self, store: Store) -> None:
        await store.submit([message(1, client_ref="a")])
        outcomes = await asyncio.gather(
            store.submit([message(2)]), store.submit([message(3, client_ref="a")]), store.submit([message(4)]),
            return_exceptions=True,
        )  # fmt: skip
        assert [isinstance(outcome, NotPossible) for outcome in outcomes] == [False, True, False]
        assert len((await store.messages("shop", MessageQuery())).rows) == 3

    async def test_the_same_reference_is_free_in_another_account(self, store: Store) -> None:
        await store.submit([message(1, client_ref="a")])
        await store.submit([message(2, client_ref="a", account="cafe")])
        assert (await store.messages("cafe", MessageQuery(client_ref="a"))).rows[0].id == message(2).id

    async def test_an_idempotency_key_gives_the_first_answer_again_after_a_restart(
        self, store: Store, reopen: Opener
    ) -> None:
        await store.submit([message(1), message(2)], "key", "digest")
        store = await reopen()
        again, replayed = await store.submit([message(3), message(4)], "key", "digest")
        assert replayed
        assert [each.id for each in again] == [message(1).id, message(2).id]
        with pytest.raises(IdempotencyConflict):
            await store.submit([message(5)], "key", "another digest")
        assert len((await store.messages("", MessageQuery())).rows) == 2

    async def test_a_key_gives_what_is_left_of_its_first_call(self, store: Store) -> None:
        assert await store.remembered("shop", "key", "digest") is None
        await store.submit([message(3), message(1), message(2)], "key", "digest")
        assert await store.remembered("cafe", "key", "digest") is None
        await store.cancel(message(1).id, NOW)
        await store.delete_messages("shop", MessageQuery(ids=(message(1).id,)))
        left = await store.remembered("shop", "key", "digest")
        assert left == [message(3), message(2)]
        assert await store.submit([message(4)], "key", "digest") == (left, True)
        with pytest.raises(IdempotencyConflict):
            await store.remembered("shop", "key", "another digest")

    async def test_a_key_whose_messages_are_all_gone_says_so(self, store: Store) -> None:
        await store.submit([message(1)], "key", "digest")
        await store.cancel(message(1).id, NOW)
        await store.delete_messages("shop", MessageQuery(since=1))
        with pytest.raises(NotPossible, match="deleted; use a new key"):
            await store.remembered("shop", "key", "digest")
        with pytest.raises(NotPossible, match="deleted; use a new key"):
            await store.submit([message(2)], "key", "digest")

    async def test_its_event_says_what_the_message_is(self, store: Store) -> None:
        accepted = message(1, client_ref="r", tag="t", slot=2, parts=2, state=State.SCHEDULED, text='"quoted" \n 😀')
        await store.submit([accepted])
        logged = (await store.events("shop", 0, 10))[0]
        assert (logged.name, logged.subject, logged.at) == (events.MESSAGE_SUBMITTED, accepted.id, NOW)
        assert dict(logged.data) == message_data(accepted)

    async def test_counts_and_skips_what_a_filter_finds(self, store: Store) -> None:
        await store.submit([message(number) for number in range(1, 6)])
        await store.submit([message(6, account="cafe")])
        await store.cancel(message(5).id, NOW)
        wanted = MessageQuery(states=frozenset({State.QUEUED}), offset=1, limit=2)
        page = await store.messages("shop", wanted)
        assert [row.id for row in page.rows] == [message(3).id, message(2).id]
        assert await store.count("shop", wanted) == 4
        assert await store.count("", MessageQuery()) == 6
        assert await store.count("bakery", MessageQuery()) == 0

    async def test_lists_tell_a_position_that_stays(self, store: Store) -> None:
        await store.submit([message(1), message(2), message(3)])
        before = {row.id: row.seq for row in (await store.messages("shop", MessageQuery())).rows}
        await store.cancel(message(2).id, NOW)
        await store.delete_messages("shop", MessageQuery(ids=(message(2).id,)))
        await store.submit([message(4)])
        after = {row.id: row.seq for row in (await store.messages("shop", MessageQuery())).rows}
        assert after == {name: seq for name, seq in before.items() if name != message(2).id} | {message(4).id: 4}
        assert sorted(before.values()) == [1, 2, 3]

    async def test_owes_a_format_only_what_it_has_words_for(self, store: Store) -> None:
        for kind in FORMATS:
            await store.add_endpoint(Endpoint(kind, "shop", "https://shop.example", kind, created_at=NOW), BY)
        for name in events.NAMES:
            await store.note(Event(0, "", name, "shop", NOW, "x", {"dialect": "zhenzi", "client_ref": "r"}))
        for other in ({"dialect": "native", "client_ref": "r"}, {"dialect": "zhenzi", "client_ref": ""}):
            await store.note(Event(0, "", events.MESSAGE_SENT, "shop", NOW, "x", other))
        # one that tells of ends only wants messages that are there, not these bare events
        for kind, wording in ((kind, wording) for kind, wording in FORMATS.items() if not wording.ends):
            told = [delivery.event for delivery, _ in await store.owed(kind, 100)]
            more = 0 if wording.dialect or events.MESSAGE_SENT not in wording.events else 2
            assert sorted(told) == sorted([*wording.events, *[events.MESSAGE_SENT] * more])

    async def test_finds_by_every_filter_page_by_page(self, store: Store) -> None:
        await store.submit([message(number, created_at=NOW + number) for number in range(1, 6)])
        first = await store.messages("shop", MessageQuery(limit=2))
        second = await store.messages("shop", MessageQuery(limit=2, cursor=first.cursor))
        last = await store.messages("shop", MessageQuery(limit=2, cursor=second.cursor))
        assert [row.text for page in (first, second, last) for row in page.rows] == [
            f"text {n}" for n in (5, 4, 3, 2, 1)
        ]
        assert last.cursor == ""

        async def texts(query: MessageQuery) -> list[str]:
            return [row.text for row in (await store.messages("shop", query)).rows]

        assert await texts(MessageQuery(since=NOW + 4)) == ["text 5", "text 4"]
        assert await texts(MessageQuery(until=NOW + 1)) == ["text 1"]
        assert await texts(MessageQuery(recipient="+15550103")) == ["text 3"]
        assert await texts(MessageQuery(keyword="TEXT 2")) == ["text 2"]
        assert await texts(MessageQuery(before_id=message(2).id)) == ["text 1"]
        assert await texts(MessageQuery(states=frozenset({State.FAILED}))) == []
        assert (await store.messages("cafe", MessageQuery())).rows == ()
        with pytest.raises(BadRequest, match="cursor"):
            await store.messages("shop", MessageQuery(cursor="x' OR 1"))


class TestSending:
    async def test_the_oldest_due_message_goes_first_and_to_one_line_only(self, store: Store) -> None:
        await store.submit([message(1, due_at=NOW - 1), message(2), message(3, due_at=NOW + 60_000)])
        assert await claimed(store, message(1), "office") == 1
        assert await claimed(store, message(2), "shop-phone") == 1
        assert await store.claim("office", ANY, NOW) is None

    async def test_a_message_for_another_line_is_left_to_it(self, store: Store) -> None:
        await store.submit([message(1, route="shop-phone"), message(2)])
        await claimed(store, message(2), "office")
        assert await store.claim("office", ANY, NOW) is None
        await claimed(store, message(1), "shop-phone")

    async def test_a_crash_after_the_intent_makes_it_unknown_and_never_sent_again(
        self, store: Store, reopen: Opener
    ) -> None:
        await store.submit([message(1)])
        await claimed(store, message(1))
        store = await reopen()
        assert await store.recover(NOW) == 1
        found = await store.message(message(1).id)
        assert found.state is State.UNKNOWN
        assert "may or may not" in found.error
        assert await store.claim("office", ANY, NOW + 1) is None

    @pytest.mark.parametrize(
        ("policy", "state"), [(UnknownPolicy.RESEND, State.QUEUED), (UnknownPolicy.FAIL, State.FAILED)]
    )
    async def test_a_message_may_have_another_policy_for_the_unknown(
        self, store: Store, policy: UnknownPolicy, state: State
    ) -> None:
        await store.submit([message(1, on_unknown=policy)])
        await claimed(store, message(1))
        await store.recover(NOW)
        assert (await store.message(message(1).id)).state is state

    async def test_a_crash_between_two_parts_sends_the_missing_ones_with_the_same_reference(
        self, store: Store, reopen: Opener
    ) -> None:
        await store.submit([message(1, parts=3)])
        claim = await store.claim("office", ANY, NOW)
        assert claim is not None
        assert (await sent(store, message(1), 1, 10)).state is State.SENDING
        store = await reopen()
        assert await store.recover(NOW) == 0
        again = await store.claim("office", ANY, NOW)
        assert again is not None
        assert (again.index, again.done, again.concat_ref) == (2, frozenset({1}), claim.concat_ref)

    async def test_long_messages_to_one_number_never_share_a_reference_soon(self, store: Store) -> None:
        await store.submit([message(n, parts=2, recipient="+15550101") for n in range(200)])
        refs = set()
        for _ in range(200):
            claim = await store.claim("office", ANY, NOW)
            assert claim is not None
            refs.add(claim.concat_ref)
        assert len(refs) == 200
        assert all(0 <= ref <= 255 for ref in refs)

    async def test_a_temporary_refusal_waits_and_counts(self, store: Store) -> None:
        await store.submit([message(1)])
        await claimed(store, message(1))
        outcome = Outcome(message(1).id, 1, State.QUEUED, error="congestion", retry_at=NOW + 5000, counts=True)
        found = await store.record(outcome, NOW)
        assert (found.state, found.attempts, found.error) == (State.QUEUED, 1, "congestion")
        assert await store.claim("office", ANY, NOW + 4999) is None
        assert await store.advance(NOW) == NOW + 5000
        assert await store.claim("office", ANY, NOW + 5000) is not None

    async def test_a_phone_that_takes_a_long_text_whole_needs_no_further_part(self, store: Store) -> None:
        await store.submit([message(1, parts=3)])
        await store.claim("shop-phone", ("",), NOW, whole=True)
        assert (await sent(store, message(1), 1, None)).state is State.SENT

    async def test_one_refused_part_fails_the_message_and_says_which(self, store: Store) -> None:
        await store.submit([message(1, parts=2)])
        await claimed(store, message(1))
        await sent(store, message(1), 1, 1)
        await store.intend(message(1).id, 2, "office", NOW)
        found = await store.record(Outcome(message(1).id, 2, State.FAILED, error="barred"), NOW)
        assert (found.state, found.error) == (State.FAILED, "part 2 of 2: barred")

    async def test_cancels_only_what_was_not_sent(self, store: Store) -> None:
        await store.submit([message(1), message(2)])
        await claimed(store, message(1))
        assert (await store.cancel(message(2).id, NOW)).state is State.CANCELLED
        with pytest.raises(NotPossible, match="sending"):
            await store.cancel(message(1).id, NOW)
        with pytest.raises(NoSuchThing):
            await store.cancel(message(9).id, NOW)
        assert await store.claim("office", ANY, NOW) is None

    async def test_resends_what_is_missing_of_an_unknown_message(self, store: Store) -> None:
        await store.submit([message(1, parts=2)])
        await claimed(store, message(1))
        await sent(store, message(1), 1, 1)
        await store.intend(message(1).id, 2, "office", NOW)
        await store.recover(NOW)
        assert (await store.resend(message(1).id, NOW)).state is State.QUEUED
        claim = await store.claim("office", ANY, NOW)
        assert claim is not None
        assert (claim.index, claim.done) == (2, frozenset({1}))

    async def test_resends_nothing_that_went_out(self, store: Store) -> None:
        await store.submit([message(1)])
        await claimed(store, message(1))
        await sent(store, message(1), 1, 1)
        with pytest.raises(NotPossible, match="sent"):
            await store.resend(message(1).id, NOW)

    @pytest.mark.parametrize(
        ("policy", "how"),
        [
            (UnknownPolicy.RESEND, "expires"),
            *((policy, how) for policy in UnknownPolicy for how in ("is cancelled", "is refused", "is blocked")),
        ],
    )
    async def test_one_that_waited_for_another_try_is_not_called_unsent_when_it_gets_none(
        self, store: Store, policy: UnknownPolicy, how: str
    ) -> None:
        await store.submit([message(1, on_unknown=policy, expires_at=NOW + 5)])
        await claimed(store, message(1))
        await store.recover(NOW)
        if policy is not UnknownPolicy.RESEND:
            await store.resend(message(1).id, NOW)
        match how:
            case "expires":
                await store.advance(NOW + 5)
            case "is cancelled":
                await store.cancel(message(1).id, NOW + 1)
            case "is refused":
                await claimed(store, message(1))
                await store.record(Outcome(message(1).id, 1, State.FAILED, error="barred"), NOW + 1)
            case "is blocked":
                await store.suppress("shop", message(1).recipient, "STOP", BY)
        found = await store.message(message(1).id)
        told = [event.name for event in await store.events("shop", 0, 100) if event.subject == found.id]
        assert told[-1] == f"message.{found.state}"
        if policy is UnknownPolicy.FAIL:
            assert found.state is (State.CANCELLED if how == "is cancelled" else State.FAILED)
            return
        assert found.state is State.UNKNOWN
        assert found.error.endswith("; an earlier try may or may not have been sent")
        assert [each.message for each in await store.doubtful(["office"])] == [found.id]

    @pytest.mark.parametrize("policy", [UnknownPolicy.RESEND, UnknownPolicy.FAIL])
    async def test_evidence_settles_what_the_policy_would_send_again_or_call_failed(
        self, store: Store, policy: UnknownPolicy
    ) -> None:
        await store.change_account("shop", AccountChange(payment=Payment.PREPAID), BY)
        await store.top_up("shop", 5, "", BY)
        await store.submit([message(1, on_unknown=policy, parts=2)])
        await claimed(store, message(1))
        await sent(store, message(1), 1, 1)
        await store.intend(message(1).id, 2, "office", NOW)
        await store.recover(NOW)
        assert [each.index for each in await store.doubtful(["office"])] == [2]
        seen = Evidence("office", message(1).id, 2, State.SENT, 7, "stored as sent")
        found = await store.settle(seen, NOW + 1)
        assert found is not None
        assert (found.state, found.error) == (State.SENT, "")
        assert [event.name for event in await store.events("shop", 0, 100)][-1] == "message.sent"
        assert await store.claim("office", ANY, NOW + 1) is None
        assert (await store.account("shop")).credits == 3
        assert await store.settle(seen, NOW + 2) is None

    @pytest.mark.parametrize("policy", [UnknownPolicy.RESEND, UnknownPolicy.FAIL])
    async def test_evidence_that_the_first_try_was_none_leaves_only_the_second_in_doubt(
        self, store: Store, policy: UnknownPolicy
    ) -> None:
        await store.submit([message(1, on_unknown=policy, expires_at=NOW + 5)])
        await claimed(store, message(1))
        await store.recover(NOW)
        await store.settle(Evidence("office", message(1).id, 1, State.FAILED, None, "refused"), NOW + 1)
        assert await store.doubtful(["office"]) == []
        await store.advance(NOW + 5)
        found = await store.message(message(1).id)
        assert found.state is (State.EXPIRED if policy is UnknownPolicy.RESEND else State.FAILED)

    @pytest.mark.parametrize("credits", [3, 2])
    async def test_what_was_called_failed_and_goes_on_for_evidence_is_paid_as_a_whole(
        self, store: Store, credits: int
    ) -> None:
        await store.change_account("shop", AccountChange(payment=Payment.PREPAID), BY)
        await store.top_up("shop", 3, "", BY)
        await store.submit([message(1, on_unknown=UnknownPolicy.FAIL, parts=3)])
        await claimed(store, message(1))
        await store.recover(NOW)
        assert (await store.account("shop")).credits == 3
        await store.top_up("shop", credits - 3, "", BY)
        found = await store.settle(Evidence("office", message(1).id, 1, State.SENT, 7, "late"), NOW + 1)
        assert found is not None
        assert found.state is (State.QUEUED if credits == 3 else State.FAILED)
        assert (await store.account("shop")).credits == (0 if credits == 3 else 1)

    @pytest.mark.parametrize("parts_tried", [1, 2])
    async def test_evidence_of_the_whole_text_leaves_nothing_for_a_line_that_takes_parts(
        self, store: Store, parts_tried: int
    ) -> None:
        """The parts that were missing went out behind a text that was there already."""
        await store.submit([message(1, on_unknown=UnknownPolicy.RESEND, parts=3)])
        assert await store.claim("phone", ANY, NOW, whole=True) is not None
        await store.recover(NOW)
        await claimed(store, message(1))
        if parts_tried == 2:
            await sent(store, message(1), 1, 1)
            await store.intend(message(1).id, 2, "office", NOW)
        unknown = Outcome(message(1).id, parts_tried, State.QUEUED, error="no answer", retry_at=NOW, unsure=True)
        await store.record(unknown, NOW)
        seen = Evidence("phone", message(1).id, 1, State.SENT, None, "stored as sent", whole=True)
        found = await store.settle(seen, NOW + 1)
        assert (found is None) is (parts_tried == 2)  # its first part is out, so that the text will be there twice
        if parts_tried == 1:
            assert (await store.message(message(1).id)).state is State.SENT
            assert [each.index for each in await store.parts(message(1).id)] == [1]
            assert await store.claim("office", ANY, NOW + 1) is None

    async def test_a_second_try_is_not_denied_with_the_first(self, store: Store) -> None:
        await store.submit([message(1, on_unknown=UnknownPolicy.RESEND)])
        await claimed(store, message(1))
        await store.recover(NOW)
        await claimed(store, message(1))
        await store.settle(Evidence("office", message(1).id, 1, State.FAILED, None, "refused"), NOW + 1)
        assert (await store.message(message(1).id)).state is State.SENDING
        found = await store.record(Outcome(message(1).id, 1, State.FAILED, error="barred"), NOW + 2)
        assert (found.state, found.error) == (State.FAILED, "barred")

    async def test_a_second_try_that_is_put_back_leaves_the_first_in_doubt(self, store: Store) -> None:
        await store.submit([message(1, on_unknown=UnknownPolicy.RESEND)])
        await claimed(store, message(1))
        await store.recover(NOW)
        await claimed(store, message(1))
        await store.record(Outcome(message(1).id, 1, State.QUEUED, error="the port was closed", retry_at=NOW), NOW)
        assert (await store.message(message(1).id)).state is State.QUEUED
        assert [each.message for each in await store.doubtful(["office"])] == [message(1).id]

    async def test_a_second_try_that_goes_out_ends_the_doubt(self, store: Store) -> None:
        await store.submit([message(1, on_unknown=UnknownPolicy.RESEND)])
        await claimed(store, message(1))
        await store.recover(NOW)
        assert (await sent(store, message(1), await claimed(store, message(1)), 5)).state is State.SENT

    async def test_a_message_that_is_partly_out_keeps_to_its_line(self, store: Store) -> None:
        await store.submit([message(1, parts=2)])
        await claimed(store, message(1))
        await sent(store, message(1), 1, 1)
        await store.record(Outcome(message(1).id, 2, State.QUEUED), NOW)
        assert await store.claim("shop-phone", ("", "shop-phone"), NOW + 1) is None
        assert await store.claim("office", ANY, NOW + 1) is not None

    async def test_what_has_expired_is_not_claimed_any_more(self, store: Store) -> None:
        await store.submit([message(1, expires_at=NOW + 5)])
        assert await store.claim("office", ANY, NOW + 5) is None

    async def test_scheduled_messages_come_when_due_and_late_ones_expire(self, store: Store) -> None:
        later = message(1, state=State.SCHEDULED, due_at=NOW + 1000, not_before=NOW + 1000)
        await store.submit([later, message(2, expires_at=NOW + 500)])
        assert await store.advance(NOW) == NOW + 500
        assert await store.advance(NOW + 500) == NOW + 1000
        assert (await store.message(message(2).id)).state is State.EXPIRED
        assert await store.claim("office", ANY, NOW + 999) is None
        assert await store.advance(NOW + 1000) == 0
        assert await store.claim("office", ANY, NOW + 1000) is not None
        assert events.MESSAGE_EXPIRED in [event.name for event in await store.events("shop", 0, 99)]

    async def test_deletes_only_what_is_finished(self, store: Store) -> None:
        await store.submit([message(1), message(2)])
        await claimed(store, message(1))
        await sent(store, message(1), 1, 1)
        assert await store.delete_messages("cafe", MessageQuery(since=1)) == 0
        assert await store.delete_messages("shop", MessageQuery(since=1)) == 1
        assert [row.id for row in (await store.messages("shop", MessageQuery())).rows] == [message(2).id]
        assert await store.parts(message(1).id) == []
        with pytest.raises(BadRequest):
            await store.delete_messages("shop", MessageQuery())


class TestReports:
    def report(self, reference: int, state: State = State.DELIVERED, recipient: str = "+15550101") -> InboundReport:
        slot = f"SR:{reference}:{state}"
        return InboundReport("office", slot, recipient, reference, state, "TP-ST 0x46", sent_at=NOW)

    async def test_a_message_is_delivered_when_all_its_parts_are(self, store: Store) -> None:
        await store.submit([message(1, parts=2)])
        await claimed(store, message(1))
        await sent(store, message(1), 1, 10)
        await store.intend(message(1).id, 2, "office", NOW)
        await sent(store, message(1), 2, 11)
        first = await store.settle(self.report(11), NOW)
        assert first is not None
        assert first.state is State.SENT
        second = await store.settle(self.report(10), NOW + 9)
        assert second is not None
        assert (second.state, second.delivered_at) == (State.DELIVERED, NOW + 9)

    async def test_a_report_that_overtakes_the_answer_is_kept_for_it(self, store: Store) -> None:
        await store.submit([message(1)])
        await claimed(store, message(1))
        assert await store.settle(self.report(10), NOW) is None
        assert (await sent(store, message(1), 1, 10)).state is State.DELIVERED

    async def test_a_report_for_another_number_or_line_is_not_ours(self, store: Store) -> None:
        await store.submit([message(1)])
        await claimed(store, message(1))
        await sent(store, message(1), 1, 10)
        await store.settle(self.report(10, recipient="+15550199"), NOW)
        await store.settle(replace(self.report(10), line="shop-phone"), NOW)
        assert (await store.message(message(1).id)).state is State.SENT

    async def test_a_recipient_in_national_format_is_the_same(self, store: Store) -> None:
        await store.submit([message(1, recipient="+447700900123")])
        await claimed(store, message(1))
        await sent(store, message(1), 1, 10)
        found = await store.settle(self.report(10, recipient="07700900123"), NOW)
        assert found is not None
        assert found.state is State.DELIVERED

    async def test_the_part_of_a_reference_that_the_stamp_fits_is_meant(self, store: Store) -> None:
        """References are one octet, so they repeat."""
        await store.submit([message(1), message(2, recipient="+15550101")])
        for which, at in ((message(1), NOW), (message(2), NOW + 3_600_000)):
            assert await store.claim("office", ANY, at) is not None
            await store.record(Outcome(which.id, 1, State.SENT, 10), at + 500)
        await store.settle(self.report(10), NOW + 3_700_000)
        assert (await store.message(message(1).id)).state is State.DELIVERED
        assert (await store.message(message(2).id)).state is State.SENT

    async def test_the_network_gave_up(self, store: Store) -> None:
        await store.submit([message(1)])
        await claimed(store, message(1))
        await sent(store, message(1), 1, 10)
        found = await store.settle(self.report(10, State.FAILED), NOW)
        assert found is not None
        assert (found.state, found.error) == (State.FAILED, "TP-ST 0x46")

    async def test_still_trying_after_delivered_changes_nothing(self, store: Store) -> None:
        await store.submit([message(1)])
        await claimed(store, message(1))
        await sent(store, message(1), 1, 10)
        await store.settle(self.report(10), NOW)
        found = await store.settle(self.report(10, State.SENT), NOW)
        assert found is not None
        assert found.state is State.DELIVERED
        assert [event.name for event in await store.events("shop", 0, 99)].count(events.MESSAGE_DELIVERED) == 1

    async def test_a_report_for_a_part_of_a_cancelled_message_does_not_bring_it_back(self, store: Store) -> None:
        await store.submit([message(1, parts=2)])
        await claimed(store, message(1))
        await sent(store, message(1), 1, 10)
        await store.record(Outcome(message(1).id, 2, State.QUEUED), NOW)
        await store.cancel(message(1).id, NOW)
        found = await store.settle(self.report(10), NOW)
        assert found is not None
        assert found.state is State.CANCELLED

    async def test_the_recipient_s_phone_knows_better_than_a_network_that_gave_up(self, store: Store) -> None:
        await store.submit([message(1)])
        await claimed(store, message(1))
        await sent(store, message(1), 1, 10)
        await store.settle(self.report(10, State.FAILED), NOW)
        found = await store.settle(self.report(10), NOW)
        assert found is not None
        assert found.state is State.DELIVERED

    async def test_a_report_settles_the_only_unknown_message_to_that_number(self, store: Store) -> None:
        await store.submit([message(1)])
        await claimed(store, message(1))
        await store.recover(NOW)
        found = await store.settle(self.report(99), NOW)
        assert found is not None
        assert found.state is State.DELIVERED

    async def test_two_unknown_messages_to_one_number_stay_unknown(self, store: Store) -> None:
        await store.submit([message(1), message(2, recipient="+15550101")])
        for _ in range(2):
            assert await store.claim("office", ANY, NOW) is not None
        await store.recover(NOW)
        assert await store.settle(self.report(99), NOW) is None

    async def test_evidence_settles_an_unknown_part_and_the_rest_goes_out(self, store: Store) -> None:
        await store.submit([message(1, parts=2)])
        await claimed(store, message(1))
        await store.recover(NOW)
        found = await store.settle(Evidence("office", message(1).id, 1, State.SENT, 77), NOW)
        assert found is not None
        assert found.state is State.QUEUED
        claim = await store.claim("office", ANY, NOW)
        assert claim is not None
        assert claim.index == 2


class TestReceiving:
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
        (row,) = (await store.typed(TypedQuery())).rows
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
        (row,) = (await store.calls(CallQuery())).rows
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
        assert [row.number for row in (await store.calls(CallQuery())).rows] == ["", "TAXI", "+15550152"]

    async def test_what_was_typed_is_found_by_every_filter_newest_first(self, store: Store) -> None:
        # learned of in another order than sent
        for number in (2, 3, 1):
            item = self.typed(f"{number}", text=f"Text {number}", recipient=f"+1555015{number}", sent_at=NOW + number)
            await store.keep(replace(item, line=f"phone:{number % 2}"), "phone", NOW)

        async def texts(query: TypedQuery) -> list[str]:
            return [row.text for row in (await store.typed(query)).rows]

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
            return " ".join([row.name for row in (await store.calls(CallQuery(**query))).rows])  # type: ignore[arg-type]

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
        typed, calls = await store.typed(TypedQuery(limit=2)), await store.calls(CallQuery(limit=2))
        await store.keep(self.typed("late", sent_at=NOW + 99), "phone", NOW)
        await store.keep(self.call("late", at=NOW + 99), "phone", NOW)
        seen = [[row.text for row in typed.rows], [row.name for row in calls.rows]]
        while typed.cursor:
            typed = await store.typed(TypedQuery(limit=2, cursor=typed.cursor))
            calls = await store.calls(CallQuery(limit=2, cursor=calls.cursor))
            seen[0] += [row.text for row in typed.rows]
            seen[1] += [row.name for row in calls.rows]
        assert seen == [["4", "3", "2", "1", "0"]] * 2
        assert calls.cursor == ""
        for cursor in ("5", "x.1", "1.1; DROP"):
            with pytest.raises(BadRequest, match="cursor"):
                await store.calls(CallQuery(cursor=cursor))

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


class TestLedger:
    def endpoint(self, name: str, account: str = "shop", **changes: object) -> Endpoint:
        return replace(Endpoint(name, account, "http://127.0.0.1:9/", created_at=NOW), **changes)  # type: ignore[arg-type]

    async def test_an_event_is_owed_to_whoever_asked_for_it_and_nobody_else(self, store: Store) -> None:
        await store.add_endpoint(self.endpoint("all"), BY)
        await store.add_endpoint(self.endpoint("flat", format="v1"), BY)
        await store.add_endpoint(self.endpoint("failures", events=(events.MESSAGE_FAILED,)), BY)
        await store.add_endpoint(self.endpoint("others", account="cafe"), BY)
        await store.submit([message(1)])
        await store.receive(InboundPart("office", "a", "+15550150", "hi", NOW), "office", NOW)
        owed = {
            name: [event.name for _, event in await store.owed(name, 9)]
            for name in ("all", "flat", "failures", "others")
        }
        assert owed == {
            "all": [events.MESSAGE_SUBMITTED, events.MESSAGE_RECEIVED],
            "flat": [events.MESSAGE_RECEIVED],
            "failures": [],
            "others": [events.MESSAGE_RECEIVED],
        }

    async def test_what_is_owed_survives_a_restart_with_the_same_event_id(self, store: Store, reopen: Opener) -> None:
        await store.add_endpoint(self.endpoint("all"), BY)
        await store.submit([message(1)])
        ((delivery, event),) = await store.owed("all", 9)
        store = await reopen()
        assert await store.owed("all", 9) == [(delivery, event)]

    @pytest.mark.parametrize("at_once", [2, 1000])
    async def test_redelivers_one_or_a_range(self, store: Store, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("bridge.store.deliveries.AT_ONCE", at_once)
        await store.add_endpoint(self.endpoint("all"), BY)
        await store.submit([message(1), message(2), message(3)])
        for delivery, _ in await store.owed("all", 9):
            await store.record_attempts(
                [replace(delivery, state=DeliveryState.DELIVERED, attempts=1, delivered_at=NOW)]
            )
        assert await store.owed("all", 9) == []
        rows = (await store.ledger("shop", LedgerQuery(state=DeliveryState.DELIVERED))).rows
        assert await store.redeliver("cafe", LedgerQuery(), [rows[0].id], NOW) == 0
        assert await store.redeliver("shop", LedgerQuery(), [rows[0].id], NOW) == 1
        assert [delivery.id for delivery, _ in await store.owed("all", 9)] == [rows[0].id]
        assert await store.redeliver("shop", LedgerQuery(state=DeliveryState.DELIVERED), [], NOW) == 2
        assert await store.redeliver("shop", LedgerQuery(), [], NOW) == 3

    async def test_a_removed_endpoint_is_owed_nothing(self, store: Store) -> None:
        await store.add_endpoint(self.endpoint("all"), BY)
        await store.submit([message(1)])
        await store.remove_endpoint("", "all", BY)
        assert await store.owed("all", 9) == []
        with pytest.raises(NoSuchThing):
            await store.remove_endpoint("", "all", BY)


class TestAccounts:
    async def test_a_credential_opens_its_own_account_until_it_ends(self, store: Store) -> None:
        await store.add_credential("shop", Credential("token", "", "d1", NOW + 10))
        found = await store.account_for("token", "", "d1", NOW)
        assert found is not None
        assert found.name == "shop"
        assert await store.account_for("apikey", "", "d1", NOW) is None
        assert await store.account_for("token", "", "d1", NOW + 10) is None

    async def test_a_disabled_account_is_known_as_such(self, store: Store) -> None:
        await store.add_credential("shop", Credential("apikey", "", "d1"))
        await store.change_account("shop", AccountChange(disabled=True), BY)
        assert await store.account_for("apikey", "", "d1", NOW) == replace(SHOP, disabled=True)

    async def test_replacing_ends_the_old_one(self, store: Store) -> None:
        await store.add_credential("shop", Credential("apikey", "", "d1"))
        await store.add_credential("shop", Credential("apikey", "", "d2"), replace=True)
        assert await store.account_for("apikey", "", "d1", NOW) is None
        assert await store.account_for("apikey", "", "d2", NOW) is not None

    async def test_names_are_taken_once(self, store: Store) -> None:
        with pytest.raises(NotPossible, match="already"):
            await store.add_account(SHOP, [])
