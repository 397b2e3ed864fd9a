"""A code by which a site joins, and a device that waits for it."""

import json
import time
from typing import Any

import pytest

from bridge.errors import DeviceLost, SendRefused
from bridge.model.callback import Callback
from bridge.model.line import LineState
from bridge.model.radio import Outgoing
from bridge.ports.driver import Device, VolatileMemory
from device_drivers.bridge_remote import DRIVER, enrolment
from device_drivers.bridge_remote.options import Options, problems
from device_drivers.bridge_remote.waiting_link import WaitingLink

HUB = "https://hub.example"


def test_a_code_is_read_as_it_was_written_also_over_two_lines() -> None:
    code = enrolment.new_code(HUB, "shop2")
    written = code.written()
    assert enrolment.read_code(f" {written[:20]}\n{written[20:]} ") == code
    assert code.callback == "https://hub.example/callbacks/shop2/join"
    assert enrolment.new_code(HUB, "shop2").secret != code.secret


@pytest.mark.parametrize("nonsense", ["", "site2-abc", "site1-", "site1-abc", "site1-WyJhIl0", "site1-ä"])
def test_what_is_no_code_is_said_to_be_none(nonsense: str) -> None:
    with pytest.raises(ValueError, match="code"):
        enrolment.read_code(nonsense)


def waiting(ends_in: int = 60) -> tuple[WaitingLink, enrolment.Code, Device]:
    """A device that expects a site."""
    code = enrolment.new_code(HUB, "shop2")
    option = enrolment.option(code.secret, int(time.time()) + ends_in)
    assert problems({"join": option}) == []
    device = Device("shop2", "bridge_remote", {"join": option, "timeout": 0.5}, VolatileMemory())
    return WaitingLink(device, Options.of(device.options)), code, device


def call(secret: str, path: str = "join", **more: Any) -> Callback:
    body = {"secret": secret, "url": "http://127.0.0.1:9", "key": "k", **more}
    return Callback("POST", body=json.dumps(body).encode(), path=path)


async def test_it_waits_with_one_line_that_says_what_to_do() -> None:
    _, code, device = waiting()
    link = await DRIVER.open(device)
    [line] = link.lines
    assert (line.name, line.state) == ("shop2", LineState.PARKED)
    assert "sms-bridge join" in line.reason
    assert [each.level for each in await DRIVER.examine(device)] == ["warn"]
    with pytest.raises(SendRefused):
        await link.send("shop2", Outgoing("m1", "+15550100", "hi"))
    await link.close()
    with pytest.raises(DeviceLost):
        await anext(link.inbound())
    assert code.secret not in line.reason


@pytest.mark.parametrize(
    ("callback", "status"),
    [
        (call("guess"), 403),
        (call("guess", url="shop"), 400),
        (call("guess", key=5), 400),
        (Callback("POST", body=b"[]", path="join"), 400),
        (Callback("POST", body=b"{", path="join"), 400),
        (Callback("PUT", path="join"), 404),
        (call("guess", path=""), 404),
    ],
)
async def test_who_has_no_code_is_not_taken_in(callback: Callback, status: int) -> None:
    link, _, device = waiting()
    assert (await link.answer(callback)).status == status
    assert enrolment.is_awaited(Options.of(device.options), device.memory)
    await link.close()


async def test_a_code_that_is_over_is_refused() -> None:
    link, code, _ = waiting(ends_in=-1)
    assert (await link.answer(call(code.secret))).status == 403
    await link.close()


async def test_a_site_that_is_not_where_it_says_may_try_again() -> None:
    link, code, device = waiting()
    reply = await link.answer(call(code.secret))
    assert reply.status == 502
    assert b"does not reach the site" in reply.body
    assert enrolment.is_awaited(Options.of(device.options), device.memory)
    await link.close()


async def test_what_the_site_told_is_used_where_the_configuration_says_nothing() -> None:
    _, _, device = waiting()
    options = Options.of(device.options)
    await enrolment.keep(device.memory, options, "https://shop.example", "sk")
    assert not enrolment.is_awaited(options, device.memory)
    assert (enrolment.known(options, device.memory).url, enrolment.known(options, device.memory).key) == (
        "https://shop.example",
        "sk",
    )
    own = enrolment.known(Options(url="http://10.0.0.2", key="own"), device.memory)
    assert (own.url, own.key) == ("http://10.0.0.2", "own")
    newer = Options(join=enrolment.option("other", 1))
    assert enrolment.is_awaited(newer, device.memory)


async def test_a_site_that_dials_is_taken_in_without_an_address_and_known_by_its_key() -> None:
    link, code, device = waiting()
    options = Options.of(device.options)
    assert not DRIVER.is_dialled_with(device, "sesame")
    reply = await link.answer(call(code.secret, url="", dial_key="sesame"))
    assert (reply.status, json.loads(reply.body)["lines"]) == (200, [])
    assert enrolment.is_dialled(options, device.memory)
    assert DRIVER.is_dialled_with(device, "sesame")
    assert not DRIVER.is_dialled_with(device, "guess")
    assert not DRIVER.is_dialled_with(device, "")
    assert "sesame" not in (device.memory.get("dial") or "")
    with pytest.raises(DeviceLost, match="has not dialled in"):
        await DRIVER.open(device)
    # joined anew with an address
    await enrolment.keep(device.memory, options, "https://shop.example", "sk")
    assert not DRIVER.is_dialled_with(device, "sesame")
    assert not DRIVER.is_dialled_with(device, "")


async def test_an_address_and_a_key_to_dial_by_are_too_much() -> None:
    link, code, _ = waiting()
    assert (await link.answer(call(code.secret, dial_key="sesame"))).status == 400
    assert (await link.answer(call(code.secret, url=""))).status == 400
    await link.close()


async def test_what_is_no_text_is_a_wrong_secret_and_a_wrong_key() -> None:
    link, code, device = waiting()
    assert (await link.answer(call("\udcff", url="", dial_key="sesame"))).status == 403
    assert (await link.answer(call(code.secret, url="", dial_key="sesame"))).status == 200
    assert not DRIVER.is_dialled_with(device, "\udcff")
