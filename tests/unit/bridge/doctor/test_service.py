"""What the doctor makes of the service's state."""

import pytest

from bridge.doctor import service

LOADED = {"LoadState": "loaded", "UnitFileState": "enabled", "NRestarts": "0"}


@pytest.mark.parametrize(
    ("state", "levels", "remedy"),
    [
        ({"LoadState": "not-found"}, [], ""),
        ({}, [], ""),
        (LOADED | {"ActiveState": "active"}, ["ok"], ""),
        (LOADED | {"ActiveState": "active", "NRestarts": "3"}, ["warn"], "sudo journalctl -u sms-bridge -p warning"),
        (LOADED | {"ActiveState": "activating", "SubState": "auto-restart"}, ["warn"], "sudo journalctl -u sms-bridge"),
        (LOADED | {"ActiveState": "inactive"}, ["warn"], "sudo systemctl start sms-bridge"),
        (LOADED | {"ActiveState": "failed", "Result": "exit-code"}, ["fail"], "sudo journalctl -u sms-bridge -n 50"),
        (
            LOADED | {"ActiveState": "active", "UnitFileState": "disabled"},
            ["ok", "warn"],
            "systemctl enable sms-bridge",
        ),
        ({"LoadState": "masked"}, ["fail"], "sudo systemctl unmask sms-bridge.service"),
    ],
)
def test_says_how_the_service_is(state: dict[str, str], levels: list[str], remedy: str) -> None:
    found = list(service.findings("sms-bridge.service", state))
    assert [each.level for each in found] == levels
    assert remedy in " ".join(each.remedy for each in found)
