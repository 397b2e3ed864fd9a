"""What every store must do about accounts: terms, credits, lists, limits, templates, the trail, handing out once."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import asdict, fields, replace

import pytest

from bridge.errors import AlreadyUsed, BadRequest, BridgeError, DailyLimit, NoSuchThing, NotPossible, OutOfCredit
from bridge.model import event
from bridge.model.account import (
    Account,
    AccountChange,
    Movement,
    Payment,
    Template,
    Terms,
    UnknownPolicy,
    Verification,
)
from bridge.model.message import Message, State
from bridge.model.query import MessageQuery
from bridge.model.radio import InboundPart, InboundReport
from bridge.ports.store import Store
from bridge.ports.store_rows import Credential, Outcome
from tests.support.store_rows import BY, NOW, SHOP, Opener, message

PREPAID = AccountChange(payment=Payment.PREPAID)
DAY = 24 * 3600 * 1000
NOTHING = AccountChange()
EVERYTHING_ELSE = AccountChange(
    True, UnknownPolicy.RESEND, Payment.PREPAID, ("192.0.2.0/24",), 60, 5, "Asia/Shanghai", "CN",
    Verification.PENDING, "delivered", ("office",), ("duo",),
)  # fmt: skip
#: NOW is 2026-11-18 11:06:40 UTC; this is the same day there, and the next one in Shanghai
EVENING = NOW + 6 * 3600 * 1000


async def prepaid(store: Store, credits: int) -> None:
    await store.change_account("shop", PREPAID, BY)
    await store.top_up("shop", credits, "", BY)


async def left(store: Store) -> int | None:
    return (await store.account("shop")).credits


async def movements(store: Store) -> list[tuple[str, int]]:
    """Oldest first."""
    page = await store.movements("shop", 1000, "")
    return [(row.kind, row.amount) for row in reversed(page.rows)]


async def assert_adds_up(store: Store) -> None:
    rows = tuple(reversed((await store.movements("shop", 10_000, "")).rows))
    assert sum(row.amount for row in rows) == await left(store)
    assert [row.balance for row in rows] == _running(rows)


def _running(rows: Sequence[Movement]) -> list[int]:
    balance, balances = 0, []
    for row in rows:
        balance += row.amount
        balances.append(balance)
    return balances


async def carry(store: Store, *states: State, whole: bool = False) -> Message:
    """The oldest message goes out part by part, with these outcomes."""
    claim = await store.claim("office", ("", "office", "sim:office"), NOW, whole)
    assert claim is not None
    index, last = claim.index, claim.message
    for state in states:
        if index != claim.index:
            await store.intend(last.id, index, "office", NOW)
        last = await store.record(Outcome(last.id, index, state, index, "refused"), NOW)
        index += 1
    return last


class TestTerms:
    async def test_an_account_keeps_what_it_may_do_over_a_restart(self, store: Store, reopen: Opener) -> None:
        terms = Terms(
            Payment.PREPAID, ("192.0.2.0/24", "2001:db8::/32"), 60, 5, "Asia/Shanghai", "CN", Verification.PENDING,
            "delivered",
        )  # fmt: skip
        everything = AccountChange(on_unknown=UnknownPolicy.FAIL, **asdict(terms))
        changed = await store.change_account("shop", everything, BY)
        assert changed == replace(SHOP, terms=terms, on_unknown=UnknownPolicy.FAIL, credits=0)
        again = await reopen()
        assert await again.account("shop") == changed
        await again.add_account(Account("bakery", NOW, terms=terms, credits=7), [])
        assert (await again.account("bakery")) == Account("bakery", NOW, terms=terms, credits=7)
        assert (await again.movements("bakery", 9, "")).rows[0].balance == 7

    @pytest.mark.parametrize("name", [field.name for field in fields(AccountChange)])
    async def test_what_a_change_does_not_name_stays_as_it_is(self, store: Store, name: str) -> None:
        others = replace(EVERYTHING_ELSE, **{name: None})
        before = await store.change_account("shop", others, BY)
        after = await store.change_account("shop", replace(NOTHING, **{name: getattr(EVERYTHING_ELSE, name)}), BY)
        assert after == await store.change_account("shop", EVERYTHING_ELSE, BY) == await store.account("shop")
        assert after != before

    def test_every_term_can_be_changed_and_nothing_else_of_an_account_by_the_way(self) -> None:
        terms = {field.name for field in fields(Terms)}
        assert {field.name for field in fields(AccountChange)} == terms | {"disabled", "on_unknown"}

    async def test_a_change_that_changes_nothing_leaves_no_entry_in_the_trail(self, store: Store) -> None:
        for _ in range(2):
            await store.change_account("shop", EVERYTHING_ELSE, BY)
            await store.suppress("shop", "+15550100", "", BY)
            await store.keep_template(Template("shop", "code", "Code {1}"), BY)
        told = [row.what for row in (await store.audit()).rows]
        assert told == ["template", "suppress", "terms", "disable"]

    async def test_switching_an_account_off_leaves_its_terms(self, store: Store) -> None:
        await prepaid(store, 3)
        off = await store.change_account("shop", AccountChange(disabled=True), BY)
        assert (off.disabled, off.terms, off.credits) == (True, Terms(payment=Payment.PREPAID), 3)
        assert not (await store.change_account("shop", AccountChange(disabled=False), BY)).disabled

    async def test_nothing_is_changed_or_written_for_an_account_that_is_not_there(self, store: Store) -> None:
        for change in (
            store.change_account("nobody", PREPAID, BY),
            store.change_account("nobody", AccountChange(disabled=True), BY),
            store.top_up("nobody", 1, "", BY),
            store.rotate("nobody", [], 0, BY),
            store.set_webhook_secret("nobody", "s", BY),
            store.suppress("nobody", "+15550100", "", BY),
            store.keep_template(Template("nobody", "t", "text"), BY),
        ):
            with pytest.raises(NoSuchThing):
                await change
        assert (await store.audit("", 9, "")).rows == ()

    async def test_fresh_credentials_let_the_old_ones_live_a_while(self, store: Store) -> None:
        await store.add_credential("shop", Credential("client", "a", "d1"))
        await store.rotate("shop", [Credential("client", "b", "d2")], NOW + 60, BY)
        assert await store.account_for("client", "a", "d1", NOW + 59) is not None
        assert await store.account_for("client", "a", "d1", NOW + 60) is None
        assert await store.account_for("client", "b", "d2", NOW + DAY) is not None
        assert [await store.knows("client", ident, NOW + DAY) for ident in ("a", "b", "c")] == [False, True, False]


class TestCredits:
    async def test_prepaid_means_zero_until_topped_up(self, store: Store) -> None:
        await store.submit([message(1, parts=2)])
        changed = await store.change_account("shop", PREPAID, BY)
        assert changed.credits == await left(store) == 0
        with pytest.raises(OutOfCredit):
            await store.submit([message(2)])
        # what was accepted before it was prepaid goes out, and gives back nothing that it did not take
        await store.cancel(message(1).id, NOW)
        assert await left(store) == 0
        await store.top_up("shop", 2, "", BY)
        await store.submit([message(2)])
        assert await left(store) == 1
        await assert_adds_up(store)

    async def test_an_account_may_begin_prepaid(self, store: Store) -> None:
        await store.add_account(Account("bakery", NOW, terms=Terms(payment=Payment.PREPAID)), [])
        assert (await store.account("bakery")).credits == 0

    async def test_each_part_costs_one_and_the_movements_say_for_what(self, store: Store) -> None:
        await prepaid(store, 10)
        await store.submit([message(1, parts=3), message(2)])
        assert await left(store) == 6
        newest = (await store.movements("shop", 1, "")).rows[0]
        assert (newest.kind, newest.amount, newest.message, newest.balance) == ("reserve", -1, message(2).id, 6)
        await assert_adds_up(store)

    async def test_what_is_not_covered_is_not_queued_and_not_charged(self, store: Store) -> None:
        await prepaid(store, 3)
        with pytest.raises(OutOfCredit):
            await store.submit([message(1, parts=2), message(2, parts=2)])
        assert await left(store) == 3
        assert (await store.messages("shop", MessageQuery())).rows == ()
        assert await store.events("shop", 0, 9) == []
        await store.submit([message(1, parts=3)])
        assert await left(store) == 0

    async def test_a_key_of_a_refused_submission_is_free_again(self, store: Store) -> None:
        await prepaid(store, 0)
        with pytest.raises(OutOfCredit):
            await store.submit([message(1)], "key", "digest")
        await store.top_up("shop", 1, "", BY)
        assert (await store.submit([message(1)], "key", "digest"))[1] is False
        assert (await store.submit([message(2)], "key", "digest"))[1] is True
        assert await left(store) == 0

    @pytest.mark.parametrize("apart", [True, False])
    async def test_two_hundred_at_once_never_overdraw_a_hundred_credits(self, store: Store, apart: bool) -> None:
        await prepaid(store, 100)
        answers = await asyncio.gather(
            *(store.submit([message(number)], apart=apart) for number in range(200)), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, OutOfCredit)]
        assert (len(refused), await left(store)) == (100, 0)
        assert len((await store.messages("shop", MessageQuery(limit=300))).rows) == 100
        await assert_adds_up(store)

    async def test_one_account_without_credits_takes_no_other_with_it(self, store: Store) -> None:
        await prepaid(store, 1)
        answers = await asyncio.gather(
            store.submit([message(1, account="cafe")]), store.submit([message(2), message(3)]),
            store.submit([message(4, account="cafe")]), return_exceptions=True,
        )  # fmt: skip
        assert [isinstance(answer, OutOfCredit) for answer in answers] == [False, True, False]
        assert await left(store) == 1

    async def test_a_postpaid_account_goes_below_zero(self, store: Store) -> None:
        await store.top_up("shop", 1, "", BY)
        await store.submit([message(1, parts=4)])
        assert await left(store) == -3
        await store.top_up("shop", -2, "", BY)
        assert await left(store) == -5
        await assert_adds_up(store)

    async def test_nothing_of_a_postpaid_account_is_counted_before_the_first_top_up(self, store: Store) -> None:
        await store.change_account("shop", AccountChange(payment=Payment.POSTPAID, requests_per_minute=5), BY)
        await store.submit([message(1)])
        assert await left(store) is None
        await store.top_up("shop", 5, "", BY)
        await store.cancel(message(1).id, NOW)
        assert await movements(store) == [("top_up", 5)]

    async def test_an_operator_cannot_take_more_than_a_prepaid_account_has(self, store: Store) -> None:
        await prepaid(store, 5)
        with pytest.raises(BadRequest):
            await store.top_up("shop", -6, "", BY)
        await store.top_up("shop", -5, "mistake", BY)
        assert await movements(store) == [("top_up", 5), ("adjust", -5)]

    async def test_a_cancelled_message_gives_back_what_it_took(self, store: Store) -> None:
        await prepaid(store, 5)
        await store.submit([message(1, parts=2)])
        await store.cancel(message(1).id, NOW)
        assert await movements(store) == [("top_up", 5), ("reserve", -2), ("refund", 2)]

    async def test_an_expired_message_gives_back_what_it_took_once(self, store: Store) -> None:
        await prepaid(store, 5)
        await store.submit([message(1, parts=2, expires_at=NOW + 1)])
        await store.advance(NOW + 1)
        await store.advance(NOW + 2)
        assert await movements(store) == [("top_up", 5), ("reserve", -2), ("refund", 2)]

    async def test_parts_that_went_out_stay_paid(self, store: Store) -> None:
        await prepaid(store, 5)
        await store.submit([message(1, parts=3)])
        assert (await carry(store, State.SENT, State.FAILED)).state is State.FAILED
        assert await left(store) == 4
        await store.resend(message(1).id, NOW)
        assert await left(store) == 2
        assert (await carry(store, State.SENT, State.SENT)).state is State.SENT
        assert await left(store) == 2
        await assert_adds_up(store)

    async def test_a_phone_sends_all_parts_in_one(self, store: Store) -> None:
        await prepaid(store, 5)
        await store.submit([message(1, parts=3)])
        assert (await carry(store, State.SENT, whole=True)).state is State.SENT
        await store.settle(InboundReport("office", "1", message(1).recipient, 1, State.FAILED), NOW)
        assert (await store.message(message(1).id)).state is State.FAILED
        assert await movements(store) == [("top_up", 5), ("reserve", -3)]

    @pytest.mark.parametrize(("credits", "state"), [(4, State.QUEUED), (3, State.FAILED)])
    async def test_what_the_network_gave_up_too_early_goes_on_when_it_is_paid_again(
        self, store: Store, credits: int, state: State
    ) -> None:
        await prepaid(store, credits)
        await store.submit([message(1, parts=2)])
        await carry(store, State.FAILED)
        await store.submit([message(2, parts=2, due_at=NOW + DAY)])
        await store.settle(InboundReport("office", "1", message(1).recipient, 1, State.DELIVERED), NOW)
        assert (await store.message(message(1).id)).state is state
        assert await left(store) == 0
        await assert_adds_up(store)

    async def test_another_try_is_refused_when_it_is_not_covered(self, store: Store) -> None:
        await prepaid(store, 2)
        await store.submit([message(1, parts=2)])
        await carry(store, State.FAILED)
        await store.submit([message(2)])
        with pytest.raises(OutOfCredit):
            await store.resend(message(1).id, NOW)
        assert (await store.message(message(1).id)).state is State.FAILED
        assert await left(store) == 1

    async def test_an_unknown_outcome_stays_paid_until_it_is_settled(self, store: Store) -> None:
        await prepaid(store, 2)
        await store.submit([message(1)])
        assert (await carry(store, State.UNKNOWN)).state is State.UNKNOWN
        assert await left(store) == 1
        await store.resend(message(1).id, NOW)
        assert await left(store) == 1

    @pytest.mark.parametrize("seed", range(6))
    async def test_the_movements_add_up_whatever_happens_in_whatever_order(self, store: Store, seed: int) -> None:
        dice = random.Random(seed)
        payment = dice.choice(list(Payment))
        await store.change_account("shop", AccountChange(payment=payment), BY)
        await store.top_up("shop", 12, "", BY)
        now, count = NOW, 0
        for _ in range(70):
            count, now = count + 1, now + 1000
            ids = [row.id for row in (await store.messages("shop", MessageQuery(limit=500))).rows] or [message(0).id]
            fresh = message(count, parts=dice.randint(1, 3), due_at=now, expires_at=now + dice.choice((500, 60_000)))
            try:
                match dice.randrange(6):
                    case 0 | 1:
                        await store.submit([fresh, message(1000 + count, due_at=now)])
                    case 2:
                        await store.cancel(dice.choice(ids), now)
                    case 3:
                        await store.resend(dice.choice(ids), now)
                    case 4:
                        await store.advance(now)
                    case 5:
                        claim = await store.claim("office", ("", "office"), now, dice.random() < 0.5)
                        if claim is not None:
                            state = dice.choice((State.SENT, State.FAILED, State.UNKNOWN, State.QUEUED))
                            last = await store.record(Outcome(claim.message.id, claim.index, state, count), now)
                            if last.state is State.SENDING:
                                await store.recover(now)
            except BridgeError:
                continue
            assert payment is Payment.POSTPAID or (await left(store) or 0) >= 0
        await assert_adds_up(store)
        assert {kind for kind, _ in await movements(store)} == {"top_up", "reserve", "refund"}


class TestLists:
    async def test_a_number_on_the_list_gets_nothing_and_costs_nothing(self, store: Store) -> None:
        await prepaid(store, 5)
        await store.suppress("shop", message(1).recipient, "asked for it", BY)
        stored, _ = await store.submit([message(1), message(2, parts=2)])
        assert [each.state for each in stored] == [State.FAILED, State.QUEUED]
        assert stored[0].error.startswith("MBBLACK: ")
        assert await store.message(message(1).id) == stored[0]
        assert await left(store) == 3
        told = [(each.name, each.subject) for each in await store.events("shop", 0, 9)]
        assert told == [
            (event.MESSAGE_SUBMITTED, message(1).id),
            (event.MESSAGE_SUBMITTED, message(2).id),
            (event.MESSAGE_FAILED, message(1).id),
        ]
        claim = await store.claim("office", ("",), NOW)
        assert claim is not None
        assert claim.message.id == message(2).id
        with pytest.raises(NotPossible, match="list"):
            await store.resend(message(1).id, NOW)

    async def test_scheduled_messages_and_other_submissions_of_the_commit_are_told_apart(self, store: Store) -> None:
        await store.suppress("shop", "+15550101", "", BY)
        answers = await asyncio.gather(
            store.submit([message(1, state=State.SCHEDULED, due_at=NOW + DAY)]),
            store.submit([message(2), message(101)]),
            store.submit([message(201, account="cafe")]),
        )
        states = [[each.state.value for each in stored] for stored, _ in answers]
        assert states == [["failed"], ["queued", "failed"], ["queued"]]

    async def test_what_waits_is_not_sent_any_more(self, store: Store) -> None:
        await prepaid(store, 5)
        await store.submit([message(1), message(2), message(101, state=State.SCHEDULED, due_at=NOW + DAY)])
        await store.suppress("shop", "+15550101", "", BY)
        assert [(await store.message(message(number).id)).state for number in (1, 2, 101)] == [
            State.FAILED, State.QUEUED, State.FAILED,
        ]  # fmt: skip
        assert await left(store) == 4

    async def test_a_report_on_its_first_part_does_not_send_the_rest(self, store: Store) -> None:
        await store.submit([message(1, parts=2)])
        await carry(store, State.SENT, State.QUEUED)
        await store.suppress("shop", "+15550101", "", BY)
        await store.settle(InboundReport("office", "1", "+15550101", 1, State.DELIVERED), NOW)
        assert (await store.message(message(1).id)).state is State.FAILED

    async def test_a_number_taken_off_gets_messages_again(self, store: Store) -> None:
        await store.suppress("shop", "+15550101", "why", BY)
        assert await store.suppressed("shop") == [("+15550101", "why", NOW, "")]
        await store.allow("shop", "+15550101", BY)
        with pytest.raises(NoSuchThing):
            await store.allow("shop", "+15550101", BY)
        stored, _ = await store.submit([message(1)])
        assert stored[0].state is State.QUEUED

    async def test_tells_of_one_number_however_it_is_written(self, store: Store) -> None:
        await store.change_account("shop", AccountChange(country="GB"), BY)
        put = await store.suppress("shop", "07700 900123", "why", BY)
        assert put == ("+447700900123", "why", NOW, "")
        assert await store.suppress("shop", "+44 7700 900123", "another reason", BY) == put
        assert await store.suppression("shop", "07700900123") == put
        for account, number in (("cafe", "+447700900123"), ("shop", "+447700900124")):
            with pytest.raises(NoSuchThing):
                await store.suppression(account, number)
        await store.allow("shop", "(07700) 900-123", BY)
        with pytest.raises(NoSuchThing):
            await store.suppression("shop", "07700 900123")

    async def hear(self, store: Store, text: str, sender: str = "+15550101", line: str = "office") -> None:
        slot = str(random.random())
        assert await store.receive(InboundPart(line, slot, sender, text), line, NOW) is not None

    async def numbers(self, store: Store, account: str = "shop") -> list[str]:
        return [entry.number for entry in await store.suppressed(account)]

    @pytest.mark.parametrize("word", ["STOP", " stop\n", "Stop.", "STOP please", "unsubscribe", "退订", "TD", "Quit"])
    async def test_a_recipient_who_writes_stop_gets_nothing_more_by_that_line(self, store: Store, word: str) -> None:
        await store.submit([message(1)])
        await carry(store, State.SENT)
        await self.hear(store, word)
        again = [message(101), message(201, account="cafe"), message(202, account="cafe")]
        stored, _ = await store.submit(again)
        assert [each.state.value for each in stored] == ["failed", "failed", "queued"]
        assert stored[0].error.startswith("MBBLACK: the recipient wrote ")
        with pytest.raises(NotPossible, match="the recipient wrote"):
            await store.resend(message(101).id, NOW)
        await self.hear(store, "start")
        stored, _ = await store.submit([message(301), message(401, account="cafe")])
        assert [each.state for each in stored] == [State.QUEUED, State.QUEUED]

    @pytest.mark.parametrize("text", ["T", "N", "", "stop it", "Stop by at noon", "CANCEL", "START"])
    async def test_other_words_are_just_words(self, store: Store, text: str) -> None:
        await store.submit([message(1)])
        await carry(store, State.SENT)
        await self.hear(store, text)
        assert await self.numbers(store) == []

    async def test_what_waits_for_a_recipient_who_writes_stop_is_not_sent(self, store: Store) -> None:
        await prepaid(store, 5)
        await store.submit([
            message(1, parts=2), message(101, account="cafe", state=State.SCHEDULED, due_at=NOW + DAY), message(2),
            message(201, route="another"),
        ])  # fmt: skip
        await self.hear(store, "STOP")
        states = [(await store.message(message(number).id)).state.value for number in (1, 101, 2, 201)]
        assert states == ["failed", "failed", "queued", "queued"]
        assert await left(store) == 3

    async def test_a_stop_holds_for_an_account_that_comes_later(self, store: Store) -> None:
        await self.hear(store, "STOP")
        await store.add_account(Account("bakery", NOW), [])
        stored, _ = await store.submit([message(1, account="bakery")])
        assert stored[0].state is State.FAILED
        assert await self.numbers(store, "bakery") == ["+15550101"]

    @pytest.mark.parametrize(
        ("line", "route", "state"),
        [
            ("office", "", "failed"), ("office", "office", "failed"), ("office", ":1", "failed"),
            ("office", "another", "queued"), ("office", ":2", "queued"),
            ("duo:2", "duo", "failed"), ("duo:2", ":2", "failed"), ("duo:2", "duo:1", "queued"),
            ("duo:2", ":1", "queued"),
        ],
    )  # fmt: skip
    async def test_a_stop_is_about_what_may_go_by_its_line(
        self, store: Store, line: str, route: str, state: str
    ) -> None:
        part = InboundPart(line, "1", "+15550101", "STOP")
        await store.receive(part, line.partition(":")[0], NOW)
        stored, _ = await store.submit([message(1, route=route)])
        assert stored[0].state.value == state

    async def test_a_national_spelling_is_the_same_recipient(self, store: Store) -> None:
        await self.hear(store, "STOP", "+447700900123")
        numbers = ("07700900123", "+447700900123", "+17700900123")
        stored, _ = await store.submit([message(number, recipient=each) for number, each in enumerate(numbers)])
        assert [each.state.value for each in stored] == ["failed", "failed", "queued"]
        await self.hear(store, "UNSTOP", "+447700900123")
        assert (await store.submit([message(9, recipient="07700900123")]))[0][0].state is State.QUEUED

    async def test_the_trail_and_the_events_say_that_it_was_the_recipient_each_once(self, store: Store) -> None:
        for word in ("Stop", "STOP please", "start", "START"):
            await self.hear(store, word)
        told = [(row.at, row.who, row.what, row.account, row.detail) for row in (await store.audit("shop")).rows]
        assert told == [
            (NOW, "the recipient", "allow", "", "+15550101, for every account by office"),
            (NOW, "the recipient", "suppress", "", "+15550101, wrote STOP to office: for every account by office"),
        ]
        news = [each for each in await store.events("shop", 0, 99) if each.name.startswith("recipient.")]
        assert [(each.name, each.account, each.subject, each.data["word"]) for each in news] == [
            (event.RECIPIENT_STOPPED, "", "+15550101", "STOP"),
            (event.RECIPIENT_STARTED, "", "+15550101", "START"),
        ]
        assert (news[0].data["line"], news[0].data["number"], news[0].data["scope"]) == ("office", "+15550101", "line")

    async def test_what_the_operator_put_there_is_not_the_recipients_to_lift(self, store: Store) -> None:
        await store.suppress("shop", "+15550101", "by letter", BY)
        await self.hear(store, "START")
        assert await self.numbers(store) == ["+15550101"]

    async def test_the_operator_lifts_a_stop_for_every_account(self, store: Store) -> None:
        await self.hear(store, "STOP")
        assert (await store.suppression("cafe", "+15550101")).line == "office"
        await store.allow("shop", "+15550101", BY)
        assert await self.numbers(store) == ["+15550101"]
        await store.allow("shop", "+15550101", BY, for_all=True)
        assert (await self.numbers(store), await self.numbers(store, "cafe")) == ([], [])
        assert (await store.submit([message(1)]))[0][0].state is State.QUEUED

    async def test_a_stop_survives_a_restart(self, store: Store, reopen: Opener) -> None:
        await self.hear(store, "STOP")
        again = await reopen()
        assert (await again.submit([message(1)]))[0][0].state is State.FAILED


class TestDailyLimit:
    async def test_a_recipient_gets_so_many_a_day_and_no_more(self, store: Store) -> None:
        await store.change_account("shop", AccountChange(daily_per_recipient=2), BY)
        await store.submit([message(1), message(2)])
        await store.submit([message(101)])
        with pytest.raises(DailyLimit):
            await store.submit([message(3), message(201)])
        assert len((await store.messages("shop", MessageQuery())).rows) == 3
        await store.submit([message(3), message(102), message(301, account="cafe")])

    async def test_the_day_is_that_of_the_accounts_zone(self, store: Store) -> None:
        await store.change_account("shop", AccountChange(daily_per_recipient=1, zone="UTC"), BY)
        await store.submit([message(1)])
        with pytest.raises(DailyLimit):
            await store.submit([message(101, due_at=EVENING)])
        await store.change_account("shop", AccountChange(daily_per_recipient=1, zone="Asia/Shanghai"), BY)
        await store.submit([message(2)])
        await store.submit([message(102, due_at=EVENING)])

    async def test_a_blocked_message_does_not_count(self, store: Store) -> None:
        await store.change_account("shop", AccountChange(daily_per_recipient=1), BY)
        await store.suppress("shop", "+15550101", "", BY)
        await store.submit([message(1), message(101)])
        await store.allow("shop", "+15550101", BY)
        await store.submit([message(201)])


class TestBooks:
    async def test_a_template_is_replaced_by_another_of_its_id(self, store: Store) -> None:
        first = Template("shop", "code", "Code {1}", created_at=NOW)
        assert await store.keep_template(first, BY) == first
        await store.keep_template(Template("shop", "code", "Your code: {1}", approved=False, created_at=NOW + 1), BY)
        await store.keep_template(Template("shop", "alarm", "Alarm", created_at=NOW), BY)
        changed = replace(first, text="Your code: {1}", approved=False)
        assert await store.templates("shop") == [Template("shop", "alarm", "Alarm", created_at=NOW), changed]
        assert (await store.template("shop", "code"), await store.template("cafe", "code")) == (changed, None)
        await store.drop_template("shop", "code", BY)
        with pytest.raises(NoSuchThing):
            await store.drop_template("shop", "code", BY)

    @pytest.mark.parametrize(
        ("before", "text", "approved"),
        [(None, "Code {1}", False), (True, "Code {1}", True), (True, "Win {1}", False), (False, "Code {1}", False)],
    )
    async def test_a_proposed_template_is_approved_only_when_it_was_word_for_word(
        self, store: Store, before: bool | None, text: str, approved: bool
    ) -> None:
        if before is not None:
            await store.keep_template(Template("shop", "code", "Code {1}", before), BY)
        kept = await store.keep_template(Template("shop", "code", text), BY, proposed=True)
        assert kept == await store.template("shop", "code") == Template("shop", "code", text, approved, NOW)

    async def test_the_trail_tells_of_changes_newest_first_in_pages(self, store: Store) -> None:
        for number in range(3):
            await store.top_up("shop", number, "", BY)
        await store.top_up("cafe", 1, "", BY)
        page = await store.audit("shop", 2, "")
        assert [row.detail for row in page.rows] == ["+2", "+1"]
        assert [row.detail for row in (await store.audit("shop", 2, page.cursor)).rows] == ["+0"]
        assert [row.account for row in (await store.audit("", 1, "")).rows] == ["cafe"]

    async def test_a_change_that_fails_leaves_no_line_in_the_trail(self, store: Store) -> None:
        await prepaid(store, 1)
        before = (await store.audit("", 9, "")).rows
        with pytest.raises(BadRequest):
            await store.top_up("shop", -2, "", BY)
        assert (await store.audit("", 9, "")).rows == before

    async def test_a_reference_used_before_is_named(self, store: Store) -> None:
        await store.submit([message(1, client_ref="a")])
        with pytest.raises(AlreadyUsed, match="'a'"):
            await store.submit([message(2, client_ref="a")])


ALL, NONE = frozenset({"office"}), frozenset[str]()


class TestHandingOut:
    async def reports(
        self, store: Store, report_on: str = "", reporting: frozenset[str] = ALL, limit: int = 9
    ) -> list[tuple[str, bool]]:
        ends = await store.hand_out_reports("shop", report_on, reporting, limit)
        return [(message.state.value, success) for message, success, _ in ends]

    @pytest.mark.parametrize(
        ("report_on", "reporting", "asked", "expected"),
        [
            ("", ALL, True, []),
            ("", NONE, True, [("sent", True)]),
            ("", ALL, False, [("sent", True)]),
            ("sent", ALL, True, [("sent", True)]),
            ("delivered", NONE, False, []),
        ],
    )
    async def test_sent_is_an_end_where_no_more_is_to_be_heard(
        self, store: Store, report_on: str, reporting: frozenset[str], asked: bool, expected: list[tuple[str, bool]]
    ) -> None:
        await store.submit([message(1, report=asked)])
        await carry(store, State.SENT)
        assert await self.reports(store, report_on, reporting) == expected
        assert await self.reports(store, report_on, reporting) == []

    async def test_each_end_is_handed_out_once_over_a_restart(self, store: Store, reopen: Opener) -> None:
        await store.submit([message(1), message(2)])
        await carry(store, State.SENT)
        await carry(store, State.FAILED)
        assert await self.reports(store) == [("failed", False)]
        store = await reopen()
        assert await self.reports(store) == []
        await store.settle(InboundReport("office", "1", message(1).recipient, 1, State.DELIVERED), NOW)
        assert await self.reports(store) == [("delivered", True)]
        assert await self.reports(store) == []

    async def test_after_a_success_nothing_more_is_told(self, store: Store) -> None:
        await store.submit([message(1)])
        await carry(store, State.SENT)
        assert await self.reports(store, "sent") == [("sent", True)]
        await store.settle(InboundReport("office", "1", message(1).recipient, 1, State.FAILED), NOW)
        assert await self.reports(store, "sent") == []

    async def test_sent_and_delivered_between_two_calls_is_one_success(self, store: Store) -> None:
        await store.submit([message(1)])
        await carry(store, State.SENT)
        await store.settle(InboundReport("office", "1", message(1).recipient, 1, State.DELIVERED), NOW)
        assert await self.reports(store, "sent") == [("sent", True)]
        assert await self.reports(store, "sent") == []

    async def test_a_report_says_how_it_was_then(self, store: Store) -> None:
        await store.submit([message(1)])
        await carry(store, State.FAILED)
        await store.resend(message(1).id, NOW)
        [(then, success, at)] = await store.hand_out_reports("shop", "", ALL, 9)
        assert (then.state, then.error, success, at) == (State.FAILED, "refused", False, NOW)

    async def test_so_many_at_a_time_in_order_and_none_lost(self, store: Store) -> None:
        await store.submit([message(number) for number in range(5)])
        for number in (3, 1, 4, 0, 2):
            await store.cancel(message(number).id, NOW)
        batches = [[each.id for each, _, _ in await store.hand_out_reports("shop", "", ALL, 2)] for _ in range(4)]
        order = [message(number).id for number in (3, 1, 4, 0, 2)]
        assert batches == [order[:2], order[2:4], order[4:], []]

    async def test_accounts_hear_of_their_own_only(self, store: Store) -> None:
        await store.submit([message(1, account="cafe")])
        await store.cancel(message(1).id, NOW)
        assert await self.reports(store) == []
        assert len(await store.hand_out_reports("cafe", "", ALL, 9)) == 1

    async def test_answers_have_the_tag_of_the_last_message_of_the_dialect_before_them(self, store: Store) -> None:
        told = (("8613800138000", "10", "v1"), ("+8613800138000", "11", "v1"), ("+8613800138000", "12", "else"))
        for number, (recipient, tag, dialect) in enumerate(told):
            at = NOW + 10 * number
            sent = replace(message(number), recipient=recipient, tag=tag, dialect=dialect, created_at=at)
            await store.submit([sent])
        for number, at in enumerate((NOW - 1, NOW + 5, NOW + 15, NOW + 25)):
            await store.receive(InboundPart("office", str(number), "+8613800138000", f"{number}"), "office", at)
        answers = await store.hand_out_received("shop", 0, 9)
        assert await store.tags("shop", "v1", answers) == ["", "10", "11", "11"]
        assert await store.tags("cafe", "v1", answers) == [""] * 4
        assert await store.tags("shop", "v1", []) == []

    async def test_received_sms_are_handed_out_once_to_each_account(self, store: Store, reopen: Opener) -> None:
        for number, at in enumerate((NOW - 1, NOW, NOW + 1, NOW + 2)):
            await store.receive(InboundPart("office", str(number), "+15550101", f"{number}"), "office", at)
        assert [each.text for each in await store.hand_out_received("shop", NOW, 2)] == ["1", "2"]
        store = await reopen()
        assert [each.text for each in await store.hand_out_received("shop", NOW, 2)] == ["3"]
        assert await store.hand_out_received("shop", NOW, 2) == []
        assert [each.text for each in await store.hand_out_received("cafe", NOW + 2, 9)] == ["3"]
