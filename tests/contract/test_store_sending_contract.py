"""What every store must do with parts that are sent, and with reports of them."""

from dataclasses import replace

import pytest

from bridge.errors import BadRequest, NoSuchThing, NotPossible
from bridge.model import event as events
from bridge.model.account import AccountChange, Payment, UnknownPolicy
from bridge.model.message import State
from bridge.model.query import MessageQuery
from bridge.model.radio import Evidence, InboundReport
from bridge.ports.store import Store
from bridge.ports.store_rows import Outcome
from tests.support.store_rows import BY, NOW, Opener, claimed, message, sent

ANY = ("", "office", "sim:office")
#: a reference that a driver made of the name that a site has for a part
SITES_OWN = 1 << 61


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

    async def test_a_message_that_is_partly_out_keeps_to_its_sim_in_whatever_line_that_is(self, store: Store) -> None:
        await store.submit([message(1, parts=2)])
        await store.claim("office", ("",), NOW, sim="8901")
        await sent(store, message(1), 1, 1)
        await store.record(Outcome(message(1).id, 2, State.QUEUED), NOW)
        assert await store.claim("office", ("", "office", "sim:8902"), NOW + 1, sim="8902") is None
        moved = await store.claim("attic", ("", "attic", "sim:8901"), NOW + 1, sim="8901")
        assert moved is not None
        assert (moved.index, moved.message.line) == (2, "attic")

    async def test_a_message_that_turns_out_to_be_partly_out_while_it_waits_keeps_to_its_sim(
        self, store: Store
    ) -> None:
        await store.submit([message(1, parts=2, on_unknown=UnknownPolicy.RESEND)])
        await store.claim("office", ("",), NOW, sim="8901")
        lost = Outcome(message(1).id, 1, State.QUEUED, error="no answer", retry_at=NOW, unsure=True)
        await store.record(lost, NOW)
        await store.settle(Evidence("office", message(1).id, 1, State.SENT, 77), NOW)
        assert await store.claim("attic", ("", "attic", "sim:8902"), NOW + 1, sim="8902") is None
        again = await store.claim("office", ("", "sim:8901"), NOW + 1, sim="8901")
        assert again is not None
        assert again.index == 2

    async def test_says_how_much_was_sent_of_a_message_whose_sim_did_not_come_back(self, store: Store) -> None:
        await store.submit([message(1, parts=2, expires_at=NOW + 9)])
        await store.claim("office", ("",), NOW, sim="8901")
        await sent(store, message(1), 1, 1)
        await store.record(Outcome(message(1).id, 2, State.QUEUED), NOW)
        await store.advance(NOW + 9)
        found = await store.message(message(1).id)
        assert found.state is State.EXPIRED
        assert "1 of 2 parts were sent" in found.error

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

    @pytest.mark.parametrize("reference", [10, SITES_OWN])
    async def test_a_report_heard_while_the_line_knew_no_sim_is_kept_for_the_answer(
        self, store: Store, reference: int
    ) -> None:
        """A line of a site that reads its SIM anew, just then: the hub knows of none."""
        await store.submit([message(1)])
        assert await store.claim("office", ANY, NOW, sim="8900101") is not None
        assert await store.settle(self.report(reference), NOW, "") is None
        assert (await sent(store, message(1), 1, reference)).state is State.DELIVERED

    async def test_a_report_with_a_reference_of_its_own_is_matched_while_the_line_knows_no_sim(
        self, store: Store
    ) -> None:
        await store.submit([message(1)])
        assert await store.claim("office", ANY, NOW, sim="8900101") is not None
        await sent(store, message(1), 1, SITES_OWN)
        assert (found := await store.settle(self.report(SITES_OWN), NOW, "")) is not None
        assert found.state is State.DELIVERED

    async def test_evidence_finds_the_report_that_was_heard_while_the_line_knew_no_sim(self, store: Store) -> None:
        await store.submit([message(1)])
        assert await store.claim("office", ANY, NOW, sim="8900101") is not None
        await store.record(Outcome(message(1).id, 1, State.UNKNOWN), NOW)
        assert await store.settle(self.report(SITES_OWN), NOW, "") is None
        await store.settle(Evidence("office", message(1).id, 1, State.SENT, SITES_OWN), NOW + 1)
        assert (await store.message(message(1).id)).state is State.DELIVERED

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
