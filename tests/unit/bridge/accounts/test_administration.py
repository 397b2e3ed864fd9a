"""The operator's administration and what it changes for callers, over a real store."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.bus import Bus
from bridge.errors import BadRequest, InvalidNumber, NoSuchThing, NotVerified, UnknownCaller, UnknownTemplate
from bridge.gateway.gateway import Devices, Gateway
from bridge.model.account import Account, AccountChange, Payment, Template, Terms, Verification
from bridge.model.line import Line
from bridge.model.message import Draft, State
from bridge.model.radio import InboundPart
from bridge.ports.store_rows import Outcome
from bridge.store import open_store
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import START, FakeClock
from tests.support.empty_store import empty_store

ME = "command line"


class Site:
    """A gateway, its clock, and the store behind it."""

    def __init__(self, store: SqliteStore, clock: FakeClock) -> None:
        self.store = store
        self.clock = clock
        self.lines = [Line("office", "office", "virtual")]
        self.gateway = Gateway(store, Bus(), devices=Devices(lambda: self.lines), clock=clock)
        self.administration = self.gateway.administration

    async def shop(self) -> Account:
        return await self.administration.account("shop")

    async def trail(self) -> list[tuple[str, str, str]]:
        """Oldest first."""
        rows = (await self.administration.audit("shop")).rows
        assert all(row.at == self.clock.at for row in rows)
        return [(row.who, row.what, row.detail) for row in reversed(rows)]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    store = await open_store(empty_store(tmp_path))
    assert isinstance(store, SqliteStore)
    await store.add_account(Account("shop", START), [])
    yield Site(store, FakeClock())
    await store.close()


async def test_each_change_leaves_a_line_in_the_trail(site: Site) -> None:
    await site.administration.change_account(
        ME, "shop", AccountChange(payment=Payment.PREPAID, addresses=("192.0.2.0/24",), country="gb")
    )
    await site.administration.change_account(ME, "shop", AccountChange(disabled=True))
    await site.administration.change_account("root", "shop", AccountChange(disabled=False))
    await site.administration.top_up(ME, "shop", 5, "invoice 17")
    await site.administration.top_up(ME, "shop", -2)
    await site.administration.rotate(ME, "shop", "apikey", 60)
    await site.administration.rotate(ME, "shop", "webhook", 0)
    await site.administration.add_template(ME, Template("shop", "code", "Code {1}"))
    await site.administration.remove_template(ME, "shop", "code")
    await site.administration.suppress(ME, "shop", "07700 900123", "by letter")
    await site.administration.allow(ME, "shop", "+447700900123")
    assert await site.trail() == [
        (
            ME,
            "terms",
            "payment: postpaid → prepaid, addresses: any → 192.0.2.0/24, country: none → GB, credits: not counted → 0",
        ),
        (ME, "disable", ""),
        ("root", "enable", ""),
        (ME, "top_up", "+5 (invoice 17)"),
        (ME, "top_up", "-2"),
        (ME, "rotate", "apikey, the old ones end after 60 s"),
        (ME, "rotate", "webhook"),
        (ME, "template", "code, approved"),
        (ME, "remove_template", "code"),
        (ME, "suppress", "+447700900123"),
        (ME, "allow", "+447700900123"),
    ]


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (AccountChange(addresses=("192.0.2.0/24", "everywhere")), "addresses"),
        (AccountChange(addresses=("192.0.2.0/33",)), "addresses"),
        (AccountChange(requests_per_minute=-1), "requests_per_minute"),
        (AccountChange(daily_per_recipient=-1), "daily_per_recipient"),
        (AccountChange(zone="Mars/Olympus"), "zone"),
        (AccountChange(zone="../../etc/passwd"), "zone"),
        (AccountChange(zone=""), "zone"),
        (AccountChange(country="Britain"), "country"),
        (AccountChange(country="XX"), "country"),
        (AccountChange(report_on="maybe"), "report_on"),
    ],
)
async def test_terms_that_make_no_sense_are_refused(site: Site, terms: AccountChange, field: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await site.administration.change_account(ME, "shop", terms)
    assert caught.value.field == field
    assert (await site.shop()).terms == Terms()
    assert await site.trail() == []


async def test_fresh_credentials_overlap_with_the_old_ones(site: Site) -> None:
    old = await site.administration.rotate(ME, "shop", "client", 0)
    new = await site.administration.rotate(ME, "shop", "client", 60)
    assert set(new) == {"account", "client_id", "client_secret"}

    async def enters(printed: dict[str, str]) -> bool:
        try:
            await site.gateway.authenticator.enter("client", printed["client_id"], printed["client_secret"], "")
        except UnknownCaller:
            return False
        return True

    site.clock.at += 58_000
    assert (await enters(old), await enters(new)) == (True, True)
    site.clock.at += 2_000
    assert (await enters(old), await enters(new)) == (False, True)


async def test_a_rotation_of_nothing_known_is_refused(site: Site) -> None:
    for name, kind, overlap in (("shop", "nonsense", 0), ("shop", "apikey", -1)):
        with pytest.raises(BadRequest):
            await site.administration.rotate(ME, name, kind, overlap)
    for kind in ("apikey", "webhook"):
        with pytest.raises(NoSuchThing):
            await site.administration.rotate(ME, "nobody", kind, 0)


@pytest.mark.parametrize("verification", [Verification.PENDING, Verification.REJECTED])
async def test_only_who_was_looked_at_may_send(site: Site, verification: Verification) -> None:
    shop = await site.administration.change_account(ME, "shop", AccountChange(verification=verification))
    with pytest.raises(NotVerified):
        await site.gateway.submit(shop, [Draft("+15550100", "x")])
    approved = replace(shop, terms=Terms())
    made = await site.gateway.submit(approved, [Draft("+15550100", "x")])
    await site.store.advance(made.messages[0].expires_at)
    with pytest.raises(NotVerified):
        await site.gateway.resend(shop, made.messages[0].id)


async def test_national_numbers_belong_to_the_accounts_country(site: Site) -> None:
    shop = await site.administration.change_account(ME, "shop", AccountChange(country="GB"))
    made = await site.gateway.submit(shop, [Draft("07700 900123", "x")])
    assert (made.messages[0].recipient, made.messages[0].written) == ("+447700900123", "07700 900123")
    with pytest.raises(InvalidNumber):
        await site.gateway.submit(shop, [Draft("077009001234567", "x")])


async def test_a_number_is_put_on_the_list_however_it_is_written(site: Site) -> None:
    shop = await site.administration.change_account(ME, "shop", AccountChange(country="GB"))
    await site.administration.suppress(ME, "shop", "07700 900123")
    made = await site.gateway.submit(shop, [Draft("+44 7700 900123", "x"), Draft("+15550100", "x")])
    assert [message.state for message in made.messages] == [State.FAILED, State.QUEUED]
    with pytest.raises(InvalidNumber):
        await site.administration.suppress(ME, "shop", "nobody")


async def test_only_approved_templates_are_given_to_callers(site: Site) -> None:
    kept = await site.administration.add_template(ME, Template("shop", "code", "Code {1}", approved=False))
    assert kept.created_at == START
    for unknown in ("code", "other"):
        with pytest.raises(UnknownTemplate):
            await site.administration.template("shop", unknown)
    await site.administration.add_template(ME, replace(kept, approved=True))
    assert await site.administration.template("shop", "code") == replace(kept, approved=True)
    assert await site.administration.templates("shop") == [replace(kept, approved=True)]


@pytest.mark.parametrize(("id", "text"), [("", "x"), ("a b", "x"), ("x" * 65, "x"), ("code", " \n")])
async def test_a_template_needs_a_name_and_a_text(site: Site, id: str, text: str) -> None:
    with pytest.raises(BadRequest):
        await site.administration.add_template(ME, Template("shop", id, text))


async def test_movements_are_told_in_pages(site: Site) -> None:
    for number in range(3):
        await site.administration.top_up(ME, "shop", number + 1)
    page = await site.administration.movements("shop", limit=2)
    rest = await site.administration.movements("shop", limit=2, cursor=page.cursor)
    assert [row.balance for row in (*page.rows, *rest.rows)] == [6, 3, 1]
    with pytest.raises(NoSuchThing):
        await site.administration.movements("nobody")


async def test_reports_wait_for_what_the_line_can_tell(site: Site) -> None:
    shop = await site.shop()
    for report in (True, False):
        await site.gateway.submit(shop, [Draft("+15550100", "x", report=report)])
        claim = await site.store.claim("office", ("",), START)
        assert claim is not None
        await site.store.record(Outcome(claim.message.id, 1, State.SENT, 1), START)
    [only] = await site.gateway.pulls.reports(shop)
    assert (only.message.report, only.message.state, only.success, only.at) == (False, State.SENT, True, START)


async def test_received_sms_are_handed_out_once(site: Site) -> None:
    shop = await site.shop()
    await site.store.receive(InboundPart("office", "1", "+15550101", "hello"), "office", START)
    assert [each.text for each in await site.gateway.pulls.received(shop)] == ["hello"]
    assert await site.gateway.pulls.received(shop) == []
