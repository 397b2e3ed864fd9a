"""Several virtual networks on one machine, whose devices are at given ports."""

import socket
from pathlib import Path

import pytest

from device_drivers.virtual.world import World


@pytest.mark.needs("mksh")
async def test_a_second_network_takes_other_ports_than_the_first(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {"modems": 0, "phones": 1, "whatsapps": 1, "providers": ("tencent", "aliyun")}
    async with (
        World(tmp_path / "one", **settings, first_port=port) as one,
        World(tmp_path / "two", **settings, first_port=port) as two,
    ):
        places = [
            [phone.address for phone in world.phones]
            + [each.url for each in world.whatsapps]
            + [each.url for each in world.providers.values()]
            for world in (one, two)
        ]
        assert one.phones[0].address == f"127.0.0.1:{port}"
        assert len({*places[0], *places[1]}) == 8
