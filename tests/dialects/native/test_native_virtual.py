"""The phones of a demo's customers over `/v1`: all of them, one, and writing on it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.dialects.native import virtual
from bridge.model.user import Role
from device_drivers.virtual.customers import Customers
from device_drivers.virtual.network.handset import Handset
from device_drivers.virtual.network.service_centre import Network
from tests.support.native_site import VIRTUAL, Site, site_in

LINE, ANA, BEN = "+15550190", "+15550150", "+15550151"
PHONES = "/v1/virtual/phones"


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    made = Network()
    for number in (LINE, ANA, BEN):
        made.handset(number)
    yield made
    made.close()


@pytest.fixture
async def site(tmp_path: Path, network: Network) -> AsyncIterator[Site]:
    async with site_in(tmp_path, virtual=Customers(network, [LINE])) as opened:
        yield opened


def arrived(network: Network) -> Handset:
    return network.handset(LINE)


async def test_shows_what_is_written_on_a_phone_and_brings_it_to_the_line(site: Site, network: Network) -> None:
    written = await site.operator.post(f"{PHONES}/{ANA}/messages", {"to": LINE, "text": "Is it open?"})
    assert (written.status, written.body["direction"], written.body["number"]) == (201, "out", LINE)
    assert [sms.text for sms in await arrived(network).wait()] == ["Is it open?"]
    network.handset(LINE).send(ANA, "Until six")
    await network.handset(ANA).wait()
    shown = await site.operator.get(f"{PHONES}/{ANA}")
    assert [(each["direction"], each["text"]) for each in shown.body["messages"]] == [
        ("out", "Is it open?"), ("in", "Until six"),
    ]  # fmt: skip
    listed = await site.operator.get(PHONES)
    assert [(each["number"], each["messages"]) for each in listed.body["phones"]] == [(ANA, 2), (BEN, 0)]


async def test_shows_a_quick_exchange_in_its_order(site: Site, network: Network) -> None:
    for turn in range(20):
        network.handset(ANA).send(LINE, f"question {turn}")
        network.handset(LINE).send(ANA, f"answer {turn}")
        await network.handset(ANA).wait(turn + 1)
    shown = await site.operator.get(f"{PHONES}/{ANA}")
    assert [each["text"] for each in shown.body["messages"]] == [
        f"{word} {turn}" for turn in range(20) for word in ("question", "answer")
    ]


@pytest.mark.parametrize(
    ("number", "body", "field"),
    [
        (ANA, {"to": BEN, "text": "x"}, "to"),
        (ANA, {"to": "nobody", "text": "x"}, "to"),
        (ANA, {"to": LINE, "text": ""}, "text"),
        (ANA, {"to": LINE}, "text"),
        (LINE, {"to": LINE, "text": "x"}, ""),
        ("nobody", {"to": LINE, "text": "x"}, "number"),
    ],
)
async def test_says_what_cannot_be_written(site: Site, number: str, body: dict[str, str], field: str) -> None:
    answer = await site.operator.post(f"{PHONES}/{number}/messages", body)
    assert answer.problem == (400, "bad-request", field)


async def test_a_reader_looks_and_an_operator_writes(site: Site) -> None:
    reader, operator = await site.person(Role.READER), await site.person(Role.OPERATOR)
    assert (await reader.get(PHONES)).status == 200
    assert (await reader.post(f"{PHONES}/{ANA}/messages", {"to": LINE, "text": "x"})).problem[0] == 403
    assert (await operator.post(f"{PHONES}/{ANA}/messages", {"to": LINE, "text": "x"})).status == 201
    assert (await site.nobody.get(PHONES)).problem[0] == 401


async def test_only_a_demo_has_them(tmp_path: Path) -> None:
    async with site_in(tmp_path) as plain:
        for path in (PHONES, f"{PHONES}/{ANA}", "/virtual.yaml"):
            assert (await plain.http.get(path, headers=plain.operator.headers)).status == 404
        assert 'name="demo" content=""' in await (await plain.http.get("/", headers={"Accept": "text/html"})).text()


async def test_the_document_is_valid_and_served_and_has_each_operation(site: Site, network: Network) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(VIRTUAL.tree).iter_errors()] == []
    known = {(each.method, each.path) for each in virtual.operations(Customers(network, [LINE]))}
    assert {(method, path) for method, path, _ in VIRTUAL.operations()} == known | {("GET", "/virtual.yaml")}
    answer = await site.nobody.get("/virtual.yaml")
    assert (answer.status, answer.body[:14]) == (200, "openapi: 3.1.0")
