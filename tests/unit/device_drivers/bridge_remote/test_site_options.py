"""What a configuration may say of a site."""

from typing import Any

import pytest

from device_drivers.bridge_remote.options import Options, problems

GOOD = {"url": "https://shop.example:8443/", "key": "sk-1"}


def test_two_options_are_enough() -> None:
    assert problems(GOOD) == []
    chosen = Options.of(GOOD)
    assert chosen.base == "https://shop.example:8443"
    assert "sk-1" not in repr(chosen)
    assert Options.of({**GOOD, "lines": ["office"]}).lines == ("office",)


def test_a_site_that_dials_in_has_a_key_for_it_instead_of_an_address() -> None:
    assert problems({"dial_key": "sesame", "key": "sk-1"}) == []
    assert [problem.partition(":")[0] for problem in problems({"dial_key": "sesame"})] == ["key"]
    assert [problem.partition(":")[0] for problem in problems({**GOOD, "dial_key": "sesame"})] == ["dial_key"]
    assert "sesame" not in repr(Options.of({"dial_key": "sesame", "key": "sk-1"}))


@pytest.mark.parametrize("name", GOOD)
def test_each_of_them_is_missed(name: str) -> None:
    assert [problem.partition(":")[0] for problem in problems({**GOOD, name: ""})] == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("url", "shop.example"),
        ("url", "ftp://shop.example"),
        ("url", "https://"),
        ("url", "https://shop.example:port"),
        ("url", "https://shop.example/v1"),
        ("url", "https://shop.example?a=b"),
        ("key", "schlüssel"),
        ("key", 5),
        ("lines", "office"),
        ("timeout", 0),
        ("patience", -1.0),
        ("send_timeout", 0),
        ("send_timeout", 901),
        ("port", "/dev/ttyUSB0"),
    ],
)
def test_what_cannot_be_right_is_named(name: str, value: Any) -> None:
    assert [problem.partition(":")[0] for problem in problems({**GOOD, name: value})] == [name]
