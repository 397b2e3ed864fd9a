"""What every store must do, on every store there is (`bridge.store.STORES`), on real files."""

import asyncio
from dataclasses import replace

import pytest

from bridge.errors import BadRequest, IdempotencyConflict, NoSuchThing, NotPossible
from bridge.model import event as events
from bridge.model.account import AccountChange
from bridge.model.event import Event, message_data
from bridge.model.message import State
from bridge.model.payload_format import FORMATS
from bridge.model.query import LedgerQuery, MessageQuery
from bridge.model.radio import InboundPart
from bridge.model.webhook import DeliveryState, Endpoint
from bridge.ports.store import Store
from bridge.ports.store_rows import Credential
from tests.support.store_rows import BY, NOW, SHOP, Opener, claimed, message, sent


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
