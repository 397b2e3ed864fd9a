"""A hub that this bridge dials has an address, a name for this bridge, and a key."""

from bridge.config.hub import Hub


def test_what_is_missing_of_a_hub_is_named() -> None:
    assert [name for name, _ in Hub().problems()] == ["url", "site", "dial_key"]
    assert [name for name, _ in Hub("https://hub.example", "shop2").problems()] == ["dial_key"]
    assert list(Hub("https://hub.example", "shop2", "k").problems()) == []
