"""What a process takes of a configuration that it may share with others."""

import pytest

from bridge.config.hub import Hub
from bridge.config.role import Role
from bridge.config.schema import Config
from bridge.config.storage import Storage
from bridge.errors import ConfigError
from bridge.ports.driver import Device

SHARED = Config(
    store=Storage("postgresql://sms@db.example.com/sms"),
    devices={"office": Device("office", "gsm_modem", {})},
    hubs={"head": Hub("https://hub.example.com", "shop")},
)


def test_a_process_with_the_api_has_no_devices_and_dials_nobody() -> None:
    mine = Role.API.of(SHARED)
    assert (mine.devices, mine.hubs, mine.store) == ({}, {}, SHARED.store)


@pytest.mark.parametrize("role", [Role.ALL, Role.DEVICES])
def test_one_with_devices_has_all_of_it(role: Role) -> None:
    assert role.of(SHARED) == SHARED


@pytest.mark.parametrize("role", [Role.API, Role.DEVICES])
def test_one_that_does_not_do_everything_needs_a_database(role: Role) -> None:
    with pytest.raises(ConfigError, match="with a file, one process does everything"):
        role.of(Config())
    assert Role.ALL.of(Config()) == Config()
