"""Checks of settings: each says in a sentence what is wrong with a value of the right type."""

from dataclasses import dataclass

import pytest

from bridge.config import field
from bridge.config.field import Check, Secret


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (field.within(1, 5), [1, 5, 2.5], [0, 5.1, -1]),
        (field.at_least(0), [0, 7], [-1]),
        (field.one_of(("a", "b")), ["a", "b"], ["", "c", "A"]),
        (
            field.web_address,
            ["", "https://sms.example.com", "http://127.0.0.1:8080/sms"],
            ["sms.example.com", "ftp://example.com", "https://", "https://[::1", "mailto:a@example.com"],
        ),
        (
            field.networks,
            [(), ("192.0.2.0/24", "2001:db8::1"), ("192.0.2.7/24",)],
            [("192.0.2.0/33",), ("localhost",), ("192.0.2.1", "")],
        ),
        (
            field.store_url,
            ["sqlite:////var/lib/sms-bridge/bridge.db", "sqlite:///bridge.db", "postgresql://sms@db.example/bridge"],
            ["sqlite:///", "bridge.db", "mysql:///bridge", "postgres://db.example/bridge", "postgresql://[::1/bridge"],
        ),
        (field.time_zone, ["UTC", "Europe/Paris"], ["", "Mars/Olympus", "CEST+1", "../x"]),
        (field.path_prefix, ["", "/vendor", "/a/b-c~d.e"], ["/", "vendor", "/vendor/", "/a//b", "/a b"]),
        (field.mail_address, ["", "me@example.com"], ["me", "me@", "a b@example.com", "a@b,c@d", "Me <me@b.org>"]),
        (field.mail_addresses, [(), ("a@example.com", "b@example.com")], [("a@example.com", "b")]),
    ],
)  # fmt: skip
def test_a_check_lets_right_values_pass_and_names_a_wrong_one(
    check: Check, right: list[object], wrong: list[object]
) -> None:
    assert [check(value) for value in right] == [""] * len(right)
    for value in wrong:
        shown = value if isinstance(value, str) else str(value[-1] if isinstance(value, tuple) else value)
        said = check(value)
        assert said.startswith("must ")
        assert shown in said


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://sms:hunter2@db.example/sms", "postgresql:///sms?password=hunter2",
        "postgres://sms:hunter2@db.example/sms",
    ],
)  # fmt: skip
def test_a_password_in_a_url_is_refused_and_not_repeated(url: str) -> None:
    said = field.store_url(url)
    assert "store.password" in said
    assert "hunter2" not in said


def test_a_url_that_is_wrong_besides_is_shown_without_its_password() -> None:
    said = field.store_url("postgresql://sms:hunter2@[::1/sms")
    assert said.startswith("must look like")
    assert "hunter2" not in said


def test_a_secret_is_shown_to_those_who_ask_for_the_text_alone() -> None:
    @dataclass
    class Section:
        password: Secret

    section = Section(Secret("hunter2"))
    assert "hunter2" not in f"{section} {[section.password]} {section.password!r}"
    assert f"{section.password}" == "hunter2"


@pytest.mark.parametrize(
    ("host", "here"),
    [("localhost", True), ("127.0.0.53", True), ("::1", True), ("192.0.2.1", False), ("mail.example.com", False)],
)
def test_knows_this_machine_by_its_names(host: str, here: bool) -> None:
    assert field.is_this_machine(host) is here
