"""Which links may be open beside each other."""

from dataclasses import replace

import pytest

from bridge.devices.twins import Twins
from bridge.errors import Refusal, SendRefused
from bridge.model.line import LineState
from tests.support.memory_device import MemoryLink


class KnownLink(MemoryLink):
    """A link that knows its device."""

    def __init__(self, name: str, hardware: str) -> None:
        super().__init__(name)
        self.hardware = hardware


class RelayingLink(KnownLink):
    """A link to lines elsewhere."""

    def __init__(self, account: str, **sims: str) -> None:
        super().__init__(account, account)
        self.sims = {sim: line for line, sim in sims.items()}


async def test_refuses_a_line_elsewhere_that_comes_by_two_accounts() -> None:
    twins = Twins()
    await twins.admit("shop2", RelayingLink("hub", office="8900101"))
    other = RelayingLink("hub2", private="8900102", office="8900101")
    with pytest.raises(SendRefused, match="office is office by another account of the site") as refused:
        await twins.admit("shop3", other)
    assert refused.value.refusal is Refusal.LINE
    assert other.closed
    await twins.admit("shop3", RelayingLink("hub2", private="8900102"))


async def test_refuses_the_same_device_by_another_address_and_closes_that_link() -> None:
    twins = Twins()
    cable, network = KnownLink("cable", "phone R58"), KnownLink("network", "phone R58")
    assert await twins.admit("cable", cable) is cable
    with pytest.raises(SendRefused, match="it is the same device as cable") as refused:
        await twins.admit("network", network)
    assert refused.value.refusal is Refusal.LINE
    assert network.closed
    assert not cable.closed


async def test_admits_the_other_address_once_the_first_link_is_closed() -> None:
    twins = Twins()
    await twins.admit("cable", KnownLink("cable", "phone R58"))
    twins.release("cable")
    await twins.admit("network", KnownLink("network", "phone R58"))


async def test_admits_a_device_again_that_comes_back_before_its_loss_was_noted() -> None:
    twins = Twins()
    await twins.admit("cable", KnownLink("cable", "phone R58"))
    await twins.admit("cable", KnownLink("cable", "phone R58"))


async def test_admits_devices_that_exchanged_their_sims() -> None:
    twins = Twins()
    one = KnownLink("one", "modem 1 SIM 1")
    await twins.admit("one", one)
    one.hardware = "modem 1 SIM 2"
    await twins.admit("two", KnownLink("two", "modem 2 SIM 1"))


@pytest.mark.parametrize("link", [MemoryLink, lambda name: KnownLink(name, "")], ids=["not told", "not known"])
async def test_admits_any_number_of_devices_that_nobody_can_tell_apart(link: type[MemoryLink]) -> None:
    twins = Twins()
    for name in ("one", "two"):
        await twins.admit(name, link(name))


class SimLink(MemoryLink):
    """A link to a SIM."""

    def __init__(self, name: str, iccid: str) -> None:
        super().__init__(name)
        self.line = replace(self.line, iccid=iccid)


async def test_tells_of_lines_that_are_ready_with_one_sim() -> None:
    twins = Twins()
    one, two = SimLink("one", "8900101"), SimLink("two", "8900101")
    for link in (one, two, SimLink("three", "8900102"), SimLink("four", ""), SimLink("five", "")):
        await twins.admit(link.line.name, link)
    assert twins.trouble("one") == ""
    twins.compare()
    assert twins.trouble("one") == "The line two has the same SIM: reports of one may be taken for the other's."
    assert twins.trouble("two").startswith("The line one has the same SIM")
    assert [twins.trouble(name) for name in ("three", "four", "five")] == ["", "", ""]
    two.become(LineState.OUT_OF_SERVICE)  # its SIM may be in the other one now
    twins.compare()
    assert twins.trouble("one") == ""


async def test_tells_no_more_of_a_sim_that_a_closed_link_had() -> None:
    twins = Twins()
    for name in ("one", "two"):
        await twins.admit(name, SimLink(name, "8900101"))
    twins.compare()
    twins.release("two")
    assert twins.trouble("one") == ""
