"""A virtual phone to type at."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from device_drivers.virtual.network.service_centre import Network
from tests.support.phone_talk import CUSTOMER, Talk


@pytest.fixture
async def phone(network: Network) -> AsyncIterator[Callable[..., Talk]]:
    """Makes phones: `phone(sdk=29, sims=2)`; one for each test."""
    network.handset(CUSTOMER)
    made: list[Talk] = []

    def make(sdk: int = 34, sims: int = 1, **other: Any) -> Talk:
        made.append(Talk(network, sdk, sims, **other))
        return made[-1]

    yield make
    for talk in made:
        await talk.off()


@pytest.fixture
async def talk(phone: Callable[..., Talk]) -> Talk:
    """A phone with Android 14."""
    return phone()
