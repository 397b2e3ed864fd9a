"""Virtual modems without a port, and the network around them."""

from collections.abc import AsyncIterator, Callable

import pytest

from device_drivers.virtual.modem.profile import GENERIC, Profile
from device_drivers.virtual.network.service_centre import Network
from tests.support.virtual_talk import Talk, attached


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    network = Network()
    yield network
    network.close()


@pytest.fixture
async def modem(network: Network) -> AsyncIterator[Callable[..., Talk]]:
    """Makes modems: `modem(SIMCOM, pin="1234")`."""
    made: list[Talk] = []

    def make(profile: Profile = GENERIC, pin: str | None = None, size: int = 0) -> Talk:
        made.append(Talk(network, profile, pin, size))
        return made[-1]

    yield make
    for talk in made:
        talk.state.power_off()


@pytest.fixture
async def talk(modem: Callable[..., Talk]) -> Talk:
    """A generic modem, in a network, with echo off and messages announced."""
    talk = modem()
    assert talk.type("ATE0+CMEE=1;+CNMI=2,1,0,2,0") == ["OK"]
    await attached(talk)
    return talk
