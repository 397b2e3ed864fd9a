"""/v1/devices: what is right with a device, for operators."""

from collections.abc import Sequence

from bridge.errors import NoSuchThing
from bridge.model.finding import Finding
from tests.support.native_site import Site

FOUND = [
    Finding("ok", "devices.office", "registered: home Virtual"),
    Finding("fail", "devices.office", "the SIM has no service centre number", 'smsc = "+…"'),
]


async def examination(device: str) -> Sequence[Finding]:
    """As the supervisor's."""
    if device != "office":
        raise NoSuchThing(f"there is no device {device!r}")
    return FOUND


async def test_an_operator_sees_what_was_found(site: Site) -> None:
    site.gateway.examination = examination
    answer = await site.operator.get("/v1/devices/office/examination")
    assert answer.body["device"] == "office"
    assert [(each["level"], each["remedy"]) for each in answer.body["findings"]] == [
        ("ok", ""),
        ("fail", 'smsc = "+…"'),
    ]


async def test_a_device_that_is_not_there_is_said(site: Site) -> None:
    assert (await site.operator.get("/v1/devices/shop/examination")).problem == (404, "no-such-thing", "")
    site.gateway.examination = examination
    assert (await site.operator.get("/v1/devices/shop/examination")).problem == (404, "no-such-thing", "")


async def test_an_account_may_not_examine_devices(site: Site) -> None:
    site.gateway.examination = examination
    assert (await site.shop.get("/v1/devices/office/examination")).problem == (403, "not-allowed", "")
    assert (await site.nobody.get("/v1/devices/office/examination")).problem[0] == 401
