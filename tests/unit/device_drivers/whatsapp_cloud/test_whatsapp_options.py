"""What a configuration may say of a WhatsApp number."""

from typing import Any

import pytest

from device_drivers.whatsapp_cloud.options import Options, problems

GOOD = {"phone_number_id": "106540352242922", "access_token": "EAAG", "app_secret": "s", "verify_token": "v"}


def test_four_options_are_enough() -> None:
    assert problems(GOOD) == []
    chosen = Options.of(GOOD)
    assert chosen.number_url == "https://graph.facebook.com/v25.0/106540352242922"
    assert "EAAG" not in repr(chosen)


@pytest.mark.parametrize("name", GOOD)
def test_each_of_them_is_missed(name: str) -> None:
    assert [problem.partition(":")[0] for problem in problems({**GOOD, name: ""})] == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("phone_number_id", "+15550135"),
        ("template", "Order Ready"),
        ("template_language", "german"),
        ("version", "25"),
        ("base_url", "http://graph.example.com"),
        ("base_url", "graph.example.com"),
        ("timeout", 0),
        ("check_interval", -1.0),
        ("forget_after", -1.0),
        ("timeout", "soon"),
    ],
)
def test_what_cannot_be_right_is_named(name: str, value: Any) -> None:
    assert [problem.partition(":")[0] for problem in problems({**GOOD, name: value})] == [name]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000", "http://localhost:1", "http://[::1]:1", "https://proxy.example"]
)
def test_a_token_goes_in_the_clear_to_this_machine_alone(url: str) -> None:
    assert problems({**GOOD, "base_url": url}) == []
