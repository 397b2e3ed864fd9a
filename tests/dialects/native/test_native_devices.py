"""/v1/devices: what is right with a device, for operators."""

from tests.support.native_site import Site


async def test_an_operator_sees_what_was_found(site: Site) -> None:
    answer = await site.operator.get("/v1/devices/stick/examination")
    assert answer.body["device"] == "stick"
    assert [(each["level"], each["remedy"]) for each in answer.body["findings"]] == [
        ("ok", ""),
        ("fail", 'smsc = "+…"'),
    ]


async def test_a_device_that_is_not_there_is_said(site: Site) -> None:
    assert (await site.operator.get("/v1/devices/shop/examination")).problem == (404, "no-such-thing", "")


async def test_an_account_may_not_examine_devices(site: Site) -> None:
    assert (await site.shop.get("/v1/devices/stick/examination")).problem == (403, "not-allowed", "")
    assert (await site.nobody.get("/v1/devices/stick/examination")).problem[0] == 401


async def test_what_a_driver_remembers_is_read_and_written_by_operators(site: Site) -> None:
    assert (await site.operator.get("/v1/devices/till/memory")).body == {"device": "till", "memory": {}}
    for value in ("1", "2"):
        assert (await site.operator.call("PUT", "/v1/devices/till/memory/refused_pin", {"value": value})).status == 204
    assert (await site.operator.get("/v1/devices/till/memory")).body["memory"] == {"refused_pin": "2"}
    assert (await site.operator.get("/v1/devices/office/memory")).body["memory"] == {}
    for answer in (
        await site.shop.get("/v1/devices/till/memory"),
        await site.shop.call("PUT", "/v1/devices/till/memory/refused_pin", {"value": "3"}),
    ):
        assert answer.problem == (403, "not-allowed", "")
    assert await site.store.memories("till") == {"refused_pin": "2"}
