"""Webhook endpoints as accounts ask for them, and who is told that something changed."""

import pytest

from bridge.errors import BadRequest, NoSuchThing, NotPossible
from bridge.gateway.endpoints import Endpoints
from bridge.model.payload_format import FORMATS
from bridge.model.query import LedgerQuery
from bridge.store.sqlite import SqliteStore
from tests.support.clocks import START, FakeClock
from tests.support.store_rows import CAFE, SHOP
from tests.unit.bridge.gateway.conftest import CHIEF

ME, URL = "shop (key till)", "https://shop.example/hook"


@pytest.fixture
def poked() -> list[str | None]:
    return []


@pytest.fixture
def endpoints(store: SqliteStore, poked: list[str | None]) -> Endpoints:
    async def check(url: str) -> None:
        if "forbidden" in url:
            raise BadRequest("not there", "url")

    return Endpoints(store, FakeClock(), check, poked.append)


@pytest.mark.parametrize("format", FORMATS)
async def test_a_new_one_has_a_secret_and_as_many_attempts_as_its_format_promises(
    endpoints: Endpoints, format: str
) -> None:
    made = await endpoints.add(ME, SHOP, URL, format, ["message.received"])
    assert made.secret.startswith("whsec_")
    assert (made.max_attempts, made.created_at) == (FORMATS[format].attempts, START)
    assert list(await endpoints.find(SHOP)) == [made] == [await endpoints.get(SHOP, made.id)]


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("format", {"format": "xml"}),
        ("events", {"names": ["message.eaten"]}),
        ("events", {"names": []}),
        ("url", {"url": "https://forbidden.example"}),
    ],
)
async def test_what_makes_no_sense_is_refused_by_name(
    endpoints: Endpoints, poked: list[str | None], field: str, options: dict[str, object]
) -> None:
    with pytest.raises(BadRequest) as caught:
        await endpoints.add(ME, SHOP, **({"url": URL} | options))  # type: ignore[arg-type]
    assert (caught.value.field, list(await endpoints.find(SHOP)), poked) == (field, [], [])


async def test_one_account_does_not_reach_the_endpoint_of_another(endpoints: Endpoints) -> None:
    made = await endpoints.add(ME, SHOP, URL)
    for call in (endpoints.pause(ME, CAFE, made.id, True), endpoints.rotate(ME, CAFE, made.id)):
        with pytest.raises(NoSuchThing):
            await call
    with pytest.raises(NoSuchThing):
        await endpoints.remove(ME, CAFE, made.id)
    assert (await endpoints.pause("chief", CHIEF, made.id, True)).paused


async def test_a_rotation_has_two_steps(endpoints: Endpoints) -> None:
    made = await endpoints.add(ME, SHOP, URL)
    with pytest.raises(NotPossible, match="no rotation was begun"):
        await endpoints.rotate(ME, SHOP, made.id, finish=True)
    begun = await endpoints.rotate(ME, SHOP, made.id)
    assert (begun.secret, begun.next_secret != "") == (made.secret, True)
    done = await endpoints.rotate(ME, SHOP, made.id, finish=True)
    assert (done.secret, done.next_secret) == (begun.next_secret, "")


async def test_each_change_wakes_its_queue(endpoints: Endpoints, poked: list[str | None]) -> None:
    made = (await endpoints.add(ME, SHOP, URL)).id
    await endpoints.pause(ME, SHOP, made, True)
    await endpoints.pause(ME, SHOP, made, True)  # somebody asks again: what is owed is tried now
    await endpoints.rotate(ME, SHOP, made)
    await endpoints.remove(ME, SHOP, made)
    await endpoints.redeliver(SHOP, LedgerQuery())
    assert poked == [made] * 5 + [None]
